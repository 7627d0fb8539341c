//! The shape of `rollout.json`, which stack-rollout's record and `deploy` write.

use schemars::JsonSchema;
use serde_json::Value as Json;

/// What a rollout did, target by target, and what its endpoints served afterwards.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "the shape of a file")]
pub(super) struct Rollout {
    /// 1.
    schema_version: u32,
    tool: Tool,
    /// `staging` or `prod`.
    stage: String,
    /// `sha256:…` of the release's manifest.
    release: String,
    /// The ARN of the model package that the release deploys.
    model_package: String,
    stack_set: String,
    /// `succeeded`: every target has what the release says. `failed`: at least one has not. `unfinished`: not known.
    verdict: String,
    /// Everything was as the release says before, so that no operation was started.
    nothing_to_do: bool,
    /// What became of the stack set, with every difference that it had.
    change: Change,
    /// The operations, in order.
    operations: Vec<Operation>,
    counts: Counts,
    /// Every target, in order of account and region.
    targets: Vec<Target>,
    /// Instances of the set that are not among the targets. Nothing was done to them.
    orphans: Vec<Place>,
    /// What kept the rollout from being finished or fully explained.
    problems: Vec<Problem>,
    /// What every endpoint serves; empty unless the rollout succeeded.
    identity: Vec<Identity>,
}

#[derive(JsonSchema)]
#[expect(dead_code, reason = "the shape of a file")]
struct Tool {
    name: String,
    version: String,
}

#[derive(JsonSchema)]
#[expect(dead_code, reason = "the shape of a file")]
struct Change {
    /// `create`, `update` or `untouched`.
    action: String,
    #[schemars(default)]
    because: Vec<Difference>,
}

#[derive(JsonSchema)]
#[expect(dead_code, reason = "the shape of a file")]
struct Difference {
    /// Such as `template` or `parameter-changed`.
    what: String,
    /// The parameter.
    #[schemars(default)]
    key: Option<String>,
}

#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "the shape of a file")]
struct Operation {
    #[schemars(rename = "operation_id")]
    id: String,
    /// `CREATE`, `UPDATE` …
    action: String,
    /// The last state that was seen, such as `SUCCEEDED`.
    status: String,
    /// An earlier run of the release had started it, or one beside this: it was found and waited for.
    resumed: bool,
    #[schemars(default)]
    reason: Option<String>,
}

#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "the shape of a file")]
struct Counts {
    targets: usize,
    succeeded: usize,
    unchanged: usize,
    failed: usize,
    cancelled: usize,
    skipped: usize,
    unfinished: usize,
}

#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "the shape of a file")]
struct Target {
    account_id: String,
    region: String,
    /// `succeeded`, `unchanged`, `failed`, `cancelled`, `skipped` or `unfinished`.
    outcome: String,
    /// Whether the instance is up to date with its set, in AWS's word.
    status: Option<String>,
    /// What the operation did here, in AWS's word.
    detailed_status: Option<String>,
    /// Why it ended so. Given for every outcome but `succeeded` and `unchanged`.
    reason: Option<String>,
    stack_id: Option<String>,
    /// The resources that failed first, from the stack's own events.
    events: Vec<FailedResource>,
}

#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "the shape of a file")]
struct FailedResource {
    logical_id: String,
    resource_type: String,
    status: String,
    reason: String,
    #[schemars(default)]
    physical_id: Option<String>,
    /// Why, as an endpoint itself tells it.
    #[schemars(default)]
    failure_reason: Option<String>,
}

#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "the shape of a file")]
struct Place {
    account_id: String,
    region: String,
}

#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "the shape of a file")]
struct Problem {
    code: String,
    message: String,
    #[schemars(default)]
    hint: Option<String>,
    #[schemars(default)]
    place: Option<String>,
}

#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "the shape of a file")]
struct Identity {
    account_id: String,
    region: String,
    endpoint: String,
    /// `passed`, `failed` or `errored`.
    outcome: String,
    /// As in the test results.
    checks: Vec<Json>,
}
