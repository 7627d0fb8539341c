//! What is read between two waves: the alarms of the endpoints' stacks, and the model registry.

use std::sync::Arc;

use stack_rollout::{Instance, Target};
use tokio::task::JoinSet;

use super::{AwsTargetAccount, QuotaCodes, Session, TargetSessions};
use crate::Release;
use crate::deploy::{AlarmStates, UnreadAlarms, WaveChecks};
use crate::diagnostic::Failure;

/// [`WaveChecks`] on AWS.
#[derive(Debug)]
pub struct AwsWaveChecks<'a> {
    session: &'a Session,
    sessions: &'a Arc<TargetSessions>,
    release: &'a Release,
}

impl<'a> AwsWaveChecks<'a> {
    /// The checks of a release, with these sessions in the targets.
    pub fn new(session: &'a Session, sessions: &'a Arc<TargetSessions>, release: &'a Release) -> Self {
        Self { session, sessions, release }
    }
}

impl WaveChecks for AwsWaveChecks<'_> {
    async fn alarms(&self, stacks: Vec<Instance>) -> Vec<(Target, AlarmStates)> {
        let mut readings = JoinSet::new();
        for Instance { target, stack_id, .. } in stacks {
            let sessions = Arc::clone(self.sessions);
            readings.spawn(async move {
                let states = states(&sessions, &target, stack_id.as_deref()).await;
                (target, states)
            });
        }
        let mut read = Vec::new();
        while let Some(reading) = readings.join_next().await {
            read.extend(reading.ok());
        }
        read.sort_by(|(one, _), (other, _)| one.cmp(other));
        read
    }

    async fn gates(&self) -> Result<(), Failure> {
        self.release.check_registry(|region| self.session.registry(Some(region))).await.map(drop)
    }
}

async fn states(sessions: &TargetSessions, target: &Target, stack_id: Option<&str>) -> AlarmStates {
    let stack_id = stack_id.ok_or("the stack is not known")?;
    let config = sessions.config(&target.account, &target.region).await;
    let config = config.map_err(|error| UnreadAlarms { why: error.to_string(), hint: error.hint })?;
    let account = AwsTargetAccount::new(&config, QuotaCodes::default());
    account.alarms_of_stack(stack_id).await.map_err(|error| {
        // The stack is described before, by CloudFormation.
        let service = if error.operation == "DescribeAlarms" { "cloudwatch" } else { "cloudformation" };
        let hint = error.fault().map(|fault| fault.hint(&format!("{service}:{}", error.operation)));
        UnreadAlarms { why: error.to_string(), hint }
    })
}
