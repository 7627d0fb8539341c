//! Reading a release policy: all mistakes are reported at once, each with its place and a hint.

use model_registry::release_policy::{
    DeniedPackage, OtherPerson, PublicKeySource, PublicKeys, ReleasePolicy, RequiredApproval, UnknownBytes,
};
use model_registry::{MetricSource, Place};
use proptest::prelude::*;

fn problems(text: &str) -> Vec<(Place, String)> {
    let problems = ReleasePolicy::parse(text).unwrap_err().0;
    problems
        .into_iter()
        .map(|problem| {
            let hint = problem.hint.map(|hint| format!(" ({hint})")).unwrap_or_default();
            (problem.place.unwrap(), format!("{}{hint}", problem.message))
        })
        .collect()
}

#[test]
fn an_empty_policy_requires_nothing() {
    assert_eq!(ReleasePolicy::parse(r#"{ "schema_version": 1 }"#).unwrap(), ReleasePolicy::default());
}

#[test]
fn a_policy_is_read() {
    let policy = ReleasePolicy::parse(
        r#"{ "schema_version": 1, "metrics": [{ "name": "bias", "source": "Bias.PostTrainingReport", "at": "/a~1b/0", "max": 0.1 }],
            "deny": [{ "version": 7, "reason": "x" }] }"#,
    )
    .unwrap();
    assert_eq!(policy.metrics[0].source, MetricSource::BiasPostTrainingReport);
    assert_eq!((policy.metrics[0].min, policy.metrics[0].max, policy.metrics[0].tolerance), (None, Some(0.1), 0.0));
    assert_eq!(policy.deny[0].package, DeniedPackage::Version(7));
}

#[test]
fn the_key_of_signed_records_is_a_file_or_a_pem_text() {
    let signatures = |text: &str| ReleasePolicy::parse(&format!(r#"{{ "schema_version": 1, "signatures": {text} }}"#)).unwrap().signatures;
    let file = signatures(r#"{ "public_key": "release-key.pem" }"#).unwrap();
    let named = |name: &str| PublicKeySource::File(name.to_owned());
    let one = |key: PublicKeySource| PublicKeys { build: key.clone(), test: key.clone(), check_release: key };
    assert_eq!((file.public_keys, file.required), (one(named("release-key.pem")), false));
    let pem = signatures(r#"{ "public_key": "-----BEGIN PUBLIC KEY-----\nMFkw\n-----END PUBLIC KEY-----", "required": true }"#).unwrap();
    assert!(matches!(pem.public_keys.build, PublicKeySource::Pem(_)) && pem.required);
    let several = signatures(r#"{ "public_keys": { "build": "b.pem", "test": "t.pem", "check_release": "c.pem" } }"#).unwrap();
    assert_eq!(several.public_keys, PublicKeys { build: named("b.pem"), test: named("t.pem"), check_release: named("c.pem") });
    for (text, message) in [
        ("{}", "`signatures` has no `public_key`"),
        (r#""release-key.pem""#, "`signatures` is a string, not an object"),
        (r#"{ "public_key": "" }"#, "`public_key` is empty"),
        (r#"{ "public_key": "k.pem", "required": "yes" }"#, "`required` is a string, not true or false"),
        (r#"{ "public_key": "k.pem", "require": true }"#, "`signatures` has no `require` (did you mean `required`?)"),
        (r#"{ "public_key": "-----BEGIN EC PRIVATE KEY-----" }"#, "`public_key` has a private key"),
        (r#"{ "public_key": "k.pem", "public_keys": {} }"#, "`signatures` has both `public_key` and `public_keys`"),
        (r#"{ "public_keys": "k.pem" }"#, "`public_keys` is a string, not an object"),
        (r#"{ "public_keys": { "build": "b.pem", "test": "t.pem" } }"#, "`public_keys` has no `check_release`"),
        (
            r#"{ "public_keys": { "build": "b.pem", "test": "t.pem", "check_release": "c.pem", "tests": "t.pem" } }"#,
            "`public_keys` has no `tests` (did you mean `test`?)",
        ),
        (
            r#"{ "public_keys": { "build": "b.pem", "test": "-----BEGIN PRIVATE KEY-----", "check_release": "c.pem" } }"#,
            "`test` has a private key",
        ),
    ] {
        let found = problems(&format!(r#"{{ "schema_version": 1, "signatures": {text} }}"#));
        assert!(found[0].1.starts_with(message), "{text}: {found:?}");
    }
}

#[test]
fn the_approval_of_a_policy_is_read_and_every_part_of_it_is_optional() {
    let read = |text: &str| ReleasePolicy::parse(&format!(r#"{{ "schema_version": 1, "approval": {text} }}"#)).unwrap().approval.unwrap();
    let full = read(r#"{ "other_person": "required", "max_age_days": 7 }"#);
    assert_eq!((full.other_person, full.max_age_days), (Some(OtherPerson::Required), Some(7)));
    assert_eq!(read(r#"{ "other_person": "if-known" }"#).other_person, Some(OtherPerson::IfKnown));
    assert_eq!(read("{}"), RequiredApproval::default());
    for wrong in [
        "true",
        "[]",
        r#"{ "other_person": true }"#,
        r#"{ "max_age_days": "7" }"#,
        r#"{ "max_age_days": 3651 }"#,
        r#"{ "max_age_days": -1 }"#,
    ] {
        assert!(ReleasePolicy::parse(&format!(r#"{{ "schema_version": 1, "approval": {wrong} }}"#)).is_err(), "{wrong}");
    }
}

#[test]
fn every_mistake_in_a_policy_is_reported_at_once_with_its_place() {
    let text = r#"{
  "schema_version": 2,
  "metadta": [],
  "metadata": [{ "kye": "owner" }, "risk"],
  "metrics": [
    { "name": "accuracy", "at": "accuracy", "source": "ModelQuality.Statistic" },
    { "name": "loss", "at": "/loss", "min": 2, "max": 1, "tolerance": -1 },
    { "name": "loss", "at": "/x", "max": "low" }
  ],
  "life_cycle": { "stage": "Staging" },
  "image_registries": ["https://x.io", "iris"],
  "content_types": ["csv"],
  "instance_types": "ml.m5.large",
  "deny": [{ "version": 0, "reason": "x" }, { "arn": "iris/1", "reason": "" }, { "reason": "y" }],
  "four_eyes": "yes",
  "four_eyes": true,
  "approval": { "other_person": "requird", "max_age_days": 0.5, "by": "ann" }
}"#;
    let found: Vec<_> = problems(text).into_iter().map(|(place, message)| format!("{place} {message}")).collect();
    insta::assert_snapshot!(found.join("\n"), @r#"
    2:21 the release policy has version 2; only version 1 is supported (write "schema_version": 1, or use a program that supports this version)
    3:3 the release policy has no `metadta` (did you mean `metadata`?)
    4:16 an entry of `metadata` has no `key` (write { "key": "owner" })
    4:18 an entry of `metadata` has no `kye` (did you mean `key`?)
    4:36 an entry of `metadata` is a string, not an object (write names and values in braces)
    5:14 two metrics have the name `loss` (give each metric its own name)
    6:5 an entry of `metrics` has neither `min` nor `max` (set a limit: "min": 0.95)
    6:33 `accuracy` is not a JSON pointer (write the keys with a slash before each: /accuracy/value; ~1 is a slash in a key, ~0 a tilde)
    6:55 a model package has no metrics `ModelQuality.Statistic` (did you mean `ModelQuality.Statistics`?)
    7:55 `max` is 1, less than `min`, 2 (swap the two: this range is empty)
    7:71 `tolerance` is -1, less than 0 (set how far a metric can be beyond a limit)
    8:42 `max` is a string, not a number (write a number without quotes)
    10:19 `life_cycle` has no `stage` (did you mean `stages`?)
    11:24 `https://x.io` is not an image registry (write the registry's host as in an image's name: 111111111111.dkr.ecr.us-east-1.amazonaws.com)
    11:40 `iris` is not an image registry (write the registry's host as in an image's name: 111111111111.dkr.ecr.us-east-1.amazonaws.com)
    12:21 `csv` is not a media type (write it as in text/csv)
    13:21 `instance_types` is a string, not a list (write a list in square brackets)
    14:25 `version` is 0, not a version (use a whole number from 1)
    14:54 `iris/1` is not the ARN of a model package (arn:aws:sagemaker:REGION:ACCOUNT:model-package/GROUP/VERSION) (copy it from the registry)
    14:74 `reason` is empty (write a string in quotes)
    14:80 an entry of `deny` has neither `version` nor `arn` (write { "version": 12, "reason": "…" }, or "arn" instead of "version")
    15:16 `four_eyes` is a string, not true or false (write true or false, without quotes)
    16:3 the release policy has `four_eyes` twice; first at 15:3 (keep one of the two)
    17:33 `other_person` is `requird`, not `required` or `if-known` (did you mean `required`?)
    17:60 `max_age_days` is 0.5, not a number of days (use a whole number from 1 to 3650)
    17:65 `approval` has no `by` (known keys: other_person, max_age_days)
    "#);
}

#[test]
fn unknown_bytes_are_allowed_unless_the_policy_blocks_them() {
    let read = |member: &str| ReleasePolicy::parse(&format!("{{ \"schema_version\": 1{member} }}")).unwrap().unknown_bytes;
    assert_eq!(read(""), UnknownBytes::Allow);
    assert_eq!(read(r#", "approved_bytes": { "not_known": "allow" }"#), UnknownBytes::Allow);
    assert_eq!(read(r#", "approved_bytes": { "not_known": "block" }"#), UnknownBytes::Block);
    let wrong = r#"{ "schema_version": 1,
        "approved_bytes": { "not_known": "warn", "unknown": "block" } }"#;
    let found: Vec<_> = problems(wrong).into_iter().map(|(place, message)| format!("{place} {message}")).collect();
    insta::assert_snapshot!(found.join("\n"), @r#"
    2:42 `not_known` is `warn`, neither `allow` nor `block` (write { "not_known": "block" }, or "allow")
    2:50 `approved_bytes` has no `unknown` (known keys: not_known)
    "#);
}

#[test]
fn text_that_is_not_json_is_rejected_with_its_place() {
    assert_eq!(problems("{\n  \"schema_version\": 1,\n}")[0].0, Place { line: 3, column: 1 });
    assert!(problems("")[0].1.contains("is empty"));
    assert!(problems("\u{feff}{}")[0].1.contains("byte order mark"));
    assert!(problems("[]")[0].1.contains("is a list, not an object"));
    assert!(problems("{}")[0].1.contains("has no `schema_version`"));
}

proptest! {
    #[test]
    fn any_text_is_read_or_rejected_without_a_panic(text in "\\PC*") {
        let _ = ReleasePolicy::parse(&text);
    }

    #[test]
    fn any_values_are_read_or_rejected_without_a_panic(value in any_json(), key in prop_oneof![
        Just("schema_version"), Just("metadata"), Just("metrics"), Just("life_cycle"), Just("image_registries"), Just("deny"), Just("four_eyes"),
        Just("approved_bytes"), Just("signatures"), Just("approval"),
    ]) {
        if let Err(problems) = ReleasePolicy::parse(&format!("{{ \"{key}\": {value} }}")) {
            prop_assert!(problems.0.iter().all(|problem| problem.place.is_some() && problem.hint.is_some()));
        }
    }
}

fn any_json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![Just("null".to_owned()), Just("true".to_owned()), "-?[1-9][0-9]{0,3}", "\"[a-z/.]{0,8}\""];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(|items| format!("[{}]", items.join(","))),
            proptest::collection::vec(("\"(key|name|at|min|reason|arn|x)\"", inner), 0..4).prop_map(|members| format!(
                "{{{}}}",
                members.iter().map(|(key, value)| format!("{key}:{value}")).collect::<Vec<_>>().join(",")
            )),
        ]
    })
}
