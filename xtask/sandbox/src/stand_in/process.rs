//! The launcher as a child process: ready when it says so, gone when it is dropped.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, ChildStderr, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde::Deserialize;

use super::environment::last_lines;
use super::error::Error;

/// Importing moto takes a second; on a busy machine with a cold disk, many.
const READY_WITHIN: Duration = Duration::from_mins(10);
/// The launcher ends as soon as its standard input closes, with all that it started; one that is killed leaves that behind.
const GONE_WITHIN: Duration = Duration::from_mins(1);

/// The line that the launcher prints.
#[derive(Debug, Deserialize)]
pub(crate) struct Ready {
    pub(crate) url: String,
    /// Of the stand-in alone.
    #[serde(default)]
    pub(super) patches: Vec<String>,
}

#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    input: Option<ChildStdin>,
    said: Arc<Mutex<String>>,
    reader: Option<JoinHandle<()>>,
}

impl Process {
    pub(crate) fn start(mut command: Command) -> Result<(Self, Ready), Error> {
        let failed = |reason: String, output: &str| Error::Start { reason, output: last_lines(output) };
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| failed(format!("`{}`: {error}", command.get_program().to_string_lossy()), ""))?;
        let said: Arc<Mutex<String>> = Arc::default();
        let reader = child.stderr.take().map(|stderr| keep_what_is_said(stderr, Arc::clone(&said)));
        let (tell, told) = mpsc::channel();
        if let Some(stdout) = child.stdout.take() {
            std::thread::spawn(move || {
                let mut line = String::new();
                let read = BufReader::new(stdout).read_line(&mut line);
                // Nobody listens any more when the deadline is over.
                let _late = tell.send(read.map(|_| line));
            });
        }
        let input = child.stdin.take();
        let mut process = Self { child, input, said, reader };
        match told.recv_timeout(READY_WITHIN) {
            Ok(Ok(line)) if !line.is_empty() => match serde_json::from_str(&line) {
                Ok(ready) => Ok((process, ready)),
                Err(error) => Err(failed(format!("it said `{}`: {error}", line.trim()), &process.said())),
            },
            Ok(Ok(_)) => {
                process.end();
                Err(failed("it ended at once".to_owned(), &process.said()))
            }
            Ok(Err(error)) => Err(failed(format!("its output could not be read: {error}"), &process.said())),
            Err(_) => Err(failed(format!("it said nothing within {} seconds", READY_WITHIN.as_secs()), &process.said())),
        }
    }

    /// What the launcher wrote to its standard error so far.
    pub(super) fn said(&self) -> String {
        self.said.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    fn end(&mut self) {
        drop(self.input.take());
        let deadline = Instant::now() + GONE_WITHIN;
        while !matches!(self.child.try_wait(), Ok(Some(_)) | Err(_)) {
            if Instant::now() > deadline {
                let _gone = self.child.kill();
                let _reaped = self.child.wait();
                break;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        // The thread ends with the pipe, which has just closed.
        let _read = self.reader.take().map(JoinHandle::join);
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.end();
    }
}

/// Reads standard error to its end, so that a talkative launcher never blocks, and keeps the first megabyte.
fn keep_what_is_said(mut stderr: ChildStderr, said: Arc<Mutex<String>>) -> JoinHandle<()> {
    const MOST: usize = 1 << 20;
    std::thread::spawn(move || {
        let mut chunk = [0; 4096];
        while let Ok(length @ 1..) = stderr.read(&mut chunk) {
            let mut said = said.lock().unwrap_or_else(PoisonError::into_inner);
            if said.len() < MOST {
                said.push_str(&String::from_utf8_lossy(&chunk[..length]));
            }
        }
    })
}
