//! The checks after each wave: the endpoints' tests, their alarms for a while, and the gates.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::time::Duration;

use endpoint_test::{CheckPrograms, FindingCode, Outcome, Suite, SuiteInfo, TargetReport, Verdict};
use stack_rollout::{Clock, Instance, OnFailure, RolledOutWave, Target, Wave, WaveCheck};

use super::{DeployEvent, DeployRequest, identity_tests};
use crate::diagnostic::{Failure, FailureKind};
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
    /// The tests of each wave's endpoints.
    pub suite: Suite,
    /// The suite's data for the report.
    pub suite_info: Option<SuiteInfo>,
    /// The settings for the suite's check programs; `None` disables them.
    pub programs: Option<CheckPrograms>,
}

/// The alarms of one stack, by name, with their state. `Err`: why they are not known.
pub type AlarmStates = Result<Vec<(String, String)>, String>;

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

/// Checks a wave, and adds the reports of its endpoints.
pub(super) async fn check<C: Clock>(
    request: &DeployRequest<'_, C>,
    waves: &DeployWaves,
    wave: RolledOutWave<'_>,
    identity: &impl AsyncFn(StageTests) -> Result<Vec<TargetReport>, Failure>,
    checks: &impl WaveChecks,
    reports: &Mutex<Vec<TargetReport>>,
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
    reports.lock().unwrap_or_else(std::sync::PoisonError::into_inner).extend(tested);
    if result != WaveCheck::Passed || wave.is_last {
        return result;
    }
    if let Some(time) = waves.bake {
        // A wave that passed before is not watched for the whole time again, but its alarms are read.
        let time = if wave.has_passed_before { Duration::ZERO } else { time };
        on_event(DeployEvent::Baking { wave: wave.wave.number, time });
        let (result, _) = bake(&request.options.clock, time, wave.instances, checks).await;
        if result != WaveCheck::Passed {
            return result;
        }
    }
    match checks.gates().await {
        Ok(()) => WaveCheck::Passed,
        // The gate has failed, not the wave: what it has deployed is not at fault.
        Err(failure) => WaveCheck::Unknown(reason("the release is no longer allowed", &failure)),
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
        format!("{}: {}", instance.target, why.map_or("they were not read", String::as_str))
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
