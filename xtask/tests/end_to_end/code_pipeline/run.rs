//! A simulation of CodePipeline on the local AWS. It runs the actions of the pipeline: CodeBuild's
//! buildspecs in a shell with only the template's variables, and the calls of the stack set action.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::SystemTime;

use serde_json::Value as Json;
use tempfile::TempDir;

use super::{Action, EXECUTION_ID, Pipeline, Stage, action_environment, references};
use crate::approvals::{APPROVER, approval_action};
use crate::cloud::{Cloud, HOME};
use crate::project::program;

/// A pipeline execution and its results.
pub(crate) struct Run<'a> {
    pipeline: &'a Pipeline,
    cloud: &'a Cloud,
    folder: TempDir,
    /// The folder of the builds of an execution: a rollback is an execution of its own.
    builds: PathBuf,
    /// Values by `NAMESPACE.NAME`.
    pub(crate) variables: BTreeMap<String, String>,
    pub(crate) artifacts: BTreeMap<String, PathBuf>,
    /// The events in order: skipped stages, and actions that succeeded or failed.
    pub(crate) history: Vec<String>,
    /// The texts for the approver.
    pub(crate) approval: Option<BTreeMap<String, String>>,
    /// Who approves.
    pub(crate) approver: String,
    /// The output of the builds.
    pub(crate) log: String,
}

impl<'a> Run<'a> {
    /// Runs the pipeline for this source, started with these variables.
    pub(crate) fn start(pipeline: &'a Pipeline, cloud: &'a Cloud, source: &Path, started_with: &[(&str, &str)]) -> Self {
        Self::start_and_wait(pipeline, cloud, source, started_with, |_| {})
    }

    /// As [`Run::start`]. `while_waiting` runs while the execution waits for its approver.
    pub(crate) fn start_and_wait(
        pipeline: &'a Pipeline,
        cloud: &'a Cloud,
        source: &Path,
        started_with: &[(&str, &str)],
        while_waiting: impl Fn(&mut Self),
    ) -> Self {
        Self::execute(pipeline, cloud, source, started_with, while_waiting, None)
    }

    /// As [`Run::start`]. `before` is the last execution that succeeded in every stage.
    pub(crate) fn start_after(
        pipeline: &'a Pipeline,
        cloud: &'a Cloud,
        source: &Path,
        started_with: &[(&str, &str)],
        before: &Self,
    ) -> Self {
        Self::execute(pipeline, cloud, source, started_with, |_| {}, Some(before))
    }

    fn execute(
        pipeline: &'a Pipeline,
        cloud: &'a Cloud,
        source: &Path,
        started_with: &[(&str, &str)],
        while_waiting: impl Fn(&mut Self),
        before: Option<&Self>,
    ) -> Self {
        let mut run = Self::new(pipeline, cloud, source, started_with);
        if let Some(failed) = run.play(while_waiting)
            && failed.rolls_back
        {
            run.roll_back(failed, before);
        }
        run
    }

    fn new(pipeline: &'a Pipeline, cloud: &'a Cloud, source: &Path, started_with: &[(&str, &str)]) -> Self {
        let mut variables: BTreeMap<String, String> =
            pipeline.variables.iter().map(|(name, value)| (format!("variables.{name}"), value.clone())).collect();
        variables.insert(EXECUTION_ID.to_owned(), execution_id());
        for (name, value) in started_with {
            assert!(variables.insert(format!("variables.{name}"), (*value).to_owned()).is_some(), "the pipeline has no variable {name}");
        }
        let folder = TempDir::new().unwrap();
        // The commit of this execution.
        copy(source, &folder.path().join("source"));
        let artifacts = BTreeMap::from([("SourceArtifact".to_owned(), folder.path().join("source"))]);
        let builds = folder.path().join("builds");
        let (history, log, approver) = (Vec::new(), String::new(), APPROVER.to_owned());
        Self { pipeline, cloud, folder, builds, variables, artifacts, history, approval: None, approver, log }
    }

    /// Runs all stages; returns the one that failed.
    fn play(&mut self, while_waiting: impl Fn(&mut Self)) -> Option<&'a Stage> {
        let pipeline = self.pipeline;
        pipeline.stages.iter().find(|stage| !self.stage(stage, &while_waiting))
    }

    /// Rolls a stage back as CodePipeline documents it: a new execution runs the stage with the
    /// artifacts and variables of the last one that succeeded there. Not tested in AWS.
    fn roll_back(&mut self, stage: &Stage, before: Option<&Self>) {
        let Some(before) = before else {
            self.history.push(format!("{} cannot roll back", stage.name));
            return;
        };
        self.history.push(format!("{} rolls back", stage.name));
        (self.artifacts, self.variables) = (before.artifacts.clone(), before.variables.clone());
        self.variables.insert(EXECUTION_ID.to_owned(), execution_id());
        self.builds = self.folder.path().join("rollback");
        self.stage(stage, &|_| panic!("a rollback waits for no approver"));
    }

    /// Runs a stage; returns whether it succeeded or was skipped.
    fn stage(&mut self, stage: &Stage, while_waiting: &impl Fn(&mut Self)) -> bool {
        if let Some((variable, expected)) = &stage.skipped_unless
            && self.filled_in(variable) != *expected
        {
            self.history.push(format!("{} skipped", stage.name));
            return true;
        }
        stage.actions.iter().all(|action| {
            let configuration: BTreeMap<String, String> =
                action.configuration.iter().map(|(key, value)| (key.clone(), self.filled_in(value))).collect();
            let passed = match action.provider.as_str() {
                "CodeStarSourceConnection" | "CodeCommit" | "S3" => true,
                "CodeBuild" => self.build(action, &configuration),
                "CloudFormationStackSet" => self.deploy(action, &configuration),
                "Manual" => {
                    self.approval = Some(configuration);
                    while_waiting(self);
                    self.record_approval();
                    true
                }
                other => panic!("the simulation does not support {other}"),
            };
            self.history.push(format!("{} {}", action.name, if passed { "succeeded" } else { "failed" }));
            passed
        })
    }

    /// The file of an object that a build uploaded.
    pub(crate) fn uploaded(&self, object: &str) -> PathBuf {
        self.folder.path().join("s3").join(object)
    }

    /// Adds the approval to the pipeline's history, with the text that the approver saw.
    fn record_approval(&self) {
        let now = SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs_f64();
        let shown = serde_json::to_value(self.approval.as_ref().unwrap()).unwrap();
        let execution = &self.variables[EXECUTION_ID];
        let mut action = approval_action(execution, execution, "Succeeded", now, &shown);
        action["updatedBy"] = self.approver.as_str().into();
        let name = self.pipeline.properties("Pipeline")["Name"].as_str().unwrap();
        self.cloud.aws.record_pipeline_actions(HOME, name, &[action]).unwrap();
    }

    /// A value with its variables resolved. CodePipeline fails an action whose variable has no
    /// value.
    fn filled_in(&self, value: &str) -> String {
        references(value).into_iter().fold(value.to_owned(), |text, name| {
            let found = self.variables.get(&name).unwrap_or_else(|| panic!("#{{{name}}} has no value"));
            text.replace(&format!("#{{{name}}}"), found)
        })
    }

    /// The accounts of a stack set action: a list, or a file of an artifact.
    fn accounts(&self, action: &Action, value: &str) -> Vec<String> {
        if value.contains("::") {
            return serde_json::from_str(&self.artifact_file(action, value)).unwrap();
        }
        value.split(',').map(str::to_owned).collect()
    }

    /// The content of `Artifact::file`.
    fn artifact_file(&self, action: &Action, value: &str) -> String {
        let (artifact, file) = value.split_once("::").unwrap_or_else(|| panic!("{value} names no file of an artifact"));
        assert!(action.inputs.iter().any(|input| input == artifact), "{artifact} is no input of {}", action.name);
        let path = self.artifacts[artifact].join(file);
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{value}, of action {}: {error}", action.name))
    }

    /// Runs a CodeBuild action: the buildspec in a folder with the source, the other artifacts in
    /// further folders, and no variables of this machine.
    fn build(&mut self, action: &Action, configuration: &BTreeMap<String, String>) -> bool {
        let project = self.pipeline.project(action);
        let folder = self.builds.join(&action.name);
        let source = configuration.get("PrimarySource").unwrap_or(&action.inputs[0]);
        copy(&self.artifacts[source], &folder);
        let buildspec = project.buildspec(&folder);
        let tools = tools(self.folder.path());
        let mut command = Command::new("sh");
        command.args(["-c", &buildspec.script()]).current_dir(&folder).env_clear();
        command.env("PATH", format!("{}:{}", tools.display(), std::env::var("PATH").unwrap())).env("HOME", self.folder.path());
        command.env("CODEBUILD_SRC_DIR", &folder).env("CODEBUILD_RESOLVED_SOURCE_VERSION", "4f0c8d1");
        command.env("CODEBUILD_BUILD_ID", format!("{}:b1d2", project.name)).env("CODEBUILD_BUILD_NUMBER", "7");
        for input in action.inputs.iter().filter(|input| *input != source) {
            command.env(format!("CODEBUILD_SRC_DIR_{input}"), &self.artifacts[input]);
        }
        // The project's variables win over those of the buildspec.
        let parameter = |name: &str| {
            let found = self.cloud.aws.call(HOME, "ssm", "GetParameter", &serde_json::json!({ "Name": name })).unwrap();
            found["Parameter"]["Value"].as_str().unwrap().to_owned()
        };
        command.envs(buildspec.environment("variables"));
        command.envs(buildspec.environment("parameter-store").map(|(name, parameter_name)| (name, parameter(&parameter_name))));
        command.envs(self.cloud.aws.environment(HOME).unwrap()).envs(&project.environment);
        command.envs(project.parameter_store.iter().map(|(name, parameter_name)| (name, parameter(parameter_name))));
        command.envs(action_environment(configuration));
        let output = command.output().unwrap();
        self.log.push_str(&String::from_utf8_lossy(&output.stdout));
        self.log.push_str(&String::from_utf8_lossy(&output.stderr));
        let exported = std::fs::read_to_string(folder.join("exported.txt")).unwrap_or_default();
        for (name, value) in exported.lines().filter_map(|line| line.split_once('=')) {
            if let Some(namespace) = &action.namespace {
                self.variables.insert(format!("{namespace}.{name}"), value.to_owned());
            }
        }
        // CodePipeline uses the artifact of a successful build.
        if let Some(artifact) = action.outputs.first().filter(|_| output.status.success()) {
            self.artifacts.insert(artifact.clone(), folder.join(buildspec.base_directory()));
        }
        output.status.success()
    }

    /// Runs a stack set action: creates the stack set, or updates it and these accounts, from the
    /// artifact's files, and adds missing accounts. It fails if its operation does.
    fn deploy(&mut self, action: &Action, configuration: &BTreeMap<String, String>) -> bool {
        let template = self.artifact_file(action, &configuration["TemplatePath"]);
        let parameters: Vec<Json> = serde_json::from_str(&self.artifact_file(action, &configuration["Parameters"])).unwrap();
        let accounts = self.accounts(action, &configuration["DeploymentTargets"]);
        assert_eq!(configuration["PermissionModel"], "SELF_MANAGED");
        let name = ("StackSetName".to_owned(), configuration["StackSetName"].clone());
        let mut all = vec![
            name.clone(),
            ("TemplateBody".to_owned(), template),
            ("AdministrationRoleARN".to_owned(), configuration["AdministrationRoleArn"].clone()),
            ("ExecutionRoleName".to_owned(), configuration["ExecutionRoleName"].clone()),
        ];
        for (index, parameter) in parameters.iter().enumerate() {
            for key in ["ParameterKey", "ParameterValue"] {
                all.push((format!("Parameters.member.{}.{key}", index + 1), parameter[key].as_str().unwrap().to_owned()));
            }
        }
        let call = |action: &str, all: &[(String, String)]| {
            let all: Vec<_> = all.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            self.cloud.aws.query(HOME, "cloudformation", action, &all)
        };
        let region = configuration["Regions"].as_str();
        let targets = |accounts: &[String]| {
            let accounts = accounts.iter().zip(1..).map(|(account, number)| (format!("Accounts.member.{number}"), account.clone()));
            accounts.chain([("Regions.member.1".to_owned(), region.to_owned())]).collect::<Vec<_>>()
        };
        let succeeds = |action: &str, request: &[(String, String)]| {
            let operation = call(action, request).unwrap_or_else(|error| panic!("{error}")).text("OperationId").unwrap();
            let described = call("DescribeStackSetOperation", &[name.clone(), ("OperationId".to_owned(), operation)]).unwrap();
            described.text("Status").unwrap() == "SUCCEEDED"
        };
        if call("DescribeStackSet", &all[..1]).is_err() {
            call("CreateStackSet", &all).unwrap();
        }
        let (known, missing): (Vec<_>, Vec<_>) = accounts.into_iter().partition(|account| {
            let instance = [("StackInstanceAccount", account.as_str()), ("StackInstanceRegion", region)];
            let instance = instance.map(|(key, value)| (key.to_owned(), value.to_owned()));
            call("DescribeStackInstance", &[&all[..1], &instance].concat()).is_ok()
        });
        (known.is_empty() || succeeds("UpdateStackSet", &[all.clone(), targets(&known)].concat()))
            && (missing.is_empty() || succeeds("CreateStackInstances", &[vec![name.clone()], targets(&missing)].concat()))
    }
}

/// The id of a new execution.
fn execution_id() -> String {
    static EXECUTION: AtomicU32 = AtomicU32::new(1);
    format!("0f1e2d3c-0000-4000-8000-{:012}", EXECUTION.fetch_add(1, Ordering::Relaxed))
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let (entry, target) = entry.map(|entry| (entry.path(), to.join(entry.file_name()))).unwrap();
        if entry.is_dir() { copy(&entry, &target) } else { std::fs::copy(&entry, &target).map(drop).unwrap() }
    }
}

/// A replacement for `aws s3 cp`, which CodeBuild's images have and this machine may lack. Uploads are
/// files below `s3` in the folder.
fn tools(folder: &Path) -> PathBuf {
    let tools = folder.join("tools");
    std::fs::create_dir_all(&tools).unwrap();
    let binary = program().display();
    let script = format!(
        r#"#!/bin/sh
[ "$1 $2 $3" = 's3 cp --only-show-errors' ] || exit 2
shift 3
case $1 in
    s3://tools/xtask*) cp '{binary}' "$2" ;;
    --recursive) mkdir -p "$HOME/s3/${{3#s3://}}" && cp -R "$2/." "$HOME/s3/${{3#s3://}}" ;;
    *) exit 2 ;;
esac
"#
    );
    std::fs::write(tools.join("aws"), script).unwrap();
    Command::new("chmod").arg("+x").arg(tools.join("aws")).status().unwrap();
    tools
}
