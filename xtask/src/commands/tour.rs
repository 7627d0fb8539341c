//! `tour`: the first minute. The whole way on this machine, with no account, no Python and nothing of the AWS SDK.

use std::path::{Path, PathBuf};

use model_registry::documents::NoDocuments;
use test_support::iris;

use crate::choice::Source;
use crate::cli::{BuildOptions, ChoiceOptions, ConfigurationOptions, ProjectOptions, Stage, StageAccounts, TourOptions};
use crate::commands::build::{self, BuildRequest, Home};
use crate::commands::test_endpoints;
use crate::configuration::Configuration;
use crate::diagnostic::{Diagnostic, Failure};
use crate::exit::Exit;
use crate::files;
use crate::manifest::Manifest;
use crate::printer::Printer;
use crate::project::Project;
use crate::snapshot;

/// A mistake of each kind that otherwise shows minutes later, in every account: a misspelt name, a number out of range, and one given twice.
const WRONG_CONFIG: &str = r#"[
    { "ParameterKey": "EnvType", "ParameterValue": "staging" },
    { "ParameterKey": "EndpointInstanceTyp", "ParameterValue": "ml.m5.large" },
    { "ParameterKey": "EndpointInstanceCount", "ParameterValue": "0" }
]
"#;

pub(crate) async fn run(printer: Printer, project: &Project, options: &TourOptions) -> Result<Exit, Failure> {
    let folder = options.output_dir.clone().unwrap_or_else(|| project.target("tour"));
    printer.heading("1. Build a release: choose the approved model, check both stages, package the template");
    let release = folder.join("release");
    let manifest = example_release(printer, project, &build_options(release.clone())).await?;
    build::print(printer, &manifest, &release);

    printer.heading("2. A wrong stage file is refused before AWS sees it, all mistakes at once");
    let refused = refuse(printer, project, &folder)?;

    printer.heading("3. Packaging changes nothing that it need not change");
    let untouched = compare(printer, project, &release)?;

    printer.heading("4. Test a model container for real (served by this program on loopback), as the endpoints would be");
    let container = iris::Container::start()
        .await
        .map_err(|error| Failure::unreachable(Diagnostic::error(format!("the model container cannot listen on loopback: {error}"))))?;
    printer.step("Serving", format_args!("the iris model at {}", container.url()));
    let results = folder.join("test-results");
    let tested = Box::pin(test_endpoints::container(printer, project, Stage::Staging, &release, &results, container.url())).await?;
    container.stop().await;

    printer.heading("What is where");
    printer.say(format_args!("  release   {}", files::shown(&release)));
    printer.say(format_args!("  results   {}", files::shown(&results.join("test-results.json"))));
    printer.say(format_args!("  report    {}   (open it in a browser)", files::shown(&results.join("report.html"))));
    printer.heading("Next");
    printer.say("  cargo xtask build --help      the same with your registry and accounts");
    printer.say("  cargo xtask test              every test of this workspace, against a local AWS");
    Ok(refused.worst(untouched).worst(tested))
}

/// Builds a release of the example registry.
pub(crate) async fn example_release(printer: Printer, project: &Project, options: &BuildOptions) -> Result<Manifest, Failure> {
    let mut request = BuildRequest::read(project, options)?;
    // A team's own policy is for its own models, and this one is an example.
    request.wanted.policy = None;
    let inputs = Configuration::read(&request.files)?;
    let source = Source { registry: snapshot::read(&project.root.join("examples/registry.json"))?, documents: NoDocuments };
    Box::pin(build::build(printer, project, &request, &inputs, |_| source.clone(), Home::default())).await
}

/// The same build with a wrong staging file, in a folder of its own, must be refused and must write nothing.
fn refuse(printer: Printer, project: &Project, folder: &Path) -> Result<Exit, Failure> {
    let wrong = Project { root: folder.join("wrong") };
    let copy = |name: &str| -> Result<(), Failure> {
        files::write(&wrong.root.join(name), files::read_text(&project.root.join(name))?.as_bytes())
    };
    copy("cfn-sm-endpoint-template.yml")?;
    copy("prod-config-template.json")?;
    files::write(&wrong.root.join("staging-config-template.json"), WRONG_CONFIG.as_bytes())?;

    let output = wrong.root.join("release");
    let request = BuildRequest::read(&wrong, &build_options(output.clone()))?;
    match Configuration::read(&request.files).and_then(|inputs| build::check_early(printer, &request, &inputs)) {
        Err(failure) if !output.exists() => {
            for diagnostic in &failure.diagnostics {
                printer.diagnostic(diagnostic);
            }
            printer.step("Refused", format_args!("with exit code {}; nothing was written", failure.exit.code()));
            Ok(Exit::Done)
        }
        _ => Err(Failure::new(Exit::Failed, vec![Diagnostic::error("the wrong stage file was not refused")])),
    }
}

fn compare(printer: Printer, project: &Project, release: &Path) -> Result<Exit, Failure> {
    let (template, packaged) = (project.root.join("cfn-sm-endpoint-template.yml"), release.join("cfn-sm-endpoint.yaml"));
    let (before, after) = (files::read_text(&template)?, files::read_text(&packaged)?);
    if before == after {
        printer.step("Identical", format_args!("{} bytes, comments and all: the template has nothing to upload", after.len()));
    } else {
        let changed = before.lines().zip(after.lines()).filter(|(before, after)| before != after).count();
        printer.step("Packaged", format_args!("{changed} lines changed, the others byte for byte"));
    }
    Ok(Exit::Done)
}

/// What the pipeline's variables would say for the example registry; the caller's own are not looked at.
pub(crate) fn build_options(output_dir: PathBuf) -> BuildOptions {
    let text = |text: &str| Some(text.to_owned());
    BuildOptions {
        configuration: ConfigurationOptions {
            project: ProjectOptions {
                sagemaker_project_id: text("p-abc123xyz"),
                sagemaker_project_name: text("iris"),
                model_package_group_name: text("iris-p-abc123xyz"),
                env_name: text("ds"),
            },
            accounts: StageAccounts {
                account_filter: None,
                multi_account_deployment: text("yes"),
                staging_accounts: text("222222222222"),
                prod_accounts: text("333333333333"),
                organizational_unit_staging_id: None,
                organizational_unit_prod_id: None,
            },
            staging_config_name: "staging-config".to_owned(),
            prod_config_name: "prod-config".to_owned(),
            base_config_name: None,
            sagemaker_execution_role_staging_name: text("SageMakerModelExecutionRole"),
            sagemaker_execution_role_prod_name: text("SageMakerModelExecutionRole"),
            env_type_staging_name: text("staging"),
            env_type_prod_name: text("prod"),
            ebs_kms_key_arn: None,
            template_name: "cfn-sm-endpoint".to_owned(),
            regions: None,
        },
        artifact_bucket: None,
        artifact_prefix: None,
        artifact_dir: None,
        choice: ChoiceOptions::default(),
        template_configuration: false,
        regional_model_package: Vec::new(),
        output_dir: Some(output_dir),
    }
}
