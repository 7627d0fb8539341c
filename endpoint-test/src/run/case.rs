//! One case: send its request once, and look at what comes back.

use super::reproduce::Place;
use super::{Options, milliseconds, reproduce};
use crate::clock::Clock;
use crate::expect::{self, Expectation};
use crate::report::{CaseReport, CheckReport, Outcome};
use crate::suite::{Case, display_duration};
use crate::target::{InvokeError, MAX_BODY, ModelFailure, Reply, Target, TargetError};

/// The most characters of a reply, or of a model's message, that go into the report.
const SHOWN: usize = 2000;

/// Runs a case; when it does not pass, tells how to ask the same by hand.
pub(super) async fn run<T: Target, C: Clock>(target: &T, place: &Place, case: &Case, options: &Options, clock: &C) -> CaseReport {
    let mut report = ask(target, case, options, clock).await;
    if report.outcome != Outcome::Passed {
        report.reproduce = case.request(options.case_timeout).and_then(|request| reproduce::command(place, &request));
    }
    report
}

async fn ask<T: Target, C: Clock>(target: &T, case: &Case, options: &Options, clock: &C) -> CaseReport {
    let mut report = CaseReport { name: case.name().to_owned(), ..CaseReport::default() };
    let Some(request) = case.request(options.case_timeout) else {
        report.outcome = Outcome::Errored;
        report.message = Some("the case's payload file was not read".to_owned());
        return report;
    };
    let start = clock.now();
    let answer = tokio::select! {
        biased;
        answer = target.invoke(&request) => Some(answer),
        () = clock.sleep(request.timeout) => None,
    };
    let latency = clock.now().saturating_sub(start);
    report.latency_ms = Some(milliseconds(latency));
    match answer {
        Some(Ok(reply)) => replied(&mut report, case, reply),
        Some(Err(InvokeError::Model(failure))) => model_failed(&mut report, case, failure),
        Some(Err(InvokeError::Target(error))) => return errored(report, error),
        // A reply that did not come within the time that is allowed for it is a proven failure, whatever it would have been.
        None if case.expectation.latency_max().is_some_and(|max| max <= request.timeout) => {}
        None => {
            let message = format!("no reply within {}", display_duration(request.timeout));
            report.outcome = Outcome::Errored;
            report.message = Some(message);
            report.hint = Some("give the case a longer `timeout`, or `latency: { max: … }` if the model must be faster".to_owned());
            return report;
        }
    }
    if let Some(max) = case.expectation.latency_max() {
        report.checks.push(expect::check_latency(max, latency));
    }
    report.outcome = Outcome::of_all(report.checks.iter().map(|check| check.outcome));
    if report.outcome == Outcome::Passed {
        report.reply = None;
    }
    report
}

fn replied(report: &mut CaseReport, case: &Case, reply: Reply) {
    report.status = Some(reply.status);
    if reply.body.len() > MAX_BODY {
        report.checks.push(CheckReport::failed("body", format!("the reply has {} bytes, and {MAX_BODY} are allowed", reply.body.len())));
    } else {
        match &case.expectation {
            Expectation::Reply(expected) => report.checks.extend(expect::check_reply(expected, &reply)),
            Expectation::ModelError { .. } => {
                let check = CheckReport::failed("model_error", "the model answered, and should have refused");
                report.checks.push(check.expected("the model's error").actual(format!("a reply with status {}", reply.status)));
            }
        }
    }
    report.reply = Some(expect::beginning(&reply.body, SHOWN));
    report.content_type = reply.content_type;
    report.variant = reply.variant;
    report.request_id = reply.request_id;
}

fn model_failed(report: &mut CaseReport, case: &Case, failure: ModelFailure) {
    match &case.expectation {
        Expectation::ModelError { expected, .. } => report.checks.extend(expect::check_model_error(expected, &failure)),
        Expectation::Reply(_) => {
            let status = failure.status.map_or_else(String::new, |status| format!(" with status {status}"));
            let message = format!("the model answered with an error{status}: {}", expect::excerpt(&failure.message));
            let check = CheckReport::failed("reply", message).expected("a reply").actual(format!("the model's error{status}"));
            report.checks.push(match &failure.log_stream_arn {
                Some(arn) => check.hint(format!("the container's log has more: {arn}")),
                None => check,
            });
        }
    }
    report.status = failure.status;
    report.model_error = Some(expect::cut(&failure.message, SHOWN));
    report.log_stream_arn = failure.log_stream_arn;
    report.request_id = failure.request_id;
}

fn errored(mut report: CaseReport, error: TargetError) -> CaseReport {
    report.outcome = Outcome::Errored;
    report.message = Some(error.to_string());
    report.hint = error.hint;
    report.request_id = error.request_id;
    report
}
