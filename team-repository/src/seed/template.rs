//! The seed's endpoint template, which stays the team's.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use cfn_render::Template;
use model_release::{Diagnostic, Failure, problems};
use serde_json::Value;

use super::Finding;

/// The template's names, in the order in which `build` looks for them.
const NAMES: [&str; 3] = ["cfn-sm-endpoint-template.yml", "cfn-sm-endpoint-template.yaml", "cfn-sm-endpoint-template.json"];

/// Finds and parses the template.
pub(super) fn find(sources: &BTreeMap<String, Vec<u8>>, folder: &Path) -> Result<(String, Template), Failure> {
    let mut found = NAMES.into_iter().filter(|name| sources.contains_key(*name));
    let not_a_seed = |message: String| Diagnostic::error(message).code("not-a-seed").file(folder);
    let Some(name) = found.next() else {
        let message = "there is no `cfn-sm-endpoint-template.yaml`";
        return Err(not_a_seed(message.to_owned())
            .with_hint("a template with another name: rename it, and unset CFN_TEMPLATE_NAME in the build project")
            .into());
    };
    if let Some(other) = found.next() {
        return Err(not_a_seed(format!("both `{name}` and `{other}` are here")).with_hint("remove the one that is not deployed").into());
    }
    let text = String::from_utf8_lossy(&sources[name]).into_owned();
    let template = Template::parse(text.clone(), name).map_err(|error| problems::failure(&error, &text))?;
    Ok((name.to_owned(), template))
}

/// Reports what the template lacks; returns its parameters.
pub(super) fn analyze(name: &str, template: &Template, findings: &mut Vec<Finding>) -> BTreeSet<String> {
    let value = template.to_value();
    let mut used = BTreeSet::new();
    for (section, content) in value.as_object().into_iter().flatten() {
        if section != "Parameters" && section != "Metadata" {
            references(content, &mut used);
        }
    }
    let mut parameters = BTreeSet::new();
    for declared in template.parameter_declarations() {
        let line = declared.name_span.line;
        parameters.insert(declared.name.clone());
        if used.contains(&declared.name) {
            continue;
        }
        let (message, hint) = match declared.name.as_str() {
            "VolumeKmsKeyArn" => (
                "the parameter `VolumeKmsKeyArn` is not used: volumes are encrypted with AWS's own key".to_owned(),
                "share the key with the target accounts and set KmsKeyId of the endpoint configuration, or remove the parameter",
            ),
            "Accounts" => (
                "the parameter `Accounts` is not used, and every change of the account list updates every stack".to_owned(),
                "remove it: the release has the accounts, and the tests read them there",
            ),
            other => (format!("the parameter `{other}` is not used"), "use it or remove it"),
        };
        findings.push(Finding::decide("unused-parameter", name, line, message, hint));
    }
    let resources = value["Resources"].as_object().into_iter().flatten();
    for (logical_id, resource) in resources {
        let pointer = format!("/Resources/{}", logical_id.replace('~', "~0").replace('/', "~1"));
        let line = template.locate_key(&pointer).map(|span| span.line);
        let properties = &resource["Properties"];
        for (kind, property, message, hint) in LACKING {
            if resource["Type"] == kind && properties[property].is_null() {
                findings.push(Finding::decide("missing-property", name, line, format!("`{logical_id}` {message}"), hint));
            }
        }
    }
    if value["Outputs"].is_null() {
        let hint = "add outputs such as EndpointName and ModelPackageArn, which `status` and people read";
        findings.push(Finding::decide("no-outputs", name, None, "the template has no outputs", hint));
    }
    parameters
}

/// Properties that our template sets and the seed's does not.
const LACKING: [(&str, &str, &str, &str); 3] = [
    (
        "AWS::SageMaker::Model",
        "EnableNetworkIsolation",
        "has no EnableNetworkIsolation: the container can call any address",
        "set it to true, unless the container makes network calls while it serves",
    ),
    (
        "AWS::SageMaker::EndpointConfig",
        "DataCaptureConfig",
        "has no DataCaptureConfig: requests and responses are not stored for monitoring",
        "add it if the model is monitored",
    ),
    (
        "AWS::SageMaker::Endpoint",
        "DeploymentConfig",
        "has no DeploymentConfig: SageMaker switches all traffic at once and rolls nothing back",
        "add one with alarms, or deploy the endpoint template of xtask, which has both",
    ),
];

/// Collects the names in `Ref` and `Fn::Sub`.
fn references(value: &Value, used: &mut BTreeSet<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| references(item, used)),
        Value::Object(members) => {
            for (key, member) in members {
                match (key.as_str(), member) {
                    ("Ref" | "Condition", Value::String(name)) => drop(used.insert(name.clone())),
                    ("Fn::Sub", Value::String(text)) => in_sub(text, used),
                    ("Fn::Sub", Value::Array(items)) => {
                        items.first().and_then(Value::as_str).into_iter().for_each(|text| in_sub(text, used));
                    }
                    _ => {}
                }
                references(member, used);
            }
        }
        _ => {}
    }
}

fn in_sub(text: &str, used: &mut BTreeSet<String>) {
    for part in text.split("${").skip(1) {
        let name = part.split('}').next().unwrap_or_default();
        used.insert(name.split('.').next().unwrap_or_default().trim().to_owned());
    }
}
