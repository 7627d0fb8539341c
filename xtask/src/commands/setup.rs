//! `setup`: creates the model package group and lets the target accounts read it.

use std::collections::BTreeSet;

use model_registry::sharing::{GroupOutcome, Mode, NewGroup, OrganizationId, PolicyChange, RoleName, Sharing, ensure_group, share};
use model_registry::{AccountId, ModelPackageGroup};
use serde_json::json;

use model_release::aws::listed;
use model_release::{Accounts, Diagnostic, Failure, registry_errors, stop_on_errors};

use crate::requests::OptionErrors;
use crate::session;
use command_line::{SetupOptions, non_empty};
use terminal::{Exit, Printer};

pub(crate) async fn run(printer: Printer, options: &SetupOptions) -> Result<Exit, Failure> {
    let request = Request::read(options)?;
    let session = session::open().await?;
    let mut principals: BTreeSet<AccountId> = BTreeSet::new();
    for accounts in &request.accounts {
        // In single-account mode no other account reads the registry.
        if let Accounts::Listed(accounts) = listed(&session, accounts).await? {
            principals.extend(accounts);
        }
    }
    let store = session.registry(None);
    let mode = if options.check { Mode::Check } else { Mode::Apply };

    let group = ensure_group(&store, &request.group, mode).await.map_err(|error| registry_errors::of_registry(&error))?;
    let (found, created) = match group {
        GroupOutcome::Found(found) => {
            printer.step("Found", &found);
            (Some(found), false)
        }
        GroupOutcome::Created(found) => {
            printer.step("Created", &found);
            (Some(found), true)
        }
        GroupOutcome::WouldCreate => {
            printer.step("Missing", format_args!("model package group {}", request.group.name));
            (None, true)
        }
    };
    let change = match found {
        Some(group) => {
            let sharing =
                Sharing { group, accounts: principals.clone(), roles: request.roles.clone(), organization: request.organization.clone() };
            share(&store, &sharing, mode).await.map_err(|error| registry_errors::of_sharing(&error, &sharing.group))?
        }
        // A group that does not exist yet has no policy; one would be written if there are readers.
        None if principals.is_empty() => PolicyChange::Unchanged,
        None => PolicyChange::Write(String::new()),
    };
    let policy = match (&change, options.check) {
        (PolicyChange::Unchanged, _) => "unchanged",
        (PolicyChange::Write(_), false) => "written",
        (PolicyChange::Write(_), true) => "would be written",
        (PolicyChange::Delete, false) => "removed",
        (PolicyChange::Delete, true) => "would be removed",
    };
    let changed = change != PolicyChange::Unchanged;
    let accounts: Vec<_> = principals.iter().map(ToString::to_string).collect();
    let data = json!({
        "schema_version": 1,
        "group": request.group.name.to_string(),
        "group_created": created && !options.check,
        "policy": policy,
        "accounts": accounts,
        "roles": request.roles.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "organization": request.organization.as_ref().map(ToString::to_string),
    });
    let shared = match (&accounts[..], request.roles.len()) {
        ([], _) => "not shared with other accounts".to_owned(),
        (accounts, 0) => format!("shared with {}", accounts.join(", ")),
        (accounts, 1) => format!("shared with one role of {}", accounts.join(", ")),
        (accounts, count) => format!("shared with {count} roles of each of {}", accounts.join(", ")),
    };
    let shared = match &request.organization {
        Some(organization) if !accounts.is_empty() => format!("{shared}, in organization {organization} only"),
        _ => shared,
    };
    printer.result(&data, format_args!("{}: {shared}; policy {policy}", request.group.name));
    // With --check a difference is a failure, so that a pipeline can check the registry.
    Ok(if options.check && (created || changed) { Exit::Failed } else { Exit::Done })
}

struct Request {
    group: NewGroup,
    accounts: [Accounts; 2],
    roles: BTreeSet<RoleName>,
    organization: Option<OrganizationId>,
}

impl Request {
    fn read(options: &SetupOptions) -> Result<Self, Failure> {
        let mut errors = OptionErrors::default();
        let project =
            errors.required(options.project.sagemaker_project_name.as_ref(), "--sagemaker-project-name", "SAGEMAKER_PROJECT_NAME");
        let id = errors.required(options.project.sagemaker_project_id.as_ref(), "--sagemaker-project-id", "SAGEMAKER_PROJECT_ID");
        let env_name = errors.required(options.project.env_name.as_ref(), "--env-name", "ENV_NAME");
        let env_type = errors.required(options.env_type.as_ref(), "--env-type", "ENV_TYPE");
        let name = errors.required(
            options.project.model_package_group_name.as_ref(),
            "--model-package-group-name",
            "SOURCE_MODEL_PACKAGE_GROUP_NAME",
        );
        let group = (!name.is_empty())
            .then(|| name.parse::<ModelPackageGroup>())
            .and_then(|parsed| errors.parsed(parsed, "--model-package-group-name"));
        let accounts = errors.stage_accounts(&options.accounts);
        let roles =
            non_empty(options.principal_roles.as_ref()).unwrap_or_default().split(',').map(str::trim).filter(|role| !role.is_empty());
        let roles = roles.filter_map(|role| errors.parsed(role.parse::<RoleName>(), "--principal-roles")).collect();
        let organization = non_empty(options.principal_org_id.as_ref())
            .and_then(|text| errors.parsed(text.parse::<OrganizationId>(), "--principal-org-id"));
        stop_on_errors(errors.diagnostics)?;
        let Some(group) = group else { return Err(Diagnostic::error("no model package group was named").into()) };
        Ok(Self {
            group: NewGroup {
                name: group.name().clone(),
                description: format!("Model packages of the SageMaker project {project}"),
                tags: vec![
                    ("sagemaker:project-name".to_owned(), project),
                    ("sagemaker:project-id".to_owned(), id),
                    ("EnvironmentName".to_owned(), env_name),
                    ("EnvironmentType".to_owned(), env_type),
                ],
            },
            accounts,
            roles,
            organization,
        })
    }
}
