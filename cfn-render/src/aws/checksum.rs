//! SHA-256 checksums in S3's format.

use std::io;

use aws_sdk_s3::types::ChecksumAlgorithm;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest as _, Sha256};

use super::PART_BYTES;
use crate::artifact::Artifact;

/// The checksum algorithm of objects and parts.
pub(super) const ALGORITHM: ChecksumAlgorithm = ChecksumAlgorithm::Sha256;

/// The SHA-256 checksums of an artifact as S3 writes them: in Base64, and for an upload in parts
/// the checksum of the parts' checksums followed by the number of parts (`COMPOSITE`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Checksums {
    /// The object's checksum.
    pub(super) object: String,
    /// The checksums of the parts of [`PART_BYTES`]; none for an object that is uploaded in one
    /// request.
    pub(super) parts: Vec<String>,
}

impl Checksums {
    /// Reads the artifact part by part.
    pub(super) fn of(artifact: &Artifact) -> io::Result<Self> {
        if artifact.len() <= PART_BYTES {
            return Ok(Self { object: BASE64_STANDARD.encode(Sha256::digest(artifact.read()?)), parts: Vec::new() });
        }
        let (mut whole, mut parts, mut start) = (Sha256::new(), Vec::new(), 0);
        while start < artifact.len() {
            let part = Sha256::digest(artifact.read_range(start..start + PART_BYTES)?);
            whole.update(part);
            parts.push(BASE64_STANDARD.encode(part));
            start += PART_BYTES;
        }
        Ok(Self { object: format!("{}-{}", BASE64_STANDARD.encode(whole.finalize()), parts.len()), parts })
    }
}
