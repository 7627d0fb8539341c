//! A suite's cases as text.

use comfy_table::presets::NOTHING;
use comfy_table::{ContentArrangement, Table};

use super::untrusted::one_line as safe;
use crate::suite::SuiteListing;

/// A suite's cases as text: a line for each, with the number of its requests and what it expects.
pub fn case_list(listing: &SuiteListing) -> String {
    let mut table = Table::new();
    table.load_style(NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(["CASE", "REQUESTS", "SENT AS", "EXPECTS"]);
    for case in &listing.cases {
        let requests = case.requests.map_or_else(|| "one for each sample".to_owned(), |requests| requests.to_string());
        let expects = if case.expects.is_empty() { "a response".to_owned() } else { case.expects.join(", ") };
        table.add_row([safe(&case.name), requests, safe(&case.content_type), expects]);
    }
    let text = table.lines().fold(String::new(), |text, line| text + line.trim() + "\n");
    let cases = if listing.cases.len() == 1 { "1 case".to_owned() } else { format!("{} cases", listing.cases.len()) };
    text + &cases + if listing.load { ", and a load phase\n" } else { "\n" }
}
