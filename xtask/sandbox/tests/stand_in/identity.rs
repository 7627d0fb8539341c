use std::collections::HashMap;
use std::process::Command;

use sandbox::stand_in::{Fault, StandIn, prepare};
use serde_json::json;

use super::{PROD, REGISTRY, STAGING, cache, make_endpoint, refused, start};

/// The output of a boto3 script, which signs its requests as every SDK does.
fn boto(environment: &[(String, String)], program: &str) -> String {
    let python = prepare(&cache()).unwrap().join("bin/python");
    let program = format!("import boto3\ntry:\n  print({program})\nexcept Exception as error:\n  print(error)");
    let output = Command::new(python).args(["-c", &program]).envs(environment.iter().cloned()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

fn describe_with_boto(aws: &StandIn, environment: &[(String, String)]) -> String {
    let said = boto(environment, "boto3.client('sagemaker').describe_endpoint(EndpointName='iris')['EndpointStatus']");
    assert_eq!(aws.requests().unwrap().last().unwrap().action, "DescribeEndpoint");
    said
}

#[test]
fn an_sdk_acts_in_the_account_of_its_environment() {
    let aws = start();
    make_endpoint(&aws, STAGING, "iris", "package/1");
    assert_eq!(boto(&aws.environment(STAGING).unwrap(), "boto3.client('sts').get_caller_identity()['Account']"), STAGING);
    assert_eq!(describe_with_boto(&aws, &aws.environment(STAGING).unwrap()), "InService");
    assert!(describe_with_boto(&aws, &aws.environment(PROD).unwrap()).contains("(ValidationException)"));
}

#[test]
fn an_sdk_stores_objects_in_a_bucket() {
    let aws = start();
    let environment = aws.environment(REGISTRY).unwrap();
    let put = "(lambda s3: (s3.create_bucket(Bucket='artifacts'), s3.put_object(Bucket='artifacts', Key='a/b', Body=b'x' * 100000), \
               s3.get_object(Bucket='artifacts', Key='a/b')['ContentLength'])[2])(boto3.client('s3'))";
    assert_eq!(boto(&environment, put), "100000");
    let actions: Vec<_> = aws.requests().unwrap().into_iter().map(|request| request.action).collect();
    assert_eq!(actions, ["CreateBucket", "PutObject", "GetObject"]);
    aws.fault(&Fault::error(403, "AccessDenied", "not yours").on("s3", "GetObject")).unwrap();
    let get = "boto3.client('s3').get_object(Bucket='artifacts', Key='a/b')";
    assert_eq!(boto(&environment, get), "An error occurred (AccessDenied) when calling the GetObject operation: not yours");
}

#[test]
fn with_identity_checks_a_role_has_only_the_permissions_of_its_policy() {
    let aws = start();
    make_endpoint(&aws, STAGING, "iris", "package/1");
    aws.make_role(
        STAGING,
        "Reader",
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sagemaker:DescribeEndpoint","Resource":"*"}]}"#,
    )
    .unwrap();
    aws.enforce_iam(true).unwrap();
    let mut reader = aws.environment_as(STAGING, "Reader").unwrap();
    assert_eq!(describe_with_boto(&aws, &reader), "InService");
    let delete = "boto3.client('sagemaker').delete_endpoint(EndpointName='iris')";
    assert!(boto(&reader, delete).contains("(AccessDeniedException)"), "{}", boto(&reader, delete));
    let invoke = "boto3.client('sagemaker-runtime').invoke_endpoint(EndpointName='iris', ContentType='text/csv', Body=b'5.1,3.5,1.4,0.2')";
    assert!(boto(&reader, invoke).contains("(AccessDenied"), "{}", boto(&reader, invoke));
    assert_eq!(describe_with_boto(&aws, &aws.environment(STAGING).unwrap()), "InService");

    // A wrong secret gives a wrong signature.
    reader.iter_mut().find(|(name, _)| name == "AWS_SECRET_ACCESS_KEY").unwrap().1.push('x');
    let said = describe_with_boto(&aws, &reader);
    assert!(said.contains("(InvalidSignatureException)"), "{said}");
}

#[test]
fn the_environment_is_for_the_account_of_the_local_aws_only() {
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
fn with_identity_checks_unknown_keys_get_an_error_in_the_services_protocol() {
    let aws = start();
    aws.enforce_iam(true).unwrap();
    let reply = aws.call_as_program(REGISTRY, "sagemaker", "ListModels", &json!({})).unwrap();
    assert_eq!((reply.status, reply.header("content-type")), (400, Some("application/x-amz-json-1.1")));
    assert!(reply.text().contains("UnrecognizedClientException"), "{}", reply.text());
    assert_eq!(aws.query_as_program(REGISTRY, "cloudformation", "ListStacks", &[]).unwrap().status, 403);
    assert_eq!(aws.invoke(REGISTRY, "iris", "text/csv", "1", &[]).unwrap().status, 403);
    // The test's calls still work, as does the environment, which creates its role.
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
