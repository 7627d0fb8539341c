//! A project of the example in a folder, and runs of the program in it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::aws::{Aws, GROUP, REGION, VOLUME_KEY};
use crate::meter::Process;

/// The files of the project.
const FILES: [&str; 4] =
    ["cfn-sm-endpoint-template.yml", "staging-config-template.json", "prod-config-template.json", "examples/registry.json"];
const SUITE: &str = "version: 1
cases:
  - { name: one, payload: { csv: '5.1,3.5,1.4,0.2' }, expect: { text: { contains: setosa } } }
  - { name: two, payload: { csv: '4.9,3.0,1.4,0.2' }, expect: { text: { contains: setosa } } }
  - { name: three, payload: { csv: '4.7,3.2,1.3,0.2' }, expect: { text: { contains: setosa } } }
  - { name: four, payload: { csv: '4.6,3.1,1.5,0.2' }, expect: { text: { contains: setosa } } }
";

/// A project's folder and the variables of its pipeline.
#[derive(Debug, Clone)]
pub struct Scene {
    folder: PathBuf,
    variables: BTreeMap<String, String>,
}

/// The workspace, two folders above this crate.
pub fn workspace() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here)
}

/// The program to measure: `BENCH_PROGRAM`, which `cargo xtask bench` sets.
///
/// # Panics
///
/// If the variable is missing.
pub fn program() -> String {
    std::env::var("BENCH_PROGRAM").expect("BENCH_PROGRAM names the program to measure: run `cargo xtask bench`")
}

impl Scene {
    /// Writes the example's project into a folder, for two target accounts and `aws`.
    ///
    /// # Panics
    ///
    /// If a file cannot be written.
    pub fn new(folder: &Path, aws: &Aws) -> Self {
        for name in FILES {
            let path = folder.join(name);
            std::fs::create_dir_all(path.parent().unwrap_or(folder)).expect("the folder is created");
            std::fs::copy(workspace().join(name), path).expect("the file is copied");
        }
        std::fs::create_dir_all(folder.join("test")).expect("the folder is created");
        std::fs::write(folder.join("test/endpoint-tests.yaml"), SUITE).expect("the suite is written");
        let mut scene = Self { folder: folder.to_owned(), variables: BTreeMap::new() };
        for (name, value) in [
            ("PATH", &*std::env::var("PATH").unwrap_or_default()),
            ("HOME", &folder.to_string_lossy()),
            ("SAGEMAKER_PROJECT_ID", "p-abc123xyz"),
            ("SAGEMAKER_PROJECT_NAME", "iris"),
            ("SOURCE_MODEL_PACKAGE_GROUP_NAME", GROUP),
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
            ("SAGEMAKER_EBS_KMS_KEY_ARN", VOLUME_KEY),
            ("ARTIFACT_BUCKET", "artifacts-111111111111"),
            ("AWS_ENDPOINT_URL", aws.url()),
            ("AWS_REGION", REGION),
            ("AWS_DEFAULT_REGION", REGION),
            ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
            ("AWS_SECRET_ACCESS_KEY", "a-key-that-opens-nothing"),
            ("AWS_EC2_METADATA_DISABLED", "true"),
            ("AWS_MAX_ATTEMPTS", "1"),
            ("NO_COLOR", "1"),
        ] {
            scene.set(name, value);
        }
        scene
    }

    /// The project's folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Sets a variable.
    pub fn set(&mut self, name: &str, value: &str) {
        self.variables.insert(name.to_owned(), value.to_owned());
    }

    /// A program with arguments, separated by spaces, in this folder.
    pub fn process(&self, program: &str, arguments: &str) -> Process {
        let command = std::iter::once(program).chain(arguments.split_whitespace()).map(str::to_owned).collect();
        Process { command, folder: self.folder.clone(), variables: self.variables.clone() }
    }
}
