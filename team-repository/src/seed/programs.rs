//! The seed's Python programs and buildspecs: what of the team's own is in them.

mod python_text;

use std::fmt::Write as _;

use cfn_render::Template;
use serde_json::Value;

use self::python_text::Python;
use super::{Action, Finding};

/// The services that the seed's programs call.
const SERVICES: [&str; 6] = ["sagemaker", "sagemaker-runtime", "runtime.sagemaker", "sts", "ssm", "organizations"];

/// Parts of the commands in the seed's buildspecs: `xtask` replaces them.
const KNOWN_COMMANDS: [&str; 4] = ["build.py", "setup.py", "test.py", "cloudformation package"];
const KNOWN_PROGRAMS: [&str; 6] = ["pip", "pip3", "echo", "cat", "ls", "pwd"];

/// Reports calls of a program that the seed does not make.
pub(super) fn python(path: &str, text: &str, findings: &mut Vec<Finding>) {
    let python = Python::new(text);
    for call in ["boto3.client(", "boto3.resource(", ".client("] {
        for (at, _) in python.code.match_indices(call) {
            // `boto3.client(` ends with `.client(`.
            if call == ".client(" && python.code[..at].ends_with("boto3") {
                continue;
            }
            let Some(service) = python.literal_at(at + call.len()) else { continue };
            if !SERVICES.contains(&service.as_str()) {
                let message = format!("this program calls `{service}`, which the seed does not do");
                let hint = "decide whether your pipeline needs it: add a command to the buildspec, or an action to the pipeline";
                findings.push(Finding::decide("own-calls", path, python.line(at), message, hint));
            }
        }
    }
}

/// Reports commands and variables of a buildspec that the seed's does not have.
pub(super) fn buildspec(path: &str, text: &str, findings: &mut Vec<Finding>) {
    let Ok(buildspec) = Template::parse(text, path) else {
        let hint = "add your own commands to the new buildspec";
        findings.push(Finding::decide("own-command", path, None, "this is not YAML: its commands are not known", hint));
        return;
    };
    let value = buildspec.to_value();
    let line = |pointer: &str| buildspec.locate(pointer).map(|span| span.line);
    for (phase, content) in value["phases"].as_object().into_iter().flatten() {
        for part in ["commands", "finally"] {
            for (index, command) in content[part].as_array().into_iter().flatten().enumerate() {
                let Some(command) = command.as_str().filter(|command| !is_known(command)) else { continue };
                let first = command.lines().next().unwrap_or_default();
                let message = format!("your own command is not carried over: {first}");
                let hint = "add it to the new buildspec if it is still needed";
                findings.push(Finding::decide("own-command", path, line(&format!("/phases/{phase}/{part}/{index}")), message, hint));
            }
        }
    }
    for group in ["variables", "parameter-store", "secrets-manager"] {
        for name in value["env"][group].as_object().into_iter().flatten().map(|(name, _)| name) {
            let message = format!("the variable `{name}` is not carried over");
            let hint = "add it to `env` of the new buildspec if it is still needed";
            findings.push(Finding::decide("own-variable", path, line(&format!("/env/{group}/{name}")), message, hint));
        }
    }
}

fn is_known(command: &str) -> bool {
    command.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')).all(|line| {
        let program = line.split_whitespace().next().unwrap_or_default();
        KNOWN_COMMANDS.iter().any(|known| line.contains(known)) || KNOWN_PROGRAMS.contains(&program)
    })
}

/// A suite of the requests that the seed's test sends, if its text has any of them.
pub(super) fn requests(text: &str, findings: &mut Vec<Finding>) -> Option<String> {
    const TEST: &str = "test/test.py";
    let python = Python::new(text);
    let mut cases = String::new();
    let mut sent = 0;
    for (at, _) in python.code.match_indices("Body") {
        let Some(call) = python.call_around(at, "invoke_endpoint(") else { continue };
        let Some(body) = python.argument(call.clone(), "Body") else { continue };
        sent += 1;
        let line = python.line(at);
        let text_of = |name: &str| python.argument(call.clone(), name).and_then(|expression| python.value(&expression));
        let Some(body) = python.value(&body) else {
            let hint = format!("write the payload into {}, as `file`, `json` or `csv`", crate::SUITE);
            findings.push(Finding::decide("request-not-carried", TEST, line, "this request's body is computed", hint));
            continue;
        };
        let content_type = text_of("ContentType").unwrap_or_else(|| "application/octet-stream".to_owned());
        let accept = text_of("Accept").map(|accept| format!("    accept: {}\n", yaml(&accept))).unwrap_or_default();
        let _ = write!(
            cases,
            "  - name: request of test.py, line {line}\n    payload: {{ text: {}, content_type: {} }}\n{accept}",
            yaml(&body),
            yaml(&content_type)
        );
        let message = format!("this request is a case of {}", crate::SUITE);
        findings.push(Finding::new(Action::Carried, "request", TEST, line, message));
    }
    for (at, line) in python.lines() {
        if line.trim_start().starts_with("assert ") {
            let hint = format!("write it under `expect` of the case in {}", crate::SUITE);
            findings.push(Finding::decide("expectation-not-carried", TEST, at, format!("an expectation: {}", line.trim()), hint));
        }
    }
    if sent == 0 {
        let message = "this test sends no request: the new tests do, and check which model package every endpoint serves";
        findings.push(Finding::new(Action::Changed, "no-request", TEST, None, message));
    }
    let head = "# The requests of the Python seed's test. Add expectations: what passes without them is any response.\nversion: 1\n\ndefaults:\n  timeout: 10s\n\ncases:\n";
    (!cases.is_empty()).then(|| format!("{head}{cases}"))
}

/// A text as YAML, between quotes and without variables.
fn yaml(text: &str) -> String {
    Value::from(text.replace("${", "$${")).to_string()
}
