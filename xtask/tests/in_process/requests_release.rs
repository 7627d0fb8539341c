//! How the checksum of the approved release is read.

use super::*;

#[test]
fn an_approved_checksum_is_read_in_the_notations_of_release_env_and_of_reports() {
    let approved = |text: &str| approved(&ReleaseOptions { release_sha256: Some(text.to_owned()), ..ReleaseOptions::default() });
    let digits = "0123456789abcdef".repeat(4);
    let expected = Some(format!("sha256:{digits}"));
    for text in [digits.clone(), digits.to_ascii_uppercase(), format!("sha256:{digits}"), format!(" {digits} ")] {
        assert_eq!(approved(&text).unwrap(), expected, "{text}");
    }
    assert_eq!(approved("").unwrap(), None);
    for text in [&digits[1..], "sha256:", &digits.replace('0', "g"), &format!("sha512:{digits}")] {
        assert!(approved(text).is_err(), "{text}");
    }
}
