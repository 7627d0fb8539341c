//! The seed's stage files, which are carried over unchanged.

use std::collections::BTreeSet;

use located_json::{Document, Node};
use model_release::Diagnostic;

use super::{Action, Finding};
use crate::new_repository::is_burstable;

/// Reports what behaves differently in a stage file, and what must be decided.
pub(super) fn analyze(
    path: &str,
    stage: &str,
    bytes: &[u8],
    parameters: &BTreeSet<String>,
    findings: &mut Vec<Finding>,
    errors: &mut Vec<Diagnostic>,
) {
    let text = String::from_utf8_lossy(bytes);
    let document = match Document::parse(&text) {
        Ok(document) => document,
        Err(error) => {
            let message = format!("`{path}` {}", error.message);
            errors.push(Diagnostic::error(message).source(path, error.place.line, error.place.column, &text));
            return;
        }
    };
    let mut seen = BTreeSet::new();
    for (name, node, value) in entries(document.root()) {
        let line = document.place(node).line;
        if !seen.insert(name.clone()) {
            let message = format!("`{name}` is set twice");
            findings.push(Finding::decide("duplicate-parameter", path, line, message, "remove one: `build` rejects the file"));
        }
        if name == "EnvType" {
            let message = format!("`EnvType` is set here, too: the pipeline's value for {stage} wins, with a note if they differ");
            findings.push(Finding::new(Action::Changed, "pipeline-parameter", path, line, message));
            continue;
        }
        if !parameters.contains(&name) {
            let message = format!("the template has no parameter `{name}`");
            findings.push(Finding::decide("unknown-parameter", path, line, message, "declare it or remove it: `build` rejects the file"));
        }
        let Some(value) = value else { continue };
        match value.text() {
            None => {
                let message = format!("the value of `{name}` is {}, not a string", value.kind());
                findings.push(Finding::decide(
                    "not-a-string",
                    path,
                    line,
                    message,
                    "put it between quotes: CloudFormation's parameters are strings",
                ));
            }
            Some(value) if stage == "prod" && is_burstable(&value) => {
                let message = format!("`{value}` is burstable: it has no steady latency and no automatic scaling");
                findings.push(Finding::decide(
                    "burstable-instance",
                    path,
                    line,
                    message,
                    "use an instance type such as ml.m5.large in production",
                ));
            }
            Some(_) => {}
        }
    }
}

/// The parameters of both formats: name, place and value.
fn entries(root: Node<'_>) -> Vec<(String, Node<'_>, Option<Node<'_>>)> {
    if let Some(items) = root.items() {
        let named = |item: &Node<'_>| item.member("ParameterKey")?.text();
        return items.into_iter().filter_map(|item| Some((named(&item)?, item, item.member("ParameterValue")))).collect();
    }
    let members = root.member("Parameters").and_then(Node::members).unwrap_or_default();
    members.into_iter().map(|member| (member.name, member.value, Some(member.value))).collect()
}
