//! The preflight's calls over loopback: what is not a response of AWS proves nothing.

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_types::SdkConfig;
use call_fault::Fault;
use model_release::aws::{AwsTargetAccount, QuotaCodes, S3History, Session, SessionSettings};
use model_release::history::{HistoryPlace, HistoryStore as _};
use model_release::{Diagnostic, Failure};
use sandbox::loopback::{Answer, Loopback};
use stack_rollout::preflight::{ArtifactName, ArtifactReader as _, ArtifactState, ImageName, ObjectState, Presence, TargetAccount as _};
use stack_rollout::{CallError, CallErrorKind};

const PACKAGE: &str = "arn:aws:sagemaker:us-east-1:111111111111:model-package/iris/13";
const IMAGE: &str = "111111111111.dkr.ecr.us-east-1.amazonaws.com/iris:1";

/// The configuration of a session that only reaches this server.
async fn config(server: &Loopback) -> SdkConfig {
    config_of(server.url()).await
}

async fn config_of(url: &str) -> SdkConfig {
    let settings = SessionSettings {
        region: Some("us-east-1".to_owned()),
        endpoint_url: Some(url.to_owned()),
        is_unsigned: true,
        ..SessionSettings::default()
    };
    let session = settings.open().await.unwrap().unwrap();
    let credentials = SharedCredentialsProvider::new(Credentials::new("AKIDEXAMPLE", "not-a-secret", None, None, "test"));
    session.config().clone().into_builder().credentials_provider(credentials).build()
}

fn server(answer: impl Fn() -> Answer + Send + Sync + 'static) -> Loopback {
    Loopback::start(move |_| answer()).unwrap()
}

/// The result of every call of the preflight.
async fn every_call(server: &Loopback) -> Vec<Result<String, CallError>> {
    fn shown<T: std::fmt::Debug>(result: Result<T, CallError>) -> Result<String, CallError> {
        result.map(|found| format!("{found:?}"))
    }
    let account = AwsTargetAccount::new(&config(server).await, QuotaCodes::default());
    vec![
        shown(account.ssm_parameter_types(&["subnets".to_owned()]).await),
        shown(account.model_package(PACKAGE).await),
        shown(account.image(&ImageName::parse(IMAGE).unwrap()).await),
        shown(account.artifact(&ArtifactName::parse("s3://models/iris/model.tar.gz", false).unwrap()).await),
        shown(account.artifact(&ArtifactName::parse("s3://models/iris/", true).unwrap()).await),
        shown(account.key_state("arn:aws:kms:us-east-1:111111111111:key/1").await),
        shown(account.endpoints_like("iris").await),
        shown(account.endpoints_of_stack("arn:aws:cloudformation:us-east-1:111111111111:stack/s/1").await),
        shown(account.instance_quota("ml.m5.large").await),
        shown(account.trust_policy("deployer").await),
    ]
}

#[tokio::test]
async fn a_response_that_is_not_awss_proves_nothing() {
    for (status, content_type, body) in [
        (200, "application/x-amz-json-1.1", ""),
        (200, "application/x-amz-json-1.1", "{}"),
        (200, "application/x-amz-json-1.1", r#"{"unexpected":1}"#),
        (200, "text/html", "<html>sign in</html>"),
        (404, "text/html", "<html>not found</html>"),
        (307, "text/html", "<html>moved</html>"),
    ] {
        let server = server(move || Answer::new(status).body(content_type, body));
        for result in every_call(&server).await {
            let error = result.expect_err(&format!("{status} {body}"));
            assert!(!error.is_transient(), "{error}");
        }
    }
}

#[tokio::test]
async fn an_empty_list_of_aws_is_empty() {
    let server = server(|| {
        let lists = r#"{"Parameters":[],"images":[],"Endpoints":[],"Quotas":[]}"#;
        Answer::new(200).header("x-amz-request-id", "r-1").body("application/x-amz-json-1.1", lists)
    });
    let account = AwsTargetAccount::new(&config(&server).await, QuotaCodes::default());
    assert!(account.ssm_parameter_types(&["subnets".to_owned()]).await.unwrap().is_empty());
    assert_eq!(account.image(&ImageName::parse(IMAGE).unwrap()).await.unwrap(), Presence::Missing);
    assert!(account.endpoints_like("iris").await.unwrap().is_empty());
    assert_eq!(account.instance_quota("ml.m5.large").await.unwrap(), None);
    let found = account.artifact(&object()).await.unwrap();
    assert!(matches!(&found, Presence::Found(ArtifactState::Object(ObjectState { etag: None, sha256: None, .. }))), "{found:?}");
}

fn object() -> ArtifactName {
    ArtifactName::parse("s3://models/iris/model.tar.gz", false).unwrap()
}

#[tokio::test]
async fn a_head_request_returns_what_identifies_the_bytes() {
    let server = server(|| {
        let answer = Answer::new(200).header("x-amz-request-id", "r-1").header("etag", "\"e1\"").header("x-amz-version-id", "v1");
        answer.header("x-amz-checksum-sha256", "c2hh").body("application/gzip", "")
    });
    let account = AwsTargetAccount::new(&config(&server).await, QuotaCodes::default());
    let Presence::Found(ArtifactState::Object(found)) = account.artifact(&object()).await.unwrap() else { panic!("no object") };
    let text = |text: &str| Some(text.to_owned());
    assert_eq!((found.etag, found.version_id, found.sha256), (text("e1"), text("v1"), text("c2hh")));
}

#[tokio::test]
async fn an_object_whose_checksum_is_denied_still_has_an_etag_and_one_that_is_denied_has_nothing() {
    let server = Loopback::start(|request| {
        let denied = request.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("x-amz-checksum-mode"));
        let answer = Answer::new(if denied { 403 } else { 200 }).header("x-amz-request-id", "r-1").header("etag", "\"e1\"");
        answer.body("application/gzip", "")
    })
    .unwrap();
    let account = AwsTargetAccount::new(&config(&server).await, QuotaCodes::default());
    let found = account.artifact(&object()).await.unwrap();
    assert!(matches!(&found, Presence::Found(ArtifactState::Object(state)) if state.etag.as_deref() == Some("e1")), "{found:?}");

    let denied = Loopback::start(|_| Answer::new(403).header("x-amz-request-id", "r-1").body("application/xml", "")).unwrap();
    let account = AwsTargetAccount::new(&config(&denied).await, QuotaCodes::default());
    assert_eq!(account.artifact(&object()).await.unwrap_err().kind(), CallErrorKind::AccessDenied);
}

#[tokio::test]
async fn an_image_has_the_digest_that_its_tag_means() {
    let server = server(|| {
        let images = r#"{"images":[{"imageId":{"imageTag":"1","imageDigest":"sha256:aa"},"imageManifest":"{}"}],"failures":[]}"#;
        Answer::new(200).header("x-amzn-requestid", "r-1").body("application/x-amz-json-1.1", images)
    });
    let account = AwsTargetAccount::new(&config(&server).await, QuotaCodes::default());
    let found = account.image(&ImageName::parse(IMAGE).unwrap()).await.unwrap();
    assert_eq!(found, Presence::Found(Some("sha256:aa".to_owned())));
}

#[tokio::test]
async fn a_list_that_never_ends_is_an_error() {
    let server = server(|| Answer::new(200).body("application/x-amz-json-1.1", r#"{"Endpoints":[],"NextToken":"again"}"#));
    let account = AwsTargetAccount::new(&config(&server).await, QuotaCodes::default());
    let error = account.endpoints_like("iris").await.unwrap_err();
    assert!(error.message.contains("does not end"), "{error}");
}

/// A server whose only response never ends, until the client closes the connection.
fn endless() -> (String, std::thread::JoinHandle<usize>) {
    use std::io::{Read as _, Write as _};

    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        assert_ne!(stream.read(&mut [0; 4096]).unwrap(), 0);
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: application/x-amz-json-1.1\r\nconnection: close\r\n\r\n{\"a\":\"").unwrap();
        let chunk = vec![b'x'; 1 << 20];
        let mut sent = 0;
        while stream.write_all(&chunk).is_ok() {
            sent += chunk.len();
        }
        sent
    });
    (url, server)
}

#[tokio::test]
async fn an_endless_response_is_cut_off() {
    let (url, server) = endless();
    let account = AwsTargetAccount::new(&config_of(&url).await, QuotaCodes::default());
    let error = account.key_state("arn:aws:kms:us-east-1:111111111111:key/1").await.unwrap_err();
    assert!(error.message.contains("the response has more than 128 MiB"), "{error}");
    let sent = tokio::task::spawn_blocking(|| server.join().unwrap()).await.unwrap();
    assert!(sent < 256 << 20, "{sent}");
}

/// A session with these credentials, which only reaches this server.
async fn session(server: &Loopback, credentials: Credentials) -> Session {
    let config = config(server).await.into_builder().credentials_provider(SharedCredentialsProvider::new(credentials));
    let config = config.retry_config(aws_config::retry::RetryConfig::disabled()).build();
    Session::new(config, "profile `staging`").unwrap()
}

async fn located(session: &Session) -> String {
    let failure = session.located(Failure::unreachable(Diagnostic::error("`s3:PutObject` failed"))).await;
    failure.diagnostics[0].place.as_ref().unwrap().to_string()
}

const CALLER: &str = "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::111111111111:user/u</Arn>\
                      <Account>111111111111</Account></GetCallerIdentityResult></GetCallerIdentityResponse>";

#[tokio::test]
async fn an_error_gets_the_callers_account_with_one_more_call() {
    let server = server(|| Answer::new(200).body("text/xml", CALLER));
    let session = session(&server, Credentials::new("AKIDEXAMPLE", "not-a-secret", None, None, "test")).await;
    assert_eq!(located(&session).await, "account 111111111111, region us-east-1");
    assert_eq!(located(&session).await, "account 111111111111, region us-east-1");
    assert_eq!(server.requests().len(), 1, "the caller is read once");
}

#[tokio::test]
async fn an_error_gets_the_account_of_the_credentials_without_a_call() {
    let server = server(|| Answer::new(500).body("text/plain", "not called"));
    let credentials = Credentials::builder().access_key_id("A").secret_access_key("not-a-secret").account_id("222222222222");
    let session = session(&server, credentials.provider_name("test").build()).await;
    assert_eq!(located(&session).await, "account 222222222222, region us-east-1");
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn without_the_callers_account_an_error_says_which_credentials_were_used() {
    let server = server(|| Answer::new(403).body("text/xml", "<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>"));
    let session = session(&server, Credentials::new("AKIDEXAMPLE", "not-a-secret", None, None, "test")).await;
    assert_eq!(located(&session).await, "account of the profile `staging`, region us-east-1");
    let failure = session.caller().await.unwrap_err();
    assert!(failure.diagnostics[0].hint.as_ref().unwrap().contains("`sts:GetCallerIdentity`"));
}

#[tokio::test]
async fn a_part_of_an_xml_document_is_an_error_and_not_the_part_that_was_read() {
    // The account is in the part: the SDK's parser would return it.
    let part = &CALLER[..CALLER.len() - "</GetCallerIdentityResponse>".len()];
    let server = server(move || Answer::new(200).body("text/xml", part));
    let session = session(&server, Credentials::new("AKIDEXAMPLE", "not-a-secret", None, None, "test")).await;
    let failure = session.caller().await.unwrap_err();
    assert_eq!(failure.diagnostics[0].hint, Some(Fault::CutOff.hint("sts:GetCallerIdentity")));
}

/// A shorter list of records would be a history without the last releases.
#[tokio::test]
async fn a_part_of_a_list_of_objects_is_an_error_and_not_a_shorter_list() {
    const LIST: &str = "<ListBucketResult><Name>history</Name><IsTruncated>false</IsTruncated><KeyCount>2</KeyCount>\
        <Contents><Key>records/1</Key></Contents><Contents><Key>records/2</Key></Contents></ListBucketResult>";
    let place: HistoryPlace = "s3://history/records".parse().unwrap();
    let credentials = || Credentials::new("AKIDEXAMPLE", "not-a-secret", None, None, "test");
    let whole = server(|| Answer::new(200).body("application/xml", LIST));
    let listing = S3History::new(&session(&whole, credentials()).await, &place).list("records/", None, 10).await.unwrap();
    assert_eq!((listing.keys, listing.is_cut_off), (vec!["records/1".to_owned(), "records/2".to_owned()], false));

    let part = &LIST[..LIST.find("<Key>records/2").unwrap()];
    let cut = server(move || Answer::new(200).body("application/xml", part));
    let failure = S3History::new(&session(&cut, credentials()).await, &place).list("records/", None, 10).await.unwrap_err();
    assert_eq!(failure.diagnostics[0].hint, Some(Fault::CutOff.hint("s3:ListObjectsV2")), "{failure:?}");
}
