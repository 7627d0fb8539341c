//! `build`: writes the files of a release for an approved model package, after all checks passed.

use model_registry::documents::Mirror;
use model_release::approved_bytes::NoArtifacts;
use model_release::configuration::Configuration;
#[cfg(feature = "aws")]
use model_release::history::ReleaseName;
use model_release::manifest::{self, Manifest};
use model_release::release_build::Home;
#[cfg(feature = "aws")]
use model_release::{Diagnostic, Stage};
use model_release::{Failure, FailureKind, RegistryAccess, Release};
#[cfg(feature = "aws")]
use stack_rollout::CallAs;

#[cfg(feature = "aws")]
use crate::history;
use crate::history::Recorder;
use crate::release_build;
use crate::requests::BuildCommand;
use crate::signing::Signing;
use crate::snapshot;
use command_line::{BuildOptions, non_empty};
use terminal::{Exit, Printer, Project, files};

pub(crate) async fn run(printer: Printer, project: &Project, options: &BuildOptions) -> Result<Exit, Failure> {
    if let Some(name) = non_empty(options.rollback_to.as_ref()) {
        return Box::pin(earlier(printer, project, options, name)).await;
    }
    let (mut command, configuration, saved) = BuildCommand::read_all(project, options)?;
    printer.diagnostics(&command.warnings);
    files::check_result(&command.output_dir.join(manifest::FILE_NAME))?;
    let signing = Signing::open(&options.signing).await?;
    let built = match options.choice.registry.as_deref().zip(saved) {
        Some((file, registry)) => {
            let access = RegistryAccess { registry, documents: Mirror::new(snapshot::mirror(file)), artifacts: None::<NoArtifacts> };
            Box::pin(release_build::write(printer, project, &command, &configuration, |_| access.clone(), Home::default(), &signing)).await
        }
        None => Box::pin(with_aws(printer, project, &mut command, &configuration, &signing)).await,
    };
    let manifest = built.or_else(|failure| nothing(&command, failure))?;
    release_build::print(printer, &manifest, &command.output_dir);
    if non_empty(options.history.history.as_ref()).is_some() {
        let release = Release::open(&command.output_dir)?;
        let recorder = Recorder::open(printer, &options.history, &release, None, &signing).await?;
        recorder.built(&command.output_dir).await?;
    }
    Ok(Exit::Done)
}

/// Writes an earlier release of production from the history, verified by its digests.
#[cfg(feature = "aws")]
async fn earlier(printer: Printer, project: &Project, options: &BuildOptions, name: &str) -> Result<Exit, Failure> {
    let name: ReleaseName = name.parse().map_err(|problem: Diagnostic| problem.named("--rollback-to, ROLLBACK_TO"))?;
    let folder = project.folder(options.output_dir.as_deref(), "deploy");
    let id = history::project_id(project, options.configuration.project.sagemaker_project_id.as_ref())?;
    let history = history::open(non_empty(options.history.history.as_ref()), &id).await?;
    let digest = history.named(Stage::Prod, &name, None).await?;
    files::write_all(&folder, history.release(&digest).await?.files)?;
    let release = Release::open_approved(&folder, Some(&digest))?;
    files::write(&folder.join("release.env"), release_build::variables(&release.manifest, &digest).as_bytes())?;
    printer.step("Fetched", format_args!("{digest} from the history"));
    release_build::print(printer, &release.manifest, &folder);
    Ok(Exit::Done)
}

#[cfg(not(feature = "aws"))]
async fn earlier(_: Printer, _: &Project, _: &BuildOptions, _: &str) -> Result<Exit, Failure> {
    crate::without_aws("build --rollback-to", "build the release again").await
}

/// With nothing to deploy, writes a `release.env` with that result; keeps an existing release.
fn nothing(command: &BuildCommand, failure: Failure) -> Result<Manifest, Failure> {
    if failure.kind == FailureKind::Nothing && !command.output_dir.join(manifest::FILE_NAME).exists() {
        files::write(&command.output_dir.join("release.env"), release_build::no_variables().as_bytes())?;
    }
    Err(failure)
}

#[cfg(feature = "aws")]
async fn with_aws(
    printer: Printer,
    project: &Project,
    command: &mut BuildCommand,
    configuration: &Configuration,
    signing: &Signing,
) -> Result<Manifest, Failure> {
    command.request.selection.stop_when_nothing()?;
    let session = crate::session::open().await?;
    if let Some(mut warning) = command.request.compare_with_stack_sets(&session.stack_sets(CallAs::Itself)).await {
        session.locate_all(std::slice::from_mut(&mut warning)).await;
        printer.diagnostic(&warning);
    }
    let home = model_release::aws::home(&session, &mut command.request).await?;
    Box::pin(release_build::write(printer, project, command, configuration, |region| session.registry_access(region), home, signing)).await
}

#[cfg(not(feature = "aws"))]
async fn with_aws(_: Printer, _: &Project, _: &mut BuildCommand, _: &Configuration, _: &Signing) -> Result<Manifest, Failure> {
    crate::without_aws("build", "name a registry snapshot with --registry").await
}
