//! The types that a template's parameters can have.
//!
//! Source: AWS CloudFormation user guide, "Parameters", "AWS-specific parameter types" and "Systems Manager parameter types".

use std::fmt;
use std::str::FromStr;

use crate::problem::did_you_mean;

/// The type of a parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParameterType {
    /// `String`
    String,
    /// `Number`: an integer or a decimal number.
    Number,
    /// `List<Number>`: numbers with commas between them.
    NumberList,
    /// `CommaDelimitedList`: texts with commas between them; white space around each is dropped.
    CommaDelimitedList,
    /// Something that exists in the account where the stack runs, such as `AWS::EC2::Subnet::Id`.
    Aws(String),
    /// A list of such things, such as `List<AWS::EC2::Subnet::Id>`; holds the member's type.
    AwsList(String),
    /// `AWS::SSM::Parameter::Name`: the name of a Systems Manager parameter.
    SsmName,
    /// `AWS::SSM::Parameter::Value<T>`: the name of a Systems Manager parameter whose value, of type T, is read in the account and region
    /// where the stack runs, each time it is created or updated. Holds `T`.
    SsmValue(String),
}

/// The AWS-specific types.
const AWS_TYPES: [&str; 10] = [
    "AWS::EC2::AvailabilityZone::Name",
    "AWS::EC2::Image::Id",
    "AWS::EC2::Instance::Id",
    "AWS::EC2::KeyPair::KeyName",
    "AWS::EC2::SecurityGroup::GroupName",
    "AWS::EC2::SecurityGroup::Id",
    "AWS::EC2::Subnet::Id",
    "AWS::EC2::VPC::Id",
    "AWS::EC2::Volume::Id",
    "AWS::Route53::HostedZone::Id",
];

impl ParameterType {
    /// Whether the value is the name of a Systems Manager parameter, so that nothing can be said about what the stack will see.
    pub fn is_read_from_ssm(&self) -> bool {
        matches!(self, Self::SsmValue(_))
    }

    /// Whether the value is a list with commas.
    pub fn is_list(&self) -> bool {
        matches!(self, Self::NumberList | Self::CommaDelimitedList | Self::AwsList(_))
    }
}

impl FromStr for ParameterType {
    type Err = String;

    /// The error is the hint: what to write instead.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let inside = |outer: &str| text.strip_prefix(outer).and_then(|rest| rest.strip_suffix('>'));
        let aws = |name: &str| AWS_TYPES.contains(&name);
        match text {
            "String" => return Ok(Self::String),
            "Number" => return Ok(Self::Number),
            "CommaDelimitedList" => return Ok(Self::CommaDelimitedList),
            "List<Number>" => return Ok(Self::NumberList),
            "AWS::SSM::Parameter::Name" => return Ok(Self::SsmName),
            "List<String>" => return Err("a list of texts is `CommaDelimitedList`".to_owned()),
            _ => {}
        }
        if let Some(member) = inside("AWS::SSM::Parameter::Value<") {
            let inner = member.strip_prefix("List<").and_then(|rest| rest.strip_suffix('>')).unwrap_or(member);
            return if ["String", "CommaDelimitedList"].contains(&member) || inner == "String" || aws(inner) {
                Ok(Self::SsmValue(member.to_owned()))
            } else if member == "SecureString" {
                Err("CloudFormation does not read SecureString this way: use a dynamic reference, `{{resolve:ssm-secure:…}}`".to_owned())
            } else {
                Err("the value's type is String, List<String>, CommaDelimitedList or an AWS-specific type".to_owned())
            };
        }
        if let Some(member) = inside("List<") {
            return if aws(member) {
                Ok(Self::AwsList(member.to_owned()))
            } else if member.starts_with("AWS::SSM::") {
                Err("write `AWS::SSM::Parameter::Value<List<…>>`: the list goes inside".to_owned())
            } else {
                Err("a list's members are Number or an AWS-specific type such as `AWS::EC2::Subnet::Id`".to_owned())
            };
        }
        if aws(text) {
            return Ok(Self::Aws(text.to_owned()));
        }
        let known = AWS_TYPES.into_iter().chain(["String", "Number", "CommaDelimitedList", "List<Number>"]);
        Err(did_you_mean(text, known).unwrap_or_else(|| "a parameter is most often a `String` or a `Number`".to_owned()))
    }
}

impl fmt::Display for ParameterType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::String => f.write_str("String"),
            Self::Number => f.write_str("Number"),
            Self::NumberList => f.write_str("List<Number>"),
            Self::CommaDelimitedList => f.write_str("CommaDelimitedList"),
            Self::Aws(name) => f.write_str(name),
            Self::AwsList(name) => write!(f, "List<{name}>"),
            Self::SsmName => f.write_str("AWS::SSM::Parameter::Name"),
            Self::SsmValue(name) => write!(f, "AWS::SSM::Parameter::Value<{name}>"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::ParameterType;

    #[test]
    fn every_documented_type_is_known_and_prints_as_it_is_written() {
        for text in [
            "String",
            "Number",
            "List<Number>",
            "CommaDelimitedList",
            "AWS::EC2::Subnet::Id",
            "List<AWS::EC2::Subnet::Id>",
            "AWS::SSM::Parameter::Name",
            "AWS::SSM::Parameter::Value<String>",
            "AWS::SSM::Parameter::Value<List<String>>",
            "AWS::SSM::Parameter::Value<CommaDelimitedList>",
            "AWS::SSM::Parameter::Value<AWS::EC2::VPC::Id>",
            "AWS::SSM::Parameter::Value<List<AWS::EC2::Subnet::Id>>",
        ] {
            assert_eq!(text.parse::<ParameterType>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_cloudformation_refuses_is_refused_with_what_to_write() {
        for (text, hint) in [
            ("Strng", "did you mean `String`?"),
            ("List<String>", "CommaDelimitedList"),
            ("List<AWS::SSM::Parameter::Value<String>>", "the list goes inside"),
            ("AWS::SSM::Parameter::Value<SecureString>", "dynamic reference"),
            ("Boolean", "most often"),
        ] {
            let error = text.parse::<ParameterType>().unwrap_err();
            assert!(error.contains(hint), "{text}: {error}");
        }
    }
}
