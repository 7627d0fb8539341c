//! One cell of the matrix: a call that meets a fault, and what the command must then do.

use std::fmt;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use regex::Regex;
use sandbox::stand_in::LoggedRequest;

use super::kinds::{self, Kind};
use super::scenes::Scene;
use crate::cloud::{Cloud, HOME};
use crate::project::{Project, Run};

/// No command goes on for so long: errors in a row end it after a minute, or after two time limits
/// of a call, whatever its `--wait`, which is a day. An hour of silence is not waited for either.
const LIMIT: Duration = Duration::from_mins(30);

/// The accounts of the targets.
const TARGETS: [&str; 3] = ["222222222222", "333333333333", "444444444444"];

/// Actions whose list can have an empty page.
const PAGED: [&str; 8] = [
    "ListModelPackages",
    "ListStackInstances",
    "ListStackSetOperations",
    "ListStackSetOperationResults",
    "ListAccountsForParent",
    "ListOrganizationalUnitsForParent",
    "ListInferenceComponents",
    "ListServiceQuotas",
];

/// A call of a command.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Call {
    pub(super) service: String,
    pub(super) action: String,
    account: String,
    region: String,
    has_body: bool,
}

impl From<LoggedRequest> for Call {
    fn from(request: LoggedRequest) -> Self {
        let LoggedRequest { service, action, account, region, response_bytes, .. } = request;
        Self { service, action, account, region, has_body: response_bytes > 0 }
    }
}

impl Call {
    /// The name in the page's table.
    pub(super) fn name(&self) -> String {
        let place = if self.account == HOME { "" } else { " in the target" };
        format!("{}:{}{place}", self.service, self.action)
    }
}

/// A call that meets a fault.
#[derive(Debug, Clone)]
pub(super) struct Cell {
    pub(super) call: Call,
    pub(super) fault: Kind,
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}", self.call.name(), self.fault.name())
    }
}

impl Cell {
    /// The cells of a call, one for each fault.
    pub(super) fn of_call(call: Call) -> impl Iterator<Item = Self> {
        kinds::ALL.into_iter().map(move |fault| Self { call: call.clone(), fault })
    }

    /// Whether the call's response can have the fault.
    pub(super) fn is_possible(&self) -> bool {
        match self.fault {
            Kind::EmptyPage => PAGED.contains(&self.call.action.as_str()),
            fault => self.call.has_body || !fault.is_of_body(),
        }
    }

    /// Whether the command goes on for as long as a time limit of the program.
    pub(super) fn is_slow(&self, scene: &Scene) -> bool {
        self.fault.is_slow() || (scene.waits && self.fault.is_retried())
    }

    /// Its column in the page.
    pub(super) fn column(&self) -> usize {
        kinds::ALL.iter().position(|kind| *kind == self.fault).unwrap()
    }

    /// Runs the command with the fault; an error says what is wrong.
    pub(super) fn try_on(&self, scene: &Scene, cloud: &Cloud, project: &Project) -> Result<Outcome, String> {
        let before: Vec<_> = scene.outputs.iter().map(|folder| project.files(folder)).collect();
        let Call { service, action, account, region, .. } = &self.call;
        let fault = self.fault.fault(service).on(service, action);
        // Which of several targets makes a call can depend on which one is first, and so can the region
        // in which the role of a target is assumed.
        let fault = if account == HOME && action != "AssumeRole" { fault.of_account(account).in_region(region) } else { fault };
        cloud.aws.clear_requests().unwrap();
        cloud.aws.fault(&fault).unwrap();
        let run = limited(project, scene.arguments);
        let met = cloud.aws.requests_with_faults().unwrap();
        let sent: Vec<_> = cloud.aws.requests().unwrap().into_iter().map(|request| request.digest).collect();
        cloud.aws.clear_faults().unwrap();
        let run = run?;
        let shown = || format!("\n--- stdout\n{}\n--- stderr\n{}", run.stdout, run.stderr);
        // A fault that never came proves nothing.
        if met.is_empty() {
            return Err(format!("{action} was not called{}", shown()));
        }
        self.judge(scene, &run).map_err(|problem| format!("{problem}{}", shown()))?;
        let after: Vec<_> = scene.outputs.iter().map(|folder| project.files(folder)).collect();
        if run.code != scene.code && before != after {
            return Err(format!("earlier files were changed{}", shown()));
        }
        let times = |digest: &String| [&met, &sent].map(|all| all.iter().filter(|other| *other == digest).count());
        let is_repeated = met.iter().any(|digest| times(digest).into_iter().max() > Some(1));
        Ok(Outcome { code: run.code, is_repeated })
    }

    fn judge(&self, scene: &Scene, run: &Run) -> Result<(), String> {
        let Call { service, action, .. } = &self.call;
        // The tests never repeat a request to a model: a third attempt that succeeds is no success.
        let is_repeated = service != "sagemaker-runtime";
        if self.fault.passes() && is_repeated {
            return if run.code == scene.code { Ok(()) } else { Err(format!("exit code {}, not {}", run.code, scene.code)) };
        }
        // An operation whose response is lost is found again by its id.
        let is_found =
            ["Create", "Update", "Delete", "Detect", "Stop"].iter().any(|verb| action.starts_with(verb)) && self.fault.is_of_body();
        if is_found && run.code == scene.code {
            return Ok(());
        }
        // A model whose response is wrong has failed its tests; a wrong response of AWS is no failure.
        let is_model = service == "sagemaker-runtime" && (self.fault.is_of_body() || self.fault == Kind::InternalError);
        if is_model && run.code == 1 {
            return Ok(());
        }
        // Whether a role can be assumed is itself a check.
        if action == "AssumeRole" && self.fault == Kind::Denied && run.code == 1 {
            return Ok(());
        }
        // A file of the team with wrong contents is a wrong file. A fault like it cannot be told from it.
        let is_file = service == "s3" && action == "GetObject" && self.fault.is_of_body();
        if is_file && run.code == 2 && run.stderr.contains("`s3://") {
            return Ok(());
        }
        // A refused HeadBucket has the bucket's region all the same: it is all that is read.
        if action == "HeadBucket" && self.fault == Kind::Denied && run.code == scene.code {
            return Ok(());
        }
        if ![scene.code, 3].contains(&run.code) {
            return Err(format!("exit code {}, neither {} nor 3", run.code, scene.code));
        }
        // The text of a report is wrapped.
        let text = format!("{}{}", run.stdout, run.stderr);
        let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let missing = self.missing(&words);
        if missing.is_empty() { self.judge_hint(&words) } else { Err(format!("no {} in the message", missing.join(", "))) }
    }

    /// What every message about a failed call must name.
    fn missing(&self, text: &str) -> Vec<&'static str> {
        static REQUEST_ID: LazyLock<Regex> =
            LazyLock::new(|| Regex::new("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}").unwrap());
        let Call { action, account, region, .. } = &self.call;
        let places = |account: &str| [format!("account {account}, region {region}"), format!("{account}/{region}")];
        let is_named = |account: &str| places(account).iter().any(|place| text.contains(place));
        let is_placed = match action.as_str() {
            // The account is not known, because this call reads it.
            "GetCallerIdentity" => text.contains(&format!("account of the access key in AWS_ACCESS_KEY_ID, region {region}")),
            // The role's account.
            "AssumeRole" => TARGETS.iter().any(|target| is_named(target)),
            _ if account == HOME => is_named(account),
            _ => TARGETS.iter().any(|target| is_named(target)),
        };
        [
            ("operation", text.contains(action.as_str())),
            ("account and region", is_placed),
            ("request id", !self.fault.has_request_id() || REQUEST_ID.is_match(text)),
        ]
        .into_iter()
        .filter_map(|(name, is_there)| (!is_there).then_some(name))
        .collect()
    }

    /// The hint fits the fault.
    fn judge_hint(&self, text: &str) -> Result<(), String> {
        let hints: Vec<_> = text.split("hint: ").skip(1).collect();
        // A response to a HEAD request has no error code: only its status is known.
        let fault = if self.fault == Kind::Throttled && self.call.action.starts_with("Head") { Kind::Unavailable } else { self.fault };
        let fits = |hint: &&str| fault.words_of_hint().iter().any(|word| hint.contains(word));
        if !hints.iter().any(fits) {
            return Err(format!("no hint with {:?}", fault.words_of_hint()));
        }
        let is_throttled = matches!(fault, Kind::Throttled | Kind::ThrottledOnce);
        if !is_throttled && hints.iter().any(|hint| hint.contains("throttl")) {
            return Err("a hint about throttling".to_owned());
        }
        Ok(())
    }
}

/// What a command did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Outcome {
    code: i32,
    /// Whether it sent the same request again.
    is_repeated: bool,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let repeated = if self.is_repeated { " r" } else { "" };
        write!(f, "{}{repeated}", self.code)
    }
}

/// Runs the command, which must end by itself.
fn limited(project: &Project, arguments: &[&str]) -> Result<Run, String> {
    let mut program = project.command(arguments).spawn().unwrap();
    let start = Instant::now();
    // The pipes are larger than the output of any of these commands.
    while program.try_wait().unwrap().is_none() {
        if start.elapsed() > LIMIT {
            program.kill().unwrap();
            return Err(format!("no end after {} minutes", LIMIT.as_secs() / 60));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(project.ended(program))
}
