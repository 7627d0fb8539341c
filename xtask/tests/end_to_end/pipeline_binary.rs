//! The binary of a pipeline that a parameter of Systems Manager names.

use serde_json::json;

use crate::cloud::HOME;
use crate::code_pipeline::{Pipeline, Run};
use crate::pipeline::{PROD_AFTER, sha256_of_the_binary, with_first_accounts};
use crate::team_repository::{VOLUME_KEY, cloud, outside};

/// The parameters of a pipeline whose binary a parameter of Systems Manager names.
pub(crate) fn with_parameter() -> Vec<(&'static str, &'static str)> {
    let mut all = with_first_accounts();
    all.retain(|(name, _)| !name.starts_with("Xtask"));
    all.extend([("XtaskParameterName", "/mlops/xtask"), ("XtaskParameterBinaries", "s3://tools/xtask-")]);
    all
}

/// The statements of a role whose actions begin with a service's name.
fn statements(pipeline: &Pipeline, role: &str, service: &str) -> Vec<(String, String)> {
    let all = pipeline.properties(role)["Policies"].as_array().unwrap();
    let all = all.iter().flat_map(|policy| policy["PolicyDocument"]["Statement"].as_array().unwrap());
    let of_service = all.filter_map(|statement| Some((statement["Action"].as_str()?, &statement["Resource"])));
    let of_service = of_service.filter(|(action, _)| action.starts_with(service));
    of_service.map(|(action, resource)| (action.to_owned(), pipeline.text(resource))).collect()
}

#[test]
fn the_build_role_reads_only_the_parameter_and_the_binaries_that_it_names() {
    let fetched = |pipeline: &Pipeline| {
        let read = statements(pipeline, "BuildRole", "s3:GetObject").into_iter().map(|(_, resource)| resource);
        read.filter(|resource| resource.starts_with("arn:aws:s3:::tools/")).collect::<Vec<_>>()
    };
    for (name, resource) in
        [("/mlops/xtask", "parameter/mlops/xtask"), ("xtask", "parameter/xtask"), ("mlops.xtask-1_2", "parameter/mlops.xtask-1_2")]
    {
        let mut parameters = with_parameter();
        parameters.retain(|(parameter, _)| *parameter != "XtaskParameterName");
        parameters.push(("XtaskParameterName", name));
        let pipeline = Pipeline::read(&parameters);
        let expected = ("ssm:GetParameters".to_owned(), format!("arn:aws:ssm:us-east-1:{HOME}:{resource}"));
        assert_eq!(statements(&pipeline, "BuildRole", "ssm:"), [expected]);
        assert_eq!(fetched(&pipeline), ["arn:aws:s3:::tools/xtask-*"]);
        for role in pipeline.roles().filter(|role| *role != "BuildRole" && !pipeline.properties(role)["Policies"].is_null()) {
            assert!(statements(&pipeline, role, "ssm:").is_empty(), "{role}");
        }
        let readers = pipeline.actions().filter(|action| action.provider == "CodeBuild");
        let readers = readers.filter(|action| !pipeline.project(action).parameter_store.is_empty()).map(|action| action.name.as_str());
        assert_eq!(readers.collect::<Vec<_>>(), ["Build"]);
    }
    let pipeline = Pipeline::read(&with_first_accounts());
    assert!(statements(&pipeline, "BuildRole", "ssm:").is_empty());
    assert_eq!(fetched(&pipeline), ["arn:aws:s3:::tools/xtask"]);
}

/// As one change moves forty pipelines: the template's parameter wins over the pins of the
/// repositories, also in the test steps.
#[test]
fn the_parameter_of_the_pipelines_template_pins_the_binary_of_any_repository() {
    let cloud = cloud();
    cloud.prepare("prod", PROD_AFTER);
    let project = outside(&cloud);
    let payloads = ["--payloads", "payloads/three-flowers.csv"];
    let other = ["--url", "s3://other/xtask", "--sha256", &"0".repeat(64)];
    project.run(["new", "pinned"].iter().chain(&payloads).chain(&other)).ends_with(0);
    project.run(["new", "unpinned"].iter().chain(&payloads)).ends_with(0);
    let put = |value: &str| {
        let input = json!({ "Name": "/mlops/xtask", "Value": value, "Type": "String", "Overwrite": true });
        cloud.aws.call(HOME, "ssm", "PutParameter", &input).unwrap();
    };
    for (source, more) in [("pinned", None), ("unpinned", Some(("BuildspecSource", "pipeline")))] {
        let binary = format!("s3://tools/xtask-{source}");
        put(&format!("{binary} {}", sha256_of_the_binary()));
        let mut parameters = with_parameter();
        parameters.push(("VolumeKmsKeyArn", VOLUME_KEY));
        parameters.extend(more);
        let pipeline = Pipeline::read(&parameters);
        // The parameter changes after the build: the tests run the binary that the build published.
        let run = Run::start_and_wait(&pipeline, &cloud, &project.path(source), &[], |_| put("s3://tools/xtask-later 0"));
        assert_eq!(run.history.last().unwrap(), "TestProd succeeded", "{:?} {}", run.history, run.log);
        assert!(run.log.contains(&format!("downloading {binary}")) && !run.log.contains("xtask-later"), "{}", run.log);
        let run = Run::start(&pipeline, &cloud, &project.path(source), &[]);
        assert!(run.log.contains("downloading s3://tools/xtask-later"), "{}", run.log);
        assert!(run.log.contains("it will not be run") && run.history.last().unwrap() == "Build failed", "{}", run.log);
    }
}
