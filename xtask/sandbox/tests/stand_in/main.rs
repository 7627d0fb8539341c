//! End-to-end tests of the stand-in. Each test has its own stand-in, a fork of one process; the first
//! creates the Python environment.

mod endpoints;
mod faults;
mod identity;
mod invocations;
mod packages;
mod pipelines;
mod process;
mod releases;
mod stored_bytes;

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use sandbox::stand_in::{Error, ForkServer, Options, StandIn};
use serde_json::{Value, json};

const REGISTRY: &str = "111111111111";
const STAGING: &str = "222222222222";
const PROD: &str = "333333333333";

/// The same cache folder as that of `demo` and `xtask test`.
fn cache() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().join("stand-in")
}

/// An empty stand-in.
fn start() -> StandIn {
    FORK_SERVER.stand_in(&Options::new(cache())).unwrap()
}

static FORK_SERVER: LazyLock<ForkServer> = LazyLock::new(|| ForkServer::start(&cache()).unwrap());

fn start_unpatched() -> StandIn {
    FORK_SERVER.stand_in(&Options { unpatched: true, ..Options::new(cache()) }).unwrap()
}

/// Creates a model, a configuration and an endpoint with the same name.
fn make_endpoint(aws: &StandIn, account: &str, endpoint: &str, package: &str) {
    make_config(aws, account, endpoint, package);
    aws.call(account, "sagemaker", "CreateEndpoint", &json!({ "EndpointName": endpoint, "EndpointConfigName": endpoint })).unwrap();
}

fn make_config(aws: &StandIn, account: &str, name: &str, package: &str) {
    let role = format!("arn:aws:iam::{account}:role/Model");
    let model = json!({ "ModelName": name, "ExecutionRoleArn": role, "PrimaryContainer": { "ModelPackageName": package } });
    aws.call(account, "sagemaker", "CreateModel", &model).unwrap();
    let variant = json!({ "VariantName": "AllTraffic", "ModelName": name, "InitialInstanceCount": 1, "InstanceType": "ml.m5.large" });
    let config = json!({ "EndpointConfigName": name, "ProductionVariants": [variant] });
    aws.call(account, "sagemaker", "CreateEndpointConfig", &config).unwrap();
}

fn describe_endpoint(aws: &StandIn, account: &str, endpoint: &str) -> Result<Value, Error> {
    aws.call(account, "sagemaker", "DescribeEndpoint", &json!({ "EndpointName": endpoint }))
}

/// The model package that an endpoint serves.
fn served(aws: &StandIn, account: &str, endpoint: &str) -> String {
    let endpoint = describe_endpoint(aws, account, endpoint).unwrap();
    let config =
        aws.call(account, "sagemaker", "DescribeEndpointConfig", &json!({ "EndpointConfigName": endpoint["EndpointConfigName"] })).unwrap();
    let model =
        aws.call(account, "sagemaker", "DescribeModel", &json!({ "ModelName": config["ProductionVariants"][0]["ModelName"] })).unwrap();
    model["PrimaryContainer"]["ModelPackageName"].as_str().unwrap().to_owned()
}

fn refused(result: Result<impl std::fmt::Debug, Error>) -> (u16, String, String) {
    match result.unwrap_err() {
        Error::Refused { status, code, message, .. } => (status, code, message),
        other => panic!("{other}"),
    }
}
