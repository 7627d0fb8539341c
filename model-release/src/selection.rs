//! Selects the model package and checks its gates.

use std::path::PathBuf;

use model_registry::documents::Documents;
use model_registry::event::{Rule, StateChange};
use model_registry::release_policy::UnknownBytes;
use model_registry::{
    Choice, ChoiceReason, Gates, ModelPackageArn, ModelPackageGroup, Reason, Registry, ReleasePolicy, SelectError, Selection, select,
};

use crate::approved_bytes::NoArtifacts;
use crate::diagnostic::{Diagnostic, Failure, FailureKind};
use crate::registry_errors;

/// Which model package to select, and the gates that it must pass.
#[derive(Debug)]
pub struct PackageSelection {
    /// The selection; `None` if the event requires no deployment.
    pub selection: Option<Selection>,
    /// Whether an explicitly selected package can be deployed without approval.
    pub allow_unapproved: bool,
    /// The release policy.
    pub policy: Option<PolicyFile>,
    /// The event that started the build.
    pub event: Option<Event>,
}

/// An event, and the rule that applies to it.
#[derive(Debug)]
pub struct Event {
    /// The reported change.
    pub change: StateChange,
    /// The rule.
    pub rule: Rule,
}

/// A release policy, and the file that it was read from.
#[derive(Debug)]
pub struct PolicyFile {
    /// The name in the manifest: relative to the project folder if the file is in it.
    pub name: String,
    /// The file: names of files in it are relative to its folder.
    pub path: PathBuf,
    /// The digest `sha256:…` of the file.
    pub digest: String,
    /// The policy.
    pub policy: ReleasePolicy,
}

/// The registry of a region, with its documents and artifacts.
#[derive(Debug, Clone)]
pub struct RegistryAccess<R, D, A = NoArtifacts> {
    /// The registry.
    pub registry: R,
    /// The documents that its packages reference.
    pub documents: D,
    /// The images and artifacts of its packages; `None` if AWS is not called.
    pub artifacts: Option<A>,
}

impl PackageSelection {
    /// What applies if it is not known whether something is what was approved.
    pub(crate) fn unknown_bytes(&self) -> UnknownBytes {
        self.policy.as_ref().map(|file| file.policy.unknown_bytes).unwrap_or_default()
    }

    /// The effect of the event, as text.
    pub fn announcement(&self) -> Option<String> {
        let Event { change, rule } = self.event.as_ref()?;
        Some(format!("{}: {rule} (rule {})", short(&change.package), rule.code()))
    }

    /// Returns an error if the event requires no deployment, before AWS is called.
    pub fn stop_when_nothing(&self) -> Result<(), Failure> {
        match (&self.selection, self.announcement()) {
            (None, Some(announcement)) => {
                let diagnostic = Diagnostic::warning(format!("nothing to deploy: {announcement}"));
                Err(Failure::new(FailureKind::Nothing, vec![diagnostic]))
            }
            _ => Ok(()),
        }
    }

    /// Chooses the package from a region's registry.
    pub async fn choose<R: Registry, D: Documents, A>(
        &self,
        group: &ModelPackageGroup,
        access: RegistryAccess<R, D, A>,
    ) -> Result<Choice, Failure> {
        self.stop_when_nothing()?;
        let selection = self.selection.as_ref().unwrap_or(&Selection::LatestApproved);
        let chosen = self.select(group, selection, access).await.map(|choice| self.with_event(choice));
        chosen.map_err(|error| match (&error, &self.event) {
            // The registry has changed since the event. Another event will follow.
            (SelectError::NotAcceptable { reason, .. }, Some(event)) if event.rule == Rule::Approved => {
                let is_outdated = matches!(reason, Reason::Approval(_));
                let hint = if is_outdated {
                    "the event is outdated: the approval was withdrawn since"
                } else {
                    "the event reports an approval, but the package cannot be deployed"
                };
                let diagnostic = Diagnostic::warning(format!("nothing to deploy: {error}"));
                Failure::new(
                    FailureKind::Nothing,
                    vec![diagnostic.with_hint_opt(error.hint().filter(|_| !is_outdated).or_else(|| Some(hint.to_owned())))],
                )
            }
            (SelectError::NothingToDeploy { .. }, Some(_)) => {
                // The last approved package of the group was rejected: a person must decide.
                let mut failure = registry_errors::of_selection(&error);
                for diagnostic in &mut failure.diagnostics {
                    diagnostic
                        .details
                        .push("the deployed model package stays deployed: no approved model package can replace it".to_owned());
                }
                failure
            }
            (SelectError::NoSuchPackage { .. }, Some(_)) => {
                let mut failure = registry_errors::of_selection(&error);
                for diagnostic in &mut failure.diagnostics {
                    diagnostic.code = Some("no-such-package-of-event");
                }
                failure
            }
            _ => registry_errors::of_selection(&error),
        })
    }

    /// Records that the event selected the package, not a person.
    fn with_event(&self, mut choice: Choice) -> Choice {
        if let (Some(event), Selection::Arn(arn), ChoiceReason::Requested { requested_by, .. }) =
            (&self.event, &choice.selection, &mut choice.because)
        {
            *requested_by = Some(format!("event for {}: {}", short(arn), event.rule));
        }
        choice
    }

    /// Selects a package and checks its gates.
    pub async fn select<R: Registry, D: Documents, A>(
        &self,
        group: &ModelPackageGroup,
        selection: &Selection,
        access: RegistryAccess<R, D, A>,
    ) -> Result<Choice, SelectError> {
        let mut gates = Gates::new(self.policy.as_ref().map_or_else(ReleasePolicy::default, |file| file.policy.clone()), access.documents);
        gates.allow_unapproved = self.allow_unapproved;
        select(&access.registry, group, selection, &gates).await
    }
}

fn short(arn: &ModelPackageArn) -> String {
    arn.version().map_or_else(|| arn.to_string(), |version| format!("version {version} of `{}`", arn.name()))
}
