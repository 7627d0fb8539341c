//! The environment of `demo`: a local AWS with three accounts, and a model container.

use std::path::Path;

use serde_json::json;

use crate::iris::Container;
use crate::stand_in::{Error, Options, SeedAccount, SeedOrganization, SeedPackage, SeedPackages, SeedUnit, StandIn};

/// The account that owns the registry and runs the pipeline.
pub const HOME: &str = "111111111111";
/// The model package group, as the Python seed names it: the project's name and id.
pub const GROUP: &str = "iris-p-abc123xyz";
/// The model execution role in each target account, which the tests also assume.
pub const ROLE: &str = "ds-model-execution-role";
/// The permissions that the tests need (docs/permissions.md).
const ROLE_POLICY: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["sagemaker:DescribeEndpoint","sagemaker:DescribeEndpointConfig","sagemaker:DescribeModel","sagemaker:InvokeEndpoint"],"Resource":"*"}]}"#;

/// A stage's name, organizational unit and one account.
#[derive(Debug)]
pub struct StageScene {
    /// `staging` or `prod`.
    pub name: &'static str,
    /// The organizational unit's id.
    pub unit: &'static str,
    /// The one account in it.
    pub account: &'static str,
}

/// The staging stage.
pub const STAGING: StageScene = StageScene { name: "staging", unit: "ou-demo-staging1", account: "222222222222" };
/// The production stage.
pub const PROD: StageScene = StageScene { name: "prod", unit: "ou-demo-product1", account: "333333333333" };

/// The local AWS and the model container; dropping it stops both.
#[derive(Debug)]
pub struct Scene {
    /// The local AWS.
    pub aws: StandIn,
    /// The container behind every endpoint.
    pub model: Container,
}

impl Scene {
    /// Starts both. `cache` gets the local AWS's Python environment, `folder` its request log.
    pub async fn start(cache: &Path, folder: &Path) -> Result<Self, Error> {
        std::fs::create_dir_all(folder).map_err(Error::file(folder))?;
        let model = Container::start().await.map_err(Error::file("127.0.0.1"))?;
        let options =
            Options { model_server: Some(model.url().to_owned()), log_file: Some(folder.join("requests.jsonl")), ..Options::new(cache) };
        let scene = Self { aws: StandIn::start(&options)?, model };
        scene.fill()?;
        Ok(scene)
    }

    /// Creates the organization, the target accounts' role and parameters, and three versions.
    fn fill(&self) -> Result<(), Error> {
        let units = [STAGING, PROD].map(|stage| SeedUnit {
            name: stage.name.to_owned(),
            id: Some(stage.unit.to_owned()),
            accounts: vec![SeedAccount::from(stage.account)],
            units: Vec::new(),
        });
        self.aws.seed_organization(&SeedOrganization { management_account: HOME.to_owned(), units: units.into() })?;
        for StageScene { name: stage, account, .. } in [STAGING, PROD] {
            self.aws.make_role(account, ROLE, ROLE_POLICY)?;
            for (name, value) in
                [("sagemaker-sg-ids", "sg-0123456789abcdef0"), ("private-subnet-ids", "subnet-0123456789abcdef0,subnet-0123456789abcdef1")]
            {
                let input = json!({ "Name": format!("ds-{stage}-{name}"), "Value": value, "Type": "String" });
                self.aws.call(account, "ssm", "PutParameter", &input)?;
            }
        }
        self.register(&[(1, "Approved"), (2, "Rejected"), (3, "PendingManualApproval")])
    }

    /// Registers an approved version.
    pub fn approve(&self, version: u32) -> Result<(), Error> {
        self.register(&[(version, "Approved")])
    }

    /// Makes the endpoint's next update keep the current model.
    pub fn stay_on_old_model(&self, stage: &StageScene) -> Result<(), Error> {
        self.aws.silent_rollback(stage.account, &endpoint(stage))
    }

    /// The ARN of the model package that a stage's endpoint serves, from the local AWS.
    pub fn served(&self, stage: &StageScene) -> Result<String, Error> {
        let call = |action: &str, input| self.aws.call(stage.account, "sagemaker", action, &input);
        let endpoint = call("DescribeEndpoint", json!({ "EndpointName": endpoint(stage) }))?;
        let config = call("DescribeEndpointConfig", json!({ "EndpointConfigName": endpoint["EndpointConfigName"] }))?;
        let model = call("DescribeModel", json!({ "ModelName": config["ProductionVariants"][0]["ModelName"] }))?;
        Ok(model["PrimaryContainer"]["ModelPackageName"].as_str().unwrap_or_default().to_owned())
    }

    /// The variables for a process in the registry's account of the local AWS only.
    pub fn environment(&self) -> Result<Vec<(String, String)>, Error> {
        self.aws.environment(HOME)
    }

    /// Stops both.
    pub async fn stop(self) {
        self.model.stop().await;
    }

    fn register(&self, versions: &[(u32, &str)]) -> Result<(), Error> {
        let packages = versions
            .iter()
            .map(|(version, approval)| SeedPackage {
                version: Some(*version),
                approval_status: Some((*approval).to_owned()),
                created: Some(format!("2026-01-{version:02}T09:00:00Z")),
                images: Some(vec![format!("{HOME}.dkr.ecr.us-east-1.amazonaws.com/iris-inference:1.4.0")]),
                model_data: Some(vec![format!("s3://iris-models-{HOME}/{GROUP}/{version}/model.tar.gz")]),
                ..SeedPackage::default()
            })
            .collect();
        let seed = SeedPackages { account: HOME.to_owned(), group: GROUP.to_owned(), packages: Some(packages), ..SeedPackages::default() };
        self.aws.seed_packages(&seed).map(drop)
    }
}

fn endpoint(stage: &StageScene) -> String {
    format!("{GROUP}-{}", stage.name)
}
