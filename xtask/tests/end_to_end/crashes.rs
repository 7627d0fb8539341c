//! Runs that are killed at random moments: nothing is torn or mixed, and the next run leaves no files
//! behind.
//!
//! `cargo xtask test` kills each command a few times, at moments of a seed that a failure prints.
//! `cargo xtask soak crashes` kills 500 runs.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::time::{Duration, Instant};

use model_release::files::digest;
use serde_json::Value as Json;

use crate::cloud::Cloud;
use crate::project::Project;
use crate::rollout::approve;

const RELEASE: &str = "target/deploy";
const RESULTS: &str = "target/test-results";
const ENDPOINT: &str = "iris-p-abc123xyz-staging";

/// Kills of each command.
fn kills() -> u32 {
    std::env::var("KILLS").ok().and_then(|value| value.parse().ok()).unwrap_or(3)
}

/// Random moments of a run, repeated by `CRASH_SEED`.
struct Moments {
    seed: u64,
    next: u64,
    /// How long a whole run takes.
    duration: Duration,
    /// Runs that were killed before they ended.
    hits: u32,
}

impl Moments {
    /// Measures a whole run.
    fn of(project: &Project, arguments: &[&str]) -> Self {
        let now = || std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |now| now.as_secs());
        let seed = std::env::var("CRASH_SEED").ok().and_then(|value| value.parse().ok()).unwrap_or_else(now);
        let start = Instant::now();
        project.run(arguments).ends_with(0);
        Self { seed, next: 0, duration: start.elapsed(), hits: 0 }
    }

    /// Starts the command and kills it at the next moment, if it has not ended.
    fn kill(&mut self, project: &Project, arguments: &[&str]) {
        let mut hasher = DefaultHasher::new();
        (self.seed, self.next).hash(&mut hasher);
        self.next += 1;
        // The first one always hits: a kill that comes too late proves nothing.
        let thousandth = if self.next == 1 { 0 } else { u32::try_from(hasher.finish() % 1000).unwrap() };
        let mut program = project.command(arguments).spawn().unwrap();
        std::thread::sleep(self.duration * thousandth / 1000);
        self.hits += u32::from(program.try_wait().unwrap().is_none());
        program.kill().unwrap();
        program.wait().unwrap();
    }

    fn assert_hits(&self) {
        assert!(self.hits > 0, "{}: no run was killed before it ended", self.context());
    }

    fn context(&self) -> String {
        format!("CRASH_SEED={} at kill {}", self.seed, self.next)
    }
}

fn without_leftovers(project: &Project, folder: &str, context: &str) {
    let left: Vec<_> = project.files(folder).into_iter().map(|(name, _)| name).filter(|name| name.starts_with('.')).collect();
    assert!(left.is_empty(), "{context}: {left:?} in {folder}");
}

/// The files without those that a killed run was writing.
fn whole(project: &Project, folder: &str) -> Vec<(String, Vec<u8>)> {
    project.files(folder).into_iter().filter(|(name, _)| !name.starts_with('.')).collect()
}

/// Whether every file of the release is the one that its manifest describes.
fn agrees(files: &[(String, Vec<u8>)]) -> bool {
    let bytes = |name: &str| files.iter().find(|(known, _)| known == name).map(|(_, bytes)| bytes);
    let Some(manifest) = bytes("release-manifest.json") else { return false };
    let manifest: Json = serde_json::from_slice(manifest).expect("the manifest is never torn");
    manifest["files"].as_object().unwrap().iter().all(|(name, known)| bytes(name).is_some_and(|bytes| *known == digest(bytes)))
}

#[test]
fn a_killed_build_leaves_the_earlier_release_the_new_one_or_one_that_is_refused() {
    let cloud = Cloud::new();
    let project = cloud.project();
    cloud.prepare("staging", "222222222222");
    approve(&cloud, 1);
    let mut moments = Moments::of(&project, &["build"]);
    let mut earlier = whole(&project, RELEASE);
    for version in 2..kills() + 2 {
        approve(&cloud, version);
        moments.kill(&project, &["build"]);
        let context = moments.context();
        let found = whole(&project, RELEASE);
        let plan = project.run(["plan", "--stage", "staging", "--no-preflight"]);
        project.run(["build"]).ends_with(0);
        let new = whole(&project, RELEASE);
        for file in &found {
            assert!(earlier.contains(file) || new.contains(file), "{context}: {} is torn", file.0);
        }
        if agrees(&found) {
            assert!(
                ["cfn-sm-endpoint.yaml", "staging-config.json", "release-manifest.json"].iter().all(|name| {
                    let of = |files: &[(String, Vec<u8>)]| files.iter().find(|(known, _)| known == name).cloned();
                    of(&found) == of(&earlier) || of(&found) == of(&new)
                }),
                "{context}"
            );
            assert_eq!(plan.code, 0, "{context}: {}", plan.stderr);
        } else {
            assert_eq!(plan.code, 2, "{context}: {}{}", plan.stdout, plan.stderr);
        }
        without_leftovers(&project, RELEASE, &context);
        earlier = new;
    }
    moments.assert_hits();
}

#[test]
fn a_killed_package_run_leaves_the_earlier_template_or_the_new_one() {
    let cloud = Cloud::new();
    let project = cloud.project();
    cloud.make_bucket("artifacts-of-the-team");
    project.write("lambda.yml", "Resources:\n  F:\n    Type: AWS::Lambda::Function\n    Properties:\n      Code: ./code\n");
    project.write("code/index.py", "first = 1\n");
    let arguments =
        ["package", "--template-file", "lambda.yml", "--s3-bucket", "artifacts-of-the-team", "--output-template-file", "out/t.yaml"];
    let mut moments = Moments::of(&project, &arguments);
    let mut earlier = whole(&project, "out");
    for number in 0..kills() {
        project.write("code/index.py", &format!("number = {number}\n"));
        moments.kill(&project, &arguments);
        let context = moments.context();
        let found = whole(&project, "out");
        project.run(arguments).ends_with(0);
        let new = whole(&project, "out");
        assert!(found == earlier || found == new, "{context}: {found:?}");
        without_leftovers(&project, "out", &context);
        earlier = new;
    }
    moments.assert_hits();
}

#[test]
fn a_killed_deployment_is_finished_by_the_next_one() {
    let cloud = Cloud::new();
    let project = cloud.project();
    cloud.prepare("staging", "222222222222");
    approve(&cloud, 1);
    project.run(["build"]).ends_with(0);
    let deploy = ["deploy", "--stage", "staging"];
    let mut moments = Moments::of(&project, &deploy);
    for version in 2..kills() + 2 {
        approve(&cloud, version);
        project.run(["build"]).ends_with(0);
        cloud.aws.clear_requests().unwrap();
        moments.kill(&project, &deploy);
        let context = moments.context();
        let run = project.run(deploy);
        assert_eq!(run.code, 0, "{context}: {}{}", run.stdout, run.stderr);
        assert!(cloud.served("222222222222", ENDPOINT).ends_with(&format!("/{version}")), "{context}");
        let updates = cloud.requests("UpdateStackSet").len() + cloud.requests("UpdateStackInstances").len();
        assert!(updates <= 1, "{context}: {updates} operations for one release");
        without_leftovers(&project, "target/rollout/staging", &context);
    }
    moments.assert_hits();
}

#[test]
fn killed_tests_leave_whole_reports() {
    let cloud = Cloud::new();
    let project = cloud.project();
    cloud.prepare("staging", "222222222222");
    approve(&cloud, 1);
    project.run(["build"]).ends_with(0);
    project.run(["deploy", "--stage", "staging"]).ends_with(0);
    let mut moments = Moments::of(&project, &["test-staging"]);
    for _ in 0..kills() {
        moments.kill(&project, &["test-staging"]);
        let context = moments.context();
        let found = whole(&project, RESULTS);
        let text = |name: &str| String::from_utf8(found.iter().find(|(known, _)| known == name).unwrap().1.clone()).unwrap();
        assert!(serde_json::from_str::<Json>(&text("test-results.json")).is_ok(), "{context}");
        assert!(text("junit.xml").trim_end().ends_with("</testsuites>"), "{context}");
        assert!(text("report.html").trim_end().ends_with("</html>"), "{context}");
        project.run(["test-staging"]).ends_with(0);
        without_leftovers(&project, RESULTS, &context);
    }
    moments.assert_hits();
}
