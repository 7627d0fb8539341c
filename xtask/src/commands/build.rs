//! `build`: from an approved model package to the files of a release.
//!
//! arguments → the files that people wrote, checked → choice → both stages' parameters, checked → packaged template → manifest → files.
//! Nothing is written before all of it is known to be right.

mod regional;
mod request;
mod summary;

use std::collections::{BTreeMap, BTreeSet};

use cfn_render::PackageOptions;
use model_registry::documents::{Documents, Mirror};
use model_registry::{AccountId, Choice, Registry};
use stage_config::{to_stack_set_parameters, to_template_configuration};

use regional::RegionalPackages;
#[cfg(feature = "aws")]
pub(crate) use regional::RegionalSelection;
pub(crate) use request::{Asked, BuildRequest};
use request::{StageRequest, template_configuration_file};
pub(crate) use summary::print;

use crate::choice::Source;
use crate::cli::{BuildOptions, Stage};
use crate::configuration::{Configuration, StageParameters, Targets};
use crate::diagnostic::{Diagnostic, Failure, stop_on_errors};
use crate::endpoints;
use crate::exit::Exit;
use crate::files::{self, FileSet};
use crate::manifest::{self, Manifest, StageTargets, Stages, Tool};
use crate::printer::Printer;
use crate::problems;
use crate::project::Project;
use crate::snapshot;
use crate::stores::{self, Bucket};
use crate::targets::Accounts;

/// Where the build itself runs; what is not known is taken from the chosen model package.
#[derive(Debug, Default)]
pub(crate) struct Home {
    pub(crate) account: Option<AccountId>,
    pub(crate) region: Option<String>,
}

pub(crate) async fn run(printer: Printer, project: &Project, options: &BuildOptions) -> Result<Exit, Failure> {
    let mut request = BuildRequest::read(project, options)?;
    for warning in &request.warnings {
        printer.diagnostic(warning);
    }
    let inputs = Configuration::read(&request.files)?;
    check_early(printer, &request, &inputs)?;
    let built = match &options.choice.registry {
        Some(file) => {
            let source = Source { registry: snapshot::read(file)?, documents: Mirror::new(snapshot::mirror(file)) };
            build(printer, project, &request, &inputs, |_| source.clone(), Home::default()).await
        }
        None => with_aws(printer, project, &mut request, &inputs).await,
    };
    let manifest = built.or_else(|failure| nothing(&request, failure))?;
    print(printer, &manifest, &request.output_dir);
    Ok(Exit::Done)
}

/// Where there is nothing to deploy a folder without a release gets a `release.env` that says so; a release that is there stays whole.
fn nothing(request: &BuildRequest, failure: Failure) -> Result<Manifest, Failure> {
    if failure.exit == Exit::Nothing && !request.output_dir.join(manifest::FILE_NAME).exists() {
        files::write(&request.output_dir.join("release.env"), summary::no_variables().as_bytes())?;
    }
    Err(failure)
}

#[cfg(feature = "aws")]
async fn with_aws(printer: Printer, project: &Project, request: &mut BuildRequest, inputs: &Configuration) -> Result<Manifest, Failure> {
    request.wanted.stop_when_nothing()?;
    let session = crate::aws::Session::open().await?;
    for stage in &mut request.stages {
        stage.accounts = crate::organization::listed(&session, &stage.accounts).await?;
    }
    // Who calls only matters where the caller's account is the target.
    let account = if request.stages.iter().any(|stage| stage.accounts == Accounts::Own) {
        let caller = session.caller().await?;
        Some(caller.account.parse().map_err(|_| Diagnostic::error(format!("AWS says that the caller's account is `{}`", caller.account)))?)
    } else {
        None
    };
    let home = Home { account, region: Some(session.region.clone()) };
    build(printer, project, request, inputs, |region| session.registry_source(region), home).await
}

#[cfg(not(feature = "aws"))]
#[expect(clippy::unused_async, reason = "the one with AWS awaits")]
async fn with_aws(_: Printer, _: &Project, _: &mut BuildRequest, _: &Configuration) -> Result<Manifest, Failure> {
    Err(crate::without_aws("build", "give a registry snapshot with --registry"))
}

/// Builds a release and writes it; the manifest last. `source` has the registry of a region, or of the session's.
pub(crate) async fn build<R: Registry, D: Documents>(
    printer: Printer,
    project: &Project,
    request: &BuildRequest,
    inputs: &Configuration,
    source: impl Fn(Option<&str>) -> Source<R, D>,
    home: Home,
) -> Result<Manifest, Failure> {
    request.wanted.stop_when_nothing()?;
    if let Some(announcement) = request.wanted.announcement() {
        printer.step("Event", announcement);
    }
    let choice = request.wanted.choose(&request.group, source(None)).await?;
    printer.step("Chosen", format_args!("{} ({})", choice.package.arn, choice.because));
    if choice.without_approval {
        let message = format!("`{}` is not approved: it is deployed because --allow-unapproved says so", choice.package.arn);
        printer.diagnostic(&Diagnostic::warning(message));
    }
    let regions = regions(request, &choice, &home);
    let regional = RegionalPackages::of(&choice.package, request, &regions, &source).await?;
    for (region, package) in regional.iter() {
        printer.step("Chosen", format_args!("{} for {region}", package.arn));
    }

    let mut file_set = FileSet::default();
    let mut digests = BTreeMap::new();
    let mut add = |name: &str, bytes: Vec<u8>| {
        digests.insert(name.to_owned(), files::digest(&bytes));
        file_set.add(request.output_dir.join(name), bytes);
    };

    let arn = choice.package.arn.to_string();
    let mut stages = Vec::new();
    for (stage, accounts, parameters) in checked_stages(printer, request, inputs, &choice, &home, &regions)? {
        let values = &parameters.checked.parameters;
        let mut parameter_overrides = regional.overrides(values, &inputs.template)?;
        parameter_overrides.extend(parameters.overrides.iter().cloned());
        let endpoints = endpoints::names(&inputs.template, values, &parameter_overrides, &accounts, &regions)?;
        add(&stage.config_file, to_stack_set_parameters(values).into_bytes());
        if request.template_configuration {
            let text = template_configuration(stage, inputs, &parameters, &accounts, &regions)?;
            add(&template_configuration_file(stage.stage), text.into_bytes());
        }
        let mut list = serde_json::to_string_pretty(&accounts).expect("a list of texts always serialises");
        list.push('\n');
        add(&format!("{}-accounts.json", stage.stage), list.into_bytes());
        let stack_set = request.pipeline(stage, Some(&arn), None).stack_set().unwrap_or_default();
        stages.push(StageTargets {
            env_type: stage.env_type.clone(),
            config: stage.config_file.clone(),
            accounts,
            regions: regions.clone(),
            execution_role_name: stage.execution_role.clone(),
            endpoints,
            stack_set,
            parameter_overrides,
        });
    }

    let folder = request.artifact_dir.clone();
    let region = folder.is_some().then(|| regions.first().cloned()).flatten();
    let prefix = request.artifact_prefix.clone();
    let bucket = request.artifact_bucket.clone().map(|name| Bucket { name, prefix, region, folder, ..Bucket::default() });
    let packaged = stores::package(printer, &inputs.template, &PackageOptions::default(), bucket).await?;
    for note in &packaged.notes {
        printer.diagnostic(&problems::of_template(note, inputs.template.text()));
    }
    add(&request.output_template, packaged.text.into_bytes());

    let [staging, prod] = <[StageTargets; 2]>::try_from(stages).expect("a release has two stages");
    let manifest = describe(project, request, &choice, &regional, Stages { staging, prod }, digests);
    let text = manifest.to_json();
    file_set.add(request.output_dir.join("release.env"), summary::variables(&manifest, &files::digest(text.as_bytes())));
    file_set.add(request.output_dir.join(manifest::FILE_NAME), text);
    file_set.write()?;
    Ok(manifest)
}

/// A stage, its accounts and its parameters.
type CheckedStage<'a> = (&'a StageRequest, Vec<String>, StageParameters);

/// Both stages with their accounts and parameters, checked with all that is known; every finding is told once.
fn checked_stages<'a>(
    printer: Printer,
    request: &'a BuildRequest,
    inputs: &Configuration,
    choice: &Choice,
    home: &Home,
    regions: &[String],
) -> Result<Vec<CheckedStage<'a>>, Failure> {
    let arn = choice.package.arn.to_string();
    let (mut stages, mut diagnostics) = (Vec::new(), Vec::new());
    for stage in &request.stages {
        let accounts: Vec<String> = match &stage.accounts {
            Accounts::Own => vec![home.account.as_ref().unwrap_or_else(|| choice.package.arn.account()).to_string()],
            Accounts::Listed(accounts) => accounts.iter().map(ToString::to_string).collect(),
            Accounts::Units(..) => {
                return Err(Diagnostic::error(format!("the accounts of the {} stage's units are not known", stage.stage))
                    .hinting("with --registry no call to AWS is made: give a list of accounts")
                    .into());
            }
        };
        let instance_types = &choice.package.realtime_instance_types;
        let targets = Targets { accounts: Some(&accounts), regions: Some(regions), instance_types };
        let mut parameters = inputs.check(&request.pipeline(stage, Some(&arn), Some(&accounts)), &targets);
        diagnostics.append(&mut parameters.diagnostics);
        diagnostics.extend(not_passed(request, stage, inputs, &parameters));
        stages.push((stage, accounts, parameters));
    }
    for finding in &stop_on_errors(each_once(printer, diagnostics))? {
        printer.diagnostic(finding);
    }
    Ok(stages)
}

/// Each finding once, whatever stages share it. That a template takes less than the pipeline knows is its author's choice, and no news on
/// every run.
pub(crate) fn each_once(printer: Printer, mut diagnostics: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let mut told = BTreeSet::new();
    diagnostics.retain(|diagnostic| {
        (printer.verbose > 0 || !diagnostic.message.contains("is not passed on")) && told.insert(diagnostic.to_string())
    });
    diagnostics
}

/// Checks both stages with what is known before any model package is chosen, so that a wrong file never costs a call.
pub(crate) fn check_early(printer: Printer, request: &BuildRequest, inputs: &Configuration) -> Result<(), Failure> {
    let mut diagnostics = Vec::new();
    for stage in &request.stages {
        let accounts: Option<Vec<String>> = match &stage.accounts {
            Accounts::Listed(accounts) => Some(accounts.iter().map(ToString::to_string).collect()),
            Accounts::Own | Accounts::Units(..) => None,
        };
        let regions = (!request.regions.is_empty()).then_some(&request.regions[..]);
        let targets = Targets { accounts: accounts.as_deref(), regions, instance_types: &[] };
        diagnostics.extend(inputs.check(&request.pipeline(stage, None, None), &targets).diagnostics);
    }
    stop_on_errors(each_once(printer, diagnostics))?;
    Ok(())
}

/// What a stage says and CodePipeline's stack set action cannot pass on.
fn not_passed(request: &BuildRequest, stage: &StageRequest, inputs: &Configuration, parameters: &StageParameters) -> Vec<Diagnostic> {
    let mut diagnostics = Vec::new();
    let merged = &parameters.merged;
    if !request.template_configuration {
        let tags = merged.tags.values().next().map(|tag| ("tags", &tag.named_at));
        let policy = merged.stack_policy.as_ref().map(|policy| ("a stack policy", &policy.origin));
        for (what, place) in tags.into_iter().chain(policy) {
            let diagnostic = Diagnostic::warning(format!("CodePipeline's CloudFormationStackSet action cannot pass {what} on"));
            let hint =
                "for its CloudFormation action, which can, add --template-configuration; for a stack set, put tags into the template";
            diagnostics.push(inputs.at(diagnostic.hinting(hint), place));
        }
    }
    if let Some(path) = inputs.override_file(stage.stage) {
        let diagnostic =
            Diagnostic::warning("CodePipeline's CloudFormationStackSet action cannot pass overrides of accounts and regions on");
        diagnostics.push(
            diagnostic.named(path).hint(format!("roll this stage out with `xtask deploy --stage {}`, which passes them", stage.stage)),
        );
    }
    diagnostics
}

/// The stage as CodePipeline's CloudFormation action takes it, which deploys to one account: its overrides are then the stage's own.
fn template_configuration(
    stage: &StageRequest,
    inputs: &Configuration,
    parameters: &StageParameters,
    accounts: &[String],
    regions: &[String],
) -> Result<String, Failure> {
    let mut values = parameters.checked.parameters.clone();
    if let ([account], [region]) = (accounts, regions) {
        let overridden = inputs.overrides(stage.stage, (Some(account), Some(region)));
        values.extend(overridden.parameters.into_iter().map(|(name, setting)| (name, setting.value)));
    }
    let checked = &parameters.checked;
    to_template_configuration(&values, &checked.tags, checked.stack_policy.as_ref()).map_err(|problems| {
        let place = |problem: &stage_config::Problem| {
            let setting = parameters.merged.parameters.iter().find(|(name, _)| problem.message.starts_with(&format!("`{name}` ")));
            let diagnostic = inputs.diagnostic(problem);
            setting.map_or_else(|| diagnostic.clone(), |(_, setting)| inputs.at(diagnostic.clone(), &setting.origin))
        };
        Failure::new(Exit::BadInput, problems.0.iter().map(place).collect())
    })
}

/// The regions of the release, in the order in which they are deployed to.
fn regions(request: &BuildRequest, choice: &Choice, home: &Home) -> Vec<String> {
    match (&request.regions[..], &home.region) {
        ([], Some(region)) => vec![region.clone()],
        ([], None) => vec![choice.package.arn.region().to_owned()],
        (regions, _) => regions.to_vec(),
    }
}

fn describe(
    project: &Project,
    request: &BuildRequest,
    choice: &Choice,
    regional: &RegionalPackages,
    stages: Stages,
    files: BTreeMap<String, String>,
) -> Manifest {
    let package = &choice.package;
    Manifest {
        schema_version: Manifest::SCHEMA_VERSION,
        tool: Tool::this(),
        action: "deploy".to_owned(),
        source: project.source(),
        project: manifest::ProjectIdentity {
            name: request.project_name.clone(),
            id: request.project_id.clone(),
            environment: request.env_name.clone(),
        },
        model_package: manifest::ModelPackage {
            arn: package.arn.to_string(),
            group: package.group.to_string(),
            version: package.version,
            approval_status: package.approval_status.to_string(),
            status: package.status.to_string(),
            created: package.created.to_string(),
            images: package.images.clone(),
            model_data: package.model_data.clone(),
            regions: regional.described(),
        },
        choice: manifest::Choice {
            selection: choice.selection.to_string(),
            because: choice.because.clone(),
            passed_over: choice
                .passed_over
                .iter()
                .map(|passed| manifest::PassedOver {
                    arn: passed.arn.to_string(),
                    code: passed.reason.code().to_owned(),
                    reason: passed.reason.to_string(),
                })
                .collect(),
            without_approval: choice.without_approval,
            event: request.wanted.event.as_ref().map(|event| manifest::Event {
                id: event.change.id.clone(),
                model_package: event.change.package.to_string(),
                rule: event.rule.code().to_owned(),
                because: event.rule.to_string(),
            }),
            release_policy: request
                .wanted
                .policy
                .as_ref()
                .map(|file| manifest::ReleasePolicy { file: file.name.clone(), digest: file.digest.clone() }),
            gates: choice.gates.iter().map(|met| manifest::MetGate { gate: met.gate.clone(), found: met.found.clone() }).collect(),
        },
        stages,
        files,
    }
}

/// The stage whose configuration has this name.
pub(crate) fn stage_of_config(manifest: &Manifest, config: &str) -> Option<Stage> {
    let file = format!("{}.json", config.trim_end_matches(".json"));
    Stage::ALL.into_iter().find(|stage| manifest.stage(*stage).config == file)
}
