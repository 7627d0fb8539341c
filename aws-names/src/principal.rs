//! Who made a call, as AWS records it: the ARN of a user or of a role's session.

use crate::{Arn, InvalidName};

/// The prefix of the roles that IAM Identity Center creates for its permission sets.
const IDENTITY_CENTER: &str = "AWSReservedSSO_";

/// The identity in an ARN of IAM or AWS STS (IAM user guide, "IAM identifiers").
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Principal {
    /// An IAM user.
    User {
        /// The user's name, without its path.
        name: String,
    },
    /// A user of IAM Identity Center, in the role of a permission set. Identity Center names the
    /// session after the user.
    IdentityCenterUser {
        /// The role, `AWSReservedSSO_…`.
        role: String,
        /// The user's name, which is the session's.
        name: String,
    },
    /// A session of any other role. The caller that assumes the role chooses the session's name.
    Session {
        /// The role's name, without its path.
        role: String,
        /// The session's name.
        session: String,
    },
    /// Another identity: the root user, a role without a session, a federated user, a service.
    Other,
}

impl Principal {
    /// Reads an ARN, such as `arn:aws:sts::111111111111:assumed-role/Approver/ann`.
    pub fn of(arn: &str) -> Result<Self, InvalidName> {
        Ok(Self::from(&arn.parse::<Arn>()?))
    }

    /// The role of a session.
    pub fn role(&self) -> Option<&str> {
        match self {
            Self::IdentityCenterUser { role, .. } | Self::Session { role, .. } => Some(role),
            Self::User { .. } | Self::Other => None,
        }
    }

    /// The name of the session; for IAM Identity Center the user's.
    pub fn session(&self) -> Option<&str> {
        match self {
            Self::IdentityCenterUser { name, .. } => Some(name),
            Self::Session { session, .. } => Some(session),
            Self::User { .. } | Self::Other => None,
        }
    }

    /// The name of a person, which the person did not choose for this session.
    pub fn person(&self) -> Option<&str> {
        match self {
            Self::User { name } | Self::IdentityCenterUser { name, .. } => Some(name),
            Self::Session { .. } | Self::Other => None,
        }
    }
}

impl From<&Arn> for Principal {
    fn from(arn: &Arn) -> Self {
        match (arn.service(), arn.resource_type(), arn.path_and_name().rsplit_once('/')) {
            ("iam", "user", _) => Self::User { name: arn.name().to_owned() },
            ("sts", "assumed-role", Some((role, session))) if !role.is_empty() && !session.is_empty() => {
                let (role, session) = (role.to_owned(), session.to_owned());
                if role.starts_with(IDENTITY_CENTER) {
                    Self::IdentityCenterUser { role, name: session }
                } else {
                    Self::Session { role, session }
                }
            }
            _ => Self::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_and_sessions_have_different_names() {
        let of = |arn: &str| Principal::of(&format!("arn:aws:{arn}")).unwrap();
        let user = of("iam::111111111111:user/team/ann");
        assert_eq!((user.person(), user.role(), user.session()), (Some("ann"), None, None));
        let center = of("sts::111111111111:assumed-role/AWSReservedSSO_Approver_0123456789abcdef/ann@example.com");
        assert_eq!((center.person(), center.session()), (Some("ann@example.com"), Some("ann@example.com")));
        assert_eq!(center.role(), Some("AWSReservedSSO_Approver_0123456789abcdef"));
        let session = of("sts::111111111111:assumed-role/Approver/ann@example.com");
        assert_eq!((session.person(), session.role(), session.session()), (None, Some("Approver"), Some("ann@example.com")));
    }

    #[test]
    fn other_identities_name_no_person() {
        for arn in [
            "arn:aws:iam::111111111111:root",
            "arn:aws:iam::111111111111:role/Approver",
            "arn:aws:sts::111111111111:federated-user/ann",
            "arn:aws:sts::111111111111:assumed-role/Approver",
            "arn:aws:sts::111111111111:assumed-role/Approver/",
            "arn:aws:sagemaker:us-east-1:111111111111:user-profile/d-1/ann",
        ] {
            assert_eq!(Principal::of(arn).unwrap(), Principal::Other, "{arn}");
        }
        assert!(Principal::of("ann").is_err());
    }
}
