//! Every property, written by hand: the values for a local file and for an existing object in S3.

use cfn_render::property_table::ARTIFACT_PROPERTIES;
use serde_json::{Value, json};

use crate::project::Project;

/// Section, entry or type, path, and the value for an upload with the key `KEY`.
fn rows() -> Vec<(&'static str, &'static str, &'static str, Value)> {
    let uri = || json!("s3://bucket/KEY");
    let code = || json!({ "S3Bucket": "bucket", "S3Key": "KEY" });
    let location = || json!({ "Bucket": "bucket", "Key": "KEY" });
    let url = || json!("https://s3.eu-west-1.amazonaws.com/bucket/KEY");
    vec![
        ("Resources", "AWS::Serverless::Function", "/CodeUri", uri()),
        ("Resources", "AWS::Serverless::LayerVersion", "/ContentUri", uri()),
        ("Resources", "AWS::Serverless::Api", "/DefinitionUri", uri()),
        ("Resources", "AWS::Serverless::HttpApi", "/DefinitionUri", uri()),
        ("Resources", "AWS::Serverless::StateMachine", "/DefinitionUri", location()),
        ("Resources", "AWS::Serverless::Application", "/Location", url()),
        ("Resources", "AWS::CloudFormation::Stack", "/TemplateURL", url()),
        ("Resources", "AWS::CloudFormation::StackSet", "/TemplateURL", url()),
        ("Resources", "AWS::CloudFormation::ModuleVersion", "/ModulePackage", uri()),
        ("Resources", "AWS::CloudFormation::ResourceVersion", "/SchemaHandlerPackage", uri()),
        ("Resources", "AWS::Lambda::Function", "/Code", code()),
        ("Resources", "AWS::Lambda::LayerVersion", "/Content", code()),
        ("Resources", "AWS::ApiGateway::RestApi", "/BodyS3Location", location()),
        ("Resources", "AWS::ApiGatewayV2::Api", "/BodyS3Location", location()),
        ("Resources", "AWS::StepFunctions::StateMachine", "/DefinitionS3Location", location()),
        ("Resources", "AWS::ElasticBeanstalk::ApplicationVersion", "/SourceBundle", code()),
        ("Resources", "AWS::Glue::Job", "/Command/ScriptLocation", uri()),
        ("Resources", "AWS::AppSync::GraphQLSchema", "/DefinitionS3Location", uri()),
        ("Resources", "AWS::AppSync::Resolver", "/RequestMappingTemplateS3Location", uri()),
        ("Resources", "AWS::AppSync::Resolver", "/ResponseMappingTemplateS3Location", uri()),
        ("Resources", "AWS::AppSync::Resolver", "/CodeS3Location", uri()),
        ("Resources", "AWS::AppSync::FunctionConfiguration", "/RequestMappingTemplateS3Location", uri()),
        ("Resources", "AWS::AppSync::FunctionConfiguration", "/ResponseMappingTemplateS3Location", uri()),
        ("Resources", "AWS::AppSync::FunctionConfiguration", "/CodeS3Location", uri()),
        ("Resources", "AWS::CodeCommit::Repository", "/Code/S3", location()),
        ("Resources", "AWS::ServiceCatalog::CloudFormationProduct", "/ProvisioningArtifactParameters/0/Info/LoadTemplateFromURL", url()),
        ("Metadata", "AWS::ServerlessRepo::Application", "/ReadmeUrl", uri()),
        ("Metadata", "AWS::ServerlessRepo::Application", "/LicenseUrl", uri()),
        ("Resources", "AWS::CloudFormation::HookVersion", "/SchemaHandlerPackage", uri()),
        ("Resources", "AWS::Serverless::GraphQLApi", "/SchemaUri", uri()),
        ("Resources", "AWS::Serverless::GraphQLApi", "/Functions/f/CodeUri", uri()),
        ("Resources", "AWS::Serverless::GraphQLApi", "/Resolvers/Query/r/CodeUri", uri()),
        ("Globals", "Function", "/CodeUri", uri()),
        ("Globals", "Api", "/DefinitionUri", uri()),
    ]
}

/// A template with one artifact property, in JSON, which is valid YAML too.
fn template(section: &str, entry: &str, path: &str, value: &str) -> Value {
    let mut properties = json!(value);
    for token in path.split('/').skip(1).collect::<Vec<_>>().into_iter().rev() {
        properties = if token == "0" { json!([properties]) } else { json!({ token: properties }) };
    }
    match section {
        "Resources" => json!({ "Resources": { "R": { "Type": entry, "Properties": properties } } }),
        _ => json!({ section: { entry: properties }, "Resources": { "R": { "Type": "Custom::Nothing" } } }),
    }
}

fn pointer(section: &str, entry: &str, path: &str) -> String {
    if section == "Resources" { format!("/Resources/R/Properties{path}") } else { format!("/{section}/{entry}{path}") }
}

#[test]
fn the_rows_match_the_table() {
    let mut ours: Vec<(&str, String)> =
        rows().iter().map(|(_, entry, path, _)| (*entry, path.replacen('/', "", 1).replace('/', "."))).collect();
    let mut table: Vec<(&str, String)> = ARTIFACT_PROPERTIES
        .iter()
        .map(|property| {
            let mut names = ["Query", "r"].iter();
            let name = |key: &&'static str| match (property.entry, *key) {
                ("AWS::ServiceCatalog::CloudFormationProduct", "*") => "0",
                ("AWS::Serverless::GraphQLApi", "*") if property.path[0] == "Functions" => "f",
                ("AWS::Serverless::GraphQLApi", "*") => names.next().unwrap(),
                (_, key) => key,
            };
            (property.entry, property.path.iter().map(name).collect::<Vec<_>>().join("."))
        })
        .collect();
    ours.sort_unstable();
    table.sort_unstable();
    assert_eq!(ours, table);
}

#[test]
fn every_property_accepts_a_local_file() {
    for (section, entry, path, expected) in rows() {
        let source = template(section, entry, path, "./artifact.yml");
        let text = format!("{source:#}\n");
        let project = Project::new(&[("template.json", &text), ("artifact.yml", "Resources: {R: {Type: 'Custom::Nothing'}}\n")]);
        let (packaged, store) = project.package("template.json");
        let key = store.objects().into_keys().next().unwrap_or_else(|| panic!("{entry} {path}: nothing was uploaded"));
        let at = pointer(section, entry, path);
        let mut wanted = source;
        *wanted.pointer_mut(&at).unwrap() = serde_json::from_str(&expected.to_string().replace("KEY", &key)).unwrap();
        assert_eq!(serde_json::from_str::<Value>(&packaged.text).unwrap(), wanted, "{entry} {path}");
        assert_eq!(packaged.uploads.len(), 1, "{entry} {path}");
        assert_eq!(packaged.uploads[0].key, key);
        assert_eq!(packaged.uploads[0].places[0].pointer, at);
        if section == "Resources" {
            assert_eq!(packaged.uploads[0].logical_id.as_deref(), Some("R"));
        }
    }
}

#[test]
fn objects_in_s3_stay_addresses_or_become_mappings() {
    for (section, entry, path, expected) in rows() {
        let source = template(section, entry, path, "s3://there/k/e/y?versionId=V1");
        let project = Project::new(&[("template.json", &source.to_string())]);
        let (packaged, store) = project.package("template.json");
        assert!(store.objects().is_empty());
        let packaged: Value = serde_json::from_str(&packaged.text).unwrap();
        let value = packaged.pointer(&pointer(section, entry, path)).unwrap();
        match expected {
            Value::String(_) => assert_eq!(value, "s3://there/k/e/y?versionId=V1", "{entry} {path}"),
            _ => {
                let (bucket, key) = if expected.get("S3Bucket").is_some() { ("S3Bucket", "S3Key") } else { ("Bucket", "Key") };
                assert_eq!((&value[bucket], &value[key]), (&json!("there"), &json!("k/e/y")), "{entry} {path}");
                let version = match entry {
                    "AWS::ElasticBeanstalk::ApplicationVersion" => None,
                    "AWS::CodeCommit::Repository" => Some("ObjectVersion"),
                    _ if bucket == "S3Bucket" => Some("S3ObjectVersion"),
                    _ => Some("Version"),
                };
                assert_eq!(value.as_object().unwrap().len(), 2 + usize::from(version.is_some()), "{entry} {path}");
                if let Some(version) = version {
                    assert_eq!(value[version], "V1", "{entry} {path}");
                }
            }
        }
    }
}

#[test]
fn values_that_are_not_paths_stay_unchanged() {
    for (section, entry, path, _) in rows() {
        for value in [json!({ "Ref": "P" }), json!({ "Fn::Sub": "x" }), json!(null), json!({ "ZipFile": "code" })] {
            let mut source = template(section, entry, path, "x");
            *source.pointer_mut(&pointer(section, entry, path)).unwrap() = value;
            let text = source.to_string();
            let project = Project::new(&[("template.json", &text)]);
            let (packaged, store) = project.package("template.json");
            assert_eq!(packaged.text, text);
            assert!(store.objects().is_empty());
        }
    }
}
