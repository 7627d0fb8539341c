//! `plan`: shows the changes of a rollout in every account and region. Changes nothing.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use model_release::aws::{StagePlan, TargetSessions, deployed_endpoints, place_template, plan_stage};
use model_release::plan_report::{self, PlanDocument};
use model_release::preflight::{PlannedRollout, PreflightReport, Scope};
use model_release::{Diagnostic, Failure, Level, RolloutRequest, deploy};
use stack_rollout::aws::CloudFormationStackSets;
use stack_rollout::detect_drift;

use crate::hints::completed;
use crate::preflight;
use crate::progress;
use crate::requests;
use crate::session;
use command_line::{PlanOptions, PreferenceOptions};
use terminal::{Exit, Printer, Project, files, unless_interrupted};

pub(crate) async fn run(printer: Printer, project: &Project, options: &PlanOptions) -> Result<Exit, Failure> {
    let release = requests::release(project, &options.set.release)?;
    let mut request = requests::rollout(&release, &options.set, &PreferenceOptions::default(), &[])?;
    let bucket = requests::template_bucket(&request, options.set.stage, &options.template)?;
    if let Some(path) = options.markdown.as_deref().filter(|path| *path != Path::new("-")) {
        files::check_result(path)?;
    }
    let session = session::open().await?;
    if let Some(bucket) = &bucket {
        place_template(&session, bucket, &mut request).await?;
    }
    let stack_sets = session.stack_sets(request.call_as);
    if options.detect_drift {
        run_drift_detection(printer, &stack_sets, &request, Duration::from_secs(options.wait)).await?;
    }
    let StagePlan { observed, plan, mut document } = plan_stage(&stack_sets, &release, options.set.stage, &request, crate::tool()).await?;
    let stage = release.manifest.stage(options.set.stage);
    let sessions = Arc::new(TargetSessions::new(&session, &release, stage, &requests::target_role(&options.set.role)?, "plan"));
    if !options.no_preflight && observed.stack_set.is_some() {
        let serving = deployed_endpoints(&sessions, &stage.endpoints, &request, &observed).await;
        printer.diagnostics(&document.add_endpoints(options.set.stage, serving));
    }
    for problem in &mut document.problems {
        let finding = completed(&problem.diagnostic()).into_owned();
        printer.diagnostic(&finding);
        problem.hint = finding.hint;
    }
    if !options.no_preflight && !document.nothing_to_do && plan.problems.is_empty() {
        let rollout = PlannedRollout { release: &release, request: &request, observed: &observed, plan: &plan, scope: Scope::Touched };
        let report = Box::pin(preflight::report(printer, &session, &sessions, &rollout)).await;
        preflight::show(printer, &report);
        document.preflight = Some(report);
    }
    show(printer, options, &document)?;
    Ok(exit(&document))
}

fn show(printer: Printer, options: &PlanOptions, document: &PlanDocument) -> Result<(), Failure> {
    match options.markdown.as_deref() {
        Some(path) if path == Path::new("-") => Printer::out(&plan_report::markdown(document)),
        path => {
            printer.result(document, plan_report::text(document, printer.verbose > 0));
            if let Some(path) = path {
                files::write(path, plan_report::markdown(document).as_bytes())?;
                printer.step("Written", files::shown(path));
            }
        }
    }
    Ok(())
}

/// A problem is a failed check; a target without a session is unknown; without changes there is
/// nothing to do.
fn exit(document: &PlanDocument) -> Exit {
    if !document.problems.is_empty() {
        Exit::Failed
    } else if let Some(kind) = document.preflight.as_ref().and_then(PreflightReport::failure) {
        kind.into()
    } else if document.nothing_to_do {
        Exit::Nothing
    } else {
        Exit::Done
    }
}

async fn run_drift_detection(
    printer: Printer,
    stack_sets: &CloudFormationStackSets,
    request: &RolloutRequest,
    deadline: Duration,
) -> Result<(), Failure> {
    printer.step("Detecting", format_args!("drift in {}: an operation of the stack set that changes no stack", request.release.stack_set));
    let options = request.options(deadline);
    let preferences = stack_rollout::Preferences {
        max_concurrent_percentage: Some(100),
        failure_tolerance_percentage: Some(100),
        ..stack_rollout::Preferences::default()
    };
    let detection = detect_drift(stack_sets, &request.release.stack_set, &preferences, &options, progress::rollout(printer));
    match Box::pin(unless_interrupted(detection, || false)).await? {
        Ok((_, problems)) => {
            let warning = |problem| Diagnostic { level: Level::Warning, ..Diagnostic::from(problem) };
            let mut warnings: Vec<_> = problems.iter().map(warning).collect();
            session::locate_all(&mut warnings).await;
            printer.diagnostics(&warnings);
            Ok(())
        }
        // A stack set that does not exist yet has not drifted.
        Err(stack_rollout::Error::Call { source, .. }) if source.kind() == stack_rollout::CallErrorKind::StackSetNotFound => Ok(()),
        Err(error) => Err(deploy::refused(&error, request.call_as)),
    }
}
