//! `docs/faults.md`: the outcome of every cell. Its text is written by hand, its tables by a run of
//! all cells with `UPDATE_FAULTS=1`.

use std::collections::BTreeMap;
use std::sync::Mutex;

use super::kinds;
use crate::project::workspace;

/// The rows of a command's table: the outcome per fault as it is written, by call.
pub(super) type Rows = BTreeMap<String, Vec<String>>;

/// A call that cannot have the fault, and a cell that no run has tried.
pub(super) const IMPOSSIBLE: &str = "–";
pub(super) const UNTRIED: &str = "?";

const PAGE: &str = "docs/faults.md";
const HEADING: &str = "### ";

/// One write at a time: the tests of the commands run at once.
static WRITING: Mutex<()> = Mutex::new(());

fn read() -> String {
    std::fs::read_to_string(workspace().join(PAGE)).unwrap()
}

/// The title of a command's table.
fn title(arguments: &[&str]) -> String {
    format!("`{}`", arguments.join(" "))
}

/// The text before the tables, and each table by its title.
fn split(page: &str) -> (String, Vec<(String, String)>) {
    let separator = format!("\n{HEADING}");
    let mut parts = page.split(&separator);
    let head = parts.next().unwrap_or_default().trim_end().to_owned();
    let tables = parts.map(|part| {
        let (title, table) = part.split_once('\n').unwrap_or((part, ""));
        (title.to_owned(), table.trim().to_owned())
    });
    (head, tables.collect())
}

fn table(rows: &Rows) -> String {
    let names = kinds::ALL.map(|kind| kind.name().replace("throttled", "thr.").replace("malformed", "malf."));
    let mut lines = vec![format!("| call | {} |", names.join(" | ")), format!("|---|{}", "---|".repeat(names.len()))];
    lines.extend(rows.iter().map(|(call, outcomes)| format!("| `{call}` | {} |", outcomes.join(" | "))));
    lines.join("\n")
}

/// Writes a command's table; `order` has the arguments of all commands.
pub(super) fn write(arguments: &[&str], rows: &Rows, order: &[&[&str]]) {
    let _guard = WRITING.lock().unwrap();
    let (head, mut tables) = split(&read());
    tables.retain(|(known, _)| *known != title(arguments));
    tables.push((title(arguments), table(rows)));
    let place = |name: &str| order.iter().position(|arguments| title(arguments) == name);
    tables.retain(|(known, _)| place(known).is_some());
    tables.sort_by_key(|(known, _)| place(known));
    let tables: Vec<_> = tables.into_iter().map(|(title, table)| format!("\n\n{HEADING}{title}\n\n{table}")).collect();
    std::fs::write(workspace().join(PAGE), format!("{head}{}\n", tables.concat())).unwrap();
}

/// The rows of a command in the page.
pub(super) fn rows(arguments: &[&str]) -> Rows {
    let (_, tables) = split(&read());
    let table = tables.into_iter().find(|(known, _)| *known == title(arguments)).map(|(_, table)| table).unwrap_or_default();
    let rows = table.lines().skip(2).map(|line| {
        let mut columns = line.trim_matches(['|', ' ']).split(" | ").map(str::to_owned);
        (columns.next().unwrap_or_default().trim_matches('`').to_owned(), columns.collect())
    });
    rows.collect()
}

/// A row without outcomes.
pub(super) fn empty_row() -> Vec<String> {
    vec![UNTRIED.to_owned(); kinds::ALL.len()]
}

/// The whole page.
pub(super) fn text() -> String {
    read()
}
