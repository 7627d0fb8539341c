//! A JSON file: its values, and every problem with its place.

use std::collections::BTreeMap;
use std::path::Path;

use located_json::{Document, Member, Node};

use crate::problem::{Place, Problem, Problems, did_you_mean};

/// A JSON file, and its problems.
pub(crate) struct Source<'a> {
    document: Document<'a>,
    path: String,
    pub(crate) problems: Vec<Problem>,
}

impl<'a> Source<'a> {
    /// Reads a file; `example` is an example of such a file.
    pub(crate) fn read(text: &'a str, path: &Path, example: &str) -> Result<Self, Problems> {
        let path = path.display().to_string();
        match Document::parse(text) {
            Ok(document) => Ok(Self { document, path, problems: Vec::new() }),
            Err(error) => {
                let problem = Problem::error(error.code, format!("`{path}` {}", error.message));
                let (line, column) = (error.place.line, error.place.column);
                Err(Problems(vec![problem.with_hint(error.hint.unwrap_or(example)).at(Place::File { path, line, column })]))
            }
        }
    }

    pub(crate) fn root(&self) -> Node<'a> {
        self.document.root()
    }

    /// The members of an object, without duplicate names; `what` is the object in a message.
    pub(crate) fn members(&mut self, object: Node<'a>, what: &str) -> Vec<Member<'a>> {
        let all = object.members().unwrap_or_default();
        if all.iter().any(|member| member.key.has_lone_surrogate()) {
            self.reject_lone_surrogate(object, &format!("a name in {what}"));
            return Vec::new();
        }
        let mut first: BTreeMap<String, usize> = BTreeMap::new();
        let mut members = Vec::with_capacity(all.len());
        for member in all {
            if let Some(line) = first.get(&member.name) {
                let message = format!("{what} has `{}` twice; first on line {line}", member.name);
                self.problem("duplicate-key", member.value, message, "keep one of the two");
                continue;
            }
            first.insert(member.name.clone(), self.document.place(member.value).line);
            members.push(member);
        }
        members
    }

    /// Reports every name that is not a known one.
    pub(crate) fn known_keys(&mut self, members: &[Member<'a>], known: &[&str], what: &str) {
        for Member { name, value, .. } in members.iter().filter(|member| !known.contains(&member.name.as_str())) {
            let hint = did_you_mean(name, known.iter().copied()).unwrap_or_else(|| format!("known keys: {}", known.join(", ")));
            self.problem("unknown-key", *value, format!("{what} has no `{name}`"), hint);
        }
    }

    /// The value of a string; reports a problem if it is not Unicode.
    pub(crate) fn text(&mut self, value: Node<'a>, what: &str) -> Option<String> {
        if value.has_lone_surrogate() {
            self.reject_lone_surrogate(value, what);
            return None;
        }
        value.text()
    }

    fn reject_lone_surrogate(&mut self, at: Node<'_>, what: &str) {
        let message = format!("{what} has an incomplete character (a lone surrogate such as `\\ud800`)");
        self.problem("not-text", at, message, "write the complete character");
    }

    pub(crate) fn problem(&mut self, code: &'static str, at: Node<'_>, message: impl Into<String>, hint: impl Into<String>) {
        let place = self.at(at);
        self.problems.push(Problem::error(code, message).with_hint(hint).at(place));
    }

    /// The place of a value or a name.
    pub(crate) fn at(&self, node: Node<'_>) -> Place {
        let located_json::Place { line, column } = self.document.place(node);
        Place::File { path: self.path.clone(), line, column }
    }
}
