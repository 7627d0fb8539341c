//! What names and ids look like: the rules of the services that are given them.

/// The longest name of an endpoint (SageMaker API, CreateEndpoint).
pub const MAX_ENDPOINT_NAME: usize = 63;
/// The longest name of a stack set (CloudFormation API, CreateStackSet).
pub const MAX_STACK_SET_NAME: usize = 128;

/// 1 to 63 letters, digits and inner hyphens: the names of endpoints, endpoint configurations, models and variants (SageMaker API).
pub fn is_sagemaker_name(name: &str) -> bool {
    (1..=MAX_ENDPOINT_NAME).contains(&name.len())
        && name.chars().all(|character| character.is_ascii_alphanumeric() || character == '-')
        && !name.starts_with('-')
        && !name.ends_with('-')
}

/// A letter, then letters, digits and hyphens, 128 in all: the name of a stack set (CloudFormation API, CreateStackSet).
pub fn is_stack_set_name(name: &str) -> bool {
    name.len() <= MAX_STACK_SET_NAME
        && name.starts_with(|character: char| character.is_ascii_alphabetic())
        && name.chars().all(|character| character.is_ascii_alphanumeric() || character == '-')
}

/// 12 digits.
pub fn is_account_id(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// `us-east-1`, `us-gov-west-1`, `ap-southeast-5`: words and a number with hyphens between them.
pub fn is_region(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let Some((number, words)) = parts.split_last() else { return false };
    words.len() >= 2
        && words.iter().all(|word| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase()))
        && !number.is_empty()
        && number.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_rules_of_sagemaker() {
        assert!(is_sagemaker_name("iris-p-abc123xyz-staging"));
        assert!(is_sagemaker_name(&"a".repeat(63)));
        for name in ["", "-a", "a-", "a_b", "é", &"a".repeat(64)] {
            assert!(!is_sagemaker_name(name), "{name}");
        }
    }

    #[test]
    fn stack_sets_begin_with_a_letter_and_have_128_characters_at_most() {
        assert!(is_stack_set_name("sagemaker-iris-p-1-deploy-staging"));
        assert!(is_stack_set_name(&"a".repeat(128)));
        for name in ["", "1a", "-a", "a_b", "a.b", &"a".repeat(129)] {
            assert!(!is_stack_set_name(name), "{name}");
        }
    }

    #[test]
    fn accounts_have_twelve_digits_and_regions_words_and_a_number() {
        assert!(is_account_id("222222222222") && !is_account_id("22222222222") && !is_account_id("22222222222x"));
        assert!(["us-east-1", "us-gov-west-1", "ap-southeast-5"].iter().all(|region| is_region(region)));
        assert!(["useast1", "us-east", "-1", "us--1", "us-East-1"].iter().all(|region| !is_region(region)));
    }
}
