//! Reads a stage file in either of CodePipeline's two formats.

use std::path::Path;

use located_json::{Kind, Member, Node, find};
use serde_json::Value as Json;

use crate::layer::{FileForm, Layer, Setting, StackPolicy, StageWaves, Value};
use crate::problem::{Problem, Problems, capped};
use crate::source::Source;

const ENTRY_KEYS: [&str; 3] = ["ParameterKey", "ParameterValue", "UsePreviousValue"];
/// CodePipeline never sees the file itself, only what `build` writes. `$schema` is for editors, and
/// `waves` and `bake_minutes` are for `deploy`.
const OBJECT_KEYS: [&str; 6] = ["Parameters", "Tags", "StackPolicy", "$schema", WAVES, BAKE_MINUTES];
const WAVES: &str = "waves";
const BAKE_MINUTES: &str = "bake_minutes";
/// The longest time to watch alarms, in minutes: a day.
const LONGEST_BAKE: u32 = 1_440;

const EXAMPLE: &str = r#"a stage file is a JSON array: [{ "ParameterKey": "Name", "ParameterValue": "value" }]"#;
const OBJECT_EXAMPLE: &str = r#"a stage file is a JSON object: { "Parameters": { "Name": "value" } }"#;

impl Layer {
    /// Reads a stage file: the CloudFormationStackSet action's array, or the CloudFormation
    /// action's object.
    ///
    /// `path` is the file's name in messages. Numbers and booleans are converted to strings as they
    /// are written, with a warning. Anything else that is not a string is a problem, and all
    /// problems are reported at once.
    pub fn from_stage_file(text: &str, path: &Path) -> Result<Self, Problems> {
        match Self::read_stage_file(text, path) {
            (Some(layer), problems) if problems.is_empty() => Ok(layer),
            (_, problems) => Err(Problems(problems)),
        }
    }

    /// Reads as much of a stage file as possible, for further checks, and reports every problem.
    ///
    /// Returns no layer if the file has no parameters.
    pub fn read_stage_file(text: &str, path: &Path) -> (Option<Self>, Vec<Problem>) {
        let example = if text.trim_start().starts_with('{') { OBJECT_EXAMPLE } else { EXAMPLE };
        let source = match Source::read(text, path, example) {
            Ok(source) => source,
            Err(problems) => return (None, problems.0),
        };
        let mut reader = Reader { source, layer: Self::default() };
        let has_parameters = reader.file();
        reader.layer.notes = capped(reader.layer.notes);
        (has_parameters.then_some(reader.layer), capped(reader.source.problems))
    }
}

struct Reader<'a> {
    source: Source<'a>,
    layer: Layer,
}

impl<'a> Reader<'a> {
    /// Reads the file. Returns whether it has parameters.
    fn file(&mut self) -> bool {
        let root = self.source.root();
        match root.kind() {
            Kind::List => {
                self.layer.form = Some(FileForm::Array);
                for entry in root.items().unwrap_or_default() {
                    self.entry(entry);
                }
                true
            }
            Kind::Object => {
                self.layer.form = Some(FileForm::Object);
                self.object(root)
            }
            other => {
                self.source.problem("not-parameters", root, format!("the file contains {other}, not parameters"), EXAMPLE);
                false
            }
        }
    }

    fn entry(&mut self, entry: Node<'a>) {
        if entry.kind() != Kind::Object {
            self.source.problem(
                "not-a-parameter",
                entry,
                format!("this is {}, not a parameter", entry.kind()),
                r#"write { "ParameterKey": "Name", "ParameterValue": "value" }"#,
            );
            return;
        }
        let members = self.source.members(entry, "this parameter");
        self.source.known_keys(&members, &ENTRY_KEYS, "a parameter");

        let Some(key) = find(&members, "ParameterKey") else {
            let message = "this parameter has no `ParameterKey`";
            self.source.problem("no-parameter-key", entry, message, "add the name of the template's parameter");
            return;
        };
        if key.kind() != Kind::String {
            let message = format!("`ParameterKey` is {}, not a name", key.kind());
            self.source.problem("not-text", key, message, "write the parameter's name in quotes");
            return;
        }
        let Some(name) = self.source.text(key, "this name") else { return };
        let (text, previous) = (find(&members, "ParameterValue"), find(&members, "UsePreviousValue"));
        let value = match (text, previous.map(Node::source)) {
            (Some(value), None | Some("false")) => self.scalar(value, &name).map(|text| (Value::Text(text), value)),
            (None, Some("true")) => previous.map(|at| (Value::Previous, at)),
            (Some(_), Some("true")) => {
                let message = format!("`{name}` has both a value and `UsePreviousValue`");
                self.source.problem("two-values", entry, message, "remove one of the two");
                None
            }
            (None, None | Some("false")) => {
                self.source.problem("no-value", entry, format!("`{name}` has no value"), "add a `ParameterValue`");
                None
            }
            (_, Some(_)) => {
                let at = previous.unwrap_or(entry);
                let message = format!("`UsePreviousValue` of `{name}` is {}, not true or false", at.kind());
                self.source.problem("not-a-boolean", at, message, "write true or false without quotes");
                None
            }
        };
        if let Some((value, at)) = value {
            let setting = Setting::from_file(value, self.source.at(at), self.source.at(key));
            self.insert(name, setting);
        } else {
            self.layer.unreadable.insert(name);
        }
    }

    fn object(&mut self, root: Node<'a>) -> bool {
        let members = self.source.members(root, "the file");
        self.source.known_keys(&members, &OBJECT_KEYS, "a template configuration");
        for Member { name: key, value, .. } in members.iter().cloned() {
            match (key.as_str(), value.kind()) {
                ("Parameters", Kind::Object) => {
                    for member in self.source.members(value, "`Parameters`") {
                        match self.setting(&member) {
                            Some(setting) => self.insert(member.name, setting),
                            None => drop(self.layer.unreadable.insert(member.name)),
                        }
                    }
                }
                ("Tags", Kind::Object) => {
                    for member in self.source.members(value, "`Tags`") {
                        if let Some(setting) = self.setting(&member) {
                            self.layer.tags.insert(member.name, setting);
                        }
                    }
                }
                ("StackPolicy", Kind::Object) => self.stack_policy(value),
                (WAVES | BAKE_MINUTES, _) => self.waves(&key, value),
                ("$schema", Kind::String) => {}
                ("$schema", kind) => {
                    self.source.problem("not-text", value, format!("`$schema` is {kind}, not a string"), "write the path of the schema");
                }
                (key, kind) if OBJECT_KEYS.contains(&key) => {
                    let message = format!("`{key}` is {kind}, not an object");
                    self.source.problem("not-an-object", value, message, "write names and values in braces");
                }
                _ => {}
            }
        }
        if find(&members, "Parameters").is_none() && self.source.problems.is_empty() {
            self.source.problem("no-parameters", root, "the file has no `Parameters`", r#"write { "Parameters": { "Name": "value" } }"#);
        }
        find(&members, "Parameters").is_some_and(|parameters| parameters.kind() == Kind::Object)
    }

    fn waves(&mut self, key: &str, value: Node<'a>) {
        let origin = self.source.at(value);
        let (text, minutes) = if key == WAVES { (self.wave_sizes(value), None) } else { (None, self.minutes(value)) };
        let waves = self.layer.waves.get_or_insert_with(|| StageWaves { waves: None, bake_minutes: None, origin: origin.clone() });
        if key == WAVES {
            (waves.waves, waves.origin) = (text, origin);
        } else {
            waves.bake_minutes = minutes;
        }
    }

    /// The waves as text. A list in the list is one wave with several accounts or regions.
    fn wave_sizes(&mut self, value: Node<'a>) -> Option<String> {
        const HINT: &str = r#"write a list such as [1, "10%", "rest"]; a wave can be a list of account ids or regions"#;
        let Some(sizes) = value.items().filter(|sizes| !sizes.is_empty()) else {
            self.source.problem("waves", value, "`waves` is not a list of waves", HINT);
            return None;
        };
        let mut waves = Vec::new();
        for size in sizes {
            let names = if size.kind() == Kind::List { size.items().unwrap_or_default() } else { vec![size] };
            let mut texts = Vec::new();
            for name in names {
                texts.push(match name.kind() {
                    Kind::String => self.source.text(name, "this wave")?,
                    Kind::Number => name.source().to_owned(),
                    kind => {
                        self.source.problem("waves", name, format!("a wave is {kind}"), HINT);
                        return None;
                    }
                });
            }
            if texts.iter().any(|text| text.contains(',')) {
                self.source.problem("waves", size, "a wave has a comma", HINT);
                return None;
            }
            waves.push(texts.join("+"));
        }
        Some(waves.join(","))
    }

    fn minutes(&mut self, value: Node<'a>) -> Option<u32> {
        let minutes = value.source().parse().ok().filter(|minutes| value.kind() == Kind::Number && *minutes <= LONGEST_BAKE);
        if minutes.is_none() {
            let hint = format!("write a whole number without quotes, at most {LONGEST_BAKE}");
            self.source.problem("waves", value, "`bake_minutes` is not a number of minutes", hint);
        }
        minutes
    }

    fn stack_policy(&mut self, value: Node<'a>) {
        match serde_json::from_str::<Json>(value.source()) {
            Ok(document) if document.get("Statement").is_some() => {
                self.layer.stack_policy = Some(StackPolicy { document, origin: self.source.at(value) });
            }
            Ok(_) => self.source.problem(
                "stack-policy",
                value,
                "the stack policy has no `Statement`",
                r#"write { "Statement": [{ "Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*" }] }"#,
            ),
            Err(error) => {
                self.source.problem("stack-policy", value, format!("the stack policy cannot be read: {error}"), "nest it less deeply");
            }
        }
    }

    fn setting(&mut self, member: &Member<'a>) -> Option<Setting> {
        setting(&mut self.source, &mut self.layer.notes, member)
    }

    fn scalar(&mut self, value: Node<'a>, name: &str) -> Option<String> {
        scalar(&mut self.source, &mut self.layer.notes, value, name)
    }

    fn insert(&mut self, name: String, setting: Setting) {
        if let Some(first) = self.layer.parameters.get(&name) {
            let same = if first.value == setting.value { "the same value" } else { "another value" };
            let message = format!("`{name}` is set twice, here with {same}; first at {}", first.named_at);
            let problem = Problem::error("duplicate-parameter", message).with_hint("keep one of the two").at(setting.named_at);
            self.source.problems.push(problem);
            return;
        }
        self.layer.parameters.insert(name, setting);
    }
}

/// A member of an object of parameters or tags.
pub(crate) fn setting<'a>(source: &mut Source<'a>, notes: &mut Vec<Problem>, member: &Member<'a>) -> Option<Setting> {
    let text = scalar(source, notes, member.value, &member.name)?;
    Some(Setting::from_file(Value::Text(text), source.at(member.value), source.at(member.key)))
}

/// A value as CloudFormation receives it: a string. Numbers and booleans are converted as they are
/// written, with a warning.
fn scalar<'a>(source: &mut Source<'a>, notes: &mut Vec<Problem>, value: Node<'a>, name: &str) -> Option<String> {
    match value.kind() {
        Kind::String => source.text(value, &format!("the value of `{name}`")),
        kind @ (Kind::Number | Kind::Boolean) => {
            // The message does not repeat the value: only the template says whether it is a secret.
            let warning = Problem::warning("not-text", format!("`{name}` is {kind} and is converted to a string as written"))
                .with_hint("put it in quotes: CloudFormation parameters are strings")
                .at(source.at(value));
            notes.push(warning);
            Some(value.source().to_owned())
        }
        kind => {
            let hint = match kind {
                Kind::List => "write a list as one string with commas",
                Kind::Null => "omit the parameter to use the template's default, or write \"\"",
                _ => "write the value in quotes",
            };
            source.problem("not-text", value, format!("the value of `{name}` is {kind}, not a string"), hint);
            None
        }
    }
}
