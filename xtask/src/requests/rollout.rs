//! The rollout of a stage, from the options of `plan`, `deploy` and `prune`.

use std::time::{SystemTime, UNIX_EPOCH};

use model_release::aws::TemplateBucket;
use model_release::{Diagnostic, Failure, Release, RolloutRequest, RolloutSettings, Stage, stop_on_errors};
use stack_rollout::{AutoDeployment, CallAs, PermissionModel, Preferences, status};

use crate::stores;
use crate::targets;
use command_line::{
    Caller, ConcurrencyMode, Permissions, PreferenceOptions, RegionConcurrency, StackSetAccess, StackSetOptions, TemplateBucketOptions,
    non_empty,
};

/// The rollout of the stage that the options name. `reapply` has the targets to update again.
pub(crate) fn rollout(
    release: &Release,
    options: &StackSetOptions,
    preferences: &PreferenceOptions,
    reapply: &[String],
) -> Result<RolloutRequest, Failure> {
    let mut diagnostics = Vec::new();
    let accounts = non_empty(options.accounts.as_ref()).map(|text| targets::accounts(text, "--accounts", &mut diagnostics));
    let regions = non_empty(options.regions.as_ref()).map(|text| targets::regions(text, "--regions", &mut diagnostics));
    stop_on_errors(diagnostics)?;
    let attempt = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis().to_string();
    let settings = RolloutSettings {
        accounts,
        regions,
        call_as: call_as(&options.access),
        permission_model: permission_model(&options.access)?,
        preferences: self::preferences(preferences),
        managed_execution: None,
        reapply: targets::instances(reapply, "--reapply")?,
        attempt,
    };
    RolloutRequest::new(release, options.stage, settings)
}

/// The account role in which the session calls stack sets.
pub(crate) fn call_as(options: &StackSetAccess) -> CallAs {
    match options.call_as {
        Caller::Itself => CallAs::Itself,
        Caller::DelegatedAdmin => CallAs::DelegatedAdmin,
    }
}

/// The bucket for a template that is too large for a request; an error if such a template has none.
///
/// Each stage has a folder of its own, so that a role that deploys to staging needs no permission to
/// write what production deploys.
pub(crate) fn template_bucket(
    request: &RolloutRequest,
    stage: Stage,
    options: &TemplateBucketOptions,
) -> Result<Option<TemplateBucket>, Failure> {
    let name = non_empty(options.artifact_bucket.as_ref())
        .map(|name| stores::bucket_name(name, "--artifact-bucket, ARTIFACT_BUCKET", "--artifact-prefix"))
        .transpose()?;
    request.check_template(name.is_some())?;
    let prefix = non_empty(options.artifact_prefix.as_ref()).unwrap_or_default().trim_matches('/');
    let separator = if prefix.is_empty() { "" } else { "/" };
    let prefix = format!("{prefix}{separator}stack-set-templates/{stage}/");
    Ok(name.filter(|_| request.needs_upload()).map(|name| TemplateBucket { name, prefix }))
}

fn permission_model(options: &StackSetAccess) -> Result<PermissionModel, Failure> {
    let text = |value: &Option<String>| non_empty(value.as_ref()).map(str::to_owned);
    match options.permission_model {
        Permissions::SelfManaged => Ok(PermissionModel::SelfManaged {
            administration_role_arn: text(&options.administration_role_arn),
            execution_role_name: text(&options.execution_role_name),
        }),
        Permissions::ServiceManaged => {
            let units: Vec<_> = non_empty(options.organizational_unit_ids.as_ref())
                .map(|text| text.split(',').map(|unit| unit.trim().to_owned()).filter(|unit| !unit.is_empty()).collect())
                .unwrap_or_default();
            if units.is_empty() {
                return Err(Diagnostic::error("service-managed permissions need the organizational units of the targets")
                    .named("--organizational-unit-ids")
                    .into());
            }
            Ok(PermissionModel::ServiceManaged { organizational_unit_ids: units, auto_deployment: AutoDeployment::Disabled })
        }
    }
}

fn preferences(options: &PreferenceOptions) -> Preferences {
    Preferences {
        failure_tolerance_count: options.failure_tolerance_count,
        max_concurrent_count: options.max_concurrent_count,
        region_concurrency: options.region_concurrency.map(|concurrency| match concurrency {
            RegionConcurrency::Sequential => status::RegionConcurrency::Sequential,
            RegionConcurrency::Parallel => status::RegionConcurrency::Parallel,
        }),
        concurrency_mode: options.concurrency_mode.map(|mode| match mode {
            ConcurrencyMode::Strict => status::ConcurrencyMode::Strict,
            ConcurrencyMode::Soft => status::ConcurrencyMode::Soft,
        }),
        failure_tolerance_percentage: options.failure_tolerance_percentage,
        max_concurrent_percentage: options.max_concurrent_percentage,
        region_order: Vec::new(),
    }
}
