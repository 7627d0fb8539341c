//! A project in a temporary folder, and runs of the program in it.

// Benchmarks use this file, too.
#[path = "json_output.rs"]
pub(crate) mod json_output;

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::time::Duration;

use serde_json::Value as Json;
use tempfile::TempDir;

/// A copy of this workspace's project files, and an environment without the caller's variables.
pub(crate) struct Project {
    folder: TempDir,
    variables: Vec<(String, String)>,
}

/// The result of a run of the program.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// This workspace.
pub(crate) fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask is a folder of the workspace")
}

/// The stand-in's environment, shared by all tests and `cargo xtask test`.
pub(crate) fn stand_in_cache() -> PathBuf {
    target_folder().join("stand-in")
}

/// The program under test. `cargo tour` in another terminal replaces the file that cargo built by a
/// program without AWS: a second link keeps the one of these tests.
pub(crate) fn program() -> &'static Path {
    static PROGRAM: LazyLock<PathBuf> = LazyLock::new(|| {
        let links = Path::new(env!("CARGO_TARGET_TMPDIR")).join("programs");
        std::fs::create_dir_all(&links).unwrap();
        // A link keeps its program on the disk: remove those of earlier runs.
        for link in std::fs::read_dir(&links).unwrap().flatten() {
            let is_old = |time: std::time::SystemTime| time.elapsed().is_ok_and(|age| age > Duration::from_hours(12));
            if link.metadata().and_then(|folder| folder.modified()).is_ok_and(is_old) {
                let _ = std::fs::remove_dir_all(link.path());
            }
        }
        let link = links.join(std::process::id().to_string()).join("xtask");
        std::fs::create_dir_all(link.parent().unwrap()).unwrap();
        let _ = std::fs::remove_file(&link);
        std::fs::hard_link(env!("CARGO_BIN_EXE_xtask"), &link).unwrap();
        link
    });
    &PROGRAM
}

/// Cargo's target folder.
pub(crate) fn target_folder() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| workspace().join("target"), PathBuf::from)
}

impl Project {
    pub(crate) fn new() -> Self {
        let project = Self { folder: TempDir::new().unwrap(), variables: Vec::new() };
        for name in [
            "cfn-sm-endpoint-template.yml",
            "staging-config-template.json",
            "prod-config-template.json",
            "buildspec.yml",
            "test/endpoint-tests.yaml",
            "test/payloads/labelled-flowers.csv",
            "test/payloads/three-flowers.csv",
            "examples/registry.json",
            "examples/registry.s3/iris-models-111111111111/iris-p-abc123xyz/12/evaluation.json",
            "examples/registry.s3/iris-models-111111111111/iris-p-abc123xyz/13/evaluation.json",
            "examples/release-policy.json",
        ] {
            project.write(name, &std::fs::read_to_string(workspace().join(name)).unwrap());
        }
        // The example's limit is for an endpoint, and not for a test machine that is busy.
        let suite = project.read("test/endpoint-tests.yaml");
        assert_eq!(suite.matches("latency: { max: 2s }").count(), 1, "the example has another limit of time");
        project.write(
            "test/endpoint-tests.yaml",
            &suite.replace("latency: { max: 2s }", "latency: { max: 5m }").replace("timeout: 10s", "timeout: 5m"),
        );
        project
    }

    /// An empty folder.
    pub(crate) fn empty() -> Self {
        Self { folder: TempDir::new().unwrap(), variables: Vec::new() }
    }

    /// Sets the variables of the Python seed's pipeline, for the iris project.
    pub(crate) fn with_pipeline_variables(mut self) -> Self {
        for (name, value) in [
            ("SAGEMAKER_PROJECT_ID", "p-abc123xyz"),
            ("SAGEMAKER_PROJECT_NAME", "iris"),
            ("SOURCE_MODEL_PACKAGE_GROUP_NAME", "iris-p-abc123xyz"),
            ("ENV_NAME", "ds"),
            ("ENV_TYPE", "dev"),
            ("STAGING_CONFIG_NAME", "staging-config"),
            ("PROD_CONFIG_NAME", "prod-config"),
            ("CFN_TEMPLATE_NAME", "cfn-sm-endpoint"),
            ("SAGEMAKER_EXECUTION_ROLE_STAGING_NAME", "ds-model-execution-role"),
            ("SAGEMAKER_EXECUTION_ROLE_PROD_NAME", "ds-model-execution-role"),
            ("MULTI_ACCOUNT_DEPLOYMENT", "YES"),
            ("STAGING_ACCOUNT_LIST", "222222222222"),
            ("PROD_ACCOUNT_LIST", "333333333333"),
            ("ENV_TYPE_STAGING_NAME", "staging"),
            ("ENV_TYPE_PROD_NAME", "prod"),
            ("SAGEMAKER_EBS_KMS_KEY_ARN", "arn:aws:kms:us-east-1:111111111111:key/1234abcd-12ab-34cd-56ef-1234567890ab"),
            ("ARTIFACT_BUCKET", ""),
        ] {
            self.set(name, value);
        }
        self
    }

    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.variables.retain(|(known, _)| known != name);
        self.variables.push((name.to_owned(), value.to_owned()));
    }

    pub(crate) fn set_all(&mut self, variables: impl IntoIterator<Item = (String, String)>) {
        for (name, value) in variables {
            self.set(&name, &value);
        }
    }

    pub(crate) fn unset(&mut self, name: &str) {
        self.variables.retain(|(known, _)| known != name);
    }

    pub(crate) fn variables(&self) -> impl Iterator<Item = (&str, &str)> {
        self.variables.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    pub(crate) fn json(&self, name: &str) -> Json {
        serde_json::from_str(&self.read(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// Every file in a folder with its bytes, for comparisons.
    pub(crate) fn files(&self, folder: &str) -> Vec<(String, Vec<u8>)> {
        let Ok(entries) = std::fs::read_dir(self.path(folder)) else { return Vec::new() };
        let mut files: Vec<_> = entries
            .map(|entry| entry.unwrap())
            .map(|entry| (entry.file_name().to_string_lossy().into_owned(), std::fs::read(entry.path()).unwrap_or_default()))
            .collect();
        files.sort();
        files
    }

    /// The program in the project's folder, without the caller's environment.
    pub(crate) fn command<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Command {
        self.command_with(arguments, false)
    }

    /// The same for a test that sends signals, which can itself run where they are ignored: under
    /// `nohup`, or in the background of a script.
    pub(crate) fn interruptible<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Command {
        self.command_with(arguments, true)
    }

    fn command_with<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>, has_signals: bool) -> Command {
        let arguments: Vec<OsString> = arguments.into_iter().map(|argument| argument.as_ref().to_owned()).collect();
        // Identifies the command in the local AWS's log.
        let named =
            arguments.iter().find(|argument| !argument.as_encoded_bytes().starts_with(b"-")).map(OsString::as_os_str).unwrap_or_default();
        let mut command = Command::new(program());
        if cfg!(target_os = "linux") && has_signals {
            command = Command::new("env");
            command.arg("--default-signal").arg(program());
        }
        command
            .args(&arguments)
            .current_dir(self.folder.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.folder.path())
            .env("NO_COLOR", "1")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("AWS_SDK_UA_APP_ID", named)
            .envs(self.variables())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs the program in the project's folder.
    pub(crate) fn run<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Run {
        let arguments: Vec<OsString> = arguments.into_iter().map(|argument| argument.as_ref().to_owned()).collect();
        let run = self.ended(self.command(&arguments).spawn().unwrap());
        json_output::check(&arguments, &run.stdout);
        run
    }

    /// Waits for a started program.
    pub(crate) fn ended(&self, program: Child) -> Run {
        let output = program.wait_with_output().unwrap();
        let run = Run {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        };
        run.assert_no_secrets(&self.variables);
        run
    }
}

impl Run {
    /// Checks that no output contains credentials.
    fn assert_no_secrets(&self, variables: &[(String, String)]) {
        for (name, value) in variables {
            if ["AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"].contains(&name.as_str()) && value.len() > 8 {
                assert!(!self.stdout.contains(value) && !self.stderr.contains(value), "{name} is in the output");
            }
        }
    }

    #[track_caller]
    pub(crate) fn ends_with(self, code: i32) -> Self {
        assert_eq!(self.code, code, "\n--- stdout\n{}\n--- stderr\n{}", self.stdout, self.stderr);
        self
    }

    #[track_caller]
    pub(crate) fn says(self, text: &str) -> Self {
        assert!(
            self.stderr.contains(text) || self.stdout.contains(text),
            "`{text}` is not in\n--- stdout\n{}\n--- stderr\n{}",
            self.stdout,
            self.stderr
        );
        self
    }
}
