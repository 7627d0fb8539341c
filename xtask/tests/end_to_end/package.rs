//! `package`: in place of `aws cloudformation package`.

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
