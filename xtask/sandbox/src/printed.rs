//! Finds the commands in messages: in the sources' strings, each between backticks.

use std::path::{Path, PathBuf};

/// The programs of commands.
const PROGRAMS: [&str; 12] = ["aws", "xtask", "cargo", "curl", "docker", "git", "gh", "sh", "pip", "python3", "brew", "sudo"];

/// Text of a message and its location.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Printed {
    /// The file and line.
    pub place: String,
    /// The text; arguments of a format are `{…}`.
    pub text: String,
}

/// All texts between backticks in strings of the workspace's sources, without tests.
pub fn between_backticks(workspace: &Path) -> Vec<Printed> {
    strings(workspace)
        .iter()
        .flat_map(|Printed { place, text }| {
            text.split('`').skip(1).step_by(2).map(|text| Printed { place: place.clone(), text: text.to_owned() })
        })
        .collect()
}

/// All commands with a program's name: between backticks, or from a string's start to two spaces.
pub fn commands(workspace: &Path) -> Vec<Printed> {
    let line = |printed: Printed| Printed { text: first_of_line(&printed.text).to_owned(), ..printed };
    between_backticks(workspace)
        .into_iter()
        .chain(strings(workspace).into_iter().map(line))
        .filter(|printed| begins_command(&printed.text))
        .collect()
}

fn first_of_line(text: &str) -> &str {
    text.trim_start().split("  ").next().unwrap_or_default()
}

fn begins_command(text: &str) -> bool {
    let begins_name = |text: &str| text.starts_with(|first: char| first.is_ascii_lowercase() || first == '-');
    text.split_once(' ').is_some_and(|(program, after)| PROGRAMS.contains(&program) && begins_name(after))
}

/// Strings with a program and an apparent subcommand outside backticks.
pub fn loose(workspace: &Path) -> Vec<Printed> {
    strings(workspace)
        .into_iter()
        .filter(|Printed { text, .. }| {
            // The start of a line is one of the commands.
            let first = text.trim_start();
            let rest = if begins_command(first) { &first[first_of_line(first).len()..] } else { first };
            let words: Vec<&str> = rest.split('`').step_by(2).flat_map(|part| part.split(' ')).collect();
            let is_name =
                |word: &str| word.len() > 1 && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
            words.windows(2).any(|pair| PROGRAMS.contains(&pair[0]) && is_name(pair[1]))
        })
        .collect()
}

/// All options in sentences outside commands, without their hyphens.
pub fn options(workspace: &Path) -> Vec<Printed> {
    let mut found = Vec::new();
    for Printed { place, text } in strings(workspace) {
        let is_command = text.trim_start().split(' ').next().is_some_and(|first| PROGRAMS.contains(&first) || first.starts_with('{'));
        // A single word is an argument for another program; ` --` starts a part of a command.
        if is_command || !text.contains(' ') || text.starts_with(" --") {
            continue;
        }
        for part in text.split('`').step_by(2) {
            for after in part.split("--").skip(1) {
                let end = after.find(|character: char| !(character.is_ascii_lowercase() || character.is_ascii_digit() || character == '-'));
                let name = &after[..end.unwrap_or(after.len())];
                // A name that ends in a hyphen continues with a format argument.
                if name.starts_with(|first: char| first.is_ascii_lowercase()) && !name.ends_with('-') {
                    found.push(Printed { place: place.clone(), text: name.to_owned() });
                }
            }
        }
    }
    found
}

/// All strings of the workspace's sources, without tests, and the command line's help.
pub fn strings(workspace: &Path) -> Vec<Printed> {
    let mut files = Vec::new();
    for folder in [
        "aws-names",
        "call-fault",
        "cfn-render",
        "clock",
        "endpoint-test",
        "located-json",
        "model-registry",
        "model-release",
        "release-records",
        "stack-rollout",
        "stage-config",
        "team-repository",
        "xtask",
        "xtask/benchmarks",
        "xtask/command-line",
        "xtask/dev-tasks",
        "xtask/sandbox",
        "xtask/terminal",
    ] {
        rust_files(&workspace.join(folder).join("src"), &mut files);
    }
    files.sort();
    let mut found = Vec::new();
    for file in files {
        let source = std::fs::read_to_string(&file).unwrap_or_default();
        let source = ["#[cfg(test)]\nmod", "#[cfg(all(test"]
            .iter()
            .filter_map(|tests| source.find(tests))
            .min()
            .map_or(&*source, |end| &source[..end]);
        let name = file.strip_prefix(workspace).unwrap_or(&file).display().to_string();
        let help = name.starts_with("xtask/command-line/src");
        // `terminal::program` is called so.
        let mut add = |line, text: String| found.push(Printed { place: format!("{name}:{line}"), text: text.replace("{xtask}", "xtask") });
        literals(source, help, &mut add);
    }
    found
}

fn rust_files(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            rust_files(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs")
            && path.file_stem().is_some_and(|stem| !["tests", "printed", "printed_commands"].iter().any(|tests| stem == *tests))
        {
            files.push(path);
        }
    }
}

/// Finds the string literals of a source with their lines, and doc comments if they are help.
fn literals(source: &str, help: bool, found: &mut impl FnMut(usize, String)) {
    let mut rest = source;
    while let Some(at) = rest.find(['"', '/', '\'', 'r']) {
        let line = 1 + source[..source.len() - rest.len() + at].matches('\n').count();
        let before = rest[..at].chars().next_back();
        rest = &rest[at..];
        if rest.starts_with("//") {
            let end = rest.find('\n').unwrap_or(rest.len());
            if let Some(text) = rest[..end].strip_prefix("///").filter(|_| help) {
                found(line, text.to_owned());
            }
            rest = &rest[end..];
        } else if let Some(raw) = raw_string(rest).filter(|_| before.is_none_or(|before| !before.is_alphanumeric() && before != '_')) {
            found(line, raw.0.to_owned());
            rest = raw.1;
        } else if let Some(after) = rest.strip_prefix('"') {
            let (text, after) = escaped_string(after);
            found(line, text);
            rest = after;
        } else if rest.starts_with("'\"'") || rest.starts_with("'\\\"'") {
            rest = rest[1..].split_once('\'').map_or("", |(_, after)| after);
        } else {
            rest = &rest[1..];
        }
    }
}

/// The content of `r"…"` and `r#"…"#`, and the rest.
fn raw_string(text: &str) -> Option<(&str, &str)> {
    let after = text.strip_prefix('r')?;
    let hashes = after.len() - after.trim_start_matches('#').len();
    let body = after[hashes..].strip_prefix('"')?;
    body.split_once(&format!("\"{}", "#".repeat(hashes)))
}

fn escaped_string(text: &str) -> (String, &str) {
    let mut shown = String::new();
    let mut characters = text.char_indices();
    while let Some((index, character)) = characters.next() {
        match character {
            '"' => return (shown, &text[index + 1..]),
            '\\' => match characters.next() {
                Some((_, 'n')) => shown.push('\n'),
                // A line continuation.
                Some((index, '\n')) => {
                    let next = text[index..].trim_start();
                    characters = text.char_indices();
                    let skip = text[..text.len() - next.len()].chars().count();
                    if skip > 0 {
                        characters.nth(skip - 1);
                    }
                }
                Some((_, other)) => shown.push(other),
                None => break,
            },
            other => shown.push(other),
        }
    }
    (shown, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_found_in_all_their_forms() {
        let source = "let a = \"x \\\"y\\\" \\\n    z\"; // \"no\"\n/// help `b`\nlet b = r#\"raw \"s\" \"#; let c = '\"'; let d = \"last\"; for_r(\"e\")";
        let mut found = Vec::new();
        literals(source, true, &mut |line, text| found.push((line, text)));
        let expected = [(1, "x \"y\" z"), (3, " help `b`"), (4, "raw \"s\" "), (4, "last"), (4, "e")];
        assert_eq!(found, expected.map(|(line, text)| (line, text.to_owned())));
    }
}
