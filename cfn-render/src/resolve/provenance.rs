//! The parameters that a resolved value is made of.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use serde_json::Value;

use crate::json_pointer;

/// A resolved template that records the parameters of each value; returned by
/// [`Template::resolve_with_provenance`](crate::Template::resolve_with_provenance).
#[derive(Debug, Clone)]
pub struct Resolved(Arc<Parts>);

#[derive(Debug, Clone)]
struct Parts {
    value: Value,
    names: Vec<String>,
    influence: Influence,
}

impl Resolved {
    pub(super) fn new(value: Value, names: Vec<String>, influence: Influence) -> Self {
        Self(Arc::new(Parts { value, names, influence }))
    }

    /// The resolved template.
    pub fn value(&self) -> &Value {
        &self.0.value
    }

    /// The resolved template only.
    pub fn into_value(self) -> Value {
        Arc::unwrap_or_clone(self.0).value
    }

    /// The names of the parameters that affect the value at a JSON pointer of the resolved
    /// template, or any value below it: by `Ref`, `Fn::Sub` or any other function, by a condition
    /// that selected it, by the condition of its resource, or by the loop that made it. Pseudo
    /// parameters are included under their own names, such as `AWS::Region`.
    ///
    /// Empty for a constant and for a pointer to nothing. For `Fn::Select` only the selected item
    /// counts; for every other function all arguments count.
    ///
    /// ```
    /// # use std::collections::{BTreeMap, BTreeSet};
    /// use cfn_render::{PseudoParameters, Template};
    ///
    /// let template = Template::parse(
    ///     "Parameters: {Stage: {Type: String}, Count: {Type: Number, Default: 1}}\n\
    ///      Resources: {E: {Type: Custom::E, Properties: {Name: !Sub 'iris-${Stage}-${AWS::Region}', Count: !Ref Count, Kind: e}}}",
    ///     "template.yml",
    /// )?;
    /// let parameters = BTreeMap::from([("Stage".to_owned(), "staging".to_owned())]);
    /// let resolved = template.resolve_with_provenance(&parameters, &PseudoParameters::in_region("eu-west-1"))?;
    /// let of_property = |property: &str| resolved.parameters_of(&format!("/Resources/E/Properties/{property}"));
    /// assert_eq!(of_property("Name"), BTreeSet::from(["AWS::Region", "Stage"]));
    /// assert_eq!(of_property("Kind"), BTreeSet::new());
    /// assert_eq!(resolved.parameters_of("/Resources/E"), BTreeSet::from(["AWS::Region", "Count", "Stage"]));
    /// # Ok::<(), cfn_render::Error>(())
    /// ```
    pub fn parameters_of(&self, pointer: &str) -> BTreeSet<&str> {
        let mut ids = BTreeSet::new();
        let Some(tokens) = json_pointer::tokens(pointer) else { return BTreeSet::new() };
        let mut at = Some(&self.0.influence);
        for token in tokens {
            let Some(here) = at else { break };
            // What selected or made a value affects each part of it.
            ids.extend(&here.names);
            at = here.below.get(&token);
        }
        if let Some(here) = at {
            here.collect(&mut ids);
        }
        ids.into_iter().filter_map(|id| self.0.names.get(id)).map(String::as_str).collect()
    }
}

/// The parameters that affect a value, and those of the values below it.
#[derive(Debug, Clone, Default)]
pub(super) struct Influence {
    names: BTreeSet<usize>,
    below: BTreeMap<String, Influence>,
}

impl Influence {
    pub(super) fn add(&mut self, name: usize) {
        self.names.insert(name);
    }

    pub(super) fn add_all(&mut self, names: &BTreeSet<usize>) {
        self.names.extend(names);
    }

    /// Sets the parameters of a value below this one.
    pub(super) fn put(&mut self, token: impl Into<String>, influence: Self) {
        if !influence.names.is_empty() || !influence.below.is_empty() {
            self.below.insert(token.into(), influence);
        }
    }

    /// The parameters of an argument affect the whole result of a function.
    pub(super) fn absorb(&mut self, argument: Self) {
        self.names.extend(argument.names);
        for below in argument.below.into_values() {
            self.absorb(below);
        }
    }

    /// The value is an unchanged item of a list.
    pub(super) fn adopt_item(&mut self, mut list: Self, item: usize) {
        self.names.extend(list.names);
        if let Some(item) = list.below.remove(&item.to_string()) {
            self.names.extend(item.names);
            self.below.extend(item.below);
        }
    }

    /// The entry for a value below, created if missing.
    pub(super) fn at(&mut self, pointer: &str) -> &mut Self {
        let tokens = json_pointer::tokens(pointer).into_iter().flatten();
        tokens.fold(self, |here, token| here.below.entry(token).or_default())
    }

    /// All parameters of the value and of those below it.
    pub(super) fn all(&self) -> BTreeSet<usize> {
        let mut names = BTreeSet::new();
        self.collect(&mut names);
        names
    }

    fn collect(&self, names: &mut BTreeSet<usize>) {
        names.extend(&self.names);
        for below in self.below.values() {
            below.collect(names);
        }
    }
}

/// Assigns numbers to the names of parameters, for compact sets.
#[derive(Debug, Clone, Default)]
pub(super) struct Names {
    list: Vec<String>,
    numbers: HashMap<String, usize>,
}

impl Names {
    pub(super) fn number(&mut self, name: &str) -> usize {
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        self.list.push(name.to_owned());
        self.numbers.insert(name.to_owned(), self.list.len() - 1);
        self.list.len() - 1
    }

    pub(super) fn into_list(self) -> Vec<String> {
        self.list
    }
}
