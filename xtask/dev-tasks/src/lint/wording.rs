//! The phrases that `CONTRIBUTING.md` rules out and that have no correct use in this workspace.

use std::path::Path;

/// A phrase, and what to write instead.
const PHRASES: [(&str, &str); 21] = [
    ("works as", "assumes the role, or runs as"),
    ("lets itself be", "can be"),
    ("mend", "fix"),
    ("mended", "fixed"),
    ("that is said", "with a note"),
    ("in the hands of", "is already running"),
    ("passed over", "skipped"),
    ("is taken by", "is assumed by"),
    ("takes the role", "assumes the role"),
    ("role is taken", "role is assumed"),
    ("role can be taken", "role can be assumed"),
    ("is told", "is notified, or name who reports"),
    ("are told", "are notified, or name who reports"),
    ("asks aws", "calls AWS"),
    ("asked of aws", "requested from AWS"),
    ("nobody else", "no one except"),
    ("somebody", "name the actor"),
    ("whoever", "name the actor"),
    ("held against", "checked against"),
    ("its rights", "its permissions"),
    ("one that may be deployed", "deployable one"),
];
const EXTENSIONS: [&str; 8] = ["rs", "md", "py", "sh", "yml", "yaml", "toml", "guard"];

/// Finds the phrases in all text files of a folder, as `FILE:LINE: …`.
pub(super) fn findings(root: &Path, folder: &Path, found: &mut Vec<String>) {
    for path in std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()) {
        let name = path.strip_prefix(root).unwrap_or(&path).display().to_string();
        if path.is_dir() && !name.ends_with("target") && name != ".git" {
            findings(root, &path, found);
        } else if path.extension().is_some_and(|extension| EXTENSIONS.iter().any(|known| extension == *known)) {
            // The table of CONTRIBUTING.md and the list above contain the phrases.
            let is_exempt = |line: &str| path.ends_with("lint/wording.rs") || name == "CONTRIBUTING.md" && line.starts_with("| ");
            let text = std::fs::read_to_string(&path).unwrap_or_default();
            for (number, line) in text.lines().enumerate().filter(|(_, line)| !is_exempt(line)) {
                found.extend(in_line(line).map(|(old, new)| format!("{name}:{}: `{old}`: {new}", number + 1)));
            }
        }
    }
}

fn in_line(line: &str) -> impl Iterator<Item = (&'static str, &'static str)> {
    let is_inner = |character: char| character.is_alphanumeric() || character == '_' || character == '-';
    let line = line.to_lowercase();
    PHRASES.into_iter().filter(move |(phrase, _)| {
        line.match_indices(phrase).any(|(at, _)| !line[..at].ends_with(is_inner) && !line[at + phrase.len()..].starts_with(is_inner))
    })
}

#[test]
fn phrases_are_found_as_whole_words_in_any_case() {
    let found = |line| in_line(line).map(|(phrase, _)| phrase).collect::<Vec<_>>();
    assert_eq!(found("/// The role that CloudFormation Works as. let a = \"mend it\";"), ["works as", "mend"]);
    assert!(found("// recommended, a passed_over key, somebody-elses").is_empty());
}
