//! Reads EventBridge's event and reports the place of every mistake.
//!
//! Unknown fields are ignored: AWS adds fields at any time.

use std::collections::BTreeSet;

use located_json::{Document, Kind, Node};

use super::StateChange;
use crate::group::ModelPackageGroup;
use crate::package::ApprovalStatus;
use crate::problem::{Problem, Problems, read_json};
use aws_names::ModelPackageArn;

const SOURCE: &str = "aws.sagemaker";
const DETAIL_TYPE: &str = "SageMaker Model Package State Change";
const RULE_HINT: &str = r#"the rule must match { "source": ["aws.sagemaker"], "detail-type": ["SageMaker Model Package State Change"] } and pass the whole event on"#;

pub(super) fn read(text: &str, group: &ModelPackageGroup) -> Result<StateChange, Problems> {
    let document = read_json(text, "the event")?;
    let mut reader = Reader { document, problems: Vec::new() };
    let change = reader.event(group);
    match change {
        Some(change) if reader.problems.is_empty() => Ok(change),
        _ => Err(Problems(reader.problems)),
    }
}

struct Reader<'a> {
    document: Document<'a>,
    problems: Vec<Problem>,
}

impl<'a> Reader<'a> {
    fn event(&mut self, group: &ModelPackageGroup) -> Option<StateChange> {
        let root = self.document.root();
        if root.kind() != Kind::Object {
            self.problem("not-an-event", root, format!("the event is {}, not an object", root.kind()), RULE_HINT);
            return None;
        }
        self.no_duplicates(root);
        self.must_be(root, "source", SOURCE);
        self.must_be(root, "detail-type", DETAIL_TYPE);
        let Some(detail) = root.member("detail").filter(|detail| detail.kind() == Kind::Object) else {
            let at = root.member("detail").unwrap_or(root);
            self.problem("no-detail", at, "the event has no `detail`", RULE_HINT);
            return None;
        };
        self.no_duplicates(detail);
        if let Some(life_cycle) = detail.member("ModelLifeCycle") {
            self.no_duplicates(life_cycle);
        }
        let package = self.package(root, detail);
        if let Some((package, at)) = &package {
            self.same_group(package, *at, detail, root, group);
        }
        let approval_status = self.approval(detail, "ModelApprovalStatus");
        let previous =
            ["previousModelApprovalStatus", "PreviousModelApprovalStatus"].into_iter().find(|name| detail.member(name).is_some());
        let previous_approval_status = previous.and_then(|name| self.approval(detail, name));
        let status = detail.member("ModelPackageStatus").and_then(|node| self.text(node, "ModelPackageStatus"));
        let updated_fields = detail.member("UpdatedModelPackageFields").map(|node| self.fields(node)).unwrap_or_default();
        let life_cycle_stage = detail.member("ModelLifeCycle").and_then(|node| node.member("Stage")?.text());
        let (package, _) = package?;
        Some(StateChange {
            id: root.member("id").and_then(Node::text),
            time: root.member("time").and_then(|node| node.text()?.parse().ok()),
            package,
            // A package without an approval status was registered without requesting approval: it
            // is not approved.
            approval_status: approval_status.unwrap_or(ApprovalStatus::PendingManualApproval),
            previous_approval_status,
            status: status.map(|status| status.as_str().into()),
            updated_fields,
            life_cycle_stage,
        })
    }

    /// EventBridge names each field once. A second one could be what another reader of the event uses.
    fn no_duplicates(&mut self, object: Node<'a>) {
        let mut names = BTreeSet::new();
        for member in object.members().unwrap_or_default() {
            if !names.insert(member.name.clone()) {
                let message = format!("the event has `{}` twice", member.name.chars().take(100).collect::<String>());
                self.problem("duplicate-key", member.key, message, "pass the whole event on, as EventBridge sends it");
            }
        }
    }

    fn must_be(&mut self, root: Node<'a>, name: &str, expected: &str) {
        match root.member(name) {
            None => self.problem("wrong-event", root, format!("the event has no `{name}`"), RULE_HINT),
            Some(node) if node.text().as_deref() != Some(expected) => {
                self.problem("wrong-event", node, format!("the event's `{name}` is {}, not \"{expected}\"", node.source()), RULE_HINT);
            }
            Some(_) => {}
        }
    }

    fn package(&mut self, root: Node<'a>, detail: Node<'a>) -> Option<(ModelPackageArn, Node<'a>)> {
        let listed = || root.member("resources")?.items()?.into_iter().next();
        let Some(node) = detail.member("ModelPackageArn").or_else(listed) else {
            self.problem(
                "no-package",
                detail,
                "the event does not name a model package",
                "pass the whole event on: `detail.ModelPackageArn` names it",
            );
            return None;
        };
        let text = self.text(node, "ModelPackageArn")?;
        match text.parse() {
            Ok(arn) => Some((arn, node)),
            Err(error) => {
                self.problem("not-an-arn", node, format!("{error}"), "pass the whole event on, as EventBridge sends it");
                None
            }
        }
    }

    /// The ARN, the detail, and the event's own account and region must all be those of the group.
    fn same_group(&mut self, package: &ModelPackageArn, at: Node<'a>, detail: Node<'a>, root: Node<'a>, group: &ModelPackageGroup) {
        let hint = "run the pipeline of that group, or make the rule match `detail.ModelPackageGroupName`";
        let same = package.version().is_some() && package.name().eq_ignore_ascii_case(group.name().as_str());
        if !same || group.account().is_some_and(|account| account != package.account()) {
            self.problem("other-group", at, format!("the event is about `{package}`, which does not belong to group `{group}`"), hint);
        }
        if let Some(node) = detail.member("ModelPackageGroupName") {
            let named = node.text().unwrap_or_default();
            if !named.eq_ignore_ascii_case(package.name()) {
                self.problem(
                    "contradiction",
                    node,
                    format!("`ModelPackageGroupName` is `{named}`, but the ARN belongs to `{}`", package.name()),
                    RULE_HINT,
                );
            }
        }
        if let Some(node) = detail.member("ModelPackageVersion") {
            let version = node.source().trim_matches('"').parse().ok();
            if version != package.version() {
                let message = format!("`ModelPackageVersion` is {}, but the ARN is `{package}`", node.source());
                self.problem("contradiction", node, message, RULE_HINT);
            }
        }
        for (name, value) in [("account", package.account().as_str()), ("region", package.region().as_str())] {
            if let Some(node) = root.member(name).filter(|node| node.text().as_deref() != Some(value)) {
                self.problem(
                    "contradiction",
                    node,
                    format!("the event's `{name}` is {}, but the ARN is `{package}`", node.source()),
                    RULE_HINT,
                );
            }
        }
    }

    fn approval(&mut self, detail: Node<'a>, name: &str) -> Option<ApprovalStatus> {
        let node = detail.member(name)?;
        let text = self.text(node, name)?;
        let status = ApprovalStatus::from(text.as_str());
        if let ApprovalStatus::Other(word) = &status {
            let message = format!("`{name}` is `{word}`, which is not an approval status");
            self.problem("unknown-approval", node, message, "the statuses are Approved, Rejected and PendingManualApproval");
            return None;
        }
        Some(status)
    }

    fn fields(&mut self, node: Node<'a>) -> Vec<String> {
        match node.items() {
            Some(items) => items.into_iter().filter_map(|item| self.text(item, "UpdatedModelPackageFields")).collect(),
            None => {
                self.problem("not-a-list", node, format!("`UpdatedModelPackageFields` is {}, not a list", node.kind()), RULE_HINT);
                Vec::new()
            }
        }
    }

    fn text(&mut self, node: Node<'a>, name: &str) -> Option<String> {
        let text = node.text();
        if text.is_none() {
            self.problem("not-text", node, format!("`{name}` is {}, not a string", node.kind()), RULE_HINT);
        }
        text
    }

    fn problem(&mut self, code: &'static str, at: Node<'_>, message: impl Into<String>, hint: &str) {
        let place = self.document.place(at);
        self.problems.push(Problem::new(code, message).with_hint(hint).at(place));
    }
}
