//! A champion and a challenger over the same rows.

use std::sync::Mutex;

use endpoint_test::{
    Baseline, ChampionResults, CheckReport, EndpointStatus, Outcome, Report, Run, TargetError, TargetErrorKind, TargetReport, ToolInfo,
    Verdict,
};

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
    let baseline = Baseline { target: other, title: "iris-prod", fail_on_difference: false, is_production: false };
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

/// The report of a former run, as it is stored.
async fn stored(rows: usize, model: &Scripted<'_>) -> ChampionResults {
    let suite = suite(&text("{ abs: 0 }")).load_files(|_| Ok(data(rows).into())).unwrap();
    let target = Run::new(model, &suite).clock(FakeClock::default()).start(info(), |_| {}).await;
    let mut report = Report::assemble(ToolInfo::default(), "staging", vec![target]);
    report.release = Some("5".repeat(64));
    let json = serde_json::from_str(&endpoint_test::report::json(&report)).unwrap();
    ChampionResults { source: "last/test-results.json".to_owned(), report: json }
}

async fn with_stored(
    compare: &str,
    rows: usize,
    this: &Scripted<'_>,
    other: Option<Baseline<'_, Scripted<'_>>>,
    stored: Option<&ChampionResults>,
) -> TargetReport {
    let suite = suite(&text(compare)).load_files(|_| Ok(data(rows).into())).unwrap();
    let run = Run::new(this, &suite).champion_results(stored);
    match other {
        Some(baseline) => run.compared_with(baseline).clock(FakeClock::default()).start(info(), |_| {}).await,
        None => run.clock(FakeClock::default()).start(info(), |_| {}).await,
    }
}

fn production<'a>(target: &'a Scripted<'a>) -> Baseline<'a, Scripted<'a>> {
    Baseline { target, title: "333333333333/us-east-1/iris-prod", fail_on_difference: false, is_production: true }
}

fn unreachable(kind: TargetErrorKind) -> Scripted<'static> {
    Scripted::new(vec![Err(kind)])
}

#[tokio::test]
async fn where_the_champion_cannot_be_called_its_stored_results_give_an_unpaired_comparison() {
    let (good, bad) = (|| model(|number| number % 20 == 3), || model(|number| number % 2 == 1));
    let champion = stored(400, &good()).await;
    let compare = "{ metrics: { accuracy: { no_worse_than: 0.05 }, macro_f1: { no_worse_than: 0.05 } } }";
    let denied = unreachable(TargetErrorKind::AccessDenied);
    let report = with_stored(compare, 400, &good(), Some(production(&denied)), Some(&champion)).await;
    assert_eq!(report.verdict, Verdict::Passed, "{:?}", gates(&report));
    let comparison = report.comparison.as_ref().unwrap();
    let unpaired = comparison.unpaired.as_ref().unwrap();
    assert!(unpaired.why.starts_with("`333333333333/us-east-1/iris-prod` could not be invoked: "), "{unpaired:?}");
    assert_eq!((unpaired.results.as_str(), unpaired.release.as_ref().map(String::len)), ("last/test-results.json", Some(64)));
    let accuracy = &comparison.metrics[0];
    assert_eq!((accuracy.this, accuracy.other, accuracy.p_value), (Some(0.95), Some(0.95), None));
    assert_eq!(accuracy.gain.as_ref().unwrap().method, "Newcombe, unpaired; 400 stored rows");
    assert!(comparison.flips.is_none() && comparison.compared == 0);
    let report = with_stored(compare, 400, &bad(), Some(production(&denied)), Some(&champion)).await;
    assert_eq!(report.verdict, Verdict::Failed);
    let message = gates(&report)[0].message.clone().unwrap();
    assert!(message.contains("of `333333333333/us-east-1/iris-prod (stored results, unpaired)`"), "{message}");
    let report = with_stored(compare, 40, &good(), Some(production(&denied)), Some(&champion)).await;
    assert_eq!((report.verdict, gates(&report)[0].outcome), (Verdict::NotProven, Outcome::NotProven));
}

#[tokio::test]
async fn stored_results_are_used_for_every_reason_but_not_if_the_champion_responds() {
    let right = || model(|_| false);
    let champion = stored(100, &right()).await;
    for (target, why) in [
        (unreachable(TargetErrorKind::NotFound), "production has no such endpoint yet"),
        (unreachable(TargetErrorKind::Throttled), "could not be invoked"),
        (Scripted::new(vec![Ok(with_status(EndpointStatus::Updating))]), "it is `Updating`"),
        (
            Scripted::new(vec![Ok(healthy())])
                .responding(|_| CallResult::Now(Err(TargetError::new(TargetErrorKind::AccessDenied, "not allowed").into()))),
            "not allowed",
        ),
    ] {
        let report = with_stored(ACCURACY, 30, &right(), Some(production(&target)), Some(&champion)).await;
        let unpaired = report.comparison.as_ref().unwrap().unpaired.as_ref().unwrap();
        assert!(unpaired.why.contains(why), "{unpaired:?}");
        assert_eq!(gates(&report)[0].outcome, Outcome::NotProven, "{:?}", gates(&report));
    }
    let responding = right();
    let report = with_stored(ACCURACY, 400, &right(), Some(production(&responding)), Some(&champion)).await;
    assert_eq!((report.verdict, report.comparison.unwrap().unpaired), (Verdict::Passed, None));
    let alone = with_stored(ACCURACY, 400, &right(), None, Some(&champion)).await;
    let comparison = alone.comparison.unwrap();
    assert_eq!(comparison.with, "222222222222/us-east-1/iris-staging (last/test-results.json)");
    assert_eq!(comparison.unpaired.unwrap().why, "no endpoint to compare with was named");
}

#[tokio::test]
async fn an_unpaired_gate_without_a_stored_metric_is_an_error_and_a_latency_is_not_proven() {
    let right = || model(|_| false);
    let mut champion = stored(100, &right()).await;
    let latency = "{ metrics: { accuracy: { no_worse_than: 0.5 } }, latency: { p50: { at_most_times: 2 } } }";
    let report = with_stored(latency, 30, &right(), None, Some(&champion)).await;
    let outcomes: Vec<_> = gates(&report).into_iter().map(|check| check.outcome).collect();
    assert_eq!(outcomes, [Outcome::Passed, Outcome::NotProven]);
    champion.report.targets[0].cases[0].rows.as_mut().unwrap().metrics.retain(|metric| metric.name != "accuracy");
    let report = with_stored(ACCURACY, 30, &right(), None, Some(&champion)).await;
    assert_eq!(report.verdict, Verdict::Errored);
    assert!(gates(&report)[0].message.as_deref().unwrap().ends_with("the stored results of the case have no `accuracy`"));
    champion.report.targets[0].cases[0].name = "others".to_owned();
    let report = with_stored(ACCURACY, 30, &right(), None, Some(&champion)).await;
    assert!(gates(&report)[0].message.as_deref().unwrap().ends_with("the stored results have no case \"numbers\""));
    // A row that could not be tested leaves the metric unknown.
    let failing = Scripted::new(vec![Ok(healthy())])
        .responding(|_| CallResult::Now(Err(TargetError::new(TargetErrorKind::Throttled, "too many").into())));
    let champion = stored(100, &right()).await;
    let report = with_stored(ACCURACY, 30, &failing, None, Some(&champion)).await;
    assert!(gates(&report)[0].message.as_deref().unwrap().ends_with("30 of 30 rows could not be tested"));
}

#[tokio::test]
async fn before_the_first_deployment_to_production_the_gates_are_skipped() {
    let right = model(|_| false);
    let absent = unreachable(TargetErrorKind::NotFound);
    let report = with_stored(ACCURACY, 30, &right, Some(production(&absent)), None).await;
    assert_eq!((report.verdict, gates(&report)[0].outcome), (Verdict::Passed, Outcome::Skipped));
    assert_eq!(gates(&report)[0].message.as_deref(), Some("production has no such endpoint yet, so there is no champion"));
    // Another endpoint that does not exist is a mistake.
    let named = Baseline { is_production: false, ..production(&absent) };
    let report = with_stored(ACCURACY, 30, &right, Some(named), None).await;
    assert_eq!((report.verdict, gates(&report)[0].outcome), (Verdict::Errored, Outcome::Errored));
    // So is one that may exist.
    let denied = unreachable(TargetErrorKind::AccessDenied);
    let report = with_stored(ACCURACY, 30, &right, Some(production(&denied)), None).await;
    assert_eq!(report.verdict, Verdict::Errored);
}

#[tokio::test]
async fn production_gets_rows_and_no_other_request_and_no_load() {
    let sent = Mutex::new(Vec::new());
    let recording = Scripted::new(vec![Ok(healthy())]).responding(|request| {
        sent.lock().unwrap().push(String::from_utf8(request.body.to_vec()).unwrap());
        CallResult::Now(Ok(response(r#"{"label":"odd"}"#)))
    });
    let mut text = text("{ abs: 0 }");
    text += "  - { name: one, payload: { csv: 'not for production' }, expect: { status: 200 } }\n";
    let suite = suite(&text).load_files(|_| Ok(data(5).into())).unwrap();
    let this = Scripted::new(vec![Ok(healthy())]).responding(|_| CallResult::Now(Ok(response(r#"{"label":"odd"}"#))));
    let report = Run::new(&this, &suite).compared_with(production(&recording)).clock(FakeClock::default()).start(info(), |_| {}).await;
    assert_eq!(report.comparison.unwrap().compared, 5);
    let mut sent = sent.lock().unwrap().clone();
    sent.sort();
    assert_eq!(sent.iter().map(|body| body.trim()).collect::<Vec<_>>(), ["0", "1", "2", "3", "4"]);
}

#[tokio::test]
async fn a_release_is_not_its_own_champion() {
    let champion = stored(30, &model(|_| false)).await;
    assert!(champion.unfit_for(Some(&"5".repeat(64))).unwrap().contains("the tested release itself, 555555555555"));
    assert_eq!(champion.unfit_for(Some(&"6".repeat(64))), None);
    assert_eq!(champion.unfit_for(None), None);
    let empty = ChampionResults { report: Report { targets: Vec::new(), ..champion.report }, ..champion };
    assert_eq!(empty.unfit_for(None).as_deref(), Some("they have no case with rows"));
}
