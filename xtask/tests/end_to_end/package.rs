//! `package`: in place of `aws cloudformation package`.

use crate::cloud::Cloud;
use crate::project::Project;

#[test]
fn a_template_without_local_files_needs_no_bucket_and_comes_out_byte_for_byte() {
    let project = Project::new();
    let run = project.run(["package", "--template", "cfn-sm-endpoint-template.yml"]).ends_with(0);
    assert_eq!(run.stdout, project.read("cfn-sm-endpoint-template.yml"));
    // As the buildspec of the Python seed calls the AWS CLI: an empty bucket and the abbreviated flags.
    let flags = ["package", "--template", "cfn-sm-endpoint-template.yml", "--s3-bucket", "", "--output-template", "out/packaged.yaml"];
    project.run(flags).ends_with(0);
    assert_eq!(project.read("out/packaged.yaml"), project.read("cfn-sm-endpoint-template.yml"));
}

#[test]
fn a_template_is_written_as_json_when_asked_for() {
    let project = Project::new();
    let run = project.run(["package", "--template-file", "cfn-sm-endpoint-template.yml", "--use-json"]).ends_with(0);
    let json: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    // What an unquoted date or a short tag means is kept.
    assert_eq!(json["AWSTemplateFormatVersion"], "2010-09-09");
    assert_eq!(
        json["Resources"]["SageMakerModel"]["Properties"]["PrimaryContainer"]["ModelPackageName"],
        serde_json::json!({ "Ref": "ModelPackageName" })
    );
}

#[test]
fn a_local_file_without_a_bucket_is_refused_and_the_earlier_output_stays() {
    let project = Project::new();
    project.write("lambda.yml", "Resources:\n  F:\n    Type: AWS::Lambda::Function\n    Properties:\n      Code: ./code\n");
    project.write("code/index.py", "def handler(event, context): return 1\n");
    project.write("out.yaml", "earlier\n");
    project
        .run(["package", "--template-file", "lambda.yml", "--output-template-file", "out.yaml"])
        .ends_with(2)
        .says("no bucket was named");
    assert_eq!(project.read("out.yaml"), "earlier\n");
}

const LAMBDA: &str = "# what it is\nResources:\n  F:\n    Type: AWS::Lambda::Function\n    Properties:\n      Handler: index.handler # kept\n      Code: ./code\n";

#[test]
fn local_files_are_uploaded_once_and_only_the_value_that_names_them_changes() {
    let cloud = Cloud::new();
    let project = cloud.project();
    project.write("lambda.yml", LAMBDA);
    project.write("code/index.py", "def handler(event, context): return 1\n");
    cloud.make_bucket("artifacts-of-the-team");
    let flags = ["package", "--template-file", "lambda.yml", "--s3-bucket", "artifacts-of-the-team", "--s3-prefix", "iris"];
    let first = project.run(flags).ends_with(0).says("Uploaded");
    let changed: Vec<_> = LAMBDA.lines().zip(first.stdout.lines()).filter(|(before, after)| before != after).collect();
    assert_eq!(changed.len(), 1, "{}", first.stdout);
    assert!(changed[0].1.contains("artifacts-of-the-team") && changed[0].1.contains("iris/"), "{}", changed[0].1);

    cloud.aws.clear_requests().unwrap();
    let second = project.run(flags).ends_with(0).says("Unchanged");
    assert_eq!(first.stdout, second.stdout);
    assert!(cloud.requests("PutObject").is_empty());
}

#[test]
fn a_bucket_that_is_not_there_is_said_with_the_property_that_needs_it() {
    let cloud = Cloud::new();
    let project = cloud.project();
    project.write("lambda.yml", LAMBDA);
    project.write("code/index.py", "def handler(event, context): return 1\n");
    project
        .run(["package", "--template-file", "lambda.yml", "--s3-bucket", "no-such-bucket"])
        .ends_with(3)
        .says("no-such-bucket")
        .says("lambda.yml:7");
}
