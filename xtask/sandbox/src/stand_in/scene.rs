//! What a test can set up in the stand-in, and what it can read back: the bodies of the stand-in's own routes.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One request that a program made, as the stand-in saw it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct LoggedRequest {
    /// `sagemaker`, `sagemaker-runtime`, `cloudformation`, `sts`, `s3` and so on.
    pub service: String,
    /// The operation, such as `ListModelPackages`.
    pub action: String,
    /// The account that the caller acted as.
    pub account: String,
    /// The region that the request was signed for.
    pub region: String,
    /// What the program calls itself, by `AWS_SDK_UA_APP_ID`.
    pub program: Option<String>,
    /// The HTTP status; none when the connection was dropped by a fault.
    pub status: Option<u16>,
    /// Size of the request's body.
    pub request_bytes: u64,
    /// Size of the answer's body.
    pub response_bytes: u64,
    /// Milliseconds until the answer was ready.
    pub ms: f64,
}

/// Requests that shall fail, wait, or find the connection closed. Made by [`Fault::error`], [`Fault::latency`] or [`Fault::dropped`],
/// narrowed by the other methods; without narrowing it meets every request, for ever.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Fault {
    #[serde(skip_serializing_if = "Option::is_none")]
    service: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    action: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<String>,
    #[serde(rename = "match", skip_serializing_if = "Option::is_none")]
    contains: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    times: Option<u32>,
    skip: u32,
    latency_ms: u64,
    drop: bool,
}

impl Fault {
    /// An error in the shape of the service that is asked.
    pub fn error(status: u16, code: &str, message: &str) -> Self {
        Self { status: Some(status), code: Some(code.to_owned()), message: Some(message.to_owned()), ..Self::default() }
    }

    /// The right answer, after this time.
    pub fn latency(delay: Duration) -> Self {
        Self::default().after(delay)
    }

    /// No answer: the connection is closed.
    pub fn dropped() -> Self {
        Self { drop: true, ..Self::default() }
    }

    /// A role that may not be assumed, by its ARN or a part of it.
    pub fn refused_role(role: &str) -> Self {
        let message = format!("User is not authorized to perform: sts:AssumeRole on resource: {role}");
        Self::error(403, "AccessDenied", &message).on("sts", "AssumeRole").containing(role)
    }

    /// Only this operation of this service, as in [`LoggedRequest`].
    #[must_use]
    pub fn on(mut self, service: &str, action: &str) -> Self {
        (self.service, self.action) = (Some(service.to_owned()), Some(action.to_owned()));
        self
    }

    /// Only requests of this account.
    #[must_use]
    pub fn of_account(mut self, account: &str) -> Self {
        self.account = Some(account.to_owned());
        self
    }

    /// Only requests for this region.
    #[must_use]
    pub fn in_region(mut self, region: &str) -> Self {
        self.region = Some(region.to_owned());
        self
    }

    /// Only requests whose path, query or body has this text.
    #[must_use]
    pub fn containing(mut self, text: &str) -> Self {
        self.contains = Some(text.to_owned());
        self
    }

    /// Only so many times.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }

    /// Only after so many requests that matched.
    #[must_use]
    pub fn after_requests(mut self, skip: u32) -> Self {
        self.skip = skip;
        self
    }

    /// After this time, in whole milliseconds.
    #[must_use]
    pub fn after(mut self, delay: Duration) -> Self {
        self.latency_ms = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX);
        self
    }

    /// With a `Retry-After` header, in seconds.
    #[must_use]
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after = Some(seconds);
        self
    }
}

/// Model packages to put into a group: counts, or a list.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct SeedPackages {
    /// The account of the registry.
    pub account: String,
    /// The region; `us-east-1` without.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// The group's name. The group is made when it is missing.
    pub group: String,
    /// How many approved versions. The three counts are spread evenly over the whole.
    pub approved: u32,
    /// How many versions that wait for approval.
    pub pending: u32,
    /// How many rejected versions.
    pub rejected: u32,
    /// In place of the counts: each package, oldest first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub packages: Option<Vec<SeedPackage>>,
    /// When the first was created, as in `2026-01-01T00:00:00Z`, which it is without.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_created: Option<String>,
    /// Seconds from each package's creation to the next one's; 60 without.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spacing_seconds: Option<u32>,
}

/// One model package of [`SeedPackages`]; what is left out is made up.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct SeedPackage {
    /// The version; the one after the last without.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<u32>,
    /// `Approved`, `PendingManualApproval` (which it is without) or `Rejected`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approval_status: Option<String>,
    /// `Completed` without.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// As in `2026-01-01T00:00:00Z`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created: Option<String>,
    /// Container images.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub images: Option<Vec<String>>,
    /// S3 URIs, each for the image at the same place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model_data: Option<Vec<String>>,
    /// The package's description.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The media types that it takes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_types: Option<Vec<String>>,
    /// The instance types that it supports for endpoints; not said without.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance_types: Option<Vec<String>>,
    /// `CustomerMetadataProperties`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<BTreeMap<String, String>>,
    /// `ModelMetrics`, as the API has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metrics: Option<Value>,
    /// `ModelLifeCycle`, as the API has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub life_cycle: Option<Value>,
    /// `CreatedBy`, as the API has it; a profile of moto's without.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_by: Option<Value>,
    /// `LastModifiedBy`, as the API has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_modified_by: Option<Value>,
    /// `Registered`, or `Logged`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub registration_type: Option<String>,
}

/// A status for an endpoint to show. It may be set before the endpoint exists.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct EndpointStatus {
    /// The endpoint's account.
    pub account: String,
    /// The region; `us-east-1` without.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// The endpoint's name.
    pub endpoint: String,
    /// `Creating`, `Updating`, `Failed` and so on.
    pub status: String,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure_reason: Option<String>,
    /// Shown for so many descriptions, `InService` from then on; for ever without.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_service_after: Option<u32>,
}

/// An organization with its units and accounts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct SeedOrganization {
    /// The account that manages it.
    pub management_account: String,
    /// The units below the root.
    pub units: Vec<SeedUnit>,
}

/// An organizational unit of [`SeedOrganization`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct SeedUnit {
    /// The unit's name.
    pub name: String,
    /// The unit's id, as in `ou-abcd-11111111`; made up without.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The accounts in the unit itself.
    pub accounts: Vec<SeedAccount>,
    /// The units below it.
    pub units: Vec<SeedUnit>,
}

/// An account of [`SeedUnit`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct SeedAccount {
    /// Twelve digits.
    pub id: String,
    /// The account's name; its id without.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `ACTIVE` without, `SUSPENDED` or `PENDING_CLOSURE`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
}

impl From<&str> for SeedAccount {
    fn from(id: &str) -> Self {
        Self { id: id.to_owned(), ..Self::default() }
    }
}

/// The ids of an organization that was seeded.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Organization {
    /// The root's id, `r-…`.
    pub root: String,
    /// The organization's id, `o-…`.
    pub organization: String,
    /// Each unit's id, `ou-…`, by its path of names with slashes between them.
    pub units: BTreeMap<String, String>,
}
