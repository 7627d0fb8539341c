//! What each command calls: noted while the end-to-end tests run, and held against the committed table.
#![allow(dead_code, reason = "the end-to-end tests note, the tests of permissions read")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// The committed table, from the workspace's root.
pub(crate) const TABLE: &str = "pipeline/permissions/commands.json";

/// How the table is made anew.
pub(crate) const HINT: &str =
    "make it anew, and look at what changed: UPDATE_PERMISSIONS=1 cargo test -p xtask --test end_to_end --test permissions";

/// Command, then place, then actions.
pub(crate) type Table = BTreeMap<String, BTreeMap<Place, BTreeSet<String>>>;

/// In whose account a call is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Place {
    /// The account of the registry and the pipeline.
    DataScience,
    /// A target account, in a role of it that was assumed.
    Target,
}

/// An action that a command calls.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub(crate) struct Call {
    pub(crate) command: String,
    pub(crate) place: Place,
    /// As IAM names it: `sagemaker:DescribeEndpoint`.
    pub(crate) action: String,
}

impl Call {
    /// A call as the local AWS logged it; none for one that needs no permission, and none of a program that was not started by its
    /// command: it calls itself by its own name then.
    pub(crate) fn new(command: &str, place: Place, service: &str, operation: &str) -> Option<Self> {
        if command.starts_with(concat!(env!("CARGO_PKG_NAME"), "-")) {
            return None;
        }
        let action = match (service, operation) {
            // AWS Security Token Service: "No permissions are required to perform this operation."
            ("sts", "GetCallerIdentity") => return None,
            // Amazon S3: which permission an operation needs, in the user guide's table of it.
            ("s3", "HeadBucket" | "ListObjects") => "s3:ListBucket".to_owned(),
            ("s3", "HeadObject") => "s3:GetObject".to_owned(),
            ("s3", "CreateMultipartUpload" | "UploadPart" | "CompleteMultipartUpload") => "s3:PutObject".to_owned(),
            ("sagemaker-runtime", operation) => format!("sagemaker:{operation}"),
            (service, operation) => format!("{service}:{operation}"),
        };
        Some(Self { command: command.to_owned(), place, action })
    }
}

/// Whether the table is being made anew: with `UPDATE_PERMISSIONS=document` only the document is.
pub(crate) fn updating() -> bool {
    updating_document() && std::env::var("UPDATE_PERMISSIONS").is_ok_and(|what| what != "document")
}

/// Whether the document is being made anew.
pub(crate) fn updating_document() -> bool {
    std::env::var_os("UPDATE_PERMISSIONS").is_some()
}

fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask is a folder of the workspace")
}

pub(crate) fn table() -> Table {
    let text = std::fs::read_to_string(workspace().join(TABLE)).unwrap_or_else(|_| "{}".to_owned());
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{TABLE}: {error}"))
}

/// The calls that the table does not have.
pub(crate) fn not_in(table: &Table, calls: &BTreeSet<Call>) -> Vec<Call> {
    let has =
        |call: &Call| table.get(&call.command).and_then(|places| places.get(&call.place)).is_some_and(|all| all.contains(&call.action));
    calls.iter().filter(|call| !has(call)).cloned().collect()
}

/// The table's calls one by one.
pub(crate) fn all_of(table: &Table) -> BTreeSet<Call> {
    let mut calls = BTreeSet::new();
    for (command, places) in table {
        for (place, actions) in places {
            calls.extend(actions.iter().map(|action| Call { command: command.clone(), place: *place, action: action.clone() }));
        }
    }
    calls
}

/// Where the tests of this very program note what they saw: what another build noted says nothing of this one.
fn notes() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| workspace().join("target"), PathBuf::from);
    let built = std::fs::metadata(env!("CARGO_BIN_EXE_xtask")).and_then(|binary| binary.modified()).unwrap();
    target.join("permissions").join(format!("{}", built.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_nanos()))
}

/// Notes what one local AWS saw.
pub(crate) fn note(calls: &BTreeSet<Call>) {
    static NUMBER: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let folder = notes();
    let file = folder.join(format!("{}-{number}.json", std::process::id()));
    std::fs::create_dir_all(&folder).and_then(|()| std::fs::write(file, serde_json::to_vec(calls).unwrap())).unwrap();
}

/// Everything that the tests of this program have noted.
pub(crate) fn noted() -> BTreeSet<Call> {
    let Ok(files) = std::fs::read_dir(notes()) else { return BTreeSet::new() };
    let read = |path: PathBuf| -> BTreeSet<Call> { serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap() };
    files.flat_map(|file| read(file.unwrap().path())).collect()
}
