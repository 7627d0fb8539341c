//! A load in the reports.

use endpoint_test::report::{RateSearchReport, RateStep};
use endpoint_test::{Report, report};
use insta::assert_snapshot;

use crate::sample;

/// The report of the one target with a load.
fn loaded() -> Report {
    let mut report = sample::loaded();
    report.targets.retain(|target| target.load.as_ref().is_some_and(|load| load.total.is_some()));
    report.targets[0].checks.clear();
    report.targets[0].cases.clear();
    report
}

#[test]
fn the_table_has_the_thresholds_with_their_values() {
    assert_snapshot!(report::table(&loaded()), @r#"
    endpoint iris-p-abc123xyz-staging
    VERDICT  ACCOUNT       REGION     STATUS     CHECKS  CASES  SLOWEST
    failed   222222222222  us-east-1  InService  -       -      -

    failed load on 222222222222/us-east-1/iris-p-abc123xyz-staging
      1200 sent in 61.2 s: 1197 right, 3 errors, 2 dropped; 19.95/s
      response time p50 12.0 ms  p95 18.0 ms  p99 412.0 ms  max 412.0 ms
      service time  p50 12.0 ms  p95 18.0 ms  p99 40.0 ms  max 40.0 ms
      sent late by  p50 0.4 ms  p95 1.1 ms  max 3.0 ms
      passed   p95 < 250ms         18 ms
      failed   p99 < 100ms         412 ms
               hint: response time includes the network
      errored  <ramp>: p99.9 < 1s
               too few responses: 1200, and 10000 are needed
      3 × model error 500, first at "one flower gets a species": <img src=x onerror=alert(1)>\u{1b}[31m out of memory

    failed (3 targets: 1 passed, 1 failed, 1 errored)
    "#);
}

#[test]
fn the_junit_file_has_a_test_case_for_each_threshold() {
    assert_snapshot!(report::junit(&loaded()), @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <testsuites name="xtask staging" tests="3" skipped="0" failures="1" errors="1" time="41.200">
        <testsuite name="222222222222/us-east-1/iris-p-abc123xyz-staging" tests="3" skipped="0" errors="1" failures="1" time="41.200">
            <properties>
                <property name="role" value="ml/endpoint-tester"/>
                <property name="endpoint_config" value="iris-config-12"/>
                <property name="status" value="InService"/>
            </properties>
            <testcase name="p95 &lt; 250ms" classname="load"/>
            <testcase name="p99 &lt; 100ms" classname="load">
                <failure message="`p99 &lt; 100ms` failed: the value is 412 ms" type="load">`p99 &lt; 100ms` failed: the value is 412 ms
      hint: response time includes the network</failure>
            </testcase>
            <testcase name="&lt;ramp&gt;: p99.9 &lt; 1s" classname="load">
                <error message="too few responses: 1200, and 10000 are needed" type="load">too few responses: 1200, and 10000 are needed</error>
            </testcase>
        </testsuite>
    </testsuites>
    "#);
}

#[test]
fn a_load_that_did_not_run_is_skipped_in_every_report() {
    let mut report = sample::loaded();
    report.targets.retain(|target| target.load.as_ref().is_some_and(|load| load.total.is_none()));
    assert!(
        report::table(&report)
            .contains("skipped load on 333333333333/eu-west-1/iris-p-abc123xyz-staging\n  the target is not in service\n")
    );
    assert!(report::junit(&report).contains(
        "<testcase name=\"load\" classname=\"load\" time=\"0.000\">\n            <skipped message=\"the target is not in service\"/>"
    ));
    assert!(report::html(&report).contains("the target is not in service"));
}

#[test]
fn a_load_reads_back_from_json_unchanged() {
    let report = sample::loaded();
    assert_eq!(serde_json::from_str::<Report>(&report::json(&report)).unwrap(), report);
}

/// The report of a target whose load searched a rate.
fn searched() -> Report {
    let mut report = loaded();
    let load = report.targets[0].load.as_mut().unwrap();
    let step = |rate: f64, holds: Option<bool>, proven: bool, message: Option<&str>| RateStep {
        rate_per_second: rate,
        holds,
        proven,
        message: message.map(str::to_owned),
    };
    let found = RateSearchReport {
        holds_per_second: Some(300.0),
        breaks_per_second: Some(325.5),
        proven_holds_per_second: Some(200.0),
        proven_breaks_per_second: Some(400.0),
        thresholds: vec!["p95 < 250ms".to_owned(), "errors < 1%".to_owned()],
        steps: vec![
            step(200.0, Some(true), true, None),
            step(400.0, Some(false), true, Some("`p95 < 250ms` failed: the value is <b>2 s")),
            step(300.0, Some(true), false, None),
            step(325.5, Some(false), false, Some("`p95 < 250ms` failed: the value is 251 ms")),
        ],
    };
    load.message = Some(found.sentence());
    load.rate_search = Some(found);
    load.thresholds.clear();
    load.errors.clear();
    report
}

#[test]
fn every_report_has_the_interval_of_a_search_and_what_is_proven() {
    let report = searched();
    let sentence = "the thresholds hold at 300/s and break at 325.5/s: `p95 < 250ms` failed: the value is 251 ms; proven with 95% confidence: hold at 200/s, break at 400/s";
    let table = report::table(&report);
    for line in [
        sentence,
        "       200/s  holds    proven\n",
        "       400/s  breaks   proven      `p95 < 250ms` failed: the value is <b>2 s\n",
        "       300/s  holds    not proven\n",
        "     325.5/s  breaks   not proven  `p95 < 250ms` failed: the value is 251 ms\n",
    ] {
        assert!(table.contains(line), "{line} is not in {table}");
    }
    assert!(report.summary().ends_with("rate under load holds at 300/s, breaks at 325.5/s"), "{}", report.summary());
    let json: serde_json::Value = serde_json::from_str(&report::json(&report)).unwrap();
    let found = &json["targets"][0]["load"]["rate_search"];
    assert_eq!((&found["holds_per_second"], &found["steps"][1]["holds"]), (&300.0.into(), &false.into()));
    assert!(report::junit(&report).contains("the thresholds hold at 300/s and break at 325.5/s"));
    let page = report::html(&report);
    for part in ["Rates at ", "not proven", "325.5", "&lt;b&gt;2 s", "break at 400/s"] {
        assert!(page.contains(part), "{part}");
    }
    assert!(!page.contains("is <b>2 s"));
}

#[test]
fn the_sentence_of_a_search_says_what_is_not_known() {
    let step =
        |rate: f64, holds: Option<bool>| RateStep { rate_per_second: rate, holds, message: Some("why".to_owned()), ..RateStep::default() };
    for (steps, sentence, headline) in [
        (vec![], "no rate was tried to its end", "not known"),
        (vec![step(5.0, None)], "what 5/s shows is not known: why", "not known"),
        (vec![step(5.0, Some(false))], "the thresholds break at 5/s already, the lowest rate: why", "breaks at 5/s"),
        (vec![step(5.0, Some(true))], "the thresholds hold at 5/s, the highest rate that was tried", "holds at 5/s"),
        (vec![step(5.0, Some(true)), step(9.0, None)], "the thresholds hold at 5/s; what 9/s shows is not known: why", "holds at 5/s"),
    ] {
        let rate = |holds: bool| steps.iter().find(|step| step.holds == Some(holds)).map(|step| step.rate_per_second);
        let found = RateSearchReport {
            holds_per_second: rate(true),
            breaks_per_second: rate(false),
            steps: steps.clone(),
            ..RateSearchReport::default()
        };
        assert_eq!((found.sentence().as_str(), found.headline().as_str()), (sentence, headline));
    }
}
