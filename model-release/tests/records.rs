//! Signed records of a release: what they state, and that each deviation is refused by name.

#[path = "../../release-records/tests/support/local_key.rs"]
mod local_key;

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_lc_rs::rsa::KeySize;
use endpoint_test::{CaseReport, CheckReport, Outcome, Report, SuiteInfo, TargetInfo, TargetReport, ToolInfo, Verdict};
use local_key::LocalKey;
use model_registry::ReleasePolicy;
use model_release::files::digest;
use model_release::manifest::Tool;
use model_release::records::{
    Chain, PROVENANCE, Predicate, RecordKind, RecordingRun, Signer as _, Statement, TrustedKey, TrustedKeys, VERIFICATION_SUMMARY,
    provenance, record_of_results, sign, test_result, verification_summary, verify_record,
};
use model_release::{Failure, FailureKind, PolicyFile, Release, Stage};
use proptest::prelude::*;
use serde_json::{Value as Json, json};
use tempfile::TempDir;

const PACKAGE: &str = "arn:aws:sagemaker:us-east-1:111111111111:model-package/iris/13";
const IMAGE: &str = "111111111111.dkr.ecr.us-east-1.amazonaws.com/iris";
const IMAGE_DIGEST: &str = "sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae";
const TEMPLATE: &str = "Parameters:\n  ModelPackageName: { Type: String }\nResources: {}\n";

/// A release in a folder of its own, and the key that its team trusts.
struct Signed {
    folder: TempDir,
    key: LocalKey,
    trusted: TrustedKeys,
}

fn run() -> RecordingRun {
    RecordingRun {
        tool: Tool { name: "xtask".to_owned(), version: "0.1.0".to_owned() },
        at: UNIX_EPOCH + Duration::from_millis(1_767_225_600_999),
        invocation: Some("arn:aws:codebuild:us-east-1:111111111111:build/b:1".to_owned()),
    }
}

fn write_release(folder: &Path, project: &str) {
    let parameters = json!([{ "ParameterKey": "ModelPackageName", "ParameterValue": PACKAGE }]).to_string();
    let files = [
        ("template.yaml", TEMPLATE.to_owned()),
        ("staging-config.json", parameters.clone()),
        ("prod-config.json", parameters),
        ("staging-accounts.json", r#"["222222222222"]"#.to_owned()),
        ("prod-accounts.json", r#"["333333333333"]"#.to_owned()),
    ];
    let stage = |name: &str, account: &str| {
        json!({
            "env_type": name, "config": format!("{name}-config.json"), "accounts": [account], "regions": ["us-east-1"],
            "execution_role_name": "Model", "endpoints": ["iris"], "stack_set": format!("iris-{name}"),
        })
    };
    let digests: serde_json::Map<_, _> = files.iter().map(|(name, text)| ((*name).to_owned(), json!(digest(text.as_bytes())))).collect();
    let manifest = json!({
        "schema_version": 1, "tool": { "name": "xtask", "version": "0.1.0" }, "action": "deploy",
        "source": { "commit": "4f0c", "dirty": false },
        "project": { "name": "iris", "id": project, "environment": "ds" },
        "model_package": {
            "arn": PACKAGE, "group": "iris", "version": 13, "approval_status": "Approved", "status": "Completed",
            "created": "2026-01-01T00:00:00Z", "images": [format!("{IMAGE}@{IMAGE_DIGEST}"), "iris:latest"], "model_data": ["s3://models/iris.tar.gz"],
        },
        "choice": {
            "selection": "latest-approved", "because": "it is the newest", "passed_over": [],
            "release_policy": { "file": "release-policy.json", "digest": IMAGE_DIGEST },
        },
        "stages": { "staging": stage("staging", "222222222222"), "prod": stage("prod", "333333333333") },
        "template": "template.yaml",
        "files": digests,
    });
    for (name, text) in files {
        std::fs::write(folder.join(name), text).unwrap();
    }
    std::fs::write(folder.join("release-manifest.json"), manifest.to_string()).unwrap();
}

fn report(release: &Release, stage: &str, outcome: Outcome) -> Report {
    let info = TargetInfo {
        account_id: "222222222222".to_owned(),
        region: "us-east-1".to_owned(),
        endpoint: "iris".to_owned(),
        ..TargetInfo::default()
    };
    let mut target = TargetReport::errored(info, "status", "not reached", None);
    target.verdict = if outcome == Outcome::Passed { Verdict::Passed } else { Verdict::Failed };
    target.checks = vec![CheckReport { name: "identity".to_owned(), outcome: Outcome::Passed, ..CheckReport::default() }];
    let case = |name: &str, outcome| CaseReport { name: name.to_owned(), outcome, ..CaseReport::default() };
    target.cases = vec![case("one flower", outcome), case("not run", Outcome::Skipped)];
    let mut report = Report::assemble(ToolInfo::default(), stage, vec![target]);
    report.release = Some(release.digest.clone());
    report.suite = Some(SuiteInfo { file: "test/endpoint-tests.yaml".to_owned(), name: None, digest: Some(IMAGE_DIGEST.to_owned()) });
    report
}

impl Signed {
    fn new() -> Self {
        let (folder, key) = (TempDir::new().unwrap(), LocalKey::p256());
        write_release(folder.path(), "p-1");
        let trusted = TrustedKey { key: key.public_key().clone(), file: "release-key.pem".into() }.into();
        let signed = Self { folder, key, trusted };
        signed.write(PROVENANCE, &provenance(&signed.release().manifest, &signed.release().digest, &run()));
        signed.write_tests("staging", Outcome::Passed);
        signed.write(VERIFICATION_SUMMARY, &verification_summary(&signed.release(), Stage::Prod, None, Vec::new(), &run()));
        signed
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn release(&self) -> Release {
        Release::open(self.folder.path()).unwrap()
    }

    /// Signs a statement, which the key's owner would not do if it is wrong.
    fn write<P: Predicate + Sync>(&self, name: &str, statement: &Statement<P>) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let bundle = runtime.block_on(sign(statement, &self.key)).unwrap_or_else(|never| match never {});
        std::fs::write(self.path(name), bundle.to_json()).unwrap();
    }

    /// Signs what another statement says with this change.
    fn write_changed<P: Predicate + Sync>(&self, name: &str, statement: &Statement<P>, pointer: &str, value: Json) {
        let mut tree: Json = serde_json::from_str(&statement.to_json()).unwrap();
        *tree.pointer_mut(pointer).unwrap_or_else(|| panic!("{pointer}: {}", statement.to_json())) = value;
        self.write(name, &Statement::<P>::parse(tree.to_string().as_bytes()).unwrap());
    }

    fn write_tests(&self, stage: &str, outcome: Outcome) {
        let release = self.release();
        let report = report(&release, stage, outcome);
        let results = serde_json::to_string(&report).unwrap();
        std::fs::write(self.path("test-results.json"), &results).unwrap();
        self.write("test-results.sigstore.json", &test_result(&release, &report, ("test-results.json", results.as_bytes()), &run()));
    }

    fn verify(&self, name: &str) -> Result<RecordKind, Failure> {
        verify_record(&self.release(), &self.trusted, &self.path(name)).map(|record| record.kind)
    }
}

#[track_caller]
fn refused<T: std::fmt::Debug>(result: Result<T, Failure>, code: &str, message: &str) {
    let failure = result.unwrap_err();
    assert_eq!((failure.kind, failure.diagnostics[0].code), (FailureKind::Failed, Some(code)), "{failure:?}");
    assert!(failure.diagnostics[0].message.contains(message), "{failure:?}");
}

#[test]
fn each_record_is_verified_as_what_it_is() {
    let signed = Signed::new();
    assert_eq!(signed.verify(PROVENANCE), Ok(RecordKind::Provenance));
    assert_eq!(signed.verify("test-results.sigstore.json"), Ok(RecordKind::TestResult { stage: Stage::Staging, passed: true }));
    assert_eq!(signed.verify(VERIFICATION_SUMMARY), Ok(RecordKind::Allowed(Stage::Prod)));
    let record = signed.release().verify_provenance(&signed.trusted).unwrap();
    assert_eq!(record.time, "2026-01-01T00:00:00Z");
    assert_eq!(record.descriptor().digests(), digest(&std::fs::read(signed.path(PROVENANCE)).unwrap()));
}

#[test]
fn the_provenance_names_every_part_whose_digest_is_known_and_what_the_build_read() {
    let signed = Signed::new();
    let release = signed.release();
    let statement: Json = serde_json::from_str(&provenance(&release.manifest, &release.digest, &run()).to_json()).unwrap();
    let mut expected: Vec<_> = release.manifest.files.iter().map(|(name, digest)| (name.clone(), digest.clone())).collect();
    expected.push(("release-manifest.json".to_owned(), release.digest.clone()));
    expected.push((IMAGE.to_owned(), IMAGE_DIGEST.to_owned()));
    expected.sort();
    let subjects = statement["subject"].as_array().unwrap().iter();
    let subjects: Vec<_> = subjects
        .map(|subject| (subject["name"].as_str().unwrap().to_owned(), format!("sha256:{}", subject["digest"]["sha256"].as_str().unwrap())))
        .collect();
    assert_eq!(subjects, expected);
    let definition = &statement["predicate"]["buildDefinition"];
    assert_eq!(definition["externalParameters"]["project"], json!({ "name": "iris", "id": "p-1", "environment": "ds" }));
    let dependencies = definition["resolvedDependencies"].as_array().unwrap();
    for dependency in [
        json!({ "uri": PACKAGE }),
        json!({ "uri": "s3://models/iris.tar.gz" }),
        json!({ "name": "iris:latest" }),
        json!({ "name": "source", "digest": { "gitCommit": "4f0c" } }),
        json!({ "name": "release-policy.json", "digest": { "sha256": &IMAGE_DIGEST[7..] } }),
    ] {
        assert!(dependencies.contains(&dependency), "{dependency} is not in {dependencies:?}");
    }
    let details = &statement["predicate"]["runDetails"];
    assert_eq!(details["builder"], json!({ "id": "pkg:cargo/xtask", "version": { "xtask": "0.1.0" } }));
    assert_eq!(details["metadata"]["finishedOn"], "2026-01-01T00:00:00Z");
}

/// The bytes that a manifest of version 2 records: by digest, by checksum, by list and by ETag.
#[test]
fn the_provenance_names_the_approved_bytes_of_every_region() {
    let signed = Signed::new();
    let mut manifest: Json = serde_json::from_str(&std::fs::read_to_string(signed.path("release-manifest.json")).unwrap()).unwrap();
    let artifacts = json!([
        { "uri": "s3://models/sum.tar.gz", "etag": "e1", "sha256": "LCa0a2j/xo/5m0U8HTBBNBNCLXBkg7+g+YpeiGJm564=" },
        { "uri": "s3://models/parts.tar.gz", "etag": "e2-2", "sha256": "LCa0a2j/xo/5m0U8HTBBNBNCLXBkg7+g+YpeiGJm564=-2" },
        { "uri": "s3://models/prefix/", "prefix": true, "listing": IMAGE_DIGEST },
        { "uri": "s3://models/unknown", "not_known": "access denied" },
    ]);
    let image = json!({ "name": "iris:latest", "digest": IMAGE_DIGEST, "digest_from": "ecr" });
    manifest["schema_version"] = json!(2);
    manifest["model_package"]["containers"] = json!([{ "image": image, "artifacts": artifacts }]);
    let other = json!([{ "image": { "name": "iris:west", "digest": IMAGE_DIGEST, "digest_from": "ecr" }, "artifacts": [{ "uri": "s3://west/m", "etag": "w" }] }]);
    let arn = PACKAGE.replace("us-east-1", "us-west-2");
    manifest["model_package"]["regions"] =
        json!({ "us-west-2": { "arn": arn, "images": ["iris:west"], "model_data": [], "containers": other } });
    std::fs::write(signed.path("release-manifest.json"), manifest.to_string()).unwrap();
    let release = signed.release();
    let statement = provenance(&release.manifest, &release.digest, &run());
    let digest = |name: &str| {
        statement.subjects().iter().find(|subject| subject.name.as_deref() == Some(name)).map(release_records::ResourceDescriptor::digests)
    };
    let known = IMAGE_DIGEST;
    for (name, expected) in [
        ("iris:latest", known.to_owned()),
        ("iris:west", known.to_owned()),
        ("s3://models/sum.tar.gz", known.to_owned()),
        ("s3://models/parts.tar.gz", "s3Etag:e2-2".to_owned()),
        ("s3://models/prefix/", known.replace("sha256:", "s3ListingSha256:")),
        ("s3://west/m", "s3Etag:w".to_owned()),
    ] {
        assert_eq!(digest(name), Some(expected), "{name}");
    }
    // What has no digest is a dependency only.
    assert_eq!(digest("s3://models/unknown"), None);
    assert!(statement.to_json().contains("s3://models/unknown"));
    signed.write(PROVENANCE, &statement);
    assert_eq!(signed.verify(PROVENANCE), Ok(RecordKind::Provenance));
    // Another digest of an artifact in the manifest is another release, even for a key that signs it.
    signed.write_changed(PROVENANCE, &statement, "/subject/0/digest", json!({ "sha256": "00" }));
    refused(signed.verify(PROVENANCE), "record-refused", "the record is about another `iris:latest`");
}

#[test]
fn the_test_result_names_the_suite_the_results_and_every_test() {
    let signed = Signed::new();
    let release = signed.release();
    let statement = test_result(&release, &report(&release, "staging", Outcome::Errored), ("r.json", b"x"), &run());
    let predicate: Json = serde_json::from_str::<Json>(&statement.to_json()).unwrap()["predicate"].take();
    assert_eq!(predicate["result"], "FAILED");
    assert_eq!(predicate["passedTests"], json!(["222222222222/us-east-1/iris: check identity"]));
    assert_eq!(predicate["failedTests"], json!(["222222222222/us-east-1/iris: case one flower"]));
    assert_eq!(predicate["configuration"][0]["name"], "test/endpoint-tests.yaml");
    assert_eq!(predicate["release_results"]["digest"]["sha256"], digest(b"x")[7..]);
}

#[test]
fn a_record_whose_statement_deviates_is_refused_although_it_is_signed() {
    let signed = Signed::new();
    let release = signed.release();
    let own = provenance(&release.manifest, &release.digest, &run());
    for (pointer, value, message) in [
        ("/subject/0/digest/sha256", json!("00"), "another `111111111111.dkr.ecr.us-east-1.amazonaws.com/iris`"),
        ("/subject/0/name", json!("other"), "not about `111111111111.dkr.ecr.us-east-1.amazonaws.com/iris`"),
        ("/subject/1/digest", json!({ "sha512": "00" }), "another `prod-accounts.json`"),
        ("/predicate/buildDefinition/externalParameters/project/id", json!("p-2"), "another `externalParameters.project`"),
        ("/predicate/buildDefinition/externalParameters/stages", json!({}), "another `externalParameters.stages`"),
        ("/predicate/buildDefinition/externalParameters/model_package", json!(null), "another `externalParameters.model_package`"),
    ] {
        signed.write_changed(PROVENANCE, &own, pointer, value);
        refused(signed.verify(PROVENANCE), "record-refused", message);
        refused(release.verify_provenance(&signed.trusted), "record-refused", message);
    }
    // A file that the signer did not see.
    let mut subjects = own.subjects().to_vec();
    subjects.pop();
    signed.write(PROVENANCE, &Statement::new(subjects, own.predicate().clone()));
    refused(release.verify_provenance(&signed.trusted), "record-refused", "the record is not about `template.yaml`");

    let summary = verification_summary(&release, Stage::Prod, None, Vec::new(), &run());
    for (pointer, value, message) in [
        ("/subject/0/digest/sha256", json!("00"), "another `release-manifest.json`"),
        ("/predicate/resourceUri", json!(format!("{PACKAGE}#production")), "`resourceUri` is"),
        ("/predicate/resourceUri", json!(format!("{}#prod", PACKAGE.replace("/13", "/12"))), "`resourceUri` is"),
        ("/predicate/verificationResult", json!("FAILED"), "`verificationResult` is `FAILED`, not `PASSED`"),
    ] {
        signed.write_changed(VERIFICATION_SUMMARY, &summary, pointer, value);
        refused(signed.verify(VERIFICATION_SUMMARY), "record-refused", message);
    }
    // Allowed in staging is not allowed in production.
    signed.write(VERIFICATION_SUMMARY, &verification_summary(&release, Stage::Staging, None, Vec::new(), &run()));
    assert_eq!(signed.verify(VERIFICATION_SUMMARY), Ok(RecordKind::Allowed(Stage::Staging)));
}

#[test]
fn a_test_result_is_about_its_results_file_stage_and_release() {
    let signed = Signed::new();
    let (release, results, record) = (signed.release(), signed.path("test-results.json"), "test-results.sigstore.json");
    assert_eq!(record_of_results(&results), signed.path(record));
    release.verify_staging_tests(&signed.trusted, &results).unwrap();
    let original = std::fs::read_to_string(&results).unwrap();
    std::fs::write(&results, original.replace("one flower", "two flower")).unwrap();
    refused(signed.verify(record), "record-refused", "another `test-results.json`");
    std::fs::remove_file(&results).unwrap();
    refused(signed.verify(record), "record-missing", "test-results.json");
    // The tests of production do not allow production.
    signed.write_tests("prod", Outcome::Passed);
    refused(release.verify_staging_tests(&signed.trusted, &results), "record-refused", "a record of something else: test results of prod");
    signed.write_tests("canary", Outcome::Passed);
    refused(signed.verify(record), "record-refused", "unknown stage `canary`");
    signed.write_tests("staging", Outcome::Failed);
    assert_eq!(signed.verify(record), Ok(RecordKind::TestResult { stage: Stage::Staging, passed: false }));
    // Another kind of record in its place.
    std::fs::copy(signed.path(PROVENANCE), signed.path(record)).unwrap();
    refused(release.verify_staging_tests(&signed.trusted, &results), "record-refused", "a record of something else: provenance");
    // Another project's release with the same files and model.
    write_release(signed.folder.path(), "p-2");
    for record in [PROVENANCE, VERIFICATION_SUMMARY] {
        refused(signed.verify(record), "record-refused", "another `release-manifest.json`");
    }
}

#[test]
fn a_record_of_another_key_names_the_trusted_one() {
    let signed = Signed::new();
    let other = TrustedKey { key: LocalKey::rsa(KeySize::Rsa2048).public_key().clone(), file: "other.pem".into() };
    let failure = signed.release().verify_provenance(&other.into()).unwrap_err();
    assert_eq!(failure.diagnostics[0].code, Some("record-of-another-key"));
    assert!(failure.diagnostics[0].details[0].contains("other.pem"), "{failure:?}");
    std::fs::remove_file(signed.path(PROVENANCE)).unwrap();
    refused(signed.release().verify_provenance(&signed.trusted), "record-missing", PROVENANCE);
}

#[test]
fn a_chain_has_what_is_proven_what_is_not_and_what_is_missing() {
    let signed = Signed::new();
    let release = signed.release();
    let records = ["test-results.sigstore.json", VERIFICATION_SUMMARY].map(|name| signed.path(name));
    let chain = Chain::verify(&release, &signed.trusted, &records);
    assert!(chain.failure().is_none() && chain.findings().is_empty());
    let json = chain.json(&run().tool);
    assert_eq!(json["verified"].as_array().unwrap().len(), 3);
    assert_eq!(json["missing"], json!(["passed test results of prod"]));
    assert!(chain.text().contains("verified  allowed in prod, signed 2026-01-01T00:00:00Z"), "{}", chain.text());
    // Failed tests are verified, and prove no passed ones.
    signed.write_tests("staging", Outcome::Failed);
    std::fs::write(signed.path(PROVENANCE), "{}").unwrap();
    let chain = Chain::verify(&release, &signed.trusted, &records);
    assert_eq!((chain.failure(), chain.findings().len()), (Some(FailureKind::Failed), 1));
    let json = chain.json(&run().tool);
    assert_eq!(json["missing"], json!(["provenance", "passed test results of staging", "passed test results of prod"]));
    assert!(json["refused"][0]["reason"].as_str().unwrap().contains("not a Sigstore bundle"), "{json}");
}

#[test]
fn a_signature_is_required_by_the_caller_or_by_the_policy() {
    let key = LocalKey::p384();
    let policy = |signatures: &str| PolicyFile {
        name: "release-policy.json".to_owned(),
        path: "release-policy.json".into(),
        digest: String::new(),
        policy: ReleasePolicy::parse(&format!(r#"{{ "schema_version": 1{signatures} }}"#)).unwrap(),
    };
    let pem = serde_json::to_string(&key.public_key().to_pem()).unwrap();
    let (none, pinned) = (policy(""), policy(&format!(r#", "signatures": {{ "public_key": {pem} }}"#)));
    let required = policy(&format!(r#", "signatures": {{ "public_key": {pem}, "required": true }}"#));
    let found = |policy: Option<&PolicyFile>, by_caller| TrustedKeys::required(policy, by_caller).map(|keys| keys.build.map(|key| key.key));
    let own = Ok(Some(key.public_key().clone()));
    assert_eq!(found(Some(&required), false), own);
    assert_eq!(found(Some(&pinned), true), own);
    assert_eq!((found(Some(&pinned), false), found(Some(&none), false), found(None, false)), (Ok(None), Ok(None), Ok(None)));
    for policy in [Some(&none), None] {
        let failure = found(policy, true).unwrap_err();
        assert_eq!((failure.kind, failure.diagnostics[0].code), (FailureKind::BadInput, Some("no-trusted-key")));
    }
    let missing = policy(r#", "signatures": { "public_key": "no-such-file.pem", "required": true }"#);
    assert_eq!(found(Some(&missing), false).unwrap_err().diagnostics[0].code, Some("no-public-key"));
}

#[test]
fn each_kind_of_record_is_verified_with_its_own_key() {
    let signed = Signed::new();
    let release = signed.release();
    let other = TrustedKey { key: LocalKey::p384().public_key().clone(), file: "other.pem".into() };
    let tests = signed.path("test-results.json");
    let summary = signed.path(VERIFICATION_SUMMARY);
    let refused = |trusted: &TrustedKeys| {
        let found =
            [release.verify_provenance(trusted), release.verify_staging_tests(trusted, &tests), verify_record(&release, trusted, &summary)];
        found.map(|found| found.err().map(|failure| failure.diagnostics[0].code.unwrap()))
    };
    let (another, none) = (Some("record-of-another-key"), Some("no-trusted-key"));
    assert_eq!(refused(&signed.trusted), [None; 3]);
    assert_eq!(refused(&TrustedKeys { build: Some(other.clone()), ..signed.trusted.clone() }), [another, None, None]);
    assert_eq!(refused(&TrustedKeys { test: Some(other.clone()), ..signed.trusted.clone() }), [None, another, None]);
    assert_eq!(refused(&TrustedKeys { check_release: Some(other), ..signed.trusted.clone() }), [None, None, another]);
    assert_eq!(refused(&TrustedKeys::default()), [none; 3]);
    // A key that may sign tests cannot sign a release.
    let policy = |text: &str| PolicyFile {
        name: "release-policy.json".to_owned(),
        path: "release-policy.json".into(),
        digest: String::new(),
        policy: ReleasePolicy::parse(text).unwrap(),
    };
    let pem = |key: &LocalKey| key.public_key().to_pem();
    let (build, test, check) = (LocalKey::p256(), LocalKey::p384(), LocalKey::p256());
    let keys = json!({ "build": pem(&build), "test": pem(&test), "check_release": pem(&check) });
    let document = json!({ "schema_version": 1, "signatures": { "public_keys": keys, "required": true } }).to_string();
    let pinned = TrustedKeys::required(Some(&policy(&document)), false).unwrap();
    let found = [&pinned.build, &pinned.test, &pinned.check_release].map(|key| key.as_ref().unwrap().key.clone());
    assert_eq!(found, [build, test, check].map(|key| key.public_key().clone()));
}

/// A change of each member of the manifest, one after the other.
#[test]
fn every_changed_member_of_the_manifest_is_refused() {
    fn leaves(value: &Json, pointer: &str, found: &mut Vec<String>) {
        let members: Vec<_> = match value {
            Json::Object(members) => members.iter().map(|(name, value)| (name.replace('~', "~0").replace('/', "~1"), value)).collect(),
            Json::Array(items) => items.iter().enumerate().map(|(index, value)| (index.to_string(), value)).collect(),
            _ => return found.push(pointer.to_owned()),
        };
        for (name, value) in members {
            leaves(value, &format!("{pointer}/{name}"), found);
        }
    }
    let signed = Signed::new();
    let path = signed.path("release-manifest.json");
    let manifest: Json = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    let mut pointers = Vec::new();
    leaves(&manifest, "", &mut pointers);
    assert!(pointers.len() > 40, "{pointers:?}");
    for pointer in pointers {
        let mut changed = manifest.clone();
        let value = changed.pointer_mut(&pointer).unwrap();
        *value = match &*value {
            Json::String(text) => json!(format!("{text}x")),
            Json::Bool(is) => json!(!*is),
            Json::Number(number) => json!(number.as_u64().unwrap() + 1),
            _ => json!(true),
        };
        std::fs::write(&path, changed.to_string()).unwrap();
        // It cannot be opened, or it is not the one that was signed.
        if let Ok(release) = Release::open(signed.folder.path()) {
            refused(release.verify_provenance(&signed.trusted), "record-refused", "`release-manifest.json`");
        }
    }
}

proptest! {
    /// A time is stated in UTC and in seconds: the time zone of the machine is not read.
    #[test]
    fn a_time_is_in_utc(seconds in 0_u64..253_402_300_799, milliseconds in 0_u64..1000) {
        let folder = TempDir::new().unwrap();
        write_release(folder.path(), "p-1");
        let release = Release::open(folder.path()).unwrap();
        let at: SystemTime = UNIX_EPOCH + Duration::from_millis(seconds * 1000 + milliseconds);
        let statement = provenance(&release.manifest, &release.digest, &RecordingRun { at, ..run() });
        let stated = statement.predicate().run_details.metadata.finished_on.clone().unwrap();
        prop_assert!(stated.ends_with('Z') && !stated.contains('.'), "{stated}");
        let read: jiff::Timestamp = stated.parse().unwrap();
        prop_assert_eq!(u64::try_from(read.as_second()).unwrap(), seconds);
    }
}

#[test]
fn the_same_release_in_two_folders_has_the_same_statements() {
    let statements = || {
        let signed = Signed::new();
        let release = signed.release();
        let report = report(&release, "staging", Outcome::Passed);
        [
            provenance(&release.manifest, &release.digest, &run()).to_json(),
            test_result(&release, &report, ("test-results.json", b"x"), &run()).to_json(),
            verification_summary(&release, Stage::Prod, None, Vec::new(), &run()).to_json(),
        ]
    };
    assert_eq!(statements(), statements());
}
