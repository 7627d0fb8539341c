//! Checks a model package against the gates of a policy.

use std::fmt;

use super::metrics::{self, MetricError};
use super::{Denied, ReleasePolicy, RequiredLifeCycle};
use crate::documents::{DocumentErrorKind, Documents};
use crate::life_cycle::LifeCycle;
use crate::package::{ApprovalStatus, Detail, MetricSource, ModelPackage};
use aws_names::ModelPackageArn;

/// A gate that a package passes, and the value found.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PassedGate {
    /// The gate, such as "metric `accuracy`".
    pub gate: String,
    /// What was found, such as "0.967, at least 0.95".
    pub found: String,
}

/// A gate that a package fails.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum GateViolation {
    /// It has no metadata with this key.
    NoMetadata {
        /// The key.
        key: String,
    },
    /// Its metadata has another value than the allowed ones.
    Metadata {
        /// The key.
        key: String,
        /// The value found.
        found: String,
        /// The allowed values.
        one_of: Vec<String>,
    },
    /// A metric is below its minimum.
    TooLow {
        /// The metric.
        metric: String,
        /// Its value.
        found: f64,
        /// The minimum.
        min: f64,
        /// The tolerance.
        tolerance: f64,
    },
    /// A metric is above its maximum.
    TooHigh {
        /// The metric.
        metric: String,
        /// Its value.
        found: f64,
        /// The maximum.
        max: f64,
        /// The tolerance.
        tolerance: f64,
    },
    /// Its life cycle is not the required one.
    LifeCycle {
        /// The life cycle found; none if the registry has none.
        found: Option<LifeCycle>,
        /// The required life cycle.
        required: RequiredLifeCycle,
    },
    /// An image comes from a registry that is not allowed.
    ImageRegistry {
        /// The image.
        image: String,
    },
    /// It does not list a content type.
    ContentType {
        /// The content type.
        missing: String,
    },
    /// It does not list an instance type.
    InstanceType {
        /// The instance type.
        missing: String,
    },
    /// It is not approved, so no second person has approved it.
    NotApproved,
    /// The person who registered it was the last to change it, and so is its approver too.
    FourEyes {
        /// The person.
        who: String,
    },
}

/// A gate that could not be read: neither passed nor failed.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[error("{gate} cannot be read: {reason}")]
#[non_exhaustive]
pub struct GateError {
    /// The gate, such as "metric `accuracy`".
    pub gate: String,
    /// Why not.
    pub reason: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// AWS's request id, if AWS returned the error.
    pub request_id: Option<String>,
    /// Whether AWS returned an error or could not be reached; otherwise the data found does not fit
    /// the gate.
    pub refused_by_aws: bool,
}

/// The result of all gates for a package.
#[derive(Debug)]
pub(crate) enum Evaluation {
    Passed(Vec<PassedGate>),
    Violated(Vec<GateViolation>),
}

/// The policy's entry that denies the package, if any. This needs no description of the package.
pub(crate) fn denied<'p>(policy: &'p ReleasePolicy, arn: &ModelPackageArn) -> Option<&'p Denied> {
    policy.deny.iter().find(|denied| denied.matches(arn))
}

/// Evaluates all gates except the list of denied packages. Documents are only read for a package
/// that passes all other gates.
pub(crate) async fn evaluate<D: Documents>(policy: &ReleasePolicy, documents: &D, package: &ModelPackage) -> Result<Evaluation, GateError> {
    let mut outcome = Outcome::default();
    if needs_description(policy) && package.detail == Detail::Listed {
        return Err(GateError {
            gate: "the release policy".to_owned(),
            reason: format!("the snapshot has no description of `{}`", package.arn),
            hint: Some(format!("add what `aws sagemaker describe-model-package --model-package-name {}` prints", package.arn)),
            request_id: None,
            refused_by_aws: false,
        });
    }
    outcome.metadata(policy, package);
    outcome.life_cycle(policy, package);
    outcome.images(policy, package)?;
    outcome.content_types(policy, package);
    outcome.instance_types(policy, package);
    outcome.four_eyes(policy, package)?;
    if outcome.violations.is_empty() {
        outcome.metrics(policy, documents, package).await?;
    }
    Ok(if outcome.violations.is_empty() { Evaluation::Passed(outcome.passed) } else { Evaluation::Violated(outcome.violations) })
}

/// A list entry suffices for the life cycle and the list of denied packages.
fn needs_description(policy: &ReleasePolicy) -> bool {
    let ReleasePolicy {
        metadata,
        metrics,
        life_cycle: _,
        image_registries,
        content_types,
        instance_types,
        deny: _,
        four_eyes,
        approval: _,
    } = policy;
    *four_eyes
        || !(metadata.is_empty()
            && metrics.is_empty()
            && image_registries.is_empty()
            && content_types.is_empty()
            && instance_types.is_empty())
}

#[derive(Default)]
struct Outcome {
    passed: Vec<PassedGate>,
    violations: Vec<GateViolation>,
}

impl Outcome {
    fn pass(&mut self, gate: impl Into<String>, found: impl Into<String>) {
        self.passed.push(PassedGate { gate: gate.into(), found: found.into() });
    }

    fn metadata(&mut self, policy: &ReleasePolicy, package: &ModelPackage) {
        for required in &policy.metadata {
            let key = required.key.clone();
            match package.metadata.get(&key) {
                None => self.violations.push(GateViolation::NoMetadata { key }),
                Some(found) if !required.one_of.is_empty() && !required.one_of.contains(found) => {
                    self.violations.push(GateViolation::Metadata { key, found: found.clone(), one_of: required.one_of.clone() });
                }
                Some(found) => self.pass(format!("metadata `{key}`"), found),
            }
        }
    }

    fn life_cycle(&mut self, policy: &ReleasePolicy, package: &ModelPackage) {
        let Some(required) = &policy.life_cycle else { return };
        let will_do = |allowed: &[String], found: &str| allowed.is_empty() || allowed.iter().any(|allowed| allowed == found);
        match &package.life_cycle {
            Some(found) if will_do(&required.stages, &found.stage) && will_do(&required.statuses, &found.status) => {
                self.pass("life cycle", found.to_string());
            }
            found => self.violations.push(GateViolation::LifeCycle { found: found.clone(), required: required.clone() }),
        }
    }

    fn images(&mut self, policy: &ReleasePolicy, package: &ModelPackage) -> Result<(), GateError> {
        if policy.image_registries.is_empty() {
            return Ok(());
        }
        if package.images.is_empty() {
            return Err(unreadable("image registries", "the package lists no image", "register it with its inference image"));
        }
        let foreign: Vec<_> = package.images.iter().filter(|image| !is_from(image, &policy.image_registries)).collect();
        if foreign.is_empty() {
            self.pass("image registries", package.images.join(", "));
        }
        self.violations.extend(foreign.into_iter().map(|image| GateViolation::ImageRegistry { image: image.clone() }));
        Ok(())
    }

    fn content_types(&mut self, policy: &ReleasePolicy, package: &ModelPackage) {
        for required in &policy.content_types {
            if package.content_types.iter().any(|found| found.eq_ignore_ascii_case(required)) {
                self.pass("content types", required);
            } else {
                self.violations.push(GateViolation::ContentType { missing: required.clone() });
            }
        }
    }

    fn instance_types(&mut self, policy: &ReleasePolicy, package: &ModelPackage) {
        for required in &policy.instance_types {
            if package.realtime_instance_types.contains(required) {
                self.pass("instance types", required);
            } else {
                self.violations.push(GateViolation::InstanceType { missing: required.clone() });
            }
        }
    }

    fn four_eyes(&mut self, policy: &ReleasePolicy, package: &ModelPackage) -> Result<(), GateError> {
        const GATE: &str = "four eyes";
        if !policy.four_eyes {
            return Ok(());
        }
        if package.approval_status != ApprovalStatus::Approved {
            self.violations.push(GateViolation::NotApproved);
            return Ok(());
        }
        let unknown = |what: &str| {
            let hint = "SageMaker records this only for Studio users and IAM identities: approve the package in Studio or with a role, after it was registered";
            Err(unreadable(GATE, what, hint))
        };
        let Some(registrar) = &package.created_by else { return unknown("SageMaker does not report who registered the package") };
        let Some(approver) = &package.last_modified_by else { return unknown("SageMaker does not report who last changed the package") };
        match registrar.same_as(approver) {
            None => {
                unknown("SageMaker identifies the two people who registered and last changed the package in ways that cannot be compared")
            }
            Some(true) => {
                self.violations.push(GateViolation::FourEyes { who: registrar.name().unwrap_or("(no name)").to_owned() });
                Ok(())
            }
            Some(false) => {
                let name = |person: &crate::Person| person.name().unwrap_or("(no name)").to_owned();
                self.pass(GATE, format!("registered by {}, last changed by {}", name(registrar), name(approver)));
                Ok(())
            }
        }
    }

    async fn metrics<D: Documents>(&mut self, policy: &ReleasePolicy, documents: &D, package: &ModelPackage) -> Result<(), GateError> {
        let mut read: Vec<(MetricSource, serde_json::Value)> = Vec::new();
        for required in &policy.metrics {
            let gate = format!("metric `{}`", required.name);
            let error = |error: MetricError| gate_error(&gate, error);
            let index = match read.iter().position(|(source, _)| *source == required.source) {
                Some(index) => index,
                None => {
                    read.push((required.source, metrics::read(documents, package, required.source).await.map_err(error)?));
                    read.len() - 1
                }
            };
            let found = metrics::value(&read[index].1, required).map_err(error)?;
            match metrics::beyond(required, found) {
                Some(violation) => self.violations.push(violation),
                None => self.pass(gate, format!("{found}, {}", metrics::limits(required))),
            }
        }
        Ok(())
    }
}

/// An image belongs to a registry if its name begins with it, up to a whole part of the name.
fn is_from(image: &str, registries: &[String]) -> bool {
    registries.iter().any(|registry| image.strip_prefix(registry.as_str()).is_some_and(|rest| rest.starts_with(['/', ':', '@'])))
}

fn unreadable(gate: &str, reason: &str, hint: &str) -> GateError {
    GateError { gate: gate.to_owned(), reason: reason.to_owned(), hint: Some(hint.to_owned()), request_id: None, refused_by_aws: false }
}

fn gate_error(gate: &str, error: MetricError) -> GateError {
    match error {
        MetricError::Document(error) => GateError {
            gate: gate.to_owned(),
            reason: error.to_string(),
            hint: error.hint(),
            request_id: error.request_id.clone(),
            refused_by_aws: error.kind != DocumentErrorKind::NotInSnapshot && error.kind != DocumentErrorKind::TooLarge,
        },
        MetricError::Content { reason, hint } => unreadable(gate, &reason, &hint),
    }
}

impl fmt::Display for GateViolation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let within = |f: &mut fmt::Formatter<'_>, tolerance: &f64| {
            if *tolerance > 0.0 { write!(f, " (tolerance {tolerance})") } else { Ok(()) }
        };
        match self {
            Self::NoMetadata { key } => write!(f, "it has no metadata `{key}`"),
            Self::Metadata { key, found, one_of } => write!(f, "its metadata `{key}` is `{found}`, not {}", listed(one_of)),
            Self::TooLow { metric, found, min, tolerance } => {
                write!(f, "metric `{metric}` is {found}, below the minimum {min}")?;
                within(f, tolerance)
            }
            Self::TooHigh { metric, found, max, tolerance } => {
                write!(f, "metric `{metric}` is {found}, above the maximum {max}")?;
                within(f, tolerance)
            }
            Self::LifeCycle { found, required } => {
                match found {
                    Some(found) => write!(f, "its life cycle is `{found}`")?,
                    None => f.write_str("it has no life cycle")?,
                }
                f.write_str(", but must be")?;
                let parts = [("stage", &required.stages), ("status", &required.statuses)];
                let parts: Vec<_> = parts
                    .iter()
                    .filter(|(_, allowed)| !allowed.is_empty())
                    .map(|(what, allowed)| format!(" {what} {}", listed(allowed)))
                    .collect();
                f.write_str(&parts.join(","))
            }
            Self::ImageRegistry { image } => write!(f, "its image `{image}` is from a registry that is not allowed"),
            Self::ContentType { missing } => write!(f, "it does not accept `{missing}`"),
            Self::InstanceType { missing } => write!(f, "it does not support `{missing}`"),
            Self::NotApproved => f.write_str("no second person has approved it"),
            Self::FourEyes { who } => write!(f, "`{who}` both registered it and was the last to change it"),
        }
    }
}

fn listed(words: &[String]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(" or ")
}
