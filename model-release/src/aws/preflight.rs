//! Runs the preflight in AWS, with a session for each target.

use std::collections::BTreeSet;
use std::sync::Mutex;

use aws_names::Arn;
use stack_rollout::preflight::{Check, CheckOutcome, PreflightOptions, administration_role_trust, preflight};
use stack_rollout::status::DetailedStatus;
use stack_rollout::{Observed, PermissionModel, Target};

use super::{AwsTargetAccount, QuotaCodes, Session, TargetSessions};
use crate::RolloutRequest;
use crate::approved_bytes::compare_checks;
use crate::preflight::{PlannedRollout, mark_other_regions, targets_to_check};

const ADMINISTRATION_ROLE: &str = "AWSCloudFormationStackSetAdministrationRole";

/// The progress of a preflight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PreflightProgress {
    /// The number of targets.
    pub targets: usize,
    /// The number of accounts.
    pub accounts: usize,
    /// The number of targets that have been checked.
    pub checked: usize,
    /// The number of failed checks.
    pub failures: usize,
}

/// Makes all checks. Calls `on_progress` at the start, if there are checks, and after each target.
pub async fn check_targets(
    session: &Session,
    sessions: &TargetSessions,
    rollout: &PlannedRollout<'_>,
    on_progress: impl FnMut(PreflightProgress) + Send,
) -> Vec<Check> {
    let administration_role = administration_role(sessions, rollout.request, rollout.observed).await;
    let targets = targets_to_check(rollout, administration_role.as_ref().map(Arn::as_str));
    if targets.is_empty() {
        return Vec::new();
    }
    let accounts = targets.iter().map(|target| &target.target.account).collect::<BTreeSet<_>>().len();
    let progress = PreflightProgress { targets: targets.len(), accounts, checked: 0, failures: 0 };
    let progress = Mutex::new((progress, on_progress));
    let report = |checked: usize, failures: usize| {
        if let Ok(mut progress) = progress.lock() {
            progress.0.checked += checked;
            progress.0.failures += failures;
            let now = progress.0;
            (progress.1)(now);
        }
    };
    report(0, 0);
    let codes = QuotaCodes::default();
    let mut checks = preflight(
        &targets,
        |account, region| {
            let codes = codes.clone();
            async move { Ok(AwsTargetAccount::new(&sessions.config(&account, &region).await?, codes)) }
        },
        &PreflightOptions::default(),
        |_, failures| report(1, failures),
    )
    .await;
    compare_checks(rollout.release, &mut checks);
    mark_other_regions(&mut checks, session.region());
    // If the last operation succeeded somewhere, the roles trust each other.
    let is_proven = rollout.observed.instances.iter().any(|instance| instance.detailed_status == Some(DetailedStatus::Succeeded));
    if let Some(role) = administration_role.filter(|_| !is_proven) {
        let own = AwsTargetAccount::new(session.config(), QuotaCodes::default());
        let mut check = administration_role_trust(&own, role.name()).await;
        if let (CheckOutcome::Unchecked, Ok(caller)) = (check.outcome, sessions.caller().await) {
            check.target = Some(Target { account: caller.account.clone(), region: session.region().clone() });
        }
        checks.push(check);
    }
    checks
}

/// The ARN of the administration role, with self-managed permissions.
async fn administration_role(sessions: &TargetSessions, request: &RolloutRequest, observed: &Observed) -> Option<Arn> {
    let PermissionModel::SelfManaged { administration_role_arn, .. } = &request.release.permission_model else { return None };
    let known = administration_role_arn.clone().or_else(|| observed.stack_set.as_ref()?.administration_role_arn.clone());
    match (known, sessions.caller().await) {
        (Some(arn), _) => arn.parse().ok(),
        (None, Ok(caller)) => format!("arn:{}:iam::{}:role/{ADMINISTRATION_ROLE}", caller.partition, caller.account).parse().ok(),
        (None, Err(_)) => None,
    }
}
