//! Whether a role's trust policy lets somebody in.

use serde_json::Value;

use super::{Check, CheckOutcome, TargetAccount};

/// Whether a trust policy lets a role of another account in: by the role's ARN, by its account, or by everybody.
///
/// Conditions are not evaluated: a policy with one may still refuse.
pub fn trusts(policy: &str, role_arn: &str) -> bool {
    let account = role_arn.split(':').nth(4).unwrap_or_default();
    let root = role_arn.split_once(":role/").map(|(prefix, _)| format!("{prefix}:root")).unwrap_or_default();
    statements(policy).iter().any(|statement| {
        let principals = &statement["Principal"];
        texts(principals)
            .chain(texts(&principals["AWS"]))
            .any(|principal| principal == "*" || principal == account || principal == root || principal == role_arn)
    })
}

/// Whether the administration role exists and lets CloudFormation in, as one session in its account sees it.
pub async fn administration_role_trust<T: TargetAccount>(account: &T, role: &str) -> Check {
    let check = |outcome, message: Option<String>, hint: Option<&str>| Check {
        target: None,
        name: "administration-role",
        code: None,
        subject: role.to_owned(),
        outcome,
        message,
        detail: None,
        hint: hint.map(str::to_owned),
    };
    let failed = |message, hint| check(CheckOutcome::Failed, Some(message), Some(hint));
    match account.trust_policy(role).await {
        Ok(Some(policy)) if trusts_service(&policy, "cloudformation") => check(CheckOutcome::Passed, None, None),
        Ok(Some(_)) => failed(
            format!("the administration role `{role}` does not trust CloudFormation"),
            "its trust policy needs the principal `cloudformation.amazonaws.com` and the action `sts:AssumeRole`",
        ),
        Ok(None) => failed(
            format!("there is no administration role `{role}` in this account"),
            "create it, or name another one with its ARN; service-managed permissions need none",
        ),
        Err(error) => {
            let message = format!("the administration role `{role}` could not be looked at");
            Check { detail: Some(error.to_string()), ..check(CheckOutcome::Unchecked, Some(message), Some("grant `iam:GetRole` on it")) }
        }
    }
}

/// Whether a trust policy lets a service of AWS in, such as `cloudformation`, whatever region or partition it names.
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

/// The statements that allow to assume the role.
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

/// A text, or each text of a list.
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
    fn a_role_is_let_in_by_its_arn_its_account_or_everybody() {
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
    fn a_service_is_let_in_by_its_principal_in_every_partition() {
        assert!(trusts_service(&policy(r#"{"Service":"cloudformation.amazonaws.com"}"#), "cloudformation"));
        assert!(trusts_service(&policy(r#"{"Service":["ec2.amazonaws.com","cloudformation.us-east-1.amazonaws.com"]}"#), "cloudformation"));
        assert!(!trusts_service(&policy(r#"{"Service":"ec2.amazonaws.com"}"#), "cloudformation"));
        assert!(trusts_service(&policy(r#"{"Service":"sagemaker.amazonaws.com.cn"}"#), "sagemaker"));
        assert!(!trusts_service(&policy(r#"{"Service":"sagemaker.example.com"}"#), "sagemaker"));
    }
}
