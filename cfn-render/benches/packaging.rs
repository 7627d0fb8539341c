//! How fast a template is packaged: `cargo bench -p cfn-render --no-default-features`.
//!
//! Each line is the best of several runs, in CPU-bound work without uploads. With `aws` (the AWS CLI) on the path the same files go through
//! `aws cloudformation package` too, start-up included.
#![allow(clippy::print_stdout, clippy::cast_precision_loss, reason = "a benchmark prints, and rounds")]
#![allow(clippy::format_push_string, reason = "the texts are made outside of what is measured")]

use std::hint::black_box;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use cfn_render::store::Directory;
use cfn_render::{PackageOptions, Template};

fn main() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    println!("{:>12} {:>12} {:>12} {:>12} {:>12}   compared with the bare parse", "size", "bare parse", "parse", "problems", "package");
    for size in [1 << 10, 100 << 10, 1 << 20] {
        single(folder.path(), size);
    }
    tree_of_templates(folder.path());
    aws_cli(folder.path());
}

/// A template of about a size: parameters, comments, block scalars, short forms, and one local artifact.
fn template(size: usize) -> String {
    let mut text = String::from(
        "AWSTemplateFormatVersion: 2010-09-09\nDescription: A template to measure with\nParameters:\n  Stage: {Type: String, Default: staging}\nResources:\n  \
         Function:\n    Type: AWS::Lambda::Function\n    Properties:\n      Code: ./src\n",
    );
    let mut number = 0;
    while text.len() < size {
        number += 1;
        text.push_str(&format!(
            "  Model{number}:  # the {number}th\n    Type: AWS::SageMaker::Model\n    Properties:\n      ExecutionRoleArn: !Sub \
             'arn:${{AWS::Partition}}:iam::${{AWS::AccountId}}:role/model-{number}'\n      Tags:\n        - {{Key: stage, Value: !Ref Stage}}\n        - Key: note\n          \
             Value: |\n            several lines\n            of text\n",
        ));
    }
    text
}

fn best(mut work: impl FnMut()) -> Duration {
    let (start, mut best) = (Instant::now(), Duration::MAX);
    while start.elapsed() < Duration::from_secs(1) || best == Duration::MAX {
        let run = Instant::now();
        work();
        best = best.min(run.elapsed());
    }
    best
}

fn package(template: &Template, store: &Directory) -> String {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(template.package(store, &PackageOptions::default())).expect("it packages").text
}

fn single(folder: &Path, size: usize) {
    let text = template(size);
    let path = folder.join(format!("{size}.yml"));
    std::fs::write(&path, &text).expect("the template is written");
    std::fs::create_dir_all(folder.join("src")).expect("the folder is made");
    std::fs::write(folder.join("src/index.py"), "1").expect("the code is written");
    let store = Directory::new(folder.join("out"), "bucket", "eu-west-1");
    let bare = best(|| {
        for event in granit_parser::Parser::new_from_str(&text) {
            black_box(event.expect("it parses"));
        }
    });
    let parse = best(|| drop(black_box(Template::parse(text.clone(), &path))));
    let parsed = Template::parse(text.clone(), &path).expect("it parses");
    let problems = best(|| drop(black_box(parsed.problems())));
    let whole = best(|| drop(black_box(package(&Template::parse(text.clone(), &path).expect("it parses"), &store))));
    let speed = |time: Duration| format!("{:.1} MB/s", text.len() as f64 / 1e6 / time.as_secs_f64());
    println!(
        "{:>12} {:>12} {:>12} {:>12} {:>12}   {:.1} times",
        text.len(),
        speed(bare),
        speed(parse),
        speed(problems),
        speed(whole),
        whole.as_secs_f64() / bare.as_secs_f64()
    );
}

/// Five hundred small templates that one root nests.
fn tree_of_templates(folder: &Path) {
    let tree = folder.join("tree");
    std::fs::create_dir_all(&tree).expect("the folder is made");
    let mut root = String::from("Resources:\n");
    for number in 0..500 {
        let child = template(2 << 10).replace("Code: ./src", "Code: ../src").replace("measure with", &format!("measure {number}"));
        std::fs::write(tree.join(format!("{number}.yml")), child).expect("the template is written");
        root.push_str(&format!("  Child{number}:\n    Type: AWS::CloudFormation::Stack\n    Properties: {{TemplateURL: {number}.yml}}\n"));
    }
    let root = Template::parse(root, tree.join("root.yml")).expect("it parses");
    let store = Directory::new(folder.join("out"), "bucket", "eu-west-1");
    let time = best(|| drop(black_box(package(&root, &store))));
    println!("a tree of 501 templates: {time:.0?}");
}

fn aws_cli(folder: &Path) {
    for size in [1 << 10, 1 << 20] {
        let start = Instant::now();
        // The plain template has nothing to upload, so that neither account nor network is needed.
        let path = folder.join(format!("{size}-plain.yml"));
        std::fs::write(&path, template(size).replace("Code: ./src", "Code: {ZipFile: x}")).expect("the template is written");
        let command = ["cloudformation", "package", "--s3-bucket", "bucket", "--region", "eu-west-1", "--output-template-file"];
        let run =
            Command::new("aws").args(command).arg(folder.join("cli.yml")).arg("--template-file").arg(&path).stdout(Stdio::null()).status();
        match run {
            Ok(status) if status.success() => println!("AWS CLI, {size} bytes, with its start-up: {:.0?}", start.elapsed()),
            Ok(status) => println!("AWS CLI: {status}"),
            Err(_) => return println!("AWS CLI: not found on the path"),
        }
    }
}
