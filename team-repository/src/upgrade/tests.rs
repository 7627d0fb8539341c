use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

const OLD: &str = "one\ntwo\nthree\nfour\nfive\nsix\nseven\n";

#[test]
fn each_combination_of_changes_has_its_outcome() {
    let new = OLD.replace("one", "ONE");
    let team = OLD.replace("seven", "mine");
    for (old, current, new, outcome, after) in [
        (Some(OLD), Some(OLD), Some(OLD), Outcome::Unchanged, Some(OLD)),
        (Some(OLD), Some(&*team), Some(OLD), Outcome::Kept, Some(&*team)),
        (Some(OLD), Some(OLD), Some(&*new), Outcome::Updated, Some(&*new)),
        (Some(OLD), Some(&*new), Some(&*new), Outcome::Unchanged, Some(&*new)),
        (Some(OLD), Some(&*team), Some(&*new), Outcome::Merged, Some("ONE\ntwo\nthree\nfour\nfive\nsix\nmine\n")),
        (Some(OLD), None, Some(&*new), Outcome::Deleted, None),
        (Some(OLD), None, None, Outcome::Deleted, None),
        (Some(OLD), Some(OLD), None, Outcome::Removed, None),
        (Some(OLD), Some(&*team), None, Outcome::Kept, Some(&*team)),
        (None, None, Some(OLD), Outcome::Added, Some(OLD)),
        (None, Some(OLD), Some(OLD), Outcome::Unchanged, Some(OLD)),
    ] {
        assert_eq!(merge(old, current, new), (outcome, after.map(str::to_owned)), "{old:?} {current:?} {new:?}");
    }
    // A file of the team in the place of a new one is never overwritten.
    assert_eq!(merge(None, Some("mine\n"), Some(OLD)).0, Outcome::Conflict);
}

#[test]
fn a_conflict_has_its_line_and_all_three_versions() {
    let (team, new) = (OLD.replace("five", "mine\nand more"), OLD.replace("five", "FIVE"));
    let (outcome, after) = merge(Some(OLD), Some(&team), Some(&new));
    let change = FileChange { path: "a.yml".to_owned(), outcome, before: Some(team), after };
    let expected = "<<<<<<< yours\nmine\nand more\n||||||| earlier version\nfive\n=======\nFIVE\n>>>>>>> this version\n";
    assert_eq!(change.conflicts(), [(5, expected.to_owned())]);
    assert_eq!(change.diff(), "", "a conflict is shown as one");
}

#[test]
fn a_checkout_with_the_line_ends_of_windows_keeps_them() {
    let windows = |text: &str| text.replace('\n', "\r\n");
    let (team, new) = (OLD.replace("seven", "mine"), OLD.replace("one", "ONE"));
    assert_eq!(merge(Some(OLD), Some(&windows(OLD)), Some(OLD)).0, Outcome::Unchanged);
    assert_eq!(merge(Some(OLD), Some(&windows(OLD)), Some(&new)), (Outcome::Updated, Some(windows(&new))));
    let merged = windows("ONE\ntwo\nthree\nfour\nfive\nsix\nmine\n");
    assert_eq!(merge(Some(OLD), Some(&windows(&team)), Some(&new)), (Outcome::Merged, Some(merged)));
    assert_eq!(merge(Some(OLD), Some(&windows(OLD)), None).0, Outcome::Removed);
}

/// A repository as this version wrote it, with one line of each file as if an earlier one had.
fn earlier() -> (Lock, BTreeMap<String, String>) {
    let lock = Lock::new(None, BTreeSet::new());
    let text = lock.text().replace("set -eu", "set -e").replace("version: 0.2", "version: 0.1");
    let mut json: Value = serde_json::from_str(&text).unwrap();
    json["xtask"] = "0.0.9".into();
    for base in json["files"].as_object_mut().unwrap().values_mut() {
        base["sha256"] = model_release::files::digest(base["text"].as_str().unwrap().as_bytes()).into();
    }
    let lock = Lock::parse(&json.to_string(), std::path::Path::new(LOCK)).unwrap();
    let files = lock.files().map(|(path, text)| (path.to_owned(), text.to_owned())).collect();
    (lock, files)
}

use serde_json::Value;

fn plan(lock: &Lock, pin: Option<Pin>, files: &BTreeMap<String, String>) -> Upgrade {
    Upgrade::plan(lock, pin, |path| Ok(files.get(path).cloned())).unwrap()
}

#[test]
fn an_upgrade_moves_the_pin_and_keeps_what_the_team_changed() {
    let (lock, mut files) = earlier();
    let buildspec = files.get_mut("buildspec.yml").unwrap();
    *buildspec = buildspec.replace("      - release/xtask setup\n", "      - echo ours\n      - release/xtask setup\n");
    let pin = Pin::binary("s3://bucket/xtask-0.2", &"ab".repeat(32)).unwrap();
    let upgrade = plan(&lock, Some(pin.clone()), &files);
    assert!(!upgrade.has_conflicts() && upgrade.is_needed(), "{}", upgrade.text());
    let outcomes: Vec<_> = upgrade.files.iter().map(|file| (file.path.as_str(), file.outcome)).collect();
    assert_eq!(
        outcomes,
        [
            ("buildspec.yml", Outcome::Merged),
            ("cfn-sm-endpoint-template.yml", Outcome::Unchanged),
            ("pipeline/obtain-xtask.sh", Outcome::Updated),
            ("test/buildspec.yml", Outcome::Updated),
        ]
    );
    let after = upgrade.files[0].after.as_deref().unwrap();
    assert!(after.contains("version: 0.2\n") && after.contains("- echo ours\n") && after.contains("XTASK_PIN: 's3://bucket/xtask-0.2 "));
    let (text, markdown) = (upgrade.text(), upgrade.markdown());
    assert!(text.contains("xtask 0.0.9 -> 0.1.0\npin   s3://bucket/xtask-0.2"), "{text}");
    assert!(text.contains("--- a/buildspec.yml\n+++ b/buildspec.yml\n") && text.contains("\n-version: 0.1\n+version: 0.2\n"), "{text}");
    assert!(
        markdown.starts_with("# Upgrade of xtask: 0.0.9 to 0.1.0\n") && markdown.contains("\n```diff\n--- a/buildspec.yml"),
        "{markdown}"
    );
    assert_eq!(upgrade.json()["files"][0]["outcome"], "merged");

    // What it writes is the base of the next upgrade, which has nothing to do.
    let written = upgrade.written();
    assert_eq!(written.last().unwrap().path, LOCK);
    let next = Lock::parse(&String::from_utf8(written.last().unwrap().content.clone()).unwrap(), std::path::Path::new(LOCK)).unwrap();
    assert_eq!((next.xtask.as_str(), next.pin.as_ref()), (VERSION, Some(&pin)));
    files.extend(written.into_iter().map(|file| (file.path, String::from_utf8(file.content).unwrap())));
    let again = plan(&next, None, &files);
    assert!(!again.is_needed() && again.written().is_empty(), "{}", again.text());
    assert_eq!(again.files[0].outcome, Outcome::Kept);
}

#[test]
fn a_pin_that_the_team_moved_itself_is_a_conflict_and_not_overwritten() {
    let pin = |name: &str| Pin::binary(&format!("s3://bucket/{name}"), &"ab".repeat(32)).unwrap();
    let lock = Lock::new(Some(pin("one")), BTreeSet::new());
    let mut files: BTreeMap<_, _> = lock.files().map(|(path, text)| (path.to_owned(), text.to_owned())).collect();
    let buildspec = files.get_mut("buildspec.yml").unwrap();
    *buildspec = buildspec.replace("s3://bucket/one", "s3://bucket/own");
    let upgrade = plan(&lock, Some(pin("two")), &files);
    assert!(upgrade.has_conflicts());
    let text = upgrade.text();
    assert!(
        text.contains("  CONFLICT  buildspec.yml")
            && text.contains("XTASK_PIN: 's3://bucket/own ")
            && text.contains("'\n||||||| earlier version\n"),
        "{text}"
    );
    assert!(upgrade.markdown().contains("**Conflict in buildspec.yml:"));
}

#[test]
fn files_of_the_team_are_not_owned_and_errors_of_all_files_are_reported() {
    let lock = Lock::new(None, BTreeSet::from(["cfn-sm-endpoint-template.yml".to_owned()]));
    let upgrade = plan(&lock, None, &BTreeMap::new());
    assert!(upgrade.files.iter().all(|file| file.outcome == Outcome::Deleted && file.path != "cfn-sm-endpoint-template.yml"));
    assert!(upgrade.written().is_empty());
    let errors = Upgrade::plan(&lock, None, |path| Err(Diagnostic::error(path))).unwrap_err();
    assert_eq!(errors.len(), 3);
}

#[test]
fn a_fence_is_longer_than_those_in_the_text() {
    assert_eq!(report::fenced("diff", "a\n"), "```diff\na\n```\n");
    assert_eq!(report::fenced("diff", "+# ````\n"), "`````diff\n+# ````\n`````\n");
}

fn text() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(vec!["a\n", "b\n", "c\n", "\n", "a b\n", "=======\n"]), 0..12)
        .prop_map(|lines| lines.concat())
}

proptest! {
    #[test]
    fn a_side_that_changed_nothing_decides_nothing(old in text(), changed in text()) {
        prop_assert_eq!(merge(Some(&old), Some(&old), Some(&changed)).1, Some(changed.clone()));
        prop_assert_eq!(merge(Some(&old), Some(&changed), Some(&old)).1, Some(changed.clone()));
        prop_assert_eq!(merge(Some(&old), Some(&changed), Some(&changed)), (Outcome::Unchanged, Some(changed)));
    }

    #[test]
    fn every_line_of_the_team_survives(old in text(), current in text(), new in text()) {
        // Each line of the team that is in neither of the other texts is in the result.
        let current = current.replace('b', "mine");
        let (_, after) = merge(Some(&old), Some(&current), Some(&new));
        let count = |text: &str| text.matches("mine").count();
        prop_assert_eq!(count(&after.unwrap()), count(&current));
    }
}
