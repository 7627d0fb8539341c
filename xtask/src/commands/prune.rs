//! `prune`: removes stack instances that are no targets, by name or after confirmation.
//! No other command deletes stacks.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::{BufRead as _, IsTerminal as _};
use std::time::Duration;

use stack_rollout::status::InstanceStatus;
use stack_rollout::{PruneReport, PruneRequest, Target, Verdict, observe_without_overrides, prune};

use model_release::{Diagnostic, Failure, FailureKind, Level, RolloutRequest, deploy, with_state};

use crate::progress;
use crate::requests;
use crate::session;
use crate::targets;
use command_line::PruneOptions;
use terminal::{Exit, Printer, Project, unless_interrupted};

pub(crate) async fn run(printer: Printer, project: &Project, options: &PruneOptions) -> Result<Exit, Failure> {
    let release = requests::release(project, &options.set.release)?;
    let request = requests::rollout(&release, &options.set, &options.preferences, &[])?;
    let named = targets::instances(&options.instance, "--instance")?;
    let session = session::open().await?;
    let stack_sets = session.stack_sets(request.call_as);
    let set = &request.release.stack_set;
    let instances = if named.is_empty() {
        let observed = observe_without_overrides(&stack_sets, set).await.map_err(|error| deploy::refused(&error, &request))?;
        let orphans: BTreeMap<_, _> = observed
            .instances
            .into_iter()
            .filter(|instance| !request.all_targets.contains(&instance.target))
            .map(|instance| (instance.target, instance.status))
            .collect();
        if orphans.is_empty() {
            printer.line(format_args!("{set} has no stack instance that the release does not target"));
            return Ok(Exit::Nothing);
        }
        confirmed(printer, options, set.as_str(), orphans)?
    } else {
        named
    };
    let what = if options.retain_stacks { "from the stack set; their stacks are retained" } else { "with their stacks and endpoints" };
    printer.step("Removing", format_args!("{} from {set}, {what}", count(instances.len())));
    let removal = PruneRequest {
        stack_set: set.clone(),
        permission_model: request.release.permission_model.clone(),
        instances,
        release_targets: request.all_targets.clone(),
        include_targets: options.even_targets,
        retain_stacks: options.retain_stacks,
        preferences: request.release.preferences.clone(),
    };
    let waits = request.options(Duration::from_secs(options.wait));
    let pruned = prune(&stack_sets, &removal, &waits, progress::rollout(printer));
    let report = Box::pin(unless_interrupted(pruned, || false)).await?;
    let report = report.map_err(|error| refused(&error, &request))?;
    for remaining in report.instances.iter().filter(|instance| !instance.removed) {
        let message = format!("the instance is still in `{set}`");
        let diagnostic = Diagnostic::error(message).named(format!("{}/{}", remaining.account_id, remaining.region));
        printer.diagnostic(&remaining.reason.iter().fold(diagnostic, Diagnostic::detail));
    }
    let warning = |problem| Diagnostic { level: Level::Warning, ..Diagnostic::from(problem) };
    let mut warnings: Vec<_> = report.problems.iter().map(warning).collect();
    session.locate_all(&mut warnings).await;
    printer.diagnostics(&warnings);
    printer.result(&report, summary(&report));
    Ok(match report.verdict {
        Verdict::Succeeded => Exit::Done,
        Verdict::Failed => Exit::Failed,
        _ => Exit::Unreachable,
    })
}

/// The orphans, after the caller confirmed all of them; an error without a terminal.
fn confirmed(
    printer: Printer,
    options: &PruneOptions,
    set: &str,
    orphans: BTreeMap<Target, InstanceStatus>,
) -> Result<BTreeSet<Target>, Failure> {
    let mut list = String::new();
    for (orphan, status) in &orphans {
        let _ = writeln!(list, "  {}", with_state(orphan, status));
    }
    let effect = if options.retain_stacks { "Their stacks and endpoints are retained." } else { "Their stacks and endpoints are deleted." };
    printer.line(format_args!("{set} has {} that the release does not target:\n\n{list}\n{effect}", count(orphans.len())));
    if !std::io::stdin().is_terminal() {
        return Err(Diagnostic::error("removing these needs confirmation, and standard input is not a terminal")
            .with_hint(format!(
                "name each with --instance, such as --instance {}{}",
                orphans.keys().next().map(ToString::to_string).unwrap_or_default(),
                if orphans.values().next() == Some(&InstanceStatus::Inoperable) { " --retain-stacks" } else { "" }
            ))
            .into());
    }
    printer.line(format_args!("Type `{}` to remove them, anything else to keep them:", orphans.len()));
    let mut answer = String::new();
    let read = std::io::stdin().lock().read_line(&mut answer);
    if read.is_ok() && answer.trim() == orphans.len().to_string() {
        return Ok(orphans.into_keys().collect());
    }
    Err(Failure::new(FailureKind::Nothing, vec![Diagnostic::new(Level::Warning, "nothing was removed")]))
}

fn refused(error: &stack_rollout::Error, request: &RolloutRequest) -> Failure {
    let mut failure = deploy::refused(error, request);
    if failure.diagnostics.iter().any(|diagnostic| diagnostic.code == Some("not-an-orphan")) {
        failure.diagnostics.push(Diagnostic::new(Level::Note, "nothing was removed; --even-targets also removes targets of the release"));
    }
    failure
}

fn summary(report: &PruneReport) -> String {
    let removed = report.instances.iter().filter(|instance| instance.removed).count();
    let remaining = report.instances.len() - removed;
    let remaining = if remaining == 0 { String::new() } else { format!(", {remaining} remaining") };
    format!("{}: {} removed{remaining}", report.stack_set, count(removed))
}

fn count(number: usize) -> String {
    format!("{number} {}", if number == 1 { "instance" } else { "instances" })
}
