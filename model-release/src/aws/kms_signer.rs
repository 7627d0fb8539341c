//! Signs records with an asymmetric key of AWS KMS, which the private key never leaves.

use std::time::Duration;

use aws_names::{Arn, Region};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use release_records::{Bundle, Predicate, PublicKey, SignatureAlgorithm, Signer, Statement, sign};
use serde_json::{Value, json};
use stack_rollout::{CallError, CallErrorKind, Clock as _, SystemClock};

use super::Session;
use super::signed_call::{SignedCaller, list, text};
use super::target_account::KMS;
use crate::diagnostic::{Diagnostic, Failure};
use crate::records::TrustedKey;

/// The attempts of a call, and the pause after the first one.
const ATTEMPTS: u32 = 5;
const PAUSE: Duration = Duration::from_millis(500);

/// A key that signs records.
#[derive(Debug)]
pub struct KmsSigner {
    calls: SignedCaller,
    key: Arn,
    public: PublicKey,
}

impl KmsSigner {
    /// Opens a key by its ARN, or that of an alias, in its own region (`kms:GetPublicKey`). A key that
    /// cannot sign records is refused.
    pub async fn open(session: &Session, key: &str) -> Result<Self, Failure> {
        let (key, region) = parsed(key)?;
        let calls = SignedCaller::new(&session.in_region(&region));
        let described = call(&calls, &key, "GetPublicKey", &json!({ "KeyId": key.as_str() })).await?;
        let unusable = |error: CallError| failure(&key, &error);
        let refused = |message: String| Failure::bad_input(Diagnostic::error(message).code("signing-key").about(key.as_str()));
        let usage = text("GetPublicKey", &described, "KeyUsage").map_err(unusable)?;
        if usage != "SIGN_VERIFY" {
            return Err(refused(format!("the key `{key}` is for `{usage}`, not for signatures")));
        }
        let encoded = text("GetPublicKey", &described, "PublicKey").map_err(unusable)?;
        let der = STANDARD.decode(encoded).map_err(|error| refused(format!("the public key of `{key}` is not base64: {error}")))?;
        let public = PublicKey::from_der(&der).map_err(|error| refused(format!("the key `{key}` cannot sign records: {error}")))?;
        let algorithm = name(public.algorithm());
        if !list("GetPublicKey", &described, "SigningAlgorithms").map_err(unusable)?.iter().any(|offered| offered == algorithm) {
            return Err(refused(format!("the key `{key}` does not sign with `{algorithm}`")));
        }
        Ok(Self { calls, key, public })
    }

    /// The public key of a key that the caller trusts (`kms:GetPublicKey`). It is the same as a pinned
    /// one: the key material of an ARN never changes.
    pub async fn trusted(session: &Session, key: &str) -> Result<TrustedKey, Failure> {
        let opened = Self::open(session, key).await.map_err(|mut failure| {
            let of_key = |diagnostic: &&mut Diagnostic| diagnostic.code.is_some_and(|code| code.starts_with("signing-key"));
            failure.diagnostics.iter_mut().filter(of_key).for_each(|diagnostic| diagnostic.code = Some("trusted-key"));
            failure
        })?;
        Ok(TrustedKey { key: opened.public, file: opened.key.to_string().into() })
    }

    /// The SHA-256 of its public key.
    pub fn fingerprint(&self) -> String {
        self.public.fingerprint()
    }

    /// Signs a statement, and verifies the signature before it is used.
    pub async fn sign<P: Predicate + Sync>(&self, statement: &Statement<P>) -> Result<Bundle, Failure> {
        let bundle = sign(statement, self).await?;
        match bundle.verify::<P>(&self.public) {
            Ok(_) => Ok(bundle),
            Err(error) => {
                let message = format!("`kms:Sign` returned a signature that the key `{}` does not verify: {error}", self.key);
                Err(Failure::unreachable(Diagnostic::error(message).code("signing-key").about(self.key.as_str())))
            }
        }
    }
}

impl Signer for KmsSigner {
    type Error = Failure;

    fn public_key(&self) -> &PublicKey {
        &self.public
    }

    /// `kms:Sign` gets the digest, because it accepts messages of at most 4,096 bytes.
    async fn sign_digest(&self, digest: &[u8]) -> Result<Vec<u8>, Failure> {
        let body = json!({
            "KeyId": self.key.as_str(),
            "Message": STANDARD.encode(digest),
            "MessageType": "DIGEST",
            "SigningAlgorithm": name(self.public.algorithm()),
        });
        let signed = call(&self.calls, &self.key, "Sign", &body).await?;
        let signature = text("Sign", &signed, "Signature").map_err(|error| failure(&self.key, &error))?;
        STANDARD
            .decode(signature)
            .map_err(|error| failure(&self.key, &CallError::unusable("Sign", format!("the signature is not base64: {error}"))))
    }
}

/// The algorithm's name in AWS KMS.
fn name(algorithm: SignatureAlgorithm) -> &'static str {
    match algorithm {
        SignatureAlgorithm::EcdsaP256Sha256 => "ECDSA_SHA_256",
        SignatureAlgorithm::EcdsaP384Sha384 => "ECDSA_SHA_384",
        SignatureAlgorithm::RsaPkcs1Sha256 => "RSASSA_PKCS1_V1_5_SHA_256",
    }
}

/// A key's ARN and its region.
fn parsed(key: &str) -> Result<(Arn, Region), Failure> {
    let refused = || {
        let message = format!("`{key}` is not the ARN of a KMS key or alias");
        Failure::bad_input(Diagnostic::error(message).code("signing-key-arn"))
    };
    let arn: Arn = key.parse().map_err(|_| refused())?;
    let is_key = arn.service() == "kms" && matches!(arn.resource_type(), "key" | "alias");
    let region = arn.region().filter(|_| is_key).cloned().ok_or_else(refused)?;
    Ok((arn, region))
}

/// Calls AWS KMS. The record of a long test run is not lost because of one failed request.
async fn call(calls: &SignedCaller, key: &Arn, operation: &'static str, body: &Value) -> Result<Value, Failure> {
    let (clock, mut pause) = (SystemClock::new(), PAUSE);
    for _ in 1..ATTEMPTS {
        match calls.json(&KMS, operation, body).await {
            Err(error) if error.is_transient() || error.code.as_deref().is_some_and(is_transient) => clock.sleep(pause).await,
            response => return response.map_err(|error| failure(key, &error)),
        }
        pause *= 2;
    }
    calls.json(&KMS, operation, body).await.map_err(|error| failure(key, &error))
}

/// Errors of AWS KMS that another attempt can pass, besides those of every service.
fn is_transient(code: &str) -> bool {
    matches!(code, "DependencyTimeoutException" | "KMSInternalException" | "KeyUnavailableException")
}

fn failure(key: &Arn, error: &CallError) -> Failure {
    let operation = error.operation;
    let diagnostic = match &error.code {
        Some(code) => Diagnostic::error(format!("AWS rejected `kms:{operation}`: {code}")).detail(&error.message),
        None => Diagnostic::error(format!("`kms:{operation}` failed: {}", error.message)),
    };
    let hint = error.fault().map(|fault| fault.hint(&format!("kms:{operation}")));
    let diagnostic = diagnostic.detail(format!("key {key}")).in_aws(key.account(), key.region()).with_hint_opt(hint);
    let diagnostic = match &error.request_id {
        Some(id) => diagnostic.detail(format!("request id {id}")),
        None => diagnostic,
    };
    Failure::unreachable(if error.kind() == CallErrorKind::AccessDenied { diagnostic.code("access-denied") } else { diagnostic })
}
