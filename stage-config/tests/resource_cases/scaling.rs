//! Scaling of variants that exist, and of those that do not.

use serde_json::{Value as Json, json};
use stage_config::{ResourceRules, Severity};

use super::{config, findings, one_variant, overlay, serverless, variant};

/// The finding's code is an error; only a variant that exists and has instances can be reset.
#[test]
fn only_a_variant_that_exists_can_be_scaled() {
    let target = |resource: Json, changes: &Json| {
        let target = json!({ "Resources": { "Scaling": { "Type": "AWS::ApplicationAutoScaling::ScalableTarget", "Properties": {
            "ServiceNamespace": "sagemaker", "ScalableDimension": "sagemaker:variant:DesiredInstanceCount", "MinCapacity": 1,
            "MaxCapacity": 6, "ResourceId": resource,
        } } } });
        let mut all = changes.clone();
        overlay(&mut all, &target);
        findings(&all, &ResourceRules::default()).into_iter().map(|found| (found.severity, found.message)).collect::<Vec<_>>()
    };
    let reset = (
        Severity::Note,
        "each update of endpoint `Endpoint` resets its number of instances to `InitialInstanceCount`, regardless of scaling".to_owned(),
    );
    let missing = |name: &str| {
        (Severity::Error, format!("scalable target `Scaling` scales variant `{name}`, which endpoint configuration `Config` does not have"))
    };
    let by_reference = json!({ "Fn::Sub": "endpoint/${Endpoint.EndpointName}/variant/alltraffic" });
    assert_eq!(target(json!("endpoint/iris-staging/variant/Missing"), &json!({})), [missing("Missing")]);
    assert_eq!(target(by_reference, &json!({})), [missing("alltraffic")]);
    assert_eq!(target(json!("endpoint/iris-staging/variant/AllTraffic"), &json!({})), std::slice::from_ref(&reset));
    // Nothing is certain of a variant that only AWS knows, or of another stack's endpoint.
    let unknown = json!({ "Fn::Sub": "endpoint/${Endpoint.EndpointName}/variant/${Imported}" });
    assert_eq!(target(unknown.clone(), &json!({})), std::slice::from_ref(&reset));
    let imported = json!({ "Fn::ImportValue": "x" });
    for changes in [variant(&json!({ "VariantName": imported })), config(&json!({ "ProductionVariants": imported }))] {
        assert_eq!(target(json!("endpoint/iris-staging/variant/Missing"), &changes), std::slice::from_ref(&reset), "{changes}");
    }
    assert_eq!(target(json!("endpoint/other/variant/Missing"), &json!({})), []);
    let shadow = config(&json!({ "ShadowProductionVariants": [one_variant("Shadow", 1)] }));
    assert_eq!(target(json!("endpoint/iris-staging/variant/Shadow"), &shadow), []);
    assert_eq!(target(json!("endpoint/iris-staging/variant/Missing"), &shadow), [missing("Missing")]);
    let shadow = config(&json!({ "ShadowProductionVariants": imported }));
    assert_eq!(target(json!("endpoint/iris-staging/variant/Missing"), &shadow), []);
    // A serverless variant has no instances: scaling it is the only finding.
    let messages = target(json!("endpoint/iris-staging/variant/AllTraffic"), &serverless(&json!({})));
    assert!(messages.len() == 1 && messages[0].1.contains("is serverless"), "{messages:?}");
    assert_eq!(target(unknown, &serverless(&json!({}))), []);
}
