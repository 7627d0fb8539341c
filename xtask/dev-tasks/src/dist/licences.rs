//! The licences of all crates in the program, with their texts: most require that a copy of the
//! program comes with them.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use super::dependencies::Dependencies;
use model_release::Failure;
use terminal::files;

/// How the files begin that must come with a copy.
const NAMES: [&str; 6] = ["license", "licence", "copying", "notice", "unlicense", "copyright"];

/// One text for all crates: a list, then each text once, with the crates that have it.
pub(super) fn text(dependencies: &Dependencies) -> Result<String, Failure> {
    let mut list = String::new();
    let mut texts: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for (id, dependency) in &dependencies.all {
        let files = licence_files(&dependency.folder)?;
        let missing = if files.is_empty() { " (its package has no licence file)" } else { "" };
        let _ = writeln!(list, "{id}  {}{missing}", dependency.licence.as_deref().unwrap_or("see its text below"));
        for text in files {
            let crates = texts.entry(text).or_default();
            if crates.last() != Some(&id.as_str()) {
                crates.push(id);
            }
        }
    }
    let mut notices = format!("The crates in this program, and their licences\n\n{list}");
    // In the order of the first crate that has the text.
    let mut texts: Vec<_> = texts.into_iter().map(|(text, crates)| (crates, text)).collect();
    texts.sort();
    for (crates, text) in texts {
        let _ = write!(notices, "\n{}\n{}\n\n{text}\n", "-".repeat(80), crates.join(", "));
    }
    Ok(notices)
}

fn licence_files(folder: &Path) -> Result<Vec<String>, Failure> {
    let cannot = |error: std::io::Error| Failure::bad_input(files::cannot("read", folder, &error));
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(cannot)? {
        let entry = entry.map_err(cannot)?;
        let name = entry.file_name().to_string_lossy().to_lowercase();
        let path = entry.path();
        if NAMES.iter().any(|start| name.starts_with(start)) && path.extension().is_none_or(|extension| extension != "rs") && path.is_file()
        {
            names.push(path);
        }
    }
    names.sort();
    let read = |path: &std::path::PathBuf| {
        let bytes = std::fs::read(path).map_err(|error| Failure::bad_input(files::cannot("read", path, &error)))?;
        let text = String::from_utf8_lossy(&bytes);
        Ok(text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n").trim_matches('\n').to_owned())
    };
    names.iter().map(read).collect()
}
