//! `verify-binary`: verifies the signed provenance of a binary, without AWS.

use model_release::Failure;
use model_release::records::{Binary, TrustedKey};

use command_line::VerifyBinaryOptions;
use terminal::{Exit, Printer, clean};

#[expect(clippy::unused_async, reason = "the one without AWS is async, as for all commands")]
pub(crate) async fn run(printer: Printer, options: &VerifyBinaryOptions) -> Result<Exit, Failure> {
    let trusted = TrustedKey::read(&options.public_key)?;
    let binary = Binary::read(&options.binary)?;
    let record = options.record.clone().unwrap_or_else(|| binary.record());
    let proven = binary.verify(&record, &trusted, crate::tool())?;
    printer.result(&proven, clean(&proven.text()));
    Ok(Exit::Done)
}
