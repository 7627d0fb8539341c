//! The preflight of a rollout: what the stacks need in each target, read from the resolved template, and what was found there.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use cfn_render::{PseudoParameters, Template, resources_of_type};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;
use serde_json::Value as Json;
use stack_rollout::aws::{AwsTargetAccount, QuotaCodes};
use stack_rollout::preflight::{
    Check, CheckOutcome, ExecutionRole, Place, PreflightOptions, Requirements, administration_role_trust, preflight,
};
use stack_rollout::status::DetailedStatus;
use stack_rollout::{InstanceAction, Observed, Parameters, PermissionModel, Plan, SystemClock};

use crate::aws::Session;
use crate::diagnostic::{Diagnostic, Level};
use crate::manifest;
use crate::printer::Printer;
use crate::stack_set_request::Request;
use crate::target_sessions::TargetSessions;

const ADMINISTRATION_ROLE: &str = "AWSCloudFormationStackSetAdministrationRole";
const EXECUTION_ROLE: &str = "AWSCloudFormationStackSetExecutionRole";
/// How many targets are named with a finding before the rest is counted.
const NAMED: usize = 4;

/// What the preflight found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct PreflightReport {
    pub(crate) passed: usize,
    pub(crate) failed: usize,
    /// Questions that could not be asked, or that AWS cannot answer.
    pub(crate) unchecked: usize,
    /// All that did not pass, each once with all its targets.
    pub(crate) findings: Vec<Finding>,
}

/// One finding, in all targets in which it is the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Finding {
    /// Such as `ssm-parameter`.
    pub(crate) check: String,
    /// What it is about, such as the parameter's name.
    pub(crate) subject: String,
    /// `failed` or `unchecked`.
    pub(crate) outcome: String,
    pub(crate) message: String,
    /// What AWS said, in the first target.
    pub(crate) detail: Option<String>,
    pub(crate) hint: Option<String>,
    /// `ACCOUNT/REGION`; empty for the account that the stack set is in.
    pub(crate) targets: Vec<String>,
}

/// A rollout that is to be looked at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rollout<'a> {
    pub(crate) release: &'a manifest::Release,
    pub(crate) request: &'a Request,
    pub(crate) observed: &'a Observed,
    pub(crate) plan: &'a Plan,
    pub(crate) scope: Scope,
}

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// What the rollout needs, of the targets that it would touch.
    Touched,
    /// Every target of the release, and the role that the model runs as, too.
    Everything {
        /// The model package is a placeholder, since none is approved: nothing about it can be asked.
        without_package: bool,
    },
}

/// Asks every target that a rollout would touch whether it could succeed there.
pub(crate) async fn check(
    printer: Printer,
    session: &Session,
    sessions: &TargetSessions,
    release: &manifest::Release,
    request: &Request,
    observed: &Observed,
    plan: &Plan,
) -> PreflightReport {
    let rollout = Rollout { release, request, observed, plan, scope: Scope::Touched };
    PreflightReport::of(&ask(printer, session, sessions, &rollout).await)
}

/// Every question and its answer.
pub(crate) async fn ask(printer: Printer, session: &Session, sessions: &TargetSessions, rollout: &Rollout<'_>) -> Vec<Check> {
    let administration_role = administration_role(sessions, rollout.request, rollout.observed).await;
    let (places, requirements) = places(rollout, administration_role.as_deref());
    if places.is_empty() {
        return Vec::new();
    }
    let accounts: std::collections::BTreeSet<_> = places.iter().map(|place| &place.target.account).collect();
    printer.step(
        "Checking",
        format_args!("{} in {}, without changing anything", plural(places.len(), "target"), plural(accounts.len(), "account")),
    );
    let progress = progress(printer, places.len());
    let (done, failed, codes) = (AtomicUsize::new(0), AtomicUsize::new(0), QuotaCodes::default());
    let told = Mutex::new(());
    let mut checks = preflight(
        &places,
        &requirements,
        |account, region| {
            let codes = codes.clone();
            async move { Ok(AwsTargetAccount::new(&sessions.config(account.as_str(), region.as_str()).await?, codes)) }
        },
        &PreflightOptions::default(),
        &SystemClock::new(),
        |_, failures| {
            let _turn = told.lock();
            let (done, failed) = (done.fetch_add(1, Ordering::Relaxed) + 1, failed.fetch_add(failures, Ordering::Relaxed) + failures);
            progress.set_message(format!(
                "{done} of {} targets checked{}",
                places.len(),
                if failed > 0 { format!(", {failed} failures") } else { String::new() }
            ));
        },
    )
    .await;
    progress.finish_and_clear();
    // Where the last operation succeeded, the roles trust each other.
    let proven = rollout.observed.instances.iter().any(|instance| instance.detailed_status == Some(DetailedStatus::Succeeded));
    if let Some(role) = administration_role.filter(|_| !proven) {
        let own = AwsTargetAccount::new(&session.config, QuotaCodes::default());
        checks.push(administration_role_trust(&own, role.rsplit('/').next().unwrap_or(&role)).await);
    }
    checks
}

/// The ARN of the role that hands out the work, with self-managed permissions.
async fn administration_role(sessions: &TargetSessions, request: &Request, observed: &Observed) -> Option<String> {
    let PermissionModel::SelfManaged { administration_role_arn, .. } = &request.release.permission_model else { return None };
    let known = administration_role_arn.clone().or_else(|| observed.stack_set.as_ref()?.administration_role_arn.clone());
    match (known, sessions.caller().await) {
        (Some(arn), _) => Some(arn),
        (None, Ok(caller)) => Some(format!("arn:{}:iam::{}:role/{ADMINISTRATION_ROLE}", caller.partition, caller.account)),
        (None, Err(_)) => None,
    }
}

/// The places that a rollout would touch, and what is needed there; places with the same parameters share their requirements.
fn places(rollout: &Rollout<'_>, administration_role: Option<&str>) -> (Vec<Place>, Vec<Requirements>) {
    let Rollout { release, request, observed, plan, scope } = *rollout;
    let Ok(template) = Template::parse(request.release.template.body.clone(), "template") else { return (Vec::new(), Vec::new()) };
    let execution_role = administration_role.map(|administration_role| {
        let PermissionModel::SelfManaged { execution_role_name, .. } = &request.release.permission_model else { return None };
        let known = execution_role_name.clone().or_else(|| observed.stack_set.as_ref()?.execution_role_name.clone());
        let name = known.unwrap_or_else(|| EXECUTION_ROLE.to_owned());
        Some(ExecutionRole { name, administration_role_arn: administration_role.to_owned() })
    });
    let mut known: BTreeMap<(String, Parameters), usize> = BTreeMap::new();
    let (mut places, mut requirements) = (Vec::new(), Vec::new());
    let touched = |action| match scope {
        Scope::Touched => matches!(action, InstanceAction::New | InstanceAction::Update | InstanceAction::Outdated),
        Scope::Everything { .. } => action != InstanceAction::Orphan,
    };
    for planned in plan.instances.iter().filter(|planned| touched(planned.action)) {
        let own = request.release.overrides_of(&planned.target);
        let key = (planned.target.region.to_string(), own);
        let index = *known.entry(key).or_insert_with_key(|(region, own)| {
            let mut parameters: Parameters = request.release.parameters.iter().cloned().collect();
            parameters.extend(own.clone());
            let mut needed = needs(release, &template, &parameters, planned.target.account.as_str(), region);
            needed.execution_role = execution_role.clone().flatten();
            if let Scope::Everything { without_package } = scope {
                needed.model_role = parameters.get("ExecutionRoleName").map(|role| role.rsplit('/').next().unwrap_or(role).to_owned());
                if without_package {
                    needed.model_packages.clear();
                    needed.images.clear();
                    needed.artifacts.clear();
                }
            }
            requirements.push(needed);
            requirements.len() - 1
        });
        let stack_id = planned.observed.as_ref().and_then(|instance| instance.stack_id.clone());
        places.push(Place { target: planned.target.clone(), stack_id, requirements: index });
    }
    (places, requirements)
}

/// What the stacks need with these parameters.
fn needs(release: &manifest::Release, template: &Template, parameters: &Parameters, account: &str, region: &str) -> Requirements {
    let mut needed = Requirements { ssm_parameters: ssm_parameters(template, parameters), ..Requirements::default() };
    // The model package's own image and artifacts.
    let package = &release.manifest.model_package;
    let (images, model_data) =
        package.regions.get(region).map_or((&package.images, &package.model_data), |package| (&package.images, &package.model_data));
    needed.images.clone_from(images);
    needed.artifacts.clone_from(model_data);
    let pseudo = PseudoParameters::in_region(region).in_account(account);
    let Ok(resolved) = template.resolve(parameters, &pseudo) else { return needed };
    for (_, model) in resources_of_type(&resolved, "AWS::SageMaker::Model") {
        let containers = [&model["PrimaryContainer"]].into_iter().chain(model["Containers"].as_array().into_iter().flatten());
        for container in containers {
            add(&mut needed.model_packages, &container["ModelPackageName"], "arn:");
            add(&mut needed.images, &container["Image"], "");
            add(&mut needed.artifacts, &container["ModelDataUrl"], "s3://");
        }
    }
    for (_, config) in resources_of_type(&resolved, "AWS::SageMaker::EndpointConfig") {
        for key in
            [&config["KmsKeyId"], &config["DataCaptureConfig"]["KmsKeyId"], &config["AsyncInferenceConfig"]["OutputConfig"]["KmsKeyId"]]
        {
            add(&mut needed.keys, key, "arn:");
        }
        let variants =
            ["ProductionVariants", "ShadowProductionVariants"].into_iter().flat_map(|name| config[name].as_array().into_iter().flatten());
        for variant in variants {
            let count = &variant["InitialInstanceCount"];
            let count = count.as_u64().or_else(|| count.as_str()?.parse().ok()).and_then(|count| u32::try_from(count).ok());
            if let (Some(kind), Some(count)) = (variant["InstanceType"].as_str(), count) {
                *needed.instances.entry(kind.to_owned()).or_default() += count;
            }
        }
    }
    for (_, endpoint) in resources_of_type(&resolved, "AWS::SageMaker::Endpoint") {
        add(&mut needed.endpoints, &endpoint["EndpointName"], "");
    }
    needed
}

fn add(list: &mut Vec<String>, value: &Json, prefix: &str) {
    if let Some(text) = value.as_str().filter(|text| !text.is_empty() && text.starts_with(prefix))
        && !list.iter().any(|known| known == text)
    {
        list.push(text.to_owned());
    }
}

/// The Systems Manager parameters that the template's parameters name, with the types that fit (AWS CloudFormation user guide, "SSM
/// parameter types").
fn ssm_parameters(template: &Template, parameters: &Parameters) -> BTreeMap<String, Vec<&'static str>> {
    let declared = template.parameters();
    let mut named = BTreeMap::new();
    for (name, parameter) in declared.as_object().into_iter().flatten() {
        let Some(kind) = parameter["Type"].as_str().and_then(|kind| kind.strip_prefix("AWS::SSM::Parameter::")) else { continue };
        let Some(key) = parameters.get(name).map(String::as_str).or_else(|| parameter["Default"].as_str()) else { continue };
        let fitting = match kind.strip_prefix("Value<") {
            Some(inner) if inner.starts_with("List<") || inner.starts_with("CommaDelimitedList") => vec!["StringList"],
            Some(_) => vec!["String"],
            None => Vec::new(),
        };
        if !key.is_empty() {
            named.insert(key.to_owned(), fitting);
        }
    }
    named
}

pub(crate) fn plural(count: usize, word: &str) -> String {
    format!("{count} {word}{}", if count == 1 { "" } else { "s" })
}

fn progress(printer: Printer, places: usize) -> ProgressBar {
    let target = if printer.shows_progress() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let bar = ProgressBar::with_draw_target(None, target);
    if let Ok(style) = ProgressStyle::with_template("{spinner} {elapsed}  {wide_msg}") {
        bar.set_style(style);
    }
    bar.set_message(format!("0 of {places} targets checked"));
    bar.enable_steady_tick(Duration::from_millis(120));
    bar
}

impl PreflightReport {
    fn of(checks: &[Check]) -> Self {
        let count = |outcome| checks.iter().filter(|check| check.outcome == outcome).count();
        let mut findings: Vec<Finding> = Vec::new();
        let mut places: BTreeMap<(&str, &str, CheckOutcome, Option<&str>), usize> = BTreeMap::new();
        for check in checks.iter().filter(|check| check.outcome != CheckOutcome::Passed) {
            let key = (check.name, check.subject.as_str(), check.outcome, check.message.as_deref());
            let place = *places.entry(key).or_insert_with(|| {
                findings.push(Finding {
                    check: check.name.to_owned(),
                    subject: check.subject.clone(),
                    outcome: if check.outcome == CheckOutcome::Failed { "failed" } else { "unchecked" }.to_owned(),
                    message: check.message.clone().unwrap_or_default(),
                    detail: check.detail.clone(),
                    hint: check.hint.clone(),
                    targets: Vec::new(),
                });
                findings.len() - 1
            });
            findings[place].targets.extend(check.target.as_ref().map(ToString::to_string));
        }
        findings.sort_by(|a, b| a.outcome.cmp(&b.outcome));
        Self {
            passed: count(CheckOutcome::Passed),
            failed: count(CheckOutcome::Failed),
            unchecked: count(CheckOutcome::Unchecked),
            findings,
        }
    }

    /// Every finding, on standard error: what failed as errors, what could not be checked as warnings.
    pub(crate) fn tell(&self, printer: Printer) {
        for finding in &self.findings {
            let (level, message) = match finding.outcome.as_str() {
                "failed" => (Level::Error, finding.message.clone()),
                _ => (Level::Warning, format!("not checked: {}", finding.message)),
            };
            let mut diagnostic = Diagnostic::new(level, message).hint(finding.hint.clone());
            diagnostic.details.extend(finding.detail.clone());
            let more = finding.targets.len().saturating_sub(NAMED);
            let named = finding.targets[..finding.targets.len() - more].join(", ");
            if !named.is_empty() {
                diagnostic = diagnostic.named(if more > 0 { format!("{named} and {more} more") } else { named });
            }
            printer.diagnostic(&diagnostic);
        }
    }

    /// In one line.
    pub(crate) fn summary(&self) -> String {
        let mut parts = vec![format!("{} passed", plural(self.passed, "check"))];
        if self.failed > 0 {
            parts.push(format!("{} failed", self.failed));
        }
        if self.unchecked > 0 {
            parts.push(format!("{} could not be made", self.unchecked));
        }
        format!("Preflight: {}", parts.join(", "))
    }
}
