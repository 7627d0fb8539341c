//! `build` and `test-staging` on the local AWS: every account is reported, and failures differ from
//! errors.

use std::io::{BufRead as _, BufReader};
use std::process::Command;

use sandbox::iris::Behaviour;
use sandbox::stand_in::{EndpointStatus, Fault};
use serde_json::{Value as Json, json};

use crate::cloud::{Cloud, GROUP, HOME};
use crate::project::{Project, Run};

const ROLE: &str = "ds-model-execution-role";

/// A stage, built and deployed to these accounts.
fn staged(cloud: &Cloud, accounts: &[&str]) -> Project {
    let mut project = cloud.project();
    project.set("STAGING_ACCOUNT_LIST", &accounts.join(","));
    cloud.register(10);
    project.run(["build"]).ends_with(0);
    for account in accounts {
        cloud.deploy(&project, "staging", account, &[]);
    }
    cloud.aws.clear_requests().unwrap();
    project
}

fn target<'a>(results: &'a Json, account: &str) -> &'a Json {
    results["targets"].as_array().unwrap().iter().find(|target| target["account_id"] == account).unwrap()
}

fn check<'a>(target: &'a Json, name: &str) -> &'a Json {
    target["checks"].as_array().unwrap().iter().find(|check| check["name"] == name).unwrap()
}

#[test]
fn the_build_lists_packages_once_for_ten_or_ten_thousand_approved_ones() {
    for approved in [10, 10_000] {
        let cloud = Cloud::new();
        cloud.register(approved);
        let project = cloud.project();
        project.run(["build"]).ends_with(0);
        let actions: Vec<_> = cloud.aws.requests().unwrap().into_iter().map(|request| request.action).collect();
        assert_eq!(actions, ["ListModelPackages", "DescribeModelPackage", "HeadObject"], "{approved}");
    }
}

#[test]
fn endpoints_that_serve_the_release_pass_in_every_account_at_once() {
    let cloud = Cloud::new();
    let project = staged(&cloud, &["222222222222", "444444444444", HOME]);
    project.run(["test-staging"]).ends_with(0).says("3 passed");
    let results = project.json("target/test-results/test-results.json");
    assert_eq!(results["verdict"], "passed");
    assert_eq!(results["counts"], json!({ "targets": 3, "passed": 3, "failed": 0, "errored": 0, "empty": 0 }));
    for account in ["222222222222", "444444444444", HOME] {
        let target = target(&results, account);
        assert_eq!(check(target, "identity")["outcome"], "passed");
        assert_eq!(target["cases"][0]["variant"], "AllTraffic");
    }
    // The caller's account is accessed with the caller's credentials.
    assert_eq!(cloud.requests("AssumeRole").len(), 2);
    // Four cases and thirty rows, in three accounts.
    assert_eq!(cloud.requests("InvokeEndpoint").len(), 3 * 34);
    assert!(project.read("target/test-results/test.env").contains("TEST_VERDICT='passed'"));
}

/// A suite whose 30 rows, of which the model has 29 right, do not prove this limit.
fn with_limit(project: &Project, limit: &str) {
    let suite = project.read("test/endpoint-tests.yaml");
    let proof = "{ value: 0.8, confidence: 0.95 }";
    assert!(suite.contains(proof), "the example has another limit");
    project.write("test/endpoint-tests.yaml", &suite.replace(proof, limit));
}

#[test]
fn rows_that_prove_too_little_end_with_code_5_and_block_production() {
    let cloud = Cloud::new();
    let project = staged(&cloud, &["222222222222"]);
    with_limit(&project, "{ value: 0.9, confidence: 0.95 }");
    project.run(["test-staging"]).ends_with(5).says("not proven (1 target: 1 not proven)").says("--check prints how");
    let results = project.json("target/test-results/test-results.json");
    assert_eq!((&results["verdict"], &results["counts"]["not_proven"]), (&json!("not_proven"), &json!(1)));
    assert!(project.read("target/test-results/test.env").contains("TEST_VERDICT='not proven'"));
    assert!(project.read("target/test-results/junit.xml").contains("type=\"not_proven\""));
    project.run(["check-release", "--stage", "prod"]).ends_with(1).says("the staging tests of this release ended as `not proven`");
}

#[test]
fn what_the_rows_can_prove_is_printed_and_nothing_is_sent() {
    let project = Project::new();
    let check = ["test-staging", "--check"];
    project.run(check).ends_with(0).says("passes with 28 of 30 right").says("can pass with these rows");
    with_limit(&project, "{ value: 0.95, confidence: 0.95 }");
    project.run(check).ends_with(5).says("cannot pass: if all 30 are right, the bound is 0.905");
    let listed = project.run(["test-staging", "--check", "--format", "json"]).ends_with(5);
    let gates: Json = serde_json::from_str(&listed.stdout).unwrap();
    assert_eq!((&gates["gates"][0]["can_pass"], &gates["gates"][0]["rows"]), (&json!(false), &json!(30)), "{gates:#}");
}

#[test]
fn each_of_five_accounts_is_reported_and_failures_differ_from_errors() {
    let cloud = Cloud::new();
    let accounts = ["222222222222", "444444444444", "555555555555", "666666666666", "777777777777"];
    let mut project = cloud.project();
    project.set("STAGING_ACCOUNT_LIST", &accounts.join(","));
    cloud.register(10);
    project.run(["build"]).ends_with(0);
    let old = format!("arn:aws:sagemaker:us-east-1:{HOME}:model-package/{GROUP}/1");
    for account in accounts {
        let overrides: &[_] = if account == "555555555555" { &[("ModelPackageName", old.as_str())] } else { &[] };
        cloud.deploy(&project, "staging", account, overrides);
    }
    let failed = EndpointStatus {
        account: "444444444444".to_owned(),
        endpoint: "iris-p-abc123xyz-staging".to_owned(),
        status: "Failed".to_owned(),
        failure_reason: Some("the container did not pass its health check".to_owned()),
        ..EndpointStatus::default()
    };
    cloud.aws.set_endpoint_status(&failed).unwrap();
    cloud.aws.fault(&Fault::refused_role(&format!("arn:aws:iam::666666666666:role/{ROLE}"))).unwrap();

    project.run(["test-staging"]).ends_with(1);
    let results = project.json("target/test-results/test-results.json");
    assert_eq!(results["targets"].as_array().unwrap().len(), 5);
    let verdicts = accounts.map(|account| target(&results, account)["verdict"].as_str().unwrap().to_owned());
    assert_eq!(verdicts, ["passed", "failed", "failed", "errored", "passed"]);
    assert!(target(&results, "444444444444").to_string().contains("the container did not pass its health check"));
    let identity = check(target(&results, "555555555555"), "identity");
    assert_eq!(identity["outcome"], "failed");
    assert_eq!(identity["actual"], old);
    let refused = target(&results, "666666666666").to_string();
    assert!(refused.contains("AccessDenied") && refused.contains(ROLE), "{refused}");

    let junit = project.read("target/test-results/junit.xml");
    assert!(junit.contains("<failure") && junit.contains("<error"), "{junit}");
    let page = project.read("target/test-results/report.html");
    assert!(page.contains("666666666666") && !page.contains("<script"));
}

#[test]
fn a_wrong_model_fails_and_a_broken_container_is_reported_with_its_message() {
    let cloud = Cloud::new();
    let project = staged(&cloud, &["222222222222"]);
    cloud.model.set_behaviour(Behaviour::WrongModel);
    project.run(["test-staging"]).ends_with(1);
    let results = project.json("target/test-results/test-results.json");
    let case = &results["targets"][0]["cases"][0];
    assert_eq!(case["outcome"], "failed");
    assert!(case.to_string().contains("virginica"), "{case}");
}

#[test]
fn the_tests_wait_for_an_endpoint_that_is_being_created() {
    let cloud = Cloud::new();
    let project = staged(&cloud, &["222222222222"]);
    let creating = EndpointStatus {
        account: "222222222222".to_owned(),
        endpoint: "iris-p-abc123xyz-staging".to_owned(),
        status: "Creating".to_owned(),
        ..EndpointStatus::default()
    };
    cloud.aws.set_endpoint_status(&creating).unwrap();
    // Still being created at the deadline: an error, not a failure.
    project.run(["test-staging", "--wait", "1"]).ends_with(3).says("Creating");
    assert_eq!(project.json("target/test-results/test-results.json")["verdict"], "errored");
}

#[test]
fn an_interrupted_run_still_writes_complete_results() {
    let cloud = Cloud::new();
    let project = staged(&cloud, &["222222222222", "444444444444"]);
    let creating = EndpointStatus {
        account: "444444444444".to_owned(),
        endpoint: "iris-p-abc123xyz-staging".to_owned(),
        status: "Creating".to_owned(),
        ..EndpointStatus::default()
    };
    cloud.aws.set_endpoint_status(&creating).unwrap();
    // The first endpoint is done; the run waits for the second.
    terminated_after_printing(&project, project.command(["test-staging"]), "Passed 222222222222/").ends_with(3);
    let results = project.json("target/test-results/test-results.json");
    assert_eq!(target(&results, "222222222222")["verdict"], "passed");
    assert_eq!(target(&results, "444444444444")["verdict"], "errored");
    assert!(target(&results, "444444444444").to_string().contains("interrupted"));
    assert!(project.read("target/test-results/junit.xml").contains("<error"));
}

/// Runs a program until it prints a text on standard error, then ends it as CodeBuild's timeout
/// does.
fn terminated_after_printing(project: &Project, command: Command, text: &str) -> Run {
    signalled_after_printing(project, command, text, "TERM")
}

pub(crate) fn signalled_after_printing(project: &Project, mut command: Command, text: &str, signal: &str) -> Run {
    let mut program = command.spawn().unwrap();
    let mut lines = BufReader::new(program.stderr.take().unwrap()).lines().map(Result::unwrap);
    let mut said = Vec::new();
    let heard = lines.by_ref().inspect(|line| said.push(line.clone())).any(|line| line.contains(text));
    assert!(heard, "`{text}` is not in {said:#?}");
    assert!(Command::new("kill").args(["-s", signal, &program.id().to_string()]).status().unwrap().success());
    let _rest = lines.count();
    project.ended(program)
}

#[test]
fn an_interrupted_container_test_also_writes_results() {
    let project = Project::new();
    // No server listens there, so the run waits for the container.
    for signal in ["TERM", "INT", "HUP"] {
        let command = project.interruptible(["test-staging", "--endpoint-url", "http://127.0.0.1:9", "--results-dir", signal]);
        signalled_after_printing(&project, command, "Waiting", signal).ends_with(3);
        assert_eq!(project.json(&format!("{signal}/test-results.json"))["verdict"], "errored");
    }
}

#[test]
fn without_credentials_every_target_is_still_in_the_results() {
    let cloud = Cloud::new();
    let mut project = staged(&cloud, &["222222222222", "444444444444"]);
    for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"] {
        project.unset(name);
    }
    project.run(["test-staging"]).ends_with(3);
    let results = project.json("target/test-results/test-results.json");
    assert_eq!(results["counts"]["errored"], 2);
    assert!(project.read("target/test-results/junit.xml").contains("<error"));
}

#[test]
fn an_endpoint_that_was_never_deployed_is_an_error_that_names_account_and_region() {
    let cloud = Cloud::new();
    let project = staged(&cloud, &["222222222222"]);
    let run = project.run(["test-prod"]).ends_with(3);
    assert!(run.stdout.contains("333333333333") && run.stdout.contains("us-east-1"), "{}", run.stdout);
}

#[test]
fn the_variables_of_the_python_seed_name_the_configuration_and_the_results() {
    let cloud = Cloud::new();
    let mut project = staged(&cloud, &["222222222222"]);
    project.set("BUILD_CONFIG", "staging-config");
    project.set("TEST_RESULTS", "evidence");
    project.run(["test-staging", "--results-dir", "out", "--build-dir", "target/deploy"]).ends_with(0);
    assert_eq!(project.json("out/evidence.json")["stage"], "staging");
}

#[test]
fn errors_of_aws_are_reported_with_code_and_hint() {
    let cloud = Cloud::new();
    cloud.register(10);
    for (status, code, says, times) in [
        (400, "AccessDeniedException", "allow `sagemaker:ListModelPackages`", None),
        (400, "ExpiredTokenException", "the session has expired", None),
        (400, "ThrottlingException", "AWS is throttling this account", None),
        (500, "InternalFailure", "AWS is not available at the moment", None),
        (503, "ServiceUnavailable", "account 111111111111, region us-east-1", None),
        // Temporary errors are retried and not reported.
        (400, "ThrottlingException", "version 14", Some(2)),
    ] {
        let project = cloud.project();
        let mut fault = Fault::error(status, code, "as the test says").on("sagemaker", "ListModelPackages");
        if let Some(times) = times {
            fault = fault.times(times);
        }
        cloud.aws.fault(&fault).unwrap();
        project.run(["build"]).ends_with(if times.is_some() { 0 } else { 3 }).says(says);
        assert_eq!(project.path("target/deploy").exists(), times.is_some());
        cloud.aws.clear_faults().unwrap();
    }
}
