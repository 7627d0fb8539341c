//! The format of values of AWS-specific and Systems Manager types.
//!
//! Whether a resource exists is known only in the account where the stack runs; an invalid name is
//! detected here.

/// What is wrong with a value of an AWS-specific type, as a fragment of a message; none if it is
/// valid.
pub(super) fn what_is_wrong(kind: &str, value: &str) -> Option<String> {
    let prefix = match kind {
        "AWS::EC2::Image::Id" => "ami-",
        "AWS::EC2::Instance::Id" => "i-",
        "AWS::EC2::SecurityGroup::Id" => "sg-",
        "AWS::EC2::Subnet::Id" => "subnet-",
        "AWS::EC2::VPC::Id" => "vpc-",
        "AWS::EC2::Volume::Id" => "vol-",
        "AWS::EC2::KeyPair::KeyName" | "AWS::EC2::SecurityGroup::GroupName" => {
            let valid = (1..=255).contains(&value.len()) && value.is_ascii();
            return (!valid).then(|| "does not have 1 to 255 ASCII characters".to_owned());
        }
        "AWS::EC2::AvailabilityZone::Name" => {
            return (!is_zone(value)).then(|| "does not have the form `us-east-1a`".to_owned());
        }
        "AWS::Route53::HostedZone::Id" => {
            let valid = (2..=32).contains(&value.len()) && value.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
            return (!valid).then(|| "does not have 2 to 32 uppercase letters and digits".to_owned());
        }
        _ => return None,
    };
    let Some(digits) = value.strip_prefix(prefix) else { return Some(format!("does not begin with `{prefix}`")) };
    let valid = matches!(digits.len(), 8 | 17) && digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    (!valid).then(|| format!("does not have 8 or 17 hexadecimal digits after `{prefix}`"))
}

/// `us-east-1a`, and the names of local and wavelength zones: `us-west-2-lax-1a`,
/// `us-east-1-wl1-bos-wlz-1`.
fn is_zone(value: &str) -> bool {
    let parts: Vec<&str> = value.split('-').collect();
    let plain = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    parts.len() >= 3
        && parts.iter().all(plain)
        && parts[0].bytes().all(|byte| byte.is_ascii_lowercase())
        && parts.iter().any(|part| part.starts_with(|first: char| first.is_ascii_digit()))
}

/// What is wrong with the name of a Systems Manager parameter: `name`, `/path/to/name`, or the ARN
/// of a shared parameter, each optionally with `:version` or `:label`. Source: Systems Manager user
/// guide, "Requirements and constraints for parameter names".
pub(super) fn ssm_name(text: &str) -> Option<&'static str> {
    const MAX: usize = 2048;
    const MAX_LEVELS: usize = 15;
    let allowed = |character: char| character.is_ascii_alphanumeric() || "._-/:".contains(character);
    if text.is_empty() {
        Some("it is empty")
    } else if text.len() > MAX {
        Some("it has more than 2048 characters")
    } else if !text.chars().all(allowed) {
        Some("it has characters other than letters, digits and . - _ /")
    } else if text.contains("//") || text.ends_with('/') {
        Some("a level of its path is empty")
    } else if !text.starts_with("arn:") && text.trim_start_matches('/').split('/').count() > MAX_LEVELS {
        Some("it has more than 15 levels")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::{ssm_name, what_is_wrong};

    #[test]
    fn each_aws_type_has_its_format() {
        for (kind, right, wrong) in [
            ("AWS::EC2::Image::Id", "ami-0123456789abcdef0", "ami-xyz"),
            ("AWS::EC2::Instance::Id", "i-01234567", "instance-01234567"),
            ("AWS::EC2::SecurityGroup::Id", "sg-0123456789abcdef0", "sg-0123"),
            ("AWS::EC2::Subnet::Id", "subnet-01234567", "subnet-0123456789ABCDEF0"),
            ("AWS::EC2::VPC::Id", "vpc-01234567", "vpc"),
            ("AWS::EC2::Volume::Id", "vol-01234567", ""),
            ("AWS::EC2::KeyPair::KeyName", "my key", ""),
            ("AWS::EC2::SecurityGroup::GroupName", "default", "é"),
            ("AWS::EC2::AvailabilityZone::Name", "us-west-2-lax-1a", "us_east_1a"),
            ("AWS::EC2::AvailabilityZone::Name", "eu-central-1b", "frankfurt"),
            ("AWS::Route53::HostedZone::Id", "Z2FDTNDATAQYW2", "example.com"),
        ] {
            assert_eq!(what_is_wrong(kind, right), None, "{kind}");
            assert!(what_is_wrong(kind, wrong).is_some(), "{kind} {wrong}");
        }
    }

    #[test]
    fn systems_manager_names_have_paths_versions_and_arns() {
        for right in ["a", "/a/b.c_d-e", "name:3", "/aws/service/x", "arn:aws:ssm:us-east-1:111111111111:parameter/shared"] {
            assert_eq!(ssm_name(right), None, "{right}");
        }
        for wrong in ["", "a b", "/a//b", "/a/", &"/a".repeat(16), &"a".repeat(2049), "é"] {
            assert!(ssm_name(wrong).is_some(), "{wrong}");
        }
    }
}
