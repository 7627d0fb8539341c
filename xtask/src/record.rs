//! `--record`: after a success, the model package's life cycle in the registry says so.
//!
//! Only a success is written down. A failure may be the network's or an account's, would take the place of what is true of the package, and
//! has its own files, exit code and run to show.

use aws_names::{ModelPackageArn, Region};
use model_registry::life_cycle::LifeCycle;

use crate::cli::{RecordOptions, given};
use crate::exit::Exit;
use crate::printer::Printer;
use model_release::Release;
use model_release::Stage;
use model_release::{Diagnostic, Failure};

/// What is to be written after a success: nothing, unless it was asked for.
#[derive(Debug)]
pub(crate) struct Recording {
    #[cfg_attr(not(feature = "aws"), expect(dead_code, reason = "only AWS has a registry that can be written to"))]
    entry: Option<Entry>,
}

/// What is written, and of which packages.
#[derive(Debug)]
#[cfg_attr(not(feature = "aws"), expect(dead_code, reason = "only AWS has a registry that can be written to"))]
struct Entry {
    life_cycle: LifeCycle,
    /// The release's digest: the occasion.
    release: String,
    /// The package of each region.
    packages: Vec<ModelPackageArn>,
}

impl Recording {
    /// Reads the option before any work is done. `status` is what is written when the option names nothing else.
    pub(crate) fn read(
        options: &RecordOptions,
        stage: Stage,
        status: &str,
        release: Option<&Release>,
        regions: Option<&[Region]>,
    ) -> Result<Self, Failure> {
        let Some(asked) = &options.record else { return Ok(Self { entry: None }) };
        let Some(release) = release else {
            return Err(Diagnostic::error("there is no release whose model package could be recorded")
                .named("--record")
                .with_hint("leave it out, or name the release's folder with --build-dir")
                .into());
        };
        let own = match stage {
            Stage::Staging => "Staging",
            Stage::Prod => "Production",
        };
        let text = given(Some(asked)).map_or_else(|| format!("{own}/{status}"), str::to_owned);
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

    /// Writes it when the command came to a success, and hands its exit code on; what was not written makes it 3.
    #[cfg(feature = "aws")]
    pub(crate) async fn after(self, printer: Printer, exit: Exit) -> Result<Exit, Failure> {
        use model_registry::life_cycle::{Recorded, record};

        let Some(entry) = self.entry else { return Ok(exit) };
        if exit != Exit::Done {
            printer.step("Unrecorded", "only a success is written into the registry");
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
                    let what = "it succeeded, and was not recorded in the registry";
                    diagnostics
                        .extend(failure.diagnostics.into_iter().map(|diagnostic| diagnostic.named(package.to_string()).detail(what)));
                }
            }
        }
        if diagnostics.is_empty() { Ok(exit) } else { Err(Failure::new(model_release::FailureKind::Unreachable, diagnostics)) }
    }

    /// Nothing that could be recorded is reached without AWS.
    #[cfg(not(feature = "aws"))]
    #[expect(clippy::unused_async, reason = "the one with AWS awaits")]
    pub(crate) async fn after(self, _: Printer, exit: Exit) -> Result<Exit, Failure> {
        Ok(exit)
    }
}
