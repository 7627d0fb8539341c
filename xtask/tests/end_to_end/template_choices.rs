//! Checks the templates with every pair of parameter values that their rules allow, so that no
//! combination of conditions creates resources that AWS refuses.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use cfn_render::{PseudoParameters, Template};
use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::string::string_regex;
use proptest::test_runner::TestRunner;
use serde_json::Value as Json;
use stage_config::{Layer, ParameterDeclaration, ParametersSection, check_rules, merge};

use crate::api_models::{Checked, check_templates};
use crate::buildspecs::{python_program, text};
use crate::project::workspace;

type Choice = BTreeMap<String, String>;

/// The parameter values to test a template with.
struct Space {
    template: Template,
    section: ParametersSection,
    document: Json,
    /// Each parameter with its test values, the usual one first.
    values: Vec<(&'static str, &'static [&'static str])>,
    /// Parameters with fixed values, and choices of several parameters.
    common: &'static [(&'static str, &'static str)],
    profiles: &'static [&'static [(&'static str, &'static str)]],
}

const PACKAGE: &str = "arn:aws:sagemaker:us-east-1:111111111111:model-package/iris/14";
const KEY: &str = "arn:aws:kms:us-east-1:111111111111:key/1";

impl Space {
    fn new(
        path: &str,
        common: &'static [(&'static str, &'static str)],
        profiles: &'static [&'static [(&'static str, &'static str)]],
        values: &[(&'static str, &'static [&'static str])],
    ) -> Self {
        let text = std::fs::read_to_string(workspace().join(path)).unwrap();
        let template = Template::parse(text, path).unwrap();
        let section = ParametersSection::parse(&template.parameters()).unwrap();
        let document = template.to_value();
        Self { template, section, document, values: values.to_vec(), common, profiles }
    }

    /// Whether the template's rules allow a choice.
    fn allows(&self, choice: &Choice) -> bool {
        let mut layer = Layer::default();
        for (name, value) in choice {
            layer.set_by_pipeline(name, value, "a choice");
        }
        check_rules(&self.document, &self.section, &merge([layer]), &BTreeSet::new()).is_empty()
    }

    /// Choices that cover every allowed pair of values, and the number of pairs that are not
    /// allowed.
    fn pairwise(&self) -> (Vec<Choice>, usize) {
        let mut open: BTreeSet<[(&str, &str); 2]> = BTreeSet::new();
        for (index, (name, values)) in self.values.iter().enumerate() {
            for (other, others) in &self.values[index + 1..] {
                open.extend(values.iter().flat_map(|value| others.iter().map(move |second| [(*name, *value), (*other, *second)])));
            }
        }
        let (mut choices, mut forbidden) = (Vec::new(), 0);
        while let Some(pair) = open.first().copied() {
            match self.around(pair, &open) {
                Some(choice) => {
                    open.retain(|pair| !pair.iter().all(|(name, value)| choice[*name] == *value));
                    choices.push(choice);
                }
                None => {
                    open.remove(&pair);
                    forbidden += 1;
                }
            }
        }
        (choices, forbidden)
    }

    /// An allowed choice with this pair and as many other open pairs as a greedy search finds.
    fn around(&self, pair: [(&str, &str); 2], open: &BTreeSet<[(&str, &str); 2]>) -> Option<Choice> {
        let usual = self.values.iter().map(|(name, values)| (*name, values[0]));
        let candidates = self.profiles.iter().map(|profile| {
            let all = usual.clone().chain(self.common.iter().copied()).chain(profile.iter().copied()).chain(pair);
            all.map(|(name, value)| (name.to_owned(), value.to_owned())).collect::<Choice>()
        });
        let mut choice = candidates.into_iter().find(|choice| self.allows(choice))?;
        let covered = |choice: &Choice| open.iter().filter(|pair| pair.iter().all(|(name, value)| choice[*name] == *value)).count();
        for (name, values) in self.values.iter().filter(|(name, _)| pair.iter().all(|(fixed, _)| fixed != name)) {
            for value in *values {
                let mut changed = choice.clone();
                changed.insert((*name).to_owned(), (*value).to_owned());
                if covered(&changed) > covered(&choice) && self.allows(&changed) {
                    choice = changed;
                }
            }
        }
        Some(choice)
    }

    /// A choice with its values replaced by other allowed ones, if the rules allow the combination.
    fn varied(&self, choice: &Choice, variation: &mut Variation<'_>) -> Choice {
        let mut varied = choice.clone();
        for (name, declaration) in self.section.declarations.iter().filter(|(name, _)| *name != OPEN) {
            let value = choice.get(name).or(declaration.default.as_ref()).filter(|value| !value.is_empty());
            let Some(other) = value.and_then(|value| variation.of(declaration, value)) else { continue };
            let mut changed = varied.clone();
            changed.insert(name.clone(), other);
            if self.allows(&changed) {
                varied = changed;
            }
        }
        varied
    }

    /// Each choice with minimum values, with maximum values, and with three random ones.
    fn varied_choices(&self, choices: &[Choice]) -> Vec<Choice> {
        let mut runner = TestRunner::deterministic();
        let mut varied = Vec::new();
        for choice in choices {
            varied.extend([Variation::Least, Variation::Most].map(|mut variation| self.varied(choice, &mut variation)));
            varied.extend((0..3).map(|_| self.varied(choice, &mut Variation::Any(&mut runner))));
        }
        varied
    }

    fn resolve(&self, choice: &Choice) -> Json {
        let pseudo = PseudoParameters::in_region("us-east-1").in_account("222222222222");
        self.template.resolve(choice, &pseudo).unwrap_or_else(|error| panic!("{error}: {choice:?}"))
    }
}

/// SageMaker determines the instance types; the template's pattern only checks their form.
const OPEN: &str = "EndpointInstanceType";

/// Selects an allowed value of a declaration.
enum Variation<'r> {
    Least,
    /// The greatest number, the longest text.
    Most,
    /// Some text that matches the pattern.
    Any(&'r mut TestRunner),
}

impl Variation<'_> {
    fn of(&mut self, declaration: &ParameterDeclaration, value: &str) -> Option<String> {
        let allowed = |text: &String| {
            let length = declaration.min_length.unwrap_or(0)..=declaration.max_length.unwrap_or(4096);
            let matches = declaration.allowed_pattern.as_ref().is_none_or(|pattern| pattern.matches(text).unwrap());
            !text.is_empty() && matches && length.contains(&text.len())
        };
        match self {
            Self::Least if declaration.allowed_values.is_empty() => declaration.min_value.map(|number| number.to_string()),
            Self::Least => declaration.allowed_values.first().cloned(),
            Self::Most if !declaration.allowed_values.is_empty() => declaration.allowed_values.last().cloned(),
            Self::Most => declaration.max_value.map(|number| number.to_string()).or_else(|| {
                // Repeats up to the length limit.
                let more = declaration.max_length?.checked_sub(value.len())?;
                let longer = |(at, letter): (usize, char)| format!("{}{}{}", &value[..at], letter.to_string().repeat(more), &value[at..]);
                value.char_indices().map(longer).find(allowed)
            }),
            Self::Any(runner) => {
                // Java's classes are ASCII; for a dot, common characters are enough.
                let pattern = declaration.allowed_pattern.as_ref()?.as_str().replace(r"\w", "a-zA-Z0-9_").replace(".*", "[ -~]*");
                let texts = string_regex(&pattern).unwrap();
                (0..20).map(|_| texts.new_tree(runner).unwrap().current()).find(allowed)
            }
        }
    }
}

/// The referenced resources that a resolved template does not have.
fn dangling(resolved: &Json) -> BTreeSet<String> {
    let declared =
        |name: &str| name.starts_with("AWS::") || !resolved["Resources"][name].is_null() || !resolved["Parameters"][name].is_null();
    let mut found = BTreeSet::new();
    references(&resolved["Resources"], &mut found);
    references(&resolved["Outputs"], &mut found);
    found.into_iter().filter(|name| !declared(name)).collect()
}

fn references(value: &Json, found: &mut BTreeSet<String>) {
    match value {
        Json::Array(items) => items.iter().for_each(|item| references(item, found)),
        Json::Object(members) => {
            if let Some(name) = members.get("Ref").and_then(Json::as_str) {
                found.insert(name.to_owned());
            }
            if let Some(name) = members.get("Fn::GetAtt").and_then(|path| path[0].as_str()) {
                found.insert(name.to_owned());
            }
            if let Some(text) = members.get("Fn::Sub").and_then(|sub| sub.as_str().or_else(|| sub[0].as_str())) {
                let names = text.split("${").skip(1).filter_map(|rest| rest.split(['}', '.']).next());
                let own = &members["Fn::Sub"][1];
                found.extend(names.filter(|name| own[*name].is_null()).map(str::to_owned));
            }
            members.values().for_each(|value| references(value, found));
        }
        _ => {}
    }
}

/// Runs cfn-lint on all resolved templates; ignores findings about unused parameters.
fn lint(name: &str, resolved: &[Json]) {
    let folder = tempfile::tempdir().unwrap();
    let mut files = Vec::new();
    for (index, document) in resolved.iter().enumerate() {
        let mut document = document.clone();
        for section in ["Conditions", "Rules", "Metadata"] {
            document.as_object_mut().unwrap().remove(section);
        }
        // Conditions are already resolved.
        for section in ["Resources", "Outputs"] {
            for resource in document[section].as_object_mut().unwrap().values_mut() {
                resource.as_object_mut().unwrap().remove("Condition");
            }
        }
        let path = folder.path().join(format!("{name}-{index}.json"));
        std::fs::write(&path, document.to_string()).unwrap();
        files.push(path);
    }
    let program = "import sys; from cfnlint.runner import main; sys.exit(main())";
    let output = Command::new(python_program("python"))
        .args(["-c", program, "--ignore-checks", "W2001", "W8001", "W7001", "--"])
        .args(&files)
        .output()
        .unwrap();
    assert!(output.status.success() && text(&output).trim().is_empty(), "{}", text(&output));
}

#[test]
#[expect(clippy::print_stdout, reason = "the number of choices, shown with --nocapture")]
fn no_pair_of_values_creates_an_endpoint_that_aws_refuses() {
    let space = Space::new(
        "cfn-sm-endpoint-template.yml",
        &[
            ("SageMakerProjectName", "iris"),
            ("SageMakerProjectId", "p-1"),
            ("EnvName", "ds"),
            ("EnvType", "staging"),
            ("ModelPackageName", "arn:aws:sagemaker:us-east-1:111111111111:model-package/iris/13"),
            ("ExecutionRoleName", "Model"),
            ("SageMakerSubnetIds", "ds-staging-private-subnet-ids"),
            ("SageMakerSecurityGroupIds", "ds-staging-sagemaker-sg-ids"),
            ("RollbackErrorRate", "0.05"),
        ],
        &[
            &[],
            &[("EndpointInstanceCount", "4")],
            &[("EndpointKind", "serverless"), ("NetworkIsolation", "false"), ("UseVpc", "no")],
            &[("EndpointKind", "asynchronous"), ("AsyncOutputS3Uri", "s3://answers/"), ("ScalingMaxInstanceCount", "8")],
            &[("EndpointKind", "asynchronous"), ("AsyncOutputS3Uri", "s3://answers/"), ("EndpointInstanceCount", "4")],
            &[("EndpointInstanceCount", "4"), ("RollbackAlarmName", "errors")],
            &[
                ("EndpointInstanceCount", "4"),
                ("EndpointKind", "asynchronous"),
                ("AsyncOutputS3Uri", "s3://answers/"),
                ("RollbackAlarmName", "errors"),
            ],
        ],
        &[
            ("EndpointKind", &["real-time", "asynchronous", "serverless"]),
            ("EndpointInstanceType", &["ml.m5.large", "ml.g5.xlarge", "ml.p6-b200.48xlarge"]),
            ("EndpointInstanceCount", &["1", "4"]),
            ("VolumeKmsKeyArn", &["", KEY]),
            ("EncryptVolumes", &["auto", "no"]),
            ("NetworkIsolation", &["true", "false"]),
            ("UseVpc", &["yes", "no"]),
            ("InferenceSpecificationName", &["", "large"]),
            ("ContainerStartupTimeoutSeconds", &["", "600"]),
            ("VolumeSizeGiB", &["", "64"]),
            ("ModelServerWorkers", &["", "2"]),
            ("ModelServerTimeoutSeconds", &["", "90"]),
            ("DataCaptureS3Uri", &["", "s3://captured/iris"]),
            ("DataCaptureKmsKeyArn", &["", KEY]),
            ("ServerlessProvisionedConcurrency", &["", "2"]),
            ("AsyncOutputS3Uri", &["", "s3://answers/"]),
            ("AsyncSuccessTopicArn", &["", "arn:aws:sns:us-east-1:222222222222:done"]),
            ("AsyncMaxConcurrentInvocations", &["", "4"]),
            ("ChallengerModelPackageName", &["", PACKAGE]),
            ("ChallengerTraffic", &["shadow", "live"]),
            ("ScalingMaxInstanceCount", &["", "8"]),
            ("ScalingMinInstanceCount", &["", "0", "2"]),
            ("DeploymentStrategy", &["all-at-once", "canary", "linear", "rolling"]),
            ("BakeSeconds", &["300", "0", "1200"]),
            ("RollbackAlarms", &["yes", "no"]),
            ("RollbackLatencyMilliseconds", &["", "250"]),
            ("RollbackAlarmName", &["", "composite"]),
            ("AlarmTopicArn", &["", "arn:aws:sns:us-east-1:222222222222:alarms"]),
        ],
    );
    let (choices, forbidden) = space.pairwise();
    let mut resolved = Vec::new();
    for choice in &choices {
        let document = space.resolve(choice);
        assert_eq!(dangling(&document), BTreeSet::new(), "{choice:?}");
        let mut layer = Layer::default();
        for (name, value) in choice {
            layer.set_by_pipeline(name, value, "a choice");
        }
        let found = stage_config::check_resources(
            stage_config::ResolvedTemplate::new(&space.document, &document),
            &merge([layer]),
            &stage_config::ResourceRules::default(),
        );
        let errors: Vec<_> = found.iter().filter(|problem| problem.severity == stage_config::Severity::Error).collect();
        assert!(errors.is_empty(), "{errors:#?}\n{choice:?}");
        check_sagemaker_rules(&document, choice);
        resolved.push(document);
    }
    println!("cfn-sm-endpoint-template.yml: {} choices hold every pair; {forbidden} pairs are refused by the rules", choices.len());
    assert!(choices.len() > 10 && forbidden > 0);
    let checked = [
        "AWS::ApplicationAutoScaling::ScalableTarget",
        "AWS::ApplicationAutoScaling::ScalingPolicy",
        "AWS::CloudWatch::Alarm",
        "AWS::SageMaker::Endpoint",
        "AWS::SageMaker::EndpointConfig",
        "AWS::SageMaker::Model",
    ];
    lint("endpoint", &resolved);
    resolved.extend(space.varied_choices(&choices).iter().map(|choice| space.resolve(choice)));
    let Checked { checked: types, refused } = check_templates(&resolved);
    assert!(refused.is_empty(), "{refused:#?}");
    assert!(types.keys().eq(&checked), "{types:?}");
}

/// Checks SageMaker's rules for configurations and deployments (API reference of
/// CreateEndpointConfig and DeploymentConfig, and the documented exclusions).
fn check_sagemaker_rules(document: &Json, choice: &Choice) {
    let resources = &document["Resources"];
    let (model, config, endpoint) = (
        &resources["SageMakerModel"]["Properties"],
        &resources["SageMakerEndpointConfig"]["Properties"],
        &resources["SageMakerEndpoint"]["Properties"],
    );
    let variants = config["ProductionVariants"].as_array().unwrap();
    let shadows = config["ShadowProductionVariants"].as_array().map_or(0, Vec::len);
    let serverless = !variants[0]["ServerlessConfig"].is_null();
    for variant in variants {
        let instances = !variant["InstanceType"].is_null() && !variant["InitialInstanceCount"].is_null();
        assert_ne!(instances, !variant["ServerlessConfig"].is_null(), "instances or serverless, one of them: {choice:?}");
    }
    assert!((1..=2).contains(&variants.len()) && (shadows == 0 || (shadows, variants.len()) == (1, 1)), "{choice:?}");
    let unsupported = [&config["KmsKeyId"], &model["VpcConfig"], &config["DataCaptureConfig"], &endpoint["DeploymentConfig"]];
    if serverless {
        assert!(unsupported.iter().all(|part| part.is_null()) && model["EnableNetworkIsolation"] == "false", "{choice:?}");
        assert!(shadows == 0 && variants.len() == 1 && config["AsyncInferenceConfig"].is_null(), "{choice:?}");
        return;
    }
    if !config["AsyncInferenceConfig"].is_null() {
        assert!(!config["AsyncInferenceConfig"]["OutputConfig"]["S3OutputPath"].is_null(), "{choice:?}");
        assert!(shadows == 0 && variants.len() == 1, "{choice:?}");
    }
    let deployment = &endpoint["DeploymentConfig"];
    let rolling = !deployment["RollingUpdatePolicy"].is_null();
    assert_ne!(rolling, !deployment["BlueGreenUpdatePolicy"].is_null(), "blue/green or rolling, one of them: {choice:?}");
    assert!(!rolling || variants.len() == 1, "{choice:?}");
    let alarms = &deployment["AutoRollbackConfiguration"]["Alarms"];
    assert!(alarms.is_null() || (1..=10).contains(&alarms.as_array().unwrap().len()), "{choice:?}");
    let number = |value: &Json| value.as_str().map_or_else(|| value.as_i64().unwrap_or(0), |text| text.parse().unwrap());
    let routing = &deployment["BlueGreenUpdatePolicy"]["TrafficRoutingConfiguration"];
    let (kind, policy) =
        (routing["Type"].as_str(), if rolling { &deployment["RollingUpdatePolicy"] } else { &deployment["BlueGreenUpdatePolicy"] });
    let steps = |size: &Json| (100 + number(&size["Value"]) - 1) / number(&size["Value"]);
    let waits = match kind {
        Some("CANARY") => number(&routing["WaitIntervalInSeconds"]),
        Some("LINEAR") => steps(&routing["LinearStepSize"]) * number(&routing["WaitIntervalInSeconds"]),
        Some(_) => 0,
        None => steps(&policy["MaximumBatchSize"]) * number(&policy["WaitIntervalInSeconds"]),
    } + number(&policy["TerminationWaitInSeconds"]);
    assert!(waits < number(&policy["MaximumExecutionTimeoutInSeconds"]), "{waits} seconds of waiting: {choice:?}");
    assert_eq!((kind == Some("CANARY"), kind == Some("LINEAR")), (!routing["CanarySize"].is_null(), !routing["LinearStepSize"].is_null()));
    if !resources["ScalableTarget"].is_null() {
        assert_eq!(endpoint["RetainAllVariantProperties"], true, "{choice:?}");
    }
    if choice["EncryptVolumes"] == "auto" && choice["EndpointInstanceType"] != "ml.m5.large" {
        assert!(config["KmsKeyId"].is_null(), "{choice:?}");
    }
}

#[test]
#[expect(clippy::print_stdout, reason = "the number of choices, shown with --nocapture")]
fn no_pair_of_values_gives_a_role_or_pipeline_a_dangling_reference() {
    let pipeline = Space::new(
        "pipeline/model-deploy-pipeline.yml",
        &[("SageMakerProjectName", "iris"), ("SageMakerProjectId", "p-1"), ("ModelPackageGroupName", "iris"), ("EnvName", "ds")],
        &[
            &[("StagingAccountList", "222222222222"), ("ProdAccountList", "333333333333")],
            &[("StagingAccountList", "222222222222"), ("ProdAccountList", "333333333333"), ("XtaskSha256", "aa")],
            &[("StagingAccountList", "222222222222"), ("ProdAccountList", "333333333333"), ("XtaskParameterName", "/mlops/xtask")],
        ],
        &[
            ("SourceProvider", &["CodeConnections", "CodeCommit", "S3"]),
            ("ConnectionArn", &["arn:aws:codeconnections:us-east-1:111111111111:connection/1"]),
            ("RepositoryId", &["team/iris"]),
            ("SourceBucketName", &["sources"]),
            ("MultiAccountDeployment", &["YES", "NO"]),
            ("PermissionsBoundaryArn", &["", "arn:aws:iam::111111111111:policy/boundary"]),
            ("TestExternalId", &["", "external"]),
            ("ExecutionMode", &["SUPERSEDED", "QUEUED"]),
            ("ApproverEmail", &["", "approver@example.com"]),
            ("ProdFirstAccounts", &["", "333333333333,444444444444"]),
            ("ProdBakeMinutes", &["0", "30"]),
            ("ProdOnFailure", &["stop", "roll-back"]),
            ("BuildSigningKeyArn", &["", KEY]),
            ("TestSigningKeyArn", &["", KEY]),
            ("CheckSigningKeyArn", &["", KEY]),
            ("HistoryBucketName", &["", "history"]),
            ("HistoryKmsKeyArn", &["", KEY]),
            ("XtaskUrl", &["", "s3://tools/xtask", "https://example.com/xtask"]),
            ("XtaskSha256", &["", "aa"]),
            ("XtaskParameterName", &["", "/mlops/xtask", "xtask"]),
            ("XtaskParameterBinaries", &["", "s3://tools/xtask-"]),
            ("MetricsBucketName", &["", "metrics"]),
            ("MetricsKmsKeyArn", &["", KEY]),
            ("ModelBucketName", &["", "models-*"]),
            ("ImageRepositoryArn", &["", "arn:aws:ecr:*:111111111111:repository/iris"]),
            ("VpcId", &["", "vpc-12345678"]),
            ("SubnetIds", &["subnet-12345678"]),
            ("SecurityGroupIds", &["sg-12345678"]),
        ],
    );
    let target = Space::new(
        "pipeline/target-account.yml",
        &[
            ("SageMakerProjectName", "iris"),
            ("SageMakerProjectId", "p-1"),
            ("EnvName", "ds"),
            ("EnvType", "staging"),
            ("ModelPackageGroupName", "iris"),
            ("DataScienceAccountId", "111111111111"),
            ("ModelBucketName", "iris-models"),
        ],
        &[&[]],
        &[
            ("TestExternalId", &["", "external"]),
            ("OtherTesterRoleArn", &["", "arn:aws:iam::111111111111:role/GitHub"]),
            ("PermissionsBoundaryArn", &["", "arn:aws:iam::222222222222:policy/boundary"]),
            ("ModelKmsKeyArn", &["", KEY]),
            ("ImageRepositoryArn", &["", "arn:aws:ecr:us-east-1:111111111111:repository/iris"]),
            ("VolumeKmsKeyArn", &["", KEY]),
            ("OutputBucketName", &["", "captured"]),
            ("OutputKmsKeyArn", &["", KEY]),
            ("AsyncAnswersPrefix", &["", "iris/answers"]),
            ("NotificationTopicArn", &["", "arn:aws:sns:us-east-1:222222222222:answers"]),
        ],
    );
    for space in [pipeline, target] {
        let (choices, _) = space.pairwise();
        let mut resolved: Vec<Json> = choices.iter().map(|choice| space.resolve(choice)).collect();
        for (document, choice) in resolved.iter().zip(&choices) {
            assert_eq!(dangling(document), BTreeSet::new(), "{choice:?}");
        }
        let name = Path::new(space.template.path()).file_stem().unwrap().to_string_lossy().into_owned();
        println!("{name}: {} choices hold every pair", choices.len());
        lint(&name, &resolved);
        resolved.extend(space.varied_choices(&choices).iter().map(|choice| space.resolve(choice)));
        let Checked { checked, refused } = check_templates(&resolved);
        assert!(refused.is_empty() && checked.contains_key("AWS::IAM::Role"), "{refused:#?} {checked:?}");
    }
}
