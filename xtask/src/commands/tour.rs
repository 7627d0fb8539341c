//! `tour`: build and test on this machine in a minute, without an account, Python or the AWS SDK.

use std::path::Path;
use std::time::Duration;

use endpoint_test::SuiteOptions;
use model_release::configuration::Configuration;
use model_release::{Diagnostic, Failure, FailureKind, Release, Stage, StageTests, test_container};
use sandbox::iris;

use crate::check_programs::Programs;
use crate::example;
use crate::progress::EndpointProgress;
use crate::release_build;
use crate::requests::BuildCommand;
use crate::signing::Signing;
use crate::suite_file::{SUITE, SuiteFile};
use crate::suite_variables;
use crate::test_results::{self, ResultFiles};
use command_line::TourOptions;
use terminal::{Exit, Printer, Project, files, interrupted};

/// Mistakes that otherwise fail minutes later, in every account: a misspelt name, a number out of
/// range, and a parameter that the pipeline also sets.
const WRONG_CONFIG: &str = r#"[
    { "ParameterKey": "EnvType", "ParameterValue": "staging" },
    { "ParameterKey": "EndpointInstanceTyp", "ParameterValue": "ml.m5.large" },
    { "ParameterKey": "EndpointInstanceCount", "ParameterValue": "0" }
]
"#;

pub(crate) async fn run(printer: Printer, project: &Project, options: &TourOptions) -> Result<Exit, Failure> {
    let folder = options.output_dir.clone().unwrap_or_else(|| project.target("tour"));
    printer.heading("1. Build a release: select the approved model, check both stages, package the template");
    let release = folder.join("release");
    let manifest = example::release(printer, project, &example::build_options(release.clone())).await?;
    release_build::print(printer, &manifest, &release);

    printer.heading("2. Refuse a wrong stage file before any call to AWS, with all mistakes at once");
    let refused = refuse(printer, project, &folder)?;

    printer.heading("3. Package the template: only changes what it must");
    let untouched = compare(printer, project, &release)?;

    printer.heading("4. Test a model container (served by this program on loopback) as an endpoint is tested");
    let container = iris::Container::start()
        .await
        .map_err(|error| Failure::unreachable(Diagnostic::error(format!("the model container cannot listen on loopback: {error}"))))?;
    printer.step("Serving", format_args!("the iris model at {}", container.url()));
    let results = folder.join("test-results");
    let tested = Box::pin(test(printer, project, &release, &results, container.url())).await?;
    container.stop().await;

    printer.heading("Files");
    printer.line(format_args!("  release   {}", files::shown(&release)));
    printer.line(format_args!("  results   {}", files::shown(&results.join("test-results.json"))));
    printer.line(format_args!("  report    {}   (open it in a browser)", files::shown(&results.join("report.html"))));
    printer.heading("Next");
    let xtask = terminal::program();
    printer.line(format_args!("  {xtask} build --help      the same with your registry and accounts"));
    printer.line(format_args!("  {xtask} test              every test of this workspace, against a local AWS"));
    Ok(refused.worst(untouched).worst(tested))
}

/// The same build with a wrong staging file must be refused and write nothing.
fn refuse(printer: Printer, project: &Project, folder: &Path) -> Result<Exit, Failure> {
    let wrong = Project { root: folder.join("wrong") };
    let copy = |name: &str| -> Result<(), Failure> {
        files::write(&wrong.root.join(name), files::read_text(&project.root.join(name))?.as_bytes())
    };
    copy("cfn-sm-endpoint-template.yml")?;
    copy("prod-config-template.json")?;
    files::write(&wrong.root.join("staging-config-template.json"), WRONG_CONFIG.as_bytes())?;

    let output = wrong.root.join("release");
    let command = BuildCommand::read(&wrong, &example::build_options(output.clone()))?;
    match Configuration::read(&command.files).and_then(|configuration| command.request.check_early(&configuration)) {
        Err(failure) if !output.exists() => {
            for diagnostic in &failure.diagnostics {
                printer.diagnostic(diagnostic);
            }
            printer.step("Refused", format_args!("with exit code {}; nothing was written", Exit::from(failure.kind).code()));
            Ok(Exit::Done)
        }
        _ => Err(Failure::new(FailureKind::Failed, vec![Diagnostic::error("the wrong stage file was not refused")])),
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

/// Tests the container with the project's own suite, as for staging, and writes the results.
async fn test(printer: Printer, project: &Project, release: &Path, results: &Path, url: &str) -> Result<Exit, Failure> {
    let release = Release::open(release)?;
    let variables = suite_variables::values(&[], Stage::Staging, Some(&release))?;
    let read = SuiteFile::read(&project.file(SUITE), &SuiteOptions { variables, ..SuiteOptions::default() })?;
    let results = ResultFiles::new(results.to_owned(), "test-results")?;
    let programs = Programs::in_folder(&project.root, None)?;
    let tests = StageTests {
        suite_info: Some(read.info),
        release: Some(release),
        wait: Duration::from_secs(30),
        programs: Some(programs.settings.clone()),
        ..StageTests::of(Stage::Staging, read.suite)
    };
    let report = Box::pin(test_container(&tests, url, None, &EndpointProgress::new(printer, 1), interrupted())).await?;
    Ok(test_results::finish(printer, &results, &tests.report(vec![report], crate::tool()), None, &Signing::default()).await)
}
