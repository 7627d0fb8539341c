//! Registries from files: the AWS CLI's output, and written snapshots.

use std::future::Future;

use insta::assert_snapshot;
use jiff::Timestamp;
use model_registry::life_cycle::LifeCycle;
use model_registry::snapshot::Snapshot;
use model_registry::{
    ApprovalStatus, Detail, Gates, MetricDocument, MetricSource, ModelPackage, PackageArtifact, PackageContainer, PackageQuery, Person,
    Registry, RegistryErrorKind, SelectError, Selection, environment_digest, list,
};
use proptest::prelude::*;

const ARN: &str = "arn:aws:sagemaker:us-east-1:111111111111:model-package/iris";

fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

fn describe(snapshot: &Snapshot, arn: &str) -> ModelPackage {
    block_on(snapshot.describe(&arn.parse().unwrap())).unwrap()
}

fn listed(snapshot: &Snapshot) -> Vec<Option<u32>> {
    let query = PackageQuery { group: "iris".parse().unwrap(), approval_status: None, page_size: 100, next_token: None };
    block_on(snapshot.packages(&query)).unwrap().packages.iter().map(|package| package.arn.version()).collect()
}

/// The output of `aws sagemaker describe-model-package --model-package-name …/3`.
const DESCRIBED: &str = r#"{
    "ModelPackageGroupName": "iris",
    "ModelPackageVersion": 3,
    "ModelPackageArn": "arn:aws:sagemaker:us-east-1:111111111111:model-package/iris/3",
    "ModelPackageDescription": "four features",
    "CreationTime": "2026-01-01T01:00:00.123000+01:00",
    "InferenceSpecification": { "Containers": [
            { "Image": "111111111111.dkr.ecr.us-east-1.amazonaws.com/iris:1", "ImageDigest": "sha256:00", "ModelDataUrl": "s3://models/3/model.tar.gz" },
            { "Image": "111111111111.dkr.ecr.us-east-1.amazonaws.com/after:2",
              "ModelDataSource": { "S3DataSource": { "S3Uri": "s3://models/3/after/", "S3DataType": "S3Prefix", "CompressionType": "None" } } }
    ],
        "SupportedTransformInstanceTypes": ["ml.m5.large"],
        "SupportedRealtimeInferenceInstanceTypes": ["ml.m5.large", "ml.m5.xlarge"],
        "SupportedContentTypes": ["text/csv"],
        "SupportedResponseMIMETypes": ["application/json"]
    },
    "ModelPackageStatus": "Completed",
    "ModelPackageStatusDetails": { "ValidationStatuses": [], "ImageScanStatuses": [] },
    "CertifyForMarketplace": false,
    "ModelApprovalStatus": "Approved",
    "CreatedBy": { "IamIdentity": { "Arn": "arn:aws:sts::111111111111:assumed-role/Train/a", "PrincipalId": "AROA:a" } },
    "MetadataProperties": { "GeneratedBy": "pipeline" },
    "ModelMetrics": {
        "ModelQuality": { "Statistics": { "ContentType": "application/json", "ContentDigest": "sha256:11", "S3Uri": "s3://models/3/evaluation.json" } },
        "Bias": {}, "Explainability": {}
    },
    "LastModifiedTime": 1767225700.5,
    "LastModifiedBy": { "UserProfileArn": "arn:aws:sagemaker:us-east-1:111111111111:user-profile/d-1/eve", "UserProfileName": "eve", "DomainId": "d-1" },
    "ApprovalDescription": "looks good",
    "CustomerMetadataProperties": { "owner": "ds" },
    "ModelCard": { "ModelCardContent": "{}", "ModelCardStatus": "PendingReview" },
    "SkipModelValidation": "None",
    "ModelLifeCycle": { "Stage": "Staging", "StageStatus": "Deployed", "StageDescription": "release 1" }
}"#;

#[test]
fn the_output_of_the_clis_describe_command_is_a_snapshot() {
    let snapshot = Snapshot::parse(DESCRIBED).unwrap();
    assert_eq!(listed(&snapshot), [Some(3)]);
    let package = describe(&snapshot, &format!("{ARN}/3"));
    assert_eq!(package.created.to_string(), "2026-01-01T00:00:00.123Z");
    assert_eq!(package.images.len(), 2);
    assert_eq!(package.model_data, ["s3://models/3/model.tar.gz", "s3://models/3/after/"]);
    assert_eq!(package.realtime_instance_types, ["ml.m5.large", "ml.m5.xlarge"]);
    assert_eq!((package.content_types[0].as_str(), package.response_types[0].as_str()), ("text/csv", "application/json"));
    assert_eq!(package.metadata["owner"], "ds");
    assert_eq!(package.metrics[0].source, MetricSource::ModelQualityStatistics);
    assert_eq!(package.metrics[0].digest.as_deref(), Some("sha256:11"));
    assert_eq!(package.life_cycle.unwrap().to_string(), "Staging/Deployed");
    assert_eq!(package.created_by.unwrap().name(), Some("arn:aws:sts::111111111111:assumed-role/Train/a"));
    assert_eq!(package.last_modified_by.unwrap().name(), Some("eve"));
    assert_eq!(package.approval_description.as_deref(), Some("looks good"));
    assert_eq!(package.last_modified.unwrap().to_string(), "2026-01-01T00:01:40.5Z");
    assert_eq!(package.model_card_status.as_deref(), Some("PendingReview"));
    assert_eq!(Snapshot::parse(&snapshot.write()).unwrap(), snapshot, "a written snapshot has the same packages");
}

/// A container with every kind of data source of the API (botocore's model of
/// `ModelPackageContainerDefinition`).
const BYTES: &str = r#"{
    "ContainerHostname": "first", "Image": "111111111111.dkr.ecr.us-east-1.amazonaws.com/iris:1", "ImageDigest": "sha256:aa",
    "ModelDataUrl": "s3://models/1/model.tar.gz", "ModelDataETag": "\"e1\"",
    "ModelDataSource": { "S3DataSource": {
        "S3Uri": "s3://models/1/weights/", "S3DataType": "S3Prefix", "ETag": "none", "ManifestS3Uri": "s3://models/1/manifest", "ManifestEtag": "e2" } },
    "AdditionalModelDataSources": [{ "ChannelName": "draft", "S3DataSource": { "S3Uri": "s3://models/1/draft.bin", "S3DataType": "S3Object", "ETag": "e3" } }],
    "AdditionalS3DataSource": { "S3DataType": "S3Object", "S3Uri": "s3://models/1/more.bin", "ETag": "e4" },
    "Environment": { "TOKEN": "not-to-be-shown" } }"#;

#[test]
fn what_the_registry_knows_about_the_bytes_is_read_without_the_values_of_variables() {
    let containers = r#""InferenceSpecification": { "Containers": ["#;
    let snapshot = Snapshot::parse(&DESCRIBED.replacen(containers, &format!("{containers} {BYTES},"), 1)).unwrap();
    let package = describe(&snapshot, &format!("{ARN}/3"));
    let container = &package.containers[0];
    assert_eq!((container.hostname.as_deref(), container.image_digest.as_deref()), (Some("first"), Some("sha256:aa")));
    let found: Vec<_> = container.artifacts.iter().map(|found| (found.uri.as_str(), found.is_prefix, found.etag.as_deref())).collect();
    let expected = [
        ("s3://models/1/model.tar.gz", false, Some("e1")),
        ("s3://models/1/weights/", true, None),
        ("s3://models/1/manifest", false, Some("e2")),
        ("s3://models/1/draft.bin", false, Some("e3")),
        ("s3://models/1/more.bin", false, Some("e4")),
    ];
    assert_eq!(found, expected);
    assert_eq!(container.environment["TOKEN"], environment_digest("TOKEN", "not-to-be-shown"));
    for text in [format!("{package:?}"), snapshot.write()] {
        assert!(!text.contains("not-to-be-shown"), "{text}");
    }
}

#[test]
fn the_output_of_the_clis_list_command_is_a_snapshot() {
    let snapshot = Snapshot::parse(
        r#"{ "ModelPackageSummaryList": [
            { "ModelPackageArn": "arn:aws:sagemaker:us-east-1:111111111111:model-package/iris/1", "CreationTime": 1767225600.5,
              "ModelPackageStatus": "Completed", "ModelApprovalStatus": "Approved", "NewField": {} },
            { "ModelPackageArn": "arn:aws:sagemaker:us-east-1:111111111111:model-package/iris/2", "CreationTime": "2026-01-01 00:00:01+00:00",
              "ModelPackageStatus": "Completed", "ModelPackageDescription": null,
              "ModelLifeCycle": { "Stage": "Development", "StageStatus": "New" } } ] }"#,
    )
    .unwrap();
    assert_eq!(listed(&snapshot), [Some(2), Some(1)]);
    let first = describe(&snapshot, &format!("{ARN}/1"));
    assert_eq!((first.detail, first.created.to_string()), (Detail::Listed, "2026-01-01T00:00:00.5Z".to_owned()));
    let second = describe(&snapshot, &format!("{ARN}/2"));
    assert_eq!(second.approval_status, ApprovalStatus::PendingManualApproval, "it was registered without requesting approval");
    assert_eq!(second.life_cycle.unwrap().stage, "Development");
}

#[test]
fn a_described_package_missing_from_the_list_is_found_by_arn_and_version_only() {
    let list = r#"{ "ModelPackageArn": "arn:aws:sagemaker:us-east-1:111111111111:model-package/iris/2", "CreationTime": 1, "ModelPackageStatus": "Completed" }"#;
    let text = format!(
        r#"{{ "schema_version": 1, "list-model-packages": {{ "ModelPackageSummaryList": [{list}] }}, "describe-model-package": [{DESCRIBED}] }}"#
    );
    let snapshot = Snapshot::parse(&text).unwrap();
    assert_eq!(listed(&snapshot), [Some(2)]);
    assert_eq!(describe(&snapshot, &format!("{ARN}/3")).description.as_deref(), Some("four features"));
    let arn = block_on(snapshot.version(&"iris".parse().unwrap(), 3)).unwrap();
    assert_eq!(arn.version(), Some(3));
    // Without a list, the described packages are the list; a single one needs no brackets.
    let snapshot = Snapshot::parse(&format!(r#"{{ "schema_version": 1, "describe-model-package": {DESCRIBED} }}"#)).unwrap();
    assert_eq!(listed(&snapshot), [Some(3)]);
}

#[test]
fn an_unversioned_package_is_found_by_its_arn_and_has_no_group() {
    let text = DESCRIBED.replace("model-package/iris/3", "model-package/iris");
    let snapshot = Snapshot::parse(&text).unwrap();
    assert_eq!(listed(&snapshot), []);
    assert_eq!(describe(&snapshot, ARN).version, None);
    let error = block_on(snapshot.version(&"iris".parse().unwrap(), 3)).unwrap_err();
    assert_eq!(error.kind, RegistryErrorKind::NotInSnapshot);
}

#[test]
fn every_mistake_in_a_snapshot_is_reported_at_once_with_its_place() {
    let text = r#"{
  "schema_version": 2,
  "model_package_group": "-iris",
  "list-model-package": {},
  "list-model-packages": { "ModelPackageSummaryList": [
    { "ModelPackageArn": "iris/1", "CreationTime": "yesterday", "ModelPackageStatus": "Completed" },
    { "ModelPackageArn": "arn:aws:sagemaker:us-east-1:111111111111:model-package/iris/2", "CreationTime": 1 },
    { "ModelPackageArn": "arn:aws:sagemaker:us-east-1:111111111111:model-package/iris/3", "CreationTime": 1, "ModelPackageStatus": "Completed" },
    { "ModelPackageArn": "arn:aws:sagemaker:us-east-1:111111111111:model-package/Iris/3", "CreationTime": 1, "ModelPackageStatus": "Failed" },
    { "ModelPackageArn": "arn:aws:sagemaker:us-east-1:111111111111:model-package/iris/5", "CreationTime": 1, "ModelPackageStatus": 7 },
    "iris/4"
  ] },
  "describe-model-package": "none"
}"#;
    let found = Snapshot::parse(text).unwrap_err();
    let found: Vec<_> = found.0.iter().map(ToString::to_string).collect();
    assert_snapshot!(found.join("\n"), @r#"
    2:21: the registry snapshot has version 2; only version 1 is supported
    3:26: `-iris` is not a model package group: use a name of 1 to 63 letters, digits and inner hyphens, or the group's ARN
    4:3: a registry snapshot has no `list-model-package`
    6:26: `iris/1` is not the ARN of a model package (arn:aws:sagemaker:REGION:ACCOUNT:model-package/GROUP/VERSION)
    6:52: `CreationTime` is "yesterday", not a time
    7:5: `ModelPackageStatus` is missing
    9:5: `arn:aws:sagemaker:us-east-1:111111111111:model-package/Iris/3` is there twice; first at 8:5
    10:132: `ModelPackageStatus` is a number, not a string
    11:5: this is a string, not a model package
    13:29: `describe-model-package` is a string, not a list of descriptions
    "#);
}

#[test]
fn text_that_is_not_a_snapshot_is_rejected() {
    for (text, message) in [
        ("{", "1:1: the registry snapshot is not JSON: EOF while parsing an object"),
        ("[]", "1:1: the registry snapshot is a list, not an object"),
        ("", "1:1: the registry snapshot is empty"),
        ("{ \"schema_version\": 1 }", "1:1: the registry snapshot has no `list-model-packages`"),
    ] {
        assert_eq!(Snapshot::parse(text).unwrap_err().to_string(), message);
    }
}

fn words() -> impl Strategy<Value = Option<String>> {
    prop_oneof![Just(None), "\\PC{0,20}".prop_map(Some)]
}

fn person() -> impl Strategy<Value = Option<Person>> {
    let person = (words(), words(), words(), words()).prop_map(|(iam_arn, source_identity, user_profile_arn, user_profile_name)| {
        Some(Person { iam_arn, source_identity, user_profile_arn, user_profile_name })
    });
    prop_oneof![Just(None), person]
}

fn types() -> impl Strategy<Value = Vec<String>> {
    proptest::collection::vec("[a-z]{1,5}/[a-z]{1,5}", 0..3)
}

fn package(version: u32) -> impl Strategy<Value = ModelPackage> {
    let states = (
        prop_oneof![Just("Approved"), Just("Rejected"), Just("PendingManualApproval"), Just("New")],
        prop_oneof![Just("Completed"), Just("Failed"), Just("Odd")],
        prop_oneof![Just("Registered"), Just("Logged")],
        0..4_000_000_000_000i64,
    );
    let people = (person(), person(), words(), words());
    let lists = (types(), types(), types(), proptest::collection::vec(container(), 0..3));
    let maps = (proptest::collection::btree_map("\\PC{1,10}", "\\PC{1,10}", 0..3), metrics(), words(), any::<bool>(), words());
    (states, people, lists, maps).prop_map(move |((approval, status, registration, created), people, lists, maps)| {
        let arn = if version == 1 { ARN.to_owned() } else { format!("{ARN}/{version}") };
        let mut package = ModelPackage::new(arn.parse().unwrap(), Timestamp::from_millisecond(created).unwrap());
        (package.approval_status, package.status, package.registration) = (approval.into(), status.into(), registration.into());
        (package.created_by, package.last_modified_by, package.description, package.approval_description) = people;
        (package.content_types, package.response_types, package.realtime_instance_types, package.containers) = lists;
        package.images = package.containers.iter().filter_map(|container| container.image.clone()).collect();
        let first = |container: &PackageContainer| Some(container.artifacts.first()?.uri.clone());
        package.model_data = package.containers.iter().filter_map(first).collect();
        (package.metadata, package.metrics, package.sample_payloads) = (maps.0, maps.1, maps.4);
        package.life_cycle = maps.3.then(|| LifeCycle { description: maps.2, ..LifeCycle::new("Staging", "Deployed").unwrap() });
        package
    })
}

fn container() -> impl Strategy<Value = PackageContainer> {
    let object = || ("\\PC{1,10}", proptest::option::of("[0-9a-f]{1,8}"));
    let artifact = prop_oneof![
        object().prop_map(|(uri, etag)| PackageArtifact { uri, is_prefix: false, etag }),
        "\\PC{1,10}".prop_map(|uri| PackageArtifact { uri, is_prefix: true, etag: None }),
    ];
    let names = (words(), words(), words());
    let environment = proptest::collection::btree_map("[A-Z]{1,5}", "[a-z]{1,5}", 0..3);
    (names, proptest::collection::vec(artifact, 0..3), environment).prop_map(|(names, artifacts, values)| {
        let environment = values.iter().map(|(name, value)| (name.clone(), environment_digest(name, value))).collect();
        PackageContainer { hostname: names.0, image: names.1, image_digest: names.2, artifacts, environment }
    })
}

fn metrics() -> impl Strategy<Value = Vec<MetricDocument>> {
    proptest::sample::subsequence(MetricSource::ALL.to_vec(), 0..3).prop_map(|sources| {
        let document = |source| MetricDocument {
            source,
            uri: format!("s3://models/{source}"),
            content_type: "application/json".to_owned(),
            digest: None,
        };
        sources.into_iter().map(document).collect()
    })
}

proptest! {
    #[test]
    fn a_written_snapshot_reads_back_unchanged(packages in (1..6u32).prop_flat_map(|count| (1..=count).map(package).collect::<Vec<_>>()), named in any::<bool>()) {
        let group = named.then(|| "arn:aws:sagemaker:us-east-1:111111111111:model-package-group/iris".parse().unwrap());
        let snapshot = Snapshot::new(group, packages);
        let text = snapshot.write();
        prop_assert_eq!(&Snapshot::parse(&text).unwrap(), &snapshot);
        prop_assert_eq!(Snapshot::parse(&text).unwrap().write(), text);
    }
}

/// The AWS CLI's list with `--max-items`, from versions and approvals, newest first and a day apart.
fn cut_off(packages: &[(u32, &str)]) -> String {
    let packages = packages.iter().map(|(version, approval)| {
        format!(
            r#"{{ "ModelPackageGroupName": "iris", "ModelPackageVersion": {version}, "CreationTime": "2026-01-{version:02}T00:00:00Z",
                "ModelPackageArn": "arn:aws:sagemaker:us-east-1:111111111111:model-package/iris/{version}",
                "ModelPackageStatus": "Completed", "ModelApprovalStatus": "{approval}" }}"#
        )
    });
    format!(r#"{{ "ModelPackageSummaryList": [{}], "NextToken": "AAAA" }}"#, packages.collect::<Vec<_>>().join(", "))
}

#[test]
fn a_version_that_is_not_in_the_file_has_the_error_of_aws_unless_the_list_is_cut_off() {
    let group = "iris".parse().unwrap();
    let named = |text: &str, selection: Selection| {
        block_on(model_registry::select(&Snapshot::parse(text).unwrap(), &group, &selection, &Gates::default())).unwrap_err()
    };
    let cut = cut_off(&[(3, "Rejected")]);
    let whole = cut.replace(r#", "NextToken": "AAAA""#, "");
    let arn = || Selection::Arn("arn:aws:sagemaker:us-east-1:111111111111:model-package/iris/99".parse().unwrap());
    for (selection, name) in [(Selection::Version(99), "version 99".to_owned()), (arn(), arn().to_string())] {
        let error = named(&whole, selection.clone());
        assert_eq!(error.to_string(), format!("{name} does not exist in group `iris`; the newest is version 3"));
        let error = named(&cut, selection);
        assert!(error.to_string().starts_with(&format!("{name} of group `iris` is not in the registry snapshot")), "{error}");
        assert!(error.to_string().ends_with("and which version is the newest, is unknown"), "{error}");
        assert!(error.hint().unwrap().contains("omit `--max-items`"));
    }
    let error = named(&cut, Selection::LatestApproved);
    assert!(error.to_string().starts_with("the list in the snapshot is incomplete"), "{error}");
    for (text, is_cut_off) in [(&whole, false), (&cut, true), (&cut_off(&[]), true)] {
        for limit in [Some(1), None] {
            assert_eq!(block_on(list(&Snapshot::parse(text).unwrap(), &group, limit)).unwrap().is_cut_off, is_cut_off, "{text}");
        }
    }
}

#[test]
fn an_incomplete_list_proves_nothing_about_older_packages() {
    let group = "iris".parse().unwrap();
    let chosen = |text: &str| {
        let snapshot = Snapshot::parse(text).unwrap();
        block_on(model_registry::select(&snapshot, &group, &Selection::LatestApproved, &Gates::default()))
    };
    // The newest approved package is known if it is in the list.
    assert_eq!(chosen(&cut_off(&[(7, "Rejected"), (6, "Approved")])).unwrap().package.version, Some(6));
    let error = chosen(&cut_off(&[(7, "Rejected")])).unwrap_err();
    assert!(matches!(&error, SelectError::Registry(error) if error.kind == RegistryErrorKind::CutOff), "{error}");
    let snapshot = Snapshot::parse(&cut_off(&[(7, "Rejected")])).unwrap();
    assert!(block_on(list(&snapshot, &group, None)).unwrap().more);
    assert_eq!(Snapshot::parse(&snapshot.write()).unwrap(), snapshot);
    // Without the newest packages, no package can be chosen.
    let found = Snapshot::parse(&cut_off(&[(1, "Approved"), (2, "Approved")])).unwrap_err();
    assert_eq!(found.0[0].code, "cut-off-list");
}
