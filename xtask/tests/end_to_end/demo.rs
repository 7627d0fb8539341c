//! `demo`: the whole pipeline, without the real AWS.

use crate::project::{Project, stand_in_cache};

/// `demo` shares the tests' environment of the local AWS.
fn project() -> Project {
    let mut project = Project::new();
    project.set("CARGO_TARGET_DIR", &stand_in_cache().parent().unwrap().display().to_string());
    project
}

#[test]
fn the_demo_releases_twice_catches_the_third_and_cannot_reach_the_real_aws() {
    let mut project = project();
    // Using the caller's AWS settings would fail or reach another machine.
    for (name, value) in [
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:9"),
        ("AWS_ENDPOINT_URL_SAGEMAKER", "http://127.0.0.1:9"),
        ("AWS_PROFILE", "production"),
        ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "a-secret-that-must-not-be-shown"),
        ("AWS_REGION", "mars-north-1"),
        ("HTTPS_PROXY", "http://127.0.0.1:9"),
        ("HTTP_PROXY", "http://127.0.0.1:9"),
        ("STAGING_ACCOUNT_LIST", "999999999999"),
        ("MODEL_PACKAGE", "2"),
    ] {
        project.set(name, value);
    }
    let run = project.run(["demo", "--yes", "--output-dir", "demo"]).ends_with(0).says("Caught");
    assert!(!run.stdout.contains("999999999999") && !run.stderr.contains("mars-north-1"));

    let production = project.json("demo/rollout-prod/rollout.json");
    assert_eq!(production["identity"][0]["outcome"], "passed");
    let tested = project.json("demo/test-prod/test-results.json");
    assert!(tested["model_package"].as_str().unwrap().ends_with("/4"), "production is on the second release: {tested}");
    let third = project.json("demo/rollout-staging/rollout.json");
    assert_eq!((third["verdict"].as_str(), third["identity"][0]["outcome"].as_str()), (Some("succeeded"), Some("failed")));

    // In AWS's log: each release invoked the endpoints of both stages, and nothing was deleted.
    let log = project.read("demo/requests.jsonl");
    let count = |action: &str| log.lines().filter(|line| line.contains(&format!("\"{action}\""))).count();
    // Production gets the same cases as staging.
    assert_eq!(count("InvokeEndpoint"), 2 * (34 + 34));
    assert_eq!(count("UpdateStackSet"), 3);
    assert_eq!(count("DeleteStackInstances") + count("DeleteStackSet"), 0);
}

#[test]
fn without_a_terminal_for_the_approval_the_demo_stops_before_production() {
    let project = project();
    project.run(["demo", "--output-dir", "demo"]).ends_with(2).says("--yes");
    assert!(!project.path("demo/rollout-prod").exists());
}
