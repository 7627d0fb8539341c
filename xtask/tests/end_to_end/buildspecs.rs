//! The shipped buildspecs and templates.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value as Json;

use crate::cloud::Cloud;
use crate::project::{Project, program, stand_in_cache, workspace};

/// A program of the stand-in's Python environment.
pub(crate) fn python_program(name: &str) -> PathBuf {
    sandbox::stand_in::prepare(&stand_in_cache()).unwrap().join("bin").join(name)
}

pub(crate) fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// A parsed buildspec.
pub(crate) struct Buildspec(Json);

impl Buildspec {
    pub(crate) fn read(path: &Path) -> Self {
        Self::parse(&std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
    }

    /// Parses the text of a buildspec.
    pub(crate) fn parse(text: &str) -> Self {
        let read = "import json, sys, yaml; json.dump(yaml.safe_load(sys.argv[1]), sys.stdout)";
        let output = Command::new(python_program("python")).args(["-c", read, text]).output().unwrap();
        let buildspec: Json = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", self::text(&output)));
        assert_eq!(buildspec["version"].to_string(), "0.2");
        Self(buildspec)
    }

    /// Its commands as one shell script, with `finally` commands that also run after failures.
    /// Writes the exported variables to `exported.txt`.
    pub(crate) fn script(&self) -> String {
        let phases = ["install", "pre_build", "build", "post_build"];
        let commands = |part: &str| {
            let commands = phases.iter().flat_map(|phase| self.0["phases"][phase][part].as_array().into_iter().flatten());
            commands.map(|command| command.as_str().unwrap()).collect::<Vec<_>>().join("\n")
        };
        let exports = self.exported_variables().map(|name| format!("printf '%s=%s\\n' {name} \"${{{name}-}}\" >> exported.txt\n"));
        format!(
            "set -eu\nat_the_end() {{\ncode=$?\n{}\n{}exit $code\n}}\ntrap at_the_end EXIT\n{}\n",
            commands("finally"),
            exports.collect::<String>(),
            commands("commands")
        )
    }

    pub(crate) fn exported_variables(&self) -> impl Iterator<Item = &str> {
        self.0["env"]["exported-variables"].as_array().into_iter().flatten().filter_map(Json::as_str)
    }

    /// Its variables, and its parameters of Systems Manager by their variables.
    pub(crate) fn environment(&self, kind: &str) -> impl Iterator<Item = (String, String)> {
        let members = self.0["env"][kind].as_object().into_iter().flatten();
        members.map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()))
    }

    /// The base directory of its artifact.
    pub(crate) fn base_directory(&self) -> &str {
        self.0["artifacts"]["base-directory"].as_str().unwrap()
    }

    /// The text of all its commands.
    pub(crate) fn commands(&self) -> String {
        self.0["phases"].to_string().replace("\\n", "\n")
    }
}

/// Runs a buildspec in the project's folder, with the artifact of an earlier step.
fn code_build(project: &Project, buildspec: &str, artifact: &str) -> (bool, String) {
    let buildspec = Buildspec::read(&project.path(buildspec));
    let mut command = Command::new("sh");
    command.args(["-c", &buildspec.script()]).current_dir(project.path("")).env_clear().env("PATH", std::env::var_os("PATH").unwrap());
    command.env("HOME", project.path("")).env("CODEBUILD_SRC_DIR_BuildArtifact", project.path(artifact)).envs(project.variables());
    let output = command.output().unwrap();
    (output.status.success(), text(&output))
}

/// A project with the buildspecs, and this program as the artifact of an earlier step.
fn project(cloud: &Cloud) -> Project {
    let mut project = cloud.project();
    for name in ["buildspec.yml", "test/buildspec.yml", "pipeline/obtain-xtask.sh"] {
        project.write(name, &std::fs::read_to_string(workspace().join(name)).unwrap());
    }
    std::fs::create_dir_all(project.path("published")).unwrap();
    std::fs::copy(program(), project.path("published/xtask")).unwrap();
    let sum = Command::new("sh").args(["-c", "sha256sum xtask > xtask.sha256"]).current_dir(project.path("published")).status().unwrap();
    assert!(sum.success());
    project.set("BUILD_CONFIG", "staging-config");
    project.set("TEST_RESULTS", "test-results");
    project
}

#[test]
fn both_run_unchanged_in_the_pipeline_of_the_seed() {
    let cloud = Cloud::new();
    cloud.register(10);
    let project = project(&cloud);
    let (passed, said) = code_build(&project, "buildspec.yml", "published");
    assert!(passed, "{said}");
    let exported = project.read("exported.txt");
    assert!(exported.contains("RELEASE_ACTION=deploy\n") && exported.contains("MODEL_PACKAGE_VERSION=14\n"), "{exported}");
    // The names that the seed's pipeline reads from the artifact.
    for name in ["cfn-sm-endpoint.yaml", "staging-config.json", "prod-config.json", "release-manifest.json", "xtask", "xtask.sha256"] {
        assert!(project.path("release").join(name).is_file(), "{name}");
    }
    for (name, bytes) in project.files("release") {
        project.write("target/deploy/.keep", "");
        std::fs::write(project.path("target/deploy").join(name), bytes).unwrap();
    }
    cloud.deploy(&project, "staging", "222222222222", &[]);
    let (passed, said) = code_build(&project, "test/buildspec.yml", "release");
    assert!(passed, "{said}");
    assert!(project.read("exported.txt").contains("TEST_VERDICT=passed\n"), "{}", project.read("exported.txt"));
    assert_eq!(project.json("test-results/test-results.json")["verdict"], "passed");
    assert!(project.path("test-results/junit.xml").is_file());
}

#[test]
fn without_an_approved_model_the_build_succeeds_and_publishes_no_template() {
    let cloud = Cloud::new();
    let project = project(&cloud);
    let (passed, said) = code_build(&project, "buildspec.yml", "published");
    assert!(passed, "{said}");
    assert!(project.read("exported.txt").contains("RELEASE_ACTION=none\n"));
    assert!(!project.path("release/cfn-sm-endpoint.yaml").exists());
}

#[test]
fn a_binary_with_another_checksum_is_not_run() {
    let cloud = Cloud::new();
    let project = project(&cloud);
    project.write("published/xtask", "#!/bin/sh\necho taken over\n");
    let (passed, said) = code_build(&project, "buildspec.yml", "published");
    assert!(!passed && !said.contains("taken over"), "{said}");
    assert!(!project.path("release/xtask").exists());
}

#[test]
fn with_a_pinned_checksum_a_replaced_binary_is_not_run() {
    let cloud = Cloud::new();
    let mut project = project(&cloud);
    let published = project.read("published/xtask.sha256");
    project.set("XTASK_SHA256", &published[..64].to_ascii_uppercase());
    // An attacker who can write the binary can also write its checksum.
    project.write("published/xtask", "#!/bin/sh\necho taken over\n");
    let sum = Command::new("sh").args(["-c", "sha256sum xtask > xtask.sha256"]).current_dir(project.path("published")).status().unwrap();
    assert!(sum.success());
    for buildspec in ["buildspec.yml", "test/buildspec.yml"] {
        let (passed, said) = code_build(&project, buildspec, "published");
        assert!(!passed && !said.contains("taken over") && said.contains(&published[..64]), "{said}");
    }
    assert!(!project.path("release/xtask").exists() && !project.path("bin/xtask").exists());
}

/// Runs the script that fetches the program, with these additional variables.
fn obtain(project: &Project, variables: &[(&str, &str)]) -> (bool, String) {
    let mut command = Command::new("sh");
    command.args(["pipeline/obtain-xtask.sh", "release/xtask"]).current_dir(project.path("")).env_clear();
    command.env("PATH", std::env::var_os("PATH").unwrap()).env("HOME", project.path("")).envs(variables.iter().copied());
    let output = command.output().unwrap();
    (output.status.success(), text(&output))
}

#[cfg(unix)]
#[test]
fn fetching_the_program_follows_no_link_and_leaves_no_other_file() {
    let cloud = Cloud::new();
    let project = project(&cloud);
    project.write("victim", "untouched");
    std::fs::create_dir_all(project.path("release")).unwrap();
    for name in [".xtask.new", "xtask", "xtask.sha256"] {
        std::os::unix::fs::symlink(project.path("victim"), project.path("release").join(name)).unwrap();
    }
    let published = project.path("published").display().to_string();
    let (passed, said) = obtain(&project, &[("CODEBUILD_SRC_DIR_BuildArtifact", &published)]);
    assert!(passed, "{said}");
    assert_eq!(project.read("victim"), "untouched");
    let names: Vec<_> = project.files("release").into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, [".xtask.new", "xtask", "xtask.sha256"]);
    assert!(project.path("release/xtask.sha256").symlink_metadata().unwrap().is_file());
    let checked = Command::new("sha256sum").args(["--check", "--quiet", "xtask.sha256"]).current_dir(project.path("release")).status();
    assert!(checked.unwrap().success());
}

#[test]
fn a_pinned_checksum_without_a_binary_to_fetch_compiles_nothing() {
    let project = Project::new();
    project.write("pipeline/obtain-xtask.sh", &std::fs::read_to_string(workspace().join("pipeline/obtain-xtask.sh")).unwrap());
    let (passed, said) = obtain(&project, &[("XTASK_SHA256", &"a".repeat(64))]);
    assert!(!passed && said.contains("XTASK_SHA256 is set and XTASK_URL is not"), "{said}");
    assert!(project.files("release").is_empty());
}

#[test]
fn result_files_in_a_commit_are_removed() {
    let cloud = Cloud::new();
    let project = project(&cloud);
    project.run(["build", "--registry", "examples/registry.json"]).ends_with(0);
    project.write("test-results/test.env", "TEST_VERDICT=passed\nTEST_SUMMARY='all is well'\n");
    // The tests end without a verdict.
    project.write("test/endpoint-tests.yaml", "version: 1\ncases: nonsense\n");
    project.write("bin/xtask.sha256", "");
    let (passed, said) = code_build(&project, "test/buildspec.yml", "published");
    assert!(!passed, "{said}");
    assert!(project.read("exported.txt").contains("TEST_VERDICT=errored\n"), "{}", project.read("exported.txt"));
}

#[test]
fn cfn_lint_reports_nothing_for_any_template() {
    let pipeline = std::fs::read_dir(workspace().join("pipeline")).unwrap().map(|entry| entry.unwrap().path());
    let templates = pipeline.filter(|path| path.extension().is_some_and(|extension| extension == "yml"));
    let mut command = Command::new(python_program("python"));
    // Runs the module: the scripts of a copied environment contain the original's path.
    command.args(["-c", "import sys; from cfnlint.runner import main; sys.exit(main())"]);
    command.arg(workspace().join("cfn-sm-endpoint-template.yml")).args(templates);
    let output = command.output().unwrap();
    assert!(output.status.success() && text(&output).trim().is_empty(), "{}", text(&output));
}

#[test]
fn the_picture_of_the_pipeline_is_drawn_from_its_template() {
    let folder = tempfile::tempdir().unwrap();
    let drawn = folder.path().join("pipeline.svg");
    let mut command = Command::new(python_program("python"));
    command.arg(workspace().join("docs/tools/draw_pipeline.py")).arg(workspace().join("pipeline/model-deploy-pipeline.yml")).arg(&drawn);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", text(&output));
    let committed = std::fs::read_to_string(workspace().join("docs/images/pipeline.svg")).unwrap();
    let hint = "python3 docs/tools/draw_pipeline.py pipeline/model-deploy-pipeline.yml docs/images/pipeline.svg";
    assert!(std::fs::read_to_string(drawn).unwrap() == committed, "docs/images/pipeline.svg is stale: {hint}");
}

#[test]
fn every_guard_rule_has_a_case_that_passes_and_one_that_fails() {
    let folder = workspace().join("pipeline/guard");
    for name in ["endpoint", "delivery", "roles"] {
        let rules = std::fs::read_to_string(folder.join(format!("{name}.guard"))).unwrap();
        let cases = std::fs::read_to_string(folder.join(format!("tests/{name}_tests.yaml"))).unwrap();
        for rule in rules.lines().filter_map(|line| line.strip_prefix("rule ")).map(|line| line.split(' ').next().unwrap()) {
            for verdict in ["PASS", "FAIL"] {
                assert!(cases.contains(&format!(" {rule}: {verdict}\n")), "{name}: no case says that {rule} gives {verdict}");
            }
        }
    }
}
