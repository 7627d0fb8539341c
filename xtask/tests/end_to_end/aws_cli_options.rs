//! `package` replaces an AWS CLI command, so it accepts every global option of the AWS CLI: with the
//! same effect, or with a note.

use serde_json::Value as Json;

use crate::cloud::Cloud;
use crate::project::{Project, stand_in_cache};

/// The options of AWS CLI version 2 that version 1 does not have.
const SECOND_VERSION: [&str; 5] = ["cli-error-format", "cli-binary-format", "no-cli-pager", "cli-auto-prompt", "no-cli-auto-prompt"];

/// The options with the same effect as in the AWS CLI; all others are ignored with a note.
const WITH_EFFECT: [&str; 11] = [
    "debug",
    "endpoint-url",
    "profile",
    "region",
    "version",
    "color",
    "no-sign-request",
    "ca-bundle",
    "cli-read-timeout",
    "cli-connect-timeout",
    "v2-debug",
];

/// The AWS CLI's own list of options, by name.
fn global_options() -> serde_json::Map<String, Json> {
    let environment = sandbox::stand_in::prepare(&stand_in_cache()).unwrap_or_else(|error| panic!("{error}"));
    let python = std::fs::read_dir(environment.join("lib")).unwrap().next().unwrap().unwrap().path();
    let text = std::fs::read_to_string(python.join("site-packages/awscli/data/cli.json")).unwrap();
    let mut list: Json = serde_json::from_str(&text).unwrap();
    let mut options = std::mem::take(list["options"].as_object_mut().unwrap());
    for name in SECOND_VERSION {
        options.entry(name).or_insert(if matches!(name, "cli-binary-format" | "cli-error-format") {
            Json::Null
        } else {
            serde_json::json!({ "action": "store_true" })
        });
    }
    options
}

#[test]
fn every_global_option_of_the_aws_cli_is_accepted() {
    let project = Project::empty();
    project.write("t.yml", "Resources:\n  Q: {Type: 'AWS::SQS::Queue'}\n");
    project.write("ca.pem", "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n");
    let options = global_options();
    assert!(options.len() >= 15 && options.contains_key("output"), "{:?}", options.keys());
    let mut wrong = Vec::new();
    for (name, option) in &options {
        let values: Vec<&str> = match (option.get("choices").and_then(Json::as_array), name.as_str()) {
            (Some(choices), _) => choices.iter().filter_map(Json::as_str).collect(),
            (None, _) if option.get("action").is_some() => vec![""],
            (None, "cli-read-timeout" | "cli-connect-timeout") => vec!["0", "30"],
            (None, "ca-bundle") => vec!["ca.pem"],
            (None, "endpoint-url") => vec!["http://127.0.0.1:9"],
            (None, _) => vec!["text"],
        };
        for value in values {
            let flag = format!("--{name}");
            let option = [flag.as_str(), value].into_iter().filter(|word| !word.is_empty());
            let run = project.run(["package", "--template-file", "t.yml"].into_iter().chain(option));
            let result =
                if name == "version" { run.stdout.contains(env!("CARGO_PKG_VERSION")) } else { run.stdout == project.read("t.yml") };
            let note = run.stderr.contains(&format!("note: `{flag}` of the AWS CLI has no effect here"));
            if run.code != 0 || !result || note == WITH_EFFECT.contains(&name.as_str()) {
                wrong.push(format!("{flag} {value}: exit code {}\n{}{}", run.code, run.stdout, run.stderr));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    let mut files: Vec<_> = project.files(".").into_iter().map(|(name, _)| name).collect();
    files.retain(|name| !["t.yml", "ca.pem"].contains(&name.as_str()));
    assert!(files.is_empty(), "no option names a file to write: {files:?}");
}

#[test]
fn an_ambiguous_or_misplaced_option_is_explained() {
    let project = Project::empty();
    project
        .run(["package", "--outp", "x.yml"])
        .ends_with(2)
        .says("`--outp` is ambiguous")
        .says("it can be --output-template-file, --output\n");
    project.run(["--region", "eu-west-1", "package"]).ends_with(2).says("write it after the command");
}

#[test]
fn the_session_options_take_effect() {
    let cloud = Cloud::new();
    let mut project = cloud.project();
    cloud.make_bucket("artifacts");
    project.write("t.yml", "Resources:\n  F:\n    Type: AWS::Lambda::Function\n    Properties:\n      Code: ./code\n");
    project.write("code/index.py", "def handler(event, context): return 1\n");
    let package = ["package", "--template-file", "t.yml", "--s3-bucket", "artifacts", "--output-template-file", "out.yml"];
    let with = |project: &Project, more: &[&str]| project.run(package.iter().chain(more));
    with(&project, &["--ca-bundle", "nothing.pem"]).ends_with(2).says("cannot read `nothing.pem`").says("--ca-bundle");
    with(&project, &["--ca-bundle", "t.yml"]).ends_with(2).says("`t.yml` has no certificate");
    // The environment names an endpoint that does not exist, and the option the right one.
    let url = cloud.aws.url().to_owned();
    project.set("AWS_ENDPOINT_URL", "http://127.0.0.1:9");
    with(&project, &["--endpoint-url", &url, "--cli-read-timeout", "60", "--cli-connect-timeout", "0"]).ends_with(0);
    assert!(project.read("out.yml").contains("\"S3Bucket\": \"artifacts\""), "{}", project.read("out.yml"));
    // Without credentials, only an unsigned request can be sent. The bucket can accept or reject it.
    project.unset("AWS_ACCESS_KEY_ID");
    let run = with(&project, &["--endpoint-url", &url, "--no-sign-request", "--force-upload"]);
    assert!(!run.stderr.contains("credentials"), "{}", run.stderr);
}
