//! `${name}` in a suite's values: from the caller, else from the suite's own defaults.

use std::collections::BTreeMap;

use super::document::{Content, Node};
use super::reader::Reader;
use crate::problem::ProblemCode;

/// The suite's own defaults, under the key `variables`.
pub(super) fn defaults(reader: &mut Reader, root: &Node) -> BTreeMap<String, String> {
    let Content::Map(entries) = &root.content else { return BTreeMap::new() };
    let Some(section) = entries.iter().find(|entry| entry.key == "variables") else { return BTreeMap::new() };
    let Content::Map(variables) = &section.value.content else {
        reader.problem(section.value.place, format!("`variables` must be a mapping, not {}", section.value.kind())).hint =
            Some("give each name its default value: `variables: { stage: local }`".to_owned());
        return BTreeMap::new();
    };
    let mut values = BTreeMap::new();
    for entry in variables {
        if !is_variable(&entry.key) {
            reader.problem(entry.place, format!("`{}` cannot be a variable's name", entry.key)).hint =
                Some("letters, digits, `_`, `-` and `.`, a letter or `_` first".to_owned());
        }
        let value = match &entry.value.content {
            Content::Text(text) => text.clone(),
            Content::Number(number) => number.to_string(),
            Content::Bool(value) => value.to_string(),
            // A variable without a default must be given.
            Content::Null => continue,
            Content::List(_) | Content::Map(_) => {
                reader.problem(entry.value.place, format!("the variable `{}` must be text, not {}", entry.key, entry.value.kind()));
                continue;
            }
        };
        values.insert(entry.key.clone(), value);
    }
    values
}

/// The most text that the values of variables can add to a suite, in bytes.
const MAX_SUBSTITUTED: usize = 64 * 1024 * 1024;

/// Replaces variables in every value below `root`, but not in keys.
pub(super) fn substitute(reader: &mut Reader, root: &mut Node, values: &BTreeMap<String, String>) {
    let mut left = Some(MAX_SUBSTITUTED);
    substitute_in(reader, root, values, &mut left);
    if left.is_none() {
        reader.problem(root.place, format!("the values of variables add more than {MAX_SUBSTITUTED} bytes to the suite")).hint =
            Some("put long texts into files".to_owned());
    }
}

/// [`substitute`], while `left` is how many bytes can still be added.
fn substitute_in(reader: &mut Reader, node: &mut Node, values: &BTreeMap<String, String>, left: &mut Option<usize>) {
    let Some(most) = *left else { return };
    match &mut node.content {
        Content::Text(text) => match replaced(text, values, most) {
            Ok(None) => {}
            Ok(Some(new)) => {
                *left = most.checked_sub(new.len());
                *text = new;
                node.substituted = true;
            }
            Err(unknown) => {
                let known = reader.nearest(&unknown, values.keys().map(String::as_str));
                let problem = reader.problem(node.place, format!("the variable `{unknown}` has no value"));
                match known {
                    Some(known) => problem.hint = Some(format!("did you mean `${{{known}}}`?")),
                    None => {
                        problem.hint = Some("give it a value, or a default under `variables`; write `$${` for a literal `${`".to_owned());
                        (problem.code, problem.subject) = (Some(ProblemCode::VariableWithoutValue), Some(unknown));
                    }
                }
            }
        },
        Content::List(nodes) => nodes.iter_mut().for_each(|node| substitute_in(reader, node, values, left)),
        Content::Map(entries) => {
            for entry in entries.iter_mut().filter(|entry| entry.key != "variables" || !matches!(entry.value.content, Content::Map(_))) {
                substitute_in(reader, &mut entry.value, values, left);
            }
        }
        Content::Null | Content::Bool(_) | Content::Number(_) => {}
    }
}

/// The text with its variables replaced, up to the first one after `most` bytes; `None` if it has
/// none. The error is an unknown name.
fn replaced(text: &str, values: &BTreeMap<String, String>, most: usize) -> Result<Option<String>, String> {
    if !text.contains("${") {
        return Ok(None);
    }
    let mut new = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("${").filter(|_| new.len() <= most) {
        let (before, after) = rest.split_at(at);
        let name = after[2..].split_once('}').map(|(name, _)| name).filter(|name| is_variable(name));
        let escaped = before.strip_suffix('$');
        new.push_str(escaped.unwrap_or(before));
        match name {
            Some(name) if escaped.is_none() => {
                new.push_str(values.get(name).ok_or_else(|| name.to_owned())?);
                rest = &after[name.len() + 3..];
            }
            // Escaped, or text that only looks like a variable.
            _ => {
                new.push_str("${");
                rest = &after[2..];
            }
        }
    }
    new.push_str(rest);
    Ok(Some(new).filter(|new| new != text))
}

fn is_variable(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replace(text: &str) -> Result<Option<String>, String> {
        replaced(text, &BTreeMap::from([("a".to_owned(), "1".to_owned()), ("b.c".to_owned(), "${a}".to_owned())]), 100)
    }

    #[test]
    fn a_variable_becomes_its_value_once() {
        assert_eq!(replace("x${a}y${b.c}"), Ok(Some("x1y${a}".to_owned())));
        assert_eq!(replace("${missing}"), Err("missing".to_owned()));
        assert_eq!(replace("$a {a} ${} ${1} ${a"), Ok(None));
        assert_eq!(replace("$${a} $$${a}"), Ok(Some("${a} $${a}".to_owned())));
        assert_eq!(replace("$${ $${1} $${"), Ok(Some("${ ${1} ${".to_owned())));
    }
}
