//! Links in the README of a published crate: crates.io and docs.rs show it outside of the
//! repository.

use std::path::Path;

use super::{PublishedCrate, files_text};
use model_release::{Diagnostic, Failure};

/// The branch that links into the repository name.
const BRANCH: &str = "main";

pub(super) fn problems(item: &PublishedCrate, root: &Path) -> Result<Vec<Diagnostic>, Failure> {
    let path = item.folder.join("README.md");
    let repository = item.package["repository"].as_str().unwrap_or_default();
    let text = files_text(&path)?;
    let problem = |(line, target): (usize, &str)| {
        let (message, hint) = if target.starts_with('#') || target.starts_with("mailto:") {
            return None;
        } else if let Some(inside) = target.strip_prefix(repository).filter(|_| !repository.is_empty()) {
            let inside = ["/blob/", "/tree/"].iter().find_map(|kind| inside.strip_prefix(kind)?.strip_prefix(BRANCH)?.strip_prefix('/'));
            let file = inside.map(|inside| inside.split('#').next().unwrap_or_default());
            if inside.is_none() || file.is_some_and(|file| root.join(file).exists()) {
                return None;
            }
            (format!("the link `{target}` names no file of this repository"), format!("name a file below {repository}/blob/{BRANCH}/"))
        } else if target.starts_with("https://") {
            return None;
        } else {
            (format!("the link `{target}` is not absolute"), format!("begin it with {repository}/blob/{BRANCH}/"))
        };
        Some(Diagnostic::error(message).named(format!("{}:{line}", path.display())).with_hint(hint))
    };
    Ok(links(&text).into_iter().filter_map(problem).collect())
}

/// The targets of all links outside of code, each with its line.
fn links(text: &str) -> Vec<(usize, &str)> {
    let mut links = Vec::new();
    let mut is_code = false;
    for (index, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            is_code = !is_code;
        } else if !is_code {
            links.extend(line.split("](").skip(1).filter_map(|rest| rest.split([')', ' ']).next()).map(|target| (index + 1, target)));
            let reference = line.strip_prefix('[').and_then(|line| line.split_once("]: "));
            links.extend(reference.map(|(_, target)| (index + 1, target.split(' ').next().unwrap_or(target))));
        }
    }
    links
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_found_in_text_and_references_and_not_in_code() {
        let text = "[a](b.md) and [c](https://d 'title')\n```\n[x](y)\n```\n[e]: ../f\n[`Type`] is documented";
        assert_eq!(links(text), [(1, "b.md"), (1, "https://d"), (5, "../f")]);
    }
}
