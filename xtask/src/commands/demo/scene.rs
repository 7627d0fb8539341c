//! What the demonstration plays in: a local AWS with three accounts, and the model behind its endpoints.

use std::path::Path;

use sandbox::iris::Container;
use sandbox::stand_in::{self, Options, SeedAccount, SeedOrganization, SeedPackage, SeedPackages, SeedUnit, StandIn};
use serde_json::json;

use crate::files;
use crate::project::Project;
use model_release::Stage;
use model_release::{Diagnostic, Failure, FailureKind};

/// The account that owns the registry and runs the pipeline.
pub(crate) const HOME: &str = "111111111111";
/// The model package group, as the reference names it: the project's name and id.
pub(crate) const GROUP: &str = "iris-p-abc123xyz";

/// The role that the model runs as in each target account, and that the tests take there.
pub(crate) const ROLE: &str = "ds-model-execution-role";
/// What the tests need of it (docs/permissions.md).
const ROLE_POLICY: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["sagemaker:DescribeEndpoint","sagemaker:DescribeEndpointConfig","sagemaker:DescribeModel","sagemaker:InvokeEndpoint"],"Resource":"*"}]}"#;

/// The organizational unit of each stage.
const UNITS: [(Stage, &str); 2] = [(Stage::Staging, "ou-demo-staging1"), (Stage::Prod, "ou-demo-product1")];

/// The local AWS and the model container; both end with it.
#[derive(Debug)]
pub(crate) struct Scene {
    pub(crate) aws: StandIn,
    pub(crate) model: Container,
}

impl Scene {
    pub(crate) async fn start(project: &Project, folder: &Path) -> Result<Self, Failure> {
        std::fs::create_dir_all(folder).map_err(|error| Failure::bad_input(files::cannot("make", folder, &error)))?;
        let model = Container::start()
            .await
            .map_err(|error| Failure::unreachable(Diagnostic::error(format!("the model container cannot listen on loopback: {error}"))))?;
        let options = Options {
            model_server: Some(model.url().to_owned()),
            log_file: Some(folder.join("requests.jsonl")),
            ..Options::new(project.target("stand-in"))
        };
        let scene = Self { aws: StandIn::start(&options).map_err(|error| broken(&error))?, model };
        scene.fill()?;
        Ok(scene)
    }

    /// The organization, the role and the network's parameters in the target accounts, and a registry with a past.
    fn fill(&self) -> Result<(), Failure> {
        let units = UNITS.map(|(stage, id)| SeedUnit {
            name: stage.name().to_owned(),
            id: Some(id.to_owned()),
            accounts: vec![SeedAccount::from(account(stage))],
            units: Vec::new(),
        });
        let organization = SeedOrganization { management_account: HOME.to_owned(), units: units.into() };
        self.aws.seed_organization(&organization).map_err(|error| broken(&error))?;
        for stage in Stage::ALL {
            self.aws.make_role(account(stage), ROLE, ROLE_POLICY).map_err(|error| broken(&error))?;
            for (name, value) in
                [("sagemaker-sg-ids", "sg-0123456789abcdef0"), ("private-subnet-ids", "subnet-0123456789abcdef0,subnet-0123456789abcdef1")]
            {
                let input = json!({ "Name": format!("ds-{stage}-{name}"), "Value": value, "Type": "String" });
                self.aws.call(account(stage), "ssm", "PutParameter", &input).map_err(|error| broken(&error))?;
            }
        }
        self.register(&[(1, "Approved"), (2, "Rejected"), (3, "PendingManualApproval")])
    }

    /// Registers a version that a person has approved.
    pub(crate) fn approve(&self, version: u32) -> Result<(), Failure> {
        self.register(&[(version, "Approved")])
    }

    /// The endpoint's next update leaves it on the model that it serves.
    pub(crate) fn stay_on_old_model(&self, stage: Stage) -> Result<(), Failure> {
        self.aws.silent_rollback(account(stage), &endpoint(stage)).map_err(|error| broken(&error))
    }

    /// Asks AWS itself, and not this program's own output, which version a stage's endpoint serves: endpoint, configuration, model, package.
    pub(crate) fn must_serve(&self, stage: Stage, version: u32) -> Result<(), Failure> {
        let ask = |action: &str, input| self.aws.call(account(stage), "sagemaker", action, &input).map_err(|error| broken(&error));
        let endpoint = ask("DescribeEndpoint", json!({ "EndpointName": endpoint(stage) }))?;
        let config = ask("DescribeEndpointConfig", json!({ "EndpointConfigName": endpoint["EndpointConfigName"] }))?;
        let model = ask("DescribeModel", json!({ "ModelName": config["ProductionVariants"][0]["ModelName"] }))?;
        let package = model["PrimaryContainer"]["ModelPackageName"].as_str().unwrap_or_default();
        if package.ends_with(&format!("/{GROUP}/{version}")) {
            return Ok(());
        }
        let message = format!("the {stage} endpoint serves `{package}`, not version {version}");
        Err(Failure::new(FailureKind::Failed, vec![Diagnostic::error(message)]))
    }

    /// The variables with which a process acts as the registry's account here, and nowhere else.
    pub(crate) fn environment(&self) -> Result<Vec<(String, String)>, Failure> {
        self.aws.environment(HOME).map_err(|error| broken(&error))
    }

    pub(crate) async fn stop(self) {
        self.model.stop().await;
    }

    fn register(&self, versions: &[(u32, &str)]) -> Result<(), Failure> {
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
        self.aws.seed_packages(&seed).map(drop).map_err(|error| broken(&error))
    }
}

/// The organizational unit of a stage.
pub(crate) fn unit(stage: Stage) -> &'static str {
    UNITS.iter().find(|(of, _)| *of == stage).map_or("", |(_, id)| id)
}

/// The one account of each stage.
pub(crate) fn account(stage: Stage) -> &'static str {
    match stage {
        Stage::Staging => "222222222222",
        Stage::Prod => "333333333333",
    }
}

fn endpoint(stage: Stage) -> String {
    format!("{GROUP}-{stage}")
}

fn broken(error: &stand_in::Error) -> Failure {
    Failure::unreachable(Diagnostic::error(error.to_string()).hint(error.hint()))
}
