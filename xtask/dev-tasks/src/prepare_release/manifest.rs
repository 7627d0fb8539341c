//! The version in the root manifest: of all crates, and of their dependencies on each other.

use model_release::Diagnostic;

/// The version of `[workspace.package]`.
pub(super) fn version(manifest: &str) -> Result<String, Diagnostic> {
    let line = lines(manifest).find(|(section, line)| *section == "[workspace.package]" && line.starts_with("version = "));
    let version = line.and_then(|(_, line)| line.split('"').nth(1));
    version.map(str::to_owned).ok_or_else(|| Diagnostic::error("`[workspace.package]` of Cargo.toml has no `version`"))
}

/// The manifest with another version; everything else stays.
pub(super) fn with_version(manifest: &str, old: &str, new: &str) -> Result<String, Diagnostic> {
    let old = format!("version = \"{old}\"");
    let mut text = String::with_capacity(manifest.len());
    for (section, line) in lines(manifest) {
        let is_path = section == "[workspace.dependencies]" && line.contains("path = \"") && line.contains("version = ");
        let changes = is_path || (section == "[workspace.package]" && line.starts_with("version = "));
        if changes && !line.contains(&old) {
            return Err(Diagnostic::error(format!("a crate of this workspace has another version: `{}`", line.trim()))
                .with_hint(format!("all crates have one version: write {old}")));
        }
        text.push_str(&if changes { line.replacen(&old, &format!("version = \"{new}\""), 1) } else { line.to_owned() });
    }
    Ok(text)
}

/// Each line, with its end, and the section that it is in.
fn lines(manifest: &str) -> impl Iterator<Item = (&str, &str)> {
    manifest.split_inclusive('\n').scan("", |section, line| {
        if line.starts_with('[') {
            *section = line.trim_end();
        }
        Some((*section, line))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str = "[workspace.package]\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[workspace.dependencies]\n\
        clock = { path = \"clock\", version = \"0.1.0\" }\nsandbox = { path = \"xtask/sandbox\" }\nother = { version = \"0.1.0\" }\n\
        [profile.dev]\nversion = \"0.1.0\"\n";

    #[test]
    fn only_the_versions_of_this_workspace_change() {
        let changed = with_version(MANIFEST, "0.1.0", "0.2.0").unwrap();
        let lines: Vec<_> =
            MANIFEST.lines().zip(changed.lines()).filter(|(before, after)| before != after).map(|(_, after)| after).collect();
        assert_eq!(lines, ["version = \"0.2.0\"", "clock = { path = \"clock\", version = \"0.2.0\" }"]);
        assert_eq!(changed.len(), MANIFEST.len());
        assert_eq!(version(&changed).unwrap(), "0.2.0");
    }

    #[test]
    fn a_crate_with_another_version_and_a_manifest_without_one_are_reported() {
        let other = MANIFEST.replace("path = \"clock\", version = \"0.1.0\"", "path = \"clock\", version = \"0.1.1\"");
        assert!(with_version(&other, "0.1.0", "0.2.0").unwrap_err().message.contains("`clock = "));
        assert!(version("[package]\nversion = \"1.0.0\"\n").is_err());
    }
}
