//! Large artifacts, a part at a time.

use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};

use super::failure::failure;
use super::{PART_BYTES, S3Store, unreadable};
use crate::artifact::Artifact;
use crate::store::StoreError;

impl S3Store {
    /// Uploads in parts of 16 MiB, of which one is in memory. An upload that fails is given up, so that its parts cost nothing.
    pub(super) async fn put_parts(&self, client: &Client, key: &str, artifact: &Artifact) -> Result<(), StoreError> {
        let created = client
            .create_multipart_upload()
            .bucket(&self.bucket)
            .key(key)
            .set_server_side_encryption(self.encryption())
            .set_ssekms_key_id(self.kms_key_id.clone())
            .set_metadata(self.object_metadata())
            .set_expected_bucket_owner(self.expected_bucket_owner.clone())
            .send()
            .await
            .map_err(|error| failure("CreateMultipartUpload", &self.bucket, Some(key), error))?;
        let upload_id = created.upload_id().unwrap_or_default();
        let outcome = self.put_each_part(client, key, upload_id, artifact).await;
        if outcome.is_err() {
            // What failed is more to the point than whether the clean-up worked.
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

    async fn put_each_part(&self, client: &Client, key: &str, upload_id: &str, artifact: &Artifact) -> Result<(), StoreError> {
        let mut parts = Vec::new();
        let mut start = 0;
        for number in 1.. {
            if start >= artifact.len() {
                break;
            }
            let bytes = artifact.read_range(start..start + PART_BYTES).map_err(|error| unreadable(artifact, error))?;
            start += PART_BYTES;
            let part = client
                .upload_part()
                .bucket(&self.bucket)
                .key(key)
                .upload_id(upload_id)
                .part_number(number)
                .body(ByteStream::from(bytes))
                .set_expected_bucket_owner(self.expected_bucket_owner.clone())
                .send()
                .await
                .map_err(|error| failure("UploadPart", &self.bucket, Some(key), error))?;
            parts.push(
                CompletedPart::builder()
                    .part_number(number)
                    .set_e_tag(part.e_tag().map(str::to_owned))
                    .set_checksum_crc32(part.checksum_crc32().map(str::to_owned))
                    .build(),
            );
        }
        client
            .complete_multipart_upload()
            .bucket(&self.bucket)
            .key(key)
            .upload_id(upload_id)
            .multipart_upload(CompletedMultipartUpload::builder().set_parts(Some(parts)).build())
            .set_expected_bucket_owner(self.expected_bucket_owner.clone())
            .send()
            .await
            .map(drop)
            .map_err(|error| failure("CompleteMultipartUpload", &self.bucket, Some(key), error))
    }
}
