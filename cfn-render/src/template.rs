//! A template: its text and its content.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use serde_json::{Map, Value};

use crate::code::Code;
use crate::error::{Error, ErrorKind};
use crate::problem::{Place, Problem};
use crate::resolve::Latest;
use crate::span::{LineIndex, Span};
use crate::tree::{NodeId, Tree};

/// A CloudFormation template with its source text, which is kept byte for byte.
///
/// Clones are cheap: they share everything.
#[derive(Debug, Clone)]
pub struct Template {
    source: Arc<Source>,
}

#[derive(Debug)]
struct Source {
    text: String,
    path: PathBuf,
    /// Built on the first request for a place: most templates are valid.
    lines: OnceLock<LineIndex>,
    /// A build resolves its template for every stage: the value is made once.
    value: OnceLock<Value>,
    latest: Latest,
    tree: Tree,
}

/// A parameter declaration of a template.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ParameterDeclaration {
    /// The parameter's name.
    pub name: String,
    /// The declaration: `Type`, `Default`, `AllowedValues` and so on, with scalars as in
    /// [`Template::to_value`].
    pub declaration: Value,
    /// The place of the name.
    pub name_span: Span,
    /// The place of the declaration.
    pub span: Span,
}

impl Template {
    /// Parses a template in YAML or JSON.
    ///
    /// `path` is the template's name in messages, and its folder is the base of relative paths to
    /// artifacts. Nothing is read from there before [`package`](Self::package).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Template`], with line and column, if the text does not parse, is empty, has
    /// several documents, is not a mapping, is nested deeper than 200 levels, or has aliases that
    /// contain themselves or would expand beyond 64 MiB.
    pub fn parse(text: impl Into<String>, path: impl Into<PathBuf>) -> Result<Self, Error> {
        let (text, path) = (text.into(), path.into());
        let place = |offset| {
            let (line, column) = LineIndex::new(&text).position(&text, offset);
            Place { path: path.clone(), line, column, width: 1, pointer: String::new() }
        };
        let tree = Tree::build(&text).map_err(|error| {
            let problem = Problem::error(error.code, place(error.offset), error.message).with_hint_opt(error.hint);
            Error::new(ErrorKind::Template, vec![problem])
        })?;
        if !tree.is_mapping(Tree::ROOT) || tree.function(Tree::ROOT).is_some() {
            let problem = Problem::error(Code::NotAMapping, place(tree.node(Tree::ROOT).start), "the template is not a mapping")
                .with_hint("a template is a mapping with sections such as `Resources`");
            return Err(Error::new(ErrorKind::Template, vec![problem]));
        }
        Ok(Self {
            source: Arc::new(Source { text, path, lines: OnceLock::new(), value: OnceLock::new(), latest: Latest::default(), tree }),
        })
    }

    /// The text, byte for byte.
    pub fn text(&self) -> &str {
        &self.source.text
    }

    /// The template's name in messages.
    pub fn path(&self) -> &Path {
        &self.source.path
    }

    pub(crate) fn latest(&self) -> &Latest {
        &self.source.latest
    }

    pub(crate) fn tree(&self) -> &Tree {
        &self.source.tree
    }

    fn lines(&self) -> &LineIndex {
        self.source.lines.get_or_init(|| LineIndex::new(&self.source.text))
    }

    /// The template as JSON, with every function in its long form: `!Sub x` is `{"Fn::Sub": "x"}`.
    ///
    /// A plain scalar is a number only if that number prints exactly as written, and a boolean only
    /// if it is `true` or `false`. So `1.10`, `0755`, `012345678901`, `1e3`, `Yes`, `12:30` and
    /// `2012-10-17` are strings, like quoted scalars; `null`, `~` and an empty value are null.
    /// Aliases and merge keys are expanded, and for a duplicate key the last one counts.
    pub fn to_value(&self) -> Value {
        self.source.value.get().cloned().unwrap_or_else(|| self.source.tree.value(Tree::ROOT))
    }

    /// As [`to_value`](Self::to_value), without a copy.
    pub fn value(&self) -> &Value {
        self.source.value.get_or_init(|| self.source.tree.value(Tree::ROOT))
    }

    /// The template as JSON text: four spaces, a newline at the end, keys in their order, every
    /// function in its long form. Scalars are read as in [`to_value`](Self::to_value), so a date is
    /// a string; `aws cloudformation package --use-json` fails on dates.
    pub fn to_json(&self) -> String {
        self.source.tree.json_text()
    }

    /// The template's `Parameters` section as a JSON object; empty if there is none.
    ///
    /// Scalars are read as in [`to_value`](Self::to_value): `Default: 1` is the number 1, which
    /// CloudFormation reads as the string "1", and `Default: 1.10` is the string "1.10".
    pub fn parameters(&self) -> Value {
        match self.source.tree.get(Tree::ROOT, "Parameters").map(|parameters| self.source.tree.value(parameters)) {
            Some(parameters @ Value::Object(_)) => parameters,
            _ => Value::Object(Map::new()),
        }
    }

    /// The template's parameters in the order of the text, each with the place of its declaration.
    ///
    /// ```
    /// let template = cfn_render::Template::parse("Parameters:\n  Stage: {Type: String}\n", "template.yml")?;
    /// let stage = &template.parameter_declarations()[0];
    /// assert_eq!((stage.name.as_str(), stage.span.line, stage.declaration["Type"].as_str()), ("Stage", 2, Some("String")));
    /// # Ok::<(), cfn_render::Error>(())
    /// ```
    pub fn parameter_declarations(&self) -> Vec<ParameterDeclaration> {
        let tree = &self.source.tree;
        let Some(section) = tree.get(Tree::ROOT, "Parameters") else { return Vec::new() };
        let span = |id| self.lines().span(self.text(), tree.range(id));
        let declarations = tree.entries(section).into_iter().map(|entry| ParameterDeclaration {
            name: entry.key.to_owned(),
            declaration: tree.value(entry.value),
            name_span: span(entry.key_node),
            span: span(entry.value),
        });
        declarations.collect()
    }

    /// The place of a value, by its JSON pointer into [`to_value`](Self::to_value), such as
    /// `/Parameters/EnvType/Default`. The span includes the value's tag.
    pub fn locate(&self, pointer: &str) -> Option<Span> {
        let (found, complete) = self.source.tree.find(pointer);
        complete.then(|| self.lines().span(&self.source.text, self.source.tree.range(found.value)))
    }

    /// The place of a value's key, by the value's JSON pointer. None for the whole template and for
    /// list items.
    pub fn locate_key(&self, pointer: &str) -> Option<Span> {
        let (found, complete) = self.source.tree.find(pointer);
        let key = found.key.filter(|_| complete)?;
        Some(self.lines().span(&self.source.text, self.source.tree.range(key)))
    }

    /// The place of a pointer's value, or of the nearest enclosing value.
    pub(crate) fn place(&self, pointer: impl Into<String>) -> Place {
        let pointer = pointer.into();
        let (found, _) = self.source.tree.find(&pointer);
        self.place_of_node(found.value, pointer)
    }

    /// The place of a pointer's key, or of its value if it has no key.
    pub(crate) fn place_of_key(&self, pointer: impl Into<String>) -> Place {
        let pointer = pointer.into();
        let (found, _) = self.source.tree.find(&pointer);
        self.place_of_node(found.key.unwrap_or(found.value), pointer)
    }

    /// The place of a node whose pointer is known.
    pub(crate) fn place_of_node(&self, id: NodeId, pointer: impl Into<String>) -> Place {
        let (text, range) = (self.text(), self.source.tree.range(id));
        let (line, column) = self.lines().position(text, range.start);
        let first_line = text[range].split(['\n', '\r']).next().unwrap_or_default();
        Place { path: self.source.path.clone(), line, column, width: first_line.chars().count().max(1), pointer: pointer.into() }
    }
}
