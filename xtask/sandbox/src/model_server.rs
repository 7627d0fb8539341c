//! Third-party model servers: mlflow's, and AWS's multi-model-server with SageMaker's toolkit.
//!
//! Each serves `GET /ping` and `POST /invocations` on 127.0.0.1, with an iris model that is trained
//! locally with scikit-learn. Their Python environment and the models are created once in a cache
//! folder, in about a minute and 600 MB. AWS's server needs a Java runtime.
//!
//! ```no_run
//! use std::path::Path;
//!
//! use sandbox::model_server::{self, Kind, Model};
//!
//! let servers = model_server::prepare(Path::new("target/model-servers"))?;
//! let server = servers.start(Kind::Mlflow, Model::Good)?;
//! println!("send the rows of {} to {}", servers.flowers().display(), server.url());
//! # Ok::<(), sandbox::stand_in::Error>(())
//! ```

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Deserialize;

use crate::stand_in::Error;
use crate::stand_in::environment::{isolate, locked, packages, run};
use crate::stand_in::process::Process;
use crate::stand_in::program::fingerprint;

/// The pinned packages, with hashes.
const REQUIREMENTS: &str = include_str!("../model-servers/requirements.txt");
/// The programs that train and serve.
const FILES: [(&str, &str); 4] = [
    ("handler.py", include_str!("../model-servers/handler.py")),
    ("inference.py", include_str!("../model-servers/inference.py")),
    ("serve.py", include_str!("../model-servers/serve.py")),
    ("train.py", include_str!("../model-servers/train.py")),
];
/// Written last, so that incomplete models are recognized.
const COMPLETE: &str = "complete";

/// A model server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `mlflow models serve`. Reads JSON in four formats, and CSV with a header row.
    Mlflow,
    /// AWS's multi-model-server with SageMaker's inference toolkit. Reads CSV and JSON.
    MultiModelServer,
}

/// A model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Model {
    /// A logistic regression that predicts nearly all of Fisher's flowers correctly.
    Good,
    /// Every flower is virginica.
    Wrong,
    /// Every prediction fails.
    Broken,
}

/// The servers' environment and their models.
#[derive(Debug)]
pub struct ModelServers {
    environment: PathBuf,
    /// The programs and the trained models.
    folder: PathBuf,
}

/// A running server. It stops when it is dropped or this process ends.
#[derive(Debug)]
pub struct ModelServer {
    url: String,
    _process: Process,
}

/// Creates environment and models in `cache` if they are missing. Concurrent calls wait.
pub fn prepare(cache: &Path) -> Result<ModelServers, Error> {
    locked(cache, |cache| {
        let environment = packages(cache, REQUIREMENTS)?;
        let folder = cache.join(format!("models-{:016x}", fingerprint((FILES, REQUIREMENTS))));
        if !folder.join(COMPLETE).exists() {
            train(&environment, &folder)?;
        }
        Ok(ModelServers { environment, folder })
    })
}

fn train(environment: &Path, folder: &Path) -> Result<(), Error> {
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(Error::file(folder))?;
    }
    fs::create_dir_all(folder).map_err(Error::file(folder))?;
    for (name, text) in FILES {
        fs::write(folder.join(name), text).map_err(Error::file(folder.join(name)))?;
    }
    run(Command::new(environment.join("bin/python")).arg(folder.join("train.py")).arg(folder).env("MLFLOW_DISABLE_TELEMETRY", "true"))?;
    let complete = folder.join(COMPLETE);
    fs::write(&complete, "").map_err(Error::file(&complete))
}

/// The reason why AWS's server cannot run, if so: it needs a Java runtime.
pub fn why_without_java() -> Option<String> {
    let mut command = Command::new("java");
    command.arg("-version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    match command.status() {
        Ok(status) if status.success() => None,
        Ok(status) => Some(format!("`java -version` ended with {status}")),
        Err(error) => Some(format!("`java` cannot be run ({error}); install a runtime, such as openjdk-17-jre-headless")),
    }
}

impl ModelServers {
    /// The folder of the Python environment.
    pub fn environment(&self) -> &Path {
        &self.environment
    }

    /// A CSV file with a header and Fisher's 150 flowers: four measurements and the species.
    pub fn flowers(&self) -> PathBuf {
        self.folder.join("iris.csv")
    }

    /// Starts a server on a free port; returns when `/ping` succeeds, after some seconds.
    pub fn start(&self, kind: Kind, model: Model) -> Result<ModelServer, Error> {
        let kind = match kind {
            Kind::Mlflow => "mlflow",
            Kind::MultiModelServer => "mms",
        };
        let model = match model {
            Model::Good => "good",
            Model::Wrong => "wrong",
            Model::Broken => "broken",
        };
        let mut command = Command::new(self.environment.join("bin/python"));
        isolate(&mut command);
        command.arg(self.folder.join("serve.py")).arg(kind).arg(self.folder.join(kind).join(model));
        let (process, ready) = Process::start::<Ready>(command)?;
        Ok(ModelServer { url: ready.url, _process: process })
    }
}

/// What a server prints when it is ready.
#[derive(Deserialize)]
struct Ready {
    url: String,
}

impl ModelServer {
    /// The server's URL, such as `http://127.0.0.1:40123`.
    pub fn url(&self) -> &str {
        &self.url
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_package_is_pinned_by_hash_and_no_index_is_named() {
        let pins: Vec<&str> = REQUIREMENTS.lines().filter(|line| !line.starts_with([' ', '#']) && !line.trim().is_empty()).collect();
        for package in ["mlflow-skinny==", "multi-model-server==1.1.11", "sagemaker-inference==1.10.1"] {
            assert!(pins.iter().any(|pin| pin.starts_with(package)), "{package}");
        }
        assert!(pins.iter().all(|line| line.contains("==") && line.ends_with('\\')), "{pins:?}");
        assert!(!REQUIREMENTS.contains("://") && !REQUIREMENTS.contains("--index") && !REQUIREMENTS.contains("--find-links"));
    }
}
