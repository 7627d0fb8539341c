//! Compares `package` with `aws cloudformation package`, on the same templates and the same S3. The
//! results must be equal except for the objects' keys, and the objects must be equal.
//!
//! The bucket has no versioning, except in one test: the AWS CLI does not write object versions.
//!
//! The stand-in's environment has a pinned AWS CLI. Templates are compared as JSON (`--use-json`).
//! `the_listed_defects_…` lists known defects of the AWS CLI, and fails if one of them is fixed.

#![allow(clippy::format_push_string, reason = "texts for tests are small, and read best so")]

use std::collections::BTreeMap;
use std::io::{Cursor, Read as _};
use std::path::PathBuf;
use std::process::Command;

use cfn_render::property_table::{ARTIFACT_PROPERTIES, ArtifactProperty, Content, Form, Origin, Section};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Map, Value, json};

use crate::cloud::{Cloud, HOME};
use crate::project::{Project, stand_in_cache};

const BUCKET: &str = "artifacts-of-two-tools";

/// A local AWS with a bucket, and a project with artifacts of all kinds.
struct Stage {
    cloud: Cloud,
    project: Project,
    python: PathBuf,
}

impl Stage {
    fn new() -> Self {
        Self::with(|cloud| cloud.make_bucket(BUCKET))
    }

    fn with(make_bucket: impl FnOnce(&Cloud)) -> Self {
        let cloud = Cloud::new();
        let project = cloud.project();
        make_bucket(&cloud);
        let child = json!({ "Resources": { "F": { "Type": "AWS::Lambda::Function", "Properties": { "Code": "src" } } } });
        for (name, content) in [
            ("src/index.py", "def handler(event, context): return event\n"),
            ("src/lib/part.py", "PART = 'é'\n"),
            ("lone.py", "print(1)\n"),
            ("data.json", "{\"openapi\": \"3.0.1\"}\n"),
            ("snippet.yml", "A: 1\n"),
            ("child.json", &child.to_string()),
            ("child.yml", "Resources: {S: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: child.json}}}\n"),
        ] {
            project.write(name, content);
        }
        let environment = sandbox::stand_in::prepare(&stand_in_cache()).unwrap_or_else(|error| panic!("{error}"));
        Self { cloud, project, python: environment.join("bin/python") }
    }

    fn ours(&self, template: &str) -> Value {
        let flags = ["package", "--template-file", template, "--s3-bucket", BUCKET, "--use-json", "--output-template-file", "ours.json"];
        self.project.run(flags).ends_with(0);
        self.project.json("ours.json")
    }

    fn theirs(&self, template: &str) -> Value {
        let output = self.aws_cli(template, "theirs.json").output().expect("the AWS CLI is in the stand-in's environment");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        self.project.json("theirs.json")
    }

    fn aws_cli(&self, template: &str, output: &str) -> Command {
        let mut command = Command::new(&self.python);
        // Runs the module: its script contains the path at which the environment was created.
        command.args(["-m", "awscli"]);
        command
            .args(["cloudformation", "package", "--template-file", template, "--s3-bucket", BUCKET, "--use-json"])
            .args(["--output-template-file", output])
            .current_dir(self.project.path("."))
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .envs(self.project.variables());
        command
    }

    /// Packages a template with both, and compares all resources and objects.
    fn compare(&self, name: &str, template: &str) {
        self.project.write(name, template);
        let (ours, theirs) = (self.ours(name), self.theirs(name));
        let (ours, theirs) = (self.with_contents(&ours), self.with_contents(&theirs));
        for (logical_id, resource) in theirs["Resources"].as_object().into_iter().flatten() {
            assert_eq!(&ours["Resources"][logical_id], resource, "{logical_id}, ours first, of\n{template}");
        }
        assert_eq!(ours, theirs, "ours first, of\n{template}");
    }

    /// The value with each object's key replaced by the object's content.
    fn with_contents(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => match key_in(text) {
                Some(key) => json!([
                    text.replace(&key, "KEY").replace(self.cloud.aws.url(), "https://s3.us-east-1.amazonaws.com"),
                    self.content(&key)
                ]),
                None => value.clone(),
            },
            Value::Array(items) => items.iter().map(|item| self.with_contents(item)).collect(),
            Value::Object(entries) => {
                let bucket = ["S3Bucket", "Bucket"].iter().find_map(|name| entries.get(*name)).and_then(Value::as_str);
                let follow = |(name, value): (&String, &Value)| match value.as_str() {
                    Some(key) if bucket == Some(BUCKET) && ["S3Key", "Key"].contains(&name.as_str()) => (name.clone(), self.content(key)),
                    _ => (name.clone(), self.with_contents(value)),
                };
                entries.iter().map(follow).collect::<Map<_, _>>().into()
            }
            scalar => scalar.clone(),
        }
    }

    /// An archive as its files, a template as its data, anything else unchanged.
    fn content(&self, key: &str) -> Value {
        let bytes = self.cloud.aws.object(HOME, BUCKET, key).unwrap_or_else(|error| panic!("{error}"));
        if let Ok(mut archive) = zip::ZipArchive::new(Cursor::new(&bytes)) {
            let files: BTreeMap<String, String> = (0..archive.len())
                .map(|index| {
                    let mut file = archive.by_index(index).unwrap();
                    let mut text = String::new();
                    file.read_to_string(&mut text).unwrap();
                    (file.name().unwrap().into_owned(), text)
                })
                .collect();
            return json!({ "archive": files });
        }
        let text = String::from_utf8(bytes).unwrap();
        if key.ends_with(".template") {
            // The AWS CLI always writes nested templates as YAML.
            let template = cfn_render::Template::parse(text, "child").unwrap();
            return json!({ "template": self.with_contents(&template.to_value()) });
        }
        json!({ "file": text })
    }
}

/// Removes the versions of uploaded objects from a value, and counts them.
fn remove_versions(value: &mut Value) -> usize {
    match value {
        Value::String(text) if key_in(text).is_some() => {
            let Some((address, _)) = text.split_once("?versionId=") else { return 0 };
            *text = address.to_owned();
            1
        }
        Value::Array(items) => items.iter_mut().map(remove_versions).sum(),
        Value::Object(entries) => {
            let ours = ["S3Bucket", "Bucket"].iter().any(|name| entries.get(*name).is_some_and(|bucket| bucket == BUCKET));
            let versions = ["S3ObjectVersion", "Version", "ObjectVersion"].iter().filter(|name| ours && entries.remove(**name).is_some());
            versions.count() + entries.values_mut().map(remove_versions).sum::<usize>()
        }
        _ => 0,
    }
}

/// The key in the address of an uploaded object.
fn key_in(text: &str) -> Option<String> {
    let address = text.starts_with("s3://") || text.starts_with("http");
    let (_, key) = text.split_once(&format!("/{BUCKET}/")).filter(|_| address)?;
    Some(key.to_owned())
}

/// The AWS CLI's table, without the metadata, which each template has once.
fn rows() -> impl Iterator<Item = &'static ArtifactProperty> {
    ARTIFACT_PROPERTIES.iter().filter(|row| row.origin == Origin::AwsCli && row.section == Section::Resources)
}

/// Every kind of value that both support, for a row.
fn values(row: &ArtifactProperty) -> Vec<Value> {
    let functions = [json!({ "Ref": "P" }), json!({ "Fn::Sub": "s3://${P}/x" })];
    let named: &[&str] = match (row.form, row.content) {
        (Form::TemplateUrl, _) => &["child.yml", "./child.json", "src/../child.yml", "https://example.com/t.yml"],
        (_, Content::Archive) => &["src", "./src/", "lone.py", "src/../lone.py", "s3://there/k/e/y", "s3://there/key?versionId=v1"],
        _ => &["src", "data.json", "./data.json", "s3://there/k/e/y", "s3://there/key?versionId=v1"],
    };
    named.iter().map(|name| Value::from(*name)).chain(functions).collect()
}

fn resource(row: &ArtifactProperty, value: Value) -> Value {
    let properties = row.path.iter().rev().fold(value, |inner, key| json!({ *key: inner }));
    json!({ "Type": row.entry, "Properties": properties })
}

fn include(location: &str) -> Value {
    json!({ "Fn::Transform": { "Name": "AWS::Include", "Parameters": { "Location": location } } })
}

#[test]
fn every_property_with_every_kind_of_value_gives_the_result_of_the_aws_cli() {
    let stage = Stage::new();
    let mut resources = Map::new();
    for row in rows() {
        for value in values(row) {
            resources.insert(format!("R{}", resources.len()), resource(row, value));
        }
    }
    assert_eq!(resources.len(), 5 * 8 + 11 * 7 + 2 * 6, "archives, files and templates");
    let including = json!({ "Type": "Custom::X", "Properties": { "A": include("snippet.yml"), "B": [include("s3://b/k")] } });
    resources.insert("Including".to_owned(), including);
    let template = json!({
        "Parameters": { "P": { "Type": "String" } },
        "Metadata": { "AWS::ServerlessRepo::Application": { "ReadmeUrl": "data.json", "LicenseUrl": "s3://b/k" } },
        "Resources": resources,
    });
    stage.compare("template.json", &format!("{template:#}"));
    let contents = stage.with_contents(&stage.project.json("ours.json")).to_string();
    for expected in ["src/index.py", "PART = 'é'", "lone.py", "openapi", "\"template\":"] {
        assert!(contents.contains(expected) || contents.contains(&expected.replace("src/", "")), "{expected} is not compared");
    }
    stage.compare("template.yml", &yaml(&template));
}

#[test]
fn in_a_bucket_with_versioning_only_the_versions_differ() {
    let stage = Stage::with(|cloud| cloud.make_versioned_bucket(BUCKET));
    let mut resources = Map::new();
    for row in rows() {
        resources.insert(format!("R{}", resources.len()), resource(row, values(row)[0].clone()));
    }
    stage.project.write("template.json", &json!({ "Resources": resources }).to_string());
    let (mut ours, theirs) = (stage.ours("template.json"), stage.theirs("template.json"));
    let with_a_place = |row: &&ArtifactProperty| match row.form {
        Form::VersionedUri => true,
        Form::Object { version, .. } => version.is_some(),
        Form::Uri | Form::TemplateUrl => false,
    };
    assert_eq!(remove_versions(&mut ours), rows().filter(with_a_place).count());
    assert_eq!(remove_versions(&mut theirs.clone()), 0);
    // Nested templates contain versions of their own artifacts.
    for (index, row) in rows().enumerate().filter(|(_, row)| row.form != Form::TemplateUrl) {
        let contents = |value: &Value| stage.with_contents(&value["Resources"][format!("R{index}")]);
        assert_eq!(contents(&ours), contents(&theirs), "{}", row.entry);
    }
}

#[test]
fn generated_templates_give_the_result_of_the_aws_cli() {
    let stage = Stage::new();
    let config = Config { cases: 12, failure_persistence: None, max_shrink_iters: 20, ..Config::default() };
    let outcome = TestRunner::new(config).run(&(template(), any::<bool>()), |(template, as_yaml)| {
        if as_yaml {
            stage.compare("generated.yml", &yaml(&template));
        } else {
            stage.compare("generated.json", &template.to_string());
        }
        Ok(())
    });
    outcome.unwrap();
}

#[test]
fn the_listed_defects_of_the_aws_cli_are_not_ours() {
    let stage = Stage::new();
    let uploads_nothing_of_ours = [
        ("inline code", json!({ "Type": "AWS::Serverless::Function", "Properties": { "InlineCode": "x" } })),
        ("an image", json!({ "Type": "AWS::Serverless::Function", "Properties": { "PackageType": "Image", "ImageUri": "u" } })),
        ("no code", json!({ "Type": "AWS::Lambda::Function", "Properties": {} })),
    ];
    for (name, resource) in uploads_nothing_of_ours {
        let template = json!({ "Resources": { "R": resource } });
        stage.project.write("template.json", &template.to_string());
        assert_eq!(stage.ours("template.json"), template, "{name}");
        // The whole folder of the template.
        assert_ne!(stage.theirs("template.json"), template, "{name}: fixed");
    }
    // A function with a second key.
    let command = json!({ "Fn::If": ["C", { "ScriptLocation": "s3://b/k" }, { "Ref": "AWS::NoValue" }] });
    let template = json!({ "Resources": { "R": { "Type": "AWS::Glue::Job", "Properties": { "Command": command } } } });
    stage.project.write("template.json", &template.to_string());
    assert_eq!(stage.ours("template.json"), template);
    assert_eq!(stage.theirs("template.json")["Resources"]["R"]["Properties"]["Command"].as_object().unwrap().len(), 2, "fixed");
    // A date, a list of transforms: `package` supports them, the AWS CLI fails.
    for text in [
        "AWSTemplateFormatVersion: 2010-09-09\nResources: {R: {Type: 'Custom::R'}}\n",
        "Resources: {R: {Type: 'Custom::R', Properties: {A: {Fn::Transform: [{Name: AWS::Include, Parameters: {Location: s3://b/k}}]}}}}\n",
    ] {
        stage.project.write("template.yml", text);
        stage.ours("template.yml");
        assert!(!stage.aws_cli("template.yml", "theirs.json").output().unwrap().status.success(), "fixed: {text}");
    }
    // Strings stay strings.
    stage.project.write("template.yml", "Resources: {R: {Type: 'Custom::R', Properties: {A: 1.10, B: Yes, C: 0755, D: 12:30:45}}}\n");
    assert_eq!(
        stage.ours("template.yml")["Resources"]["R"]["Properties"],
        json!({ "A": "1.10", "B": "Yes", "C": "0755", "D": "12:30:45" })
    );
    assert_eq!(stage.theirs("template.yml")["Resources"]["R"]["Properties"], json!({ "A": 1.1, "B": true, "C": 493, "D": 45045 }), "fixed");
}

/// A template whose scalars both tools parse equally: JSON scalars, with all strings quoted in
/// YAML.
fn template() -> impl Strategy<Value = Value> {
    let rows: Vec<&'static ArtifactProperty> = rows().collect();
    let artifact = proptest::sample::select(rows)
        .prop_flat_map(|row| (Just(row), proptest::sample::select(values(row))))
        .prop_map(|(row, value)| resource(row, value));
    let resource = (artifact, proptest::collection::btree_map("[A-Z][a-z]{0,5}", anything(), 0..3)).prop_map(|(mut resource, others)| {
        for (name, value) in others {
            // Properties other than the artifact's.
            resource["Properties"].as_object_mut().unwrap().entry(format!("Other{name}")).or_insert(value);
        }
        resource
    });
    (proptest::collection::vec(resource, 1..8), proptest::collection::btree_map("[A-Z][a-z]{0,5}", anything(), 0..3)).prop_map(
        |(resources, mappings)| {
            let resources: Map<String, Value> =
                resources.into_iter().enumerate().map(|(index, resource)| (format!("R{index}"), resource)).collect();
            let mappings: Map<String, Value> = mappings.into_iter().map(|(name, value)| (name, json!({ "K": { "V": value } }))).collect();
            json!({ "Parameters": { "P": { "Type": "String" } }, "Resources": resources, "Mappings": mappings })
        },
    )
}

fn anything() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        Just(Value::Null),
        "[ -~é日]{0,12}".prop_map(Value::from),
        proptest::sample::select(vec!["Yes", "on", "1.10", "012345678901", "1e3", "12:30", "2012-10-17", "~", "null", "s3://b/k", "src"])
            .prop_map(Value::from),
        "[A-Za-z]{1,6}".prop_map(|name| json!({ "Ref": name })),
        "[A-Za-z]{1,6}".prop_map(|name| json!({ "Fn::GetAtt": [name, "Arn"] })),
        "[A-Za-z]{1,6}".prop_map(|name| json!({ "Fn::Sub": format!("x-${{{name}}}-é") })),
        Just(include("snippet.yml")),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            // The AWS CLI does not find an include in a nested list.
            proptest::collection::vec(inner.clone(), 0..3).prop_map(|items| items.into_iter().filter(|item| !item.is_array()).collect()),
            proptest::collection::btree_map("[a-z]{1,5}", inner, 0..3).prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// A value as YAML in block style, with quoted strings and the short forms of functions.
fn yaml(value: &Value) -> String {
    fn block(value: &Value, indent: usize, out: &mut String) {
        let pad = " ".repeat(indent);
        match value {
            Value::Object(entries) if entries.len() == 1 && short(entries).is_some() => {
                out.push_str(&format!(" {}\n", short(entries).unwrap()));
            }
            Value::Object(entries) if !entries.is_empty() => {
                out.push('\n');
                for (key, value) in entries {
                    out.push_str(&format!("{pad}{}:", Value::from(key.as_str())));
                    block(value, indent + 2, out);
                }
            }
            Value::Array(items) if !items.is_empty() => {
                out.push('\n');
                for item in items {
                    out.push_str(&format!("{pad}-"));
                    block(item, indent + 2, out);
                }
            }
            other => out.push_str(&format!(" {other}\n")),
        }
    }
    fn short(entries: &Map<String, Value>) -> Option<String> {
        let (name, argument) = entries.iter().next()?;
        match (name.as_str(), argument) {
            ("Ref", Value::String(_)) => Some(format!("!Ref {argument}")),
            ("Fn::Sub", Value::String(_)) => Some(format!("!Sub {argument}")),
            ("Fn::GetAtt", Value::Array(parts)) => Some(format!("!GetAtt {}.{}", parts[0].as_str()?, parts[1].as_str()?)),
            _ => None,
        }
    }
    let mut text = String::from("# a comment\n---");
    block(value, 0, &mut text);
    text
}
