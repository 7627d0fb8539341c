//! `plan`: what a rollout of a stage would change, in every account and region. Reads only.

use crate::cli::PlanOptions;
use crate::diagnostic::Failure;
use crate::exit::Exit;
use crate::printer::Printer;
use crate::project::Project;

#[cfg(not(feature = "aws"))]
#[expect(clippy::unused_async, reason = "the one with AWS awaits")]
pub(crate) async fn run(_: Printer, _: &Project, _: &PlanOptions) -> Result<Exit, Failure> {
    Err(crate::without_aws("plan", "build it with its default features"))
}

#[cfg(feature = "aws")]
mod assemble;
#[cfg(feature = "aws")]
pub(crate) mod document;
#[cfg(feature = "aws")]
mod markdown;
#[cfg(feature = "aws")]
mod text;
#[cfg(feature = "aws")]
pub(crate) use with_aws::run;

#[cfg(feature = "aws")]
mod with_aws {
    use std::path::Path;
    use std::time::Duration;

    use stack_rollout::aws::CloudFormationStackSets;
    use stack_rollout::{SystemClock, detect_drift, observe, plan};

    use super::document::PlanDocument;
    use super::{Exit, Failure, PlanOptions, Printer, Project, assemble, markdown, text};
    use crate::aws::Session;
    use crate::cli::PreferenceOptions;
    use crate::commands::deploy;
    use crate::diagnostic::{Diagnostic, Level};
    use crate::files;
    use crate::manifest::Release;
    use crate::preflight;
    use crate::stack_set_request::{self, Request};
    use crate::target_sessions::TargetSessions;

    pub(crate) async fn run(printer: Printer, project: &Project, options: &PlanOptions) -> Result<Exit, Failure> {
        let folder = options.set.release.build_dir.clone().unwrap_or_else(|| project.target("deploy"));
        let release = Release::read(&folder, options.set.release.approved()?.as_deref())?;
        let request = stack_set_request::read(&folder, &release, &options.set, &PreferenceOptions::default())?;
        let session = Session::open().await?;
        let stack_sets = session.stack_sets(request.call_as);
        if options.detect_drift {
            look_for_drift(printer, &stack_sets, &request, Duration::from_secs(options.wait)).await?;
        }
        let observed = observe(&stack_sets, &request.release).await.map_err(|error| deploy::refused(&error, request.call_as))?;
        let plan = plan(&request.release, &observed);
        let mut document = assemble::document(&release, options.set.stage.name(), &request, &observed, &plan);
        for problem in &document.problems {
            let diagnostic = Diagnostic::new(Level::Error, &problem.message).hint(problem.hint.clone());
            printer.diagnostic(&match &problem.place {
                Some(place) => diagnostic.named(place),
                None => diagnostic,
            });
        }
        if !options.no_preflight && !document.nothing_to_do && plan.problems.is_empty() {
            let stage = release.manifest.stage(options.set.stage);
            let sessions = TargetSessions::new(&session, &release, stage, &options.set.role, "plan");
            let findings = Box::pin(preflight::check(printer, &session, &sessions, &release, &request, &observed, &plan)).await;
            findings.tell(printer);
            document.preflight = Some(findings);
        }
        show(printer, options, &document)?;
        Ok(exit(&document))
    }

    fn show(printer: Printer, options: &PlanOptions, document: &PlanDocument) -> Result<(), Failure> {
        match options.markdown.as_deref() {
            Some(path) if path == Path::new("-") => Printer::out(&markdown::markdown(document)),
            path => {
                printer.result(document, text::text(document, printer.verbose > 0));
                if let Some(path) = path {
                    files::write(path, markdown::markdown(document).as_bytes())?;
                    printer.step("Written", files::shown(path));
                }
            }
        }
        Ok(())
    }

    /// What stands in the way is a failed check; when nothing would change there is nothing to do.
    fn exit(document: &PlanDocument) -> Exit {
        if !document.problems.is_empty() || document.preflight.as_ref().is_some_and(|findings| findings.failed > 0) {
            Exit::Failed
        } else if document.nothing_to_do {
            Exit::Nothing
        } else {
            Exit::Done
        }
    }

    async fn look_for_drift(
        printer: Printer,
        stack_sets: &CloudFormationStackSets,
        request: &Request,
        deadline: Duration,
    ) -> Result<(), Failure> {
        printer.step(
            "Looking",
            format_args!("for drift in {}: an operation on the stack set, which changes no stack", request.release.stack_set),
        );
        let options = stack_rollout::Options { deadline, ..stack_rollout::Options::new(request.release_id.clone()) };
        let progress = deploy::Progress::new(printer);
        let preferences = stack_rollout::Preferences {
            max_concurrent_percentage: Some(100),
            failure_tolerance_percentage: Some(100),
            ..stack_rollout::Preferences::default()
        };
        let found =
            detect_drift(stack_sets, &request.release.stack_set, &preferences, &options, &SystemClock::new(), progress.listener()).await;
        progress.end();
        match found {
            Ok(_) => Ok(()),
            // A set that is not there yet has not drifted.
            Err(stack_rollout::Error::Call { source, .. }) if source.kind() == stack_rollout::CallErrorKind::StackSetNotFound => Ok(()),
            Err(error) => Err(deploy::refused(&error, request.call_as)),
        }
    }
}
