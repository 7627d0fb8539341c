//! The buildspecs in the pipeline's template: copies of the repository's, for teams whose commits
//! must not change them.

use std::path::PathBuf;

use crate::code_pipeline::Run;
use crate::pipeline::{WHOLE_WAY, parameters, ready, source};
use crate::project::workspace;

const TEMPLATE: &str = "pipeline/model-deploy-pipeline.yml";
const SCRIPT: &str = "pipeline/obtain-xtask.sh";
const HINT: &str = "write them again: UPDATE_BUILDSPECS=1 cargo test -p xtask --test end_to_end buildspecs_are_copies";

fn read(name: &str) -> String {
    std::fs::read_to_string(workspace().join(name)).unwrap()
}

/// The lines of a text without comments and empty lines.
fn without_comments(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#'))
}

/// The script that fetches the program, up to the compile step.
fn fetching() -> String {
    let script = read(SCRIPT);
    let (fetching, _) = script.split_once("\n# ---- compile\n").expect("the script has a marker before the compile step");
    let lines: Vec<_> = without_comments(fetching).collect();
    format!("{}\ndie \"XTASK_URL is not set, and these buildspecs compile nothing\"", lines.join("\n"))
}

/// A buildspec with the script instead of its call, in a subshell: CodeBuild's commands share a
/// shell, and the script exits.
fn copy(buildspec: &str) -> String {
    let text = read(buildspec);
    let mut lines = Vec::new();
    for line in without_comments(&text) {
        match line.split_once(&format!("- sh {SCRIPT} ")) {
            Some((indent, path)) => {
                let body = fetching();
                let body =
                    ["(".to_owned(), format!("set -- {path}")].into_iter().chain(body.lines().map(str::to_owned)).chain([")".to_owned()]);
                lines.push(format!("{indent}- |"));
                lines.extend(body.map(|line| format!("{indent}  {line}")));
            }
            None => lines.push(line.to_owned()),
        }
    }
    let copy = lines.join("\n");
    assert!(!copy.contains(SCRIPT), "{buildspec} runs a script of the repository:\n{copy}");
    copy
}

#[test]
fn the_pipelines_own_buildspecs_are_copies_of_the_repositorys() {
    let mut lines = vec!["  Buildspecs:".to_owned()];
    for (name, buildspec) in [("Build", "buildspec.yml"), ("Test", "test/buildspec.yml")] {
        lines.extend([format!("    {name}:"), "      Text: |".to_owned()]);
        lines.extend(copy(buildspec).lines().map(|line| format!("        {line}")));
    }
    let mapping = format!("{}\n", lines.join("\n"));
    let template = read(TEMPLATE);
    let mappings = template.find("\nMappings:\n").unwrap();
    let start = mappings + template[mappings..].find("\n  Buildspecs:\n").unwrap() + 1;
    let end = start + template[start..].find("    # The check before production always uses this buildspec").unwrap();
    if std::env::var_os("UPDATE_BUILDSPECS").is_some() {
        std::fs::write(workspace().join(TEMPLATE), format!("{}{mapping}{}", &template[..start], &template[end..])).unwrap();
        return;
    }
    assert!(template[start..end] == mapping, "the buildspecs in {TEMPLATE} are stale. {HINT}");
}

/// The parameters of a pipeline with its own buildspecs, and additional ones.
fn own_buildspecs(more: &[(&'static str, &'static str)]) -> Vec<(&'static str, &'static str)> {
    let mut all = parameters();
    all.push(("BuildspecSource", "pipeline"));
    all.extend(more);
    all
}

/// A commit that tries to set the verdict of its tests and the deployed release.
fn hostile() -> crate::project::Project {
    let source = source();
    let verdict = "version: 0.2\nenv:\n  exported-variables: [TEST_VERDICT, TEST_SUMMARY, TEST_BUILD]\nphases:\n  build:\n    commands:\n      - export TEST_VERDICT=passed TEST_SUMMARY=fine TEST_BUILD=1\nartifacts:\n  base-directory: test\n  files: ['**/*']\n";
    source.write("test/buildspec.yml", verdict);
    source.write("buildspec.yml", &verdict.replace("TEST_", "MODEL_"));
    for name in ["pipeline/obtain-xtask.sh", "release/xtask", "bin/xtask", "release/release.env", "test-results/test.env"] {
        source.write(name, "echo taken over\nTEST_VERDICT=passed\nTEST_SUMMARY=fine\nRELEASE_ACTION=deploy\n");
    }
    source
}

#[test]
fn a_commit_cannot_set_the_verdict_of_its_tests_where_the_pipeline_has_its_own_buildspecs() {
    let (cloud, pipeline, _) = ready(&own_buildspecs(&[("OwnChecks", "forbidden")]));
    let source = hostile();
    source.write(
        "test/endpoint-tests.yaml",
        "version: 1\ncases:\n  - name: never\n    payload: { csv: '5.1,3.5,1.4,0.2' }\n    expect: { text: { contains: tulip } }\n",
    );
    let run = Run::start(&pipeline, &cloud, &source.path(""), &[]);
    assert_eq!(run.history, [&WHOLE_WAY[..3], &["TestStaging failed"]].concat(), "{}", run.log);
    assert_eq!(run.variables["TestStaging.TEST_VERDICT"], "failed", "{}", run.log);
    assert!(run.approval.is_none() && !run.log.contains("taken over"), "{}", run.log);

    // Nor by a program that the tests run, or by tests without a verdict.
    source.write(
        "test/endpoint-tests.yaml",
        "version: 1\ncases:\n  - name: own\n    payload: { csv: '5.1,3.5,1.4,0.2' }\n    expect: { check: { command: [sh, bin/xtask] } }\n",
    );
    let run = Run::start(&pipeline, &cloud, &source.path(""), &[]);
    assert_eq!(run.history.last().unwrap(), "TestStaging failed", "{}", run.log);
    assert_eq!(run.variables["TestStaging.TEST_VERDICT"], "errored", "{}", run.log);
    assert!(run.log.contains("own checks are forbidden here") && !run.log.contains("taken over"), "{}", run.log);
}

#[test]
fn a_release_reaches_production_with_the_pipelines_own_buildspecs() {
    let (cloud, pipeline, source) = ready(&own_buildspecs(&[]));
    // These files do not exist.
    for name in ["buildspec.yml", "test/buildspec.yml", SCRIPT] {
        std::fs::remove_file(source.path(name)).unwrap();
    }
    let run = Run::start(&pipeline, &cloud, &source.path(""), &[]);
    assert_eq!(run.history, WHOLE_WAY, "{}", run.log);
    assert_eq!(run.variables["TestProd.TEST_VERDICT"], "passed");
    let published: PathBuf = run.artifacts["BuildArtifact"].join("xtask");
    assert!(published.is_file() && run.log.contains("using the binary from the build step"), "{}", run.log);
}
