//! The keys of a mapping, and the problems found in it.

use std::time::Duration;

use crate::format::parse_duration;
use crate::json::Numeral;
use crate::problem::{Place, Problem};
use crate::suite::document::{Content, Entry, Node};
use crate::suite::errors::MAX_PROBLEMS;
use crate::suite::{is_similar, nearest, quoting, sections};

/// The most names among which a similar one is looked for.
const MAX_NAMES: usize = 1000;

/// Collects the problems while the tree is read.
#[derive(Debug, Default)]
pub(in crate::suite) struct Reader {
    pub(in crate::suite) problems: Vec<Problem>,
    pub(in crate::suite) warnings: Vec<Problem>,
}

/// A mapping with known keys.
#[derive(Debug, Clone, Copy)]
pub(in crate::suite) struct Fields<'a> {
    entries: &'a [Entry],
    place: Place,
    what: &'a str,
    all_known: bool,
}

impl Reader {
    /// Records a problem and returns it, for a hint.
    pub(in crate::suite) fn problem(&mut self, place: Place, message: impl Into<String>) -> &mut Problem {
        self.problems.push(Problem::new(message).at(Some(place)));
        self.problems.last_mut().expect("a problem was just pushed")
    }

    /// The known name that a misspelt one probably means. Looks for it only while the problem will be
    /// reported: among many names each search takes long.
    pub(in crate::suite) fn nearest<'a>(&self, name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
        if self.problems.len() > MAX_PROBLEMS { None } else { nearest(name, known.into_iter().take(MAX_NAMES)) }
    }

    /// Warns about words in a JSON value that other YAML parsers read as booleans.
    pub(in crate::suite) fn warn_about_words(&mut self, key: &str, node: &Node) {
        match &node.content {
            Content::Text(word) if node.is_plain_word => {
                let boolean = quoting::boolean_word(word).unwrap_or_default();
                let warning = Problem::new(format!("line {}: `{word}` in `{key}` is text, not a boolean", node.place.line));
                self.warnings.push(warning.at(Some(node.place)).with_hint(format!("write `{boolean}`, or `'{word}'` for the text")));
            }
            Content::List(nodes) => nodes.iter().for_each(|node| self.warn_about_words(key, node)),
            Content::Map(entries) => entries.iter().for_each(|entry| self.warn_about_words(key, &entry.value)),
            Content::Text(_) | Content::Null | Content::Bool(_) | Content::Number(_) => {}
        }
    }

    /// The node's keys, if it is a mapping. Unknown keys are problems.
    pub(in crate::suite) fn fields<'a>(&mut self, node: &'a Node, what: &'a str, known: &[&str]) -> Option<Fields<'a>> {
        let Content::Map(entries) = &node.content else {
            let keys = known.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ");
            self.problem(node.place, format!("{what} must be a mapping, not {}", node.kind())).hint = Some(format!("its keys are {keys}"));
            return None;
        };
        for entry in entries.iter().filter(|entry| !known.contains(&entry.key.as_str())) {
            let hint = (self.problems.len() <= MAX_PROBLEMS).then(|| instead_of(entry, what, known));
            self.problem(entry.place, format!("unknown key `{}` in {what}", entry.key)).hint = hint;
        }
        let all_known = entries.iter().all(|entry| known.contains(&entry.key.as_str()));
        Some(Fields { entries, place: node.place, what, all_known })
    }
}

/// Where the key belongs, the nearest known key, or all of them.
fn instead_of(entry: &Entry, what: &str, known: &[&str]) -> String {
    // In `{ csv: 5.1,3.5 }` the comma ends the value: the rest looks like a key without a value.
    let number = entry.key.starts_with(|character: char| character.is_ascii_digit() || character == '-');
    if number && matches!(entry.value.content, Content::Null) {
        return "a comma ends a value between braces: put the value into quotes".to_owned();
    }
    let key = entry.key.to_lowercase().replace('-', "_");
    let of_section = nearest(&key, known.iter().copied());
    // One wrong letter is a mistake in a key of this section, even if another section has such a key.
    let is_near = of_section.is_some_and(|known| strsim::damerau_levenshtein(known, &key) <= 1);
    if let Some(hint) = sections::belongs(&key, what).filter(|_| !is_near) {
        return hint;
    }
    match of_section {
        Some(nearest) => format!("did you mean `{nearest}`?"),
        None => format!("the keys are {}", known.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ")),
    }
}

impl<'a> Fields<'a> {
    pub(in crate::suite) fn get(&self, key: &str) -> Option<&'a Node> {
        self.entries.iter().find(|entry| entry.key == key).map(|entry| &entry.value)
    }

    /// Whether the mapping has none of the keys, nor a possible misspelling of one.
    pub(in crate::suite) fn lacks_all(&self, keys: &[&str]) -> bool {
        self.all_known && keys.iter().all(|key| self.get(key).is_none())
    }

    /// The key's value. A missing key is a problem, unless a possible misspelling was reported.
    pub(in crate::suite) fn require(&self, reader: &mut Reader, key: &str) -> Option<&'a Node> {
        let node = self.get(key);
        let misspelt = !self.all_known && self.entries.iter().any(|entry| is_similar(&entry.key, key));
        if node.is_none() && !misspelt {
            reader.problem(self.place, format!("{} needs the key `{key}`", self.what));
        }
        node
    }

    /// The location of a key's value, else of the mapping.
    pub(in crate::suite) fn place(&self, key: &str) -> Place {
        self.get(key).map_or(self.place, |node| node.place)
    }

    /// The location of the key itself, else of the mapping.
    pub(in crate::suite) fn key_place(&self, key: &str) -> Place {
        self.entries.iter().find(|entry| entry.key == key).map_or(self.place, |entry| entry.place)
    }

    pub(in crate::suite) fn text(&self, reader: &mut Reader, key: &str) -> Option<&'a str> {
        let node = self.get(key)?;
        match &node.content {
            Content::Text(text) => return Some(text),
            Content::Null => reader.problem(node.place, format!("`{key}` has no value")),
            Content::Number(_) | Content::Bool(_) => {
                let problem = reader.problem(node.place, format!("`{key}` must be text, not {}", node.kind()));
                problem.hint = Some("put it into quotes".to_owned());
                problem
            }
            _ => reader.problem(node.place, format!("`{key}` must be text, not {}", node.kind())),
        };
        None
    }

    pub(in crate::suite) fn duration(&self, reader: &mut Reader, key: &str) -> Option<Duration> {
        let node = self.get(key)?;
        let duration = match &node.content {
            Content::Text(text) => parse_duration(text),
            _ => None,
        };
        if duration.is_none() {
            let problem = reader.problem(node.place, format!("`{key}` must be a duration above zero and at most an hour"));
            problem.hint = Some("a number with a unit, such as `250ms`, `5s` or `15m`".to_owned());
        }
        duration
    }

    /// A whole number within bounds.
    pub(in crate::suite) fn whole(&self, reader: &mut Reader, key: &str, least: u64, most: u64) -> Option<u64> {
        let node = self.get(key)?;
        let number = node.number().and_then(|number| number.as_u64()).filter(|number| (least..=most).contains(number));
        if number.is_none() {
            let bounds = if most == u64::MAX { format!("of at least {least}") } else { format!("from {least} to {most}") };
            reader.problem(node.place, format!("`{key}` must be a whole number {bounds}"));
        }
        number
    }

    /// A finite number that is not negative.
    pub(in crate::suite) fn tolerance(&self, reader: &mut Reader, key: &str) -> Option<f64> {
        let node = self.get(key)?;
        let number = node.number().map(|number| number.value()).filter(|number| *number >= 0.0);
        if number.is_none() {
            reader.problem(node.place, format!("`{key}` must be a number of at least zero")).hint =
                Some("write a small number as `1.0e-6` or `0.000001`".to_owned());
        }
        number
    }

    pub(in crate::suite) fn number(&self, reader: &mut Reader, key: &str) -> Option<Numeral> {
        let node = self.get(key)?;
        let number = node.number();
        if number.is_none() {
            reader.problem(node.place, format!("`{key}` must be a number, not {}", node.kind()));
        }
        number
    }

    /// A number from zero to one.
    pub(in crate::suite) fn share(&self, reader: &mut Reader, key: &str) -> Option<f64> {
        let node = self.get(key)?;
        let number = node.number().map(|number| number.value()).filter(|number| (0.0..=1.0).contains(number));
        if number.is_none() {
            reader.problem(node.place, format!("`{key}` must be a number from 0 to 1")).hint = Some("0.97 is 97 percent".to_owned());
        }
        number
    }

    pub(in crate::suite) fn boolean(&self, reader: &mut Reader, key: &str) -> Option<bool> {
        let node = self.get(key)?;
        match &node.content {
            Content::Bool(value) => Some(*value),
            _ => {
                let hint = node.boolean_hint();
                reader.problem(node.place, format!("`{key}` must be `true` or `false`, not {}", node.kind())).hint = hint;
                None
            }
        }
    }

    /// A list of texts, or one text alone.
    pub(in crate::suite) fn texts(&self, reader: &mut Reader, key: &str) -> Vec<(String, Place)> {
        let Some(node) = self.get(key) else { return Vec::new() };
        if let Content::Text(text) = &node.content {
            return vec![(text.clone(), node.place)];
        }
        let mut texts = Vec::new();
        for node in self.list(reader, key).unwrap_or_default() {
            match &node.content {
                Content::Text(text) => texts.push((text.clone(), node.place)),
                // Columns without a header go by their number.
                Content::Number(number) => texts.push((number.to_string(), node.place)),
                _ => {
                    reader.problem(node.place, format!("a member of `{key}` must be text, not {}", node.kind()));
                }
            }
        }
        texts
    }

    /// A list with at least one member.
    pub(in crate::suite) fn list(&self, reader: &mut Reader, key: &str) -> Option<&'a [Node]> {
        let node = self.get(key)?;
        match &node.content {
            Content::List(nodes) if !nodes.is_empty() => Some(nodes),
            _ => {
                reader.problem(node.place, format!("`{key}` must be a list with at least one member, not {}", node.kind()));
                None
            }
        }
    }
}
