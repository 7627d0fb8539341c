//! Reads the value of an artifact property: an S3 address, a web address, a value that AWS
//! resolves, or a path.

use super::property_table::Form;

/// A value, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Address<'a> {
    /// It refers to nothing, or to something that packaging does not handle: it stays as it is.
    Settled,
    /// An existing object in S3.
    Object { bucket: &'a str, key: &'a str, version: Option<&'a str> },
    /// A file or folder.
    Local(&'a str),
    /// It is invalid: message and hint.
    Wrong(String, &'static str),
}

/// Reads the value of an artifact property.
pub(crate) fn read_address(text: &str, form: Form) -> Address<'_> {
    let scheme = text.split_once("://").map(|(scheme, _)| scheme);
    match scheme.map(str::to_ascii_lowercase).as_deref() {
        Some("s3") => read_s3(text),
        Some("http" | "https") if form == Form::TemplateUrl => Address::Settled,
        Some("http" | "https") => Address::Wrong(
            format!("`{text}` is a web address, from which AWS does not read artifacts"),
            "use a local file, or an object as s3://bucket/key",
        ),
        // CloudFormation itself resolves dynamic references.
        _ if text.contains("{{resolve:") => Address::Settled,
        _ if text.is_empty() && form != Form::TemplateUrl => Address::Settled,
        _ if text.is_empty() => Address::Wrong("the address of the nested template is empty".to_owned(), "use a template file"),
        _ if text.contains("${") => Address::Wrong(
            format!("`{text}` has a `${{…}}`, but local paths are not evaluated"),
            "write the complete path, or refer to an object in S3 with Fn::Sub",
        ),
        _ => Address::Local(text),
    }
}

fn read_s3(text: &str) -> Address<'_> {
    const HINT: &str = "the form is s3://bucket/key, with a lowercase s3";
    let wrong = |what: &str| Address::Wrong(format!("`{text}` {what}"), HINT);
    let Some(rest) = text.strip_prefix("s3://") else { return wrong("does not begin with a lowercase `s3://`") };
    let (path, query) = rest.split_once('?').map_or((rest, None), |(path, query)| (path, Some(query)));
    let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
    if bucket.is_empty() {
        return wrong("has no bucket");
    }
    if key.is_empty() {
        return wrong("has no key");
    }
    let mut versions = query.unwrap_or_default().split('&').filter_map(|pair| pair.strip_prefix("versionId=")).filter(|id| !id.is_empty());
    match (versions.next(), versions.next()) {
        (_, Some(_)) => wrong("has more than one version"),
        (version, None) => Address::Object { bucket, key, version },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CODE: Form = Form::Object { bucket: "S3Bucket", key: "S3Key", version: Some("S3ObjectVersion") };

    #[test]
    fn kinds_of_values_are_distinguished() {
        use Address::{Local, Object, Settled};
        for (text, form, expected) in [
            ("./src", CODE, Local("./src")),
            ("../a b", CODE, Local("../a b")),
            ("~/x", CODE, Local("~/x")),
            ("", CODE, Settled),
            ("{{resolve:ssm:/code}}", CODE, Settled),
            ("s3://b/k/l", Form::Uri, Object { bucket: "b", key: "k/l", version: None }),
            ("s3://b/k?versionId=v1", CODE, Object { bucket: "b", key: "k", version: Some("v1") }),
            ("s3://[TOKEN]/x", Form::Uri, Object { bucket: "[TOKEN]", key: "x", version: None }),
            ("https://example.com/t.yml", Form::TemplateUrl, Settled),
            ("child.yml", Form::TemplateUrl, Local("child.yml")),
        ] {
            assert_eq!(read_address(text, form), expected, "{text}");
        }
    }

    #[test]
    fn invalid_addresses_are_rejected() {
        for (text, form) in [
            ("s3://bucket", Form::Uri),
            ("s3:///key", Form::Uri),
            ("S3://bucket/key", Form::Uri),
            ("s3://b/k?versionId=1&versionId=2", CODE),
            ("https://example.com/x.zip", CODE),
            ("", Form::TemplateUrl),
            ("./functions/${Name}", CODE),
        ] {
            assert!(matches!(read_address(text, form), Address::Wrong(..)), "{text}");
        }
    }
}
