//! Every message that `docs/troubleshooting.md` quotes in a heading is one that is printed, and
//! Markdown is wrapped at 100 columns.

use std::path::Path;

use sandbox::printed;

use super::printed_commands::workspace;

const PAGE: &str = "docs/troubleshooting.md";
/// What AWS prints, and not this project.
const FROM_AWS: [&str; 5] = [
    "key … is not accessible",
    "KmsKeyId … not supported",
    "Parameter … cannot be found",
    "Unable to fetch parameters",
    "Could not access",
];

/// The texts in code spans and quotation marks of bold headings; commands and names are shorter than three words.
fn quotes(page: &str) -> Vec<String> {
    let headings = page.split("**").skip(1).step_by(2).map(|heading| heading.replace('\n', " "));
    let quoted = headings.flat_map(|heading| {
        let spans = heading.replace(" ``", "\"").replace("`` ", "\"");
        let inner = if spans.contains('"') { spans.split('"') } else { spans.split('`') };
        inner.skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>()
    });
    quoted.filter(|quote| quote.split(' ').count() > 2 && !quote.starts_with("cargo ")).collect()
}

#[test]
fn every_quoted_message_is_printed() {
    let plain = |text: &str| text.replace('`', "");
    let mut printed: Vec<String> = printed::strings(workspace()).iter().map(|printed| plain(&printed.text)).collect();
    printed.push(plain(&std::fs::read_to_string(workspace().join("pipeline/obtain-xtask.sh")).unwrap()));
    let quotes = quotes(&std::fs::read_to_string(workspace().join(PAGE)).unwrap());
    let ours: Vec<_> = quotes.iter().filter(|quote| !FROM_AWS.iter().any(|aws| quote.starts_with(aws))).collect();
    let is_printed = |part: &str| printed.iter().any(|text| text.contains(part));
    let stale: Vec<_> =
        ours.iter().filter(|quote| !plain(quote.trim_start_matches("error: ")).split('…').map(str::trim).all(is_printed)).collect();
    assert!(stale.is_empty(), "{PAGE} quotes what is not printed: {stale:#?}");
    assert!(ours.len() >= 12, "{ours:#?}");
}

/// Tables, comments, images and code have lines of any length.
fn too_long(page: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut in_code = false;
    page.lines().enumerate().filter(move |(_, line)| {
        let text = line.trim_start();
        in_code ^= text.starts_with("```");
        let is_free = in_code || ["|", "<!--", "![", "```"].iter().any(|start| text.starts_with(start));
        // A line without a space has no place for a break.
        !is_free && line.chars().count() > 100 && text.trim_start_matches("- ").chars().take(100).any(|character| character == ' ')
    })
}

fn markdown(folder: &Path, found: &mut Vec<String>) {
    for path in std::fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path()) {
        if path.is_dir() && !path.ends_with("target") && !path.ends_with(".git") {
            markdown(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "md") {
            let page = std::fs::read_to_string(&path).unwrap();
            found.extend(too_long(&page).map(|(number, line)| format!("{}:{}: {line}", path.display(), number + 1)));
        }
    }
}

#[test]
fn markdown_is_wrapped_at_100_columns() {
    let mut found = Vec::new();
    markdown(workspace(), &mut found);
    assert!(found.is_empty(), "{found:#?}");
}
