//! The preflight over AWS: every target is asked in a session of its own.

use std::collections::BTreeSet;
use std::sync::Mutex;

use aws_names::Arn;
use stack_rollout::preflight::{Check, PreflightOptions, administration_role_trust, preflight};
use stack_rollout::status::DetailedStatus;
use stack_rollout::{Observed, PermissionModel};

use super::{AwsTargetAccount, QuotaCodes, Session, TargetSessions};
use crate::RolloutRequest;
use crate::preflight::{PlannedRollout, places};

const ADMINISTRATION_ROLE: &str = "AWSCloudFormationStackSetAdministrationRole";

/// How far a preflight is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PreflightProgress {
    /// How many targets there are.
    pub targets: usize,
    /// In how many accounts.
    pub accounts: usize,
    /// How many targets have been checked.
    pub checked: usize,
    /// How many checks have failed.
    pub failures: usize,
}

/// Makes every check of a planned rollout. `on_progress` hears of the begin, unless there is nothing to check, and of each target that is done.
pub async fn check_targets(
    session: &Session,
    sessions: &TargetSessions,
    rollout: &PlannedRollout<'_>,
    on_progress: impl FnMut(PreflightProgress) + Send,
) -> Vec<Check> {
    let administration_role = administration_role(sessions, rollout.request, rollout.observed).await;
    let places = places(rollout, administration_role.as_ref().map(Arn::as_str));
    if places.is_empty() {
        return Vec::new();
    }
    let accounts = places.iter().map(|place| &place.target.account).collect::<BTreeSet<_>>().len();
    let progress = PreflightProgress { targets: places.len(), accounts, checked: 0, failures: 0 };
    let progress = Mutex::new((progress, on_progress));
    let tell = |checked: usize, failures: usize| {
        if let Ok(mut progress) = progress.lock() {
            progress.0.checked += checked;
            progress.0.failures += failures;
            let now = progress.0;
            (progress.1)(now);
        }
    };
    tell(0, 0);
    let codes = QuotaCodes::default();
    let mut checks = preflight(
        &places,
        |account, region| {
            let codes = codes.clone();
            async move { Ok(AwsTargetAccount::new(&sessions.config(&account, &region).await?, codes)) }
        },
        &PreflightOptions::default(),
        |_, failures| tell(1, failures),
    )
    .await;
    // Where the last operation succeeded, the roles trust each other.
    let proven = rollout.observed.instances.iter().any(|instance| instance.detailed_status == Some(DetailedStatus::Succeeded));
    if let Some(role) = administration_role.filter(|_| !proven) {
        let own = AwsTargetAccount::new(session.config(), QuotaCodes::default());
        checks.push(administration_role_trust(&own, role.name()).await);
    }
    checks
}

/// The ARN of the role that hands out the work, with self-managed permissions.
async fn administration_role(sessions: &TargetSessions, request: &RolloutRequest, observed: &Observed) -> Option<Arn> {
    let PermissionModel::SelfManaged { administration_role_arn, .. } = &request.release.permission_model else { return None };
    let known = administration_role_arn.clone().or_else(|| observed.stack_set.as_ref()?.administration_role_arn.clone());
    match (known, sessions.caller().await) {
        (Some(arn), _) => arn.parse().ok(),
        (None, Ok(caller)) => format!("arn:{}:iam::{}:role/{ADMINISTRATION_ROLE}", caller.partition, caller.account).parse().ok(),
        (None, Err(_)) => None,
    }
}
