//! Finds the values in a template that can refer to artifacts.

use super::property_table::{Content, Form, Section, UNPACKAGED_PROPERTIES, rows};
use crate::code::Code;
use crate::json_pointer::below;
use crate::problem::{Place, Problem};
use crate::template::Template;
use crate::tree::{Kind, NodeId, Tree};

/// A value that can refer to an artifact.
#[derive(Debug, Clone)]
pub(crate) struct Site {
    pub(crate) node: NodeId,
    /// The value's JSON pointer into the long form.
    pub(crate) pointer: String,
    /// Its name in messages: the property's path, or `AWS::Include`.
    pub(crate) name: String,
    pub(crate) form: Form,
    pub(crate) content: Content,
    /// Whether the value comes from an alias or a merge key: its bytes belong to another place too.
    pub(crate) borrowed: bool,
}

impl Site {
    pub(crate) fn place(&self, template: &Template) -> Place {
        template.place_of_node(self.node, &self.pointer)
    }
}

/// The name in messages for the `Location` of an include.
pub(crate) const INCLUDE: &str = "AWS::Include";

/// The role of a file with sites.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Role {
    /// A template, nested or not.
    Template,
    /// Content that `AWS::Include` inserts into a template: whole sections, resources, or any
    /// mapping.
    Snippet,
}

/// All sites in the order of the text, and malformed loops.
pub(crate) fn find_sites(template: &Template, role: Role) -> (Vec<Site>, Vec<Problem>) {
    let tree = template.tree();
    let mut search = Search { template, tree, sites: Vec::new(), problems: Vec::new() };
    let root = Step { node: Tree::ROOT, pointer: String::new(), borrowed: false };
    for (section, name) in [(Section::Metadata, "Metadata"), (Section::Globals, "Globals")] {
        for (entry, step) in search.key(&root, name).iter().flat_map(|section| search.entries(section)).collect::<Vec<_>>() {
            search.properties(section, &entry, &step);
        }
    }
    if let Some(resources) = search.key(&root, "Resources") {
        search.resources(&resources, 0);
    }
    if role == Role::Snippet {
        search.resources(&root, 0);
    }
    // Most templates include nothing, and need no full traversal.
    if template.tree().has_text(INCLUDE) {
        search.includes(&root);
    }
    let Search { mut sites, problems, .. } = search;
    let start = |site: &Site| template.tree().node(site.node).start;
    sites.sort_by(|a, b| (start(a), &a.pointer).cmp(&(start(b), &b.pointer)));
    (sites, problems)
}

/// The maximum nesting of `Fn::ForEach`; CloudFormation allows five levels.
const MAX_LOOPS: usize = 16;

/// A position of the traversal.
#[derive(Debug, Clone)]
struct Step {
    node: NodeId,
    pointer: String,
    borrowed: bool,
}

struct Search<'a> {
    template: &'a Template,
    tree: &'a Tree,
    sites: Vec<Site>,
    problems: Vec<Problem>,
}

impl Search<'_> {
    fn step(&self, from: &Step, token: &str, node: NodeId, merged: bool) -> Step {
        let alias = matches!(self.tree.node(node).kind, Kind::Alias(_));
        Step { node, pointer: below(&from.pointer, token), borrowed: from.borrowed || merged || alias }
    }

    /// The entries of a mapping; none for other nodes and for short-form functions, which contain
    /// no properties.
    fn entries(&self, of: &Step) -> Vec<(String, Step)> {
        if self.tree.function(of.node).is_some() { Vec::new() } else { self.argument_entries(of) }
    }

    /// The entries of a mapping, even if it is the argument of a short-form function.
    fn argument_entries(&self, of: &Step) -> Vec<(String, Step)> {
        let entries = self.tree.entries(of.node).into_iter();
        entries.map(|entry| (entry.key.to_owned(), self.step(of, entry.key, entry.value, entry.merged))).collect()
    }

    fn key(&self, of: &Step, key: &str) -> Option<Step> {
        if self.tree.function(of.node).is_some() { None } else { self.argument_key(of, key) }
    }

    fn argument_key(&self, of: &Step, key: &str) -> Option<Step> {
        let entry = self.tree.entry(of.node, key)?;
        Some(self.step(of, key, entry.value, entry.merged))
    }

    fn resources(&mut self, resources: &Step, loops: usize) {
        for (logical_id, resource) in self.entries(resources) {
            if logical_id.starts_with("Fn::ForEach::") {
                self.for_each(&logical_id, &resource, loops + 1);
            } else if let Some(resource_type) = self.key(&resource, "Type").and_then(|step| self.tree.plain_text(step.node))
                && let Some(properties) = self.key(&resource, "Properties")
            {
                self.properties(Section::Resources, resource_type, &properties);
                self.unpackaged(resource_type, &properties);
            }
        }
    }

    /// `Fn::ForEach::Name: [identifier, collection, {key: resource}]`.
    fn for_each(&mut self, key: &str, body: &Step, loops: usize) {
        let message = match *self.tree.items(body.node) {
            [_, _, _] if loops > MAX_LOOPS => format!("`{key}` is nested in more than {MAX_LOOPS} other loops"),
            [_, _, output] => {
                let output = self.step(body, "2", output, false);
                return self.resources(&output, loops);
            }
            _ => format!("`{key}` is not a list of identifier, collection and output"),
        };
        self.problems.push(Problem::error(Code::MalformedForEach, self.template.place_of_node(body.node, &body.pointer), message));
    }

    fn properties(&mut self, section: Section, entry: &str, properties: &Step) {
        for row in rows(section, entry) {
            for step in self.reach(properties, row.path) {
                self.sites.push(Site {
                    node: step.node,
                    pointer: step.pointer,
                    name: row.path.join("."),
                    form: row.form,
                    content: row.content,
                    borrowed: step.borrowed,
                });
            }
        }
    }

    /// Reports local files in properties that expect S3 objects and are not packaged.
    fn unpackaged(&mut self, entry: &str, properties: &Step) {
        for (_, path) in UNPACKAGED_PROPERTIES.iter().filter(|(known, _)| *known == entry) {
            for step in self.reach(properties, path) {
                let Some(text) = self.tree.plain_text(step.node) else { continue };
                let is_local = |member: &&str| !member.is_empty() && !member.contains("://") && !member.contains("{{resolve:");
                for member in text.split(',').map(str::trim).filter(is_local) {
                    let name = path.last().copied().unwrap_or_default();
                    let message = format!("`{name}` is `{member}`, which is not packaged: it is not the address of an object in S3");
                    let place = self.template.place_of_node(step.node, step.pointer.clone());
                    self.problems.push(
                        Problem::warning(Code::NotPackaged, place, message)
                            .with_hint("upload the file, and write its address, s3://bucket/key"),
                    );
                }
            }
        }
    }

    fn reach(&self, from: &Step, path: &[&str]) -> Vec<Step> {
        path.iter().fold(vec![from.clone()], |reached, key| reached.iter().flat_map(|step| self.down(step, key)).collect())
    }

    fn down(&self, step: &Step, key: &str) -> Vec<Step> {
        if key != "*" {
            return self.key(step, key).into_iter().collect();
        }
        let items = self.tree.items(step.node).iter().enumerate();
        let items = items.map(|(index, item)| self.step(step, &index.to_string(), *item, false));
        items.chain(self.entries(step).into_iter().map(|(_, step)| step)).collect()
    }

    /// `AWS::Include` can be wherever a transform can be: the `Location` parameter refers to a
    /// snippet.
    fn includes(&mut self, at: &Step) {
        let argument = |function: &str| Step { pointer: below(&at.pointer, function), ..at.clone() };
        match self.tree.function(at.node) {
            Some(function @ "Fn::Transform") => self.transform(&argument(function)),
            Some(function) => self.includes_within(&argument(function)),
            None => self.includes_within(at),
        }
    }

    /// Continues below a node whose short-form function, if any, is already in the pointer.
    fn includes_within(&mut self, at: &Step) {
        for (index, item) in self.tree.items(at.node).iter().enumerate() {
            self.includes(&self.step(at, &index.to_string(), *item, false));
        }
        for (key, step) in self.argument_entries(at) {
            if key == "Fn::Transform" || (key == "Transform" && at.pointer.is_empty()) {
                self.transform(&step);
            } else {
                self.includes(&step);
            }
        }
    }

    /// One transform or a list of them: `{Name: AWS::Include, Parameters: {Location: file}}`.
    fn transform(&mut self, at: &Step) {
        for (index, item) in self.tree.items(at.node).iter().enumerate() {
            self.transform(&self.step(at, &index.to_string(), *item, false));
        }
        // The argument of `!Transform` is the tagged mapping itself, so tags are ignored here.
        let name = self.argument_key(at, "Name").and_then(|name| self.tree.plain_text(name.node));
        let location = self.argument_key(at, "Parameters").and_then(|parameters| self.key(&parameters, "Location"));
        if let (Some(INCLUDE), Some(location)) = (name, location) {
            self.sites.push(Site {
                node: location.node,
                pointer: location.pointer,
                name: INCLUDE.to_owned(),
                form: Form::Uri,
                content: Content::File,
                borrowed: location.borrowed,
            });
        }
    }
}
