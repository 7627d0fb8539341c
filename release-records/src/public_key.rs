//! The public key that verifies records: that of an asymmetric key of AWS KMS.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256, Sha384};

use crate::error::KeyError;

const BEGIN: &str = "-----BEGIN ";
const LABEL: &str = "PUBLIC KEY";

/// The beginnings of DER encodings: the structure, the algorithm, and the curve.
const P256: &[u8] = &[
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01,
    0x07, 0x03, 0x42, 0x00, 0x04,
];
const P384: &[u8] = &[
    0x30, 0x76, 0x30, 0x10, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22, 0x03, 0x62,
    0x00, 0x04,
];
/// The algorithm of RSA keys, after the four bytes of the structure. With 2,048 bits or more, its
/// length has two bytes.
const RSA: &[u8] = &[0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00, 0x03, 0x82];

/// How records are signed with a key. The key determines it, so no record can choose another one.
/// It is what Sigstore's tools use for the same key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignatureAlgorithm {
    /// ECDSA on the curve P-256, with SHA-256.
    EcdsaP256Sha256,
    /// ECDSA on the curve P-384, with SHA-384.
    EcdsaP384Sha384,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    RsaPkcs1Sha256,
}

impl SignatureAlgorithm {
    /// The digest that is signed.
    pub fn digest(self, bytes: &[u8]) -> Vec<u8> {
        match self {
            Self::EcdsaP256Sha256 | Self::RsaPkcs1Sha256 => Sha256::digest(bytes).to_vec(),
            Self::EcdsaP384Sha384 => Sha384::digest(bytes).to_vec(),
        }
    }
}

/// A public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    der: Vec<u8>,
    algorithm: SignatureAlgorithm,
}

impl PublicKey {
    /// Reads a PEM file, as `aws kms get-public-key` and `openssl` write it.
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        let (_, rest) = text.split_once(BEGIN).ok_or(KeyError::NotPem)?;
        let (label, rest) = rest.split_once("-----").ok_or(KeyError::NotPem)?;
        if label != LABEL {
            return Err(KeyError::OtherLabel { label: label.to_owned() });
        }
        let damaged = |reason: String| KeyError::Damaged { reason };
        let (body, _) = rest.split_once("-----END PUBLIC KEY-----").ok_or_else(|| damaged("it has no end".to_owned()))?;
        let body: String = body.split_whitespace().collect();
        Self::from_der(&STANDARD.decode(body).map_err(|error| damaged(error.to_string()))?)
    }

    /// Reads a key's `SubjectPublicKeyInfo` (RFC 5280), as `kms:GetPublicKey` returns it.
    pub fn from_der(der: &[u8]) -> Result<Self, KeyError> {
        let is_long_sequence = |der: &[u8]| der.starts_with(&[0x30, 0x82]) && der[2..4] == (der.len() - 4).to_be_bytes()[6..];
        let algorithm = match der {
            _ if der.starts_with(P256) && der.len() == P256.len() + 64 => SignatureAlgorithm::EcdsaP256Sha256,
            _ if der.starts_with(P384) && der.len() == P384.len() + 96 => SignatureAlgorithm::EcdsaP384Sha384,
            _ if der.len() > 256 && is_long_sequence(der) && der[4..].starts_with(RSA) => SignatureAlgorithm::RsaPkcs1Sha256,
            _ => return Err(KeyError::Unsupported),
        };
        #[cfg(feature = "signatures")]
        crate::verification::check_key(algorithm, der)?;
        Ok(Self { der: der.to_owned(), algorithm })
    }

    /// How records are signed with it.
    pub fn algorithm(&self) -> SignatureAlgorithm {
        self.algorithm
    }

    /// The key's `SubjectPublicKeyInfo`.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The PEM file.
    pub fn to_pem(&self) -> String {
        let body = STANDARD.encode(&self.der);
        let lines: Vec<_> = body.as_bytes().chunks(64).map(|line| String::from_utf8_lossy(line)).collect();
        format!("{BEGIN}{LABEL}-----\n{}\n-----END {LABEL}-----\n", lines.join("\n"))
    }

    /// The SHA-256 of its `SubjectPublicKeyInfo`, in hexadecimal digits: the key's id in records.
    pub fn fingerprint(&self) -> String {
        Sha256::digest(&self.der).iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
    }
}
