//! The CPU time of packaging, compared with the bare parse and the AWS CLI: `cargo xtask bench
//! packaging`, or `cargo bench -p cfn-render --no-default-features` with the AWS CLI on the path.
//!
//! `package` is everything from reading the template's file to the packaged text in memory,
//! including the checks for problems and the verification of the result; uploads go to a folder.
//! The AWS CLI packages the same files in the same run, and uploads to a server on loopback that
//! accepts everything. Each figure is the best of several runs, for the AWS CLI of three. Each
//! expectation is printed with its result, and the benchmark fails if one is missed.
#![allow(clippy::print_stdout, clippy::cast_precision_loss, reason = "a benchmark prints, and rounds")]
#![allow(clippy::format_push_string, reason = "the texts are built outside of the measured code")]

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use cfn_render::store::Directory;
use cfn_render::{PackageOptions, Template};

#[path = "../tests/support/cpu_time.rs"]
mod cpu_time;
#[path = "../tests/support/server.rs"]
mod server;

use cpu_time::{EPOCH, cpu_now};

/// The maximum cost of packaging as a multiple of the bare parse.
const MOST_TIMES_THE_PARSE: f64 = 3.0;
/// The minimum factor by which a template of 1 MB costs less than with the AWS CLI.
const LEAST_TIMES_LESS: f64 = 60.0;
/// The maximum cost of a tree of 500 small templates.
const MOST_FOR_A_TREE: Duration = Duration::from_secs(1);

fn main() -> ExitCode {
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::create_dir_all(folder.path().join("src")).expect("the folder is created");
    std::fs::write(folder.path().join("src/index.py"), "1").expect("the code is written");
    let aws_cli = AwsCli::find();
    let mut expectations = Vec::new();

    println!(
        "{:>10} {:>12} {:>12} {:>12} {:>12} {:>8} {:>12} {:>8}",
        "bytes", "bare parse", "parse", "problems", "package", "/ bare", "AWS CLI", "/ ours"
    );
    for size in [1 << 10, 100 << 10, 1 << 20] {
        single(folder.path(), size, aws_cli.as_ref(), &mut expectations);
    }
    tree_of_templates(folder.path(), aws_cli.as_ref(), &mut expectations);

    println!();
    let mut met = true;
    for (what, value, holds) in expectations {
        println!("{:>8} {what}: {value}", if holds { "met" } else { "MISSED" });
        met &= holds;
    }
    if aws_cli.is_none() {
        println!("\n  NOT MEASURED: the AWS CLI is not on the path. `cargo xtask bench` adds it.");
    }
    if met { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The expectation, the result, and whether it is met.
type Expectations = Vec<(&'static str, String, bool)>;

/// A template of about this size: parameters, comments, block scalars, short forms, and one local
/// artifact.
fn template(size: usize) -> String {
    let mut text = String::from(
        "AWSTemplateFormatVersion: \"2010-09-09\"\nDescription: A template to measure with\nParameters:\n  Stage: {Type: String, Default: staging}\nResources:\n  \
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

/// The CPU time of all child processes that have ended (Linux, in hundredths of a second), else the
/// wall-clock time.
fn cpu_of_children() -> Duration {
    let told = std::fs::read_to_string("/proc/self/stat").ok();
    // After the name in parentheses, the fields from the third on: `cutime` is the 16th, `cstime`
    // the 17th.
    let ticks = told.as_deref().and_then(|text| {
        let mut fields = text.rsplit_once(')')?.1.split_whitespace().skip(13);
        Some(fields.next()?.parse::<u64>().ok()? + fields.next()?.parse::<u64>().ok()?)
    });
    ticks.map_or_else(|| EPOCH.elapsed(), |ticks| Duration::from_millis(ticks * 10))
}

/// The minimum CPU time of several runs. Runs are grouped until the clock's own cost is negligible.
fn best(mut work: impl FnMut()) -> Duration {
    let (start, mut best, mut runs) = (Instant::now(), Duration::MAX, 1_u32);
    while start.elapsed() < Duration::from_millis(2500) || best == Duration::MAX {
        let before = cpu_now();
        for _ in 0..runs {
            work();
        }
        let taken = cpu_now().saturating_sub(before);
        // The system updates a thread's time at its clock tick, every few milliseconds.
        if taken < Duration::from_millis(100) && runs < 1 << 16 {
            runs *= 2;
        } else {
            best = best.min(taken / runs);
        }
    }
    best
}

fn package(path: &Path, store: &Directory) -> String {
    let text = std::fs::read_to_string(path).expect("the file exists");
    let template = Template::parse(text, path).expect("it parses");
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(template.package(store, &PackageOptions::default())).expect("it packages").text
}

fn single(folder: &Path, size: usize, aws_cli: Option<&AwsCli>, expectations: &mut Expectations) {
    let text = template(size);
    let path = folder.join(format!("{size}.yml"));
    std::fs::write(&path, &text).expect("the template is written");
    let store = Directory::new(folder.join("out"), "bucket", "eu-west-1");
    let bare = best(|| {
        for event in granit_parser::Parser::new_from_str(&text) {
            black_box(event.expect("it parses"));
        }
    });
    let parse = best(|| drop(black_box(Template::parse(text.clone(), &path))));
    let parsed = Template::parse(text.clone(), &path).expect("it parses");
    let problems = best(|| drop(black_box(parsed.problems())));
    let whole = best(|| drop(black_box(package(&path, &store))));
    let theirs = aws_cli.map(|aws_cli| aws_cli.cpu(&path));
    let speed = |time: Duration| format!("{:.1} MB/s", text.len() as f64 / 1e6 / time.as_secs_f64());
    let times = whole.as_secs_f64() / bare.as_secs_f64();
    let less = theirs.map(|theirs| theirs.as_secs_f64() / whole.as_secs_f64());
    println!(
        "{:>10} {:>12} {:>12} {:>12} {:>12} {:>8} {:>12} {:>8}",
        text.len(),
        speed(bare),
        speed(parse),
        speed(problems),
        speed(whole),
        format!("{times:.1}"),
        theirs.map_or_else(|| "-".to_owned(), speed),
        less.map_or_else(|| "-".to_owned(), |less| format!("{less:.0}"))
    );
    if size == 1 << 20 {
        let held = format!("{times:.1}, {whole:.1?} beside {bare:.1?}");
        expectations.push(("1 MB costs at most 3 times the bare parse", held, times <= MOST_TIMES_THE_PARSE));
        if let (Some(less), Some(theirs)) = (less, theirs) {
            let held = format!("{less:.0}, {whole:.1?} beside {theirs:.1?}");
            expectations.push(("1 MB costs at least 60 times less than with the AWS CLI", held, less >= LEAST_TIMES_LESS));
        }
    }
}

/// Five hundred small templates nested in one root.
fn tree_of_templates(folder: &Path, aws_cli: Option<&AwsCli>, expectations: &mut Expectations) {
    let tree = folder.join("tree");
    std::fs::create_dir_all(&tree).expect("the folder is created");
    let mut root = String::from("Resources:\n");
    let mut bytes = 0;
    for number in 0..500 {
        let child = template(2 << 10).replace("Code: ./src", "Code: ../src").replace("measure with", &format!("measure {number}"));
        bytes += child.len();
        std::fs::write(tree.join(format!("{number}.yml")), child).expect("the template is written");
        root.push_str(&format!("  Child{number}:\n    Type: AWS::CloudFormation::Stack\n    Properties: {{TemplateURL: {number}.yml}}\n"));
    }
    let path = tree.join("root.yml");
    std::fs::write(&path, root).expect("the template is written");
    let store = Directory::new(folder.join("out"), "bucket", "eu-west-1");
    let ours = best(|| drop(black_box(package(&path, &store))));
    print!("\na tree of 500 templates, {bytes} bytes: {ours:.0?} of CPU");
    match aws_cli.map(|aws_cli| aws_cli.cpu_once(&path)) {
        Some(theirs) => println!("; AWS CLI {theirs:.1?}, {:.0} times as much", theirs.as_secs_f64() / ours.as_secs_f64()),
        None => println!(),
    }
    expectations.push(("500 small templates cost less than a second", format!("{ours:.0?}"), ours < MOST_FOR_A_TREE));
}

/// The AWS CLI, and a bucket that accepts everything.
struct AwsCli {
    program: PathBuf,
    bucket: server::Server,
}

impl AwsCli {
    fn find() -> Option<Self> {
        let program =
            std::env::split_paths(&std::env::var_os("PATH")?).map(|folder| folder.join("aws")).find(|program| program.is_file())?;
        let version = Command::new(&program).arg("--version").output().ok().filter(|output| output.status.success())?;
        println!("compared with {}\n", String::from_utf8_lossy(&version.stdout).trim());
        let bucket = server::Server::start(|request| (if request.method == "HEAD" { 404 } else { 200 }, Vec::new(), String::new()));
        Some(Self { program, bucket })
    }

    /// The CPU time of the best of three runs, including start-up.
    fn cpu(&self, template: &Path) -> Duration {
        (0..3).map(|_| self.cpu_once(template)).min().unwrap_or_default()
    }

    fn cpu_once(&self, template: &Path) -> Duration {
        let before = cpu_of_children();
        let status = Command::new(&self.program)
            .args(["cloudformation", "package", "--s3-bucket", "bucket", "--region", "eu-west-1", "--output-template-file"])
            .arg(template.with_extension("out"))
            .arg("--template-file")
            .arg(template)
            .env("AWS_ENDPOINT_URL_S3", &self.bucket.url)
            .env("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
            .env("AWS_SECRET_ACCESS_KEY", "not-a-secret")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        assert!(status.is_ok_and(|status| status.success()), "the AWS CLI packages {}", template.display());
        cpu_of_children().saturating_sub(before)
    }
}
