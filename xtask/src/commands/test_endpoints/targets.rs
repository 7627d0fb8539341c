//! The targets of a stage: a session in each account and region, and every endpoint of all of them at once.

use std::time::Duration;

use endpoint_test::{ContainerTarget, Expected, Interruption, Options, TargetInfo, TargetReport};

use super::TestRun;
use super::progress::Progress;
use crate::diagnostic::{Diagnostic, Failure};
use crate::printer::Printer;

/// What is said of an endpoint whose tests were cut off.
const INTERRUPTED: &str = "the run was interrupted before this endpoint was tested";

/// How long a run may take to end with what it has. CodeBuild kills a build some seconds after it has asked it to end.
const GRACE: Duration = Duration::from_secs(5);

/// Tests a container that listens on this machine.
pub(crate) async fn container(printer: Printer, run: &TestRun, url: &str) -> Result<TargetReport, Failure> {
    let target = ContainerTarget::new(url)
        .map_err(|error| Failure::from(Diagnostic::error(error.to_string()).named("--endpoint-url").hint(error.hint.clone())))?;
    let progress = Progress::new(printer, 1);
    let info = TargetInfo { account_id: "local".to_owned(), region: "local".to_owned(), endpoint: url.to_owned(), ..TargetInfo::default() };
    let listener = progress.listener(&info);
    // A container serves whatever is in it: which model package that is, only an endpoint can say.
    let expected = Expected::default();
    let options = run.options();
    let report = tokio::select! {
        report = endpoint_test::run(&target, info.clone(), &run.suite, &expected, &options, listener) => report,
        () = cut_off(&run.interruption) => TargetReport::errored(info, "run", INTERRUPTED, Some("run the tests again".to_owned())),
    };
    progress.finished(&report);
    Ok(report)
}

/// At an interruption the runs are asked to end with what they have; this returns when they had the time to.
async fn cut_off(interruption: &Interruption) {
    interrupted().await;
    interruption.raise();
    tokio::time::sleep(GRACE).await;
}

/// Ctrl-C, or the signal by which CodeBuild ends a build that takes too long.
async fn interrupted() {
    #[cfg(unix)]
    {
        let terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate());
        if let Ok(mut terminate) = terminate {
            tokio::select! { _ = terminate.recv() => {}, _ = tokio::signal::ctrl_c() => {} }
            return;
        }
    }
    let _ = tokio::signal::ctrl_c().await;
}

impl TestRun {
    fn options(&self) -> Options {
        Options { wait: self.wait, load: self.load, interruption: self.interruption.clone(), ..Options::default() }
    }
}

#[cfg(feature = "aws")]
pub(crate) use with_aws::endpoints;

#[cfg(feature = "aws")]
mod with_aws {
    use std::sync::Arc;

    use aws_config::SdkConfig;
    use endpoint_test::aws::{SageMakerTarget, SessionRequest, session};
    use endpoint_test::{Expected, TargetInfo, TargetReport};
    use tokio::sync::Semaphore;
    use tokio::task::JoinSet;

    use super::{INTERRUPTED, Progress, TestRun, cut_off};
    use crate::aws::{Caller, Session};
    use crate::cli::{RoleOptions, given};
    use crate::diagnostic::{Diagnostic, Failure};
    use crate::manifest::{Release, StageTargets};
    use crate::printer::Printer;

    /// What every target's session is asked for.
    struct Access {
        session: Session,
        caller: Caller,
        external_id: Option<String>,
        session_name: String,
    }

    /// Tests every endpoint of the stage in every account and region, so many at once; each gets a report, whatever happens.
    pub(crate) async fn endpoints(printer: Printer, run: TestRun, role: &RoleOptions) -> Result<(TestRun, Vec<TargetReport>), Failure> {
        let Some(release) = run.release.clone() else { return Err(Diagnostic::error("there is no release to test").into()) };
        let stage = release.manifest.stage(run.stage).clone();
        let infos = infos(&release, &stage, role);
        if infos.is_empty() {
            return Ok((run, Vec::new()));
        }
        let access = match open(&release, &stage, role).await {
            Ok(access) => Arc::new(access),
            // Nobody could be asked: that is every target's result, and the files say so.
            Err(failure) => {
                let reports = infos.into_iter().map(|info| unreachable(info, &failure)).collect();
                return Ok((run, reports));
            }
        };
        let progress = Progress::new(printer, infos.len());
        let places = Arc::new(Semaphore::new(run.jobs));
        let run = Arc::new(run);
        let mut tasks = JoinSet::new();
        for info in infos.iter().cloned() {
            let (access, places, run, progress) = (Arc::clone(&access), Arc::clone(&places), Arc::clone(&run), progress.clone());
            let expected = Expected {
                model_package_arn: Some(release.manifest.model_package.in_region(&info.region).to_owned()),
                ..Expected::default()
            };
            tasks.spawn(async move {
                let _place = places.acquire().await;
                let report = endpoint(&access, info, &run, &expected, &progress).await;
                progress.finished(&report);
                report
            });
        }
        let mut reports = Vec::new();
        let mut interrupted = false;
        let interruption = run.interruption.clone();
        // One for the whole loop: a signal between two turns is not lost.
        let cut_off = cut_off(&interruption);
        tokio::pin!(cut_off);
        loop {
            tokio::select! {
                finished = tasks.join_next() => match finished {
                    Some(Ok(report)) => reports.push(report),
                    Some(Err(_)) => {}
                    None => break,
                },
                () = &mut cut_off, if !interrupted => {
                    interrupted = true;
                    tasks.abort_all();
                }
            }
        }
        progress.end();
        // What was cut off is not lost: it is reported as not tested.
        let reason = if interruption.is_raised() { INTERRUPTED } else { "the test of this endpoint broke off" };
        for info in infos {
            let known = |report: &TargetReport| {
                report.account_id == info.account_id && report.region == info.region && report.endpoint == info.endpoint
            };
            if !reports.iter().any(known) {
                reports.push(TargetReport::errored(info, "run", reason, Some("run the tests again".to_owned())));
            }
        }
        let run = Arc::into_inner(run).ok_or_else(|| Failure::from(Diagnostic::error("a test is still running")))?;
        Ok((run, reports))
    }

    async fn endpoint(access: &Access, info: TargetInfo, run: &TestRun, expected: &Expected, progress: &Progress) -> TargetReport {
        if run.interruption.is_raised() {
            return TargetReport::errored(info, "run", INTERRUPTED, Some("run the tests again".to_owned()));
        }
        let config = match config(access, &info).await {
            Ok(config) => config,
            Err(error) => return TargetReport::errored_by(info, "session", &error),
        };
        let target = SageMakerTarget::from_config(&config, info.endpoint.clone());
        let listener = progress.listener(&info);
        endpoint_test::run(&target, info, &run.suite, expected, &run.options(), listener).await
    }

    /// A session where the endpoint is: the caller's own credentials in the caller's account, else the role's.
    async fn config(access: &Access, info: &TargetInfo) -> Result<SdkConfig, endpoint_test::TargetError> {
        let config = access.session.in_region(&info.region);
        if info.account_id == access.caller.account {
            return Ok(config);
        }
        let request = SessionRequest {
            account: info.account_id.clone(),
            region: info.region.clone(),
            role: info.role.clone().unwrap_or_default(),
            partition: access.caller.partition.clone(),
            session_name: access.session_name.clone(),
            external_id: access.external_id.clone(),
            tags: Vec::new(),
            endpoints: vec![info.endpoint.clone()],
        };
        session(&config, &request).await
    }

    async fn open(release: &Release, stage: &StageTargets, role: &RoleOptions) -> Result<Access, Failure> {
        let session = Session::open().await?;
        let caller = session.caller().await?;
        let external_id = given(role.role_external_id.as_ref()).map(str::to_owned);
        // CloudTrail shows the name: which project, which stage, which run.
        let run = std::env::var("CODEBUILD_BUILD_NUMBER").unwrap_or_else(|_| std::process::id().to_string());
        let session_name = format!("xtask-{}-{}-{run}", release.manifest.project.id, stage.env_type);
        Ok(Access { session, caller, external_id, session_name })
    }

    fn infos(release: &Release, stage: &StageTargets, role: &RoleOptions) -> Vec<TargetInfo> {
        let mut infos = Vec::new();
        for account in &stage.accounts {
            for region in &stage.regions {
                let name = given(role.role_name.as_ref()).map_or_else(|| stage.execution_role(account, region), str::to_owned);
                for endpoint in &stage.endpoints {
                    infos.push(TargetInfo {
                        account_id: account.clone(),
                        region: region.clone(),
                        endpoint: endpoint.clone(),
                        role: Some(name.clone()),
                        environment_name: Some(release.manifest.project.environment.clone()),
                        environment_type: Some(stage.env_type.clone()),
                        project_name: Some(release.manifest.project.name.clone()),
                        project_id: Some(release.manifest.project.id.clone()),
                    });
                }
            }
        }
        infos
    }

    fn unreachable(info: TargetInfo, failure: &Failure) -> TargetReport {
        let first = failure.diagnostics.first();
        let message = first.map_or_else(String::new, |diagnostic| {
            std::iter::once(&diagnostic.message).chain(&diagnostic.details).cloned().collect::<Vec<_>>().join("; ")
        });
        TargetReport::errored(info, "session", message, first.and_then(|diagnostic| diagnostic.hint.clone()))
    }
}
