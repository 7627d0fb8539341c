//! Numbers are parsed and compared exactly, and shown with the digits that were received.

use std::sync::{Mutex, PoisonError};

use endpoint_test::{CaseReport, Expected, Outcome, Report, Request, Run, RunOptions, Suite, TargetReport, ToolInfo, report};
use proptest::prelude::*;

use crate::scripted::{CallResult, FakeClock, Scripted, healthy, response};
use crate::{info, suite};

/// The shortest digits that read back as this number, and the power of ten of the first one.
fn shortest(value: f64) -> (String, i32) {
    let text = format!("{:e}", value.abs());
    let (digits, exponent) = text.split_once('e').unwrap();
    (digits.replace('.', ""), exponent.parse().unwrap())
}

/// The number in positional notation, from its first `digits` and the exponent.
fn positional(digits: &str, exponent: i32) -> String {
    let Ok(place) = usize::try_from(exponent + 1) else {
        return format!("0.{}{digits}", "0".repeat((exponent + 1).unsigned_abs() as usize));
    };
    if place == 0 {
        return format!("0.{digits}");
    }
    if digits.len() <= place {
        format!("{digits}{}", "0".repeat(place - digits.len()))
    } else {
        format!("{}.{}", &digits[..place], &digits[place..])
    }
}

fn with_point(text: String) -> String {
    if text.contains('.') { text } else { format!("{text}.0") }
}

fn scientific(digits: &str) -> String {
    if digits.len() > 1 { format!("{}.{}", &digits[..1], &digits[1..]) } else { digits.to_owned() }
}

/// As Python's `repr`, which its `json` module uses.
fn python(value: f64) -> String {
    let (digits, exponent) = shortest(value);
    let text = if (-4..16).contains(&exponent) {
        with_point(positional(&digits, exponent))
    } else {
        format!("{}e{}{:02}", scientific(&digits), if exponent < 0 { '-' } else { '+' }, exponent.abs())
    };
    signed(value, text)
}

/// As Java's `Double.toString`.
fn java(value: f64) -> String {
    let (digits, exponent) = shortest(value);
    let plain = value == 0.0 || (1e-3..1e7).contains(&value.abs());
    let text = if plain { with_point(positional(&digits, exponent)) } else { format!("{}E{exponent}", with_point(scientific(&digits))) };
    signed(value, text)
}

/// As C's `printf("%.17g")`.
fn c(value: f64) -> String {
    let text = format!("{:.16e}", value.abs());
    let (digits, exponent) = text.split_once('e').unwrap();
    let (digits, exponent): (String, i32) = (digits.replace('.', ""), exponent.parse().unwrap());
    let digits = Some(digits.trim_end_matches('0')).filter(|digits| !digits.is_empty()).unwrap_or("0");
    let text = if (-4..17).contains(&exponent) {
        positional(digits, exponent)
    } else {
        format!("{}e{}{:02}", scientific(digits), if exponent < 0 { '-' } else { '+' }, exponent.abs())
    };
    signed(value, text)
}

fn signed(value: f64, text: String) -> String {
    if value.is_sign_negative() { format!("-{text}") } else { text }
}

fn printed(value: f64) -> [String; 5] {
    [python(value), format!("{value:?}"), format!("{value:e}"), java(value), c(value)]
}

/// Every finite number; often one near a power of ten or of two.
fn finite() -> impl Strategy<Value = f64> {
    prop_oneof![
        any::<u64>().prop_map(f64::from_bits),
        (0.0..1.0f64),
        (any::<u64>(), -30i32..30).prop_map(|(digits, exponent)| format!("{digits}e{exponent}").parse().unwrap()),
        (-1074i32..1024).prop_map(|power| 2f64.powi(power)),
    ]
    .prop_filter("a finite number", |number| number.is_finite())
}

/// Runs the suite against a model with this response; returns its first case, the whole report and
/// the request.
fn run_with(suite: &Suite, body: &str, options: &RunOptions) -> (CaseReport, Report, String) {
    let sent = Mutex::new(String::new());
    let target = Scripted::new(vec![Ok(healthy())]).responding(|request: &Request| {
        let received = String::from_utf8(request.body.to_vec()).unwrap();
        *sent.lock().unwrap_or_else(PoisonError::into_inner) = received;
        CallResult::Now(Ok(response(body)))
    });
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let (expected, clock) = (Expected::default(), FakeClock::default());
    let target: TargetReport =
        runtime.block_on(Run::new(&target, suite).expecting(expected.clone()).options(options.clone()).clock(&clock).start(info(), |_| {}));
    let case = target.cases[0].clone();
    let report = Report::assemble(ToolInfo { name: "xtask".to_owned(), version: "1".to_owned() }, "staging", vec![target]);
    let sent = sent.lock().unwrap_or_else(PoisonError::into_inner).clone();
    (case, report, sent)
}

fn run(suite: &Suite, body: &str) -> (CaseReport, Report, String) {
    run_with(suite, body, &RunOptions::default())
}

fn with_files(text: &str, content: &str) -> Suite {
    suite(text).load_files(|_| Ok(content.into())).unwrap_or_else(|errors| panic!("{errors}"))
}

/// A suite that sends this number in its payload and expects it.
fn inline(number: &str) -> Suite {
    suite(&format!(
        "version: 1\ncases:\n  - name: it\n    payload: {{ json: {{ x: {number} }} }}\n    expect:\n      json: [{{ at: /v, equals: {number} }}, {{ at: /v, at_most: {number} }}, {{ at: /v, one_of: [{number}] }}, {{ at: '$[?@ == {number}]', count: 1 }}]\n      schema: {{ properties: {{ v: {{ const: {number} }} }} }}\n"
    ))
}

fn golden(number: &str) -> Suite {
    with_files(
        "version: 1\ncases: [{ name: it, payload: { csv: 'x' }, expect: { golden: { file: g.json } } }]\n",
        &format!("{{\"v\": {number}}}\n"),
    )
}

fn rows(number: &str) -> Suite {
    with_files(
        "version: 1\ncases:\n  - name: it\n    payload: { rows: { file: d.csv, drop: y, as: json_instances } }\n    expect_each: { json: [{ at: /v, equals_column: y }] }\n",
        &format!("x,y\n{number},{number}\n"),
    )
}

/// The next representable number.
fn neighbour(value: f64) -> f64 {
    if value > 0.0 { value.next_down() } else { value.next_up() }
}

proptest! {
    #[test]
    fn a_number_survives_every_notation(value in finite(), number in 0..5_usize, other in 0..5_usize) {
        let (number, other) = (&printed(value)[number], &printed(value)[other]);
        prop_assert_eq!(number.parse::<f64>().unwrap().to_bits(), value.to_bits(), "the printers of this test: {}", number);
        let body = format!("{{\"v\": {other}}}");
        let (case, _, sent) = run(&inline(number), &body);
        prop_assert_eq!(case.outcome, Outcome::Passed, "{} {:?}", other, case);
        prop_assert_eq!(sent, format!("{{\"x\":{number}}}"));
        let (case, _, sent) = run(&rows(number), &body);
        prop_assert_eq!(case.outcome, Outcome::Passed, "{} {:?}", other, case);
        prop_assert_eq!(sent, format!("{{\"instances\":[[{number}]]}}"));
        prop_assert_eq!(run(&golden(number), &body).0.outcome, Outcome::Passed);
    }

    #[test]
    fn a_neighbour_is_another_number_and_keeps_its_digits(value in finite(), number in 0..5_usize) {
        let number = &printed(neighbour(value))[number];
        let body = format!("{{ \"v\": {number} }}");
        for suite in [inline(&python(value)), golden(&c(value)), rows(&java(value))] {
            let (case, report, _) = run(&suite, &body);
            prop_assert_eq!(case.outcome, Outcome::Failed, "{} {:?}", number, case);
            let texts = [
                report::json(&report),
                #[cfg(feature = "render")]
                report::junit(&report),
                #[cfg(feature = "render")]
                report::html(&report),
                #[cfg(feature = "render")]
                report::table(&report),
            ];
            for text in texts {
                prop_assert!(text.contains(number), "{}", text);
            }
        }
    }

    #[test]
    fn a_golden_file_keeps_the_received_digits(value in finite()) {
        let options = RunOptions { update_golden_files: true, ..RunOptions::default() };
        for number in printed(neighbour(value)) {
            let (case, _, _) = run_with(&golden(&python(value)), &format!("{{\"v\":{number}}}"), &options);
            prop_assert_eq!(String::from_utf8(case.golden_update.unwrap().content).unwrap(), format!("{{\n  \"v\": {number}\n}}\n"));
        }
    }
}

#[test]
fn a_double_of_python_is_not_parsed_as_its_neighbour() {
    let (case, ..) = run(&inline("0.20871310426145342"), r#"{"v": 0.20871310426145342}"#);
    assert_eq!(case.outcome, Outcome::Passed, "{case:?}");
}

#[test]
fn an_integer_of_more_than_53_bits_is_not_its_neighbour() {
    for (number, neighbour) in [("9007199254740993", "9007199254740992"), ("-123456789012345678901", "-123456789012345678902")] {
        for suite in [inline(number), golden(number), rows(number)] {
            assert_eq!(run(&suite, &format!("{{\"v\": {number}}}")).0.outcome, Outcome::Passed);
            assert_eq!(run(&suite, &format!("{{\"v\": {neighbour}}}")).0.outcome, Outcome::Failed);
        }
        let (_, _, sent) = run(&inline(number), "{}");
        assert_eq!(sent, format!("{{\"x\":{number}}}"));
    }
    let limit = "version: 1\ncases: [{ name: it, payload: { csv: x }, expect: { json: [{ at: /v, at_most: 9007199254740992 }] } }]\n";
    assert_eq!(run(&suite(limit), r#"{"v": 9007199254740993}"#).0.outcome, Outcome::Failed);
}

#[test]
fn labels_that_share_a_binary_number_are_different_classes() {
    let text = "version: 1\ncases:\n  - name: it\n    payload: { rows: { file: d.csv, drop: y } }\n    expect:\n      metrics: { label: y, prediction: /v, accuracy: { at_least: 1 } }\n";
    let suite = with_files(text, "x,y\n1,9007199254740993\n");
    assert_eq!(run(&suite, r#"{"v": 9007199254740992}"#).0.outcome, Outcome::Failed);
    assert_eq!(run(&suite, r#"{"v": 9007199254740993}"#).0.outcome, Outcome::Passed);
}

#[test]
fn a_variable_keeps_the_digits_of_its_default() {
    let text = "version: 1\nvariables: { release: 1.10 }\ncases: [{ name: it, payload: { text: 'v${release}' } }]\n";
    assert_eq!(run(&suite(text), "ok").2, "v1.10");
}

#[test]
fn the_message_of_a_schema_keeps_the_received_digits() {
    let text = "version: 1\ncases: [{ name: it, payload: { csv: x }, expect: { schema: { properties: { v: { maximum: 1 } } } } }]\n";
    let (case, ..) = run(&suite(text), r#"{"v": 1.50E1}"#);
    let check = case.checks.iter().find(|check| check.outcome == Outcome::Failed).unwrap();
    assert_eq!(check.message.as_deref(), Some("1.50E1 is greater than the maximum of 1"));
    assert_eq!(check.actual.as_deref(), Some("1.50E1"));
}
