//! Untrusted archives of sample payloads.

use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use endpoint_test::{SampleError, Samples, Suite};
use flate2::Compression;
use flate2::write::GzEncoder;
use tar::{Builder, EntryType, Header};

fn packed(tar: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(tar).unwrap();
    encoder.finish().unwrap()
}

/// An archive of these entries; names are written unchanged, even if `tar` would refuse them.
fn archive(entries: &[(&str, EntryType, &[u8])]) -> Vec<u8> {
    let mut builder = Builder::new(Vec::new());
    for (name, kind, body) in entries {
        let mut header = Header::new_gnu();
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_entry_type(*kind);
        header.set_size(body.len() as u64);
        if *kind == EntryType::Symlink || *kind == EntryType::Link {
            header.set_link_name("/etc/passwd").unwrap();
        }
        header.set_cksum();
        builder.append(&header, *body).unwrap();
    }
    packed(&builder.into_inner().unwrap())
}

const FILE: EntryType = EntryType::Regular;

#[test]
fn the_files_of_an_archive_are_read_into_memory() {
    let bytes = archive(&[
        ("./b/", EntryType::Directory, b""),
        ("./b/two.json", FILE, b"{}"),
        ("one.csv", FILE, b"1,2"),
        ("._one.csv", FILE, b"x"),
    ]);
    let samples = Samples::read(&bytes).unwrap();
    let files: Vec<_> = samples.files().map(|(name, body)| (name, body.as_ref())).collect();
    assert_eq!(files, [("b/two.json", b"{}".as_slice()), ("one.csv", b"1,2")]);
}

#[test]
fn paths_out_of_the_archive_and_special_files_are_refused() {
    for name in ["../x.csv", "/etc/passwd", "a/../../x", "C:x", "a\\b"] {
        let error = Samples::read(&archive(&[(name, FILE, b"1")])).unwrap_err();
        assert!(matches!(error, SampleError::Outside(_)), "{name}: {error}");
    }
    for kind in [EntryType::Symlink, EntryType::Link, EntryType::Fifo, EntryType::Char, EntryType::Block] {
        let error = Samples::read(&archive(&[("x", kind, b"")])).unwrap_err();
        assert!(matches!(error, SampleError::NotAFile(_)), "{kind:?}: {error}");
    }
    assert!(matches!(Samples::read(&archive(&[("x", FILE, b"1"), ("./x", FILE, b"2")])), Err(SampleError::Twice(_))));
    assert!(matches!(Samples::read(&archive(&[])), Err(SampleError::Empty)));
    assert!(matches!(Samples::read(b"not an archive"), Err(SampleError::Broken(_))));
    assert!(matches!(Samples::read(&archive(&[("x", FILE, b"1")])[..40]), Err(SampleError::Broken(_))));
}

#[test]
fn unpacking_an_archive_is_limited() {
    // One entry whose header announces ten gibibytes: they are not read.
    let mut header = Header::new_gnu();
    header.set_path("bomb.csv").unwrap();
    header.set_size(10 << 30);
    header.set_cksum();
    assert!(matches!(Samples::read(&packed(header.as_bytes())), Err(SampleError::TooLarge(_))));

    // A thousand small files, and one more.
    let names: Vec<String> = (0..1001).map(|number| format!("{number}.csv")).collect();
    let entries: Vec<_> = names.iter().map(|name| (name.as_str(), FILE, b"1".as_slice())).collect();
    assert!(matches!(Samples::read(&archive(&entries)), Err(SampleError::TooLarge(_))));
}

#[test]
fn a_case_sends_one_sample_or_becomes_a_case_for_each() {
    let text = "version: 1\ncases:\n  - { name: all of them, payload: { sample: all } }\n  - { name: one, payload: { sample: one.csv } }\n  - { name: none, payload: { sample: three.csv } }\n";
    let suite = Suite::parse(text, Path::new("suite.yaml")).unwrap();
    assert!(suite.wants_samples() && suite.cases()[0].request(Duration::from_secs(1)).is_none());
    let samples = Samples::read(&archive(&[("one.csv", FILE, b"1"), ("two.bin", FILE, b"2")])).unwrap();
    let suite = suite.with_samples(&samples);
    let names: Vec<_> = suite.cases().iter().map(endpoint_test::Case::name).collect();
    assert_eq!(names, ["all of them (one.csv)", "all of them (two.bin)", "one", "none"]);
    let sent = |index: usize| suite.cases()[index].request(Duration::from_secs(1)).map(|request| (request.body, request.content_type));
    assert_eq!(sent(0), Some(("1".into(), "text/csv".to_owned())));
    assert_eq!(sent(1), Some(("2".into(), "application/octet-stream".to_owned())));
    assert_eq!(sent(3), None);
}

#[test]
fn a_partial_run_counts_the_cases_that_run() {
    let text = "version: 1\ncases:\n  - { name: both, payload: { sample: all } }\n  - { name: other, payload: { sample: all } }\n  - { name: one, payload: { csv: '1' } }\n";
    let samples = Samples::read(&archive(&[("x.csv", FILE, b"1"), ("y.csv", FILE, b"2"), ("z.csv", FILE, b"3")])).unwrap();
    let partial = |names: &[&str]| {
        let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
        let suite = Suite::parse(text, Path::new("suite.yaml")).unwrap().only(&names).unwrap().with_samples(&samples);
        let partial = suite.partial().unwrap();
        assert_eq!(partial.cases, suite.cases().iter().map(endpoint_test::Case::name).collect::<Vec<_>>());
        (partial.cases.join(", "), partial.to_string())
    };
    let all = ("both (x.csv), both (y.csv), both (z.csv)".to_owned(), "3 of 7 cases".to_owned());
    assert_eq!(partial(&["both"]), all);
    assert_eq!(partial(&["both", "both (x.csv)"]), all);
    assert_eq!(partial(&["both (x.csv)", "both"]), all);
    assert_eq!(partial(&["both (x.csv)", "both (x.csv)", "one"]), ("both (x.csv), one".to_owned(), "2 of 7 cases".to_owned()));
}
