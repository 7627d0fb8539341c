//! The commands that need a project: each in an empty folder; and the files that identify a project.

use crate::project::{Project, workspace};

/// A command in a folder without a project.
struct Row {
    arguments: &'static [&'static str],
    code: i32,
    says: &'static str,
}

const NO_PROJECT: &str = "no project in `";

const ROWS: &[Row] = &[
    // These need no project.
    Row { arguments: &["registry", "list", "--registry", "FILES/registry.json"], code: 0, says: "VERSION" },
    Row { arguments: &["registry", "resolve", "--registry", "FILES/registry.json"], code: 0, says: "no project was found" },
    Row { arguments: &["package", "--template-file", "FILES/cfn-sm-endpoint-template.yml"], code: 0, says: "AWSTemplateFormatVersion" },
    Row { arguments: &["config", "check", "--template", "FILES/cfn-sm-endpoint-template.yml"], code: 0, says: "staging  passed" },
    Row { arguments: &["config", "check", "--template", "nothing.yml"], code: 2, says: "cannot read `nothing.yml`" },
    Row {
        arguments: &["test-staging", "--endpoint-url", "http://127.0.0.1:9", "--wait", "0", "--suite", "FILES/suite.yaml"],
        code: 3,
        says: "test-results.json",
    },
    Row { arguments: &["init-tests", "--from", "FILES/registry.json", "--suite", "own.yaml"], code: 0, says: "own.yaml" },
    Row { arguments: &["init-tests", "--from", "FILES/registry.json"], code: 0, says: "test/endpoint-tests.yaml" },
    Row { arguments: &["test-staging", "--list", "--suite", "FILES/suite.yaml"], code: 0, says: "a case" },
    Row { arguments: &["test-prod", "--endpoint-url", "http://127.0.0.1:9"], code: 2, says: "name the tests with --suite" },
    Row { arguments: &["setup", "--check"], code: 2, says: "`--model-package-group-name` is missing" },
    // A named release folder needs no project.
    Row { arguments: &["plan", "--stage", "staging", "--build-dir", "nothing"], code: 2, says: "`build` writes a release" },
    Row { arguments: &["check-release", "--stage", "prod", "--build-dir", "nothing"], code: 2, says: "`build` writes a release" },
    Row { arguments: &["status", "--stage", "staging", "--build-dir", "nothing"], code: 2, says: "`build` writes a release" },
    Row { arguments: &["deploy", "--stage", "staging", "--build-dir", "nothing"], code: 2, says: "`build` writes a release" },
    Row { arguments: &["stop", "--stage", "staging", "--build-dir", "nothing"], code: 2, says: "`build` writes a release" },
    Row { arguments: &["prune", "--stage", "staging", "--build-dir", "nothing"], code: 2, says: "`build` writes a release" },
    Row { arguments: &["test-staging", "--build-dir", "nothing"], code: 2, says: "`build` writes a release" },
    // The history names its project.
    Row { arguments: &["history", "--stage", "prod", "--history", "s3://bkt"], code: 2, says: "the project of the history is not known" },
    Row { arguments: &["history", "--stage", "prod", "--sagemaker-project-id", "p-1"], code: 2, says: "no history is named" },
    Row { arguments: &["history", "--stage", "prod", "--at", "May"], code: 2, says: "`May` is not a date or time" },
    Row { arguments: &["rollback", "--stage", "prod", "--to", "latest"], code: 2, says: "`latest` is not the name of a release" },
    Row { arguments: &["rollback", "--stage", "prod", "--skip-staging"], code: 2, says: "--reason" },
    Row { arguments: &["rollback", "--stage", "prod", "--sagemaker-project-id", "p-1"], code: 2, says: "no history is named" },
    Row { arguments: &["verify", "s3://bkt/p-1"], code: 2, says: "pins a public key" },
    // These do.
    Row { arguments: &["build"], code: 2, says: NO_PROJECT },
    Row { arguments: &["doctor"], code: 2, says: NO_PROJECT },
    Row { arguments: &["config", "check"], code: 2, says: NO_PROJECT },
    Row { arguments: &["config", "explain", "--stage", "prod"], code: 2, says: NO_PROJECT },
    Row { arguments: &["config", "schema"], code: 2, says: NO_PROJECT },
    Row { arguments: &["plan", "--stage", "staging"], code: 2, says: NO_PROJECT },
    Row { arguments: &["status", "--stage", "staging"], code: 2, says: NO_PROJECT },
    Row { arguments: &["deploy", "--stage", "staging"], code: 2, says: NO_PROJECT },
    Row { arguments: &["stop", "--stage", "staging"], code: 2, says: NO_PROJECT },
    Row { arguments: &["prune", "--stage", "staging"], code: 2, says: NO_PROJECT },
    Row { arguments: &["test-staging"], code: 2, says: NO_PROJECT },
    Row { arguments: &["test-staging", "--list"], code: 2, says: NO_PROJECT },
    Row { arguments: &["test-prod"], code: 2, says: NO_PROJECT },
    Row { arguments: &["tour"], code: 2, says: NO_PROJECT },
    Row { arguments: &["demo"], code: 2, says: NO_PROJECT },
];

#[test]
fn only_commands_that_read_a_project_require_one() {
    let files = Project::empty();
    for (name, path) in [("registry.json", "examples/registry.json"), ("cfn-sm-endpoint-template.yml", "cfn-sm-endpoint-template.yml")] {
        files.write(name, &std::fs::read_to_string(workspace().join(path)).unwrap());
    }
    files.write("suite.yaml", "version: 1\ncases:\n  - name: a case\n    payload: { csv: \"1\" }\n");
    let mut wrong = Vec::new();
    for row in ROWS {
        let empty = Project::empty();
        let folder = files.path(".").display().to_string();
        let arguments: Vec<String> =
            row.arguments.iter().map(|argument| argument.replace("FILES", folder.trim_end_matches("/."))).collect();
        let run = empty.run(&arguments);
        if run.code != row.code || !(run.stderr.contains(row.says) || run.stdout.contains(row.says)) {
            wrong
                .push(format!("{arguments:?}: exit code {}, not {} with `{}`\n{}{}", run.code, row.code, row.says, run.stdout, run.stderr));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn a_template_or_a_stage_file_identifies_a_project_and_a_buildspec_does_not() {
    let mut project = Project::new().with_pipeline_variables();
    project.write("test/buildspec.yml", "version: 0.2\n");
    let in_folder = |project: &Project, folder: &str, arguments: &[&str]| {
        project.ended(project.command(arguments).current_dir(project.path(folder)).spawn().unwrap())
    };
    // In `test/` the project is the folder above it, although `test/` has a buildspec.
    in_folder(&project, "test", &["config", "check"]).ends_with(0);
    in_folder(&project, "test", &["build", "--registry", "../examples/registry.json"]).ends_with(0);
    assert!(project.path("target/deploy/release-manifest.json").is_file() && !project.path("test/target").exists());
    // The names are those of the options and their variables.
    let template = project.read("cfn-sm-endpoint-template.yml");
    project.write("other/own-template.json", &cfn_render::Template::parse(&template, "t.yml").unwrap().to_json());
    in_folder(&project, "other", &["config", "schema", "--template-name", "own"]).ends_with(0);
    project.set("CFN_TEMPLATE_NAME", "own");
    in_folder(&project, "other", &["config", "schema"]).ends_with(0);
}
