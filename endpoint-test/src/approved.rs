//! Compares what is deployed with what was approved. What could not be read is not known, and never
//! the same.

use std::fmt;

use sha2::{Digest as _, Sha256};

use crate::report::{CheckReport, FindingCode};

/// The result of a comparison with what was approved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Comparison {
    /// The bytes are those that were approved.
    Same,
    /// They are others.
    Differs {
        /// What differs, such as "the object `s3://models/iris/model.tar.gz`".
        what: String,
        /// What was approved.
        expected: String,
        /// What was found.
        actual: String,
    },
    /// It is not known whether they are the same.
    NotKnown {
        /// What is not known.
        what: String,
        /// Why not.
        why: String,
        /// The call that failed, if one did.
        call: Option<FailedCall>,
    },
}

/// A failed call to AWS, after which something is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedCall {
    /// The operation, AWS's error and its request id.
    pub error: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl fmt::Display for Comparison {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Same => formatter.write_str("unchanged"),
            Self::Differs { what, .. } => write!(formatter, "{what} is not the approved one"),
            Self::NotKnown { what, why, .. } => write!(formatter, "whether {what} is the approved one is not known: {why}"),
        }
    }
}

impl Comparison {
    /// The text, with the whole error of a failed call.
    fn whole(&self) -> String {
        match self {
            // The reason is the beginning of the error, without the request id.
            Self::NotKnown { what, why, call: Some(call) } if call.error.starts_with(why) => {
                format!("whether {what} is the approved one is not known: {}", call.error)
            }
            Self::NotKnown { call: Some(call), .. } => format!("{self} ({})", call.error),
            other => other.to_string(),
        }
    }
}

impl CheckReport {
    /// A check of several comparisons. It fails if one differs. If one is not known, it is skipped
    /// with the reason, or fails if `blocks_unknown`.
    pub fn compared(name: &str, comparisons: &[Comparison], blocks_unknown: bool) -> Self {
        let told = |which: fn(&Comparison) -> bool| {
            let mut texts: Vec<String> = comparisons.iter().filter(|found| which(found)).map(Comparison::whole).collect();
            texts.dedup();
            Some(texts.join("; ")).filter(|text| !text.is_empty())
        };
        let (mut expected, mut actual) = (Vec::new(), Vec::new());
        for comparison in comparisons {
            if let Comparison::Differs { expected: approved, actual: found, .. } = comparison {
                expected.push(approved.as_str());
                actual.push(found.as_str());
            }
        }
        let differs = told(|found| matches!(found, Comparison::Differs { .. }));
        let unknown = told(|found| matches!(found, Comparison::NotKnown { .. }));
        match (differs, unknown) {
            (Some(message), _) => {
                let message = Self::failed(name, message);
                if expected.iter().all(|text| text.is_empty()) {
                    message
                } else {
                    message.expected(expected.join(", ")).actual(actual.join(", "))
                }
            }
            (None, Some(message)) if blocks_unknown => {
                let check = Self::failed(name, message).code(FindingCode::NotKnown);
                check.with_hint("the release policy requires that this is known: grant the missing permission")
            }
            (None, Some(message)) => {
                let hint = comparisons.iter().find_map(|found| match found {
                    Comparison::NotKnown { call, .. } => call.as_ref()?.hint.clone(),
                    _ => None,
                });
                let check = Self::skipped(name, message).code(FindingCode::NotKnown);
                hint.into_iter().fold(check, Self::with_hint)
            }
            (None, None) => Self::passed(name),
        }
    }

    /// Adds what a passed check does not prove.
    #[must_use]
    pub fn with_note(mut self, note: &str) -> Self {
        self.message.get_or_insert_with(|| note.to_owned());
        self
    }
}

/// Compares a running image with an approved one: by digest if both have one. Another repository or
/// another tag differs. A name without a digest proves nothing, because a tag can be moved.
pub fn compare_images(approved: &str, running: &str) -> Comparison {
    let what = || format!("the image `{approved}`");
    let differs = || Comparison::Differs { what: what(), expected: approved.to_owned(), actual: running.to_owned() };
    let not_known = |why: &str| Comparison::NotKnown { what: what(), why: why.to_owned(), call: None };
    let ((approved_name, approved_digest), (name, digest)) = (split(approved), split(running));
    if repository(approved_name) != repository(name) {
        return differs();
    }
    match (approved_digest, digest) {
        (Some(expected), Some(actual)) if expected == actual => Comparison::Same,
        (Some(_), Some(_)) => differs(),
        // Without a digest on both sides, only the tags can be compared. AWS resolves a tag to a
        // name without one.
        (_, None) if approved_name != name && approved_name != repository(approved_name) => differs(),
        (Some(_), None) => not_known("the endpoint does not report its digest"),
        (None, _) => not_known("the release does not record its digest"),
    }
}

fn split(image: &str) -> (&str, Option<&str>) {
    image.split_once('@').map_or((image, None), |(name, digest)| (name, Some(digest)))
}

/// The image's name without its tag: a colon after the last slash.
fn repository(image: &str) -> &str {
    let start = image.rfind('/').map_or(0, |slash| slash + 1);
    image[start..].find(':').map_or(image, |colon| &image[..start + colon])
}

/// The digest `sha256:…` of an environment variable, over its name and value. Values can be secrets:
/// they are neither kept nor printed.
pub fn environment_digest(name: &str, value: &str) -> String {
    let digest = Sha256::digest(format!("{name}={value}"));
    digest.iter().fold("sha256:".to_owned(), |text, byte| format!("{text}{byte:02x}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Outcome;

    #[test]
    fn images_are_compared_by_digest_and_a_tag_proves_nothing() {
        let repository = "111111111111.dkr.ecr.us-east-1.amazonaws.com/iris";
        let compare =
            |approved: &str, running: &str| match compare_images(&format!("{repository}{approved}"), &format!("{repository}{running}")) {
                Comparison::Same => "same",
                Comparison::Differs { .. } => "differs",
                Comparison::NotKnown { .. } => "not known",
            };
        for (approved, running, expected) in [
            (":1@sha256:aa", "@sha256:aa", "same"),
            ("@sha256:aa", "@sha256:aa", "same"),
            ("@sha256:aa", "@sha256:bb", "differs"),
            (":1@sha256:aa", "@sha256:bb", "differs"),
            (":1@sha256:aa", ":1", "not known"),
            (":1@sha256:aa", ":2", "differs"),
            ("@sha256:aa", ":1", "not known"),
            (":1", ":1", "not known"),
            (":1", "@sha256:aa", "not known"),
            (":1", ":2", "differs"),
            ("@sha256:aa", "-evil@sha256:aa", "differs"),
        ] {
            assert_eq!(compare(approved, running), expected, "{approved} {running}");
        }
        assert_eq!(compare_images("localhost:5000/iris:1@sha256:aa", "localhost:5000/iris@sha256:aa"), Comparison::Same);
    }

    #[test]
    fn a_check_never_passes_with_something_unknown_and_a_difference_outranks_it() {
        let differs = Comparison::Differs { what: "the object `a`".into(), expected: "e1".into(), actual: "e2".into() };
        let unknown = Comparison::NotKnown { what: "the object `b`".into(), why: "`s3:GetObject` was denied".into(), call: None };
        let outcome = |found: &[Comparison], blocks| CheckReport::compared("model_data", found, blocks).outcome;
        assert_eq!(outcome(&[Comparison::Same], true), Outcome::Passed);
        assert_eq!(outcome(&[Comparison::Same, unknown.clone()], false), Outcome::Skipped);
        assert_eq!(outcome(std::slice::from_ref(&unknown), true), Outcome::Failed);
        let check = CheckReport::compared("model_data", &[unknown, differs], false);
        assert_eq!((check.outcome, check.message.as_deref()), (Outcome::Failed, Some("the object `a` is not the approved one")));
        assert_eq!((check.expected.as_deref(), check.actual.as_deref()), (Some("e1"), Some("e2")));
    }
}
