//! A group's resource policy: own statements are merged in by their ids, everything else stays.

use aws_names::{AccountId, Arn};
use serde_json::{Map, Value as Json, json};

use super::Sharing;
use crate::group::ModelPackageGroup;

/// The statement on the group, with the id from AWS's example.
const GROUP_STATEMENT: &str = "ModelPackageGroupPerm";
/// The statement on the group's packages, with the id from AWS's example.
const PACKAGES_STATEMENT: &str = "ModelVersionPerm";
/// A policy has at most this many characters (SageMaker API, PutModelPackageGroupPolicy).
const MAX_CHARACTERS: usize = 20_480;

/// The change that a policy needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PolicyChange {
    /// It needs no change.
    Unchanged,
    /// This text must be written.
    Write(String),
    /// It must be deleted: nothing would be left in it.
    Delete,
}

/// A policy that cannot be merged or written.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// The existing text is not a policy; it is not overwritten.
    #[error("the resource policy of group `{group}` is not a policy document: {reason}")]
    NotAPolicy {
        /// The group.
        group: String,
        /// What is wrong with it.
        reason: String,
    },
    /// It is too long for SageMaker.
    #[error("the resource policy of group `{group}` would have {characters} characters; SageMaker allows {MAX_CHARACTERS}")]
    TooLong {
        /// The group.
        group: String,
        /// Its length.
        characters: usize,
    },
    /// The group's ARN, which its policy needs, is not known.
    #[error("the ARN of group `{group}` is not known")]
    NoArn {
        /// The group.
        group: String,
    },
}

/// Merges own statements into a policy, by their ids. Other statements keep their place and their
/// text, principals that are no longer requested are removed, and no statement is duplicated.
pub fn merge_policy(present: Option<&str>, sharing: &Sharing) -> Result<PolicyChange, PolicyError> {
    let group = &sharing.group;
    let mut document = read(present, group)?;
    let own = own_statements(sharing)?;
    let statements = statements(&mut document, group)?;

    let mut changed = false;
    let mut missing: Vec<&(&str, Json)> = own.iter().collect();
    statements.retain_mut(|statement| {
        let Some(id) = statement.get("Sid").and_then(Json::as_str).filter(|id| [GROUP_STATEMENT, PACKAGES_STATEMENT].contains(id)) else {
            return true;
        };
        match missing.iter().position(|(own_id, _)| *own_id == id) {
            Some(index) => {
                let (_, want) = missing.remove(index);
                if !same(statement, want) {
                    *statement = want.clone();
                    changed = true;
                }
                true
            }
            // No longer requested, or a duplicate.
            None => {
                changed = true;
                false
            }
        }
    });
    changed |= !missing.is_empty();
    statements.extend(missing.into_iter().map(|(_, statement)| statement.clone()));

    if !changed {
        return Ok(PolicyChange::Unchanged);
    }
    if statements.is_empty() {
        return Ok(PolicyChange::Delete);
    }
    let text = document.to_string();
    if text.chars().count() <= MAX_CHARACTERS {
        return Ok(PolicyChange::Write(text));
    }
    // An account's id means the same as the ARN of its root, and is shorter.
    let text = with_ids(document).to_string();
    let characters = text.chars().count();
    if characters > MAX_CHARACTERS {
        return Err(PolicyError::TooLong { group: group.to_string(), characters });
    }
    Ok(PolicyChange::Write(text))
}

/// The policy with account ids instead of the ARNs of roots, in own statements.
fn with_ids(mut document: Json) -> Json {
    for statement in document["Statement"].as_array_mut().into_iter().flatten() {
        let own = statement["Sid"].as_str().is_some_and(|id| [GROUP_STATEMENT, PACKAGES_STATEMENT].contains(&id));
        for member in statement["Principal"]["AWS"].as_array_mut().into_iter().flatten().filter(|_| own) {
            *member = json!(principal(member.as_str().unwrap_or_default()));
        }
    }
    document
}

fn read(present: Option<&str>, group: &ModelPackageGroup) -> Result<Json, PolicyError> {
    let Some(text) = present.filter(|text| !text.trim().is_empty()) else {
        return Ok(json!({ "Version": "2012-10-17", "Statement": [] }));
    };
    match serde_json::from_str(text) {
        Ok(document @ Json::Object(_)) => Ok(document),
        Ok(_) => Err(not_a_policy(group, "it is not a JSON object")),
        Err(error) => Err(not_a_policy(group, &error.to_string())),
    }
}

/// IAM allows a single statement without a list.
fn statements<'a>(document: &'a mut Json, group: &ModelPackageGroup) -> Result<&'a mut Vec<Json>, PolicyError> {
    let statement = document
        .as_object_mut()
        .map(|document| document.entry("Statement").or_insert_with(|| json!([])))
        .ok_or_else(|| not_a_policy(group, "it is not a JSON object"))?;
    if statement.is_object() {
        *statement = Json::Array(vec![statement.take()]);
    }
    statement.as_array_mut().ok_or_else(|| not_a_policy(group, "its `Statement` is not a list"))
}

fn own_statements(sharing: &Sharing) -> Result<Vec<(&'static str, Json)>, PolicyError> {
    if sharing.accounts.is_empty() {
        return Ok(Vec::new());
    }
    let name = sharing.group.name();
    let Some((partition, region, owner)) = sharing.group.owner() else { return Err(PolicyError::NoArn { group: name.to_string() }) };
    let principals: Vec<_> = sharing
        .accounts
        .iter()
        .flat_map(|account| {
            let roles = sharing.roles.iter().map(|role| format!("role/{role}"));
            let root = sharing.roles.is_empty().then(|| "root".to_owned());
            roles.chain(root).map(move |identity| format!("arn:{partition}:iam::{account}:{identity}"))
        })
        .collect();
    let statement = |id: &str, actions: &[&str], resources: Vec<String>| {
        let resource = if let [only] = &resources[..] { json!(only) } else { json!(resources) };
        let mut statement =
            json!({ "Sid": id, "Effect": "Allow", "Principal": { "AWS": principals }, "Action": actions, "Resource": resource });
        if let Some(organization) = &sharing.organization {
            statement["Condition"] = json!({ "StringEquals": { "aws:PrincipalOrgID": organization.as_str() } });
        }
        statement
    };
    // SageMaker writes names into ARNs as they are or in lower case, and policies are case-sensitive.
    let mut names = vec![name.to_string(), name.to_string().to_lowercase()];
    names.dedup();
    let arns = |kind: &str, suffix: &str| {
        names.iter().map(|name| format!("arn:{partition}:sagemaker:{region}:{owner}:{kind}/{name}{suffix}")).collect::<Vec<_>>()
    };
    Ok(vec![
        (GROUP_STATEMENT, statement(GROUP_STATEMENT, &["sagemaker:DescribeModelPackageGroup"], arns("model-package-group", ""))),
        (
            PACKAGES_STATEMENT,
            statement(
                PACKAGES_STATEMENT,
                &["sagemaker:DescribeModelPackage", "sagemaker:ListModelPackages", "sagemaker:CreateModel"],
                arns("model-package", "/*"),
            ),
        ),
    ])
}

/// Whether two statements mean the same: AWS returns a list of one as a string and may reorder
/// lists, and an account's id means its root.
fn same(left: &Json, right: &Json) -> bool {
    normal(left) == normal(right)
}

fn normal(statement: &Json) -> Json {
    let Json::Object(members) = statement else { return statement.clone() };
    let mut normal = Map::new();
    for (name, value) in members {
        let value = match (name.as_str(), value) {
            ("Principal", Json::Object(principals)) => {
                Json::Object(principals.iter().map(|(kind, members)| (kind.clone(), set(members, principal))).collect())
            }
            ("Action" | "Resource", value) => set(value, str::to_owned),
            ("Condition", value) => condition(value),
            (_, value) => value.clone(),
        };
        normal.insert(name.clone(), value);
    }
    Json::Object(normal)
}

/// IAM accepts a condition's value with or without a list, and its key in any case.
fn condition(value: &Json) -> Json {
    let Json::Object(operators) = value else { return value.clone() };
    let each = |keys: &Json| match keys {
        Json::Object(keys) => keys.iter().map(|(key, value)| (key.to_lowercase(), set(value, str::to_owned))).collect(),
        other => other.clone(),
    };
    Json::Object(operators.iter().map(|(operator, keys)| (operator.clone(), each(keys))).collect())
}

fn set(value: &Json, each: impl Fn(&str) -> String) -> Json {
    let one = std::slice::from_ref(value);
    let members = value.as_array().map_or(one, Vec::as_slice);
    let mut texts: Vec<String> = members.iter().map(|member| member.as_str().map_or_else(|| member.to_string(), &each)).collect();
    texts.sort_unstable();
    json!(texts)
}

fn principal(text: &str) -> String {
    // An account's id and the ARN of its root are the same principal.
    let root = text.parse::<Arn>().ok().filter(|arn| arn.resource() == "root");
    root.as_ref().and_then(Arn::account).map_or_else(|| text.to_owned(), AccountId::to_string)
}

fn not_a_policy(group: &ModelPackageGroup, reason: &str) -> PolicyError {
    PolicyError::NotAPolicy { group: group.name().to_string(), reason: reason.to_owned() }
}
