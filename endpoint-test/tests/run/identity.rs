//! Variants that serve something else than the approved model package, because the release says so.

use endpoint_test::{CheckReport, Description, Expected, ExpectedModel, ExpectedVariant, Outcome, TargetReport, Variant, Verdict};

use crate::scripted::{APPROVED, FakeClock, Scripted};
use crate::{ONE_CASE, approved, check, run_all};

const OWN_IMAGE: &str = "111111111111.dkr.ecr.us-east-1.amazonaws.com/iris@sha256:11";
const BASELINE_IMAGE: &str = "222222222222.dkr.ecr.us-east-1.amazonaws.com/baseline@sha256:33";

/// The healthy endpoint, which reports the digest of its image.
fn healthy() -> Description {
    let mut description = crate::scripted::healthy();
    description.variants[0].images = vec![OWN_IMAGE.to_owned()];
    description
}

/// The healthy endpoint with a second variant, which gets traffic.
fn with(second: Variant) -> Description {
    let mut description = healthy();
    description.variants.push(Variant { name: "Second".to_owned(), weight: Some(1.0), ..second });
    description
}

/// A model that is created from an image.
fn baseline(image: &str) -> Variant {
    Variant { model_name: Some("baseline".to_owned()), images: vec![image.to_owned()], ..Variant::default() }
}

/// The release gives the second variant this model, and the first one the approved package.
fn expecting(second: ExpectedVariant) -> Expected {
    let first =
        ExpectedVariant { name: "AllTraffic".to_owned(), model_package_arn: Some(APPROVED.parse().unwrap()), ..ExpectedVariant::default() };
    let second = ExpectedVariant { name: "Second".to_owned(), ..second };
    Expected { images: vec![OWN_IMAGE.to_owned()], variants: vec![first, second], ..approved() }
}

fn image_only(images: &[&str], unknown_images: usize) -> ExpectedVariant {
    let images = images.iter().map(|image| (*image).to_owned()).collect();
    ExpectedVariant { model: ExpectedModel::Images, images, unknown_images, ..ExpectedVariant::default() }
}

async fn report(description: Description, expected: &Expected) -> TargetReport {
    run_all(&Scripted::new(vec![Ok(description)]), ONE_CASE, expected, &FakeClock::default()).await.0
}

async fn outcomes(description: Description, expected: &Expected) -> (Outcome, Outcome) {
    let report = report(description, expected).await;
    (check(&report, "identity").outcome, check(&report, "image").outcome)
}

fn message(check: &CheckReport) -> &str {
    check.message.as_deref().unwrap()
}

#[tokio::test]
async fn a_baseline_passes_if_it_runs_the_image_of_the_template() {
    let expected = expecting(image_only(&[BASELINE_IMAGE], 0));
    assert_eq!(outcomes(with(baseline(BASELINE_IMAGE)), &expected).await, (Outcome::Passed, Outcome::Passed));
    // A tag proves nothing: it can be moved.
    let tagged = expecting(image_only(&["222222222222.dkr.ecr.us-east-1.amazonaws.com/baseline:3"], 0));
    let by_tag = report(with(baseline(BASELINE_IMAGE)), &tagged).await;
    assert_eq!(check(&by_tag, "image").outcome, Outcome::Skipped);
    assert_eq!(
        message(check(&by_tag, "image")),
        "whether the image `222222222222.dkr.ecr.us-east-1.amazonaws.com/baseline:3` is the approved one is not known: the release does not \
         record its digest"
    );
    let blocked = Expected { blocks_unknown: true, ..tagged };
    assert_eq!(outcomes(with(baseline(BASELINE_IMAGE)), &blocked).await, (Outcome::Passed, Outcome::Failed));

    let report = report(with(baseline(&BASELINE_IMAGE.replace("@sha256:33", "@sha256:44"))), &expected).await;
    let image = check(&report, "image");
    assert_eq!((check(&report, "identity").outcome, image.outcome), (Outcome::Passed, Outcome::Failed));
    assert_eq!(
        message(image),
        "variant `Second` runs `222222222222.dkr.ecr.us-east-1.amazonaws.com/baseline@sha256:44`, which is not an image of the model package or of \
         the release's template"
    );
    assert_eq!(image.expected, Some(format!("{OWN_IMAGE}, {BASELINE_IMAGE}")));
}

#[tokio::test]
async fn a_baseline_does_not_stand_for_the_approved_package() {
    let expected = expecting(image_only(&[BASELINE_IMAGE], 0));
    // The baseline serves a package: a deployment was rolled back to another template.
    let packaged = Variant { model_packages: vec![APPROVED.replace("/13", "/12")], ..baseline(BASELINE_IMAGE) };
    let rolled_back = report(with(packaged), &expected).await;
    let identity = check(&rolled_back, "identity");
    assert_eq!(
        message(identity),
        format!("variant `Second` serves `{}`, but the release gives it an image", APPROVED.replace("/13", "/12"))
    );
    // Nothing else is served.
    let mut alone = with(baseline(BASELINE_IMAGE));
    alone.variants.remove(0);
    let alone = report(alone, &expected).await;
    let identity = check(&alone, "identity");
    assert_eq!(message(identity), "no variant that gets traffic serves the approved model package");
    assert_eq!(
        identity.hint.as_deref(),
        Some("in the release's template it is the model package of variant `AllTraffic`, which does not get traffic on this endpoint")
    );
    let deleted = report(with(Variant::default()), &expected).await;
    let identity = check(&deleted, "identity");
    assert_eq!(message(identity), "variant `Second` has no model, so its image is unknown");
    // The template defines it.
    assert_eq!(
        identity.hint.as_deref(),
        Some("the endpoint was not created from the release's template, or its model was replaced manually")
    );
}

/// An endpoint with this variant only.
fn only(variant: Variant) -> Description {
    let mut description = with(variant);
    description.variants.remove(0);
    description
}

/// What the template gives that variant.
fn expecting_only(variant: ExpectedVariant) -> Expected {
    let mut expected = expecting(variant);
    expected.variants.remove(0);
    expected
}

fn packaged(version: &str) -> Variant {
    Variant { model_name: Some("other".to_owned()), model_packages: vec![APPROVED.replace("/13", version)], ..Variant::default() }
}

#[tokio::test]
async fn an_endpoint_without_the_approved_package_in_the_template_is_judged_by_its_template() {
    let image = expecting_only(image_only(&[BASELINE_IMAGE], 0));
    let named = expecting_only(ExpectedVariant { model: ExpectedModel::Named("baseline".to_owned()), ..ExpectedVariant::default() });
    let older = APPROVED.replace("/13", "/9");
    let package = expecting_only(ExpectedVariant { model_package_arn: Some(older.parse().unwrap()), ..ExpectedVariant::default() });
    for (endpoint, expected, shown) in [
        (baseline(BASELINE_IMAGE), &image, "an image"),
        (baseline(BASELINE_IMAGE), &named, "the model `baseline`"),
        (packaged("/9"), &package, older.as_str()),
    ] {
        let report = report(only(endpoint), expected).await;
        let identity = check(&report, "identity");
        assert_eq!((identity.outcome, identity.expected.as_deref()), (Outcome::Passed, Some(shown)), "{identity:?}");
    }
    for (endpoint, expected, wrong, shown) in [
        (packaged("/12"), &image, "`, but the release gives it an image", "an image"),
        (packaged("/12"), &named, "serves the model `other`, but the release gives it the model `baseline`", "the model `baseline`"),
        (packaged("/12"), &package, "serves version 12, but the release gives it version 9", older.as_str()),
        (packaged("/13"), &package, "serves version 13, but the release gives it version 9", older.as_str()),
    ] {
        let report = report(only(endpoint), expected).await;
        let identity = check(&report, "identity");
        assert!(message(identity).ends_with(wrong), "{identity:?}");
        assert_eq!((identity.outcome, identity.expected.as_deref()), (Outcome::Failed, Some(shown)));
    }
    let mut idle = only(baseline(BASELINE_IMAGE));
    idle.variants[0].weight = Some(0.0);
    let idle = report(idle, &image).await;
    assert_eq!(message(check(&idle, "identity")), "no variant gets traffic, so nothing serves a model of the release");
}

#[tokio::test]
async fn an_endpoint_of_which_the_template_says_nothing_needs_the_approved_package() {
    let unknown = expecting_only(ExpectedVariant { model: ExpectedModel::Unknown, ..ExpectedVariant::default() });
    let other = report(only(baseline(BASELINE_IMAGE)), &unknown).await;
    let identity = check(&other, "identity");
    assert_eq!(message(identity), "no variant that gets traffic serves the approved model package");
    assert_eq!(identity.hint.as_deref(), Some("the release's template does not show what variant `Second` serves: define its model there"));
    assert_eq!(outcomes(only(packaged("/13")), &unknown).await.0, Outcome::Passed);
    let nothing = report(only(baseline(BASELINE_IMAGE)), &approved()).await;
    assert_eq!(check(&nothing, "identity").outcome, Outcome::Failed);
}

#[tokio::test]
async fn an_image_that_is_not_known_before_the_deployment_is_not_compared() {
    let expected = expecting(image_only(&[], 1));
    assert_eq!(outcomes(with(baseline(BASELINE_IMAGE)), &expected).await, (Outcome::Passed, Outcome::Passed));
    let mut two = with(baseline(BASELINE_IMAGE));
    two.variants[1].images.push("other:1".to_owned());
    assert_eq!(outcomes(two, &expected).await, (Outcome::Passed, Outcome::Failed));
}

#[tokio::test]
async fn a_container_beside_the_package_runs_the_image_of_the_template() {
    let mut expected = expecting(ExpectedVariant::default());
    expected.variants.truncate(1);
    let mut description = healthy();
    description.variants[0].images.push(BASELINE_IMAGE.to_owned());
    assert_eq!(outcomes(description.clone(), &expected).await, (Outcome::Passed, Outcome::Failed));
    expected.variants[0].images = vec![BASELINE_IMAGE.to_owned()];
    assert_eq!(outcomes(description, &expected).await, (Outcome::Passed, Outcome::Passed));
}

#[tokio::test]
async fn a_model_that_the_template_only_names_is_compared_by_its_name() {
    let named = ExpectedVariant { model: ExpectedModel::Named("baseline".to_owned()), ..ExpectedVariant::default() };
    let expected = expecting(named);
    assert_eq!(outcomes(with(baseline(BASELINE_IMAGE)), &expected).await, (Outcome::Passed, Outcome::Passed));
    let other = Variant { model_name: Some("other".to_owned()), ..baseline(BASELINE_IMAGE) };
    let report = report(with(other), &expected).await;
    assert_eq!(
        message(check(&report, "identity")),
        "variant `Second` serves the model `other`, but the release gives it the model `baseline`"
    );
}

#[tokio::test]
async fn nothing_is_expected_of_a_model_that_is_not_known_before_the_deployment() {
    let unknown = || ExpectedVariant { model: ExpectedModel::Unknown, ..ExpectedVariant::default() };
    for second in [baseline(BASELINE_IMAGE), Variant { model_packages: vec!["arn:any".to_owned()], ..Variant::default() }] {
        assert_eq!(outcomes(with(second), &expecting(unknown())).await, (Outcome::Passed, Outcome::Passed));
    }
}

#[tokio::test]
async fn the_approved_package_may_be_served_by_a_shadow_variant() {
    let mut expected = expecting(ExpectedVariant::default());
    expected.variants[0] = ExpectedVariant { name: "AllTraffic".to_owned(), ..image_only(&[BASELINE_IMAGE], 0) };
    expected.variants[1] = ExpectedVariant {
        name: "Shadow".to_owned(),
        model_package_arn: Some(APPROVED.parse().unwrap()),
        is_shadow: true,
        ..ExpectedVariant::default()
    };
    let mut description = healthy();
    let shadow = Variant { name: "Shadow".to_owned(), weight: Some(1.0), ..description.variants.remove(0) };
    description.variants.push(Variant { name: "AllTraffic".to_owned(), weight: Some(1.0), ..baseline(BASELINE_IMAGE) });
    let without = report(description.clone(), &expected).await;
    assert_eq!(message(check(&without, "identity")), "no variant that gets traffic serves the approved model package");
    description.shadow_variants.push(shadow);
    assert_eq!(outcomes(description.clone(), &expected).await, (Outcome::Passed, Outcome::Passed));
    description.shadow_variants[0].model_packages = vec![APPROVED.replace("/13", "/12")];
    let rolled_back = report(description, &expected).await;
    assert_eq!(message(check(&rolled_back, "identity")), "variant `Shadow` serves version 12, but version 13 was approved");
    assert!(check(&rolled_back, "variants").expected.as_ref().unwrap().contains("shadow Shadow"));
}

#[tokio::test]
async fn a_shadow_variant_of_the_release_must_exist_with_all_its_instances() {
    let shadow = ExpectedVariant {
        name: "Shadow".to_owned(),
        model: ExpectedModel::Unknown,
        instance_type: Some("ml.m5.large".to_owned()),
        is_shadow: true,
        ..ExpectedVariant::default()
    };
    let expected = Expected { variants: vec![shadow], ..approved() };
    let variants = async |shadows: Vec<Variant>| {
        let report = report(Description { shadow_variants: shadows, ..healthy() }, &expected).await;
        let check = check(&report, "variants");
        (check.outcome, check.message.clone().unwrap_or_default(), report.verdict)
    };
    let absent = variants(Vec::new()).await;
    assert_eq!(absent, (Outcome::Failed, "there is no shadow variant `Shadow`".to_owned(), Verdict::Failed));
    let named = |name: &str| Variant { name: name.to_owned(), instance_type: Some("ml.m5.large".to_owned()), ..Variant::default() };
    assert_eq!(variants(vec![named("Other")]).await.1, "there is no shadow variant `Shadow`, only `Other`");
    let short = Variant { current_instance_count: Some(0), desired_instance_count: Some(1), ..named("Shadow") };
    assert_eq!(variants(vec![short]).await.1, "variant `Shadow` has 0 of 1 instances");
    let other_type = Variant { instance_type: Some("ml.t2.medium".to_owned()), ..named("Shadow") };
    assert_eq!(variants(vec![other_type]).await.1, "shadow variant `Shadow` runs on ml.t2.medium, but must run on ml.m5.large");
    assert_eq!(variants(vec![named("Shadow")]).await.2, Verdict::Passed);
    // A production variant of the same name is not the shadow.
    let mut production = healthy();
    production.variants.push(named("Shadow"));
    assert_eq!(report(production, &expected).await.verdict, Verdict::Failed);
    // A shadow that the release does not have, such as one of an experiment, is not judged.
    let short = Variant { current_instance_count: Some(0), desired_instance_count: Some(1), ..named("Experiment") };
    assert_eq!(variants(vec![named("Shadow"), short]).await.2, Verdict::Passed);
}

#[tokio::test]
async fn the_hint_about_a_missing_package_claims_only_what_the_template_says() {
    let hint = |report: &TargetReport| check(report, "identity").hint.clone().unwrap();
    let known = ExpectedVariant { model_package_arn: Some(APPROVED.parse().unwrap()), ..ExpectedVariant::default() };
    let of_template = report(with(baseline(BASELINE_IMAGE)), &expecting(known)).await;
    assert!(hint(&of_template).starts_with("the endpoint was not created from the release's template"));
    let unknown = report(with(baseline(BASELINE_IMAGE)), &approved()).await;
    assert!(hint(&unknown).contains("define it in the release's template"), "{}", hint(&unknown));
}
