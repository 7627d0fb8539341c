//! The gates of a release policy: passed, failed, and unreadable.

use std::collections::BTreeMap;
use std::future::{Future, ready};
use std::sync::atomic::{AtomicUsize, Ordering};

use insta::assert_snapshot;
use jiff::Timestamp;
use model_registry::documents::{DocumentError, DocumentErrorKind, Documents};
use model_registry::life_cycle::LifeCycle;
use model_registry::release_policy::ReleasePolicy;
use model_registry::snapshot::Snapshot;
use model_registry::{
    ApprovalStatus, Choice, Detail, Gates, MetricDocument, MetricSource, ModelPackage, Person, Reason, S3Uri, SelectError, Selection,
    select,
};
use proptest::prelude::*;

const ARN: &str = "arn:aws:sagemaker:us-east-1:111111111111:model-package/iris/";
const IMAGE: &str = "111111111111.dkr.ecr.us-east-1.amazonaws.com/iris-inference:1.4.0";

/// Documents in memory; reading any other document is denied.
#[derive(Default)]
struct Memory {
    documents: BTreeMap<String, Vec<u8>>,
    /// Why every other document cannot be read.
    failure: Option<DocumentErrorKind>,
    reads: AtomicUsize,
}

impl Memory {
    fn with(uri: &str, text: &str) -> Self {
        Self { documents: [(uri.to_owned(), text.as_bytes().to_vec())].into(), ..Self::default() }
    }
}

impl Documents for Memory {
    fn read(&self, uri: &S3Uri) -> impl Future<Output = Result<Vec<u8>, DocumentError>> + Send {
        self.reads.fetch_add(1, Ordering::Relaxed);
        let found = self.documents.get(&uri.to_string()).cloned();
        let kind = self.failure.unwrap_or(DocumentErrorKind::AccessDenied);
        ready(found.ok_or_else(|| DocumentError::new(uri, kind, "User is not authorized")))
    }
}

fn metrics_of(version: u32) -> String {
    format!("s3://iris-models/{version}/evaluation.json")
}

/// An approved package that passes every gate of these tests.
fn good(version: u32) -> ModelPackage {
    let mut package = ModelPackage::new(format!("{ARN}{version}").parse().unwrap(), Timestamp::from_second(version.into()).unwrap());
    package.approval_status = ApprovalStatus::Approved;
    package.images = vec![IMAGE.to_owned()];
    package.content_types = vec!["text/csv".to_owned()];
    package.realtime_instance_types = vec!["ml.m5.large".to_owned()];
    package.metadata = [("owner".to_owned(), "ds".to_owned()), ("risk".to_owned(), "low".to_owned())].into();
    package.life_cycle = Some(LifeCycle::new("Staging", "Approved").unwrap());
    package.created_by = Some(Person { iam_arn: Some("arn:aws:sts::111111111111:assumed-role/Train/a".to_owned()), ..Person::default() });
    package.last_modified_by =
        Some(Person { iam_arn: Some("arn:aws:sts::111111111111:assumed-role/Approve/b".to_owned()), ..Person::default() });
    package.metrics = vec![MetricDocument {
        source: MetricSource::ModelQualityStatistics,
        uri: metrics_of(version),
        content_type: "application/json".to_owned(),
        digest: None,
    }];
    package
}

fn choose_with(
    policy: &str,
    documents: Memory,
    packages: Vec<ModelPackage>,
    selection: &Selection,
    unapproved: bool,
) -> Result<Choice, SelectError> {
    let registry = Snapshot::new(None, packages);
    let mut gates = Gates::new(ReleasePolicy::parse(policy).unwrap(), documents);
    gates.allow_unapproved = unapproved;
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(select(&registry, &"iris".parse().unwrap(), selection, &gates))
}

fn choose(policy: &str, packages: Vec<ModelPackage>) -> Result<Choice, SelectError> {
    choose_with(policy, Memory::default(), packages, &Selection::LatestApproved, false)
}

/// The reason for which version 2 is skipped after this change; version 1 passes.
fn skipped(policy: &str, change: impl FnOnce(&mut ModelPackage)) -> String {
    let mut changed = good(2);
    change(&mut changed);
    let choice = choose(policy, vec![good(1), changed]).unwrap();
    assert_eq!(choice.package.version, Some(1), "{policy}");
    assert_eq!(choice.skipped[0].reason.code(), "gate-not-met");
    choice.skipped[0].reason.to_string()
}

/// The reason why a gate cannot be read.
fn unreadable(policy: &str, documents: Memory, change: impl FnOnce(&mut ModelPackage)) -> String {
    let mut changed = good(2);
    change(&mut changed);
    match choose_with(policy, documents, vec![good(1), changed], &Selection::LatestApproved, false) {
        Err(SelectError::Gate { arn, error }) => {
            assert_eq!(arn.version(), Some(2));
            assert!(error.hint.is_some(), "{error}");
            format!("{error}{}", if error.refused_by_aws { " (AWS)" } else { "" })
        }
        other => panic!("{policy}: {other:?}"),
    }
}

const METADATA: &str = r#"{ "schema_version": 1, "metadata": [{ "key": "owner" }, { "key": "risk", "one_of": ["low", "medium"] }] }"#;
const LIFE_CYCLE: &str = r#"{ "schema_version": 1, "life_cycle": { "stages": ["Staging"], "statuses": ["Approved", "Tested"] } }"#;
const IMAGES: &str = r#"{ "schema_version": 1, "image_registries": ["111111111111.dkr.ecr.us-east-1.amazonaws.com/iris-inference"] }"#;
const CONTENT_TYPES: &str = r#"{ "schema_version": 1, "content_types": ["text/csv"] }"#;
const INSTANCE_TYPES: &str = r#"{ "schema_version": 1, "instance_types": ["ml.m5.large"] }"#;
const FOUR_EYES: &str = r#"{ "schema_version": 1, "four_eyes": true }"#;
const ACCURACY: &str = r#"{ "schema_version": 1, "metrics": [{ "name": "accuracy", "at": "/multiclass/accuracy", "min": 0.95, "max": 1, "tolerance": 0.01 }] }"#;

#[test]
fn a_package_that_fails_a_gate_is_skipped_with_the_reason() {
    let reasons = [
        skipped(METADATA, |package| package.metadata.clear()),
        skipped(METADATA, |package| package.metadata.insert("risk".to_owned(), "high".to_owned()).map_or((), drop)),
        skipped(LIFE_CYCLE, |package| package.life_cycle = None),
        skipped(LIFE_CYCLE, |package| package.life_cycle = Some(LifeCycle::new("Staging", "Failed").unwrap())),
        skipped(IMAGES, |package| package.images.push("docker.io/iris:1".to_owned())),
        skipped(IMAGES, |package| package.images = vec![format!("{}-evil:1", IMAGE.split(':').next().unwrap())]),
        skipped(CONTENT_TYPES, |package| package.content_types = vec!["application/json".to_owned()]),
        skipped(INSTANCE_TYPES, |package| package.realtime_instance_types.clear()),
        skipped(FOUR_EYES, |package| package.last_modified_by = package.created_by.clone()),
    ];
    assert_snapshot!(reasons.join("\n"), @"
    gate failed: it has no metadata `owner`; it has no metadata `risk`
    gate failed: its metadata `risk` is `high`, not `low` or `medium`
    gate failed: it has no life cycle, but must be stage `Staging`, status `Approved` or `Tested`
    gate failed: its life cycle is `Staging/Failed`, but must be stage `Staging`, status `Approved` or `Tested`
    gate failed: its image `docker.io/iris:1` is from a registry that is not allowed
    gate failed: its image `111111111111.dkr.ecr.us-east-1.amazonaws.com/iris-inference-evil:1` is from a registry that is not allowed
    gate failed: it does not accept `text/csv`
    gate failed: it does not support `ml.m5.large`
    gate failed: `arn:aws:sts::111111111111:assumed-role/Train/a` both registered it and was the last to change it
    ");
}

#[test]
fn a_package_that_passes_every_gate_is_chosen_with_the_values_found() {
    let policy = r#"{
        "$schema": "schemas/release-policy.v1.json", "schema_version": 1,
        "metadata": [{ "key": "owner" }], "life_cycle": { "stages": ["Staging"] },
        "metrics": [
            { "name": "accuracy", "at": "/multiclass/accuracy", "min": 0.95, "tolerance": 0.01 },
            { "name": "loss", "source": "ModelQuality.Statistics", "at": "/loss", "max": 0.3 }
        ],
        "image_registries": ["111111111111.dkr.ecr.us-east-1.amazonaws.com"], "content_types": ["text/csv"],
        "instance_types": ["ml.m5.large"], "deny": [{ "version": 1, "reason": "two features only" }], "four_eyes": true
    }"#;
    let documents = Memory::with(&metrics_of(2), r#"{ "multiclass": { "accuracy": 0.9455 }, "loss": 0.20871310426145342 }"#);
    let choice = choose_with(policy, documents, vec![good(2)], &Selection::LatestApproved, false).unwrap();
    assert_snapshot!(choice.because.to_string(), @"version 2 is the newest approved model package of `iris`; there is no newer one; it passes the 8 gates of the release policy");
    let found: Vec<_> = choice.gates.iter().map(|met| format!("{}: {}", met.gate, met.found)).collect();
    assert_snapshot!(found.join("\n"), @"
    metadata `owner`: ds
    life cycle: Staging/Approved
    image registries: 111111111111.dkr.ecr.us-east-1.amazonaws.com/iris-inference:1.4.0
    content types: text/csv
    instance types: ml.m5.large
    four eyes: registered by arn:aws:sts::111111111111:assumed-role/Train/a, last changed by arn:aws:sts::111111111111:assumed-role/Approve/b
    metric `accuracy`: 0.9455, at least 0.95 with a tolerance of 0.01
    metric `loss`: 0.20871310426145342, at most 0.3
    ");
}

#[test]
fn a_package_with_a_metric_beyond_its_limit_is_skipped() {
    let documents = || {
        let mut documents = Memory::with(&metrics_of(1), r#"{ "multiclass": { "accuracy": 0.97 } }"#);
        documents.documents.insert(metrics_of(2), br#"{ "multiclass": { "accuracy": 0.93 } }"#.to_vec());
        documents.documents.insert(metrics_of(3), br#"{ "multiclass": { "accuracy": 1.5 } }"#.to_vec());
        documents
    };
    let choice = choose_with(ACCURACY, documents(), vec![good(1), good(2), good(3)], &Selection::LatestApproved, false).unwrap();
    assert_eq!(choice.package.version, Some(1));
    let reasons: Vec<_> = choice.skipped.iter().map(|skipped| skipped.reason.to_string()).collect();
    assert_eq!(
        reasons,
        [
            "gate failed: metric `accuracy` is 1.5, above the maximum 1 (tolerance 0.01)",
            "gate failed: metric `accuracy` is 0.93, below the minimum 0.95 (tolerance 0.01)"
        ]
    );
    // A package that is requested explicitly is rejected for the same reason.
    let named = choose_with(ACCURACY, documents(), vec![good(2)], &Selection::Version(2), true).unwrap_err();
    assert!(matches!(&named, SelectError::NotAcceptable { reason: Reason::Gates(_), .. }), "{named}");
}

#[test]
fn a_gate_that_cannot_be_read_is_an_error_and_does_not_pass() {
    let document = |text: &str| Memory::with(&metrics_of(2), text);
    let errors = [
        unreadable(ACCURACY, Memory::default(), |_| {}),
        unreadable(ACCURACY, document("{}"), |_| {}),
        unreadable(ACCURACY, document(r#"{ "multiclass": { "f1": 1, "recall": 1 } }"#), |_| {}),
        unreadable(ACCURACY, document(r#"{ "multiclass": { "accuracy": "0.97" } }"#), |_| {}),
        unreadable(ACCURACY, document("<html>"), |_| {}),
        unreadable(ACCURACY, Memory::default(), |package| package.metrics.clear()),
        unreadable(ACCURACY, Memory::default(), |package| package.metrics[0].uri = "https://example.com/x".to_owned()),
        unreadable(ACCURACY, Memory::default(), |package| package.metrics[0].source = MetricSource::BiasReport),
        unreadable(IMAGES, Memory::default(), |package| package.images.clear()),
        unreadable(FOUR_EYES, Memory::default(), |package| package.created_by = None),
        unreadable(FOUR_EYES, Memory::default(), |package| package.last_modified_by = None),
        unreadable(FOUR_EYES, Memory::default(), |package| package.last_modified_by = Some(Person::default())),
        unreadable(METADATA, Memory::default(), |package| package.detail = Detail::Listed),
    ];
    assert_snapshot!(errors.join("\n"), @"
    metric `accuracy` cannot be read: `s3://iris-models/2/evaluation.json` could not be read: User is not authorized (AWS)
    metric `accuracy` cannot be read: the document of `ModelQuality.Statistics` has nothing at `/multiclass/accuracy`
    metric `accuracy` cannot be read: the document of `ModelQuality.Statistics` has nothing at `/multiclass/accuracy`
    metric `accuracy` cannot be read: the value at `/multiclass/accuracy` in the document of `ModelQuality.Statistics` is a string, not a number
    metric `accuracy` cannot be read: `s3://iris-models/2/evaluation.json` is not JSON: expected value at line 1 column 1
    metric `accuracy` cannot be read: the package refers to no metrics `ModelQuality.Statistics`; it refers to no metrics
    metric `accuracy` cannot be read: the package's `ModelQuality.Statistics`: `https://example.com/x` is not the URI of an object in S3 (s3://BUCKET/KEY)
    metric `accuracy` cannot be read: the package refers to no metrics `ModelQuality.Statistics`; it refers to `Bias.Report`
    image registries cannot be read: the package lists no image
    four eyes cannot be read: SageMaker does not report who registered the package
    four eyes cannot be read: SageMaker does not report who last changed the package
    four eyes cannot be read: SageMaker identifies the two people who registered and last changed the package in ways that cannot be compared
    the release policy cannot be read: the snapshot has no description of `arn:aws:sagemaker:us-east-1:111111111111:model-package/iris/2`
    ");
}

#[test]
fn a_document_that_differs_from_the_registered_one_is_an_error() {
    let text = r#"{ "multiclass": { "accuracy": 0.97 } }"#;
    // sha256sum of the text above.
    let digest = "SHA256:1d86df1de1de5e3d6a9eb8c5d7d21ba3a6f1b7b64ea6ad23d8f8b7cc4ed66f5f";
    let error = unreadable(ACCURACY, Memory::with(&metrics_of(2), text), |package| package.metrics[0].digest = Some(digest.to_owned()));
    assert!(error.contains("is not the document that was registered"), "{error}");
    let found = error.split("its digest is ").nth(1).unwrap().split(',').next().unwrap().to_owned();
    let mut package = good(2);
    package.metrics[0].digest = Some(found.to_uppercase());
    let documents = Memory::with(&metrics_of(2), text);
    assert!(choose_with(ACCURACY, documents, vec![package], &Selection::LatestApproved, false).is_ok());
}

#[test]
fn documents_are_read_once_and_only_for_a_package_that_passes_all_other_gates() {
    let policy = r#"{ "schema_version": 1, "metadata": [{ "key": "owner" }], "metrics": [
        { "name": "accuracy", "at": "/accuracy", "min": 0.9 }, { "name": "loss", "at": "/loss", "max": 0.3 }] }"#;
    let registry = Snapshot::new(None, vec![good(1), ModelPackage { metadata: BTreeMap::new(), ..good(2) }]);
    let gates = Gates::new(ReleasePolicy::parse(policy).unwrap(), Memory::with(&metrics_of(1), r#"{ "accuracy": 0.97, "loss": 0.1 }"#));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let choice = runtime.block_on(select(&registry, &"iris".parse().unwrap(), &Selection::LatestApproved, &gates)).unwrap();
    assert_eq!(choice.package.version, Some(1));
    assert_eq!(gates.documents.reads.load(Ordering::Relaxed), 1);
}

#[test]
fn a_denied_package_is_skipped_and_rejected_if_it_is_requested() {
    let policy = format!(
        r#"{{ "schema_version": 1, "deny": [{{ "version": 3, "reason": "wrong labels" }}, {{ "arn": "{ARN}2", "reason": "leaked data" }}] }}"#
    );
    let choice = choose(&policy, vec![good(1), good(2), good(3)]).unwrap();
    assert_eq!(choice.package.version, Some(1));
    let reasons: Vec<_> = choice.skipped.iter().map(|skipped| (skipped.reason.code(), skipped.reason.to_string())).collect();
    assert_eq!(reasons[0], ("denied", "denied by the release policy: wrong labels".to_owned()));
    assert_eq!(reasons[1], ("denied", "denied by the release policy: leaked data".to_owned()));
    let named = choose_with(&policy, Memory::default(), vec![good(3)], &Selection::Version(3), true).unwrap_err();
    assert_snapshot!(named, @"model package `arn:aws:sagemaker:us-east-1:111111111111:model-package/iris/3` is not deployed: denied by the release policy: wrong labels");
}

#[test]
fn deployment_without_approval_is_recorded_and_bypasses_no_gate() {
    let pending = || ModelPackage { approval_status: ApprovalStatus::PendingManualApproval, ..good(2) };
    let choice = choose_with(METADATA, Memory::default(), vec![pending()], &Selection::Version(2), true).unwrap();
    assert!(choice.without_approval);
    assert!(choice.because.to_string().contains("although it is pending approval"), "{}", choice.because);
    let error = choose_with(FOUR_EYES, Memory::default(), vec![pending()], &Selection::Version(2), true).unwrap_err();
    assert!(error.to_string().ends_with("gate failed: no second person has approved it"), "{error}");
}

#[test]
fn a_document_that_is_too_large_or_not_in_the_snapshot_was_not_refused_by_aws() {
    for (kind, by_aws) in [
        (DocumentErrorKind::TooLarge, false),
        (DocumentErrorKind::NotInSnapshot, false),
        (DocumentErrorKind::NotFound, true),
        (DocumentErrorKind::Unreachable, true),
    ] {
        let documents = Memory { failure: Some(kind), ..Memory::default() };
        let error = choose_with(ACCURACY, documents, vec![good(1)], &Selection::LatestApproved, false).unwrap_err();
        assert!(matches!(&error, SelectError::Gate { error, .. } if error.refused_by_aws == by_aws), "{kind:?}: {error:?}");
    }
}

#[test]
fn without_a_tolerance_a_violation_names_none() {
    let policy = ACCURACY.replace(r#", "tolerance": 0.01"#, "");
    let documents = Memory::with(&metrics_of(1), r#"{ "multiclass": { "accuracy": 0.93 } }"#);
    let error = choose_with(&policy, documents, vec![good(1)], &Selection::LatestApproved, false).unwrap_err();
    assert!(error.to_string().ends_with("metric `accuracy` is 0.93, below the minimum 0.95"), "{error}");
}

#[test]
fn if_every_approved_package_fails_a_gate_the_search_ends_with_an_error() {
    let packages: Vec<_> = (1..=500).map(|version| ModelPackage { metadata: BTreeMap::new(), ..good(version) }).collect();
    let error = choose(METADATA, packages).unwrap_err();
    assert!(matches!(&error, SelectError::NothingToDeploy { found, .. } if found.more && found.skipped.len() == 100));
    assert_snapshot!(error, @"no deployable model package in group `iris`: among the newest there are 100 failing the release policy; the newest is version 500, gate failed: it has no metadata `owner`; it has no metadata `risk`");
    assert!(error.hint().unwrap().contains("release policy"));
}

proptest! {
    #[test]
    fn a_limit_is_enforced_for_any_numbers(value in -1e6..1e6f64, min in -1e6..1e6f64, width in 0.0..1e6f64, tolerance in 0.0..10.0f64) {
        let max = min + width;
        let policy = format!(
            r#"{{ "schema_version": 1, "metrics": [{{ "name": "m", "at": "/m", "min": {min}, "max": {max}, "tolerance": {tolerance} }}] }}"#
        );
        let documents = Memory::with(&metrics_of(1), &format!(r#"{{ "m": {value} }}"#));
        let chosen = choose_with(&policy, documents, vec![good(1)], &Selection::LatestApproved, false).is_ok();
        let slack = 1e-9 * (1.0 + min.abs() + max.abs());
        if value > min - tolerance + slack && value < max + tolerance - slack {
            prop_assert!(chosen);
        } else if value < min - tolerance - slack || value > max + tolerance + slack {
            prop_assert!(!chosen);
        }
    }
}
