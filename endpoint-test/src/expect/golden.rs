//! Compares a response with a stored one.

use bytes::Bytes;

use super::address::Address;
use super::difference;
use super::number::Tolerance;
use crate::format::{EXCERPT, beginning};
use crate::json::{Document, Json};
use crate::report::{CheckReport, FindingCode, GoldenUpdate};

/// The maximum number of reported differences.
const MAX_DIFFERENCES: usize = 10;

/// A right response, stored in a file of the suite.
#[derive(Debug, Clone)]
pub(crate) struct GoldenExpectation {
    /// Relative to the suite's folder.
    pub(crate) file: String,
    pub(crate) tolerance: Tolerance,
    /// Locations that may differ.
    pub(crate) ignore: Vec<Address>,
    /// The file's content; `None` while it does not exist.
    pub(crate) content: Option<Bytes>,
}

pub(super) fn check(expected: &GoldenExpectation, body: &[u8]) -> Vec<CheckReport> {
    let file = &expected.file;
    let Some(golden) = &expected.content else {
        let check = CheckReport::failed("golden", format!("the golden file `{file}` does not exist"));
        let check = check.actual(beginning(body, EXCERPT)).with_hint("record it from a right response");
        return vec![check.code(FindingCode::GoldenFileMissing)];
    };
    let differences = difference::in_bodies(golden, body, expected.tolerance, &expected.ignore, MAX_DIFFERENCES);
    if differences.is_empty() {
        return vec![CheckReport::passed("golden").expected(format!("as in {file}"))];
    }
    let hint = "record the golden file again if the new response is right";
    let last = differences.len() - 1;
    let findings = differences.into_iter().enumerate().map(|(index, difference)| {
        let message = match difference.at.as_str() {
            "" => format!("the response {}", difference.text),
            at => format!("`{at}` {}", difference.text),
        };
        let check = CheckReport::failed("golden", message).at(difference.at).expected(difference.expected).actual(difference.actual);
        if index == last { check.with_hint(hint).code(FindingCode::GoldenFileDiffers) } else { check }
    });
    findings.collect()
}

/// The golden file's content after this response; `None` if the file is already correct.
pub(crate) fn update(expected: &GoldenExpectation, body: &[u8]) -> Option<GoldenUpdate> {
    let stays = |golden: &Bytes| difference::in_bodies(golden, body, expected.tolerance, &expected.ignore, 1).is_empty();
    if expected.content.as_ref().is_some_and(stays) {
        return None;
    }
    // JSON is written indented, so that the next change is a small diff in version control.
    let content = match Document::read(body) {
        Ok(Document { json: json @ (Json::List(_) | Json::Map(_)), .. }) => format!("{}\n", json.pretty()).into_bytes(),
        _ => body.to_vec(),
    };
    Some(GoldenUpdate { file: expected.file.clone(), content })
}
