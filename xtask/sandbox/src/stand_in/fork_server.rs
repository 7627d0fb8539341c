//! A process that has imported moto, and forks a stand-in in milliseconds instead of two seconds.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::environment::{self, last_lines};
use super::error::Error;
use super::process::{Process, collect_stderr};
use super::{Options, Ready, StandIn};

/// Starts stand-ins. It ends when it is dropped or this process ends, and its stand-ins with their
/// own drop or this process.
#[derive(Debug)]
pub struct ForkServer {
    socket: PathBuf,
    program: PathBuf,
    _process: Process,
}

/// What the server prints when it is ready.
#[derive(Deserialize)]
struct Listening {
    socket: PathBuf,
}

impl ForkServer {
    /// Creates the environment in the folder if it is missing, and starts the server.
    pub fn start(cache_dir: &Path) -> Result<Self, Error> {
        let prepared = environment::prepare_all(cache_dir)?;
        let (process, listening) = Process::start::<Listening>(prepared.command(["--fork-server"]))?;
        Ok(Self { socket: listening.socket, program: prepared.program, _process: process })
    }

    /// Forks a stand-in with these options, except for their `cache_dir`.
    pub fn stand_in(&self, options: &Options) -> Result<StandIn, Error> {
        let (fork, ready) = Fork::start::<Ready>(&self.socket, &options.arguments()?)?;
        Ok(StandIn::new(super::Running::Fork(fork), ready, self.program.clone(), options))
    }
}

/// A forked process, which ends when its connection closes.
#[derive(Debug)]
pub(super) struct Fork {
    connection: UnixStream,
    stderr: Arc<Mutex<String>>,
    reader: Option<JoinHandle<()>>,
}

impl Fork {
    fn start<Printed: DeserializeOwned>(socket: &Path, arguments: &[String]) -> Result<(Self, Printed), Error> {
        let failed = |reason: String, output: &str| Error::Start { reason, output: last_lines(output) };
        let connected = || {
            let mut connection = UnixStream::connect(socket)?;
            serde_json::to_writer(&connection, arguments)?;
            connection.write_all(b"\n")?;
            let mut output = BufReader::new(connection.try_clone()?);
            let mut line = String::new();
            output.read_line(&mut line)?;
            Ok::<_, std::io::Error>((connection, output, line))
        };
        let (connection, mut output, mut line) = connected().map_err(|error| failed(format!("the fork server: {error}"), ""))?;
        let Ok(printed) = serde_json::from_str(&line) else {
            // Its standard error, up to its end.
            _ = output.read_to_string(&mut line);
            return Err(failed("it ended immediately".to_owned(), &line));
        };
        let stderr: Arc<Mutex<String>> = Arc::default();
        let reader = collect_stderr(output, Arc::clone(&stderr));
        Ok((Self { connection, stderr, reader: Some(reader) }, printed))
    }

    pub(super) fn stderr(&self) -> String {
        self.stderr.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Fork {
    fn drop(&mut self) {
        // The fork reads the end of its standard input and ends, which closes its side.
        if self.connection.shutdown(Shutdown::Write).is_ok() {
            _ = self.reader.take().map(JoinHandle::join);
        }
    }
}
