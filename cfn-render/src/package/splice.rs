//! Replacing byte ranges of a template, and making sure that nothing else changed.

use std::collections::HashMap;
use std::ops::Range;

use serde_json::{Map, Value};

use super::sites::Site;
use crate::template::Template;
use crate::tree::{Kind, NodeId, ScalarStyle, Tree};

/// What comes in the place of an artifact's name.
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

    /// In the style of what it replaces. A mapping is in flow style on one line, which is legal in block style, in flow style and
    /// in JSON alike.
    fn spell(&self, style: ScalarStyle) -> String {
        match self {
            Self::Text(text) => spell_text(text, style),
            Self::Object(pairs) => {
                let pairs: Vec<String> = pairs.iter().map(|(key, value)| format!("{}: {}", quote(key), quote(value))).collect();
                format!("{{{}}}", pairs.join(", "))
            }
        }
    }
}

fn spell_text(text: &str, style: ScalarStyle) -> String {
    let plain_is_safe = text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.chars().all(|character| character.is_ascii_alphanumeric() || "-._~/:%".contains(character))
        && !text.ends_with(':');
    match style {
        ScalarStyle::Plain if plain_is_safe => text.to_owned(),
        ScalarStyle::SingleQuoted if !text.contains(char::is_control) => format!("'{}'", text.replace('\'', "''")),
        _ => quote(text),
    }
}

/// In double quotes, as JSON has it, which is YAML too.
fn quote(text: &str) -> String {
    Value::from(text).to_string()
}

/// Why a rewritten template is not handed out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unfaithful(pub(crate) String);

/// The template's text with the sites' values replaced, and aliases and merge keys written out, if there are any.
///
/// The result is parsed again and compared with the source node by node before it is handed out.
pub(crate) fn splice(template: &Template, replacements: &[(&Site, Replacement)]) -> Result<String, Unfaithful> {
    let tree = template.tree();
    if replacements.is_empty() && !tree.has_aliases() {
        return Ok(template.text().to_owned());
    }
    let mut edits: Vec<(Range<usize>, String)> = Vec::new();
    for (site, replacement) in replacements.iter().filter(|(site, _)| !site.borrowed) {
        edits.push(edit(tree, site.node, replacement));
    }
    if tree.has_aliases() {
        let value = expected(template, replacements);
        super::aliases::expand(template, &value, &mut edits);
    }
    // Of edits that lie in each other the outer one counts: it was made with the inner ones in it.
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
    verify(template, replacements, &text)?;
    Ok(text)
}

fn edit(tree: &Tree, node: NodeId, replacement: &Replacement) -> (Range<usize>, String) {
    let node = tree.node(node);
    let style = match &node.kind {
        Kind::Scalar { style, .. } => *style,
        _ => ScalarStyle::DoubleQuoted,
    };
    // A tag says that the scalar is text, which a mapping is not.
    let with_tag = node.tag.is_some() && matches!(replacement, Replacement::Object(_));
    let start = if with_tag { node.start } else { node.content.start };
    (start..node.content.end, replacement.spell(style))
}

/// The source as JSON with the replacements in their places.
fn expected(template: &Template, replacements: &[(&Site, Replacement)]) -> Value {
    let mut value = template.to_value();
    for (site, replacement) in replacements {
        if let Some(at) = value.pointer_mut(&site.pointer) {
            *at = replacement.value();
        }
    }
    value
}

fn verify(template: &Template, replacements: &[(&Site, Replacement)], text: &str) -> Result<(), Unfaithful> {
    let written = Tree::build(text).map_err(|error| Unfaithful(error.message))?;
    let source = template.tree();
    // Where nothing is written out, the comparison of the nodes says more than one of the values could.
    if !source.has_aliases() {
        let edited: HashMap<NodeId, &Replacement> = replacements.iter().map(|(site, replacement)| (site.node, replacement)).collect();
        return compare(source, Tree::ROOT, &written, Tree::ROOT, &edited);
    }
    if written.value(Tree::ROOT) == expected(template, replacements) {
        Ok(())
    } else {
        Err(Unfaithful("the rewritten template does not say the same".to_owned()))
    }
}

/// Node by node: kinds, texts, styles, tags and order, duplicate keys and odd keys among them.
fn compare(source: &Tree, a: NodeId, written: &Tree, b: NodeId, edited: &HashMap<NodeId, &Replacement>) -> Result<(), Unfaithful> {
    let (old, new) = (source.node(a), written.node(b));
    if let Some(replacement) = edited.get(&a) {
        let value = written.value(b);
        return if value == replacement.value() { Ok(()) } else { Err(Unfaithful(format!("a value was written as `{value}`"))) };
    }
    let differ = || Err(Unfaithful(format!("the value at byte {} of the source came out differently", old.start)));
    if old.tag != new.tag {
        return differ();
    }
    match (&old.kind, &new.kind) {
        (Kind::Scalar { .. }, Kind::Scalar { .. }) if old.kind == new.kind => Ok(()),
        (Kind::Sequence(old), Kind::Sequence(new)) if old.len() == new.len() => {
            old.iter().zip(new).try_for_each(|(a, b)| compare(source, *a, written, *b, edited))
        }
        (Kind::Mapping(old), Kind::Mapping(new)) if old.len() == new.len() => old.iter().zip(new).try_for_each(|(a, b)| {
            compare(source, a.0, written, b.0, edited)?;
            compare(source, a.1, written, b.1, edited)
        }),
        _ => differ(),
    }
}
