//! `docs/faults.md`: what each command does about each fault.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::cell::Cell;
use super::kinds;
use super::scenes::Scene;
use crate::project::workspace;

pub(super) const PATH: &str = "docs/faults.md";

/// Exit codes by call and fault.
type Outcomes = BTreeMap<(String, &'static str), i32>;

pub(super) fn is_updated() -> bool {
    std::env::var_os("UPDATE_FAULTS").is_some()
}

fn page() -> String {
    std::fs::read_to_string(workspace().join(PATH)).unwrap_or_default()
}

fn heading(scene: &Scene) -> String {
    format!("## {}\n", scene.title())
}

/// The section of a command, without its heading.
fn section<'a>(page: &'a str, heading: &str) -> Option<&'a str> {
    let start = page.find(heading)? + heading.len();
    let end = page[start..].find("\n## ").map_or(page.len(), |end| start + end + 1);
    Some(&page[start..end])
}

/// The outcomes of a command in the page.
pub(super) fn outcomes(scene: &Scene) -> Outcomes {
    let page = page();
    let rows = section(&page, &heading(scene)).unwrap_or_default().lines().filter(|line| line.starts_with("| `"));
    let cells = rows.flat_map(|row| {
        let mut columns = row.trim_matches('|').split('|').map(str::trim);
        let call = columns.next().unwrap_or_default().replace('`', "");
        columns
            .zip(kinds::ALL)
            .filter_map(move |(code, fault)| Some(((call.clone(), fault.name()), code.parse().ok()?)))
            .collect::<Vec<_>>()
    });
    cells.collect()
}

/// Replaces the section of a command.
pub(super) fn write(scene: &Scene, cells: &[(Cell, i32)]) {
    let mut rows: BTreeMap<String, BTreeMap<&str, i32>> = BTreeMap::new();
    for (cell, code) in cells {
        rows.entry(cell.call.name()).or_default().insert(cell.fault.name(), *code);
    }
    let names = kinds::ALL.map(kinds::Kind::name);
    let mut text = format!("\n| call | {} |\n|---|{}\n", names.join(" | "), "---|".repeat(names.len()));
    for (call, codes) in &rows {
        let (call, place) = call.split_once(", ").map_or((call.as_str(), String::new()), |(call, place)| (call, format!(", {place}")));
        let codes: Vec<String> = names.iter().map(|name| codes.get(name).map_or_else(String::new, i32::to_string)).collect();
        writeln!(text, "| `{call}`{place} | {} |", codes.join(" | ")).unwrap();
    }
    // Each command's test is a thread of one process, and all write this page.
    static ONE_AT_A_TIME: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let _guard = ONE_AT_A_TIME.lock().unwrap();
    let page = page();
    let heading = heading(scene);
    let known = section(&page, &heading).unwrap_or_else(|| panic!("{PATH} has no section `{}`", heading.trim()));
    std::fs::write(
        workspace().join(PATH),
        page.replacen(&format!("{heading}{known}"), &format!("{heading}{text}\n"), 1).trim_end().to_owned() + "\n",
    )
    .unwrap();
}

pub(super) fn assert_has(scenes: &[Scene]) {
    let page = page();
    for scene in scenes {
        assert!(!outcomes(scene).is_empty(), "{PATH} has no table of `{}`: UPDATE_FAULTS=1 cargo xtask soak faults", scene.title());
    }
    assert_eq!(page.matches("\n## ").count(), scenes.len(), "{PATH} has other sections");
}
