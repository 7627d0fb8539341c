//! Change sets: what CloudFormation itself computes for an update of an existing stack.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::{Duration, UNIX_EPOCH};

use clock::Clock;
use serde::{Deserialize, Serialize};

use crate::call_error::{CallError, CallErrorKind};
use crate::release::{Parameters, Release};
use crate::template_change::{Effect, ResourceChange};

/// The beginning of the names of the change sets of this crate.
const PREFIX: &str = "plan-exact-";

/// The maximum wait for a change set. An older one with the prefix is a leftover.
const DEADLINE: Duration = Duration::from_mins(10);

const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// The number of attempts of a call that fails temporarily.
const ATTEMPTS: u32 = 4;

/// The change sets of one target account and region.
pub trait ChangeSets: Sync {
    /// The names of a stack's change sets (`ListChangeSets`, all pages).
    fn names(&self, stack: &str) -> impl Future<Output = Result<Vec<String>, CallError>> + Send;

    /// Creates a change set for the update of a stack (`CreateChangeSet`).
    fn create(&self, request: &NewChangeSet<'_>) -> impl Future<Output = Result<(), CallError>> + Send;

    /// A page of a change set (`DescribeChangeSet`).
    fn describe(&self, stack: &str, name: &str, token: Option<&str>) -> impl Future<Output = Result<ChangeSetPage, CallError>> + Send;

    /// Deletes a change set (`DeleteChangeSet`). One that does not exist is deleted.
    fn delete(&self, stack: &str, name: &str) -> impl Future<Output = Result<(), CallError>> + Send;
}

/// A change set for the update of a stack to a release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewChangeSet<'a> {
    /// Its name.
    pub name: &'a str,
    /// The ARN of the stack.
    pub stack: &'a str,
    /// The release.
    pub release: &'a Release,
    /// The parameters of the stack.
    pub parameters: &'a Parameters,
}

/// A page of a change set.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ChangeSetPage {
    /// Its status, such as `CREATE_COMPLETE`.
    pub status: String,
    /// Why it has failed.
    pub status_reason: Option<String>,
    /// The changes of this page.
    pub changes: Vec<ExactChange>,
    /// The token of the next page.
    pub next_token: Option<String>,
}

/// The change of a resource in a change set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExactChange {
    /// The logical id.
    pub logical_id: String,
    /// The resource type, such as `AWS::SageMaker::Endpoint`.
    pub resource_type: String,
    /// `Add`, `Modify`, `Remove`, `Import`, `Dynamic` or `SyncWithActual`.
    pub action: String,
    /// Of a modification: `True`, `False` or `Conditional`; `None` if not reported.
    pub replacement: Option<String>,
}

impl ExactChange {
    /// The effect on the resource.
    pub fn effect(&self) -> Effect {
        match (self.action.as_str(), self.replacement.as_deref()) {
            ("Add" | "Import", _) => Effect::Create,
            ("Remove", _) => Effect::Delete,
            ("Modify", Some("True")) => Effect::Replace,
            ("Modify", Some("False")) => Effect::Update,
            _ => Effect::UpdateOrReplace,
        }
    }
}

/// A resource whose change in a change set differs from the computed one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeDifference {
    /// The logical id.
    pub logical_id: String,
    /// The resource type.
    pub resource_type: String,
    /// The computed effect; `None` if no change was computed.
    pub computed: Option<Effect>,
    /// The effect in the change set; `None` if it has no change.
    pub exact: Option<Effect>,
}

/// The differences between the computed changes of a stack and those of its change set.
///
/// A change set does not always know whether a resource is replaced (`Conditional`): then a computed
/// replacement or update is no difference.
pub fn change_differences(computed: &[ResourceChange], exact: &[ExactChange]) -> Vec<ChangeDifference> {
    let difference = |logical_id: &str, resource_type: &str, computed, exact| ChangeDifference {
        logical_id: logical_id.to_owned(),
        resource_type: resource_type.to_owned(),
        computed,
        exact,
    };
    let is_same = |computed: Effect, exact: Effect| {
        computed == exact || exact == Effect::UpdateOrReplace && matches!(computed, Effect::Update | Effect::Replace)
    };
    let of_exact = exact.iter().filter_map(|change| {
        let known = computed.iter().find(|known| known.logical_id == change.logical_id).map(|known| known.effect);
        let differs = known.is_none_or(|known| !is_same(known, change.effect()));
        differs.then(|| difference(&change.logical_id, &change.resource_type, known, Some(change.effect())))
    });
    let only_computed = computed.iter().filter(|known| exact.iter().all(|change| change.logical_id != known.logical_id));
    let only_computed = only_computed.map(|known| difference(&known.logical_id, &known.resource_type, Some(known.effect), None));
    let mut all: Vec<_> = of_exact.chain(only_computed).collect();
    all.sort_by(|one, other| one.logical_id.cmp(&other.logical_id));
    all
}

/// Why the changes of a stack are not known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChangeSetError {
    /// A call failed.
    #[error("{0}")]
    Call(CallError),
    /// CloudFormation cannot create the change set, for this reason.
    #[error("CloudFormation created no change set: {0}")]
    Failed(String),
    /// It was not created in time.
    #[error("the change set was not created within 10 minutes")]
    Deadline,
    /// The caller was interrupted.
    #[error("the command was interrupted")]
    Interrupted,
}

/// The changes of a stack, as CloudFormation computes them for an update to a release.
///
/// Creates a change set, waits for it, reads all pages, and deletes it: also after an error and after
/// `interrupted`. A change set that a killed run has left is deleted, too. Nothing is executed.
///
/// # Errors
///
/// The changes are not known. The second value is why a change set could not be deleted, if so.
pub async fn exact_changes<S: ChangeSets, C: Clock>(
    change_sets: &S,
    stack: &str,
    release: &Release,
    parameters: &Parameters,
    clock: &C,
    interrupted: impl Future<Output = ()>,
) -> (Result<Vec<ExactChange>, ChangeSetError>, Option<CallError>) {
    let seconds = clock.date().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let name = format!("{PREFIX}{seconds}-{:08x}", fastrand::u32(..));
    let mut has_begun = false;
    let changes = {
        let run = async {
            remove_leftovers(change_sets, stack, seconds, clock).await?;
            has_begun = true;
            let request = NewChangeSet { name: &name, stack, release, parameters };
            create(change_sets, &request, clock).await?;
            read(change_sets, stack, &name, clock).await
        };
        let (mut run, mut interrupted) = (pin!(run), pin!(interrupted));
        poll_fn(|context| match run.as_mut().poll(context) {
            Poll::Ready(changes) => Poll::Ready(changes),
            Poll::Pending => interrupted.as_mut().poll(context).map(|()| Err(ChangeSetError::Interrupted)),
        })
        .await
    };
    let left = if has_begun { repeated(clock, || change_sets.delete(stack, &name)).await.err() } else { None };
    (changes, left)
}

/// Deletes the change sets of runs that were killed before they could.
async fn remove_leftovers<S: ChangeSets>(change_sets: &S, stack: &str, now: u64, clock: &impl Clock) -> Result<(), ChangeSetError> {
    let names = repeated(clock, || change_sets.names(stack)).await.map_err(ChangeSetError::Call)?;
    let is_leftover = |name: &&String| {
        let created = name.strip_prefix(PREFIX).and_then(|rest| rest.split('-').next()?.parse::<u64>().ok());
        created.is_some_and(|created| now.saturating_sub(created) > DEADLINE.as_secs())
    };
    for name in names.iter().filter(is_leftover) {
        repeated(clock, || change_sets.delete(stack, name)).await.map_err(ChangeSetError::Call)?;
    }
    Ok(())
}

async fn create<S: ChangeSets>(change_sets: &S, request: &NewChangeSet<'_>, clock: &impl Clock) -> Result<(), ChangeSetError> {
    match repeated(clock, || change_sets.create(request)).await {
        // An attempt without a response has succeeded: no other run has this name.
        Err(error) if error.kind() == CallErrorKind::Stale => Ok(()),
        created => created.map_err(ChangeSetError::Call),
    }
}

async fn read<S: ChangeSets>(change_sets: &S, stack: &str, name: &str, clock: &impl Clock) -> Result<Vec<ExactChange>, ChangeSetError> {
    let deadline = clock.now() + DEADLINE;
    let mut pause = FIRST_PAUSE;
    let mut page = loop {
        let page = repeated(clock, || change_sets.describe(stack, name, None)).await.map_err(ChangeSetError::Call)?;
        match page.status.as_str() {
            "CREATE_COMPLETE" => break page,
            "FAILED" => {
                let reason = page.status_reason.unwrap_or_else(|| crate::status::NO_REASON.to_owned());
                // An update without changes has no change set.
                let is_unchanged = reason.contains("didn't contain changes") || reason.contains("No updates are to be performed");
                return if is_unchanged { Ok(Vec::new()) } else { Err(ChangeSetError::Failed(reason)) };
            }
            _ if clock.now() >= deadline => return Err(ChangeSetError::Deadline),
            _ => clock.sleep(pause).await,
        }
        pause = (pause * 3 / 2).min(LONGEST_PAUSE);
    };
    let mut changes = std::mem::take(&mut page.changes);
    while let Some(token) = page.next_token.take() {
        page = repeated(clock, || change_sets.describe(stack, name, Some(&token))).await.map_err(ChangeSetError::Call)?;
        changes.append(&mut page.changes);
    }
    Ok(changes)
}

/// Repeats a call that fails temporarily.
async fn repeated<T, F>(clock: &impl Clock, call: impl Fn() -> F) -> Result<T, CallError>
where
    F: Future<Output = Result<T, CallError>>,
{
    let mut attempt = 1;
    loop {
        match call().await {
            Err(error) if error.is_transient() && attempt < ATTEMPTS => {
                clock.sleep(FIRST_PAUSE * 2_u32.pow(attempt - 1)).await;
                attempt += 1;
            }
            result => return result,
        }
    }
}
