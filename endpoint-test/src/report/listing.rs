//! A suite's cases as text.

use comfy_table::presets::NOTHING;
use comfy_table::{ContentArrangement, Table};

use super::table::paragraph;
use super::untrusted::one_line as safe;
use crate::suite::{Outlook, SuiteListing};

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

/// What a suite's rows can prove as text: each gate with its number of rows and its outlook.
pub fn outlook(outlook: &Outlook) -> String {
    let mut text = String::new();
    let mut last = None;
    for gate in &outlook.gates {
        if last != Some(&gate.case) {
            let name = gate.case.as_ref().map_or_else(|| "all cases".to_owned(), |case| format!("case \"{}\"", safe(case)));
            paragraph(&mut text, "", 2, &name);
            last = Some(&gate.case);
        }
        let observed = if gate.observed { " (observed)" } else { "" };
        let rows = if gate.rows == 1 { "1 row".to_owned() } else { format!("{} rows", gate.rows) };
        paragraph(&mut text, "  ", 4, &format!("{}{observed}: {rows}", safe(&gate.gate)));
        for note in &gate.notes {
            paragraph(&mut text, "    ", 6, &safe(note));
        }
    }
    if let Some(load) = &outlook.load {
        let most = if load.at_most { "at most " } else { "" };
        paragraph(
            &mut text,
            "",
            2,
            &format!("load: {most}{} requests with a rate in {most}{} s, to each target", load.requests, load.seconds.ceil()),
        );
    }
    let impossible = outlook.gates.iter().filter(|gate| !gate.can_pass && !gate.observed).count();
    let summary = match (outlook.gates.len(), impossible) {
        (0, _) => "no limit has a confidence: measured values decide".to_owned(),
        (1, 0) => "the limit with a confidence can pass with these rows".to_owned(),
        (all, 0) => format!("all {all} limits with a confidence can pass with these rows"),
        (all, some) => format!("{some} of {all} limits with a confidence cannot pass with these rows"),
    };
    text + &summary + "\n"
}
