//! Renders the HTML page and the JUnit file again from a JSON report: `report_again
//! test-results.json FOLDER`.

use std::error::Error;
use std::path::Path;

use endpoint_test::{Report, report};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [results, folder] = arguments.as_slice() else { return Err("give a test-results.json and a folder".into()) };
    let report: Report = serde_json::from_str(&std::fs::read_to_string(results)?)?;
    std::fs::write(Path::new(folder).join("report.html"), report::html(&report))?;
    std::fs::write(Path::new(folder).join("junit.xml"), report::junit(&report))?;
    Ok(())
}
