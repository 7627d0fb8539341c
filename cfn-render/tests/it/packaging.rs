//! Packaging real folders.

use cfn_render::{ErrorKind, PackageOptions, Severity, Template};
use insta::assert_snapshot;

use crate::project::{Project, Store, block_on, package, short};

#[test]
fn only_the_names_of_artifacts_change() {
    let project = Project::new(&[
        (
            "template.yml",
            "# What this is for\n\
             Resources:   # all of them\n\
             \x20 First:\n\
             \x20   Type: AWS::Lambda::Function\n\
             \x20   Properties:\n\
             \x20     Code: ./src       # the code\n\
             \x20     MemorySize: 0512\n\
             \x20     Role: !GetAtt   Role.Arn\n\
             \x20 Second: {Type: 'AWS::Serverless::Function', Properties: {CodeUri: 'src', Timeout: 3}}\n\
             \n\
             \x20 Third:\n\
             \x20   Type: \"AWS::Serverless::Function\"\n\
             \x20   Properties:\n\
             \x20     CodeUri: >-\n\
             \x20       ./src\n\
             \n\
             \x20     # é 日本 😀\n\
             \x20     Description: |\n\
             \x20       Two  spaces\n\
             \x20 Role: {Type: AWS::IAM::Role}\n",
        ),
        ("src/index.py", "print(1)\n"),
    ]);
    let (packaged, store) = project.package("template.yml");
    let keys: Vec<String> = store.objects().into_keys().collect();
    assert_eq!(keys.len(), 1, "one folder, zipped and uploaded once");
    assert_snapshot!(short(&packaged.text, &[(&keys[0], "KEY")]), @r#"
    # What this is for
    Resources:   # all of them
      First:
        Type: AWS::Lambda::Function
        Properties:
          Code: {"S3Bucket": "bucket", "S3Key": "KEY"}       # the code
          MemorySize: 0512
          Role: !GetAtt   Role.Arn
      Second: {Type: 'AWS::Serverless::Function', Properties: {CodeUri: 's3://bucket/KEY', Timeout: 3}}

      Third:
        Type: "AWS::Serverless::Function"
        Properties:
          CodeUri: "s3://bucket/KEY"

          # é 日本 😀
          Description: |
            Two  spaces
      Role: {Type: AWS::IAM::Role}
    "#);
    assert_eq!(packaged.uploads[0].places.len(), 3);
    assert_eq!(packaged.uploads[0].logical_id.as_deref(), Some("First"));
    assert_eq!(packaged.uploads[0].property.as_deref(), Some("Code"));
    assert_eq!(packaged.uploads[0].url, format!("https://s3.eu-west-1.amazonaws.com/bucket/{}", keys[0]));
    assert_eq!(store.archive(&keys[0]), [("index.py".to_owned(), 0o644, "print(1)\n".to_owned())]);
}

#[test]
fn json_stays_json_with_its_tabs_and_its_byte_order_mark() {
    let project = Project::new(&[
        (
            "template.json",
            "\u{feff}{\r\n\t\"Resources\": {\"F\": {\"Type\": \"AWS::Lambda::Function\",\r\n\t\t\"Properties\": {\"Code\":\"src\"}}}\r\n}",
        ),
        ("src/index.py", "1"),
    ]);
    let (packaged, store) = project.package("template.json");
    let key = store.objects().into_keys().next().unwrap();
    assert_eq!(
        short(&packaged.text, &[(&key, "KEY")]),
        "\u{feff}{\r\n\t\"Resources\": {\"F\": {\"Type\": \"AWS::Lambda::Function\",\r\n\t\t\"Properties\": \
         {\"Code\":{\"S3Bucket\": \"bucket\", \"S3Key\": \"KEY\"}}}}\r\n}"
    );
}

#[test]
fn a_template_without_artifacts_needs_no_store() {
    let text = "Resources:\n  A: {Type: 'AWS::Lambda::Function', Properties: {Code: {ZipFile: 'x'}}}\n";
    let template = Template::parse(text, "template.yml").unwrap();
    let plan = template.plan_package(&PackageOptions::default()).unwrap();
    assert!(plan.is_empty());
    let store = Store::default();
    assert_eq!(package(&template, &store).unwrap().text, text);
    assert!(store.objects().is_empty());
}

#[test]
fn code_that_is_inline_an_image_or_inherited_uploads_nothing() {
    let text = "Globals: {Function: {CodeUri: s3://bucket/key}}\n\
                Transform: AWS::Serverless-2016-10-31\n\
                Resources:\n\
                \x20 A: {Type: 'AWS::Serverless::Function', Properties: {InlineCode: 'x'}}\n\
                \x20 B: {Type: 'AWS::Serverless::Function', Properties: {PackageType: Image, ImageUri: u}}\n\
                \x20 C: {Type: 'AWS::Serverless::Function', Properties: {}}\n\
                \x20 D: {Type: 'AWS::Glue::Job', Properties: {Command: !If [X, {ScriptLocation: a}, {ScriptLocation: b}]}}\n\
                \x20 E: {Type: 'AWS::Glue::Job', Properties: {Command: null}}\n\
                \x20 F: {Type: 'AWS::Lambda::Function'}\n";
    let project = Project::new(&[("template.yml", text)]);
    let (packaged, store) = project.package("template.yml");
    assert_eq!(packaged.text, text);
    assert!(store.objects().is_empty());
}

#[test]
fn all_problems_are_reported_at_once_and_nothing_is_uploaded() {
    let project = Project::new(&[
        (
            "template.yml",
            "Resources:\n\
             \x20 A: {Type: 'AWS::Lambda::Function', Properties: {Code: scr}}\n\
             \x20 B: {Type: 'AWS::Lambda::Function', Properties: {Code: [a, b]}}\n\
             \x20 C: {Type: 'AWS::Lambda::Function', Properties: {Code: 'https://example.com/x.zip'}}\n\
             \x20 D: {Type: 'AWS::Lambda::Function', Properties: {Code: src}}\n\
             \x20 E: {Type: 'AWS::Lambda::Function', Properties: {Code: empty}}\n\
             \x20 F: {Type: 'AWS::Lambda::Function', Properties: {Code: '~/code'}}\n\
             \x20 G: {Type: 'AWS::Serverless::Function', Properties: {CodeUri: S3://bucket/key}}\n\
             \x20 H: {Type: 'AWS::CloudFormation::Stack', Properties: {TemplateURL: child.yml}}\n\
             \x20 I: {Type: 'AWS::CloudFormation::Stack', Properties: {TemplateURL: src}}\n\
             \x20 Fn::ForEach::Loop: [Name, [a]]\n\
             \x20 Fn::ForEach::Other: [Name, [a], {'${Name}': {Type: 'AWS::Lambda::Function', Properties: {Code: './${Name}'}}}]\n",
        ),
        ("src/index.py", "1"),
        ("child.yml", "Resources:\n  A: [\n"),
    ]);
    std::fs::create_dir(project.path("empty")).unwrap();
    assert_snapshot!(project.report(&project.package_error("template.yml")), @"
    template.yml:2:57: `Code` is `scr`, which does not exist [missing-artifact] hint: did you mean `src`?
    template.yml:3:57: `Code` is a list instead of a path or a mapping [not-an-artifact] hint: use one file or folder, or an object as s3://bucket/key
    template.yml:4:57: `https://example.com/x.zip` is a web address, from which AWS does not read artifacts [malformed-address] hint: use a local file, or an object as s3://bucket/key
    template.yml:6:57: the folder `empty` has no files to upload [empty-folder] hint: build the artifact first, or check what a .cfnignore file excludes
    template.yml:7:57: `Code` is `~/code`, which does not exist [missing-artifact] hint: `~` and variables are not expanded: write the complete path
    template.yml:8:64: `S3://bucket/key` does not begin with a lowercase `s3://` [malformed-address] hint: the form is s3://bucket/key, with a lowercase s3
    template.yml:10:69: `src` is not a file, but must be a template [unreadable]
    template.yml:11:22: `Fn::ForEach::Loop` is not a list of identifier, collection and output [malformed-for-each]
    template.yml:12:98: `./${Name}` has a `${…}`, but local paths are not evaluated [malformed-address] hint: write the complete path, or refer to an object in S3 with Fn::Sub
    child.yml:2:6: unclosed bracket '[' [syntax] hint: close each bracket with the matching one; put strings with brackets in quotes; `TemplateURL` refers to it at template.yml:9:69
    ");
}

#[test]
fn warnings_are_reported_together_with_errors() {
    let project = Project::new(&[(
        "template.yml",
        "Resources:\n  A: {Type: 'AWS::Lambda::Function', Properties: {Code: nowhere, Role: !GetAtt Rol.Arn}}\n  B: {Type: T, Type: U}\n",
    )]);
    let error = project.package_error("template.yml");
    let told: Vec<_> = error.problems().iter().map(|problem| (problem.code.as_str(), problem.severity)).collect();
    assert_eq!(
        told,
        [("missing-artifact", Severity::Error), ("unknown-resource", Severity::Warning), ("duplicate-key", Severity::Warning)]
    );
}

#[test]
fn duplicate_keys_cause_a_warning_with_both_lines() {
    let project =
        Project::new(&[("template.yml", "Resources:\n  A: {Type: 'Custom::A'}\n  B: {Type: 'Custom::B'}\n  A: {Type: 'Custom::C'}\n")]);
    let (packaged, _) = project.package("template.yml");
    assert_eq!(packaged.notes.len(), 1);
    assert_eq!(packaged.notes[0].severity, Severity::Warning);
    assert_eq!(packaged.notes[0].message, "duplicate key `A`, first on line 2; the last one counts");
    assert_eq!(packaged.notes[0].place.line, 4);
}

#[test]
fn a_store_error_is_reported_with_the_place_of_the_artifact() {
    struct Refusing;
    impl cfn_render::ArtifactStore for Refusing {
        async fn put(&self, _: &cfn_render::Artifact) -> Result<cfn_render::Location, cfn_render::StoreError> {
            let error = cfn_render::StoreError::new("PutObject", "Access Denied").code(Some("AccessDenied")).request_id(Some("R1"));
            Err(error.hint(Some("allow `s3:PutObject`")))
        }
    }
    let project = Project::new(&[
        ("template.yml", "Resources: {F: {Type: 'AWS::Lambda::Function', Properties: {Code: src}}}\n"),
        ("src/index.py", "1"),
    ]);
    let error = block_on(project.template("template.yml").package(&Refusing, &PackageOptions::default())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Store);
    assert_eq!(error.store_error().unwrap().code.as_deref(), Some("AccessDenied"));
    assert_snapshot!(project.report(&error), @"template.yml:1:67: `src` could not be uploaded: `PutObject` failed with AccessDenied: Access Denied (request id R1) [upload-failed] hint: allow `s3:PutObject`");
}

#[test]
fn the_directory_store_writes_what_it_names() {
    let project = Project::new(&[
        ("template.yml", "Resources: {F: {Type: 'AWS::Lambda::Function', Properties: {Code: src}}}\n"),
        ("src/index.py", "1"),
    ]);
    let store = cfn_render::store::Directory::new(project.path("out"), "artifacts", "eu-west-1").prefix("/release/1/");
    let template = project.template("template.yml");
    let first = block_on(template.package(&store, &PackageOptions::default())).unwrap();
    let second = block_on(template.package(&store, &PackageOptions::default())).unwrap();
    assert_eq!(first.text, second.text);
    assert_eq!((first.uploads[0].existed, second.uploads[0].existed), (false, true));
    let key = &first.uploads[0].key;
    assert!(key.starts_with("release/1/"));
    assert_eq!(std::fs::metadata(project.path("out").join(key)).unwrap().len(), first.uploads[0].bytes);
    assert!(first.text.contains(&format!(r#"{{"S3Bucket": "artifacts", "S3Key": "{key}"}}"#)), "{}", first.text);
}

#[test]
fn packaging_can_be_spawned() {
    fn is_send<T: Send>(value: T) -> T {
        value
    }
    let template = Template::parse("Resources: {}", "template.yml").unwrap();
    let (store, options) = (Store::default(), PackageOptions::default());
    assert_eq!(block_on(is_send(template.package(&store, &options))).unwrap().text, "Resources: {}");
}

#[test]
fn local_files_that_are_not_packaged_cause_a_note() {
    let text = "Resources:\n\
         \x20 Job:\n\
         \x20   Type: AWS::Glue::Job\n\
         \x20   Properties:\n\
         \x20     DefaultArguments:\n\
         \x20       --extra-py-files: 's3://bucket/a.zip, lib/b.py,./c.whl'\n\
         \x20       --extra-jars: !Sub '${Jar}'\n\
         \x20       --additional-python-modules: pandas==2\n\
         \x20 Model: {Type: 'AWS::SageMaker::Model', Properties: {PrimaryContainer: {ModelDataUrl: model.tar.gz}}}\n";
    let project = Project::new(&[("t.yml", text)]);
    let (packaged, _) = project.package("t.yml");
    assert_eq!(packaged.text, text);
    let notes: Vec<_> =
        packaged.notes.iter().filter(|note| note.code == "not-packaged").map(|note| (note.place.line, &note.message)).collect();
    assert_eq!(notes.len(), 3, "{notes:?}");
    assert!(notes[0].0 == 6 && notes[0].1.starts_with("`--extra-py-files` is `lib/b.py`"), "{notes:?}");
    assert!(notes[1].1.starts_with("`--extra-py-files` is `./c.whl`") && notes[2].1.starts_with("`ModelDataUrl` is `"), "{notes:?}");
}

#[test]
fn a_property_outside_properties_causes_a_note() {
    let text = "Resources: {Net: {Type: 'AWS::CloudFormation::Stack', TemplateURL: child.yml}}\n";
    let project = Project::new(&[("t.yml", text), ("child.yml", "Resources: {Q: {Type: 'AWS::SQS::Queue'}}\n")]);
    let (packaged, _) = project.package("t.yml");
    let [note] = &packaged.notes[..] else { panic!("{:?}", packaged.notes) };
    assert_eq!((note.code, note.severity), (cfn_render::Code::UnknownAttribute, cfn_render::Severity::Warning));
}
