//! The local AWS of a test: the registry's account, target accounts with endpoints, and a model
//! behind them.

use std::sync::LazyLock;

use sandbox::iris::{Behaviour, Container};
#[cfg(unix)]
use sandbox::stand_in::ForkServer;
use sandbox::stand_in::{Error, LoggedRequest, Options, SeedPackages, StandIn};
use serde_json::{Value as Json, json};

use crate::calls::{self, Call, Place};
use crate::project::{Project, stand_in_cache};

/// The account that owns the registry and runs the pipeline.
pub(crate) const HOME: &str = "111111111111";
/// The default region.
pub(crate) const REGION: &str = sandbox::stand_in::REGION;
/// The model package group of all tests.
pub(crate) const GROUP: &str = "iris-p-abc123xyz";

/// A local AWS with a model behind its endpoints.
pub(crate) struct Cloud {
    pub(crate) aws: StandIn,
    pub(crate) model: Container,
    _runtime: tokio::runtime::Runtime,
}

/// Imports moto once for all tests: that takes two seconds, and a fork some milliseconds.
#[cfg(unix)]
fn start(options: &Options) -> Result<StandIn, Error> {
    static SERVER: LazyLock<ForkServer> = LazyLock::new(|| ForkServer::start(&stand_in_cache()).unwrap_or_else(|error| panic!("{error}")));
    SERVER.stand_in(options)
}

#[cfg(not(unix))]
fn start(options: &Options) -> Result<StandIn, Error> {
    StandIn::start(options)
}

impl Cloud {
    pub(crate) fn new() -> Self {
        Self::start(|_| {})
    }

    /// A local AWS with other options.
    pub(crate) fn start(change: impl FnOnce(&mut Options)) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let model = runtime.block_on(async { Container::serve(Behaviour::Healthy) }).unwrap();
        let mut options = Options { model_server: Some(model.url().to_owned()), ..Options::new(stand_in_cache()) };
        change(&mut options);
        let aws = start(&options).unwrap_or_else(|error| panic!("{error}"));
        Self { aws, model, _runtime: runtime }
    }

    /// Registers this many approved packages, and a fifth as many pending and rejected ones.
    pub(crate) fn register(&self, approved: u32) {
        let packages = SeedPackages {
            account: HOME.to_owned(),
            group: GROUP.to_owned(),
            approved,
            pending: approved / 5,
            rejected: approved / 5,
            ..SeedPackages::default()
        };
        self.aws.seed_packages(&packages).unwrap();
    }

    /// A project whose commands run in the registry's account.
    pub(crate) fn project(&self) -> Project {
        let mut project = Project::new().with_pipeline_variables();
        project.set_all(self.aws.environment(HOME).unwrap());
        project
    }

    /// Deploys a built stage to an account, as the pipeline's stack set does.
    pub(crate) fn deploy(&self, project: &Project, stage: &str, account: &str, overrides: &[(&str, &str)]) {
        self.prepare(stage, account);
        self.stack("CreateStack", project, stage, account, overrides);
    }

    /// Updates the stack of [`Cloud::deploy`].
    pub(crate) fn update(&self, project: &Project, stage: &str, account: &str, overrides: &[(&str, &str)]) {
        self.stack("UpdateStack", project, stage, account, overrides);
    }

    fn stack(&self, action: &str, project: &Project, stage: &str, account: &str, overrides: &[(&str, &str)]) {
        let template = project.read("target/deploy/cfn-sm-endpoint.yaml");
        let mut parameters = vec![("StackName".to_owned(), format!("{stage}-endpoint")), ("TemplateBody".to_owned(), template)];
        for (index, entry) in project.json(&format!("target/deploy/{stage}-config.json")).as_array().unwrap().iter().enumerate() {
            let name = entry["ParameterKey"].as_str().unwrap();
            let value = overrides
                .iter()
                .find(|(overridden, _)| *overridden == name)
                .map_or(entry["ParameterValue"].as_str().unwrap(), |(_, value)| value);
            parameters.push((format!("Parameters.member.{}.ParameterKey", index + 1), name.to_owned()));
            parameters.push((format!("Parameters.member.{}.ParameterValue", index + 1), value.to_owned()));
        }
        let parameters: Vec<_> = parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        self.aws.query(account, "cloudformation", action, &parameters).unwrap();
    }

    /// Creates a bucket in the registry's account.
    pub(crate) fn make_bucket(&self, name: &str) {
        let template = json!({ "Resources": { "Bucket": { "Type": "AWS::S3::Bucket", "Properties": { "BucketName": name } } } });
        self.aws.query(HOME, "cloudformation", "CreateStack", &[("StackName", name), ("TemplateBody", &template.to_string())]).unwrap();
    }

    /// Checks that all requests since the log was cleared only read.
    #[track_caller]
    pub(crate) fn only_reads(&self) {
        let reads = ["Get", "List", "Describe", "Head", "AssumeRole", "BatchGetImage"];
        let requests = self.aws.requests().unwrap();
        assert!(!requests.is_empty());
        for request in requests {
            assert!(reads.iter().any(|verb| request.action.starts_with(verb)), "{} {}", request.service, request.action);
        }
    }

    /// Creates a bucket with versioning. moto's CloudFormation ignores `VersioningConfiguration`.
    pub(crate) fn make_versioned_bucket(&self, name: &str) {
        self.make_bucket(name);
        let versioning = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";
        self.aws.put_object(HOME, name, "?versioning", versioning).unwrap();
    }

    /// Creates the network parameters that a deployment in a target account needs.
    pub(crate) fn prepare(&self, stage: &str, account: &str) {
        self.prepare_in(stage, account, REGION);
    }

    /// As [`Cloud::prepare`], in another region.
    pub(crate) fn prepare_in(&self, stage: &str, account: &str, region: &str) {
        for name in ["sagemaker-sg-ids", "private-subnet-ids"] {
            let input = json!({ "Name": format!("ds-{stage}-{name}"), "Value": "id-1,id-2", "Type": "String", "Overwrite": true });
            self.aws.call_in(account, region, "ssm", "PutParameter", &input).unwrap();
        }
    }

    /// The model package that an endpoint serves, as described by the local AWS.
    pub(crate) fn served(&self, account: &str, endpoint: &str) -> String {
        self.served_in(account, REGION, endpoint)
    }

    /// As [`Cloud::served`], in another region.
    pub(crate) fn served_in(&self, account: &str, region: &str, endpoint: &str) -> String {
        let ask = |action: &str, input: Json| self.aws.call_in(account, region, "sagemaker", action, &input).unwrap();
        let endpoint = ask("DescribeEndpoint", json!({ "EndpointName": endpoint }));
        let config = ask("DescribeEndpointConfig", json!({ "EndpointConfigName": endpoint["EndpointConfigName"] }));
        let model = ask("DescribeModel", json!({ "ModelName": config["ProductionVariants"][0]["ModelName"] }));
        model["PrimaryContainer"]["ModelPackageName"].as_str().unwrap().to_owned()
    }

    /// The programs' requests of one action.
    pub(crate) fn requests(&self, action: &str) -> Vec<LoggedRequest> {
        self.aws.requests().unwrap().into_iter().filter(|request| request.action == action).collect()
    }

    pub(crate) fn sagemaker(&self, action: &str, input: &Json) -> Json {
        self.aws.call(HOME, "sagemaker", action, input).unwrap()
    }
}

/// Records the calls of each command, for the test of the committed table (`tests/permissions`).
impl Drop for Cloud {
    fn drop(&mut self) {
        let Ok(requests) = self.aws.requests() else { return };
        // Unknown keys belong to moto's default account: from a test of wrong keys, without calls.
        let calls = requests.into_iter().filter(|request| request.account != "123456789012").filter_map(|request| {
            let place = if request.account == HOME { Place::DataScience } else { Place::Target };
            Call::new(&request.program?, place, &request.service, &request.action)
        });
        calls::note(&calls.collect());
    }
}
