//! Private keys in memory.

use aws_lc_rs::digest::{Digest, SHA256, SHA384};
use aws_lc_rs::encoding::{AsDer as _, PublicKeyX509Der};
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256};
use release_records::{PublicKey, SignatureAlgorithm, Signer};

enum Pair {
    Ecdsa(EcdsaKeyPair),
    Rsa(RsaKeyPair),
}

pub(crate) struct LocalKey {
    pair: Pair,
    public: PublicKey,
}

impl LocalKey {
    pub(crate) fn p256() -> Self {
        Self::ecdsa(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap())
    }

    pub(crate) fn p384() -> Self {
        Self::ecdsa(EcdsaKeyPair::generate(&ECDSA_P384_SHA384_ASN1_SIGNING).unwrap())
    }

    pub(crate) fn rsa(size: KeySize) -> Self {
        let pair = RsaKeyPair::generate(size).unwrap();
        let der: PublicKeyX509Der<'_> = pair.public_key().as_der().unwrap();
        let public = PublicKey::from_der(der.as_ref()).unwrap();
        Self { pair: Pair::Rsa(pair), public }
    }

    fn ecdsa(pair: EcdsaKeyPair) -> Self {
        let der: PublicKeyX509Der<'_> = pair.public_key().as_der().unwrap();
        let public = PublicKey::from_der(der.as_ref()).unwrap();
        Self { pair: Pair::Ecdsa(pair), public }
    }
}

impl Signer for LocalKey {
    type Error = std::convert::Infallible;

    fn public_key(&self) -> &PublicKey {
        &self.public
    }

    async fn sign_digest(&self, digest: &[u8]) -> Result<Vec<u8>, Self::Error> {
        let algorithm = match self.public.algorithm() {
            SignatureAlgorithm::EcdsaP384Sha384 => &SHA384,
            _ => &SHA256,
        };
        let digest = Digest::import_less_safe(digest, algorithm).unwrap();
        Ok(match &self.pair {
            Pair::Ecdsa(pair) => pair.sign_digest(&digest).unwrap().as_ref().to_vec(),
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign_digest(&RSA_PKCS1_SHA256, &digest, &mut signature).unwrap();
                signature
            }
        })
    }
}
