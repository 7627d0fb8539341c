//! Rules for names and ids, as the services define them.

/// The maximum length of an endpoint's name (SageMaker API, CreateEndpoint).
pub const MAX_ENDPOINT_NAME: usize = 63;
/// The maximum length of a stack set's name (CloudFormation API, CreateStackSet).
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
    fn stack_set_names_begin_with_a_letter_and_have_at_most_128_characters() {
        assert!(is_stack_set_name("sagemaker-iris-p-1-deploy-staging"));
        assert!(is_stack_set_name(&"a".repeat(128)));
        for name in ["", "1a", "-a", "a_b", "a.b", &"a".repeat(129)] {
            assert!(!is_stack_set_name(name), "{name}");
        }
    }
}
