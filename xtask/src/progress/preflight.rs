//! Progress of the preflight.

use model_release::aws::PreflightProgress;
use model_release::plural;

use super::Line;
use terminal::Printer;

/// An observer that shows the progress.
pub(crate) fn preflight(printer: Printer) -> impl FnMut(PreflightProgress) + Send + use<> {
    let mut line = None;
    move |progress| {
        let PreflightProgress { targets, accounts, checked, failures } = progress;
        if checked == 0 {
            let place = format!("{} in {}", plural(targets, "target"), plural(accounts, "account"));
            printer.step("Checking", format_args!("{place}, without changing anything"));
        }
        let failed = if failures > 0 { format!(", {failures} failures") } else { String::new() };
        let line = line.get_or_insert_with(|| Line::new(printer, None, "{spinner} {elapsed}  {wide_msg}"));
        line.0.set_message(format!("{checked} of {targets} targets checked{failed}"));
    }
}
