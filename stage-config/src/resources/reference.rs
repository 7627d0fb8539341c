//! Which resource of the template a value refers to.
//!
//! Source: AWS CloudFormation template reference, "Return values" of `AWS::SageMaker::Endpoint`,
//! `EndpointConfig` and `Model`: `Ref` returns the ARN; `Fn::GetAtt` with `EndpointName`,
//! `EndpointConfigName` or `ModelName` returns the name.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::symbolic_text::{Part, Text};
use crate::provenance::function;

/// The maximum nesting of functions and names.
const MAX_DEPTH: usize = 32;
/// The maximum number of names that are followed for one name: a name has 63 characters.
const MAX_NAMES: usize = 64;

/// A type of resource that others refer to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Endpoint,
    EndpointConfig,
    Model,
}

impl Kind {
    const ALL: [Self; 3] = [Self::Endpoint, Self::EndpointConfig, Self::Model];

    pub(super) fn resource_type(self) -> &'static str {
        match self {
            Self::Endpoint => "AWS::SageMaker::Endpoint",
            Self::EndpointConfig => "AWS::SageMaker::EndpointConfig",
            Self::Model => "AWS::SageMaker::Model",
        }
    }

    /// The property that sets the name, and the attribute that returns it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Endpoint => "EndpointName",
            Self::EndpointConfig => "EndpointConfigName",
            Self::Model => "ModelName",
        }
    }

    /// The resource type in the ARN.
    fn in_arn(self) -> &'static str {
        match self {
            Self::Endpoint => "endpoint",
            Self::EndpointConfig => "endpoint-config",
            Self::Model => "model",
        }
    }
}

/// An ARN in a value that expects a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ArnOf<'a> {
    /// The logical id of the resource; none for a literal ARN.
    pub(super) resource: Option<(&'a str, Kind)>,
    /// Whether the ARN is there regardless of unknown conditions.
    pub(super) certain: bool,
}

/// The variant that a scalable target scales.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Scaled<'a> {
    /// A variant of an endpoint of the template: the logical id and, if known, the variant's name.
    Variant(&'a str, Option<String>),
    /// Nothing that the template declares.
    Elsewhere,
    /// Possibly a variant of any endpoint.
    Unknown,
}

/// References to the endpoints, endpoint configurations and models of a resolved template.
///
/// ```
/// let template = serde_json::json!({ "Resources": {
///     "Config": { "Type": "AWS::SageMaker::EndpointConfig" },
///     "Endpoint": { "Type": "AWS::SageMaker::Endpoint", "Properties": { "EndpointConfigName": { "Fn::Sub": "${Config.EndpointConfigName}" } } },
/// } });
/// let name = &template["Resources"]["Endpoint"]["Properties"]["EndpointConfigName"];
/// assert_eq!(stage_config::References::new(&template).endpoint_config(name), Some("Config"));
/// ```
#[derive(Debug)]
pub struct References<'a> {
    resources: BTreeMap<&'a str, (Kind, Option<&'a Json>)>,
}

impl<'a> References<'a> {
    /// The references of a resolved template.
    pub fn new(resolved: &'a Json) -> Self {
        let resources = resolved.get("Resources").and_then(Json::as_object).into_iter().flatten();
        let named = resources.filter_map(|(id, resource)| {
            let kind = Kind::ALL.into_iter().find(|kind| resource.get("Type").and_then(Json::as_str) == Some(kind.resource_type()))?;
            let name = resource.get("Properties").and_then(|properties| properties.get(kind.name())).filter(|name| !name.is_null());
            Some((id.as_str(), (kind, name)))
        });
        Self { resources: named.collect() }
    }

    /// The logical id of the endpoint that an `EndpointName` refers to, if it can be followed.
    pub fn endpoint(&self, name: &'a Json) -> Option<&'a str> {
        self.named(Kind::Endpoint, name)
    }

    /// The logical id of the endpoint configuration that an `EndpointConfigName` refers to, if it
    /// can be followed.
    pub fn endpoint_config(&self, name: &'a Json) -> Option<&'a str> {
        self.named(Kind::EndpointConfig, name)
    }

    /// The logical id of the model that a `ModelName` refers to, if it can be followed.
    pub fn model(&self, name: &'a Json) -> Option<&'a str> {
        self.named(Kind::Model, name)
    }

    /// Whether the `ResourceId` of a scalable target can be a variant of the endpoint with this
    /// logical id. An unknown value can be any variant.
    pub fn may_scale(&self, resource_id: &'a Json, endpoint: &str, variant: Option<&str>) -> bool {
        match self.scaled(resource_id) {
            Scaled::Variant(id, name) => id == endpoint && (name.is_none() || variant.is_none() || name.as_deref() == variant),
            Scaled::Elsewhere => false,
            Scaled::Unknown => true,
        }
    }

    /// The logical id of the resource that a value refers to: by `Fn::GetAtt` or `Ref`, also inside
    /// other functions, or by the resource's name. None if it cannot be followed.
    pub(super) fn named(&self, kind: Kind, value: &'a Json) -> Option<&'a str> {
        if let Some(("Fn::If", Json::Array(branches))) = function(value) {
            let [_, when_true, when_false] = &branches[..] else { return None };
            return self.named(kind, when_true).filter(|id| self.named(kind, when_false) == Some(id));
        }
        self.named_by(kind, &self.read(value, 0))
    }

    fn named_by(&self, kind: Kind, text: &Text<'a>) -> Option<&'a str> {
        if let [Part::Name(id) | Part::Arn(id)] = text.0[..]
            && self.resources.get(id).is_some_and(|(known, _)| *known == kind)
        {
            return Some(id);
        }
        let name = self.written_out(text, 0, &mut { MAX_NAMES });
        let mut same = self.of_kind(kind).filter(|id| self.name_of(id) == name);
        same.next().filter(|_| same.next().is_none())
    }

    /// The variant that `endpoint/NAME/variant/VARIANT` scales.
    pub(super) fn scaled(&self, resource_id: &'a Json) -> Scaled<'a> {
        let text = self.read(resource_id, 0);
        let pieces = text.split("/");
        let is = |piece: &Text<'_>, text: &str| piece.known() == Some(text);
        let [start, endpoint, middle, variant] = &pieces[..] else {
            return if text.known().is_some() { Scaled::Elsewhere } else { Scaled::Unknown };
        };
        if !is(start, "endpoint") || !is(middle, "variant") {
            return if start.known().is_some_and(|start| start != "endpoint") { Scaled::Elsewhere } else { Scaled::Unknown };
        }
        match self.named_by(Kind::Endpoint, endpoint) {
            Some(id) => Scaled::Variant(id, variant.known().map(str::to_owned)),
            None => {
                let name = self.written_out(endpoint, 0, &mut { MAX_NAMES });
                let different = |id: &'a str| name.is_known_to_differ(&self.name_of(id));
                if self.of_kind(Kind::Endpoint).all(different) { Scaled::Elsewhere } else { Scaled::Unknown }
            }
        }
    }

    /// The ARNs in a value, without duplicates.
    pub(super) fn arns(&self, value: &'a Json) -> Vec<ArnOf<'a>> {
        if let Some(("Fn::If", Json::Array(branches))) = function(value) {
            let found: Vec<Vec<ArnOf<'a>>> = branches.iter().skip(1).map(|branch| self.arns(branch)).collect();
            let certain = found.iter().all(|branch| branch.iter().any(|arn| arn.certain));
            let mut arns: Vec<ArnOf<'a>> = found.into_iter().flatten().map(|arn| ArnOf { certain, ..arn }).collect();
            arns.dedup();
            return arns;
        }
        let text = self.read(value, 0);
        let of = |part: &Part<'a>| match part {
            Part::Arn(id) => Some(ArnOf { resource: self.resources.get(id).map(|(kind, _)| (*id, *kind)), certain: true }),
            Part::Text(text) if text.starts_with("arn:") => Some(ArnOf { resource: None, certain: true }),
            _ => None,
        };
        let mut arns: Vec<ArnOf<'a>> = text.0.iter().filter_map(of).collect();
        arns.dedup();
        arns
    }

    fn of_kind(&self, kind: Kind) -> impl Iterator<Item = &'a str> {
        self.resources.iter().filter(move |(_, (known, _))| *known == kind).map(|(id, _)| *id)
    }

    /// The name of a resource, as far as the template determines it.
    fn name_of(&self, id: &'a str) -> Text<'a> {
        self.written_out(&Text(vec![Part::Name(id)]), 0, &mut { MAX_NAMES })
    }

    /// Replaces names of resources by what these names are made of, at most `names` of them.
    fn written_out(&self, text: &Text<'a>, depth: usize, names: &mut usize) -> Text<'a> {
        let mut written = Text::default();
        for part in &text.0 {
            match part {
                Part::Name(id) if depth < MAX_DEPTH && *names > 0 => match self.resources.get(id) {
                    Some((_, Some(name))) => {
                        *names -= 1;
                        written.append(self.written_out(&self.read(name, depth), depth + 1, names));
                    }
                    _ => written.push(part.clone()),
                },
                part => written.push(part.clone()),
            }
        }
        written
    }

    fn read(&self, value: &'a Json, depth: usize) -> Text<'a> {
        let unknown = || Text(vec![Part::Unknown(value.to_string())]);
        if depth > MAX_DEPTH {
            return unknown();
        }
        let (name, argument) = match (value, function(value)) {
            (Json::String(text), _) if !text.contains("{{resolve:") => return Text::of(text.clone()),
            (Json::Number(number), _) => return Text::of(number.to_string()),
            (_, Some(function)) => function,
            _ => return unknown(),
        };
        let read = match (name, argument) {
            ("Ref", Json::String(id)) => self.attribute(id, None),
            ("Fn::GetAtt", Json::String(path)) => path.split_once('.').and_then(|(id, attribute)| self.attribute(id, Some(attribute))),
            ("Fn::GetAtt", Json::Array(path)) => match &path[..] {
                [Json::String(id), Json::String(attribute)] => self.attribute(id, Some(attribute)),
                _ => None,
            },
            ("Fn::Sub", Json::String(text)) => Some(self.substitution(text, &Json::Null, depth)),
            ("Fn::Sub", Json::Array(arguments)) => match &arguments[..] {
                [Json::String(text), own] => Some(self.substitution(text, own, depth)),
                _ => None,
            },
            ("Fn::Join", Json::Array(arguments)) => match &arguments[..] {
                [Json::String(delimiter), Json::Array(items)] => {
                    let mut joined = Text::default();
                    for (index, item) in items.iter().enumerate() {
                        joined.push(Part::Text(if index == 0 { String::new() } else { delimiter.clone() }));
                        joined.append(self.read(item, depth + 1));
                    }
                    Some(joined)
                }
                _ => None,
            },
            ("Fn::Select", Json::Array(arguments)) => self.selected(arguments, depth),
            _ => None,
        };
        read.unwrap_or_else(unknown)
    }

    /// The value of `Ref`, or of `Fn::GetAtt` with this attribute; none for values that are no part
    /// of a name.
    fn attribute(&self, id: &str, attribute: Option<&str>) -> Option<Text<'a>> {
        let (id, (kind, _)) = self.resources.get_key_value(id)?;
        match attribute {
            Some(attribute) if attribute == kind.name() => Some(Text(vec![Part::Name(id)])),
            Some(attribute) if !attribute.ends_with("Arn") => None,
            _ => Some(Text(vec![Part::Arn(id)])),
        }
    }

    fn substitution(&self, text: &str, own: &'a Json, depth: usize) -> Text<'a> {
        let mut read = Text::default();
        let mut pieces = text.split("${");
        read.push(Part::Text(pieces.next().unwrap_or_default().to_owned()));
        for piece in pieces {
            let Some((name, rest)) = piece.split_once('}') else {
                read.push(Part::Text(format!("${{{piece}")));
                continue;
            };
            match (name.strip_prefix('!'), own.get(name)) {
                (Some(literal), _) => read.push(Part::Text(format!("${{{literal}}}"))),
                (None, Some(value)) => read.append(self.read(value, depth + 1)),
                (None, None) => {
                    let attribute = match name.split_once('.') {
                        Some((id, attribute)) => self.attribute(id, Some(attribute)),
                        None => self.attribute(name, None),
                    };
                    read.append(attribute.unwrap_or_else(|| Text(vec![unknown_variable(name)])));
                }
            }
            read.push(Part::Text(rest.to_owned()));
        }
        read
    }

    /// `Fn::Select` from a literal list or from `Fn::Split`: the usual way to extract the name from
    /// an ARN.
    fn selected(&self, arguments: &'a [Json], depth: usize) -> Option<Text<'a>> {
        let [index, list] = arguments else { return None };
        let index = index.as_u64().or_else(|| index.as_str()?.parse().ok()).and_then(|index| usize::try_from(index).ok())?;
        if let Json::Array(items) = list {
            return Some(self.read(items.get(index)?, depth + 1));
        }
        let ("Fn::Split", Json::Array(split)) = function(list)? else { return None };
        let [Json::String(delimiter), text] = &split[..] else { return None };
        // A name has letters, digits and hyphens; an unknown piece can contain any delimiter.
        if delimiter.is_empty() || delimiter.chars().any(|character| character.is_ascii_alphanumeric() || character == '-') {
            return None;
        }
        let mut whole = Text::default();
        for part in self.read(text, depth + 1).0 {
            match part {
                Part::Arn(id) => {
                    let (kind, _) = self.resources.get(id)?;
                    // Partition, region and account contain neither slashes nor colons.
                    whole.push(Part::Text(format!("arn:?:sagemaker:?:?:{}/", kind.in_arn())));
                    whole.push(Part::Name(id));
                }
                Part::Unknown(_) => return None,
                part => whole.push(part),
            }
        }
        whole.split(delimiter).into_iter().nth(index)
    }
}

/// Reads a variable like the function alone, so that both compare equal.
fn unknown_variable(name: &str) -> Part<'static> {
    let alone = match name.split_once('.') {
        Some(attribute) => json!({ "Fn::GetAtt": [attribute.0, attribute.1] }),
        None => json!({ "Ref": name }),
    };
    Part::Unknown(alone.to_string())
}
