//! S3 URIs.

use std::fmt;
use std::str::FromStr;

/// The URI of an object in S3: `s3://BUCKET/KEY`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct S3Uri {
    bucket: String,
    key: String,
}

/// The text is not the URI of an object in S3.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not the URI of an object in S3 (s3://BUCKET/KEY)")]
pub struct ParseS3UriError(String);

impl S3Uri {
    /// The bucket.
    pub fn bucket(&self) -> &str {
        &self.bucket
    }

    /// The object's key.
    pub fn key(&self) -> &str {
        &self.key
    }
}

impl FromStr for S3Uri {
    type Err = ParseS3UriError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = || ParseS3UriError(text.to_owned());
        // 1024 is SageMaker's limit for the URI (SageMaker API, S3Uri).
        let (bucket, key) =
            text.strip_prefix("s3://").filter(|_| text.len() <= 1024).and_then(|rest| rest.split_once('/')).ok_or_else(invalid)?;
        let bucket_is_valid = (3..=63).contains(&bucket.len())
            && bucket.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-".contains(&byte))
            && !bucket.starts_with(['.', '-']);
        if !bucket_is_valid || key.is_empty() || key.chars().any(char::is_control) {
            return Err(invalid());
        }
        Ok(Self { bucket: bucket.to_owned(), key: key.to_owned() })
    }
}

impl fmt::Display for S3Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s3://{}/{}", self.bucket, self.key)
    }
}

#[cfg(test)]
mod tests {
    use super::S3Uri;

    #[test]
    fn a_uri_has_a_bucket_and_a_key() {
        let uri: S3Uri = "s3://iris-models/13/a b/evaluation.json".parse().unwrap();
        assert_eq!((uri.bucket(), uri.key()), ("iris-models", "13/a b/evaluation.json"));
        for text in
            ["", "s3://", "s3://iris-models", "s3://iris-models/", "s3:///key", "https://iris-models/key", "s3://../key", "s3://ab/k\n"]
        {
            assert!(text.parse::<S3Uri>().is_err(), "{text}");
        }
    }
}
