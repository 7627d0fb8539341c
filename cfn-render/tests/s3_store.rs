//! The store in S3, over a server on loopback that answers as S3 does.
#![cfg(feature = "aws")]
#![allow(clippy::format_push_string, reason = "texts for tests are small, and read best so")]

#[path = "support/server.rs"]
mod server;

use std::collections::BTreeMap;
use std::path::Path;

use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region, retry::RetryConfig};
use cfn_render::aws::S3Store;
use cfn_render::{Error, ErrorKind, PackageOptions, Packaged, Template};
use tempfile::TempDir;

use server::{Answer, Request, Server};

/// Whether a request is about an object and not about the bucket itself.
fn names_object(request: &Request) -> bool {
    !request.target.trim_start_matches("/bucket").trim_matches('/').is_empty()
}

fn ok() -> Answer {
    (200, Vec::new(), String::new())
}

fn error(status: u16, code: &str) -> Answer {
    (status, Vec::new(), format!("<Error><Code>{code}</Code><Message>said {code}</Message></Error>"))
}

fn store(server: &Server) -> S3Store {
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-west-1"))
        .credentials_provider(Credentials::new("AKIDEXAMPLE", "not-a-secret", None, None, "test"))
        .endpoint_url(&server.url)
        .force_path_style(true)
        .retry_config(RetryConfig::disabled())
        .build();
    S3Store::new(aws_sdk_s3::Client::from_conf(config), "bucket")
}

/// Packages a template with one Glue script, which is uploaded as it is.
fn package(store: &S3Store, script: &[u8]) -> Result<Packaged, Error> {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("job.py"), script).unwrap();
    package_in(folder.path(), store)
}

fn package_in(folder: &Path, store: &S3Store) -> Result<Packaged, Error> {
    package_text(folder, "Resources: {J: {Type: 'AWS::Glue::Job', Properties: {Command: {ScriptLocation: job.py}}}}\n", store, 8)
}

fn package_text(folder: &Path, text: &str, store: &S3Store, at_once: usize) -> Result<Packaged, Error> {
    let template = Template::parse(text, folder.join("template.yml")).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut options = PackageOptions::default();
    options.parallel_uploads = at_once;
    runtime.block_on(template.package(store, &options))
}

#[test]
fn what_is_missing_is_uploaded_with_everything_that_was_asked_for() {
    let server = Server::start(|request| match (request.method.as_str(), names_object(request)) {
        ("HEAD", false) => (200, vec![("x-amz-bucket-region", "eu-west-1".to_owned())], String::new()),
        ("HEAD", true) => error(404, "NotFound"),
        _ => ok(),
    });
    let store = store(&server)
        .prefix("/a/b")
        .kms_key_id(Some("alias/key".to_owned()))
        .metadata(BTreeMap::from([("commit".to_owned(), "abc".to_owned())]))
        .expected_bucket_owner(Some("111111111111".to_owned()));
    let packaged = package(&store, b"print(1)\n").unwrap();
    assert_eq!(server.log(), ["HEAD /bucket/", "HEAD /bucket/a/b/KEY", "PUT /bucket/a/b/KEY"]);
    let put = server.request("PUT");
    assert_eq!(put.body, b"print(1)\n");
    for (name, value) in [
        ("x-amz-server-side-encryption", "aws:kms"),
        ("x-amz-server-side-encryption-aws-kms-key-id", "alias/key"),
        ("x-amz-meta-commit", "abc"),
        ("x-amz-expected-bucket-owner", "111111111111"),
    ] {
        assert_eq!(put.headers.get(name).map(String::as_str), Some(value), "{name}");
    }
    assert!(!packaged.uploads[0].existed);
    assert!(packaged.text.contains(&format!("s3://bucket/{}", packaged.uploads[0].key)));
    assert!(packaged.uploads[0].key.starts_with("a/b/"));
}

#[test]
fn what_is_there_is_not_uploaded_again_unless_asked_for() {
    let server = Server::start(|_| ok());
    let packaged = package(&store(&server), b"1").unwrap();
    assert!(packaged.uploads[0].existed);
    assert_eq!(server.log(), ["HEAD /bucket/", "HEAD /bucket/KEY"]);

    let server = Server::start(|_| ok());
    assert!(!package(&store(&server).force_upload(true), b"1").unwrap().uploads[0].existed);
    assert_eq!(server.log(), ["HEAD /bucket/", "PUT /bucket/KEY"]);
    assert!(!server.request("PUT").headers.contains_key("x-amz-server-side-encryption"), "the bucket's own default holds");
}

#[test]
fn a_bucket_in_another_region_is_reached_there_and_named_so() {
    let elsewhere = || (301, vec![("x-amz-bucket-region", "us-west-2".to_owned())], String::new());
    let server = Server::start(move |request| if names_object(request) { ok() } else { elsewhere() });
    let packaged = package(&store(&server), b"1").unwrap();
    assert!(packaged.uploads[0].url.starts_with("https://s3.us-west-2.amazonaws.com/bucket/"));
    let requests = server.requests.lock().unwrap();
    assert!(requests.last().unwrap().headers["authorization"].contains("/us-west-2/s3/"), "signed for the bucket's region");
}

#[test]
fn leave_to_write_is_enough_and_that_nothing_else_may_be_seen_is_said_once() {
    let server = Server::start(|request| if request.method == "HEAD" { error(403, "Forbidden") } else { ok() });
    let folder = TempDir::new().unwrap();
    let mut resources = String::new();
    for number in 0..3 {
        std::fs::write(folder.path().join(format!("{number}.py")), number.to_string()).unwrap();
        resources.push_str(&format!("  J{number}: {{Type: 'AWS::Glue::Job', Properties: {{Command: {{ScriptLocation: {number}.py}}}}}}\n"));
    }
    let packaged = package_text(folder.path(), &format!("Resources:\n{resources}"), &store(&server), 1).unwrap();
    let once = ["HEAD /bucket/KEY", "PUT /bucket/KEY"];
    assert_eq!(server.log(), [&["HEAD /bucket/"][..], &once, &once, &once].concat());
    assert!(packaged.uploads[0].url.starts_with("https://s3.eu-west-1."));
    let notes: Vec<_> = packaged.notes.iter().map(|note| (note.code, note.place.line)).collect();
    assert_eq!(notes, [("uploaded-unseen", 2)]);
    assert!(packaged.notes[0].message.contains("s3:GetObject"));

    // What is not there is no reason to say anything.
    let server = Server::start(|request| match (request.method.as_str(), names_object(request)) {
        ("HEAD", true) => error(404, "NotFound"),
        _ => ok(),
    });
    assert_eq!(package(&store(&server), b"1").unwrap().notes, []);
}

#[test]
fn addresses_are_those_of_the_buckets_partition() {
    for (region, expected) in [
        ("cn-northwest-1", "https://s3.cn-northwest-1.amazonaws.com.cn/bucket/"),
        ("us-gov-west-1", "https://s3.us-gov-west-1.amazonaws.com/bucket/"),
        ("us-iso-east-1", "https://s3.us-iso-east-1.c2s.ic.gov/bucket/"),
        ("eusc-de-east-1", "https://s3.eusc-de-east-1.amazonaws.eu/bucket/"),
    ] {
        let server = Server::start(move |_| (200, vec![("x-amz-bucket-region", region.to_owned())], String::new()));
        let packaged = package(&store(&server), b"1").unwrap();
        assert!(packaged.uploads[0].url.starts_with(expected), "{}", packaged.uploads[0].url);
        let requests = server.requests.lock().unwrap();
        assert!(requests.last().unwrap().headers["authorization"].contains(&format!("/{region}/s3/")));
    }
}

#[test]
fn no_more_uploads_run_at_once_than_allowed() {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (now, peak) = (Arc::clone(&running), Arc::clone(&most));
    let server = Server::start(move |request| {
        if request.method == "PUT" {
            peak.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            std::thread::sleep(std::time::Duration::from_millis(60));
            now.fetch_sub(1, Ordering::SeqCst);
        }
        if names_object(request) && request.method == "HEAD" { error(404, "NotFound") } else { ok() }
    });
    let folder = TempDir::new().unwrap();
    let mut resources = String::new();
    for number in 0..12 {
        std::fs::write(folder.path().join(format!("{number}.py")), number.to_string()).unwrap();
        resources.push_str(&format!("  J{number}: {{Type: 'AWS::Glue::Job', Properties: {{Command: {{ScriptLocation: {number}.py}}}}}}\n"));
    }
    let packaged = package_text(folder.path(), &format!("Resources:\n{resources}"), &store(&server), 3).unwrap();
    assert_eq!(packaged.uploads.len(), 12);
    assert_eq!(most.load(Ordering::SeqCst), 3);
    assert_eq!(server.log().iter().filter(|line| *line == "HEAD /bucket/").count(), 1, "the bucket's region is asked for once");
}

#[test]
fn a_bucket_of_another_account_is_refused_before_anything_is_put_into_it() {
    let server = Server::start(|request| {
        let owner = request.headers.get("x-amz-expected-bucket-owner").map(String::as_str);
        if owner == Some("222222222222") { error(403, "AccessDenied") } else { ok() }
    });
    let refused = package(&store(&server).expected_bucket_owner(Some("222222222222".to_owned())), b"1").unwrap_err();
    assert_eq!(refused.store_error().unwrap().code.as_deref(), Some("AccessDenied"));
    assert!(refused.problems()[0].hint.as_deref().unwrap().contains("expected account"));
}

#[test]
fn refusals_keep_operation_code_message_and_request_id() {
    let server = Server::start(|request| if request.method == "HEAD" { error(403, "Forbidden") } else { error(403, "AccessDenied") });
    let refused = package(&store(&server), b"1").unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Store);
    let said = refused.store_error().unwrap();
    assert_eq!(
        (said.operation.as_str(), said.code.as_deref(), said.request_id.as_deref()),
        ("PutObject", Some("AccessDenied"), Some("R1"))
    );
    assert!(said.message.ends_with(": said AccessDenied"), "{}", said.message);
    assert!(refused.problems()[0].hint.as_deref().unwrap().contains("s3:PutObject"));
    assert_eq!(refused.problems()[0].place.pointer, "/Resources/J/Properties/Command/ScriptLocation");
}

#[test]
fn a_missing_bucket_is_said_to_be_missing() {
    let server = Server::start(|_| error(404, "NoSuchBucket"));
    let refused = package(&store(&server), b"1").unwrap_err();
    assert_eq!(refused.store_error().unwrap().operation, "HeadBucket");
    assert!(refused.problems()[0].hint.as_deref().unwrap().contains("aws s3 mb s3://bucket"));
    assert_eq!(server.log(), ["HEAD /bucket/"]);
}

#[test]
fn other_failures_of_the_search_are_not_taken_for_absence() {
    let server = Server::start(|request| if names_object(request) { error(400, "ExpiredToken") } else { ok() });
    let refused = package(&store(&server), b"1").unwrap_err();
    assert_eq!(refused.store_error().unwrap().operation, "HeadObject");
    assert_eq!(server.log(), ["HEAD /bucket/", "HEAD /bucket/KEY"]);
}

fn multipart(request: &Request, fail: bool) -> Answer {
    match request.method.as_str() {
        "HEAD" if names_object(request) => error(404, "NotFound"),
        "POST" if request.target.contains("uploads") => {
            (200, Vec::new(), "<InitiateMultipartUploadResult><UploadId>U1</UploadId></InitiateMultipartUploadResult>".to_owned())
        }
        "PUT" if fail && request.target.contains("partNumber=2") => error(403, "AccessDenied"),
        "PUT" => (200, vec![("etag", format!("\"{}\"", request.body.len()))], String::new()),
        "POST" => (200, Vec::new(), "<CompleteMultipartUploadResult><ETag>\"e\"</ETag></CompleteMultipartUploadResult>".to_owned()),
        _ => ok(),
    }
}

#[test]
fn large_artifacts_go_in_parts() {
    let bytes: Vec<u8> = (0..=250).cycle().take((16 << 20) + 1000).collect();
    let server = Server::start(|request| multipart(request, false));
    let store = store(&server)
        .kms_key_id(Some("alias/key".to_owned()))
        .metadata(BTreeMap::from([("commit".to_owned(), "abc".to_owned())]))
        .expected_bucket_owner(Some("111111111111".to_owned()));
    package(&store, &bytes).unwrap();
    let requests = server.requests.lock().unwrap();
    let created = requests.iter().find(|request| request.method == "POST").unwrap();
    assert_eq!(created.headers["x-amz-server-side-encryption-aws-kms-key-id"], "alias/key");
    assert_eq!(created.headers["x-amz-meta-commit"], "abc");
    assert!(requests.iter().all(|request| request.headers["x-amz-expected-bucket-owner"] == "111111111111"));
    let parts: Vec<&Request> = requests.iter().filter(|request| request.method == "PUT").collect();
    assert_eq!(parts.iter().map(|part| part.body.len()).collect::<Vec<_>>(), [16 << 20, 1000]);
    assert!(parts.iter().flat_map(|part| &part.body).eq(&bytes));
    let completed = String::from_utf8(requests.last().unwrap().body.clone()).unwrap();
    assert!(completed.contains("<PartNumber>2</PartNumber>") && completed.contains("1000"), "{completed}");
}

#[test]
fn an_upload_in_parts_that_fails_is_given_up() {
    let bytes = vec![0; (16 << 20) + 1];
    let server = Server::start(|request| multipart(request, true));
    let refused = package(&store(&server), &bytes).unwrap_err();
    assert_eq!(refused.store_error().unwrap().operation, "UploadPart");
    let requests = server.requests.lock().unwrap();
    let last = requests.last().unwrap();
    assert_eq!(last.method, "DELETE");
    assert!(last.target.contains("uploadId=U1"));
}
