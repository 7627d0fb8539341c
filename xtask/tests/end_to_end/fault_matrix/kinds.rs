//! The faults of the matrix.

use std::time::Duration;

use sandbox::stand_in::{Fault, WrongBody};

/// What happens to a call: once, or every time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Kind {
    ThrottledOnce,
    InternalErrorOnce,
    ResetOnce,
    EmptyPage,
    Throttled,
    InternalError,
    Unavailable,
    Denied,
    Expired,
    Reset,
    Silent,
    HalfABody,
    Malformed,
    Empty,
    Endless,
}

use Kind::{
    Denied, Empty, EmptyPage, Endless, Expired, HalfABody, InternalError, InternalErrorOnce, Malformed, Reset, ResetOnce, Silent,
    Throttled, ThrottledOnce, Unavailable,
};

pub(super) const ALL: [Kind; 15] = [
    ThrottledOnce,
    InternalErrorOnce,
    ResetOnce,
    EmptyPage,
    Throttled,
    InternalError,
    Unavailable,
    Denied,
    Expired,
    Reset,
    Silent,
    HalfABody,
    Malformed,
    Empty,
    Endless,
];

impl Kind {
    /// Its name in messages, and at the head of its column in the page.
    pub(super) fn name(self) -> &'static str {
        match self {
            ThrottledOnce => "1 throttled",
            InternalErrorOnce => "1 500",
            ResetOnce => "1 reset",
            EmptyPage => "1 page",
            Throttled => "throttled",
            InternalError => "500",
            Unavailable => "503",
            Denied => "denied",
            Expired => "expired",
            Reset => "reset",
            Silent => "silence",
            HalfABody => "half",
            Malformed => "malformed",
            Empty => "empty",
            Endless => "endless",
        }
    }

    /// Whether the command must get over it.
    pub(super) fn passes(self) -> bool {
        matches!(self, ThrottledOnce | InternalErrorOnce | ResetOnce | EmptyPage)
    }

    /// Whether it takes as long as a time limit of the program.
    pub(super) fn is_slow(self) -> bool {
        matches!(self, Silent | Endless)
    }

    /// Whether a command that waits in AWS tries again.
    pub(super) fn is_retried(self) -> bool {
        matches!(self, Throttled | InternalError | Unavailable | Reset | HalfABody)
    }

    /// Whether the response has AWS's request id.
    pub(super) fn has_request_id(self) -> bool {
        matches!(self, Throttled | InternalError | Unavailable | Denied | Expired)
    }

    /// Whether it changes the body of the response.
    pub(super) fn is_of_body(self) -> bool {
        matches!(self, HalfABody | Malformed | Empty | Endless)
    }

    /// Words of which a fitting hint has one.
    pub(super) fn words_of_hint(self) -> &'static [&'static str] {
        match self {
            ThrottledOnce | Throttled => &["throttl"],
            InternalErrorOnce | InternalError | Unavailable => &["not available"],
            Denied => &["allow ", "grant ", "needs `", "trust policy", "management account"],
            Expired => &["credentials"],
            ResetOnce | Reset | Silent => &["network"],
            HalfABody => &["cut off", "network"],
            EmptyPage | Malformed | Empty => &["proxy"],
            // On a slow machine the time limit is reached before the limit of bytes.
            Endless => &["proxy", "network"],
        }
    }

    /// The fault for a call of this service. Codes and statuses are those of the service's protocol.
    pub(super) fn fault(self, service: &str) -> Fault {
        let (throttled, denied, expired) = match service {
            "s3" => ((503, "SlowDown"), (403, "AccessDenied"), (400, "ExpiredToken")),
            "cloudformation" | "sts" | "iam" => ((400, "Throttling"), (403, "AccessDenied"), (403, "ExpiredToken")),
            "sagemaker-runtime" => ((429, "ThrottlingException"), (403, "AccessDeniedException"), (403, "ExpiredTokenException")),
            _ => ((400, "ThrottlingException"), (400, "AccessDeniedException"), (400, "ExpiredTokenException")),
        };
        let error = |(status, code): (u16, &str)| Fault::error(status, code, "a fault of the matrix");
        match self {
            ThrottledOnce => error(throttled).times(1),
            Throttled => error(throttled),
            InternalErrorOnce => error((500, "InternalFailure")).times(1),
            InternalError => error((500, "InternalFailure")),
            Unavailable => error((503, "ServiceUnavailable")),
            Denied => error(denied),
            Expired => error(expired),
            ResetOnce => Fault::dropped().times(1),
            Reset => Fault::dropped(),
            Silent => Fault::latency(Duration::from_hours(1)),
            HalfABody => Fault::body(WrongBody::Half),
            Malformed => Fault::body(WrongBody::Malformed),
            Empty => Fault::body(WrongBody::Empty),
            Endless => Fault::body(WrongBody::Endless),
            EmptyPage => Fault::body(WrongBody::EmptyPage).times(1),
        }
    }
}
