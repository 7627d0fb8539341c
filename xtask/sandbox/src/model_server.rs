//! Model servers that nobody here wrote, as containers of SageMaker run them: mlflow's, and AWS's own multi-model-server with SageMaker's
//! inference toolkit.
//!
//! Each serves `GET /ping` and `POST /invocations` on 127.0.0.1, with an iris model that was trained here with scikit-learn. Their Python
//! environment and the models are made once, below a cache folder: most of a minute and some 600 MB. AWS's server needs a Java runtime.
//!
//! ```no_run
//! use std::path::Path;
//!
//! use sandbox::model_server::{self, Kind, Model};
//!
//! let servers = model_server::prepare(Path::new("target/model-servers"))?;
//! let server = servers.start(Kind::Mlflow, Model::Good)?;
//! println!("asks {} with the rows of {}", server.url(), servers.flowers().display());
//! # Ok::<(), sandbox::stand_in::Error>(())
//! ```

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

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
/// Written last, so that models that were left half-made are known as such.
const COMPLETE: &str = "complete";

/// Which server serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `mlflow models serve`. Reads JSON of four forms, and CSV with a header row.
    Mlflow,
    /// AWS's multi-model-server below SageMaker's inference toolkit: what most of AWS's own containers run. Reads CSV and JSON.
    MultiModelServer,
}

/// What is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Model {
    /// A logistic regression that tells nearly all of Fisher's flowers.
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
    /// The programs and, beside them, what they trained.
    folder: PathBuf,
}

/// A server that is serving. Dropping it ends it; so does the end of this process, however that comes.
#[derive(Debug)]
pub struct ModelServer {
    url: String,
    _process: Process,
}

/// Makes the environment and trains the models below `cache`, unless they are there. Processes that ask at the same time wait for the first.
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

/// Why AWS's server cannot run here, if so: it needs a Java runtime, which a package of Python does not bring.
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

    /// A CSV file with a header and Fisher's 150 flowers: four measures, and the species that each is.
    pub fn flowers(&self) -> PathBuf {
        self.folder.join("iris.csv")
    }

    /// Starts a server on a free port; returns when it answers `/ping`: some seconds.
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
        let (process, ready) = Process::start(command)?;
        Ok(ModelServer { url: ready.url, _process: process })
    }
}

impl ModelServer {
    /// Where it is, such as `http://127.0.0.1:40123`.
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
        for wanted in ["mlflow-skinny==", "multi-model-server==1.1.11", "sagemaker-inference==1.10.1"] {
            assert!(pins.iter().any(|pin| pin.starts_with(wanted)), "{wanted}");
        }
        assert!(pins.iter().all(|line| line.contains("==") && line.ends_with('\\')), "{pins:?}");
        assert!(!REQUIREMENTS.contains("://") && !REQUIREMENTS.contains("--index") && !REQUIREMENTS.contains("--find-links"));
    }
}
