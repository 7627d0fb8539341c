//! The environment variables of a deployed model, and the checks that the caller has made.

use std::collections::{BTreeMap, BTreeSet};

use endpoint_test::{
    CheckReport, Comparison, DeployedContainer, Description, Expected, ExpectedContainer, ExpectedVariant, Outcome, TargetReport, Verdict,
    environment_digest,
};

use crate::scripted::{APPROVED, FakeClock, Scripted, healthy};
use crate::{ONE_CASE, approved, check, run_all};

const ENVIRONMENT: &str = "environment";

fn digests(variables: &[(&str, &str)]) -> BTreeMap<String, String> {
    variables.iter().map(|(name, value)| ((*name).to_owned(), environment_digest(name, value))).collect()
}

/// What the package sets, and what the template sets; a template's value can be unknown.
fn container(package: &[(&str, &str)], template: &[(&str, Option<&str>)]) -> ExpectedContainer {
    let package = digests(package).into_iter().map(|(name, digest)| (name, BTreeSet::from([digest]))).collect();
    let template = template.iter().map(|(name, value)| ((*name).to_owned(), value.map(|value| environment_digest(name, value))));
    ExpectedContainer { package: Some(package), template: template.collect() }
}

fn expecting(containers: Vec<ExpectedContainer>) -> Expected {
    let variant = ExpectedVariant {
        name: "AllTraffic".to_owned(),
        model_package_arn: Some(APPROVED.parse().unwrap()),
        containers,
        ..ExpectedVariant::default()
    };
    Expected { variants: vec![variant], ..approved() }
}

fn deployed(containers: &[&[(&str, &str)]]) -> Description {
    let mut description = healthy();
    description.variants[0].containers = containers.iter().map(|variables| DeployedContainer { environment: digests(variables) }).collect();
    description
}

async fn report(description: Description, expected: &Expected) -> TargetReport {
    run_all(&Scripted::new(vec![Ok(description)]), ONE_CASE, expected, &FakeClock::default()).await.0
}

#[tokio::test]
async fn every_environment_variable_comes_from_the_package_or_the_template() {
    let expected = expecting(vec![container(&[("PROGRAM", "serve.py")], &[("WORKERS", Some("4")), ("ATTEMPT", None)])]);
    let outcome = async |variables: &[(&str, &str)]| {
        let report = report(deployed(&[variables]), &expected).await;
        let check = check(&report, ENVIRONMENT);
        (check.outcome, check.message.clone().unwrap_or_default())
    };
    // What the template adds is allowed, and the package's own variables need not be shown.
    for variables in [&[("WORKERS", "4")][..], &[("WORKERS", "4"), ("PROGRAM", "serve.py")], &[("WORKERS", "4"), ("ATTEMPT", "any")]] {
        assert_eq!(outcome(variables).await, (Outcome::Passed, String::new()), "{variables:?}");
    }
    for (variables, name) in [
        (&[("WORKERS", "4"), ("PROGRAM", "secret-other.py")][..], "PROGRAM"),
        (&[("WORKERS", "secret-8")], "WORKERS"),
        (&[], "WORKERS"),
        (&[("WORKERS", "4"), ("PROXY", "secret-proxy")], "PROXY"),
    ] {
        let message = format!("the environment variable `{name}` of variant `AllTraffic` is not the approved one");
        assert_eq!(outcome(variables).await, (Outcome::Failed, message), "{variables:?}");
        let report = report(deployed(&[variables]), &expected).await;
        assert!(!format!("{report:?}").contains("secret"), "a value is shown: {report:?}");
    }
}

#[tokio::test]
async fn a_swapped_variable_of_one_container_of_several_is_found() {
    let expected = expecting(vec![container(&[], &[("ROLE", Some("features"))]), container(&[], &[("ROLE", Some("model"))])]);
    let passed = report(deployed(&[&[("ROLE", "features")], &[("ROLE", "model")]]), &expected).await;
    assert_eq!(check(&passed, ENVIRONMENT).outcome, Outcome::Passed);
    let swapped = report(deployed(&[&[("ROLE", "model")], &[("ROLE", "features")]]), &expected).await;
    assert_eq!(check(&swapped, ENVIRONMENT).outcome, Outcome::Failed);
    // The containers of inference components have no order.
    let mut components = deployed(&[&[("ROLE", "model")], &[("ROLE", "features")]]);
    components.variants[0].inference_components = vec!["a".to_owned(), "b".to_owned()];
    assert_eq!(check(&report(components, &expected).await, ENVIRONMENT).outcome, Outcome::Passed);
}

#[tokio::test]
async fn an_environment_that_cannot_be_read_is_not_known() {
    let expected = expecting(vec![container(&[], &[])]);
    let unread = report(healthy(), &expected).await;
    let environment = check(&unread, ENVIRONMENT);
    assert_eq!(environment.outcome, Outcome::Skipped);
    assert!(environment.message.as_ref().unwrap().ends_with("is not known: the endpoint's model could not be described"));
    let blocked = report(healthy(), &Expected { blocks_unknown: true, ..expected }).await;
    assert_eq!((check(&blocked, ENVIRONMENT).outcome, blocked.verdict), (Outcome::Failed, Verdict::Failed));
    // The environment of a package without a record, such as a challenger's.
    let unrecorded = expecting(vec![ExpectedContainer { package: None, template: BTreeMap::new() }]);
    let outcome = check(&report(deployed(&[&[("PROGRAM", "serve.py")]]), &unrecorded).await, ENVIRONMENT).outcome;
    assert_eq!(outcome, Outcome::Skipped);
    // Without an expectation there is no check.
    assert!(report(healthy(), &approved()).await.checks.iter().all(|check| check.name != ENVIRONMENT));
}

#[tokio::test]
async fn a_check_that_the_caller_made_is_part_of_the_report_of_an_endpoint() {
    let differs =
        Comparison::Differs { what: "the object `s3://models/iris/model.tar.gz`".into(), expected: "e1".into(), actual: "e2".into() };
    let expected = Expected { checked: vec![CheckReport::compared("model_data", &[differs], false)], ..approved() };
    let report = report(healthy(), &expected).await;
    assert_eq!((check(&report, "model_data").outcome, report.verdict), (Outcome::Failed, Verdict::Failed));
}
