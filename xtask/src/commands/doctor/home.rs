//! What the data science account has: the accounts of the organization, the registry, the artifact bucket.

use std::collections::BTreeSet;

use model_registry::AccountId;
use model_registry::sharing::{GroupOutcome, Mode, NewGroup, OrganizationId, PolicyChange, RoleName, Sharing, ensure_group, share};

use super::report::Report;
use crate::aws::{Session, diagnose};
use crate::commands::build::BuildRequest;
use crate::diagnostic::{Diagnostic, Failure};
use crate::exit::Exit;
use crate::organization;
use crate::registry_errors;
use crate::targets::Accounts;

/// Who may read the model package group in the target accounts; everybody there when neither is named.
#[derive(Debug)]
pub(super) struct Readers {
    pub(super) roles: BTreeSet<RoleName>,
    pub(super) organization: Option<OrganizationId>,
}

/// Puts the accounts of the organizational units into the request, and says of which stage they are known.
pub(super) async fn accounts(session: &Session, request: &mut BuildRequest, own: &str, report: &mut Report) -> Result<[bool; 2], Failure> {
    let own: AccountId =
        own.parse().map_err(|_| Failure::from(Diagnostic::error(format!("AWS says that the caller's account is `{own}`"))))?;
    let mut known = [true; 2];
    for (stage, known) in request.stages.iter_mut().zip(&mut known) {
        let subject = format!("{} accounts", stage.stage);
        match organization::listed(session, &stage.accounts).await {
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
                // An empty unit is a prerequisite that is missing, and no mistake in the command line.
                let exit = if failure.exit == Exit::Unreachable { Exit::Unreachable } else { Exit::Failed };
                report.failure("organizational-units", &subject, &Failure::new(exit, failure.diagnostics));
                stage.accounts = Accounts::Listed(BTreeSet::from([own.clone()]));
                *known = false;
            }
        }
    }
    Ok(known)
}

/// The group is there, and its policy lets the target accounts in: exactly when `setup` would change nothing.
pub(super) async fn registry(session: &Session, request: &BuildRequest, readers: &Readers, all_known: bool, report: &mut Report) {
    const GROUP: &str = "model-package-group";
    const SHARING: &str = "group-policy";
    let name = request.group.name().to_string();
    let store = session.registry(None);
    let wanted = NewGroup { name: request.group.name().clone(), description: String::new(), tags: Vec::new() };
    let group = match ensure_group(&store, &wanted, Mode::Check).await {
        Ok(GroupOutcome::Found(group) | GroupOutcome::Created(group)) => group,
        Ok(GroupOutcome::WouldCreate) => {
            report.failed(GROUP, &name, "there is no such group in this account and region", "run `setup`, which makes and shares it");
            return;
        }
        Err(error) => {
            report.failure(GROUP, &name, &registry_errors::of_registry(&error));
            return;
        }
    };
    report.ok(GROUP, group.to_string());
    if !all_known {
        report.not_reached(SHARING, &name, "which accounts are to read it is not known");
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
            "the group's policy does not let the target accounts read it as they are to",
            "run `setup`, which writes it; `setup --check` says so, too",
        ),
        Ok(PolicyChange::Delete) => {
            report.failed(SHARING, &name, "the group is shared with accounts that are no targets", "run `setup`, which takes that back");
        }
        Err(error) => {
            let failure = registry_errors::of_sharing(&error, &sharing.group);
            report.failure(SHARING, &name, &failure);
        }
    }
}

/// The bucket that `build` would upload to is there, and in the region.
pub(super) async fn artifact_bucket(session: &Session, request: &BuildRequest, report: &mut Report) {
    const CHECK: &str = "artifact-bucket";
    let Some(bucket) = &request.artifact_bucket else { return };
    let region = &session.region;
    let elsewhere = |report: &mut Report, where_it_is: &str| {
        let message = format!("the bucket is in {where_it_is}, and the release is deployed from `{region}`");
        report.failed(CHECK, bucket, &message, "CloudFormation reads artifacts from buckets of its own region: name one there");
    };
    match aws_sdk_s3::Client::new(&session.config).head_bucket().bucket(bucket).send().await {
        Ok(found) => match found.bucket_region() {
            Some(found) if found != region => elsewhere(report, &format!("`{found}`")),
            _ => report.ok(CHECK, bucket.clone()),
        },
        Err(error) => match error.raw_response().map(|response| response.status().as_u16()) {
            Some(404) => report.failed(CHECK, bucket, "there is no such bucket", "make it, or name another one with --artifact-bucket"),
            Some(301 | 307) => elsewhere(report, "another region"),
            _ => report.failure(CHECK, bucket, &Failure::unreachable(diagnose("s3:ListBucket", region, &error))),
        },
    }
}
