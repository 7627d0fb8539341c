//! Builds the files of a release from an approved model package.
//!
//! Choice → checked parameters of both stages → packaged template → manifest. Nothing is written:
//! the release is returned as a whole, so that the caller can write all files or none.

mod bytes;
mod placeholder;
mod regional;

use std::collections::BTreeMap;

use aws_names::{AccountId, ModelPackageArn, Region};
use cfn_render::{Packaged, Template};
use model_registry::documents::Documents;
use model_registry::{ApprovalStatus, Choice, ModelPackageGroup, Registry};
use stack_rollout::preflight::ArtifactReader;
use stack_rollout::{InvalidWaves, WaveSpec};
use stage_config::{Merged, to_stack_set_parameters, to_template_configuration};

use bytes::RecordedBytes;
use regional::RegionalPackages;
pub use regional::RegionalSelection;

use crate::accounts::Accounts;
use crate::configuration::{Configuration, Pipeline, Sources, StageParameters, Targets};
use crate::diagnostic::{Diagnostic, Failure, FailureKind, stop_on_errors};
use crate::endpoints;
use crate::files;
use crate::manifest::{self, Manifest, Source, StageTargets, Stages, Tool};
use crate::template_size;
use crate::{PackageSelection, RegistryAccess, Stage};

/// A request to build a release.
#[derive(Debug)]
pub struct BuildRequest {
    /// The SageMaker project's name.
    pub project_name: String,
    /// The project's id.
    pub project_id: String,
    /// The data science environment's name.
    pub env_name: String,
    /// The model package group.
    pub group: ModelPackageGroup,
    /// How to select the model package.
    pub selection: PackageSelection,
    /// The regions, in deployment order. Empty means the session's region.
    pub regions: Vec<Region>,
    /// The model packages of other regions.
    pub regional_packages: BTreeMap<Region, RegionalSelection>,
    /// Both stages, staging first.
    pub stages: [StageRequest; 2],
    /// The key that encrypts the endpoints' volumes.
    pub volume_kms_key_arn: Option<String>,
    /// The name of the packaged template's file.
    pub output_template: String,
    /// Whether to write a template configuration for each stage, too.
    pub template_configuration: bool,
    /// Whether CodePipeline does not deploy the release: its limits do not apply.
    pub without_pipeline: bool,
    /// The source of each pipeline value, for messages.
    pub sources: &'static Sources,
}

/// The request for one stage.
#[derive(Debug)]
pub struct StageRequest {
    /// The stage.
    pub stage: Stage,
    /// The name of its parameter file.
    pub config_file: String,
    /// The environment type.
    pub env_type: String,
    /// The model execution role's name, with its path if it has one.
    pub execution_role: String,
    /// The target accounts.
    pub accounts: Accounts,
    /// The waves of the rollout, such as `1,10%,rest`, instead of those of the stage file.
    pub waves: Option<String>,
}

/// Where the build runs. Unknown values are taken from the chosen model package.
#[derive(Debug, Default)]
pub struct Home {
    /// The caller's account.
    pub account: Option<AccountId>,
    /// The session's region.
    pub region: Option<Region>,
}

/// A progress event of a build.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// The effect of a change in the registry.
    Announced(String),
    /// The chosen model package.
    Chosen(&'a Choice),
    /// The chosen model package of another region.
    ChosenFor {
        /// The region.
        region: &'a Region,
        /// Its model package.
        arn: &'a ModelPackageArn,
    },
    /// A warning or note.
    Found(Diagnostic),
}

/// A release without its packaged template.
#[derive(Debug)]
pub struct Prepared {
    choice: Choice,
    regional: RegionalPackages,
    bytes: RecordedBytes,
    regions: Vec<Region>,
    stages: Stages,
    files: Vec<(String, Vec<u8>)>,
}

/// A release that was built.
#[derive(Debug)]
pub struct Built {
    /// The manifest.
    pub manifest: Manifest,
    /// Its files by name. The manifest is last, because it has the checksums of the others.
    pub files: Vec<(String, Vec<u8>)>,
    /// `sha256:…` of the manifest.
    pub digest: String,
}

impl BuildRequest {
    /// The pipeline values of a stage, with the model package and the accounts once known.
    pub fn pipeline<'a>(
        &'a self,
        stage: &'a StageRequest,
        model_package_arn: Option<&'a ModelPackageArn>,
        accounts: Option<&'a [AccountId]>,
    ) -> Pipeline<'a> {
        Pipeline {
            stage: stage.stage,
            project_name: Some(&self.project_name),
            project_id: Some(&self.project_id),
            env_name: Some(&self.env_name),
            env_type: Some(&stage.env_type),
            execution_role: Some(&stage.execution_role),
            volume_kms_key_arn: self.volume_kms_key_arn.as_deref(),
            model_package_arn,
            accounts,
            is_complete: true,
            sources: self.sources,
        }
    }

    /// Checks both stages before a model package is chosen, so that errors in files are found
    /// without a call to AWS. Returns warnings and notes.
    pub fn check_early(&self, configuration: &Configuration) -> Result<Vec<Diagnostic>, Failure> {
        let mut diagnostics = Vec::new();
        for stage in &self.stages {
            let accounts: Option<Vec<AccountId>> = match &stage.accounts {
                Accounts::Listed(accounts) => Some(accounts.iter().cloned().collect()),
                Accounts::Own | Accounts::Units(..) => None,
            };
            let regions = (!self.regions.is_empty()).then_some(&self.regions[..]);
            let targets = Targets { accounts: accounts.as_deref(), regions, instance_types: &[] };
            diagnostics.extend(configuration.check(&self.pipeline(stage, None, None), &targets).diagnostics);
        }
        diagnostics.extend(self.check_size(&configuration.template, configuration.template.text()).err());
        stop_on_errors(diagnostics)
    }

    /// Chooses the model package and checks both stages with it. `access` opens the registry of a
    /// region; `None` means the session's region.
    pub async fn prepare<R: Registry, D: Documents, A: ArtifactReader>(
        &self,
        configuration: &Configuration,
        access: impl Fn(Option<&Region>) -> RegistryAccess<R, D, A>,
        home: &Home,
        mut on_event: impl FnMut(Event<'_>),
    ) -> Result<Prepared, Failure> {
        self.selection.stop_when_nothing()?;
        if let Some(announcement) = self.selection.announcement() {
            on_event(Event::Announced(announcement));
        }
        let choice = self.selection.choose(&self.group, access(None)).await?;
        on_event(Event::Chosen(&choice));
        if choice.without_approval {
            on_event(Event::Found(unapproved(&choice.package)));
        }
        let regions = self.regions(&choice, home);
        let regional = RegionalPackages::of(&choice.package, self, &regions, &access).await?;
        for (region, package) in regional.iter() {
            on_event(Event::ChosenFor { region, arn: &package.arn });
            if package.approval_status != ApprovalStatus::Approved {
                on_event(Event::Found(unapproved(package)));
            }
        }

        let bytes = RecordedBytes::of(&choice.package, &regional, &access).await;
        for finding in bytes.findings(self.selection.unknown_bytes(), home.account.as_ref())? {
            on_event(Event::Found(finding));
        }

        let mut files = Vec::new();
        let arn = &choice.package.arn;
        let (checked, diagnostics) = self.checked_stages(configuration, &choice, home, &regions, &regional)?;
        for diagnostic in diagnostics {
            on_event(Event::Found(diagnostic));
        }
        let mut stages = Vec::new();
        for CheckedStage { stage, accounts, parameters } in checked {
            let values = &parameters.checked.parameters;
            let mut parameter_overrides = regional.overrides(values, &configuration.template)?;
            parameter_overrides.extend(parameters.overrides.iter().cloned());
            let endpoints = endpoints::names(&configuration.template, values, &parameter_overrides, &accounts, &regions)?;
            files.push((stage.config_file.clone(), to_stack_set_parameters(values).into_bytes()));
            if self.template_configuration {
                let text = template_configuration(stage, configuration, &parameters, &accounts, &regions)?;
                files.push((template_configuration_file(stage.stage), text.into_bytes()));
            }
            let mut list = serde_json::to_string_pretty(&accounts).unwrap_or_default();
            list.push('\n');
            files.push((accounts_file(stage.stage), list.into_bytes()));
            let waves = waves(stage, &parameters.merged, configuration, &accounts, &regions)?;
            let stack_set = self.pipeline(stage, Some(arn), None).stack_set().unwrap_or_default();
            stages.push(StageTargets {
                env_type: stage.env_type.clone(),
                config: stage.config_file.clone(),
                accounts,
                regions: regions.clone(),
                execution_role_name: stage.execution_role.clone(),
                endpoints,
                stack_set,
                parameter_overrides,
                waves,
                bake_minutes: parameters.merged.waves.as_ref().and_then(|waves| waves.bake_minutes),
            });
        }
        let stages = <[StageTargets; 2]>::try_from(stages).map_err(|_| Diagnostic::error("a release has two stages"))?;
        let [staging, prod] = stages;
        Ok(Prepared { choice, regional, bytes, regions, stages: Stages { staging, prod }, files })
    }

    /// Both stages with their accounts and checked parameters, and warnings and notes.
    fn checked_stages(
        &self,
        configuration: &Configuration,
        choice: &Choice,
        home: &Home,
        regions: &[Region],
        regional: &RegionalPackages,
    ) -> Result<(Vec<CheckedStage<'_>>, Vec<Diagnostic>), Failure> {
        let arn = &choice.package.arn;
        let (mut stages, mut diagnostics) = (Vec::new(), Vec::new());
        for stage in &self.stages {
            let accounts: Vec<AccountId> = match &stage.accounts {
                Accounts::Own => vec![home.account.as_ref().unwrap_or_else(|| choice.package.arn.account()).clone()],
                Accounts::Listed(accounts) => accounts.iter().cloned().collect(),
                Accounts::Units(..) => {
                    return Err(Diagnostic::error(format!(
                        "the accounts of the {} stage's organizational units are not known",
                        stage.stage
                    ))
                    .code("units-without-aws")
                    .into());
                }
            };
            let instance_types = &choice.package.realtime_instance_types;
            let targets = Targets { accounts: Some(&accounts), regions: Some(regions), instance_types };
            let mut parameters = configuration.check(&self.pipeline(stage, Some(arn), Some(&accounts)), &targets);
            diagnostics.append(&mut parameters.diagnostics);
            diagnostics.extend(self.unsupported_by_codepipeline(stage, configuration, &parameters, regional));
            stages.push(CheckedStage { stage, accounts, parameters });
        }
        Ok((stages, stop_on_errors(diagnostics)?))
    }

    /// An error if this text of the template is too large.
    fn check_size(&self, template: &Template, text: &str) -> Result<(), Diagnostic> {
        template_size::check(text.len(), template.path(), !self.without_pipeline)
    }

    /// Warnings about settings that CodePipeline's stack set action does not support.
    fn unsupported_by_codepipeline(
        &self,
        stage: &StageRequest,
        configuration: &Configuration,
        parameters: &StageParameters,
        regional: &RegionalPackages,
    ) -> Vec<Diagnostic> {
        let mut diagnostics = Vec::new();
        if self.without_pipeline {
            return diagnostics;
        }
        let merged = &parameters.merged;
        if !self.template_configuration {
            let tags = merged.tags.values().next().map(|tag| ("tags", &tag.named_at));
            let policy = merged.stack_policy.as_ref().map(|policy| ("a stack policy", &policy.origin));
            for (what, place) in tags.into_iter().chain(policy) {
                let diagnostic = Diagnostic::warning(format!("CodePipeline's CloudFormationStackSet action does not support {what}"));
                diagnostics.push(configuration.at(diagnostic.code("not-passed-by-codepipeline"), place));
            }
        }
        let not_passed = || {
            let message = "CodePipeline's CloudFormationStackSet action does not support overrides for accounts and regions";
            Diagnostic::warning(message).code("overrides-not-passed").about(stage.stage.name())
        };
        diagnostics.extend(configuration.override_file(stage.stage).map(|path| not_passed().named(path)));
        // The action would deploy the first region's package everywhere.
        let packages: Vec<_> = regional.iter().map(|(region, package)| format!("{region} needs {}", package.arn)).collect();
        if !packages.is_empty() {
            let place = format!("regional model packages of the {} stage", stage.stage);
            diagnostics.push(Diagnostic { details: packages, ..not_passed().named(place) });
        }
        diagnostics
    }

    fn regions(&self, choice: &Choice, home: &Home) -> Vec<Region> {
        match (&self.regions[..], &home.region) {
            ([], Some(region)) => vec![region.clone()],
            ([], None) => vec![choice.package.arn.region().clone()],
            (regions, _) => regions.to_vec(),
        }
    }
}

impl Prepared {
    /// The first region of the release.
    pub fn first_region(&self) -> Option<&Region> {
        self.regions.first()
    }

    /// Completes the release with its packaged template, unless that is too large.
    pub fn finish(
        self,
        request: &BuildRequest,
        template: &Template,
        packaged: Packaged,
        source: Source,
        tool: Tool,
    ) -> Result<Built, Diagnostic> {
        request.check_size(template, &packaged.text)?;
        let Self { choice, regional, bytes, stages, mut files, .. } = self;
        files.push((request.output_template.clone(), packaged.text.into_bytes()));
        let digests = files.iter().map(|(name, bytes)| (name.clone(), files::digest(bytes))).collect();
        let manifest = manifest_of(request, &choice, &regional, bytes, stages, digests, source, tool);
        let text = manifest.to_json();
        let digest = files::digest(text.as_bytes());
        files.push((manifest::FILE_NAME.to_owned(), text.into_bytes()));
        Ok(Built { manifest, files, digest })
    }
}

struct CheckedStage<'a> {
    stage: &'a StageRequest,
    accounts: Vec<AccountId>,
    parameters: StageParameters,
}

/// The waves of the request or of the stage file, which must be valid for the stage's targets.
fn waves(
    stage: &StageRequest,
    merged: &Merged,
    configuration: &Configuration,
    accounts: &[AccountId],
    regions: &[Region],
) -> Result<Option<String>, Failure> {
    let of_file = merged.waves.as_ref().and_then(|waves| Some((waves.waves.as_ref()?, &waves.origin)));
    let Some(text) = stage.waves.as_ref().or(of_file.map(|(text, _)| text)) else { return Ok(None) };
    let targets = stack_rollout::Targets::new(accounts.iter().cloned(), regions.iter().cloned());
    let checked = text.parse::<WaveSpec>().and_then(|spec| spec.waves(&targets));
    checked.map_err(|InvalidWaves { message, hint }| {
        let diagnostic = Diagnostic::error(message).with_hint(hint);
        match (&stage.waves, of_file) {
            (None, Some((_, origin))) => configuration.at(diagnostic, origin),
            _ => diagnostic.code("waves-of-the-request"),
        }
    })?;
    Ok(Some(text.clone()))
}

fn unapproved(package: &model_registry::ModelPackage) -> Diagnostic {
    let message = format!("`{}` is not approved; unapproved model packages are allowed", package.arn);
    Diagnostic::warning(message).code("unapproved")
}

/// The name of the file with a stage's accounts.
pub fn accounts_file(stage: Stage) -> String {
    format!("{stage}-accounts.json")
}

/// The name of a stage's template configuration, for CodePipeline's CloudFormation action.
pub fn template_configuration_file(stage: Stage) -> String {
    format!("{stage}-template-configuration.json")
}

/// A stage's template configuration for CodePipeline's CloudFormation action. The action deploys to
/// one account, so the overrides of a single target are merged into the parameters.
fn template_configuration(
    stage: &StageRequest,
    configuration: &Configuration,
    parameters: &StageParameters,
    accounts: &[AccountId],
    regions: &[Region],
) -> Result<String, Failure> {
    let mut values = parameters.checked.parameters.clone();
    if let ([account], [region]) = (accounts, regions) {
        let overridden = configuration.overrides(stage.stage, (Some(account.as_str()), Some(region.as_str())));
        values.extend(overridden.parameters.into_iter().map(|(name, setting)| (name, setting.value)));
    }
    let checked = &parameters.checked;
    to_template_configuration(&values, &checked.tags, checked.stack_policy.as_ref()).map_err(|problems| {
        let place = |problem: &stage_config::Problem| {
            let setting = problem.parameter.as_ref().and_then(|name| parameters.merged.parameters.get(name));
            let diagnostic = configuration.diagnostic(problem);
            setting.map_or_else(|| diagnostic.clone(), |setting| configuration.at(diagnostic.clone(), &setting.origin))
        };
        Failure::new(FailureKind::BadInput, problems.0.iter().map(place).collect())
    })
}

#[expect(clippy::too_many_arguments, reason = "the parts of a release, each used once")]
fn manifest_of(
    request: &BuildRequest,
    choice: &Choice,
    regional: &RegionalPackages,
    mut bytes: RecordedBytes,
    stages: Stages,
    files: BTreeMap<String, String>,
    source: Source,
    tool: Tool,
) -> Manifest {
    let package = &choice.package;
    let selection = &request.selection;
    Manifest {
        schema_version: Manifest::SCHEMA_VERSION,
        tool,
        action: manifest::DEPLOY.to_owned(),
        source,
        project: manifest::ProjectIdentity {
            name: request.project_name.clone(),
            id: request.project_id.clone(),
            environment: request.env_name.clone(),
        },
        model_package: manifest::ModelPackage {
            arn: package.arn.clone(),
            group: package.group.to_string(),
            version: package.version,
            approval_status: package.approval_status.to_string(),
            status: package.status.to_string(),
            created: package.created.to_string(),
            images: package.images.clone(),
            model_data: package.model_data.clone(),
            containers: bytes.take(package.arn.region()),
            regions: regional.described(&mut bytes),
        },
        choice: manifest::Choice {
            selection: choice.selection.to_string(),
            because: choice.because.to_string(),
            passed_over: choice
                .skipped
                .iter()
                .map(|passed| manifest::PassedOver {
                    arn: passed.arn.clone(),
                    code: passed.reason.code().to_owned(),
                    reason: passed.reason.to_string(),
                })
                .collect(),
            without_approval: choice.without_approval,
            event: selection.event.as_ref().map(|event| manifest::Event {
                id: event.change.id.clone(),
                model_package: event.change.package.clone(),
                rule: event.rule.code().to_owned(),
                because: event.rule.to_string(),
            }),
            release_policy: selection.policy.as_ref().map(|file| manifest::ReleasePolicy {
                file: file.name.clone(),
                digest: file.digest.clone(),
                unknown_bytes: file.policy.unknown_bytes,
                approval: file.policy.approval.map(Into::into),
            }),
            gates: choice.gates.iter().map(|met| manifest::MetGate { gate: met.gate.clone(), found: met.found.clone() }).collect(),
        },
        template: Some(request.output_template.clone()),
        stages,
        files,
    }
}
