//! What a suite's rows can prove, before anything is sent.

use std::path::Path;

use endpoint_test::{GateOutlook, Suite};

fn suite(metrics: &str, rows: usize, compare: &str) -> Suite {
    let text = format!(
        "version: 1\ncompare: {compare}\ncases:\n  - name: it\n    payload: {{ rows: {{ file: data.csv, drop: label }} }}\n    \
         expect: {{ metrics: {{ label: label, prediction: /label, score: /score, positive: 1, {metrics} }} }}\n"
    );
    let lines = (0..rows).map(|row| format!("{row},{}\n", usize::from(row % 3 == 0)));
    let data = "number,label\n".to_owned() + &lines.collect::<String>();
    Suite::parse(&text, Path::new("suite.yaml"))
        .and_then(|suite| suite.load_files(|_| Ok(data.clone().into_bytes())))
        .unwrap_or_else(|errors| panic!("{errors}"))
}

fn gates(metrics: &str, rows: usize, compare: &str) -> Vec<GateOutlook> {
    suite(metrics, rows, compare).outlook().gates
}

#[test]
fn a_share_has_its_least_number_of_right_rows_and_the_chance_to_pass() {
    let gate = |rows: usize| gates("accuracy: { at_least: { value: 0.9, confidence: 0.95, expected: 0.97 } }", rows, "{}").remove(0);
    let thirty = gate(30);
    assert_eq!((thirty.rows, thirty.can_pass, thirty.expected), (30, true, Some(0.97)));
    assert_eq!(thirty.gate, "accuracy at least 0.9 with 95% confidence");
    assert_eq!(thirty.notes[0], "passes with 30 of 30 right");
    assert!((thirty.chance.unwrap() - 0.97f64.powi(30)).abs() < 1e-6);
    // With the number of rows that is needed, the chance is 80%.
    let needed = thirty.rows_needed.unwrap();
    assert!(gate(needed).chance.unwrap() >= 0.8 && gate(needed / 2).chance.unwrap() < 0.8, "{needed}");
    let few = gate(28);
    assert!(!few.can_pass && few.notes[0].starts_with("cannot pass: if all 28 are right, the bound is 0.8985"), "{:?}", few.notes);
}

#[test]
fn rows_that_can_prove_nothing_are_a_warning_and_the_suite_is_valid() {
    let few = suite("accuracy: { at_least: { value: 0.9, confidence: 0.95 } }", 20, "{}");
    assert!(!few.outlook().can_pass());
    let warnings: Vec<_> = few.warnings().iter().map(|warning| warning.message.as_str()).collect();
    assert_eq!(warnings, ["`data.csv`: 20 rows cannot prove accuracy at least 0.9 with 95% confidence"]);
    let observed = suite("accuracy: { at_least: { value: 0.9, confidence: 0.95 }, observe: true }", 20, "{}");
    assert!(observed.outlook().can_pass() && observed.warnings().is_empty());
    assert!(gates("accuracy: { at_least: 0.9 }", 20, "{}").is_empty());
}

#[test]
fn metrics_of_one_class_count_its_rows_only() {
    let proof = "{ at_least: { value: 0.8, confidence: 0.9 } }";
    for metric in ["precision", "recall", "f1"] {
        let gate = gates(&format!("{metric}: {proof}"), 90, "{}").remove(0);
        assert_eq!((gate.rows, gate.can_pass), (30, true), "{metric}");
    }
    for metric in ["macro_precision", "macro_recall", "macro_f1", "auc"] {
        let [few, many] = [6, 300].map(|rows| gates(&format!("{metric}: {proof}"), rows, "{}").remove(0));
        assert!(!few.can_pass && many.can_pass, "{metric} {few:?} {many:?}");
    }
    let [few, many] = [10, 300].map(|rows| gates("mae: { at_most: { value: 2, confidence: 0.9 } }", rows, "{}").remove(0));
    assert!(!few.can_pass && many.can_pass && few.notes[0].contains("at least 20 rows"));
}

#[test]
fn a_comparison_shows_the_loss_that_it_can_see() {
    let compare = "{ metrics: { accuracy: { no_worse_than: 0.02, expected_flips: 0.1 } }, latency: { p99: { at_most_times: 1.1 } }, at_most: { value: 0.01, confidence: 0.95 } }";
    let found = gates("accuracy: { observe: true }", 400, compare);
    let [differences, accuracy, latency] = &found[..] else { panic!("{found:#?}") };
    assert_eq!((differences.rows_needed, differences.can_pass), (Some(299), true));
    assert_eq!((latency.rows_needed, latency.can_pass), (Some(299), true));
    let loss = accuracy.visible_loss.unwrap();
    assert!(accuracy.can_pass && (0.04..0.12).contains(&loss) && accuracy.rows_needed.unwrap() > 1000, "{accuracy:#?}");
    let few = gates("accuracy: { observe: true }", 30, compare);
    assert!(few.iter().all(|gate| !gate.can_pass), "{few:#?}");
}

#[test]
fn every_limit_has_a_plan_or_the_reason_why_not() {
    let upper = |metric: &str, rows| {
        gates(&format!("{metric}: {{ at_most: {{ value: 0.2, confidence: 0.9, expected: 0.05 }} }}"), rows, "{}").remove(0)
    };
    for metric in ["accuracy", "recall", "precision"] {
        let [few, many] = [9, 300].map(|rows| upper(metric, rows));
        assert!(!few.can_pass && many.can_pass, "{metric} {few:?} {many:?}");
        assert_eq!((many.expected, many.rows_needed.is_some()), (Some(0.05), true), "{metric}");
        assert!(many.notes[0].contains("wrong"), "{many:?}");
    }
    for metric in ["f1", "macro_f1", "auc"] {
        assert!(upper(metric, 300).notes[0].starts_with("no plan: an upper limit of the "), "{metric}");
    }
    // So many rows like the suite's that a macro average can be proven.
    let few = gates("macro_f1: { at_least: { value: 0.9, confidence: 0.95 } }", 12, "{}").remove(0);
    let needed = few.rows_needed.unwrap();
    assert!(!few.can_pass && gates("macro_f1: { at_least: { value: 0.9, confidence: 0.95 } }", needed, "{}").remove(0).can_pass, "{few:?}");
    for metric in ["precision", "f1", "macro_f1", "macro_recall", "auc", "mae"] {
        let compare = format!("{{ metrics: {{ {metric}: {{ no_worse_than: 0.3 }} }} }}");
        let [few, many] = [3, 3000].map(|rows| gates(&format!("{metric}: {{ observe: true }}"), rows, &compare).remove(0));
        assert!(!few.can_pass && few.notes[0].starts_with("cannot pass"), "{metric} {few:?}");
        assert!(many.can_pass && many.notes[0].starts_with("passes if both respond alike"), "{metric} {many:?}");
    }
}

#[test]
fn a_limit_that_cannot_be_read_is_an_error_with_a_hint() {
    let errors = |expect: &str| {
        let text = format!(
            "version: 1\ncases:\n  - name: it\n    payload: {{ rows: {{ file: data.csv, drop: label }} }}\n    {expect}\n    timeout: 1s\n"
        );
        Suite::parse(&text, Path::new("suite.yaml")).unwrap_err().to_string()
    };
    let accuracy = |limit: &str| format!("expect: {{ metrics: {{ label: label, prediction: text, accuracy: {limit} }} }}");
    for (expect, message) in [
        (accuracy("{ at_least: { value: 0.9 } }"), "`at_least` with a `value` needs a `confidence`"),
        (accuracy("{ at_least: { confidence: 0.9 } }"), "`at_least` needs the key `value`"),
        (accuracy("{ at_least: { value: 0.9, confidence: 1 } }"), "`confidence` must be a number from 0.5 to 0.9999"),
        (accuracy("{ at_least: { value: 0.9, confidence: 95% } }"), "`confidence` must be a number, not text"),
        (accuracy("{ at_least: { value: 0.9, confidense: 0.9 } }"), "did you mean `confidence`?"),
        (accuracy("{ at_least: 0.9, observe: maybe }"), "`observe` must be `true` or `false`, not text"),
        (accuracy("{ at_least: { value: 0.9, confidence: 0.9 }, at_most: 0.8 }"), "`accuracy` cannot be at least 0.9 and at most 0.8"),
        ("expect_each: { at_least: { value: 1.2, confidence: 0.9 } }".to_owned(), "`at_least` must be a number from 0 to 1, not 1.2"),
        ("expect: { latency: { p95: { confidence: 0.9 } } }".to_owned(), "`p95` needs the key `at_most`"),
        ("expect: { latency: { max: { at_most: 1s, confidence: 0.9 } } }".to_owned(), "unknown key `confidence` in `max`"),
    ] {
        let found = errors(&expect);
        assert!(found.contains(message), "{expect}: {found}");
    }
}
