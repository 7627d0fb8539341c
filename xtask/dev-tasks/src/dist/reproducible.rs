//! Builds the program without AWS in two folders and compares the binaries.

use super::recipe::{Commit, Recipe};
use crate::program::{Task, cargo};
use model_release::{Diagnostic, Failure};
use terminal::{Project, files};

/// The digests of the binaries of two clones, in folders of different names and depths.
pub(crate) fn same_binary_from_two_folders(project: &Project) -> Result<[String; 2], Failure> {
    let folder = tempfile::tempdir().map_err(|error| Diagnostic::error(format!("there is no temporary folder: {error}")))?;
    let build = |below: &str| -> Result<String, Failure> {
        let clone = Project { root: folder.path().join(below) };
        let (cloned, output) = Task::new("git").args(["clone", "--quiet"]).arg(&project.root).arg(&clone.root).output()?;
        if !cloned {
            return Err(Diagnostic::error("the repository cannot be cloned").detail(output.trim()).into());
        }
        let commit = Commit::of(&clone)?;
        let target = clone.root.join("target");
        let task = Recipe::new(&clone, commit.as_ref())?.apply(cargo(&clone).arg("build")).arg("--target-dir").arg(&target);
        if !task.succeeds()? {
            return Err(Diagnostic::error("the program could not be built").into());
        }
        let binary = target.join("dist").join(format!("xtask{}", std::env::consts::EXE_SUFFIX));
        let bytes = std::fs::read(&binary).map_err(|error| Failure::bad_input(files::cannot("read", &binary, &error)))?;
        // Two target folders at once need too much disk.
        std::fs::remove_dir_all(&target).map_err(|error| Failure::bad_input(files::cannot("remove", &target, &error)))?;
        Ok(files::digest(&bytes))
    };
    Ok([build("a")?, build("another/folder")?])
}
