//! Looking at a reply with one that was good.

use bytes::Bytes;

use super::address::Address;
use super::difference;
use super::number::Tolerance;
use crate::format::{EXCERPT, beginning};
use crate::json::{Document, Json};
use crate::report::{CheckReport, FindingCode, GoldenUpdate};

/// The most differences that are told.
const MOST: usize = 10;

/// A reply that was good, in a file of the suite's.
#[derive(Debug, Clone)]
pub(crate) struct GoldenExpectation {
    /// Relative to the suite's folder.
    pub(crate) file: String,
    pub(crate) tolerance: Tolerance,
    /// Places that may differ.
    pub(crate) ignore: Vec<Address>,
    /// The file's content; `None` while it does not exist.
    pub(crate) content: Option<Bytes>,
}

/// Compares a reply with the golden file.
pub(super) fn check(expected: &GoldenExpectation, body: &[u8]) -> Vec<CheckReport> {
    let file = &expected.file;
    let Some(golden) = &expected.content else {
        let check = CheckReport::failed("golden", format!("the golden file `{file}` does not exist"));
        let check = check.actual(beginning(body, EXCERPT)).with_hint("record it from a reply that is right");
        return vec![check.code(FindingCode::GoldenFileMissing)];
    };
    let differences = difference::in_bodies(golden, body, expected.tolerance, &expected.ignore, MOST);
    if differences.is_empty() {
        return vec![CheckReport::passed("golden").expected(format!("as in {file}"))];
    }
    let hint = "record the golden file anew when the new reply is right";
    let last = differences.len() - 1;
    let told = differences.into_iter().enumerate().map(|(index, difference)| {
        let message = match difference.at.as_str() {
            "" => format!("the reply {}", difference.says),
            at => format!("`{at}` {}", difference.says),
        };
        let check = CheckReport::failed("golden", message).at(difference.at).expected(difference.expected).actual(difference.actual);
        if index == last { check.with_hint(hint).code(FindingCode::GoldenFileDiffers) } else { check }
    });
    told.collect()
}

/// What the golden file should hold after this reply; `None` when it may stay as it is.
pub(crate) fn update(expected: &GoldenExpectation, body: &[u8]) -> Option<GoldenUpdate> {
    let stays = |golden: &Bytes| difference::in_bodies(golden, body, expected.tolerance, &expected.ignore, 1).is_empty();
    if expected.content.as_ref().is_some_and(stays) {
        return None;
    }
    // JSON is written so that the next difference is a line in the version control's.
    let content = match Document::read(body) {
        Ok(Document { json: json @ (Json::List(_) | Json::Map(_)), .. }) => format!("{}\n", json.pretty()).into_bytes(),
        _ => body.to_vec(),
    };
    Some(GoldenUpdate { file: expected.file.clone(), content })
}
