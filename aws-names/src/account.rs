//! AWS account ids.

/// The twelve digits of an AWS account.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountId(String);

impl AccountId {
    const EXPECTED: &'static str = "an AWS account id (12 digits)";

    fn read(text: &str) -> Option<Self> {
        let is_valid = text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
        is_valid.then(|| Self(text.to_owned()))
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

crate::name!(AccountId);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_id_has_12_digits_and_keeps_leading_zeros() {
        assert_eq!("012345678901".parse::<AccountId>().unwrap().as_str(), "012345678901");
        for text in ["", "12345678901", "1234567890123", " 12345678901", "12345678901a", "１２３４５６７８９０１２"] {
            assert!(text.parse::<AccountId>().is_err(), "{text}");
        }
    }
}
