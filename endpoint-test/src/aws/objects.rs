//! Objects in Amazon S3: their location, and their bytes up to a limit.

use aws_config::SdkConfig;
use aws_sdk_s3::Client;
use aws_sdk_s3::config::Builder;
use aws_sdk_s3::primitives::ByteStream;
use bytes::{Bytes, BytesMut};
use call_fault::sdk::{body_fault, innermost};

use crate::target::{TargetError, TargetErrorKind};

pub(super) fn client(config: &SdkConfig) -> Client {
    // S3 emulators have no host name for each bucket.
    let path_style = config.endpoint_url().is_some();
    Client::from_conf(Builder::from(config).force_path_style(path_style).build())
}

pub(super) fn bucket_and_key(url: &str) -> Option<(&str, &str)> {
    let parts = url.strip_prefix("s3://")?.split_once('/')?;
    (!parts.0.is_empty() && !parts.1.is_empty()).then_some(parts)
}

/// The whole object; `None` if it has more than `most` bytes, which are then not read.
pub(super) async fn read(url: &str, mut body: ByteStream, most: usize) -> Result<Option<Bytes>, TargetError> {
    let mut bytes = BytesMut::new();
    while let Some(chunk) = body.next().await {
        let chunk = chunk.map_err(|error| {
            let read = TargetError::new(TargetErrorKind::Network, format!("{url}: {}", innermost(&error))).operation("GetObject");
            read.with_hint(body_fault(&error).hint("s3:GetObject"))
        })?;
        if bytes.len() + chunk.len() > most {
            return Ok(None);
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(Some(bytes.freeze()))
}
