//! Which binary the builds run.

use model_release::Diagnostic;
use serde::{Deserialize, Serialize};

/// The pinned binary.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub enum Pin {
    /// The buildspecs name the binary.
    Binary {
        /// Where it is: `s3://` or `https://`.
        url: String,
        /// Its SHA-256, 64 hexadecimal digits.
        sha256: String,
    },
    /// The build reads `URL SHA256` from a parameter of Systems Manager.
    Parameter {
        /// The parameter's name.
        parameter: String,
    },
}

impl Pin {
    /// A binary, whose URL and SHA-256 are checked.
    ///
    /// # Errors
    ///
    /// What is wrong with the URL or the SHA-256.
    pub fn binary(url: &str, sha256: &str) -> Result<Self, Diagnostic> {
        // The characters that the pipeline's parameter accepts: none ends a quoted text.
        let is_allowed = |character: char| character.is_ascii_graphic() && !"'\"`$\\".contains(character);
        let rest = url.strip_prefix("s3://").or_else(|| url.strip_prefix("https://")).filter(|rest| !rest.is_empty());
        if !rest.is_some_and(|rest| rest.chars().all(is_allowed)) {
            return Err(Diagnostic::error(format!("`{}` is not the URL of a binary", url.escape_debug()))
                .code("pin-url")
                .with_hint("name it as in s3://BUCKET/KEY or https://HOST/PATH"));
        }
        if sha256.len() != 64 || !sha256.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(Diagnostic::error(format!("`{}` is not a SHA-256", sha256.escape_debug()))
                .code("pin-sha256")
                .with_hint("`sha256sum FILE` prints its 64 hexadecimal digits"));
        }
        Ok(Self::Binary { url: url.to_owned(), sha256: sha256.to_ascii_lowercase() })
    }

    /// A parameter of Systems Manager, whose name is checked.
    ///
    /// # Errors
    ///
    /// What is wrong with the name.
    pub fn parameter(name: &str) -> Result<Self, Diagnostic> {
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-/".contains(&byte);
        if name.is_empty() || name.len() > 1011 || !name.bytes().all(is_allowed) {
            return Err(Diagnostic::error(format!("`{}` is not the name of an SSM parameter", name.escape_debug()))
                .code("pin-parameter")
                .with_hint("a name has letters, digits and `_.-/`, such as /mlops/xtask"));
        }
        Ok(Self::Parameter { parameter: name.to_owned() })
    }

    /// The members of `env` in the buildspec of the build step.
    pub(crate) fn build_environment(&self) -> String {
        match self {
            Self::Binary { .. } => self.test_environment(),
            Self::Parameter { parameter } => format!(
                "  parameter-store:\n    # `URL SHA256`: one change of this parameter moves every pipeline that reads it.\n    XTASK_PIN: {parameter}\n"
            ),
        }
    }

    /// The members of `env` in the buildspec of the test step. A parameter can change between both
    /// steps of an execution: then only the build step checks the binary against it.
    pub(crate) fn test_environment(&self) -> String {
        match self {
            Self::Binary { url, sha256 } => {
                format!(
                    "  variables:\n    # The binary and its SHA-256. `xtask upgrade` moves this pin.\n    XTASK_PIN: '{url} {sha256}'\n"
                )
            }
            Self::Parameter { .. } => String::new(),
        }
    }

    /// The pin as text.
    pub fn text(pin: Option<&Self>) -> String {
        match pin {
            Some(Self::Binary { url, sha256 }) => format!("{url} (SHA-256 {sha256})"),
            Some(Self::Parameter { parameter }) => format!("SSM parameter {parameter}"),
            None => "none".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHA: &str = "2C26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae";

    #[test]
    fn a_pin_cannot_change_a_buildspec_in_another_way() {
        assert!(matches!(Pin::binary("s3://bucket/xtask-0.1.0", SHA), Ok(Pin::Binary { sha256, .. }) if sha256 == SHA.to_lowercase()));
        for url in ["", "xtask", "http://host/x", "s3://", "s3://a b", "https://host/x'\n", "https://host/$(id)", "https://host/ü"] {
            assert_eq!(Pin::binary(url, SHA).unwrap_err().code, Some("pin-url"), "{url}");
        }
        for sha256 in ["", "ab", &SHA[1..], &format!("{SHA}0"), &SHA.replace('2', "g"), &SHA.replace('2', "\n")] {
            assert_eq!(Pin::binary("s3://bucket/key", sha256).unwrap_err().code, Some("pin-sha256"), "{sha256}");
        }
        assert!(Pin::parameter("/mlops/xtask").is_ok());
        for name in ["", "a b", "a:1", "a\n", &"a".repeat(1012)] {
            assert_eq!(Pin::parameter(name).unwrap_err().code, Some("pin-parameter"), "{name}");
        }
    }
}
