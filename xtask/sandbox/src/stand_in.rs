//! The local AWS: moto 5.2.1 behind a small Python launcher with its gaps mended, a request log, faults and seeding.
//!
//! The launcher is in `xtask/sandbox/stand-in` and embedded here. Its Python environment is made once, below [`Options::cache_dir`]. Methods block
//! for as long as a request to loopback takes; they may be called in a runtime.
//!
//! ```no_run
//! use serde_json::json;
//! use sandbox::stand_in::{Options, StandIn};
//!
//! let aws = StandIn::start(&Options::new("target/stand-in"))?;
//! aws.call("222222222222", "ssm", "PutParameter", &json!({ "Name": "ds-staging-vpc", "Value": "vpc-1", "Type": "String" }))?;
//! let found = aws.call("222222222222", "ssm", "GetParameter", &json!({ "Name": "ds-staging-vpc" }))?;
//! assert_eq!(found["Parameter"]["Value"], "vpc-1");
//! # Ok::<(), sandbox::stand_in::Error>(())
//! ```

mod aws;
mod document;
pub(crate) mod environment;
mod error;
pub(crate) mod process;
pub(crate) mod program;
mod scene;
mod wire;

use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub use document::Document;
pub use environment::prepare;
pub use error::Error;
pub use scene::{EndpointStatus, Fault, LoggedRequest, Organization, SeedAccount, SeedOrganization, SeedPackage, SeedPackages, SeedUnit};
pub use wire::Reply;

use process::Process;

/// The region of everything that does not name one.
pub const REGION: &str = "us-east-1";

/// The least template that deploys an approved model package: plain moto reads it, too.
pub const LEAST_TEMPLATE: &str = include_str!("stand_in/least-template.yml");

/// How a stand-in is started.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options {
    /// Where the Python environment and the launcher's files are kept between runs.
    pub cache_dir: PathBuf,
    /// Where invocations go, such as `http://127.0.0.1:8080`.
    pub model_server: Option<String>,
    /// Plain moto, with its gaps.
    pub unpatched: bool,
    /// Only these patches; all without. Not together with `unpatched`.
    pub patches: Option<Vec<String>>,
    /// Check signatures and identity policies.
    pub enforce_iam: bool,
    /// A file that gets a line of JSON for each request.
    pub log_file: Option<PathBuf>,
}

impl Options {
    /// Every patch, no model server, no checks of identity, no log file.
    pub fn new(cache_dir: impl Into<PathBuf>) -> Self {
        Self { cache_dir: cache_dir.into(), ..Self::default() }
    }
}

#[derive(Deserialize)]
struct SeededPackages {
    arns: Vec<String>,
}

/// A stand-in that is serving. Dropping it ends it; so does the end of this process, however that comes.
#[derive(Debug)]
pub struct StandIn {
    process: Process,
    url: String,
    patches: Vec<String>,
    program: PathBuf,
    enforced_first: bool,
    enforcing: AtomicBool,
}

impl StandIn {
    /// Prepares the environment unless it is there, and starts the launcher: about a second.
    pub fn start(options: &Options) -> Result<Self, Error> {
        let prepared = environment::prepare_all(&options.cache_dir)?;
        let mut command = Command::new(prepared.python());
        environment::isolate(&mut command);
        command.args(["-m", "stand_in"]).current_dir(&prepared.program);
        if options.unpatched {
            command.arg("--unpatched");
        }
        if let Some(patches) = &options.patches {
            command.args(["--patches", &patches.join(",")]);
        }
        if let Some(url) = &options.model_server {
            command.args(["--model-server", url]);
        }
        if options.enforce_iam {
            command.arg("--enforce-iam");
        }
        if let Some(path) = &options.log_file {
            let path = std::path::absolute(path).map_err(Error::file(path))?;
            command.arg("--log-file").arg(path);
        }
        let (process, ready) = Process::start(command)?;
        Ok(Self {
            process,
            url: ready.url,
            patches: ready.patches,
            program: prepared.program,
            enforced_first: options.enforce_iam,
            enforcing: AtomicBool::new(options.enforce_iam),
        })
    }

    /// Where it is, such as `http://127.0.0.1:40123`: the value of `AWS_ENDPOINT_URL`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The launcher's process id.
    pub fn process_id(&self) -> u32 {
        self.process.id()
    }

    /// The patches that are on.
    pub fn patches(&self) -> &[String] {
        &self.patches
    }

    /// What the launcher wrote to its standard error so far: nothing, unless moto warned of something.
    pub fn standard_error(&self) -> String {
        self.process.said()
    }

    /// Every request that programs made so far, in the order of the answers.
    pub fn requests(&self) -> Result<Vec<LoggedRequest>, Error> {
        self.control("GET", "requests", &Value::Null)
    }

    /// Empties the request log; the log file keeps its lines.
    pub fn clear_requests(&self) -> Result<(), Error> {
        self.tell("DELETE", "requests", &Value::Null)
    }

    /// Everything as it was at the start: no state, no faults, no scripted statuses, an empty log, the model server of the options.
    pub fn reset(&self) -> Result<(), Error> {
        self.tell("POST", "reset", &Value::Null)?;
        self.enforcing.store(self.enforced_first, Ordering::Relaxed);
        Ok(())
    }

    /// Adds a fault, after those that are there; the oldest that matches a request meets it.
    pub fn fault(&self, fault: &Fault) -> Result<(), Error> {
        self.tell("POST", "faults", fault)
    }

    /// Takes all faults away.
    pub fn clear_faults(&self) -> Result<(), Error> {
        self.tell("DELETE", "faults", &Value::Null)
    }

    /// Puts model packages into a group and returns their ARNs, oldest first.
    pub fn seed_packages(&self, packages: &SeedPackages) -> Result<Vec<String>, Error> {
        self.control::<SeededPackages>("POST", "model-packages", packages).map(|seeded| seeded.arns)
    }

    /// Gives an account an organization, in place of the one it has.
    pub fn seed_organization(&self, organization: &SeedOrganization) -> Result<Organization, Error> {
        self.control("POST", "organization", organization)
    }

    /// Lets an endpoint show a status.
    pub fn set_endpoint_status(&self, status: &EndpointStatus) -> Result<(), Error> {
        self.tell("POST", "endpoint-status", status)
    }

    /// The endpoint's next update ends `InService` with the configuration that it had.
    pub fn silent_rollback(&self, account: &str, endpoint: &str) -> Result<(), Error> {
        self.tell("POST", "silent-rollback", &json!({ "account": account, "endpoint": endpoint }))
    }

    /// Lets operations on stack sets take this long for each instance; no time at all, as at the start, is at once.
    pub fn set_stack_set_pace(&self, pace: Duration) -> Result<(), Error> {
        self.tell("POST", "stack-set-pace", &json!({ "milliseconds": u64::try_from(pace.as_millis()).unwrap_or(u64::MAX) }))
    }

    /// Images, artifacts, keys and stack set roles that have this in their name are not there, in one account or in all.
    pub fn set_missing(&self, name: &str, account: Option<&str>) -> Result<(), Error> {
        let body = match account {
            Some(account) => json!({ "name": name, "account": account }),
            None => json!({ "name": name }),
        };
        self.tell("POST", "missing", &body)
    }

    /// How many instances of a type endpoints may have in an account and region; 100 unless it is said.
    pub fn set_instance_quota(&self, instance_type: &str, quota: u32) -> Result<(), Error> {
        self.tell("POST", "quota", &json!({ "instance_type": instance_type, "quota": quota }))
    }

    /// Stacks of this account and region are found to have drifted when that is looked for.
    pub fn drift(&self, account: &str, region: &str) -> Result<(), Error> {
        self.tell("POST", "drift", &json!({ "account": account, "region": region }))
    }

    /// Sends invocations to this server from now on: those of one endpoint in an account, or all that have no server of their own.
    pub fn set_model_server(&self, url: &str, endpoint: Option<(&str, &str)>) -> Result<(), Error> {
        let (account, endpoint) = endpoint.unzip();
        self.tell("POST", "model-server", &json!({ "url": url, "account": account, "endpoint": endpoint }))
    }

    /// Checks signatures and identity policies from now on, or no longer.
    pub fn enforce_iam(&self, enabled: bool) -> Result<(), Error> {
        self.tell("POST", "enforce-iam", &json!({ "enabled": enabled }))?;
        self.enforcing.store(enabled, Ordering::Relaxed);
        Ok(())
    }

    fn enforces_iam(&self) -> bool {
        self.enforcing.load(Ordering::Relaxed)
    }

    fn tell(&self, method: &str, route: &str, body: &impl Serialize) -> Result<(), Error> {
        self.control::<Value>(method, route, body).map(drop)
    }

    /// One of the stand-in's own routes.
    fn control<Output: DeserializeOwned>(&self, method: &str, route: &str, body: &impl Serialize) -> Result<Output, Error> {
        let operation = format!("{method} /stand-in/{route}");
        let unreadable = |source: serde_json::Error| Error::Request { url: self.url.clone(), source: source.into() };
        let body = if method == "POST" { serde_json::to_vec(body).map_err(unreadable)? } else { Vec::new() };
        let reply = self.send(method, &format!("/stand-in/{route}"), &[("content-type", "application/json".to_owned())], body)?;
        serde_json::from_value(aws::read_json(&operation, &reply)?).map_err(unreadable)
    }
}
