//! Reads a snapshot and reports the place of every mistake.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use located_json::{Document, Kind, Member, Node};

use super::containers;
use super::{SCHEMA_VERSION, Snapshot};
use crate::group::ModelPackageGroup;
use crate::life_cycle::LifeCycle;
use crate::package::{Detail, MetricDocument, MetricSource, ModelPackage, Person};
use crate::problem::{Problem, Problems, did_you_mean, read_json};
use aws_names::ModelPackageArn;

const KEYS: [&str; 5] = ["$schema", "schema_version", "model_package_group", "list-model-packages", "describe-model-package"];
const CLI_HINT: &str = "copy the output of `aws sagemaker list-model-packages`";

pub(super) fn read(text: &str) -> Result<Snapshot, Problems> {
    let document = read_json(text, "the registry snapshot")?;
    let mut reader = Reader { document, problems: Vec::new(), next_token: None };
    let snapshot = reader.snapshot();
    let next_token = reader.next_token;
    reader.problems.sort_by_key(|problem| problem.place);
    match snapshot {
        Some(snapshot) if reader.problems.is_empty() => Ok(Snapshot { next_token, ..snapshot }),
        _ => Err(Problems(reader.problems)),
    }
}

struct Reader<'a> {
    document: Document<'a>,
    problems: Vec<Problem>,
    next_token: Option<String>,
}

impl<'a> Reader<'a> {
    fn snapshot(&mut self) -> Option<Snapshot> {
        let root = self.document.root();
        let Some(members) = root.members() else {
            let message = format!("the registry snapshot is {}, not an object", root.kind());
            self.problem("not-a-snapshot", root, message, CLI_HINT);
            return None;
        };
        let has = |name: &str| members.iter().any(|member| member.name == name);
        if has("ModelPackageSummaryList") {
            let listed = self.list(root);
            return Some(Snapshot::sorted(None, listed.into_iter().map(|(package, _)| package).collect(), Vec::new()));
        }
        if has("ModelPackageArn") {
            return Some(Snapshot::sorted(None, vec![self.package(root, Detail::Described)?], Vec::new()));
        }
        Some(self.envelope(root, &members))
    }

    fn envelope(&mut self, root: Node<'a>, members: &[Member<'a>]) -> Snapshot {
        for member in members.iter().filter(|member| !KEYS.contains(&member.name.as_str())) {
            let hint = did_you_mean(&member.name, "keys", KEYS.into_iter().filter(|key| *key != "$schema"));
            self.problem("unknown-key", member.key, format!("a registry snapshot has no `{}`", member.name), hint);
        }
        let mut seen = BTreeSet::new();
        if let Some(member) = members.iter().find(|member| !seen.insert(&member.name)) {
            self.problem("duplicate-key", member.key, format!("`{}` is there twice", member.name), "keep one of the two");
        }
        match root.member("schema_version") {
            None => self.problem("no-version", root, "the registry snapshot has no `schema_version`", r#"write "schema_version": 1"#),
            Some(node) if node.source() != SCHEMA_VERSION.to_string() => {
                let message = format!("the registry snapshot has version {}; only version {SCHEMA_VERSION} is supported", node.source());
                self.problem("unknown-version", node, message, "use the program that wrote it, or write it again");
            }
            Some(_) => {}
        }
        let group = root.member("model_package_group").and_then(|node| self.parsed::<ModelPackageGroup>(node, "model_package_group"));
        let listed = root.member("list-model-packages").map(|node| self.list(node));
        let described = root.member("describe-model-package").map(|node| self.descriptions(node)).unwrap_or_default();
        if listed.is_none() && root.member("describe-model-package").is_none() {
            self.problem("no-list", root, "the registry snapshot has no `list-model-packages`", CLI_HINT);
        }
        joined(group, listed, described)
    }

    fn list(&mut self, node: Node<'a>) -> Vec<(ModelPackage, Node<'a>)> {
        self.next_token = node.member("NextToken").and_then(|node| self.text(node, "NextToken"));
        match node.member("ModelPackageSummaryList").and_then(Node::items) {
            Some(items) => {
                let packages = self.packages(items, Detail::Listed);
                let is_oldest_first = packages.windows(2).any(|pair| pair[0].0.created < pair[1].0.created);
                if self.next_token.is_some() && is_oldest_first {
                    let message = "the list is incomplete and not sorted newest first, so the newest model packages can be missing";
                    self.problem("cut-off-list", node, message, "list all model packages, without `--max-items` and `--max-results`");
                }
                packages
            }
            None => {
                self.problem("no-list", node, "the list `ModelPackageSummaryList` is missing", CLI_HINT);
                Vec::new()
            }
        }
    }

    /// One description, or a list of them.
    fn descriptions(&mut self, node: Node<'a>) -> Vec<ModelPackage> {
        let items = match node.kind() {
            Kind::Object => vec![node],
            _ => node.items().unwrap_or_else(|| {
                let message = format!("`describe-model-package` is {}, not a list of descriptions", node.kind());
                self.problem("not-a-list", node, message, CLI_HINT);
                Vec::new()
            }),
        };
        self.packages(items, Detail::Described).into_iter().map(|(package, _)| package).collect()
    }

    /// Reads packages and reports duplicates.
    fn packages(&mut self, items: Vec<Node<'a>>, detail: Detail) -> Vec<(ModelPackage, Node<'a>)> {
        let mut seen: BTreeMap<String, Node<'a>> = BTreeMap::new();
        let mut packages = Vec::with_capacity(items.len());
        for item in items {
            let Some(package) = self.package(item, detail) else { continue };
            if let Some(first) = seen.insert(package.arn.to_string().to_lowercase(), item) {
                let message = format!("`{}` is there twice; first at {}", package.arn, self.document.place(first));
                self.problem("duplicate-package", item, message, "keep one of the two");
                continue;
            }
            packages.push((package, item));
        }
        packages
    }

    /// Reads the members that list and describe share, and those that only describe has. Others are
    /// ignored: AWS adds fields at any time.
    fn package(&mut self, node: Node<'a>, detail: Detail) -> Option<ModelPackage> {
        if node.kind() != Kind::Object {
            self.problem("not-a-package", node, format!("this is {}, not a model package", node.kind()), CLI_HINT);
            return None;
        }
        let arn = self.required(node, "ModelPackageArn").and_then(|node| self.parsed::<ModelPackageArn>(node, "ModelPackageArn"));
        let created = self.required(node, "CreationTime").and_then(|node| self.time(node, "CreationTime"));
        let last_modified = node.member("LastModifiedTime").and_then(|node| self.time(node, "LastModifiedTime"));
        let status = self.required(node, "ModelPackageStatus").and_then(|node| self.text(node, "ModelPackageStatus"));
        let mut text = |name: &str| node.member(name).and_then(|node| self.text(node, name));
        let (approval, registration) = (text("ModelApprovalStatus"), text("ModelPackageRegistrationType"));
        let (description, approval_description) = (text("ModelPackageDescription"), text("ApprovalDescription"));
        let sample_payloads = text("SamplePayloadUrl");
        let specification = node.member("InferenceSpecification");
        let life_cycle = node.member("ModelLifeCycle").and_then(|node| self.life_cycle(node));
        let metrics = node.member("ModelMetrics").map(|node| self.metrics(node)).unwrap_or_default();
        let metadata = node.member("CustomerMetadataProperties").map(|node| self.metadata(node)).unwrap_or_default();
        let containers = specification.and_then(|node| node.member("Containers")?.items()).unwrap_or_default();
        let types = |name: &str| {
            let items = specification.and_then(|node| node.member(name)?.items()).unwrap_or_default();
            items.into_iter().filter_map(Node::text).collect::<Vec<_>>()
        };
        let mut package = ModelPackage::new(arn?, created?);
        package.status = status?.as_str().into();
        // A package without an approval status was registered without requesting approval: it is
        // not approved.
        package.approval_status = approval.as_deref().unwrap_or("PendingManualApproval").into();
        package.registration = registration.as_deref().unwrap_or("Registered").into();
        package.description = description;
        package.approval_description = approval_description;
        package.created_by = node.member("CreatedBy").map(person);
        package.last_modified_by = node.member("LastModifiedBy").map(person);
        package.last_modified = last_modified;
        package.model_card_status = node.member("ModelCard").and_then(|card| card.member("ModelCardStatus")?.text());
        package.images = containers.iter().filter_map(|container| container.member("Image")?.text()).collect();
        package.model_data = containers.iter().filter_map(|container| model_data(*container)).collect();
        package.containers = containers.iter().map(|container| containers::read(*container)).collect();
        package.content_types = types("SupportedContentTypes");
        package.response_types = types("SupportedResponseMIMETypes");
        package.realtime_instance_types = types("SupportedRealtimeInferenceInstanceTypes");
        package.sample_payloads = sample_payloads;
        package.life_cycle = life_cycle;
        package.metrics = metrics;
        package.metadata = metadata;
        package.detail = detail;
        Some(package)
    }

    fn life_cycle(&mut self, node: Node<'a>) -> Option<LifeCycle> {
        let stage = self.required(node, "Stage").and_then(|node| self.text(node, "Stage"));
        let status = self.required(node, "StageStatus").and_then(|node| self.text(node, "StageStatus"));
        let description = node.member("StageDescription").and_then(|node| self.text(node, "StageDescription"));
        Some(LifeCycle { stage: stage?, status: status?, description })
    }

    fn metrics(&mut self, node: Node<'a>) -> Vec<MetricDocument> {
        let mut metrics = Vec::new();
        for source in MetricSource::ALL.iter().copied() {
            let (group, member) = source.members();
            let Some(document) = node.member(group).and_then(|group| group.member(member)) else { continue };
            let uri = self.required(document, "S3Uri").and_then(|node| self.text(node, "S3Uri"));
            let content_type = document.member("ContentType").and_then(Node::text).unwrap_or_default();
            let digest = document.member("ContentDigest").and_then(Node::text);
            if let Some(uri) = uri {
                metrics.push(MetricDocument { source, uri, content_type, digest });
            }
        }
        metrics
    }

    fn metadata(&mut self, node: Node<'a>) -> BTreeMap<String, String> {
        let Some(members) = node.members() else {
            self.problem("not-an-object", node, format!("`CustomerMetadataProperties` is {}, not an object", node.kind()), CLI_HINT);
            return BTreeMap::new();
        };
        members.into_iter().filter_map(|member| Some((member.name.clone(), self.text(member.value, &member.name)?))).collect()
    }

    /// The CLI prints ISO 8601 with an offset, or seconds since 1970 with `cli_timestamp_format =
    /// wire`.
    fn time(&mut self, node: Node<'a>, name: &str) -> Option<Timestamp> {
        let time = match node.kind() {
            Kind::String => node.text().and_then(|text| text.parse().ok()),
            Kind::Number => node.number().and_then(|seconds| {
                #[expect(clippy::cast_possible_truncation, reason = "a time outside of the range is refused by `from_millisecond`")]
                Timestamp::from_millisecond((seconds * 1000.0).round() as i64).ok()
            }),
            _ => None,
        };
        if time.is_none() {
            let hint = "write it as in 2026-01-01T00:00:00Z or as seconds since 1970";
            self.problem("not-a-time", node, format!("`{name}` is {}, not a time", node.source()), hint);
        }
        time
    }

    fn required(&mut self, object: Node<'a>, name: &str) -> Option<Node<'a>> {
        let found = object.member(name);
        if found.is_none() {
            self.problem("missing-key", object, format!("`{name}` is missing"), CLI_HINT);
        }
        found
    }

    fn parsed<T: std::str::FromStr<Err: std::fmt::Display>>(&mut self, node: Node<'a>, name: &str) -> Option<T> {
        let text = self.text(node, name)?;
        text.parse().map_err(|error: T::Err| self.problem("not-a-name", node, error.to_string(), CLI_HINT)).ok()
    }

    fn text(&mut self, node: Node<'a>, name: &str) -> Option<String> {
        let text = node.text();
        if text.is_none() {
            self.problem("not-text", node, format!("`{name}` is {}, not a string", node.kind()), CLI_HINT);
        }
        text
    }

    fn problem(&mut self, code: &'static str, at: Node<'_>, message: impl Into<String>, hint: impl Into<String>) {
        let place = self.document.place(at);
        self.problems.push(Problem::new(code, message).with_hint(hint).at(place));
    }
}

/// Each listed package with its description if there is one, and the described ones that are not
/// listed.
fn joined(group: Option<ModelPackageGroup>, listed: Option<Vec<(ModelPackage, Node<'_>)>>, described: Vec<ModelPackage>) -> Snapshot {
    let Some(listed) = listed else { return Snapshot::sorted(group, described, Vec::new()) };
    let mut described: BTreeMap<String, ModelPackage> =
        described.into_iter().map(|package| (package.arn.to_string().to_lowercase(), package)).collect();
    let listed =
        listed.into_iter().map(|(package, _)| described.remove(&package.arn.to_string().to_lowercase()).unwrap_or(package)).collect();
    Snapshot::sorted(group, listed, described.into_values().collect())
}

fn person(node: Node<'_>) -> Person {
    let text = |node: Option<Node<'_>>, name: &str| node.and_then(|node| node.member(name)?.text());
    let identity = node.member("IamIdentity");
    Person {
        iam_arn: text(identity, "Arn"),
        source_identity: text(identity, "SourceIdentity"),
        user_profile_arn: text(Some(node), "UserProfileArn"),
        user_profile_name: text(Some(node), "UserProfileName"),
    }
}

fn model_data(container: Node<'_>) -> Option<String> {
    let source = || container.member("ModelDataSource")?.member("S3DataSource")?.member("S3Uri");
    container.member("ModelDataUrl").or_else(source)?.text()
}
