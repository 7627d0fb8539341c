//! The formats of the JSON that commands print (`--format json`) and that have no type with a
//! schema. The end-to-end tests validate every printed document.

use std::collections::BTreeMap;

use model_release::approval::ApprovalRecord;
use model_release::manifest::RolloutLimits;
use schemars::JsonSchema;
use serde_json::{Value as Json, json};

use super::rollout::{Operation, Problem, Tool};
use super::{assert_schema, json as of, schema_for};

macro_rules! formats {
    ($($(#[$meta:meta])* $name:ident { $($(#[$field_meta:meta])* $field:ident: $type:ty,)* })*) => {$(
        $(#[$meta])*
        #[derive(JsonSchema)]
        #[schemars(deny_unknown_fields)]
        #[expect(dead_code, reason = "the format of a document")]
        #[allow(clippy::struct_field_names, reason = "the names are those of the JSON")]
        struct $name { $($(#[$field_meta])* $field: $type,)* }
    )*};
}

/// A version 1 of a format.
fn version(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({ "const": 1, "description": "The version of this format: 1." })
}

formats! {
    /// What `new` wrote.
    NewRepository {
        #[schemars(schema_with = "version")]
        schema_version: u32,
        /// The folder of the repository.
        folder: String,
        /// The paths of the files in it, sorted.
        files: Vec<String>,
        /// The pinned binary; null if none is pinned.
        pin: Option<Pin>,
        /// The model package that the tests and instance types were made from.
        model: Option<String>,
        /// With `--from-seed`, what happened to each part of the seed: first what must be decided.
        findings: Vec<Finding>,
    }

    /// What happened to a part of a seed repository.
    Finding {
        /// `decide`: a person must decide. `changed`: it behaves differently. `replaced`: it is part
        /// of the program. `carried`: it is carried over unchanged.
        #[schemars(extend("enum" = ["decide", "changed", "replaced", "carried"]))]
        action: String,
        /// A stable code, such as `unused-parameter`.
        code: String,
        /// The file in the seed repository.
        file: String,
        /// The line, if it is about a part of the file.
        line: Option<usize>,
        message: String,
        /// What to do about it.
        hint: Option<String>,
    }

    /// What `upgrade` changes or changed.
    Upgrade {
        #[schemars(schema_with = "version")]
        schema_version: u32,
        /// What the repository had.
        from: VersionAndPin,
        /// What the upgrade writes.
        to: VersionAndPin,
        /// The files that the program owns, sorted by path.
        files: Vec<FileChange>,
    }

    /// A version of the program with a pinned binary.
    VersionAndPin {
        /// The version that wrote the files.
        xtask: String,
        /// The pinned binary; null if none is pinned.
        pin: Option<Pin>,
    }

    /// A file of an upgrade.
    FileChange {
        path: String,
        /// `kept`: the team's changes stay, and this version has no others. `merged`: both changed
        /// it, in different places. `deleted`: the team deleted it. `conflict`: both changed the same
        /// lines.
        #[schemars(extend("enum" = ["unchanged", "kept", "updated", "merged", "added", "removed", "deleted", "conflict"]))]
        outcome: String,
        /// The difference as a patch; empty without one.
        diff: String,
        conflicts: Vec<Conflict>,
    }

    /// Lines that the team and this version changed.
    Conflict {
        /// The first line, from 1.
        line: usize,
        /// The team's lines, those of the earlier version and those of this one, between markers.
        text: String,
    }

    /// The file `xtask.lock` of a team's repository: which version wrote the files of the program,
    /// and what it wrote.
    Lock {
        /// The version of this format: 1.
        #[schemars(extend("const" = 1))]
        version: u32,
        /// The version of the program.
        xtask: String,
        /// The pinned binary; null if none is pinned.
        pin: Option<Pin>,
        /// Files that a new repository has from the program, and this one from its team.
        #[schemars(default)]
        team_files: Vec<String>,
        /// The files by path.
        files: BTreeMap<String, Base>,
    }

    /// What the program wrote: the base of the next merge.
    Base {
        /// The digest `sha256:…` of the text.
        #[schemars(regex(pattern = "^sha256:[0-9a-f]{64}$"))]
        sha256: String,
        text: String,
    }

    /// What `init-tests` wrote.
    InitTests {
        #[schemars(schema_with = "version")]
        schema_version: u32,
        /// The suite.
        suite: String,
        /// The number of its cases.
        cases: usize,
        /// The written files: payloads, and last the suite.
        files: Vec<String>,
    }

    /// The cases of a suite, of `test-staging --list`.
    ListedCases {
        /// The suite's own name.
        name: Option<String>,
        /// In the order in which they run.
        cases: Vec<ListedCase>,
        /// Whether the suite has a load.
        load: bool,
    }

    /// A case in a list.
    ListedCase {
        name: String,
        /// The number of its requests; unknown before the sample payloads are read.
        requests: Option<usize>,
        /// The media type of its payload.
        content_type: String,
        /// The keys of its expectations.
        expects: Vec<String>,
    }

    /// What the rows of a suite can prove, of `test-staging --check`.
    Outlook {
        /// The gates of all cases, then those of the comparison.
        gates: Vec<GateOutlook>,
    }

    /// What the rows can prove for one gate.
    GateOutlook {
        /// The case; missing for a gate over all cases.
        case: Option<String>,
        /// The gate, such as `accuracy at least 0.9 with 95% confidence`.
        gate: String,
        /// The number of rows that it is judged by.
        rows: usize,
        /// Whether it can pass with so many rows.
        can_pass: bool,
        /// The value that is expected for the chance to pass.
        expected: Option<f64>,
        /// The chance that it passes then.
        chance: Option<f64>,
        /// The number of rows with which that chance is 80%; missing if it is not known.
        rows_needed: Option<usize>,
        /// The smallest loss that these rows prove with a chance of 80%.
        visible_loss: Option<f64>,
        /// The outlook in sentences.
        notes: Vec<String>,
        /// Whether the gate is only observed.
        observed: bool,
    }

    /// What `verify` found.
    Verification {
        #[schemars(schema_with = "version")]
        schema_version: u32,
        tool: Tool,
        /// The digest `sha256:…` of the release's manifest.
        release: String,
        /// The ARN of the model package that the release deploys.
        model_package: String,
        /// The digest of the trusted key of each kind of record.
        public_keys: BTreeMap<String, String>,
        /// The records that are valid.
        verified: Vec<VerifiedRecord>,
        /// The records that are not.
        refused: Vec<RefusedRecord>,
        /// The links of the chain that no record proves.
        missing: Vec<String>,
        /// With a history, what it proves.
        history: Option<ProvenHistory>,
    }

    /// A record with a valid signature.
    VerifiedRecord {
        /// Its kind.
        record: String,
        file: String,
        /// The digest of the record.
        digest: String,
        /// RFC 3339, in UTC.
        signed_at: String,
    }

    /// A record that is not valid.
    RefusedRecord {
        file: String,
        /// Why.
        reason: Option<String>,
    }

    /// What a history proves about a release.
    ProvenHistory {
        proven: Vec<String>,
        refused: Vec<String>,
    }

    /// What `prune` removed.
    Pruned {
        #[schemars(schema_with = "version")]
        schema_version: u32,
        stack_set: String,
        /// `succeeded`, `failed`, or `unfinished`: not known.
        verdict: String,
        /// Whether the stacks were retained.
        retained_stacks: bool,
        /// The operations, in order.
        operations: Vec<Operation>,
        /// All instances of the request, in order.
        instances: Vec<PrunedInstance>,
        /// Problems that prevented completion.
        problems: Vec<Problem>,
    }

    /// The result of one instance.
    PrunedInstance {
        account_id: String,
        region: String,
        /// Whether the instance was removed from the set.
        removed: bool,
        /// Why the instance is still in the set.
        reason: Option<String>,
    }

    /// The model packages of a group, newest first, of `registry list`.
    ModelPackages {
        #[schemars(schema_with = "version")]
        schema_version: u32,
        model_package_group: String,
        model_packages: Vec<ListedPackage>,
        /// Whether there can be older ones.
        more: bool,
    }

    /// A listed model package.
    ListedPackage {
        arn: String,
        version: Option<u32>,
        created: String,
        /// `Approved`, `Rejected` or `PendingManualApproval`.
        approval_status: String,
        /// Such as `Completed`.
        status: String,
        registration_type: String,
        life_cycle: Option<LifeCycle>,
        description: Option<String>,
    }

    /// The life cycle of a model package.
    LifeCycle {
        stage: String,
        status: String,
        description: Option<String>,
    }

    /// The model package that `build` would select, of `registry resolve`. All values are strings, as
    /// Terraform's `external` data source requires.
    ResolvedPackage {
        model_package_arn: String,
        model_package_group: String,
        /// Empty for a package without a version.
        model_package_version: String,
        account: String,
        region: String,
        approval_status: String,
        created: String,
        /// Comma-separated.
        images: String,
        /// Comma-separated.
        model_data: String,
        /// Why this package is selected.
        because: String,
    }

    /// What `registry snapshot` wrote.
    WrittenSnapshot {
        #[schemars(schema_with = "version")]
        schema_version: u32,
        file: String,
        /// The number of model packages in it.
        model_packages: usize,
        /// The number of metrics documents beside it.
        documents: usize,
    }

    /// The parameters of a stage with their sources, of `config explain`.
    ConfigExplanation {
        #[schemars(schema_with = "version")]
        schema_version: u32,
        stage: String,
        account: Option<String>,
        region: Option<String>,
        parameters: Vec<ExplainedParameter>,
        /// Values that the template does not declare.
        not_passed: Vec<NotPassed>,
        /// Overrides for accounts and regions; a later one wins.
        overrides: Vec<Json>,
    }

    /// A parameter with its sources.
    ExplainedParameter {
        name: String,
        /// Null if it is secret, not known, or the stack's previous value.
        value: Option<String>,
        #[schemars(extend("enum" = ["asked", "offered", "default", "not-known", "missing"]))]
        standing: String,
        no_echo: bool,
        /// Whether the stack keeps its previous value.
        use_previous_value: bool,
        origin: Origin,
        /// The replaced values, latest first.
        replaced: Vec<ReplacedValue>,
    }

    /// A value that another one replaces.
    ReplacedValue {
        value: Option<String>,
        origin: Origin,
    }

    /// A value that the template does not declare.
    NotPassed {
        name: String,
        origin: Origin,
    }

    /// The source of a value.
    Origin {
        text: String,
        path: Option<String>,
        line: Option<usize>,
        column: Option<usize>,
    }

    /// The verdict on the parameters of the stages, of `config check`.
    ConfigCheck {
        #[schemars(schema_with = "version")]
        schema_version: u32,
        stages: Vec<StageVerdict>,
    }

    /// The verdict on the parameters of a stage.
    StageVerdict {
        stage: String,
        #[schemars(extend("enum" = ["passed", "failed"]))]
        verdict: String,
        /// The number of parameters that the template declares.
        declared: usize,
        /// The number of parameters with a value of the stage or the pipeline.
        set: usize,
        /// The declared parameters whose values are not known here.
        not_known: Vec<String>,
    }

    /// What `setup` did, or with `--check` would do.
    Setup {
        #[schemars(schema_with = "version")]
        schema_version: u32,
        /// The model package group.
        group: String,
        /// Whether it was created.
        group_created: bool,
        #[schemars(extend("enum" = ["unchanged", "written", "would be written", "removed", "would be removed"]))]
        policy: String,
        /// The accounts that can read the group.
        accounts: Vec<String>,
        /// The roles in each of them; empty for all.
        roles: Vec<String>,
        /// The organization that the accounts must belong to.
        organization: Option<String>,
    }

    /// Why `check-release` allows a release.
    CheckedRelease {
        #[schemars(schema_with = "version")]
        schema_version: u32,
        stage: String,
        /// The digest `sha256:…` of the release's manifest.
        release: String,
        /// The ARNs of the model packages, each as it was built.
        model_packages: Vec<String>,
        /// The tests of staging in a sentence; null for staging.
        staging_tests: Option<String>,
        /// The number of images and artifacts that still have the approved bytes.
        unchanged_bytes: usize,
        /// Of what it is not known whether it has the approved bytes.
        unknown_bytes: Vec<String>,
        /// The signed records that were verified.
        verified_records: Vec<String>,
        /// The approval, if one was read.
        approval: Option<ApprovalRecord>,
        /// The limits of the release policy for a rollout to this stage.
        limits: Option<RolloutLimits>,
        /// Why it is allowed although production is frozen.
        during_freeze: Option<String>,
    }

    /// What `dist` wrote.
    Dist {
        #[schemars(schema_with = "version")]
        schema_version: u32,
        binary: String,
        /// Its SHA-256, 64 hexadecimal digits.
        #[schemars(regex(pattern = "^[0-9a-f]{64}$"))]
        sha256: String,
        /// The minimum version of glibc.
        glibc: String,
        bill_of_materials: String,
        licences: String,
        provenance: String,
    }

    /// What `prepare-release` changed, or would change.
    PrepareRelease {
        #[schemars(schema_with = "version")]
        schema_version: u32,
        version: String,
        tag: String,
        /// The changelog's section.
        notes: String,
        /// Whether the files were changed, committed and tagged.
        executed: bool,
    }
}

/// The pinned binary.
#[derive(JsonSchema)]
#[schemars(untagged, deny_unknown_fields)]
#[expect(dead_code, reason = "the format of a document")]
enum Pin {
    /// The buildspecs name the binary.
    Binary {
        /// Where it is: `s3://` or `https://`.
        url: String,
        /// Its SHA-256, 64 hexadecimal digits.
        #[schemars(regex(pattern = "^[0-9a-f]{64}$"))]
        sha256: String,
    },
    /// The build reads `URL SHA256` from a parameter of Systems Manager.
    Parameter {
        /// The parameter's name.
        parameter: String,
    },
}

#[test]
fn the_schemas_of_what_commands_print_are_fresh() {
    for (name, title, schema) in [
        ("binary-record.v1.json", "Signed provenance of a binary", of(schema_for!(model_release::records::BinaryRecord))),
        ("checked-release.v1.json", "Result of check-release", of(schema_for!(CheckedRelease))),
        ("config-check.v1.json", "Verdict on the parameters of the stages", of(schema_for!(ConfigCheck))),
        ("config-explanation.v1.json", "Parameters of a stage with their sources", of(schema_for!(ConfigExplanation))),
        ("dist.v1.json", "Result of dist", of(schema_for!(Dist))),
        ("init-tests.v1.json", "Result of init-tests", of(schema_for!(InitTests))),
        ("listed-cases.v1.json", "Cases of a suite", of(schema_for!(ListedCases))),
        ("model-packages.v1.json", "Model packages of a group", of(schema_for!(ModelPackages))),
        ("new-repository.v1.json", "Result of new", of(schema_for!(NewRepository))),
        ("prepare-release.v1.json", "Result of prepare-release", of(schema_for!(PrepareRelease))),
        ("prune.v1.json", "Result of prune", of(schema_for!(Pruned))),
        ("resolved-package.v1.json", "Model package that build would select", of(schema_for!(ResolvedPackage))),
        ("setup.v1.json", "Result of setup", of(schema_for!(Setup))),
        ("test-outlook.v1.json", "What the rows of a suite can prove", of(schema_for!(Outlook))),
        ("upgrade.v1.json", "Result of upgrade", of(schema_for!(Upgrade))),
        ("verification.v1.json", "Result of verify", of(schema_for!(Verification))),
        ("written-snapshot.v1.json", "Result of registry snapshot", of(schema_for!(WrittenSnapshot))),
        ("xtask-lock.v1.json", "Lock file of a team's repository", of(schema_for!(Lock))),
    ] {
        assert!(schema["additionalProperties"] == json!(false), "{name} allows unknown keys");
        assert_schema(name, title, schema);
    }
}
