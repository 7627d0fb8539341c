//! Asynchronous endpoints without a failure location, which report no error of their model.

use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use endpoint_test::{Asynchronous, Clock, Description, Expected, ModelResponse, Outcome, Request, Run, Suite, TargetReport, Verdict};

use crate::scripted::{CallResult, FakeClock, Scripted, healthy, response};
use crate::{approved, info, run_all, suite};

fn queue(failures: Option<&str>) -> Description {
    let settings = Asynchronous { output: Some("s3://out/".to_owned()), failures: failures.map(str::to_owned) };
    Description { asynchronous: Some(settings), ..healthy() }
}

/// The model of the shipped suite; `None` is its error, after which no response comes.
fn iris(request: &Request) -> Option<ModelResponse> {
    let species = |features: &[f64]| match features {
        [_, _, length, _] if *length < 2.5 => Some("setosa"),
        [_, _, _, width] if *width < 1.7 => Some("versicolor"),
        [_, _, _, _] => Some("virginica"),
        _ => None,
    };
    let text = std::str::from_utf8(&request.body).unwrap();
    let rows: Vec<Vec<f64>> = if request.content_type == "text/csv" {
        let row = |line: &str| line.split(',').map(|value| value.trim().parse().ok()).collect::<Option<_>>();
        text.lines().map(row).collect::<Option<_>>()?
    } else {
        serde_json::from_value(serde_json::from_str::<serde_json::Value>(text).ok()?["instances"].clone()).ok()?
    };
    let labels: Vec<_> = rows.iter().map(|row| species(row)).collect::<Option<_>>()?;
    if request.accept.as_deref() == Some("text/csv") {
        return Some(response(&labels.join("\n")));
    }
    let predictions: Vec<_> = labels.iter().map(|label| serde_json::json!({ "label": label, "score": 0.9 })).collect();
    let body = serde_json::json!({ "predictions": predictions }).to_string();
    Some(ModelResponse { content_type: Some("application/json".to_owned()), ..response(&body) })
}

async fn shipped(description: Description, model: impl Fn(&Request) -> Option<ModelResponse> + Send + Sync) -> TargetReport {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../test/endpoint-tests.yaml");
    let suite = Suite::load(Path::new(path)).unwrap_or_else(|errors| panic!("{errors}"));
    let target = Scripted::new(vec![Ok(description)])
        .responding(|request| model(request).map_or(CallResult::Never, |response| CallResult::Now(Ok(response))));
    Run::new(&target, &suite).expecting(approved()).clock(FakeClock::default()).start(info(), |_| {}).await
}

#[tokio::test]
async fn the_shipped_suite_passes_on_a_healthy_model_whose_errors_are_not_reported() {
    let report = shipped(queue(None), iris).await;
    assert_eq!(report.verdict, Verdict::Passed, "{report:#?}");
    let last = report.cases.last().unwrap();
    assert_eq!(last.outcome, Outcome::Skipped);
    assert_eq!(
        last.message.as_deref(),
        Some("no response within 10 s, as after an error of the model, but the endpoint does not report errors")
    );
    assert!(last.hint.as_deref().unwrap().contains("S3FailurePath"));
    // With a failure location, no object in it is no proof of an error.
    assert_eq!(shipped(queue(Some("s3://failures/")), iris).await.verdict, Verdict::Errored);
}

#[tokio::test]
async fn a_failed_model_is_found_although_its_errors_are_not_reported() {
    // It responds to nothing.
    let dead = shipped(queue(None), |_| None).await;
    let outcomes: Vec<_> = dead.cases.iter().map(|case| case.outcome).collect();
    // The first case expects a latency: no response in this time is a failure.
    let expected = [Outcome::Failed, Outcome::Errored, Outcome::Errored, Outcome::Errored, Outcome::Skipped];
    assert_eq!((dead.verdict, outcomes), (Verdict::Failed, expected.to_vec()), "{dead:#?}");
    // It responds where it must refuse.
    let careless = shipped(queue(None), |request| iris(request).or_else(|| Some(response("setosa")))).await;
    assert_eq!((careless.verdict, careless.cases.last().unwrap().outcome), (Verdict::Failed, Outcome::Failed));
    // Its responses are wrong.
    let wrong = shipped(queue(None), |request| iris(request).map(|_| response("virginica"))).await;
    assert_eq!(wrong.verdict, Verdict::Failed);
}

#[tokio::test]
async fn errors_that_are_not_reported_alone_are_not_success() {
    let text = "version: 1\ncases: [{ name: it, payload: { csv: x }, expect: { model_error: {}, latency: { max: 1s } } }]\n";
    let target = Scripted::new(vec![Ok(queue(None))]).responding(|_| CallResult::Never);
    let (report, _) = run_all(&target, text, &approved(), &FakeClock::default()).await;
    assert_eq!((report.verdict, report.cases[0].outcome), (Verdict::Empty, Outcome::Skipped));
}

#[tokio::test]
async fn a_case_waits_for_a_hidden_error_as_long_as_it_says_or_as_for_a_real_time_endpoint() {
    for (timeout, seconds) in [("", 70), (", timeout: 5m", 300)] {
        let waited = Mutex::new(Duration::ZERO);
        let target = Scripted::new(vec![Ok(queue(None))]).responding(|request| {
            *waited.lock().unwrap() = request.timeout;
            CallResult::Never
        });
        let text = format!("version: 1\ncases: [{{ name: it, payload: {{ csv: x }}, expect: {{ model_error: {{}} }}{timeout} }}]\n");
        let clock = FakeClock::default();
        let report = Run::new(&target, &suite(&text)).expecting(Expected::default()).clock(&clock).start(info(), |_| {}).await;
        assert_eq!(report.cases[0].outcome, Outcome::Skipped);
        assert_eq!((*waited.lock().unwrap(), clock.now()), (Duration::from_secs(seconds), Duration::from_secs(seconds)));
    }
}
