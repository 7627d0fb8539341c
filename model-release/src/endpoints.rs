//! Determines the endpoint names of a stage from the template and the parameters.

use std::collections::{BTreeMap, BTreeSet};

use aws_names::{AccountId, Region};
use cfn_render::{PseudoParameters, Template};
use stage_config::ParametersFile;

use crate::FailureKind;
use crate::blueprint::{StackBlueprint, Value};
use crate::configuration::depends_on_target;
use crate::diagnostic::{Diagnostic, Failure};
use crate::manifest::ParameterOverride;
use crate::problems;

/// The endpoint names, which must be the same in every account and region.
pub(crate) fn names(
    template: &Template,
    parameters: &ParametersFile,
    overrides: &[ParameterOverride],
    accounts: &[AccountId],
    regions: &[Region],
) -> Result<Vec<String>, Failure> {
    let known = parameters.iter().filter_map(|(name, value)| Some((name.clone(), value.text()?.to_owned())));
    let with_previous_value: BTreeSet<&str> =
        parameters.iter().filter(|(_, value)| value.text().is_none()).map(|(name, _)| name.as_str()).collect();
    // Parameters that keep their previous value need a placeholder; endpoint names must not use it.
    let texts: BTreeMap<String, String> =
        known.chain(with_previous_value.iter().map(|name| ((*name).to_owned(), "1".to_owned()))).collect();
    let mut found: Option<BTreeSet<String>> = None;
    let differs_by_target = accounts.len() * regions.len() > 1 && depends_on_target(template.value());
    let mut seen = BTreeSet::new();
    let mut opaque = BTreeSet::new();
    for account in accounts {
        for region in regions {
            let overridden = ParameterOverride::of(overrides, account, region);
            if seen.contains(&overridden) {
                continue;
            }
            let mut texts = texts.clone();
            texts.extend(overridden.clone());
            let names = names_in(template, &texts, &with_previous_value, account, region)?;
            opaque.extend(names.opaque);
            // Targets with equal parameters differ only if the template uses the account or region.
            if !names.depend_on_target && !differs_by_target {
                seen.insert(overridden);
            }
            match &found {
                Some(known) if *known != names.names => return Err(differs(template)),
                _ => found = Some(names.names),
            }
        }
    }
    let names: Vec<String> = found.unwrap_or_default().into_iter().collect();
    if names.is_empty() && !opaque.is_empty() {
        return Err(in_opaque(template, &opaque));
    }
    if names.is_empty() {
        return Err(Diagnostic::error("the template has no endpoint for this stage")
            .code("no-endpoint")
            .file(template.path())
            .with_hint("add a resource of type AWS::SageMaker::Endpoint whose condition is true for this stage")
            .into());
    }
    Ok(names)
}

/// The endpoint names of a deployed stack with these parameters, and whether they can differ in
/// another account or region.
pub(crate) fn names_of_stack(
    template: &Template,
    parameters: &BTreeMap<String, String>,
    account: &AccountId,
    region: &Region,
) -> Result<(Vec<String>, bool), Failure> {
    let found = names_in(template, parameters, &BTreeSet::new(), account, region)?;
    if found.names.is_empty() && !found.opaque.is_empty() {
        return Err(in_opaque(template, &found.opaque));
    }
    let differs = found.depend_on_target || depends_on_target(template.value());
    Ok((found.names.into_iter().collect(), differs))
}

struct OfTarget {
    names: BTreeSet<String>,
    /// Whether they contain the account or region.
    depend_on_target: bool,
    /// The logical ids of resources that can contain an endpoint, each with its kind.
    opaque: BTreeSet<(String, &'static str)>,
}

/// The kind of a resource whose own resources are not in the template.
fn opaque_kind(resource_type: &str) -> Option<&'static str> {
    match resource_type {
        "AWS::CloudFormation::Stack" => Some("nested stack"),
        module if module.ends_with("::MODULE") => Some("module"),
        _ => None,
    }
}

/// The resources that can contain an endpoint which the template does not show.
fn opaque_resources(resolved: &serde_json::Value) -> BTreeSet<(String, &'static str)> {
    let resources = resolved["Resources"].as_object().into_iter().flatten();
    resources.filter_map(|(id, resource)| Some((id.clone(), opaque_kind(resource["Type"].as_str()?)?))).collect()
}

/// The template itself has no endpoint, but one of these can contain it.
fn in_opaque(template: &Template, opaque: &BTreeSet<(String, &'static str)>) -> Failure {
    let each = opaque.iter().map(|(id, kind)| {
        let message = format!("an endpoint inside {kind} `{id}` is not known before deployment");
        let hint = "declare the resource of type AWS::SageMaker::Endpoint in the template itself";
        at(template, &format!("/Resources/{id}/Type"), Diagnostic::error(message)).code("endpoint-not-in-template").with_hint(hint)
    });
    Failure::new(FailureKind::BadInput, each.collect())
}

fn names_in(
    template: &Template,
    texts: &BTreeMap<String, String>,
    with_previous_value: &BTreeSet<&str>,
    account: &AccountId,
    region: &Region,
) -> Result<OfTarget, Failure> {
    let pseudo = PseudoParameters::in_region(region.as_str()).in_account(account.as_str());
    let resolved = template.resolve_with_provenance(texts, &pseudo).map_err(|error| problems::failure(&error, template.text()))?;
    let of_target = |pointer: &str| resolved.parameters_of(pointer).iter().any(|name| name.starts_with("AWS::"));
    let mut names = BTreeSet::new();
    let mut diagnostics = Vec::new();
    let mut depend_on_target = false;
    for endpoint in StackBlueprint::read(resolved.value()).endpoints {
        let logical_id = &endpoint.logical_id;
        let pointer = format!("/Resources/{logical_id}/Properties/EndpointName");
        depend_on_target |= of_target(&pointer);
        let behind = resolved.parameters_of(&pointer);
        if let Some(name) = behind.iter().find(|name| with_previous_value.contains(*name)) {
            let diagnostic =
                Diagnostic::error(format!("the name of endpoint `{logical_id}` depends on `{name}`, which keeps its previous value"));
            diagnostics.push(at(template, &pointer, diagnostic).with_hint("set the value in the stage file"));
            continue;
        }
        match endpoint.name {
            // The check of the stage's parameters has already validated the name.
            Value::Known(name) => drop(names.insert(name)),
            Value::Absent => diagnostics.push(
                at(
                    template,
                    &format!("/Resources/{logical_id}"),
                    Diagnostic::error(format!("endpoint `{logical_id}` has no `EndpointName`")),
                )
                .with_hint("set `EndpointName` from parameters, so that the tests can find the endpoint"),
            ),
            Value::Unknown(name) => diagnostics.push(
                at(template, &pointer, Diagnostic::error(format!("the name of endpoint `{logical_id}` is not known before deployment")))
                    .detail(name.to_string())
                    .with_hint("use only parameters in the name"),
            ),
        }
    }
    if diagnostics.is_empty() {
        Ok(OfTarget { names, depend_on_target, opaque: opaque_resources(resolved.value()) })
    } else {
        Err(Failure::new(FailureKind::BadInput, diagnostics))
    }
}

fn at(template: &Template, pointer: &str, diagnostic: Diagnostic) -> Diagnostic {
    match template.locate(pointer).or_else(|| template.locate_key(pointer)) {
        Some(span) => diagnostic.source(&template.path().display().to_string(), span.line, span.column, template.text()),
        None => diagnostic.file(template.path()),
    }
}

fn differs(template: &Template) -> Failure {
    Diagnostic::error("the endpoint names depend on the account or region")
        .file(template.path())
        .with_hint("use only parameters in `EndpointName`: names must be unique only within an account and region")
        .into()
}
