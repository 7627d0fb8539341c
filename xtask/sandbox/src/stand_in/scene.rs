//! The request and response bodies of the stand-in's control routes.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A program's request in the stand-in's log.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct LoggedRequest {
    /// `sagemaker`, `sagemaker-runtime`, `cloudformation`, `sts`, `s3` and so on.
    pub service: String,
    /// The operation, such as `ListModelPackages`.
    pub action: String,
    /// The account of the caller.
    pub account: String,
    /// The region that the request was signed for.
    pub region: String,
    /// The program's name from `AWS_SDK_UA_APP_ID`.
    pub program: Option<String>,
    /// Identifies the request by its path and body: equal for one that was sent again.
    pub digest: String,
    /// The HTTP status; none if a fault dropped the connection.
    pub status: Option<u16>,
    /// Size of the request's body.
    pub request_bytes: u64,
    /// Size of the response's body.
    pub response_bytes: u64,
    /// Milliseconds until the response was ready.
    pub ms: f64,
}

/// A fault for matching requests: an error, a delay, a closed connection, or a wrong body. Create it
/// with [`Fault::error`], [`Fault::latency`], [`Fault::dropped`] or [`Fault::body`], and restrict it
/// with the other methods. An unrestricted fault applies to all requests.
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
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<WrongBody>,
}

/// A body that is not what AWS sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum WrongBody {
    /// The first half, and then a closed connection.
    Half,
    /// The first half, as if it were complete.
    Malformed,
    /// Nothing.
    Empty,
    /// The first half, and then spaces: 1 GiB.
    Endless,
    /// An empty list with the token of a next page, which has the list.
    EmptyPage,
}

impl Fault {
    /// An error in the format of the called service.
    pub fn error(status: u16, code: &str, message: &str) -> Self {
        Self { status: Some(status), code: Some(code.to_owned()), message: Some(message.to_owned()), ..Self::default() }
    }

    /// The regular response, after this delay.
    pub fn latency(delay: Duration) -> Self {
        Self::default().after(delay)
    }

    /// No response: closes the connection.
    pub fn dropped() -> Self {
        Self { drop: true, ..Self::default() }
    }

    /// The regular response with another body.
    pub fn body(body: WrongBody) -> Self {
        Self { body: Some(body), ..Self::default() }
    }

    /// Denies assuming a role, by its ARN or a part of it.
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

    /// Only requests whose path, query or body contains this text.
    #[must_use]
    pub fn containing(mut self, text: &str) -> Self {
        self.contains = Some(text.to_owned());
        self
    }

    /// Only this many times.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }

    /// Only after this many matching requests.
    #[must_use]
    pub fn after_requests(mut self, skip: u32) -> Self {
        self.skip = skip;
        self
    }

    /// After this delay, in whole milliseconds.
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

/// Model packages to add to a group: counts, or a list.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct SeedPackages {
    /// The account of the registry.
    pub account: String,
    /// The region; default: `us-east-1`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// The group's name. The group is created if it is missing.
    pub group: String,
    /// The number of approved versions. The three kinds are mixed evenly.
    pub approved: u32,
    /// The number of versions that wait for approval.
    pub pending: u32,
    /// The number of rejected versions.
    pub rejected: u32,
    /// The packages, oldest first, instead of counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub packages: Option<Vec<SeedPackage>>,
    /// The creation time of the first package; default: `2026-01-01T00:00:00Z`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_created: Option<String>,
    /// Seconds between the packages' creation times; default: 60.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spacing_seconds: Option<u32>,
}

/// One model package of [`SeedPackages`]; missing fields get defaults.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct SeedPackage {
    /// The version; default: the next one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<u32>,
    /// `Approved`, `PendingManualApproval` (default) or `Rejected`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approval_status: Option<String>,
    /// The status; default: `Completed`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// The creation time, such as `2026-01-01T00:00:00Z`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created: Option<String>,
    /// Container images.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub images: Option<Vec<String>>,
    /// S3 URIs, each for the image with the same index.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model_data: Option<Vec<String>>,
    /// The containers as in the API, instead of images and S3 URIs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub containers: Option<Value>,
    /// The package's description.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The supported content types.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_types: Option<Vec<String>>,
    /// The supported instance types for endpoints; default: not specified.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance_types: Option<Vec<String>>,
    /// `CustomerMetadataProperties`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<BTreeMap<String, String>>,
    /// `ModelMetrics`, as in the API.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metrics: Option<Value>,
    /// `ModelLifeCycle`, as in the API.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub life_cycle: Option<Value>,
    /// `CreatedBy`, as in the API; default: moto's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_by: Option<Value>,
    /// `LastModifiedBy`, as in the API.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_modified_by: Option<Value>,
    /// `Registered` or `Logged`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub registration_type: Option<String>,
}

/// The status that an endpoint shows. It can be set before the endpoint exists.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct EndpointStatus {
    /// The endpoint's account.
    pub account: String,
    /// The region; default: `us-east-1`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// The endpoint's name.
    pub endpoint: String,
    /// `Creating`, `Updating`, `Failed` and so on.
    pub status: String,
    /// The failure reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure_reason: Option<String>,
    /// The number of descriptions with this status, followed by `InService`; default: unlimited.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_service_after: Option<u32>,
}

/// The failure of an endpoint's next creation or update by a stack, which is then rolled back.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct EndpointFailure {
    /// The endpoint's account.
    pub account: String,
    /// The region; default: `us-east-1`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// The endpoint's name.
    pub endpoint: String,
    /// SageMaker's reason.
    pub reason: String,
    /// The reason if the rollback of an update fails, too. The stack is then in
    /// `UPDATE_ROLLBACK_FAILED` until `ContinueUpdateRollback`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rollback_reason: Option<String>,
}

impl EndpointFailure {
    /// SageMaker's failure reason if an Availability Zone has no free instances of a type.
    pub const INSUFFICIENT_CAPACITY: &str = "Unable to provision requested ML compute capacity due to InsufficientInstanceCapacity error. \
        Please retry using a different ML instance type or after some time.";
}

/// An organization with its units and accounts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct SeedOrganization {
    /// The management account.
    pub management_account: String,
    /// The units below the root.
    pub units: Vec<SeedUnit>,
}

/// An organizational unit of [`SeedOrganization`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct SeedUnit {
    /// The unit's name.
    pub name: String,
    /// The unit's id, such as `ou-abcd-11111111`; default: generated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The accounts directly in the unit.
    pub accounts: Vec<SeedAccount>,
    /// The child units.
    pub units: Vec<SeedUnit>,
}

/// An account of [`SeedUnit`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct SeedAccount {
    /// The account id of twelve digits.
    pub id: String,
    /// The account's name; default: its id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `ACTIVE` (default), `SUSPENDED` or `PENDING_CLOSURE`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
}

impl From<&str> for SeedAccount {
    fn from(id: &str) -> Self {
        Self { id: id.to_owned(), ..Self::default() }
    }
}

/// The ids of a seeded organization.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Organization {
    /// The root's id, `r-…`.
    pub root: String,
    /// The organization's id, `o-…`.
    pub organization: String,
    /// The units' ids, `ou-…`, by their paths of names, separated by slashes.
    pub units: BTreeMap<String, String>,
}
