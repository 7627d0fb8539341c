//! The roles of the templates, and the reviewed table of their uses.
#![allow(dead_code, reason = "the end-to-end tests take the roles alone")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use cfn_render::Template;
use serde::Deserialize;
use serde_json::Value as Json;

use crate::calls::{Place, Table};

pub(crate) const TABLE: &str = "pipeline/permissions/roles.json";

/// `pipeline/permissions/roles.json`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Roles {
    #[serde(rename = "comment")]
    _comment: String,
    pub(crate) roles: Vec<Role>,
}

/// A role of a template, or a policy for approvers.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Role {
    /// Its logical id.
    #[serde(rename = "role")]
    pub(crate) id: String,
    pub(crate) template: String,
    pub(crate) title: String,
    pub(crate) account: String,
    pub(crate) taken_by: String,
    /// The commands that run as it, and the account whose calls it makes.
    pub(crate) commands: Vec<String>,
    pub(crate) place: Place,
    /// Whether targets can also be in this account, without an assumed role.
    #[serde(default)]
    pub(crate) has_targets: bool,
    /// Calls that only happen with options that the pipeline does not use.
    pub(crate) not_used: Vec<NotUsed>,
    pub(crate) for_aws: Vec<ForAws>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NotUsed {
    pub(crate) action: String,
    pub(crate) reason: String,
}

/// The actions of an AWS service with the role.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ForAws {
    pub(crate) by: String,
    pub(crate) actions: BTreeSet<String>,
    pub(crate) reason: String,
}

pub(crate) fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask is a folder of the workspace")
}

impl Roles {
    pub(crate) fn read() -> Self {
        let text = std::fs::read_to_string(workspace().join(TABLE)).unwrap();
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{TABLE}: {error}"))
    }
}

impl Role {
    /// The actions that a command can call with this role.
    pub(crate) fn actions(&self, table: &Table, command: &str) -> BTreeSet<String> {
        let places = table.get(command).unwrap_or_else(|| panic!("there is no command `{command}`"));
        let is_here = |place: &Place| *place == self.place || (self.has_targets && *place == Place::Target);
        places.iter().filter(|(place, _)| is_here(place)).flat_map(|(_, actions)| actions.clone()).collect()
    }

    /// The commands that call each action.
    pub(crate) fn called(&self, table: &Table) -> BTreeMap<String, Vec<String>> {
        let mut called: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for command in &self.commands {
            for action in self.actions(table, command) {
                if self.not_used.iter().all(|not_used| not_used.action != action) {
                    called.entry(action).or_default().push(command.clone());
                }
            }
        }
        called
    }

    /// All actions that it needs.
    pub(crate) fn needed(&self, table: &Table) -> BTreeSet<String> {
        self.called(table).into_keys().chain(self.for_aws.iter().flat_map(|entry| entry.actions.clone())).collect()
    }
}

/// A template of the workspace.
pub(crate) fn template(name: &str) -> Json {
    let path = workspace().join(name);
    Template::parse(std::fs::read_to_string(&path).unwrap(), &path).unwrap().to_value()
}

/// The actions of each role of a template, with any parameters, and of each unattached policy.
pub(crate) fn allowed(template: &str) -> BTreeMap<String, BTreeSet<String>> {
    let document = self::template(template);
    let resources = document["Resources"].as_object().unwrap();
    let of_type = |kind: &'static str| resources.iter().filter(move |(_, resource)| resource["Type"] == kind);
    let mut roles: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (id, role) in of_type("AWS::IAM::Role") {
        let mut actions = actions(&role["Properties"]["Policies"]);
        for policy in references(&role["Properties"]["ManagedPolicyArns"]) {
            actions.extend(self::actions(&resources[&policy]["Properties"]["PolicyDocument"]));
        }
        roles.insert(id.clone(), actions);
    }
    for (_, policy) in of_type("AWS::IAM::Policy") {
        for role in references(&policy["Properties"]["Roles"]) {
            roles.get_mut(&role).unwrap().extend(actions(&policy["Properties"]["PolicyDocument"]));
        }
    }
    for (id, policy) in of_type("AWS::IAM::ManagedPolicy") {
        let attached = of_type("AWS::IAM::Role").any(|(_, role)| references(&role["Properties"]["ManagedPolicyArns"]).contains(id));
        if !attached {
            roles.insert(id.clone(), actions(&policy["Properties"]["PolicyDocument"]));
        }
    }
    roles
}

/// All actions of all statements in a value, in both branches of conditions.
fn actions(value: &Json) -> BTreeSet<String> {
    match value {
        Json::Object(members) => {
            let own = members.get("Action").filter(|_| members.get("Effect").is_some_and(|effect| effect == "Allow"));
            let named = own.into_iter().flat_map(|action| match action {
                Json::Array(actions) => actions.iter().map(|action| action.as_str().unwrap().to_owned()).collect(),
                action => vec![action.as_str().unwrap().to_owned()],
            });
            named.chain(members.values().flat_map(actions)).collect()
        }
        Json::Array(items) => items.iter().flat_map(actions).collect(),
        _ => BTreeSet::new(),
    }
}

/// The resources that a value references.
fn references(value: &Json) -> BTreeSet<String> {
    match value {
        Json::Object(members) => match members.get("Ref").and_then(Json::as_str) {
            Some(name) if !name.starts_with("AWS::") => BTreeSet::from([name.to_owned()]),
            Some(_) => BTreeSet::new(),
            None => members.values().flat_map(references).collect(),
        },
        Json::Array(items) => items.iter().flat_map(references).collect(),
        _ => BTreeSet::new(),
    }
}
