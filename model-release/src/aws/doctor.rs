//! Checks the data science account: organization, registry and artifact bucket.

use std::collections::BTreeSet;

use aws_names::AccountId;
use model_registry::sharing::{GroupOutcome, Mode, NewGroup, OrganizationId, PolicyChange, RoleName, Sharing, ensure_group, share};

use super::{BucketPlace, Session, artifact_bucket, listed};
use crate::Accounts;
use crate::diagnostic::{Diagnostic, Failure, FailureKind};
use crate::doctor_report::DoctorReport;
use crate::registry_errors;
use crate::release_build::BuildRequest;

/// Who is allowed to read the group in the target accounts: everyone if nothing is set.
#[derive(Debug)]
pub struct GroupReaders {
    /// The roles; empty means all roles.
    pub roles: BTreeSet<RoleName>,
    /// The organization.
    pub organization: Option<OrganizationId>,
}

/// Resolves units into accounts. Returns for each stage whether its accounts are known.
pub async fn check_accounts(
    session: &Session,
    request: &mut BuildRequest,
    own: &AccountId,
    report: &mut DoctorReport,
) -> Result<[bool; 2], Failure> {
    let mut known = [true; 2];
    for (stage, known) in request.stages.iter_mut().zip(&mut known) {
        let subject = format!("{} accounts", stage.stage);
        match listed(session, &stage.accounts).await {
            Ok(accounts) => {
                let count = match &accounts {
                    Accounts::Listed(accounts) => accounts.len(),
                    Accounts::Own | Accounts::Units(..) => 1,
                };
                if matches!(stage.accounts, Accounts::Units(..)) {
                    report.ok("organizational-units", format!("{subject}: {count} active"));
                }
                stage.accounts = accounts;
            }
            Err(failure) => {
                // An empty unit is a missing prerequisite, not an invalid option.
                let kind = if failure.kind == FailureKind::Unreachable { FailureKind::Unreachable } else { FailureKind::Failed };
                report.failure("organizational-units", &subject, &Failure::new(kind, failure.diagnostics));
                stage.accounts = Accounts::Listed(BTreeSet::from([own.clone()]));
                *known = false;
            }
        }
    }
    Ok(known)
}

/// Checks that the group exists and is shared: `setup` would change nothing.
pub async fn check_registry(session: &Session, request: &BuildRequest, readers: &GroupReaders, all_known: bool, report: &mut DoctorReport) {
    const GROUP: &str = "model-package-group";
    const SHARING: &str = "group-policy";
    let name = request.group.name().to_string();
    let store = session.registry(None);
    let wanted = NewGroup { name: request.group.name().clone(), description: String::new(), tags: Vec::new() };
    let group = match ensure_group(&store, &wanted, Mode::Check).await {
        Ok(GroupOutcome::Found(group) | GroupOutcome::Created(group)) => group,
        Ok(GroupOutcome::WouldCreate) => {
            report.failed(
                GROUP,
                &name,
                Diagnostic::error("the model package group does not exist in this account and region").code("group-missing"),
            );
            return;
        }
        Err(error) => {
            report.failure(GROUP, &name, &registry_errors::of_registry(&error));
            return;
        }
    };
    report.ok(GROUP, group.to_string());
    if !all_known {
        report.not_reached(SHARING, &name, "the accounts that need access are not known");
        return;
    }
    let listed = request.stages.iter().filter_map(|stage| match &stage.accounts {
        Accounts::Listed(accounts) => Some(accounts.iter().cloned()),
        Accounts::Own | Accounts::Units(..) => None,
    });
    let sharing =
        Sharing { group, accounts: listed.flatten().collect(), roles: readers.roles.clone(), organization: readers.organization.clone() };
    match share(&store, &sharing, Mode::Check).await {
        Ok(PolicyChange::Unchanged) => report.ok(SHARING, format!("{name}, for {} accounts", sharing.accounts.len())),
        Ok(PolicyChange::Write(_)) => report.failed(
            SHARING,
            &name,
            Diagnostic::error("the resource policy of the group does not give the target accounts the required access")
                .code("group-not-shared"),
        ),
        Ok(PolicyChange::Delete) => {
            report.failed(
                SHARING,
                &name,
                Diagnostic::error("the group is shared with accounts that are not targets").code("group-not-shared"),
            );
        }
        Err(error) => {
            let failure = registry_errors::of_sharing(&error, &sharing.group);
            report.failure(SHARING, &name, &failure);
        }
    }
}

/// Checks that the bucket that `build` uploads to exists and is in the session's region.
pub async fn check_artifact_bucket(session: &Session, bucket: Option<&str>, report: &mut DoctorReport) {
    const CHECK: &str = "artifact-bucket";
    let Some(bucket) = bucket else { return };
    match artifact_bucket(session, bucket).await {
        Ok(BucketPlace::SameRegion) => report.ok(CHECK, bucket.to_owned()),
        Ok(BucketPlace::OtherRegion(region)) => {
            let place = region.map_or_else(|| "another region".to_owned(), |region| format!("`{region}`"));
            let message = format!("the bucket is in {place}, but the release is deployed from `{}`", session.region());
            report.failed(
                CHECK,
                bucket,
                Diagnostic::error(message)
                    .with_hint("use a bucket in that region: CloudFormation reads artifacts only from buckets in its own region"),
            );
        }
        Ok(BucketPlace::Missing) => {
            report.failed(CHECK, bucket, Diagnostic::error("the bucket does not exist").code("bucket-missing"));
        }
        Err(diagnostic) => report.failure(CHECK, bucket, &Failure::unreachable(diagnostic)),
    }
}
