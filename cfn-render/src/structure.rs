//! Checks a template's structure.

mod names;

use std::collections::HashMap;

use crate::code::Code;
use crate::json_pointer::{Trail, below};
use crate::problem::{Problem, did_you_mean};
use crate::template::Template;
use crate::tree::{Entry, Kind, NodeId, Tag, Tree};

/// The sections of a template. `Hooks` belongs to blue/green deployments, `Globals` to SAM.
const SECTIONS: [&str; 11] = [
    "AWSTemplateFormatVersion",
    "Conditions",
    "Description",
    "Globals",
    "Hooks",
    "Mappings",
    "Metadata",
    "Outputs",
    "Parameters",
    "Resources",
    "Rules",
];

/// The attributes of a resource, including `Properties`.
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-product-attribute-reference.html>
const RESOURCE_ATTRIBUTES: [&str; 9] =
    ["Condition", "CreationPolicy", "DeletionPolicy", "DependsOn", "Metadata", "Properties", "Type", "UpdatePolicy", "UpdateReplacePolicy"];

/// SAM's attributes, which its transform removes.
const SAM_ATTRIBUTES: [&str; 2] = ["Connectors", "IgnoreGlobals"];

/// The attributes of an output.
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/outputs-section-structure.html>
const OUTPUT_ATTRIBUTES: [&str; 4] = ["Condition", "Description", "Export", "Value"];

/// CloudFormation accepts templates of at most 1 MB from S3.
const MAX_TEMPLATE_BYTES: usize = 1_048_576;

/// How many problems of each severity are reported: a hostile template can have too many to locate
/// them all.
const MAX_PROBLEMS: usize = 100;

/// Collects problems up to a limit.
#[derive(Default)]
struct Findings {
    problems: Vec<Problem>,
    errors: usize,
    warnings: usize,
}

impl Findings {
    fn error(&mut self, make: impl FnOnce() -> Problem) {
        self.errors += 1;
        if self.errors <= MAX_PROBLEMS {
            self.problems.push(make());
        }
    }

    /// Whether the limit is reached; then the problem is only counted.
    fn is_full(&mut self) -> bool {
        let full = self.errors >= MAX_PROBLEMS;
        self.errors += usize::from(full);
        full
    }

    fn warning(&mut self, make: impl FnOnce() -> Problem) {
        self.warnings += 1;
        if self.warnings <= MAX_PROBLEMS {
            self.problems.push(make());
        }
    }

    /// The problems in the order of the text, with a summary if there are more.
    fn sorted(self, template: &Template) -> Vec<Problem> {
        let mut problems = self.problems;
        problems.sort_by(|a, b| (a.place.line, a.place.column, a.code.as_str()).cmp(&(b.place.line, b.place.column, b.code.as_str())));
        for (count, make) in
            [(self.errors, Problem::error as fn(_, _, String) -> _), (self.warnings, Problem::warning as fn(_, _, String) -> _)]
        {
            if count > MAX_PROBLEMS {
                let message = format!("there are {} more problems like these", count - MAX_PROBLEMS);
                problems.push(make(Code::MoreProblems, template.place(""), message));
            }
        }
        problems
    }
}

impl Template {
    /// The problems in the template's structure: duplicate keys, unknown sections, resources
    /// without a type, undeclared names. In the order of the text; empty for a valid template.
    pub fn problems(&self) -> Vec<Problem> {
        let mut problems = Findings::default();
        walk(self, Tree::ROOT, &mut Trail::default(), &mut problems);
        sections(self, &mut problems);
        resources(self, &mut problems);
        attributes(self, &mut problems);
        names::check(self, &mut problems);
        let length = self.text().len();
        if length > MAX_TEMPLATE_BYTES {
            let message = format!("the template has {length} bytes; CloudFormation allows {MAX_TEMPLATE_BYTES}");
            problems
                .error(|| Problem::error(Code::TemplateTooLarge, self.place(""), message).with_hint("move resources into nested stacks"));
        }
        problems.sorted(self)
    }
}

/// Reports duplicate and odd keys, aliases and invalid tags. Each node is visited once: an alias's
/// target is checked where it is written.
fn walk<'a>(template: &'a Template, id: NodeId, trail: &mut Trail<'a>, problems: &mut Findings) {
    let node = template.tree().node(id);
    match &node.tag {
        Some(Tag::Function(name)) if !matches!(node.kind, Kind::Alias(_)) => trail.key(name, |trail| {
            if let Some(written) = name.strip_prefix("Fn::Fn::") {
                problems.error(|| {
                    let message = format!("the tag `!Fn::{written}` is not a short form");
                    Problem::error(Code::UnknownTag, template.place_of_node(id, trail.pointer()), message)
                        .with_hint(format!("write `!{written}`"))
                });
            }
            walk_within(template, id, trail, problems);
        }),
        _ => walk_within(template, id, trail, problems),
    }
}

fn walk_within<'a>(template: &'a Template, id: NodeId, trail: &mut Trail<'a>, problems: &mut Findings) {
    let tree = template.tree();
    match &tree.node(id).kind {
        Kind::Scalar { .. } => {}
        Kind::Alias(_) => problems.warning(|| alias(template, id, &trail.pointer())),
        Kind::Sequence(items) => {
            for (index, item) in items.iter().enumerate() {
                trail.index(index, |trail| walk(template, *item, trail, problems));
            }
        }
        Kind::Mapping(pairs) => {
            let mut seen = Seen::with_capacity(pairs.len());
            for (key, value) in pairs {
                let Some(name) = tree.text(*key) else {
                    let place = || template.place_of_node(*key, trail.pointer());
                    problems.error(|| Problem::error(Code::OddKey, place(), "a key is a list or a mapping instead of a string"));
                    continue;
                };
                trail.key(name, |trail| {
                    if tree.is_merge_key(*key) {
                        problems.warning(|| {
                            Problem::warning(
                                Code::Alias,
                                template.place_of_node(*key, trail.pointer()),
                                "CloudFormation rejects merge keys",
                            )
                            .with_hint("packaging expands them")
                        });
                    } else if let Some(first) = seen.before(name, *key) {
                        problems.error(|| {
                            let line = template.place_of_node(first, "").line;
                            let message = format!("duplicate key `{name}`, first on line {line}; the last one counts");
                            Problem::error(Code::DuplicateKey, template.place_of_node(*key, trail.pointer()), message)
                                .with_hint("remove one of them")
                        });
                    }
                    walk(template, *value, trail, problems);
                });
            }
        }
    }
}

/// The keys of a mapping so far. Nearly all mappings are small, and searching a small one is faster
/// than hashing.
enum Seen<'a> {
    Few(Vec<(&'a str, NodeId)>),
    Many(HashMap<&'a str, NodeId>),
}

impl<'a> Seen<'a> {
    fn with_capacity(capacity: usize) -> Self {
        if capacity <= 16 { Self::Few(Vec::with_capacity(capacity)) } else { Self::Many(HashMap::with_capacity(capacity)) }
    }

    /// Adds a key, and returns an earlier one with the same name.
    fn before(&mut self, name: &'a str, key: NodeId) -> Option<NodeId> {
        match self {
            Self::Many(keys) => keys.insert(name, key),
            Self::Few(keys) => match keys.iter_mut().find(|(known, _)| *known == name) {
                Some((_, known)) => Some(std::mem::replace(known, key)),
                None => {
                    keys.push((name, key));
                    None
                }
            },
        }
    }
}

fn alias(template: &Template, id: NodeId, pointer: &str) -> Problem {
    let range = template.tree().range(id);
    let message = format!("CloudFormation rejects aliases such as `{}`", &template.text()[range]);
    Problem::warning(Code::Alias, template.place_of_node(id, pointer), message).with_hint("packaging expands them")
}

fn sections(template: &Template, problems: &mut Findings) {
    let tree = template.tree();
    let transformed = tree.get(Tree::ROOT, "Transform").is_some();
    for Entry { key: name, value: section, .. } in tree.entries(Tree::ROOT) {
        if name == "Transform" || name.starts_with("Fn::") || name == "<<" {
            continue;
        }
        let pointer = below("", name);
        if !SECTIONS.contains(&name) {
            let problem = || {
                let hint = did_you_mean(name, SECTIONS).or_else(|| Some(format!("the sections are {}", SECTIONS.join(", "))));
                let message = format!("a template has no section `{name}`");
                Problem::error(Code::UnknownSection, template.place_of_key(pointer), message).with_hint_opt(hint)
            };
            // A macro may read its own sections.
            if transformed {
                problems.warning(|| Problem { severity: crate::Severity::Warning, ..problem() });
            } else {
                problems.error(problem);
            }
        } else if !is_object(tree, section) && !matches!(name, "AWSTemplateFormatVersion" | "Description") {
            problems.error(|| {
                Problem::error(Code::MalformedSection, template.place(pointer), format!("the section `{name}` is not a mapping"))
            });
        }
    }
    if tree.get(Tree::ROOT, "Resources").is_none() && !transformed {
        let message = "the template has no `Resources`";
        problems.error(|| Problem::error(Code::MissingResources, template.place(""), message).with_hint("declare at least one resource"));
    }
}

/// A mapping, or a short-form function, which represents one.
fn is_object(tree: &Tree, id: NodeId) -> bool {
    tree.is_mapping(id) || tree.function(id).is_some()
}

fn resources(template: &Template, problems: &mut Findings) {
    let tree = template.tree();
    let section = tree.get(Tree::ROOT, "Resources").filter(|section| tree.function(*section).is_none());
    let resources = section.into_iter().flat_map(|section| tree.entries(section));
    for Entry { key: logical_id, value: resource, .. } in resources.filter(|entry| !entry.key.starts_with("Fn::")) {
        let pointer = || below("/Resources", logical_id);
        if !logical_id.chars().all(|character| character.is_ascii_alphanumeric()) || logical_id.is_empty() {
            problems.error(|| {
                let message = format!("the logical id `{logical_id}` has characters other than letters and digits");
                Problem::error(Code::MalformedLogicalId, template.place_of_key(pointer()), message)
            });
        }
        let has = |key: &str| tree.function(resource).is_none() && tree.get(resource, key).is_some();
        if !is_object(tree, resource) {
            problems.error(|| {
                Problem::error(Code::MalformedResource, template.place(pointer()), format!("the resource `{logical_id}` is not a mapping"))
            });
        } else if !has("Type") && !has("Fn::Transform") && tree.function(resource) != Some("Fn::Transform") {
            problems.error(|| {
                Problem::error(Code::MissingType, template.place_of_key(pointer()), format!("the resource `{logical_id}` has no `Type`"))
            });
        }
    }
}

/// Reports unknown attributes of resources and outputs: usually a property that is not indented
/// below `Properties`.
fn attributes(template: &Template, problems: &mut Findings) {
    let tree = template.tree();
    let transformed = tree.get(Tree::ROOT, "Transform").is_some();
    for (section, word, known) in [("Resources", "resource", &RESOURCE_ATTRIBUTES[..]), ("Outputs", "output", &OUTPUT_ATTRIBUTES[..])] {
        let entries = tree.get(Tree::ROOT, section).filter(|entries| tree.function(*entries).is_none());
        let entries = entries.into_iter().flat_map(|entries| tree.entries(entries)).filter(|entry| !entry.key.starts_with("Fn::"));
        for Entry { key: name, value: entry, .. } in entries.filter(|entry| tree.function(entry.value).is_none()) {
            let resource_type = tree.get(entry, "Type").and_then(|kind| tree.plain_text(kind)).unwrap_or_default();
            let is_custom = resource_type.starts_with("Custom::") || resource_type == "AWS::CloudFormation::CustomResource";
            for Entry { key: attribute, .. } in tree.entries(entry) {
                let of_sam = transformed && section == "Resources" && SAM_ATTRIBUTES.contains(&attribute);
                if known.contains(&attribute) || of_sam || is_custom && attribute == "Version" || attribute.starts_with("Fn::") {
                    continue;
                }
                let problem = || {
                    let message = format!("the {word} `{name}` has an unknown attribute `{attribute}`");
                    let hint = did_you_mean(attribute, known.iter().copied()).unwrap_or_else(|| match section {
                        "Resources" => "indent it below `Properties` if it is a property: CloudFormation rejects it here".to_owned(),
                        _ => format!("the attributes of an output are {}", known.join(", ")),
                    });
                    let place = template.place_of_key(below(&below(&below("", section), name), attribute));
                    Problem::error(Code::UnknownAttribute, place, message).with_hint(hint)
                };
                // A macro may read its own attributes, and how CloudFormation handles those of
                // outputs is not documented.
                if transformed || section == "Outputs" {
                    problems.warning(|| Problem { severity: crate::Severity::Warning, ..problem() });
                } else {
                    problems.error(problem);
                }
            }
        }
    }
}
