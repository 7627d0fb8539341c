//! How an update changes a stack's resources.

use serde_json::{Value, json};
use stack_rollout::update_behaviour::Behaviour;
use stack_rollout::{Effect, template_changes};

fn endpoint(package: &str, count: u32, endpoint: &str) -> Value {
    json!({ "Resources": {
        "Model": { "Type": "AWS::SageMaker::Model", "Properties": { "Containers": [{ "ModelPackageName": package }] } },
        "Config": { "Type": "AWS::SageMaker::EndpointConfig", "Properties": { "ProductionVariants": [{
            "InitialInstanceCount": count, "ModelName": { "Fn::GetAtt": ["Model", "ModelName"] } }] } },
        "Endpoint": { "Type": "AWS::SageMaker::Endpoint", "Properties": {
            "EndpointName": endpoint, "EndpointConfigName": { "Fn::GetAtt": ["Config", "EndpointConfigName"] } } },
        "Alarm": { "Type": "AWS::CloudWatch::Alarm", "Properties": { "Threshold": 1,
            "Dimensions": [{ "Name": "EndpointName", "Value": { "Ref": "Endpoint" } }] } }
    } })
}

fn effects(old: &Value, new: &Value) -> Vec<(String, Effect)> {
    template_changes(old, new).into_iter().map(|change| (change.logical_id, change.effect)).collect()
}

fn named(changes: &[(&str, Effect)]) -> Vec<(String, Effect)> {
    changes.iter().map(|(id, effect)| ((*id).to_owned(), *effect)).collect()
}

#[test]
fn a_new_model_replaces_the_model_and_the_configuration_and_updates_the_endpoint_in_place() {
    let (old, new) = (endpoint("iris/1", 1, "iris"), endpoint("iris/2", 1, "iris"));
    let expected = [("Config", Effect::Replace), ("Endpoint", Effect::Update), ("Model", Effect::Replace)];
    assert_eq!(effects(&old, &new), named(&expected));
    let changes = template_changes(&old, &new);
    assert_eq!(changes[0].properties[0].path, "/ProductionVariants/0/ModelName");
    assert_eq!(changes[0].properties[0].follows.as_deref(), Some("Model"));
    assert_eq!(changes[2].properties[0].from, Some(json!("iris/1")));
    assert_eq!(changes[2].properties[0].behaviour, Behaviour::Replacement);
}

#[test]
fn another_name_replaces_the_endpoint_and_what_refers_to_it_follows() {
    let (old, new) = (endpoint("iris/1", 1, "iris"), endpoint("iris/1", 1, "iris-2"));
    assert_eq!(effects(&old, &new), named(&[("Alarm", Effect::Update), ("Endpoint", Effect::Replace)]));
    let changes = template_changes(&old, &new);
    assert_eq!(changes[0].properties[0].follows.as_deref(), Some("Endpoint"));
    assert_eq!(changes[1].name.as_deref(), Some("iris"));
}

#[test]
fn nothing_changes_between_a_template_and_itself_nor_between_a_number_and_its_text() {
    let old = endpoint("iris/1", 1, "iris");
    assert!(template_changes(&old, &old).is_empty());
    let mut new = old.clone();
    new["Resources"]["Config"]["Properties"]["ProductionVariants"][0]["InitialInstanceCount"] = json!("1");
    assert!(template_changes(&old, &new).is_empty());
}

#[test]
fn resources_are_added_and_removed_and_a_changed_type_is_a_replacement() {
    let old = endpoint("iris/1", 1, "iris");
    let mut new = old.clone();
    let resources = new["Resources"].as_object_mut().unwrap();
    resources.remove("Alarm");
    resources.insert("Topic".to_owned(), json!({ "Type": "AWS::SNS::Topic" }));
    resources.insert("Model".to_owned(), json!({ "Type": "Custom::Model" }));
    let expected = [
        ("Alarm", Effect::Delete),
        ("Config", Effect::Replace),
        ("Endpoint", Effect::Update),
        ("Model", Effect::Replace),
        ("Topic", Effect::Create),
    ];
    assert_eq!(effects(&old, &new), named(&expected));
}

#[test]
fn the_effect_on_a_type_that_is_not_in_the_table_is_unknown() {
    let custom = |size: u32| json!({ "Resources": { "Thing": { "Type": "Custom::Thing", "Properties": { "Size": size } } } });
    assert_eq!(effects(&custom(1), &custom(2)), named(&[("Thing", Effect::UpdateOrReplace)]));
}

#[test]
fn a_replacement_that_keeps_its_custom_name_is_blocked() {
    let with_name = |package: &str, name: &str| {
        json!({ "Resources": { "Model": { "Type": "AWS::SageMaker::Model",
            "Properties": { "ModelName": name, "Containers": [{ "ModelPackageName": package }] } } } })
    };
    assert!(template_changes(&with_name("iris/1", "iris"), &with_name("iris/2", "iris"))[0].blocked_by_its_name);
    assert!(!template_changes(&with_name("iris/1", "iris-1"), &with_name("iris/2", "iris-2"))[0].blocked_by_its_name);
    // A name that CloudFormation generates can change.
    assert!(!template_changes(&endpoint("iris/1", 1, "iris"), &endpoint("iris/2", 1, "iris"))[2].blocked_by_its_name);
}

#[test]
fn replacements_propagate_along_references() {
    let chain = |name: &str| {
        json!({ "Resources": {
            "Role": { "Type": "AWS::IAM::Role", "Properties": { "RoleName": name } },
            "Model": { "Type": "AWS::SageMaker::Model", "Properties": { "ExecutionRoleArn": { "Fn::Sub": "arn:${AWS::Partition}:${Role.Arn}" } } },
            "Config": { "Type": "AWS::SageMaker::EndpointConfig", "Properties": {
                "ProductionVariants": [{ "ModelName": { "Fn::Join": ["", [{ "Ref": "Model" }]] } }] } },
            "Other": { "Type": "AWS::SNS::Topic", "Properties": { "DisplayName": { "Fn::Sub": ["${X}", { "X": { "Ref": "Unrelated" } }] } } }
        } })
    };
    let expected = [("Config", Effect::Replace), ("Model", Effect::Replace), ("Role", Effect::Replace)];
    assert_eq!(effects(&chain("a"), &chain("b")), named(&expected));
}

#[test]
fn hostile_templates_do_not_panic() {
    for odd in
        [json!(null), json!([]), json!({ "Resources": [] }), json!({ "Resources": { "A": null, "B": { "Type": 1, "Properties": "x" } } })]
    {
        template_changes(&odd, &endpoint("iris/1", 1, "iris"));
        template_changes(&endpoint("iris/1", 1, "iris"), &odd);
        assert!(template_changes(&odd, &odd).is_empty());
    }
    let ring = |name: &str| {
        json!({ "Resources": {
            "A": { "Type": "AWS::SageMaker::Model", "Properties": { "ModelName": name, "X": { "Ref": "B" } } },
            "B": { "Type": "AWS::SageMaker::Model", "Properties": { "X": { "Ref": "A" } } } } })
    };
    assert_eq!(template_changes(&ring("a"), &ring("b")).len(), 2);
}
