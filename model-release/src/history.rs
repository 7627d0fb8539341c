//! The history of a project's releases: which version was where, since when, and who approved it.
//!
//! Each command stores an [`Event`] about what it did, and the files that prove it, in versioned
//! storage. An object is written once and never changed:
//!
//! | key, below the prefix and the project id | what it is |
//! |---|---|
//! | `events/STAGE/NAME` | an event of a stage, `build` for the builds; the newest has the first name |
//! | `releases/SHA256/FILE` | the files of a release, by the digest of its manifest |
//! | `evidence/SHA256/FILE` | a file that an event names, by its own digest |
//!
//! An event is an in-toto statement about the manifest, in canonical JSON, or a Sigstore bundle
//! with it. Its name has the digest of the statement, so a changed event is not accepted, and neither
//! is one in another place.

mod answer;
mod event;
mod fetch;
mod going_back;
mod layout;
#[cfg(feature = "signatures")]
mod proof;
mod store;
mod stored;
mod text;
mod timeline;
mod write;

pub use answer::{EventThen, HistoryAnswer, HistoryQuery, ServedThen, question_time};
pub use event::{DeploymentOutcome, Event, EventFile, Facts, GoingBack, TargetResult, approved, deployment_targets, outcome_of, tested};
pub use fetch::FetchedRelease;
pub use going_back::{Deployed, ReleaseName};
pub use layout::{EventKind, EventName, HistoryPlace, ReleasePlace};
#[cfg(feature = "signatures")]
pub use proof::HistoryProof;
pub use store::{HistoryStore, Listing, Put};
pub use stored::{SignatureState, StoredEvent};
pub use timeline::Timeline;

use layout::ProjectKeys;

/// The history of one project.
#[derive(Debug, Clone)]
pub struct History<S> {
    store: S,
    place: HistoryPlace,
    keys: ProjectKeys,
}

impl<S: HistoryStore> History<S> {
    /// The history of the project with this id.
    pub fn new(store: S, place: HistoryPlace, project_id: &str) -> Self {
        let keys = ProjectKeys::new(&place, project_id);
        Self { store, place, keys }
    }

    /// The project's id.
    pub fn project(&self) -> &str {
        self.keys.project()
    }

    /// The address of a key.
    fn address(&self, key: &str) -> String {
        format!("s3://{}/{key}", self.place.bucket)
    }
}
