//! A process that prints one line of JSON when it is ready, and ends when its standard input closes.

use std::io::{BufRead as _, BufReader, Read};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde::de::DeserializeOwned;

use super::environment::last_lines;
use super::error::Error;

/// Importing moto takes a second, or much longer on a busy machine.
const READY_WITHIN: Duration = Duration::from_mins(10);
/// The launcher and its children end when its standard input closes; a kill leaves the children.
const STOPPED_WITHIN: Duration = Duration::from_mins(1);

#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    input: Option<ChildStdin>,
    stderr: Arc<Mutex<String>>,
    reader: Option<JoinHandle<()>>,
}

impl Process {
    /// Starts a command. `Ready` is the line that it prints.
    pub(crate) fn start<Ready: DeserializeOwned>(mut command: Command) -> Result<(Self, Ready), Error> {
        let failed = |reason: String, output: &str| Error::Start { reason, output: last_lines(output) };
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| failed(format!("`{}`: {error}", command.get_program().to_string_lossy()), ""))?;
        let text: Arc<Mutex<String>> = Arc::default();
        let reader = child.stderr.take().map(|stderr| collect_stderr(stderr, Arc::clone(&text)));
        let (sender, receiver) = mpsc::channel();
        if let Some(stdout) = child.stdout.take() {
            std::thread::spawn(move || {
                let mut line = String::new();
                let read = BufReader::new(stdout).read_line(&mut line);
                // After the deadline there is no receiver.
                let _late = sender.send(read.map(|_| line));
            });
        }
        let input = child.stdin.take();
        let mut process = Self { child, input, stderr: text, reader };
        match receiver.recv_timeout(READY_WITHIN) {
            Ok(Ok(line)) if !line.is_empty() => match serde_json::from_str(&line) {
                Ok(ready) => Ok((process, ready)),
                Err(error) => Err(failed(format!("it printed `{}`: {error}", line.trim()), &process.stderr())),
            },
            Ok(Ok(_)) => {
                process.end();
                Err(failed("it ended immediately".to_owned(), &process.stderr()))
            }
            Ok(Err(error)) => Err(failed(format!("its output could not be read: {error}"), &process.stderr())),
            Err(_) => Err(failed(format!("it printed nothing within {} seconds", READY_WITHIN.as_secs()), &process.stderr())),
        }
    }

    /// The launcher's standard error so far.
    pub(super) fn stderr(&self) -> String {
        self.stderr.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn end(&mut self) {
        drop(self.input.take());
        let deadline = Instant::now() + STOPPED_WITHIN;
        while !matches!(self.child.try_wait(), Ok(Some(_)) | Err(_)) {
            if Instant::now() > deadline {
                let _gone = self.child.kill();
                let _reaped = self.child.wait();
                break;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        // The pipe is closed, so the thread ends.
        let _read = self.reader.take().map(JoinHandle::join);
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.end();
    }
}

/// Reads all of standard error, so that the launcher never blocks, and keeps the first megabyte.
pub(super) fn collect_stderr(mut stderr: impl Read + Send + 'static, text: Arc<Mutex<String>>) -> JoinHandle<()> {
    const LIMIT: usize = 1 << 20;
    std::thread::spawn(move || {
        let mut chunk = [0; 4096];
        while let Ok(length @ 1..) = stderr.read(&mut chunk) {
            let mut text = text.lock().unwrap_or_else(PoisonError::into_inner);
            if text.len() < LIMIT {
                text.push_str(&String::from_utf8_lossy(&chunk[..length]));
            }
        }
    })
}
