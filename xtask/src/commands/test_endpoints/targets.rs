//! The targets of a stage: a session in each account and region, and every endpoint of all of them at once.

use std::future::Future;
use std::time::Duration;

use endpoint_test::{ContainerTarget, Expected, Interruption, Options, Other, SystemClock, Target, TargetInfo, TargetReport, run_beside};

use super::TestRun;
use super::other::{Address, OtherTarget};
use super::progress::Progress;
use crate::cli::RoleOptions;
use crate::diagnostic::{Diagnostic, Failure};
use crate::printer::Printer;

/// What is said of an endpoint whose tests were cut off.
const INTERRUPTED: &str = "the run was interrupted before this endpoint was tested";

/// How long a run may take to end with what it has. CodeBuild kills a build some seconds after it has asked it to end.
const GRACE: Duration = Duration::from_secs(5);

/// Tests a container that listens on this machine.
pub(crate) async fn container(printer: Printer, run: &TestRun, url: &str, role: &RoleOptions) -> Result<TargetReport, Failure> {
    let target = ContainerTarget::new(url)
        .map_err(|error| Failure::from(Diagnostic::error(error.to_string()).named("--endpoint-url").hint(error.hint.clone())))?;
    let info = TargetInfo { account_id: "local".to_owned(), region: "local".to_owned(), endpoint: url.to_owned(), ..TargetInfo::default() };
    let other = match &run.compare_with {
        None => None,
        Some(Address::Container(url)) => Some(OtherTarget::container(url)?),
        Some(Address::Beside(name)) => {
            return Err(Diagnostic::error(format!("a container has no account and region in which `{name}` could be"))
                .named("--compare-with")
                .hint(format!("give them too: ACCOUNT/REGION/{name}"))
                .into());
        }
        Some(elsewhere @ Address::Elsewhere { .. }) => Some(elsewhere_alone(elsewhere, role).await?),
    };
    let progress = Progress::new(printer, 1);
    let listener = progress.listener(&info);
    // A container serves whatever is in it: which model package that is, only an endpoint can say.
    let expected = Expected::default();
    let report = tokio::select! {
        report = one(&target, other.as_ref(), info.clone(), run, &expected, listener) => report,
        () = cut_off(&run.interruption) => TargetReport::errored(info, "run", INTERRUPTED, Some("run the tests again".to_owned())),
    };
    progress.finished(&report);
    Ok(report)
}

#[cfg(feature = "aws")]
async fn elsewhere_alone(address: &Address, role: &RoleOptions) -> Result<OtherTarget, Failure> {
    with_aws::elsewhere_alone(address, role).await
}

#[cfg(not(feature = "aws"))]
#[expect(clippy::unused_async, reason = "the one with AWS awaits")]
async fn elsewhere_alone(_: &Address, _: &RoleOptions) -> Result<OtherTarget, Failure> {
    Err(crate::without_aws("--compare-with", "compare with a container by its URL"))
}

/// Runs the suite against one target, beside another where there is one.
async fn one<T: Target>(
    target: &T,
    other: Option<&OtherTarget>,
    info: TargetInfo,
    run: &TestRun,
    expected: &Expected,
    listener: impl FnMut(endpoint_test::Event),
) -> TargetReport {
    let title = run.compare_with.as_ref().map(|address| address.title(&info.account_id, &info.region)).unwrap_or_default();
    let other = other.map(|target| Other { target, title: &title, fail_on_difference: run.fail_on_difference });
    // A run is a large future, and the commands that wait for it are not to be.
    Box::pin(run_beside(target, other.as_ref(), info, &run.suite, expected, &run.options(), &SystemClock::new(), listener)).await
}

/// At an interruption the runs are asked to end with what they have; this returns when they had the time to.
///
/// The signals are listened for from the call on, not from when it is first waited for: one in between would end the program with no results.
fn cut_off(interruption: &Interruption) -> impl Future<Output = ()> {
    let interrupted = interrupted();
    async move {
        interrupted.await;
        interruption.raise();
        tokio::time::sleep(GRACE).await;
    }
}

/// Ctrl-C, or the signal by which CodeBuild ends a build that takes too long.
#[cfg(unix)]
fn interrupted() -> impl Future<Output = ()> {
    use tokio::signal::unix::{SignalKind, signal};

    let signals = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()));
    async move {
        match signals {
            (Ok(mut terminate), Ok(mut interrupt)) => tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} },
            _ => _ = tokio::signal::ctrl_c().await,
        }
    }
}

/// Ctrl-C.
#[cfg(not(unix))]
async fn interrupted() {
    let _ = tokio::signal::ctrl_c().await;
}

impl TestRun {
    fn options(&self) -> Options {
        Options {
            wait: self.wait,
            load: self.load,
            checks_suffice: self.checks_suffice,
            interruption: self.interruption.clone(),
            programs: self.programs.settings.clone(),
            update_golden_files: self.update_golden,
            ..Options::default()
        }
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

    use super::{Address, INTERRUPTED, OtherTarget, Progress, TestRun, cut_off, one};
    use crate::aws::{Caller, Session};
    use crate::cli::{RoleOptions, given};
    use crate::diagnostic::{Diagnostic, Failure, stop_on_errors};
    use crate::manifest::{Release, StageTargets};
    use crate::printer::Printer;

    /// What every target's session is asked for.
    struct Access {
        session: Session,
        caller: Caller,
        /// The role in the account of an endpoint that is compared with.
        other_role: String,
        external_id: Option<String>,
        session_name: String,
        tags: Vec<(String, String)>,
    }

    /// Tests every endpoint of the stage in every account and region, so many at once; each gets a report, whatever happens.
    pub(crate) async fn endpoints(printer: Printer, run: TestRun, role: &RoleOptions) -> Result<(TestRun, Vec<TargetReport>), Failure> {
        let Some(release) = run.release.clone() else { return Err(Diagnostic::error("there is no release to test").into()) };
        let stage = release.manifest.stage(run.stage).clone();
        let tags = tags(&role.session_tags)?;
        let infos = tested(infos(&release, &stage, role), &run)?;
        if infos.is_empty() {
            return Ok((run, Vec::new()));
        }
        let mut expected = Vec::new();
        for info in &infos {
            expected.push(match &run.expectations {
                Some(expectations) => expectations.of(&release, info)?,
                None => Expected {
                    model_package_arn: Some(release.manifest.model_package.in_region(&info.region).to_owned()),
                    ..Expected::default()
                },
            });
        }
        let access = match open(&release, &stage, role, tags, run.compare_with.as_ref()).await {
            Ok(access) => Arc::new(access),
            // Nobody could be asked: that is every target's result, and the files say so.
            Err(failure) => {
                let reports = infos.into_iter().map(|info| unreachable(info, &failure)).collect();
                return Ok((run, reports));
            }
        };
        let shared = match &run.compare_with {
            Some(Address::Container(url)) => Some(OtherTarget::container(url)?),
            Some(elsewhere @ Address::Elsewhere { .. }) => Some(elsewhere_in(elsewhere, &access).await),
            Some(Address::Beside(_)) | None => None,
        };
        let shared = shared.map(Arc::new);
        let progress = Progress::new(printer, infos.len());
        let places = Arc::new(Semaphore::new(run.jobs));
        let run = Arc::new(run);
        let interruption = run.interruption.clone();
        // One for the whole loop: a signal between two turns is not lost.
        let cut_off = cut_off(&interruption);
        let mut tasks = JoinSet::new();
        for (info, expected) in infos.iter().cloned().zip(expected) {
            let (access, places, run, progress) = (Arc::clone(&access), Arc::clone(&places), Arc::clone(&run), progress.clone());
            let shared = shared.clone();
            tasks.spawn(async move {
                let _place = places.acquire().await;
                let report = endpoint(&access, info, &run, &expected, shared.as_deref(), &progress).await;
                progress.finished(&report);
                report
            });
        }
        let mut reports = Vec::new();
        let mut interrupted = false;
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

    async fn endpoint(
        access: &Access,
        info: TargetInfo,
        run: &TestRun,
        expected: &Expected,
        shared: Option<&OtherTarget>,
        progress: &Progress,
    ) -> TargetReport {
        if run.interruption.is_raised() {
            return TargetReport::errored(info, "run", INTERRUPTED, Some("run the tests again".to_owned()));
        }
        let beside = match &run.compare_with {
            Some(Address::Beside(name)) => Some(name.clone()),
            _ => None,
        };
        let endpoints = [Some(info.endpoint.clone()), beside.clone()].into_iter().flatten().collect();
        let config =
            match config(access, &info.account_id, &info.region, info.role.as_deref().unwrap_or_default(), endpoints, &expected.answers)
                .await
            {
                Ok(config) => config,
                Err(error) => return TargetReport::errored_by(info, "session", &error),
            };
        let target = SageMakerTarget::from_config(&config, info.endpoint.clone());
        let beside = beside.map(|name| OtherTarget::Endpoint(Box::new(SageMakerTarget::from_config(&config, name))));
        let listener = progress.listener(&info);
        one(&target, beside.as_ref().or(shared), info, run, expected, listener).await
    }

    /// A session where the endpoints are: the caller's own credentials in the caller's account, else the role's.
    async fn config(
        access: &Access,
        account: &str,
        region: &str,
        role: &str,
        endpoints: Vec<String>,
        answers: &[String],
    ) -> Result<SdkConfig, endpoint_test::TargetError> {
        let config = access.session.in_region(region);
        if account == access.caller.account {
            return Ok(config);
        }
        let request = SessionRequest {
            account: account.to_owned(),
            region: region.to_owned(),
            role: role.to_owned(),
            partition: access.caller.partition.clone(),
            session_name: access.session_name.clone(),
            external_id: access.external_id.clone(),
            tags: access.tags.clone(),
            endpoints,
            answers: answers.to_vec(),
        };
        session(&config, &request).await
    }

    /// The other endpoint in a session of its own. That there is none is no reason not to test.
    async fn elsewhere_in(address: &Address, access: &Access) -> OtherTarget {
        let Address::Elsewhere { account, region, name } = address else {
            return OtherTarget::Unreachable("it is in no account of its own".to_owned());
        };
        match config(access, account, region, &access.other_role, vec![name.clone()], &[]).await {
            Ok(config) => OtherTarget::Endpoint(Box::new(SageMakerTarget::from_config(&config, name.clone()))),
            Err(error) => OtherTarget::Unreachable(error.to_string()),
        }
    }

    /// The other endpoint of a container's test, for which there may be no release.
    pub(super) async fn elsewhere_alone(address: &Address, role: &RoleOptions) -> Result<OtherTarget, Failure> {
        let tags = tags(&role.session_tags)?;
        let session = Session::open().await?;
        let caller = session.caller().await?;
        let name = match (given(role.role_name.as_ref()), address) {
            (Some(name), _) => name.to_owned(),
            // The caller's own account needs no role.
            (None, Address::Elsewhere { account, .. }) if *account == caller.account => String::new(),
            (None, _) => {
                return Err(Diagnostic::error("the endpoint to compare with is in another account, and no role there is named")
                    .named("--compare-with")
                    .hinting("name a role that may invoke it with --role-name")
                    .into());
            }
        };
        let external_id = given(role.role_external_id.as_ref()).map(str::to_owned);
        let access = Access { session, caller, other_role: name, external_id, session_name: format!("xtask-{}", this_run()), tags };
        Ok(elsewhere_in(address, &access).await)
    }

    async fn open(
        release: &Release,
        stage: &StageTargets,
        role: &RoleOptions,
        tags: Vec<(String, String)>,
        other: Option<&Address>,
    ) -> Result<Access, Failure> {
        let session = Session::open().await?;
        let caller = session.caller().await?;
        let other_role = given(role.role_name.as_ref()).map_or_else(|| role_of_other(release, stage, other), str::to_owned);
        let external_id = given(role.role_external_id.as_ref()).map(str::to_owned);
        // CloudTrail shows the name: which project, which stage, which run.
        let session_name = format!("{}-{}-{}", release.manifest.project.id, stage.env_type, this_run());
        Ok(Access { session, caller, other_role, external_id, session_name, tags })
    }

    /// The role in the account of the endpoint that is compared with: that of the stage which has this account, production say.
    fn role_of_other(release: &Release, stage: &StageTargets, other: Option<&Address>) -> String {
        let Some(Address::Elsewhere { account, region, .. }) = other else { return stage.execution_role_name.clone() };
        let stages = &release.manifest.stages;
        let owner = [stage, &stages.prod, &stages.staging].into_iter().find(|stage| stage.accounts.contains(account));
        owner.unwrap_or(stage).execution_role(account, region)
    }

    /// What tells this run from others: CodeBuild's own name for it, else the process. A session's name has 64 characters, of which the
    /// project and the stage leave at least 33.
    fn this_run() -> String {
        let build = std::env::var("CODEBUILD_BUILD_ID").ok().filter(|id| !id.is_empty());
        match build {
            Some(id) => id.rsplit(':').next().unwrap_or_default().replace('-', ""),
            None => std::process::id().to_string(),
        }
    }

    /// Tags of the sessions, by the rules of STS (AssumeRole, Tags).
    fn tags(given: &[String]) -> Result<Vec<(String, String)>, Failure> {
        let (mut tags, mut diagnostics): (Vec<(String, String)>, _) = (Vec::new(), Vec::new());
        let wrong = |message: String| Diagnostic::error(message).named("--session-tag");
        for text in given {
            let Some((key, value)) = text.split_once('=') else {
                diagnostics.push(wrong(format!("`{text}` is not a tag")).hinting("write KEY=VALUE"));
                continue;
            };
            let (key, value) = (key.trim(), value.trim());
            if key.is_empty() || key.chars().count() > 128 || value.chars().count() > 256 || key.to_ascii_lowercase().starts_with("aws:") {
                let hint = "a key has 1 to 128 characters and does not begin with `aws:`; a value has at most 256";
                diagnostics.push(wrong(format!("`{text}` cannot be a session tag")).hinting(hint));
            } else if tags.iter().any(|(known, _)| known.eq_ignore_ascii_case(key)) {
                diagnostics.push(
                    wrong(format!("the session tag `{key}` is given twice")).hinting("keys differ in more than upper and lower case"),
                );
            } else {
                tags.push((key.to_owned(), value.to_owned()));
            }
        }
        if tags.len() > 50 {
            diagnostics.push(wrong(format!("{} session tags are given, and a session has at most 50", tags.len())));
        }
        stop_on_errors(diagnostics)?;
        Ok(tags)
    }

    /// The targets that the suite is for.
    fn tested(mut infos: Vec<TargetInfo>, run: &TestRun) -> Result<Vec<TargetInfo>, Failure> {
        let Some(name) = &run.suite.endpoint().name else { return Ok(infos) };
        let mut known: Vec<_> = infos.iter().map(|info| format!("`{}`", info.endpoint)).collect();
        infos.retain(|info| info.endpoint == *name);
        if infos.is_empty() && !known.is_empty() {
            known.sort();
            known.dedup();
            return Err(Diagnostic::error(format!("the tests are for the endpoint `{name}`, which the release does not have"))
                .hint(format!("its endpoints are {}; `endpoint.name` in the tests may hold variables", known.join(", ")))
                .into());
        }
        Ok(infos)
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
