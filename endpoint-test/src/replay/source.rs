//! Where captured requests are stored: a folder, Amazon S3, or memory.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use bytes::Bytes;

/// The size of what is read at once.
const CHUNK: usize = 64 * 1024;

/// The most files: data capture writes a few in an hour.
const MAX_FILES: usize = 100_000;

/// The deepest folder below the first one: `ENDPOINT/VARIANT/YYYY/MM/DD/HH`, and some above.
const MAX_DEPTH: usize = 16;

/// Where captured requests are stored.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum CapturedRequests {
    /// The `.jsonl` files in a folder and below it, in the order of their names, which is that of
    /// time. Symbolic links are not followed.
    Folder(PathBuf),
    /// The `.jsonl` objects with a prefix in Amazon S3.
    #[cfg(feature = "aws")]
    S3(crate::aws::S3Captures),
    /// Files that were already read, each with its name.
    Memory(Vec<(String, Bytes)>),
}

impl CapturedRequests {
    pub(super) fn open(&self) -> Result<Open, String> {
        match self {
            Self::Folder(folder) => {
                let mut files = Vec::new();
                list(folder, 0, &mut files)?;
                if files.is_empty() {
                    return Err(format!("`{}` has no file whose name ends in .jsonl", folder.display()));
                }
                files.sort_unstable_by(|one, other| other.cmp(one));
                Ok(Open::Folder { root: folder.clone(), files, file: None })
            }
            #[cfg(feature = "aws")]
            Self::S3(captures) => Ok(Open::S3(Box::new(captures.open()))),
            Self::Memory(files) => Ok(Open::Memory { files: files.iter().rev().cloned().collect(), file: Bytes::new() }),
        }
    }

    /// Its name in reports.
    pub(crate) fn title(&self) -> String {
        match self {
            Self::Folder(folder) => folder.display().to_string(),
            #[cfg(feature = "aws")]
            Self::S3(captures) => captures.title(),
            Self::Memory(_) => "memory".to_owned(),
        }
    }
}

/// Which files of an endpoint with a shadow variant are read: data capture writes
/// `ENDPOINT/VARIANT/YYYY/…`.
#[derive(Debug, Clone)]
pub(crate) struct OfVariant {
    pub(crate) shadow: String,
    /// Those of the shadow variant, or all others.
    pub(crate) is_shadow: bool,
}

impl OfVariant {
    fn has(this: Option<&Self>, file: &str) -> bool {
        this.is_none_or(|of| file.split(['/', '\\']).any(|step| step == of.shadow) == of.is_shadow)
    }
}

/// Files that are being read.
pub(super) enum Open {
    Folder {
        root: PathBuf,
        /// The last one is next.
        files: Vec<PathBuf>,
        file: Option<File>,
    },
    #[cfg(feature = "aws")]
    S3(Box<crate::aws::OpenCaptures>),
    Memory {
        files: Vec<(String, Bytes)>,
        file: Bytes,
    },
}

impl Open {
    /// Opens the next file and returns its name; or why it cannot be opened, and whether no other can
    /// follow.
    #[cfg_attr(not(feature = "aws"), expect(clippy::unused_async, reason = "only S3 is waited for"))]
    pub(super) async fn next_file(&mut self, of: Option<&OfVariant>) -> Result<Option<String>, (String, bool)> {
        match self {
            Self::Folder { root, files, file } => {
                let (path, name) = loop {
                    let Some(path) = files.pop() else { return Ok(None) };
                    let name = path.strip_prefix(&*root).unwrap_or(&path).display().to_string();
                    if OfVariant::has(of, &name) {
                        break (path, name);
                    }
                };
                let opened = File::open(&path).map_err(|error| (format!("`{name}` cannot be read: {error}"), false))?;
                *file = Some(opened);
                Ok(Some(name))
            }
            #[cfg(feature = "aws")]
            Self::S3(open) => open.next_file(|key| OfVariant::has(of, key)).await,
            Self::Memory { files, file } => {
                while let Some((name, bytes)) = files.pop() {
                    if OfVariant::has(of, &name) {
                        *file = bytes;
                        return Ok(Some(name));
                    }
                }
                Ok(None)
            }
        }
    }

    /// The next bytes of the file; `None` at its end.
    #[cfg_attr(not(feature = "aws"), expect(clippy::unused_async, reason = "only S3 is waited for"))]
    pub(super) async fn next_chunk(&mut self) -> Result<Option<Bytes>, String> {
        match self {
            Self::Folder { file, .. } => {
                let Some(open) = file else { return Ok(None) };
                let mut chunk = vec![0; CHUNK];
                let length = open.read(&mut chunk).map_err(|error| format!("the file cannot be read: {error}"))?;
                chunk.truncate(length);
                Ok(Some(Bytes::from(chunk)).filter(|_| length > 0))
            }
            #[cfg(feature = "aws")]
            Self::S3(open) => open.next_chunk().await,
            Self::Memory { file, .. } => {
                let chunk = file.split_to(file.len().min(CHUNK));
                Ok(Some(chunk).filter(|chunk| !chunk.is_empty()))
            }
        }
    }
}

fn list(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) -> Result<(), String> {
    let unreadable = |error: std::io::Error| format!("`{}` cannot be read: {error}", folder.display());
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let kind = entry.file_type().map_err(unreadable)?;
        let path = entry.path();
        if kind.is_dir() && depth < MAX_DEPTH {
            list(&path, depth + 1, files)?;
        } else if kind.is_file() && path.extension().is_some_and(|extension| extension == "jsonl") {
            if files.len() == MAX_FILES {
                return Err(format!("`{}` has more than {MAX_FILES} files: name the folder of a day", folder.display()));
            }
            files.push(path);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn names(from: &CapturedRequests) -> Result<Vec<String>, String> {
        let mut open = from.open()?;
        let mut names = Vec::new();
        while let Some(name) = open.next_file(None).await.map_err(|(why, _)| why)? {
            let mut length = 0;
            while let Some(chunk) = open.next_chunk().await? {
                length += chunk.len();
            }
            names.push(format!("{name} {length}"));
        }
        Ok(names)
    }

    #[tokio::test]
    async fn files_come_in_the_order_of_time_and_links_are_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        let from = CapturedRequests::Folder(folder.path().to_owned());
        assert!(names(&from).await.unwrap_err().ends_with("has no file whose name ends in .jsonl"));
        write("iris/AllTraffic/2026/11/26/11/b.jsonl", &"x".repeat(CHUNK + 1));
        write("iris/AllTraffic/2026/11/26/10/a.jsonl", "");
        write("iris/notes.txt", "x");
        #[cfg(unix)]
        std::os::unix::fs::symlink("/etc", folder.path().join("link")).unwrap();
        let expected = ["iris/AllTraffic/2026/11/26/10/a.jsonl 0", &format!("iris/AllTraffic/2026/11/26/11/b.jsonl {}", CHUNK + 1)];
        assert_eq!(names(&from).await.unwrap(), expected);
        let missing = CapturedRequests::Folder(folder.path().join("missing"));
        assert!(names(&missing).await.unwrap_err().contains("cannot be read"));
    }
}
