//! The format of `rollout.json`, which stack-rollout and `deploy` write.

use schemars::JsonSchema;
use serde_json::Value as Json;

/// The result of a rollout for each target, and of the identity checks of its endpoints.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "the format of a file")]
pub(super) struct Rollout {
    /// The version of this format: 1.
    schema_version: u32,
    tool: Tool,
    /// `staging` or `prod`.
    stage: String,
    /// The digest `sha256:…` of the release's manifest.
    release: String,
    /// The ARN of the model package that the release deploys.
    model_package: String,
    /// When the deployment began: RFC 3339, in UTC.
    started_at: String,
    /// When it ended, with the identity checks.
    ended_at: String,
    stack_set: String,
    /// `succeeded`: every target has the release. `failed`: at least one does not. `unfinished`:
    /// not known.
    verdict: String,
    /// Whether the stack set already had the release, so that no operation was started.
    nothing_to_do: bool,
    /// What happened to the stack set, with every difference.
    change: Change,
    /// The operations, in order.
    operations: Vec<Operation>,
    counts: Counts,
    /// All targets, in order of account and region.
    targets: Vec<Target>,
    /// Instances of the set that are not targets. They were not changed.
    orphans: Vec<Orphan>,
    /// Problems that prevented completion or an explanation of failures.
    problems: Vec<Problem>,
    /// The waves, in order. Missing in a rollout without waves.
    #[schemars(default)]
    waves: Vec<Wave>,
    /// What was rolled back after a wave failed. Missing if nothing was.
    #[schemars(default)]
    rolled_back: Option<RollBack>,
    /// The identity checks of the endpoints; empty unless the rollout succeeded. In a rollout in
    /// waves, those of every wave that was tested.
    identity: Vec<Identity>,
    /// What the endpoints of every target serve after the rollout.
    serving: Vec<model_release::TargetEndpoints>,
    /// Numbers of instances that changed although the release does not change them.
    unrequested_capacity: Vec<Capacity>,
    /// Why the release was rolled out although production was frozen. Missing if it was not.
    #[schemars(default)]
    during_freeze: Option<DuringFreeze>,
}

#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "the format of a file")]
struct DuringFreeze {
    /// Why it was deployed.
    reason: String,
    /// The freezes of the release policy during the deployment.
    freezes: Vec<model_release::manifest::Freeze>,
}

#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "the format of a file")]
struct Wave {
    /// Its number, from 1.
    number: usize,
    /// Its size, such as `10%`.
    size: String,
    accounts: Vec<String>,
    regions: Vec<String>,
    /// `passed`: every target has the release, and the checks passed. `failed`, or `unfinished`: not
    /// known. `skipped`: not started, because an earlier wave failed or no later one was allowed.
    outcome: String,
    /// The reason. Of a wave that passed: why the next one was not allowed to start, else null.
    reason: Option<String>,
}

#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "the format of a file")]
struct RollBack {
    /// The number of the wave.
    wave: usize,
    /// `succeeded`: every instance has the release before. `failed` or `unfinished`.
    verdict: String,
    /// The instances that existed before the wave. `succeeded`: rolled back.
    targets: Vec<Target>,
}

#[derive(JsonSchema)]
#[expect(dead_code, reason = "the format of a file")]
pub(super) struct Tool {
    name: String,
    version: String,
}

#[derive(JsonSchema)]
#[expect(dead_code, reason = "the format of a file")]
struct Change {
    /// `create`, `update` or `untouched`.
    action: String,
    #[schemars(default)]
    because: Vec<Difference>,
}

#[derive(JsonSchema)]
#[expect(dead_code, reason = "the format of a file")]
struct Difference {
    /// The kind of difference, such as `template` or `parameter-changed`.
    what: String,
    /// The parameter's key.
    #[schemars(default)]
    key: Option<String>,
}

#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "the format of a file")]
pub(super) struct Operation {
    #[schemars(rename = "operation_id")]
    id: String,
    /// `CREATE`, `UPDATE` …
    action: String,
    /// The last known status, such as `SUCCEEDED`.
    status: String,
    /// Whether an earlier or concurrent run of the release had started it and this run waited for
    /// it.
    resumed: bool,
    #[schemars(default)]
    reason: Option<String>,
}

#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "the format of a file")]
struct Counts {
    targets: usize,
    succeeded: usize,
    unchanged: usize,
    failed: usize,
    cancelled: usize,
    /// Missing if there are none.
    #[schemars(default)]
    rolled_back: usize,
    skipped: usize,
    unfinished: usize,
}

#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "the format of a file")]
struct Target {
    account_id: String,
    region: String,
    /// `succeeded`, `unchanged`, `failed`, `cancelled`, `rolled-back`, `skipped` or `unfinished`.
    outcome: String,
    /// Whether the instance is up to date with its set, as AWS spells it.
    status: Option<String>,
    /// The detailed status of the operation, as AWS spells it.
    detailed_status: Option<String>,
    /// The reason. Set for every outcome except `succeeded` and `unchanged`.
    reason: Option<String>,
    stack_id: Option<String>,
    /// The resources that failed first, from the stack's events.
    events: Vec<FailedResource>,
}

#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "the format of a file")]
struct FailedResource {
    logical_id: String,
    resource_type: String,
    status: String,
    reason: String,
    #[schemars(default)]
    physical_id: Option<String>,
    /// The `FailureReason` of an endpoint.
    #[schemars(default)]
    failure_reason: Option<String>,
}

#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "the format of a file")]
struct Orphan {
    account_id: String,
    region: String,
    /// Whether the instance is up to date with its set, as AWS spells it.
    status: String,
    /// Why it is not up to date.
    #[schemars(default)]
    status_reason: Option<String>,
}

#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "the format of a file")]
struct Capacity {
    account_id: String,
    region: String,
    endpoint: String,
    variant: String,
    /// The desired number of instances before the rollout.
    before: i32,
    /// The desired number of instances after it.
    after: i32,
}

#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "the format of a file")]
pub(super) struct Problem {
    code: String,
    message: String,
    #[schemars(default)]
    hint: Option<String>,
    #[schemars(default)]
    place: Option<String>,
}

#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "the format of a file")]
struct Identity {
    account_id: String,
    region: String,
    endpoint: String,
    /// `passed`, `failed` or `errored`.
    outcome: String,
    /// The checks, in the format of the test results.
    checks: Vec<Json>,
}
