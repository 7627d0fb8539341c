//! AWS regions.

/// A region such as `us-east-1`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Region(String);

impl Region {
    const EXPECTED: &'static str = "an AWS region (such as us-east-1)";

    /// `us-east-1`, `us-gov-west-1`, `eusc-de-east-1`: lowercase words, then a number.
    fn read(text: &str) -> Option<Self> {
        let (words, number) = text.rsplit_once('-')?;
        let is_word = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase());
        let is_valid = text.len() <= 32
            && words.contains('-')
            && words.split('-').all(is_word)
            && !number.is_empty()
            && number.bytes().all(|byte| byte.is_ascii_digit());
        is_valid.then(|| Self(text.to_owned()))
    }

    /// The region as AWS writes it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

crate::name!(Region);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_of_any_partition_are_accepted_and_zones_are_not() {
        for text in ["us-east-1", "us-gov-west-1", "cn-north-1", "ap-southeast-12", "eusc-de-east-1", "us-isob-east-1"] {
            assert!(text.parse::<Region>().is_ok(), "{text}");
        }
        for text in ["", "us-east", "us-east-1a", "US-EAST-1", "us--1", "-1", "east-1", "us-east-1,eu-west-1"] {
            assert!(text.parse::<Region>().is_err(), "{text}");
        }
    }
}
