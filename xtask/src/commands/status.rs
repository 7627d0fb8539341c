//! `status`: the current status of every target of a stage.

use model_release::Failure;
use model_release::aws::{TargetSessions, stage_status};

use crate::requests;
use crate::session;
use command_line::{PreferenceOptions, StackSetOptions};
use terminal::{Exit, Printer, Project, clean};

pub(crate) async fn run(printer: Printer, project: &Project, options: &StackSetOptions) -> Result<Exit, Failure> {
    let stage = options.stage;
    let release = requests::release(project, &options.release)?;
    let request = requests::rollout(&release, options, &PreferenceOptions::default(), &[])?;
    let role = requests::target_role(&options.role)?;
    let session = session::open().await?;
    let sessions = TargetSessions::new(&session, &release, release.manifest.stage(stage), &role, "status");
    let (status, findings) = stage_status(&session, sessions, &release, stage, &request, crate::tool()).await?;
    printer.diagnostics(&findings);
    printer.result(&status, clean(&status.text()));
    Ok(status.failure().map_or(Exit::Done, Exit::from))
}
