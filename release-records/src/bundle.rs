//! The Sigstore bundle, version 0.3, with a hint of the public key instead of a certificate.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::canonical_json;
use crate::envelope::Envelope;
use crate::error::RecordError;

/// The media type of a bundle.
pub const MEDIA_TYPE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";

/// A signed statement as a file: a DSSE envelope, and the fingerprint of the key that verifies it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Bundle {
    pub(crate) dsse_envelope: Envelope,
    pub(crate) media_type: String,
    pub(crate) verification_material: VerificationMaterial,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct VerificationMaterial {
    pub(crate) public_key: PublicKeyIdentifier,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PublicKeyIdentifier {
    pub(crate) hint: String,
}

impl Bundle {
    pub(crate) fn new(envelope: Envelope, fingerprint: String) -> Self {
        Self {
            dsse_envelope: envelope,
            media_type: MEDIA_TYPE.to_owned(),
            verification_material: VerificationMaterial { public_key: PublicKeyIdentifier { hint: fingerprint } },
        }
    }

    /// Reads a bundle. Only the bytes that [`Bundle::to_json`] writes are accepted: a record is
    /// never changed, so another form of the same JSON is a change.
    pub fn parse(text: &str) -> Result<Self, RecordError> {
        let bundle: Self = serde_json::from_str(text).map_err(|error| RecordError::NotABundle {
            line: error.line(),
            column: error.column(),
            reason: error.to_string(),
        })?;
        if bundle.media_type != MEDIA_TYPE {
            return Err(RecordError::Unexpected { field: "mediaType", expected: MEDIA_TYPE.to_owned(), found: bundle.media_type });
        }
        let canonical = bundle.to_json();
        if canonical == text {
            return Ok(bundle);
        }
        let at = canonical.bytes().zip(text.bytes()).take_while(|(one, other)| one == other).count();
        Err(RecordError::NotCanonical { at })
    }

    /// The predicate type in the payload, before any signature is verified: to choose the type that
    /// `Bundle::verify` must find.
    pub fn claimed_type(&self) -> Option<String> {
        let payload = STANDARD.decode(&self.dsse_envelope.payload).ok()?;
        let statement: serde_json::Value = serde_json::from_slice(&payload).ok()?;
        statement["predicateType"].as_str().map(str::to_owned)
    }

    /// The payload, before any signature is verified: a claim.
    pub fn claimed_payload(&self) -> Option<String> {
        String::from_utf8(STANDARD.decode(&self.dsse_envelope.payload).ok()?).ok()
    }

    /// The file's text: canonical JSON, and a line break.
    pub fn to_json(&self) -> String {
        canonical_json::text(self) + "\n"
    }
}
