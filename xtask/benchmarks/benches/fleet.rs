//! The status of a fleet: fifty projects with ten target accounts each, over the local AWS.

use std::process::ExitCode;

use benchmarks::scene::{program, workspace};
use benchmarks::{Meter, Of, Process, Report, Usage};
use sandbox::stand_in::{LEAST_TEMPLATE, Options, SeedPackages, StandIn};
use serde_json::{Value as Json, json};

const HOME: &str = "111111111111";
const PROJECTS: u32 = 50;
const ACCOUNTS: u32 = 10;
const MOST_SECONDS: f64 = 10.0;
const ROUNDS: usize = 3;

fn main() -> ExitCode {
    let mut report = Report::new("fleet");
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| workspace().join("target"), Into::into);
    let aws = StandIn::start(&Options::new(target.join("stand-in"))).expect("the local AWS");
    for number in 0..PROJECTS {
        deploy(&aws, number);
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let meter = Meter::start(folder.path()).expect("python3 starts");
    let mut variables: std::collections::BTreeMap<_, _> = aws.environment(HOME).expect("an environment").into_iter().collect();
    variables.insert("PATH".to_owned(), std::env::var("PATH").unwrap_or_default());
    let arguments = ["status", "--all", "--quiet", "--format", "json", "--html", "fleet.html"];
    let command = std::iter::once(program()).chain(arguments.map(str::to_owned)).collect();
    let process = Process { command, folder: folder.path().to_owned(), variables };
    let endpoints = PROJECTS * ACCOUNTS;
    let (mut runs, mut requests) = (Vec::new(), 0);
    for _ in 0..ROUNDS {
        aws.clear_requests().expect("the log");
        runs.push(meter.run(&process));
        let status: Json = serde_json::from_str(&meter.output()).expect("a document");
        assert_eq!((&status["counts"]["endpoints"], &status["counts"]["ok"]), (&endpoints.into(), &endpoints.into()));
        requests = aws.requests().expect("the log").len();
    }
    let usage = Usage::median(&runs);
    let name = |what: &str| format!("{what} of `status --all`: {endpoints} endpoints in {PROJECTS} projects");
    report.add(&report.figure(name("duration"), usage.wall, "s").at_most(MOST_SECONDS, Of::Value));
    report.add(&report.figure(name("CPU time"), usage.cpu, "CPU s"));
    report.add(&report.figure(name("peak memory"), usage.peak_mib, "MiB"));
    #[expect(clippy::cast_precision_loss, reason = "some thousand")]
    report.add(&report.figure(name("requests"), requests as f64, "requests"));
    report.exit()
}

/// A project's stack set, with an instance in each account.
fn deploy(aws: &StandIn, number: u32) {
    let (name, id) = (format!("team{number}"), format!("p-{number:04}"));
    let group = format!("{name}-{id}");
    let packages = SeedPackages { account: HOME.to_owned(), group: group.clone(), approved: 1, ..SeedPackages::default() };
    aws.seed_packages(&packages).expect("a package");
    let accounts: Vec<_> = (0..ACCOUNTS).map(|account| (222_222_222_200_u64 + u64::from(account)).to_string()).collect();
    let share =
        json!({ "Effect": "Allow", "Principal": { "AWS": accounts }, "Action": ["sagemaker:DescribeModelPackage"], "Resource": "*" });
    let policy = json!({ "Version": "2012-10-17", "Statement": [share] }).to_string();
    let shared = json!({ "ModelPackageGroupName": group, "ResourcePolicy": policy });
    aws.call(HOME, "sagemaker", "PutModelPackageGroupPolicy", &shared).expect("a policy");
    let stack_set = format!("sagemaker-{name}-{id}-deploy-staging");
    let package = format!("arn:aws:sagemaker:us-east-1:{HOME}:model-package/{group}/1");
    let mut form = vec![("StackSetName".to_owned(), stack_set.clone()), ("TemplateBody".to_owned(), LEAST_TEMPLATE.to_owned())];
    let parameters = [
        ("SageMakerProjectName", name.as_str()),
        ("SageMakerProjectId", &id),
        ("EnvType", "staging"),
        ("ModelPackageName", &package),
        ("ExecutionRoleName", "ModelExecution"),
        ("EndpointInstanceCount", "1"),
        ("EndpointInstanceType", "ml.m5.large"),
    ];
    for (index, (key, value)) in parameters.into_iter().enumerate() {
        let member = format!("Parameters.member.{}", index + 1);
        form.push((format!("{member}.ParameterKey"), key.to_owned()));
        form.push((format!("{member}.ParameterValue"), value.to_owned()));
    }
    send(aws, "CreateStackSet", &form);
    let mut form = vec![("StackSetName".to_owned(), stack_set), ("Regions.member.1".to_owned(), "us-east-1".to_owned())];
    form.extend(accounts.iter().enumerate().map(|(index, account)| (format!("Accounts.member.{}", index + 1), account.clone())));
    send(aws, "CreateStackInstances", &form);
}

fn send(aws: &StandIn, action: &str, form: &[(String, String)]) {
    let form: Vec<_> = form.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    aws.query(HOME, "cloudformation", action, &form).expect(action);
}
