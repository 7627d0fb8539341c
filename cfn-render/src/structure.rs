//! What is wrong with a template's structure.

mod names;

use std::collections::HashMap;

use serde_json::Value;

use crate::json_pointer::below;
use crate::problem::{Problem, did_you_mean};
use crate::template::Template;
use crate::tree::{Kind, NodeId, Tag, Tree};

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

/// CloudFormation takes templates of 1 MB from S3.
const MAX_TEMPLATE_BYTES: usize = 1_048_576;

/// How many problems of a severity are told: nobody reads more, and finding the places of a hostile template's every fault takes long.
const MAX_PROBLEMS: usize = 100;

/// What was found, up to a number.
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

    /// Whether one more would not be told; then it is counted.
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

    /// In the order of the text, with a last word when there are more.
    fn told(self, template: &Template) -> Vec<Problem> {
        let mut problems = self.problems;
        problems.sort_by(|a, b| (a.place.line, a.place.column, a.code).cmp(&(b.place.line, b.place.column, b.code)));
        for (count, make) in
            [(self.errors, Problem::error as fn(_, _, String) -> _), (self.warnings, Problem::warning as fn(_, _, String) -> _)]
        {
            if count > MAX_PROBLEMS {
                let message = format!("there are {} more problems like these", count - MAX_PROBLEMS);
                problems.push(make("more-problems", template.place(""), message));
            }
        }
        problems
    }
}

pub(crate) fn problems(template: &Template) -> Vec<Problem> {
    let mut problems = Findings::default();
    walk(template, Tree::ROOT, String::new(), &mut problems);
    let value = template.to_value();
    sections(template, &value, &mut problems);
    resources(template, &value, &mut problems);
    names::check(template, &value, &mut problems);
    if template.text().len() > MAX_TEMPLATE_BYTES {
        let message = format!("the template has {} bytes, and CloudFormation takes {MAX_TEMPLATE_BYTES} at most", template.text().len());
        problems.error(|| Problem::error("template-too-large", template.place(""), message).hint("move resources into nested stacks"));
    }
    problems.told(template)
}

/// Duplicate and odd keys, aliases, tags that no function has. Each node once: what an alias names is looked at where it is written.
fn walk(template: &Template, id: NodeId, pointer: String, problems: &mut Findings) {
    let tree = template.tree();
    let node = tree.node(id);
    let mut pointer = pointer;
    if let (Some(Tag::Function(name)), false) = (&node.tag, matches!(node.kind, Kind::Alias(_))) {
        pointer = below(&pointer, name);
        if let Some(written) = name.strip_prefix("Fn::Fn::") {
            let message = format!("the tag `!Fn::{written}` is not a short form");
            problems.error(|| {
                Problem::error("unknown-tag", template.place_of_node(id, &*pointer), message).hint(format!("write `!{written}`"))
            });
        }
    }
    match &node.kind {
        Kind::Scalar { .. } => {}
        Kind::Alias(_) => problems.warning(|| alias(template, id, &pointer)),
        Kind::Sequence(items) => {
            for (index, item) in items.iter().enumerate() {
                walk(template, *item, format!("{pointer}/{index}"), problems);
            }
        }
        Kind::Mapping(pairs) => {
            let mut seen: HashMap<&str, NodeId> = HashMap::new();
            for (key, value) in pairs {
                let Some(name) = tree.text(*key) else {
                    let place = || template.place_of_node(*key, &*pointer);
                    problems.error(|| Problem::error("odd-key", place(), "a key is a list or a mapping, where a text belongs"));
                    continue;
                };
                let below = below(&pointer, name);
                if tree.is_merge_key(*key) {
                    problems.warning(|| {
                        Problem::warning("alias", template.place_of_node(*key, &*below), "CloudFormation refuses merge keys")
                            .hint("packaging writes out what they stand for")
                    });
                } else if let Some(first) = seen.insert(name, *key) {
                    problems.error(|| {
                        let line = template.place_of_node(first, "").line;
                        let message = format!("the key `{name}` is here and on line {line}; the last one counts");
                        Problem::error("duplicate-key", template.place_of_node(*key, &*below), message).hint("remove one of them")
                    });
                }
                walk(template, *value, below, problems);
            }
        }
    }
}

fn alias(template: &Template, id: NodeId, pointer: &str) -> Problem {
    let range = template.tree().range(id);
    let message = format!("CloudFormation refuses aliases such as `{}`", &template.text()[range]);
    Problem::warning("alias", template.place_of_node(id, pointer), message).hint("packaging writes out what they stand for")
}

fn sections(template: &Template, value: &Value, problems: &mut Findings) {
    let transformed = value.get("Transform").is_some();
    for (name, section) in value.as_object().into_iter().flatten() {
        let pointer = below("", name);
        if name == "Transform" || name.starts_with("Fn::") || name == "<<" {
            continue;
        }
        if !SECTIONS.contains(&name.as_str()) {
            let problem = || {
                let hint = did_you_mean(name, SECTIONS).or_else(|| Some(format!("the sections are {}", SECTIONS.join(", "))));
                let message = format!("a template has no section `{name}`");
                Problem::error("unknown-section", template.place_of_key(pointer), message).hint_if(hint)
            };
            // A macro may read sections of its own.
            if transformed {
                problems.warning(|| Problem { severity: crate::Severity::Warning, ..problem() });
            } else {
                problems.error(problem);
            }
        } else if !section.is_object() && !matches!(name.as_str(), "AWSTemplateFormatVersion" | "Description") {
            let message = format!("the section `{name}` is not a mapping");
            problems.error(|| Problem::error("malformed-section", template.place(pointer), message));
        }
    }
    if value.get("Resources").is_none() && !transformed {
        let message = "the template has no `Resources`";
        problems
            .error(|| Problem::error("missing-resources", template.place(""), message).hint("a template declares one resource at least"));
    }
}

fn resources(template: &Template, value: &Value, problems: &mut Findings) {
    let resources = value.get("Resources").and_then(Value::as_object).into_iter().flatten();
    for (logical_id, resource) in resources.filter(|(logical_id, _)| !logical_id.starts_with("Fn::")) {
        let pointer = below("/Resources", logical_id);
        if !logical_id.chars().all(|character| character.is_ascii_alphanumeric()) || logical_id.is_empty() {
            let message = format!("the logical id `{logical_id}` has other characters than letters and digits");
            problems.error(|| Problem::error("malformed-logical-id", template.place_of_key(&*pointer), message));
        }
        if !resource.is_object() {
            let message = format!("the resource `{logical_id}` is not a mapping");
            problems.error(|| Problem::error("malformed-resource", template.place(pointer), message));
        } else if resource.get("Type").is_none() && resource.get("Fn::Transform").is_none() {
            let message = format!("the resource `{logical_id}` has no `Type`");
            problems.error(|| Problem::error("missing-type", template.place_of_key(pointer), message));
        }
    }
}
