//! The results under load, as lines of text.

use std::fmt::Write as _;

use super::safe;
use crate::report::{Latencies, LoadReport, Outcome, TargetReport};

/// The maximum number of kinds of error listed for one target.
const MAX_ERRORS: usize = 5;

pub(super) fn lines(text: &mut String, target: &TargetReport) {
    let Some(load) = &target.load else { return };
    // Writing to a string does not fail.
    let _ = writeln!(text, "{} load on {}", load.outcome, safe(&target.title()));
    if let Some(message) = &load.message {
        let _ = writeln!(text, "  {}", safe(message));
    }
    if let Some(hint) = &load.hint {
        let _ = writeln!(text, "      hint: {}", safe(hint));
    }
    figures(text, load);
    rates(text, load);
    thresholds(text, load);
    for error in load.errors.iter().take(MAX_ERRORS) {
        let code = error.code.as_ref().map(|code| format!(" {}", safe(code))).unwrap_or_default();
        let _ =
            writeln!(text, "  {} × {}{code}, first at \"{}\": {}", error.count, safe(&error.kind), safe(&error.case), safe(&error.example));
    }
    if load.errors.len() > MAX_ERRORS {
        let _ = writeln!(text, "  … and {} more kinds of error", load.errors.len() - MAX_ERRORS);
    }
    text.push('\n');
}

fn figures(text: &mut String, load: &LoadReport) {
    let Some(total) = &load.total else { return };
    let _ = writeln!(
        text,
        "  {} sent in {:.1} s: {} right, {} errors, {} dropped; {}/s",
        total.sent,
        load.duration_ms / 1000.0,
        total.passed,
        total.errors,
        total.dropped,
        total.throughput_per_second
    );
    let _ = writeln!(text, "  response time {}", latencies(&total.response_time));
    let _ = writeln!(text, "  service time  {}", latencies(&total.service_time));
    if let Some(pace) = &load.pace {
        let _ = writeln!(text, "  sent late by  p50 {:.1} ms  p95 {:.1} ms  max {:.1} ms", pace.p50_ms, pace.p95_ms, pace.max_ms);
    }
}

fn latencies(latencies: &Latencies) -> String {
    if latencies.count == 0 {
        return "-".to_owned();
    }
    let percentiles = latencies.percentiles.iter().filter(|point| [50.0, 95.0, 99.0, 99.9].contains(&point.percentile));
    let mut parts: Vec<_> = percentiles.map(|point| format!("p{} {:.1} ms", point.percentile, point.ms)).collect();
    parts.push(format!("max {:.1} ms", latencies.max_ms));
    parts.join("  ")
}

/// The rates of a search, in their order.
fn rates(text: &mut String, load: &LoadReport) {
    for step in load.rate_search.iter().flat_map(|found| &found.steps) {
        let message = step.message.as_deref().map(safe).unwrap_or_default();
        let line = format!("  {:>10}  {:<7}  {:<10}  {message}", format!("{}/s", step.rate_per_second), step.shown(), step.proof());
        let _ = writeln!(text, "{}", line.trim_end());
    }
}

fn thresholds(text: &mut String, load: &LoadReport) {
    let name = |phase: &Option<String>, threshold: &str| match phase {
        Some(phase) => format!("{}: {}", safe(phase), safe(threshold)),
        None => safe(threshold),
    };
    let names: Vec<_> = load.thresholds.iter().map(|threshold| name(&threshold.phase, &threshold.threshold)).collect();
    let width = names.iter().map(|name| name.chars().count()).max().unwrap_or_default();
    for (threshold, name) in load.thresholds.iter().zip(names) {
        let actual = threshold.actual.as_deref().map(safe).unwrap_or_default();
        let outcome = threshold.outcome_text();
        let line = format!("  {outcome:<7}  {name:<width$}  {actual}");
        let _ = writeln!(text, "{}", line.trim_end());
        if threshold.outcome == Outcome::Errored
            && let Some(message) = &threshold.message
        {
            let _ = writeln!(text, "           {}", safe(message));
        }
        if let Some(hint) = &threshold.hint {
            let _ = writeln!(text, "           hint: {}", safe(hint));
        }
    }
}
