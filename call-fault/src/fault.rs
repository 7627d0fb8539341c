//! The kinds of fault, AWS's error codes for them, and their hints.

/// What went wrong with a call, if it can go wrong with every call of every service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Fault {
    /// AWS limits the rate of the account's requests.
    Throttled,
    /// The service failed or is not available (HTTP status 5xx).
    Unavailable,
    /// The caller lacks a permission.
    AccessDenied,
    /// The session has expired.
    ExpiredCredentials,
    /// The credentials are not valid.
    InvalidCredentials,
    /// No credentials were found, so no request was sent.
    MissingCredentials,
    /// The connection was refused or closed.
    Connection,
    /// There was no response in time.
    Timeout,
    /// The response ended before its last byte.
    CutOff,
    /// The response is longer than any response of AWS.
    TooLong,
    /// The response is not one that AWS documents.
    NotOfAws,
    /// S3 rejected a HEAD request, to which its response has no error code.
    Unexplained,
}

impl Fault {
    /// The fault of an error code. Services and generations of protocols have different codes for
    /// the same; `None` for an error of one service, such as `NoSuchBucket`.
    pub fn of_code(code: &str) -> Option<Self> {
        let code = code.strip_suffix("Exception").unwrap_or(code);
        Some(match code {
            "TooManyRequests" | "RequestLimitExceeded" | "SlowDown" | "BandwidthLimitExceeded" => Self::Throttled,
            _ if code.contains("Throttl") => Self::Throttled,
            "ServiceUnavailable"
            | "InternalFailure"
            | "InternalError"
            | "InternalServerError"
            | "InternalService"
            | "InternalServiceError"
            | "InternalDependency"
            | "KMSInternal"
            | "Server"
            | "Service" => Self::Unavailable,
            "AuthorizationError" | "NotAuthorized" | "OptInRequired" => Self::AccessDenied,
            _ if code.starts_with("AccessDenied") || code.starts_with("Unauthorized") => Self::AccessDenied,
            "ExpiredToken" | "RequestExpired" => Self::ExpiredCredentials,
            "InvalidAccessKeyId"
            | "InvalidClientTokenId"
            | "UnrecognizedClient"
            | "SignatureDoesNotMatch"
            | "InvalidSignature"
            | "IncompleteSignature"
            | "MissingAuthenticationToken" => Self::InvalidCredentials,
            "RequestTimeout" => Self::Timeout,
            _ => return None,
        })
    }

    /// The fault of a response without an error code of AWS, such as a proxy's page.
    pub fn of_status(status: u16) -> Self {
        match status {
            401 | 403 => Self::AccessDenied,
            408 => Self::Timeout,
            429 => Self::Throttled,
            500.. => Self::Unavailable,
            _ => Self::NotOfAws,
        }
    }

    /// As [`Fault::of_status`], for a response of S3 to a HEAD request. Status 400 means an expired
    /// session, a wrong region and more.
    pub fn of_head_status(status: u16) -> Self {
        if status == 400 { Self::Unexplained } else { Self::of_status(status) }
    }

    /// Whether the same call may succeed a moment later.
    pub fn is_temporary(self) -> bool {
        matches!(self, Self::Throttled | Self::Unavailable | Self::Connection | Self::Timeout | Self::CutOff)
    }

    /// What to do about it. `action` is the IAM action of the call, such as `s3:PutObject`.
    pub fn hint(self, action: &str) -> String {
        let hint = match self {
            Self::AccessDenied => return format!("allow `{action}` for the role or user that makes the call"),
            Self::Throttled => "AWS is throttling this account: wait a minute and run the command again",
            Self::Unavailable => "AWS is not available at the moment: run the command again",
            Self::ExpiredCredentials => "the session has expired: get new credentials and run the command again",
            Self::InvalidCredentials => "the credentials are not valid: check the access key, or sign in again",
            Self::MissingCredentials => "set AWS_PROFILE, or run `aws sso login`; CodeBuild uses the project's service role",
            Self::Connection => "check the network, and AWS_ENDPOINT_URL if it is set",
            Self::Timeout => {
                "there was no response in time: check the network, in a VPC without internet access its endpoints, and AWS_ENDPOINT_URL if it is set"
            }
            Self::CutOff => "the response was cut off: run the command again; if it happens again, check the network and the proxy",
            Self::Unexplained => {
                "S3 gives no reason: get new credentials if the session has expired, and check the region and the bucket's name"
            }
            Self::TooLong | Self::NotOfAws => "another server may have responded: check the proxy, and AWS_ENDPOINT_URL if it is set",
        };
        hint.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::Fault;

    #[test]
    fn codes_of_every_protocol_mean_the_same() {
        for (fault, codes) in [
            (Fault::Throttled, &["Throttling", "ThrottlingException", "ThrottledException", "RequestThrottled", "SlowDown"] as &[_]),
            (Fault::Unavailable, &["ServiceUnavailable", "ServiceUnavailableException", "InternalFailure", "ServerException"]),
            (Fault::AccessDenied, &["AccessDenied", "AccessDeniedException", "UnauthorizedOperation"]),
            (Fault::ExpiredCredentials, &["ExpiredToken", "ExpiredTokenException", "RequestExpired"]),
            (Fault::InvalidCredentials, &["InvalidClientTokenId", "UnrecognizedClientException", "SignatureDoesNotMatch"]),
        ] {
            for code in codes {
                assert_eq!(Fault::of_code(code), Some(fault), "{code}");
            }
        }
        for code in ["NoSuchBucket", "ValidationException", "StaleRequestException", "ModelNotReadyException"] {
            assert_eq!(Fault::of_code(code), None, "{code}");
        }
    }

    #[test]
    fn only_throttling_gets_the_hint_about_throttling() {
        assert_eq!(
            [403, 408, 429, 500, 503, 302].map(Fault::of_status),
            [Fault::AccessDenied, Fault::Timeout, Fault::Throttled, Fault::Unavailable, Fault::Unavailable, Fault::NotOfAws,]
        );
        let hints = [Fault::Unavailable, Fault::Connection, Fault::Timeout, Fault::CutOff, Fault::TooLong, Fault::NotOfAws];
        assert!(hints.iter().all(|fault| !fault.hint("s3:PutObject").contains("throttl")));
        assert!(Fault::Throttled.hint("s3:PutObject").contains("throttling"));
        assert!(Fault::AccessDenied.hint("iam:GetRole").contains("`iam:GetRole`"));
    }
}
