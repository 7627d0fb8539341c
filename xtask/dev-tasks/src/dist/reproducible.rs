//! Builds one commit in two folders and compares the binaries.

use std::path::PathBuf;

use super::recipe::{Commit, Recipe};
use crate::program::{Task, cargo};
use model_release::{Diagnostic, Failure};
use terminal::{Project, files};

/// The digests of the program without AWS from two clones.
pub(crate) fn same_binary_from_two_folders(project: &Project) -> Result<[String; 2], Failure> {
    from_two_folders(project, &["--package", "xtask"], &format!("xtask{}", std::env::consts::EXE_SUFFIX))
}

/// The digests of a binary from two clones, in folders of different names and depths.
fn from_two_folders(project: &Project, selection: &[&str], binary: &str) -> Result<[String; 2], Failure> {
    let folder = tempfile::tempdir().map_err(|error| Diagnostic::error(format!("there is no temporary folder: {error}")))?;
    let folder = folder.path();
    Ok([build(project, folder.join("a"), selection, binary)?, build(project, folder.join("another/folder"), selection, binary)?])
}

fn build(project: &Project, clone: PathBuf, selection: &[&str], binary: &str) -> Result<String, Failure> {
    let clone = Project { root: clone };
    let (cloned, output) = Task::new("git").args(["clone", "--quiet"]).arg(&project.root).arg(&clone.root).output()?;
    if !cloned {
        return Err(Diagnostic::error("the repository cannot be cloned").detail(output.trim()).into());
    }
    let commit = Commit::of(&clone)?;
    let target = clone.root.join("target");
    let recipe = Recipe::new(&clone, &target, commit.as_ref())?;
    let task = recipe.apply(cargo(&clone).arg("build")).args(selection.iter().copied()).arg("--target-dir").arg(&target);
    if !task.succeeds()? {
        return Err(Diagnostic::error("the program could not be built").into());
    }
    let binary = target.join("dist").join(binary);
    let bytes = std::fs::read(&binary).map_err(|error| Failure::bad_input(files::cannot("read", &binary, &error)))?;
    let folder = clone.root.to_string_lossy();
    if bytes.windows(folder.len()).any(|window| window == folder.as_bytes()) {
        return Err(Diagnostic::error(format!("the binary contains the folder in which it was built, `{folder}`")).into());
    }
    // Two target folders at once need too much disk.
    std::fs::remove_dir_all(&target).map_err(|error| Failure::bad_input(files::cannot("remove", &target, &error)))?;
    Ok(files::digest(&bytes))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    /// `soak dist/reproducible` builds the whole program.
    #[test]
    fn a_commit_gives_the_same_binary_in_two_folders() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
        let project = Project { root: root.to_owned() };
        let example = ["--package", "aws-names", "--example", "group_by_account"];
        let binary = format!("examples/group_by_account{}", std::env::consts::EXE_SUFFIX);
        let [first, second] = from_two_folders(&project, &example, &binary).unwrap();
        assert_eq!(first, second);
    }
}
