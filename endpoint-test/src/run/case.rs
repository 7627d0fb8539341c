//! Runs one case: sends its request once, and checks the response.

use std::sync::{Mutex, PoisonError};

use super::comparison::Comparison;
use super::invoke::{InvokeOutcome, TimedResponse, invoke};
use super::{INTERRUPTED, reproduce};
use crate::check::protocol::CheckInput;
use crate::check::{self, Exchange, command};
use crate::clock::Clock;
use crate::event::Event;
use crate::expect::{self, Expectation, ResponseExpectation, golden};
use crate::format::{beginning, cut, display_duration, excerpt, milliseconds, timestamp};
use crate::options::RunOptions;
use crate::report::{CaseReport, CheckReport, Outcome, TargetInfo, limited};
use crate::rows::Row;
use crate::suite::{Case, Input};
use crate::target::{MAX_BODY, ModelFailure, ModelResponse, Request, Target, TargetError};

/// The longest part of a response, or of a model's message, in the report, in characters.
const SHOWN: usize = 2000;

/// What every case of a run needs.
pub(super) struct Runner<'a, T, B, C> {
    pub(super) target: &'a T,
    pub(super) info: &'a TargetInfo,
    pub(super) place: &'a reproduce::Place,
    pub(super) options: &'a RunOptions,
    pub(super) clock: &'a C,
    pub(super) comparison: &'a Comparison<'a, B>,
}

/// A case's report, with the response for further checks.
pub(super) struct JudgedCase {
    pub(super) report: CaseReport,
    pub(super) response: Option<ModelResponse>,
}

impl<T: Target, B: Target, C: Clock> Runner<'_, T, B, C> {
    /// Runs the cases. If the run is interrupted, the remaining ones are skipped.
    pub(super) async fn all(&self, cases: &[Case], on_event: &mut impl FnMut(Event)) -> Vec<CaseReport> {
        // Rows finish concurrently; `on_event` is called with one event at a time.
        let on_event = Mutex::new(on_event);
        let emit = |event| on_event.lock().unwrap_or_else(PoisonError::into_inner)(event);
        let of = cases.len();
        let mut reports = Vec::with_capacity(of);
        for (index, case) in cases.iter().enumerate() {
            emit(Event::CaseStarted { index, of, name: case.name().to_owned() });
            let on_row = |done, rows| emit(Event::RowFinished { index, of, done, rows });
            let started_at = timestamp(self.clock.date());
            let report = tokio::select! {
                biased;
                report = self.run(case, &on_row) => CaseReport { started_at, ..report },
                () = self.options.interruption.raised() => break,
            };
            emit(Event::CaseFinished { index, of, case: Box::new(report.clone()) });
            reports.push(report);
        }
        reports.extend(cases[reports.len()..].iter().map(|case| CaseReport::skipped(case.name(), INTERRUPTED)));
        reports
    }

    /// Runs a case; `on_row` is called for each finished row, with the total number of rows.
    async fn run(&self, case: &Case, on_row: &impl Fn(usize, usize)) -> CaseReport {
        if matches!(case.input, Input::Rows(_)) {
            return self.rows(case, on_row).await;
        }
        // A response where an error is expected comes soon, and nothing else will come.
        let hidden = self.place.hidden_error_timeout.filter(|_| self.hides(&case.expectation));
        let Some(request) = case.request(hidden.unwrap_or(self.options.case_timeout)) else {
            let (message, hint) = case.why_there_is_no_payload();
            let outcome = Outcome::Errored;
            return CaseReport { name: case.name().to_owned(), outcome, message: Some(message), hint, ..CaseReport::default() };
        };
        let timed = invoke(self.target, &request, self.clock).await;
        let compared = self.comparison.invoke(&request, &timed.outcome, None, self.clock).await;
        let mut report = self.judge(case, &request, timed, None).await.report;
        report.comparison = compared.map(|compared| {
            let mut comparison = crate::report::CaseComparison::default();
            super::comparison::add(&mut comparison, compared);
            comparison
        });
        report
    }

    /// Checks a response; if it is not as expected, adds a command that repeats the request.
    pub(super) async fn judge(&self, case: &Case, request: &Request, timed: TimedResponse, row: Option<&Row>) -> JudgedCase {
        let mut judged = self.checked(case, request, timed, row).await;
        if judged.report.outcome != Outcome::Passed {
            judged.report.reproduce = reproduce::command(self.place, request);
        }
        judged
    }

    async fn checked(&self, case: &Case, request: &Request, timed: TimedResponse, row: Option<&Row>) -> JudgedCase {
        let TimedResponse { outcome, latency } = timed;
        let mut report = CaseReport { name: case.name().to_owned(), latency_ms: Some(milliseconds(latency)), ..CaseReport::default() };
        let latency_max = case.expectation.latency_max();
        let mut response = None;
        match outcome {
            InvokeOutcome::Response(received) => {
                replied(&mut report, &case.expectation, &received, row);
                response = Some(received);
            }
            InvokeOutcome::ModelError(failure) => model_failed(&mut report, &case.expectation, failure),
            InvokeOutcome::TargetError(error) => return JudgedCase { report: errored(report, error), response: None },
            InvokeOutcome::Timeout if self.hides(&case.expectation) => {
                return JudgedCase { report: hidden_error(report, request), response: None };
            }
            // No response within the allowed latency is a proven failure.
            InvokeOutcome::Timeout if latency_max.is_some_and(|max| !max.observe && max.limit <= request.timeout) => {}
            InvokeOutcome::Timeout => {
                report.outcome = Outcome::Errored;
                report.message = Some(format!("no response within {}", display_duration(request.timeout)));
                let asynchronous = "set a longer `timeout`; the request may still be in the queue (see the endpoint's metric \
                                    `ApproximateBacklogSize`), or it failed and the endpoint has no failure location (`AsyncFailureS3Uri`)";
                let at_once = "set a longer `timeout`, or `latency: { max: … }` if the model must be faster";
                report.hint = Some(if self.place.asynchronous { asynchronous } else { at_once }.to_owned());
                return JudgedCase { report, response: None };
            }
        }
        if let Some(max) = latency_max {
            report.checks.push(expect::check_latency(max, latency));
        }
        if let (Some(response), Expectation::Response(expected)) =
            (response.as_ref().filter(|response| response.body.len() <= MAX_BODY), &case.expectation)
        {
            let exchange = Exchange { case: case.name(), target: self.info, request, response, latency, row };
            report.checks.extend(check::all(&self.options.checks, &exchange));
            if let Some(check) = &expected.command {
                report.checks.push(command::run(check, self.options.programs.as_ref(), &CheckInput::of(&exchange)).await);
            }
            self.compare_with_golden(&mut report, expected, response);
        }
        report.outcome = Outcome::of_all(report.checks.iter().map(|check| check.outcome));
        if report.outcome == Outcome::Passed {
            report.reply = None;
        }
        JudgedCase { report, response }
    }

    /// Whether the endpoint does not report the error that a case expects.
    fn hides(&self, expectation: &Expectation) -> bool {
        self.place.hidden_error_timeout.is_some() && matches!(expectation, Expectation::ModelError { .. })
    }

    /// The golden file comes last: it is updated only if everything else passes.
    fn compare_with_golden(&self, report: &mut CaseReport, expected: &ResponseExpectation, response: &ModelResponse) {
        let Some(golden) = expected.golden.as_ref().filter(|_| self.options.update_golden_files) else {
            report.checks.extend(expect::check_golden(expected, response));
            return;
        };
        let fine = report.checks.iter().all(|check| matches!(check.outcome, Outcome::Passed | Outcome::Skipped));
        let name = &golden.file;
        if !fine {
            report.checks.push(CheckReport::skipped("golden", format!("`{name}` is not updated: the response fails other checks")));
            return;
        }
        match golden::update(golden, &response.body) {
            Ok(update) => report.golden_update = update,
            Err(error) => {
                report.checks.push(error.check("golden").expected(format!("as in {name}")));
                return;
            }
        }
        let what = if report.golden_update.is_some() { "to be updated" } else { "unchanged" };
        report.checks.push(CheckReport::passed("golden").expected(format!("as in {name}")).actual(what));
    }
}

fn replied(report: &mut CaseReport, expectation: &Expectation, response: &ModelResponse, row: Option<&Row>) {
    report.status = Some(response.status);
    if response.body.len() > MAX_BODY {
        let message = format!("the response has {} bytes, more than {MAX_BODY}", response.body.len());
        report.checks.push(CheckReport::failed("body", message));
    } else {
        match expectation {
            Expectation::Response(expected) => report.checks.extend(expect::check_response(expected, response, row)),
            Expectation::ModelError { .. } => {
                let check = CheckReport::failed("model_error", "the model responded without the expected error");
                report.checks.push(check.expected("the model's error").actual(format!("a response with status {}", response.status)));
            }
        }
    }
    report.reply = Some(beginning(&response.body, SHOWN));
    report.content_type = response.content_type.as_deref().map(excerpt);
    report.variant.clone_from(&response.variant);
    report.request_id.clone_from(&response.request_id);
}

fn model_failed(report: &mut CaseReport, expectation: &Expectation, failure: ModelFailure) {
    match expectation {
        Expectation::ModelError { expected, .. } => report.checks.extend(expect::check_model_error(expected, &failure)),
        Expectation::Response(_) => {
            let status = failure.status.map_or_else(String::new, |status| format!(" with status {status}"));
            let message = format!("the model returned an error{status}: {}", excerpt(&failure.message));
            let check = CheckReport::failed("reply", message).expected("a response").actual(format!("the model's error{status}"));
            report.checks.push(match &failure.log_stream_arn {
                Some(arn) => check.with_hint(format!("see the container's log: {arn}")),
                None => check,
            });
        }
    }
    report.status = failure.status;
    report.model_error = Some(cut(&failure.message, SHOWN));
    report.log_stream_arn = failure.log_stream_arn;
    report.request_id = failure.request_id;
}

/// No response came where an error is expected, and no error can be read: that is all that is known.
fn hidden_error(mut report: CaseReport, request: &Request) -> CaseReport {
    report.outcome = Outcome::Skipped;
    let waited = display_duration(request.timeout);
    report.message = Some(format!("no response within {waited}, as after an error of the model, but the endpoint does not report errors"));
    report.hint = Some("set a failure location (`S3FailurePath`, `AsyncFailureS3Uri`), so that the error can be checked".to_owned());
    report
}

fn errored(mut report: CaseReport, error: TargetError) -> CaseReport {
    report.outcome = Outcome::Errored;
    report.message = Some(limited(error.to_string()));
    report.hint = error.hint.map(limited);
    report.request_id = error.request_id;
    report
}
