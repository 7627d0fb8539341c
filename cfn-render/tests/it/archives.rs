//! Files and folders as archives.

use cfn_render::ErrorKind;
use insta::assert_snapshot;

use crate::project::Project;

#[test]
fn a_single_file_is_zipped_if_the_property_expects_an_archive() {
    let project = Project::new(&[
        ("deep/down/template.yml", "Resources: {F: {Type: 'AWS::Lambda::Function', Properties: {Code: index.py}}}\n"),
        ("deep/down/index.py", "print(1)\n"),
    ]);
    let (packaged, store) = project.package("deep/down/template.yml");
    assert_eq!(store.archive(&packaged.uploads[0].key), [("index.py".to_owned(), 0o644, "print(1)\n".to_owned())]);
}

#[test]
fn archives_and_plain_files_are_uploaded_unchanged() {
    let project = Project::new(&[
        (
            "template.yml",
            "Resources:\n  F: {Type: 'AWS::Lambda::Function', Properties: {Code: code.jar}}\n  J: {Type: 'AWS::Glue::Job', Properties: {Command: {ScriptLocation: job.py}}}\n",
        ),
        ("job.py", "print(2)\n"),
    ]);
    // The shortest archive: only an end record, preceded by other bytes.
    let archive = b"#!/bin/sh\nPK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0".to_vec();
    project.write("code.jar", &archive);
    let (packaged, store) = project.package("template.yml");
    assert_eq!(store.objects()[&packaged.uploads[0].key], archive);
    assert_eq!(store.text(&packaged.uploads[1].key), "print(2)\n");
}

#[test]
fn ignore_files_exclude_files_from_archives() {
    let project = Project::new(&[
        ("template.yml", "Resources: {F: {Type: 'AWS::Lambda::Function', Properties: {Code: src}}}\n"),
        ("src/.cfnignore", "*.pyc\n/tests/\n!keep.pyc\n"),
        ("src/.gitignore", "index.py\n"),
        ("src/.hidden", "h"),
        ("src/index.py", "i"),
        ("src/a.pyc", ""),
        ("src/keep.pyc", "k"),
        ("src/tests/test.py", ""),
        ("src/lib/.cfnignore", "b.py"),
        ("src/lib/a.py", "a"),
        ("src/lib/b.py", "b"),
    ]);
    let (packaged, store) = project.package("template.yml");
    let names: Vec<String> = store.archive(&packaged.uploads[0].key).into_iter().map(|(name, ..)| name).collect();
    assert_eq!(names, [".gitignore", ".hidden", "index.py", "keep.pyc", "lib/a.py"]);
}

#[cfg(unix)]
#[test]
fn an_archive_depends_on_names_contents_and_executable_bits_only() {
    use crate::project::set_mode;
    use std::time::{Duration, SystemTime};

    let make = |order: [&str; 3], mode: u32, age: u64| {
        let project = Project::new(&[("template.yml", "Resources: {F: {Type: 'AWS::Lambda::Function', Properties: {Code: src}}}\n")]);
        for name in order {
            let path = project.write(&format!("src/{name}"), name);
            std::fs::File::options().write(true).open(&path).unwrap().set_modified(SystemTime::now() - Duration::from_secs(age)).unwrap();
        }
        set_mode(&project.path("src/run"), mode);
        let (packaged, store) = project.package("template.yml");
        let key = packaged.uploads[0].key.clone();
        let bytes = store.objects()[&key].clone();
        (key, bytes)
    };
    let one = make(["a/b", "a.b", "run"], 0o755, 0);
    assert_eq!(one, make(["run", "a.b", "a/b"], 0o700, 1_000_000), "another order, age and umask");
    assert_ne!(one.0, make(["a/b", "a.b", "run"], 0o644, 0).0, "no longer executable");
    assert_ne!(one.0, make(["a/c", "a.b", "run"], 0o755, 0).0, "another name");
}

#[cfg(unix)]
#[test]
fn links_inside_the_folder_are_followed_and_others_rejected() {
    use std::os::unix::fs::symlink;

    let template = "Resources: {F: {Type: 'AWS::Lambda::Function', Properties: {Code: src}}}\n";
    let project = Project::new(&[("template.yml", template), ("src/real/a.py", "a"), ("secret", "s"), ("other/x", "x")]);
    symlink("real", project.path("src/linked")).unwrap();
    symlink("real/a.py", project.path("src/a.py")).unwrap();
    let (packaged, store) = project.package("template.yml");
    let names: Vec<String> = store.archive(&packaged.uploads[0].key).into_iter().map(|(name, ..)| name).collect();
    assert_eq!(names, ["a.py", "linked/a.py", "real/a.py"]);

    symlink("../secret", project.path("src/secret")).unwrap();
    symlink("../other", project.path("src/other")).unwrap();
    symlink("nowhere", project.path("src/dangling")).unwrap();
    let error = project.package_error("template.yml");
    assert_eq!(error.kind(), ErrorKind::Artifacts);
    assert_snapshot!(project.report(&error), @"
    template.yml:1:67: the folder `src` cannot be read: src/dangling: IO error for operation on src/dangling: No such file or directory (os error 2) [unreadable]
    template.yml:1:67: the link `src/other` points outside of the folder `src` [symlink-outside] hint: copy its target into the folder, or list the link in a .cfnignore file
    template.yml:1:67: the link `src/secret` points outside of the folder `src` [symlink-outside] hint: copy its target into the folder, or list the link in a .cfnignore file
    ");
}

#[test]
fn an_archive_that_contains_the_template_causes_a_warning() {
    let project =
        Project::new(&[("template.yml", "Resources: {F: {Type: 'AWS::Lambda::Function', Properties: {Code: .}}}\n"), ("index.py", "1")]);
    let (packaged, _) = project.package("template.yml");
    let codes: Vec<&str> = packaged.notes.iter().map(|note| note.code.as_str()).collect();
    assert_eq!(codes, ["template-in-archive"]);

    project.write(".cfnignore", "/template.yml\n");
    assert_eq!(project.package("template.yml").0.notes, []);
}
