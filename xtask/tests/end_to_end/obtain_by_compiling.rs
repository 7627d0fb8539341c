//! `pipeline/obtain-xtask.sh` without a prebuilt binary: it installs Rust and compiles, here with
//! programs that only pretend to.
#![cfg(unix)]

use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::PathBuf;
use std::process::Command;

use crate::buildspecs::text;
use crate::project::{Project, workspace};

const SCRIPT: &str = "pipeline/obtain-xtask.sh";

/// The installer: `rustup` and `cargo` in the home folder, whose build is a program with a version.
const INSTALLER: &str = r##"#!/bin/sh
echo "installer as $(basename "$0") with $*" >> "$HOME/log"
mkdir -p "$HOME/.cargo/bin"
printf '#!/bin/sh\necho "rustup $*" >> "$HOME/log"\n' > "$HOME/.cargo/bin/rustup"
program='#!/bin/sh
echo "cargo $*" >> "$HOME/log"
mkdir -p target/release
printf "#!/bin/sh\necho xtask 0.0.0-compiled\n" > target/release/xtask
chmod 755 target/release/xtask'
echo "$program" > "$HOME/.cargo/bin/cargo"
chmod 755 "$HOME/.cargo/bin/rustup" "$HOME/.cargo/bin/cargo"
"##;

/// A machine without Rust, whose `curl` downloads this installer, with this much memory.
struct Machine {
    project: Project,
    bin: PathBuf,
}

impl Machine {
    fn new(installer: &str, mebibytes: u32) -> Self {
        let project = Project::empty();
        project.write(SCRIPT, &std::fs::read_to_string(workspace().join(SCRIPT)).unwrap());
        project.write("downloads/rustup-init", installer);
        for folder in ["bin", "temporary", "release"] {
            std::fs::create_dir_all(project.path(folder)).unwrap();
        }
        let bin = project.path("bin");
        let real = "sh basename dirname mkdir mktemp sha256sum cut tr chmod uname mv rm cp";
        for name in real.split(' ') {
            let found =
                std::env::split_paths(&std::env::var_os("PATH").unwrap()).map(|folder| folder.join(name)).find(|path| path.is_file());
            symlink(found.unwrap_or_else(|| panic!("there is no {name}")), bin.join(name)).unwrap();
        }
        let machine = Self { project, bin };
        machine.program(
            "curl",
            "while [ \"$1\" != --output ]; do shift; done; cp \"$HOME/downloads/rustup-init\" \"$2\"; echo \"$3\" >> \"$HOME/log\"",
        );
        machine.program("awk", &format!("echo {mebibytes}"));
        // The limit of the container's memory.
        machine.program("cat", "echo max");
        machine
    }

    fn program(&self, name: &str, body: &str) {
        let path = self.bin.join(name);
        std::fs::write(&path, format!("#!/bin/sh\n{body}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// Makes the script expect this machine's installer: its real checksum is that of the real one.
    fn expect_installer(&self) {
        let sum = Command::new("sha256sum").arg(self.project.path("downloads/rustup-init")).output().unwrap().stdout;
        let sum = String::from_utf8(sum).unwrap()[..64].to_owned();
        let script = self.project.read(SCRIPT);
        let expected: Vec<&str> = script.lines().filter_map(|line| line.split("rustup_sha256=").nth(1)?.get(..64)).collect();
        assert_eq!(expected.len(), 2, "one checksum for each architecture");
        let script = expected.into_iter().fold(script.clone(), |script, expected| script.replace(expected, &sum));
        self.project.write(SCRIPT, &script);
    }

    fn obtain(&self) -> (bool, String) {
        let mut command = Command::new("sh");
        command.args([SCRIPT, "release/xtask"]).current_dir(self.project.path("")).env_clear();
        command.env("PATH", &self.bin).env("HOME", self.project.path("")).env("TMPDIR", self.project.path("temporary"));
        let output = command.output().unwrap();
        (output.status.success(), text(&output))
    }

    fn names(&self, folder: &str) -> Vec<String> {
        self.project.files(folder).into_iter().map(|(name, _)| name).collect()
    }
}

#[test]
fn the_installer_is_run_only_with_its_checksum_and_the_compiled_program_replaces_no_linked_file() {
    let machine = Machine::new(INSTALLER, 16_000);
    machine.expect_installer();
    machine.project.write("victim", "untouched");
    for name in [".xtask.new", "xtask", "xtask.sha256"] {
        symlink(machine.project.path("victim"), machine.project.path("release").join(name)).unwrap();
    }
    let (passed, said) = machine.obtain();
    assert!(passed && said.contains("ready: release/xtask, xtask 0.0.0-compiled"), "{said}");
    let log = machine.project.read("log");
    assert!(log.contains("https://static.rust-lang.org/rustup/archive/1.28.2/"), "{log}");
    assert!(log.contains("installer as rustup-init with -y --quiet --profile minimal --default-toolchain none"), "{log}");
    assert!(log.contains("rustup toolchain install 1.95.0 --profile minimal"), "{log}");
    assert!(log.contains("cargo +1.95.0 build --locked --release --package xtask"), "{log}");
    assert_eq!(machine.project.read("victim"), "untouched");
    assert_eq!(machine.names("release"), [".xtask.new", "xtask", "xtask.sha256"]);
    assert!(machine.project.path("release/xtask").symlink_metadata().unwrap().is_file());
    let checked =
        Command::new("sha256sum").args(["--check", "--quiet", "xtask.sha256"]).current_dir(machine.project.path("release")).status();
    assert!(checked.unwrap().success());
    assert!(machine.names("temporary").is_empty(), "{:?}", machine.names("temporary"));
}

#[test]
fn an_installer_with_another_checksum_is_not_run_and_nothing_is_left() {
    // The script expects the real installer's checksum.
    let machine = Machine::new(INSTALLER, 16_000);
    let (passed, said) = machine.obtain();
    assert!(!passed && said.contains("it will not be run"), "{said}");
    assert!(!machine.project.read("log").contains("installer"), "{}", machine.project.read("log"));
    assert!(machine.names("release").is_empty() && machine.names("temporary").is_empty());
}

#[test]
fn an_installer_that_fails_ends_the_build_and_nothing_is_left() {
    let machine = Machine::new("#!/bin/sh\nexit 1\n", 16_000);
    machine.expect_installer();
    let (passed, said) = machine.obtain();
    assert!(!passed && said.contains("Rust could not be installed"), "{said}");
    assert!(machine.names("release").is_empty() && machine.names("temporary").is_empty());
}

#[test]
fn a_small_machine_downloads_nothing() {
    let machine = Machine::new(INSTALLER, 4_000);
    let (passed, said) = machine.obtain();
    assert!(!passed && said.contains("needs 8 GiB of memory"), "{said}");
    assert!(!machine.project.path("log").exists());
}
