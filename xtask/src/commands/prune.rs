//! `prune`: removes stack instances that the release has no target for, by name or after a person has said yes. The one command that
//! deletes anything.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::{BufRead as _, IsTerminal as _};
use std::time::Duration;

use stack_rollout::{CallAs, Prune, Pruning, SystemClock, Target, Verdict, observe_without_overrides, prune};

use model_release::{Diagnostic, Failure, FailureKind, Level, deploy, stop_on_errors};

use crate::cli::PruneOptions;
use crate::exit::Exit;
use crate::printer::Printer;
use crate::progress;
use crate::project::Project;
use crate::requests;
use crate::session;

pub(crate) async fn run(printer: Printer, project: &Project, options: &PruneOptions) -> Result<Exit, Failure> {
    let release = requests::release(project, &options.set.release)?;
    let request = requests::rollout(&release, &options.set, &options.preferences)?;
    let named = named(&options.instance)?;
    let session = session::open().await?;
    let stack_sets = session.stack_sets(request.call_as);
    let set = &request.release.stack_set;
    let instances = if named.is_empty() {
        let observed = observe_without_overrides(&stack_sets, set).await.map_err(|error| deploy::refused(&error, request.call_as))?;
        let orphans: BTreeSet<_> =
            observed.instances.into_iter().map(|instance| instance.target).filter(|target| !request.all_targets.contains(target)).collect();
        if orphans.is_empty() {
            printer.say(format_args!("{set} has no instance that the release has no target for"));
            return Ok(Exit::Nothing);
        }
        confirmed(printer, options, set.as_str(), orphans)?
    } else {
        named
    };
    let what = if options.retain_stacks { "out of the stack set; the stacks stay" } else { "with their stacks and endpoints" };
    printer.step("Removing", format_args!("{} from {set}, {what}", count(instances.len())));
    let pruning = prune(
        &stack_sets,
        &Prune {
            stack_set: set.clone(),
            permission_model: request.release.permission_model.clone(),
            instances,
            release_targets: request.all_targets.clone(),
            even_targets: options.even_targets,
            retain_stacks: options.retain_stacks,
            preferences: request.release.preferences.clone(),
        },
        &stack_rollout::Options { deadline: Duration::from_secs(options.wait), ..stack_rollout::Options::new(request.release_id.clone()) },
        &SystemClock::new(),
        progress::rollout(printer),
    )
    .await;
    let pruning = pruning.map_err(|error| refused(&error, request.call_as))?;
    for left in pruning.instances.iter().filter(|instance| !instance.removed) {
        let message = format!("the instance is still in `{set}`");
        let diagnostic = Diagnostic::error(message).named(format!("{}/{}", left.account_id, left.region));
        printer.diagnostic(&left.reason.iter().fold(diagnostic, Diagnostic::detail));
    }
    for problem in &pruning.problems {
        printer.diagnostic(&Diagnostic::new(Level::Warning, problem.to_string()).hint(problem.hint.clone()));
    }
    printer.result(&pruning, summary(&pruning));
    Ok(match pruning.verdict {
        Verdict::Succeeded => Exit::Done,
        Verdict::Failed => Exit::Failed,
        _ => Exit::Unreachable,
    })
}

fn named(instances: &[String]) -> Result<BTreeSet<Target>, Failure> {
    let mut diagnostics = Vec::new();
    let mut named = BTreeSet::new();
    for text in instances {
        let parsed =
            text.trim().split_once('/').and_then(|(account, region)| Some(Target::new(account.parse().ok()?, region.parse().ok()?)));
        match parsed {
            Some(target) => drop(named.insert(target)),
            None => diagnostics.push(
                Diagnostic::error(format!("`{text}` is no account and region"))
                    .named("--instance")
                    .hinting("it looks like 222222222222/us-east-1, as `plan` prints it"),
            ),
        }
    }
    stop_on_errors(diagnostics)?;
    Ok(named)
}

/// The orphans, once a person has said yes to all of them. Nobody is asked where nobody can answer.
fn confirmed(printer: Printer, options: &PruneOptions, set: &str, orphans: BTreeSet<Target>) -> Result<BTreeSet<Target>, Failure> {
    let mut list = String::new();
    for orphan in &orphans {
        let _ = writeln!(list, "  {orphan}");
    }
    let fate = if options.retain_stacks { "Their stacks and endpoints stay." } else { "Their stacks and endpoints are deleted." };
    printer.say(format_args!("{set} has {} that the release has no target for:\n\n{list}\n{fate}", count(orphans.len())));
    if !std::io::stdin().is_terminal() {
        return Err(Diagnostic::error("nobody can be asked whether these are to be removed: standard input is no terminal")
            .hint(format!("name each with --instance, such as --instance {}", orphans.first().map(ToString::to_string).unwrap_or_default()))
            .into());
    }
    printer.say(format_args!("Type `{}` to remove them, anything else to leave them:", orphans.len()));
    let mut answer = String::new();
    let read = std::io::stdin().lock().read_line(&mut answer);
    if read.is_ok() && answer.trim() == orphans.len().to_string() {
        return Ok(orphans);
    }
    Err(Failure::new(FailureKind::Nothing, vec![Diagnostic::new(Level::Warning, "nothing was removed")]))
}

fn refused(error: &stack_rollout::Error, call_as: CallAs) -> Failure {
    let stack_rollout::Error::Release { problems, .. } = error else { return deploy::refused(error, call_as) };
    let diagnostic = |problem: &stack_rollout::Problem| {
        let diagnostic = Diagnostic::error(&problem.message).hint(problem.hint.clone());
        match &problem.place {
            Some(place) => diagnostic.named(place.to_string()),
            None => diagnostic,
        }
    };
    let mut diagnostics: Vec<_> = problems.0.iter().map(diagnostic).collect();
    if problems.0.iter().any(|problem| problem.code == "not-an-orphan") {
        diagnostics.push(Diagnostic::new(Level::Note, "nothing was removed; --even-targets removes targets of the release, too"));
    }
    Failure::new(FailureKind::BadInput, diagnostics)
}

fn summary(pruning: &Pruning) -> String {
    let removed = pruning.instances.iter().filter(|instance| instance.removed).count();
    let left = pruning.instances.len() - removed;
    let left = if left == 0 { String::new() } else { format!(", {left} still there") };
    format!("{}: {} removed{left}", pruning.stack_set, count(removed))
}

fn count(number: usize) -> String {
    format!("{number} {}", if number == 1 { "instance" } else { "instances" })
}
