//! The adapter to SageMaker over loopback: its requests, and how it handles each response.
#![cfg(feature = "aws")]

use std::collections::VecDeque;
use std::future::Future;
use std::time::Duration;

use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::future::ProvideCredentials as ProvidedCredentials;
use aws_sdk_sagemaker::Client;
use aws_sdk_sagemaker::config::retry::RetryConfig;
use aws_sdk_sagemaker::config::{BehaviorVersion, Config, Credentials, ProvideCredentials, Region};
use insta::assert_snapshot;
use model_registry::aws::SageMakerRegistry;
use model_registry::life_cycle::{LifeCycle, LifeCycleStore as _, Recorded, record};
use model_registry::sharing::{GroupOutcome, GroupStore, Mode, NewGroup, PolicyChange, Sharing, ensure_group, share};
use model_registry::{
    ApprovalStatus, Gates, ModelPackageGroup, PackageArtifact, PackageQuery, Registry, RegistryError, RegistryErrorKind, SelectError,
    Selection, select,
};
use serde_json::{Value as Json, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

const GROUP: &str = "arn:aws:sagemaker:us-east-1:111111111111:model-package-group/iris";
const PACKAGE: &str = "arn:aws:sagemaker:us-east-1:111111111111:model-package/iris/13";
const REQUEST_ID: &str = "0f4d1d1e-5c0a-4a51-9b5c-000000000001";

/// A response of SageMaker: a status and a body.
struct Response(u16, String);

fn ok(body: &Json) -> Response {
    Response(200, body.to_string())
}

fn error_response(code: &str, message: &str) -> Response {
    Response(400, json!({ "__type": code, "message": message }).to_string())
}

/// A request as the server saw it: the operation and the body.
type Request = (String, Json);

/// Serves one response per request, and returns the requests after the last response.
async fn serve(responses: Vec<Response>) -> (SageMakerRegistry, JoinHandle<Vec<Request>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        let mut responses = VecDeque::from(responses);
        let mut seen = Vec::new();
        while let Some(Response(status, body)) = responses.pop_front() {
            let (mut stream, _) = listener.accept().await.unwrap();
            seen.push(request(&mut stream).await);
            let head = format!(
                "HTTP/1.1 {status} Status\r\nContent-Type: application/x-amz-json-1.1\r\nx-amzn-RequestId: {REQUEST_ID}\r\n\
                 Content-Length: {}\r\nConnection: close\r\n\r\n",
                body.len()
            );
            stream.write_all(head.as_bytes()).await.unwrap();
            stream.write_all(body.as_bytes()).await.unwrap();
        }
        seen
    });
    (registry(&url, true), server)
}

/// A provider that finds nothing, as the default chain does on a machine without AWS.
#[derive(Debug)]
struct NoCredentials;

impl ProvideCredentials for NoCredentials {
    fn provide_credentials<'a>(&'a self) -> ProvidedCredentials<'a>
    where
        Self: 'a,
    {
        ProvidedCredentials::ready(Err(CredentialsError::not_loaded("there are none")))
    }
}

fn registry(url: &str, with_credentials: bool) -> SageMakerRegistry {
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .endpoint_url(url)
        // Each response of these tests is for one request.
        .retry_config(RetryConfig::disabled());
    let config = if with_credentials {
        config.credentials_provider(Credentials::new("AKIDEXAMPLE", "not-a-secret", None, None, "test"))
    } else {
        config.credentials_provider(NoCredentials)
    };
    SageMakerRegistry::new(Client::from_conf(config.build()))
}

async fn request(stream: &mut TcpStream) -> Request {
    let mut bytes = Vec::new();
    let head_end = loop {
        assert_ne!(stream.read_buf(&mut bytes).await.unwrap(), 0, "the request ended in its head");
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
    };
    let head = String::from_utf8(bytes[..head_end].to_vec()).unwrap();
    let header = |name: &str| {
        let found = head.lines().filter_map(|line| line.split_once(':')).find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.trim().to_owned()).unwrap()
    };
    let length: usize = header("content-length").parse().unwrap();
    while bytes.len() < head_end + length {
        assert_ne!(stream.read_buf(&mut bytes).await.unwrap(), 0, "the request ended in its body");
    }
    let operation = header("x-amz-target").trim_start_matches("SageMaker.").to_owned();
    (operation, serde_json::from_slice(&bytes[head_end..]).unwrap())
}

fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

fn operations(seen: &[Request]) -> Vec<&str> {
    seen.iter().map(|(operation, _)| operation.as_str()).collect()
}

fn listed(version: u32, approval: &str) -> Json {
    json!({
        "ModelPackageArn": format!("arn:aws:sagemaker:us-east-1:111111111111:model-package/iris/{version}"),
        "ModelPackageGroupName": "iris", "ModelPackageVersion": version, "CreationTime": 1_767_225_600 + version,
        "ModelPackageStatus": "Completed", "ModelApprovalStatus": approval,
    })
}

/// `DescribeModelPackage`'s response for version 13.
fn described() -> Json {
    let mut package = listed(13, "Approved");
    package["ModelPackageStatusDetails"] = json!({ "ValidationStatuses": [] });
    package["ModelPackageDescription"] = json!("four features");
    package["InferenceSpecification"] = json!({
        "Containers": [
            { "Image": "111111111111.dkr.ecr.us-east-1.amazonaws.com/iris:1", "ModelDataUrl": "s3://models/13/model.tar.gz",
              "ModelDataETag": "\"e1\"", "ImageDigest": "sha256:aa", "Environment": { "TOKEN": "not-to-be-shown" },
              "AdditionalS3DataSource": { "S3DataType": "S3Prefix", "S3Uri": "s3://models/13/more/" } },
            { "Image": "111111111111.dkr.ecr.us-east-1.amazonaws.com/after:2", "ModelDataSource": { "S3DataSource":
                { "S3Uri": "s3://models/13/after/", "S3DataType": "S3Prefix", "CompressionType": "None" } } },
        ],
    });
    package
}

/// The error of a list request that gets this response.
fn error_of(response: Response) -> RegistryError {
    block_on(async {
        let (registry, _server) = serve(vec![response]).await;
        let query = PackageQuery { group: "iris".parse().unwrap(), approval_status: None, page_size: 100, next_token: None };
        registry.packages(&query).await.unwrap_err()
    })
}

#[test]
fn the_newest_approved_package_needs_one_list_and_one_description_of_metadata_only() {
    block_on(async {
        let list = json!({ "ModelPackageSummaryList": [listed(14, "PendingManualApproval"), listed(13, "Approved")], "NextToken": "more" });
        let (registry, server) = serve(vec![ok(&list), ok(&described())]).await;
        let group: ModelPackageGroup = GROUP.parse().unwrap();
        let choice = select(&registry, &group, &Selection::LatestApproved, &Gates::default()).await.unwrap();
        assert_eq!(choice.package.arn.to_string(), PACKAGE);
        assert_eq!(choice.package.created.to_string(), "2026-01-01T00:00:13Z");
        assert_eq!(choice.package.description.as_deref(), Some("four features"));
        assert_eq!(choice.package.images.len(), 2);
        assert_eq!(choice.package.model_data, ["s3://models/13/model.tar.gz", "s3://models/13/after/"]);
        let artifacts = |index: usize| choice.package.containers[index].artifacts.clone();
        let artifact =
            |uri: &str, is_prefix, etag: Option<&str>| PackageArtifact { uri: uri.to_owned(), is_prefix, etag: etag.map(str::to_owned) };
        let expected = [artifact("s3://models/13/model.tar.gz", false, Some("e1")), artifact("s3://models/13/more/", true, None)];
        assert_eq!(artifacts(0), expected);
        assert_eq!(artifacts(1), [artifact("s3://models/13/after/", true, None)]);
        assert_eq!(choice.package.containers[0].image_digest.as_deref(), Some("sha256:aa"));
        assert!(!format!("{choice:?}").contains("not-to-be-shown"));

        let seen = server.await.unwrap();
        assert_eq!(operations(&seen), ["ListModelPackages", "DescribeModelPackage"]);
        let expected = json!({
            "ModelPackageGroupName": GROUP, "ModelPackageType": "Versioned", "SortBy": "CreationTime", "SortOrder": "Descending",
            "MaxResults": 100,
        });
        assert_eq!(seen[0].1, expected);
        assert_eq!(seen[1].1, json!({ "ModelPackageName": PACKAGE, "IncludedData": "MetadataOnly" }));
    });
}

#[test]
fn filter_and_token_are_sent_and_an_empty_token_ends_the_list() {
    block_on(async {
        let (registry, server) = serve(vec![ok(&json!({ "ModelPackageSummaryList": [], "NextToken": "" }))]).await;
        let query = PackageQuery {
            group: "iris".parse().unwrap(),
            approval_status: Some(ApprovalStatus::Approved),
            page_size: 7,
            next_token: Some("here".to_owned()),
        };
        let page = registry.packages(&query).await.unwrap();
        assert!(page.packages.is_empty() && page.next_token.is_none());
        let (_, body) = server.await.unwrap().remove(0);
        assert_eq!(body["ModelApprovalStatus"], "Approved");
        assert_eq!(body["NextToken"], "here");
        assert_eq!(body["MaxResults"], 7);
    });
}

#[test]
fn a_package_requested_by_arn_needs_one_description_only() {
    block_on(async {
        let (registry, server) = serve(vec![ok(&described())]).await;
        let selection = Selection::Arn(PACKAGE.parse().unwrap());
        let choice = select(&registry, &"iris".parse().unwrap(), &selection, &Gates::default()).await.unwrap();
        assert_eq!(choice.package.version, Some(13));
        assert_eq!(operations(&server.await.unwrap()), ["DescribeModelPackage"]);
    });
}

#[test]
fn a_description_contains_everything_that_gates_check() {
    block_on(async {
        let mut package = described();
        package["InferenceSpecification"]["SupportedContentTypes"] = json!(["text/csv"]);
        package["InferenceSpecification"]["SupportedResponseMIMETypes"] = json!(["application/json"]);
        package["InferenceSpecification"]["SupportedRealtimeInferenceInstanceTypes"] = json!(["ml.m5.large", "ml.new9.large"]);
        package["SamplePayloadUrl"] = json!("s3://models/samples.tar.gz");
        package["CustomerMetadataProperties"] = json!({ "owner": "ds" });
        package["ModelLifeCycle"] = json!({ "Stage": "Staging", "StageStatus": "Deployed", "StageDescription": "release 1" });
        package["CreatedBy"] = json!({ "IamIdentity": { "Arn": "arn:aws:sts::111111111111:assumed-role/Train/a" } });
        package["LastModifiedBy"] = json!({ "UserProfileName": "eve", "UserProfileArn": "arn:eve" });
        package["ApprovalDescription"] = json!("looks good");
        package["LastModifiedTime"] = json!(1_767_225_700.5);
        package["ModelCard"] = json!({ "ModelCardContent": "{}", "ModelCardStatus": "Approved" });
        let source = |name: &str| json!({ "ContentType": "application/json", "S3Uri": format!("s3://models/{name}") });
        package["ModelMetrics"] = json!({
            "ModelQuality": { "Statistics": source("a"), "Constraints": source("b") },
            "ModelDataQuality": { "Statistics": source("c"), "Constraints": source("d") },
            "Bias": { "Report": source("e"), "PreTrainingReport": source("f"), "PostTrainingReport": source("g") },
            "Explainability": { "Report": source("h") },
        });
        let (registry, _server) = serve(vec![ok(&package)]).await;
        let found = registry.describe(&PACKAGE.parse().unwrap()).await.unwrap();
        // A snapshot of the package reads back to the same value.
        let snapshot = model_registry::snapshot::Snapshot::parse(&package.to_string()).unwrap();
        assert_eq!(found, snapshot.describe(&PACKAGE.parse().unwrap()).await.unwrap());
        assert_eq!(found.metrics.len(), 8);
        assert_eq!(found.sample_payloads.as_deref(), Some("s3://models/samples.tar.gz"));
        assert_eq!(found.model_card_status.as_deref(), Some("Approved"));
        assert_eq!(found.last_modified.unwrap().as_millisecond(), 1_767_225_700_500);
        assert_eq!(found.realtime_instance_types, ["ml.m5.large", "ml.new9.large"]);
    });
}

#[test]
fn only_the_life_cycle_of_a_package_is_written() {
    block_on(async {
        let (registry, server) = serve(vec![ok(&described()), ok(&json!({ "ModelPackageArn": PACKAGE }))]).await;
        let life_cycle = LifeCycle::new("Staging", "Deployed").unwrap().described("release sha256:1");
        assert_eq!(record(&registry, &PACKAGE.parse().unwrap(), &life_cycle, "sha256:1").await.unwrap(), Recorded::Written);
        let seen = server.await.unwrap();
        assert_eq!(operations(&seen), ["DescribeModelPackage", "UpdateModelPackage"]);
        let mut request = seen[1].1.clone();
        let token = request.as_object_mut().unwrap().remove("ClientToken").unwrap();
        assert_eq!(token.as_str().unwrap().len(), 36);
        let written = json!({ "Stage": "Staging", "StageStatus": "Deployed", "StageDescription": "release sha256:1" });
        assert_eq!(request, json!({ "ModelPackageArn": PACKAGE, "ModelLifeCycle": written }));
    });
}

#[test]
fn a_server_that_never_responds_causes_a_timeout() {
    block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let registry = registry(&format!("http://{}", listener.local_addr().unwrap()), true).deadline(Duration::from_millis(300));
        let silent = tokio::spawn(async move {
            let mut connections = Vec::new();
            while let Ok((connection, _)) = listener.accept().await {
                connections.push(connection);
            }
        });
        // Every operation, however often it is retried: the server never responds.
        let limit =
            registry.client().config().timeout_config().and_then(aws_sdk_sagemaker::config::timeout::TimeoutConfig::operation_timeout);
        assert_eq!(limit, Some(Duration::from_millis(300)));
        let query = PackageQuery { group: "iris".parse().unwrap(), approval_status: None, page_size: 100, next_token: None };
        let package = PACKAGE.parse().unwrap();
        let group = "iris".parse().unwrap();
        let life_cycle = LifeCycle::new("Staging", "Deployed").unwrap();
        let errors = [
            registry.packages(&query).await.unwrap_err(),
            registry.describe(&package).await.unwrap_err(),
            registry.version(&"iris".parse().unwrap(), 1).await.unwrap_err(),
            registry.policy(&group).await.unwrap_err(),
            registry.put_policy(&group, "{}").await.unwrap_err(),
            registry.delete_policy(&group).await.unwrap_err(),
            registry.create_group(&new_group()).await.unwrap_err(),
            registry.set_life_cycle(&package, &life_cycle, "token").await.unwrap_err(),
        ];
        for error in errors {
            assert_eq!(error.kind, RegistryErrorKind::Unreachable, "{error}");
        }
        silent.abort();
    });
}

#[test]
fn a_throttled_call_is_retried_after_a_pause() {
    block_on(async {
        let throttled = || error_response("ThrottlingException", "Rate exceeded");
        let (once, server) = serve(vec![throttled(), throttled(), ok(&described())]).await;
        let retrying = RetryConfig::standard().with_max_attempts(4).with_initial_backoff(Duration::from_millis(20));
        let registry = SageMakerRegistry::new(Client::from_conf(once.client().config().to_builder().retry_config(retrying).build()));
        let package = registry.describe(&PACKAGE.parse().unwrap()).await.unwrap();
        assert_eq!(package.version, Some(13));
        assert_eq!(operations(&server.await.unwrap()), ["DescribeModelPackage"; 3]);
    });
}

#[test]
fn each_error_has_its_kind_code_message_and_request_id() {
    let kinds = [
        ("AccessDeniedException", "User is not authorized", RegistryErrorKind::AccessDenied),
        ("ThrottlingException", "Rate exceeded", RegistryErrorKind::Throttled),
        ("ExpiredTokenException", "The security token included in the request is expired", RegistryErrorKind::CredentialsExpired),
        ("UnrecognizedClientException", "The security token included in the request is invalid", RegistryErrorKind::CredentialsInvalid),
        ("ResourceNotFound", "no such thing", RegistryErrorKind::NotFound),
        ("ValidationException", "ModelPackageGroup iris does not exist.", RegistryErrorKind::NotFound),
        ("ValidationException", "1 validation error detected: Value at 'maxResults'", RegistryErrorKind::Invalid),
        ("ConflictException", "another caller changed it", RegistryErrorKind::Conflict),
    ];
    for (code, message, kind) in kinds {
        let error = error_of(error_response(code, message));
        assert_eq!(error.kind, kind, "{code}: {message}");
        assert_eq!(error.operation, "sagemaker:ListModelPackages");
        assert_eq!(error.code.as_deref(), Some(code));
        assert_eq!(error.message, message);
        assert_eq!(error.request_id.as_deref(), Some(REQUEST_ID));
    }
    let error = error_of(error_response("AccessDeniedException", "User is not authorized"));
    assert_snapshot!(error, @"`sagemaker:ListModelPackages` failed: AccessDeniedException: User is not authorized");
    assert!(error.hint().unwrap().contains("sagemaker:ListModelPackages"));
}

#[test]
fn a_response_from_a_proxy_is_classified_by_its_status() {
    // What moto returns if it checks permissions, and what proxies and gateways return.
    let xml = "<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>";
    for (status, kind) in [
        (403, RegistryErrorKind::AccessDenied),
        (429, RegistryErrorKind::Throttled),
        (502, RegistryErrorKind::Unreachable),
        (404, RegistryErrorKind::Malformed),
    ] {
        let error = error_of(Response(status, xml.to_owned()));
        assert_eq!(error.kind, kind, "{status}: {error}");
        assert_eq!(error.code, None);
        assert!(error.message.contains(&status.to_string()), "{error}");
    }
}

#[test]
fn an_incomplete_response_is_malformed_and_does_not_panic() {
    let mut no_time = listed(1, "Approved");
    no_time.as_object_mut().unwrap().remove("CreationTime");
    let mut wrong_arn = listed(1, "Approved");
    wrong_arn["ModelPackageArn"] = json!("iris/1");
    let mut no_status = listed(1, "Approved");
    no_status.as_object_mut().unwrap().remove("ModelPackageStatus");
    for summary in [no_time, wrong_arn, no_status] {
        let error = error_of(ok(&json!({ "ModelPackageSummaryList": [summary] })));
        assert_eq!(error.kind, RegistryErrorKind::Malformed, "{error}");
    }
    assert_eq!(error_of(Response(200, "<html>".to_owned())).kind, RegistryErrorKind::Malformed);
}

/// The SDK reads each of these as an empty list or an empty description.
#[test]
fn a_successful_response_without_its_required_members_is_malformed() {
    for body in ["", "{}", r#"{"unexpected":1}"#, r#"{"ModelPackageSummaryList":null}"#] {
        let error = error_of(Response(200, body.to_owned()));
        assert_eq!(error.kind, RegistryErrorKind::Malformed, "{error}");
        assert!(error.message.contains("has no `ModelPackageSummaryList`"), "{error}");
        let registry_error = block_on(async {
            let (registry, _server) = serve(vec![Response(200, body.to_owned())]).await;
            registry.describe(&PACKAGE.parse().unwrap()).await.unwrap_err()
        });
        assert_eq!(registry_error.kind, RegistryErrorKind::Malformed, "{registry_error}");
        let group: ModelPackageGroup = GROUP.parse().unwrap();
        let policy_error = block_on(async {
            let (registry, _server) = serve(vec![Response(200, body.to_owned())]).await;
            registry.policy(group.name()).await.unwrap_err()
        });
        assert_eq!(policy_error.kind, RegistryErrorKind::Malformed, "{policy_error}");
    }
    let mut no_status = described();
    no_status.as_object_mut().unwrap().remove("ModelPackageStatus");
    let error = block_on(async {
        let (registry, _server) = serve(vec![ok(&no_status)]).await;
        registry.describe(&PACKAGE.parse().unwrap()).await.unwrap_err()
    });
    assert!(error.message.contains("`ModelPackageStatus`"), "{error}");
}

#[test]
fn a_missing_server_and_missing_credentials_are_distinguished() {
    let listed = |with_credentials| {
        // Nothing listens on port 1: the connection is refused at once.
        let registry = registry("http://127.0.0.1:1", with_credentials);
        let group = "iris".parse().unwrap();
        match block_on(select(&registry, &group, &Selection::LatestApproved, &Gates::default())) {
            Err(SelectError::Registry(error)) => error.kind,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(listed(true), RegistryErrorKind::Unreachable);
    assert_eq!(listed(false), RegistryErrorKind::CredentialsMissing);
}

#[test]
fn a_time_keeps_sagemakers_milliseconds() {
    block_on(async {
        let mut package = described();
        package["CreationTime"] = json!(1_767_225_600.123);
        let (registry, _server) = serve(vec![ok(&package)]).await;
        let package = registry.describe(&PACKAGE.parse().unwrap()).await.unwrap();
        assert_eq!(package.created.to_string(), "2026-01-01T00:00:00.123Z");
    });
}

fn new_group() -> NewGroup {
    let tags = vec![("sagemaker:project-name".to_owned(), "iris".to_owned())];
    NewGroup { name: "iris".parse().unwrap(), description: "iris models".to_owned(), tags }
}

#[test]
fn a_missing_group_is_created_with_its_tags() {
    block_on(async {
        let missing = error_response("ValidationException", "ModelPackageGroup iris does not exist.");
        let (registry, server) = serve(vec![missing, ok(&json!({ "ModelPackageGroupArn": GROUP }))]).await;
        let outcome = ensure_group(&registry, &new_group(), Mode::Apply).await.unwrap();
        assert_eq!(outcome, GroupOutcome::Created(GROUP.parse().unwrap()));
        let seen = server.await.unwrap();
        assert_eq!(operations(&seen), ["DescribeModelPackageGroup", "CreateModelPackageGroup"]);
        let expected = json!({
            "ModelPackageGroupName": "iris", "ModelPackageGroupDescription": "iris models",
            "Tags": [{ "Key": "sagemaker:project-name", "Value": "iris" }],
        });
        assert_eq!(seen[1].1, expected);
    });
}

#[test]
fn a_group_that_another_caller_just_created_is_found() {
    block_on(async {
        let responses = vec![
            error_response("ValidationException", "ModelPackageGroup iris does not exist."),
            error_response("ValidationException", "Model Package Group already exists: iris"),
            ok(&json!({ "ModelPackageGroupArn": GROUP, "ModelPackageGroupName": "iris" })),
        ];
        let (registry, _server) = serve(responses).await;
        let outcome = ensure_group(&registry, &new_group(), Mode::Apply).await.unwrap();
        assert_eq!(outcome, GroupOutcome::Found(GROUP.parse().unwrap()));
    });
}

#[test]
fn no_group_is_created_after_another_validation_error() {
    block_on(async {
        let (registry, server) = serve(vec![error_response("ValidationException", "1 validation error detected")]).await;
        let error = ensure_group(&registry, &new_group(), Mode::Apply).await.unwrap_err();
        assert_eq!(error.kind, RegistryErrorKind::Invalid);
        assert_eq!(operations(&server.await.unwrap()), ["DescribeModelPackageGroup"]);
    });
}

#[test]
fn a_policy_is_written_once_and_a_second_run_only_reads() {
    block_on(async {
        let sharing = Sharing {
            group: GROUP.parse().unwrap(),
            accounts: ["222222222222".parse().unwrap()].into(),
            roles: [].into(),
            organization: None,
        };
        let none = error_response("ValidationException", "Cannot find resource policy for: iris");
        let (registry, server) = serve(vec![none, ok(&json!({ "ModelPackageGroupArn": GROUP }))]).await;
        let PolicyChange::Write(policy) = share(&registry, &sharing, Mode::Apply).await.unwrap() else { panic!("nothing was written") };
        let seen = server.await.unwrap();
        assert_eq!(operations(&seen), ["GetModelPackageGroupPolicy", "PutModelPackageGroupPolicy"]);
        assert_eq!(seen[1].1, json!({ "ModelPackageGroupName": "iris", "ResourcePolicy": policy.clone() }));

        let (registry, server) = serve(vec![ok(&json!({ "ResourcePolicy": policy.clone() }))]).await;
        assert_eq!(share(&registry, &sharing, Mode::Apply).await.unwrap(), PolicyChange::Unchanged);
        assert_eq!(operations(&server.await.unwrap()), ["GetModelPackageGroupPolicy"]);

        let unshared = Sharing { accounts: [].into(), ..sharing };
        let (registry, server) = serve(vec![ok(&json!({ "ResourcePolicy": policy }))]).await;
        assert_eq!(share(&registry, &unshared, Mode::Check).await.unwrap(), PolicyChange::Delete);
        assert_eq!(operations(&server.await.unwrap()), ["GetModelPackageGroupPolicy"], "a check changes nothing");
    });
}

#[test]
fn a_policy_without_remaining_statements_is_deleted() {
    block_on(async {
        let (registry, server) = serve(vec![Response(200, String::new())]).await;
        registry.delete_policy(&"iris".parse().unwrap()).await.unwrap();
        let seen = server.await.unwrap();
        assert_eq!(seen, [("DeleteModelPackageGroupPolicy".to_owned(), json!({ "ModelPackageGroupName": "iris" }))]);
    });
}
