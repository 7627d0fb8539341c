//! Signed records: `--sign-with`, `--require-signature` and `verify`, with keys of the local AWS.

use std::process::Command;

use model_release::files::digest;
use model_release::records::PublicKey;
use sandbox::stand_in::Fault;
use serde_json::{Value as Json, json};

use crate::buildspecs::{python_program, text};
use crate::cloud::{Cloud, GROUP, HOME};
use crate::project::{Project, workspace};

const BUILD: &str = "target/deploy";
const PROVENANCE: &str = "target/deploy/release-provenance.sigstore.json";
const TESTS: &str = "target/test-results/test-results.sigstore.json";
const ALLOWED: &str = "target/check-release/prod/release-verification.sigstore.json";

/// A local AWS with approved packages, and a key that signs.
pub(crate) struct Signed {
    pub(crate) cloud: Cloud,
    pub(crate) project: Project,
    pub(crate) key: String,
}

impl Signed {
    /// The policy of the project requires signatures with a key of this kind.
    pub(crate) fn with(spec: &str) -> Self {
        let cloud = Cloud::new();
        cloud.register(10);
        let project = cloud.project();
        let key = make_key(&cloud, "SIGN_VERIFY", spec);
        let signed = Self { cloud, project, key };
        signed.trust(&signed.key);
        signed
    }

    fn trust(&self, key: &str) {
        trust(&self.cloud, &self.project, key);
    }

    fn sign(&self, command: &[&str]) {
        self.project.run(command.iter().copied().chain(["--sign-with", &self.key])).ends_with(0);
    }

    /// A release with all records before production.
    fn before_production() -> Self {
        let signed = Self::with("ECC_NIST_P256");
        signed.sign(&["build"]);
        signed.cloud.deploy(&signed.project, "staging", "222222222222", &[]);
        signed.sign(&["test-staging", "--no-load"]);
        signed.sign(&["check-release", "--stage", "prod"]);
        signed
    }

    fn verify(&self, records: &[&str]) -> crate::project::Run {
        self.project.run(["verify"].into_iter().chain(records.iter().flat_map(|record| ["--record", record])))
    }
}

/// The alias of the key of [`with_an_alias`].
pub(crate) const ALIAS: &str = "arn:aws:kms:us-east-1:111111111111:alias/releases";

/// A project whose policy requires signatures, and whose key has an alias.
pub(crate) fn with_an_alias(cloud: &Cloud) -> Project {
    cloud.register(10);
    let project = cloud.project();
    let key = make_key(cloud, "SIGN_VERIFY", "ECC_NIST_P256");
    cloud.aws.call(HOME, "kms", "CreateAlias", &json!({ "AliasName": "alias/releases", "TargetKeyId": key })).unwrap();
    trust(cloud, &project, &key);
    project
}

/// Pins the public key of a key in the release policy.
fn trust(cloud: &Cloud, project: &Project, key: &str) {
    project.write("release-key.pem", &public_key(cloud, key));
    let policy = json!({ "schema_version": 1, "signatures": { "public_key": "release-key.pem", "required": true } });
    project.write("release-policy.json", &policy.to_string());
}

/// The public key of a key, as PEM.
pub(crate) fn public_key(cloud: &Cloud, key: &str) -> String {
    let response = cloud.aws.call(HOME, "kms", "GetPublicKey", &json!({ "KeyId": key })).unwrap();
    let lines: Vec<_> = response["PublicKey"].as_str().unwrap().as_bytes().chunks(64).map(String::from_utf8_lossy).collect();
    format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", lines.join("\n"))
}

pub(crate) fn make_key(cloud: &Cloud, usage: &str, spec: &str) -> String {
    let created = cloud.aws.call(HOME, "kms", "CreateKey", &json!({ "KeyUsage": usage, "KeySpec": spec })).unwrap();
    created["KeyMetadata"]["Arn"].as_str().unwrap().to_owned()
}

/// The statement in a record.
fn statement(project: &Project, record: &str) -> Json {
    let envelope = &project.json(record)["dsseEnvelope"];
    let output = Command::new(python_program("python"))
        .args(["-c", "import base64, sys; sys.stdout.write(base64.b64decode(sys.argv[1]).decode())", envelope["payload"].as_str().unwrap()])
        .output()
        .unwrap();
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", text(&output)))
}

#[test]
fn a_release_is_signed_from_its_build_to_its_check_and_verified_without_a_network() {
    let mut signed = Signed::before_production();
    let release = digest(signed.project.read(&format!("{BUILD}/release-manifest.json")).as_bytes());
    let sha256 = release.trim_start_matches("sha256:");
    let manifest = json!({ "name": "release-manifest.json", "digest": { "sha256": sha256 } });

    let provenance = statement(&signed.project, PROVENANCE);
    assert_eq!(provenance["predicateType"], "https://slsa.dev/provenance/v1");
    let subjects = provenance["subject"].as_array().unwrap();
    assert!(subjects.contains(&manifest), "{provenance}");
    let files = signed.project.json(&format!("{BUILD}/release-manifest.json"))["files"].as_object().unwrap().clone();
    assert!(!files.is_empty());
    for (name, digest) in files {
        let digest = digest.as_str().unwrap().trim_start_matches("sha256:").to_owned();
        assert!(subjects.contains(&json!({ "name": name, "digest": { "sha256": digest } })), "{name}");
    }

    let tests = statement(&signed.project, TESTS);
    assert_eq!(tests["subject"], json!([manifest]));
    assert_eq!((&tests["predicate"]["result"], &tests["predicate"]["release_stage"]), (&json!("PASSED"), &json!("staging")));
    assert!(
        tests["predicate"]["passedTests"]
            .as_array()
            .unwrap()
            .iter()
            .any(|test| { *test == format!("222222222222/us-east-1/{GROUP}-staging: check identity") }),
        "{tests}"
    );

    let allowed = statement(&signed.project, ALLOWED);
    assert_eq!(allowed["predicate"]["verificationResult"], "PASSED");
    assert!(allowed["predicate"]["resourceUri"].as_str().unwrap().ends_with("/14#prod"), "{allowed}");
    assert_eq!(allowed["predicate"]["inputAttestations"].as_array().unwrap().len(), 2);

    // The private key never left AWS KMS, which got digests only.
    let requests = signed.cloud.requests("Sign");
    assert_eq!(requests.len(), 3);
    // Without AWS: an auditor's machine.
    for name in ["AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION", "AWS_DEFAULT_REGION"] {
        signed.project.unset(name);
    }
    signed.cloud.aws.clear_requests().unwrap();
    let run = signed.verify(&[TESTS, ALLOWED]).ends_with(0);
    for line in [
        "verified  provenance",
        "verified  test results of staging, which passed",
        "verified  allowed in prod",
        "missing   passed test results of prod",
    ] {
        assert!(run.stdout.contains(line), "{line}: {}", run.stdout);
    }
    let json = signed.project.run(["verify", "--format", "json", "--public-key", "release-key.pem"]).ends_with(0).stdout;
    let json: Json = serde_json::from_str(&json).unwrap();
    assert_eq!((&json["release"], json["verified"].as_array().unwrap().len()), (&json!(release), 1));
    assert_eq!(json["missing"].as_array().unwrap().len(), 3);
    assert!(signed.cloud.aws.requests().unwrap().is_empty());
}

#[test]
fn a_release_with_all_signatures_is_deployed_where_they_are_required() {
    let signed = Signed::before_production();
    signed.cloud.prepare("prod", "333333333333");
    let run = signed.project.run(["deploy", "--stage", "prod"]).ends_with(0);
    run.says("Verified").says("1 of 1 endpoints serve the release");
}

#[test]
fn where_signatures_are_required_an_unsigned_release_is_refused_before_anything_else() {
    let signed = Signed::with("ECC_NIST_P256");
    signed.project.run(["build"]).ends_with(0);
    let commands: [&[&str]; 5] =
        [&["check-release", "--stage", "prod"], &["deploy", "--stage", "staging"], &["test-staging"], &["test-prod"], &["verify"]];
    signed.cloud.aws.clear_requests().unwrap();
    for command in commands {
        signed.project.run(command).ends_with(1).says("release-provenance.sigstore.json").says("sign with --sign-with");
    }
    assert!(signed.cloud.aws.requests().unwrap().is_empty());
    // Staging tests without a record are no proof.
    signed.sign(&["build"]);
    signed.cloud.deploy(&signed.project, "staging", "222222222222", &[]);
    signed.project.run(["test-staging", "--no-load"]).ends_with(0);
    for command in ["check-release", "deploy"] {
        signed.project.run([command, "--stage", "prod"]).ends_with(1).says("test-results.sigstore.json");
    }
    // A policy that pins a key without requiring it.
    let policy = json!({ "schema_version": 1, "signatures": { "public_key": "release-key.pem" } });
    signed.project.write("release-policy.json", &policy.to_string());
    signed.project.run(["check-release", "--stage", "prod"]).ends_with(0);
    signed.project.run(["check-release", "--stage", "prod", "--require-signature"]).ends_with(1).says("test-results.sigstore.json");
}

#[test]
fn a_required_signature_needs_a_key_that_is_pinned() {
    let signed = Signed::with("ECC_NIST_P256");
    signed.sign(&["build"]);
    for (policy, message) in [
        (json!({ "schema_version": 1 }), "the release policy `release-policy.json` pins no public key"),
        (json!({ "schema_version": 1, "signatures": { "public_key": "other.pem" } }), "other.pem"),
        (
            json!({ "schema_version": 1, "signatures": { "public_key": "-----BEGIN CERTIFICATE-----" } }),
            "has a `CERTIFICATE`, not a `PUBLIC KEY`",
        ),
    ] {
        signed.project.write("release-policy.json", &policy.to_string());
        signed.project.run(["check-release", "--stage", "staging", "--require-signature"]).ends_with(2).says(message);
        signed.project.run(["verify"]).ends_with(2).says(message);
    }
    std::fs::remove_file(signed.project.path("release-policy.json")).unwrap();
    signed.project.run(["verify"]).ends_with(2).says("there is no release policy that pins a public key").says("--public-key");
    signed.project.run(["verify", "--public-key", "release-key.pem"]).ends_with(0);
}

/// One byte of each file of the release and of each record is changed: nothing is accepted, and the
/// message names the file.
#[test]
fn an_altered_file_is_refused_by_name() {
    let signed = Signed::before_production();
    let names = signed.project.files(BUILD).into_iter().map(|(name, _)| format!("{BUILD}/{name}"));
    let files: Vec<_> = names.chain([TESTS, "target/test-results/test-results.json", ALLOWED].map(str::to_owned)).collect();
    assert!(files.len() >= 9, "{files:?}");
    for file in files {
        // Variables for a shell, which no command reads.
        if file.ends_with("release.env") {
            continue;
        }
        let original = signed.project.read(&file);
        for at in [original.len() / 3, original.len() / 2, original.len() - 2] {
            let mut changed = original.clone().into_bytes();
            changed[at] = if changed[at] == b'0' { b'1' } else { b'0' };
            std::fs::write(signed.project.path(&file), &changed).unwrap();
            let run = signed.verify(&[TESTS, ALLOWED]);
            assert!(run.code == 1 || run.code == 2, "{file}: {}", run.stdout);
            let name = file.rsplit('/').next().unwrap();
            // A name in the manifest can be the changed one: then it is of a file that does not exist.
            let is_named = run.stderr.contains(name) || (name == "release-manifest.json" && run.stderr.contains("the release has no file"));
            assert!(is_named, "{file}: {}", run.stderr);
            if file != ALLOWED {
                let run = signed.project.run(["check-release", "--stage", "prod"]);
                assert!(run.code == 1 || run.code == 2, "{file}: {}", run.stdout);
            }
        }
        signed.project.write(&file, &original);
    }
    signed.verify(&[TESTS, ALLOWED]).ends_with(0);
}

/// Without signatures, a change of a file and of its checksum in the manifest is believed.
#[test]
fn a_consistent_edit_of_the_release_is_refused() {
    let signed = Signed::before_production();
    let manifest = format!("{BUILD}/release-manifest.json");
    let mut edited = signed.project.json(&manifest);
    edited["choice"]["because"] = json!("of a rumour");
    signed.project.write(&manifest, &(serde_json::to_string_pretty(&edited).unwrap() + "\n"));
    signed.project.run(["verify"]).ends_with(1).says("the record is about another `release-manifest.json`");
    signed.project.run(["deploy", "--stage", "staging"]).ends_with(1).says("another `release-manifest.json`").says("do not deploy it");

    // Every member, one after the other.
    let original = edited.clone();
    let members: Vec<_> = original.as_object().unwrap().keys().cloned().collect();
    for member in members {
        let mut edited = original.clone();
        edited[&member] = json!("0");
        signed.project.write(&manifest, &edited.to_string());
        assert_ne!(signed.project.run(["verify"]).code, 0, "{member}");
    }
}

#[test]
fn a_record_proves_nothing_about_another_release_project_or_step() {
    let signed = Signed::before_production();
    let old = [PROVENANCE, TESTS, ALLOWED].map(|record| signed.project.read(record));
    // An old signature under a new manifest.
    signed.sign(&["build", "--model-package", "13"]);
    let new = signed.project.read(PROVENANCE);
    signed.project.write(PROVENANCE, &old[0]);
    signed.verify(&[]).ends_with(1).says("about another `release-manifest.json`");
    signed.project.write(PROVENANCE, &new);
    signed.verify(&[TESTS, ALLOWED]).ends_with(1).says("test-results.sigstore.json").says("release-verification.sigstore.json");
    signed.verify(&[]).ends_with(0);
    // The records of one step in the place of another.
    signed.project.write(PROVENANCE, &old[1]);
    signed.verify(&[]).ends_with(1).says("`predicateType` is `https://in-toto.io/attestation/test-result/v0.1`");
    signed.project.write(PROVENANCE, &new);
    signed.project.write(TESTS, &old[0]);
    signed.project.run(["check-release", "--stage", "prod"]).ends_with(1);
    // Another project with the same model and the same key.
    let mut other = signed.cloud.project();
    other.set("SAGEMAKER_PROJECT_ID", "p-other12345");
    for name in ["release-policy.json", "release-key.pem"] {
        other.write(name, &signed.project.read(name));
    }
    other.run(["build", "--sign-with", &signed.key]).ends_with(0);
    other.run(["verify"]).ends_with(0);
    other.write(PROVENANCE, &new);
    other.run(["verify"]).ends_with(1).says("about another `release-manifest.json`");
}

#[test]
fn another_key_of_the_same_account_is_not_trusted() {
    let signed = Signed::with("ECC_NIST_P256");
    signed.sign(&["build"]);
    let other = make_key(&signed.cloud, "SIGN_VERIFY", "ECC_NIST_P256");
    signed.trust(&other);
    signed.project.run(["verify"]).ends_with(1).says("names another key").says("release-key.pem");
}

#[test]
fn a_key_that_cannot_sign_records_is_refused_before_any_work() {
    let signed = Signed::with("ECC_NIST_P256");
    let cloud = &signed.cloud;
    let encrypts = make_key(cloud, "ENCRYPT_DECRYPT", "RSA_2048");
    let curve = make_key(cloud, "SIGN_VERIFY", "ECC_SECG_P256K1");
    let missing = format!("arn:aws:kms:us-east-1:{HOME}:key/00000000-0000-0000-0000-000000000000");
    for (key, code, message) in [
        ("1234abcd", 2, "`1234abcd` is not the ARN of a KMS key or alias"),
        ("arn:aws:s3:::bucket", 2, "is not the ARN of a KMS key or alias"),
        (&encrypts, 2, "is for `ENCRYPT_DECRYPT`, not for signatures"),
        (&curve, 2, "cannot sign records: the key is not of a supported kind"),
        (&missing, 3, "AWS rejected `kms:GetPublicKey`: NotFoundException"),
    ] {
        cloud.aws.clear_requests().unwrap();
        signed.project.run(["build", "--sign-with", key]).ends_with(code).says(message);
        assert!(cloud.requests("ListModelPackages").is_empty(), "{key}");
        assert!(!signed.project.path(BUILD).join("release-manifest.json").exists(), "{key}");
    }
}

#[test]
fn results_that_cannot_be_signed_are_written_and_the_failure_is_reported() {
    let signed = Signed::with("ECC_NIST_P256");
    signed.sign(&["build"]);
    signed.cloud.deploy(&signed.project, "staging", "222222222222", &[]);
    signed.cloud.aws.fault(&Fault::error(400, "AccessDeniedException", "not authorized").on("kms", "Sign")).unwrap();
    signed
        .project
        .run(["test-staging", "--no-load", "--sign-with", &signed.key])
        .ends_with(3)
        .says("AWS rejected `kms:Sign`: AccessDenied")
        .says("docs/permissions.md");
    assert_eq!(signed.project.json("target/test-results/test-results.json")["verdict"], "passed");
    assert!(!signed.project.path(TESTS).exists());
    // A release that cannot be signed is not written.
    let before = signed.project.files(BUILD);
    signed.project.run(["build", "--model-package", "13", "--sign-with", &signed.key]).ends_with(3);
    assert_eq!(signed.project.files(BUILD), before);
}

/// The same facts, stated by two users in two folders and time zones.
#[test]
fn a_statement_does_not_depend_on_user_folder_or_time_zone() {
    let signed = Signed::with("ECC_NIST_P256");
    signed.sign(&["build"]);
    let mut other = signed.cloud.project();
    for (name, value) in [("TZ", "Pacific/Kiritimati"), ("USER", "another-user"), ("HOME", "/nowhere"), ("LC_ALL", "tr_TR.UTF-8")] {
        other.set(name, value);
    }
    for name in ["release-policy.json", "release-key.pem"] {
        other.write(name, &signed.project.read(name));
    }
    other.run(["build", "--sign-with", &signed.key]).ends_with(0);
    let [mut one, mut two] = [&signed.project, &other].map(|project| statement(project, PROVENANCE));
    for statement in [&mut one, &mut two] {
        let time = statement["predicate"]["runDetails"]["metadata"]["finishedOn"].take();
        assert!(time.as_str().unwrap().ends_with('Z'), "{time}");
    }
    assert_eq!(one, two);
}

/// Verifies a record with securesystemslib; the payload.
pub(crate) fn verified_by_python(project: &Project, record: &str) -> Result<Json, String> {
    let output = Command::new(python_program("python"))
        .arg(workspace().join("xtask/tests/oracles/verify.py"))
        .args([project.path(record), project.path("release-key.pem")])
        .output()
        .unwrap();
    if output.status.success() { Ok(serde_json::from_slice(&output.stdout).unwrap()) } else { Err(text(&output)) }
}

#[test]
fn securesystemslib_verifies_the_records_of_every_kind_of_key() {
    for spec in ["ECC_NIST_P256", "ECC_NIST_P384", "RSA_2048", "RSA_3072", "RSA_4096"] {
        let signed = Signed::with(spec);
        signed.sign(&["build"]);
        signed.project.run(["verify"]).ends_with(0);
        let payload = verified_by_python(&signed.project, PROVENANCE).unwrap_or_else(|error| panic!("{spec}: {error}"));
        assert_eq!(payload, statement(&signed.project, PROVENANCE), "{spec}");
        // It also refuses what `verify` refuses.
        let other = make_key(&signed.cloud, "SIGN_VERIFY", spec);
        signed.trust(&other);
        assert!(verified_by_python(&signed.project, PROVENANCE).is_err(), "{spec}");
        // The key in the file is the one of AWS KMS.
        assert!(PublicKey::from_pem(&signed.project.read("release-key.pem")).is_ok());
    }
}

#[test]
fn securesystemslib_verifies_the_records_of_every_step() {
    let signed = Signed::before_production();
    for record in [PROVENANCE, TESTS, ALLOWED] {
        let payload = verified_by_python(&signed.project, record).unwrap_or_else(|error| panic!("{record}: {error}"));
        assert_eq!(payload["_type"], "https://in-toto.io/Statement/v1");
    }
}

#[test]
#[ignore = "needs Node.js and npm: `cargo xtask test --model-servers` runs it"]
fn sigstore_s_library_verifies_the_records() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["package.json", "package-lock.json", "verify.mjs"] {
        std::fs::copy(workspace().join("xtask/tests/oracles").join(name), folder.path().join(name)).unwrap();
    }
    let installed = Command::new("npm").args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(&folder).output().unwrap();
    assert!(installed.status.success(), "{}", text(&installed));
    let verified = |project: &Project, record: &str| {
        let files = [project.path(record), project.path("release-key.pem")];
        let output = Command::new("node").arg("verify.mjs").args(files).current_dir(&folder).output().unwrap();
        if output.status.success() { Ok(serde_json::from_slice::<Json>(&output.stdout).unwrap()) } else { Err(text(&output)) }
    };
    let signed = Signed::before_production();
    for record in [PROVENANCE, TESTS, ALLOWED] {
        assert_eq!(verified(&signed.project, record), Ok(statement(&signed.project, record)), "{record}");
    }
    let record = signed.project.read(PROVENANCE);
    signed.project.write(PROVENANCE, &record.replacen("\"payload\":\"ey", "\"payload\":\"ez", 1));
    assert!(verified(&signed.project, PROVENANCE).is_err());
    for spec in ["RSA_2048", "RSA_3072", "RSA_4096"] {
        let signed = Signed::with(spec);
        signed.sign(&["build"]);
        assert_eq!(verified(&signed.project, PROVENANCE), Ok(statement(&signed.project, PROVENANCE)), "{spec}");
    }
    // A known limit of this library: it verifies every signature of ECDSA with SHA-256.
    let signed = Signed::with("ECC_NIST_P384");
    signed.sign(&["build"]);
    assert!(
        verified(&signed.project, PROVENANCE).is_err_and(|error| error.contains("SIGNATURE_ERROR")),
        "the limit is gone: say so in docs/signing.md"
    );
}
