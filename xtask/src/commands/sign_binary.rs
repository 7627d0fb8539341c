//! `sign-binary`: signs the provenance of a binary that `dist` built.

use model_release::records::Binary;
use model_release::{Diagnostic, Failure};

use crate::signing::Signing;
use command_line::SignBinaryOptions;
use terminal::files::{self, FileSet};
use terminal::{Exit, Printer, clean};

pub(crate) async fn run(printer: Printer, options: &SignBinaryOptions) -> Result<Exit, Failure> {
    let binary = Binary::read(&options.binary)?;
    let statement = binary.statement()?;
    let signing = Signing::open(&options.signing).await?;
    let Some(key) = signing.fingerprint() else {
        return Err(Diagnostic::error("no key is named").named("--sign-with, SIGNING_KEY_ARN").into());
    };
    let path = binary.record();
    let proven = binary.proven(&statement, &path, &key, crate::tool());
    if let Some(text) = signing.record(|_| statement).await? {
        let mut set = FileSet::default();
        set.add(path.clone(), text);
        set.write()?;
        printer.step("Signed", files::shown(&path));
    }
    printer.result(&proven, clean(&proven.text()));
    Ok(Exit::Done)
}
