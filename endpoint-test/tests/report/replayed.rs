//! Captured requests that were sent again, and an unpaired comparison, in every rendering.

use endpoint_test::report::{
    ComparisonReport, DriftReport, IntervalReport, ReplayDifference, ReplayLatency, ReplayReport, UnpairedReport, UnusableRecord,
};
use endpoint_test::{Report, TargetReport, report};

use crate::sample::{info, tool};

fn replayed() -> Report {
    let mut target = TargetReport::errored(info("222222222222", "us-east-1"), "status", "", None);
    target.comparison = Some(ComparisonReport {
        with: "333333333333/us-east-1/iris-<prod>".to_owned(),
        unpaired: Some(UnpairedReport {
            why: "`iris-<prod>` could not be invoked: not allowed".to_owned(),
            results: "champion-results.json".to_owned(),
            release: Some("7".repeat(64)),
            model_package: Some("arn:aws:sagemaker:us-east-1:111111111111:model-package/iris/12".to_owned()),
            tested_at: Some("2026-11-20T08:00:00.000Z".to_owned()),
            suite: None,
        }),
        ..ComparisonReport::default()
    });
    target.replay = Some(Box::new(ReplayReport {
        from: "s3://captured/<iris>/".to_owned(),
        sent: 1000,
        compared: 990,
        different: 12,
        different_share: Some(IntervalReport { low: 0.0063, high: 0.0211, level: 0.95, method: "exact".to_owned(), rows: 990 }),
        refused: 4,
        unusable: 9,
        captured_from: Some("2026-11-26T00:00:00Z".to_owned()),
        captured_to: Some("2026-11-26T23:59:59Z".to_owned()),
        redacted: vec!["/customer/name".to_owned()],
        drift: Some(DriftReport {
            of: "scores".to_owned(),
            pairs: 986,
            psi: 0.31,
            bins: 10,
            psi_by_chance: 0.034,
            ks: Some(0.21),
            p_value: Some(1.2e-9),
            visible_ks: Some(0.08),
        }),
        latency: Some(ReplayLatency { count: 996, p50_ms: 4.2, p95_ms: Some(9.0), p99_ms: None, max_ms: 20.5 }),
        differences: vec![ReplayDifference {
            record: "a.jsonl:7".to_owned(),
            event_id: "8d4c".to_owned(),
            at: Some("/label".to_owned()),
            this: "<setosa>\u{1b}[31m".to_owned(),
            captured: "virginica".to_owned(),
        }],
        unusable_records: vec![UnusableRecord { record: "a.jsonl:9".to_owned(), why: "it is not JSON, from column 1 on".to_owned() }],
        ..ReplayReport::default()
    }));
    Report::assemble(tool(), "staging", vec![target])
}

#[test]
fn the_text_has_the_replay_and_says_what_an_unpaired_comparison_is() {
    let text = report::table(&replayed());
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for part in [
        "1000 captured requests of s3://captured/<iris>/ were sent again, captured from 2026-11-26T00:00:00Z to 2026-11-26T23:59:59Z: 12 of 990 responses differ from the captured ones; 95% interval 0.0063 to 0.0211 (exact, 990 rows)",
        "4 got an error of the model",
        "9 could not be used, and were not sent",
        "drift of 986 scores: PSI 0.31 over 10 bins, above chance (95% of replays without drift stay below 0.034); KS distance 0.21, p = 0.0000000012; so many pairs show a distance of 0.08 in 4 of 5 replays",
        "latency: median 4.2 ms, p95 9.0 ms, slowest 20.5 ms",
        "removed from every request and response: /customer/name",
        "a.jsonl:7 at /label: <setosa>",
        "a.jsonl:9: it is not JSON, from column 1 on",
        "… and 19 more; the JSON report has the first of them",
        "unpaired: `iris-<prod>` could not be invoked: not allowed. The metrics are compared with the stored results of release 777777777777 (arn:aws:sagemaker:us-east-1:111111111111:model-package/iris/12), tested 2026-11-20T08:00:00.000Z in champion-results.json.",
    ] {
        assert!(words.contains(part), "{part}: {words}");
    }
    assert!(!text.contains('\u{1b}'));
}

#[test]
fn the_page_and_the_junit_file_have_them_too() {
    let report = replayed();
    let (page, junit) = (report::html(&report), report::junit(&report));
    for part in ["<h3>Captured requests</h3>", "s3://captured/&lt;iris&gt;/", "a.jsonl:7", "&lt;setosa&gt;", "unpaired: "] {
        assert!(page.contains(part), "{part}");
    }
    assert!(!page.contains("<setosa>"));
    for part in ["name=\"replay 1\"", "name=\"comparison is unpaired\"", "KS distance 0.21"] {
        assert!(junit.contains(part), "{part}");
    }
    // The JSON report is read again without loss.
    let again: Report = serde_json::from_str(&report::json(&report)).unwrap();
    assert_eq!(again.targets[0].comparison, report.targets[0].comparison);
    assert_eq!(again.targets[0].replay.as_ref().unwrap().drift, report.targets[0].replay.as_ref().unwrap().drift);
}
