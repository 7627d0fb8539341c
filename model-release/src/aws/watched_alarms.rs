//! Watches the alarms of tested endpoints, and adds what they show to the reports of the tests.

use std::sync::Arc;
use std::time::Duration;

use endpoint_test::{CheckReport, Outcome, TargetReport};
use stack_rollout::{CallAs, Clock, Instance, StackSetName, StackSets as _, Target};

use super::{AwsWaveChecks, Session, TargetRole, TargetSessions};
use crate::deploy::AlarmStates;
use crate::deploy::waves::{ALARM, bake};
use crate::{Release, Stage};

/// The check's name.
const CHECK: &str = "alarms";

/// The endpoints of a stage whose alarms are watched.
#[derive(Debug, Clone, Copy)]
pub struct AlarmWatch<'a> {
    /// The session in the account of the stack set.
    pub session: &'a Session,
    /// The release.
    pub release: &'a Release,
    /// The stage.
    pub stage: Stage,
    /// The role to assume in each target.
    pub role: &'a TargetRole,
    /// How long.
    pub time: Duration,
}

impl AlarmWatch<'_> {
    /// Watches the CloudWatch alarms of the stacks of these endpoints for some time, or until one of
    /// them is in the state `ALARM`, and adds a check to each report. What cannot be read is an error
    /// of the check: it is not known to be fine.
    pub async fn watch(&self, clock: &impl Clock, reports: &mut [TargetReport], interrupted: impl Future<Output = ()>) {
        let states = tokio::select! {
            states = self.states(clock, reports) => states,
            () = interrupted => Err("the run was interrupted while the alarms were watched".to_owned()),
        };
        for report in reports {
            let state = states.as_ref().map_err(|why| why.as_str().into()).and_then(|states| {
                let found = states.iter().find(|(target, _)| is_target(report, target));
                found.map_or_else(|| Err("the stack set has no stack there".into()), |(_, state)| state.clone())
            });
            report.add_check(check(state));
        }
    }

    async fn states(&self, clock: &impl Clock, reports: &[TargetReport]) -> Result<Vec<(Target, AlarmStates)>, String> {
        let stage = self.release.manifest.stage(self.stage);
        let set: StackSetName = stage.stack_set.parse().map_err(|error: stack_rollout::InvalidName| error.to_string())?;
        let listed = self.session.stack_sets(CallAs::Itself).list_stack_instances(&set).await.map_err(|error| error.to_string())?;
        let is_tested = |instance: &Instance| reports.iter().any(|report| is_target(report, &instance.target));
        let instances: Vec<_> = listed.into_iter().filter(is_tested).collect();
        let sessions = Arc::new(TargetSessions::new(self.session, self.release, stage, self.role, "alarms"));
        Ok(bake(clock, self.time, &instances, &AwsWaveChecks::new(self.session, &sessions, self.release)).await.1)
    }
}

fn is_target(report: &TargetReport, target: &Target) -> bool {
    report.account_id == target.account.as_str() && report.region == target.region.as_str()
}

fn check(state: AlarmStates) -> CheckReport {
    let named = |outcome, message| CheckReport { name: CHECK.to_owned(), outcome, message, ..CheckReport::default() };
    match state {
        Ok(alarms) => {
            let raised: Vec<_> = alarms.iter().filter(|(_, state)| state == ALARM).map(|(name, _)| format!("`{name}`")).collect();
            let message = (!raised.is_empty()).then(|| format!("in the state {ALARM}: {}", raised.join(", ")));
            named(if message.is_some() { Outcome::Failed } else { Outcome::Passed }, message)
        }
        Err(unread) => {
            let check = named(Outcome::Errored, Some(format!("the alarms are not known: {}", unread.why)));
            CheckReport { hint: unread.hint, ..check }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alarm_fails_the_check_and_what_is_not_known_does_not_pass() {
        let states = |all: &[(&str, &str)]| Ok(all.iter().map(|(name, state)| ((*name).to_owned(), (*state).to_owned())).collect());
        let outcome = |state| check(state).outcome;
        assert_eq!(outcome(states(&[])), Outcome::Passed);
        assert_eq!(outcome(states(&[("errors", "OK"), ("latency", "INSUFFICIENT_DATA")])), Outcome::Passed);
        let raised = check(states(&[("errors", "OK"), ("latency", "ALARM")]));
        assert_eq!((raised.outcome, raised.message.as_deref()), (Outcome::Failed, Some("in the state ALARM: `latency`")));
        let denied = check(Err("AccessDenied".into()));
        assert_eq!((denied.outcome, denied.message.as_deref()), (Outcome::Errored, Some("the alarms are not known: AccessDenied")));
    }
}
