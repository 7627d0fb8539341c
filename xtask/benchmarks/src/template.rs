//! Templates to measure with.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// A template of about this size: parameters, comments, block scalars, short forms, and one local
/// artifact, `./src`.
pub fn template(size: usize) -> String {
    let mut text = String::from(
        "AWSTemplateFormatVersion: \"2010-09-09\"\nDescription: A template to measure with\nParameters:\n  Stage: {Type: String, Default: staging}\nResources:\n  \
         Function:\n    Type: AWS::Lambda::Function\n    Properties:\n      Code: ./src\n",
    );
    let mut number = 0;
    while text.len() < size {
        number += 1;
        let _ = writeln!(
            text,
            "  Model{number}:  # the {number}th\n    Type: AWS::SageMaker::Model\n    Properties:\n      ExecutionRoleArn: !Sub \
             'arn:${{AWS::Partition}}:iam::${{AWS::AccountId}}:role/model-{number}'\n      Tags:\n        - {{Key: stage, Value: !Ref Stage}}\n        - Key: note\n          \
             Value: |\n            several lines\n            of text"
        );
    }
    text
}

/// Writes a template that nests this many small templates to `tree` in a folder, which must also have
/// their artifact, `src`; its path, and the bytes of all templates.
///
/// # Panics
///
/// If a file cannot be written.
pub fn tree(folder: &Path, count: usize) -> (PathBuf, usize) {
    let folder = folder.join("tree");
    std::fs::create_dir_all(&folder).expect("the folder is created");
    let (mut root, mut bytes) = (String::from("Resources:\n"), 0);
    for number in 0..count {
        let child = template(2 << 10).replace("Code: ./src", "Code: ../src").replace("measure with", &format!("measure {number}"));
        bytes += child.len();
        std::fs::write(folder.join(format!("{number}.yml")), child).expect("the template is written");
        let _ = writeln!(root, "  Child{number}:\n    Type: AWS::CloudFormation::Stack\n    Properties: {{TemplateURL: {number}.yml}}");
    }
    let path = folder.join("root.yml");
    bytes += root.len();
    std::fs::write(&path, root).expect("the template is written");
    (path, bytes)
}
