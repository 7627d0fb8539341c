//! Documents in S3, bounded in size and in time.

use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use call_fault::sdk::{body_fault, innermost};

use super::failure::sdk_error;
use crate::documents::{DocumentError, DocumentErrorKind, Documents, MAX_BYTES};
use crate::error::RegistryErrorKind;
use crate::s3_uri::S3Uri;

/// The time limit for a document, including retries.
const DEADLINE: Duration = Duration::from_mins(1);

/// The documents that an S3 client can read.
#[derive(Debug, Clone)]
pub struct S3Documents {
    client: Client,
    deadline: Duration,
}

impl S3Documents {
    /// The documents that a client with this configuration can read.
    pub fn from_config(config: &aws_types::SdkConfig) -> Self {
        Self::new(Client::new(config))
    }

    /// The documents that this client can read.
    pub fn new(client: Client) -> Self {
        Self { client, deadline: DEADLINE }
    }

    /// Sets another deadline for each document.
    #[must_use]
    pub fn deadline(self, deadline: Duration) -> Self {
        Self { deadline, ..self }
    }

    async fn whole(&self, uri: &S3Uri) -> Result<Vec<u8>, DocumentError> {
        let too_large = || DocumentError::new(uri, DocumentErrorKind::TooLarge, format!("it is larger than {} MiB", MAX_BYTES >> 20));
        let request = self.client.get_object().bucket(uri.bucket()).key(uri.key());
        let mut object = request.send().await.map_err(|error| failure(uri, &error))?;
        if object.content_length().and_then(|length| usize::try_from(length).ok()).is_some_and(|length| length > MAX_BYTES) {
            return Err(too_large());
        }
        let mut bytes = Vec::new();
        while let Some(chunk) = object.body.next().await {
            let chunk = chunk.map_err(|error| DocumentError {
                hint: Some(body_fault(&error).hint("s3:GetObject")),
                ..DocumentError::new(uri, DocumentErrorKind::Unreachable, innermost(&error))
            })?;
            if bytes.len() + chunk.len() > MAX_BYTES {
                return Err(too_large());
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    }
}

impl Documents for S3Documents {
    async fn read(&self, uri: &S3Uri) -> Result<Vec<u8>, DocumentError> {
        match tokio::time::timeout(self.deadline, self.whole(uri)).await {
            Ok(read) => read,
            Err(_) => {
                let message = format!("it could not be read within {:?}", self.deadline);
                Err(DocumentError::new(uri, DocumentErrorKind::Unreachable, message))
            }
        }
    }
}

fn failure<E>(uri: &S3Uri, error: &SdkError<E, HttpResponse>) -> DocumentError
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    let registry_error = sdk_error("s3:GetObject", error);
    let response = error.raw_response();
    let kind = match (registry_error.code.as_deref(), response.map(|response| response.status().as_u16())) {
        (Some("NoSuchKey" | "NoSuchBucket"), _) | (None, Some(404)) => DocumentErrorKind::NotFound,
        _ => match registry_error.kind {
            RegistryErrorKind::AccessDenied => DocumentErrorKind::AccessDenied,
            RegistryErrorKind::Unreachable => DocumentErrorKind::Unreachable,
            _ => DocumentErrorKind::Other,
        },
    };
    let region = response.and_then(|response| response.headers().get("x-amz-bucket-region"));
    let hint = match (kind, region) {
        (DocumentErrorKind::Other, Some(region)) if response.is_some_and(|response| matches!(response.status().as_u16(), 301 | 400)) => {
            Some(format!("the bucket is in `{region}`: run this in that region, or register the model with metrics in its own region"))
        }
        (DocumentErrorKind::Other | DocumentErrorKind::Unreachable, _) => registry_error.hint(),
        _ => None,
    };
    DocumentError {
        uri: uri.clone(),
        kind,
        code: registry_error.code,
        message: registry_error.message,
        request_id: registry_error.request_id,
        hint,
    }
}
