//! A project with two staging targets, and the model packages that its endpoints serve.

use std::collections::BTreeSet;
use std::time::Duration;

use endpoint_test::{CheckReport, Description, EndpointStatus, FindingCode, Outcome, TargetInfo, TargetReport, Variant, Verdict};
use model_release::deploy::{DeployError, DeployEvent, DeployRequest, Deployment, NoWaves, deploy};
use model_release::manifest::Manifest;
use model_release::preflight::PlannedRollout;
use model_release::release_build::Built;
use model_release::{EndpointState, Failure, Release, RolloutRequest, RolloutSettings, Stage, StageTests, TargetEndpoints};
use serde_json::json;
use stack_rollout::preflight::Check;
use stack_rollout::{CallAs, PermissionModel, Preferences, Target};

use crate::fake::{Cloud, FakeClock, FakeStacks, target};

pub(crate) const A: &str = "222222222222";
pub(crate) const B: &str = "333333333333";
pub(crate) const EAST: &str = "us-east-1";
pub(crate) const WEST: &str = "eu-west-1";

/// A model, its endpoint configuration and its endpoint. The secret is hidden, and a parameter sets
/// the endpoint's name.
pub(crate) const TEMPLATE: &str = r#"
Parameters:
  ModelPackageName: { Type: String }
  EndpointName: { Type: String, Default: iris }
  InstanceCount: { Type: Number, Default: 1 }
  DeploymentAttempt: { Type: String, Default: "" }
  Secret: { Type: String, NoEcho: true, Default: "" }
  Network: { Type: "AWS::SSM::Parameter::Value<String>", Default: /network/subnet }
Resources:
  Model:
    Type: AWS::SageMaker::Model
    Properties: { PrimaryContainer: { ModelPackageName: !Ref ModelPackageName, Environment: { ATTEMPT: !Ref DeploymentAttempt } } }
  Config:
    Type: AWS::SageMaker::EndpointConfig
    Properties:
      ProductionVariants:
        - { VariantName: A, ModelName: !GetAtt Model.ModelName, InstanceType: ml.m5.large, InitialInstanceCount: !Ref InstanceCount }
  Endpoint:
    Type: AWS::SageMaker::Endpoint
    Properties: { EndpointName: !Ref EndpointName, EndpointConfigName: !GetAtt Config.EndpointConfigName }
"#;

pub(crate) fn package(version: u32) -> String {
    format!("arn:aws:sagemaker:us-east-1:111111111111:model-package/iris/{version}")
}

/// A release of this model package version, with additional parameters.
pub(crate) fn release_with(version: u32, parameters: &[(&str, &str)]) -> Release {
    release_of(TEMPLATE, version, parameters)
}

pub(crate) fn release_of(template: &str, version: u32, parameters: &[(&str, &str)]) -> Release {
    Release::of(built(template, version, parameters))
}

/// The manifest and the other files of a release; the manifest has no checksums.
pub(crate) fn built(template: &str, version: u32, parameters: &[(&str, &str)]) -> Built {
    let stage = |env_type: &str| {
        json!({
            "env_type": env_type, "config": format!("{env_type}.json"), "accounts": [A, B], "regions": [EAST],
            "execution_role_name": "ModelRole", "endpoints": ["iris"], "stack_set": format!("iris-{env_type}"),
        })
    };
    let manifest = json!({
        "schema_version": 1, "tool": { "name": "test", "version": "1" }, "action": "deploy",
        "source": { "commit": null, "dirty": null },
        "project": { "name": "iris", "id": "p-1", "environment": "env" },
        "model_package": {
            "arn": package(version), "group": "iris", "version": version, "approval_status": "Approved", "status": "Completed",
            "created": "2026-01-01T00:00:00Z", "images": [], "model_data": [],
        },
        "choice": { "selection": "latest-approved", "because": "it is the newest", "passed_over": [] },
        "stages": { "staging": stage("staging"), "prod": stage("prod") },
        "template": "template.yaml",
        "files": {},
    });
    let manifest: Manifest = serde_json::from_value(manifest).unwrap();
    let package = package(version);
    let all = [("ModelPackageName", package.as_str())].into_iter().chain(parameters.iter().copied());
    let parameters: Vec<_> = all.map(|(key, value)| json!({ "ParameterKey": key, "ParameterValue": value })).collect();
    let stage_file = json!(parameters).to_string().into_bytes();
    let files = [("template.yaml", template.as_bytes().to_vec()), ("staging.json", stage_file.clone()), ("prod.json", stage_file)];
    let files = files.map(|(name, bytes)| (name.to_owned(), bytes)).into();
    Built { manifest, files, digest: format!("sha256:{version:016}") }
}

pub(crate) fn release(version: u32) -> Release {
    release_with(version, &[])
}

pub(crate) fn request(release: &Release) -> RolloutRequest {
    RolloutRequest::new(release, Stage::Staging, settings()).unwrap()
}

pub(crate) fn settings() -> RolloutSettings {
    RolloutSettings {
        accounts: None,
        regions: None,
        call_as: CallAs::Itself,
        permission_model: PermissionModel::default(),
        preferences: Preferences { failure_tolerance_percentage: Some(50), ..Preferences::default() },
        managed_execution: None,
        reapply: BTreeSet::new(),
        attempt: String::new(),
    }
}

pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

type Preflight = fn(PlannedRollout<'_>) -> std::future::Ready<Vec<Check>>;

/// No preflight.
pub(crate) const NO_PREFLIGHT: Option<Preflight> = None;

/// The state of the endpoints after a successful rollout.
#[derive(Debug, Default)]
pub(crate) struct Fleet {
    /// Targets whose endpoint has its old configuration, although CloudFormation reports success.
    pub(crate) reverted: BTreeSet<Target>,
    /// Targets whose endpoint serves the release, but another of its checks fails.
    pub(crate) misconfigured: BTreeSet<Target>,
    /// Targets that cannot be reached.
    pub(crate) unreachable: BTreeSet<Target>,
    /// Targets whose endpoint was deleted.
    pub(crate) deleted: BTreeSet<Target>,
    /// The number of instances of every endpoint, before and after a rollout.
    pub(crate) instances: Option<(i32, i32)>,
}

impl Fleet {
    /// Checks the model package of each endpoint.
    pub(crate) fn identity(&self, cloud: &Cloud, tests: &StageTests) -> Result<Vec<TargetReport>, Failure> {
        let (release, expectations) = (tests.release.as_ref().unwrap(), tests.expectations.as_ref().unwrap());
        let stage = release.manifest.stage(tests.stage);
        let served = cloud.state().set.as_ref().and_then(|set| set.parameters.iter().find(|(key, _)| key == "ModelPackageName").cloned());
        let mut reports = Vec::new();
        for account in &stage.accounts {
            let place = target(account.as_str(), EAST);
            if !tests.only.as_ref().unwrap().contains(&place) {
                continue;
            }
            let expected = expectations.of(release, account, &place.region, "iris")?.model_package_arn.map(String::from);
            let served = served.clone().map(|(_, arn)| arn).filter(|_| !self.reverted.contains(&place));
            let info = TargetInfo {
                account_id: account.to_string(),
                region: EAST.to_owned(),
                endpoint: "iris".to_owned(),
                ..TargetInfo::default()
            };
            let encryption = TargetReport::errored(info.clone(), "encryption", "the volumes have another key", None).checks;
            let mut report = TargetReport::errored(info, "identity", "the endpoint serves another model package", None);
            if self.deleted.contains(&place) {
                report.checks[0].code = Some(FindingCode::EndpointMissing);
                reports.push(report);
                continue;
            }
            report.status = Some("InService".to_owned());
            report.variants = vec![Variant {
                desired_instance_count: self.instances.map(|(_, after)| after),
                name: "A".to_owned(),
                ..Variant::default()
            }];
            report.checks[0].outcome = match served == expected {
                _ if self.unreachable.contains(&place) => Outcome::Errored,
                true => Outcome::Passed,
                false => Outcome::Failed,
            };
            if self.misconfigured.contains(&place) {
                report.checks.extend(encryption.into_iter().map(|check| CheckReport { outcome: Outcome::Failed, ..check }));
            }
            report.verdict = match Outcome::of_all(report.checks.iter().map(|check| check.outcome)) {
                Outcome::Failed => Verdict::Failed,
                Outcome::Errored => Verdict::Errored,
                _ => Verdict::Passed,
            };
            reports.push(report);
        }
        Ok(reports)
    }

    /// Reads the endpoints before a rollout (without a model package to serve), or after a failure.
    pub(crate) fn read(&self, cloud: &Cloud, targets: Vec<(Target, Option<String>)>) -> Vec<TargetEndpoints> {
        let state = cloud.state();
        let served = |target: &Target| state.deployed.get(target)?.get("ModelPackageName").cloned();
        let endpoint = |target: &Target, wanted: Option<String>| match served(target) {
            None => EndpointState::missing("iris"),
            Some(served) => {
                let variant = Variant {
                    name: "A".to_owned(),
                    model_packages: vec![served],
                    desired_instance_count: self.instances.map(|(before, _)| before),
                    ..Variant::default()
                };
                let description = Description { status: EndpointStatus::InService, variants: vec![variant], ..Description::default() };
                EndpointState::described("iris", &description, wanted.as_deref())
            }
        };
        targets.into_iter().map(|(target, wanted)| TargetEndpoints::new(target.clone(), vec![endpoint(&target, wanted)])).collect()
    }

    /// Deploys a release to staging.
    pub(crate) fn deploy(
        &self,
        cloud: &Cloud,
        release: &Release,
        preflight: Option<impl AsyncFnOnce(PlannedRollout<'_>) -> Vec<Check>>,
        on_event: impl FnMut(DeployEvent) + Send,
    ) -> Result<Deployment, DeployError> {
        self.deploy_request(cloud, release, &request(release), preflight, on_event)
    }

    /// Deploys this rollout of a release.
    pub(crate) fn deploy_request(
        &self,
        cloud: &Cloud,
        release: &Release,
        rollout: &RolloutRequest,
        preflight: Option<impl AsyncFnOnce(PlannedRollout<'_>) -> Vec<Check>>,
        on_event: impl FnMut(DeployEvent) + Send,
    ) -> Result<Deployment, DeployError> {
        let options = rollout.options(Duration::from_mins(30)).with_clock(FakeClock::default());
        let deployment = DeployRequest { release, stage: Stage::Staging, rollout, options, waves: None, during_freeze: None };
        let stacks = |_, _| async { Ok(FakeStacks::default()) };
        let identity = async |tests: StageTests| self.identity(cloud, &tests);
        let read = async |targets| self.read(cloud, targets);
        block_on(deploy(&deployment, cloud, stacks, preflight, read, identity, &NoWaves, on_event))
    }
}

/// Deploys a release to staging; every endpoint then serves it.
pub(crate) fn deployed(cloud: &Cloud, release: &Release) -> Deployment {
    Fleet::default().deploy(cloud, release, NO_PREFLIGHT, |_| {}).unwrap()
}
