//! How this program is called.

use std::sync::OnceLock;

/// The variable that `cargo run` sets to the package of the program that it runs. A program that
/// runs this one, such as a test of a team's own crate, has another package.
pub const STARTED_BY: &str = "CARGO_PKG_NAME";

/// The program's name in the commands that it prints: `cargo xtask` if cargo runs it in its
/// workspace, else `xtask`, which is all that a team's repository has.
pub fn program() -> &'static str {
    static PROGRAM: OnceLock<&str> = OnceLock::new();
    PROGRAM.get_or_init(|| named(std::env::var(STARTED_BY).ok().as_deref()))
}

fn named(package: Option<&str>) -> &'static str {
    if package == Some("xtask") { "cargo xtask" } else { "xtask" }
}

#[cfg(test)]
mod tests {
    use super::named;

    #[test]
    fn only_cargo_in_the_workspace_calls_the_program_cargo_xtask() {
        assert_eq!(named(Some("xtask")), "cargo xtask");
        assert_eq!((named(None), named(Some("iris-model"))), ("xtask", "xtask"));
    }
}
