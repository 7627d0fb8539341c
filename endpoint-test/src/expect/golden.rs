//! Compares a response with a stored one.

use bytes::Bytes;

use super::address::{Address, TooBroad};
use super::difference::{self, Difference, Differences};
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
    let differences = match difference::in_bodies(golden, body, expected.tolerance, &expected.ignore, MAX_DIFFERENCES) {
        Ok(differences) => differences,
        Err(error) => return vec![error.check("golden").expected(format!("as in {file}"))],
    };
    if differences.total == 0 {
        return vec![CheckReport::passed("golden").expected(format!("as in {file}"))];
    }
    let hint = "record the golden file again if the new response is right";
    let summary = summary(&differences).map(|message| CheckReport::failed("golden", message));
    let findings = differences.first.into_iter().map(|difference| {
        let message = in_words(&difference);
        CheckReport::failed("golden", message).at(difference.at).expected(difference.expected).actual(difference.actual)
    });
    let mut findings: Vec<_> = summary.into_iter().chain(findings).collect();
    if let Some(last) = findings.pop() {
        findings.push(last.with_hint(hint).code(FindingCode::GoldenFileDiffers));
    }
    findings
}

fn in_words(difference: &Difference) -> String {
    match difference.at.as_str() {
        "" => format!("the response {}", difference.text),
        at => format!("`{at}` {}", difference.text),
    }
}

/// How many differences there are, and the largest, if not all are shown.
fn summary(differences: &Differences) -> Option<String> {
    let (shown, total) = (differences.first.len(), differences.total);
    let largest = differences.largest.as_ref().map(|(size, difference)| format!(", the largest by {size}: {}", in_words(difference)));
    (shown < total).then(|| format!("{shown} of {total} differences are shown{}", largest.unwrap_or_default()))
}

/// The golden file's content after this response; `None` if the file is already correct.
pub(crate) fn update(expected: &GoldenExpectation, body: &[u8]) -> Result<Option<GoldenUpdate>, TooBroad> {
    if let Some(golden) = &expected.content
        && difference::in_bodies(golden, body, expected.tolerance, &expected.ignore, 1)?.total == 0
    {
        return Ok(None);
    }
    // JSON is written indented, so that the next change is a small diff in version control.
    let content = match Document::read(body) {
        Ok(Document { json: json @ (Json::List(_) | Json::Map(_)), .. }) => format!("{}\n", json.pretty()).into_bytes(),
        _ => body.to_vec(),
    };
    Ok(Some(GoldenUpdate { file: expected.file.clone(), content }))
}
