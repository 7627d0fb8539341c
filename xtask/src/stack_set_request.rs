//! What `plan`, `deploy` and `prune` are asked for: the release's files and the options, as stack-rollout takes them.

use std::collections::BTreeSet;
use std::path::Path;

use stack_rollout::{
    AccountId, AutoDeployment, CallAs, OperationId, ParameterOverride, PermissionModel, Preferences, Region, Release, StackSetName,
    Targets, Template, status,
};

use crate::cli::{Caller, ConcurrencyMode, Permissions, PreferenceOptions, RegionConcurrency, StackSetOptions, given};
use crate::diagnostic::{Diagnostic, Failure, stop_on_errors};
use crate::files;
use crate::manifest;
use crate::targets;

/// A rollout that can be begun.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) release: Release,
    /// Where the whole release goes, whatever --regions leaves out this time.
    pub(crate) all_targets: Targets,
    pub(crate) call_as: CallAs,
    /// What the ids of its operations begin with.
    pub(crate) release_id: OperationId,
}

/// Reads the release's own files: the manifest says which, and that they are whole.
pub(crate) fn read(
    folder: &Path,
    release: &manifest::Release,
    options: &StackSetOptions,
    preferences: &PreferenceOptions,
) -> Result<Request, Failure> {
    let stage = release.manifest.stage(options.stage);
    let mut diagnostics = Vec::new();
    let asked = given(options.regions.as_ref()).map(|text| targets::regions(text, "--regions", &mut diagnostics));
    for region in asked.iter().flatten().filter(|region| !stage.regions.contains(region)) {
        let diagnostic = Diagnostic::error(format!("the release has no region `{region}`")).named("--regions");
        diagnostics.push(diagnostic.hint(format!("it is for {}; build it again for others", stage.regions.join(", "))));
    }
    stop_on_errors(diagnostics)?;
    let regions = asked.unwrap_or_else(|| stage.regions.clone());

    let templates = release.manifest.files.keys().filter(|name| Path::new(name).extension().is_some_and(|extension| extension == "yaml"));
    let template = match templates.collect::<Vec<_>>()[..] {
        [name] => files::read_text(&folder.join(name))?,
        _ => return Err(Diagnostic::error("the release does not have one template").hinting("build it again").into()),
    };
    let config = files::read_text(&folder.join(&stage.config))?;
    let layer = stage_config::Layer::from_stage_file(&config, &stage.config)
        .map_err(|problems| Failure::from(Diagnostic::error(problems.to_string())))?;
    let parameters = layer.parameters.iter().filter_map(|(name, setting)| Some((name.clone(), setting.value.text()?.to_owned()))).collect();

    let parsed_override = |known: &manifest::ParameterOverride| -> Result<ParameterOverride, Failure> {
        Ok(ParameterOverride {
            account: known.account.as_deref().map(parsed::<AccountId>).transpose()?,
            region: known.region.as_deref().map(parsed::<Region>).transpose()?,
            parameters: known.parameters.clone(),
        })
    };
    let release_id = release_id(&release.digest)?;
    let all_targets = Targets::new(
        stage.accounts.iter().map(|account| parsed::<AccountId>(account)).collect::<Result<Vec<_>, _>>()?,
        stage.regions.iter().map(|region| parsed::<Region>(region)).collect::<Result<Vec<_>, _>>()?,
    );
    let release = Release {
        stack_set: parsed::<StackSetName>(&stage.stack_set)?,
        description: Some(format!("SageMaker endpoints of project {} ({})", release.manifest.project.name, stage.env_type)),
        template: Template::inline(template),
        parameters,
        capabilities: BTreeSet::new(),
        tags: vec![
            ("sagemaker:project-name".to_owned(), release.manifest.project.name.clone()),
            ("sagemaker:project-id".to_owned(), release.manifest.project.id.clone()),
        ],
        permission_model: permission_model(options)?,
        targets: Targets::new(
            stage.accounts.iter().map(|account| parsed::<AccountId>(account)).collect::<Result<Vec<_>, _>>()?,
            regions.iter().map(|region| parsed::<Region>(region)).collect::<Result<Vec<_>, _>>()?,
        ),
        preferences: self::preferences(preferences, regions.iter().map(|region| parsed::<Region>(region)).collect::<Result<Vec<_>, _>>()?),
        // What is for a region or an account that is left out this time matters to no target.
        overrides: stage.parameter_overrides.iter().map(parsed_override).collect::<Result<Vec<_>, _>>()?,
        managed_execution: None,
    };
    let call_as = match options.call_as {
        Caller::Itself => CallAs::Itself,
        Caller::DelegatedAdmin => CallAs::DelegatedAdmin,
    };
    Ok(Request { release, all_targets, call_as, release_id })
}

fn permission_model(options: &StackSetOptions) -> Result<PermissionModel, Failure> {
    let text = |value: &Option<String>| given(value.as_ref()).map(str::to_owned);
    match options.permission_model {
        Permissions::SelfManaged => Ok(PermissionModel::SelfManaged {
            administration_role_arn: text(&options.administration_role_arn),
            execution_role_name: text(&options.execution_role_name),
        }),
        Permissions::ServiceManaged => {
            let units: Vec<_> = given(options.organizational_unit_ids.as_ref())
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

fn preferences(options: &PreferenceOptions, region_order: Vec<Region>) -> Preferences {
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
        region_order,
    }
}

/// The release's name in CloudFormation: the same for every run of it, so that one that was killed is found again.
fn release_id(digest: &str) -> Result<OperationId, Failure> {
    let digest: String = digest.trim_start_matches("sha256:").chars().take(16).collect();
    parsed(&format!("xtask-{digest}"))
}

fn parsed<T: std::str::FromStr<Err = stack_rollout::InvalidIdentifier>>(text: &str) -> Result<T, Failure> {
    text.parse::<T>()
        .map_err(|error| Failure::from(Diagnostic::error(format!("the release cannot be rolled out: {error}")).hinting("build it again")))
}
