//! The calls of each command: a reviewed table, compared with the adapters' sources and with the
//! calls that the end-to-end tests record.
#![allow(dead_code, reason = "the end-to-end tests note, the tests of permissions read")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use regex::Regex;

/// The committed table, relative to the workspace.
pub(crate) const TABLE: &str = "pipeline/permissions/commands.json";

/// The command that writes the document again.
pub(crate) const HINT: &str = "write it again: UPDATE_PERMISSIONS=1 cargo test -p xtask --test permissions";

/// Command, then place, then actions.
pub(crate) type Table = BTreeMap<String, BTreeMap<Place, BTreeSet<String>>>;

/// The account of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Place {
    /// The account of the registry and the pipeline.
    DataScience,
    /// A target account, with an assumed role.
    Target,
}

/// An action that a command calls.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub(crate) struct Call {
    pub(crate) command: String,
    pub(crate) place: Place,
    /// The IAM action, such as `sagemaker:DescribeEndpoint`.
    pub(crate) action: String,
}

impl Call {
    /// A logged call of the local AWS; `None` if it needs no permission, or if the program has its
    /// default name because a test did not start it as a command.
    pub(crate) fn new(command: &str, place: Place, service: &str, operation: &str) -> Option<Self> {
        if command.starts_with(concat!(env!("CARGO_PKG_NAME"), "-")) {
            return None;
        }
        Some(Self { command: command.to_owned(), place, action: action(service, operation)? })
    }
}

/// The permission of an operation, if it needs one.
fn action(service: &str, operation: &str) -> Option<String> {
    Some(match (service, operation) {
        // AWS Security Token Service: "No permissions are required to perform this operation."
        ("sts", "GetCallerIdentity") => return None,
        // Amazon S3: the permissions of operations, from the table in the user guide.
        ("s3", "HeadBucket" | "ListObjects" | "ListObjectsV2") => "s3:ListBucket".to_owned(),
        ("s3", "HeadObject") => "s3:GetObject".to_owned(),
        ("s3", "CreateMultipartUpload" | "UploadPart" | "CompleteMultipartUpload") => "s3:PutObject".to_owned(),
        // The log has the name that requests are signed with.
        ("monitoring", operation) => format!("cloudwatch:{operation}"),
        ("sagemaker-runtime", operation) => format!("sagemaker:{operation}"),
        (service, operation) => format!("{service}:{operation}"),
    })
}

/// `pipeline/permissions/commands.json`.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Declared {
    #[serde(rename = "comment")]
    _comment: String,
    /// Purpose, then the adapter's source, then `service:Operation`.
    pub(crate) purposes: BTreeMap<String, BTreeMap<String, BTreeSet<String>>>,
    /// Command, then place, then purposes.
    pub(crate) commands: BTreeMap<String, BTreeMap<Place, BTreeSet<String>>>,
}

impl Declared {
    pub(crate) fn read() -> Self {
        let text = std::fs::read_to_string(workspace().join(TABLE)).unwrap();
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{TABLE}: {error}"))
    }

    /// The actions of a purpose.
    fn actions(&self, purpose: &str) -> impl Iterator<Item = String> {
        let sources = self.purposes.get(purpose).unwrap_or_else(|| panic!("{TABLE} has no purpose `{purpose}`"));
        sources.values().flatten().filter_map(|operation| {
            let (service, operation) = operation.split_once(':').unwrap_or_else(|| panic!("{TABLE}: `{operation}` has no service"));
            action(service, operation)
        })
    }
}

/// The adapters' sources with the operations that each sends: SDK builders, and manually signed
/// ones.
pub(crate) fn sent() -> BTreeMap<String, BTreeSet<String>> {
    let verbs = "abort|assume|batch|complete|create|delete|describe|detect|get|head|invoke|list|put|stop|update|upload";
    let builder = Regex::new(&format!(r"\.((?:{verbs})_[a-z0-9_]+)\(\)")).unwrap();
    let by_name = Regex::new(r#""(Sign|(?:Batch|Describe|Get|Head|List)[A-Z][A-Za-z0-9]+)""#).unwrap();
    // Methods of a builder and of a task set.
    let no_operation = ["upload_id", "abort_all"];
    let mut files = Vec::new();
    for entry in std::fs::read_dir(workspace()).unwrap().chain(std::fs::read_dir(workspace().join("xtask")).unwrap()) {
        rust_files(&entry.unwrap().path().join("src"), &mut files);
    }
    rust_files(&workspace().join("xtask/src"), &mut files);
    let mut sent = BTreeMap::new();
    for file in files {
        let source = std::fs::read_to_string(&file).unwrap();
        // Only adapters use types of the SDK, or sign requests.
        if !["aws_sdk_", "aws_config", "aws_types", "SignedCaller::new"].iter().any(|sdk| source.contains(sdk)) {
            continue;
        }
        let built = builder.captures_iter(&source).filter(|found| !no_operation.contains(&&found[1])).map(|found| camel_case(&found[1]));
        let signed = by_name.captures_iter(&source).filter(|_| source.contains("SignedCaller::new")).map(|found| found[1].to_owned());
        let operations: BTreeSet<String> = built.chain(signed).collect();
        if !operations.is_empty() {
            sent.insert(file.strip_prefix(workspace()).unwrap().display().to_string(), operations);
        }
    }
    sent
}

fn camel_case(name: &str) -> String {
    let word = |word: &str| word[..1].to_uppercase() + &word[1..];
    name.split('_').map(word).collect()
}

fn rust_files(folder: &Path, files: &mut Vec<PathBuf>) {
    for path in std::fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            rust_files(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// Whether to write the document again.
pub(crate) fn updating() -> bool {
    std::env::var_os("UPDATE_PERMISSIONS").is_some()
}

fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask is a folder of the workspace")
}

/// The calls of each command, by account.
pub(crate) fn table() -> Table {
    let declared = Declared::read();
    let actions = |purposes: &BTreeSet<String>| purposes.iter().flat_map(|purpose| declared.actions(purpose)).collect();
    let places = |places: &BTreeMap<Place, BTreeSet<String>>| places.iter().map(|(place, purposes)| (*place, actions(purposes))).collect();
    declared.commands.iter().map(|(command, all)| (command.clone(), places(all))).collect()
}

/// The calls that are not in the table. A target can be the data science account.
pub(crate) fn not_in(table: &Table, calls: &BTreeSet<Call>) -> Vec<Call> {
    let has = |call: &Call| {
        let places = table.get(&call.command).into_iter().flatten();
        places.filter(|(place, _)| **place == call.place || **place == Place::Target).any(|(_, actions)| actions.contains(&call.action))
    };
    calls.iter().filter(|call| !has(call)).cloned().collect()
}

/// The folder in which this build's tests record calls; other builds have other folders.
fn notes() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| workspace().join("target"), PathBuf::from);
    let built = std::fs::metadata(env!("CARGO_BIN_EXE_xtask")).and_then(|binary| binary.modified()).unwrap();
    target.join("permissions").join(format!("{}", built.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_nanos()))
}

/// Records the calls of one local AWS.
pub(crate) fn note(calls: &BTreeSet<Call>) {
    static NUMBER: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let folder = notes();
    let file = folder.join(format!("{}-{number}.json", std::process::id()));
    std::fs::create_dir_all(&folder).and_then(|()| std::fs::write(file, serde_json::to_vec(calls).unwrap())).unwrap();
}

/// All recorded calls of this build's tests.
pub(crate) fn noted() -> BTreeSet<Call> {
    let Ok(files) = std::fs::read_dir(notes()) else { return BTreeSet::new() };
    let read = |path: PathBuf| -> BTreeSet<Call> { serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap() };
    files.flat_map(|file| read(file.unwrap().path())).collect()
}
