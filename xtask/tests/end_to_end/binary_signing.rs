//! `sign-binary` and `verify-binary`: the provenance that `dist` writes, signed with a key of KMS.

use model_release::files::digest;
use serde_json::{Value as Json, json};

use crate::cloud::Cloud;
use crate::project::Project;
use crate::signing::{self, make_key, public_key, verified_by_python};

pub(crate) const BINARY: &str = "dist/xtask-0.1.0";
const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

/// What `dist` writes; a test of it checks that this is its form.
fn statement(binary: &str) -> String {
    let sha256 = digest(binary.as_bytes());
    let subject = json!({ "digest": { "sha256": sha256.trim_start_matches("sha256:") }, "name": BINARY.trim_start_matches("dist/") });
    let sources = [json!({ "digest": { "gitCommit": COMMIT }, "uri": "git+file:." })];
    let statement = json!({
        "_type": "https://in-toto.io/Statement/v1",
        "predicate": {
            "buildDefinition": { "buildType": "pkg:cargo/xtask#dist", "externalParameters": { "glibc": "2.17" }, "resolvedDependencies": sources },
            "runDetails": { "builder": { "id": "pkg:cargo/xtask#dist", "version": { "rustc": "1.95.0", "xtask": "0.1.0" } }, "metadata": {} },
        },
        "predicateType": "https://slsa.dev/provenance/v1",
        "subject": [subject],
    });
    statement.to_string()
}

/// A binary and what `dist` says about it.
fn write_binary(project: &Project) {
    project.write(BINARY, "the program");
    project.write(&format!("{BINARY}.provenance.json"), &statement("the program"));
}

/// A binary that can be signed with the key [`signing::ALIAS`].
pub(crate) fn with_an_alias(cloud: &Cloud) -> Project {
    let project = signing::with_an_alias(cloud);
    write_binary(&project);
    project
}

fn written(cloud: &Cloud) -> (Project, String) {
    let project = cloud.project();
    write_binary(&project);
    let key = make_key(cloud, "SIGN_VERIFY", "ECC_NIST_P256");
    project.write("release-key.pem", &public_key(cloud, &key));
    (project, key)
}

#[test]
fn the_provenance_of_a_binary_is_signed_with_kms_and_verified_without_aws_and_by_another_program() {
    let cloud = Cloud::new();
    let (project, key) = written(&cloud);
    let run = project.run(["sign-binary", BINARY, "--sign-with", &key, "--format", "json"]).ends_with(0);
    let signed: Json = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!((&signed["commit"], &signed["digest"]), (&COMMIT.into(), &digest(b"the program").into()));
    let record = format!("{BINARY}.provenance.sigstore.json");
    assert_eq!(signed["record"], record.as_str());

    // Offline: the folder has no credentials, and the binary another name.
    let elsewhere = Project::empty();
    elsewhere.write("xtask", "the program");
    elsewhere.write("record", &project.read(&record));
    elsewhere.write("release-key.pem", &project.read("release-key.pem"));
    cloud.aws.clear_requests().unwrap();
    let verify = ["verify-binary", "xtask", "--record", "record", "--public-key", "release-key.pem"];
    let run = elsewhere.run(verify.iter().chain(&["--format", "json"])).ends_with(0);
    let verified: Json = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!((&verified["public_key"], &verified["commit"]), (&signed["public_key"], &COMMIT.into()));
    elsewhere.run(verify).ends_with(0).says(&format!("commit    {COMMIT}"));
    assert!(cloud.aws.requests().unwrap().is_empty());
    assert_eq!(verified_by_python(&project, &record), Ok(serde_json::from_str(&statement("the program")).unwrap()));

    // Another binary, another key, a changed record, and none.
    elsewhere.write("xtask", "another program");
    elsewhere.run(verify).ends_with(1).says("does not prove `xtask`").says("do not run this binary");
    elsewhere.write("xtask", "the program");
    elsewhere.write("release-key.pem", &public_key(&cloud, &make_key(&cloud, "SIGN_VERIFY", "ECC_NIST_P256")));
    elsewhere.run(verify).ends_with(1).says("do not run this binary");
    elsewhere.write("release-key.pem", &project.read("release-key.pem"));
    elsewhere.write("record", &project.read(&record).replacen("\"payload\":\"ey", "\"payload\":\"ez", 1));
    elsewhere.run(verify).ends_with(1).says("does not prove `xtask`");
    elsewhere.run(["verify-binary", "xtask", "--public-key", "release-key.pem"]).ends_with(1).says("name it with --record");
    elsewhere.run(["verify-binary", "xtask"]).ends_with(2);
    elsewhere.run(["verify-binary", "missing", "--public-key", "release-key.pem"]).ends_with(2);
}

#[test]
fn nothing_is_signed_that_is_not_the_provenance_of_this_binary() {
    let cloud = Cloud::new();
    let (project, key) = written(&cloud);
    let record = project.path(&format!("{BINARY}.provenance.sigstore.json"));
    let refused = |says: &str| {
        project.run(["sign-binary", BINARY, "--sign-with", &key]).ends_with(2).says(says).says("that `cargo xtask dist` built");
        assert!(!record.exists(), "{says}");
    };
    project.write(BINARY, "another program");
    refused("is not the provenance of");
    project.write(BINARY, "the program");
    let usual = statement("the program");
    let path = format!("{BINARY}.provenance.json");
    project.write(&path, &usual.replacen("\"metadata\":{}", "\"metadata\":{},\"note\":\"trust me\"", 1));
    refused("it has other members than `dist` writes");
    project.write(&path, &usual.replace("slsa.dev/provenance", "slsa.dev/other"));
    refused("is not the provenance of");
    std::fs::remove_file(project.path(&path)).unwrap();
    refused("provenance.json");
    project.write(&path, &usual);
    project.run(["sign-binary", BINARY]).ends_with(2).says("--sign-with");
    let encrypts = make_key(&cloud, "ENCRYPT_DECRYPT", "RSA_2048");
    project.run(["sign-binary", BINARY, "--sign-with", &encrypts]).ends_with(2).says("not for signatures");
    assert!(!record.exists());
}
