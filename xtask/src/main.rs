//! `cargo xtask`: deploys an approved model package to tested endpoints.
//!
//! Only this program reads the environment, prints, writes files and ends the process; the
//! libraries do not. Each command is a module of [`commands`]; `docs/` describes its files and exit
//! codes.

#[cfg(feature = "aws")]
mod approval;
#[cfg(feature = "aws")]
mod brake;
mod captured_requests;
mod check_programs;
mod commands;
#[cfg(feature = "aws")]
mod deployment;
#[cfg(feature = "aws")]
mod deployment_events;
mod example;
mod hints;
#[cfg(feature = "aws")]
mod history;
#[cfg(not(feature = "aws"))]
#[path = "history_without_aws.rs"]
mod history;
mod pin;
#[cfg(feature = "aws")]
mod preflight;
mod progress;
mod record;
#[cfg(feature = "aws")]
mod release_before;
mod release_build;
mod report_commands;
mod requests;
#[cfg(feature = "aws")]
mod session;
mod signatures;
mod signing;
mod snapshot;
#[cfg(feature = "aws")]
mod staging_tests;
mod stores;
mod suite_file;
mod suite_samples;
mod suite_variables;
mod targets;
mod test_results;

// Tests that need types of this program.
#[cfg(all(test, feature = "aws", feature = "dev"))]
#[path = "../tests/in_process/documents.rs"]
mod documents;
#[cfg(all(test, feature = "aws", feature = "dev"))]
#[path = "../tests/in_process/printed_commands.rs"]
mod printed_commands;
#[cfg(test)]
#[path = "../tests/in_process/schemas.rs"]
mod schemas;

#[cfg(feature = "dev")]
use std::path::Path;

use terminal::ColorChoice;
use tracing_subscriber::EnvFilter;

use model_release::manifest::Tool;
use model_release::{Diagnostic, Failure, Stage};

use command_line::{Cli, Command, ReleaseOptions, TestOptions};
use terminal::{Exit, Printer, Project};

fn main() -> Exit {
    let cli = Cli::read();
    let printer = printer(&cli);
    let runtime = match runtime(&cli.command).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            printer.diagnostic(&Diagnostic::error(format!("the program cannot start: {error}")));
            return Exit::Unreachable;
        }
    };
    let exit = runtime.block_on(async {
        match Box::pin(run(printer, cli)).await {
            Ok(exit) => exit,
            Err(failure) => failed(printer, failure).await,
        }
    });
    match Printer::lost_output() {
        Some(lost) => {
            printer.diagnostic(&lost);
            exit.worst(Exit::Unreachable)
        }
        None => exit,
    }
}

/// Tests compute, and so does the load. Everything else waits for AWS: on more threads than this one,
/// waking them would cost a tenth of a build.
fn runtime(command: &Command) -> tokio::runtime::Builder {
    use Command::{Demo, Deploy, TestProd, TestStaging, Tour};
    if !matches!(command, TestStaging(_) | TestProd(_) | Deploy(_) | Tour(_) | Demo(_)) {
        return tokio::runtime::Builder::new_current_thread();
    }
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(2);
    builder
}

/// Prints why a command failed. Every failed call has its account and region, whichever made it.
#[cfg_attr(not(feature = "aws"), expect(unused_mut, clippy::unused_async, reason = "only AWS has accounts"))]
async fn failed(printer: Printer, mut failure: Failure) -> Exit {
    #[cfg(feature = "aws")]
    session::locate(&mut failure).await;
    printer.diagnostics_once(failure.diagnostics);
    failure.kind.into()
}

async fn run(printer: Printer, cli: Cli) -> Result<Exit, Failure> {
    let (named, markers) = (cli.global.project_dir.as_deref(), cli.command.project_files());
    let project = || Project::find(named, &markers);
    let project_if_any = || Project::find_if_any(named, &markers);
    // A command whose options name all of its files needs no project.
    let project_unless = |is_named: bool| if is_named { project_if_any()?.map_or_else(Project::here, Ok) } else { project() };
    // The example and the local AWS are files of the workspace, as are the tasks' sources.
    let workspace = |command: &str| match project_if_any()? {
        Some(project) if project.root.join(example::REGISTRY).is_file() => Ok(project),
        _ => Err(Failure::bad_input(Diagnostic::error(command_line::needs_workspace(command)))),
    };
    let release = |release: &ReleaseOptions| project_unless(release.build_dir.is_some());
    let tests = |tests: &TestOptions| {
        project_unless(tests.endpoint_url.is_some() || tests.release.build_dir.is_some() || tests.list && tests.suite.is_some())
    };
    match cli.command {
        Command::Tour(options) => Box::pin(commands::tour::run(printer, &workspace("tour")?, &options)).await,
        Command::New(options) => commands::new::run(printer, &options).await,
        Command::Upgrade(options) => commands::upgrade::run(printer, &project()?, &options),
        Command::Setup(options) => commands::setup::run(printer, &options).await,
        Command::Doctor(options) => Box::pin(commands::doctor::run(printer, &project()?, &options)).await,
        Command::Build(options) => Box::pin(commands::build::run(printer, &project()?, &options)).await,
        Command::Config(command) => commands::config::run(printer, project, &command),
        Command::Registry(options) => commands::registry::run(printer, project_if_any, &options).await,
        Command::Package(options) => commands::package::run(printer, &options).await,
        Command::Plan(options) => Box::pin(commands::plan::run(printer, &release(&options.set.release)?, &options)).await,
        Command::Status(options) => {
            let project = project_unless(options.fleet.all || options.release.build_dir.is_some())?;
            Box::pin(commands::status::run(printer, &project, &options)).await
        }
        Command::Stop(options) => Box::pin(commands::stop::run(printer, &release(&options.set.release)?, &options)).await,
        Command::Prune(options) => Box::pin(commands::prune::run(printer, &release(&options.set.release)?, &options)).await,
        Command::CheckRelease(options) => Box::pin(commands::check_release::run(printer, &release(&options.release)?, &options)).await,
        Command::Report(options) => Box::pin(commands::report::run(printer, &release(&options.release)?, &options)).await,
        Command::Deploy(options) => Box::pin(commands::deploy::run(printer, &release(&options.set.release)?, &options)).await,
        Command::Rollback(options) => Box::pin(commands::rollback::run(printer, &project_unless(true)?, &options)).await,
        Command::History(options) => Box::pin(commands::history::run(printer, &project_unless(true)?, &options)).await,
        Command::InitTests(options) => commands::init_tests::run(printer, &project_unless(true)?, &options),
        Command::TestStaging(options) => {
            Box::pin(commands::test_endpoints::run(printer, &tests(&options)?, Stage::Staging, &options)).await
        }
        Command::TestProd(options) => Box::pin(commands::test_endpoints::run(printer, &tests(&options)?, Stage::Prod, &options)).await,
        Command::Verify(options) => Box::pin(commands::verify::run(printer, &project_unless(true)?, &options)).await,
        Command::SignBinary(options) => commands::sign_binary::run(printer, &options).await,
        Command::VerifyBinary(options) => commands::verify_binary::run(printer, &options).await,
        Command::Demo(options) => Box::pin(commands::demo::run(printer, &workspace("demo")?, &options)).await,
        #[cfg(feature = "dev")]
        Command::Developer(task) => {
            let project = workspace(task.name())?;
            let example = async |folder: &Path, volume_key: &str| example::release_with_key(printer, &project, folder, volume_key).await;
            Box::pin(dev_tasks::run(printer, &project, &task, example)).await
        }
    }
}

fn printer(cli: &Cli) -> Printer {
    let options = &cli.global;
    let debug = matches!(&cli.command, Command::Package(options) if options.aws_cli.debug);
    let verbose = if debug { options.verbose.max(2) } else { options.verbose };
    Printer::set_colour(match options.color.as_str() {
        "always" | "on" => ColorChoice::Always,
        "never" | "off" => ColorChoice::Never,
        _ => ColorChoice::Auto,
    });
    if verbose >= 2 {
        // The SDK's log at `debug` contains no secrets; at `trace` it contains headers.
        let filter = EnvFilter::new("info,aws_config=debug,aws_smithy_runtime=debug,aws_smithy_runtime_api=debug,hyper=info");
        let colours = Printer::is_error_coloured();
        tracing_subscriber::fmt().with_env_filter(filter).with_ansi(colours).with_writer(std::io::stderr).init();
    }
    Printer { quiet: options.quiet, verbose, format: options.format, completed: hints::completed }
}

/// The name and version of this program, for output files.
fn tool() -> Tool {
    Tool { name: env!("CARGO_PKG_NAME").to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() }
}

/// The error of a command that needs AWS, in a program built without it.
#[cfg(not(feature = "aws"))]
#[expect(clippy::unused_async, reason = "the function that it replaces awaits")]
async fn without_aws<T>(command: &str, instead: &str) -> Result<T, Failure> {
    Err(Diagnostic::error(format!("`{command}` needs AWS, and this program was built without it")).with_hint(instead).into())
}
