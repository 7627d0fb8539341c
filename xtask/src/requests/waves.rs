//! The waves of a rollout, from the options of `deploy` and the release.

use std::time::Duration;

use endpoint_test::SuiteOptions;
use model_release::deploy::DeployWaves;
use model_release::{Diagnostic, Failure, Release, RolloutRequest, Stage, StageTests};
use stack_rollout::{InvalidWaves, Wave};

use crate::check_programs::Programs;
use crate::suite_file::{SuiteFile, default_suite};
use crate::suite_samples::with_samples;
use crate::suite_variables;
use command_line::{OnFailure, WaveOptions, non_empty};
use terminal::{Printer, Project};

/// The targets of each wave of the option or of the stage file; `None` without waves.
pub(crate) fn planned_waves(
    release: &Release,
    stage: Stage,
    request: &RolloutRequest,
    option: Option<&String>,
) -> Result<Option<Vec<Wave>>, Failure> {
    let waves = request.waves(release.manifest.stage(stage), non_empty(option));
    waves.map_err(|error: InvalidWaves| Diagnostic::error(error.message).named("--waves").with_hint(error.hint).into())
}

/// The waves of the option or of the stage file; `None` without waves. The programs of the suite's
/// own checks must live as long as the rollout.
pub(crate) async fn waves(
    printer: Printer,
    project: &Project,
    release: &Release,
    stage: Stage,
    request: &RolloutRequest,
    options: &WaveOptions,
) -> Result<Option<(DeployWaves, Programs)>, Failure> {
    let of_stage = release.manifest.stage(stage);
    let Some(waves) = planned_waves(release, stage, request, options.waves.as_ref())? else {
        let is_named = options.bake.is_some() || options.suite.is_some() || options.on_failure != OnFailure::default();
        let error = || Diagnostic::error("`--bake`, `--on-failure` and `--suite` need waves").named("--waves");
        return if is_named { Err(error().with_hint("roll out in one wave with `--waves rest`").into()) } else { Ok(None) };
    };
    let path = project.path(options.suite.as_deref(), default_suite(project, stage));
    let (suite, suite_info) = if options.suite.is_none() && !path.is_file() {
        let warning = Diagnostic::warning("there are no tests: only the status, identity and settings of each endpoint are checked");
        printer.diagnostic(&warning.file(&path));
        (StageTests::no_cases()?, None)
    } else {
        let suite_options =
            SuiteOptions { variables: suite_variables::values(&options.variables, stage, Some(release))?, ..SuiteOptions::default() };
        let read = SuiteFile::read(&path, &suite_options)?;
        (with_samples(read.suite, None, Some(release)).await?, Some(read.info))
    };
    let programs = Programs::in_folder(&project.root, None)?;
    let bake = options.bake.or(of_stage.bake_minutes).filter(|minutes| *minutes > 0);
    let on_failure = match options.on_failure {
        OnFailure::Stop => stack_rollout::OnFailure::Stop,
        OnFailure::RollBack => stack_rollout::OnFailure::RollBack,
    };
    let waves = DeployWaves {
        waves,
        bake: bake.map(|minutes| Duration::from_secs(u64::from(minutes) * 60)),
        on_failure,
        release_before: None,
        suite,
        suite_info,
        programs: Some(programs.settings.clone()),
    };
    Ok(Some((waves, programs)))
}
