//! Nested templates.

use insta::assert_snapshot;

use crate::project::Project;

fn stack(url: &str) -> String {
    format!("Resources: {{Child: {{Type: 'AWS::CloudFormation::Stack', Properties: {{TemplateURL: {url}}}}}}}\n")
}

#[test]
fn children_are_packaged_before_their_parents_and_uploaded_once() {
    let project = Project::new(&[
        (
            "root.yml",
            "Resources:\n\
             \x20 A: {Type: 'AWS::CloudFormation::Stack', Properties: {TemplateURL: sub/child.json}}\n\
             \x20 B: {Type: 'AWS::CloudFormation::Stack', Properties: {TemplateURL: ./sub/../sub/child.json}}\n\
             \x20 C: {Type: 'AWS::CloudFormation::Stack', Properties: {TemplateURL: 'https://example.com/t.yml'}}\n",
        ),
        ("sub/child.json", &stack("deeper/leaf.yml").replace('\'', "\"")),
        ("sub/deeper/leaf.yml", "Resources: {F: {Type: 'AWS::Lambda::Function', Properties: {Code: index.py}}} # leaf\n"),
        ("sub/deeper/index.py", "1"),
    ]);
    let (packaged, store) = project.package("root.yml");
    let sources: Vec<String> =
        packaged.uploads.iter().map(|upload| upload.source.file_name().unwrap().to_string_lossy().into_owned()).collect();
    assert_eq!(sources, ["index.py", "leaf.yml", "child.json"]);
    let [code, leaf, child] = [0, 1, 2].map(|index| packaged.uploads[index].key.clone());
    assert!(leaf.strip_suffix(".template").is_some_and(|hash| hash.len() == 64));
    assert_eq!(packaged.uploads[2].places.len(), 2);
    assert_eq!(packaged.uploads[2].property.as_deref(), Some("TemplateURL"));
    let url = |key: &str| format!("https://s3.eu-west-1.amazonaws.com/bucket/{key}");
    assert_eq!(store.text(&child), stack(&url(&leaf)).replace('\'', "\""));
    assert_eq!(
        store.text(&leaf),
        format!(
            "Resources: {{F: {{Type: 'AWS::Lambda::Function', Properties: {{Code: {{\"S3Bucket\": \"bucket\", \"S3Key\": \"{code}\"}}}}}}}} # leaf\n"
        )
    );
    assert_eq!(packaged.text.matches(&url(&child)).count(), 2);
    assert!(packaged.text.contains("https://example.com/t.yml"));
}

#[test]
fn templates_that_nest_themselves_are_rejected() {
    let project = Project::new(&[("a.yml", &stack("b.yml")), ("b.yml", &stack("sub/../c.yml")), ("c.yml", &stack("b.yml"))]);
    assert_snapshot!(project.report(&project.package_error("a.yml")), @"c.yml:1:83: the template nests itself: `b.yml` → `c.yml` → `b.yml` [template-cycle]");
}

#[test]
fn a_childs_problems_have_its_own_path() {
    let project = Project::new(&[
        ("root.yml", &stack("sub/child.yml")),
        ("sub/child.yml", "Resources: {F: {Type: 'AWS::Lambda::Function', Properties: {Code: indx.py}}}\n"),
        ("sub/index.py", "1"),
    ]);
    assert_snapshot!(project.report(&project.package_error("root.yml")), @"sub/child.yml:1:67: `Code` is `indx.py`, which does not exist [missing-artifact] hint: did you mean `index.py`?");
}

#[test]
fn an_endless_chain_of_templates_is_rejected() {
    let names: Vec<String> = (0..80).map(|n| format!("t{n}.yml")).collect();
    let contents: Vec<String> = (0..80).map(|n| stack(&format!("t{}.yml", n + 1))).collect();
    let files: Vec<(&str, &str)> = names.iter().map(String::as_str).zip(contents.iter().map(String::as_str)).collect();
    let error = Project::new(&files).package_error("t0.yml");
    assert_eq!(error.problems()[0].code, "template-nesting");
}
