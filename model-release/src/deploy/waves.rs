//! The checks after each wave: the endpoints' tests, their alarms for a while, and the gates.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::time::Duration;

use endpoint_test::{CheckPrograms, FindingCode, Outcome, Suite, SuiteInfo, TargetReport, Verdict};
use stack_rollout::{Clock, Instance, OnFailure, ReleaseBefore, RolledOutWave, Target, Wave, WaveCheck};

use super::{DeployEvent, DeployRequest, identity_tests};
use crate::diagnostic::{Diagnostic, Failure, FailureKind};
use crate::plural::plural;
use crate::{StageTests, deploy};

/// The pause between two readings of the alarms.
const BETWEEN_READINGS: Duration = Duration::from_mins(1);

/// The state of an alarm that fails a wave.
pub(crate) const ALARM: &str = "ALARM";

/// The maximum number of endpoints or alarms that a reason names.
const NAMED: usize = 3;

/// The waves of a deployment, and what must pass between them.
#[derive(Debug, Clone)]
pub struct DeployWaves {
    /// The waves, in order.
    pub waves: Vec<Wave>,
    /// How long the alarms are watched before the next wave; `None`: they are not read.
    pub bake: Option<Duration>,
    /// What to do if a wave fails.
    pub on_failure: OnFailure,
    /// What an earlier run has kept for a roll-back ([`stack_rollout::Event::ReleaseBefore`]).
    pub release_before: Option<ReleaseBefore>,
    /// The tests of each wave's endpoints.
    pub suite: Suite,
    /// The suite's data for the report.
    pub suite_info: Option<SuiteInfo>,
    /// The settings for the suite's check programs; `None` disables them.
    pub programs: Option<CheckPrograms>,
}

/// The alarms of one stack, by name, with their state.
pub type AlarmStates = Result<Vec<(String, String)>, UnreadAlarms>;

/// Why the alarms of a stack are not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnreadAlarms {
    /// The failed call.
    pub why: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl UnreadAlarms {
    fn warning(&self, target: &Target) -> Diagnostic {
        let message = format!("the alarms could not be read: {}", self.why);
        Diagnostic::warning(message).in_aws(Some(&target.account), Some(&target.region)).with_hint_opt(self.hint.clone())
    }
}

impl<T: Into<String>> From<T> for UnreadAlarms {
    fn from(why: T) -> Self {
        Self { why: why.into(), hint: None }
    }
}

/// What is read between two waves.
pub trait WaveChecks {
    /// The CloudWatch alarms of these stacks.
    fn alarms(&self, stacks: Vec<Instance>) -> impl Future<Output = Vec<(Target, AlarmStates)>>;

    /// Whether the release is still allowed.
    fn gates(&self) -> impl Future<Output = Result<(), Failure>>;
}

/// The checks of a deployment without waves: none.
#[derive(Debug, Clone, Copy)]
pub struct NoWaves;

impl WaveChecks for NoWaves {
    async fn alarms(&self, _: Vec<Instance>) -> Vec<(Target, AlarmStates)> {
        Vec::new()
    }

    async fn gates(&self) -> Result<(), Failure> {
        Ok(())
    }
}

/// What the checks of all waves have found.
#[derive(Debug, Default)]
pub(super) struct Checked {
    /// The reports of the endpoints.
    pub(super) reports: Vec<TargetReport>,
    /// Why no later wave is allowed to start.
    pub(super) not_allowed: Vec<Diagnostic>,
}

/// Checks a wave, and adds the reports of its endpoints.
pub(super) async fn check<C: Clock>(
    request: &DeployRequest<'_, C>,
    waves: &DeployWaves,
    wave: RolledOutWave<'_>,
    identity: &impl AsyncFn(StageTests) -> Result<Vec<TargetReport>, Failure>,
    checks: &impl WaveChecks,
    checked: &Mutex<Checked>,
    on_event: &(impl Fn(DeployEvent) + Sync),
) -> WaveCheck {
    on_event(DeployEvent::CheckingWave(wave.wave.number));
    let tests = identity_tests(request).map(|tests| StageTests {
        suite: waves.suite.clone(),
        suite_info: waves.suite_info.clone(),
        programs: waves.programs.clone(),
        checks_suffice: true,
        only: Some(wave.wave.targets.clone()),
        ..tests
    });
    let tested = match tests {
        Ok(tests) => identity(tests).await,
        Err(failure) => Err(failure),
    };
    let tested = match tested {
        Ok(tested) => tested,
        Err(failure) => return of_failure("the endpoints could not be tested", &failure),
    };
    let result = of_reports(&tested);
    let checked = || checked.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    checked().reports.extend(tested);
    if result != WaveCheck::Passed || wave.is_last {
        return result;
    }
    if let Some(time) = waves.bake {
        // A wave that passed before is not watched for the whole time again, but its alarms are read.
        let time = if wave.has_passed_before { Duration::ZERO } else { time };
        on_event(DeployEvent::Baking { wave: wave.wave.number, time });
        let (result, read) = bake(&request.options.clock, time, wave.instances, checks).await;
        for (target, alarms) in &read {
            if let Err(unread) = alarms {
                on_event(DeployEvent::Warning(unread.warning(target)));
            }
        }
        if result != WaveCheck::Passed {
            return result;
        }
    }
    let allowed = checks.gates().await.and_then(|()| super::check_limits(request, on_event));
    match allowed {
        Ok(()) => WaveCheck::Passed,
        // The gate has failed, not the wave: what it has deployed is not at fault.
        Err(failure) => {
            let reason = reason("the release is no longer allowed", &failure);
            let has_failed = failure.kind == FailureKind::Failed;
            checked().not_allowed.extend(failure.diagnostics);
            if has_failed { WaveCheck::StopAfter(reason) } else { WaveCheck::Unknown(reason) }
        }
    }
}

/// Reads the alarms at the beginning, each minute, and at the end; returns the last states, too.
pub(crate) async fn bake(
    clock: &impl Clock,
    time: Duration,
    instances: &[Instance],
    checks: &impl WaveChecks,
) -> (WaveCheck, Vec<(Target, AlarmStates)>) {
    let end = clock.now().saturating_add(time);
    loop {
        let read = checks.alarms(instances.to_vec()).await;
        let result = of_alarms(&read, instances);
        let left = end.saturating_sub(clock.now());
        if result != WaveCheck::Passed || left.is_zero() {
            return (result, read);
        }
        clock.sleep(left.min(BETWEEN_READINGS)).await;
    }
}

/// An alarm in the state `ALARM` fails the wave. Alarms that cannot be read are not known to be off.
fn of_alarms(read: &[(Target, AlarmStates)], instances: &[Instance]) -> WaveCheck {
    let alarming = read.iter().flat_map(|(target, alarms)| {
        let alarms = alarms.as_ref().map(Vec::as_slice).unwrap_or_default();
        alarms.iter().filter(|(_, state)| state == ALARM).map(move |(name, _)| format!("`{name}` in {target}"))
    });
    let alarming: Vec<String> = alarming.collect();
    if !alarming.is_empty() {
        return WaveCheck::Failed(format!("{} in the state {ALARM}: {}", plural(alarming.len(), "alarm"), named(&alarming)));
    }
    let known: BTreeSet<&Target> = read.iter().filter(|(_, alarms)| alarms.is_ok()).map(|(target, _)| target).collect();
    let unknown = instances.iter().filter(|instance| !known.contains(&instance.target)).map(|instance| {
        let why = read.iter().find(|(target, _)| *target == instance.target).and_then(|(_, alarms)| alarms.as_ref().err());
        format!("{}: {}", instance.target, why.map_or("they were not read", |unread| unread.why.as_str()))
    });
    let unknown: Vec<String> = unknown.collect();
    if unknown.is_empty() { WaveCheck::Passed } else { WaveCheck::Unknown(format!("the alarms are not known: {}", named(&unknown))) }
}

fn of_reports(reports: &[TargetReport]) -> WaveCheck {
    let with = |wanted: Outcome| -> Vec<String> {
        let found = reports.iter().filter(|report| outcome(report) == wanted);
        found.map(|report| format!("{}{}", report.title(), first_problem(report))).collect()
    };
    let (failed, not_proven, errored) = (with(Outcome::Failed), with(Outcome::NotProven), with(Outcome::Errored));
    let of = || plural(reports.len(), "endpoint");
    if !failed.is_empty() {
        WaveCheck::Failed(format!("the tests of {} of {} failed: {}", failed.len(), of(), named(&failed)))
    } else if !not_proven.is_empty() {
        WaveCheck::Unknown(format!("the tests of {} of {} prove too little: {}", not_proven.len(), of(), named(&not_proven)))
    } else if !errored.is_empty() {
        WaveCheck::Unknown(format!("{} of {} could not be tested: {}", errored.len(), of(), named(&errored)))
    } else if reports.is_empty() {
        WaveCheck::Unknown("no endpoint was tested".to_owned())
    } else {
        WaveCheck::Passed
    }
}

/// The outcome of an endpoint. A suite without cases has only the checks.
fn outcome(report: &TargetReport) -> Outcome {
    let is_missing = report.checks.iter().any(|check| check.code == Some(FindingCode::EndpointMissing));
    match report.verdict {
        Verdict::Failed => Outcome::Failed,
        _ if is_missing => Outcome::Failed,
        Verdict::NotProven => Outcome::NotProven,
        Verdict::Errored => Outcome::Errored,
        Verdict::Passed => Outcome::Passed,
        Verdict::Empty | Verdict::Skipped => deploy::deployment::outcome(report),
    }
}

/// The first check or case that has not passed, in parentheses.
fn first_problem(report: &TargetReport) -> String {
    let is_bad = |outcome: Outcome| matches!(outcome, Outcome::Failed | Outcome::NotProven | Outcome::Errored);
    let check = report.checks.iter().find(|check| is_bad(check.outcome));
    let case = || report.cases.iter().find(|case| is_bad(case.outcome)).map(|case| format!("case `{}`", case.name));
    let text = check.map(|check| check.message.clone().unwrap_or_else(|| check.name.clone())).or_else(case);
    text.map(|text| format!(" ({text})")).unwrap_or_default()
}

fn named(all: &[String]) -> String {
    let more = all.len().saturating_sub(NAMED);
    let shown = all[..all.len() - more].join("; ");
    if more == 0 { shown } else { format!("{shown}; and {more} more") }
}

fn of_failure(what: &str, failure: &Failure) -> WaveCheck {
    let reason = reason(what, failure);
    if failure.kind == FailureKind::Failed { WaveCheck::Failed(reason) } else { WaveCheck::Unknown(reason) }
}

fn reason(what: &str, failure: &Failure) -> String {
    let messages: Vec<String> = failure.diagnostics.iter().map(|diagnostic| diagnostic.message.clone()).collect();
    format!("{what}: {}", named(&messages))
}
