//! The endpoints that a stage's stacks will have, read from the template with the stage's parameters.

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

/// The names of the template's endpoints, in every account and region the same.
pub(crate) fn names(
    template: &Template,
    parameters: &ParametersFile,
    overrides: &[ParameterOverride],
    accounts: &[AccountId],
    regions: &[Region],
) -> Result<Vec<String>, Failure> {
    let known = parameters.iter().filter_map(|(name, value)| Some((name.clone(), value.text()?.to_owned())));
    let kept: BTreeSet<&str> = parameters.iter().filter(|(_, value)| value.text().is_none()).map(|(name, _)| name.as_str()).collect();
    // Something has to stand in the place of what the stack has now; no name may be made of it.
    let texts: BTreeMap<String, String> = known.chain(kept.iter().map(|name| ((*name).to_owned(), "1".to_owned()))).collect();
    let mut found: Option<BTreeSet<String>> = None;
    let differs_by_target = depends_on_target(&template.to_value());
    let mut seen = BTreeSet::new();
    for account in accounts {
        for region in regions {
            let overridden = ParameterOverride::of(overrides, account, region);
            if seen.contains(&overridden) {
                continue;
            }
            let mut texts = texts.clone();
            texts.extend(overridden.clone());
            let names = names_in(template, &texts, &kept, account, region)?;
            // Only where something is made of the account or region can another one with the same parameters have others.
            if !names.made_of_target && !differs_by_target {
                seen.insert(overridden);
            }
            match &found {
                Some(known) if *known != names.names => return Err(differs(template)),
                _ => found = Some(names.names),
            }
        }
    }
    let names: Vec<String> = found.unwrap_or_default().into_iter().collect();
    if names.is_empty() {
        return Err(Diagnostic::error("the template makes no endpoint")
            .code("no-endpoint")
            .file(template.path())
            .with_hint("it needs a resource of type AWS::SageMaker::Endpoint, whose condition holds for this stage")
            .into());
    }
    Ok(names)
}

/// The names in one account and region.
struct Names {
    names: BTreeSet<String>,
    /// Whether the account or the region is in them.
    made_of_target: bool,
}

fn names_in(
    template: &Template,
    texts: &BTreeMap<String, String>,
    kept: &BTreeSet<&str>,
    account: &AccountId,
    region: &Region,
) -> Result<Names, Failure> {
    let pseudo = PseudoParameters::in_region(region.as_str()).in_account(account.as_str());
    let resolved = template.resolve_with_provenance(texts, &pseudo).map_err(|error| problems::failure(&error, template.text()))?;
    let of_target = |pointer: &str| resolved.parameters_behind(pointer).iter().any(|name| name.starts_with("AWS::"));
    let mut names = BTreeSet::new();
    let mut diagnostics = Vec::new();
    let mut made_of_target = false;
    for endpoint in StackBlueprint::read(resolved.value()).endpoints {
        let logical_id = &endpoint.logical_id;
        let pointer = format!("/Resources/{logical_id}/Properties/EndpointName");
        made_of_target |= of_target(&pointer);
        let behind = resolved.parameters_behind(&pointer);
        if let Some(name) = behind.iter().find(|name| kept.contains(*name)) {
            let diagnostic =
                Diagnostic::error(format!("the name of endpoint `{logical_id}` is made of `{name}`, which keeps its previous value"));
            diagnostics.push(at(template, &pointer, diagnostic).with_hint("write the value itself into the stage file"));
            continue;
        }
        match endpoint.name {
            // Whether SageMaker takes the name has been checked with the stage's parameters.
            Value::Known(name) => drop(names.insert(name)),
            Value::Absent => diagnostics.push(
                at(
                    template,
                    &format!("/Resources/{logical_id}"),
                    Diagnostic::error(format!("endpoint `{logical_id}` has no `EndpointName`")),
                )
                .with_hint("give it a name that is made from parameters, so that the tests know what to test"),
            ),
            Value::Unknown(name) => diagnostics.push(
                at(
                    template,
                    &pointer,
                    Diagnostic::error(format!("the name of endpoint `{logical_id}` is not known before it is deployed")),
                )
                .detail(name.to_string())
                .with_hint("make it from parameters alone"),
            ),
        }
    }
    if diagnostics.is_empty() { Ok(Names { names, made_of_target }) } else { Err(Failure::new(FailureKind::BadInput, diagnostics)) }
}

fn at(template: &Template, pointer: &str, diagnostic: Diagnostic) -> Diagnostic {
    match template.locate(pointer).or_else(|| template.locate_key(pointer)) {
        Some(span) => diagnostic.source(&template.path().display().to_string(), span.line, span.column, template.text()),
        None => diagnostic.file(template.path()),
    }
}

fn differs(template: &Template) -> Failure {
    Diagnostic::error("the endpoints' names depend on the account or the region")
        .file(template.path())
        .with_hint("make `EndpointName` from parameters alone: names only have to be unique in an account and region")
        .into()
}
