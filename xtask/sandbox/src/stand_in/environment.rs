//! The stand-in's Python environment: created once from pinned packages, with uv or venv and pip.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::error::Error;
use super::program::{self, REQUIREMENTS};

/// The Python versions that run moto 5.2.1 and have hashes in `requirements.txt`.
const OLDEST: (u32, u32) = (3, 10);
const NEWEST: (u32, u32) = (3, 14);
/// The default Python first, then other common names.
const NAMES: [&str; 7] = ["python3", "python3.13", "python3.12", "python3.11", "python3.10", "python3.14", "python"];
/// Written last, with the environment's path. An incomplete or moved environment is created again,
/// because its scripts contain the interpreter's path.
const COMPLETE: &str = "complete";

/// The folders that the launcher needs.
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) environment: PathBuf,
    pub(super) program: PathBuf,
}

impl Prepared {
    /// The launcher with these arguments.
    pub(super) fn command(&self, arguments: impl IntoIterator<Item: AsRef<OsStr>>) -> Command {
        let mut command = Command::new(self.environment.join("bin/python"));
        isolate(&mut command);
        command.args(["-m", "stand_in"]).args(arguments).current_dir(&self.program);
        command
    }
}

/// Creates the environment in `cache` if it is missing, and returns its folder. Creation takes
/// about a minute and 300 MB. Concurrent calls wait for the first.
pub fn prepare(cache: &Path) -> Result<PathBuf, Error> {
    prepare_all(cache).map(|prepared| prepared.environment)
}

pub(super) fn prepare_all(cache: &Path) -> Result<Prepared, Error> {
    locked(cache, |cache| Ok(Prepared { program: program::unpack(cache)?, environment: packages(cache, REQUIREMENTS)? }))
}

/// Runs `work` with an exclusive lock of `cache`.
pub(crate) fn locked<T>(cache: &Path, work: impl FnOnce(&Path) -> Result<T, Error>) -> Result<T, Error> {
    fs::create_dir_all(cache).map_err(Error::file(cache))?;
    let cache = cache.canonicalize().map_err(Error::file(cache))?;
    let lock_path = cache.join("lock");
    let lock = File::create(&lock_path).map_err(Error::file(&lock_path))?;
    lock.lock().map_err(Error::file(&lock_path))?;
    let done = work(&cache);
    // Closing the file releases the lock, as does the end of the process.
    drop(lock);
    done
}

/// Creates an environment of these packages if it is missing; its folder. Needs the lock.
pub(crate) fn packages(cache: &Path, requirements: &str) -> Result<PathBuf, Error> {
    let python = find_python();
    let version = match &python {
        Ok(python) => python.version.clone(),
        Err(_) => "uv".to_owned(),
    };
    let environment = cache.join(format!("environment-{:016x}", program::fingerprint((requirements, &version))));
    if !is_complete(&environment) {
        make(&environment, python, requirements)?;
    }
    Ok(environment)
}

fn is_complete(environment: &Path) -> bool {
    fs::read(environment.join(COMPLETE)).is_ok_and(|path| path == environment.as_os_str().as_encoded_bytes())
}

fn make(environment: &Path, python: Result<Python, Error>, pinned: &str) -> Result<(), Error> {
    if environment.exists() {
        fs::remove_dir_all(environment).map_err(Error::file(environment))?;
    }
    let uv = Command::new("uv").arg("--version").output().is_ok_and(|output| output.status.success());
    match (&python, uv) {
        (Ok(python), true) => run(Command::new("uv").args(["venv", "--quiet", "--python"]).arg(&python.executable).arg(environment))?,
        // uv downloads a Python.
        (Err(_), true) => run(Command::new("uv").args(["venv", "--quiet", "--python", "3.12"]).arg(environment))?,
        (Ok(python), false) => run(Command::new(&python.executable).args(["-m", "venv"]).arg(environment))?,
        (Err(_), false) => return python.map(drop),
    }
    let requirements = environment.join("requirements.txt");
    fs::write(&requirements, pinned).map_err(Error::file(&requirements))?;
    let interpreter = environment.join("bin/python");
    if uv {
        run(Command::new("uv")
            .args(["pip", "install", "--quiet", "--require-hashes", "--requirement"])
            .arg(&requirements)
            .arg("--python")
            .arg(&interpreter))?;
    } else {
        run(Command::new(&interpreter)
            .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input", "--require-hashes", "--requirement"])
            .arg(&requirements))?;
    }
    let complete = environment.join(COMPLETE);
    fs::write(&complete, environment.as_os_str().as_encoded_bytes()).map_err(Error::file(&complete))
}

#[derive(Debug)]
struct Python {
    executable: PathBuf,
    version: String,
}

fn find_python() -> Result<Python, Error> {
    let mut found = Vec::new();
    for name in NAMES {
        let mut command = Command::new(name);
        isolate(&mut command);
        // The interpreter's path, since a shim can run another version in another folder.
        let script = "import sys; print(sys.executable); print('%d.%d.%d' % sys.version_info[:3]); print(sys.implementation.name)";
        let Ok(output) = command.args(["-c", script]).output() else { continue };
        let printed = String::from_utf8_lossy(&output.stdout);
        let [executable, version, implementation] = printed.lines().collect::<Vec<_>>()[..] else { continue };
        if implementation == "cpython" && is_supported(version) {
            return Ok(Python { executable: PathBuf::from(executable), version: version.to_owned() });
        }
        found.push(format!("{name} is {implementation} {version}"));
    }
    Err(Error::NoPython { found })
}

fn is_supported(version: &str) -> bool {
    let mut parts = version.split('.').map(str::parse::<u32>);
    match (parts.next(), parts.next()) {
        (Some(Ok(major)), Some(Ok(minor))) => (OLDEST..=NEWEST).contains(&(major, minor)),
        _ => false,
    }
}

/// Removes the caller's Python settings, which are for other programs.
pub(crate) fn isolate(command: &mut Command) {
    for variable in ["PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "VIRTUAL_ENV", "__PYVENV_LAUNCHER__"] {
        command.env_remove(variable);
    }
}

pub(crate) fn run(command: &mut Command) -> Result<(), Error> {
    isolate(command);
    let line =
        [command.get_program()].into_iter().chain(command.get_args()).map(|part| part.to_string_lossy()).collect::<Vec<_>>().join(" ");
    let failure =
        |outcome: String, output: &[u8]| Error::Install { command: line, outcome, output: last_lines(&String::from_utf8_lossy(output)) };
    match command.output() {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(failure(format!("ended with {}", output.status), &[output.stdout, output.stderr].concat())),
        Err(error) => Err(failure(format!("could not be started: {error}"), b"")),
    }
}

pub(super) fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.trim_end().lines().collect();
    lines[lines.len().saturating_sub(20)..].join("\n")
}

/// The command that installs Python with this machine's package manager.
pub(super) fn install_python() -> &'static str {
    let has = |name: &str| Command::new(name).arg("--version").output().is_ok();
    if cfg!(target_os = "macos") {
        "brew install python@3.13"
    } else if has("apt-get") {
        "sudo apt-get install -y python3 python3-venv"
    } else if has("dnf") {
        "sudo dnf install -y python3.12"
    } else {
        "curl -LsSf https://astral.sh/uv/install.sh | sh"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_python_3_10_to_3_14_is_supported() {
        assert!(["3.10.0", "3.11.7", "3.14.2"].into_iter().all(is_supported));
        assert!(!["2.7.18", "3.8.18", "3.9.18", "3.15.0", "4.0.0", "", "3", "x.y"].into_iter().any(is_supported));
    }

    #[test]
    fn a_moved_environment_is_created_again() {
        let folder = tempfile::tempdir().unwrap();
        let (old, new) = (folder.path().join("old"), folder.path().join("new"));
        let environment = packages(&old, "").unwrap();
        assert!(is_complete(&environment));
        fs::rename(&old, &new).unwrap();
        let moved = packages(&new, "").unwrap();
        assert!(moved.starts_with(&new) && is_complete(&moved));
        let script = fs::read_to_string(moved.join("bin/activate")).unwrap();
        assert!(script.contains(moved.to_str().unwrap()) && !script.contains(environment.to_str().unwrap()));
    }

    #[test]
    fn the_error_of_a_failed_command_includes_its_output() {
        let error = run(Command::new("sh").args(["-c", "echo ensurepip is not available >&2; exit 3"])).unwrap_err();
        assert!(error.to_string().contains("exit status: 3") && error.to_string().contains("not available"), "{error}");
        assert!(error.hint().unwrap().contains("python3-venv"));
    }

    #[test]
    fn without_a_python_the_hint_is_a_command() {
        let error = Error::NoPython { found: vec!["python3 is cpython 3.8.18".to_owned()] };
        assert_eq!(error.to_string(), "no Python from 3.10 to 3.14 is on the PATH: python3 is cpython 3.8.18");
        assert!(error.hint().unwrap().starts_with("install Python with `"));
    }
}
