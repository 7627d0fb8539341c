//! What could not be read, by account, with the statement of AWS.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::diagnostic::{Failure, Place};

/// What could not be read in one account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Unread {
    /// The account.
    pub account_id: String,
    /// Each reason once.
    pub reasons: Vec<UnreadReason>,
}

/// Why something could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct UnreadReason {
    /// The reason.
    pub reason: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// What could not be read, such as `endpoint iris-p-abc123xyz-prod in us-east-1`.
    pub what: Vec<String>,
}

/// What is before the id of a request in an error's text.
const REQUEST_ID: &str = " (request ";

/// Collects what could not be read.
#[derive(Debug, Default)]
pub(super) struct Collected(BTreeMap<String, Vec<UnreadReason>>);

impl Collected {
    pub(super) fn add(&mut self, account: &str, what: String, reason: &str, hint: Option<&str>) {
        let reasons = self.0.entry(account.to_owned()).or_default();
        // The id of the request differs for the same reason.
        let is_same = |known: &&mut UnreadReason| {
            known.reason.split(REQUEST_ID).next() == reason.split(REQUEST_ID).next() && known.hint.as_deref() == hint
        };
        match reasons.iter_mut().find(is_same) {
            Some(known) => known.what.push(what),
            None => reasons.push(UnreadReason { reason: reason.to_owned(), hint: hint.map(str::to_owned), what: vec![what] }),
        }
    }

    /// Adds a failure; its errors name the account if it is not `home`.
    pub(super) fn add_failure(&mut self, home: &str, what: &str, failure: &Failure) {
        for diagnostic in &failure.diagnostics {
            let (account, place) = match &diagnostic.place {
                Some(Place::Aws { account, .. }) => (account.as_deref().unwrap_or(home), None),
                other => (home, other.as_ref()),
            };
            let place = place.map(|place| format!("{place}: ")).unwrap_or_default();
            let reason = std::iter::once(&diagnostic.message).chain(&diagnostic.details).map(String::as_str).collect::<Vec<_>>().join(": ");
            self.add(account, what.to_owned(), &format!("{place}{reason}"), diagnostic.hint.as_deref());
        }
    }

    pub(super) fn into_unread(self) -> Vec<Unread> {
        self.0.into_iter().map(|(account_id, reasons)| Unread { account_id, reasons }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Diagnostic;

    #[test]
    fn each_reason_is_listed_once_in_the_account_that_it_is_about() {
        let mut collected = Collected::default();
        for endpoint in ["a", "b"] {
            collected.add("222222222222", format!("endpoint {endpoint}"), &format!("denied (request {endpoint})"), Some("allow it"));
        }
        let of_account = Diagnostic::error("no").in_aws(Some("333333333333"), Some("us-east-1")).detail("request id 1");
        let of_template = Diagnostic::error("bad").named("template of x");
        collected.add_failure("111111111111", "x", &Failure::unreachable(of_account));
        collected.add_failure("111111111111", "x", &Failure::unreachable(of_template));
        let unread = collected.into_unread();
        let shown: Vec<_> = unread.iter().flat_map(|it| it.reasons.iter().map(|reason| (it.account_id.as_str(), reason))).collect();
        assert_eq!(shown.len(), 3);
        assert_eq!((shown[0].0, shown[0].1.reason.as_str()), ("111111111111", "template of x: bad"));
        assert_eq!((shown[1].0, shown[1].1.what.join(",")), ("222222222222", "endpoint a,endpoint b".to_owned()));
        assert_eq!((shown[2].0, shown[2].1.reason.as_str()), ("333333333333", "no: request id 1"));
    }
}
