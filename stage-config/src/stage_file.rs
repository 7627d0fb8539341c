//! Reading a stage's file, in either of CodePipeline's two formats.

use serde_json::Value as Json;
use serde_json::value::RawValue;

use crate::layer::{FileForm, Layer, Setting, StackPolicy, Value};
use crate::problem::{Problem, Problems};
use crate::source::{Kind, Source, items, member};

const ENTRY_KEYS: [&str; 3] = ["ParameterKey", "ParameterValue", "UsePreviousValue"];
/// `$schema` is for editors; CodePipeline never sees it.
const OBJECT_KEYS: [&str; 4] = ["Parameters", "Tags", "StackPolicy", "$schema"];

const EXAMPLE: &str = r#"a stage file is a JSON array: [{ "ParameterKey": "Name", "ParameterValue": "value" }]"#;

impl Layer {
    /// Reads a stage's file: the CloudFormationStackSet action's array, or the CloudFormation action's object.
    ///
    /// `path` names the file in messages. A number or a boolean where text belongs becomes the text that stands there, with a warning;
    /// anything else that is not understood is a problem, and all problems are reported at once.
    pub fn from_stage_file(text: &str, path: &str) -> Result<Self, Problems> {
        let mut reader = Reader { source: Source::new(text, path), layer: Self::default() };
        reader.file();
        if reader.source.problems.is_empty() { Ok(reader.layer) } else { Err(Problems(reader.source.problems)) }
    }
}

struct Reader<'a> {
    source: Source<'a>,
    layer: Layer,
}

impl<'a> Reader<'a> {
    fn file(&mut self) {
        let Some(root) = self.source.root(EXAMPLE) else { return };
        match Kind::of(root) {
            Kind::Array => {
                self.layer.form = Some(FileForm::Array);
                for entry in items(root) {
                    self.entry(entry);
                }
            }
            Kind::Object => {
                self.layer.form = Some(FileForm::Object);
                self.object(root);
            }
            other => self.source.problem("not-parameters", root, format!("the file holds {other}, not parameters"), EXAMPLE),
        }
    }

    fn entry(&mut self, entry: &'a RawValue) {
        if Kind::of(entry) != Kind::Object {
            self.source.problem(
                "not-a-parameter",
                entry,
                format!("this is {}, not a parameter", Kind::of(entry)),
                r#"write { "ParameterKey": "Name", "ParameterValue": "value" }"#,
            );
            return;
        }
        let members = self.source.members(entry, "this parameter");
        self.source.known_keys(&members, &ENTRY_KEYS, "a parameter");

        let Some(key) = member(&members, "ParameterKey") else {
            let message = "this parameter has no `ParameterKey`".to_owned();
            self.source.problem("no-parameter-key", entry, message, "name the parameter of the template");
            return;
        };
        if Kind::of(key) != Kind::Text {
            let message = format!("`ParameterKey` is {}, not a name", Kind::of(key));
            self.source.problem("not-text", key, message, "write the parameter's name in quotes");
            return;
        }
        let Some(name) = self.source.text(key, "this name") else { return };
        let (given, previous) = (member(&members, "ParameterValue"), member(&members, "UsePreviousValue"));
        let value = match (given, previous.map(RawValue::get)) {
            (Some(value), None | Some("false")) => self.scalar(value, &name).map(|text| (Value::Text(text), value)),
            (None, Some("true")) => previous.map(|at| (Value::Previous, at)),
            (Some(_), Some("true")) => {
                let message = format!("`{name}` has a value and keeps its previous one");
                self.source.problem("two-values", entry, message, "remove one of the two");
                None
            }
            (None, None | Some("false")) => {
                self.source.problem("no-value", entry, format!("`{name}` has no value"), "add a `ParameterValue`");
                None
            }
            (_, Some(_)) => {
                let at = previous.unwrap_or(entry);
                let message = format!("`UsePreviousValue` of `{name}` is {}, not true or false", Kind::of(at));
                self.source.problem("not-a-boolean", at, message, "write true or false without quotes");
                None
            }
        };
        if let Some((value, at)) = value {
            let setting = Setting::asked_for(value, self.source.at(at), self.source.at(key));
            self.insert(name, setting);
        }
    }

    fn object(&mut self, root: &'a RawValue) {
        let members = self.source.members(root, "the file");
        self.source.known_keys(&members, &OBJECT_KEYS, "a template configuration");
        for (key, value) in &members {
            match (key.as_str(), Kind::of(value)) {
                ("Parameters", Kind::Object) => {
                    for (name, value) in self.source.members(value, "`Parameters`") {
                        if let Some(setting) = self.setting(value, &name) {
                            self.insert(name, setting);
                        }
                    }
                }
                ("Tags", Kind::Object) => {
                    for (name, value) in self.source.members(value, "`Tags`") {
                        if let Some(setting) = self.setting(value, &name) {
                            self.layer.tags.insert(name, setting);
                        }
                    }
                }
                ("StackPolicy", Kind::Object) => self.stack_policy(value),
                ("$schema", Kind::Text) => {}
                ("$schema", kind) => {
                    self.source.problem("not-text", value, format!("`$schema` is {kind}, not text"), "name the schema's file");
                }
                (key, kind) if OBJECT_KEYS.contains(&key) => {
                    let message = format!("`{key}` is {kind}, not an object");
                    self.source.problem("not-an-object", value, message, "write names and values in braces");
                }
                _ => {}
            }
        }
        if member(&members, "Parameters").is_none() && self.source.problems.is_empty() {
            let message = "the file has no `Parameters`".to_owned();
            self.source.problem("no-parameters", root, message, r#"write { "Parameters": { "Name": "value" } }"#);
        }
    }

    fn stack_policy(&mut self, value: &'a RawValue) {
        match serde_json::from_str::<Json>(value.get()) {
            Ok(document) if document.get("Statement").is_some() => {
                self.layer.stack_policy = Some(StackPolicy { document, origin: self.source.at(value) });
            }
            Ok(_) => self.source.problem(
                "stack-policy",
                value,
                "the stack policy has no `Statement`".to_owned(),
                r#"write { "Statement": [{ "Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*" }] }"#,
            ),
            Err(error) => {
                self.source.problem("stack-policy", value, format!("the stack policy cannot be read: {error}"), "nest it less deeply");
            }
        }
    }

    fn setting(&mut self, value: &'a RawValue, name: &str) -> Option<Setting> {
        let text = self.scalar(value, name)?;
        Some(Setting::asked_for(Value::Text(text), self.source.at(value), self.source.at_name(value)))
    }

    fn scalar(&mut self, value: &'a RawValue, name: &str) -> Option<String> {
        scalar(&mut self.source, &mut self.layer.notes, value, name)
    }

    fn insert(&mut self, name: String, setting: Setting) {
        if let Some(first) = self.layer.parameters.get(&name) {
            let same = if first.value == setting.value { "the same value" } else { "another value" };
            let message = format!("`{name}` is given twice, here with {same}; first at {}", first.named_at);
            let problem = Problem::error("duplicate-parameter", message).hint("keep one of the two").at(setting.named_at);
            self.source.problems.push(problem);
            return;
        }
        self.layer.parameters.insert(name, setting);
    }
}

/// A value as CloudFormation receives it: text. Numbers and booleans are taken as they stand in the file, with a warning.
pub(crate) fn scalar<'a>(source: &mut Source<'a>, notes: &mut Vec<Problem>, value: &'a RawValue, name: &str) -> Option<String> {
    match Kind::of(value) {
        Kind::Text => source.text(value, &format!("the value of `{name}`")),
        kind @ (Kind::Number | Kind::Boolean) => {
            // The value itself is not repeated: whether it is a secret only the template says.
            let warning = Problem::warning("not-text", format!("`{name}` is {kind}, and is passed on as the text that stands here"))
                .hint("put it in quotes: CloudFormation's parameters are text")
                .at(source.at(value));
            notes.push(warning);
            Some(value.get().to_owned())
        }
        kind => {
            let hint = match kind {
                Kind::Array => "write a list as one text with commas",
                Kind::Null => "leave the parameter out to use the template's default, or write \"\"",
                _ => "write the value in quotes",
            };
            source.problem("not-text", value, format!("the value of `{name}` is {kind}, not text"), hint);
            None
        }
    }
}
