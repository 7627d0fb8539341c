//! `deploy`: rolls a stage out, and checks that its endpoints serve the release.

use model_release::Failure;

use crate::deployment;
use crate::requests;
use command_line::DeployOptions;
use terminal::{Exit, Printer, Project};

pub(crate) async fn run(printer: Printer, project: &Project, options: &DeployOptions) -> Result<Exit, Failure> {
    let release = requests::release(project, &options.set.release)?;
    Box::pin(deployment::run(printer, project, options, &release, None)).await
}
