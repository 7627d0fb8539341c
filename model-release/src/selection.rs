//! Which model package is wanted, what it must pass, and the choice of it.

use model_registry::documents::Documents;
use model_registry::event::{Rule, StateChange};
use model_registry::{
    Choice, ChoiceReason, Gates, ModelPackageArn, ModelPackageGroup, Reason, Registry, ReleasePolicy, SelectError, Selection, select,
};

use crate::diagnostic::{Diagnostic, Failure, FailureKind};
use crate::registry_errors;

/// Which model package is wanted, and what it must meet.
#[derive(Debug)]
pub struct PackageSelection {
    /// `None`: the event asks for nothing.
    pub selection: Option<Selection>,
    /// Whether a package that is named may be deployed without its approval.
    pub allow_unapproved: bool,
    /// What a package must pass besides its approval.
    pub policy: Option<PolicyFile>,
    /// What started this.
    pub event: Option<Event>,
}

/// An event, and the rule that it falls under.
#[derive(Debug)]
pub struct Event {
    /// The change that it reports.
    pub change: StateChange,
    /// What follows from it.
    pub rule: Rule,
}

/// A release policy, and the file that it was read from.
#[derive(Debug)]
pub struct PolicyFile {
    /// As the manifest names it: seen from the project's folder where it is in it.
    pub name: String,
    /// `sha256:…` of the file.
    pub digest: String,
    /// The policy.
    pub policy: ReleasePolicy,
}

/// A region's registry, and where its documents are.
#[derive(Debug, Clone)]
pub struct RegistryAccess<R, D> {
    /// The registry.
    pub registry: R,
    /// The documents that its packages name.
    pub documents: D,
}

impl PackageSelection {
    /// What the event says is to be done, or why there is nothing to do.
    pub fn announcement(&self) -> Option<String> {
        let Event { change, rule } = self.event.as_ref()?;
        Some(format!("{}: {rule} (rule {})", short(&change.package), rule.code()))
    }

    /// Ends with nothing to do when the event says so: before anything is asked of AWS.
    pub fn stop_when_nothing(&self) -> Result<(), Failure> {
        match (&self.selection, self.announcement()) {
            (None, Some(announcement)) => {
                let diagnostic = Diagnostic::warning(format!("nothing to deploy: {announcement}"));
                Err(Failure::new(FailureKind::Nothing, vec![diagnostic]))
            }
            _ => Ok(()),
        }
    }

    /// Chooses the package of a region's registry that is wanted.
    pub async fn choose<R: Registry, D: Documents>(
        &self,
        group: &ModelPackageGroup,
        source: RegistryAccess<R, D>,
    ) -> Result<Choice, Failure> {
        self.stop_when_nothing()?;
        let selection = self.selection.as_ref().unwrap_or(&Selection::LatestApproved);
        let chosen = self.select(group, selection, source).await.map(|choice| self.explained(choice));
        chosen.map_err(|error| match (&error, &self.event) {
            // The event is of a moment ago: what the registry says now counts, and another event is on its way.
            (SelectError::NotAcceptable { reason, .. }, Some(event)) if event.rule == Rule::Approved => {
                let stale = matches!(reason, Reason::Approval(_));
                let hint = if stale {
                    "the event is out of date: the approval was withdrawn since"
                } else {
                    "its approval was asked for all the same"
                };
                let diagnostic = Diagnostic::warning(format!("nothing to deploy: {error}"));
                Failure::new(
                    FailureKind::Nothing,
                    vec![diagnostic.with_hint_opt(error.hint().filter(|_| !stale).or_else(|| Some(hint.to_owned())))],
                )
            }
            (SelectError::NothingToDeploy { .. }, Some(_)) => {
                // A group whose last approved package was rejected: the way out is a person's.
                let mut failure = registry_errors::of_selection(&error);
                for diagnostic in &mut failure.diagnostics {
                    diagnostic
                        .details
                        .push("what is deployed stays deployed: there is no approved model package to take its place".to_owned());
                }
                failure
            }
            _ => registry_errors::of_selection(&error),
        })
    }

    /// A package that an event named was not named by a person.
    fn explained(&self, mut choice: Choice) -> Choice {
        if let (Some(event), Selection::Arn(arn), ChoiceReason::Requested { requested_by, .. }) =
            (&self.event, &choice.selection, &mut choice.because)
        {
            *requested_by = Some(format!("an event says of {}: {}", short(arn), event.rule));
        }
        choice
    }

    /// One very package, held against the same gates.
    pub async fn select<R: Registry, D: Documents>(
        &self,
        group: &ModelPackageGroup,
        selection: &Selection,
        source: RegistryAccess<R, D>,
    ) -> Result<Choice, SelectError> {
        let mut gates = Gates::new(self.policy.as_ref().map_or_else(ReleasePolicy::default, |file| file.policy.clone()), source.documents);
        gates.allow_unapproved = self.allow_unapproved;
        select(&source.registry, group, selection, &gates).await
    }
}

/// A package's name and version, as people say it.
fn short(arn: &ModelPackageArn) -> String {
    arn.version().map_or_else(|| arn.to_string(), |version| format!("version {version} of `{}`", arn.name()))
}
