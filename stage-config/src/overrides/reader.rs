//! Reads an override file.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use aws_names::{AccountId, Region};
use located_json::{Kind, Node, find};

use super::{Override, Overrides};
use crate::problem::{Place, Problem, Problems, capped};
use crate::source::Source;
use crate::stage_file::setting;

const KEYS: [&str; 3] = ["$schema", "version", "overrides"];
const ENTRY_KEYS: [&str; 4] = ["accounts", "regions", "parameters", "description"];

/// The maximum number of instances of a stack set (AWS CloudFormation quotas).
const MAX_TARGETS: usize = 100_000;

const EXAMPLE: &str =
    r#"an override file is { "version": 1, "overrides": [{ "accounts": ["222222222222"], "parameters": { "Name": "value" } }] }"#;

impl Overrides {
    /// Reads an override file:
    ///
    /// ```
    /// # use stage_config::Overrides;
    /// let overrides = Overrides::from_file(
    ///     r#"{
    ///         "version": 1,
    ///         "overrides": [
    ///             { "accounts": ["222222222222"], "parameters": { "EndpointInstanceCount": "4" } },
    ///             { "regions": ["eu-west-1"], "parameters": { "EndpointInstanceType": "ml.m6i.large" } }
    ///         ]
    ///     }"#,
    ///     "staging-config-overrides.json".as_ref(),
    /// )?;
    /// let there = overrides.layer("222222222222", "eu-west-1");
    /// assert_eq!(there.parameters["EndpointInstanceCount"].value.text(), Some("4"));
    /// # Ok::<(), stage_config::Problems>(())
    /// ```
    ///
    /// `path` is the file's name in messages. All problems are reported at once.
    pub fn from_file(text: &str, path: &Path) -> Result<Self, Problems> {
        match Self::read_file(text, path) {
            (Some(overrides), problems) if problems.is_empty() => Ok(overrides),
            (_, problems) => Err(Problems(problems)),
        }
    }

    /// Reads as much of an override file as possible, for further checks, and reports every problem.
    pub fn read_file(text: &str, path: &Path) -> (Option<Self>, Vec<Problem>) {
        let source = match Source::read(text, path, EXAMPLE) {
            Ok(source) => source,
            Err(problems) => return (None, problems.0),
        };
        let mut reader = Reader { source, overrides: Self::default() };
        reader.file();
        reader.clashes();
        (Some(reader.overrides), capped(reader.source.problems))
    }
}

struct Reader<'a> {
    source: Source<'a>,
    overrides: Overrides,
}

impl<'a> Reader<'a> {
    fn file(&mut self) {
        let root = self.source.root();
        if root.kind() != Kind::Object {
            self.source.problem("not-overrides", root, format!("the file contains {}, not overrides", root.kind()), EXAMPLE);
            return;
        }
        let members = self.source.members(root, "the file");
        self.source.known_keys(&members, &KEYS, "an override file");
        match find(&members, "version") {
            Some(version) if version.source() == "1" => {}
            Some(version) => {
                let message = format!("the file has version {}; only version 1 is supported", version.source());
                self.source.problem("version", version, message, "write \"version\": 1");
            }
            None => self.source.problem("version", root, "the file has no `version`", "write \"version\": 1"),
        }
        match find(&members, "overrides") {
            Some(list) if list.kind() == Kind::List => {
                for entry in list.items().unwrap_or_default() {
                    self.entry(entry);
                }
            }
            Some(other) => self.source.problem("not-a-list", other, format!("`overrides` is {}, not a list", other.kind()), EXAMPLE),
            None => self.source.problem("not-overrides", root, "the file has no `overrides`", EXAMPLE),
        }
    }

    fn entry(&mut self, entry: Node<'a>) {
        if entry.kind() != Kind::Object {
            self.source.problem("not-an-override", entry, format!("this is {}, not an override", entry.kind()), EXAMPLE);
            return;
        }
        let members = self.source.members(entry, "this override");
        self.source.known_keys(&members, &ENTRY_KEYS, "an override");
        let known = self.source.problems.len();
        let accounts =
            self.ids(find(&members, "accounts"), "an AWS account id", "write 12 digits", |text| text.parse::<AccountId>().is_ok());
        let regions =
            self.ids(find(&members, "regions"), "an AWS region", "write a region such as us-east-1", |text| text.parse::<Region>().is_ok());
        if find(&members, "accounts").is_none() && find(&members, "regions").is_none() {
            let message = "this override has neither `accounts` nor `regions`";
            self.source.problem("no-target", entry, message, "set parameters of the whole stage in the stage file");
        }
        if let Some(description) = find(&members, "description").filter(|value| value.kind() != Kind::String) {
            let message = format!("`description` is {}, not a string", description.kind());
            self.source.problem("not-text", description, message, "write it in quotes");
        }
        let has_targets = self.source.problems.len() == known;
        let mut parameters = BTreeMap::new();
        match find(&members, "parameters") {
            Some(object) if object.kind() == Kind::Object => {
                for member in self.source.members(object, "`parameters`") {
                    if let Some(setting) = setting(&mut self.source, &mut self.overrides.notes, &member) {
                        parameters.insert(member.name, setting);
                    }
                }
            }
            Some(other) => {
                let message = format!("`parameters` is {}, not an object", other.kind());
                self.source.problem("not-an-object", other, message, "write names and values in braces");
            }
            None => {
                self.source.problem(
                    "no-parameters",
                    entry,
                    "this override has no `parameters`",
                    r#"write "parameters": { "Name": "value" }"#,
                );
            }
        }
        // An override without targets applies to every target.
        if has_targets {
            self.overrides.entries.push(Override { accounts, regions, parameters });
        }
    }

    /// A list of accounts or regions; duplicates count once.
    fn ids(&mut self, list: Option<Node<'a>>, what: &str, hint: &str, is_one: fn(&str) -> bool) -> BTreeMap<String, Place> {
        let mut ids = BTreeMap::new();
        let Some(list) = list else { return ids };
        if list.kind() != Kind::List {
            self.source.problem("not-a-list", list, format!("this is {}, not a list", list.kind()), r#"write a list: ["…"]"#);
            return ids;
        }
        let all = list.items().unwrap_or_default();
        if all.is_empty() {
            let hint = "add at least one entry, or omit the list";
            self.source.problem("empty-list", list, "this list is empty", hint);
        }
        for item in all {
            let id = if item.kind() == Kind::String { self.source.text(item, "this name") } else { None };
            match id {
                Some(id) if is_one(&id) => drop(ids.entry(id).or_insert(self.source.at(item))),
                Some(id) => self.source.problem("not-a-target", item, format!("`{id}` is not {what}"), hint),
                None => self.source.problem("not-text", item, format!("{} is not {what}", item.kind()), format!("{hint}, in quotes")),
            }
        }
        ids
    }

    /// Reports equally specific overrides of the same parameter for the same target.
    fn clashes(&mut self) {
        let entries = &self.overrides.entries;
        let targets = entries.iter().fold(0_usize, |count, entry| count.saturating_add(entry.target_count()));
        if targets > MAX_TARGETS {
            let message = format!(
                "the overrides apply to {targets} combinations of account and region; a stack set has at most {MAX_TARGETS} instances"
            );
            let place = entries.iter().find_map(|entry| entry.accounts.values().chain(entry.regions.values()).next().cloned());
            self.source.problems.extend(place.map(|place| Problem::error("too-many-targets", message).at(place)));
            return;
        }
        let mut first: HashMap<(&str, Option<&str>, Option<&str>), &Place> = HashMap::new();
        let mut problems = Vec::new();
        for entry in entries {
            for (name, setting) in &entry.parameters {
                for (account, region) in entry.targets() {
                    let Some(known) = first.insert((name, account, region), &setting.named_at) else { continue };
                    let target = [account, region].into_iter().flatten().collect::<Vec<_>>().join(" in ");
                    let message = format!("`{name}` is set twice for {target}; first at {known}");
                    let problem = Problem::error("duplicate-override", message);
                    problems.push(problem.with_hint("keep one of the two").at(setting.named_at.clone()));
                    break;
                }
            }
        }
        self.source.problems.extend(problems);
    }
}
