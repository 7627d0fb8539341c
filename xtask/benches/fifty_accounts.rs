//! Tests fifty accounts sequentially and concurrently, with a latency of 50 ms for every AWS call.
//!
//! `cargo xtask bench fifty_accounts` uses the tests' profile, in which the AWS SDK is compiled. Fails
//! if the concurrent run is not at least twenty times faster.

use std::time::{Duration, Instant};

use sandbox::loopback::{Answer, Loopback, Request};
use serde_json::json;

#[path = "../tests/end_to_end/project.rs"]
#[allow(dead_code, unreachable_pub, reason = "the tests use more of it")]
mod project;

use project::Project;

const ACCOUNTS: u64 = 50;
/// The simulated latency of the network and AWS.
const LATENCY: Duration = Duration::from_millis(50);
/// Four sequential cases.
const SUITE: &str = "version: 1
cases:
  - { name: one, payload: { csv: '5.1,3.5,1.4,0.2' }, expect: { text: { contains: setosa } } }
  - { name: two, payload: { csv: '4.9,3.0,1.4,0.2' }, expect: { text: { contains: setosa } } }
  - { name: three, payload: { csv: '4.7,3.2,1.3,0.2' }, expect: { text: { contains: setosa } } }
  - { name: four, payload: { csv: '4.6,3.1,1.5,0.2' }, expect: { text: { contains: setosa } } }
";
/// The release's volume key.
const VOLUME_KEY: &str = "arn:aws:kms:us-east-1:111111111111:key/1234abcd-12ab-34cd-56ef-1234567890ab";
/// The required speedup.
const FACTOR: f64 = 20.0;

fn main() {
    let aws = Loopback::start(|request| answer(request).after(LATENCY)).expect("a free port");
    let project = built(&aws);
    let (sequential, calls) = tested(&project, &aws, 1);
    let (concurrent, calls_again) = tested(&project, &aws, 64);
    assert_eq!(calls, calls_again, "both make the same calls");
    let factor = sequential.as_secs_f64() / concurrent.as_secs_f64();
    #[expect(clippy::print_stdout, reason = "a benchmark prints its results")]
    {
        println!("{ACCOUNTS} accounts, {calls} calls of {} ms each", LATENCY.as_millis());
        println!("sequential  {:>8.2} s", sequential.as_secs_f64());
        println!("concurrent         {:>8.2} s   {factor:.1} times faster", concurrent.as_secs_f64());
    }
    assert!(factor >= FACTOR, "concurrent is only {factor:.1} times faster");
}

/// Tests all accounts; returns the duration and the number of calls.
fn tested(project: &Project, aws: &Loopback, jobs: u32) -> (Duration, usize) {
    let before = aws.requests().len();
    let start = Instant::now();
    let run = project.run(["test-staging", "--jobs", &jobs.to_string()]).ends_with(0);
    let elapsed = start.elapsed();
    assert!(run.stdout.contains(&format!("{ACCOUNTS} passed")), "{}", run.stdout);
    (elapsed, aws.requests().len() - before)
}

/// A release for fifty accounts, and an environment that only reaches the simulated AWS.
fn built(aws: &Loopback) -> Project {
    let mut project = Project::new().with_pipeline_variables();
    let accounts: Vec<_> = (0..ACCOUNTS).map(|number| (222_222_222_000 + number).to_string()).collect();
    project.set("STAGING_ACCOUNT_LIST", &accounts.join(","));
    for (name, value) in [
        ("SAGEMAKER_EBS_KMS_KEY_ARN", VOLUME_KEY),
        ("AWS_ENDPOINT_URL", aws.url()),
        ("AWS_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "a-key-that-opens-nothing"),
    ] {
        project.set(name, value);
    }
    project.write("test/endpoint-tests.yaml", SUITE);
    project.run(["build", "--registry", "examples/registry.json"]).ends_with(0);
    project
}

/// The responses of the simulated AWS.
fn answer(request: &Request) -> Answer {
    let body = request.text();
    let xml = |action: &str, result: &str| {
        Answer::new(200).body("text/xml", format!("<{action}Response><{action}Result>{result}</{action}Result></{action}Response>"))
    };
    if body.contains("Action=GetCallerIdentity") {
        return xml(
            "GetCallerIdentity",
            "<Account>111111111111</Account><Arn>arn:aws:iam::111111111111:role/build</Arn><UserId>x</UserId>",
        );
    }
    if body.contains("Action=AssumeRole") {
        let keys = "<AccessKeyId>ASIAEXAMPLE</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>";
        return xml("AssumeRole", &format!("<Credentials>{keys}<Expiration>2099-01-01T00:00:00Z</Expiration></Credentials>"));
    }
    if request.path.contains("/invocations") {
        return Answer::new(200).header("x-amzn-invoked-production-variant", "AllTraffic").body("text/csv", "setosa\n");
    }
    let arn = |kind: &str| format!("arn:aws:sagemaker:us-east-1:222222222222:{kind}");
    let package = "arn:aws:sagemaker:us-east-1:111111111111:model-package/iris-p-abc123xyz/13";
    match request.header("x-amz-target").unwrap_or_default() {
        "SageMaker.DescribeEndpoint" => Answer::new(200).json(&json!({
            "EndpointName": "iris-p-abc123xyz-staging", "EndpointArn": arn("endpoint/iris"), "EndpointConfigName": "config", "EndpointStatus": "InService",
            "ProductionVariants": [{ "VariantName": "AllTraffic", "CurrentWeight": 1.0, "CurrentInstanceCount": 1, "DesiredInstanceCount": 1 }],
            "CreationTime": 1, "LastModifiedTime": 1 })),
        "SageMaker.DescribeEndpointConfig" => Answer::new(200).json(&json!({
            "EndpointConfigName": "config", "EndpointConfigArn": arn("endpoint-config/config"), "CreationTime": 1, "KmsKeyId": VOLUME_KEY,
            "ProductionVariants": [{ "VariantName": "AllTraffic", "ModelName": "model", "InitialInstanceCount": 1, "InstanceType": "ml.m5.large" }] })),
        "SageMaker.DescribeModel" => Answer::new(200).json(&json!({
            "ModelName": "model", "ModelArn": arn("model/model"), "CreationTime": 1, "PrimaryContainer": { "ModelPackageName": package },
            "EnableNetworkIsolation": true, "VpcConfig": { "Subnets": ["subnet-0123456789abcdef0"], "SecurityGroupIds": ["sg-0123456789abcdef0"] } })),
        other => Answer::new(400).json(&json!({ "__type": "ValidationException", "message": format!("the benchmark has no response for `{other}`") })),
    }
}
