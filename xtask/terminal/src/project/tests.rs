//! The commit of a project.

use super::*;

#[test]
fn the_commit_and_its_changes_are_read_from_the_status() {
    let clean = "# branch.oid 0123abc\n# branch.head main\n";
    assert_eq!(of_status(clean), Some(Source { commit: Some("0123abc".to_owned()), dirty: Some(false) }));
    let changed = format!("{clean}1 .M N... 100644 100644 100644 1 2 file.json\n");
    assert_eq!(of_status(&changed), Some(Source { commit: Some("0123abc".to_owned()), dirty: Some(true) }));
    assert_eq!(of_status("# branch.oid (initial)\n# branch.head main\n"), None);
    assert_eq!(of_status(""), None);
}

#[test]
fn a_project_has_the_state_of_its_repository_and_none_outside_of_one() {
    let folder = tempfile::tempdir().unwrap();
    let project = Project { root: folder.path().join("project") };
    std::fs::create_dir(&project.root).unwrap();
    assert_eq!(project.git_status(), None);
    let git = |arguments: &[&str]| {
        let settings = ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"];
        let output = Command::new("git").current_dir(folder.path()).args(settings).args(arguments).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    };
    git(&["init", "--quiet"]);
    assert_eq!(of_status(&project.git_status().unwrap()), None, "there is no commit yet");
    std::fs::write(project.root.join("file"), "1").unwrap();
    git(&["add", "."]);
    git(&["commit", "--quiet", "--message", "first"]);
    let commit = Some(git(&["rev-parse", "HEAD"]));
    assert_eq!(project.source(), Source { commit: commit.clone(), dirty: Some(false) });
    std::fs::write(project.root.join("untracked"), "1").unwrap();
    assert_eq!(project.source().dirty, Some(false), "untracked files are no changes");
    std::fs::write(project.root.join("file"), "2").unwrap();
    assert_eq!(project.source(), Source { commit, dirty: Some(true) });
}
