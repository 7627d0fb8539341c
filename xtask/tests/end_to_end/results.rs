//! Results that cannot be written or printed, and files of runs that were killed or run at once.

use std::process::Stdio;

use model_release::files::digest;

use crate::cloud::Cloud;
use crate::project::Project;
use crate::rollout::{ACCOUNTS, DEPLOY, approve, project};

const BUILD: [&str; 3] = ["build", "--registry", "examples/registry.json"];

#[cfg(target_os = "linux")]
#[test]
fn a_result_that_cannot_be_printed_is_an_error_and_a_closed_pipe_is_not() {
    let project = Project::new().with_pipeline_variables();
    for command in [
        &["registry", "list", "--registry", "examples/registry.json", "--format", "json"][..],
        &["registry", "resolve", "--registry", "examples/registry.json"],
        &["config", "explain", "--stage", "staging"],
        &["package", "--template-file", "cfn-sm-endpoint-template.yml"],
        &BUILD,
    ] {
        let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
        let run = project.command(command).stdout(full).spawn().unwrap();
        project.ended(run).ends_with(3).says("could not be written to standard output");
        let mut run = project.command(command).stdout(Stdio::piped()).spawn().unwrap();
        drop(run.stdout.take());
        project.ended(run).ends_with(0);
        // Standard error has nowhere to report its own errors.
        let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
        assert_eq!(project.command(command).stdout(Stdio::null()).stderr(full).status().unwrap().code(), Some(0), "{command:?}");
    }
}

#[cfg(unix)]
#[test]
fn results_that_cannot_be_written_are_found_before_any_work() {
    let cloud = Cloud::new();
    let project = project(&cloud, &ACCOUNTS[..1]);
    approve(&cloud, 1);
    project.run(["build"]).ends_with(0);
    cloud.aws.clear_requests().unwrap();
    let nowhere = "/dev/null/results";
    project.run(DEPLOY.iter().chain(&["--results-dir", nowhere])).ends_with(2).says("a file is where a folder should be");
    project.run(["test-staging", "--results-dir", nowhere]).ends_with(2).says("a file is where a folder should be");
    project.run(["test-staging", "--endpoint-url", "http://127.0.0.1:9", "--results-dir", nowhere]).ends_with(2);
    project.run(["plan", "--stage", "staging", "--markdown", "/dev/null/plan.md"]).ends_with(2);
    project.run(["registry", "snapshot", "--out", "/dev/null/registry.json"]).ends_with(2);
    project.run(["build", "--output-dir", nowhere]).ends_with(2).says("a file is where a folder should be");
    assert!(cloud.aws.requests().unwrap().is_empty(), "{:?}", cloud.aws.requests());
}

#[test]
fn a_build_removes_the_incomplete_files_of_a_killed_one() {
    let project = Project::new().with_pipeline_variables();
    project.write("target/deploy/.writing-killed", "half a file");
    project.run(BUILD).ends_with(0);
    assert!(!project.files("target/deploy").iter().any(|(name, _)| name.contains(".writing-")));
}

/// Each build writes all of its files while no other one writes.
#[test]
fn builds_into_one_folder_at_once_leave_the_release_of_one_of_them() {
    let project = Project::new().with_pipeline_variables();
    for _ in 0..5 {
        let builds = ["222222222222", "444444444444", "555555555555"].map(|account| {
            let mut command = project.command(BUILD);
            command.args(["--staging-accounts", account]).stdout(Stdio::null()).spawn().unwrap()
        });
        for build in builds {
            project.ended(build).ends_with(0);
        }
        let manifest = project.json("target/deploy/release-manifest.json");
        for (name, expected) in manifest["files"].as_object().unwrap() {
            let found = digest(project.read(&format!("target/deploy/{name}")).as_bytes());
            assert_eq!(found, expected.as_str().unwrap(), "{name}");
        }
        let own = digest(project.read("target/deploy/release-manifest.json").as_bytes());
        assert!(project.read("target/deploy/release.env").contains(own.trim_start_matches("sha256:")), "release.env is of another build");
    }
}
