//! Checks of the endpoint as a whole.

use endpoint_test::{
    Description, EndpointSettings, Expected, ExpectedSetting, ExpectedVariant, ExpectedVpc, Outcome, TargetKind, Variant, Verdict,
};

use crate::scripted::{APPROVED, FakeClock, Scripted, healthy};
use crate::{ONE_CASE, approved, check, run_all};

async fn report_of(description: Description, expected: &Expected) -> endpoint_test::TargetReport {
    run_all(&Scripted::new(vec![Ok(description)]), ONE_CASE, expected, &FakeClock::default()).await.0
}

#[tokio::test]
async fn a_silent_rollback_is_caught_and_the_cases_still_run() {
    let mut description = healthy();
    description.variants[0].model_packages = vec![APPROVED.replace("/13", "/12")];
    let report = report_of(description, &approved()).await;
    let identity = check(&report, "identity");
    assert_eq!((report.verdict, identity.outcome), (Verdict::Failed, Outcome::Failed));
    assert_eq!(identity.message.as_deref(), Some("variant `AllTraffic` serves version 12, but version 13 was approved"));
    assert_eq!(identity.expected.as_deref(), Some(APPROVED));
    assert_eq!(identity.actual, Some(APPROVED.replace("/13", "/12")));
    assert_eq!(report.cases[0].outcome, Outcome::Passed);
}

#[tokio::test]
async fn arns_are_compared_without_case() {
    let mut description = healthy();
    description.variants[0].model_packages = vec![APPROVED.replace("iris", "IRIS")];
    assert_eq!(report_of(description, &approved()).await.verdict, Verdict::Passed);
}

#[tokio::test]
async fn every_variant_that_gets_traffic_must_serve_the_package() {
    let mut description = healthy();
    let mut second = description.variants[0].clone();
    second.name = "Canary".to_owned();
    second.model_packages = vec!["arn:aws:sagemaker:us-east-1:111111111111:model-package/other/13".to_owned()];
    description.variants.push(second);
    let report = report_of(description.clone(), &approved()).await;
    let message = check(&report, "identity").message.clone().unwrap();
    assert!(message.contains("`Canary` serves `arn:aws:sagemaker:us-east-1:111111111111:model-package/other/13`"), "{message}");

    description.variants[1].weight = Some(0.0);
    assert_eq!(report_of(description, &approved()).await.verdict, Verdict::Passed);
}

#[tokio::test]
async fn a_model_without_a_package_fails_with_its_images() {
    let mut description = healthy();
    description.variants[0].model_packages.clear();
    let report = report_of(description, &approved()).await;
    let message = check(&report, "identity").message.clone().unwrap();
    assert_eq!(
        message,
        "the model `iris-model` of variant `AllTraffic` was not created from a model package (images: 111111111111.dkr.ecr.us-east-1.amazonaws.com/iris:1)"
    );
}

#[tokio::test]
async fn no_traffic_proves_nothing() {
    let mut description = healthy();
    description.variants[0].weight = Some(0.0);
    let report = report_of(description, &approved()).await;
    assert_eq!(check(&report, "identity").outcome, Outcome::Failed);
    assert_eq!(check(&report, "variants").outcome, Outcome::Failed);
}

#[tokio::test]
async fn missing_instances_are_a_failure() {
    let mut description = healthy();
    description.variants[0].current_instance_count = Some(1);
    let report = report_of(description, &approved()).await;
    assert_eq!(check(&report, "variants").message.as_deref(), Some("variant `AllTraffic` has 1 of 2 instances"));
}

#[tokio::test]
async fn a_serverless_variant_needs_no_instances() {
    let mut description = healthy();
    description.variants[0].current_instance_count = None;
    description.variants[0].desired_instance_count = None;
    assert_eq!(report_of(description, &approved()).await.verdict, Verdict::Passed);
}

#[tokio::test]
async fn without_a_release_identity_is_skipped() {
    let report = report_of(healthy(), &Expected::default()).await;
    assert_eq!(check(&report, "identity").outcome, Outcome::Skipped);
    assert_eq!(report.verdict, Verdict::Passed);
}

#[tokio::test]
async fn data_capture_is_recorded_and_compared_with_the_expectation() {
    let report = report_of(healthy(), &approved()).await;
    assert_eq!((report.data_capture, check(&report, "data_capture").outcome), (Some(false), Outcome::Passed));
    let report = report_of(healthy(), &Expected { data_capture: Some(true), ..approved() }).await;
    assert_eq!(check(&report, "data_capture").message.as_deref(), Some("data capture is off, but must be on"));
}

#[tokio::test]
async fn checks_that_need_aws_are_skipped_for_a_container() {
    let description = Description { kind: TargetKind::Container, variants: Vec::new(), data_capture: None, ..healthy() };
    let report = report_of(description, &Expected { data_capture: Some(true), ..approved() }).await;
    assert_eq!(report.verdict, Verdict::Passed);
    assert!(["identity", "variants", "data_capture"].iter().all(|name| check(&report, name).outcome == Outcome::Skipped));
}

#[tokio::test]
async fn a_challenger_may_serve_another_package_if_a_variant_serves_the_approved_one() {
    let other = APPROVED.replace("/13", "/14");
    let mut description = healthy();
    let challenger = Variant { name: "Challenger".to_owned(), model_packages: vec![other.clone()], ..description.variants[0].clone() };
    description.variants.push(challenger);
    let variant = |name: &str, package: &str| ExpectedVariant {
        name: name.to_owned(),
        model_package_arn: Some(package.parse().unwrap()),
        ..ExpectedVariant::default()
    };
    let mut expected = approved();
    expected.variants = vec![variant("AllTraffic", APPROVED), variant("Challenger", &other)];
    assert_eq!(check(&report_of(description.clone(), &expected).await, "identity").outcome, Outcome::Passed);
    description.variants.remove(0);
    let report = report_of(description, &expected).await;
    assert_eq!(check(&report, "identity").message.as_deref(), Some("no variant that gets traffic serves the approved model package"));
}

#[tokio::test]
async fn every_expected_variant_exists_with_weight_instances_and_type() {
    let required = |name: &str, count| ExpectedVariant {
        name: name.to_owned(),
        takes_traffic: true,
        instance_count: Some(count),
        instance_type: Some("ml.m5.large".to_owned()),
        serverless: Some(false),
        ..ExpectedVariant::default()
    };
    let mut description = healthy();
    description.variants[0].instance_type = Some("ml.m5.large".to_owned());
    let expected = Expected { variants: vec![required("AllTraffic", 2)], ..approved() };
    assert_eq!(check(&report_of(description.clone(), &expected).await, "variants").outcome, Outcome::Passed);
    description.variants[0].instance_type = Some("ml.t2.medium".to_owned());
    let expected = Expected { variants: vec![required("AllTraffic", 3), required("Canary", 1)], ..approved() };
    assert_eq!(
        check(&report_of(description, &expected).await, "variants").message.as_deref(),
        Some(
            "variant `AllTraffic` runs on ml.t2.medium, but must run on ml.m5.large; variant `AllTraffic` has a desired count of 2 instances; the \
             stage requires 3; there is no variant `Canary`, only `AllTraffic`"
        )
    );
}

#[tokio::test]
async fn the_suite_may_require_variants_too() {
    let text = "version: 1\nendpoint: { variants: [Blue] }\ncases: []\n";
    let report = run_all(&Scripted::new(vec![Ok(healthy())]), text, &approved(), &FakeClock::default()).await.0;
    assert_eq!(check(&report, "variants").message.as_deref(), Some("there is no variant `Blue`, only `AllTraffic`"));
}

#[tokio::test]
async fn key_network_capture_and_image_are_as_the_stage_requires() {
    let mut description = healthy();
    description.settings = Some(EndpointSettings { volume_kms_key: Some("1234abcd".to_owned()) });
    description.data_capture = Some(true);
    description.data_capture_percentage = Some(10);
    let variant = &mut description.variants[0];
    variant.network_isolation = Some(true);
    variant.subnets = vec!["subnet-2".to_owned(), "subnet-1".to_owned()];
    variant.images = vec!["repo/iris@sha256:aa".to_owned()];
    let expected = Expected {
        images: vec!["repo/iris:1@sha256:aa".to_owned()],
        data_capture: Some(true),
        data_capture_percentage: Some(10),
        volume_kms_key: Some(ExpectedSetting::Is("arn:aws:kms:us-east-1:111111111111:key/1234ABCD".to_owned())),
        network_isolation: Some(true),
        vpc: Some(ExpectedVpc::Within { subnets: vec!["subnet-1".to_owned(), "subnet-2".to_owned()], security_groups: Vec::new() }),
        ..approved()
    };
    assert_eq!(report_of(description.clone(), &expected).await.verdict, Verdict::Passed);

    let other = Expected {
        images: vec!["repo/iris@sha256:bb".to_owned()],
        data_capture_percentage: Some(100),
        volume_kms_key: Some(ExpectedSetting::Absent),
        network_isolation: Some(false),
        vpc: Some(ExpectedVpc::Absent),
        ..expected
    };
    let report = report_of(description, &other).await;
    let message = |name| check(&report, name).message.as_deref().unwrap_or_default();
    assert!(message("image").starts_with("variant `AllTraffic` runs `repo/iris@sha256:aa`"), "{}", message("image"));
    assert_eq!(message("data_capture"), "10 % of the requests are captured, but 100 % must be");
    assert_eq!(message("encryption"), "the volumes are encrypted with 1234abcd, but must be with AWS's own key");
    assert_eq!(
        message("network"),
        "the container of variant `AllTraffic` has no network access, but must; variant `AllTraffic` is in a VPC, but must not be"
    );
}

#[tokio::test]
async fn variants_of_the_suite_are_reported_as_unchecked_for_a_container() {
    let container = Description { kind: TargetKind::Container, variants: Vec::new(), ..healthy() };
    let text = format!("{ONE_CASE}endpoint: {{ variants: [Blue, Green] }}\n");
    let (report, _) = run_all(&Scripted::new(vec![Ok(container)]), &text, &Expected::default(), &FakeClock::default()).await;
    let variants = check(&report, "variants");
    assert_eq!(variants.outcome, Outcome::Skipped);
    assert_eq!(variants.message.as_deref(), Some("a container has no variants, so `Blue`, `Green` cannot be checked"));
}

#[tokio::test]
async fn a_limit_of_differences_without_a_baseline_is_reported_as_unchecked() {
    for (compare, is_reported) in [("{ abs: 0.1 }", false), ("{ at_most: 0.1 }", true)] {
        let text = format!("{ONE_CASE}compare: {compare}\n");
        let (report, _) = run_all(&Scripted::new(vec![Ok(healthy())]), &text, &approved(), &FakeClock::default()).await;
        let skipped = report.checks.iter().find(|check| check.name == "comparison");
        assert_eq!((report.verdict, skipped.map(|check| check.outcome)), (Verdict::Passed, is_reported.then_some(Outcome::Skipped)));
    }
}
