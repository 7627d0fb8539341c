//! The status of a fleet: fifty projects with ten target accounts each, over the local AWS.
//!
//! `cargo xtask bench fleet` uses the tests' profile, in which the AWS SDK is compiled. Fails if the
//! status of the 500 endpoints takes more than ten seconds.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use sandbox::stand_in::{LEAST_TEMPLATE, Options, SeedPackages, StandIn};
use serde_json::{Value as Json, json};

#[path = "../tests/end_to_end/project.rs"]
#[allow(dead_code, unreachable_pub, reason = "the tests use more of it")]
mod project;

use project::{Project, stand_in_cache};

const HOME: &str = "111111111111";
const PROJECTS: u32 = 50;
const ACCOUNTS: u32 = 10;
const LIMIT: Duration = Duration::from_secs(10);

fn main() {
    let aws = StandIn::start(&Options::new(stand_in_cache())).expect("the local AWS");
    for number in 0..PROJECTS {
        deploy(&aws, number);
    }
    let mut folder = Project::empty();
    folder.set_all(aws.environment(HOME).expect("an environment"));
    aws.clear_requests().expect("the log");
    let (start, before) = (Instant::now(), cpu(&aws));
    let run = folder.run(["status", "--all", "--format", "json", "--html", "fleet.html"]);
    let elapsed = start.elapsed();
    let [program, stand_in] = [0, 1].map(|index| cpu(&aws)[index] - before[index]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let status: Json = serde_json::from_str(&run.stdout).expect("a document");
    let endpoints = PROJECTS * ACCOUNTS;
    assert_eq!((&status["counts"]["endpoints"], &status["counts"]["ok"]), (&endpoints.into(), &endpoints.into()));
    let mut calls: BTreeMap<String, usize> = BTreeMap::new();
    for request in aws.requests().expect("the log") {
        *calls.entry(request.action).or_default() += 1;
    }
    #[expect(clippy::print_stdout, reason = "a benchmark prints its results")]
    {
        let seconds = elapsed.as_secs_f64();
        println!("{endpoints} endpoints in {PROJECTS} projects: {seconds:.2} s, {} calls", calls.values().sum::<usize>());
        println!("CPU: {program:.2} s of the program, {stand_in:.2} s of the local AWS");
        for (action, count) in &calls {
            println!("{count:>6} {action}");
        }
        println!("{:>6} KB of HTML", folder.read("fleet.html").len() / 1024);
    }
    assert!(elapsed < LIMIT, "it took {:.2} s, more than {} s", elapsed.as_secs_f64(), LIMIT.as_secs());
}

/// The seconds of CPU that this process's ended children used, and those of the local AWS. The busier
/// the machine, the less the time on the clock says about the program.
fn cpu(aws: &StandIn) -> [f64; 2] {
    const TICKS_PER_SECOND: f64 = 100.0;
    // The times of a process, and then those of its ended children. Zero without `/proc`.
    let times = |process: &str, first: usize| {
        let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
        // The name, which can contain spaces, is in parentheses.
        let fields = stat.rsplit(") ").next().unwrap_or_default().split(' ').skip(first).take(2);
        fields.filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / TICKS_PER_SECOND
    };
    [times("self", 13), times(&aws.process_id().to_string(), 11)]
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
