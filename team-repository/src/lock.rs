//! `xtask.lock`: which version wrote the owned files, and what it wrote.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use model_release::Diagnostic;
use model_release::files::digest;
use serde::{Deserialize, Serialize};

use crate::{Pin, VERSION, owned_files};

/// The file's path.
pub const LOCK: &str = "xtask.lock";

/// The version of the format.
const FORMAT: u32 = 1;

/// The lock file: the base of the next upgrade.
///
/// It has the texts and not only their digests: a merge needs them, and a later version of the
/// program does not have the files of all earlier ones.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lock {
    version: u32,
    /// The version of the program that wrote the owned files.
    pub xtask: String,
    /// The pinned binary.
    pub pin: Option<Pin>,
    /// Files that a new repository has from the program, and this one from its team.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub team_files: BTreeSet<String>,
    files: BTreeMap<String, Base>,
}

/// What the program wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Base {
    sha256: String,
    text: String,
}

impl Lock {
    /// The lock of the owned files of this version, without those of the team.
    pub fn new(pin: Option<Pin>, team_files: BTreeSet<String>) -> Self {
        let owned = owned_files(pin.as_ref()).into_iter().filter(|(path, _)| !team_files.contains(*path));
        let files = owned.map(|(path, text)| (path.to_owned(), Base { sha256: digest(text.as_bytes()), text })).collect();
        Self { version: FORMAT, xtask: VERSION.to_owned(), pin, team_files, files }
    }

    /// Reads the file; `path` is its name in messages.
    ///
    /// # Errors
    ///
    /// A file of another format, and a base that does not have its digest.
    pub fn parse(text: &str, path: &Path) -> Result<Self, Diagnostic> {
        let restore = |message: String| Diagnostic::error(message).code("lock-damaged").file(path);
        let head: serde_json::Value = serde_json::from_str(text).map_err(|error| {
            restore(format!("this is not JSON: {error}")).source(&path.display().to_string(), error.line(), error.column().max(1), text)
        })?;
        if head["version"].as_u64().is_some_and(|version| version > u64::from(FORMAT)) {
            let message = format!("a later version of the program wrote this file: {}", head["xtask"].as_str().unwrap_or("unknown"));
            return Err(Diagnostic::error(message).code("lock-of-later-version").file(path));
        }
        let lock: Self = serde_json::from_value(head).map_err(|error| restore(format!("this is not a lock file: {error}")))?;
        match lock.files.iter().find(|(_, base)| digest(base.text.as_bytes()) != base.sha256) {
            Some((name, _)) => Err(restore(format!("the base of `{name}` does not have its SHA-256: the file was edited"))),
            None => Ok(lock),
        }
    }

    /// The file's text.
    ///
    /// # Panics
    ///
    /// Never: the data is plain.
    pub fn text(&self) -> String {
        serde_json::to_string_pretty(self).expect("plain data is JSON") + "\n"
    }

    /// The owned files, and what the version of the lock wrote.
    pub fn files(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.iter().map(|(path, base)| (path.as_str(), base.text.as_str()))
    }
}

/// Checks that this version of the program can upgrade a repository: it has only its own files.
///
/// # Errors
///
/// A named version that is not this one; without a name, a repository of a later version.
pub fn check_version(lock: &Lock, named: Option<&str>) -> Result<(), Diagnostic> {
    match named {
        Some(named) if named != VERSION => {
            Err(Diagnostic::error(format!("this is version {VERSION}, and not {named}")).code("other-version"))
        }
        None if numbers(&lock.xtask) > numbers(VERSION) => {
            let message = format!("version {} wrote this repository, which is later than this program's {VERSION}", lock.xtask);
            Err(Diagnostic::error(message).code("lock-of-later-version"))
        }
        _ => Ok(()),
    }
}

/// A version in the order of versions.
fn numbers(version: &str) -> Vec<u64> {
    version.split(['.', '-', '+']).take(3).map(|number| number.parse().unwrap_or(0)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_read_as_it_was_written() {
        let own = BTreeSet::from(["cfn-sm-endpoint-template.yml".to_owned()]);
        for pin in [None, Some(Pin::parameter("/mlops/xtask").unwrap()), Some(Pin::binary("s3://b/k", &"0a".repeat(32)).unwrap())] {
            let lock = Lock::new(pin, own.clone());
            assert_eq!(Lock::parse(&lock.text(), Path::new(LOCK)).unwrap(), lock);
            assert!(lock.files().count() == 3 && lock.files().all(|(path, _)| !path.starts_with("cfn")));
        }
    }

    #[test]
    fn only_this_versions_files_are_written() {
        let mut lock = Lock::new(None, BTreeSet::new());
        let code = |lock: &Lock, named| check_version(lock, named).err().and_then(|error| error.code);
        assert_eq!((code(&lock, None), code(&lock, Some(VERSION)), code(&lock, Some("9.0.0"))), (None, None, Some("other-version")));
        for (version, expected) in
            [("0.0.99", None), ("0.10.0", Some("lock-of-later-version")), ("1.0.0-rc1", Some("lock-of-later-version"))]
        {
            version.clone_into(&mut lock.xtask);
            assert_eq!((code(&lock, None), code(&lock, Some(VERSION))), (expected, None), "{version}");
        }
    }

    #[test]
    fn a_damaged_lock_is_refused_with_its_place() {
        let text = Lock::new(None, BTreeSet::new()).text();
        let code = |text: &str| Lock::parse(text, Path::new(LOCK)).unwrap_err();
        let edited = code(&text.replacen("version: 0.2", "version: 0.3", 1));
        assert_eq!(edited.code, Some("lock-damaged"));
        assert!(edited.message.contains("`buildspec.yml`"), "{edited:?}");
        let conflict = code(&format!("<<<<<<< ours\n{text}"));
        assert_eq!((conflict.code, conflict.place.unwrap().to_string().as_str()), (Some("lock-damaged"), "xtask.lock:1:1"));
        assert_eq!(code(&text.replacen("\"xtask\"", "\"xtasks\"", 1)).code, Some("lock-damaged"));
        let later = code(&text.replacen("\"version\": 1", "\"version\": 2", 1));
        assert_eq!(later.code, Some("lock-of-later-version"));
        assert!(later.message.ends_with(VERSION), "{later:?}");
    }
}
