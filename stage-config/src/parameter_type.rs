//! The types of a template's parameters.
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
    /// `List<Number>`: numbers separated by commas.
    NumberList,
    /// `CommaDelimitedList`: strings separated by commas; white space around each is dropped.
    CommaDelimitedList,
    /// A resource in the account where the stack runs, such as `AWS::EC2::Subnet::Id`.
    Aws(String),
    /// A list of such resources, such as `List<AWS::EC2::Subnet::Id>`, or `List<String>`; contains
    /// the member's type.
    AwsList(String),
    /// `AWS::SSM::Parameter::Name`: the name of a Systems Manager parameter.
    SsmName,
    /// `AWS::SSM::Parameter::Value<T>`: the name of a Systems Manager parameter. CloudFormation
    /// reads its value, of type `T`, in the account and region of the stack each time the stack is
    /// created or updated. Contains `T`.
    SsmValue(String),
    /// Missing or not a type, which is an error of the template. Values are not checked against it.
    Unknown,
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
    /// Whether the value is the name of a Systems Manager parameter, so that the value that the
    /// stack receives is not known.
    pub fn is_read_from_ssm(&self) -> bool {
        matches!(self, Self::SsmValue(_))
    }

    /// The hint about an undocumented type that CloudFormation might accept: one that AWS has
    /// added, or `List<String>`. None for every documented type.
    pub fn undocumented(&self) -> Option<String> {
        let documented = |name: &str| AWS_TYPES.contains(&name);
        let like = |name: &str| {
            let guess = did_you_mean(name, AWS_TYPES);
            guess.unwrap_or_else(|| "ignore this if CloudFormation has added the type".to_owned())
        };
        match self {
            Self::AwsList(member) if member == "String" => Some("the documented list of strings is `CommaDelimitedList`".to_owned()),
            Self::Aws(name) | Self::AwsList(name) => (!documented(name)).then(|| like(name)),
            Self::SsmValue(name) => {
                let member = name.strip_prefix("List<").and_then(|rest| rest.strip_suffix('>')).unwrap_or(name);
                let known = ["String", "CommaDelimitedList"].contains(&name.as_str()) || member == "String" || documented(member);
                let hint = || "the documented types are String, List<String>, CommaDelimitedList and the AWS-specific types".to_owned();
                (!known).then(|| did_you_mean(member, AWS_TYPES).unwrap_or_else(hint))
            }
            _ => None,
        }
    }

    /// Whether the type is missing or not a type.
    pub fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown)
    }

    /// Whether the value is a list separated by commas.
    pub fn is_list(&self) -> bool {
        matches!(self, Self::NumberList | Self::CommaDelimitedList | Self::AwsList(_))
    }
}

impl FromStr for ParameterType {
    type Err = String;

    /// The error is the hint: what to write instead. A type is an error only if CloudFormation's
    /// documentation excludes it, or if it does not have the form of an AWS type. For undocumented
    /// types that AWS might accept, see [`ParameterType::undocumented`].
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let inside = |outer: &str| text.strip_prefix(outer).and_then(|rest| rest.strip_suffix('>'));
        match text {
            "String" => return Ok(Self::String),
            "Number" => return Ok(Self::Number),
            "CommaDelimitedList" => return Ok(Self::CommaDelimitedList),
            "List<Number>" => return Ok(Self::NumberList),
            "AWS::SSM::Parameter::Name" => return Ok(Self::SsmName),
            _ => {}
        }
        if let Some(member) = inside("AWS::SSM::Parameter::Value<") {
            return if member == "SecureString" {
                Err("CloudFormation does not read SecureString this way: use a dynamic reference, `{{resolve:ssm-secure:…}}`".to_owned())
            } else {
                Ok(Self::SsmValue(member.to_owned()))
            };
        }
        if let Some(member) = inside("List<") {
            return if member.starts_with("AWS::SSM::Parameter::Value<") {
                Err("write `AWS::SSM::Parameter::Value<List<…>>`: the list is inside".to_owned())
            } else if member == "String" || is_aws(member) {
                Ok(Self::AwsList(member.to_owned()))
            } else {
                Err("the members of a list are Number or an AWS-specific type such as `AWS::EC2::Subnet::Id`".to_owned())
            };
        }
        if is_aws(text) {
            return Ok(Self::Aws(text.to_owned()));
        }
        let known = AWS_TYPES.into_iter().chain(["String", "Number", "CommaDelimitedList", "List<Number>"]);
        Err(did_you_mean(text, known).unwrap_or_else(|| "most parameters are a `String` or a `Number`".to_owned()))
    }
}

/// Whether it has the form of an AWS type: three or four names, as in `AWS::EC2::Subnet::Id`.
fn is_aws(text: &str) -> bool {
    let names: Vec<&str> = text.split("::").collect();
    let plain = |name: &&str| !name.is_empty() && name.chars().all(|character| character.is_ascii_alphanumeric());
    (3..=4).contains(&names.len()) && names[0] == "AWS" && names.iter().all(plain)
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
            Self::Unknown => f.write_str("unknown"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::ParameterType;

    #[test]
    fn every_documented_type_is_known_and_prints_unchanged() {
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
            let parsed = text.parse::<ParameterType>().unwrap();
            assert_eq!((parsed.to_string().as_str(), parsed.undocumented()), (text, None));
        }
    }

    #[test]
    fn types_that_cloudformation_rejects_are_rejected_with_a_hint() {
        for (text, hint) in [
            ("Strng", "did you mean `String`?"),
            ("List<Strng>", "Number or an AWS-specific type"),
            ("List<AWS::SSM::Parameter::Value<String>>", "the list is inside"),
            ("AWS::SSM::Parameter::Value<SecureString>", "dynamic reference"),
            ("Boolean", "most parameters"),
            ("AWS::EC2", "most parameters"),
        ] {
            let error = text.parse::<ParameterType>().unwrap_err();
            assert!(error.contains(hint), "{text}: {error}");
        }
    }

    #[test]
    fn an_undocumented_type_is_accepted_with_a_hint() {
        for (text, hint) in [
            ("List<String>", "CommaDelimitedList"),
            ("AWS::EC2::Subnet::ID", "did you mean `AWS::EC2::Subnet::Id`?"),
            ("AWS::EC2::TransitGateway::Id", "has added"),
            ("AWS::SageMaker::Model", "has added"),
            ("List<AWS::EC2::TransitGateway::Id>", "has added"),
            ("AWS::SSM::Parameter::Value<Number>", "documented types"),
            ("AWS::SSM::Parameter::Value<List<Number>>", "documented types"),
            ("AWS::SSM::Parameter::Value<AWS::SSM::Parameter::Name>", "documented types"),
        ] {
            let parsed = text.parse::<ParameterType>().unwrap();
            let found = parsed.undocumented().unwrap();
            assert!(found.contains(hint), "{text}: {found}");
            assert_eq!(parsed.to_string(), text);
        }
    }
}
