//! Verifies bundles with a public key, offline.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P384_SHA384_ASN1, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, VerificationAlgorithm,
};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::bundle::Bundle;
use crate::envelope::{PAYLOAD_TYPE, Signature, pre_authentication_encoding};
use crate::error::{KeyError, RecordError};
use crate::predicate::Predicate;
use crate::public_key::{PublicKey, SignatureAlgorithm};
use crate::statement::Statement;

// The members of a bundle, for errors.
const HINT: &str = "verificationMaterial.publicKey.hint";
const PAYLOAD: &str = "dsseEnvelope.payload";
const PAYLOAD_TYPE_FIELD: &str = "dsseEnvelope.payloadType";
const SIGNATURES: &str = "dsseEnvelope.signatures";
const SIGNATURE: &str = "dsseEnvelope.signatures[0].sig";
const KEY_ID: &str = "dsseEnvelope.signatures[0].keyid";

impl Bundle {
    /// Verifies the signature with a trusted key, and returns the signed statement.
    ///
    /// The statement is what the key's owner stated. Whether it is about the artifacts at hand is
    /// for [`Statement::check_subjects`] to say.
    pub fn verify<P: Predicate>(&self, key: &PublicKey) -> Result<Statement<P>, RecordError> {
        let envelope = &self.dsse_envelope;
        let signature = only(&envelope.signatures)?;
        if envelope.payload_type != PAYLOAD_TYPE {
            return Err(RecordError::Unexpected {
                field: PAYLOAD_TYPE_FIELD,
                expected: PAYLOAD_TYPE.to_owned(),
                found: envelope.payload_type.clone(),
            });
        }
        let expected = key.fingerprint();
        for (field, found) in [(HINT, &self.verification_material.public_key.hint), (KEY_ID, &signature.keyid)] {
            if *found != expected {
                return Err(RecordError::OtherKey { field, expected, found: found.clone() });
            }
        }
        let (payload, bytes) = (decoded(&envelope.payload, PAYLOAD)?, decoded(&signature.sig, SIGNATURE)?);
        let encoded = pre_authentication_encoding(PAYLOAD_TYPE, &payload);
        let verified = parsed(key.algorithm(), key.der()).map(|key| key.verify_sig(&encoded, &bytes).is_ok());
        if verified.is_ok_and(|verified| verified) { Statement::parse(&payload) } else { Err(RecordError::WrongSignature) }
    }
}

/// The only signature: a second one could not be relied on.
fn only(signatures: &[Signature]) -> Result<&Signature, RecordError> {
    match signatures {
        [signature] => Ok(signature),
        _ => Err(RecordError::Unexpected {
            field: SIGNATURES,
            expected: "one signature".to_owned(),
            found: format!("{} signatures", signatures.len()),
        }),
    }
}

fn decoded(text: &str, field: &'static str) -> Result<Vec<u8>, RecordError> {
    STANDARD.decode(text).map_err(|error| RecordError::NotBase64 { field, reason: error.to_string() })
}

fn parsed(algorithm: SignatureAlgorithm, der: &[u8]) -> Result<ParsedPublicKey, KeyError> {
    let algorithm: &'static dyn VerificationAlgorithm = match algorithm {
        SignatureAlgorithm::EcdsaP256Sha256 => &ECDSA_P256_SHA256_ASN1,
        SignatureAlgorithm::EcdsaP384Sha384 => &ECDSA_P384_SHA384_ASN1,
        SignatureAlgorithm::RsaPkcs1Sha256 => &RSA_PKCS1_2048_8192_SHA256,
    };
    ParsedPublicKey::new(algorithm, der).map_err(|error| KeyError::Invalid { reason: error.to_string() })
}

/// Checks that a key is one of its kind, such as a point on the curve.
pub(crate) fn check_key(algorithm: SignatureAlgorithm, der: &[u8]) -> Result<(), KeyError> {
    parsed(algorithm, der).map(drop)
}
