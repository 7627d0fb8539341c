//! Stops what is running on a stage's stack set, and shows what each account serves then.

use std::io::{BufRead as _, IsTerminal as _};
use std::time::Duration;

use model_release::aws::{Session, TargetRole, TargetSessions, stage_status};
use model_release::{Diagnostic, Failure, FailureKind, Release, RolloutRequest, Stage, deploy};
use stack_rollout::{StopScope, stop};

use crate::progress;
use terminal::{Exit, Printer, clean, interrupted_again};

/// How long a second Ctrl-C is waited for after the first one.
const SECOND_SIGNAL: Duration = Duration::from_secs(10);

/// The stage whose operations are stopped.
pub(crate) struct Brake<'a> {
    pub(crate) printer: Printer,
    pub(crate) session: &'a Session,
    pub(crate) release: &'a Release,
    pub(crate) stage: Stage,
    pub(crate) request: &'a RolloutRequest,
    pub(crate) role: &'a TargetRole,
}

impl Brake<'_> {
    /// Stops the operations, waits until they have ended, and prints the status of every target.
    pub(crate) async fn stop(&self, scope: StopScope, wait: Duration) -> Result<Exit, Failure> {
        let (printer, request) = (self.printer, self.request);
        let stack_sets = self.session.stack_sets(request.call_as);
        let set = &request.release.stack_set;
        let stopped = stop(&stack_sets, set, scope, &request.options(wait), progress::rollout(printer)).await;
        let report = stopped.map_err(|error| deploy::refused(&error, request.call_as))?;
        for operation in &report.operations {
            let word = if operation.status.has_ended() { "Ended" } else { "Not ended" };
            printer.step(word, format_args!("operation {} ({} {})", operation.operation_id, operation.action, operation.status));
        }
        if report.operations.is_empty() && report.problems.is_empty() {
            printer.step("Idle", format_args!("no operation is running on {set}"));
        }
        let mut problems: Vec<_> = report.problems.iter().map(Diagnostic::from).collect();
        self.session.locate_all(&mut problems).await;
        printer.diagnostics(&problems);
        let stage = self.release.manifest.stage(self.stage);
        let sessions = TargetSessions::new(self.session, self.release, stage, self.role, "stop");
        let (status, findings) = stage_status(self.session, sessions, self.release, self.stage, request, crate::tool()).await?;
        printer.diagnostics(&findings);
        printer.result(&status, clean(&status.text()));
        Ok(match status.failure() {
            _ if !report.has_ended() => Exit::Unreachable,
            Some(FailureKind::Unreachable) => Exit::Unreachable,
            _ if report.operations.is_empty() => Exit::Nothing,
            _ => Exit::Done,
        })
    }

    /// Stops the operation of an interrupted `deploy` if the option says so, or if a person presses
    /// Ctrl-C again and confirms it. Returns whether it was stopped.
    pub(crate) async fn after_interruption(&self, stops: bool, wait: Duration) -> Result<bool, Failure> {
        // While this exists, a second signal does not end the program.
        let again = interrupted_again();
        tokio::pin!(again);
        if !stops {
            if !std::io::stdin().is_terminal() {
                return Ok(false);
            }
            let seconds = SECOND_SIGNAL.as_secs();
            self.printer.line(format_args!("The operation continues in AWS. Press Ctrl-C again within {seconds} seconds to stop it."));
            let is_wanted = tokio::select! {
                () = &mut again => true,
                () = tokio::time::sleep(SECOND_SIGNAL) => false,
            };
            if !is_wanted || !is_confirmed(self.printer, self.request.release.stack_set.as_str()) {
                return Ok(false);
            }
        }
        self.stop(StopScope::OfRelease, wait).await.map(|_| true)
    }
}

fn is_confirmed(printer: Printer, set: &str) -> bool {
    printer.line(format_args!("Type `stop` to stop the operation of {set}, anything else to let it continue:"));
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer).is_ok() && answer.trim() == "stop"
}
