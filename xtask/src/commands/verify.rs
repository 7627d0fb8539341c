//! `verify`: verifies the signed records of a release, offline.

use model_release::records::{Chain, TrustedKey, TrustedKeys};
use model_release::{Failure, Release};

use crate::requests;
use command_line::VerifyOptions;
use terminal::{Exit, Printer, Project, clean};

pub(crate) fn run(printer: Printer, project: &Project, options: &VerifyOptions) -> Result<Exit, Failure> {
    let trusted = match &options.public_key {
        Some(file) => TrustedKey::read(file)?.into(),
        None => TrustedKeys::pinned(requests::release_policy(Some(project), options.release_policy.as_deref())?.as_ref())?,
    };
    let release = Release::open(&project.folder(options.release.as_deref(), "deploy"))?;
    let chain = Chain::verify(&release, &trusted, &options.records);
    printer.diagnostics(&chain.findings());
    printer.result(&chain.json(&crate::tool()), clean(&chain.text()));
    Ok(chain.failure().map_or(Exit::Done, Exit::from))
}
