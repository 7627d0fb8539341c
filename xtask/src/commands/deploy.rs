//! `deploy`: rolls a stage out through its stack set, and then proves that its endpoints serve the release.
//!
//! In CodePipeline the CloudFormationStackSet action does this. Both use the same stack set and the same files, so either can go on where
//! the other stopped; this one refuses while another operation works on the set.

use crate::cli::DeployOptions;
use crate::diagnostic::Failure;
use crate::exit::Exit;
use crate::printer::Printer;
use crate::project::Project;

#[cfg(not(feature = "aws"))]
#[expect(clippy::unused_async, reason = "the one with AWS awaits")]
pub(crate) async fn run(_: Printer, _: &Project, _: &DeployOptions) -> Result<Exit, Failure> {
    Err(crate::without_aws("deploy", "build it with its default features"))
}

#[cfg(feature = "aws")]
mod progress;
#[cfg(feature = "aws")]
mod target_stacks;
#[cfg(feature = "aws")]
pub(crate) use progress::Progress;
#[cfg(feature = "aws")]
pub(crate) use with_aws::{refused, run};

#[cfg(feature = "aws")]
mod with_aws {
    use std::time::Duration;

    use endpoint_test::{Outcome, TargetReport};
    use serde_json::{Value as Json, json};
    use stack_rollout::aws::CloudFormationStackSets;
    use stack_rollout::{CallAs, Rollout, StackSets as _, SystemClock, Verdict, observe, plan, roll_out};

    use super::progress::Progress;
    use super::target_stacks::TargetStacks;
    use super::{DeployOptions, Exit, Failure, Printer, Project};
    use crate::aws::Session;
    use crate::cli::given;
    use crate::commands::test_endpoints::{self, Expectations, TestRun};
    use crate::diagnostic::{Diagnostic, Level};
    use crate::files;
    use crate::manifest::{Release, Tool};
    use crate::preflight;
    use crate::record::Recording;
    use crate::stack_set_request::{self, Request};
    use crate::target_sessions::TargetSessions;
    use crate::targets;

    pub(crate) async fn run(printer: Printer, project: &Project, options: &DeployOptions) -> Result<Exit, Failure> {
        let folder = options.set.release.build_dir.clone().unwrap_or_else(|| project.target("deploy"));
        let release = Release::read(&folder, options.set.release.approved()?.as_deref())?;
        let mut request = stack_set_request::read(&folder, &release, &options.set, &options.preferences)?;
        request.release.managed_execution = managed_execution(options)?;
        let regions: Vec<_> = request.release.targets.regions.iter().map(ToString::to_string).collect();
        let recording = Recording::read(&options.record, options.set.stage, "Deployed", Some(&release), Some(&regions))?;
        let session = Session::open().await?;
        let stack_sets = session.stack_sets(request.call_as);

        let stage = release.manifest.stage(options.set.stage);
        let sessions = TargetSessions::new(&session, &release, stage, &options.set.role, "deploy");
        if !options.no_preflight {
            Box::pin(before(printer, &session, &sessions, &stack_sets, &release, &request)).await?;
        }
        let heading = json!({
            "tool": Tool::this(),
            "stage": options.set.stage.name(),
            "release": release.digest,
            "model_package": release.manifest.model_package.arn,
        });
        printer.step("Rolling out", format_args!("{} to {}", request.release.stack_set, place(&request.release.targets)));
        let progress = Progress::new(printer);
        let rollout = roll_out(
            &stack_sets,
            |account, region| {
                let sessions = &sessions;
                async move { Ok(TargetStacks::new(&sessions.config(account.as_str(), region.as_str()).await?)) }
            },
            &request.release,
            &stack_rollout::Options {
                deadline: Duration::from_secs(options.wait),
                wait_for_others: options.wait_for_other,
                ..stack_rollout::Options::new(request.release_id.clone())
            },
            &SystemClock::new(),
            progress.listener(),
        )
        .await
        .map_err(|error| refused_here(&error, request.call_as))?;
        progress.end();

        let identity = if rollout.verdict() == Verdict::Succeeded {
            Box::pin(identity(printer, &folder, release, options)).await?
        } else {
            Vec::new()
        };
        let record = record(&rollout, &identity, heading)?;
        let path =
            options.results_dir.clone().unwrap_or_else(|| project.target(&format!("rollout/{}", options.set.stage))).join("rollout.json");
        let mut text = serde_json::to_string_pretty(&record).expect("plain data always serialises");
        text.push('\n');
        files::write(&path, text.as_bytes())?;
        explain(printer, &rollout, &request.all_targets, &identity);
        printer.result(&record, summary(&rollout, &identity));
        printer.step("Written", files::shown(&path));
        recording.after(printer, exit(&rollout, &identity)).await
    }

    fn managed_execution(options: &DeployOptions) -> Result<Option<bool>, Failure> {
        given(options.managed_execution.as_ref())
            .map(|text| {
                targets::yes_or_no(text)
                    .ok_or_else(|| Failure::from(Diagnostic::error(format!("`{text}` is neither yes nor no")).named("--managed-execution")))
            })
            .transpose()
    }

    /// Asks the targets whether the rollout could succeed there; when it could not, nothing is begun.
    async fn before(
        printer: Printer,
        session: &Session,
        sessions: &TargetSessions,
        stack_sets: &CloudFormationStackSets,
        release: &Release,
        request: &Request,
    ) -> Result<(), Failure> {
        let observed = observe(stack_sets, &request.release).await.map_err(|error| refused_here(&error, request.call_as))?;
        if observed.stack_set.is_some() {
            let call = |source| {
                refused_here(&stack_rollout::Error::Call { stack_set: request.release.stack_set.clone(), source }, request.call_as)
            };
            let operations = stack_sets.list_operations(&request.release.stack_set).await.map_err(call)?;
            // What an operation is about to change cannot be judged; the rollout waits for it or refuses.
            if operations.iter().any(|operation| !operation.status.has_ended()) {
                return Ok(());
            }
        }
        let plan = plan(&request.release, &observed);
        if plan.is_nothing_to_do() || !plan.problems.is_empty() {
            return Ok(());
        }
        let findings = preflight::check(printer, session, sessions, release, request, &observed, &plan).await;
        findings.tell(printer);
        if findings.failed > 0 {
            let diagnostic = Diagnostic::error(format!("{}; nothing was changed", findings.summary()));
            let hint = "mend what failed; with --no-preflight the rollout is begun all the same";
            return Err(Failure::new(Exit::Failed, vec![diagnostic.hinting(hint)]));
        }
        printer.step("Preflight", findings.summary().trim_start_matches("Preflight: "));
        Ok(())
    }

    /// A stack set that says SUCCEEDED while an endpoint serves another model is a failure: each endpoint is followed to its model package.
    async fn identity(
        printer: Printer,
        folder: &std::path::Path,
        release: Release,
        options: &DeployOptions,
    ) -> Result<Vec<TargetReport>, Failure> {
        printer.step("Checking", "that every endpoint serves the release");
        let suite = test_endpoints::no_cases()?;
        let run = TestRun {
            expectations: Some(Expectations::read(folder, &release, options.set.stage)?),
            release: Some(release),
            wait: Duration::from_secs(options.wait),
            jobs: 32,
            load: endpoint_test::LoadMode::Never("deploy puts no load on endpoints"),
            ..TestRun::of(options.set.stage, suite)
        };
        let (_, reports) = Box::pin(test_endpoints::endpoints(printer, run, &options.set.role)).await?;
        Ok(reports)
    }

    fn record(rollout: &Rollout, identity: &[TargetReport], heading: Json) -> Result<Json, Failure> {
        let mut record = serde_json::to_value(rollout).map_err(|error| Failure::from(Diagnostic::error(error.to_string())))?;
        if let (Some(record), Json::Object(heading)) = (record.as_object_mut(), heading) {
            record.extend(heading);
        }
        record["identity"] = identity
            .iter()
            .map(|report| {
                let checks = serde_json::to_value(&report.checks).unwrap_or_default();
                json!({ "account_id": report.account_id, "region": report.region, "endpoint": report.endpoint, "outcome": outcome(report).as_str(), "checks": checks })
            })
            .collect();
        Ok(record)
    }

    /// What an endpoint's checks come to; that it ran no cases is not the question here.
    fn outcome(report: &TargetReport) -> Outcome {
        Outcome::of_all(report.checks.iter().map(|check| check.outcome))
    }

    fn explain(printer: Printer, rollout: &Rollout, all_targets: &stack_rollout::Targets, identity: &[TargetReport]) {
        for target in &rollout.targets {
            if matches!(target.outcome, stack_rollout::Outcome::Succeeded | stack_rollout::Outcome::Unchanged) {
                continue;
            }
            let mut diagnostic = Diagnostic::error(format!("`{}` was not rolled out: {}", rollout.stack_set, word(target.outcome)))
                .named(target.target().to_string());
            diagnostic.details.extend(target.reason.clone());
            diagnostic
                .details
                .extend(target.events.iter().map(|event| format!("{} ({}): {}", event.logical_id, event.resource_type, event.reason)));
            diagnostic.details.extend(
                target.events.iter().filter_map(|event| Some(format!("{} says: {}", event.logical_id, event.failure_reason.as_ref()?))),
            );
            printer.diagnostic(&diagnostic);
        }
        for report in identity {
            for check in report.checks.iter().filter(|check| !matches!(check.outcome, Outcome::Passed | Outcome::Skipped)) {
                let mut diagnostic = Diagnostic::error(
                    check.message.clone().unwrap_or_else(|| format!("the check `{}` {}", check.name, check.outcome.as_str())),
                )
                .named(report.title())
                .hint(check.hint.clone());
                diagnostic.details.extend(check.expected.as_ref().map(|text| format!("expected {text}")));
                diagnostic.details.extend(check.actual.as_ref().map(|text| format!("actual   {text}")));
                printer.diagnostic(&diagnostic);
            }
        }
        for problem in &rollout.problems {
            let level = if problem.code == "superseded" { Level::Error } else { Level::Warning };
            printer.diagnostic(&Diagnostic::new(level, problem.to_string()).hint(problem.hint.clone()));
        }
        // What --regions leaves out this time is no orphan.
        for orphan in rollout.orphans.iter().filter(|orphan| !all_targets.contains(orphan)) {
            printer.diagnostic(
                &Diagnostic::warning(format!(
                    "`{}` still has a stack where the release has no target; nothing deletes it",
                    rollout.stack_set
                ))
                .hint(format!("`prune` does, when it is named: --instance {orphan}"))
                .named(orphan.to_string()),
            );
        }
    }

    fn summary(rollout: &Rollout, identity: &[TargetReport]) -> String {
        let counts = &rollout.counts;
        let serving = identity.iter().filter(|report| outcome(report) == Outcome::Passed).count();
        let mut parts = vec![format!("{} {}", counts.targets, if counts.targets == 1 { "target" } else { "targets" })];
        for (count, word) in [
            (counts.succeeded, "rolled out"),
            (counts.unchanged, "unchanged"),
            (counts.failed, "failed"),
            (counts.cancelled, "cancelled"),
            (counts.skipped, "skipped"),
            (counts.unfinished, "unfinished"),
        ] {
            if count > 0 {
                parts.push(format!("{count} {word}"));
            }
        }
        format!("{}: {}; {serving} of {} endpoints serve the release", rollout.stack_set, parts.join(", "), identity.len())
    }

    fn place(targets: &stack_rollout::Targets) -> String {
        let plural = |count: usize, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
        format!("{} in {}", plural(targets.accounts.len(), "account"), plural(targets.regions.len(), "region"))
    }

    fn word(outcome: stack_rollout::Outcome) -> String {
        serde_json::to_value(outcome).ok().and_then(|json| json.as_str().map(str::to_owned)).unwrap_or_default()
    }

    fn exit(rollout: &Rollout, identity: &[TargetReport]) -> Exit {
        let rolled_out = match rollout.verdict() {
            Verdict::Succeeded => Exit::Done,
            Verdict::Failed => Exit::Failed,
            _ => Exit::Unreachable,
        };
        let serving = identity.iter().map(|report| match outcome(report) {
            Outcome::Failed => Exit::Failed,
            Outcome::Errored => Exit::Unreachable,
            _ => Exit::Done,
        });
        serving.fold(rolled_out, Exit::worst)
    }

    /// Of the commands only this one can wait for an operation that is already running.
    fn refused_here(error: &stack_rollout::Error, call_as: CallAs) -> Failure {
        refused_unless(error, "run again with --wait-for-other", call_as)
    }

    pub(crate) fn refused(error: &stack_rollout::Error, call_as: CallAs) -> Failure {
        refused_unless(error, "run again when it has ended", call_as)
    }

    fn refused_unless(error: &stack_rollout::Error, wait: &str, call_as: CallAs) -> Failure {
        let exit = match error {
            stack_rollout::Error::Release { .. } => Exit::BadInput,
            _ => Exit::Unreachable,
        };
        let hint = match error.stop_command(call_as) {
            Some(stop) => Some(format!("{wait}, or stop it: `{stop}`")),
            None => error.hint(),
        };
        Failure::new(exit, vec![Diagnostic::error(error.to_string()).hint(hint)])
    }
}
