//! The files that the program owns in a team's repository: an upgrade changes them.
//!
//! They are the files of this workspace, which are also what its own pipeline runs.

use crate::Pin;

/// The endpoint template's path.
pub const TEMPLATE: &str = "cfn-sm-endpoint-template.yml";

const BUILDSPEC: &str = include_str!("../../buildspec.yml");
const TEST_BUILDSPEC: &str = include_str!("../../test/buildspec.yml");
const OBTAIN: &str = include_str!("../../pipeline/obtain-xtask.sh");
const ENDPOINT: &str = include_str!("../../cfn-sm-endpoint-template.yml");

/// The line of the script after which it compiles this workspace.
const COMPILE: &str = "\n# ---- compile\n";

/// The owned files as this version of the program writes them: path and text.
pub fn owned_files(pin: Option<&Pin>) -> Vec<(&'static str, String)> {
    let build = pin.map(Pin::build_environment).unwrap_or_default();
    let test = pin.map(Pin::test_environment).unwrap_or_default();
    vec![
        (TEMPLATE, ENDPOINT.to_owned()),
        ("buildspec.yml", with_environment(BUILDSPEC, &build)),
        ("pipeline/obtain-xtask.sh", without_compiling(OBTAIN)),
        ("test/buildspec.yml", with_environment(TEST_BUILDSPEC, &test)),
    ]
}

/// The buildspec with these members at the beginning of `env`, in place of the comment there.
fn with_environment(buildspec: &str, members: &str) -> String {
    if members.is_empty() {
        return buildspec.to_owned();
    }
    let (before, env) = buildspec.split_once("\nenv:\n").unwrap_or((buildspec, ""));
    let exported = env.find("  exported-variables:").unwrap_or_default();
    format!("{before}\nenv:\n{members}{}", &env[exported..])
}

/// The script without the source that needs this workspace.
fn without_compiling(script: &str) -> String {
    let (obtaining, _) = script.split_once(COMPILE).unwrap_or((script, ""));
    format!("{obtaining}\ndie \"no binary is pinned: set XTASK_PIN in buildspec.yml\"\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHA: &str = "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae";

    fn text(pin: Option<&Pin>, path: &str) -> String {
        owned_files(pin).into_iter().find(|(name, _)| *name == path).unwrap().1
    }

    #[test]
    fn the_buildspecs_have_the_pin_and_are_otherwise_those_of_this_workspace() {
        let pin = Pin::binary("s3://bucket/xtask", SHA).unwrap();
        let build = text(Some(&pin), "buildspec.yml");
        let line = format!("    XTASK_PIN: 's3://bucket/xtask {SHA}'\n");
        assert_eq!(build.matches(&line).count(), 1, "{build}");
        assert!(!build.contains("#   XTASK_URL"), "the comment is replaced: {build}");
        let (before, after) = BUILDSPEC.split_once("\nenv:\n").unwrap();
        let after = &after[after.find("  exported-variables:").unwrap()..];
        assert!(build.starts_with(before) && build.ends_with(after) && after.contains("phases:"));
        let test = text(Some(&pin), "test/buildspec.yml");
        let expected = TEST_BUILDSPEC.replace("\nenv:\n", &format!("\nenv:\n{}", pin.test_environment()));
        assert!(test.contains(&line), "{test}");
        assert_eq!(test, expected);
        assert_ne!(test, TEST_BUILDSPEC);
    }

    #[test]
    fn a_parameter_is_read_by_the_build_only() {
        let pin = Pin::parameter("/mlops/xtask").unwrap();
        let build = text(Some(&pin), "buildspec.yml");
        assert!(build.contains("\nenv:\n  parameter-store:\n") && build.contains("    XTASK_PIN: /mlops/xtask\n"), "{build}");
        assert_eq!(text(Some(&pin), "test/buildspec.yml"), TEST_BUILDSPEC);
        assert_eq!(text(None, "buildspec.yml"), BUILDSPEC);
    }

    #[test]
    fn the_script_neither_compiles_nor_installs_anything() {
        assert!(OBTAIN.contains(COMPILE) && OBTAIN.contains("rustup"));
        let script = text(None, "pipeline/obtain-xtask.sh");
        for word in ["rustup", "cargo build", "compiling"] {
            assert!(!script.contains(word), "{word}: {script}");
        }
    }
}
