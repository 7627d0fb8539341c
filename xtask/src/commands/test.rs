//! `test`: all tests of the workspace, with the set-up that they need.

use std::ffi::OsString;

use crate::commands::developer::cargo;
use crate::diagnostic::Failure;
use crate::exit::Exit;
use crate::printer::Printer;
use crate::project::Project;

pub(crate) fn run(printer: Printer, project: &Project, arguments: &[OsString]) -> Result<Exit, Failure> {
    // The end-to-end tests run against a local AWS; its Python environment is made here, once, where its progress can be seen.
    printer.step("Preparing", "the local AWS (once, below the target folder)");
    let environment = super::stand_in::prepare(project)?;
    printer.step("Ready", environment.display());
    printer.step("Preparing", "two model servers and their models (once, below the target folder)");
    let (environment, without) = super::stand_in::prepare_model_servers(project)?;
    printer.step("Ready", environment.display());
    if let Some(why) = without {
        printer.bad_step("LEFT OUT", format_args!("the tests over AWS's multi-model-server: {why}"));
    }
    let task = cargo(project).args(["test", "--workspace", "--locked"]).args(arguments);
    Ok(if task.succeeds()? { Exit::Done } else { Exit::Failed })
}
