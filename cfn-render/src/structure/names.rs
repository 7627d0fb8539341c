//! Checks for undeclared names.

use super::Findings;
use crate::code::Code;
use crate::declarations::{Declarations, Known};
use crate::json_pointer::Trail;
use crate::problem::Problem;
use crate::substitution::{Part, parts};
use crate::template::Template;
use crate::tree::{Entry, NodeId, Tree};

/// Checks every name in resources, outputs and conditions. Templates with transforms are skipped: a
/// transform can declare names.
pub(super) fn check(template: &Template, problems: &mut Findings) {
    let tree = template.tree();
    let declarations = Declarations::of_tree(tree);
    if declarations.open_ended {
        return;
    }
    let mut check = Check { template, tree, declarations: &declarations, problems };
    for section in ["Conditions", "Resources", "Outputs"] {
        let Some(entries) = tree.get(Tree::ROOT, section).filter(|section| tree.function(*section).is_none()) else { continue };
        for Entry { key: name, value: entry, .. } in tree.entries(entries) {
            let trail = &mut Trail::default();
            trail.key(section, |trail| {
                trail.key(name, |trail| {
                    let own = |key: &str| if tree.function(entry).is_some() { None } else { tree.get(entry, key) };
                    if section != "Conditions"
                        && let Some(condition) = own("Condition").and_then(|condition| check.name(condition))
                    {
                        trail.key("Condition", |trail| check.condition(condition, trail));
                    }
                    if section == "Resources"
                        && let Some(others) = own("DependsOn")
                    {
                        trail.key("DependsOn", |trail| check.depends_on(others, trail));
                    }
                    check.value(entry, trail, section == "Conditions");
                });
            });
        }
    }
}

struct Check<'a> {
    template: &'a Template,
    tree: &'a Tree,
    declarations: &'a Declarations,
    problems: &'a mut Findings,
}

impl<'a> Check<'a> {
    fn value(&mut self, value: NodeId, trail: &mut Trail<'a>, in_condition: bool) {
        let tree = self.tree;
        match tree.function(value) {
            Some(name) => trail.key(name, |trail| {
                self.function(name, value, trail, in_condition);
                self.argument(value, trail, in_condition || is_logical(name));
            }),
            None => self.argument(value, trail, in_condition),
        }
    }

    /// Continues with a value whose short-form function, if any, is already on the trail.
    fn argument(&mut self, value: NodeId, trail: &mut Trail<'a>, in_condition: bool) {
        let tree = self.tree;
        for (index, item) in tree.items(value).iter().enumerate() {
            trail.index(index, |trail| self.value(*item, trail, in_condition));
        }
        let entries = tree.entries(value);
        let single = entries.len() == 1;
        for Entry { key: name, value: argument, .. } in entries {
            trail.key(name, |trail| {
                if single {
                    self.function(name, argument, trail, in_condition);
                }
                self.value(argument, trail, in_condition || is_logical(name));
            });
        }
    }

    /// A string that is neither a function nor a number nor empty.
    fn name(&self, value: NodeId) -> Option<&'a str> {
        self.tree.plain_text(value).filter(|_| !self.tree.is_null(value))
    }

    /// `argument` may be the node that has the function's own tag.
    fn function(&mut self, name: &str, argument: NodeId, trail: &mut Trail<'a>, in_condition: bool) {
        let tree = self.tree;
        let is_own_tag = tree.function(argument) == Some(name);
        let whole = if is_own_tag { tree.text(argument) } else { self.name(argument) };
        let items = if is_own_tag || tree.function(argument).is_none() { tree.items(argument) } else { &[] };
        let first = items.first().and_then(|first| self.name(*first));
        match name {
            "Ref" => {
                if let Some(name) = whole {
                    self.reference(name, trail);
                }
            }
            "Condition" if in_condition => {
                if let Some(name) = whole {
                    self.condition(name, trail);
                }
            }
            "Fn::GetAtt" => {
                if let Some(name) = first.or_else(|| whole?.split_once('.').map(|(resource, _)| resource)) {
                    self.resource(name, trail);
                }
            }
            "Fn::If" => {
                if let Some(name) = first {
                    trail.index(0, |trail| self.condition(name, trail));
                }
            }
            "Fn::FindInMap" => {
                if let Some(name) = first.filter(|name| !self.declarations.is_mapping(name)) {
                    let has_default = items.len() > 3;
                    if !has_default && !self.problems.is_full() {
                        let hint = self.declarations.like_mapping(name);
                        trail.index(0, |trail| {
                            self.report(Code::UnknownMapping, trail, format!("the template has no mapping `{name}`"), hint);
                        });
                    }
                }
            }
            "Fn::Sub" => {
                let own = items.get(1).filter(|own| tree.function(**own).is_none());
                for part in parts(first.or(whole).unwrap_or_default()) {
                    if let Part::Variable(name) = part
                        && own.is_none_or(|own| tree.get(*own, name).is_none())
                    {
                        match name.split_once('.') {
                            Some((resource, _)) => self.resource(resource, trail),
                            None => self.reference(name, trail),
                        }
                    }
                }
            }
            _ => {}
        }
    }

    fn depends_on(&mut self, others: NodeId, trail: &mut Trail<'a>) {
        if let Some(name) = self.name(others) {
            self.resource(name, trail);
        }
        for (index, item) in self.tree.items(others).iter().enumerate() {
            if let Some(name) = self.name(*item) {
                trail.index(index, |trail| self.resource(name, trail));
            }
        }
    }

    fn reference(&mut self, name: &str, trail: &Trail<'_>) {
        match self.declarations.refers(name) {
            Known::No if !self.problems.is_full() => {
                let hint = self.declarations.like_reference(name);
                let hint = hint.unwrap_or_else(|| "declare a parameter or a resource with this name".to_owned());
                self.report(Code::UnknownReference, trail, format!("the template has no parameter or resource `{name}`"), Some(hint));
            }
            known => self.not_known_here(&known, Code::UnknownReference, name, trail),
        }
    }

    /// Warns about names that CloudFormation may know.
    fn not_known_here(&mut self, known: &Known, code: Code, name: &str, trail: &Trail<'_>) {
        let (message, hint) = match known {
            Known::OfModule(module) => (
                format!("it is not known whether the module `{module}` contains `{name}`"),
                "the module's schema in the CloudFormation registry lists its resources",
            ),
            Known::NewPseudoParameter => (format!("`{name}` is an unknown pseudo parameter"), "ignore this if CloudFormation has added it"),
            Known::Declared | Known::No => return,
        };
        let template = self.template;
        self.problems.warning(|| Problem::warning(code, template.place(trail.pointer()), message).with_hint(hint));
    }

    fn resource(&mut self, name: &str, trail: &Trail<'_>) {
        match self.declarations.is_resource(name) {
            Known::No if !self.problems.is_full() => {
                let hint = self.declarations.like_resource(name);
                self.report(Code::UnknownResource, trail, format!("the template has no resource `{name}`"), hint);
            }
            known => self.not_known_here(&known, Code::UnknownResource, name, trail),
        }
    }

    fn condition(&mut self, name: &str, trail: &Trail<'_>) {
        if !self.declarations.is_condition(name) && !self.problems.is_full() {
            let hint = self.declarations.like_condition(name);
            self.report(Code::UnknownCondition, trail, format!("the template has no condition `{name}`"), hint);
        }
    }

    fn report(&mut self, code: Code, trail: &Trail<'_>, message: String, hint: Option<String>) {
        let template = self.template;
        self.problems.error(|| Problem::error(code, template.place(trail.pointer()), message).with_hint_opt(hint));
    }
}

/// Whether the arguments of a function are conditions.
fn is_logical(function: &str) -> bool {
    matches!(function, "Fn::And" | "Fn::Or" | "Fn::Not")
}
