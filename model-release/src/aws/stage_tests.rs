//! The endpoints of a stage: a session in each account and region, and every endpoint of all of them at once.

use std::collections::BTreeSet;
use std::sync::Arc;

use aws_config::SdkConfig;
use aws_names::{AccountId, Region};
use endpoint_test::aws::{SageMakerTarget, SessionRequest, session};
use endpoint_test::{Expected, TargetInfo, TargetReport};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::{Caller, Session, TargetRole};
use crate::Release;
use crate::baseline::{BaselineAddress, BaselineTarget};
use crate::diagnostic::{Diagnostic, Failure};
use crate::manifest::StageTargets;
use crate::stage_tests::{INTERRUPTED, StageTests, TestObserver, cut_off, test_target};

/// How the sessions in the target accounts are opened.
#[derive(Debug, Clone, Default)]
pub struct TestAccess {
    /// The role that is assumed there.
    pub role: TargetRole,
    /// What tells this run from others; it ends the session's name, which CloudTrail shows.
    pub run: String,
}

/// What every target's session is opened with.
struct Access {
    session: Session,
    caller: Caller,
    /// The role in the account of the baseline.
    baseline_role: String,
    role: TargetRole,
    session_name: String,
}

/// Tests every endpoint of the stage in every account and region, so many at once; each gets a report, whatever happens.
///
/// `open` is called when there is something to test. `observer` is made for the number of endpoints.
pub async fn test_endpoints<O: TestObserver>(
    tests: StageTests,
    access: &TestAccess,
    open: impl Future<Output = Result<Session, Failure>>,
    observer: impl FnOnce(usize) -> O,
    interrupted: impl Future<Output = ()>,
) -> Result<(StageTests, Vec<TargetReport>), Failure> {
    let Some(release) = tests.release.clone() else { return Err(Diagnostic::error("there is no release to test").into()) };
    let stage = release.manifest.stage(tests.stage).clone();
    let places = tested(places(&stage), &tests)?;
    if places.is_empty() {
        return Ok((tests, Vec::new()));
    }
    let mut expected = Vec::new();
    for place in &places {
        expected.push(match &tests.expectations {
            Some(expectations) => expectations.of(&release, place.account, place.region, place.endpoint)?,
            None => Expected {
                model_package_arn: Some(release.manifest.model_package.in_region(place.region).to_string()),
                ..Expected::default()
            },
        });
    }
    let infos: Vec<_> = places.iter().map(|place| place.info(&release, &stage, &access.role)).collect();
    let opened = open_access(open, &release, &stage, access, tests.compare_with.as_ref()).await;
    let access = match opened {
        Ok(access) => Arc::new(access),
        // No target could be reached: that is every target's result, and the files say so.
        Err(failure) => {
            let reports = infos.into_iter().map(|info| unreachable(info, &failure)).collect();
            return Ok((tests, reports));
        }
    };
    let shared = match &tests.compare_with {
        Some(BaselineAddress::Container(url)) => Some(BaselineTarget::container(url)?),
        Some(remote @ BaselineAddress::Remote { .. }) => Some(remote_in(remote, &access).await),
        Some(BaselineAddress::SameAccount(_)) | None => None,
    };
    let shared = shared.map(Arc::new);
    let observer = observer(infos.len());
    let slots = Arc::new(Semaphore::new(tests.jobs));
    let tests = Arc::new(tests);
    let mut tasks = JoinSet::new();
    for ((place, info), expected) in places.iter().zip(infos.iter().cloned()).zip(expected) {
        let (account, region) = (place.account.clone(), place.region.clone());
        let (access, slots, tests, observer) = (Arc::clone(&access), Arc::clone(&slots), Arc::clone(&tests), observer.clone());
        let shared = shared.clone();
        tasks.spawn(async move {
            let _slot = slots.acquire().await;
            let report = endpoint(&access, (&account, &region), info, &tests, &expected, shared.as_deref(), &observer).await;
            observer.finished(&report);
            report
        });
    }
    let mut reports = Vec::new();
    let mut is_cut_off = false;
    let interruption = tests.interruption.clone();
    // One for the whole loop: a signal between two turns is not lost.
    let cut_off = cut_off(&interruption, interrupted);
    tokio::pin!(cut_off);
    loop {
        tokio::select! {
            finished = tasks.join_next() => match finished {
                Some(Ok(report)) => reports.push(report),
                Some(Err(_)) => {}
                None => break,
            },
            () = &mut cut_off, if !is_cut_off => {
                is_cut_off = true;
                tasks.abort_all();
            }
        }
    }
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
    let tests = Arc::into_inner(tests).ok_or_else(|| Failure::from(Diagnostic::error("a test is still running")))?;
    Ok((tests, reports))
}

async fn endpoint(
    access: &Access,
    (account, region): (&AccountId, &Region),
    info: TargetInfo,
    tests: &StageTests,
    expected: &Expected,
    shared: Option<&BaselineTarget>,
    observer: &impl TestObserver,
) -> TargetReport {
    if tests.interruption.is_raised() {
        return TargetReport::errored(info, "run", INTERRUPTED, Some("run the tests again".to_owned()));
    }
    let beside = match &tests.compare_with {
        Some(BaselineAddress::SameAccount(name)) => Some(name.clone()),
        _ => None,
    };
    let endpoints = [Some(info.endpoint.clone()), beside.clone()].into_iter().flatten().collect();
    let role = info.role.as_deref().unwrap_or_default();
    let config = match access.config(account, region, role, endpoints, &expected.async_output_locations).await {
        Ok(config) => config,
        Err(error) => return TargetReport::errored_by(info, "session", &error),
    };
    let target = SageMakerTarget::from_config(&config, info.endpoint.clone());
    let beside = beside.map(|name| BaselineTarget::Endpoint(Box::new(SageMakerTarget::from_config(&config, name))));
    let listener = observer.listener(&info);
    test_target(&target, beside.as_ref().or(shared), info, tests, expected, listener).await
}

impl Access {
    /// A session where the endpoints are: the caller's own credentials in the caller's account, else the role's.
    async fn config(
        &self,
        account: &AccountId,
        region: &Region,
        role: &str,
        endpoints: Vec<String>,
        async_output_locations: &[String],
    ) -> Result<SdkConfig, endpoint_test::TargetError> {
        let config = self.session.in_region(region);
        if *account == self.caller.account {
            return Ok(config);
        }
        let request = SessionRequest {
            account: account.to_string(),
            region: region.to_string(),
            role: role.to_owned(),
            partition: self.caller.partition.clone(),
            session_name: self.session_name.clone(),
            external_id: self.role.external_id.clone(),
            tags: self.role.tags.clone(),
            endpoints,
            async_output_locations: async_output_locations.to_vec(),
        };
        session(&config, &request).await
    }
}

/// The baseline in a session of its own. That there is none is no reason not to test.
async fn remote_in(address: &BaselineAddress, access: &Access) -> BaselineTarget {
    let BaselineAddress::Remote { account, region, name } = address else {
        return BaselineTarget::Unreachable("it is in no account of its own".to_owned());
    };
    match access.config(account, region, &access.baseline_role, vec![name.clone()], &[]).await {
        Ok(config) => BaselineTarget::Endpoint(Box::new(SageMakerTarget::from_config(&config, name.clone()))),
        Err(error) => BaselineTarget::Unreachable(error.to_string()),
    }
}

/// The remote baseline of a container's test, for which there may be no release.
pub async fn remote_baseline(address: &BaselineAddress, access: &TestAccess, session: Session) -> Result<BaselineTarget, Failure> {
    let caller = session.caller().await?;
    let baseline_role = match (&access.role.name, address) {
        (Some(name), _) => name.clone(),
        // The caller's own account needs no role.
        (None, BaselineAddress::Remote { account, .. }) if *account == caller.account => String::new(),
        (None, _) => {
            return Err(Diagnostic::error("the endpoint to compare with is in another account, and no role there is named")
                .code("baseline-without-role")
                .into());
        }
    };
    let session_name = format!("xtask-{}", access.run);
    let access = Access { session, caller, baseline_role, role: access.role.clone(), session_name };
    Ok(remote_in(address, &access).await)
}

async fn open_access(
    open: impl Future<Output = Result<Session, Failure>>,
    release: &Release,
    stage: &StageTargets,
    access: &TestAccess,
    baseline: Option<&BaselineAddress>,
) -> Result<Access, Failure> {
    let session = open.await?;
    let caller = session.caller().await?;
    let baseline_role = access.role.name.clone().unwrap_or_else(|| role_of_baseline(release, stage, baseline));
    // CloudTrail shows the name: which project, which stage, which run.
    let session_name = format!("{}-{}-{}", release.manifest.project.id, stage.env_type, access.run);
    Ok(Access { session, caller, baseline_role, role: access.role.clone(), session_name })
}

/// The role in the account of the baseline: that of the stage which has this account, production say.
fn role_of_baseline(release: &Release, stage: &StageTargets, baseline: Option<&BaselineAddress>) -> String {
    let Some(BaselineAddress::Remote { account, region, .. }) = baseline else { return stage.execution_role_name.clone() };
    let stages = &release.manifest.stages;
    let owner = [stage, &stages.prod, &stages.staging].into_iter().find(|stage| stage.accounts.contains(account));
    owner.unwrap_or(stage).execution_role(account, region)
}

/// An endpoint of the stage.
#[derive(Debug, Clone, Copy)]
struct EndpointPlace<'a> {
    account: &'a AccountId,
    region: &'a Region,
    endpoint: &'a str,
}

/// The endpoints that the suite is for.
fn tested<'a>(mut places: Vec<EndpointPlace<'a>>, tests: &StageTests) -> Result<Vec<EndpointPlace<'a>>, Failure> {
    let Some(name) = &tests.suite.endpoint().name else { return Ok(places) };
    let known: BTreeSet<_> = places.iter().map(|place| format!("`{}`", place.endpoint)).collect();
    places.retain(|place| place.endpoint == name);
    if places.is_empty() && !known.is_empty() {
        let known: Vec<_> = known.into_iter().collect();
        return Err(Diagnostic::error(format!("the tests are for the endpoint `{name}`, which the release does not have"))
            .hint(format!("its endpoints are {}; `endpoint.name` in the tests may hold variables", known.join(", ")))
            .into());
    }
    Ok(places)
}

fn places(stage: &StageTargets) -> Vec<EndpointPlace<'_>> {
    let mut places = Vec::new();
    for account in &stage.accounts {
        for region in &stage.regions {
            places.extend(stage.endpoints.iter().map(|endpoint| EndpointPlace { account, region, endpoint }));
        }
    }
    places
}

impl EndpointPlace<'_> {
    fn info(&self, release: &Release, stage: &StageTargets, role: &TargetRole) -> TargetInfo {
        let project = &release.manifest.project;
        TargetInfo {
            account_id: self.account.to_string(),
            region: self.region.to_string(),
            endpoint: self.endpoint.to_owned(),
            role: Some(role.name.clone().unwrap_or_else(|| stage.execution_role(self.account, self.region))),
            environment_name: Some(project.environment.clone()),
            environment_type: Some(stage.env_type.clone()),
            project_name: Some(project.name.clone()),
            project_id: Some(project.id.clone()),
        }
    }
}

fn unreachable(info: TargetInfo, failure: &Failure) -> TargetReport {
    let first = failure.diagnostics.first();
    let message = first.map_or_else(String::new, |diagnostic| {
        std::iter::once(&diagnostic.message).chain(&diagnostic.details).cloned().collect::<Vec<_>>().join("; ")
    });
    TargetReport::errored(info, "session", message, first.and_then(|diagnostic| diagnostic.hint.clone()))
}
