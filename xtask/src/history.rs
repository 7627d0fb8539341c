//! `--history`: records what a command did, and finds what was recorded.

use std::path::Path;

use model_release::aws::S3History;
use model_release::history::{Event, EventName, Facts, History, HistoryPlace};
use model_release::records::{PROVENANCE, Statement};
use model_release::{Diagnostic, Failure, Release, Stage};

use crate::session;
use crate::signing::{Signing, this_run};
use command_line::{HistoryPlaceOptions, non_empty};
use terminal::{Printer, Project};

/// The history of a project in S3.
pub(crate) type ProjectHistory = History<S3History>;

/// Opens the history that an option names.
pub(crate) async fn open(address: Option<&str>, project_id: &str) -> Result<ProjectHistory, Failure> {
    let Some(address) = address else { return Err(Diagnostic::error("no history is named").code("no-history").into()) };
    let place: HistoryPlace = address.parse().map_err(Failure::from)?;
    let session = session::open().await?;
    Ok(History::new(S3History::new(&session, &place), place, project_id))
}

/// The project of the question: the option's, or that of the release in the default folder.
pub(crate) fn project_id(project: &Project, option: Option<&String>) -> Result<String, Failure> {
    if let Some(id) = non_empty(option) {
        return Ok(id.to_owned());
    }
    let release = Release::open(&project.folder(None, "deploy")).map_err(|_| {
        Failure::from(Diagnostic::error("the project of the history is not known").named("--sagemaker-project-id, SAGEMAKER_PROJECT_ID"))
    })?;
    Ok(release.manifest.project.id)
}

/// Records events, if a history is named.
pub(crate) struct Recorder<'a> {
    printer: Printer,
    release: &'a Release,
    stage: Option<Stage>,
    signing: &'a Signing,
    history: Option<ProjectHistory>,
}

impl<'a> Recorder<'a> {
    /// Opens the history before the command does any work.
    pub(crate) async fn open(
        printer: Printer,
        options: &HistoryPlaceOptions,
        release: &'a Release,
        stage: Option<Stage>,
        signing: &'a Signing,
    ) -> Result<Self, Failure> {
        let history = match non_empty(options.history.as_ref()) {
            Some(address) => Some(open(Some(address), &release.manifest.project.id).await?),
            None => None,
        };
        Ok(Self { printer, release, stage, signing, history })
    }

    /// Records a built release with its files in this folder.
    pub(crate) async fn built(&self, folder: &Path) -> Result<(), Failure> {
        let Some(history) = &self.history else { return Ok(()) };
        let provenance = std::fs::read(folder.join(PROVENANCE)).ok().filter(|_| self.signing.is_on());
        history.put_release(self.release, provenance.as_deref()).await?;
        self.event(Facts::Built { is_signed: provenance.is_some() }).await.map(drop)
    }

    /// Records an event and the files that it names. Returns its name.
    pub(crate) async fn with_files(
        &self,
        files: Vec<(String, Vec<u8>)>,
        facts: impl FnOnce(Vec<model_release::history::EventFile>) -> Facts,
    ) -> Result<Option<EventName>, Failure> {
        let Some(history) = &self.history else { return Ok(None) };
        let files = history.put_files(&files).await?;
        self.event(facts(files)).await
    }

    /// Records an event. Returns its name; none without a history.
    pub(crate) async fn event(&self, facts: Facts) -> Result<Option<EventName>, Failure> {
        let Some(history) = &self.history else { return Ok(None) };
        let statement: Statement<Event> = history.statement(self.release, self.stage, facts, &this_run()).await?;
        let bundle = self.signing.record(|_| statement.clone()).await?;
        let name = history.put_event(&statement, bundle.as_deref()).await?;
        let what = statement.predicate().facts.kind().word();
        self.printer.step("Recorded", format_args!("{what} in the history{}", if name.is_signed { ", signed" } else { "" }));
        Ok(Some(name))
    }
}
