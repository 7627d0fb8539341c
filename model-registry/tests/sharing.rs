//! Merging policies: other statements stay, and a second run changes nothing.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use model_registry::sharing::{
    GroupStore, Mode, NewGroup, OrganizationId, PolicyChange, PolicyError, RoleName, Sharing, SharingError, merge_policy, share,
};
use model_registry::{AccountId, GroupName, ModelPackageGroup, RegistryError, RegistryErrorKind};
use proptest::prelude::*;
use serde_json::{Value as Json, json};

const GROUP: &str = "arn:aws-us-gov:sagemaker:us-gov-west-1:111111111111:model-package-group/my-model-package-group";

fn sharing(accounts: &[&str]) -> Sharing {
    Sharing {
        group: GROUP.parse().unwrap(),
        accounts: accounts.iter().map(|account| account.parse().unwrap()).collect(),
        roles: BTreeSet::new(),
        organization: None,
    }
}

fn written(change: PolicyChange) -> Json {
    let PolicyChange::Write(text) = change else { panic!("{change:?}") };
    serde_json::from_str(&text).unwrap()
}

#[test]
fn a_new_policy_allows_reading_and_creating_models_only() {
    let policy = written(merge_policy(None, &sharing(&["333333333333", "222222222222"])).unwrap());
    let principal = json!({ "AWS": ["arn:aws-us-gov:iam::222222222222:root", "arn:aws-us-gov:iam::333333333333:root"] });
    let group = json!({
        "Sid": "ModelPackageGroupPerm", "Effect": "Allow", "Principal": principal,
        "Action": ["sagemaker:DescribeModelPackageGroup"], "Resource": GROUP,
    });
    let packages = json!({
        "Sid": "ModelVersionPerm", "Effect": "Allow", "Principal": principal,
        "Action": ["sagemaker:DescribeModelPackage", "sagemaker:ListModelPackages", "sagemaker:CreateModel"],
        // Only the resource type changes, even if the group's name contains it.
        "Resource": "arn:aws-us-gov:sagemaker:us-gov-west-1:111111111111:model-package/my-model-package-group/*",
    });
    assert_eq!(policy, json!({ "Version": "2012-10-17", "Statement": [group, packages] }));
}

#[test]
fn a_group_with_capital_letters_is_named_in_both_spellings_of_sagemakers_arns() {
    let group = "arn:aws:sagemaker:us-east-1:111111111111:model-package-group/Iris-P".parse().unwrap();
    let policy = written(merge_policy(None, &Sharing { group, ..sharing(&["222222222222"]) }).unwrap());
    let both = |kind: &str, suffix: &str| {
        ["Iris-P", "iris-p"].map(|name| format!("arn:aws:sagemaker:us-east-1:111111111111:{kind}/{name}{suffix}"))
    };
    assert_eq!(policy["Statement"][0]["Resource"], json!(both("model-package-group", "")));
    assert_eq!(policy["Statement"][1]["Resource"], json!(both("model-package", "/*")));
}

#[test]
fn a_policy_that_aws_returns_in_another_form_is_unchanged() {
    let mut policy = written(merge_policy(None, &sharing(&["222222222222"])).unwrap());
    policy["Statement"][0]["Principal"]["AWS"] = json!("222222222222");
    policy["Statement"][0]["Action"] = json!("sagemaker:DescribeModelPackageGroup");
    policy["Statement"][1]["Action"].as_array_mut().unwrap().reverse();
    assert_eq!(merge_policy(Some(&policy.to_string()), &sharing(&["222222222222"])).unwrap(), PolicyChange::Unchanged);
}

#[test]
fn roles_replace_accounts_and_an_organization_is_a_condition() {
    let mut sharing = sharing(&["222222222222", "333333333333"]);
    sharing.roles = ["service-role/ModelExecution", "StackSetExecution"].map(|role| role.parse().unwrap()).into();
    sharing.organization = Some("o-a1b2c3d4e5".parse().unwrap());
    let policy = written(merge_policy(None, &sharing).unwrap());
    let role = |account: &str, name: &str| format!("arn:aws-us-gov:iam::{account}:role/{name}");
    let principals: Vec<_> = ["222222222222", "333333333333"]
        .iter()
        .flat_map(|account| [role(account, "StackSetExecution"), role(account, "service-role/ModelExecution")])
        .collect();
    for statement in policy["Statement"].as_array().unwrap() {
        assert_eq!(statement["Principal"]["AWS"], json!(principals));
        assert_eq!(statement["Condition"], json!({ "StringEquals": { "aws:PrincipalOrgID": "o-a1b2c3d4e5" } }));
    }
    // In IAM's other spellings it is unchanged; without the condition it differs.
    let mut back = policy.clone();
    back["Statement"][0]["Condition"] = json!({ "StringEquals": { "aws:principalorgid": ["o-a1b2c3d4e5"] } });
    assert_eq!(merge_policy(Some(&back.to_string()), &sharing).unwrap(), PolicyChange::Unchanged);
    back["Statement"][1].as_object_mut().unwrap().remove("Condition");
    assert!(matches!(merge_policy(Some(&back.to_string()), &sharing).unwrap(), PolicyChange::Write(_)));
    // Back to whole accounts: the roles are removed.
    sharing.roles.clear();
    let policy = written(merge_policy(Some(&policy.to_string()), &sharing).unwrap());
    assert_eq!(policy["Statement"][0]["Principal"]["AWS"][0], "arn:aws-us-gov:iam::222222222222:root");
}

#[test]
fn names_of_roles_and_organizations_are_validated() {
    for text in ["", "a b", "role/", "a//b", &"r".repeat(65), "arn:aws:iam::222222222222:role/x"] {
        assert!(text.parse::<RoleName>().is_err(), "{text}");
    }
    assert_eq!("/service-role/X".parse::<RoleName>().unwrap().as_str(), "service-role/X");
    for text in ["", "o-short", "o-A1B2C3D4E5", "r-a1b2c3d4e5", "a1b2c3d4e5", &format!("o-{}", "a".repeat(33))] {
        assert!(text.parse::<OrganizationId>().is_err(), "{text}");
    }
}

/// A group whose policy another caller changes at each write, this many times.
struct Contested {
    policy: Mutex<Option<String>>,
    conflicts: AtomicU32,
    reads: AtomicU32,
}

impl Contested {
    fn new(conflicts: u32) -> Self {
        Self { policy: Mutex::new(None), conflicts: conflicts.into(), reads: 0.into() }
    }
}

impl GroupStore for Contested {
    async fn describe_group(&self, _: &GroupName) -> Result<Option<ModelPackageGroup>, RegistryError> {
        unreachable!("the group is known")
    }
    async fn create_group(&self, _: &NewGroup) -> Result<ModelPackageGroup, RegistryError> {
        unreachable!("the group is known")
    }
    async fn policy(&self, _: &GroupName) -> Result<Option<String>, RegistryError> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        Ok(self.policy.lock().unwrap().clone())
    }
    async fn put_policy(&self, _: &GroupName, policy: &str) -> Result<(), RegistryError> {
        let left = self.conflicts.load(Ordering::Relaxed);
        if left > 0 {
            self.conflicts.store(left - 1, Ordering::Relaxed);
            let theirs = json!({ "Statement": [{ "Sid": format!("Theirs{left}"), "Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*" }] });
            *self.policy.lock().unwrap() = Some(theirs.to_string());
            return Err(RegistryError::new("put", RegistryErrorKind::Conflict, "another caller changed it"));
        }
        *self.policy.lock().unwrap() = Some(policy.to_owned());
        Ok(())
    }
    async fn delete_policy(&self, _: &GroupName) -> Result<(), RegistryError> {
        unreachable!("the group is still shared")
    }
}

#[test]
fn after_a_conflict_the_policy_is_read_and_merged_again() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let store = Contested::new(2);
    let change = runtime.block_on(share(&store, &sharing(&["222222222222"]), Mode::Apply)).unwrap();
    let PolicyChange::Write(policy) = change else { panic!("{change:?}") };
    assert!(policy.contains("Theirs1") && policy.contains("222222222222"), "{policy}");
    assert_eq!(store.reads.load(Ordering::Relaxed), 3);

    let store = Contested::new(u32::MAX);
    let error = runtime.block_on(share(&store, &sharing(&["222222222222"]), Mode::Apply)).unwrap_err();
    assert!(matches!(error, SharingError::Registry(error) if error.kind == RegistryErrorKind::Conflict));
    assert_eq!(store.reads.load(Ordering::Relaxed), 5);
}

#[test]
fn a_document_that_is_not_a_policy_is_never_overwritten() {
    for text in ["{", "[]", "\"text\"", r#"{"Statement": "all"}"#] {
        assert!(matches!(merge_policy(Some(text), &sharing(&["222222222222"])), Err(PolicyError::NotAPolicy { .. })), "{text}");
    }
}

#[test]
fn a_policy_without_remaining_statements_is_deleted() {
    let policy = written(merge_policy(None, &sharing(&["222222222222"])).unwrap()).to_string();
    assert_eq!(merge_policy(Some(&policy), &sharing(&[])).unwrap(), PolicyChange::Delete);
    assert_eq!(merge_policy(None, &sharing(&[])).unwrap(), PolicyChange::Unchanged);
}

#[test]
fn accounts_that_do_not_fit_as_arns_are_written_as_ids_and_a_second_run_changes_nothing() {
    let accounts: Vec<String> = (0..400u64).map(|number| format!("{:012}", 222_222_222_222 + number)).collect();
    let accounts: Vec<&str> = accounts.iter().map(String::as_str).collect();
    let theirs = json!({ "Statement": [{ "Sid": "Theirs", "Effect": "Allow", "Principal": { "AWS": "arn:aws:iam::999999999999:root" }, "Action": "*", "Resource": "*" }] });
    let PolicyChange::Write(text) = merge_policy(Some(&theirs.to_string()), &sharing(&accounts)).unwrap() else { panic!("not written") };
    assert!(text.len() <= 20_480, "{}", text.len());
    let policy: Json = serde_json::from_str(&text).unwrap();
    assert_eq!(policy["Statement"][0], theirs["Statement"][0]);
    assert_eq!(policy["Statement"][1]["Principal"]["AWS"][0], "222222222222");
    assert_eq!(merge_policy(Some(&text), &sharing(&accounts)).unwrap(), PolicyChange::Unchanged);
}

#[test]
fn a_policy_longer_than_sagemakers_limit_is_rejected() {
    let accounts: Vec<String> = (0..800u64).map(|number| format!("{:012}", 222_222_222_222 + number)).collect();
    let accounts: Vec<&str> = accounts.iter().map(String::as_str).collect();
    assert!(matches!(merge_policy(None, &sharing(&accounts)), Err(PolicyError::TooLong { characters, .. }) if characters > 20_480));
}

fn accounts() -> impl Strategy<Value = BTreeSet<AccountId>> {
    proptest::collection::btree_set("[23]{12}".prop_map(|text| text.parse().unwrap()), 0..5)
}

fn foreign() -> impl Strategy<Value = Json> {
    let id = prop_oneof![Just(None), "[A-Z][a-z]{3}".prop_map(Some)];
    (id, "[0-9]{12}").prop_map(|(id, account)| {
        let mut statement = json!({ "Effect": "Allow", "Principal": { "AWS": account }, "Action": "sagemaker:*", "Resource": "*" });
        if let Some(id) = id {
            statement["Sid"] = json!(id);
        }
        statement
    })
}

fn statements(policy: Option<&str>) -> Vec<Json> {
    let document = policy.map(|text| serde_json::from_str::<Json>(text).unwrap());
    document.and_then(|document| document["Statement"].as_array().cloned()).unwrap_or_default()
}

fn own(statement: &Json) -> bool {
    ["ModelPackageGroupPerm", "ModelVersionPerm"].contains(&statement["Sid"].as_str().unwrap_or_default())
}

proptest! {
    #[test]
    fn other_statements_stay_and_a_second_run_changes_nothing(
        first in accounts(), second in accounts(), others in proptest::collection::vec(foreign(), 0..4),
    ) {
        let with = |accounts: &BTreeSet<AccountId>| Sharing { accounts: accounts.clone(), ..sharing(&[]) };
        let mut policy = (!others.is_empty()).then(|| json!({ "Version": "2012-10-17", "Id": "theirs", "Statement": others.clone() }).to_string());
        for accounts in [&first, &second] {
            match merge_policy(policy.as_deref(), &with(accounts)).unwrap() {
                PolicyChange::Write(text) => policy = Some(text),
                PolicyChange::Delete => policy = None,
                PolicyChange::Unchanged => {}
            }
            prop_assert_eq!(merge_policy(policy.as_deref(), &with(accounts)).unwrap(), PolicyChange::Unchanged);
        }
        let statements = statements(policy.as_deref());
        let remaining: Vec<_> = statements.iter().filter(|statement| !own(statement)).cloned().collect();
        prop_assert_eq!(remaining, others);
        let expected: Vec<_> = second.iter().map(|account| format!("arn:aws-us-gov:iam::{account}:root")).collect();
        for statement in statements.iter().filter(|statement| own(statement)) {
            prop_assert_eq!(&statement["Principal"]["AWS"], &json!(expected));
        }
        prop_assert_eq!(statements.iter().filter(|statement| own(statement)).count(), if second.is_empty() { 0 } else { 2 });
    }
}
