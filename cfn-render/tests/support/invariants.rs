//! Invariants for any text: shared by the tests and the fuzz targets.
#![allow(dead_code, reason = "each program that includes this file uses a part of it")]

use std::collections::BTreeMap;
use std::path::Path;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use cfn_render::store::Directory;
use cfn_render::{Error, PackageOptions, PseudoParameters, Resolved, Template, is_known};
use serde_json::Value;

/// Packages a text as if it were in a folder with files, and checks all invariants.
pub(crate) fn packaging(text: &str, project: &Path, store: &Path) {
    let path = project.join("template.yml");
    let template = match Template::parse(text, &path) {
        Ok(template) => template,
        Err(error) => return problems_have_places(text, &error),
    };
    assert_eq!(template.text(), text, "the text is unchanged");
    for problem in template.problems() {
        assert!(problem.place.line >= 1 && problem.place.column >= 1, "{problem:?}");
    }
    let before = template.to_value();
    every_value_has_its_place(&template, &before);
    if leaves_the_project(&before) {
        return;
    }
    for escape in [false, true] {
        package_and_check(&template, &before, store, escape);
    }
}

fn package_and_check(template: &Template, before: &Value, store: &Path, escape: bool) {
    let directory = Directory::new(store, "bucket", "eu-west-1");
    let mut options = PackageOptions::default();
    options.escape_non_ascii = escape;
    let package = |template: &Template| at_once(template.package(&directory, &options));
    let packaged = match package(template) {
        Ok(packaged) => packaged,
        Err(error) => {
            assert!(error.kind() != cfn_render::ErrorKind::Verification, "{error}\n{:?}", template.text());
            return problems_have_places(template.text(), &error);
        }
    };
    let written = Template::parse(packaged.text.clone(), template.path()).expect("the result parses");
    let after = written.to_value();
    let mut changed = Vec::new();
    changes(before, &after, String::new(), &mut changed);
    let expanded = packaged.notes.iter().any(|note| note.code == "aliases-expanded" && note.place.path == template.path());
    if escape {
        assert!(expanded || is_ascii_but_for_comments(&written, &after), "{:?}", packaged.text);
    } else if !expanded {
        assert_eq!(outside(template, &changed), outside(&written, &changed), "bytes outside the edits");
    }
    assert_eq!(package(template).expect("it packaged before").text, packaged.text, "the same result twice");
    let again = package(&written).expect("the result can be packaged");
    assert_eq!(again.text, packaged.text, "packaging again changes nothing");
    assert!(again.uploads.is_empty(), "packaging again uploads nothing");
}

/// Evaluates a text with the defaults of its parameters, with and without pseudo parameters.
pub(crate) fn resolving(text: &str) {
    let Ok(template) = Template::parse(text, "template.yml") else { return };
    let _ = template.parameters();
    let given = BTreeMap::new();
    for pseudo in [PseudoParameters::unknown(), PseudoParameters::in_region("eu-west-1").in_account("222222222222").of_stack("s")] {
        match (template.resolve_with_provenance(&given, &pseudo), template.resolve(&given, &pseudo)) {
            (Ok(one), Ok(other)) => {
                assert_eq!(one.value(), &other, "the same result twice");
                parts_have_parameters_of_the_whole(&one);
            }
            (Err(one), Err(other)) => {
                assert_eq!(one.problems(), other.problems(), "the same result twice");
                problems_have_places(text, &one);
            }
            _ => panic!("it resolves only one of two times"),
        }
    }
}

/// The parameters of a part are among those of the whole.
fn parts_have_parameters_of_the_whole(resolved: &Resolved) {
    let all = resolved.parameters_of("");
    let _ = is_known(resolved.value());
    for (section, value) in resolved.value().as_object().into_iter().flatten() {
        for name in value.as_object().into_iter().flatten().map(|(name, _)| name) {
            let pointer = format!("/{}/{}", section.replace('~', "~0").replace('/', "~1"), name.replace('~', "~0").replace('/', "~1"));
            assert!(resolved.parameters_of(&pointer).is_subset(&all), "{pointer}");
        }
    }
}

fn problems_have_places(text: &str, error: &Error) {
    assert!(!error.problems().is_empty());
    let lines = text.split(['\n', '\r']).count();
    for problem in error.problems() {
        let place = &problem.place;
        assert!(place.line >= 1 && place.column >= 1, "{problem:?}");
        assert!(place.path.file_name().is_none_or(|name| name != "template.yml") || place.line <= lines, "{problem:?}");
    }
}

/// Every pointer into the long form has a place in the text.
fn every_value_has_its_place(template: &Template, value: &Value) {
    let mut pointers = vec![(String::new(), value)];
    let mut looked = 0;
    while let Some((pointer, value)) = pointers.pop() {
        looked += 1;
        // Aliases can make a small text a large value.
        if looked > 2000 {
            return;
        }
        for span in [template.locate(&pointer), template.locate_key(&pointer)].into_iter().flatten() {
            assert!(template.text().get(span.range()).is_some(), "{pointer}: {span:?}");
            assert!(span.line >= 1 && span.column >= 1, "{pointer}: {span:?}");
        }
        assert!(template.locate(&pointer).is_some(), "{pointer} has no place");
        match value {
            Value::Array(items) => pointers.extend(items.iter().enumerate().map(|(index, item)| (format!("{pointer}/{index}"), item))),
            Value::Object(entries) => pointers
                .extend(entries.iter().map(|(key, value)| (format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1")), value))),
            _ => {}
        }
    }
}

/// Whether a value could refer to a file outside the project: fuzzing must not package the whole
/// disk.
fn leaves_the_project(value: &Value) -> bool {
    match value {
        Value::String(text) => {
            text.starts_with('/') || (text.contains("..") && text.contains('/')) || text.split('/').filter(|part| *part == "..").count() > 1
        }
        Value::Array(items) => items.iter().any(leaves_the_project),
        Value::Object(entries) => entries.values().any(leaves_the_project),
        _ => false,
    }
}

/// The pointers of values that packaging replaced. Only strings may be replaced, and only with
/// addresses.
fn changes(before: &Value, after: &Value, pointer: String, found: &mut Vec<String>) {
    let below = |token: &str| format!("{pointer}/{}", token.replace('~', "~0").replace('/', "~1"));
    match (before, after) {
        (Value::Array(old), Value::Array(new)) if old.len() == new.len() => {
            for (index, (old, new)) in old.iter().zip(new).enumerate() {
                changes(old, new, below(&index.to_string()), found);
            }
        }
        (Value::Object(old), Value::Object(new)) if old.keys().eq(new.keys()) => {
            for ((key, old), new) in old.iter().zip(new.values()) {
                changes(old, new, below(key), found);
            }
        }
        _ if before == after => {}
        (Value::String(_), Value::String(new)) if new.starts_with("s3://") || new.starts_with("https://") => found.push(pointer),
        (Value::String(_), Value::Object(new))
            if new.keys().all(|key| key.contains("ucket") || key.contains("Key") || key.contains("ersion")) =>
        {
            found.push(pointer);
        }
        _ => panic!("{pointer}: {before} became {after}"),
    }
}

/// The text without the values at some pointers.
fn outside(template: &Template, pointers: &[String]) -> Vec<String> {
    let mut ranges: Vec<_> = pointers.iter().map(|pointer| template.locate(pointer).expect("it has a place").range()).collect();
    ranges.sort_by_key(|range| range.start);
    let mut parts = Vec::new();
    let mut reached = 0;
    for range in ranges {
        // An anchor stays; a tag is replaced together with its text.
        parts.push(template.text()[reached..range.start].to_owned());
        reached = range.end;
    }
    parts.push(template.text()[reached..].to_owned());
    parts
}

fn is_ascii_but_for_comments(template: &Template, value: &Value) -> bool {
    let mut pointers = vec![(String::new(), value)];
    while let Some((pointer, value)) = pointers.pop() {
        match value {
            Value::Array(items) => pointers.extend(items.iter().enumerate().map(|(index, item)| (format!("{pointer}/{index}"), item))),
            Value::Object(entries) => pointers
                .extend(entries.iter().map(|(key, value)| (format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1")), value))),
            // The header of a block scalar can contain a comment, so only the characters outside of
            // it count.
            Value::String(text) if !text.is_ascii() => {
                let span = template.locate(&pointer).expect("it has a place");
                // A tag or an anchor may contain other characters; the value must not.
                let written = &template.text()[span.range()];
                if !written.starts_with(['!', '&']) && !written.is_ascii() {
                    return false;
                }
            }
            _ => {}
        }
    }
    true
}

/// The result of a future that never waits, like those of a folder.
pub(crate) fn at_once<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("a folder store never waits"),
    }
}
