//! A champion and a challenger over the same rows.

use std::sync::Mutex;

use endpoint_test::{Baseline, CheckReport, EndpointStatus, Outcome, Run, TargetError, TargetErrorKind, TargetReport, Verdict};

use crate::scripted::{CallResult, FakeClock, Scripted, healthy, response, with_status};
use crate::{info, suite};

/// Rows with a number and the label `odd` or `even`.
fn data(rows: usize) -> String {
    let lines = (0..rows).map(|number| format!("{number},{}\n", if number.is_multiple_of(2) { "even" } else { "odd" }));
    "number,label\n".to_owned() + &lines.collect::<String>()
}

/// A model that is wrong about these numbers.
fn model<'a>(is_wrong: impl Fn(usize) -> bool + Send + Sync + 'a) -> Scripted<'a> {
    Scripted::new(vec![Ok(healthy())]).responding(move |request| {
        let number: usize = std::str::from_utf8(&request.body).unwrap().trim().parse().unwrap();
        let label = if number.is_multiple_of(2) == is_wrong(number) { "odd" } else { "even" };
        CallResult::Now(Ok(response(&format!(r#"{{"label":"{label}"}}"#))))
    })
}

fn text(compare: &str) -> String {
    format!(
        "version: 1\ncompare: {compare}\ncases:\n  - name: numbers\n    payload: {{ rows: {{ file: data.csv, drop: label }} }}\n    \
         expect: {{ metrics: {{ label: label, prediction: /label, accuracy: {{ observe: true }}, macro_f1: {{ observe: true }} }} }}\n"
    )
}

async fn compared(compare: &str, rows: usize, this: &Scripted<'_>, other: &Scripted<'_>) -> TargetReport {
    let suite = suite(&text(compare)).load_files(|_| Ok(data(rows).into())).unwrap_or_else(|errors| panic!("{errors}"));
    let baseline = Baseline { target: other, title: "iris-prod", fail_on_difference: false };
    Run::new(this, &suite).compared_with(baseline).clock(FakeClock::default()).start(info(), |_| {}).await
}

fn gates(report: &TargetReport) -> Vec<&CheckReport> {
    report.checks.iter().filter(|check| check.name.starts_with("comparison of")).collect()
}

const ACCURACY: &str = "{ metrics: { accuracy: { no_worse_than: 0.01 } } }";

#[tokio::test]
async fn a_challenger_is_no_worse_worse_or_not_proven() {
    let (right, tenth, half) = (|| model(|_| false), || model(|number| number % 10 == 3), || model(|number| number % 2 == 1));
    let equal = compared(ACCURACY, 400, &tenth(), &tenth()).await;
    assert_eq!((equal.verdict, gates(&equal)[0].outcome), (Verdict::Passed, Outcome::Passed), "{:?}", gates(&equal));
    let few = compared(ACCURACY, 30, &right(), &right()).await;
    assert_eq!((few.verdict, gates(&few)[0].outcome), (Verdict::NotProven, Outcome::NotProven));
    let worse = compared(ACCURACY, 100, &half(), &tenth()).await;
    assert_eq!((worse.verdict, gates(&worse)[0].outcome), (Verdict::Failed, Outcome::Failed));
    let message = gates(&worse)[0].message.as_deref().unwrap();
    assert!(message.starts_with("the accuracy is 0.5, and 0.9 of `iris-prod`; the 95% bound of the gain is -0."), "{message}");
    let comparison = worse.comparison.unwrap();
    let [accuracy, f1] = &comparison.metrics[..] else { panic!("{comparison:?}") };
    assert_eq!((accuracy.this, accuracy.other, accuracy.outcome, f1.outcome), (Some(0.5), Some(0.9), Outcome::Failed, Outcome::Skipped));
    assert!(accuracy.p_value.unwrap() < 1e-9 && f1.gain.as_ref().unwrap().high < 0.0, "{comparison:?}");
}

#[tokio::test]
async fn rows_with_another_class_are_listed_and_counted() {
    let (this, other) = (model(|number| number < 3), model(|number| number == 70));
    let report = compared("{ abs: 0 }", 80, &this, &other).await;
    let flips = report.comparison.unwrap().flips.unwrap();
    assert_eq!((flips.compared, flips.changed, flips.better, flips.worse), (80, 4, 1, 3));
    // Those that became wrong are first.
    let rows: Vec<_> = flips.rows.iter().map(|flip| (flip.row, flip.line, flip.other.as_str(), flip.this.as_str())).collect();
    assert_eq!(rows, [(1, 2, "even", "odd"), (2, 3, "odd", "even"), (3, 4, "even", "odd"), (71, 72, "odd", "even")]);
    let classes: Vec<_> =
        flips.classes.iter().map(|flip| (flip.label.as_str(), flip.other.as_str(), flip.this.as_str(), flip.rows)).collect();
    assert_eq!(classes, [("even", "even", "odd", 2), ("even", "odd", "even", 1), ("odd", "odd", "even", 1)]);
}

#[tokio::test]
async fn rows_are_sent_to_both_in_random_order_that_is_the_same_in_every_run() {
    let order = async || {
        let sent = Mutex::new(Vec::new());
        let recorded = |name: &'static str| {
            let sent = &sent;
            model(move |number| {
                sent.lock().unwrap().push((name, number));
                false
            })
        };
        compared(ACCURACY, 40, &recorded("this"), &recorded("other")).await;
        sent.into_inner().unwrap()
    };
    let (first, second) = (order().await, order().await);
    assert_eq!(first, second);
    let pairs: Vec<_> = first.chunks(2).map(|pair| (pair[0].0, pair[0].1, pair[1].1)).collect();
    assert!(pairs.iter().all(|(_, one, other)| one == other), "both get a row before the next one: {pairs:?}");
    let first_of_this = pairs.iter().filter(|(name, ..)| *name == "this").count();
    assert!((8..=32).contains(&first_of_this), "{first_of_this} of 40");
    assert!(!pairs.iter().is_sorted_by_key(|(_, number, _)| number));
}

#[tokio::test]
async fn several_gates_share_the_level_of_a_failure() {
    // Seven rows became wrong and none right: p = 0.0078, enough for one of five gates, and 1 of 4
    // became wrong: not enough for any.
    let (this, other) = (model(|number| number % 2 == 1 && number < 10), model(|_| false));
    let alone = compared("{ metrics: { accuracy: { no_worse_than: 0 } } }", 60, &this, &other).await;
    assert_eq!(gates(&alone)[0].outcome, Outcome::Failed);
    let latencies = "latency: { p50: { at_most_times: 99 }, p90: { at_most_times: 99 }, p95: { at_most_times: 99 } }";
    let several = compared(&format!("{{ metrics: {{ accuracy: {{ no_worse_than: 0 }} }}, {latencies} }}"), 60, &this, &other).await;
    // Five discordant rows: p = 0.03 > 0.05 / 4.
    assert_eq!(gates(&several)[0].outcome, Outcome::NotProven, "{:?}", gates(&several));
    assert_eq!(several.comparison.unwrap().gates, Some(4));
}

#[tokio::test]
async fn a_percentile_of_the_latency_needs_enough_rows() {
    let gate = |key: &str| format!("{{ latency: {{ {key}: {{ at_most_times: 1.1 }} }} }}");
    let equal = || model(|_| false);
    let report = compared(&gate("p50"), 60, &equal(), &equal()).await;
    assert_eq!(gates(&report)[0].outcome, Outcome::Passed, "{:?}", gates(&report));
    let report = compared(&gate("p99"), 60, &equal(), &equal()).await;
    let check = gates(&report)[0];
    assert_eq!(check.outcome, Outcome::NotProven);
    let message = check.message.as_deref().unwrap();
    assert!(message.ends_with("60 rows have no 95% bound of a p99, which needs 299"), "{message}");
}

#[tokio::test]
async fn an_observed_gate_and_one_without_a_baseline_decide_nothing() {
    let (worse, right) = (model(|number| number % 2 == 1), model(|_| false));
    let observed = compared("{ metrics: { accuracy: { no_worse_than: 0.01, observe: true } } }", 60, &worse, &right).await;
    assert_eq!(observed.verdict, Verdict::Passed);
    assert_eq!((gates(&observed)[0].outcome, gates(&observed)[0].would_be), (Outcome::Observed, Some(Outcome::Failed)));
    let suite = suite(&text(ACCURACY)).load_files(|_| Ok(data(30).into())).unwrap();
    let alone = Run::new(&right, &suite).clock(FakeClock::default()).start(info(), |_| {}).await;
    assert_eq!((alone.verdict, gates(&alone)[0].outcome), (Verdict::Passed, Outcome::Skipped));
}

#[tokio::test]
async fn a_champion_that_cannot_be_invoked_is_an_error_of_the_gate() {
    let failing = Scripted::new(vec![Ok(healthy())])
        .responding(|_| CallResult::Now(Err(TargetError::new(TargetErrorKind::AccessDenied, "not allowed").into())));
    let report = compared(ACCURACY, 30, &model(|_| false), &failing).await;
    let check = gates(&report)[0];
    assert_eq!((report.verdict, check.outcome), (Verdict::Errored, Outcome::Errored));
    let message = check.message.as_deref().unwrap();
    assert!(message.starts_with("the comparison with `iris-prod` was not possible: 30 of 30 rows got no response of both"), "{message}");
}

#[tokio::test]
async fn a_champion_that_is_not_in_service_is_an_error_of_every_gate() {
    let updating = Scripted::new(vec![Ok(with_status(EndpointStatus::Updating))]);
    let compare = "{ metrics: { accuracy: { no_worse_than: 0.01 } }, latency: { p50: { at_most_times: 2 } } }";
    let report = compared(compare, 30, &model(|_| false), &updating).await;
    let outcomes: Vec<_> = gates(&report).into_iter().map(|check| check.outcome).collect();
    assert_eq!((report.verdict, outcomes), (Verdict::Errored, vec![Outcome::Errored; 2]));
    assert!(gates(&report).iter().all(|check| check.message.as_deref().unwrap().contains("it is `Updating`")), "{:?}", gates(&report));
}

#[test]
fn a_gate_without_a_metric_or_rows_is_an_error_of_the_suite() {
    for (compare, message) in [
        ("{ metrics: { auc: { no_worse_than: 0.01 } } }", "`compare` needs `auc`, and no case with rows measures it"),
        ("{ metrics: { accuracy: { no_worse_than: -1 } } }", "`no_worse_than` must be a number of at least zero"),
        ("{ metrics: { accuracy: { confidence: 0.9 } } }", "a compared metric needs the key `no_worse_than`"),
        ("{ metrics: {} }", "`metrics` compares no metric"),
        ("{ latency: { p95: { at_most_times: 0 } } }", "`at_most_times` must be a number above zero"),
        ("{ latency: { max: { at_most_times: 2 } } }", "unknown key `max` in `latency` of `compare`"),
        ("{ observe: true }", "`observe` beside `at_most` is for it, and there is none"),
        ("{ metrics: { accuracy: { no_worse_than: 0.1, confidence: 95 } } }", "`confidence` must be a number from 0.5 to 0.9999"),
    ] {
        let errors = endpoint_test::Suite::parse(&text(compare), std::path::Path::new("suite.yaml")).unwrap_err().to_string();
        assert!(errors.contains(message), "{compare}: {errors}");
    }
}
