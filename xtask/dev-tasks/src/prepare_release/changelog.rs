//! The changelog: what is unreleased becomes the section of a version.

use model_release::Diagnostic;

pub(super) const FILE: &str = "CHANGELOG.md";
const UNRELEASED: &str = "## [Unreleased]";

/// The changelog with the section of a version, and that section's text.
pub(super) fn release(log: &str, version: &str, date: &str) -> Result<(String, String), Diagnostic> {
    let problem = |message: String, hint: &str| Err(Diagnostic::error(message).named(FILE).with_hint(hint));
    let Some((before, rest)) = log.split_once(&format!("\n{UNRELEASED}\n")) else {
        return problem(format!("there is no section `{UNRELEASED}`"), "collect the changes of the next release in such a section");
    };
    if log.contains(&format!("\n## [{version}]")) {
        return problem(format!("there is a section of {version} already"), "choose another version");
    }
    let end = rest.find("\n## ").map_or(rest.len(), |end| end + 1);
    let notes = rest[..end].trim();
    if !notes.lines().any(|line| line.starts_with("- ")) {
        return problem(format!("nothing is in the section `{UNRELEASED}`"), "say what changed for users, as `- ` items");
    }
    let released = format!("{before}\n{UNRELEASED}\n\n## [{version}] - {date}\n\n{notes}\n\n{}", &rest[end..]);
    Ok((format!("{}\n", released.trim_end()), format!("{notes}\n")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str = "# Changelog\n\n## [Unreleased]\n\n### Added\n\n- A command.\n\n## [0.1.0]\n\n- The first.\n";

    #[test]
    fn what_is_unreleased_becomes_a_section_and_the_notes() {
        let (log, notes) = release(LOG, "0.2.0", "2026-01-02").unwrap();
        assert_eq!(
            log,
            "# Changelog\n\n## [Unreleased]\n\n## [0.2.0] - 2026-01-02\n\n### Added\n\n- A command.\n\n## [0.1.0]\n\n- The first.\n"
        );
        assert_eq!(notes, "### Added\n\n- A command.\n");
    }

    #[test]
    fn the_first_release_has_no_older_section() {
        let (log, _) = release("# Changelog\n\n## [Unreleased]\n\n- All of it.\n", "0.1.0", "2026-01-02").unwrap();
        assert_eq!(log, "# Changelog\n\n## [Unreleased]\n\n## [0.1.0] - 2026-01-02\n\n- All of it.\n");
    }

    #[test]
    fn a_changelog_with_nothing_to_release_is_reported() {
        let message = |log: &str| release(log, "0.1.0", "2026-01-02").unwrap_err().message;
        assert!(message("# Changelog\n").contains("no section"));
        assert!(message("# Changelog\n\n## [Unreleased]\n\n### Added\n").contains("nothing is in"));
        assert!(message(LOG).contains("a section of 0.1.0 already"));
    }
}
