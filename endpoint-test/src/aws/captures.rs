//! Captured requests in Amazon S3, one object after the other.

use aws_config::SdkConfig;
use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::Object;
use bytes::Bytes;
use call_fault::sdk::{body_fault, innermost};

use super::failure::target_error;
use super::objects;
use crate::target::TargetError;

/// The `.jsonl` objects with a prefix in Amazon S3. Reading them needs `s3:ListBucket` and
/// `s3:GetObject`.
#[derive(Debug, Clone)]
pub struct S3Captures {
    client: Client,
    bucket: String,
    prefix: String,
}

/// The objects that are being read.
pub(crate) struct OpenCaptures {
    captures: S3Captures,
    /// The keys of the current page; the last one is next.
    keys: Vec<String>,
    next_page: Option<String>,
    is_listed: bool,
    body: Option<ByteStream>,
}

const HINT: &str = "the caller needs `s3:ListBucket` on the bucket, `s3:GetObject` on the captured requests, and `kms:Decrypt` if they are encrypted with a KMS key";

/// Whether it is a file of data capture.
fn is_capture(key: &str) -> bool {
    std::path::Path::new(key).extension().is_some_and(|extension| extension == "jsonl")
}

impl S3Captures {
    /// The objects below an S3 URI such as `s3://bucket/iris/AllTraffic/2026/11/26`; `None` if it is
    /// not one.
    pub fn from_config(config: &SdkConfig, uri: &str) -> Option<Self> {
        let place = uri.strip_prefix("s3://")?;
        let (bucket, prefix) = place.split_once('/').unwrap_or((place, ""));
        // A folder: `iris` must not select `iris-2`, too.
        let is_whole = prefix.is_empty() || prefix.ends_with('/') || is_capture(prefix);
        let prefix = if is_whole { prefix.to_owned() } else { format!("{prefix}/") };
        (!bucket.is_empty()).then(|| Self { client: objects::client(config), bucket: bucket.to_owned(), prefix })
    }

    pub(crate) fn open(&self) -> OpenCaptures {
        OpenCaptures { captures: self.clone(), keys: Vec::new(), next_page: None, is_listed: false, body: None }
    }

    pub(crate) fn title(&self) -> String {
        format!("s3://{}/{}", self.bucket, self.prefix)
    }
}

impl OpenCaptures {
    /// Opens the next object and returns its key; or why it cannot be opened, and whether no other can
    /// follow.
    pub(crate) async fn next_file(&mut self, is_wanted: impl Fn(&str) -> bool) -> Result<Option<String>, (String, bool)> {
        loop {
            self.keys.truncate(self.keys.iter().rposition(|key| is_wanted(key)).map_or(0, |last| last + 1));
            if !self.keys.is_empty() {
                break;
            }
            if self.is_listed {
                return Ok(None);
            }
            self.list().await.map_err(|error| (whole(&error), true))?;
        }
        let Some(key) = self.keys.pop() else { return Ok(None) };
        let S3Captures { client, bucket, .. } = &self.captures;
        let output = client.get_object().bucket(bucket).key(&key).send().await;
        let output = output.map_err(|error| (described(target_error("GetObject", error), &key), false))?;
        self.body = Some(output.body);
        Ok(Some(key))
    }

    /// The next bytes of the object; `None` at its end.
    pub(crate) async fn next_chunk(&mut self) -> Result<Option<Bytes>, String> {
        let Some(body) = &mut self.body else { return Ok(None) };
        body.next()
            .await
            .transpose()
            .map_err(|error| format!("GetObject: {}; {}", innermost(&error), body_fault(&error).hint("s3:GetObject")))
    }

    /// Reads the next page of keys, which S3 lists in the order of their names: that of time.
    async fn list(&mut self) -> Result<(), TargetError> {
        let S3Captures { client, bucket, prefix } = &self.captures;
        let request = client.list_objects_v2().bucket(bucket).prefix(prefix).set_continuation_token(self.next_page.take());
        let output = request.send().await.map_err(|error| target_error("ListObjectsV2", error).about(bucket))?;
        let keys = output.contents().iter().filter_map(Object::key).filter(|key| is_capture(key));
        self.keys = keys.map(str::to_owned).collect();
        self.keys.reverse();
        self.next_page = output.next_continuation_token().map(str::to_owned);
        self.is_listed = self.next_page.is_none();
        Ok(())
    }
}

/// The error and its hint: a report has one text for both.
fn whole(error: &TargetError) -> String {
    format!("{error}; {HINT}")
}

fn described(error: TargetError, key: &str) -> String {
    whole(&error.about(key))
}
