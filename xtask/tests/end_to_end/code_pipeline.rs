//! The pipeline of the template: its stages, actions, projects and roles. [`Run`] simulates
//! CodePipeline on the local AWS.

mod run;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use cfn_render::{PseudoParameters, Template};
use serde_json::Value as Json;

use crate::buildspecs::Buildspec;
use crate::cloud::HOME;
use crate::project::workspace;
pub(crate) use run::Run;

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
    /// Whether CodePipeline rolls a failed stage back.
    pub(crate) rolls_back: bool,
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
    /// The variables whose values are parameters of Systems Manager, by name.
    pub(crate) parameter_store: BTreeMap<String, String>,
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
            let on_failure = &stage["OnFailure"];
            assert!(on_failure.is_null() || *on_failure == serde_json::json!({ "Result": "ROLLBACK" }), "{on_failure}");
            let rolls_back = !on_failure.is_null();
            pipeline.stages.push(Stage { name: pipeline.text(&stage["Name"]), skipped_unless, rolls_back, actions });
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
        let of_type = |kind: &str| {
            let of_type = environment.iter().filter(|variable| variable["Type"].as_str().unwrap_or("PLAINTEXT") == kind);
            of_type.map(|variable| (self.text(&variable["Name"]), self.text(&variable["Value"]))).collect::<BTreeMap<_, _>>()
        };
        let (plain, parameter_store) = (of_type("PLAINTEXT"), of_type("PARAMETER_STORE"));
        assert_eq!(plain.len() + parameter_store.len(), environment.len(), "{name} sets a variable twice, or of another type");
        BuildProject {
            name: name.clone(),
            buildspec: self.text(&properties["Source"]["BuildSpec"]),
            environment: plain,
            parameter_store,
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
