//! Rolls a stage out, and checks that its endpoints serve the release: for `deploy` and `rollback`.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use model_release::aws::{AwsWaveChecks, TargetSessions, TargetStacks, check_targets, read_endpoints, test_endpoints, upload_template};
use model_release::deploy::{DeployError, DeployEvent, DeployRequest, Deployment, deploy};
use model_release::history::{DeploymentOutcome, GoingBack};
use model_release::preflight::PlannedRollout;
use model_release::{Diagnostic, Failure, FailureKind, Release, StageTests, plural};
use stack_rollout::{Event, Options};

use crate::brake::Brake;
use crate::deployment_events::DeploymentEvents;
use crate::history::Recorder;
use crate::preflight;
use crate::progress::{self, EndpointProgress};
use crate::record::Recording;
use crate::release_before::ReleaseBeforeFile;
use crate::requests;
use crate::session;
use crate::signatures::Signatures;
use crate::signing::Signing;
use crate::staging_tests;
use crate::targets;
use command_line::{DeployOptions, non_empty};
use terminal::files::{self, FileSet};
use terminal::{Exit, Printer, Project, clean, interrupted, unless_interrupted};

/// Deploys a release. `going_back` is set if it was deployed before.
pub(crate) async fn run(
    printer: Printer,
    project: &Project,
    options: &DeployOptions,
    release: &Release,
    going_back: Option<GoingBack>,
) -> Result<Exit, Failure> {
    let mut signatures = Signatures::check(printer, project, &options.signatures, release).await?;
    staging_tests::check(printer, project, options.set.stage, release, &options.staging_tests, SystemTime::now(), &mut signatures).await?;
    let mut rollout = requests::rollout(release, &options.set, &options.preferences, &options.reapply)?;
    rollout.release.managed_execution = managed_execution(options)?;
    let bucket = requests::template_bucket(&rollout, options.set.stage, &options.template)?;
    let regions: Vec<_> = rollout.release.targets.regions.iter().cloned().collect();
    let mut recording = Recording::read(&options.record, options.set.stage, "Deployed", Some(release), Some(&regions))?;
    if rollout.release.targets.len() == rollout.all_targets.len() {
        recording.replaces(going_back.as_ref());
    }
    let folder = project.folder(options.results_dir.as_deref(), &format!("rollout/{}", options.set.stage));
    let path = folder.join("rollout.json");
    files::check_result(&path)?;
    let signing = Signing::open(&options.signing).await?;
    let recorder = Recorder::open(printer, &options.history, release, Some(options.set.stage), &signing).await?;
    let access = session::test_access(&options.set.role)?;
    // The programs of the tests' own checks are kept until the end.
    let (mut waves, _programs) = requests::waves(printer, project, release, options.set.stage, &rollout, &options.waves).await?.unzip();
    let before = ReleaseBeforeFile::beside(&path);
    if let Some(waves) = &mut waves {
        waves.release_before = before.read(printer);
    }
    let session = session::open().await?;
    if let Some(bucket) = &bucket {
        let (url, note) = upload_template(&session, bucket, &mut rollout).await?;
        printer.diagnostics(note.as_slice());
        printer.step("Uploaded", format_args!("the template to {url}"));
    }
    let stack_sets = session.stack_sets(rollout.call_as);
    let stage = release.manifest.stage(options.set.stage);
    let sessions = Arc::new(TargetSessions::new(&session, release, stage, &access.role, "deploy"));

    let request = DeployRequest {
        release,
        stage: options.set.stage,
        rollout: &rollout,
        waves,
        during_freeze: non_empty(options.freeze.during_freeze.as_ref()).map(str::to_owned),
        options: Options { wait_for_others: options.wait_for_other, ..rollout.options(Duration::from_secs(options.wait)) },
    };
    // From then on there is a result: a signal ends only the reading of the endpoints.
    let has_rolled_out = AtomicBool::new(false);
    let mut rollout_progress = None;
    let on_event = |event| match event {
        DeployEvent::Warning(warning) => printer.diagnostic(&warning),
        DeployEvent::PreflightPassed(report) => {
            preflight::show(printer, &report);
            printer.step("Preflight", report.summary().trim_start_matches("Preflight: "));
        }
        DeployEvent::RollingOut => {
            let targets = &rollout.release.targets;
            let place = format!("{} in {}", plural(targets.accounts.len(), "account"), plural(targets.regions.len(), "region"));
            printer.step("Rolling out", format_args!("{} to {place}", rollout.release.stack_set));
        }
        DeployEvent::Rollout(Event::ReleaseBefore(kept)) => before.keep(printer, kept.as_deref()),
        DeployEvent::Rollout(event) => rollout_progress.get_or_insert_with(|| progress::rollout(printer))(event),
        DeployEvent::RolledOut => {
            has_rolled_out.store(true, Ordering::Relaxed);
            drop(rollout_progress.take());
        }
        DeployEvent::CheckingWave(number) => {
            drop(rollout_progress.take());
            printer.step("Testing", format_args!("the endpoints of wave {number}"));
        }
        DeployEvent::Baking { wave, time } => {
            let time = if time.is_zero() { "once".to_owned() } else { format!("for {} min", time.as_secs() / 60) };
            printer.step("Watching", format_args!("the alarms of wave {wave} {time}"));
        }
        DeployEvent::ReadingEndpoints => printer.step("Reading", "what every endpoint serves"),
        DeployEvent::CheckingIdentity => printer.step("Checking", "that every endpoint serves the release"),
        _ => {}
    };
    let preflight = async |planned: PlannedRollout<'_>| check_targets(&session, &sessions, &planned, progress::preflight(printer)).await;
    let identity = async |tests: StageTests| {
        let observer = |targets| EndpointProgress::new(printer, targets);
        let tested = test_endpoints(tests, &access, async { Ok(session.clone()) }, observer, interrupted());
        Box::pin(tested).await.map(|(_, reports)| reports)
    };
    let checks = AwsWaveChecks::new(&session, &sessions, release);
    let events = DeploymentEvents::start(&recorder, &rollout, options, going_back).await?;
    let deployed = deploy(
        &request,
        &stack_sets,
        |account, region| {
            let sessions = &sessions;
            async move { Ok(TargetStacks::new(&sessions.config(&account, &region).await?)) }
        },
        (!options.no_preflight).then_some(preflight),
        async |targets| {
            let interruption = async {
                if !has_rolled_out.load(Ordering::Relaxed) {
                    std::future::pending::<()>().await;
                }
                interrupted().await;
            };
            read_endpoints(&sessions, &stage.endpoints, targets, interruption).await
        },
        identity,
        &checks,
        on_event,
    );
    let deployed = match Box::pin(unless_interrupted(deployed, || has_rolled_out.load(Ordering::Relaxed))).await {
        Ok(deployed) => deployed,
        Err(interruption) => {
            let (stage, role) = (options.set.stage, &access.role);
            let brake = Brake { printer, session: &session, release, stage, request: &rollout, role };
            let stopped = brake.after_interruption(options.stop_on_interrupt, request.options.deadline).await;
            let summary = "the command was interrupted, and did not read what the endpoints serve";
            events.end_without_result(printer, DeploymentOutcome::Unknown, summary).await;
            return if stopped? { Ok(Exit::Unreachable) } else { Err(interruption) };
        }
    };
    let deployment = match deployed.map_err(|error| failure(printer, error)) {
        Ok(deployment) => deployment,
        Err(failure) => {
            let summary = failure.diagnostics.first().map_or("nothing was changed", |diagnostic| diagnostic.message.as_str());
            events.end_without_result(printer, DeploymentOutcome::Refused, summary).await;
            return Err(failure);
        }
    };

    let record = deployment.record(release, options.set.stage, &crate::tool())?;
    let mut text = serde_json::to_string_pretty(&record).expect("plain data always serializes");
    text.push('\n');
    let written = write(&folder, &deployment, text.as_bytes());
    let mut findings = deployment.findings(&rollout.all_targets);
    session.locate_all(&mut findings).await;
    printer.diagnostics(&findings);
    let lines: String = deployment.serving_lines().into_iter().map(|line| line + "\n").collect();
    printer.result(&record, clean(&lines) + &deployment.summary());
    let mut exit = deployment.failure().map_or(Exit::Done, Exit::from);
    match written {
        Ok(()) => printer.step("Written", files::shown(&path)),
        Err(failure) => {
            printer.diagnostics(&failure.diagnostics);
            exit = exit.without_results();
        }
    }
    // The deployment is not undone if it cannot be recorded.
    if let Err(mut failure) = events.end(&deployment, text).await {
        session.locate(&mut failure).await;
        printer.diagnostics(&failure.diagnostics);
        exit = exit.worst(Exit::Unreachable);
    }
    recording.after(printer, exit).await
}

/// Writes the record of the rollout: `rollout.json` is that of the newest one, and each has a file of
/// its own, which no later rollout overwrites.
fn write(folder: &Path, deployment: &Deployment, text: &[u8]) -> Result<(), Failure> {
    let mut set = FileSet::default();
    set.add(deployment.own_record(folder), text);
    set.add(folder.join("rollout.json"), text);
    set.write()
}

fn managed_execution(options: &DeployOptions) -> Result<Option<bool>, Failure> {
    non_empty(options.managed_execution.as_ref())
        .map(|text| {
            targets::yes_or_no(text)
                .ok_or_else(|| Failure::from(Diagnostic::error(format!("`{text}` is not yes or no")).named("--managed-execution")))
        })
        .transpose()
}

fn failure(printer: Printer, error: DeployError) -> Failure {
    match error {
        DeployError::Preflight(report) => {
            preflight::show(printer, &report);
            let diagnostic = Diagnostic::error(format!("{}; nothing was changed", report.summary()));
            let kind = report.failure().unwrap_or(FailureKind::Failed);
            let hint = match kind {
                FailureKind::Failed => "fix the failed checks, or skip them with --no-preflight",
                _ => "run the command again, or skip the checks with --no-preflight",
            };
            Failure::new(kind, vec![diagnostic.with_hint(hint)])
        }
        DeployError::Failure(mut failure) => {
            for diagnostic in failure.diagnostics.iter_mut().filter(|diagnostic| diagnostic.code == Some("operation-in-progress")) {
                // Only `deploy` can wait for it.
                diagnostic.code = Some("operation-in-progress-of-deploy");
            }
            failure
        }
        _ => Failure::unreachable(Diagnostic::error("the deployment ended early")),
    }
}
