//! Suite files: what is accepted, what is refused with which message, and which files are opened.

mod draft;
mod files;
mod format;
mod limits;
mod mistakes;
mod outlook;
mod problems;
mod reading;
mod selection;
mod statuses;
mod tabular;
mod targets;

use std::path::Path;

use endpoint_test::{Suite, SuiteErrors};

fn parse(text: &str) -> Result<Suite, SuiteErrors> {
    Suite::parse(text, Path::new("endpoint-tests.yaml"))
}

fn good(text: &str) -> Suite {
    parse(text).unwrap_or_else(|errors| panic!("{errors}"))
}

/// One case with this payload and the following text.
fn with_case(rest: &str) -> String {
    format!("version: 1\ncases:\n  - name: it\n    {rest}\n")
}
