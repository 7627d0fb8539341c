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

/// An hour of silence must not be waited for, on any machine.
const LIMIT: Duration = Duration::from_mins(30);

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
        let place = if self.account == HOME { "" } else { ", in the target" };
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
    /// The cells of a call: each fault that its response can have.
    pub(super) fn of_call(call: Call) -> impl Iterator<Item = Self> {
        let is_possible = move |call: &Call, fault: Kind| match fault {
            Kind::EmptyPage => PAGED.contains(&call.action.as_str()),
            _ => call.has_body || !fault.is_of_body(),
        };
        kinds::ALL.into_iter().map(move |fault| Self { call: call.clone(), fault }).filter(move |cell| is_possible(&cell.call, cell.fault))
    }

    /// Whether the command goes on for as long as a time limit of the program.
    pub(super) fn is_slow(&self, scene: &Scene) -> bool {
        self.fault.is_slow() || (scene.waits && self.fault.is_retried())
    }

    /// Runs the command with the fault; an error says what is wrong.
    pub(super) fn try_on(&self, scene: &Scene, cloud: &Cloud, project: &Project) -> Result<(), String> {
        let before: Vec<_> = scene.outputs.iter().map(|folder| project.files(folder)).collect();
        let Call { service, action, account, region, .. } = &self.call;
        let fault = self.fault.fault(service).on(service, action).of_account(account).in_region(region);
        cloud.aws.clear_requests().unwrap();
        cloud.aws.fault(&fault).unwrap();
        let run = limited(project, scene.arguments);
        let asked = cloud.requests(action).len();
        cloud.aws.clear_faults().unwrap();
        let run = run?;
        let shown = || format!("\n--- stdout\n{}\n--- stderr\n{}", run.stdout, run.stderr);
        self.judge(scene, &run, asked).map_err(|problem| format!("{problem}{}", shown()))?;
        let after: Vec<_> = scene.outputs.iter().map(|folder| project.files(folder)).collect();
        if run.code != scene.code && before != after {
            return Err(format!("earlier files were changed{}", shown()));
        }
        Ok(())
    }

    fn judge(&self, scene: &Scene, run: &Run, asked: usize) -> Result<(), String> {
        static REQUEST_ID: LazyLock<Regex> =
            LazyLock::new(|| Regex::new("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}").unwrap());
        let Call { service, action, account, region, .. } = &self.call;
        let text = format!("{}{}", run.stdout, run.stderr);
        // A fault that never came proves nothing.
        if asked == 0 {
            return Err(format!("{action} was not called"));
        }
        // The tests never repeat a request to a model: a third attempt that succeeds is no success.
        let is_repeated = service != "sagemaker-runtime";
        if self.fault.passes() && is_repeated {
            return if run.code == scene.code { Ok(()) } else { Err(format!("exit code {}, not {}", run.code, scene.code)) };
        }
        // An operation whose response is lost is found again by its id.
        let is_found = ["Create", "Update", "Delete"].iter().any(|verb| action.starts_with(verb)) && self.fault.is_of_body();
        if is_found && run.code == scene.code {
            return Ok(());
        }
        // A model whose response is wrong has failed its tests; a wrong response of AWS is no failure.
        let is_model = service == "sagemaker-runtime" && (self.fault.is_of_body() || self.fault == Kind::InternalError);
        if is_model && run.code == 1 {
            return Ok(());
        }
        if ![scene.code, 3].contains(&run.code) {
            return Err(format!("exit code {}, neither {} nor 3", run.code, scene.code));
        }
        // The pipeline's own account and region are those of every other message.
        let places: &[_] = if account == HOME { &[] } else { &[("account", account), ("region", region)] };
        let missing: Vec<_> = places
            .iter()
            .chain(&[("operation", action)])
            .filter(|(_, value)| !text.contains(value.as_str()))
            .map(|(name, _)| *name)
            .collect();
        if !missing.is_empty() {
            return Err(format!("no {} in the message", missing.join(", ")));
        }
        if self.fault.has_request_id() && !REQUEST_ID.is_match(&text) && action != "HeadObject" {
            return Err("no request id in the message".to_owned());
        }
        Ok(())
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
