//! `--record`: records a success in the model package's life cycle in the registry.
//!
//! A failure is not recorded: it may concern the network or an account, not the package, and would
//! overwrite the package's state. It has its own files and exit code.

use aws_names::{ModelPackageArn, Region};
use model_registry::life_cycle::LifeCycle;

use command_line::{RecordOptions, non_empty};
use model_release::Release;
use model_release::Stage;
use model_release::{Diagnostic, Failure};
use terminal::{Exit, Printer};

/// What to record after a success; nothing without `--record`.
#[derive(Debug)]
pub(crate) struct Recording {
    #[cfg_attr(not(feature = "aws"), expect(dead_code, reason = "only the registry in AWS can be written to"))]
    entry: Option<Entry>,
}

/// The life cycle to record, and the packages.
#[derive(Debug)]
#[cfg_attr(not(feature = "aws"), expect(dead_code, reason = "only the registry in AWS can be written to"))]
struct Entry {
    life_cycle: LifeCycle,
    /// The release's digest.
    release: String,
    /// The package of each region.
    packages: Vec<ModelPackageArn>,
}

impl Recording {
    /// Reads the option before any work. `status` is the default if the option has no value.
    pub(crate) fn read(
        options: &RecordOptions,
        stage: Stage,
        status: &str,
        release: Option<&Release>,
        regions: Option<&[Region]>,
    ) -> Result<Self, Failure> {
        let Some(option) = &options.record else { return Ok(Self { entry: None }) };
        let Some(release) = release else {
            return Err(Diagnostic::error("there is no release whose model package could be updated")
                .named("--record")
                .with_hint("remove it, or name the release's folder with --build-dir")
                .into());
        };
        let own = match stage {
            Stage::Staging => "Staging",
            Stage::Prod => "Production",
        };
        let text = non_empty(Some(option)).map_or_else(|| format!("{own}/{status}"), str::to_owned);
        let life_cycle: LifeCycle = text
            .parse()
            .map_err(|error: model_registry::life_cycle::ParseLifeCycleError| Diagnostic::error(error.to_string()).named("--record"))?;
        let manifest = &release.manifest;
        let commit = manifest.source.commit.as_ref().map(|commit| format!(", commit {commit}")).unwrap_or_default();
        let description = format!("release {} of {} ({}){commit}", release.digest, manifest.project.name, manifest.project.id);
        let regions = regions.unwrap_or(&manifest.stage(stage).regions);
        let regional = manifest.model_package.regions.values().map(|package| &package.arn);
        let mut packages: Vec<_> = std::iter::once(&manifest.model_package.arn).chain(regional).cloned().collect();
        packages.retain(|package| regions.contains(package.region()));
        Ok(Self { entry: Some(Entry { life_cycle: life_cycle.described(&description), release: release.digest.clone(), packages }) })
    }

    /// Records a success and returns the command's exit code; a failure to record is exit code 3.
    #[cfg(feature = "aws")]
    pub(crate) async fn after(self, printer: Printer, exit: Exit) -> Result<Exit, Failure> {
        use model_registry::life_cycle::{Recorded, record};

        let Some(entry) = self.entry else { return Ok(exit) };
        if exit != Exit::Done {
            printer.step("Unrecorded", "only a success is recorded in the registry");
            return Ok(exit);
        }
        let session = crate::session::open().await?;
        let mut diagnostics = Vec::new();
        for package in &entry.packages {
            let registry = session.registry(Some(package.region()));
            match record(&registry, package, &entry.life_cycle, &entry.release).await {
                Ok(Recorded::Unchanged) => printer.step("Recorded", format_args!("{} already, of {package}", entry.life_cycle)),
                Ok(Recorded::InLaterStage(kept)) => printer.step("Kept", format_args!("{kept}, of {package}: it is not moved back")),
                Ok(_) => printer.step("Recorded", format_args!("{}, of {package}", entry.life_cycle)),
                Err(error) => {
                    let failure = model_release::registry_errors::of_registry(&error);
                    let what = "the command succeeded, but was not recorded in the registry";
                    diagnostics
                        .extend(failure.diagnostics.into_iter().map(|diagnostic| diagnostic.named(package.to_string()).detail(what)));
                }
            }
        }
        if diagnostics.is_empty() { Ok(exit) } else { Err(Failure::new(model_release::FailureKind::Unreachable, diagnostics)) }
    }

    /// Without AWS there is no registry to record in.
    #[cfg(not(feature = "aws"))]
    #[expect(clippy::unused_async, reason = "the one with AWS awaits")]
    pub(crate) async fn after(self, _: Printer, exit: Exit) -> Result<Exit, Failure> {
        Ok(exit)
    }
}
