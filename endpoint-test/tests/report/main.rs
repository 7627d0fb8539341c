//! The four renderings of a report.

mod compared;
mod hostile;
mod load;
mod metrics;
mod outlook;
mod page;
mod replayed;
mod sample;

use endpoint_test::{CaseReport, CheckReport, Outcome, Report, RowReport, RowsReport, TargetReport, Verdict, report};
use insta::assert_snapshot;

use self::sample::{case, check, info, tool};

/// A report over one target with these cases.
fn with_cases(cases: Vec<CaseReport>) -> Report {
    let mut target = TargetReport::errored(info("222222222222", "us-east-1"), "status", "", None);
    target.checks[0] = check("status", Outcome::Passed);
    target.verdict = Verdict::Passed;
    target.cases = cases;
    Report::assemble(tool(), "staging", vec![target])
}

#[test]
fn the_table_has_the_problems_and_hints() {
    assert_snapshot!(report::table(&sample::report()), @r#"
    endpoint iris-p-abc123xyz-staging
    VERDICT  ACCOUNT       REGION     STATUS     CHECKS  CASES  SLOWEST
    passed   111111111111  us-east-1  InService  4/4     3/3    18.4 ms
    failed   222222222222  us-east-1  InService  3/4     1/3    21.7 ms
    errored  333333333333  eu-west-1  -          0/1     -      -

    failed 222222222222/us-east-1/iris-p-abc123xyz-staging (role ml/endpoint-tester)
      failed check identity: variant `AllTraffic` serves version 12, but version 13
          was approved
          expected arn:aws:sagemaker:us-east-1:111111111111:model-package/iris-p-abc123xyz/13
          found    arn:aws:sagemaker:us-east-1:111111111111:model-package/iris-p-abc123xyz/12
          hint: the deployment was probably rolled back, or has not reached this
                account: see the events of the endpoint's stack
      failed case "probabilities add up"
        json at /predictions/0/score: the number is out of range
          expected between 0 and 1
          found    1.5
        variant AllTraffic, status 200, request 5f1e0c7a-2b3d
        to send the same request, with credentials of account 222222222222:
          aws sagemaker-runtime invoke-endpoint --endpoint-name iris-p-abc123xyz-staging --body '1,2' /dev/stdout
      errored case "ten rows at once": InvokeEndpoint: ThrottlingException: Rate
          exceeded (request 99)
          hint: test fewer targets at once
        variant AllTraffic, status 200, request 5f1e0c7a-2b3d

    errored 333333333333/eu-west-1/iris-p-abc123xyz-staging (role
      ml/endpoint-tester)
      errored check session: AssumeRole: AccessDenied: User:
          arn:aws:sts::111111111111:assumed-role/build/7 is not authorized to
          perform: sts:AssumeRole (request 0a1b)
          hint: the role's trust policy must name the caller, and the caller's own
                policy must allow `sts:AssumeRole` on the role

    failed (3 targets: 1 passed, 1 failed, 1 errored)
    "#);
}

#[test]
fn a_printed_command_names_the_account_whose_credentials_it_needs() {
    let texts = |account: &str, endpoint: &str| {
        let mut wrong = case("wrong", 1.0);
        wrong.outcome = Outcome::Failed;
        wrong.reproduce = Some("printf %s 1 | send".to_owned());
        let mut report = with_cases(vec![wrong.clone()]);
        (report.targets[0].account_id, report.targets[0].endpoint) = (account.to_owned(), endpoint.to_owned());
        // Of a case with rows, the rows have the commands.
        let row = RowReport { outcome: Outcome::Failed, reproduce: wrong.reproduce.take(), ..RowReport::default() };
        wrong.rows = Some(RowsReport { not_passed: vec![row], ..RowsReport::default() });
        let mut of_rows = report.clone();
        of_rows.targets[0].cases = vec![wrong];
        [report::table(&report), report::table(&of_rows), report::junit(&report), report::html(&report), report::html(&of_rows)]
    };
    for text in texts("222222222222", "iris") {
        assert!(text.to_lowercase().contains("send the same request, with credentials of account 222222222222"), "{text}");
    }
    for (account, endpoint) in
        [("local", "http://127.0.0.1:8080"), ("", "https://model.example"), ("222222222222", "http://127.0.0.1:8080")]
    {
        for text in texts(account, endpoint) {
            assert!(text.to_lowercase().contains("send the same request") && !text.contains("credentials"), "{text}");
        }
    }
}

#[test]
fn the_junit_file_separates_failures_from_errors() {
    let mut short = sample::report();
    short.targets.remove(0);
    assert_snapshot!(report::junit(&short), @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <testsuites name="xtask staging" tests="8" skipped="0" failures="2" errors="2" time="41.200">
        <testsuite name="222222222222/us-east-1/iris-p-abc123xyz-staging" tests="7" skipped="0" errors="1" failures="2" time="41.200">
            <properties>
                <property name="role" value="ml/endpoint-tester"/>
                <property name="endpoint_config" value="iris-config-12"/>
                <property name="status" value="InService"/>
            </properties>
            <testcase name="status" classname="checks"/>
            <testcase name="identity" classname="checks">
                <failure message="variant `AllTraffic` serves version 12, but version 13 was approved" type="checks">identity: variant `AllTraffic` serves version 12, but version 13 was approved
      expected: arn:aws:sagemaker:us-east-1:111111111111:model-package/iris-p-abc123xyz/13
      actual: arn:aws:sagemaker:us-east-1:111111111111:model-package/iris-p-abc123xyz/12
      hint: the deployment was probably rolled back, or has not reached this account: see the events of the endpoint&apos;s stack</failure>
            </testcase>
            <testcase name="variants" classname="checks"/>
            <testcase name="data_capture" classname="checks"/>
            <testcase name="one flower gets a species" classname="cases" time="0.011"/>
            <testcase name="probabilities add up" classname="cases" time="0.022">
                <failure message="the number is out of range" type="cases">json at /predictions/0/score: the number is out of range
      expected: between 0 and 1
      actual: 1.5
    variant: AllTraffic
    request id: 5f1e0c7a-2b3d
    send the same request, with credentials of account 222222222222: aws sagemaker-runtime invoke-endpoint --endpoint-name iris-p-abc123xyz-staging --body &apos;1,2&apos; /dev/stdout
    response: {&quot;predictions&quot;:[{&quot;label&quot;:&quot;&lt;script&gt;alert(&apos;x&apos;)&lt;/script&gt;&quot;,&quot;score&quot;:1.5}]}\u{1b}[2J</failure>
            </testcase>
            <testcase name="ten rows at once" classname="cases" time="0.003">
                <error message="InvokeEndpoint: ThrottlingException: Rate exceeded (request 99)" type="cases">hint: test fewer targets at once
    variant: AllTraffic
    request id: 5f1e0c7a-2b3d</error>
            </testcase>
        </testsuite>
        <testsuite name="333333333333/eu-west-1/iris-p-abc123xyz-staging" tests="1" skipped="0" errors="1" failures="0" time="0.000">
            <properties>
                <property name="role" value="ml/endpoint-tester"/>
            </properties>
            <testcase name="session" classname="checks">
                <error message="AssumeRole: AccessDenied: User: arn:aws:sts::111111111111:assumed-role/build/7 is not authorized to perform: sts:AssumeRole (request 0a1b)" type="checks">session: AssumeRole: AccessDenied: User: arn:aws:sts::111111111111:assumed-role/build/7 is not authorized to perform: sts:AssumeRole (request 0a1b)
      hint: the role&apos;s trust policy must name the caller, and the caller&apos;s own policy must allow `sts:AssumeRole` on the role</error>
            </testcase>
        </testsuite>
    </testsuites>
    "#);
}

#[test]
fn the_json_document_has_its_fields() {
    let mut short = sample::report();
    short.targets.truncate(1);
    short.targets[0].cases.truncate(1);
    assert_snapshot!(report::json(&short), @r#"
    {
      "schema_version": 1,
      "tool": {
        "name": "xtask",
        "version": "0.1.0"
      },
      "stage": "staging",
      "release": "sha256:9f2c4e0b7d11a8c35f6a90e1b2d4c6f8a0b1c2d3e4f5061728394a5b6c7d8e9f",
      "commit": "4f0c2d9e8b7a6c5d4e3f2a1b0c9d8e7f6a5b4c3d",
      "model_package": "arn:aws:sagemaker:us-east-1:111111111111:model-package/iris-p-abc123xyz/13",
      "verdict": "failed",
      "counts": {
        "targets": 3,
        "passed": 1,
        "failed": 1,
        "errored": 1,
        "empty": 0
      },
      "targets": [
        {
          "account_id": "111111111111",
          "region": "us-east-1",
          "endpoint": "iris-p-abc123xyz-staging",
          "verdict": "passed",
          "role": "ml/endpoint-tester",
          "environment_name": "ds",
          "environment_type": "staging",
          "project_name": "iris",
          "project_id": "p-abc123xyz",
          "status": "InService",
          "endpoint_config": "iris-config-13",
          "variants": [
            {
              "name": "AllTraffic",
              "weight": 1.0,
              "current_instance_count": 2,
              "desired_instance_count": 2,
              "model_name": "iris-model",
              "model_packages": [
                "arn:aws:sagemaker:us-east-1:111111111111:model-package/iris-p-abc123xyz/13"
              ]
            }
          ],
          "duration_ms": 41200.0,
          "checks": [
            {
              "name": "status",
              "outcome": "passed",
              "actual": "InService"
            },
            {
              "name": "identity",
              "outcome": "passed",
              "expected": "arn:aws:sagemaker:us-east-1:111111111111:model-package/iris-p-abc123xyz/13",
              "actual": "arn:aws:sagemaker:us-east-1:111111111111:model-package/iris-p-abc123xyz/13"
            },
            {
              "name": "variants",
              "outcome": "passed",
              "actual": "AllTraffic: weight 1, 2 of 2 instances"
            },
            {
              "name": "data_capture",
              "outcome": "passed",
              "actual": "off"
            }
          ],
          "cases": [
            {
              "name": "one flower gets a species",
              "outcome": "passed",
              "latency_ms": 12.31,
              "status": 200,
              "request_id": "5f1e0c7a-2b3d",
              "variant": "AllTraffic",
              "content_type": "application/json",
              "checks": [
                {
                  "name": "status",
                  "outcome": "passed",
                  "expected": "2xx",
                  "actual": "200"
                },
                {
                  "name": "json",
                  "outcome": "passed",
                  "at": "/predictions/0/label",
                  "expected": "one of \"setosa\", \"versicolor\", \"virginica\"",
                  "actual": "\"setosa\""
                }
              ]
            }
          ]
        }
      ]
    }
    "#);
}

#[test]
fn the_json_document_reads_back_unchanged() {
    let report = sample::report();
    assert_eq!(serde_json::from_str::<Report>(&report::json(&report)).unwrap(), report);
}

#[test]
fn a_report_does_not_depend_on_the_order_of_its_targets() {
    let report = sample::report();
    let mut targets = report.targets.clone();
    targets.reverse();
    let again = Report {
        release: report.release.clone(),
        commit: report.commit.clone(),
        model_package: report.model_package.clone(),
        ..Report::assemble(tool(), "staging", targets)
    };
    assert_eq!(report::json(&again), report::json(&report));
}

#[test]
fn a_run_without_targets_is_empty_in_every_form() {
    let report = Report::assemble(tool(), "prod", Vec::new());
    assert_eq!(report.verdict, Verdict::Empty);
    assert_eq!(report::table(&report), "empty: nothing was tested (0 targets)\n");
    assert!(report::html(&report).contains("Nothing was tested"));
    assert!(report::junit(&report).contains("tests=\"0\""));
}

#[test]
fn the_junit_file_respects_codebuilds_limits_and_keeps_failures() {
    let mut cases: Vec<_> = (0..700).map(|number| case(&format!("case {number}"), 1.0)).collect();
    let failed = &mut cases[699];
    failed.outcome = Outcome::Failed;
    failed.checks =
        vec![CheckReport { message: Some("é".repeat(20_000)), actual: Some("x".repeat(20_000)), ..check("json", Outcome::Failed) }];
    let xml = report::junit(&with_cases(cases));
    assert_eq!(xml.matches("<testcase ").count(), 500);
    assert!(
        xml.contains("name=\"case 699\"") && xml.contains("202 of 701 test cases are omitted, because CodeBuild accepts 500: 202 passed"),
        "{xml:.3000}"
    );
    let message = xml.split("message=\"").nth(1).unwrap().split('"').next().unwrap();
    assert_eq!(message.chars().count(), 5000);
    let text = xml.split("type=\"cases\">").nth(1).unwrap().split("</failure>").next().unwrap();
    assert_eq!(text.chars().count(), 5000);
}

#[test]
fn the_page_has_no_scripts_and_no_external_resources() {
    let page = report::html(&sample::report());
    assert!(!page.contains("<script") && !page.contains("src=") && !page.contains("url(") && !page.contains("@import"));
    assert!(page.contains("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;"));
    assert!(page.contains("default-src 'none'"));
    // A model's response controls neither a terminal nor a page.
    assert!(!page.contains('\u{1b}') && !report::table(&sample::report()).contains('\u{1b}'));
}

#[test]
fn the_page_expands_what_did_not_pass_and_shows_it_first() {
    let page = report::html(&sample::report());
    assert_eq!(page.matches("<details class=\"failed\" open>").count(), 1);
    assert_eq!(page.matches("<details class=\"passed\">").count(), 4);
    let place = |account: &str| page.find(&format!("<p>account {account}")).unwrap();
    assert!(place("222222222222") < place("333333333333") && place("333333333333") < place("111111111111"));
}

#[test]
fn the_page_claims_identity_only_if_it_was_checked() {
    let passing = sample::report().targets.remove(0);
    let page = |target| report::html(&Report::assemble(tool(), "staging", vec![target]));
    assert!(page(passing.clone()).contains("The endpoint serves what was approved and responds as expected"));
    let mut unknown = passing;
    unknown.checks[1].outcome = Outcome::Skipped;
    assert!(page(unknown).contains("<p>The endpoint responds as expected</p>"));
}

#[test]
fn every_element_of_the_page_is_closed() {
    let page = report::html(&sample::report());
    for element in [
        "html", "head", "body", "main", "section", "div", "details", "summary", "table", "thead", "tbody", "tr", "td", "th", "dl", "dt",
        "dd", "pre", "span", "code", "p",
    ] {
        let opened = page.matches(&format!("<{element}>")).count() + page.matches(&format!("<{element} ")).count();
        assert_eq!(opened, page.matches(&format!("</{element}>")).count(), "{element}");
    }
}
