//! `config`, and a stage's files: base, overrides, both formats.

use serde_json::{Value as Json, json};

use crate::cloud::Cloud;
use crate::project::Project;

const BUILD: [&str; 3] = ["build", "--registry", "examples/registry.json"];

fn project() -> Project {
    let project = Project::new().with_pipeline_variables();
    project.write(
        "base-config-template.json",
        r#"{ "Parameters": { "EndpointInstanceCount": "2", "EndpointInstanceType": "ml.m5.large", "EncryptVolumes": "no" } }"#,
    );
    project.write("staging-config-template.json", "[\n  { \"ParameterKey\": \"EndpointInstanceCount\", \"ParameterValue\": \"1\" }\n]\n");
    project
}

fn overrides(project: &Project, entries: &Json) {
    project.write("staging-config-overrides.json", &json!({ "version": 1, "overrides": entries }).to_string());
}

fn parameter(explained: &Json, name: &str) -> Json {
    explained["parameters"].as_array().unwrap().iter().find(|parameter| parameter["name"] == name).cloned().unwrap()
}

fn value(file: &Json, name: &str) -> Option<String> {
    let entry = file.as_array().unwrap().iter().find(|entry| entry["ParameterKey"] == name)?;
    entry["ParameterValue"].as_str().map(str::to_owned)
}

#[test]
fn every_value_of_a_stage_is_explained_with_its_source_and_what_it_overrides() {
    let project = project();
    let run = project.run(["config", "explain", "--stage", "staging", "--format", "json"]).ends_with(0);
    let explained: Json = serde_json::from_str(&run.stdout).unwrap();
    let count = parameter(&explained, "EndpointInstanceCount");
    assert_eq!((&count["value"], &count["standing"]), (&json!("1"), &json!("asked")));
    assert_eq!(count["origin"]["text"], "staging-config-template.json:2:64");
    assert_eq!(count["replaced"][0]["value"], "2");
    assert_eq!(count["replaced"][0]["origin"]["path"], "base-config-template.json");
    let environment = parameter(&explained, "EnvType");
    assert_eq!((&environment["standing"], &environment["origin"]["text"]), (&json!("offered"), &json!("--env-type-staging-name")));
    assert_eq!(parameter(&explained, "ModelPackageName")["standing"], "not-known");
    let default = parameter(&explained, "NetworkIsolation");
    assert_eq!((&default["standing"], &default["origin"]["path"]), (&json!("default"), &json!("cfn-sm-endpoint-template.yml")));

    let table = project.run(["config", "explain", "--stage", "staging"]).ends_with(0).stdout;
    let line = table.lines().find(|line| line.starts_with("EndpointInstanceCount")).unwrap();
    assert!(line.contains("staging-config-template.json:2:64") && line.ends_with("2 (base-config-template.json:1:44)"), "{line}");
}

#[test]
fn an_explanation_needs_no_values_of_the_pipeline() {
    let project = Project::new();
    project.run(["config", "explain", "--stage", "prod"]).ends_with(0).says("--env-name (not known here)");
    project.run(["config", "check"]).ends_with(0).says("unknown here: EnvName");
}

#[test]
fn an_account_s_explanation_has_its_overrides() {
    let project = project();
    overrides(&project, &json!([{ "accounts": ["222222222222"], "parameters": { "EndpointInstanceCount": "4" } }]));
    let explain = |account: &str| {
        let run = project.run(["config", "explain", "--stage", "staging", "--account", account, "--format", "json"]).ends_with(0);
        parameter(&serde_json::from_str(&run.stdout).unwrap(), "EndpointInstanceCount")
    };
    let there = explain("222222222222");
    assert_eq!(there["value"], "4");
    assert_eq!(there["replaced"].as_array().map(Vec::len), Some(2));
    let run = project.run(["config", "explain", "--stage", "staging", "--account", "999999999999"]).ends_with(2);
    run.says("account `999999999999` is not a target of the staging stage").says("its targets are 222222222222");
}

#[test]
fn a_secret_is_shown_nowhere() {
    let project = project();
    let template = project.read("cfn-sm-endpoint-template.yml");
    project.write(
        "cfn-sm-endpoint-template.yml",
        &template.replace(
            "Parameters:\n",
            "Parameters:\n  Token:\n    Type: String\n    NoEcho: true\n    Default: hunter1\n    MinLength: 7\n",
        ),
    );
    project.write("staging-config-template.json", r#"[{ "ParameterKey": "Token", "ParameterValue": "hunter2" }]"#);
    overrides(&project, &json!([{ "accounts": ["222222222222"], "parameters": { "Token": "hunter3" } }]));
    for format in ["text", "json"] {
        let run = project.run(["config", "explain", "--stage", "staging", "--account", "222222222222", "--format", format]).ends_with(0);
        assert!(!run.stdout.contains("hunter") && !run.stderr.contains("hunter"), "{}{}", run.stdout, run.stderr);
        assert!(run.stdout.contains("Token"));
    }
    let schema = project.run(["config", "schema"]).ends_with(0).stdout;
    assert!(!schema.contains("hunter"));
    // Nor in the message about an invalid one, even if it cannot be parsed.
    for wrong in [
        "[{ \"ParameterKey\": \"Token\",\n  \"ParameterValue\": \"hunt2\" }]",
        "[{ \"ParameterKey\": \"Token\",\n  \"ParameterValue\": [\"hunt2\"] }]",
        "[{ \"ParameterKey\": \"Token\", \"ParameterValue\": 770077 }]",
        "{ \"Parameters\": { \"Token\": \"hunt2\", \"Token\": \"hunt2\" } }",
    ] {
        project.write("staging-config-template.json", wrong);
        let run = project.run(["config", "check"]).says("staging-config-template.json:").says("Token");
        assert!(!run.stderr.contains("hunt2") && !run.stderr.contains("770077"), "{}", run.stderr);
    }
}

#[test]
fn build_merges_the_stage_file_into_the_base_and_writes_overrides_to_the_manifest() {
    let mut project = project();
    project.set("STAGING_ACCOUNT_LIST", "222222222222,444444444444");
    overrides(
        &project,
        &json!([
            { "accounts": ["444444444444"], "regions": ["us-east-1"], "parameters": { "EndpointInstanceType": "ml.m5.xlarge" } },
            { "accounts": ["444444444444"], "parameters": { "EndpointInstanceCount": "4", "VolumeKmsKeyArn": "" } },
        ]),
    );
    project
        .run(BUILD)
        .ends_with(0)
        .says("does not support overrides for accounts and regions")
        .says("staging-config-overrides.json")
        .says("xtask deploy --stage staging");
    let staging = project.json("target/deploy/staging-config.json");
    assert_eq!(value(&staging, "EndpointInstanceCount").as_deref(), Some("1"));
    assert_eq!(value(&staging, "EndpointInstanceType").as_deref(), Some("ml.m5.large"));
    assert_eq!(value(&staging, "EncryptVolumes").as_deref(), Some("no"));
    let stages = &project.json("target/deploy/release-manifest.json")["stages"];
    assert_eq!(
        stages["staging"]["parameter_overrides"],
        json!([
            { "account": "444444444444", "region": null, "parameters": { "EndpointInstanceCount": "4", "VolumeKmsKeyArn": "" } },
            { "account": "444444444444", "region": "us-east-1", "parameters": { "EndpointInstanceType": "ml.m5.xlarge" } },
        ])
    );
    assert!(stages["prod"].get("parameter_overrides").is_none());
}

#[test]
fn a_template_configuration_has_tags_and_a_stack_policy() {
    let project = project();
    project.write(
        "prod-config-template.json",
        r#"{ "$schema": "schemas/stage-config.v1.json", "Parameters": {}, "Tags": { "team": "ml" },
             "StackPolicy": { "Statement": [{ "Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*" }] } }"#,
    );
    overrides(&project, &json!([{ "accounts": ["222222222222"], "parameters": { "EndpointInstanceCount": "3" } }]));
    let run = project.run(BUILD).ends_with(0);
    run.says("does not support tags").says("does not support a stack policy").says("--template-configuration");
    assert!(!project.path("target/deploy/prod-template-configuration.json").exists());

    let run = project.run(BUILD.iter().chain(&["--template-configuration"])).ends_with(0);
    assert!(!run.stderr.contains("does not support tags"), "{}", run.stderr);
    let prod = project.json("target/deploy/prod-template-configuration.json");
    assert_eq!(prod["Tags"], json!({ "team": "ml" }));
    assert_eq!(prod["Parameters"]["EndpointInstanceCount"], "2");
    assert!(prod["StackPolicy"]["Statement"].is_array());
    // The staging account has its overrides in its own configuration.
    let staging = project.json("target/deploy/staging-template-configuration.json");
    assert_eq!(staging["Parameters"]["EndpointInstanceCount"], "3");
    let files = &project.json("target/deploy/release-manifest.json")["files"];
    assert!(files["prod-template-configuration.json"].as_str().unwrap().starts_with("sha256:"));
    assert_eq!(files.as_object().map(serde_json::Map::len), Some(7));
}

#[test]
fn resolved_template_values_are_checked_and_findings_point_to_the_stage_file() {
    let project = project();
    project.write(
        "staging-config-template.json",
        "[\n  { \"ParameterKey\": \"EndpointKind\", \"ParameterValue\": \"serverless\" },\n  { \"ParameterKey\": \"NetworkIsolation\", \"ParameterValue\": \"false\" },\n  { \"ParameterKey\": \"UseVpc\", \"ParameterValue\": \"no\" },\n  { \"ParameterKey\": \"ServerlessProvisionedConcurrency\",\n    \"ParameterValue\": \"9\" }\n]",
    );
    project.write(
        "prod-config-template.json",
        r#"[{ "ParameterKey": "DeploymentStrategy", "ParameterValue": "canary" }, { "ParameterKey": "EndpointInstanceCount", "ParameterValue": "1" }]"#,
    );
    for command in [&["config", "check"][..], &BUILD[..]] {
        project
            .run(command)
            .ends_with(2)
            .says("is 9, more than its `MaxConcurrency` 5 (from the parameter `ServerlessProvisionedConcurrency`)")
            .says("staging-config-template.json:6:23")
            .says("(rule `GradualDeployment` of the template)")
            .says("prod-config-template.json:1:");
        assert!(!project.path("target/deploy").exists());
    }
    project.run(["config", "check", "--stage", "prod"]).ends_with(2).says("prod     failed");
}

#[test]
fn an_invalid_value_has_no_further_findings() {
    let project = project();
    project.write("staging-config-template.json", r#"[{ "ParameterKey": "EndpointInstanceType", "ParameterValue": "m5" }]"#);
    let run = project.run(["config", "check", "--stage", "staging"]).ends_with(2);
    assert_eq!(run.stderr.matches("error:").count(), 1, "{}", run.stderr);
}

#[test]
fn resources_of_a_foreach_loop_are_checked_before_the_model_package_is_known() {
    let project = project();
    project.write(
        "loop-template.yml",
        "Transform: AWS::LanguageExtensions
Parameters:
  EndpointInstanceCount: {Type: Number}
  ModelPackageName: {Type: String}
Resources:
  Fn::ForEach::Variants:
    - Name
    - [A, B]
    - Config${Name}:
        Type: AWS::SageMaker::EndpointConfig
        Properties:
          ProductionVariants:
            - {VariantName: !Ref Name, ModelName: m, InitialInstanceCount: !Ref EndpointInstanceCount, InstanceType: ml.m5.large}
",
    );
    project.write("base-config-template.json", r#"{ "Parameters": {} }"#);
    project.write("staging-config-template.json", r#"[{ "ParameterKey": "EndpointInstanceCount", "ParameterValue": "0" }]"#);
    let run = project.run(["config", "check", "--stage", "staging", "--template-name", "loop"]).ends_with(2);
    run.says("of variant `A` is 0").says("of variant `B` is 0").says("staging-config-template.json:1:63");
}

#[test]
fn a_template_that_chooses_by_account_or_region_is_checked_in_each() {
    let mut project = project();
    project.set("STAGING_ACCOUNT_LIST", "222222222222,444444444444");
    let template = project.read("cfn-sm-endpoint-template.yml");
    let mapping = "Mappings:\n  Volumes:\n    '222222222222': {Size: 100}\n    '444444444444': {Size: 600}\n    '333333333333': {Size: 1}\n\nConditions:\n";
    let template = template.replace("Conditions:\n  # ---- Kind", &format!("{mapping}  # ---- Kind"));
    let by_account = "VolumeSizeInGB: !FindInMap [Volumes, !Ref AWS::AccountId, Size]";
    let one = "VolumeSizeInGB: !If [SizesVolume, !Ref VolumeSizeGiB, !Ref 'AWS::NoValue']";
    assert!(template.contains(one) && template.contains("Mappings"));
    project.write("cfn-sm-endpoint-template.yml", &template.replacen(one, by_account, 1));
    project.run(["config", "check"]).ends_with(2).says("`VolumeSizeInGB` of variant `AllTraffic` is 600; it must be 1 to 512");
    project.set("STAGING_ACCOUNT_LIST", "222222222222");
    project.run(["config", "check"]).ends_with(0);
    project.set("STAGING_ACCOUNT_LIST", "222222222222,555555555555");
    project.run(BUILD).ends_with(2).says("555555555555");
}

#[test]
fn risky_values_in_production_are_warnings() {
    let project = project();
    let burstable = r#"[{ "ParameterKey": "EndpointInstanceType", "ParameterValue": "ml.t2.medium" }]"#;
    project.write("staging-config-template.json", burstable);
    let run = project.run(["config", "check"]).ends_with(0);
    assert!(!run.stderr.contains("burstable"), "{}", run.stderr);
    project.write("prod-config-template.json", burstable);
    project
        .run(["config", "check"])
        .ends_with(0)
        .says("burstable instance type in a production stage")
        .says("prod-config-template.json:1:62");
}

#[test]
fn the_model_packages_list_of_instance_types_is_checked() {
    let project = project();
    let types = json!([{ "ParameterKey": "EndpointInstanceType", "ParameterValue": "ml.p5.48xlarge" }]).to_string();
    project.write("staging-config-template.json", &types);
    project
        .run(BUILD)
        .ends_with(2)
        .says("the model package does not support `ml.p5.48xlarge`")
        .says("staging-config-template.json:1:58")
        .says("it supports ml.m5.large, ml.m5.xlarge");
    assert!(!project.path("target/deploy").exists());
}

/// A template with a model, a configuration and an endpoint; a test changes one value.
const SMALL: &str = "\
Parameters:
  SageMakerProjectName: {Type: String}
  ModelPackageName: {Type: String}
Resources:
  M:
    Type: AWS::SageMaker::Model
    Properties: {ExecutionRoleArn: 'arn:aws:iam::111111111111:role/x', PrimaryContainer: {ModelPackageName: !Ref ModelPackageName}}
  C:
    Type: AWS::SageMaker::EndpointConfig
    Properties:
      ProductionVariants: [{VariantName: AllTraffic, ModelName: !GetAtt M.ModelName, InstanceType: ml.m5.large, InitialInstanceCount: 1}]
  E:
    Type: AWS::SageMaker::Endpoint
    Properties: {EndpointName: !Ref SageMakerProjectName, EndpointConfigName: !GetAtt C.EndpointConfigName}
";

#[test]
fn values_that_aws_refuses_are_errors_and_unknown_values_are_warnings() {
    let project = Project::new();
    for stage in ["staging", "prod"] {
        project.write(&format!("{stage}-config-template.json"), "[]");
    }
    let check = |text: &str, becomes: &str| {
        assert!(SMALL.contains(text), "{text}");
        project.write("cfn-sm-endpoint-template.yml", &SMALL.replacen(text, becomes, 1));
        project.run(["config", "check"])
    };
    check("", "").ends_with(0);
    for (text, becomes, says) in [
        ("!GetAtt C.EndpointConfigName", "!Ref C", "error: `EndpointConfigName` of `E` is the ARN of `C` instead of its name"),
        ("!GetAtt M.ModelName", "!Sub '${M}'", "error: `ModelName` of `C` is the ARN of `M` instead of its name"),
        (
            "InitialInstanceCount: 1",
            "InitialInstanceCount: 1, ManagedInstanceScaling: {Status: ENABLED}",
            "`ManagedInstanceScaling` and a `ModelName`",
        ),
        (
            "    Type: AWS::SageMaker::Endpoint\n",
            "    Type: AWS::SageMaker::Endpoint\n    DependOn: C\n",
            "the resource `E` has an unknown attribute `DependOn`",
        ),
    ] {
        check(text, becomes).ends_with(2).says(says);
    }
    for (text, becomes, says) in [
        ("Resources:", "  Names: {Type: List<String>, Default: a}\nResources:", "warning: parameter `Names` has the type `List<String>`"),
        (
            "Resources:",
            "  Value: {Type: 'AWS::SSM::Parameter::Value<Number>', Default: /a}\nResources:",
            "warning: parameter `Value` has the type",
        ),
        (
            "Resources:",
            "Resources:\n  Net: {Type: 'Acme::Net::MODULE'}\n  Q: {Type: 'AWS::SQS::Queue', Properties: {QueueName: !Ref NetTopic}}",
            "warning: it is not known whether the module `Net` contains `NetTopic`",
        ),
    ] {
        check(text, becomes).ends_with(0).says(says);
    }
}

#[test]
fn values_of_the_pipeline_are_not_missing_in_a_check_without_the_pipeline() {
    let mut project = Project::new().with_pipeline_variables();
    // The seed's template declares the key without a default, and the pipeline always passes it.
    let template = SMALL.replacen("Resources:", "  VolumeKmsKeyArn: {Type: String}\nResources:", 1);
    project.write("cfn-sm-endpoint-template.yml", &template);
    for stage in ["staging", "prod"] {
        project.write(&format!("{stage}-config-template.json"), "[]");
    }
    project.run(["config", "check"]).ends_with(0);
    project.unset("SAGEMAKER_EBS_KMS_KEY_ARN");
    project.run(["config", "check"]).ends_with(0).says("unknown here: ModelPackageName, VolumeKmsKeyArn");
    // In a build, all values are final.
    project.run(BUILD).ends_with(2).says("`VolumeKmsKeyArn` has no value and the template has no default");
}

#[test]
fn a_template_is_checked_alone_or_with_the_stage_files_in_its_folder() {
    let project = Project::new();
    project.write("alone/t.yml", SMALL);
    let check = ["config", "check", "--template", "alone/t.yml"];
    project.run(check).ends_with(0);
    project.write("alone/t.yml", &SMALL.replace("!GetAtt M.ModelName", "!Ref M"));
    project.run(check).ends_with(2).says("is the ARN of `M` instead of its name");
    project.write("alone/t.yml", SMALL);
    project.write("alone/prod-config-template.json", r#"[{ "ParameterKey": "Nothing", "ParameterValue": "1" }]"#);
    project.run(check).ends_with(2).says("the template has no parameter `Nothing`").says("staging  passed").says("prod     failed");
}

#[test]
fn a_template_in_json_is_found_and_two_templates_are_refused() {
    let project = Project::new();
    for stage in ["staging", "prod"] {
        project.write(&format!("{stage}-config-template.json"), "[]");
    }
    let json = cfn_render::Template::parse(SMALL, "t.yml").unwrap().to_json();
    project.write("cfn-sm-endpoint-template.json", &json);
    let both = "there are both `cfn-sm-endpoint-template.yml` and `cfn-sm-endpoint-template.json`";
    project.run(["config", "check"]).ends_with(2).says(both);
    std::fs::remove_file(project.path("cfn-sm-endpoint-template.yml")).unwrap();
    project.run(["config", "check"]).ends_with(0);
}

#[test]
fn a_mistake_in_a_declaration_hides_no_other_problem() {
    let project = Project::new();
    let template = project.read("cfn-sm-endpoint-template.yml");
    project.write("cfn-sm-endpoint-template.yml", &template.replacen("Type: String", "Type: Strin", 1));
    project.write("staging-config-template.json", r#"[{ "ParameterKey": "EndpointInstanceTyp", "ParameterValue": "ml.m5.large" }]"#);
    let run = project.run(["config", "check"]).ends_with(2).says("has the unknown type `Strin`");
    run.says("the template has no parameter `EndpointInstanceTyp`").says("`EndpointInstanceType` has no value");
}

#[test]
fn an_endpoint_that_the_template_does_not_show_is_not_missing() {
    let project = Project::new().with_pipeline_variables();
    for stage in ["staging", "prod"] {
        project.write(&format!("{stage}-config-template.json"), "[]");
    }
    for (resource, name) in [
        ("{Type: 'Acme::SageMaker::Endpoint::MODULE', Properties: {Package: !Ref ModelPackageName}}", "module"),
        ("{Type: 'AWS::CloudFormation::Stack', Properties: {TemplateURL: 'https://b.s3.amazonaws.com/t.yml'}}", "nested stack"),
    ] {
        let template = format!("Parameters: {{ModelPackageName: {{Type: String}}}}\nResources:\n  Serving: {resource}\n");
        project.write("cfn-sm-endpoint-template.yml", &template);
        let message = format!("an endpoint inside {name} `Serving` is not known before deployment");
        project.run(["config", "check"]).ends_with(0).says(&format!("warning: {message}"));
        project.run(["build", "--registry", "examples/registry.json"]).ends_with(2).says(&format!("error: {message}"));
        // A resource that is not created for this stage contains no endpoint.
        let never =
            template.replace("Resources:\n  Serving: {", "Conditions: {Never: !Equals [a, b]}\nResources:\n  Serving: {Condition: Never, ");
        project.write("cfn-sm-endpoint-template.yml", &never);
        project.run(["config", "check"]).ends_with(2).says("the template has no endpoint for this stage");
    }
}

#[test]
fn a_schema_is_generated_from_the_template_and_the_check_finds_a_stale_one() {
    let project = project();
    let out = ["config", "schema", "--out", "stage.json"];
    project.run(out).ends_with(0);
    project.run(out.iter().chain(&["--check"])).ends_with(0);
    let schema = project.json("stage.json");
    assert!(schema["definitions"]["EndpointInstanceCount"].is_object());
    let template = project.read("cfn-sm-endpoint-template.yml");
    project.write(
        "cfn-sm-endpoint-template.yml",
        &template.replace("Parameters:\n", "Parameters:\n  Team:\n    Type: String\n    Default: ''\n"),
    );
    let before = project.read("stage.json");
    project.run(out.iter().chain(&["--check"])).ends_with(1).says("does not match the template").says("the same command without --check");
    assert_eq!(project.read("stage.json"), before);
    project.run(["config", "schema", "--of", "overrides"]).ends_with(0).says("\"Team\"");
}

#[test]
fn an_account_with_overrides_is_deployed_with_them_and_the_others_without() {
    let cloud = Cloud::new();
    let mut project = cloud.project();
    cloud.register(1);
    project.set("STAGING_ACCOUNT_LIST", "222222222222,444444444444");
    let other = json!({ "EndpointInstanceCount": "3", "ExecutionRoleName": "another-role" });
    overrides(&project, &json!([{ "accounts": ["444444444444"], "parameters": other }]));
    for account in ["222222222222", "444444444444"] {
        cloud.prepare("staging", account);
    }
    project.run(["build"]).ends_with(0);
    project.run(["deploy", "--stage", "staging"]).ends_with(0);
    let count = |account: &str| {
        let ask = |action: &str, input: Json| cloud.aws.call(account, "sagemaker", action, &input).unwrap();
        let endpoint = ask("DescribeEndpoint", json!({ "EndpointName": "iris-p-abc123xyz-staging" }));
        let config = ask("DescribeEndpointConfig", json!({ "EndpointConfigName": endpoint["EndpointConfigName"] }));
        config["ProductionVariants"][0]["InitialInstanceCount"].as_i64().unwrap()
    };
    assert_eq!((count("222222222222"), count("444444444444")), (1, 3));
    // The tests assume each account's own role, so requests differ in the length of its name.
    let mut sizes: Vec<u64> = cloud.requests("AssumeRole").iter().map(|request| request.request_bytes).collect();
    sizes.sort_unstable();
    sizes.dedup();
    assert!(sizes.len() >= 2, "{sizes:?}");
    for pair in sizes.chunks(2) {
        assert_eq!(pair[1] - pair[0], ("ds-model-execution-role".len() - "another-role".len()) as u64, "{sizes:?}");
    }
}
