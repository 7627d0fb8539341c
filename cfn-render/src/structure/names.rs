//! Names that nothing declares.

use serde_json::Value;

use super::Findings;
use crate::declarations::Declarations;
use crate::json_pointer::below;
use crate::problem::Problem;
use crate::substitution::{Part, parts};
use crate::template::Template;

/// Checks every name that resources, outputs and conditions use. A template with transforms may get names from them: it is left alone.
pub(super) fn check(template: &Template, value: &Value, problems: &mut Findings) {
    let declarations = Declarations::of(value);
    if declarations.open_ended {
        return;
    }
    let mut check = Check { template, declarations: &declarations, problems };
    for section in ["Conditions", "Resources", "Outputs"] {
        for (name, entry) in value.get(section).and_then(Value::as_object).into_iter().flatten() {
            let pointer = below(&below("", section), name);
            if section != "Conditions"
                && let Some(condition) = entry.get("Condition").and_then(Value::as_str)
            {
                check.condition(condition, &format!("{pointer}/Condition"));
            }
            if section == "Resources" {
                check.depends_on(entry, &pointer);
            }
            check.value(entry, &pointer, section == "Conditions");
        }
    }
}

struct Check<'a> {
    template: &'a Template,
    declarations: &'a Declarations,
    problems: &'a mut Findings,
}

impl Check<'_> {
    fn value(&mut self, value: &Value, pointer: &str, in_condition: bool) {
        match value {
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.value(item, &format!("{pointer}/{index}"), in_condition);
                }
            }
            Value::Object(entries) => {
                let single = entries.len() == 1;
                for (name, argument) in entries {
                    let below = below(pointer, name);
                    if single {
                        self.function(name, argument, &below, in_condition);
                    }
                    let in_condition = in_condition || matches!(name.as_str(), "Fn::And" | "Fn::Or" | "Fn::Not");
                    self.value(argument, &below, in_condition);
                }
            }
            _ => {}
        }
    }

    fn function(&mut self, name: &str, argument: &Value, pointer: &str, in_condition: bool) {
        let first = argument.as_array().and_then(|items| items.first()).and_then(Value::as_str);
        match name {
            "Ref" => {
                if let Some(name) = argument.as_str() {
                    self.reference(name, pointer);
                }
            }
            "Condition" if in_condition => {
                if let Some(name) = argument.as_str() {
                    self.condition(name, pointer);
                }
            }
            "Fn::GetAtt" => {
                if let Some(name) = first.or_else(|| argument.as_str()?.split_once('.').map(|(resource, _)| resource)) {
                    self.resource(name, pointer);
                }
            }
            "Fn::If" => {
                if let Some(name) = first {
                    self.condition(name, &format!("{pointer}/0"));
                }
            }
            "Fn::FindInMap" => {
                if let Some(name) = first.filter(|name| !self.declarations.is_mapping(name)) {
                    let has_default = argument.as_array().is_some_and(|items| items.len() > 3);
                    if !has_default && !self.problems.is_full() {
                        let hint = self.declarations.like_mapping(name);
                        self.report("unknown-mapping", &format!("{pointer}/0"), format!("no mapping is called `{name}`"), hint);
                    }
                }
            }
            "Fn::Sub" => {
                let own = argument.as_array().and_then(|items| items.get(1)).and_then(Value::as_object);
                for part in parts(first.or_else(|| argument.as_str()).unwrap_or_default()) {
                    if let Part::Variable(name) = part
                        && own.is_none_or(|own| !own.contains_key(name))
                    {
                        match name.split_once('.') {
                            Some((resource, _)) => self.resource(resource, pointer),
                            None => self.reference(name, pointer),
                        }
                    }
                }
            }
            _ => {}
        }
    }

    fn depends_on(&mut self, resource: &Value, pointer: &str) {
        let pointer = format!("{pointer}/DependsOn");
        match resource.get("DependsOn") {
            Some(Value::String(name)) => self.resource(name, &pointer),
            Some(Value::Array(names)) => {
                for (index, name) in names.iter().enumerate() {
                    if let Some(name) = name.as_str() {
                        self.resource(name, &format!("{pointer}/{index}"));
                    }
                }
            }
            _ => {}
        }
    }

    fn reference(&mut self, name: &str, pointer: &str) {
        if !self.declarations.refers(name) && !self.problems.is_full() {
            let hint = self.declarations.like_reference(name);
            let hint = hint.unwrap_or_else(|| "declare a parameter or a resource of this name".to_owned());
            self.report("unknown-reference", pointer, format!("nothing in the template is called `{name}`"), Some(hint));
        }
    }

    fn resource(&mut self, name: &str, pointer: &str) {
        if !self.declarations.is_resource(name) && !self.problems.is_full() {
            let hint = self.declarations.like_resource(name);
            self.report("unknown-resource", pointer, format!("no resource is called `{name}`"), hint);
        }
    }

    fn condition(&mut self, name: &str, pointer: &str) {
        if !self.declarations.is_condition(name) && !self.problems.is_full() {
            let hint = self.declarations.like_condition(name);
            self.report("unknown-condition", pointer, format!("no condition is called `{name}`"), hint);
        }
    }

    fn report(&mut self, code: &'static str, pointer: &str, message: String, hint: Option<String>) {
        let template = self.template;
        self.problems.error(|| Problem::error(code, template.place(pointer), message).hint_if(hint));
    }
}
