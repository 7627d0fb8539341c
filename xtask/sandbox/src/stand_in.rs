//! The local AWS: moto 5.2.1 with patches for its gaps, a request log, faults and seeding.
//!
//! The Python launcher is in `xtask/sandbox/stand-in` and embedded in the binary. Its Python
//! environment is created once in [`Options::cache_dir`]. Methods block during a request; they can
//! be called inside a runtime.
//!
//! ```no_run
//! use serde_json::json;
//! use sandbox::stand_in::{Options, StandIn};
//!
//! let aws = StandIn::start(&Options::new("target/stand-in"))?; aws.call("222222222222", "ssm",
//! "PutParameter", &json!({ "Name": "ds-staging-vpc", "Value": "vpc-1", "Type": "String" }))?; let
//! found = aws.call("222222222222", "ssm", "GetParameter", &json!({ "Name": "ds-staging-vpc" }))?;
//! assert_eq!(found["Parameter"]["Value"], "vpc-1");
//! # Ok::<(), sandbox::stand_in::Error>(())
//! ```

mod aws;
mod document;
pub(crate) mod environment;
mod error;
#[cfg(unix)]
mod fork_server;
pub(crate) mod process;
pub(crate) mod program;
mod scene;
mod wire;

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub use document::Document;
pub use environment::prepare;
pub use error::Error;
#[cfg(unix)]
pub use fork_server::ForkServer;
pub use scene::{
    EndpointFailure, EndpointStatus, Fault, LoggedRequest, Organization, SeedAccount, SeedOrganization, SeedPackage, SeedPackages,
    SeedUnit, WrongBody,
};
pub use wire::Reply;

use process::Process;

/// The default region.
pub const REGION: &str = "us-east-1";

/// A minimal template that deploys an approved model package; plain moto can read it.
pub const LEAST_TEMPLATE: &str = include_str!("stand_in/least-template.yml");

/// The options of a stand-in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options {
    /// The folder of the Python environment and the launcher's files.
    pub cache_dir: PathBuf,
    /// The model server for invocations, such as `http://127.0.0.1:8080`.
    pub model_server: Option<String>,
    /// Plain moto, without patches.
    pub unpatched: bool,
    /// Only these patches; default: all. Cannot be combined with `unpatched`.
    pub patches: Option<Vec<String>>,
    /// Check signatures and identity policies.
    pub enforce_iam: bool,
    /// A file that gets one line of JSON per request.
    pub log_file: Option<PathBuf>,
}

impl Options {
    /// All patches, no model server, no identity checks, no log file.
    pub fn new(cache_dir: impl Into<PathBuf>) -> Self {
        Self { cache_dir: cache_dir.into(), ..Self::default() }
    }

    /// The launcher's arguments.
    fn arguments(&self) -> Result<Vec<String>, Error> {
        let mut arguments = Vec::new();
        if self.unpatched {
            arguments.push("--unpatched".to_owned());
        }
        if let Some(patches) = &self.patches {
            arguments.extend(["--patches".to_owned(), patches.join(",")]);
        }
        if let Some(url) = &self.model_server {
            arguments.extend(["--model-server".to_owned(), url.clone()]);
        }
        if self.enforce_iam {
            arguments.push("--enforce-iam".to_owned());
        }
        if let Some(path) = &self.log_file {
            let path = std::path::absolute(path).map_err(Error::file(path))?;
            arguments.extend(["--log-file".to_owned(), path.to_string_lossy().into_owned()]);
        }
        Ok(arguments)
    }
}

#[derive(Deserialize)]
struct SeededPackages {
    arns: Vec<String>,
}

/// What the launcher prints when it is ready.
#[derive(Debug, Deserialize)]
struct Ready {
    url: String,
    pid: u32,
    patches: Vec<String>,
}

/// The launcher.
#[derive(Debug)]
enum Running {
    Process(Process),
    #[cfg(unix)]
    Fork(fork_server::Fork),
}

/// A running stand-in. It stops when it is dropped or this process ends.
#[derive(Debug)]
pub struct StandIn {
    running: Running,
    ready: Ready,
    program: PathBuf,
    enforced_first: bool,
    enforcing: AtomicBool,
}

impl StandIn {
    /// Creates the environment if it is missing, and starts the launcher in about a second.
    pub fn start(options: &Options) -> Result<Self, Error> {
        let prepared = environment::prepare_all(&options.cache_dir)?;
        let (process, ready) = Process::start::<Ready>(prepared.command(options.arguments()?))?;
        Ok(Self::new(Running::Process(process), ready, prepared.program, options))
    }

    fn new(running: Running, ready: Ready, program: PathBuf, options: &Options) -> Self {
        Self { running, ready, program, enforced_first: options.enforce_iam, enforcing: AtomicBool::new(options.enforce_iam) }
    }

    /// The URL for `AWS_ENDPOINT_URL`, such as `http://127.0.0.1:40123`.
    pub fn url(&self) -> &str {
        &self.ready.url
    }

    /// The launcher's process id.
    pub fn process_id(&self) -> u32 {
        self.ready.pid
    }

    /// The active patches.
    pub fn patches(&self) -> &[String] {
        &self.ready.patches
    }

    /// The launcher's standard error so far: empty unless moto printed a warning.
    pub fn standard_error(&self) -> String {
        match &self.running {
            Running::Process(process) => process.stderr(),
            #[cfg(unix)]
            Running::Fork(fork) => fork.stderr(),
        }
    }

    /// All requests of programs so far, in the order of the responses.
    pub fn requests(&self) -> Result<Vec<LoggedRequest>, Error> {
        self.control("GET", "requests", &Value::Null)
    }

    /// Clears the request log, but not the log file.
    pub fn clear_requests(&self) -> Result<(), Error> {
        self.command("DELETE", "requests", &Value::Null)
    }

    /// Resets state, faults, scripted statuses and log, and restores the options' model server.
    pub fn reset(&self) -> Result<(), Error> {
        self.command("POST", "reset", &Value::Null)?;
        self.enforcing.store(self.enforced_first, Ordering::Relaxed);
        Ok(())
    }

    /// Adds a fault. The oldest matching fault applies to a request.
    pub fn fault(&self, fault: &Fault) -> Result<(), Error> {
        self.command("POST", "faults", fault)
    }

    /// The digests of the requests that a fault applied to since [`StandIn::clear_faults`], in their
    /// order, also of those that still wait for their response.
    pub fn requests_with_faults(&self) -> Result<Vec<String>, Error> {
        self.control("GET", "faults", &Value::Null)
    }

    /// Removes all faults.
    pub fn clear_faults(&self) -> Result<(), Error> {
        self.command("DELETE", "faults", &Value::Null)
    }

    /// Adds model packages to a group and returns their ARNs, oldest first.
    pub fn seed_packages(&self, packages: &SeedPackages) -> Result<Vec<String>, Error> {
        self.control::<SeededPackages>("POST", "model-packages", packages).map(|seeded| seeded.arns)
    }

    /// Replaces an account's organization.
    pub fn seed_organization(&self, organization: &SeedOrganization) -> Result<Organization, Error> {
        self.control("POST", "organization", organization)
    }

    /// Sets the status that an endpoint shows.
    pub fn set_endpoint_status(&self, status: &EndpointStatus) -> Result<(), Error> {
        self.command("POST", "endpoint-status", status)
    }

    /// Makes the endpoint's next update end `InService` with its old configuration.
    pub fn silent_rollback(&self, account: &str, endpoint: &str) -> Result<(), Error> {
        self.command("POST", "silent-rollback", &json!({ "account": account, "endpoint": endpoint }))
    }

    /// Makes the endpoint's next creation or update by a stack fail.
    pub fn fail_endpoint(&self, failure: &EndpointFailure) -> Result<(), Error> {
        self.command("POST", "endpoint-failure", failure)
    }

    /// Sets the duration per instance of stack set operations; default: zero.
    pub fn set_stack_set_pace(&self, pace: Duration) -> Result<(), Error> {
        self.command("POST", "stack-set-pace", &json!({ "milliseconds": u64::try_from(pace.as_millis()).unwrap_or(u64::MAX) }))
    }

    /// Makes images, artifacts, keys and roles with this in their names missing.
    pub fn set_missing(&self, name: &str, account: Option<&str>) -> Result<(), Error> {
        let body = match account {
            Some(account) => json!({ "name": name, "account": account }),
            None => json!({ "name": name }),
        };
        self.command("POST", "missing", &body)
    }

    /// Overwrites the model artifact of a model package.
    pub fn overwrite_artifact(&self, uri: &str, content: &str) -> Result<(), Error> {
        self.command("POST", "artifact", &json!({ "uri": uri, "content": content }))
    }

    /// Moves the tag of an image to another digest.
    pub fn move_tag(&self, image: &str, digest: &str) -> Result<(), Error> {
        self.command("POST", "image-tag", &json!({ "image": image, "digest": digest }))
    }

    /// Changes an environment variable of a container of a model package.
    pub fn set_package_environment(&self, package: &str, container: usize, name: &str, value: &str) -> Result<(), Error> {
        self.command("POST", "environment", &json!({ "package": package, "container": container, "name": name, "value": value }))
    }

    /// Changes an environment variable of a deployed model.
    pub fn set_model_environment(&self, account: &str, model: &str, name: &str, value: &str) -> Result<(), Error> {
        self.command("POST", "environment", &json!({ "account": account, "model": model, "name": name, "value": value }))
    }

    /// Sets the endpoint quota of an instance type per account and region; default: 100.
    pub fn set_instance_quota(&self, instance_type: &str, quota: u32) -> Result<(), Error> {
        self.command("POST", "quota", &json!({ "instance_type": instance_type, "quota": quota }))
    }

    /// Adds action executions to a pipeline's history, oldest first, in the API's format
    /// (`ActionExecutionDetail`). One with a known id replaces it.
    pub fn record_pipeline_actions(&self, account: &str, pipeline: &str, actions: &[Value]) -> Result<(), Error> {
        self.command("POST", "pipeline-actions", &json!({ "account": account, "pipeline": pipeline, "actions": actions }))
    }

    /// Makes drift detection report drift for stacks of this account and region.
    pub fn drift(&self, account: &str, region: &str) -> Result<(), Error> {
        self.command("POST", "drift", &json!({ "account": account, "region": region }))
    }

    /// Suspends an account: its stack instances are `INOPERABLE`.
    pub fn suspend_account(&self, account: &str) -> Result<(), Error> {
        self.command("POST", "suspended-account", &json!({ "account": account }))
    }

    /// Sets the model server of one endpoint, or of all endpoints without their own server.
    pub fn set_model_server(&self, url: &str, endpoint: Option<(&str, &str)>) -> Result<(), Error> {
        let (account, endpoint) = endpoint.unzip();
        self.command("POST", "model-server", &json!({ "url": url, "account": account, "endpoint": endpoint }))
    }

    /// Enables or disables the checks of signatures and identity policies.
    pub fn enforce_iam(&self, enabled: bool) -> Result<(), Error> {
        self.command("POST", "enforce-iam", &json!({ "enabled": enabled }))?;
        self.enforcing.store(enabled, Ordering::Relaxed);
        Ok(())
    }

    fn enforces_iam(&self) -> bool {
        self.enforcing.load(Ordering::Relaxed)
    }

    fn command(&self, method: &str, route: &str, body: &impl Serialize) -> Result<(), Error> {
        self.control::<Value>(method, route, body).map(drop)
    }

    /// Sends a request to one of the stand-in's control routes.
    fn control<Output: DeserializeOwned>(&self, method: &str, route: &str, body: &impl Serialize) -> Result<Output, Error> {
        let operation = format!("{method} /stand-in/{route}");
        let unreadable = |source: serde_json::Error| Error::Request { url: self.ready.url.clone(), source: source.into() };
        let body = if method == "POST" { serde_json::to_vec(body).map_err(unreadable)? } else { Vec::new() };
        let reply = self.send(method, &format!("/stand-in/{route}"), &[("content-type", "application/json".to_owned())], body)?;
        serde_json::from_value(aws::read_json(&operation, &reply)?).map_err(unreadable)
    }
}
