//! What records state. Each predicate type has a published specification.

pub(crate) mod provenance;
pub(crate) mod test_result;
pub(crate) mod verification_summary;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// A predicate of an in-toto statement.
pub trait Predicate: Serialize + DeserializeOwned {
    /// The predicate type: a URI.
    const TYPE: &'static str;
}
