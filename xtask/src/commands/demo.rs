//! `demo`: the whole pipeline on this machine, three releases long.
//!
//! A local AWS with three accounts, a model registry, and a model container behind its endpoints; then the program's own commands, each
//! as the pipeline would run it, in a process of its own whose environment holds nothing of the caller's: it cannot reach the real AWS.

mod pipeline;

use std::io::{BufRead as _, IsTerminal as _};

use pipeline::Pipeline;
use sandbox::demo::{GROUP, PROD, STAGING, Scene};
use sandbox::stand_in;

use crate::cli::DemoOptions;
use crate::exit::Exit;
use crate::files;
use crate::printer::Printer;
use crate::project::Project;
use model_release::Stage;
use model_release::{Diagnostic, Failure, FailureKind};

pub(crate) async fn run(printer: Printer, project: &Project, options: &DemoOptions) -> Result<Exit, Failure> {
    let folder = options.output_dir.clone().unwrap_or_else(|| project.target("demo"));
    if folder.exists() {
        std::fs::remove_dir_all(&folder).map_err(|error| Failure::bad_input(files::cannot("empty", &folder, &error)))?;
    }
    printer.heading("The scene: three accounts on this machine");
    printer.say("  111111111111  manages the organization, owns the model registry and runs the pipeline");
    printer.say("  222222222222  in the organizational unit of staging");
    printer.say("  333333333333  in the organizational unit of production");
    printer.step("Preparing", "the local AWS (once; its Python environment takes a minute the first time)");
    let scene = Scene::start(&project.target("stand-in"), &folder).await.map_err(|error| broken(&error))?;
    printer.step("Started", format_args!("AWS at {}, the iris model at {}", scene.aws.url(), scene.model.url()));
    printer.say("  The registry has versions 1 (approved), 2 (rejected) and 3 (pending approval).");

    let pipeline = Pipeline::new(printer, project, &folder, &scene)?;
    printer.heading("Once for a project: the model package group, readable for the target accounts");
    pipeline.says("In CodePipeline: the first command of the Build stage.");
    pipeline.expect(&["setup"], Exit::Done)?;

    printer.heading("First release: version 1, the newest that a person approved");
    release(printer, &pipeline, options)?;
    served(printer, &scene, 1, 1)?;

    printer.heading("Second release: a data scientist registers version 4, and it is approved");
    printer.say("  In CodePipeline: the approval in the registry starts the next run.");
    scene.approve(4).map_err(|error| broken(&error))?;
    release(printer, &pipeline, options)?;
    served(printer, &scene, 4, 4)?;

    printer.heading("Third release: version 5, and an endpoint that silently stays on version 4");
    printer.say("  SageMaker can put an endpoint back on its old configuration and still say InService; CloudFormation says SUCCEEDED.");
    scene.approve(5).map_err(|error| broken(&error))?;
    scene.stay_on_old_model(&STAGING).map_err(|error| broken(&error))?;
    pipeline.build()?;
    pipeline.deploy(Stage::Staging, Exit::Failed)?;
    printer.step("Caught", "nothing goes to production: the endpoint does not serve what was approved");
    served(printer, &scene, 4, 4)?;

    printer.heading("What is where");
    for name in
        ["release", "rollout-staging/rollout.json", "test-staging/report.html", "rollout-prod/rollout.json", "test-prod/report.html"]
    {
        printer.say(format_args!("  {}", files::shown(&folder.join(name))));
    }
    printer.say(format_args!("  {}   every request that AWS got", files::shown(&folder.join("requests.jsonl"))));
    if options.keep {
        keep(printer, &scene)?;
    }
    scene.stop().await;
    Ok(Exit::Done)
}

/// What the endpoints serve, as AWS says it.
fn served(printer: Printer, scene: &Scene, staging: u32, prod: u32) -> Result<(), Failure> {
    for (stage, version) in [(STAGING, staging), (PROD, prod)] {
        let package = scene.served(&stage).map_err(|error| broken(&error))?;
        if !package.ends_with(&format!("/{GROUP}/{version}")) {
            let message = format!("the {} endpoint serves `{package}`, not version {version}", stage.name);
            return Err(Failure::new(FailureKind::Failed, vec![Diagnostic::error(message)]));
        }
    }
    printer.step("Serving", format_args!("version {staging} in staging, version {prod} in production (asked of AWS itself)"));
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

/// The one step that is a person's.
fn approval(printer: Printer, pipeline: &Pipeline<'_>, options: &DemoOptions) -> Result<(), Failure> {
    printer.heading("Approval");
    pipeline.says("In CodePipeline: the manual approval action. The report of the staging tests is the evidence:");
    printer.say(format_args!("  {}", files::shown(&pipeline.report(Stage::Staging))));
    pipeline.says("What would change in production, and whether it could:");
    pipeline.plan(Stage::Prod)?;
    if options.yes {
        printer.step("Approved", "by --yes");
        return Ok(());
    }
    if !std::io::stdin().is_terminal() {
        return Err(Diagnostic::error("the approval needs an answer, and there is no terminal to ask at")
            .with_hint("answer it with --yes")
            .into());
    }
    printer.say("  Promote this release to production? [y/N]");
    let mut answer = String::new();
    let read = std::io::stdin().lock().read_line(&mut answer);
    if read.is_ok() && ["y", "yes"].contains(&answer.trim().to_ascii_lowercase().as_str()) {
        printer.step("Approved", "by you");
        return Ok(());
    }
    Err(Failure::new(FailureKind::Nothing, vec![Diagnostic::warning("the release was not approved: production stays as it is")]))
}

/// Leaves everything running until the caller has seen enough.
fn keep(printer: Printer, scene: &Scene) -> Result<(), Failure> {
    printer.heading("The local AWS stays up; in another terminal:");
    for (name, value) in scene.environment().map_err(|error| broken(&error))? {
        Printer::out(&format!("export {name}='{value}'\n"));
    }
    printer.say("  aws sagemaker list-endpoints      (these are the keys of 111111111111; they open nothing else)");
    printer.say("Press Enter to end it.");
    let _ = std::io::stdin().lock().read_line(&mut String::new());
    Ok(())
}

fn broken(error: &stand_in::Error) -> Failure {
    Failure::unreachable(Diagnostic::error(error.to_string()).with_hint_opt(error.hint()))
}
