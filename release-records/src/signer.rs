//! Signing: the port to a private key, such as one in AWS KMS.

use crate::bundle::Bundle;
use crate::envelope::{Envelope, PAYLOAD_TYPE, pre_authentication_encoding};
use crate::predicate::Predicate;
use crate::public_key::PublicKey;
use crate::statement::Statement;

/// A private key that signs digests.
pub trait Signer: Sync {
    /// Why it cannot sign.
    type Error;

    /// Its public key.
    fn public_key(&self) -> &PublicKey;

    /// Signs the digest of a message, made with [`SignatureAlgorithm::digest`] of the public key's
    /// algorithm. Signatures of ECDSA are in DER.
    ///
    /// [`SignatureAlgorithm::digest`]: crate::SignatureAlgorithm::digest
    fn sign_digest(&self, digest: &[u8]) -> impl Future<Output = Result<Vec<u8>, Self::Error>> + Send;
}

/// Signs a statement.
pub async fn sign<P: Predicate + Sync, S: Signer>(statement: &Statement<P>, signer: &S) -> Result<Bundle, S::Error> {
    let payload = statement.to_json();
    let encoded = pre_authentication_encoding(PAYLOAD_TYPE, payload.as_bytes());
    let key = signer.public_key();
    let signature = signer.sign_digest(&key.algorithm().digest(&encoded)).await?;
    Ok(Bundle::new(Envelope::new(&payload, key.fingerprint(), &signature), key.fingerprint()))
}
