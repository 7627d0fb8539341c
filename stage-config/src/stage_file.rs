//! Reading a stage's file, in either of CodePipeline's two formats.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value as Json;
use serde_json::value::RawValue;

use crate::layer::{Layer, Setting, Standing, Value};
use crate::problem::{Place, Problem, Problems, did_you_mean};

const ENTRY_KEYS: [&str; 3] = ["ParameterKey", "ParameterValue", "UsePreviousValue"];
const OBJECT_KEYS: [&str; 3] = ["Parameters", "Tags", "StackPolicy"];

impl Layer {
    /// Reads a stage's file: the CloudFormationStackSet action's array, or the CloudFormation action's object.
    ///
    /// `path` names the file in messages. A number or a boolean where text belongs becomes the text that stands there, with a warning;
    /// anything else that is not understood is a problem, and all problems are reported at once.
    pub fn from_stage_file(text: &str, path: &str) -> Result<Self, Problems> {
        let mut reader = Reader { text, path, layer: Self::default(), problems: Vec::new() };
        reader.file();
        if reader.problems.is_empty() { Ok(reader.layer) } else { Err(Problems(reader.problems)) }
    }
}

struct Reader<'a> {
    text: &'a str,
    path: &'a str,
    layer: Layer,
    problems: Vec<Problem>,
}

impl<'a> Reader<'a> {
    fn file(&mut self) {
        if self.text.starts_with('\u{feff}') {
            let problem =
                Problem::error("byte-order-mark", format!("`{}` begins with a byte order mark, which JSON does not allow", self.path))
                    .hint("save the file as UTF-8 without a byte order mark")
                    .at(self.place(1, 1));
            self.problems.push(problem);
            return;
        }
        let root: &RawValue = match serde_json::from_str(self.text) {
            Ok(root) => root,
            Err(error) => {
                let what =
                    if self.text.trim().is_empty() { "is empty".to_owned() } else { format!("is not JSON: {}", without_position(&error)) };
                let problem = Problem::error("not-json", format!("`{}` {what}", self.path))
                    .hint(r#"a stage file is a JSON array: [{ "ParameterKey": "Name", "ParameterValue": "value" }]"#)
                    .at(self.place(error.line().max(1), error.column().max(1)));
                self.problems.push(problem);
                return;
            }
        };
        match kind(root) {
            Kind::Array => self.array(root),
            Kind::Object => self.object(root),
            other => {
                let problem = Problem::error("not-parameters", format!("`{}` holds {other}, not parameters", self.path))
                    .hint(r#"a stage file is a JSON array: [{ "ParameterKey": "Name", "ParameterValue": "value" }]"#)
                    .at(self.at(root));
                self.problems.push(problem);
            }
        }
    }

    fn array(&mut self, root: &'a RawValue) {
        let Ok(entries) = serde_json::from_str::<Vec<&RawValue>>(root.get()) else { return };
        for entry in entries {
            self.entry(entry);
        }
    }

    fn entry(&mut self, entry: &'a RawValue) {
        if kind(entry) != Kind::Object {
            self.problem(
                "not-a-parameter",
                entry,
                format!("this is {}, not a parameter", kind(entry)),
                r#"write { "ParameterKey": "Name", "ParameterValue": "value" }"#,
            );
            return;
        }
        let members = self.members(entry, "this parameter");
        self.known_keys(&members, &ENTRY_KEYS, "a parameter");
        let member = |name: &str| members.iter().find(|(key, _)| key == name).map(|(_, value)| *value);

        let Some(key) = member("ParameterKey") else {
            self.problem(
                "no-parameter-key",
                entry,
                "this parameter has no `ParameterKey`".to_owned(),
                "name the parameter of the template",
            );
            return;
        };
        if kind(key) != Kind::Text {
            self.problem("not-text", key, format!("`ParameterKey` is {}, not a name", kind(key)), "write the parameter's name in quotes");
            return;
        }
        let name = text_of(key);
        let value = match (member("ParameterValue"), member("UsePreviousValue")) {
            (Some(value), None) => self.scalar(value, &name),
            (value, Some(previous)) => match (value, previous.get()) {
                (None, "true") => Some(Value::Previous),
                (Some(value), "false") => self.scalar(value, &name),
                (Some(_), "true") => {
                    self.problem("two-values", entry, format!("`{name}` has a value and keeps its previous one"), "remove one of the two");
                    None
                }
                _ => {
                    self.problem("no-value", entry, format!("`{name}` has no value"), "add a `ParameterValue`");
                    None
                }
            },
            (None, None) => {
                self.problem("no-value", entry, format!("`{name}` has no value"), "add a `ParameterValue`");
                None
            }
        };
        if let Some(value) = value {
            self.insert(name, value, key);
        }
    }

    fn object(&mut self, root: &'a RawValue) {
        let members = self.members(root, "the file");
        self.known_keys(&members, &OBJECT_KEYS, "a template configuration");
        for (key, value) in &members {
            match (key.as_str(), kind(value)) {
                ("Parameters", Kind::Object) => {
                    for (name, value) in self.members(value, "`Parameters`") {
                        if let Some(text) = self.scalar(value, &name) {
                            self.insert(name, text, value);
                        }
                    }
                }
                ("Tags", Kind::Object) => {
                    for (name, value) in self.members(value, "`Tags`") {
                        if let Some(Value::Text(text)) = self.scalar(value, &name) {
                            self.layer.tags.insert(name, text);
                        }
                    }
                }
                ("StackPolicy", Kind::Object) => self.layer.stack_policy = serde_json::from_str::<Json>(value.get()).ok(),
                (key, kind) if OBJECT_KEYS.contains(&key) => {
                    self.problem("not-an-object", value, format!("`{key}` is {kind}, not an object"), "write names and values in braces");
                }
                _ => {}
            }
        }
    }

    /// A value as CloudFormation receives it: text. Numbers and booleans are taken as they stand in the file.
    fn scalar(&mut self, value: &'a RawValue, name: &str) -> Option<Value> {
        match kind(value) {
            Kind::Text => Some(Value::Text(text_of(value))),
            kind @ (Kind::Number | Kind::Boolean) => {
                let text = value.get();
                let warning = Problem::warning("not-text", format!("`{name}` is {kind}, and is passed on as the text \"{text}\""))
                    .hint(format!("write \"{text}\": CloudFormation's parameters are text"))
                    .at(self.at(value));
                self.layer.notes.push(warning);
                Some(Value::Text(text.to_owned()))
            }
            kind => {
                let hint = match kind {
                    Kind::Array => "write a list as one text with commas",
                    Kind::Null => "leave the parameter out to use the template's default, or write \"\"",
                    _ => "write the value in quotes",
                };
                self.problem("not-text", value, format!("the value of `{name}` is {kind}, not text"), hint);
                None
            }
        }
    }

    fn insert(&mut self, name: String, value: Value, at: &'a RawValue) {
        let origin = self.at(at);
        if let Some(first) = self.layer.parameters.get(&name) {
            let same = if first.value == value { "the same value" } else { "another value" };
            let problem =
                Problem::error("duplicate-parameter", format!("`{name}` is given twice, here with {same}; first at {}", first.origin))
                    .hint("keep one of the two")
                    .at(origin);
            self.problems.push(problem);
            return;
        }
        self.layer.parameters.insert(name, Setting { value, origin, standing: Standing::Asked, replaced: Vec::new() });
    }

    /// The members of an object, each name once.
    fn members(&mut self, object: &'a RawValue, what: &str) -> Vec<(String, &'a RawValue)> {
        let Ok(Members(all)) = serde_json::from_str::<Members<'a>>(object.get()) else { return Vec::new() };
        let mut first: BTreeMap<String, usize> = BTreeMap::new();
        let mut members = Vec::with_capacity(all.len());
        for (name, value) in all {
            if let Some(line) = first.get(&name) {
                let line = *line;
                self.problem("duplicate-key", value, format!("{what} has `{name}` twice; first on line {line}"), "keep one of the two");
                continue;
            }
            first.insert(name.clone(), self.position(value).0);
            members.push((name, value));
        }
        members
    }

    fn known_keys(&mut self, members: &[(String, &'a RawValue)], known: &[&str], what: &str) {
        for (key, value) in members {
            if !known.contains(&key.as_str()) {
                let hint = did_you_mean(key, known.iter().copied()).unwrap_or_else(|| format!("known here: {}", known.join(", ")));
                self.problem("unknown-key", value, format!("{what} has no `{key}`"), hint);
            }
        }
    }

    fn problem(&mut self, code: &'static str, at: &RawValue, message: String, hint: impl Into<String>) {
        let place = self.at(at);
        self.problems.push(Problem::error(code, message).hint(hint).at(place));
    }

    fn at(&self, value: &RawValue) -> Place {
        let (line, column) = self.position(value);
        self.place(line, column)
    }

    fn place(&self, line: usize, column: usize) -> Place {
        Place::File { path: self.path.to_owned(), line, column }
    }

    /// Raw values borrow from the file's text, so their addresses tell where they stand in it.
    fn position(&self, value: &RawValue) -> (usize, usize) {
        let offset = (value.get().as_ptr() as usize).saturating_sub(self.text.as_ptr() as usize);
        let before = self.text.get(..offset).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        (line, column)
    }
}

/// An object's members in their order, names that occur twice included.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some((name, value)) = map.next_entry::<String, &RawValue>()? {
                    members.push((name, value));
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Number,
    Boolean,
    Null,
    Array,
    Object,
}

fn kind(value: &RawValue) -> Kind {
    match value.get().as_bytes().first() {
        Some(b'"') => Kind::Text,
        Some(b'{') => Kind::Object,
        Some(b'[') => Kind::Array,
        Some(b't' | b'f') => Kind::Boolean,
        Some(b'n') => Kind::Null,
        _ => Kind::Number,
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text => "text",
            Self::Number => "a number",
            Self::Boolean => "a boolean",
            Self::Null => "null",
            Self::Array => "a list",
            Self::Object => "an object",
        })
    }
}

fn text_of(value: &RawValue) -> String {
    // A lone surrogate (`"\ud800"`) is the one thing that may stand in checked JSON and not in text: it becomes the replacement mark.
    serde_json::from_str(value.get()).unwrap_or_else(|_| char::REPLACEMENT_CHARACTER.to_string())
}

fn without_position(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.rsplit_once(" at line ").map_or(text.clone(), |(message, _)| message.to_owned())
}
