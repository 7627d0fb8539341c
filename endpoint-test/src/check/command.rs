//! Runs a team's own check as a program: without a shell, with only the given environment, with
//! limits on time and output, and as a process group that ends as a whole.

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, Command};

use super::protocol::{CheckInput, CheckOutput, ProgramVerdict};
use crate::expect::CommandExpectation;
use crate::format::{cut, display_duration, excerpt};
use crate::report::CheckReport;

/// The check's name in reports.
const CHECK: &str = "check";
/// The longest output of a program, in bytes.
const MAX_OUTPUT: usize = 1024 * 1024;
/// The longest end of standard error that is reported, in bytes.
const MAX_STDERR: usize = 8 * 1024;
/// The most characters of a message in the report.
const MAX_MESSAGE: usize = 2000;

/// Where check programs run, and with which environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckPrograms {
    /// The working directory: relative paths in a `command` start there.
    pub folder: PathBuf,
    /// The whole environment of a program. It should contain no credentials: a check needs none.
    pub environment: Vec<(OsString, OsString)>,
    /// The user and group id, one number for both, that a program runs as, without supplementary
    /// groups; the caller's if `None`.
    ///
    /// A program that runs as the caller's user can read the caller's environment and memory
    /// through `/proc`, and with them its credentials. A program that runs as another user cannot.
    /// Only root can start a program as another user: for any other caller, and on systems other
    /// than Unix, each check is an error.
    pub uid: Option<u32>,
}

impl CheckPrograms {
    /// Programs that run in this folder, as the user of this process and with an empty environment.
    pub fn in_folder(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into(), environment: Vec::new(), uid: None }
    }
}

/// Why a program returned no verdict.
enum ProgramError {
    Start(io::Error),
    Late,
    TooMuch,
    Io(io::Error),
}

struct ProgramOutput {
    status: ExitStatus,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
}

/// Runs the program with the document on its standard input. If the program misbehaves, that is an
/// error, and never a failure of the model.
pub(crate) async fn run(check: &CommandExpectation, programs: Option<&CheckPrograms>, input: &CheckInput) -> CheckReport {
    let shown = check.command.join(" ");
    let Some(programs) = programs else {
        return CheckReport::errored(CHECK, "check programs are turned off in this run").at(excerpt(&shown));
    };
    let report = match execute(check, programs, input).await {
        Ok(ended) => judge(&ended),
        Err(error) => {
            let program = &check.command[0];
            let (message, hint) = match error {
                ProgramError::Start(error) if error.kind() == io::ErrorKind::NotFound => {
                    let hint =
                        format!("it is searched for on PATH; a path such as `test/{program}` is relative to {}", programs.folder.display());
                    (format!("the check `{program}` cannot be started: no such program"), hint)
                }
                ProgramError::Start(error) if error.kind() == io::ErrorKind::PermissionDenied && programs.uid.is_some() => {
                    let uid = programs.uid.unwrap_or_default();
                    let hint = format!(
                        "user id {uid} must be allowed to run it and to enter {}; only root can change the user",
                        programs.folder.display()
                    );
                    (format!("the check `{program}` cannot be started as user id {uid}: {error}"), hint)
                }
                ProgramError::Start(error) => (
                    format!("the check `{program}` cannot be started: {error}"),
                    "is it executable, and does its first line name the interpreter?".to_owned(),
                ),
                ProgramError::Late => {
                    let limit = display_duration(check.timeout);
                    (format!("the check returned no verdict within {limit}"), "set a longer `timeout` beside `command`".to_owned())
                }
                ProgramError::TooMuch => (
                    format!("the check wrote more than {MAX_OUTPUT} bytes"),
                    "write one JSON object with the verdict to standard output, and everything else to standard error".to_owned(),
                ),
                ProgramError::Io(error) => (format!("the check's output could not be read: {error}"), "run the program by hand".to_owned()),
            };
            CheckReport::errored(CHECK, message).with_hint(hint)
        }
    };
    report.at(excerpt(&shown))
}

fn judge(ended: &ProgramOutput) -> CheckReport {
    let stderr = String::from_utf8_lossy(&ended.stderr);
    let stderr = stderr.trim();
    if !ended.status.success() {
        let how = ended.status.code().map_or_else(|| "by a signal".to_owned(), |code| format!("with exit code {code}"));
        let message = match stderr.lines().last() {
            Some(last) => format!("the check ended {how}: {}", excerpt(last)),
            None => format!("the check ended {how} and printed nothing"),
        };
        let check =
            CheckReport::errored(CHECK, message).with_hint("a check must exit with code 0 and write its verdict to standard output");
        return if stderr.is_empty() { check } else { check.actual(cut(stderr, MAX_MESSAGE)) };
    }
    let output: CheckOutput = match serde_json::from_slice(&ended.stdout) {
        Ok(output) => output,
        Err(error) => {
            let stdout = String::from_utf8_lossy(&ended.stdout);
            return CheckReport::errored(CHECK, format!("the check's output is not valid: {error}"))
                .actual(if stdout.trim().is_empty() { "nothing".to_owned() } else { excerpt(stdout.trim()) })
                .with_hint(
                    "write `{\"verdict\": \"passed\", \"messages\": []}` to standard output, and everything else to standard error",
                );
        }
    };
    let messages = cut(&output.messages.join("; "), MAX_MESSAGE);
    let or = |otherwise: &str| if messages.is_empty() { otherwise.to_owned() } else { messages.clone() };
    match output.verdict {
        ProgramVerdict::Passed if messages.is_empty() => CheckReport::passed(CHECK),
        ProgramVerdict::Passed => CheckReport::passed(CHECK).actual(messages),
        ProgramVerdict::Failed => CheckReport::failed(CHECK, or("the check reports that the response is wrong")),
        ProgramVerdict::Errored => CheckReport::errored(CHECK, or("the check reports that it could not decide")),
        ProgramVerdict::Skipped => CheckReport::skipped(CHECK, or("the check does not apply to this response")),
    }
}

async fn execute(check: &CommandExpectation, programs: &CheckPrograms, input: &CheckInput) -> Result<ProgramOutput, ProgramError> {
    let input = serde_json::to_vec(input).map_err(|error| ProgramError::Io(error.into()))?;
    let program = &check.command[0];
    // Systems differ in how they resolve a relative program path.
    let program = if program.contains('/') { programs.folder.join(program).into_os_string() } else { program.into() };
    let program = if PathBuf::from(&program).is_relative() && check.command[0].contains('/') {
        std::path::absolute(&program).map_err(ProgramError::Start)?.into_os_string()
    } else {
        program
    };
    let mut command = Command::new(program);
    command
        .args(&check.command[1..])
        .current_dir(&programs.folder)
        .env_clear()
        .envs(programs.environment.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    #[cfg(unix)]
    command.process_group(0);
    if let Some(uid) = programs.uid {
        // The standard library also clears the supplementary groups if root changes the user.
        #[cfg(unix)]
        command.gid(uid).uid(uid);
        #[cfg(not(unix))]
        return Err(ProgramError::Start(io::Error::new(io::ErrorKind::Unsupported, format!("this system has no user id {uid}"))));
    }
    let child = command.spawn().map_err(ProgramError::Start)?;
    let mut group = Group::of(child);
    let ended = match tokio::time::timeout(check.timeout, exchange(&mut group.child, &input)).await {
        Ok(ended) => ended,
        Err(_) => Err(ProgramError::Late),
    };
    if ended.is_ok() {
        group.ended = true;
    }
    ended
}

/// Writes the document and reads the output at the same time: a program that writes before it has
/// read everything would otherwise wait for us while we wait for it.
async fn exchange(child: &mut Child, input: &[u8]) -> Result<ProgramOutput, ProgramError> {
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let feed = async {
        if let Some(mut stdin) = stdin {
            // A check may finish before it has read everything: a closed pipe is not an error.
            let _ = stdin.write_all(input).await;
        }
        Ok(())
    };
    let stdout = async {
        match stdout {
            Some(mut stdout) => read_all(&mut stdout).await,
            None => Ok(Vec::new()),
        }
    };
    let stderr = async {
        match stderr {
            Some(mut stderr) => read_some(&mut stderr).await,
            None => Ok(Vec::new()),
        }
    };
    let ((), stdout, stderr) = tokio::try_join!(feed, stdout, stderr)?;
    let status = child.wait().await.map_err(ProgramError::Io)?;
    Ok(ProgramOutput { status, stdout, stderr })
}

/// Reads everything, up to the limit.
async fn read_all(from: &mut (impl AsyncRead + Unpin)) -> Result<Vec<u8>, ProgramError> {
    let mut bytes = Vec::new();
    from.take(MAX_OUTPUT as u64 + 1).read_to_end(&mut bytes).await.map_err(ProgramError::Io)?;
    if bytes.len() > MAX_OUTPUT { Err(ProgramError::TooMuch) } else { Ok(bytes) }
}

/// Reads everything and keeps the end: the last line of a stack trace has the message.
async fn read_some(from: &mut (impl AsyncRead + Unpin)) -> Result<Vec<u8>, ProgramError> {
    let mut end = Vec::new();
    let mut buffer = vec![0; MAX_STDERR];
    loop {
        match from.read(&mut buffer).await.map_err(ProgramError::Io)? {
            0 => return Ok(end),
            read => end.extend_from_slice(&buffer[..read]),
        }
        if end.len() > MAX_STDERR {
            end.drain(..end.len() - MAX_STDERR);
        }
    }
}

/// A program with all processes that it started: unless it exits by itself, they are killed
/// together, also when the test is cancelled.
struct Group {
    child: Child,
    #[cfg_attr(not(unix), expect(dead_code, reason = "there are no process groups"))]
    id: Option<u32>,
    ended: bool,
}

impl Group {
    fn of(child: Child) -> Self {
        Self { id: child.id(), child, ended: false }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if self.ended {
            return;
        }
        #[cfg(unix)]
        if let Some(id) = self.id.and_then(|id| i32::try_from(id).ok()).and_then(rustix::process::Pid::from_raw) {
            // It may have exited already: then there is nothing to kill.
            let _ = rustix::process::kill_process_group(id, rustix::process::Signal::KILL);
        }
    }
}
