//! `AWS::SageMaker::Endpoint`: its name and its deployment configuration.
//!
//! Source: SageMaker API, `DeploymentConfig` and `UpdateEndpoint`; SageMaker developer guide, "Deployment guardrails" and its exclusions.

use std::collections::BTreeMap;

use super::endpoint_config::EndpointConfig;
use super::inspector::{About, Inspector};
use super::property::Property;
use super::scaling::Scaling;
use super::variant::Variant;
use crate::names::{self, MAX_ENDPOINT_NAME};
use crate::problem::Problem;

/// Checks the endpoint's name, and that no other endpoint in `names` has it: SageMaker ignores
/// case.
pub(super) fn check_name(inspector: &mut Inspector<'_>, properties: &Property<'_>, names: Option<&mut BTreeMap<String, String>>) {
    let Some((property, name)) = properties.get("EndpointName").and_then(|name| Some((name.clone(), name.text()?))) else { return };
    if !names::is_sagemaker_name(name) {
        let message = format!("`{}` cannot be the name of an endpoint: it has {} characters", property.shown(), name.chars().count());
        let hint = format!("use 1 to {MAX_ENDPOINT_NAME} letters, digits and inner hyphens");
        inspector.error("endpoint-name", message, &hint, &[About::Value(&property.pointer)]);
    } else if let Some(other) = names.and_then(|names| names.insert(name.to_lowercase(), property.pointer.clone())) {
        let message = format!("two endpoints have the name `{name}`");
        let hint = "names must be unique in an account and region, regardless of case";
        inspector.error("endpoint-name", message, hint, &[About::Value(&property.pointer), About::Value(&other)]);
    }
}

pub(super) fn check(
    inspector: &mut Inspector<'_>,
    id: &str,
    properties: &Property<'_>,
    config: Option<&EndpointConfig<'_>>,
    scaling: &Scaling<'_>,
) {
    let owner = format!("endpoint `{id}`");
    for excluded in properties.get("ExcludeRetainedVariantProperties").and_then(|list| list.items()).unwrap_or_default() {
        let owner = format!("`ExcludeRetainedVariantProperties` of {owner}");
        inspector.required_by_api(&excluded, "VariantPropertyType", &owner, "add it, such as DesiredWeight");
    }
    if scaling.scales(id, config.and_then(|config| config.variants.as_deref())) {
        retains_instances(inspector, properties, &owner);
    }
    let Some(deployment) = properties.get("DeploymentConfig").filter(|deployment| !deployment.is_unknown()) else { return };
    let variants = config.and_then(|config| config.variants.as_deref()).unwrap_or_default();
    let mut policies = Policies { inspector, owner: &owner, variants, id, scaling };
    let alarms = policies.alarms(&deployment);
    match (deployment.get("BlueGreenUpdatePolicy"), deployment.get("RollingUpdatePolicy")) {
        (Some(blue_green), Some(rolling)) => {
            let message = format!("`DeploymentConfig` of {owner} has two update policies");
            let about = [About::Presence(&rolling.pointer), About::Presence(&blue_green.pointer)];
            policies.inspector.error(
                "deployment-policy",
                message,
                "keep exactly one: BlueGreenUpdatePolicy or RollingUpdatePolicy",
                &about,
            );
        }
        (Some(blue_green), None) => policies.blue_green(&blue_green, alarms),
        (None, Some(rolling)) => policies.rolling(&rolling, alarms),
        (None, None) => {
            let message = format!("`DeploymentConfig` of {owner} has no update policy: all traffic shifts at once");
            let hint = "add one: BlueGreenUpdatePolicy or RollingUpdatePolicy";
            policies.inspector.warning("deployment-policy", message, hint, &[About::Presence(&deployment.pointer)]);
        }
    }
    policies.exclusions(&deployment);
}

/// Without `RetainAllVariantProperties`, each update resets the number of instances to the
/// configuration's initial number, regardless of scaling.
fn retains_instances(inspector: &mut Inspector<'_>, properties: &Property<'_>, owner: &str) {
    let retains = properties.get("RetainAllVariantProperties");
    let is_on = retains.as_ref().is_some_and(|retains| *retains.value == true || retains.text() == Some("true"));
    let excluded = properties.reach(&["ExcludeRetainedVariantProperties", "*", "VariantPropertyType"]);
    let excluded = excluded.iter().find(|kind| kind.text() == Some("DesiredInstanceCount"));
    let about = match (&retains, excluded) {
        (Some(_), Some(excluded)) if is_on => About::Value(&excluded.pointer),
        (Some(retains), _) if is_on || retains.is_unknown() => return,
        (Some(retains), _) => About::Value(&retains.pointer),
        (None, _) => About::Presence(&properties.pointer),
    };
    let message = format!("each update of {owner} resets its number of instances to `InitialInstanceCount`, regardless of scaling");
    let hint = "write `RetainAllVariantProperties: true`, without `DesiredInstanceCount` in `ExcludeRetainedVariantProperties`";
    inspector.report(Problem::note("scaling", message).with_hint(hint), &[about]);
}

struct Policies<'i, 'a, 'v> {
    inspector: &'i mut Inspector<'a>,
    owner: &'i str,
    variants: &'i [Variant<'v>],
    /// The logical id of the endpoint.
    id: &'i str,
    scaling: &'i Scaling<'i>,
}

/// A step's name in messages, and SageMaker's limits for it in percent of the fleet.
struct Step {
    name: &'static str,
    least: i64,
    most: i64,
}

const CANARY: Step = Step { name: "CanarySize", least: 1, most: 50 };
const LINEAR: Step = Step { name: "LinearStepSize", least: 10, most: 50 };
const ROLLING: Step = Step { name: "MaximumBatchSize", least: 5, most: 50 };

impl Policies<'_, '_, '_> {
    /// Whether there are alarms that can stop a deployment; unknown counts as yes.
    fn alarms(&mut self, deployment: &Property<'_>) -> bool {
        let Some(list) = deployment.at(["AutoRollbackConfiguration", "Alarms"]) else {
            return deployment.get("AutoRollbackConfiguration").is_some_and(|rollback| rollback.is_unknown());
        };
        let Some(alarms) = list.items() else { return true };
        if alarms.is_empty() || alarms.len() > 10 {
            let message = format!("`Alarms` of {} has {} members; SageMaker allows 1 to 10", self.owner, alarms.len());
            self.inspector.report(Problem::error("too-many", message), &[About::Value(&list.pointer)]);
        }
        for alarm in &alarms {
            self.inspector.required(alarm, "AlarmName", &format!("an alarm of {}", self.owner));
            let Some((property, name)) = alarm.get("AlarmName").and_then(|name| Some((name.clone(), name.text()?))) else { continue };
            if name.trim().is_empty() || name.chars().count() > 255 {
                let message = format!("`{}` is not a valid alarm name", property.shown());
                self.inspector.error("name", message, "use 1 to 255 characters", &[About::Value(&property.pointer)]);
            }
        }
        true
    }

    fn blue_green(&mut self, policy: &Property<'_>, alarms: bool) {
        let owner = format!("`BlueGreenUpdatePolicy` of {}", self.owner);
        let termination = self.inspector.integer(policy, "TerminationWaitInSeconds", 0..=3600, &owner);
        let termination = termination.or(policy.get("TerminationWaitInSeconds").is_none().then_some(0));
        let limit = self.inspector.integer(policy, "MaximumExecutionTimeoutInSeconds", 600..=28_800, &owner);
        self.inspector.required(policy, "TrafficRoutingConfiguration", &owner);
        let Some(routing) = policy.get("TrafficRoutingConfiguration").filter(|routing| !routing.is_unknown()) else { return };
        self.inspector.required(&routing, "Type", &owner);
        let wait = self.inspector.integer(&routing, "WaitIntervalInSeconds", 0..=3600, &owner);
        let kind = self.inspector.one_of(&routing, "Type", &["ALL_AT_ONCE", "CANARY", "LINEAR"], &owner);
        let (step, unused) = match kind {
            Some("CANARY") => (Some(CANARY), vec!["LinearStepSize"]),
            Some("LINEAR") => (Some(LINEAR), vec!["CanarySize"]),
            Some(_) => (None, vec!["CanarySize", "LinearStepSize"]),
            None => return,
        };
        for name in unused {
            if let Some(size) = routing.get(name) {
                let message = format!("{owner} has `{name}`, but its `Type` is {}", kind.unwrap_or_default());
                let kind = format!("{}/Type", routing.pointer);
                self.inspector.error(
                    "deployment-policy",
                    message,
                    "remove it, or change the type",
                    &[About::Value(&kind), About::Presence(&size.pointer)],
                );
            }
        }
        let Some(step) = step else {
            self.inspector.required_by_api(&routing, "WaitIntervalInSeconds", &owner, "write `WaitIntervalInSeconds: 0`");
            self.lasts(policy, limit, termination.map(|wait| (wait, "its termination wait")));
            return;
        };
        self.inspector.required(&routing, step.name, &owner);
        self.inspector.required(&routing, "WaitIntervalInSeconds", &owner);
        // Between n steps there are n - 1 waits. A canary has two steps.
        let share = routing.get(step.name).and_then(|size| self.size(&size, &step));
        let waits = if step.name == "CanarySize" { Some(1) } else { share.map(|percent| steps(percent) - 1) };
        let total = wait.zip(waits).zip(termination).map(|((wait, waits), termination)| wait * waits + termination);
        self.lasts(policy, limit, total.map(|total| (total, "its waits")));
        if !alarms {
            let message = format!("{} shifts its traffic in steps, but no alarm can stop the deployment", self.owner);
            let hint = "add alarms to `AutoRollbackConfiguration`: without one there is no rollback";
            self.inspector.warning("no-alarms", message, hint, &[About::Presence(&routing.pointer)]);
        }
    }

    fn rolling(&mut self, policy: &Property<'_>, alarms: bool) {
        let owner = format!("`RollingUpdatePolicy` of {}", self.owner);
        self.inspector.required(policy, "MaximumBatchSize", &owner);
        self.inspector.required(policy, "WaitIntervalInSeconds", &owner);
        let wait = self.inspector.integer(policy, "WaitIntervalInSeconds", 0..=3600, &owner);
        let limit = self.inspector.integer(policy, "MaximumExecutionTimeoutInSeconds", 600..=28_800, &owner);
        // SageMaker monitors each batch for the wait.
        let share = policy.get("MaximumBatchSize").and_then(|size| self.size(&size, &ROLLING));
        let total = wait.zip(share).map(|(wait, percent)| wait * steps(percent));
        self.lasts(policy, limit, total.map(|total| (total, "its waits")));
        if let Some(rollback) = policy.get("RollbackMaximumBatchSize") {
            self.size(&rollback, &Step { name: "RollbackMaximumBatchSize", least: 1, most: 100 });
        }
        if self.variants.len() > 1 {
            let message = format!("{} has {} variants, but a rolling update supports only one", self.owner, self.variants.len());
            self.inspector.error("deployment-policy", message, "use BlueGreenUpdatePolicy", &[About::Presence(&policy.pointer)]);
        }
        if !alarms {
            let message = format!("{} is updated in batches, but no alarm can stop the deployment", self.owner);
            let hint = "add alarms to `AutoRollbackConfiguration`: without one there is no rollback";
            self.inspector.warning("no-alarms", message, hint, &[About::Presence(&policy.pointer)]);
        }
    }

    /// The percentage of one step. Checks it, and compares a number of instances with the fleet.
    fn size(&mut self, size: &Property<'_>, step: &Step) -> Option<i64> {
        if size.is_unknown() {
            return None;
        }
        let owner = format!("`{}` of {}", step.name, self.owner);
        self.inspector.required(size, "Type", &owner);
        self.inspector.required(size, "Value", &owner);
        let kind = self.inspector.one_of(size, "Type", &["INSTANCE_COUNT", "CAPACITY_PERCENT"], &owner)?;
        let pointer = format!("{}/Value", size.pointer);
        if kind == "CAPACITY_PERCENT" {
            let percent = self.inspector.integer(size, "Value", step.least..=step.most, &owner)?;
            self.lonely(step, &pointer);
            return Some(percent);
        }
        let value = self.inspector.integer(size, "Value", 1..=i64::MAX, &owner)?;
        let mut share = None;
        for variant in self.variants {
            let Some((count, count_pointer)) = self.scaling.least_instances(self.id, variant) else { continue };
            let percent = value.saturating_mul(100) / count;
            let too_small = value.saturating_mul(100) < step.least * count;
            if too_small || value.saturating_mul(100) > step.most * count {
                let instances = if count == 1 { "instance".to_owned() } else { "instances".to_owned() };
                let message = format!(
                    "{owner} is {value} of the {count} {instances} of {}, {percent} %; SageMaker allows {} to {} %",
                    variant.owner, step.least, step.most
                );
                let hint = if count == 1 {
                    "one instance cannot be shifted in steps: use two, or ALL_AT_ONCE"
                } else {
                    "change the step or the number of instances"
                };
                self.inspector.error("deployment-step", message, hint, &[About::Value(&pointer), About::Value(count_pointer)]);
            }
            share = Some(percent.clamp(1, 100));
        }
        share
    }

    /// Warns about percentages of a single instance, which are always the whole instance.
    fn lonely(&mut self, step: &Step, pointer: &str) {
        for variant in self.variants {
            let Some((1, count_pointer)) = self.scaling.least_instances(self.id, variant) else { continue };
            if step.name == "RollbackMaximumBatchSize" {
                continue;
            }
            let message = format!("{} has one instance: the first step of the deployment shifts all traffic", variant.owner);
            let hint = "use two or more instances, or ALL_AT_ONCE";
            self.inspector.warning("deployment-step", message, hint, &[About::Value(count_pointer), About::Value(pointer)]);
        }
    }

    fn lasts(&mut self, policy: &Property<'_>, limit: Option<i64>, waits: Option<(i64, &str)>) {
        if let Some((limit, (total, what))) = limit.zip(waits).filter(|(limit, (total, _))| limit <= total) {
            let message = format!("`MaximumExecutionTimeoutInSeconds` of {} is {limit}, but {what} take {total} seconds", self.owner);
            let pointers = [
                format!("{}/MaximumExecutionTimeoutInSeconds", policy.pointer),
                format!("{}/TrafficRoutingConfiguration/WaitIntervalInSeconds", policy.pointer),
                format!("{}/WaitIntervalInSeconds", policy.pointer),
                format!("{}/TerminationWaitInSeconds", policy.pointer),
            ];
            let about: Vec<About<'_>> = pointers.iter().map(|pointer| About::Value(pointer)).collect();
            self.inspector.error(
                "deployment-timeout",
                message,
                "make the timeout larger than all waits together, or the waits shorter",
                &about,
            );
        }
    }

    /// Reports endpoints without deployment guardrails: their updates shift all traffic at once.
    fn exclusions(&mut self, deployment: &Property<'_>) {
        for variant in self.variants {
            if let Some(serverless) = &variant.serverless {
                let message = format!(
                    "{} has a `DeploymentConfig`, but {} is serverless: deployment guardrails do not apply",
                    self.owner, variant.owner
                );
                let hint = "omit `DeploymentConfig` for serverless endpoints";
                self.inspector.error(
                    "serverless",
                    message,
                    hint,
                    &[About::Presence(&deployment.pointer), About::Presence(&serverless.pointer)],
                );
            }
            if let Some((instance_type, pointer)) = variant.instance_type.as_ref().filter(|(instance_type, _)| instance_type.is_inf1()) {
                let message =
                    format!("`{}` of {} has no deployment guardrails: all traffic shifts at once", instance_type.name, variant.owner);
                let hint = "use Inf2, or omit `DeploymentConfig`";
                self.inspector.warning("deployment-policy", message, hint, &[About::Value(pointer), About::Presence(&deployment.pointer)]);
            }
        }
    }
}

/// The number of steps of this percentage in the whole.
fn steps(percent: i64) -> i64 {
    (100 + percent - 1) / percent.max(1)
}
