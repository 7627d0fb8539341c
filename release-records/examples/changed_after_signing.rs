//! Signs what was tested, and detects a file that changed since:
//! `cargo run -p release-records --example changed_after_signing`
#![allow(clippy::print_stdout, reason = "an example prints")]

use std::error::Error;

use aws_lc_rs::digest::{Digest, SHA256};
use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use release_records::{Bundle, PublicKey, ResourceDescriptor, Signer, Statement, TestResult, TestVerdict, sign};
use sha2::{Digest as _, Sha256};

/// A private key in memory; in production it is in AWS KMS.
struct InMemory(EcdsaKeyPair, PublicKey);

impl Signer for InMemory {
    type Error = Unspecified;

    fn public_key(&self) -> &PublicKey {
        &self.1
    }

    async fn sign_digest(&self, digest: &[u8]) -> Result<Vec<u8>, Unspecified> {
        Ok(self.0.sign_digest(&Digest::import_less_safe(digest, &SHA256)?)?.as_ref().to_vec())
    }
}

fn described(name: &str, bytes: &[u8]) -> ResourceDescriptor {
    let digest = Sha256::digest(bytes).iter().fold("sha256:".to_owned(), |text, byte| format!("{text}{byte:02x}"));
    ResourceDescriptor::named(name, &digest)
}

fn main() -> Result<(), Box<dyn Error>> {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING)?;
    let public = PublicKey::from_der(pair.public_key().as_der()?.as_ref())?;
    let signer = InMemory(pair, public.clone());

    let tested = described("model.tar.gz", b"the model");
    let passed = TestResult {
        result: TestVerdict::Passed,
        configuration: Vec::new(),
        passed_tests: vec!["one flower gets a species".to_owned()],
        warned_tests: Vec::new(),
        failed_tests: Vec::new(),
        stage: "staging".to_owned(),
        results: described("test-results.json", b"{}"),
        finished_on: "2026-01-01T00:00:00Z".to_owned(),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let record = runtime.block_on(sign(&Statement::new([tested.clone()], passed), &signer))?.to_json();
    println!("{record}");

    // Later, with the public key only:
    let statement = Bundle::parse(&record)?.verify::<TestResult>(&public)?;
    statement.check_subjects([tested])?;
    let changed = statement.check_subjects([described("model.tar.gz", b"another model")]);
    println!("the changed file: {}", changed.as_ref().map_or_else(ToString::to_string, |()| "is the same".to_owned()));
    assert!(changed.is_err());
    Ok(())
}
