//! Tests the endpoints of a stage concurrently, with a session in each account and region.

use std::collections::BTreeSet;
use std::sync::Arc;

use aws_config::SdkConfig;
use aws_names::{AccountId, Region};
use endpoint_test::aws::{SageMakerTarget, SessionRequest, session};
use endpoint_test::{EndpointStatus, Expected, Target, TargetErrorKind, TargetInfo, TargetKind, TargetReport};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::released_bytes::ReleasedBytes;
use super::{Caller, Session, TargetRole};
use crate::Release;
use crate::baseline::{BaselineAddress, BaselineTarget};
use crate::champion;
use crate::diagnostic::{Diagnostic, Failure, stop_on_errors};
use crate::manifest::StageTargets;
use crate::stage_tests::{INTERRUPTED, StageTests, TestObserver, grace_after_interruption, test_target};

/// How sessions in target accounts are opened.
#[derive(Debug, Clone, Default)]
pub struct TestAccess {
    /// The role to assume.
    pub role: TargetRole,
    /// An id of this run, for the session name that CloudTrail shows.
    pub run: String,
}

struct Access {
    session: Session,
    caller: Caller,
    baseline_role: String,
    role: TargetRole,
    session_name: String,
}

/// Tests all endpoints of the stage in all accounts and regions, with limited concurrency. Every
/// endpoint gets a report, even after an error.
///
/// `open` is awaited only if needed. `observer` gets the number of endpoints.
pub async fn test_endpoints<O: TestObserver>(
    tests: StageTests,
    access: &TestAccess,
    open: impl Future<Output = Result<Session, Failure>>,
    observer: impl FnOnce(usize) -> O,
    interrupted: impl Future<Output = ()>,
) -> Result<(StageTests, Vec<TargetReport>), Failure> {
    let Some(release) = tests.release.clone() else { return Err(Diagnostic::error("the tests have no release").into()) };
    stop_on_errors(tests.unsupported_settings(TargetKind::Endpoint))?;
    let stage = release.manifest.stage(tests.stage).clone();
    let places = selected(places(&stage), &tests)?;
    if places.is_empty() {
        return Ok((tests, Vec::new()));
    }
    let mut expected = Vec::new();
    for place in &places {
        expected.push(match &tests.expectations {
            Some(expectations) => expectations.of(&release, place.account, place.region, place.endpoint)?,
            None => {
                Expected { model_package_arn: Some(release.manifest.model_package.in_region(place.region).clone()), ..Expected::default() }
            }
        });
    }
    let infos: Vec<_> = places.iter().map(|place| place.info(&release, &stage, &access.role)).collect();
    let opened = open_access(open, &release, &stage, access, tests.compare_with.as_ref()).await;
    let access = match opened {
        Ok(access) => Arc::new(access),
        // No session could be opened: report that for every endpoint.
        Err(failure) => {
            let reports = infos.into_iter().map(|info| unreachable(info, &failure)).collect();
            return Ok((tests, reports));
        }
    };
    let shared = match &tests.compare_with {
        Some(BaselineAddress::Container(url)) => Some(BaselineTarget::container(url)?),
        Some(remote @ BaselineAddress::Remote { .. }) => Some(open_baseline(remote, &access).await),
        Some(BaselineAddress::SameAccount(_) | BaselineAddress::Variant(_) | BaselineAddress::Production) | None => None,
    };
    let shared = shared.map(Arc::new);
    let bytes = Arc::new(ReleasedBytes::new(&release));
    let observer = observer(infos.len());
    let slots = Arc::new(Semaphore::new(tests.jobs));
    let tests = Arc::new(tests);
    let mut tasks = JoinSet::new();
    for ((place, info), expected) in places.iter().zip(infos.iter().cloned()).zip(expected) {
        let (account, region) = (place.account.clone(), place.region.clone());
        let (access, slots, tests, observer) = (Arc::clone(&access), Arc::clone(&slots), Arc::clone(&tests), observer.clone());
        let (shared, bytes) = (shared.clone(), Arc::clone(&bytes));
        tasks.spawn(async move {
            let _slot = slots.acquire().await;
            let expected = Expected { checked: vec![bytes.check(&access.session, &region).await], ..expected };
            let report = endpoint(&access, (&account, &region), info, &tests, &expected, shared.as_deref(), &observer).await;
            observer.finished(&report);
            report
        });
    }
    let mut reports = Vec::new();
    let mut is_aborted = false;
    let interruption = tests.interruption.clone();
    // Created once for the loop, so that no signal is lost between iterations.
    let grace_after_interruption = grace_after_interruption(&interruption, interrupted);
    tokio::pin!(grace_after_interruption);
    loop {
        tokio::select! {
            finished = tasks.join_next() => match finished {
                Some(Ok(report)) => reports.push(report),
                Some(Err(_)) => {}
                None => break,
            },
            () = &mut grace_after_interruption, if !is_aborted => {
                is_aborted = true;
                tasks.abort_all();
            }
        }
    }
    // Endpoints whose tests were aborted are reported as not selected.
    let reason = if interruption.is_raised() { INTERRUPTED } else { "the test of this endpoint was aborted" };
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
    let same_account = match &tests.compare_with {
        Some(BaselineAddress::SameAccount(name)) => Some(name.clone()),
        _ => None,
    };
    let endpoints = [Some(info.endpoint.clone()), same_account.clone()].into_iter().flatten().collect();
    let role = info.role.as_deref().unwrap_or_default();
    let config = match access.config(account, region, role, endpoints, &expected.async_output_locations).await {
        Ok(config) => config,
        Err(error) => return TargetReport::errored_by(info, "session", &error),
    };
    let target = SageMakerTarget::from_config(&config, info.endpoint.clone());
    let same_account = same_account.map(|name| BaselineTarget::Endpoint(Box::new(SageMakerTarget::from_config(&config, name))));
    let (champion, title) = match (&tests.compare_with, &tests.release) {
        (Some(BaselineAddress::Production), Some(release)) => {
            let (champion, title) = access.champion(release, region, &info.endpoint).await;
            (Some(champion), title)
        }
        (Some(BaselineAddress::Variant(name)), _) => {
            let title = format!("{}/{}/{}, variant {name}", info.account_id, info.region, info.endpoint);
            (Some(BaselineTarget::Variant(Box::new(target.clone()), name.clone())), title)
        }
        (address, _) => (None, address.as_ref().map(|address| address.title(&info.account_id, &info.region)).unwrap_or_default()),
    };
    let baseline = champion.as_ref().or(same_account.as_ref()).or(shared).map(|target| (target, title.as_str()));
    let listener = observer.listener(&info);
    test_target(TargetKind::Endpoint, &target, baseline, info, tests, expected, listener).await
}

impl Access {
    /// The first endpoint in production that is in service and corresponds to the tested one, with its
    /// title. If none exists, the last one.
    async fn champion(&self, release: &Release, region: &Region, tested: &str) -> (BaselineTarget, String) {
        let stages = &release.manifest.stages;
        let candidates = match champion::endpoints(stages, region, tested) {
            Ok(candidates) => candidates,
            Err(why) => return (BaselineTarget::Unreachable(why), "production".to_owned()),
        };
        let (mut refused, mut absent) = (Vec::new(), None);
        for address in candidates {
            let title = address.title("", "");
            let BaselineAddress::Remote { account, region, name } = &address else { continue };
            let role = champion::role(stages, self.role.name.as_deref(), &address);
            let target = match self.config(account, region, &role, vec![name.clone()], &[]).await {
                Ok(config) => SageMakerTarget::from_config(&config, name.clone()),
                Err(error) => {
                    refused.push(format!("{title}: {error}"));
                    continue;
                }
            };
            let described = target.describe().await;
            let champion = (BaselineTarget::Endpoint(Box::new(target)), title);
            match described {
                Ok(description) if description.status == EndpointStatus::InService => return champion,
                Ok(description) => refused.push(format!("{} is `{}`", champion.1, description.status)),
                Err(error) if error.kind == TargetErrorKind::NotFound => absent = Some(champion),
                Err(error) => refused.push(format!("{}: {error}", champion.1)),
            }
        }
        match absent {
            Some(absent) if refused.is_empty() => absent,
            _ => (BaselineTarget::Unreachable(refused.join("; ")), "production".to_owned()),
        }
    }

    /// The caller's credentials in the caller's account, otherwise those of the assumed role.
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

/// A remote baseline with its own session. A missing session does not prevent the tests.
async fn open_baseline(address: &BaselineAddress, access: &Access) -> BaselineTarget {
    let BaselineAddress::Remote { account, region, name } = address else {
        return BaselineTarget::Unreachable("the baseline is not in a remote account".to_owned());
    };
    match access.config(account, region, &access.baseline_role, vec![name.clone()], &[]).await {
        Ok(config) => BaselineTarget::Endpoint(Box::new(SageMakerTarget::from_config(&config, name.clone()))),
        Err(error) => BaselineTarget::Unreachable(error.to_string()),
    }
}

/// Opens the remote baseline for the test of a container, which does not need a release.
pub async fn remote_baseline(address: &BaselineAddress, access: &TestAccess, session: Session) -> Result<BaselineTarget, Failure> {
    let caller = session.caller().await?;
    let baseline_role = match (&access.role.name, address) {
        (Some(name), _) => name.clone(),
        // The caller's account needs no role.
        (None, BaselineAddress::Remote { account, .. }) if *account == caller.account => String::new(),
        (None, _) => {
            return Err(Diagnostic::error("the baseline endpoint is in another account, and no role to assume is set")
                .code("baseline-without-role")
                .into());
        }
    };
    let session_name = format!("xtask-{}", access.run);
    let access = Access { session, caller, baseline_role, role: access.role.clone(), session_name };
    Ok(open_baseline(address, &access).await)
}

async fn open_access(
    open: impl Future<Output = Result<Session, Failure>>,
    release: &Release,
    stage: &StageTargets,
    access: &TestAccess,
    baseline: Option<&BaselineAddress>,
) -> Result<Access, Failure> {
    let session = open.await?;
    let caller = match session.caller().await {
        Ok(caller) => caller,
        Err(failure) => return Err(session.located(failure).await),
    };
    let baseline_role = access.role.name.clone().unwrap_or_else(|| role_of_baseline(release, stage, baseline));
    // CloudTrail shows the session name: project, stage and run.
    let session_name = format!("{}-{}-{}", release.manifest.project.id, stage.env_type, access.run);
    Ok(Access { session, caller, baseline_role, role: access.role.clone(), session_name })
}

/// The role to assume in the baseline's account: that of the stage with this account.
fn role_of_baseline(release: &Release, stage: &StageTargets, baseline: Option<&BaselineAddress>) -> String {
    let Some(BaselineAddress::Remote { account, region, .. }) = baseline else { return stage.execution_role_name.clone() };
    let stages = &release.manifest.stages;
    let owner = [stage, &stages.prod, &stages.staging].into_iter().find(|stage| stage.accounts.contains(account));
    owner.unwrap_or(stage).execution_role(account, region)
}

#[derive(Debug, Clone, Copy)]
struct EndpointPlace<'a> {
    account: &'a AccountId,
    region: &'a Region,
    endpoint: &'a str,
}

fn selected<'a>(mut places: Vec<EndpointPlace<'a>>, tests: &StageTests) -> Result<Vec<EndpointPlace<'a>>, Failure> {
    if let Some(only) = &tests.only {
        places.retain(|place| only.accounts.contains(place.account) && only.regions.contains(place.region));
    }
    let Some(name) = &tests.suite.endpoint().name else { return Ok(places) };
    let known: BTreeSet<_> = places.iter().map(|place| format!("`{}`", place.endpoint)).collect();
    places.retain(|place| place.endpoint == name);
    if places.is_empty() && !known.is_empty() {
        let known: Vec<_> = known.into_iter().collect();
        return Err(Diagnostic::error(format!("the tests are for the endpoint `{name}`, which is not part of the release"))
            .with_hint(format!("the release has the endpoints {}; `endpoint.name` in the tests can contain variables", known.join(", ")))
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
        let place = diagnostic.place.as_ref().map(ToString::to_string);
        std::iter::once(&diagnostic.message).chain(&diagnostic.details).cloned().chain(place).collect::<Vec<_>>().join("; ")
    });
    TargetReport::errored(info, "session", message, first.and_then(|diagnostic| diagnostic.hint.clone()))
}
