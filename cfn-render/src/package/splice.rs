//! Replaces byte ranges of a template, and verifies that nothing else changed.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use serde_json::{Map, Value};

use super::sites::Site;
use super::spelling::{Characters, in_style, quoted};
use crate::template::Template;
use crate::tree::{Kind, NodeId, ScalarStyle, Tree};

/// The replacement of an artifact's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Replacement {
    Text(String),
    Object(Vec<(&'static str, String)>),
}

impl Replacement {
    fn value(&self) -> Value {
        match self {
            Self::Text(text) => text.as_str().into(),
            Self::Object(pairs) => {
                pairs.iter().map(|(key, value)| ((*key).to_owned(), value.as_str().into())).collect::<Map<_, _>>().into()
            }
        }
    }

    /// In the style of the replaced value. A mapping is in flow style on one line, which is valid
    /// in block style, flow style and JSON.
    fn spell(&self, style: ScalarStyle, characters: Characters) -> String {
        match self {
            Self::Text(text) => in_style(text, style, characters),
            Self::Object(pairs) => {
                let pairs: Vec<String> =
                    pairs.iter().map(|(key, value)| format!("{}: {}", quoted(key, characters), quoted(value, characters))).collect();
                format!("{{{}}}", pairs.join(", "))
            }
        }
    }
}

/// Why a rewritten template is not returned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unfaithful(pub(crate) String);

/// The template's text with the sites' values replaced, any aliases and merge keys expanded and, if
/// `escape` is set, strings with non-ASCII characters written with escapes.
///
/// The result is parsed again and compared with the source node by node before it is returned.
pub(crate) fn splice(template: &Template, replacements: &[(&Site, Replacement)], escape: bool) -> Result<String, Unfaithful> {
    let tree = template.tree();
    let characters = Characters::of(template.text(), escape && !template.text().is_ascii());
    if replacements.is_empty() && !tree.has_aliases() && !characters.only_ascii() {
        return Ok(template.text().to_owned());
    }
    let mut edits: Vec<(Range<usize>, String)> = Vec::new();
    for (site, replacement) in replacements.iter().filter(|(site, _)| !site.borrowed) {
        edits.push(edit(tree, site.node, replacement, characters));
    }
    if tree.has_aliases() {
        let value = expected(template, replacements);
        super::aliases::expand(template, &value, characters, &mut edits);
    }
    if characters.only_ascii() {
        let replaced: HashSet<NodeId> = replacements.iter().map(|(site, _)| site.node).collect();
        edits.extend(escaped(template, characters).filter(|(node, _)| !replaced.contains(node)).map(|(_, edit)| edit));
    }
    // Of nested edits only the outer one is applied: it already contains the inner ones.
    edits.sort_by_key(|(range, _)| (range.start, std::cmp::Reverse(range.end)));
    let mut text = String::with_capacity(template.text().len() + edits.len() * 64);
    let mut copied = 0;
    for (range, new) in edits {
        if range.start < copied {
            continue;
        }
        text.push_str(&template.text()[copied..range.start]);
        text.push_str(&new);
        copied = range.end;
    }
    text.push_str(&template.text()[copied..]);
    verify(template, replacements, characters, &text)?;
    Ok(text)
}

fn edit(tree: &Tree, node: NodeId, replacement: &Replacement, characters: Characters) -> (Range<usize>, String) {
    let node = tree.node(node);
    let style = match &node.kind {
        Kind::Scalar { style, .. } => *style,
        _ => ScalarStyle::DoubleQuoted,
    };
    // A tag marks the scalar as a string, which a mapping is not.
    let with_tag = node.tag.is_some() && matches!(replacement, Replacement::Object(_));
    let start = if with_tag { node.start } else { node.content.start };
    (start..node.content.end, replacement.spell(style, characters))
}

/// The maximum length of a key that YAML recognizes (1,024 characters), minus some room for its
/// surroundings. Longer keys stay unchanged.
const MAX_KEY: usize = 1000;

/// An edit for every scalar with non-ASCII characters. Comments stay unchanged: CloudFormation does
/// not read them.
fn escaped(template: &Template, characters: Characters) -> impl Iterator<Item = (NodeId, (Range<usize>, String))> + '_ {
    let keys: HashSet<NodeId> = template.tree().keys().collect();
    template.tree().scalars().filter_map(move |(id, text, content)| {
        if text.is_ascii() || template.text()[content.clone()].is_ascii() {
            return None;
        }
        let escaped = quoted(text, characters);
        (escaped.len() <= MAX_KEY || !keys.contains(&id)).then_some((id, (content, escaped)))
    })
}

/// The source as JSON with the replacements applied.
fn expected(template: &Template, replacements: &[(&Site, Replacement)]) -> Value {
    let mut value = template.to_value();
    for (site, replacement) in replacements {
        if let Some(at) = value.pointer_mut(&site.pointer) {
            *at = replacement.value();
        }
    }
    value
}

fn verify(template: &Template, replacements: &[(&Site, Replacement)], characters: Characters, text: &str) -> Result<(), Unfaithful> {
    let written = Tree::build(text).map_err(|error| Unfaithful(error.message))?;
    let source = template.tree();
    // If nothing is expanded, comparing the nodes is stricter than comparing the values.
    if !source.has_aliases() {
        let edited: HashMap<NodeId, &Replacement> = replacements.iter().map(|(site, replacement)| (site.node, replacement)).collect();
        return Comparison { source, written: &written, edited, characters }.nodes(Tree::ROOT, Tree::ROOT);
    }
    if written.value(Tree::ROOT) == expected(template, replacements) {
        Ok(())
    } else {
        Err(Unfaithful("the rewritten template has another content".to_owned()))
    }
}

/// The two trees, and where they can differ.
struct Comparison<'a> {
    source: &'a Tree,
    written: &'a Tree,
    edited: HashMap<NodeId, &'a Replacement>,
    characters: Characters,
}

impl Comparison<'_> {
    /// Compares node by node: kinds, strings, styles, tags and order, including duplicate and odd
    /// keys.
    fn nodes(&self, a: NodeId, b: NodeId) -> Result<(), Unfaithful> {
        let (old, new) = (self.source.node(a), self.written.node(b));
        if let Some(replacement) = self.edited.get(&a) {
            let value = self.written.value(b);
            return if value == replacement.value() { Ok(()) } else { Err(Unfaithful(format!("a value was written as `{value}`"))) };
        }
        let differ = || Err(Unfaithful(format!("the value at byte {} of the source has changed", old.start)));
        if old.tag != new.tag {
            return differ();
        }
        match (&old.kind, &new.kind) {
            (Kind::Scalar { text, style }, Kind::Scalar { text: new_text, style: new_style }) => {
                let text = self.source.written(*text);
                let escaped = self.characters.only_ascii() && !text.is_ascii() && *new_style == ScalarStyle::DoubleQuoted;
                if text == self.written.written(*new_text) && (style == new_style || escaped) { Ok(()) } else { differ() }
            }
            (Kind::Sequence(old), Kind::Sequence(new)) if old.len() == new.len() => {
                old.iter().zip(new).try_for_each(|(a, b)| self.nodes(*a, *b))
            }
            (Kind::Mapping(old), Kind::Mapping(new)) if old.len() == new.len() => old.iter().zip(new).try_for_each(|(a, b)| {
                self.nodes(a.0, b.0)?;
                self.nodes(a.1, b.1)
            }),
            _ => differ(),
        }
    }
}
