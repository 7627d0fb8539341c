//! The same templates through this crate and through `aws cloudformation package`: the data must be the same but for the keys.
//!
//! Needs the AWS CLI on the path, no account and no network: `cargo test -p cfn-render --no-default-features --test aws_cli -- --ignored`.

#[path = "support/server.rs"]
mod server;

use std::path::Path;
use std::process::Command;

use cfn_render::store::Directory;
use cfn_render::{PackageOptions, Template};
use serde_json::{Map, Value, json};
use tempfile::TempDir;

use server::Server;

/// The AWS CLI's table: type, path of the property, and whether it names a template.
const PROPERTIES: &[(&str, &[&str], bool)] = &[
    ("AWS::Serverless::Function", &["CodeUri"], false),
    ("AWS::Serverless::LayerVersion", &["ContentUri"], false),
    ("AWS::Serverless::Api", &["DefinitionUri"], false),
    ("AWS::Serverless::StateMachine", &["DefinitionUri"], false),
    ("AWS::Serverless::Application", &["Location"], true),
    ("AWS::CloudFormation::Stack", &["TemplateURL"], true),
    ("AWS::Lambda::Function", &["Code"], false),
    ("AWS::Lambda::LayerVersion", &["Content"], false),
    ("AWS::ApiGateway::RestApi", &["BodyS3Location"], false),
    ("AWS::StepFunctions::StateMachine", &["DefinitionS3Location"], false),
    ("AWS::ElasticBeanstalk::ApplicationVersion", &["SourceBundle"], false),
    ("AWS::Glue::Job", &["Command", "ScriptLocation"], false),
    ("AWS::AppSync::GraphQLSchema", &["DefinitionS3Location"], false),
    ("AWS::AppSync::Resolver", &["RequestMappingTemplateS3Location"], false),
    ("AWS::AppSync::Resolver", &["ResponseMappingTemplateS3Location"], false),
    ("AWS::AppSync::FunctionConfiguration", &["RequestMappingTemplateS3Location"], false),
    ("AWS::AppSync::FunctionConfiguration", &["ResponseMappingTemplateS3Location"], false),
    ("AWS::CodeCommit::Repository", &["Code", "S3"], false),
];

/// Every property with every kind of value that both take, in one template.
fn everything() -> Value {
    let files = ["src", "./src/", "file.txt", "src/../file.txt", "s3://there/k/e/y", "s3://there/key?versionId=v1"].map(Value::from);
    let templates = ["child.yml", "./child.json", "https://example.com/t.yml"].map(Value::from);
    let functions = [json!({ "Ref": "P" }), json!({ "Fn::Sub": "s3://${P}/x" })];
    let mut resources = Map::new();
    for (resource_type, path, names_template) in PROPERTIES {
        let values = if *names_template { templates.as_slice() } else { files.as_slice() };
        for value in values.iter().chain(&functions) {
            let properties = path.iter().rev().fold(value.clone(), |inner, key| json!({ *key: inner }));
            resources.insert(format!("R{}", resources.len()), json!({ "Type": resource_type, "Properties": properties }));
        }
    }
    let include = |location: &str| json!({ "Fn::Transform": { "Name": "AWS::Include", "Parameters": { "Location": location } } });
    resources.insert(
        "Including".to_owned(),
        json!({ "Type": "Custom::X", "Properties": { "A": include("file.txt"), "B": [include("s3://b/k")] } }),
    );
    json!({
        "Parameters": { "P": { "Type": "String" } },
        "Metadata": { "AWS::ServerlessRepo::Application": { "ReadmeUrl": "file.txt", "LicenseUrl": "s3://b/k" } },
        "Resources": resources,
    })
}

/// Both name objects by hashes, of different kinds: what they are hashes of is told by the place.
fn without_keys(value: Value) -> Value {
    match value {
        Value::String(text) => text
            .split('/')
            .map(|part| {
                let name = part.strip_suffix(".template").unwrap_or(part);
                let is_key = matches!(name.len(), 32 | 64) && name.chars().all(|character| character.is_ascii_hexdigit());
                if is_key { part.replace(name, "KEY") } else { part.to_owned() }
            })
            .collect::<Vec<_>>()
            .join("/")
            .into(),
        Value::Array(items) => items.into_iter().map(without_keys).collect(),
        Value::Object(entries) => Value::Object(entries.into_iter().map(|(key, value)| (key, without_keys(value))).collect()),
        scalar => scalar,
    }
}

fn ours(template: &Path, out: &Path) -> Value {
    let text = std::fs::read_to_string(template).unwrap();
    let store = Directory::new(out, "bucket", "eu-west-1");
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let parsed = Template::parse(text, template).unwrap();
    let packaged = runtime.block_on(parsed.package(&store, &PackageOptions::default())).unwrap();
    Template::parse(packaged.text, "ours").unwrap().to_value()
}

fn theirs(template: &Path, out: &Path) -> Value {
    let server = Server::start(|request| (if request.method == "HEAD" { 404 } else { 200 }, Vec::new(), String::new()));
    let output = Command::new("aws")
        .args(["cloudformation", "package", "--s3-bucket", "bucket", "--region", "eu-west-1", "--use-json"])
        .arg("--template-file")
        .arg(template)
        .arg("--output-template-file")
        .arg(out)
        .env("AWS_ENDPOINT_URL_S3", &server.url)
        .env("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
        .env("AWS_SECRET_ACCESS_KEY", "not-a-secret")
        .output()
        .expect("the AWS CLI is on the path");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = std::fs::read_to_string(out).unwrap();
    // The CLI writes the address of its endpoint into the template.
    serde_json::from_str(&text.replace(&server.url, "https://s3.eu-west-1.amazonaws.com")).unwrap()
}

#[test]
#[ignore = "needs the AWS CLI on the path"]
fn the_data_is_what_the_aws_cli_makes() {
    let folder = TempDir::new().unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::create_dir(at("src")).unwrap();
    let child = json!({ "Resources": { "F": { "Type": "AWS::Lambda::Function", "Properties": { "Code": "src" } } } });
    for (name, content) in [
        ("src/index.py", "1".to_owned()),
        ("file.txt", "A: 1\n".to_owned()),
        ("child.json", child.to_string()),
        ("child.yml", "Resources: {S: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: child.json}}}\n".to_owned()),
        ("template.json", format!("{:#}", everything())),
    ] {
        std::fs::write(at(name), content).unwrap();
    }
    let (ours, theirs) = (ours(&at("template.json"), &at("out")), theirs(&at("template.json"), &at("theirs.json")));
    let resources = |template: &Value| template["Resources"].as_object().unwrap().len();
    assert_eq!(resources(&ours), 2 * 5 + 16 * 8 + 1);
    for (logical_id, resource) in ours["Resources"].as_object().unwrap() {
        assert_eq!(without_keys(resource.clone()), without_keys(theirs["Resources"][logical_id].clone()), "{logical_id}");
    }
    assert_eq!(without_keys(ours), without_keys(theirs));
}
