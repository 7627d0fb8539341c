//! Reads the principals that a role's trust policy allows.

use aws_names::{AccountId, Arn};
use serde_json::Value;

use super::{Check, CheckOutcome, PreflightOptions, TargetAccount};

/// Whether a trust policy allows a role: by its ARN, by its account, or by `*`.
///
/// Conditions are not evaluated: a statement with a condition may still deny the role.
pub fn trusts(policy: &str, role_arn: &str) -> bool {
    let role = role_arn.parse::<Arn>().ok();
    let account = role.as_ref().and_then(Arn::account).map_or("", AccountId::as_str);
    let root = role.as_ref().map(|role| role.with_resource("root")).unwrap_or_default();
    statements(policy).iter().any(|statement| {
        let principals = &statement["Principal"];
        texts(principals)
            .chain(texts(&principals["AWS"]))
            .any(|principal| principal == "*" || principal == account || principal == root || principal == role_arn)
    })
}

/// Checks that the administration role exists and trusts CloudFormation.
pub async fn administration_role_trust<T: TargetAccount>(account: &T, role: &str) -> Check {
    let check = |outcome, message, hint| Check::new(None, "administration-role", role, outcome, message, hint);
    let failed = |message, hint| check(CheckOutcome::Failed, Some(message), Some(hint));
    match PreflightOptions::default().retried(|| account.trust_policy(role)).await {
        Ok(Some(policy)) if trusts_service(&policy, "cloudformation") => check(CheckOutcome::Passed, None, None),
        Ok(Some(_)) => failed(
            format!("the administration role `{role}` does not trust CloudFormation"),
            "allow the principal `cloudformation.amazonaws.com` the action `sts:AssumeRole` in its trust policy",
        ),
        Ok(None) => failed(
            format!("the administration role `{role}` does not exist in this account"),
            "create it, or set the ARN of another role; service-managed permissions need none",
        ),
        Err(error) => {
            let message = format!("the administration role `{role}` could not be read");
            let hint = error.fault().map_or_else(|| "run the command again".to_owned(), |fault| fault.hint("iam:GetRole"));
            Check { detail: Some(error.to_string()), ..check(CheckOutcome::Unchecked, Some(message), Some(&hint)) }
        }
    }
}

/// Whether a trust policy allows an AWS service, in any region or partition.
pub(super) fn trusts_service(policy: &str, service: &str) -> bool {
    let is_service = |principal: String| {
        let rest = principal.strip_prefix(service).and_then(|rest| rest.strip_prefix('.'));
        principal == "*" || rest.is_some_and(|rest| rest.contains("amazonaws."))
    };
    statements(policy).iter().any(|statement| {
        let principals = &statement["Principal"];
        texts(principals).any(|principal| principal == "*") || texts(&principals["Service"]).any(is_service)
    })
}

fn statements(policy: &str) -> Vec<Value> {
    let document: Value = serde_json::from_str(policy).unwrap_or_default();
    let statements = match &document["Statement"] {
        Value::Array(statements) => statements.clone(),
        one => vec![one.clone()],
    };
    let allows = |statement: &Value| {
        statement["Effect"] == "Allow"
            && texts(&statement["Action"]).any(|action| matches!(action.as_str(), "*" | "sts:*" | "sts:AssumeRole"))
    };
    statements.into_iter().filter(allows).collect()
}

/// A string, or each string of an array.
fn texts(value: &Value) -> impl Iterator<Item = String> + use<> {
    let texts: Vec<String> = match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(items) => items.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect(),
        _ => Vec::new(),
    };
    texts.into_iter()
}

#[cfg(test)]
mod tests {
    use super::{trusts, trusts_service};

    const ADMINISTRATION: &str = "arn:aws:iam::111111111111:role/AWSCloudFormationStackSetAdministrationRole";

    fn policy(principal: &str) -> String {
        format!(r#"{{"Statement":[{{"Effect":"Allow","Principal":{principal},"Action":"sts:AssumeRole"}}]}}"#)
    }

    #[test]
    fn a_role_is_trusted_by_its_arn_its_account_or_a_wildcard() {
        for principal in [
            "\"*\"",
            r#"{"AWS":"111111111111"}"#,
            r#"{"AWS":["x","arn:aws:iam::111111111111:root"]}"#,
            &format!(r#"{{"AWS":"{ADMINISTRATION}"}}"#),
        ] {
            assert!(trusts(&policy(principal), ADMINISTRATION), "{principal}");
        }
        for principal in [r#"{"AWS":"222222222222"}"#, r#"{"Service":"cloudformation.amazonaws.com"}"#, "{}"] {
            assert!(!trusts(&policy(principal), ADMINISTRATION), "{principal}");
        }
        assert!(!trusts("not json", ADMINISTRATION));
        assert!(!trusts(&policy("\"*\"").replace("Allow", "Deny"), ADMINISTRATION));
    }

    #[test]
    fn a_service_is_trusted_by_its_principal_in_every_partition() {
        assert!(trusts_service(&policy(r#"{"Service":"cloudformation.amazonaws.com"}"#), "cloudformation"));
        assert!(trusts_service(&policy(r#"{"Service":["ec2.amazonaws.com","cloudformation.us-east-1.amazonaws.com"]}"#), "cloudformation"));
        assert!(!trusts_service(&policy(r#"{"Service":"ec2.amazonaws.com"}"#), "cloudformation"));
        assert!(trusts_service(&policy(r#"{"Service":"sagemaker.amazonaws.com.cn"}"#), "sagemaker"));
        assert!(!trusts_service(&policy(r#"{"Service":"sagemaker.example.com"}"#), "sagemaker"));
    }
}
