use super::*;

#[cfg(unix)]
#[test]
fn two_names_of_one_folder_are_locked_once() {
    let folder = tempfile::tempdir().unwrap();
    let (one, other) = (folder.path().join("one"), folder.path().join("other"));
    fs::create_dir(&one).unwrap();
    std::os::unix::fs::symlink(&one, &other).unwrap();
    let mut set = FileSet::default();
    set.add(one.join("a"), "1");
    set.add(other.join("b"), "2");
    set.write().unwrap();
    assert_eq!(fs::read(other.join("a")).unwrap(), b"1");
    assert_eq!(fs::read(one.join("b")).unwrap(), b"2");
}

#[test]
fn the_files_of_a_killed_process_are_removed_and_others_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    for name in [".writing-abc", ".other", "kept"] {
        fs::write(folder.path().join(name), "").unwrap();
    }
    write(&folder.path().join("new"), b"1").unwrap();
    let mut names: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, [".other", "kept", "new"]);
}
