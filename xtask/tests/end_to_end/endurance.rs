//! Long runs: memory, descriptors and connections of the program stay flat, and no files are left.
//!
//! `cargo xtask test` runs a few seconds of load. `cargo xtask soak endurance --minutes 30` runs as
//! many minutes, with a hundred builds for each.
#![cfg(target_os = "linux")]

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use sandbox::loopback::{Answer, Loopback};
use sandbox::usage::{Allowance, Usage, flat};

use crate::cloud::Cloud;
use crate::project::Project;
use crate::rollout::approve;

/// Requests per second: a machine that is busy with other tests can serve them, too.
const RATE: u32 = 10;

fn minutes() -> Option<u32> {
    std::env::var("ENDURANCE_MINUTES").ok().and_then(|value| value.parse().ok())
}

/// A model server that measures another process with every request: the samples follow the work, not
/// a clock.
struct Measuring {
    server: Loopback,
    process: Arc<AtomicU32>,
    samples: Arc<Mutex<Vec<Usage>>>,
}

impl Measuring {
    fn start() -> Self {
        let (process, samples) = (Arc::new(AtomicU32::new(0)), Arc::new(Mutex::new(Vec::new())));
        let (of, into) = (Arc::clone(&process), Arc::clone(&samples));
        let server = Loopback::start(move |request| {
            if request.path.ends_with("/invocations")
                && let Ok(usage) = Usage::of(of.load(Ordering::Relaxed))
            {
                into.lock().unwrap().push(usage);
            }
            Answer::new(200).body("text/csv", "setosa")
        });
        Self { server: server.unwrap(), process, samples }
    }
}

#[allow(clippy::print_stdout, reason = "`soak` shows the figures")]
#[test]
fn the_program_uses_no_more_during_a_load() {
    let measuring = Measuring::start();
    let cloud = Cloud::start(|options| options.model_server = Some(measuring.server.url().to_owned()));
    let project = cloud.project();
    cloud.prepare("staging", "222222222222");
    approve(&cloud, 1);
    project.run(["build"]).ends_with(0);
    project.run(["deploy", "--stage", "staging"]).ends_with(0);
    let seconds = minutes().map_or(4, |minutes| minutes * 60);
    let suite = format!(
        "version: 1\ndefaults: {{ timeout: 5m }}\ncases:\n  - name: one\n    payload: {{ csv: '5.1,3.5,1.4,0.2' }}\n    expect: {{ text: {{ contains: setosa }} }}\n\
         load:\n  phases:\n    - {{ name: steady, rate: {RATE}/s, for: {seconds}s }}\n  thresholds: [errors < 1%]\n"
    );
    project.write("test/endurance.yaml", &suite);
    let program = project.command(["test-staging", "--suite", "test/endurance.yaml"]).spawn().unwrap();
    measuring.process.store(program.id(), Ordering::Relaxed);
    let run = project.ended(program);
    // A generator that could not keep pace proves nothing about the endpoint, and ends with 3.
    assert!([0, 3].contains(&run.code), "{}{}", run.stdout, run.stderr);
    let results = project.json("target/test-results/test-results.json");
    let total = &results["targets"][0]["load"]["total"];
    let sent = total["sent"].as_u64().unwrap();
    let (early, late) = flat(&measuring.samples.lock().unwrap(), Allowance { resident_kib: 8192, descriptors: 8 }).unwrap();
    println!("{sent} requests in {seconds} s: {early:?} in the second quarter, {late:?} in the last one");
    // A busy machine can drop requests, but the load has to be one.
    assert!(sent >= u64::from(RATE * seconds) / 2, "{total}");
}

/// All files below a folder.
fn files_below(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        if entry.file_type().unwrap().is_dir() {
            files_below(&entry.path(), found);
        } else {
            found.insert(entry.path().display().to_string());
        }
    }
}

#[test]
fn builds_leave_the_same_files_and_nothing_else() {
    let mut project = Project::new().with_pipeline_variables();
    std::fs::create_dir_all(project.path("temporary")).unwrap();
    let temporary = project.path("temporary").display().to_string();
    project.set("TMPDIR", &temporary);
    let files = |project: &Project| {
        let mut found = BTreeSet::new();
        files_below(&project.path(""), &mut found);
        found
    };
    let build = ["build", "--registry", "examples/registry.json"];
    project.run(build).ends_with(0);
    let (first, release) = (files(&project), project.files("target/deploy"));
    assert!(!first.iter().any(|name| name.starts_with(&temporary)), "{first:#?}");
    for _ in 0..minutes().map_or(3, |minutes| minutes * 100) {
        project.run(build).ends_with(0);
    }
    assert_eq!(files(&project), first);
    assert!(project.files("target/deploy") == release, "the same inputs give the same bytes");
}
