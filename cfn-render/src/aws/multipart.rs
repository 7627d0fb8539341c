//! Multipart uploads of large artifacts.

use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{ChecksumType, CompletedMultipartUpload, CompletedPart};

use super::checksum::{self, Checksums};
use super::failure::failure;
use super::{PART_BYTES, S3Store, unreadable, version};
use crate::artifact::Artifact;
use crate::store::StoreError;

impl S3Store {
    /// Uploads in parts of 16 MiB, of which one is in memory, and returns the object's version. A
    /// failed upload is aborted, so that its parts cost nothing.
    pub(super) async fn put_parts(
        &self,
        client: &Client,
        key: &str,
        artifact: &Artifact,
        checksums: &Checksums,
    ) -> Result<Option<String>, StoreError> {
        let created = client
            .create_multipart_upload()
            .bucket(&self.bucket)
            .key(key)
            .checksum_algorithm(checksum::ALGORITHM)
            .checksum_type(ChecksumType::Composite)
            .set_server_side_encryption(self.encryption())
            .set_ssekms_key_id(self.kms_key_id.clone())
            .set_metadata(self.object_metadata())
            .set_expected_bucket_owner(self.expected_bucket_owner.clone())
            .send()
            .await
            .map_err(|error| failure("CreateMultipartUpload", &self.bucket, Some(key), error))?;
        // A response of something else than S3 can have status 200, too.
        let upload_id = created.upload_id().filter(|id| !id.is_empty());
        let upload_id = upload_id.ok_or_else(|| self.unusable("CreateMultipartUpload", key, "has no upload id"))?;
        let outcome = self.put_each_part(client, key, upload_id, artifact, checksums).await;
        if outcome.is_err() {
            // The upload's error matters more than that of the clean-up.
            let _ = client
                .abort_multipart_upload()
                .bucket(&self.bucket)
                .key(key)
                .upload_id(upload_id)
                .set_expected_bucket_owner(self.expected_bucket_owner.clone())
                .send()
                .await;
        }
        outcome
    }

    async fn put_each_part(
        &self,
        client: &Client,
        key: &str,
        upload_id: &str,
        artifact: &Artifact,
        checksums: &Checksums,
    ) -> Result<Option<String>, StoreError> {
        let mut parts = Vec::new();
        let mut start = 0;
        for (number, checksum) in (1..).zip(&checksums.parts) {
            let bytes = artifact.read_range(start..start + PART_BYTES).map_err(|error| unreadable(artifact, error))?;
            start += PART_BYTES;
            let part = client
                .upload_part()
                .bucket(&self.bucket)
                .key(key)
                .upload_id(upload_id)
                .part_number(number)
                .body(ByteStream::from(bytes))
                .checksum_algorithm(checksum::ALGORITHM)
                .checksum_sha256(checksum)
                .set_expected_bucket_owner(self.expected_bucket_owner.clone())
                .send()
                .await
                .map_err(|error| failure("UploadPart", &self.bucket, Some(key), error))?;
            self.confirm("UploadPart", key, checksum, part.checksum_sha256())?;
            parts.push(
                CompletedPart::builder().part_number(number).set_e_tag(part.e_tag().map(str::to_owned)).checksum_sha256(checksum).build(),
            );
        }
        let object = client
            .complete_multipart_upload()
            .bucket(&self.bucket)
            .key(key)
            .upload_id(upload_id)
            .multipart_upload(CompletedMultipartUpload::builder().set_parts(Some(parts)).build())
            .set_expected_bucket_owner(self.expected_bucket_owner.clone())
            .send()
            .await
            .map_err(|error| failure("CompleteMultipartUpload", &self.bucket, Some(key), error))?;
        self.confirm("CompleteMultipartUpload", key, &checksums.object, object.checksum_sha256())?;
        Ok(version(object.version_id()))
    }
}
