use std::collections::HashMap;

use serde_json::json;

use super::{REGISTRY, STAGING, refused, start};

#[test]
fn the_environment_acts_as_the_account_and_reaches_nothing_else() {
    let aws = start();
    let environment: HashMap<_, _> = aws.environment(STAGING).unwrap().into_iter().collect();
    assert_eq!(environment["AWS_ENDPOINT_URL"], aws.url());
    assert_eq!((environment["AWS_REGION"].as_str(), environment["AWS_EC2_METADATA_DISABLED"].as_str()), ("us-east-1", "true"));
    assert!(environment["AWS_ACCESS_KEY_ID"].starts_with("ASIA") && !environment["AWS_SESSION_TOKEN"].is_empty());
    for file in ["AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"] {
        assert!(!std::path::Path::new(&environment[file]).exists());
    }
    assert_eq!(aws.requests().unwrap(), []);
}

#[test]
fn while_identities_are_enforced_unknown_keys_are_refused_in_the_services_own_protocol() {
    let aws = start();
    aws.enforce_iam(true).unwrap();
    let reply = aws.call_as_program(REGISTRY, "sagemaker", "ListModels", &json!({})).unwrap();
    assert_eq!((reply.status, reply.header("content-type")), (400, Some("application/x-amz-json-1.1")));
    assert!(reply.text().contains("UnrecognizedClientException"), "{}", reply.text());
    assert_eq!(aws.query_as_program(REGISTRY, "cloudformation", "ListStacks", &[]).unwrap().status, 403);
    assert_eq!(aws.invoke(REGISTRY, "iris", "text/csv", "1", &[]).unwrap().status, 403);
    // The test's own hand goes on working, and so does the environment, whose role is made on the way.
    aws.call(REGISTRY, "sagemaker", "ListModels", &json!({})).unwrap();
    aws.environment(STAGING).unwrap();
    aws.make_role(
        STAGING,
        "Tester",
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sagemaker:Describe*","Resource":"*"}]}"#,
    )
    .unwrap();
    aws.query(STAGING, "iam", "GetRolePolicy", &[("RoleName", "Tester"), ("PolicyName", "permissions")]).unwrap();
    aws.enforce_iam(false).unwrap();
    assert_eq!(aws.call_as_program(REGISTRY, "sagemaker", "ListModels", &json!({})).unwrap().status, 200);
    assert_eq!(refused(aws.query(STAGING, "iam", "GetRole", &[("RoleName", "Nobody")])).1, "NoSuchEntity");
}
