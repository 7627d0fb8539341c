//! JSONPath, JSON Schema, golden files, and comparison with another endpoint.

use endpoint_test::{Baseline, CaseReport, EndpointStatus, ModelResponse, Outcome, Run, RunOptions, Suite, TargetReport, Verdict};

use crate::scripted::{CallResult, FakeClock, Scripted, healthy, response, with_status};
use crate::{ONE_CASE, approved, info, suite};

async fn run_case(suite: &Suite, body: &'static str, options: &RunOptions) -> CaseReport {
    let target = Scripted::new(vec![Ok(healthy())]).responding(move |_| CallResult::Now(Ok(response(body))));
    Run::new(&target, suite)
        .expecting(approved())
        .options(options.clone())
        .clock(&FakeClock::default())
        .start(info(), |_| {})
        .await
        .cases
        .remove(0)
}

async fn expecting(expect: &str, body: &'static str) -> CaseReport {
    let text = format!("version: 1\ncases:\n  - name: it\n    payload: {{ csv: '1' }}\n    expect: {expect}\n");
    run_case(&suite(&text), body, &RunOptions::default()).await
}

fn wrong(case: &CaseReport) -> Vec<&str> {
    case.checks.iter().filter(|check| check.outcome != Outcome::Passed).filter_map(|check| check.message.as_deref()).collect()
}

#[tokio::test]
async fn a_jsonpath_rule_applies_to_every_match() {
    let body = r#"{"p":[{"s":0.2,"l":"a"},{"s":1.2,"l":"b"}],"n":null}"#;
    let expect = "{ json: [
        { at: '$.p[*].s', between: [0, 1] }, { at: '$.p[*].l', one_of: [a, b], count: 2 }, { at: '$.p[*].x', type: number },
        { at: '$.p[?@.s > 1].l', equals: b }, { at: /p/0/s, less_than: 0.2, at_most: 0.2, greater_than: 0.1, at_least: 0.3 },
        { at: /q, absent: true }, { at: /n, absent: true }, { at: /p/0/l, contains: a }, { at: /p, contains: 1 } ] }";
    assert_eq!(
        wrong(&expecting(expect, body).await),
        [
            "at `/p/1/s`: the number is out of range",
            "`$.p[*].x` matches nothing",
            "the number is too large",
            "the number is too small",
            "there is a value where none is expected",
            "the list has no such member",
        ]
    );
}

#[tokio::test]
async fn a_schema_reports_every_violation_with_its_location() {
    let expect = "{ schema: { type: object, required: [label], properties: { score: { type: number, maximum: 1 } } } }";
    assert_eq!(expecting(expect, r#"{"label":"a","score":0.5}"#).await.outcome, Outcome::Passed);
    let case = expecting(expect, r#"{"score":2}"#).await;
    let found: Vec<_> =
        case.checks.iter().filter(|check| check.outcome == Outcome::Failed).map(|check| check.at.as_deref().unwrap()).collect();
    assert_eq!(found.len(), 2, "{case:#?}");
    assert!(found.contains(&"/score"), "{found:?}");
    assert!(wrong(&expecting(expect, "NaN").await)[0].starts_with("the response is not JSON"));
}

#[test]
fn a_schema_with_external_references_is_refused() {
    for schema in ["{ $ref: 'https://example.com/schema.json' }", "{ $ref: 'other.json' }", "{ type: numbr }"] {
        let text = format!("version: 1\ncases:\n  - name: it\n    payload: {{ csv: '1' }}\n    expect: {{ schema: {schema} }}\n");
        let errors = Suite::parse(&text, std::path::Path::new("suite.yaml")).unwrap_err();
        assert!(errors.problems()[0].message.starts_with("this JSON Schema cannot be used"), "{errors}");
    }
}

fn golden(content: Option<&'static str>) -> Suite {
    let text = "version: 1\ncases:\n  - name: it\n    payload: { csv: '1' }\n    expect: { golden: { file: golden.json, abs: 0.01, ignore: [/time] }, json: [{ at: /ok, equals: true }] }\n";
    let options = endpoint_test::SuiteOptions { golden_files_may_be_missing: content.is_none(), ..Default::default() };
    let suite = Suite::parse_with(text, std::path::Path::new("suite.yaml"), &options).unwrap();
    suite.load_files(|_| content.map(Into::into).ok_or_else(|| std::io::ErrorKind::NotFound.into())).unwrap()
}

#[tokio::test]
async fn a_golden_file_has_a_tolerance_and_locations_that_may_differ() {
    let suite = golden(Some(r#"{"ok":true,"score":0.5,"time":1}"#));
    let usual = RunOptions::default();
    assert_eq!(run_case(&suite, r#"{"ok":true,"score":0.505,"time":2}"#, &usual).await.outcome, Outcome::Passed);
    assert_eq!(wrong(&run_case(&suite, r#"{"ok":true,"score":0.6,"time":2}"#, &usual).await), ["`/score` is 0.6, not 0.5"]);
}

#[tokio::test]
async fn a_golden_file_is_updated_only_if_everything_else_passes_and_it_differs() {
    let update = RunOptions { update_golden_files: true, ..RunOptions::default() };
    let written = |case: CaseReport| case.golden_update.map(|update| String::from_utf8(update.content).unwrap());
    let suite = golden(Some(r#"{"ok":true,"score":0.5}"#));
    let new = run_case(&suite, r#"{"ok":true,"score":0.9}"#, &update).await;
    assert_eq!(new.outcome, Outcome::Passed);
    assert_eq!(written(new).as_deref(), Some("{\n  \"ok\": true,\n  \"score\": 0.9\n}\n"));
    assert_eq!(written(run_case(&suite, r#"{"ok":true,"score":0.501}"#, &update).await), None);
    let bad = run_case(&suite, r#"{"ok":false,"score":0.9}"#, &update).await;
    assert_eq!((bad.outcome, bad.golden_update), (Outcome::Failed, None));
    assert!(written(run_case(&golden(None), r#"{"ok":true}"#, &update).await).is_some());
}

/// Runs the suite against two targets.
async fn compared(suite: &Suite, this: &'static str, other: Result<&'static str, EndpointStatus>, fail: bool) -> TargetReport {
    let target = Scripted::new(vec![Ok(healthy())]).responding(move |_| CallResult::Now(Ok(response(this))));
    let described = match &other {
        Ok(_) => healthy(),
        Err(status) => with_status(status.clone()),
    };
    let body = other.unwrap_or_default();
    let other =
        Scripted::new(vec![Ok(described)]).responding(move |_| CallResult::Now(Ok(ModelResponse { body: body.into(), ..response("") })));
    let baseline = Baseline { target: &other, title: "333333333333/us-east-1/iris-prod", fail_on_difference: fail, is_production: false };
    Run::new(&target, suite).compared_with(baseline).clock(FakeClock::default()).start(info(), |_| {}).await
}

#[tokio::test]
async fn a_difference_is_reported_and_fails_only_if_configured() {
    let suite = suite(ONE_CASE);
    let report = compared(&suite, "setosa", Ok("virginica"), false).await;
    let comparison = report.comparison.as_ref().unwrap();
    assert_eq!((report.verdict, comparison.compared, comparison.different), (Verdict::Passed, 1, 1));
    let difference = &report.cases[0].comparison.as_ref().unwrap().differences[0];
    assert_eq!((difference.this.as_str(), difference.other.as_str()), ("setosa", "virginica"));

    let report = compared(&suite, "setosa", Ok("virginica"), true).await;
    assert_eq!(report.verdict, Verdict::Failed);
    assert!(report.checks.iter().any(|check| check.name == "comparison" && check.outcome == Outcome::Failed));
    assert_eq!(compared(&suite, "setosa", Ok("setosa\n"), true).await.verdict, Verdict::Passed);
}

#[tokio::test]
async fn the_suite_sets_how_much_may_differ() {
    let text = "version: 1\ncompare: { abs: 0.1, ignore: ['$..id'], at_most: 0 }\ncases:\n  - { name: it, payload: { csv: '1' } }\n";
    let suite = suite(text);
    assert_eq!(compared(&suite, r#"{"id":1,"s":0.50}"#, Ok(r#"{"id":2,"s":0.55}"#), false).await.verdict, Verdict::Passed);
    assert_eq!(compared(&suite, r#"{"id":1,"s":0.50}"#, Ok(r#"{"id":2,"s":0.75}"#), false).await.verdict, Verdict::Failed);
}

#[tokio::test]
async fn a_baseline_that_is_not_in_service_is_an_error_only_if_differences_are_failures() {
    let suite = suite(ONE_CASE);
    let report = compared(&suite, "setosa", Err(EndpointStatus::Creating), false).await;
    assert_eq!(report.verdict, Verdict::Passed);
    assert_eq!(report.comparison.unwrap().message.as_deref(), Some("it is `Creating`"));
    assert_eq!(compared(&suite, "setosa", Err(EndpointStatus::Creating), true).await.verdict, Verdict::Errored);
}

#[tokio::test]
async fn a_golden_file_with_many_differences_shows_their_number_and_the_largest() {
    let golden = |count: usize| {
        let text = "version: 1\ncases:\n  - name: it\n    payload: { csv: '1' }\n    expect: { golden: { file: one.json } }\n";
        let numbers: Vec<_> = (0..count).map(|number| number.to_string()).collect();
        suite(text).load_files(|_| Ok(format!("[{}]", numbers.join(",")).into_bytes())).unwrap()
    };
    let body = "[1,2,3,4,5,6,7,8,9,10,11,12,20.5,14]";
    let many = run_case(&golden(14), body, &RunOptions::default()).await;
    let messages = wrong(&many);
    assert_eq!(messages.len(), 11);
    assert_eq!(messages[0], "10 of 14 differences are shown, the largest by 8.5: `/12` is 20.5, not 12");
    assert_eq!((messages[1], messages[10]), ("`/0` is 1, not 0", "`/9` is 10, not 9"));
    assert_eq!(many.checks.iter().filter(|check| check.hint.is_some()).count(), 1);
    // If all are shown, there is nothing to add.
    assert_eq!(wrong(&run_case(&golden(10), "[1,2,3,4,5,6,7,8,9,10]", &RunOptions::default()).await).len(), 10);
}

#[tokio::test]
async fn a_boolean_beside_its_word_as_text_has_a_hint() {
    let hint = |rule: &'static str, body: &'static str| async move {
        let case = expecting(&format!("{{ json: [{{ at: /a, equals: {rule} }}] }}"), body).await;
        case.checks.iter().find_map(|check| check.hint.clone())
    };
    let boolean = "the suite expects the text `no`: for the boolean, write `false` without quotes";
    assert_eq!(hint("no", r#"{"a":false}"#).await.as_deref(), Some(boolean));
    assert_eq!(hint("no", r#"{"a":true}"#).await.as_deref(), Some(boolean));
    let text = "the suite expects the boolean `true`: for the text, write `'yes'`";
    assert_eq!(hint("true", r#"{"a":"yes"}"#).await.as_deref(), Some(text));
    for (rule, body) in [("no", r#"{"a":"yes"}"#), ("true", r#"{"a":"no"}"#), ("true", r#"{"a":false}"#), ("maybe", r#"{"a":true}"#)] {
        assert_eq!(hint(rule, body).await, None, "{rule} {body}");
    }
}

#[tokio::test]
async fn a_schema_with_many_violations_says_that_not_all_are_shown() {
    let expect = "{ schema: { items: { type: number } } }";
    let ten = expecting(expect, r#"["a","b","c","d","e","f","g","h","i","j"]"#).await;
    assert!(wrong(&ten).iter().all(|message| message.contains("is not of type")), "{ten:#?}");
    let many = expecting(expect, r#"["a","b","c","d","e","f","g","h","i","j","k","l"]"#).await;
    assert_eq!(wrong(&many).last(), Some(&"only the first 10 violations are shown"));
    assert_eq!(wrong(&many).len(), 11);
}

#[tokio::test]
async fn a_response_that_is_too_large_for_a_jsonpath_is_an_error_in_every_check() {
    const PATH: &str = "$[?$[*].a].a";
    let body: &'static str = format!("[{}]", vec![r#"{"a":1}"#; 10_000].join(",")).leak();
    let lines: &'static str = format!("[{}]\n", vec!["1"; 500].join(",")).repeat(300).leak();
    let is_errored = |case: &CaseReport| {
        let check = case.checks.iter().find(|check| check.outcome == Outcome::Errored).unwrap_or_else(|| panic!("{case:#?}"));
        assert!(check.message.as_deref().unwrap().contains("the response is too large for this JSONPath"), "{check:#?}");
        assert!(case.outcome == Outcome::Errored && check.hint.is_some(), "{check:#?}");
    };
    is_errored(&expecting(&format!("{{ json: [{{ at: '{PATH}', equals: 1 }}] }}"), body).await);
    is_errored(&expecting("{ jsonl: [{ at: '$[?$[*]]', equals: 1 }] }", lines).await);
    assert_eq!(expecting("{ jsonl: [{ at: '$[?$[*]]', count: 500, line: 7 }] }", lines).await.outcome, Outcome::Passed);
    let golden = suite(&format!(
        "version: 1\ncases:\n  - name: it\n    payload: {{ csv: '1' }}\n    expect: {{ golden: {{ file: g.json, ignore: ['{PATH}'] }} }}\n"
    ));
    let golden = golden.load_files(|_| Ok("[]".into())).unwrap();
    is_errored(&run_case(&golden, body, &RunOptions::default()).await);
    let update = run_case(&golden, body, &RunOptions { update_golden_files: true, ..RunOptions::default() }).await;
    is_errored(&update);
    assert_eq!(update.golden_update, None);
    let rows = suite(&format!(
        "version: 1\ncases:\n  - name: it\n    payload: {{ rows: {{ file: d.csv, drop: label }} }}\n    expect: {{ metrics: {{ label: label, prediction: '{PATH}', accuracy: {{ at_least: 0.9 }} }} }}\n"
    ));
    let rows = rows.load_files(|_| Ok("x,label\n1,1\n2,1\n".into())).unwrap();
    is_errored(&run_case(&rows, body, &RunOptions::default()).await);
    let compare = suite(&format!("version: 1\ncompare: {{ ignore: ['{PATH}'] }}\ncases:\n  - {{ name: it, payload: {{ csv: '1' }} }}\n"));
    let report = compared(&compare, body, Ok("[]"), true).await;
    let message = report.comparison.unwrap().message.unwrap();
    assert!(report.verdict == Verdict::Errored && message.contains("the response is too large for this JSONPath"), "{message}");
}
