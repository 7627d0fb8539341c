//! What holds for every foreign text, shared by the ordinary tests and the fuzz targets.

use model_registry::event::{Deployed, StateChange};
use model_registry::release_policy::ReleasePolicy;
use model_registry::snapshot::Snapshot;
use model_registry::{ModelPackageGroup, Problems};

/// Each problem has a message and a place within the text.
fn problems(text: &str, problems: &Problems) {
    assert!(!problems.0.is_empty());
    let lines = text.split('\n').count();
    for problem in &problems.0 {
        assert!(!problem.message.is_empty() && !problem.code.is_empty());
        assert!(problem.place.is_none_or(|place| (1..=lines).contains(&place.line) && place.column >= 1), "{problem:?}");
    }
}

/// A policy is refused with its problems, or read; the same way every time.
pub(crate) fn release_policy(text: &str) {
    let read = ReleasePolicy::parse(text);
    assert_eq!(read, ReleasePolicy::parse(text));
    if let Err(found) = read {
        problems(text, &found);
    }
}

/// A snapshot is refused with its problems, or read; writing and reading it changes nothing.
pub(crate) fn snapshot(text: &str) {
    match Snapshot::parse(text) {
        Ok(snapshot) => {
            let written = snapshot.write();
            let again = Snapshot::parse(&written).unwrap_or_else(|problems| panic!("{written}\n{problems}"));
            assert_eq!(again.write(), written);
        }
        Err(found) => problems(text, &found),
    }
}

/// An event is refused with its problems, or has a rule; the same way every time.
pub(crate) fn event(text: &str) {
    let group: ModelPackageGroup = "iris".parse().expect("a group's name");
    let read = StateChange::parse(text, &group);
    assert_eq!(read, StateChange::parse(text, &group));
    match read {
        Ok(change) => {
            let rule = change.rule(&Deployed::default());
            assert!(!rule.code().is_empty());
            let _ = change.selection(rule);
        }
        Err(found) => problems(text, &found),
    }
}
