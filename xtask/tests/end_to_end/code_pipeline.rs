//! A simulation of CodePipeline on the local AWS. It parses the pipeline template and runs its
//! actions: CodeBuild's buildspecs in a shell with only the template's variables, and the calls of
//! the stack set action.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::SystemTime;

use cfn_render::{PseudoParameters, Template};
use serde_json::Value as Json;
use tempfile::TempDir;

use crate::approvals::{APPROVER, approval_action};
use crate::buildspecs::Buildspec;
use crate::cloud::{Cloud, HOME};
use crate::project::{program, workspace};

const REGION: &str = "us-east-1";

/// CodePipeline's own variable.
pub(crate) const EXECUTION_ID: &str = "codepipeline.PipelineExecutionId";

/// The pipeline of the template, with one set of parameters.
pub(crate) struct Pipeline {
    resources: Json,
    pub(crate) stages: Vec<Stage>,
    /// The pipeline's variables and their defaults.
    pub(crate) variables: BTreeMap<String, String>,
}

pub(crate) struct Stage {
    pub(crate) name: String,
    /// The stage's entry condition: a variable and a value; with another value the stage is
    /// skipped.
    pub(crate) skipped_unless: Option<(String, String)>,
    pub(crate) actions: Vec<Action>,
}

pub(crate) struct Action {
    pub(crate) name: String,
    pub(crate) provider: String,
    pub(crate) namespace: Option<String>,
    pub(crate) role: Option<String>,
    pub(crate) configuration: BTreeMap<String, String>,
    pub(crate) inputs: Vec<String>,
    pub(crate) outputs: Vec<String>,
}

/// A CodeBuild project of the template.
pub(crate) struct BuildProject {
    pub(crate) name: String,
    /// The path of its buildspec in the repository, or its text.
    buildspec: String,
    pub(crate) environment: BTreeMap<String, String>,
    pub(crate) role: String,
}

impl BuildProject {
    /// The buildspec that it runs for this source.
    pub(crate) fn buildspec(&self, source: &Path) -> Buildspec {
        if self.buildspec.contains('\n') { Buildspec::parse(&self.buildspec) } else { Buildspec::read(&source.join(&self.buildspec)) }
    }
}

impl Pipeline {
    pub(crate) fn read(parameters: &[(&str, &str)]) -> Self {
        let path = workspace().join("pipeline/model-deploy-pipeline.yml");
        let template = Template::parse(std::fs::read_to_string(&path).unwrap(), &path).unwrap();
        let parameters = parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let pseudo = PseudoParameters::in_region(REGION).in_account(HOME);
        let resources = template.resolve(&parameters, &pseudo).unwrap()["Resources"].clone();
        let mut pipeline = Self { stages: Vec::new(), variables: BTreeMap::new(), resources };
        let properties = pipeline.resources["Pipeline"]["Properties"].clone();
        let list = |value: &Json| value.as_array().cloned().unwrap_or_default();
        for variable in list(&properties["Variables"]) {
            pipeline.variables.insert(pipeline.text(&variable["Name"]), pipeline.text(&variable["DefaultValue"]));
        }
        for stage in list(&properties["Stages"]) {
            let condition = &stage["BeforeEntry"]["Conditions"][0];
            let rule = &condition["Rules"][0];
            let skipped_unless = (!condition.is_null()).then(|| {
                assert_eq!((&condition["Result"], &rule["RuleTypeId"]["Provider"]), (&"SKIP".into(), &"VariableCheck".into()));
                assert_eq!(rule["Configuration"]["Operator"], "EQ");
                (pipeline.text(&rule["Configuration"]["Variable"]), pipeline.text(&rule["Configuration"]["Value"]))
            });
            let mut actions: Vec<(i64, Action)> =
                list(&stage["Actions"]).iter().map(|action| (action["RunOrder"].as_i64().unwrap_or(1), pipeline.action(action))).collect();
            actions.sort_by_key(|(order, _)| *order);
            let actions = actions.into_iter().map(|(_, action)| action).collect();
            pipeline.stages.push(Stage { name: pipeline.text(&stage["Name"]), skipped_unless, actions });
        }
        pipeline
    }

    fn action(&self, action: &Json) -> Action {
        let names = |value: &Json| value.as_array().into_iter().flatten().map(|artifact| self.text(&artifact["Name"])).collect();
        Action {
            name: self.text(&action["Name"]),
            provider: self.text(&action["ActionTypeId"]["Provider"]),
            namespace: action["Namespace"].as_str().map(str::to_owned),
            role: action["RoleArn"]["Fn::GetAtt"][0].as_str().map(str::to_owned),
            configuration: action["Configuration"]
                .as_object()
                .into_iter()
                .flatten()
                .map(|(key, value)| (key.clone(), self.text(value)))
                .collect(),
            inputs: names(&action["InputArtifacts"]),
            outputs: names(&action["OutputArtifacts"]),
        }
    }

    pub(crate) fn actions(&self) -> impl Iterator<Item = &Action> {
        self.stages.iter().flat_map(|stage| &stage.actions)
    }

    /// The properties of a resource of the template.
    pub(crate) fn properties(&self, id: &str) -> &Json {
        &self.resources[id]["Properties"]
    }

    /// The CodeBuild project that an action runs.
    pub(crate) fn project(&self, action: &Action) -> BuildProject {
        let name = &action.configuration["ProjectName"];
        let projects = self.resources.as_object().unwrap().values().filter(|resource| resource["Type"] == "AWS::CodeBuild::Project");
        let found = projects.map(|resource| &resource["Properties"]).find(|properties| properties["Name"] == name.as_str());
        let properties = found.unwrap_or_else(|| panic!("action {} runs {name}, which is no project", action.name));
        let environment = properties["Environment"]["EnvironmentVariables"].as_array().unwrap();
        BuildProject {
            name: name.clone(),
            buildspec: self.text(&properties["Source"]["BuildSpec"]),
            environment: environment.iter().map(|variable| (self.text(&variable["Name"]), self.text(&variable["Value"]))).collect(),
            role: properties["ServiceRole"]["Fn::GetAtt"][0].as_str().unwrap().to_owned(),
        }
    }

    /// The logical ids of all roles.
    pub(crate) fn roles(&self) -> impl Iterator<Item = &str> {
        self.resources.as_object().unwrap().iter().filter(|(_, resource)| resource["Type"] == "AWS::IAM::Role").map(|(id, _)| id.as_str())
    }

    /// The S3 objects that a role can write, as ARN patterns, with any action that does more than
    /// read.
    pub(crate) fn writable(&self, role: &str) -> Vec<String> {
        let names = |value: &Json, id: &str| value.to_string().contains(&format!("\"{id}\""));
        let attached = self.resources.as_object().unwrap().iter().filter(|(id, resource)| match resource["Type"].as_str() {
            Some("AWS::IAM::Policy") => names(&resource["Properties"]["Roles"], role),
            Some("AWS::IAM::ManagedPolicy") => names(&self.properties(role)["ManagedPolicyArns"], id),
            _ => false,
        });
        let attached = attached.map(|(_, resource)| &resource["Properties"]["PolicyDocument"]);
        let own = self.properties(role)["Policies"].as_array().into_iter().flatten().map(|policy| &policy["PolicyDocument"]);
        let list = |value: &Json| value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
        let statements = own.chain(attached).flat_map(|document| list(&document["Statement"]));
        let reads = |action: &str| ["s3:Get", "s3:List", "s3:Abort"].iter().any(|reading| action.starts_with(reading));
        let writing = statements.filter(|statement| {
            assert_eq!(statement["Effect"], "Allow", "{role}");
            let actions = list(&statement["Action"]);
            actions.iter().filter_map(Json::as_str).any(|action| action == "*" || action.starts_with("s3:") && !reads(action))
        });
        writing.flat_map(|statement| list(&statement["Resource"])).map(|resource| self.text(&resource)).collect()
    }

    /// A resolved value: references become the resource's name, or a generated name.
    pub(crate) fn text(&self, value: &Json) -> String {
        match value {
            Json::String(text) => text.clone(),
            Json::Number(number) => number.to_string(),
            Json::Bool(flag) => flag.to_string(),
            Json::Object(function) if function.contains_key("Ref") => {
                let id = function["Ref"].as_str().unwrap();
                match &self.resources[id]["Properties"]["Name"] {
                    Json::Null => id.to_lowercase(),
                    name => self.text(name),
                }
            }
            Json::Object(function) if function.contains_key("Fn::Sub") => {
                let (text, own) = match &function["Fn::Sub"] {
                    Json::Array(pair) => (self.text(&pair[0]), pair[1].clone()),
                    text => (self.text(text), Json::Null),
                };
                let names: BTreeSet<&str> = text.split("${").skip(1).filter_map(|rest| rest.split('}').next()).collect();
                names.into_iter().fold(text.clone(), |text, name| {
                    let value = if own[name].is_null() { serde_json::json!({ "Ref": name }) } else { own[name].clone() };
                    text.replace(&format!("${{{name}}}"), &self.text(&value))
                })
            }
            other => panic!("{other} is unknown before the stack is created"),
        }
    }
}

/// A pipeline execution and its results.
pub(crate) struct Run<'a> {
    pipeline: &'a Pipeline,
    cloud: &'a Cloud,
    folder: TempDir,
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
        static EXECUTION: AtomicU32 = AtomicU32::new(1);
        let mut variables: BTreeMap<String, String> =
            pipeline.variables.iter().map(|(name, value)| (format!("variables.{name}"), value.clone())).collect();
        let execution = format!("0f1e2d3c-0000-4000-8000-{:012}", EXECUTION.fetch_add(1, Ordering::Relaxed));
        variables.insert(EXECUTION_ID.to_owned(), execution);
        for (name, value) in started_with {
            assert!(variables.insert(format!("variables.{name}"), (*value).to_owned()).is_some(), "the pipeline has no variable {name}");
        }
        let artifacts = BTreeMap::from([("SourceArtifact".to_owned(), source.to_owned())]);
        let folder = TempDir::new().unwrap();
        let (history, log, approver) = (Vec::new(), String::new(), APPROVER.to_owned());
        let mut run = Self { pipeline, cloud, folder, variables, artifacts, history, approval: None, approver, log };
        run.play(while_waiting);
        run
    }

    fn play(&mut self, while_waiting: impl Fn(&mut Self)) {
        for stage in &self.pipeline.stages {
            if let Some((variable, expected)) = &stage.skipped_unless
                && self.filled_in(variable) != *expected
            {
                self.history.push(format!("{} skipped", stage.name));
                continue;
            }
            for action in &stage.actions {
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
                if !passed {
                    return;
                }
            }
        }
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
        let folder = self.folder.path().join(&action.name);
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
        command.envs(self.cloud.aws.environment(HOME).unwrap()).envs(&project.environment).envs(action_environment(configuration));
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

    /// Runs a stack set action: creates or updates the stack set from the artifact's files, and
    /// adds missing accounts.
    fn deploy(&mut self, action: &Action, configuration: &BTreeMap<String, String>) -> bool {
        let template = self.artifact_file(action, &configuration["TemplatePath"]);
        let parameters: Vec<Json> = serde_json::from_str(&self.artifact_file(action, &configuration["Parameters"])).unwrap();
        let accounts: Vec<String> = serde_json::from_str(&self.artifact_file(action, &configuration["DeploymentTargets"])).unwrap();
        assert_eq!(configuration["PermissionModel"], "SELF_MANAGED");
        let mut all = vec![
            ("StackSetName".to_owned(), configuration["StackSetName"].clone()),
            ("TemplateBody".to_owned(), template),
            ("AdministrationRoleARN".to_owned(), configuration["AdministrationRoleArn"].clone()),
            ("ExecutionRoleName".to_owned(), configuration["ExecutionRoleName"].clone()),
        ];
        for (index, parameter) in parameters.iter().enumerate() {
            for key in ["ParameterKey", "ParameterValue"] {
                all.push((format!("Parameters.member.{}.{key}", index + 1), parameter[key].as_str().unwrap().to_owned()));
            }
        }
        let ask = |action: &str, all: &[(String, String)]| {
            let all: Vec<_> = all.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            self.cloud.aws.query(HOME, "cloudformation", action, &all)
        };
        let exists = ask("DescribeStackSet", &all[..1]).is_ok();
        ask(if exists { "UpdateStackSet" } else { "CreateStackSet" }, &all).unwrap();
        for account in accounts {
            let region = ("Regions.member.1".to_owned(), configuration["Regions"].clone());
            let instance = [all[0].clone(), ("Accounts.member.1".to_owned(), account), region];
            match ask("CreateStackInstances", &instance) {
                Ok(_) => {}
                Err(error) if error.to_string().contains("already exists") => {}
                Err(error) => panic!("{error}"),
            }
        }
        true
    }
}

/// The variables that an action adds to its project.
pub(crate) fn action_environment(configuration: &BTreeMap<String, String>) -> Vec<(String, String)> {
    let Some(text) = configuration.get("EnvironmentVariables") else { return Vec::new() };
    let variables: Vec<Json> = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"));
    variables.iter().map(|variable| ["name", "value"].map(|key| variable[key].as_str().unwrap().to_owned()).into()).collect()
}

/// The variables that a value names: `NAMESPACE.NAME` of each `#{NAMESPACE.NAME}`.
pub(crate) fn references(value: &str) -> Vec<String> {
    value.split("#{").skip(1).map(|rest| rest.split_once('}').unwrap_or_else(|| panic!("`{value}` leaves #{{ open")).0.to_owned()).collect()
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
