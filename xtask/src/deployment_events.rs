//! The events of a deployment in the history: its start, before anything is changed, and its end.

use model_release::deploy::Deployment;
use model_release::history::{DeploymentOutcome, EventName, Facts, GoingBack, TargetResult, deployment_targets, outcome_of};
use model_release::{Failure, RolloutRequest};

use crate::history::Recorder;
use command_line::DeployOptions;
use terminal::Printer;

/// A deployment whose start is recorded, if there is a history.
pub(crate) struct DeploymentEvents<'a> {
    recorder: &'a Recorder<'a>,
    started: Option<EventName>,
    stage_targets: Vec<String>,
    going_back: Option<GoingBack>,
}

impl<'a> DeploymentEvents<'a> {
    /// Records the start. A deployment that cannot be recorded does not start.
    pub(crate) async fn start(
        recorder: &'a Recorder<'a>,
        rollout: &RolloutRequest,
        options: &DeployOptions,
        going_back: Option<GoingBack>,
    ) -> Result<Self, Failure> {
        let facts = Facts::Started {
            targets: rollout.release.targets.iter().map(|target| target.to_string()).collect(),
            without_staging_tests: options.staging_tests.without_staging_tests,
            going_back: going_back.clone(),
        };
        let started = recorder.event(facts).await.map_err(|mut failure| {
            failure.diagnostics.iter_mut().for_each(|diagnostic| diagnostic.details.push("nothing was deployed".to_owned()));
            failure
        })?;
        let stage_targets = rollout.all_targets.iter().map(|target| target.to_string()).collect();
        Ok(Self { recorder, started, stage_targets, going_back })
    }

    /// Records the end, with what every target served.
    pub(crate) async fn end(self, deployment: &Deployment, record: String) -> Result<(), Failure> {
        let files = vec![("rollout.json".to_owned(), record.into_bytes())];
        let (outcome, summary) = (outcome_of(deployment.failure()), deployment.summary());
        self.record(outcome, summary, deployment_targets(deployment), files).await
    }

    /// Records the end of a deployment without a result. The failure that ended it is reported all
    /// the same.
    pub(crate) async fn end_without_result(self, printer: Printer, outcome: DeploymentOutcome, summary: &str) {
        if let Err(failure) = self.record(outcome, summary.to_owned(), Vec::new(), Vec::new()).await {
            printer.diagnostics(&failure.diagnostics);
        }
    }

    async fn record(
        self,
        outcome: DeploymentOutcome,
        summary: String,
        targets: Vec<TargetResult>,
        files: Vec<(String, Vec<u8>)>,
    ) -> Result<(), Failure> {
        let Some(started) = self.started else { return Ok(()) };
        let (stage_targets, going_back) = (self.stage_targets, self.going_back);
        let facts = |files| Facts::Ended { started: started.to_string(), outcome, summary, targets, stage_targets, going_back, files };
        self.recorder.with_files(files, facts).await.map(drop)
    }
}
