//! `build`: from an approved model package to the files of a release.
//!
//! arguments → the files that people wrote, checked → choice → both stages' parameters, checked → packaged template → manifest → files.
//! Nothing is written before all of it is known to be right.

mod inputs;
mod regional;
mod request;
mod summary;

use model_registry::{AccountId, Choice, Gates, Registry, SelectError, select};
use stage_config::to_stack_set_parameters;

pub(crate) use inputs::Inputs;
use inputs::Known;
use regional::RegionalPackages;
#[cfg(feature = "aws")]
pub(crate) use request::Asked;
pub(crate) use request::BuildRequest;
pub(crate) use summary::print;

use crate::cli::{BuildOptions, Stage};
use crate::diagnostic::{Diagnostic, Failure};
use crate::endpoints;
use crate::exit::Exit;
use crate::files::{self, FileSet};
use crate::manifest::{self, Manifest, StageTargets, Stages, Tool};
use crate::printer::Printer;
use crate::problems;
use crate::project::Project;
use crate::registry_errors;
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
    let inputs = Inputs::read(&request)?;
    inputs.check_early(&request)?;
    let manifest = match &options.registry {
        Some(file) => {
            let snapshot = snapshot::read(file)?;
            build(printer, project, &request, &inputs, |_| snapshot.clone(), Home::default()).await?
        }
        None => with_aws(printer, project, &mut request, &inputs).await?,
    };
    print(printer, &manifest, &request.output_dir);
    Ok(Exit::Done)
}

#[cfg(feature = "aws")]
async fn with_aws(printer: Printer, project: &Project, request: &mut BuildRequest, inputs: &Inputs) -> Result<Manifest, Failure> {
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
    let registry = |region: Option<&str>| {
        let config = region.map_or_else(|| session.config.clone(), |region| session.in_region(region));
        model_registry::aws::SageMakerRegistry::new(aws_sdk_sagemaker::Client::new(&config))
    };
    let home = Home { account, region: Some(session.region.clone()) };
    build(printer, project, request, inputs, registry, home).await
}

#[cfg(not(feature = "aws"))]
#[expect(clippy::unused_async, reason = "the one with AWS awaits")]
async fn with_aws(_: Printer, _: &Project, _: &mut BuildRequest, _: &Inputs) -> Result<Manifest, Failure> {
    Err(crate::without_aws("build", "give a registry snapshot with --registry"))
}

/// Builds a release and writes it; the manifest last. `registry` is that of a region, or of the session's.
pub(crate) async fn build<R: Registry>(
    printer: Printer,
    project: &Project,
    request: &BuildRequest,
    inputs: &Inputs,
    registry: impl Fn(Option<&str>) -> R,
    home: Home,
) -> Result<Manifest, Failure> {
    let choice = select(&registry(None), &request.group, &request.selection, &Gates::default()).await.map_err(|error| refused(&error))?;
    printer.step("Chosen", format_args!("{} ({})", choice.package.arn, choice.because));
    let regions = regions(request, &choice, &home);
    let regional = RegionalPackages::of(&choice.package, &request.regional_packages, &regions, &registry).await?;
    for (region, package) in regional.iter() {
        printer.step("Chosen", format_args!("{} for {region}", package.arn));
    }

    let mut file_set = FileSet::default();
    let mut digests = std::collections::BTreeMap::new();
    let mut add = |name: &str, bytes: Vec<u8>| {
        digests.insert(name.to_owned(), files::digest(&bytes));
        file_set.add(request.output_dir.join(name), bytes);
    };

    let mut stages = Vec::new();
    for (index, stage) in request.stages.iter().enumerate() {
        let accounts: Vec<String> = match &stage.accounts {
            Accounts::Own => vec![home.account.as_ref().unwrap_or_else(|| choice.package.arn.account()).to_string()],
            Accounts::Listed(accounts) => accounts.iter().map(ToString::to_string).collect(),
            Accounts::Units(_) => {
                return Err(Diagnostic::error(format!("the accounts of the {} stage's units are not known", stage.stage))
                    .hinting("with --registry no call to AWS is made: give a list of accounts")
                    .into());
            }
        };
        let arn = choice.package.arn.to_string();
        let (parameters, findings) =
            inputs.parameters(request, index, Known { model_package_arn: Some(&arn), accounts: Some(&accounts) })?;
        for finding in &findings {
            // That a template takes less than the pipeline knows is its author's choice, and no news on every run.
            if printer.verbose > 0 || !finding.message.contains("is not passed on") {
                printer.diagnostic(finding);
            }
        }
        let parameter_overrides = regional.overrides(&parameters, &inputs.template)?;
        let endpoints = endpoints::names(&inputs.template, &parameters, &parameter_overrides, &accounts, &regions)?;
        add(&stage.config_file, to_stack_set_parameters(&parameters).into_bytes());
        let mut list = serde_json::to_string_pretty(&accounts).expect("a list of texts always serialises");
        list.push('\n');
        add(&format!("{}-accounts.json", stage.stage), list.into_bytes());
        stages.push(StageTargets {
            env_type: stage.env_type.clone(),
            config: stage.config_file.clone(),
            accounts,
            regions: regions.clone(),
            execution_role_name: stage.execution_role.clone(),
            endpoints,
            stack_set: format!("sagemaker-{}-{}-deploy-{}", request.project_name, request.project_id, stage.env_type),
            parameter_overrides,
        });
    }

    let bucket = request.artifact_bucket.clone().map(|name| Bucket { name, ..Bucket::default() });
    let packaged = stores::package(&inputs.template, bucket).await?;
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

/// The regions of the release, in the order in which they are deployed to.
fn regions(request: &BuildRequest, choice: &Choice, home: &Home) -> Vec<String> {
    match (&request.regions[..], &home.region) {
        ([], Some(region)) => vec![region.clone()],
        ([], None) => vec![choice.package.arn.region().to_owned()],
        (regions, _) => regions.to_vec(),
    }
}

/// Why no model package was chosen.
fn refused(error: &SelectError) -> Failure {
    let exit = match error {
        SelectError::NothingToDeploy { .. } => Exit::Nothing,
        // A snapshot is a file: what it lacks is no matter of AWS's.
        SelectError::Registry(error) if error.operation == model_registry::snapshot::OPERATION => Exit::BadInput,
        SelectError::Registry(_) => Exit::Unreachable,
        _ => Exit::BadInput,
    };
    Failure::new(exit, vec![registry_errors::of_selection(error)])
}

fn describe(
    project: &Project,
    request: &BuildRequest,
    choice: &Choice,
    regional: &RegionalPackages,
    stages: Stages,
    files: std::collections::BTreeMap<String, String>,
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
                .map(|passed| manifest::PassedOver { arn: passed.arn.to_string(), reason: passed.reason.to_string() })
                .collect(),
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
