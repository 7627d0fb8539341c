//! Measures planning and rollouts at scale: `cargo bench -p stack-rollout --bench planning`.
//!
//! A loopback server responds like CloudFormation, after 50 ms and with 100 instances a page. This
//! program runs itself once for each size, so that processor time and memory are measured for that
//! size only and without the server. An operation is polled three times.
#![allow(clippy::print_stdout, clippy::cast_precision_loss, reason = "a benchmark prints and rounds")]

use std::fmt::Write as _;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use aws_sdk_cloudformation::Client;
use aws_sdk_cloudformation::config::{BehaviorVersion, Config, Credentials, Region};
use sandbox::loopback::{Answer, Loopback};
use stack_rollout::aws::{CloudFormationStackSets, CloudFormationStacks};
use stack_rollout::{CallAs, InstanceAction, Options, Poll, Release, SessionError, Targets, Template, observe, plan, roll_out};

const REGIONS: [&str; 4] = ["ap-south-1", "eu-west-1", "us-east-1", "us-west-2"];
const PAGE: usize = 100;
/// The response time of CloudFormation.
const LATENCY: Duration = Duration::from_millis(50);

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, marker, url, accounts] = &arguments[..]
        && marker == "measured"
    {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime")
            .block_on(measured(url, accounts.parse().expect("a number")));
        return;
    }
    println!(
        "{:>10} {:>10} {:>10} {:>12} {:>10} {:>12} {:>12}",
        "instances", "plan: req", "wall", "rollout: req", "wall", "processor", "peak memory"
    );
    for accounts in [250, 500, 1000] {
        let (server, polls) = serve(accounts);
        let output = Command::new(&arguments[0]).args(["measured", server.url(), &accounts.to_string()]).output().expect("this program");
        let text = String::from_utf8_lossy(&output.stdout);
        let fields: Vec<&str> = text.split_whitespace().collect();
        let [plan_requests, plan_wall, wall, processor, memory] = fields[..] else {
            println!("{text}{}", String::from_utf8_lossy(&output.stderr));
            return;
        };
        let all = server.requests().len();
        let planned: usize = plan_requests.parse().expect("a number");
        println!(
            "{:>10} {planned:>10} {plan_wall:>10} {:>12} {wall:>10} {processor:>12} {memory:>12}",
            accounts * REGIONS.len(),
            all - planned
        );
        assert!(polls.load(Ordering::Relaxed) >= 3);
    }
}

async fn measured(url: &str, accounts: usize) {
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .endpoint_url(url)
        .credentials_provider(Credentials::new("AKIDEXAMPLE", "not-a-secret", None, None, "bench"));
    let stack_sets = CloudFormationStackSets::new(Client::from_conf(config.build()), CallAs::Itself);
    let targets = Targets::new(
        (0..accounts).map(|number| account(number).parse().expect("an account")),
        REGIONS.iter().map(|region| region.parse().expect("a region")),
    );
    let release = Release::new("iris-staging".parse().expect("a name"), Template::inline("Resources: {}\n"), targets)
        .parameters([("EnvType", "new")]);
    let start = Instant::now();
    let observed = observe(&stack_sets, &release).await.expect("a stack set");
    let plan = plan(&release, &observed);
    assert_eq!(plan.targets(InstanceAction::Update).count(), accounts * REGIONS.len());
    let plan_wall = start.elapsed();
    // One request for the set, the pages of its instances, and one request for each instance.
    let plan_requests = 1 + (accounts * REGIONS.len()).div_ceil(PAGE) + accounts * REGIONS.len();
    let options = Options {
        poll: Poll { first: Duration::from_millis(5), longest: Duration::from_millis(5), ..Poll::default() },
        ..Options::new("bench".parse().expect("an id"))
    };
    let start = Instant::now();
    let sessions = |_, _| async { Err::<CloudFormationStacks, _>(SessionError::new("none")) };
    let rollout = roll_out(&stack_sets, sessions, &release, &options, |_| {}).await.expect("a rollout");
    let record = serde_json::to_string(&rollout).expect("plain data");
    assert_eq!(rollout.counts.succeeded, accounts * REGIONS.len(), "{}", &record[..400]);
    let wall = start.elapsed();
    let (processor, memory) = usage();
    println!("{plan_requests} {:.0}ms {:.0}ms {processor}ms {memory}MiB", plan_wall.as_secs_f64() * 1e3, wall.as_secs_f64() * 1e3);
}

/// Processor time in milliseconds and peak memory in MiB, as measured by Linux; zeros on other
/// systems.
fn usage() -> (u64, u64) {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    // Fields 14 and 15 of the whole line, in hundredths of a second.
    let ticks: u64 = [11, 12].iter().filter_map(|index| fields.get(*index)?.parse::<u64>().ok()).sum();
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or(0);
    (ticks * 10, peak / 1024)
}

fn account(number: usize) -> String {
    format!("{:012}", 100_000_000_000 + number)
}

/// CloudFormation with a set that has all instances and outdated parameters.
fn serve(accounts: usize) -> (Loopback, Arc<AtomicUsize>) {
    let polls = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&polls);
    let server = Loopback::start(move |request| {
        let form = request.text();
        let field =
            |name: &str| form.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=')).map(|value| value.replace("%3A", ":"));
        let action = field("Action").unwrap_or_default();
        let begin: usize = field("NextToken").and_then(|token| token.parse().ok()).unwrap_or(0);
        let has_ended = seen.load(Ordering::Relaxed) >= 3;
        let inner = match action.as_str() {
            "DescribeStackSet" => "<StackSet><StackSetName>iris-staging</StackSetName><Status>ACTIVE</Status><TemplateBody>Resources: {}</TemplateBody><PermissionModel>SELF_MANAGED</PermissionModel><Parameters><member><ParameterKey>EnvType</ParameterKey><ParameterValue>old</ParameterValue></member></Parameters></StackSet>".to_owned(),
            "ListStackSetOperations" => "<Summaries></Summaries>".to_owned(),
            "UpdateStackSet" => format!("<OperationId>{}</OperationId>", field("OperationId").unwrap_or_default()),
            "DescribeStackSetOperation" => {
                let status = if seen.fetch_add(1, Ordering::Relaxed) >= 2 { "SUCCEEDED" } else { "RUNNING" };
                format!("<StackSetOperation><OperationId>{}</OperationId><Action>UPDATE</Action><Status>{status}</Status></StackSetOperation>", field("OperationId").unwrap_or_default())
            }
            "ListStackInstances" => page(accounts, begin, "<Status>CURRENT</Status><StackInstanceStatus><DetailedStatus>SUCCEEDED</DetailedStatus></StackInstanceStatus><StackId>arn:aws:cloudformation:us-east-1:222222222222:stack/StackSet-iris-staging-0f4d1d1e-5c0a-4a51-9b5c-000000000001/0f4d1d1e</StackId>"),
            "ListStackSetOperationResults" => page(accounts, begin, if has_ended { "<Status>SUCCEEDED</Status>" } else { "<Status>RUNNING</Status>" }),
            "DescribeStackInstance" => "<StackInstance><ParameterOverrides></ParameterOverrides></StackInstance>".to_owned(),
            _ => String::new(),
        };
        let body = format!(
            r#"<{action}Response xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><{action}Result>{inner}</{action}Result></{action}Response>"#
        );
        Answer::new(200).body("text/xml", body).after(LATENCY)
    });
    (server.expect("a port"), polls)
}

fn page(accounts: usize, begin: usize, fields: &str) -> String {
    let all = accounts * REGIONS.len();
    let end = (begin + PAGE).min(all);
    let mut text = "<Summaries>".to_owned();
    for index in begin..end {
        let (account, region) = (account(index / REGIONS.len()), REGIONS[index % REGIONS.len()]);
        let _ = write!(text, "<member><Account>{account}</Account><Region>{region}</Region>{fields}</member>");
    }
    text.push_str("</Summaries>");
    if end < all {
        let _ = write!(text, "<NextToken>{end}</NextToken>");
    }
    text
}
