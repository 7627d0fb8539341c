//! Converts local files and folders to artifacts: the same on any machine, in any time zone, from
//! any checkout.
//!
//! The key of an archive is a hash of its content (names, executable bits, contents), not of its
//! bytes, which another version of the compressor would change.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read, Seek as _, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use ignore::WalkBuilder;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use super::property_table::Content;
use crate::artifact::{Artifact, ArtifactWriter, HashWriter};
use crate::code::Code;

/// Files with this name list files to exclude from the archives of their folder and those below it,
/// in the syntax of `.gitignore`.
const IGNORE_FILE: &str = ".cfnignore";

/// The size limit of an artifact: the largest object that one request uploads to S3. The services that
/// read artifacts accept less, and reading more would take minutes.
const MAX_ARTIFACT: u64 = 5 << 30;

/// How many problems of one folder are reported.
const MAX_PROBLEMS: usize = 50;

/// Why a file or folder cannot be an artifact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unusable {
    pub(crate) code: Code,
    pub(crate) message: String,
    pub(crate) hint: Option<&'static str>,
}

impl Unusable {
    fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), hint: None }
    }

    fn with_hint(self, hint: &'static str) -> Self {
        Self { hint: Some(hint), ..self }
    }

    fn io(what: &'static str, path: &Path, error: &io::Error) -> Self {
        Self::new(Code::Unreadable, format!("`{}` cannot be {what}: {error}", path.display()))
    }
}

/// An artifact, and for a folder the names of its files.
pub(crate) struct LocalArtifact {
    pub(crate) artifact: Artifact,
    pub(crate) names: BTreeSet<String>,
}

impl LocalArtifact {
    fn of_file(artifact: Artifact) -> Self {
        Self { artifact, names: BTreeSet::new() }
    }
}

/// Creates the artifact of an existing path.
pub(crate) fn create_artifact(path: &Path, content: Content) -> Result<LocalArtifact, Vec<Unusable>> {
    let metadata = std::fs::metadata(path).map_err(|error| vec![Unusable::io("read", path, &error)])?;
    if metadata.is_dir() {
        return zip_folder(path);
    }
    if !metadata.is_file() {
        return Err(vec![special_file(path)]);
    }
    if metadata.len() > MAX_ARTIFACT {
        return Err(vec![too_large(path)]);
    }
    let unreadable = |error: io::Error| vec![Unusable::io("read", path, &error)];
    let mut file = File::open(path).map_err(unreadable)?;
    let is_archive = content == Content::Archive && is_zip(&mut file).map_err(unreadable)?;
    if is_archive && let Some(name) = climbs_out(&mut file) {
        let message =
            format!("the archive `{}` contains `{name}`, which is outside of the folder that it is unpacked into", path.display());
        return Err(vec![Unusable::new(Code::ArchiveClimbsOut, message).with_hint("create the archive again, from within the folder")]);
    }
    if content == Content::Archive && !is_archive {
        let name = path.file_name().and_then(|name| name.to_str()).ok_or_else(|| vec![not_utf8(path)])?;
        let entry = Entry { name: name.to_owned(), path: path.to_owned(), executable: is_executable(&metadata) };
        return write_zip(path, &[entry]).map(LocalArtifact::of_file).map_err(|unusable| vec![unusable]);
    }
    file.seek(SeekFrom::Start(0)).map_err(unreadable)?;
    let mut writer = ArtifactWriter::new();
    copy_whole(&mut file, path, &mut writer).map_err(|unusable| vec![unusable])?;
    writer.finish(path, str::to_owned).map(LocalArtifact::of_file).map_err(unreadable)
}

fn too_large(path: &Path) -> Unusable {
    let message = format!("`{}` is larger than {} GiB", path.display(), MAX_ARTIFACT >> 30);
    Unusable::new(Code::ArtifactTooLarge, message).with_hint("remove large files, or upload it yourself and refer to it as s3://bucket/key")
}

/// Whether a file ends like a zip archive. It can begin with anything: self-extracting archives,
/// executable jars.
fn is_zip(file: &mut File) -> io::Result<bool> {
    // The end record has 22 bytes, followed by a comment of at most 65,535.
    const TAIL: u64 = 22 + 65_535;
    const END_RECORD: &[u8] = b"PK\x05\x06";
    let len = file.metadata()?.len();
    file.seek(SeekFrom::Start(len.saturating_sub(TAIL)))?;
    let mut tail = Vec::new();
    file.take(TAIL).read_to_end(&mut tail)?;
    Ok(tail.windows(END_RECORD.len()).any(|window| window == END_RECORD))
}

/// The entry of an archive that would be written outside of the folder that it is unpacked into, if
/// any.
fn climbs_out(file: &mut File) -> Option<String> {
    // If the archive cannot be read, AWS reports it.
    let archive = zip::ZipArchive::new(file).ok()?;
    let climbs = |name: &str| name.starts_with(['/', '\\']) || name.split(['/', '\\']).any(|part| part == "..");
    let names = (0..archive.len()).filter_map(|index| archive.name_for_index(index)?.ok());
    names.map(std::borrow::Cow::into_owned).find(|name| climbs(name))
}

/// Copies a file and rejects it if it changes meanwhile: the upload is one state of the file, and
/// copying a growing file ends.
fn copy_whole(file: &mut File, path: &Path, to: &mut impl Write) -> Result<(), Unusable> {
    let unreadable = |error: io::Error| Unusable::io("read", path, &error);
    let expected = file.metadata().map_err(unreadable)?.len();
    let copied = io::copy(&mut Read::by_ref(file).take(expected + 1), to).map_err(unreadable)?;
    if copied != expected || file.metadata().map_err(unreadable)?.len() != expected {
        let message = format!("`{}` changed while it was read", path.display());
        return Err(Unusable::new(Code::ChangedMeanwhile, message).with_hint("package again when no program writes to it"));
    }
    Ok(())
}

/// One file of an archive.
struct Entry {
    name: String,
    path: PathBuf,
    executable: bool,
}

fn zip_folder(folder: &Path) -> Result<LocalArtifact, Vec<Unusable>> {
    let root = folder.canonicalize().map_err(|error| vec![Unusable::io("read", folder, &error)])?;
    let refused: Arc<Mutex<Vec<Unusable>>> = Arc::default();
    let mut walk = WalkBuilder::new(folder);
    walk.standard_filters(false).parents(false).add_custom_ignore_filename(IGNORE_FILE).follow_links(true);
    {
        let (root, folder, refused) = (root, folder.to_owned(), Arc::clone(&refused));
        // A link that leaves the folder is not followed, not even to inspect it: it is reported.
        walk.filter_entry(move |entry| {
            if entry.depth() == 0 || !entry.path_is_symlink() {
                return true;
            }
            let unusable = match entry.path().canonicalize() {
                Ok(target) if target.starts_with(&root) => return true,
                Ok(_) => link_outside(&folder, entry.path()),
                Err(_) => dangling_link(entry.path()),
            };
            refused.lock().unwrap_or_else(PoisonError::into_inner).push(unusable);
            false
        });
    }
    let (mut entries, mut problems) = (Vec::new(), Vec::new());
    for entry in walk.build() {
        match entry {
            Ok(entry) if entry.error().is_some() => {
                let message = entry.error().map(ToString::to_string).unwrap_or_default();
                problems.push(Unusable::new(Code::MalformedIgnoreFile, format!("`{}`: {message}", entry.path().display())));
            }
            Ok(entry) => match folder_entry(folder, entry.path()) {
                Ok(entry) => entries.extend(entry),
                Err(unusable) => problems.push(unusable),
            },
            Err(error) => problems.push(walk_failure(folder, &error)),
        }
    }
    problems.append(&mut refused.lock().unwrap_or_else(PoisonError::into_inner));
    problems.sort_by(|a, b| a.message.cmp(&b.message));
    if problems.len() > MAX_PROBLEMS {
        let message = format!("the folder `{}` has {} more problems like these", folder.display(), problems.len() - MAX_PROBLEMS);
        problems.truncate(MAX_PROBLEMS);
        problems.push(Unusable::new(Code::MoreProblems, message));
    }
    if problems.is_empty() && entries.is_empty() {
        problems.push(
            Unusable::new(Code::EmptyFolder, format!("the folder `{}` has no files to upload", folder.display()))
                .with_hint("build the artifact first, or check what a .cfnignore file excludes"),
        );
    }
    let size = |entry: &Entry| std::fs::metadata(&entry.path).map_or(0, |metadata| metadata.len());
    if entries.iter().map(size).fold(0, u64::saturating_add) > MAX_ARTIFACT {
        problems.push(too_large(folder));
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    entries.sort_by(|a, b| a.name.cmp(&b.name));
    let artifact = write_zip(folder, &entries).map_err(|unusable| vec![unusable])?;
    Ok(LocalArtifact { artifact, names: entries.into_iter().map(|entry| entry.name).collect() })
}

/// The entry of a file; none for folders, which archives do not list, and for ignore files.
fn folder_entry(folder: &Path, path: &Path) -> Result<Option<Entry>, Unusable> {
    let metadata = std::fs::metadata(path).map_err(|error| Unusable::io("read", path, &error))?;
    if metadata.is_dir() || path.file_name().is_some_and(|name| name == IGNORE_FILE) {
        return Ok(None);
    }
    if !metadata.is_file() {
        return Err(special_file(path));
    }
    let relative = path.strip_prefix(folder).unwrap_or(path);
    let parts: Option<Vec<&str>> = relative.components().map(|part| part.as_os_str().to_str()).collect();
    let name = parts.ok_or_else(|| not_utf8(path))?.join("/");
    if name.contains('\\') {
        return Err(Unusable::new(Code::NameWithBackslash, format!("the name of `{}` has a backslash", path.display())).with_hint(
            "some programs read it as a path separator when they unpack the archive: rename the file, or list it in a .cfnignore file",
        ));
    }
    Ok(Some(Entry { name, path: path.to_owned(), executable: is_executable(&metadata) }))
}

fn write_zip(source: &Path, entries: &[Entry]) -> Result<Artifact, Unusable> {
    let failed = |error: io::Error| Unusable::io("zipped", source, &error);
    let mut zip = ZipWriter::new(ArtifactWriter::new());
    let mut manifest = HashWriter::default();
    manifest.write_all(b"cfn-render archive 1\n").map_err(failed)?;
    for entry in entries {
        let mode = if entry.executable { 0o755 } else { 0o644 };
        let mut file = File::open(&entry.path).map_err(|error| Unusable::io("read", &entry.path, &error))?;
        let size = file.metadata().map_err(|error| Unusable::io("read", &entry.path, &error))?.len();
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .last_modified_time(DateTime::default())
            .unix_permissions(mode)
            .large_file(size > u64::from(u32::MAX) / 2);
        zip.start_file(&*entry.name, options).map_err(|error| failed(io::Error::other(error)))?;
        let mut tee = Tee { hash: HashWriter::default(), to: &mut zip };
        copy_whole(&mut file, &entry.path, &mut tee)?;
        let content = tee.hash.finish();
        // The length comes first, so that names with line breaks are unambiguous.
        writeln!(manifest, "{} {} {mode:o} {content}", entry.name.len(), entry.name).map_err(failed)?;
    }
    let writer = zip.finish().map_err(|error| failed(io::Error::other(error)))?;
    let key = manifest.finish();
    writer.finish(source, |_| key).map_err(failed)
}

/// Hashes what is written through it.
struct Tee<'a, W> {
    hash: HashWriter,
    to: &'a mut W,
}

impl<W: Write> Write for Tee<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.to.write(bytes)?;
        self.hash.write_all(&bytes[..written])?;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

fn walk_failure(folder: &Path, error: &ignore::Error) -> Unusable {
    let message = format!("the folder `{}` cannot be read: {error}", folder.display());
    if is_loop(error) {
        return Unusable::new(Code::SymlinkLoop, message).with_hint("list the link in a .cfnignore file, or remove it");
    }
    Unusable::new(Code::Unreadable, message)
}

fn is_loop(error: &ignore::Error) -> bool {
    match error {
        ignore::Error::Loop { .. } => true,
        ignore::Error::WithPath { err, .. } | ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => {
            is_loop(err)
        }
        _ => false,
    }
}

fn link_outside(folder: &Path, path: &Path) -> Unusable {
    Unusable::new(Code::SymlinkOutside, format!("the link `{}` points outside of the folder `{}`", path.display(), folder.display()))
        .with_hint("copy its target into the folder, or list the link in a .cfnignore file")
}

fn dangling_link(path: &Path) -> Unusable {
    Unusable::new(Code::DanglingSymlink, format!("the target of the link `{}` does not exist", path.display()))
        .with_hint("fix or remove it, or list it in a .cfnignore file")
}

fn special_file(path: &Path) -> Unusable {
    Unusable::new(Code::SpecialFile, format!("`{}` is a pipe, a socket or a device, not a file", path.display()))
        .with_hint("list it in a .cfnignore file, or remove it")
}

fn not_utf8(path: &Path) -> Unusable {
    Unusable::new(Code::NameNotUtf8, format!("the name of `{}` is not UTF-8", path.display()))
}

#[cfg(unix)]
fn is_executable(metadata: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    metadata.permissions().mode() & 0o111 != 0
}

/// On systems without an executable bit every file gets it: a function's bootstrap must be
/// executable.
#[cfg(not(unix))]
fn is_executable(_: &std::fs::Metadata) -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Changes the length of a file when its first part is read.
    struct Meddler<'a> {
        file: &'a File,
        length: u64,
    }

    impl Write for Meddler<'_> {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.file.set_len(self.length)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_file_that_changes_while_it_is_read_is_rejected() {
        const LENGTH: u64 = 1 << 20;
        for (length, fine) in [(LENGTH, true), (100, false), (LENGTH - 1, false), (LENGTH + 1, false), (LENGTH * 4, false)] {
            let file = tempfile::NamedTempFile::new().unwrap();
            file.as_file().set_len(LENGTH).unwrap();
            let mut reader = File::open(file.path()).unwrap();
            let outcome = copy_whole(&mut reader, file.path(), &mut Meddler { file: file.as_file(), length });
            assert_eq!(outcome.map_err(|unusable| unusable.code), if fine { Ok(()) } else { Err(Code::ChangedMeanwhile) }, "{length}");
        }
    }
}
