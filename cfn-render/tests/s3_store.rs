//! The S3 store, with a server on loopback that responds like S3.
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

use server::{Request, Response, Server};

/// Whether a request is for an object and not for the bucket.
fn is_for_object(request: &Request) -> bool {
    !request.target.trim_start_matches("/bucket").trim_matches('/').is_empty()
}

fn ok() -> Response {
    (200, Vec::new(), String::new())
}

/// S3's response to an upload: the checksum that was sent.
fn stored(request: &Request) -> Response {
    (200, request.headers.get(SHA256).map(|checksum| (SHA256, checksum.clone())).into_iter().collect(), String::new())
}

const SHA256: &str = "x-amz-checksum-sha256";

/// The SHA-256 of some bytes in S3's format.
fn sha256(bytes: &[u8]) -> String {
    use base64::Engine as _;
    use sha2::Digest as _;
    base64::prelude::BASE64_STANDARD.encode(sha2::Sha256::digest(bytes))
}

/// The checksum of the parts' checksums, followed by their number.
fn composite(parts: &[&[u8]]) -> String {
    use sha2::Digest as _;
    let digests: Vec<u8> = parts.iter().flat_map(sha2::Sha256::digest).collect();
    format!("{}-{}", sha256(&digests), parts.len())
}

/// S3 with one object, with or without a SHA-256.
fn with_object(checksum: Option<String>) -> Server {
    Server::start(move |request| match request.method.as_str() {
        "HEAD" if is_for_object(request) && request.headers.get("x-amz-checksum-mode").is_some_and(|mode| mode == "ENABLED") => {
            (200, checksum.iter().map(|checksum| (SHA256, checksum.clone())).collect(), String::new())
        }
        _ => stored(request),
    })
}

fn error(status: u16, code: &str) -> Response {
    (status, Vec::new(), format!("<Error><Code>{code}</Code><Message>error {code}</Message></Error>"))
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

/// Packages a template with one Glue script, which is uploaded unchanged.
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
fn missing_objects_are_uploaded_with_all_settings() {
    let server = Server::start(|request| match (request.method.as_str(), is_for_object(request)) {
        ("HEAD", false) => (200, vec![("x-amz-bucket-region", "eu-west-1".to_owned())], String::new()),
        ("HEAD", true) => error(404, "NotFound"),
        _ => stored(request),
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
        (SHA256, sha256(b"print(1)\n").as_str()),
    ] {
        assert_eq!(put.headers.get(name).map(String::as_str), Some(value), "{name}");
    }
    assert!(!packaged.uploads[0].existed);
    assert!(packaged.text.contains(&format!("s3://bucket/{}", packaged.uploads[0].key)));
    assert!(packaged.uploads[0].key.starts_with("a/b/"));
}

#[test]
fn confirmed_objects_are_not_uploaded_again_unless_forced() {
    let server = with_object(Some(sha256(b"1")));
    let packaged = package(&store(&server), b"1").unwrap();
    assert!(packaged.uploads[0].existed && packaged.notes.is_empty());
    assert_eq!(server.log(), ["HEAD /bucket/", "HEAD /bucket/KEY"]);

    let server = with_object(Some(sha256(b"1")));
    assert!(!package(&store(&server).force_upload(true), b"1").unwrap().uploads[0].existed);
    assert_eq!(server.log(), ["HEAD /bucket/", "PUT /bucket/KEY"]);
    assert!(!server.request("PUT").headers.contains_key("x-amz-server-side-encryption"), "the bucket's default encryption applies");
}

#[test]
fn an_object_with_other_bytes_or_an_unknown_checksum_is_uploaded_again() {
    let (one, of_parts) = (sha256(b"1"), composite(&[b"1"]));
    for (checksum, notes) in [
        // Another writer stored other bytes under the key.
        (Some(sha256(b"2")), &["artifact-replaced"][..]),
        // A composite checksum is not the checksum of the bytes.
        (Some(of_parts), &["artifact-replaced"]),
        (Some(format!("{one}-1")), &["artifact-replaced"]),
        // Another tool uploaded it without a SHA-256, or the response is not from S3: a captive
        // portal returns 200 for everything.
        (None, &[]),
    ] {
        let server = with_object(checksum.clone());
        let packaged = package(&store(&server), b"1").unwrap();
        assert!(!packaged.uploads[0].existed, "{checksum:?}");
        assert_eq!(server.log(), ["HEAD /bucket/", "HEAD /bucket/KEY", "PUT /bucket/KEY"], "{checksum:?}");
        assert_eq!(packaged.notes.iter().map(|note| note.code).collect::<Vec<_>>(), notes, "{checksum:?}");
    }
}

#[test]
fn an_upload_that_s3_does_not_confirm_is_an_error() {
    let page = || (200, vec![("content-type", "text/html".to_owned())], "<html>Log in</html>".to_owned());
    let portal = Server::start(move |_| page());
    let failure = package(&store(&portal), b"1").unwrap_err();
    assert_eq!(failure.store_error().unwrap().operation, "PutObject");
    assert!(failure.to_string().contains("no SHA-256, but"), "{failure}");
    assert!(failure.problems()[0].hint.as_deref().unwrap().contains("captive portal"));

    let other = Server::start(|request| match request.method.as_str() {
        "PUT" => (200, vec![(SHA256, sha256(b"2"))], String::new()),
        _ if is_for_object(request) => error(404, "NotFound"),
        _ => ok(),
    });
    let failure = package(&store(&other), b"1").unwrap_err();
    assert!(failure.to_string().contains(&format!("`{}`, but `{}` was sent", sha256(b"2"), sha256(b"1"))), "{failure}");
}

/// Each property that accepts a version, one that does not, and a nested template.
const PROPERTIES: &str = "\
Resources:
  A: {Type: 'AWS::Lambda::Function', Properties: {Code: job.py}}
  B: {Type: 'AWS::ApiGateway::RestApi', Properties: {BodyS3Location: job.py}}
  C: {Type: 'AWS::CodeCommit::Repository', Properties: {Code: {S3: job.py}}}
  D: {Type: 'AWS::Serverless::Function', Properties: {CodeUri: job.py}} # in a URI
  E: {Type: 'AWS::ElasticBeanstalk::ApplicationVersion', Properties: {SourceBundle: job.py}}
  F: {Type: 'AWS::Glue::Job', Properties: {Command: {ScriptLocation: job.py}}}
  G: {Type: 'AWS::CloudFormation::Stack', Properties: {TemplateURL: child.yml}}
";

#[test]
fn properties_that_accept_a_version_contain_the_objects_version() {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("job.py"), "1").unwrap();
    std::fs::write(folder.path().join("child.yml"), "Resources: {}\n").unwrap();
    let packaged_with = |found: Option<&'static str>, new_version: &'static str| {
        let server = Server::start(move |request| {
            let versioned = |(status, mut headers, text): Response, version: &str| {
                headers.push(("x-amz-version-id", version.to_owned()));
                (status, headers, text)
            };
            match (request.method.as_str(), found) {
                ("HEAD", Some(version)) if is_for_object(request) => versioned((200, vec![(SHA256, sha256(b"1"))], String::new()), version),
                ("HEAD", None) if is_for_object(request) => error(404, "NotFound"),
                ("PUT", _) => versioned(stored(request), new_version),
                _ => ok(),
            }
        });
        package_text(folder.path(), PROPERTIES, &store(&server), 8).unwrap()
    };
    let uploaded = packaged_with(None, "v/2.x_");
    assert!(uploaded.uploads.iter().all(|upload| upload.version.as_deref() == Some("v/2.x_")));
    for part in [
        r#""S3ObjectVersion": "v/2.x_"}}"#,
        r#""Version": "v/2.x_"}}"#,
        r#""ObjectVersion": "v/2.x_"}}}"#,
        r#"?versionId=v/2.x_"}} # in a URI"#,
    ] {
        assert!(uploaded.text.contains(part), "{part} in\n{}", uploaded.text);
    }
    assert_eq!(uploaded.text.matches("v/2.x_").count(), 4, "{}", uploaded.text);

    // Existing confirmed objects have their version too; the archives have other bytes than this
    // server's object.
    let found = packaged_with(Some("v1"), "v2");
    assert!(found.text.contains(r#"{BodyS3Location: {"Bucket": "bucket", "Key": ""#) && found.text.contains(r#""Version": "v1"}"#));
    assert!(found.text.contains(r#""S3ObjectVersion": "v2"}"#), "{}", found.text);

    // With versioning suspended, the next object would have the same version.
    let suspended = packaged_with(None, "null");
    assert!(!suspended.text.contains("ersion\": ") && !suspended.text.contains("versionId"), "{}", suspended.text);
}

#[test]
fn a_bucket_in_another_region_is_accessed_there() {
    let elsewhere = || (301, vec![("x-amz-bucket-region", "us-west-2".to_owned())], String::new());
    let server = Server::start(move |request| if is_for_object(request) { stored(request) } else { elsewhere() });
    let packaged = package(&store(&server), b"1").unwrap();
    assert!(packaged.uploads[0].url.starts_with("https://s3.us-west-2.amazonaws.com/bucket/"));
    let requests = server.requests.lock().unwrap();
    assert!(requests.last().unwrap().headers["authorization"].contains("/us-west-2/s3/"), "signed for the bucket's region");
}

#[test]
fn write_permission_is_enough_and_missing_read_permission_is_noted_once() {
    let server = Server::start(|request| if request.method == "HEAD" { error(403, "Forbidden") } else { stored(request) });
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
    assert_eq!(notes, [(cfn_render::Code::UploadedUnseen, 2)]);
    // Reading the checksum of an object that is encrypted with a KMS key requires permission for
    // the key.
    let hint = packaged.notes[0].hint.as_deref().unwrap();
    assert!(hint.contains("s3:GetObject") && hint.contains("kms:Decrypt"), "{hint}");

    // A missing object causes no note.
    let server = Server::start(|request| match (request.method.as_str(), is_for_object(request)) {
        ("HEAD", true) => error(404, "NotFound"),
        _ => stored(request),
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
        let server = Server::start(move |request| {
            let (status, mut headers, text) = stored(request);
            headers.push(("x-amz-bucket-region", region.to_owned()));
            (status, headers, text)
        });
        let packaged = package(&store(&server), b"1").unwrap();
        assert!(packaged.uploads[0].url.starts_with(expected), "{}", packaged.uploads[0].url);
        let requests = server.requests.lock().unwrap();
        assert!(requests.last().unwrap().headers["authorization"].contains(&format!("/{region}/s3/")));
    }
}

#[test]
fn no_more_uploads_run_at_once_than_allowed() {
    use std::sync::{Arc, Condvar, Mutex, PoisonError};

    /// How many are running, and the maximum so far.
    type Running = (Mutex<(usize, usize)>, Condvar);
    let running = Arc::<Running>::default();
    let seen = Arc::clone(&running);
    let server = Server::start(move |request| {
        if request.method == "PUT" {
            let (running, changed) = &*seen;
            let mut running = running.lock().unwrap_or_else(PoisonError::into_inner);
            running.0 += 1;
            running.1 = running.1.max(running.0);
            changed.notify_all();
            // None ends before three run concurrently.
            let alone = |running: &mut (usize, usize)| running.1 < 3;
            let (mut running, waited) = changed.wait_timeout_while(running, std::time::Duration::from_mins(5), alone).unwrap();
            running.0 -= 1;
            assert!(!waited.timed_out(), "three uploads never ran concurrently");
        }
        if is_for_object(request) && request.method == "HEAD" { error(404, "NotFound") } else { stored(request) }
    });
    let folder = TempDir::new().unwrap();
    let mut resources = String::new();
    for number in 0..12 {
        std::fs::write(folder.path().join(format!("{number}.py")), number.to_string()).unwrap();
        resources.push_str(&format!("  J{number}: {{Type: 'AWS::Glue::Job', Properties: {{Command: {{ScriptLocation: {number}.py}}}}}}\n"));
    }
    let packaged = package_text(folder.path(), &format!("Resources:\n{resources}"), &store(&server), 3).unwrap();
    assert_eq!(packaged.uploads.len(), 12);
    assert_eq!(running.0.lock().unwrap().1, 3);
    assert_eq!(server.log().iter().filter(|line| *line == "HEAD /bucket/").count(), 1, "the bucket's region is requested once");
}

#[test]
fn a_bucket_of_another_account_is_rejected_before_any_upload() {
    let server = Server::start(|request| {
        let owner = request.headers.get("x-amz-expected-bucket-owner").map(String::as_str);
        if owner == Some("222222222222") { error(403, "AccessDenied") } else { ok() }
    });
    let failure = package(&store(&server).expected_bucket_owner(Some("222222222222".to_owned())), b"1").unwrap_err();
    assert_eq!(failure.store_error().unwrap().code.as_deref(), Some("AccessDenied"));
    assert!(failure.problems()[0].hint.as_deref().unwrap().contains("expected account"));
}

#[test]
fn errors_keep_operation_code_message_and_request_id() {
    let server = Server::start(|request| if request.method == "HEAD" { error(403, "Forbidden") } else { error(403, "AccessDenied") });
    let failure = package(&store(&server), b"1").unwrap_err();
    assert_eq!(failure.kind(), ErrorKind::Store);
    let error = failure.store_error().unwrap();
    assert_eq!(
        (error.operation.as_str(), error.code.as_deref(), error.request_id.as_deref()),
        ("PutObject", Some("AccessDenied"), Some("R1"))
    );
    assert!(error.message.ends_with(": error AccessDenied"), "{}", error.message);
    assert!(failure.problems()[0].hint.as_deref().unwrap().contains("s3:PutObject"));
    assert_eq!(failure.problems()[0].place.pointer, "/Resources/J/Properties/Command/ScriptLocation");
}

#[test]
fn a_missing_bucket_is_reported_as_missing() {
    let server = Server::start(|_| error(404, "NoSuchBucket"));
    let failure = package(&store(&server), b"1").unwrap_err();
    assert_eq!(failure.store_error().unwrap().operation, "HeadBucket");
    assert!(failure.problems()[0].hint.as_deref().unwrap().contains("aws s3 mb s3://bucket"));
    assert_eq!(server.log(), ["HEAD /bucket/"]);
}

#[test]
fn other_errors_of_the_lookup_do_not_count_as_missing() {
    let server = Server::start(|request| if is_for_object(request) { error(400, "ExpiredToken") } else { ok() });
    let failure = package(&store(&server), b"1").unwrap_err();
    assert_eq!(failure.store_error().unwrap().operation, "HeadObject");
    assert_eq!(server.log(), ["HEAD /bucket/", "HEAD /bucket/KEY"]);
}

/// The first part is complete, the second has the rest.
const PART: usize = 16 << 20;

fn two_parts() -> Vec<u8> {
    (0..=250).cycle().take(PART + 1000).collect()
}

/// S3 without the object, which returns this checksum for the whole upload.
fn multipart(request: &Request, checksum: &str) -> Response {
    match request.method.as_str() {
        "HEAD" if is_for_object(request) => error(404, "NotFound"),
        "POST" if request.target.contains("uploads") => {
            (200, Vec::new(), "<InitiateMultipartUploadResult><UploadId>U1</UploadId></InitiateMultipartUploadResult>".to_owned())
        }
        "PUT" => {
            let (status, mut headers, text) = stored(request);
            headers.push(("etag", format!("\"{}\"", request.body.len())));
            (status, headers, text)
        }
        "POST" => {
            let body = format!(
                "<CompleteMultipartUploadResult><ETag>\"e\"</ETag><ChecksumSHA256>{checksum}</ChecksumSHA256></CompleteMultipartUploadResult>"
            );
            (200, vec![("x-amz-version-id", "v1".to_owned())], body)
        }
        _ => ok(),
    }
}

#[test]
fn large_artifacts_are_uploaded_in_parts() {
    let bytes = two_parts();
    let whole = composite(&[&bytes[..PART], &bytes[PART..]]);
    let checksum = whole.clone();
    let server = Server::start(move |request| multipart(request, &checksum));
    let store = store(&server)
        .kms_key_id(Some("alias/key".to_owned()))
        .metadata(BTreeMap::from([("commit".to_owned(), "abc".to_owned())]))
        .expected_bucket_owner(Some("111111111111".to_owned()));
    let packaged = package(&store, &bytes).unwrap();
    assert_eq!(packaged.uploads[0].version.as_deref(), Some("v1"));
    let requests = server.requests.lock().unwrap();
    let created = requests.iter().find(|request| request.method == "POST").unwrap();
    assert_eq!(created.headers["x-amz-server-side-encryption-aws-kms-key-id"], "alias/key");
    assert_eq!(created.headers["x-amz-meta-commit"], "abc");
    assert_eq!((&*created.headers["x-amz-checksum-algorithm"], &*created.headers["x-amz-checksum-type"]), ("SHA256", "COMPOSITE"));
    assert!(requests.iter().all(|request| request.headers["x-amz-expected-bucket-owner"] == "111111111111"));
    let parts: Vec<&Request> = requests.iter().filter(|request| request.method == "PUT").collect();
    assert_eq!(parts.iter().map(|part| part.body.len()).collect::<Vec<_>>(), [PART, 1000]);
    assert!(parts.iter().flat_map(|part| &part.body).eq(&bytes));
    assert!(parts.iter().all(|part| part.headers[SHA256] == sha256(&part.body)));
    let completed = String::from_utf8(requests.last().unwrap().body.clone()).unwrap();
    assert!(completed.contains("<PartNumber>2</PartNumber>") && completed.contains("1000"), "{completed}");
    assert!(completed.contains(&format!("<ChecksumSHA256>{}</ChecksumSHA256>", sha256(&bytes[PART..]))), "{completed}");
}

#[test]
fn a_large_artifact_is_confirmed_by_its_composite_checksum() {
    let bytes = two_parts();
    let checksum = composite(&[&bytes[..PART], &bytes[PART..]]);
    let server = with_object(Some(checksum.clone()));
    assert!(package(&store(&server), &bytes).unwrap().uploads[0].existed);
    assert_eq!(server.log(), ["HEAD /bucket/", "HEAD /bucket/KEY"]);

    // Another kind of checksum: the artifact is uploaded.
    let digest = checksum.replace("-2", "");
    let server = Server::start(move |request| match request.method.as_str() {
        "HEAD" if is_for_object(request) => (200, vec![(SHA256, digest.clone())], String::new()),
        _ => multipart(request, &checksum),
    });
    let packaged = package(&store(&server), &bytes).unwrap();
    assert!(!packaged.uploads[0].existed);
    assert_eq!(packaged.notes[0].code, "artifact-replaced");
}

#[test]
fn parts_that_s3_does_not_confirm_are_an_error() {
    let bytes = two_parts();
    let whole = composite(&[&bytes[..PART], &bytes[PART..]]);
    // It is not documented whether S3 appends the number of parts here.
    let digest = whole.replace("-2", "");
    let server = Server::start(move |request| multipart(request, &digest));
    package(&store(&server), &bytes).unwrap();

    let server = Server::start(|request| multipart(request, &composite(&[b"other", b"parts"])));
    let failure = package(&store(&server), &bytes).unwrap_err();
    assert_eq!(failure.store_error().unwrap().operation, "CompleteMultipartUpload");

    let checksum = whole.clone();
    let server = Server::start(move |request| match multipart(request, &checksum) {
        (status, headers, text) if request.method == "PUT" => {
            (status, headers.into_iter().filter(|(name, _)| *name != SHA256).collect(), text)
        }
        answer => answer,
    });
    let failure = package(&store(&server), &bytes).unwrap_err();
    assert_eq!(failure.store_error().unwrap().operation, "UploadPart");
    assert_eq!(server.requests.lock().unwrap().last().unwrap().method, "DELETE", "the upload is aborted");
}

/// A captive portal responds with status 200 to everything, a broken store with an empty id.
#[test]
fn an_upload_that_gets_no_id_sends_no_part() {
    let empty = "<InitiateMultipartUploadResult><UploadId></UploadId></InitiateMultipartUploadResult>";
    for body in ["", "<html>Log in</html>", "<InitiateMultipartUploadResult/>", empty] {
        let server = Server::start(move |request| match request.method.as_str() {
            "POST" => (200, Vec::new(), body.to_owned()),
            _ => multipart(request, ""),
        });
        let failure = package(&store(&server), &two_parts()).unwrap_err();
        assert_eq!(failure.store_error().unwrap().operation, "CreateMultipartUpload", "{body}: {failure}");
        assert!(failure.problems()[0].hint.as_deref().unwrap().contains("proxy"), "{body}: {failure}");
        let is_read = |request: &Request| ["HEAD", "POST"].contains(&request.method.as_str());
        assert!(server.requests.lock().unwrap().iter().all(is_read), "{body}: a part was sent");
    }
}

#[test]
fn a_failed_multipart_upload_is_aborted() {
    let server =
        Server::start(|request| if request.target.contains("partNumber=2") { error(403, "AccessDenied") } else { multipart(request, "") });
    let failure = package(&store(&server), &two_parts()).unwrap_err();
    assert_eq!(failure.store_error().unwrap().operation, "UploadPart");
    let requests = server.requests.lock().unwrap();
    let last = requests.last().unwrap();
    assert_eq!(last.method, "DELETE");
    assert!(last.target.contains("uploadId=U1"));
}
