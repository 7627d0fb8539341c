//! Reads `release-policy.json` and reports the place of every mistake.

use std::collections::BTreeSet;

use located_json::{Document, Kind, Member, Node, find};

use super::{
    Denied, DeniedPackage, OtherPerson, ReleasePolicy, RequiredApproval, RequiredLifeCycle, RequiredMetadata, RequiredMetric, UnknownBytes,
};
use crate::package::MetricSource;
use crate::problem::{Problem, Problems, did_you_mean, read_json};

/// The version of the format.
const SCHEMA_VERSION: f64 = 1.0;

const KEYS: [&str; 15] = [
    "$schema",
    "schema_version",
    "metadata",
    "metrics",
    "life_cycle",
    "image_registries",
    "content_types",
    "instance_types",
    "deny",
    "four_eyes",
    "approved_bytes",
    "signatures",
    "approval",
    "freeze",
    "max_parallel_accounts",
];
const METADATA_KEYS: [&str; 2] = ["key", "one_of"];
const METRIC_KEYS: [&str; 6] = ["name", "source", "at", "min", "max", "tolerance"];
const LIFE_CYCLE_KEYS: [&str; 2] = ["stages", "statuses"];
const DENIED_KEYS: [&str; 3] = ["version", "arn", "reason"];
const BYTES_KEYS: [&str; 1] = ["not_known"];
const APPROVAL_KEYS: [&str; 2] = ["other_person", "max_age_days"];

/// The maximum of `max_age_days`: ten years.
const MAX_AGE_DAYS: u32 = 3650;

pub(super) fn read(text: &str) -> Result<ReleasePolicy, Problems> {
    let document = read_json(text, "the release policy")?;
    let mut reader = Reader { document, problems: Vec::new() };
    let policy = reader.policy();
    reader.problems.sort_by_key(|problem| problem.place);
    if reader.problems.is_empty() { Ok(policy) } else { Err(Problems(reader.problems)) }
}

pub(super) struct Reader<'a> {
    document: Document<'a>,
    problems: Vec<Problem>,
}

impl<'a> Reader<'a> {
    fn policy(&mut self) -> ReleasePolicy {
        let mut policy = ReleasePolicy::default();
        let root = self.document.root();
        let members = self.object(root, "the release policy", &KEYS);
        if members.is_empty() && root.kind() != Kind::Object {
            return policy;
        }
        let mut version = None;
        for Member { name, value, .. } in members {
            match name.as_str() {
                "schema_version" => version = Some(value),
                "metadata" => policy.metadata = self.each(value, &name, Self::metadata),
                "metrics" => policy.metrics = self.each(value, &name, Self::metric),
                "life_cycle" => policy.life_cycle = Some(self.life_cycle(value)),
                "image_registries" => policy.image_registries = self.each(value, &name, Self::image_registry),
                "content_types" => policy.content_types = self.each(value, &name, Self::content_type),
                "instance_types" => policy.instance_types = self.each(value, &name, Self::instance_type),
                "deny" => policy.deny = self.each(value, &name, Self::denied),
                "four_eyes" => policy.four_eyes = self.boolean(value, &name),
                "approved_bytes" => policy.unknown_bytes = self.unknown_bytes(value),
                "signatures" => policy.signatures = self.signatures(value),
                "approval" => policy.approval = Some(self.approval(value)),
                "freeze" => policy.freeze = self.each(value, &name, Self::freeze),
                "max_parallel_accounts" => policy.max_parallel_accounts = self.max_parallel_accounts(value),
                _ => {}
            }
        }
        match version {
            None => self.problem("no-version", root, "the release policy has no `schema_version`", r#"write "schema_version": 1"#),
            Some(value) if value.number() != Some(SCHEMA_VERSION) => {
                let message = format!("the release policy has version {}; only version 1 is supported", value.source());
                self.problem(
                    "unknown-version",
                    value,
                    message,
                    r#"write "schema_version": 1, or use a program that supports this version"#,
                );
            }
            Some(_) => {}
        }
        self.metric_names_are_unique(root, &policy);
        policy
    }

    /// Two metrics with one name could not be distinguished in a report.
    fn metric_names_are_unique(&mut self, root: Node<'a>, policy: &ReleasePolicy) {
        let mut seen = BTreeSet::new();
        for metric in policy.metrics.iter().filter(|metric| !metric.name.is_empty()) {
            if !seen.insert(&metric.name) {
                let at = root.member("metrics").unwrap_or(root);
                self.problem(
                    "duplicate-metric",
                    at,
                    format!("two metrics have the name `{}`", metric.name),
                    "give each metric its own name",
                );
            }
        }
    }

    fn metadata(&mut self, value: Node<'a>) -> Option<RequiredMetadata> {
        let members = self.object(value, "an entry of `metadata`", &METADATA_KEYS);
        let key = self.required_text(value, &members, "key", "an entry of `metadata`", r#"write { "key": "owner" }"#)?;
        let one_of = find(&members, "one_of").map(|list| self.each(list, "one_of", Self::words)).unwrap_or_default();
        Some(RequiredMetadata { key, one_of })
    }

    fn metric(&mut self, value: Node<'a>) -> Option<RequiredMetric> {
        const SHAPE: &str = r#"write { "name": "accuracy", "at": "/accuracy", "min": 0.95 }"#;
        let members = self.object(value, "an entry of `metrics`", &METRIC_KEYS);
        if value.kind() != Kind::Object {
            return None;
        }
        let name = self.required_text(value, &members, "name", "an entry of `metrics`", SHAPE);
        let at = self.required_text(value, &members, "at", "an entry of `metrics`", SHAPE);
        if let (Some(pointer), Some(node)) = (&at, find(&members, "at")) {
            self.pointer(pointer, node);
        }
        let source = match find(&members, "source") {
            None => Some(MetricSource::default()),
            Some(node) => self.source(node),
        };
        let mut limit = |name: &str| find(&members, name).and_then(|node| self.number(node, name));
        let (min, max, tolerance) = (limit("min"), limit("max"), limit("tolerance"));
        if find(&members, "min").is_none() && find(&members, "max").is_none() {
            self.problem("no-limit", value, "an entry of `metrics` has neither `min` nor `max`", "set a limit: \"min\": 0.95");
        }
        if let (Some(min), Some(max), Some(node)) = (min, max, find(&members, "max"))
            && min > max
        {
            self.problem("empty-range", node, format!("`max` is {max}, less than `min`, {min}"), "swap the two: this range is empty");
        }
        if let (Some(tolerance), Some(node)) = (tolerance.filter(|tolerance| *tolerance < 0.0), find(&members, "tolerance")) {
            self.problem(
                "negative-tolerance",
                node,
                format!("`tolerance` is {tolerance}, less than 0"),
                "set how far a metric can be beyond a limit",
            );
        }
        Some(RequiredMetric { name: name?, source: source?, at: at?, min, max, tolerance: tolerance.unwrap_or(0.0) })
    }

    fn source(&mut self, node: Node<'a>) -> Option<MetricSource> {
        let text = self.text(node, "source")?;
        let source = MetricSource::named(&text);
        if source.is_none() {
            let hint = did_you_mean(&text, "sources", MetricSource::ALL.iter().map(|source| source.as_str()));
            self.problem("unknown-source", node, format!("a model package has no metrics `{text}`"), hint);
        }
        source
    }

    fn pointer(&mut self, pointer: &str, node: Node<'a>) {
        let escapes = pointer.match_indices('~').all(|(index, _)| matches!(pointer.as_bytes().get(index + 1), Some(b'0' | b'1')));
        if !pointer.starts_with('/') || !escapes {
            let message = format!("`{pointer}` is not a JSON pointer");
            self.problem(
                "not-a-pointer",
                node,
                message,
                "write the keys with a slash before each: /accuracy/value; ~1 is a slash in a key, ~0 a tilde",
            );
        }
    }

    fn life_cycle(&mut self, value: Node<'a>) -> RequiredLifeCycle {
        let members = self.object(value, "`life_cycle`", &LIFE_CYCLE_KEYS);
        let list =
            |reader: &mut Self, name: &str| find(&members, name).map(|list| reader.each(list, name, Self::words)).unwrap_or_default();
        let required = RequiredLifeCycle { stages: list(self, "stages"), statuses: list(self, "statuses") };
        if value.members().is_some_and(|members| members.is_empty()) {
            self.problem(
                "no-stage",
                value,
                "`life_cycle` requires nothing",
                r#"write { "stages": ["Staging"], "statuses": ["Approved"] }"#,
            );
        }
        required
    }

    fn unknown_bytes(&mut self, value: Node<'a>) -> UnknownBytes {
        const SHAPE: &str = r#"write { "not_known": "block" }, or "allow""#;
        let members = self.object(value, "`approved_bytes`", &BYTES_KEYS);
        let text = self.required_text(value, &members, "not_known", "`approved_bytes`", SHAPE);
        match (text.as_deref(), find(&members, "not_known")) {
            (Some("block"), _) => UnknownBytes::Block,
            (Some(text), Some(node)) if text != "allow" => {
                self.problem("unknown-choice", node, format!("`not_known` is `{text}`, neither `allow` nor `block`"), SHAPE);
                UnknownBytes::default()
            }
            _ => UnknownBytes::default(),
        }
    }

    fn denied(&mut self, value: Node<'a>) -> Option<Denied> {
        const SHAPE: &str = r#"write { "version": 12, "reason": "…" }, or "arn" instead of "version""#;
        let members = self.object(value, "an entry of `deny`", &DENIED_KEYS);
        if value.kind() != Kind::Object {
            return None;
        }
        let reason = self.required_text(value, &members, "reason", "an entry of `deny`", SHAPE);
        let package = match (find(&members, "version"), find(&members, "arn")) {
            (Some(node), None) => self.version(node).map(DeniedPackage::Version),
            (None, Some(node)) => {
                let text = self.text(node, "arn")?;
                let parsed = text.parse();
                if let Err(error) = &parsed {
                    self.problem("not-an-arn", node, format!("{error}"), "copy it from the registry");
                }
                parsed.ok().map(DeniedPackage::Arn)
            }
            (first, _) => {
                let what = if first.is_some() { "both `version` and `arn`" } else { "neither `version` nor `arn`" };
                self.problem("no-package", value, format!("an entry of `deny` has {what}"), SHAPE);
                None
            }
        };
        Some(Denied { package: package?, reason: reason? })
    }

    fn version(&mut self, node: Node<'a>) -> Option<u32> {
        let version = node.source().parse::<u32>().ok().filter(|version| (1..=999_999_999).contains(version));
        if version.is_none() {
            self.problem("not-a-version", node, format!("`version` is {}, not a version", node.source()), "use a whole number from 1");
        }
        version
    }

    fn approval(&mut self, value: Node<'a>) -> RequiredApproval {
        let members = self.object(value, "`approval`", &APPROVAL_KEYS);
        let other_person = find(&members, "other_person").and_then(|node| self.other_person(node));
        let max_age_days = find(&members, "max_age_days").and_then(|node| {
            let days = node.source().parse::<u32>().ok().filter(|days| (1..=MAX_AGE_DAYS).contains(days));
            if days.is_none() {
                let message = format!("`max_age_days` is {}, not a number of days", node.source());
                self.problem("not-days", node, message, format!("use a whole number from 1 to {MAX_AGE_DAYS}"));
            }
            days
        });
        RequiredApproval { other_person, max_age_days }
    }

    fn other_person(&mut self, node: Node<'a>) -> Option<OtherPerson> {
        let text = self.text(node, "other_person")?;
        let found = OtherPerson::ALL.into_iter().find(|(name, _)| *name == text).map(|(_, value)| value);
        if found.is_none() {
            let hint = did_you_mean(&text, "values", OtherPerson::ALL.iter().map(|(name, _)| *name));
            self.problem("unknown-value", node, format!("`other_person` is `{text}`, not `required` or `if-known`"), hint);
        }
        found
    }

    fn image_registry(&mut self, node: Node<'a>) -> Option<String> {
        let text = self.words(node)?;
        let host = text.split('/').next().unwrap_or_default();
        if !host.contains(['.', ':']) || text.contains("://") || text.ends_with('/') || text.contains(char::is_whitespace) {
            let hint = "write the registry's host as in an image's name: 111111111111.dkr.ecr.us-east-1.amazonaws.com";
            self.problem("not-a-registry", node, format!("`{text}` is not an image registry"), hint);
            return None;
        }
        Some(text)
    }

    fn content_type(&mut self, node: Node<'a>) -> Option<String> {
        let text = self.words(node)?;
        if text.split('/').filter(|part| !part.trim().is_empty()).count() != 2 {
            self.problem("not-a-media-type", node, format!("`{text}` is not a media type"), "write it as in text/csv");
            return None;
        }
        Some(text)
    }

    fn instance_type(&mut self, node: Node<'a>) -> Option<String> {
        let text = self.words(node)?;
        let is_type = text.strip_prefix("ml.").and_then(|rest| rest.split_once('.')).is_some_and(|(family, size)| {
            let letters = |text: &str| {
                !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
            };
            letters(family) && letters(size)
        });
        if !is_type {
            self.problem("not-an-instance-type", node, format!("`{text}` is not an instance type"), "write it as in ml.m5.large");
            return None;
        }
        Some(text)
    }

    /// The members of an object; reports unknown and duplicate keys.
    pub(super) fn object(&mut self, value: Node<'a>, what: &str, known: &[&'static str]) -> Vec<Member<'a>> {
        let Some(all) = value.members() else {
            self.problem("not-an-object", value, format!("{what} is {}, not an object", value.kind()), "write names and values in braces");
            return Vec::new();
        };
        let mut members: Vec<Member<'a>> = Vec::with_capacity(all.len());
        for member in all {
            if !known.contains(&member.name.as_str()) {
                let hint = did_you_mean(&member.name, "keys", known.iter().copied().filter(|key| *key != "$schema"));
                self.problem("unknown-key", member.key, format!("{what} has no `{}`", member.name), hint);
            } else if let Some(first) = members.iter().find(|other| other.name == member.name) {
                let message = format!("{what} has `{}` twice; first at {}", member.name, self.document.place(first.key));
                self.problem("duplicate-key", member.key, message, "keep one of the two");
            } else {
                members.push(member);
            }
        }
        members
    }

    fn each<T>(&mut self, list: Node<'a>, name: &str, mut read: impl FnMut(&mut Self, Node<'a>) -> Option<T>) -> Vec<T> {
        let Some(items) = list.items() else {
            self.problem("not-a-list", list, format!("`{name}` is {}, not a list", list.kind()), "write a list in square brackets");
            return Vec::new();
        };
        items.into_iter().filter_map(|item| read(self, item)).collect()
    }

    pub(super) fn required_text(
        &mut self,
        object: Node<'a>,
        members: &[Member<'a>],
        name: &str,
        what: &str,
        hint: &'static str,
    ) -> Option<String> {
        match find(members, name) {
            Some(node) => self.text(node, name),
            None if object.kind() == Kind::Object => {
                self.problem("missing-key", object, format!("{what} has no `{name}`"), hint);
                None
            }
            None => None,
        }
    }

    fn words(&mut self, node: Node<'a>) -> Option<String> {
        self.text(node, "an entry")
    }

    fn text(&mut self, node: Node<'a>, name: &str) -> Option<String> {
        let name = if name.contains(' ') { name.to_owned() } else { format!("`{name}`") };
        match node.text() {
            Some(text) if text.trim().is_empty() => {
                self.problem("empty-text", node, format!("{name} is empty"), "write a string in quotes");
                None
            }
            Some(text) => Some(text),
            None => {
                self.problem("not-text", node, format!("{name} is {}, not a string", node.kind()), "write a string in quotes");
                None
            }
        }
    }

    fn number(&mut self, node: Node<'a>, name: &str) -> Option<f64> {
        let number = node.number();
        if number.is_none() {
            self.problem("not-a-number", node, format!("`{name}` is {}, not a number", node.kind()), "write a number without quotes");
        }
        number
    }

    pub(super) fn boolean(&mut self, node: Node<'a>, name: &str) -> bool {
        node.boolean().unwrap_or_else(|| {
            self.problem(
                "not-a-boolean",
                node,
                format!("`{name}` is {}, not true or false", node.kind()),
                "write true or false, without quotes",
            );
            false
        })
    }

    pub(super) fn problem(&mut self, code: &'static str, at: Node<'_>, message: impl Into<String>, hint: impl Into<String>) {
        let place = self.document.place(at);
        self.problems.push(Problem::new(code, message).with_hint(hint).at(place));
    }
}
