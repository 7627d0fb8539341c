//! `AWS::Include` and loops.

use insta::assert_snapshot;

use crate::project::{Project, short};

#[test]
fn includes_are_uploaded_wherever_a_transform_can_be() {
    let project = Project::new(&[
        (
            "template.yml",
            "Transform:\n\
             \x20 - AWS::Serverless-2016-10-31\n\
             \x20 - {Name: AWS::Include, Parameters: {Location: top.yml}}\n\
             Mappings: {Fn::Transform: {Name: AWS::Include, Parameters: {Location: ./maps.yml}}}\n\
             Resources:\n\
             \x20 A:\n\
             \x20   Type: Custom::A\n\
             \x20   Properties:\n\
             \x20     Short: !Transform {Name: AWS::Include, Parameters: {Location: \"short.yml\"}}\n\
             \x20     Lists: [[{Fn::Transform: [{Name: AWS::Include, Parameters: {Location: list.yml}}, {Name: Other}]}]]\n\
             \x20     There: {Fn::Transform: {Name: AWS::Include, Parameters: {Location: s3://b/k}}}\n\
             \x20     Known: {Fn::Transform: {Name: AWS::Include, Parameters: {Location: !Ref P}}}\n\
             \x20     Null: {Fn::Transform: {Name: AWS::Include, Parameters: null}}\n\
             \x20     Other: {Fn::Transform: {Name: Mine, Parameters: {Location: nowhere.yml}}}\n",
        ),
        ("top.yml", "A: 1"),
        ("maps.yml", "B: 1"),
        ("short.yml", "C: 1"),
        ("list.yml", "D: 1"),
    ]);
    let (packaged, store) = project.package("template.yml");
    assert_eq!(store.objects().len(), 4);
    let names: Vec<String> =
        packaged.uploads.iter().map(|upload| upload.source.file_name().unwrap().to_string_lossy().into_owned()).collect();
    assert_eq!(names, ["top.yml", "maps.yml", "short.yml", "list.yml"]);
    let keys: Vec<(&str, &str)> = packaged.uploads.iter().map(|upload| upload.key.as_str()).zip(["TOP", "MAPS", "SHORT", "LIST"]).collect();
    assert_snapshot!(short(&packaged.text, &keys), @r#"
    Transform:
      - AWS::Serverless-2016-10-31
      - {Name: AWS::Include, Parameters: {Location: s3://bucket/TOP}}
    Mappings: {Fn::Transform: {Name: AWS::Include, Parameters: {Location: s3://bucket/MAPS}}}
    Resources:
      A:
        Type: Custom::A
        Properties:
          Short: !Transform {Name: AWS::Include, Parameters: {Location: "s3://bucket/SHORT"}}
          Lists: [[{Fn::Transform: [{Name: AWS::Include, Parameters: {Location: s3://bucket/LIST}}, {Name: Other}]}]]
          There: {Fn::Transform: {Name: AWS::Include, Parameters: {Location: s3://b/k}}}
          Known: {Fn::Transform: {Name: AWS::Include, Parameters: {Location: !Ref P}}}
          Null: {Fn::Transform: {Name: AWS::Include, Parameters: null}}
          Other: {Fn::Transform: {Name: Mine, Parameters: {Location: nowhere.yml}}}
    "#);
}

#[test]
fn included_snippets_are_packaged_themselves() {
    let project = Project::new(&[
        ("template.yml", "Resources: {Fn::Transform: {Name: AWS::Include, Parameters: {Location: parts/resources.yml}}}\n"),
        (
            "parts/resources.yml",
            "# a part\nF: {Type: 'AWS::Lambda::Function', Properties: {Code: index.py, X: !Transform {Name: AWS::Include, Parameters: {Location: more.yml}}}}\n",
        ),
        ("parts/more.yml", "- no mapping\n"),
        ("parts/index.py", "1"),
    ]);
    let (packaged, store) = project.package("template.yml");
    let names: Vec<String> =
        packaged.uploads.iter().map(|upload| upload.source.file_name().unwrap().to_string_lossy().into_owned()).collect();
    assert_eq!(names, ["index.py", "more.yml", "resources.yml"]);
    let [code, more, part] = [0, 1, 2].map(|index| packaged.uploads[index].key.as_str());
    assert_eq!(part.len(), 64, "a snippet is no template");
    assert_snapshot!(short(&store.text(part), &[(code, "CODE"), (more, "MORE")]), @r#"
    # a part
    F: {Type: 'AWS::Lambda::Function', Properties: {Code: {"S3Bucket": "bucket", "S3Key": "CODE"}, X: !Transform {Name: AWS::Include, Parameters: {Location: s3://bucket/MORE}}}}
    "#);
    assert_eq!(
        packaged.text,
        format!("Resources: {{Fn::Transform: {{Name: AWS::Include, Parameters: {{Location: s3://bucket/{part}}}}}}}\n")
    );
}

#[test]
fn artifacts_in_loops_are_packaged() {
    let project = Project::new(&[
        (
            "template.yml",
            "Resources:\n  Fn::ForEach::A: [X, [a, b], {Fn::ForEach::B: [Y, [c], {'F${X}${Y}': {Type: 'AWS::Lambda::Function', Properties: {Code: src}}}]}]\n",
        ),
        ("src/index.py", "1"),
    ]);
    let (packaged, _) = project.package("template.yml");
    assert_eq!(packaged.uploads[0].places[0].pointer, "/Resources/Fn::ForEach::A/2/Fn::ForEach::B/2/F${X}${Y}/Properties/Code");
}
