//! Whether the approver is another person than the one who registered a model package.

use aws_names::Principal;
use model_registry::Person;
use serde::{Deserialize, Serialize};

/// The result of comparing two identities.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Comparison {
    /// The records show two persons.
    Different,
    /// The records show one person.
    Same,
    /// The records do not show whether it is one person.
    NotKnown,
}

/// Compares who registered a model package with who approved its release: an ARN, or the login of
/// a GitHub user. Returns the reason, too.
///
/// IAM users and users of IAM Identity Center have names that they did not choose for the session.
/// The caller that assumes another role chooses the session's name, so two sessions of one role are
/// compared only if their names are equal. A Studio profile and a GitHub login are compared by their
/// names: equal ones are one person, different ones prove nothing.
pub fn compare(registrant: Option<&Person>, approver: Option<&str>) -> (Comparison, &'static str) {
    use Comparison::{Different, NotKnown, Same};

    let Some(approver) = approver else { return (NotKnown, "the approval does not say who approved") };
    let Some(registrant) = registrant.filter(|person| person.name().is_some()) else {
        return (NotKnown, "SageMaker does not report who registered the model package");
    };
    let principal = Principal::of(approver).ok();
    let name = match &principal {
        // The login of GitHub.
        None => Some(approver),
        Some(principal) => principal.person().or_else(|| principal.session()),
    };
    let is_named = |known: Option<&str>| name.zip(known).is_some_and(|(name, known)| same_name(name, known));
    if registrant.iam_arn.as_deref() == Some(approver) && principal.as_ref().is_some_and(|principal| *principal != Principal::Other) {
        return (Same, "both are the same identity");
    }
    if is_named(registrant.source_identity.as_deref()) {
        return (Same, "the source identity of the registration has the approver's name");
    }
    if is_named(registrant.user_profile_name.as_deref()) {
        return (Same, "the Studio profile of the registration has the approver's name");
    }
    let Some(principal) = principal else {
        let registered = registrant.iam_arn.as_deref().and_then(|arn| Principal::of(arn).ok());
        let registered = registered.as_ref().and_then(|registered| registered.person().or_else(|| registered.session()));
        return if is_named(registered) {
            (Same, "the identity of the registration has the name of the GitHub user")
        } else {
            (NotKnown, "a GitHub user and an identity of AWS cannot be compared")
        };
    };
    if registrant.source_identity.is_some() && principal.person().is_some() {
        return (Different, "the source identity of the registration has another name than the approver");
    }
    if registrant.user_profile_arn.is_some() || registrant.user_profile_name.is_some() {
        return (NotKnown, "a Studio profile with another name can be the same person");
    }
    let Some(registered) = registrant.iam_arn.as_deref().and_then(|arn| Principal::of(arn).ok()) else {
        return (NotKnown, "the identity of the registration and that of the approval cannot be compared");
    };
    principals(&registered, &principal)
}

fn principals(registered: &Principal, approver: &Principal) -> (Comparison, &'static str) {
    use Comparison::{Different, NotKnown, Same};

    let known = |principal: &Principal| principal.person().or_else(|| principal.session()).map(str::to_owned);
    let (Some(one), Some(other)) = (known(registered), known(approver)) else {
        return (NotKnown, "an identity without a person's name, such as the root user, cannot be compared");
    };
    let both_chosen = registered.person().is_none() && approver.person().is_none();
    match (both_chosen, same_name(&one, &other), registered.role() == approver.role()) {
        (true, true, true) => (Same, "both are sessions of one role with the same name"),
        (true, true, false) => (NotKnown, "sessions of two roles have the same name"),
        (true, false, true) => (NotKnown, "both are sessions of one role, and the caller that assumes it chooses the session's name"),
        (false, true, _) => (Same, "both identities have the same name"),
        (_, false, _) => (Different, "the identities have different names"),
    }
}

/// Whether two names are one person's. A name without a domain is that of an email address, too.
fn same_name(one: &str, other: &str) -> bool {
    let part = |name: &str| name.split('@').next().unwrap_or_default().to_lowercase();
    let has_one_domain = one.contains('@') != other.contains('@');
    one.to_lowercase() == other.to_lowercase() || has_one_domain && part(one) == part(other)
}

#[cfg(test)]
mod tests {
    use super::Comparison::{Different, NotKnown, Same};
    use super::*;

    const CENTER: &str = "assumed-role/AWSReservedSSO_Approver_0123456789abcdef";
    const OTHER_SET: &str = "assumed-role/AWSReservedSSO_Scientist_fedcba9876543210";

    fn arn(identity: &str) -> String {
        let service = if identity.starts_with("assumed-role") { "sts" } else { "iam" };
        format!("arn:aws:{service}::111111111111:{identity}")
    }

    #[test]
    fn identities_of_iam_are_compared_by_role_and_name() {
        for (registered, approved, expected) in [
            ("user/ann", "user/ann", Same),
            ("user/ann", "user/eve", Different),
            ("user/team/ann", "user/ann", Same),
            (&format!("{OTHER_SET}/ann@example.com"), &format!("{CENTER}/ann@example.com"), Same),
            (&format!("{OTHER_SET}/ann@example.com"), &format!("{CENTER}/Ann@Example.com"), Same),
            (&format!("{OTHER_SET}/ann@example.com"), &format!("{CENTER}/eve@example.com"), Different),
            (&format!("{OTHER_SET}/ann@one.example"), &format!("{CENTER}/ann@two.example"), Different),
            ("user/ann", &format!("{CENTER}/ann@example.com"), Same),
            ("assumed-role/Scientist/ann", "assumed-role/Scientist/ann", Same),
            ("assumed-role/Scientist/ann", "assumed-role/Scientist/eve", NotKnown),
            ("assumed-role/Scientist/ann", "assumed-role/Approver/ann", NotKnown),
            ("assumed-role/Scientist/ann", "assumed-role/Approver/eve", Different),
            ("assumed-role/Scientist/ann@example.com", &format!("{CENTER}/ann@example.com"), Same),
            ("assumed-role/Training/pipelines-1", &format!("{CENTER}/ann@example.com"), Different),
            ("root", "user/ann", NotKnown),
            ("user/ann", "root", NotKnown),
            ("root", "root", NotKnown),
        ] as [(&str, &str, Comparison); 17]
        {
            let registrant = Person { iam_arn: Some(arn(registered)), ..Person::default() };
            let (found, because) = compare(Some(&registrant), Some(&arn(approved)));
            assert_eq!(found, expected, "{registered} and {approved}: {because}");
        }
    }

    #[test]
    fn a_shared_role_shows_the_person_by_its_source_identity_or_studio_profile_only() {
        let shared = |name: &str, profile: &str| Person {
            iam_arn: Some(arn("assumed-role/Studio/SageMaker")),
            source_identity: (!name.is_empty()).then(|| name.to_owned()),
            user_profile_name: (!profile.is_empty()).then(|| profile.to_owned()),
            user_profile_arn: None,
        };
        let ann = arn(&format!("{CENTER}/ann@example.com"));
        for (registrant, expected) in [
            (shared("ann", ""), Same),
            (shared("eve", ""), Different),
            (shared("", "ann"), Same),
            (shared("", "eve"), NotKnown),
            (shared("eve", "ann"), Same),
        ] {
            assert_eq!(compare(Some(&registrant), Some(&ann)).0, expected, "{registrant:?}");
        }
        // The approver's session has a name that the approver chose.
        assert_eq!(compare(Some(&shared("", "eve")), Some(&arn("assumed-role/Approver/bob"))).0, NotKnown);
    }

    #[test]
    fn without_a_record_or_across_services_it_is_not_known() {
        let ann = Person { iam_arn: Some(arn("user/ann")), ..Person::default() };
        assert_eq!(compare(None, Some(&arn("user/ann"))).0, NotKnown);
        assert_eq!(compare(Some(&Person::default()), Some(&arn("user/ann"))).0, NotKnown);
        assert_eq!(compare(Some(&ann), None).0, NotKnown);
        assert_eq!(compare(Some(&ann), Some("ann")).0, Same);
        assert_eq!(compare(Some(&ann), Some("eve")).0, NotKnown);
    }
}
