//! `stop`: stops the running operation of a stage's stack set, and shows what each account serves.

use std::time::Duration;

use model_release::Failure;
use stack_rollout::StopScope;

use crate::brake::Brake;
use crate::requests;
use crate::session;
use command_line::{PreferenceOptions, StopOptions};
use terminal::{Exit, Printer, Project, unless_interrupted};

pub(crate) async fn run(printer: Printer, project: &Project, options: &StopOptions) -> Result<Exit, Failure> {
    let release = requests::release(project, &options.set.release)?;
    let request = requests::rollout(&release, &options.set, &PreferenceOptions::default(), &[])?;
    let role = requests::target_role(&options.set.role)?;
    let session = session::open().await?;
    let brake = Brake { printer, session: &session, release: &release, stage: options.set.stage, request: &request, role: &role };
    let stopped = brake.stop(StopScope::Every, Duration::from_secs(options.wait));
    Box::pin(unless_interrupted(stopped, || false)).await?
}
