//! `demo`: the whole pipeline on this machine, with three releases.
//!
//! It starts a local AWS with three accounts, a model registry, and a model container behind the
//! endpoints. Then it runs this program's commands as the pipeline does, each in a process without
//! the caller's variables, so that none can reach the real AWS.

mod pipeline;

use std::io::{BufRead as _, IsTerminal as _};

use pipeline::Pipeline;
use sandbox::demo::{GROUP, PROD, STAGING, Scene};
use sandbox::stand_in;

use command_line::DemoOptions;
use model_release::Stage;
use model_release::{Diagnostic, Failure, FailureKind};
use terminal::{Exit, Printer, Project, files};

pub(crate) async fn run(printer: Printer, project: &Project, options: &DemoOptions) -> Result<Exit, Failure> {
    let folder = options.output_dir.clone().unwrap_or_else(|| project.target("demo"));
    if folder.exists() {
        std::fs::remove_dir_all(&folder).map_err(|error| Failure::bad_input(files::cannot("empty", &folder, &error)))?;
    }
    printer.heading("Three accounts on this machine");
    printer.line("  111111111111  management account of the organization, with the model registry and the pipeline");
    printer.line("  222222222222  target account, in the staging organizational unit");
    printer.line("  333333333333  target account, in the production organizational unit");
    printer.step("Preparing", "the local AWS (the first time, installing its Python environment takes a minute)");
    let scene = Scene::start(&project.target("stand-in"), &folder).await.map_err(|error| sandbox_failure(&error))?;
    printer.step("Started", format_args!("AWS at {}, the iris model at {}", scene.aws.url(), scene.model.url()));
    printer.line("  The registry has versions 1 (approved), 2 (rejected) and 3 (pending approval).");

    let pipeline = Pipeline::new(printer, project, &folder, &scene)?;
    printer.heading("Setup, once per project: the model package group, shared with the target accounts");
    pipeline.detail("In CodePipeline: the first command of the Build stage.");
    pipeline.expect(&["setup"], Exit::Done)?;

    printer.heading("First release: version 1, the newest approved version");
    release(printer, &pipeline, options)?;
    check_served(printer, &scene, 1, 1)?;

    printer.heading("Second release: a data scientist registers version 4, and an approver approves it");
    printer.line("  In CodePipeline: the approval in the registry starts the next execution.");
    scene.approve(4).map_err(|error| sandbox_failure(&error))?;
    release(printer, &pipeline, options)?;
    check_served(printer, &scene, 4, 4)?;

    printer.heading("Third release: version 5, and an endpoint that silently stays on version 4");
    printer.line(
        "  SageMaker can roll an endpoint back to its old configuration and still report InService; CloudFormation reports SUCCEEDED.",
    );
    scene.approve(5).map_err(|error| sandbox_failure(&error))?;
    scene.stay_on_old_model(&STAGING).map_err(|error| sandbox_failure(&error))?;
    pipeline.build()?;
    pipeline.deploy(Stage::Staging, Exit::Failed)?;
    printer.step("Caught", "nothing is deployed to production: the endpoint does not serve the approved version");
    check_served(printer, &scene, 4, 4)?;

    printer.heading("Files");
    for name in
        ["release", "rollout-staging/rollout.json", "test-staging/report.html", "rollout-prod/rollout.json", "test-prod/report.html"]
    {
        printer.line(format_args!("  {}", files::shown(&folder.join(name))));
    }
    printer.line(format_args!("  {}   every request to the local AWS", files::shown(&folder.join("requests.jsonl"))));
    if options.keep {
        keep(printer, &scene)?;
    }
    scene.stop().await;
    Ok(Exit::Done)
}

/// Checks which version the endpoints serve.
fn check_served(printer: Printer, scene: &Scene, staging: u32, prod: u32) -> Result<(), Failure> {
    for (stage, version) in [(STAGING, staging), (PROD, prod)] {
        let package = scene.served(&stage).map_err(|error| sandbox_failure(&error))?;
        if !package.ends_with(&format!("/{GROUP}/{version}")) {
            let message = format!("the {} endpoint serves `{package}`, not version {version}", stage.name);
            return Err(Failure::new(FailureKind::Failed, vec![Diagnostic::error(message)]));
        }
    }
    printer.step("Serving", format_args!("version {staging} in staging, version {prod} in production (as AWS reports it)"));
    Ok(())
}

/// One run of the pipeline, from the build to production.
fn release(printer: Printer, pipeline: &Pipeline<'_>, options: &DemoOptions) -> Result<(), Failure> {
    pipeline.build()?;
    pipeline.deploy(Stage::Staging, Exit::Done)?;
    pipeline.test(Stage::Staging)?;
    approval(printer, pipeline, options)?;
    pipeline.check(Stage::Prod)?;
    pipeline.deploy(Stage::Prod, Exit::Done)?;
    pipeline.test(Stage::Prod)
}

/// The manual step.
fn approval(printer: Printer, pipeline: &Pipeline<'_>, options: &DemoOptions) -> Result<(), Failure> {
    printer.heading("Approval");
    pipeline.detail("In CodePipeline: the manual approval action. The approver reads the report of the staging tests:");
    printer.line(format_args!("  {}", files::shown(&pipeline.report(Stage::Staging))));
    pipeline.detail("The approver also reads the planned changes in production:");
    pipeline.plan(Stage::Prod)?;
    if options.yes {
        printer.step("Approved", "by --yes");
        return Ok(());
    }
    if !std::io::stdin().is_terminal() {
        return Err(Diagnostic::error("the approval needs a terminal, and standard input is not one")
            .with_hint("approve with --yes")
            .into());
    }
    printer.line("  Promote this release to production? [y/N]");
    let mut answer = String::new();
    let read = std::io::stdin().lock().read_line(&mut answer);
    if read.is_ok() && ["y", "yes"].contains(&answer.trim().to_ascii_lowercase().as_str()) {
        printer.step("Approved", "by you");
        return Ok(());
    }
    Err(Failure::new(FailureKind::Nothing, vec![Diagnostic::warning("the release was not approved: production is unchanged")]))
}

/// Leaves everything running until the caller presses Enter.
fn keep(printer: Printer, scene: &Scene) -> Result<(), Failure> {
    printer.heading("The local AWS keeps running; in another terminal:");
    for (name, value) in scene.environment().map_err(|error| sandbox_failure(&error))? {
        Printer::out(&format!("export {name}='{value}'\n"));
    }
    printer.line("  aws sagemaker list-endpoints      (these are keys of 111111111111, and only for the local AWS)");
    printer.line("Press Enter to stop it.");
    let _ = std::io::stdin().lock().read_line(&mut String::new());
    Ok(())
}

fn sandbox_failure(error: &stand_in::Error) -> Failure {
    Failure::unreachable(Diagnostic::error(error.to_string()).with_hint_opt(error.hint()))
}
