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
    /// The project's id as descriptions have it, for the versions that were deployed before.
    project: String,
    /// Whether every target of the stage has the release then, so that no other version is deployed.
    replaces_others: bool,
    /// The model package from which an earlier one was gone back to.
    gone_back_from: Option<String>,
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
        let (release, project) = (release.digest.clone(), format!("({})", manifest.project.id));
        let life_cycle = life_cycle.described(&description);
        Ok(Self { entry: Some(Entry { life_cycle, release, packages, project, replaces_others: false, gone_back_from: None }) })
    }

    /// Every target of the stage gets the release: no other version is deployed there then.
    #[cfg(feature = "aws")]
    pub(crate) fn replaces(&mut self, going_back: Option<&model_release::history::GoingBack>) {
        // Only in production there is one version: others can be in tests.
        if let Some(entry) =
            self.entry.as_mut().filter(|entry| entry.life_cycle.stage == "Production" && entry.life_cycle.status == "Deployed")
        {
            entry.replaces_others = true;
            entry.gone_back_from = going_back.and_then(|back| back.from_model_package.clone());
        }
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
        let (mut diagnostics, occasion) = (Vec::new(), entry.occasion());
        for package in &entry.packages {
            let registry = session.registry(Some(package.region()));
            if let Err(failure) = entry.replace_others(printer, &registry, package, &occasion).await {
                diagnostics.extend(failure.diagnostics);
            }
            match record(&registry, package, &entry.life_cycle, &occasion).await {
                Ok(Recorded::Unchanged) => printer.step("Recorded", format_args!("{} already, of {package}", entry.life_cycle)),
                Ok(Recorded::InLaterStage(kept)) => printer.step("Kept", format_args!("{kept}, of {package}: it is not moved back")),
                Ok(_) => printer.step("Recorded", format_args!("{}, of {package}", entry.life_cycle)),
                Err(error) => {
                    let failure = model_release::registry_errors::of_registry(&error);
                    let what = "the command succeeded, but was not recorded in the registry";
                    // The place is the account and region that were called.
                    let of_package = |diagnostic: Diagnostic| diagnostic.detail(format!("of `{package}`")).detail(what);
                    diagnostics.extend(failure.diagnostics.into_iter().map(of_package));
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

#[cfg(feature = "aws")]
impl Entry {
    /// What the record is about. A release can be deployed to production again after another one:
    /// SageMaker would take the same occasion for the first one, and ignore it.
    fn occasion(&self) -> String {
        let now = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default().as_millis();
        if self.replaces_others { format!("{} at {now}", self.release) } else { self.release.clone() }
    }

    /// Records that the other versions are not deployed any more. This is before the new version is
    /// recorded: two deployed versions would be wrong for longer than none.
    async fn replace_others(
        &self,
        printer: Printer,
        registry: &model_registry::aws::SageMakerRegistry,
        package: &ModelPackageArn,
        occasion: &str,
    ) -> Result<(), Failure> {
        use model_registry::life_cycle::{others_in, record};

        if !self.replaces_others {
            return Ok(());
        }
        let of_registry = |error| model_release::registry_errors::of_registry(&error);
        for other in others_in(registry, package, &self.life_cycle, &self.project).await.map_err(of_registry)? {
            let status = if self.gone_back_from.as_deref() == Some(other.as_str()) { "RolledBack" } else { "Superseded" };
            let life_cycle = LifeCycle::new(&self.life_cycle.stage, status).map_err(|error| Diagnostic::error(error.to_string()))?;
            let life_cycle = life_cycle.described(&format!("replaced by {package}, release {}", self.release));
            record(registry, &other, &life_cycle, occasion).await.map_err(of_registry)?;
            printer.step("Recorded", format_args!("{life_cycle}, of {other}"));
        }
        Ok(())
    }
}
