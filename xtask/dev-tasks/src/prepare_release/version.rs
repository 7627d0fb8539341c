//! Versions as semver.org orders them.

use std::str::FromStr;

use model_release::Diagnostic;

/// A version without build metadata. A pre-release is before its release.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Version {
    numbers: [u64; 3],
    is_release: bool,
    pre_release: Vec<Identifier>,
}

/// Numbers are before texts.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Identifier {
    Number(u64),
    Text(String),
}

impl FromStr for Version {
    type Err = Diagnostic;

    fn from_str(text: &str) -> Result<Self, Diagnostic> {
        let invalid = || Diagnostic::error(format!("`{text}` is not a version")).with_hint("a version is such as 0.2.0 or 1.0.0-rc.1");
        let is_number = |part: &str| part == "0" || (!part.starts_with('0') && part.bytes().all(|byte| byte.is_ascii_digit()));
        let number = |part: &str| part.parse().ok().filter(|_| is_number(part));
        let (numbers, pre_release) = text.split_once('-').map_or((text, None), |(numbers, rest)| (numbers, Some(rest)));
        let numbers: Option<Vec<u64>> = numbers.split('.').map(number).collect();
        let numbers = numbers.and_then(|numbers| numbers.try_into().ok()).ok_or_else(invalid)?;
        let identifier = |part: &str| match number(part) {
            Some(number) => Some(Identifier::Number(number)),
            None if part.is_empty() || part.bytes().all(|byte| byte.is_ascii_digit()) => None,
            None => part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-').then(|| Identifier::Text(part.to_owned())),
        };
        let identifiers = pre_release.map_or(Some(Vec::new()), |text| text.split('.').map(identifier).collect());
        Ok(Self { numbers, is_release: pre_release.is_none(), pre_release: identifiers.ok_or_else(invalid)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_ordered_as_semver_says() {
        let ordered =
            ["0.1.0", "0.1.1", "0.10.0", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-rc.2", "1.0.0-rc.10", "1.0.0"];
        for pair in ordered.windows(2) {
            assert!(pair[0].parse::<Version>().unwrap() < pair[1].parse::<Version>().unwrap(), "{pair:?}");
        }
    }

    #[test]
    fn other_texts_are_rejected() {
        for text in ["", "1", "1.2", "1.2.3.4", "v1.2.3", "01.2.3", "1.2.x", "1.2.3-", "1.2.3-a..b", "1.2.3-01", "1.2.3+build", "+1.2.3"] {
            assert!(text.parse::<Version>().is_err(), "{text}");
        }
    }
}
