//! Evaluates values and functions.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Map, Value, json};

use super::conditions::Truth;
use super::for_each::FOR_EACH;
use super::parameters::Parameter;
use super::provenance::{Influence, Names};
use crate::code::Code;
use crate::declarations::{Declarations, Known, PSEUDO_PARAMETERS};
use crate::json_pointer;
use crate::problem::{Place, Problem};
use crate::pseudo_parameters::PseudoParameters;
use crate::template::Template;

/// The size limit of all results together: a parameter can be used often.
const MAX_RESULT_BYTES: usize = 64 << 20;

/// How many problems are collected where one value can have many.
const MAX_PROBLEMS: usize = 200;

/// Evaluates one template for one stack.
pub(super) struct Evaluator<'a> {
    pub(super) template: &'a Template,
    pub(super) source: &'a Value,
    pub(super) declarations: Declarations,
    pub(super) parameters: HashMap<String, Parameter>,
    /// The conditions: true, false, unknown, or being evaluated.
    pub(super) truths: BTreeMap<String, Truth>,
    /// The parameters of the value that is being evaluated, so far.
    pub(super) influence: Influence,
    pub(super) names: Names,
    /// Where the entries that loops made are written.
    pub(super) origins: HashMap<String, String>,
    pub(super) pseudo: &'a PseudoParameters,
    problems: Vec<Problem>,
    /// The tokens of the pointer of the value that is being evaluated.
    at: Vec<String>,
    bytes: usize,
}

impl<'a> Evaluator<'a> {
    pub(super) fn new(template: &'a Template, source: &'a Value, pseudo: &'a PseudoParameters) -> Self {
        Self {
            template,
            source,
            declarations: Declarations::of(source),
            parameters: HashMap::new(),
            truths: BTreeMap::new(),
            influence: Influence::default(),
            names: Names::default(),
            origins: HashMap::new(),
            pseudo,
            problems: Vec::new(),
            at: Vec::new(),
            bytes: 0,
        }
    }

    /// Continues on the template with its loops expanded.
    pub(super) fn on<'b>(self, source: &'b Value, origins: HashMap<String, String>) -> Evaluator<'b>
    where
        'a: 'b,
    {
        Evaluator { source, declarations: Declarations::of(source), truths: BTreeMap::new(), origins, ..self }
    }

    /// All problems, in the order of the text and without duplicates.
    pub(super) fn take_problems(&mut self) -> Vec<Problem> {
        self.problems.sort_by(|a, b| (a.place.line, a.place.column, &a.message).cmp(&(b.place.line, b.place.column, &b.message)));
        self.problems.dedup();
        std::mem::take(&mut self.problems)
    }

    pub(super) fn report(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    /// Whether to collect more problems: a hostile template can have too many to locate them all.
    pub(super) fn wants_problems(&self) -> bool {
        self.problems.len() < MAX_PROBLEMS
    }

    /// The current place.
    pub(super) fn here(&self) -> Place {
        let mut pointer = String::new();
        for token in &self.at {
            json_pointer::push(&mut pointer, token);
        }
        self.template.place(self.written_at(pointer))
    }

    /// Where the value at a pointer is written, if a loop made it.
    fn written_at(&self, pointer: String) -> String {
        let mut length = pointer.len();
        while !self.origins.is_empty() && length > 0 {
            if let Some(origin) = self.origins.get(&pointer[..length]) {
                return format!("{origin}{}", &pointer[length..]);
            }
            length = pointer[..length].rfind('/').unwrap_or(0);
        }
        pointer
    }

    /// Runs `work` one level down.
    pub(super) fn below<T>(&mut self, token: impl Into<String>, work: impl FnOnce(&mut Self) -> T) -> T {
        self.at.push(token.into());
        let result = work(self);
        self.at.pop();
        result
    }

    /// Runs `work` at another place of the template, such as the definition of a condition.
    pub(super) fn elsewhere<T>(&mut self, tokens: &[&str], work: impl FnOnce(&mut Self) -> T) -> T {
        let before = std::mem::replace(&mut self.at, tokens.iter().map(|token| (*token).to_owned()).collect());
        let result = work(self);
        self.at = before;
        result
    }

    /// A section of resources or outputs, without the entries whose condition is false.
    pub(super) fn conditional_section(&mut self, section: &str, value: &Value) -> Value {
        let Some(entries) = value.as_object() else { return value.clone() };
        let mut remaining = Map::new();
        for (name, entry) in entries {
            let outer = std::mem::take(&mut self.influence);
            let condition = entry.get("Condition").and_then(Value::as_str);
            let result = condition.map(|condition| self.elsewhere(&[section, name, "Condition"], |this| this.named_condition(condition)));
            if result.flatten() != Some(false) {
                let entry = self.elsewhere(&[section, name], |this| this.evaluate_in_place(entry));
                remaining.extend(entry.map(|entry| (name.clone(), entry)));
            }
            let influence = std::mem::replace(&mut self.influence, outer);
            // The condition that removed an entry is recorded for the section.
            self.influence.put(name, influence);
        }
        Value::Object(remaining)
    }

    /// Evaluates a function's argument; none if `AWS::NoValue` removes it. Its parameters count for
    /// the whole function.
    pub(super) fn evaluate(&mut self, value: &Value) -> Option<Value> {
        let (value, influence) = self.traced(value);
        self.influence.absorb(influence);
        value
    }

    /// A value and its parameters.
    pub(super) fn traced(&mut self, value: &Value) -> (Option<Value>, Influence) {
        let outer = std::mem::take(&mut self.influence);
        let value = self.evaluate_in_place(value);
        (value, std::mem::replace(&mut self.influence, outer))
    }

    /// Evaluates a value that replaces the current one.
    pub(super) fn evaluate_in_place(&mut self, value: &Value) -> Option<Value> {
        if self.exhausted() {
            return Some(Value::Null);
        }
        match value {
            Value::Array(items) => Some(self.items(items)),
            Value::Object(entries) => match single(entries) {
                Some((name, argument)) => self.below(name, |this| this.function(name, argument)),
                None => Some(self.entries(entries)),
            },
            scalar => {
                self.spend(scalar.as_str().map_or(8, str::len));
                Some(scalar.clone())
            }
        }
    }

    fn items(&mut self, items: &[Value]) -> Value {
        let mut remaining = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            let (value, influence) = self.below(index.to_string(), |this| this.traced(item));
            match value {
                Some(value) => {
                    self.influence.put(remaining.len().to_string(), influence);
                    remaining.push(value);
                }
                // An item that is removed affects the list.
                None => self.influence.absorb(influence),
            }
        }
        Value::Array(remaining)
    }

    fn entries(&mut self, entries: &Map<String, Value>) -> Value {
        let mut remaining = Map::new();
        for (key, value) in entries {
            // The body of a loop that stays contains names that only the loop declares.
            if key.starts_with(FOR_EACH) {
                remaining.insert(key.clone(), value.clone());
                continue;
            }
            let (value, influence) = self.below(key, |this| this.traced(value));
            self.influence.put(key, influence);
            remaining.extend(value.map(|value| (key.clone(), value)));
        }
        Value::Object(remaining)
    }

    fn function(&mut self, name: &str, argument: &Value) -> Option<Value> {
        let result = match name {
            "Ref" => return self.reference(argument),
            "Fn::If" => return self.fn_if(argument),
            "Fn::Sub" => self.fn_sub(argument),
            "Fn::Join" => self.fn_join(argument),
            "Fn::Split" => self.fn_split(argument),
            "Fn::Base64" => self.fn_base64(argument),
            "Fn::ToJsonString" => self.fn_to_json_string(argument),
            "Fn::Select" => self.fn_select(argument),
            "Fn::Length" => self.fn_length(argument),
            "Fn::FindInMap" => self.fn_find_in_map(argument),
            "Fn::Cidr" => self.fn_cidr(argument),
            "Fn::GetAtt" => self.fn_get_att(argument),
            "Fn::GetAZs" => self.fn_get_azs(argument),
            "Fn::And" | "Fn::Or" | "Fn::Not" | "Fn::Equals" => {
                self.condition_function(name, argument).map_or_else(|| json!({ name: argument }), Value::Bool)
            }
            "Fn::Transform" => json!({ name: argument }),
            // `Fn::ImportValue` and functions that AWS has added: the argument is evaluated, the
            // function stays.
            _ if name.starts_with("Fn::") => json!({ name: self.evaluate(argument).unwrap_or(Value::Null) }),
            _ => {
                let value = self.evaluate(argument);
                return Some(Value::Object(value.map(|value| (name.to_owned(), value)).into_iter().collect()));
            }
        };
        self.spend(weight(&result));
        Some(result)
    }

    fn reference(&mut self, argument: &Value) -> Option<Value> {
        // `AWS::LanguageExtensions` allows functions in the name.
        let evaluated = (!argument.is_string() && self.declarations.open_ended).then(|| self.evaluate(argument)).flatten();
        let Some(name) = evaluated.as_ref().unwrap_or(argument).as_str() else {
            if evaluated.is_none() {
                self.malformed("Ref", "takes a name");
            }
            return Some(json!({ "Ref": evaluated.unwrap_or_else(|| argument.clone()) }));
        };
        if name == "AWS::NoValue" {
            return None;
        }
        Some(self.lookup(name).unwrap_or_else(|| json!({ "Ref": name })))
    }

    /// The value that a name refers to; none if it is unknown. An undeclared name is reported.
    pub(super) fn lookup(&mut self, name: &str) -> Option<Value> {
        if self.parameters.contains_key(name) || PSEUDO_PARAMETERS.contains(&name) {
            let number = self.names.number(name);
            self.influence.add(number);
        }
        let pseudo = match name {
            "AWS::AccountId" => &self.pseudo.account_id,
            "AWS::Partition" => &self.pseudo.partition,
            "AWS::Region" => &self.pseudo.region,
            "AWS::StackId" => &self.pseudo.stack_id,
            "AWS::StackName" => &self.pseudo.stack_name,
            "AWS::URLSuffix" => &self.pseudo.url_suffix,
            "AWS::NotificationARNs" => return self.pseudo.notification_arns.clone().map(Value::from),
            _ => &None,
        };
        if let Some(value) = pseudo {
            self.spend(value.len());
            return Some(value.as_str().into());
        }
        match self.parameters.get(name) {
            Some(Parameter::Text(text)) => {
                let value = Value::from(text.as_str());
                self.spend(value.as_str().map_or(0, str::len));
                Some(value)
            }
            Some(Parameter::List(members)) => {
                let (value, length) = (Value::from(members.clone()), members.iter().map(String::len).sum());
                self.spend(length);
                Some(value)
            }
            Some(Parameter::Unknown) => None,
            None => {
                if self.declarations.refers(name) == Known::No && !self.declarations.open_ended {
                    let message = format!("the template has no parameter or resource `{name}`");
                    let hint = self.declarations.like_reference(name);
                    let hint = hint.unwrap_or_else(|| "declare a parameter or a resource with this name".to_owned());
                    self.report(Problem::error(Code::UnknownReference, self.here(), message).with_hint(hint));
                }
                None
            }
        }
    }

    /// Reports a resource name that is not declared.
    pub(super) fn check_resource(&mut self, name: &str) {
        if self.declarations.is_resource(name) == Known::No && !self.declarations.open_ended {
            let message = format!("the template has no resource `{name}`");
            let hint = self.declarations.like_resource(name);
            self.report(Problem::error(Code::UnknownResource, self.here(), message).with_hint_opt(hint));
        }
    }

    /// Reports invalid arguments, unless a macro may read them.
    pub(super) fn malformed(&mut self, function: &str, what: &str) {
        if !self.declarations.has_macro {
            self.report(Problem::error(Code::MalformedFunction, self.here(), format!("`{function}` {what}")));
        }
    }

    /// Counts the size of the results, so that a small template cannot produce a huge one.
    pub(super) fn spend(&mut self, bytes: usize) {
        let before = self.bytes;
        self.bytes = self.bytes.saturating_add(bytes);
        if before <= MAX_RESULT_BYTES && self.bytes > MAX_RESULT_BYTES {
            let message = format!("the evaluated template would be larger than {} MiB", MAX_RESULT_BYTES >> 20);
            self.report(Problem::error(Code::ResultTooLarge, self.here(), message));
        }
    }

    /// Whether the size limit is exceeded: then evaluation produces no more.
    pub(super) fn exhausted(&self) -> bool {
        self.bytes > MAX_RESULT_BYTES
    }
}

/// The only pair of a mapping that is a function.
pub(super) fn single(entries: &Map<String, Value>) -> Option<(&String, &Value)> {
    let (name, argument) = entries.iter().next()?;
    let is_function = name == "Ref" || (name.starts_with("Fn::") && !name.starts_with(FOR_EACH));
    (entries.len() == 1 && is_function).then_some((name, argument))
}

/// The approximate size of a value in bytes.
fn weight(value: &Value) -> usize {
    match value {
        Value::String(text) => 8 + text.len(),
        Value::Array(items) => 8 + items.iter().map(weight).sum::<usize>(),
        Value::Object(entries) => 8 + entries.iter().map(|(key, value)| key.len() + weight(value)).sum::<usize>(),
        Value::Null | Value::Bool(_) | Value::Number(_) => 8,
    }
}

/// Whether only AWS knows the value: it is a function that stayed, or contains one.
pub(super) fn is_unknown(value: &Value) -> bool {
    match value {
        Value::Object(entries) => single(entries).is_some() || entries.values().any(is_unknown),
        Value::Array(items) => items.iter().any(is_unknown),
        _ => false,
    }
}
