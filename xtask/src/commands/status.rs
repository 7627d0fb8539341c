//! `status`: the current status of every target of a stage, or of the stages of all projects.

use model_release::aws::{TargetSessions, fleet_status, stage_status};
use model_release::fleet::FleetSelection;
use model_release::{Diagnostic, Failure};

use crate::requests;
use crate::session;
use command_line::{FleetOptions, PreferenceOptions, StatusOptions};
use terminal::files::{self, FileSet};
use terminal::{Exit, Printer, Project, clean};

pub(crate) async fn run(printer: Printer, project: &Project, options: &StatusOptions) -> Result<Exit, Failure> {
    let Some(set) = options.stack_set() else { return fleet(printer, options).await };
    let stage = set.stage;
    let release = requests::release(project, &set.release)?;
    let request = requests::rollout(&release, &set, &PreferenceOptions::default(), &[])?;
    let role = requests::target_role(&set.role)?;
    let session = session::open().await?;
    let sessions = TargetSessions::new(&session, &release, release.manifest.stage(stage), &role, "status");
    let (status, findings) = stage_status(&session, sessions, &release, stage, &request, crate::tool()).await?;
    printer.diagnostics(&findings);
    printer.result(&status, clean(&status.text()));
    Ok(status.failure().map_or(Exit::Done, Exit::from))
}

async fn fleet(printer: Printer, options: &StatusOptions) -> Result<Exit, Failure> {
    let selection = selection(&options.fleet)?;
    let role = requests::target_role(&options.role)?;
    if let Some(page) = &options.fleet.html {
        files::check_result(page)?;
    }
    let session = session::open().await?;
    let status = fleet_status(&session, &selection, &role, requests::call_as(&options.access), crate::tool()).await?;
    if let Some(page) = &options.fleet.html {
        let mut set = FileSet::default();
        set.add(page.clone(), status.html());
        set.write()?;
        printer.step("Written", files::shown(page));
    }
    printer.result(&status, clean(&status.text()));
    Ok(status.failure().map_or(Exit::Done, Exit::from))
}

fn selection(options: &FleetOptions) -> Result<FleetSelection, Failure> {
    let mut selection = FleetSelection::new(options.project.iter().cloned(), &options.tag)?;
    if let Some(file) = &options.projects_file {
        let in_file = |diagnostic: Diagnostic| diagnostic.file(file);
        let text = files::read_text(file)?;
        selection.add_list(&text).map_err(|failure| Failure::new(failure.kind, failure.diagnostics.into_iter().map(in_file).collect()))?;
    }
    Ok(selection)
}
