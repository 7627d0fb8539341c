//! Payload files are read only from the suite's folder.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use endpoint_test::Suite;
use tempfile::TempDir;

use crate::{good, with_case};

/// A folder with a suite whose one case sends `payloads/flower.csv`.
fn folder() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("payloads")).unwrap();
    let suite = folder.path().join("suite.yaml");
    fs::write(&suite, with_case("payload: { file: payloads/flower.csv }")).unwrap();
    (folder, suite)
}

fn error(suite: &Path) -> String {
    Suite::load(suite).unwrap_err().problems()[0].message.clone()
}

#[test]
fn a_payload_file_is_read_and_its_extension_sets_its_media_type() {
    let (folder, suite) = folder();
    fs::write(folder.path().join("payloads/flower.csv"), "5.1,3.5\n").unwrap();
    let request = Suite::load(&suite).unwrap().cases()[0].request(Duration::from_secs(1)).unwrap();
    assert_eq!((request.body.as_ref(), request.content_type.as_str()), (b"5.1,3.5\n".as_slice(), "text/csv"));
}

#[test]
fn a_missing_file_is_reported_with_its_line() {
    let (_folder, suite) = folder();
    let errors = Suite::load(&suite).unwrap_err();
    assert!(errors.problems()[0].message.starts_with("cannot read `payloads/flower.csv`"), "{errors}");
    assert_eq!(errors.problems()[0].place.unwrap().line, 4);
    assert!(errors.to_string().contains('^'), "{errors}");
}

#[cfg(unix)]
#[test]
fn a_link_that_leaves_the_folder_is_refused_and_one_within_is_followed() {
    use std::os::unix::fs::symlink;
    let (folder, suite) = folder();
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("secret"), "secret").unwrap();
    let link = folder.path().join("payloads/flower.csv");
    symlink(outside.path().join("secret"), &link).unwrap();
    assert_eq!(error(&suite), "`payloads/flower.csv` is a link that leaves the suite's folder");

    fs::remove_file(&link).unwrap();
    fs::write(folder.path().join("real.csv"), "1").unwrap();
    symlink("../real.csv", &link).unwrap();
    assert!(Suite::load(&suite).is_ok());
}

#[test]
fn a_folder_is_not_a_payload() {
    let (folder, suite) = folder();
    fs::create_dir(folder.path().join("payloads/flower.csv")).unwrap();
    assert_eq!(error(&suite), "`payloads/flower.csv` is not a file");
}

#[test]
fn a_file_above_the_limit_of_aws_is_refused() {
    let (folder, suite) = folder();
    fs::File::create(folder.path().join("payloads/flower.csv")).unwrap().set_len(25_000_001).unwrap();
    assert_eq!(error(&suite), "`payloads/flower.csv` has 25000001 bytes; the limit is 25000000");
}

#[test]
fn a_suite_that_is_missing_or_not_text_is_an_error() {
    let (folder, suite) = folder();
    assert!(error(&folder.path().join("other.yaml")).starts_with("cannot read `"));
    fs::write(&suite, b"version: 1\ncases: [\xff]\n").unwrap();
    assert_eq!(error(&suite), "line 2 is not UTF-8 text");
}

#[test]
fn payloads_can_be_supplied_and_each_is_read_once() {
    let suite = good(
        "version: 1\ncases:\n  - { name: a, payload: { file: b.csv } }\n  - { name: b, payload: { file: a.csv } }\n  - { name: c, payload: { file: b.csv } }\n",
    );
    assert_eq!(suite.files(), ["a.csv", "b.csv"]);
    assert!(suite.cases()[0].request(Duration::from_secs(1)).is_none());
    let mut paths = Vec::new();
    let suite = suite
        .load_files(|path| {
            paths.push(path.to_owned());
            Ok(path.as_bytes().to_vec())
        })
        .unwrap();
    assert_eq!(paths, ["b.csv", "a.csv"]);
    assert!(suite.files().is_empty());
    assert_eq!(suite.cases()[2].request(Duration::from_secs(1)).unwrap().body.as_ref(), b"b.csv");
}

#[test]
fn every_file_that_cannot_be_supplied_is_reported() {
    let suite = good("version: 1\ncases:\n  - { name: a, payload: { file: a.csv } }\n  - { name: b, payload: { file: b.csv } }\n");
    let errors = suite.load_files(|_| Err(io::ErrorKind::PermissionDenied.into())).unwrap_err();
    assert_eq!(errors.problems().len(), 2);
}
