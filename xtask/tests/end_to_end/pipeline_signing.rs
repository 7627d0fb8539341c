//! A simulated execution of a pipeline whose steps sign their records, each with a key of its own.

use std::path::Path;

use serde_json::json;

use crate::code_pipeline::{Pipeline, Run};
use crate::pipeline::{WHOLE_WAY, parameters, ready};
use crate::signing::{make_key, public_key};

const KEYS: [&str; 3] = ["BuildSigningKeyArn", "TestSigningKeyArn", "CheckSigningKeyArn"];

#[test]
fn every_step_signs_with_its_own_key_and_requires_the_records_of_the_steps_before() {
    let (cloud, _, source) = ready(&parameters());
    let keys = KEYS.map(|_| make_key(&cloud, "SIGN_VERIFY", "ECC_NIST_P256"));
    let mut all = parameters();
    all.extend(KEYS.into_iter().zip(keys.iter().map(String::as_str)));
    let pipeline = Pipeline::read(&all);
    let run = Run::start(&pipeline, &cloud, &source.path(""), &[]);
    assert_eq!(run.history, WHOLE_WAY, "{}", run.log);

    // An auditor has the artifacts, and the public keys in a policy.
    let auditor = cloud.project();
    let [build, test, check_release] = keys.each_ref().map(|key| public_key(&cloud, key));
    let trusts = |build: &str, test: &str| {
        let keys = json!({ "build": build, "test": test, "check_release": check_release });
        auditor.write("release-policy.json", &json!({ "schema_version": 1, "signatures": { "public_keys": keys } }).to_string());
    };
    let file = |artifact: &str, name: &str| run.artifacts[artifact].join(name).display().to_string();
    let records = [
        file("TestStagingArtifact", "test-results.sigstore.json"),
        file("CheckReleaseArtifact", "release-verification.sigstore.json"),
        file("TestProdArtifact", "release-verification.sigstore.json"),
        file("TestProdArtifact", "test-results.sigstore.json"),
    ];
    let release = run.artifacts["BuildArtifact"].display().to_string();
    let verify = || {
        let records = records.iter().flat_map(|record| ["--record", record.as_str()]);
        auditor.run(["verify", release.as_str()].into_iter().chain(records))
    };
    trusts(&build, &test);
    let verified = verify().ends_with(0).stdout;
    assert!(verified.matches("verified  ").count() == 5 && !verified.contains("missing"), "{verified}");
    // A key for tests is not trusted for a release, nor the other way round.
    trusts(&test, &build);
    verify().ends_with(1).says("release-provenance.sigstore.json").says("test-results.sigstore.json").says("names another key");
    std::fs::remove_file(auditor.path("release-policy.json")).unwrap();

    // The check of the pipeline, which trusts keys by their ARNs.
    let staging = file("TestStagingArtifact", "test-results.json");
    let base = ["check-release", "--stage", "prod", "--build-dir", &release, "--staging-results", &staging];
    let check = |build: &str, test: &str| {
        let named = [("--trusted-build-key", build), ("--trusted-test-key", test)];
        let named = named.into_iter().filter(|(_, key)| !key.is_empty()).flat_map(|(option, key)| [option, key]);
        auditor.run(base.into_iter().chain(named))
    };
    let [build, test, _] = keys.each_ref().map(String::as_str);
    check(build, test).ends_with(0).says("Verified");
    check(test, test).ends_with(1).says("release-provenance.sigstore.json").says("names another key");
    check(build, build).ends_with(1).says("test-results.sigstore.json").says("names another key");
    check("iris", test).ends_with(2).says("`iris` is not the ARN of a KMS key").says("--trusted-build-key");
    let altered = |path: &str| {
        let text = std::fs::read_to_string(path).unwrap();
        let (before, after) = text.split_once("\"payload\":\"ey").unwrap();
        std::fs::write(path, format!("{before}\"payload\":\"ez{after}")).unwrap();
    };
    altered(&records[0]);
    check(build, test).ends_with(1).says("test-results.sigstore.json");
    std::fs::remove_file(&records[0]).unwrap();
    check(build, test).ends_with(1).says("test-results.sigstore.json");
    // With a key for builds only, no record of the tests is required.
    check(build, "").ends_with(0);
    let provenance = Path::new(&release).join("release-provenance.sigstore.json");
    altered(provenance.to_str().unwrap());
    check(build, "").ends_with(1).says("release-provenance.sigstore.json");
    std::fs::remove_file(&provenance).unwrap();
    check(build, "").ends_with(1).says("release-provenance.sigstore.json");
    check("", "").ends_with(0);
}
