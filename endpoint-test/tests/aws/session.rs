//! A session in another account.

use endpoint_test::Target;
use endpoint_test::TargetErrorKind;
use endpoint_test::aws::{SageMakerTarget, SessionRequest, session};

use crate::canned::{Canned, CannedResponse, header, json};

fn request() -> SessionRequest {
    SessionRequest {
        account: "222222222222".to_owned(),
        region: "eu-west-1".to_owned(),
        role: "ml/tester".to_owned(),
        session_name: "iris run 7".to_owned(),
        external_id: Some("secret-word".to_owned()),
        endpoints: vec!["iris-staging".to_owned()],
        ..SessionRequest::default()
    }
}

fn xml(status: u16, body: &str) -> CannedResponse {
    CannedResponse { status, headers: "content-type: text/xml\r\nx-amzn-requestid: req-sts\r\n".to_owned(), body: body.to_owned() }
}

fn granted() -> CannedResponse {
    xml(
        200,
        r#"<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials><AccessKeyId>ASIAASSUMED</AccessKeyId>
           <SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"#,
    )
}

#[tokio::test]
async fn a_role_is_assumed_once_for_its_purpose_and_then_used() {
    let described = json(r#"{"EndpointName":"iris-staging","EndpointStatus":"Creating"}"#);
    let aws = Canned::start([("AssumeRole", granted()), ("DescribeEndpoint", described)]).await;
    let config = session(&aws.config(), &request()).await.unwrap();
    let sent = &aws.calls()[0].body;
    for part in [
        "RoleArn=arn%3Aaws%3Aiam%3A%3A222222222222%3Arole%2Fml%2Ftester",
        "RoleSessionName=iris-run-7",
        "DurationSeconds=3600",
        "ExternalId=secret-word",
        "sagemaker%3AInvokeEndpoint",
        "endpoint%2Firis-staging",
    ] {
        assert!(sent.contains(part), "{part} in {sent}");
    }
    assert!(!sent.contains("Tags"), "{sent}");

    let target = SageMakerTarget::from_config(&config, "iris-staging");
    target.describe().await.unwrap();
    target.describe().await.unwrap();
    assert_eq!(aws.operations(), ["AssumeRole", "DescribeEndpoint", "DescribeEndpoint"]);
    let authorization = header(&aws.calls()[1].head, "authorization").unwrap().to_owned();
    assert!(authorization.contains("ASIAASSUMED/") && authorization.contains("/eu-west-1/sagemaker/"), "{authorization}");
}

#[tokio::test]
async fn tags_are_sent_only_if_given() {
    let aws = Canned::start([("AssumeRole", granted())]).await;
    let request = SessionRequest { tags: vec![("project".to_owned(), "iris".to_owned())], ..request() };
    session(&aws.config(), &request).await.unwrap();
    assert!(aws.calls()[0].body.contains("Tags.member.1.Key=project"), "{}", aws.calls()[0].body);
}

#[tokio::test]
async fn a_refusal_is_reported_at_once_with_its_code_its_role_and_a_hint() {
    for (code, kind) in [("AccessDenied", TargetErrorKind::AccessDenied), ("ExpiredToken", TargetErrorKind::ExpiredCredentials)] {
        let body = format!(
            "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>Sender</Type><Code>{code}</Code><Message>no</Message></Error><RequestId>req-sts</RequestId></ErrorResponse>"
        );
        let aws = Canned::start([("AssumeRole", xml(403, &body))]).await;
        let error = session(&aws.config(), &request()).await.unwrap_err();
        assert_eq!(error.kind, kind);
        assert_eq!(
            error.to_string(),
            format!("AssumeRole: {code}: no (role `arn:aws:iam::222222222222:role/ml/tester`) (request req-sts)")
        );
        assert!(error.hint.is_some());
    }
}
