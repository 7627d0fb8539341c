//! `package`, the replacement for `aws cloudformation package`.

use sandbox::stand_in::Fault;

use crate::cloud::{Cloud, HOME};
use crate::project::Project;

#[test]
fn a_template_without_local_files_needs_no_bucket_and_is_unchanged() {
    let project = Project::new();
    let run = project.run(["package", "--template", "cfn-sm-endpoint-template.yml"]).ends_with(0);
    assert_eq!(run.stdout, project.read("cfn-sm-endpoint-template.yml"));
    // As in the Python seed's buildspec: an empty bucket and abbreviated flags.
    let flags = ["package", "--template", "cfn-sm-endpoint-template.yml", "--s3-bucket", "", "--output-template", "out/packaged.yaml"];
    project.run(flags).ends_with(0);
    assert_eq!(project.read("out/packaged.yaml"), project.read("cfn-sm-endpoint-template.yml"));
}

#[test]
fn a_template_is_written_as_json_with_the_option() {
    let project = Project::new();
    let run = project.run(["package", "--template-file", "cfn-sm-endpoint-template.yml", "--use-json"]).ends_with(0);
    let json: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    // Keeps the meaning of unquoted dates and short tags.
    assert_eq!(json["AWSTemplateFormatVersion"], "2010-09-09");
    assert_eq!(
        json["Resources"]["SageMakerModel"]["Properties"]["PrimaryContainer"]["ModelPackageName"],
        serde_json::json!({ "Ref": "ModelPackageName" })
    );
}

#[test]
fn a_local_file_without_a_bucket_is_refused_and_the_existing_output_is_unchanged() {
    let project = Project::new();
    project.write("lambda.yml", "Resources:\n  F:\n    Type: AWS::Lambda::Function\n    Properties:\n      Code: ./code\n");
    project.write("code/index.py", "def handler(event, context): return 1\n");
    project.write("out.yaml", "earlier\n");
    project
        .run(["package", "--template-file", "lambda.yml", "--output-template-file", "out.yaml"])
        .ends_with(2)
        .says("no bucket is named")
        .says("lambda.yml:5:13")
        .says("property `Code` of resource `F`");
    assert_eq!(project.read("out.yaml"), "earlier\n");
}

#[test]
fn flags_can_be_abbreviated_as_in_the_aws_cli() {
    let project = Project::new();
    let flags = ["package", "--templ", "cfn-sm-endpoint-template.yml", "--s3-b", "", "--output-temp", "out.yaml", "--use-j"];
    project.run(flags).ends_with(0);
    assert_eq!(project.json("out.yaml")["AWSTemplateFormatVersion"], "2010-09-09");
    // An ambiguous abbreviation is refused.
    project.run(["package", "--template-file", "cfn-sm-endpoint-template.yml", "--s3", "x"]).ends_with(2).says("--s3");
}

#[test]
fn problems_of_nested_templates_are_shown_with_their_own_lines() {
    let project = Project::new();
    project.write("root.yml", "Resources:\n  C: {Type: 'AWS::CloudFormation::Stack', Properties: {TemplateURL: sub/child.yml}}\n");
    project.write("sub/child.yml", "# a child\nResources:\n  F: {Type: 'AWS::Lambda::Function', Properties: {Code: ./nowhere}}\n");
    let run = project.run(["package", "--template-file", "root.yml"]).ends_with(2);
    let expected = "\
error: `Code` is `./nowhere`, which does not exist
  --> sub/child.yml:3:57
    |
  3 |   F: {Type: 'AWS::Lambda::Function', Properties: {Code: ./nowhere}}
    |                                                         ^^^^^^^^^
  = property `Code` of resource `F`
  hint: looked for `sub/nowhere`: paths are relative to the template's folder
";
    assert_eq!(run.stderr, expected);
}

#[test]
fn a_folder_can_replace_the_bucket_without_aws() {
    let mut project = Project::new();
    project.set("AWS_ENDPOINT_URL", "http://127.0.0.1:9");
    project.write("lambda.yml", LAMBDA);
    project.write("code/index.py", "def handler(event, context): return 1\n");
    let flags = ["package", "--template-file", "lambda.yml", "--s3-bucket", "artifacts", "--artifact-dir", "out"];
    project.run(flags).ends_with(2).says("region");
    let run = project.run(flags.into_iter().chain(["--region", "eu-west-1", "--s3-prefix", "p", "--format", "json"])).ends_with(0);
    let result: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(result["schema_version"], 1);
    let key = result["uploads"][0]["key"].as_str().unwrap();
    assert!(key.starts_with("p/"));
    assert!(project.path("out").join(key).is_file());
    assert!(result["template"].as_str().unwrap().contains(key));
    assert_eq!(result["uploads"][0]["places"][0]["logical_id"], "F");
    // Without a terminal there is no progress line.
    assert!(!run.stderr.contains('\r') && !run.stderr.contains("uploads"), "{}", run.stderr);
}

#[test]
fn a_template_that_is_not_a_file_and_an_unwritable_output_are_refused_before_any_work() {
    let project = Project::new();
    project.write("lambda.yml", LAMBDA);
    project.run(["package", "--template-file", "."]).ends_with(2).says("a folder, a pipe or a device");
    project.run(["package", "--template-file", "/dev/zero"]).ends_with(2).says("a folder, a pipe or a device");
    project.run(["package", "--template-file", "lambda.yml", "--output-template-file", "."]).ends_with(2).says("it is a folder");
    project
        .run(["package", "--template-file", "lambda.yml", "--output-template-file", "lambda.yml/out"])
        .ends_with(2)
        .says("a file is where");
}

#[test]
fn non_ascii_characters_are_escaped_with_the_option() {
    let project = Project::new();
    project.write("t.yml", "# é\nResources: {R: {Type: 'Custom::R', Properties: {A: é}}}\n");
    let run = project.run(["package", "--template-file", "t.yml", "--escape-non-ascii"]).ends_with(0);
    assert_eq!(run.stdout, "# é\nResources: {R: {Type: 'Custom::R', Properties: {A: \"\\u00e9\"}}}\n");
    let run = project.run(["package", "--template-file", "t.yml", "--escape-non-ascii", "--use-json"]).ends_with(0);
    assert!(run.stdout.is_ascii() && run.stdout.contains("\\u00e9"), "{}", run.stdout);
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
fn other_bytes_under_an_artifacts_key_are_replaced() {
    let cloud = Cloud::new();
    let project = cloud.project();
    cloud.make_bucket("artifacts-of-the-team");
    project.write("glue.yml", "Resources: {J: {Type: 'AWS::Glue::Job', Properties: {Command: {ScriptLocation: job.py}}}}\n");
    project.write("job.py", "print('reviewed')\n");
    let flags = ["package", "--template-file", "glue.yml", "--s3-bucket", "artifacts-of-the-team"];
    // The key can be computed from the source, without AWS.
    let key_of = |stdout: &str| stdout.split("artifacts-of-the-team/").nth(1).unwrap().split('}').next().unwrap().to_owned();
    let dry = project.run(flags.into_iter().chain(["--artifact-dir", "out", "--region", "us-east-1"])).ends_with(0);
    let key = key_of(&dry.stdout);
    cloud.aws.put_object(HOME, "artifacts-of-the-team", &key, "print('planted')\n").unwrap();
    let run = project.run(flags).ends_with(0).says("Uploaded");
    assert_eq!(run.stdout, dry.stdout);
    assert_eq!(cloud.aws.object(HOME, "artifacts-of-the-team", &key).unwrap(), b"print('reviewed')\n");
    // A file of the folder is also not trusted by its name.
    project.write(&format!("out/{key}"), "print('planted')\n");
    project.run(flags.into_iter().chain(["--artifact-dir", "out", "--region", "us-east-1"])).ends_with(0).says("Uploaded");
    assert_eq!(project.read(&format!("out/{key}")), "print('reviewed')\n");
}

#[test]
fn an_artifact_that_was_uploaded_in_parts_is_found_again() {
    let cloud = Cloud::new();
    let project = cloud.project();
    cloud.make_bucket("artifacts-of-the-team");
    project.write("glue.yml", "Resources: {J: {Type: 'AWS::Glue::Job', Properties: {Command: {ScriptLocation: job.py}}}}\n");
    std::fs::write(project.path("job.py"), vec![b'#'; (16 << 20) + 1]).unwrap();
    let flags = ["package", "--template-file", "glue.yml", "--s3-bucket", "artifacts-of-the-team"];
    project.run(flags).ends_with(0).says("Uploaded");
    assert_eq!(cloud.requests("UploadPart").len(), 2);
    cloud.aws.clear_requests().unwrap();
    project.run(flags).ends_with(0).says("Unchanged");
    assert!(cloud.requests("UploadPart").is_empty() && cloud.requests("PutObject").is_empty());
}

#[test]
fn in_a_bucket_with_versioning_the_template_has_the_confirmed_version() {
    let cloud = Cloud::new();
    let project = cloud.project();
    project.write("lambda.yml", LAMBDA);
    project.write("code/index.py", "def handler(event, context): return 1\n");
    cloud.make_versioned_bucket("artifacts-of-the-team");
    let flags = ["package", "--template-file", "lambda.yml", "--s3-bucket", "artifacts-of-the-team", "--format", "json"];
    let packaged = || serde_json::from_str::<serde_json::Value>(&project.run(flags).ends_with(0).stdout).unwrap();
    let first = packaged();
    let (key, version) = (first["uploads"][0]["key"].as_str().unwrap(), first["uploads"][0]["version"].as_str().unwrap());
    let named = format!(r#"Code: {{"S3Bucket": "artifacts-of-the-team", "S3Key": "{key}", "S3ObjectVersion": "{version}"}}"#);
    assert!(first["template"].as_str().unwrap().contains(&named), "{first}");
    let second = packaged();
    assert_eq!((&second["template"], &second["uploads"][0]["existed"]), (&first["template"], &true.into()));

    // A later version of the object does not matter.
    let good = cloud.aws.object(HOME, "artifacts-of-the-team", key).unwrap();
    cloud.aws.put_object(HOME, "artifacts-of-the-team", key, "planted").unwrap();
    assert_eq!(cloud.aws.object(HOME, "artifacts-of-the-team", &format!("{key}?versionId={version}")).unwrap(), good);
    let third = packaged();
    assert_ne!(third["uploads"][0]["version"], version);
    assert_eq!(cloud.aws.object(HOME, "artifacts-of-the-team", key).unwrap(), good);
}

#[test]
fn without_permission_to_read_everything_is_uploaded_with_a_warning() {
    let cloud = Cloud::new();
    let project = cloud.project();
    project.write("lambda.yml", LAMBDA);
    project.write("code/index.py", "def handler(event, context): return 1\n");
    cloud.make_bucket("artifacts-of-the-team");
    let flags = ["package", "--template-file", "lambda.yml", "--s3-bucket", "artifacts-of-the-team"];
    project.run(flags).ends_with(0).says("Uploaded");
    // S3's response without permission for the object's key: HEAD has no body.
    cloud.aws.fault(&Fault::error(403, "AccessDenied", "no").on("s3", "HeadObject")).unwrap();
    project.run(flags).ends_with(0).says("Uploaded").says("uploaded every time").says("`kms:Decrypt`");
}

#[test]
fn a_missing_bucket_is_reported_with_the_property_that_needs_it() {
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

#[test]
fn the_guide_has_the_current_table() {
    use cfn_render::property_table::{ARTIFACT_PROPERTIES, Content, Form, Origin, Section};

    let guide = std::fs::read_to_string(crate::project::workspace().join("docs/packaging.md")).unwrap();
    let (_, rest) = guide.split_once("<!-- the property table -->\n").unwrap();
    let (table, _) = rest.split_once("<!-- end of the property table -->").unwrap();
    let rows: Vec<&str> = table.lines().skip(2).collect();
    let expected: Vec<String> = ARTIFACT_PROPERTIES
        .iter()
        .map(|property| {
            let entry = property.entry;
            let place = match property.section {
                Section::Resources => format!("`{entry}`"),
                Section::Metadata => format!("`Metadata` of `{entry}`"),
                Section::Globals => format!("`Globals` of SAM, `{entry}`"),
            };
            let form = match property.form {
                Form::Uri => "`s3://BUCKET/KEY`".to_owned(),
                Form::VersionedUri => "`s3://BUCKET/KEY` (`?versionId=…`)".to_owned(),
                Form::TemplateUrl => "`https://…`".to_owned(),
                Form::Object { bucket, key, version } => {
                    format!("`{bucket}`, `{key}`{}", version.map(|version| format!(" (`{version}`)")).unwrap_or_default())
                }
            };
            let content = match (property.form, property.content) {
                (Form::TemplateUrl, _) => "the template, packaged first",
                (_, Content::Archive) => "a zip archive",
                (_, Content::Bundle) => "a folder as a zip archive, a file as it is",
                (_, Content::File) => "the file",
            };
            let too = if property.origin == Origin::AwsCli { "yes" } else { "no" };
            format!("| {place} | `{}` | {form} | {content} | {too} |", property.path.join("."))
        })
        .collect();
    assert_eq!(rows, expected);
}

#[test]
fn a_bucket_as_a_url_or_path_is_refused_with_a_hint_for_name_and_prefix() {
    let project = Project::new();
    project.write("src/index.py", "1\n");
    project.write(
        "t.yml",
        "Resources: { F: { Type: AWS::Lambda::Function, Properties: { Code: ./src, Handler: a.b, Runtime: python3.12, Role: r } } }\n",
    );
    for (value, option) in [
        ("s3://team/a b/c", "--s3-bucket team, and the prefix separately: --s3-prefix 'a b/c'"),
        ("team/x/", "--s3-prefix x"),
        ("s3://team", "--s3-bucket team"),
    ] {
        project.run(["package", "--template-file", "t.yml", "--s3-bucket", value]).ends_with(2).says("is not a bucket name").says(option);
    }
    let project = Project::new().with_pipeline_variables();
    project
        .run(["build", "--registry", "examples/registry.json", "--artifact-bucket", "s3://team/x"])
        .ends_with(2)
        .says("--artifact-bucket team, and the prefix separately: --artifact-prefix x");
}

#[test]
fn files_outside_of_the_working_directory_are_packaged_only_with_the_option() {
    let (project, outside) = (Project::new(), tempfile::tempdir().unwrap());
    std::fs::write(outside.path().join("index.py"), "def handler(event, context): return 1\n").unwrap();
    std::fs::write(outside.path().join("snippet.yml"), "Type: AWS::SNS::Topic\n").unwrap();
    let absolute = outside.path().join("index.py").display().to_string();
    let up = project.path("").ancestors().skip(1).map(|_| "../").collect::<String>();
    let lambda = |code: &str| LAMBDA.replace("./code", code);
    let include = format!(
        "Resources:\n  T:\n    Fn::Transform: {{ Name: 'AWS::Include', Parameters: {{ Location: '{}' }} }}\n",
        outside.path().join("snippet.yml").display()
    );
    for (form, template) in [
        ("an absolute path", lambda(&absolute)),
        ("a path that leads out", lambda(&format!("{up}{}", absolute.trim_start_matches('/')))),
        ("a folder", lambda(&outside.path().display().to_string())),
        ("an include", include),
    ] {
        project.write("t.yml", &template);
        let flags = ["package", "--template-file", "t.yml", "--s3-bucket", "b-artifacts", "--artifact-dir", "out", "--region", "eu-west-1"];
        let refused = project.run(flags).ends_with(2).says("is outside of").says("--allow-outside");
        assert!(refused.stdout.is_empty(), "{form}: {}", refused.stdout);
        assert!(project.files("out").is_empty(), "{form}");
        let allowed = project.run(flags.into_iter().chain(["--allow-outside"])).ends_with(0);
        assert!(allowed.stdout.contains("b-artifacts") && !project.files("out").is_empty(), "{form}: {}", allowed.stdout);
        std::fs::remove_dir_all(project.path("out")).unwrap();
    }
}
