//! The commands in messages work: the AWS CLI parses its commands, and commands that repeat a
//! request are run.

use std::path::PathBuf;
use std::process::Command;

use sandbox::printed;
use serde_json::Value as Json;

use crate::cloud::Cloud;
use crate::project::{Project, stand_in_cache, workspace};

/// Runs the AWS CLI's parser on each command line, without calls, and prints the refused ones.
const PARSE: &str = r"
import json, shlex, sys
import awscli.clidriver, botocore.client
calls = []
def note(self, operation, parameters):
    calls.append(operation)
    return {}
botocore.client.BaseClient._make_api_call = note
for line in sys.stdin.read().splitlines():
    words = shlex.split(line)[1:]
    calls.clear()
    # `aws sso login` is of version 2 of the AWS CLI, and this is version 1.
    if words == ['sso', 'login']:
        continue
    try:
        code = awscli.clidriver.create_clidriver().main(words)
    except SystemExit as ended:
        code = ended.code
    if code not in (0, None) or not calls:
        print(f'refused: {line}: ended with {code}, called {calls}')
";

fn python() -> PathBuf {
    sandbox::stand_in::prepare(&stand_in_cache()).unwrap_or_else(|error| panic!("{error}")).join("bin/python")
}

/// The command with example values for its format arguments.
fn example(text: &str) -> String {
    let known = [
        ("{call_as}", " --call-as DELEGATED_ADMIN"),
        ("{stack_set}", "sagemaker-iris-p-abc123xyz-deploy-staging"),
        ("--operation-id {id}", "--operation-id 9372c12e-b247-4bc4-a8c9-a9e54341bfbf"),
        ("{arn}", "arn:aws:sagemaker:us-east-1:111111111111:model-package/iris/13"),
        ("--model-package-name {}", "--model-package-name arn:aws:sagemaker:us-east-1:111111111111:model-package/iris/13"),
        ("{group}", "iris-p-abc123xyz"),
        ("{bucket}", "team-artifacts"),
        ("--region {region}", "--region us-east-1"),
        ("--stack-name {stack}", "--stack-name StackSet-sagemaker-iris-p-abc123xyz-deploy-staging-1"),
    ];
    let text = known.iter().fold(text.to_owned(), |text, (format, example)| text.replace(format, example));
    assert!(!text.contains('{'), "add an example for `{text}` to this test");
    text
}

#[test]
fn the_aws_cli_parses_every_aws_command_in_a_message() {
    let commands: Vec<String> = printed::commands(workspace())
        .into_iter()
        // The help mentions two commands for their options, not to run them.
        .filter(|found| found.text.starts_with("aws ") && !found.place.starts_with("xtask/command-line/src"))
        .map(|found| example(&found.text))
        .collect();
    assert!(commands.len() >= 8, "{commands:#?}");
    let mut python = Command::new(python());
    python.args(["-c", PARSE]).envs([
        ("AWS_ACCESS_KEY_ID", "none"),
        ("AWS_SECRET_ACCESS_KEY", "none"),
        ("AWS_DEFAULT_REGION", "us-east-1"),
        ("AWS_CONFIG_FILE", "/dev/null"),
        ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null"),
    ]);
    let output = with_input(python, commands.join("\n").as_bytes());
    assert!(
        output.status.success() && !String::from_utf8_lossy(&output.stdout).contains("refused: "),
        "{}\n{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

fn with_input(mut command: Command, input: &[u8]) -> std::process::Output {
    use std::io::Write as _;
    use std::process::Stdio;
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    child.wait_with_output().unwrap()
}

/// The shell syntax of every printed command; a format argument is a word.
#[test]
fn a_shell_parses_every_command_in_a_message() {
    let commands = printed::commands(workspace());
    assert!(commands.len() >= 20, "{commands:#?}");
    for found in commands.iter().filter(|found| !found.text.contains(" (release;")) {
        let output = Command::new("sh").args(["-n", "-c", &found.text]).output().unwrap();
        assert!(output.status.success(), "{found:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

/// Two flowers on two lines, with every special character of a shell.
const SUITE: &str = r#"version: 1
cases:
  - name: lines
    payload: { text: "5.1,3.5,1.4,0.2\n6.7,3.0,5.2,2.3\n", content_type: text/csv }
    accept: text/csv
    expect: { text: { equals: tulip } }
  - name: "hostile \uFFFE"
    payload: { text: "it's `$HOME` \"x\" \\ %s\r\n\t!\uFFFE\u202E\n", content_type: text/csv }
    accept: text/csv
    custom_attributes: "it's $HOME"
    expect: { text: { equals: tulip } }
  - name: no text
    payload: { base64: "AP8KJSc=", content_type: text/csv }
    expect: { text: { equals: tulip } }
"#;

/// The commands that repeat each case, from the results; the terminal shows the same ones.
fn reproduce(project: &Project, printed: &str) -> Vec<String> {
    let results = project.json("target/test-results/test-results.json");
    let cases = results["targets"][0]["cases"].as_array().unwrap().clone();
    let commands: Vec<String> = cases.iter().filter_map(|case| Json::as_str(&case["reproduce"]).map(str::to_owned)).collect();
    assert_eq!(commands.len(), 3, "{cases:#?}");
    for command in &commands {
        assert!(printed.lines().any(|line| line.trim() == command), "{command}\nis not what was printed:\n{printed}");
    }
    commands
}

#[test]
fn the_printed_command_repeats_a_request_to_a_container_exactly() {
    let cloud = Cloud::new();
    let project = Project::new();
    project.write("test/own.yaml", SUITE);
    let run = project.run(["test-staging", "--suite", "test/own.yaml", "--endpoint-url", cloud.model.url()]).ends_with(1);
    let answers: Vec<_> = reproduce(&project, &run.stdout)
        .iter()
        .map(|command| Command::new("sh").args(["-c", command]).output().unwrap())
        .map(|output| String::from_utf8_lossy(&output.stdout).into_owned())
        .collect();
    assert_eq!(answers[0].trim(), "setosa\nvirginica");
    // The model's error message is the same as in the test.
    assert!(answers[1].contains("could not convert"), "{answers:#?}");
    // Expat is as strict as CodeBuild's parser.
    let junit = project.path("target/test-results/junit.xml");
    let parsed =
        Command::new(python()).args(["-c", "import sys, xml.dom.minidom as xml; xml.parse(sys.argv[1])"]).arg(&junit).output().unwrap();
    assert!(parsed.status.success(), "{}", String::from_utf8_lossy(&parsed.stderr));
    assert!(project.read("target/test-results/junit.xml").contains("\\u{fffe}"));
}

#[test]
fn the_printed_aws_command_repeats_a_request_to_an_endpoint_exactly() {
    let cloud = Cloud::new();
    let mut project = cloud.project();
    // In the caller's account, since the command assumes no role.
    project.set("STAGING_ACCOUNT_LIST", crate::cloud::HOME);
    cloud.register(1);
    project.run(["build"]).ends_with(0);
    cloud.deploy(&project, "staging", crate::cloud::HOME, &[]);
    project.write("test/endpoint-tests.yaml", SUITE);
    let run = project.run(["test-staging"]).ends_with(1);
    let commands = reproduce(&project, &run.stdout);
    let shim = format!("#!/bin/sh\nexec '{}' -m awscli \"$@\"\n", python().display());
    project.write("bin/aws", &shim);
    std::fs::set_permissions(project.path("bin/aws"), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    cloud.aws.clear_requests().unwrap();
    let path = format!("{}:{}", project.path("bin").display(), std::env::var("PATH").unwrap());
    let answers: Vec<String> = commands
        .iter()
        .map(|command| Command::new("sh").args(["-c", command]).env_clear().envs(project.variables()).env("PATH", &path).output().unwrap())
        .map(|output| format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr)))
        .collect();
    assert!(answers[0].contains("setosa\nvirginica"), "{answers:#?}");
    assert_eq!(cloud.requests("InvokeEndpoint").len(), 3, "{answers:#?}");
}
