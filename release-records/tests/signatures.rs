//! Signing and verifying with real keys: what is accepted, and that no change is.

#[path = "support/local_key.rs"]
mod local_key;

use std::collections::BTreeMap;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use aws_lc_rs::rsa::KeySize;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use local_key::LocalKey;
use proptest::prelude::*;
use release_records::{
    BuildDefinition, BuildMetadata, Builder, Bundle, KeyError, Predicate, Provenance, PublicKey, RecordError, ResourceDescriptor,
    RunDetails, SignatureAlgorithm, Signer as _, Statement, TestResult, VerificationSummary, sign,
};
use serde_json::{Value, json};

const ONE: &str = "sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae";
const OTHER: &str = "sha256:fcde2b2edba56bf408601fb721fe9b5c338d10ee429ea04fae5511b68fbf8fb9";

/// A local key is ready at once.
fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("a local key does not wait"),
    }
}

fn provenance() -> Provenance {
    Provenance {
        build_definition: BuildDefinition {
            build_type: "pkg:cargo/example#v1".to_owned(),
            external_parameters: BTreeMap::from([("project".to_owned(), json!({ "name": "iris", "id": "p-abc123xyz" }))]),
            resolved_dependencies: vec![ResourceDescriptor::at("git+https://example.com/iris", None)],
        },
        run_details: RunDetails {
            builder: Builder { id: "pkg:cargo/example".to_owned(), version: BTreeMap::new() },
            metadata: BuildMetadata { invocation_id: None, finished_on: Some("2026-01-01T00:00:00Z".to_owned()) },
        },
    }
}

fn subjects() -> Vec<ResourceDescriptor> {
    vec![ResourceDescriptor::named("release-manifest.json", ONE), ResourceDescriptor::named("cfn-sm-endpoint.yaml", OTHER)]
}

fn signed(key: &LocalKey) -> Bundle {
    now(sign(&Statement::new(subjects(), provenance()), key)).unwrap_or_else(|never| match never {})
}

/// Everything that a user of a record checks.
fn accepted(text: &str, key: &PublicKey) -> Result<(), RecordError> {
    Bundle::parse(text)?.verify::<Provenance>(key)?.check_subjects(subjects())
}

#[test]
fn a_record_is_verified_with_the_key_that_signed_it() {
    let rsa = [KeySize::Rsa2048, KeySize::Rsa3072, KeySize::Rsa4096].map(LocalKey::rsa);
    for key in [LocalKey::p256(), LocalKey::p384()].iter().chain(&rsa) {
        let bundle = signed(key);
        // The key comes from a file.
        let trusted = PublicKey::from_pem(&key.public_key().to_pem()).unwrap();
        assert_eq!(trusted, *key.public_key());
        accepted(&bundle.to_json(), &trusted).unwrap();
        assert_eq!(bundle.verify::<Provenance>(&trusted).unwrap().predicate(), &provenance());
    }
}

#[test]
fn a_bundle_has_the_members_of_sigstores_version_0_3() {
    let key = LocalKey::p256();
    let bundle: Value = serde_json::from_str(&signed(&key).to_json()).unwrap();
    assert_eq!(bundle["mediaType"], "application/vnd.dev.sigstore.bundle.v0.3+json");
    assert_eq!(bundle["verificationMaterial"], json!({ "publicKey": { "hint": key.public_key().fingerprint() } }));
    let envelope = &bundle["dsseEnvelope"];
    assert_eq!(envelope["payloadType"], "application/vnd.in-toto+json");
    let payload: Value = serde_json::from_slice(&STANDARD.decode(envelope["payload"].as_str().unwrap()).unwrap()).unwrap();
    assert_eq!(payload["_type"], "https://in-toto.io/Statement/v1");
    assert_eq!(payload["predicateType"], "https://slsa.dev/provenance/v1");
    assert_eq!(payload["subject"][0], json!({ "name": "cfn-sm-endpoint.yaml", "digest": { "sha256": &OTHER[7..] } }));
}

/// Each changed byte is refused: by the JSON reader, by a member's check, or by the signature.
#[test]
fn every_flipped_byte_of_a_record_is_refused() {
    for key in [LocalKey::p256(), LocalKey::p384(), LocalKey::rsa(KeySize::Rsa2048)] {
        let text = signed(&key).to_json();
        let mut named = BTreeMap::<String, usize>::new();
        for at in 0..text.len() {
            for bit in [0x01, 0x02, 0x10, 0x20] {
                let mut bytes = text.clone().into_bytes();
                bytes[at] ^= bit;
                let Ok(changed) = String::from_utf8(bytes) else { continue };
                let error = accepted(&changed, key.public_key()).expect_err(&changed);
                *named.entry(error.to_string().split('`').nth(1).unwrap_or_default().to_owned()).or_default() += 1;
            }
        }
        // The members that a single byte can change are named.
        for field in [
            "mediaType",
            "verificationMaterial.publicKey.hint",
            "dsseEnvelope.payload",
            "dsseEnvelope.payloadType",
            "dsseEnvelope.signatures[0].keyid",
            "dsseEnvelope.signatures[0].sig",
        ] {
            assert!(named.contains_key(field), "{field}: {named:?}");
        }
    }
}

#[test]
fn an_added_or_removed_byte_is_refused() {
    let key = LocalKey::p256();
    let text = signed(&key).to_json();
    for at in 0..=text.len() {
        for added in [" ", "\n", "0", "=", "\""] {
            let changed = format!("{}{added}{}", &text[..at], &text[at..]);
            accepted(&changed, key.public_key()).expect_err(&changed);
        }
    }
    for at in 0..text.len() {
        let changed = format!("{}{}", &text[..at], &text[at + 1..]);
        accepted(&changed, key.public_key()).expect_err(&changed);
    }
}

/// A change that is well formed: another value, and canonical JSON around it.
fn changed(bundle: &Bundle, pointer: &str, value: Value) -> String {
    let mut tree: Value = serde_json::from_str(&bundle.to_json()).unwrap();
    *tree.pointer_mut(pointer).unwrap() = value;
    tree.to_string() + "\n"
}

#[test]
fn every_member_is_checked_by_name() {
    let (key, other) = (LocalKey::p256(), LocalKey::p256());
    let bundle = signed(&key);
    let another = now(sign(&Statement::new([], provenance()), &key)).unwrap_or_else(|never| match never {});
    let tree = |bundle: &Bundle| serde_json::from_str::<Value>(&bundle.to_json()).unwrap();
    let (own, foreign) = (tree(&bundle), tree(&another));
    let signature = &own["dsseEnvelope"]["signatures"][0];
    let fingerprint = other.public_key().fingerprint();
    for (pointer, value, message) in [
        ("/mediaType", json!("application/vnd.dev.sigstore.bundle.v0.2+json"), "`mediaType` is"),
        ("/verificationMaterial/publicKey/hint", json!(fingerprint), "`verificationMaterial.publicKey.hint` names another key"),
        ("/dsseEnvelope/signatures/0/keyid", json!(fingerprint), "`dsseEnvelope.signatures[0].keyid` names another key"),
        ("/dsseEnvelope/payloadType", json!("text/plain"), "`dsseEnvelope.payloadType` is `text/plain`"),
        ("/dsseEnvelope/payload", json!("?"), "`dsseEnvelope.payload` is not base64"),
        ("/dsseEnvelope/payload", foreign["dsseEnvelope"]["payload"].clone(), "signature of `dsseEnvelope.payload`"),
        ("/dsseEnvelope/signatures/0/sig", json!("?"), "`dsseEnvelope.signatures[0].sig` is not base64"),
        ("/dsseEnvelope/signatures/0/sig", json!(""), "is not the trusted key's signature"),
        ("/dsseEnvelope/signatures/0/sig", foreign["dsseEnvelope"]["signatures"][0]["sig"].clone(), "is not the trusted key's signature"),
        ("/dsseEnvelope/signatures", json!([]), "`dsseEnvelope.signatures` is `0 signatures`, not `one signature`"),
        ("/dsseEnvelope/signatures", json!([signature, signature]), "`dsseEnvelope.signatures` is `2 signatures`"),
        ("/dsseEnvelope/signatures", json!([{ "keyid": "", "sig": "", "cert": "" }]), "unknown field `cert`"),
        ("/verificationMaterial", json!({ "certificate": {} }), "unknown field `certificate`"),
    ] {
        let text = changed(&bundle, pointer, value);
        let error = accepted(&text, key.public_key()).unwrap_err().to_string();
        assert!(error.contains(message), "{pointer}: {error}");
    }
    let spaced = bundle.to_json().replacen(':', ": ", 1);
    assert_eq!(Bundle::parse(&spaced).unwrap_err(), RecordError::NotCanonical { at: "{\"dsseEnvelope\":".len() });
}

#[test]
fn a_record_signed_with_another_key_is_refused() {
    let (key, other) = (LocalKey::p256(), LocalKey::p256());
    let error = accepted(&signed(&other).to_json(), key.public_key()).unwrap_err();
    assert!(matches!(error, RecordError::OtherKey { .. }), "{error}");
    // The same, with the trusted key's fingerprint: the signature decides.
    let trusted = key.public_key().fingerprint();
    let forged = signed(&other).to_json().replace(&other.public_key().fingerprint(), &trusted);
    assert_eq!(accepted(&forged, key.public_key()).unwrap_err(), RecordError::WrongSignature);
    // A key of another kind does not verify it either.
    let forged = signed(&other).to_json().replace(&other.public_key().fingerprint(), &LocalKey::p384().public_key().fingerprint());
    assert!(accepted(&forged, LocalKey::p384().public_key()).is_err());
}

#[test]
fn a_record_is_not_one_of_another_type() {
    let key = LocalKey::p256();
    let error = signed(&key).verify::<TestResult>(key.public_key()).unwrap_err();
    let message = "the signed payload is not a statement of the type `https://in-toto.io/attestation/test-result/v0.1`: \
                   `predicateType` is `https://slsa.dev/provenance/v1`";
    assert_eq!(error.to_string(), message);
    assert!(signed(&key).verify::<VerificationSummary>(key.public_key()).is_err());
    let untyped = Statement::<Provenance>::parse(b"{\"predicateType\":\"https://slsa.dev/provenance/v1\"}").unwrap_err();
    assert!(untyped.to_string().ends_with("`_type` is ``"), "{untyped}");
    assert!(matches!(Statement::<Provenance>::parse(b"no JSON"), Err(RecordError::NotAStatement { .. })));
}

#[test]
fn a_record_is_about_exactly_its_subjects() {
    let statement = Statement::new(subjects(), provenance());
    statement.check_subjects(subjects().into_iter().rev()).unwrap();
    let manifest = || ResourceDescriptor::named("release-manifest.json", ONE);
    let wrong = |subjects: Vec<ResourceDescriptor>| statement.check_subjects(subjects).unwrap_err().to_string();
    assert!(wrong(vec![manifest()]).starts_with("the record is also about `cfn-sm-endpoint.yaml`"));
    let digest = wrong(vec![manifest(), ResourceDescriptor::named("cfn-sm-endpoint.yaml", ONE)]);
    assert_eq!(digest, format!("the record is about another `cfn-sm-endpoint.yaml`: it has the digest {OTHER}, and this one has {ONE}"));
    let added = ResourceDescriptor::named("staging-config.json", ONE);
    assert_eq!(wrong(subjects().into_iter().chain([added]).collect()), "the record is not about `staging-config.json`");
    // Digests that changed places.
    assert!(
        wrong(vec![ResourceDescriptor::named("release-manifest.json", OTHER), ResourceDescriptor::named("cfn-sm-endpoint.yaml", ONE)])
            .contains("another `release-manifest.json`")
    );
}

#[test]
fn a_key_that_cannot_be_used_is_refused_with_its_reason() {
    let reason = |pem: &str| PublicKey::from_pem(pem).unwrap_err();
    let pem = LocalKey::p256().public_key().to_pem();
    assert_eq!(reason("-"), KeyError::NotPem);
    assert_eq!(reason(&pem.replace("PUBLIC KEY", "CERTIFICATE")), KeyError::OtherLabel { label: "CERTIFICATE".to_owned() });
    assert_eq!(reason(&pem.replace("-----END", "-----")), KeyError::Damaged { reason: "it has no end".to_owned() });
    assert!(matches!(reason(&pem.replacen("MF", "?F", 1)), KeyError::Damaged { .. }));
    // Too short, and an Ed25519 key.
    assert_eq!(reason("-----BEGIN PUBLIC KEY-----\nMFkw\n-----END PUBLIC KEY-----"), KeyError::Unsupported);
    let ed25519 = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n";
    assert_eq!(reason(ed25519), KeyError::Unsupported);
    assert!(reason(ed25519).to_string().contains("ECC_NIST_P256"));
    // A point that is not on the curve.
    let mut der = LocalKey::p256().public_key().der().to_vec();
    der[60] ^= 1;
    assert!(matches!(PublicKey::from_der(&der), Err(KeyError::Invalid { .. })));
}

#[test]
fn a_flipped_byte_of_the_key_is_another_key_or_none() {
    for key in [LocalKey::p256(), LocalKey::rsa(KeySize::Rsa2048)] {
        let (text, der) = (signed(&key).to_json(), key.public_key().der().to_vec());
        for at in 0..der.len() {
            let mut changed = der.clone();
            changed[at] ^= 1;
            if let Ok(other) = PublicKey::from_der(&changed) {
                assert!(matches!(accepted(&text, &other), Err(RecordError::OtherKey { .. })), "byte {at}");
            }
        }
    }
}

#[test]
fn the_key_decides_the_algorithm() {
    for (key, algorithm, length) in [
        (LocalKey::p256(), SignatureAlgorithm::EcdsaP256Sha256, 32),
        (LocalKey::p384(), SignatureAlgorithm::EcdsaP384Sha384, 48),
        (LocalKey::rsa(KeySize::Rsa2048), SignatureAlgorithm::RsaPkcs1Sha256, 32),
    ] {
        assert_eq!(key.public_key().algorithm(), algorithm);
        assert_eq!(algorithm.digest(b"").len(), length);
    }
}

proptest! {
    /// The order in which subjects and parameters are found depends on the machine; the bytes do
    /// not.
    #[test]
    fn the_same_facts_have_the_same_bytes(
        (subjects, shuffled) in proptest::collection::vec(("[a-z]{1,8}", "[0-9a-f]{64}"), 0..8)
            .prop_flat_map(|subjects| (Just(subjects.clone()), Just(subjects).prop_shuffle())),
        (parameters, reordered) in proptest::collection::vec(("[a-zA-Zé\u{fb33}\u{1f600}]{1,4}", "\\PC{0,8}"), 0..6)
            .prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle())),
    ) {
        let statement = |subjects: &[(String, String)], parameters: &[(String, String)]| {
            let mut predicate = provenance();
            // A repeated name keeps its smallest value, in any order.
            for (name, value) in parameters {
                let entry = predicate.build_definition.external_parameters.entry(name.clone()).or_insert_with(|| json!(value));
                if json!(value).as_str() < entry.as_str() {
                    *entry = json!(value);
                }
            }
            Statement::new(subjects.iter().map(|(name, digest)| ResourceDescriptor::named(name, digest)), predicate).to_json()
        };
        let text = statement(&subjects, &parameters);
        prop_assert_eq!(&text, &statement(&shuffled, &reordered));
        // It is read as it was written.
        let read = Statement::<Provenance>::parse(text.as_bytes()).unwrap();
        prop_assert_eq!(read.to_json(), text);
    }

    /// No text is accepted or ends the program.
    #[test]
    fn any_text_is_refused(text in "\\PC{0,200}") {
        prop_assert!(Bundle::parse(&text).is_err());
        prop_assert!(PublicKey::from_pem(&text).is_err());
        prop_assert!(Statement::<Provenance>::parse(text.as_bytes()).is_err());
    }

    /// No bytes are a key that ends the program.
    #[test]
    fn any_bytes_are_a_key_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(PublicKey::from_der(&bytes).is_err());
    }

    /// Type and payload cannot exchange bytes.
    #[test]
    fn what_is_signed_determines_where_the_payload_begins(text in "[a1 ]{2,12}", one in 0_usize..12, other in 0_usize..12) {
        let encoded = |at: usize| {
            let (kind, payload) = text.split_at(at % text.len());
            release_records::pre_authentication_encoding(kind, payload.as_bytes())
        };
        prop_assert_eq!(one % text.len() == other % text.len(), encoded(one) == encoded(other));
    }
}

#[test]
fn predicate_types_are_those_of_the_specifications() {
    assert_eq!(Provenance::TYPE, "https://slsa.dev/provenance/v1");
    assert_eq!(TestResult::TYPE, "https://in-toto.io/attestation/test-result/v0.1");
    assert_eq!(VerificationSummary::TYPE, "https://slsa.dev/verification_summary/v1");
}
