//! The wiring of the pipeline template, and simulated executions from the source to production.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value as Json, json};

use crate::buildspecs::Buildspec;
use crate::cloud::{Cloud, GROUP, HOME};
use crate::code_pipeline::{Action, EXECUTION_ID, Pipeline, Run, action_environment, references};
use crate::project::{Project, program, workspace};

pub(crate) const STAGING: &str = "222222222222";
pub(crate) const PROD: &str = "333333333333";

/// CodePipeline's limits (StartPipelineExecution, "Quotas in CodePipeline"): characters of a
/// configuration's key and value.
const LONGEST_KEY: usize = 50;
pub(crate) const LONGEST_VALUE: usize = 1000;

/// The variables of CodeBuild and its image.
const FROM_CODE_BUILD: [&str; 4] = ["CODEBUILD_", "PATH", "HOME", "CARGO"];

const SOURCES: [(&str, [(&str, &str); 2]); 3] = [
    ("CodeConnections", [("ConnectionArn", "arn:aws:codeconnections:us-east-1:111111111111:connection/1"), ("RepositoryId", "team/iris")]),
    ("CodeCommit", [("RepositoryId", "iris"), ("BranchName", "main")]),
    ("S3", [("SourceBucketName", "sources"), ("SourceObjectKey", "iris.zip")]),
];

pub(crate) fn parameters() -> Vec<(&'static str, &'static str)> {
    let mut all = vec![
        ("SageMakerProjectName", "iris"),
        ("SageMakerProjectId", "p-abc123xyz"),
        ("ModelPackageGroupName", GROUP),
        ("EnvName", "ds"),
        ("SourceProvider", "CodeConnections"),
        ("StagingAccountList", STAGING),
        ("ProdAccountList", PROD),
        ("XtaskUrl", "s3://tools/xtask"),
        ("ApproverEmail", "approver@example.com"),
    ];
    all.extend(SOURCES[0].1);
    all.push(("XtaskSha256", sha256_of_the_binary()));
    all
}

pub(crate) fn sha256_of_the_binary() -> &'static str {
    static SUM: std::sync::OnceLock<String> = std::sync::OnceLock::new();
    SUM.get_or_init(|| {
        let output = Command::new("sha256sum").arg(program()).output().unwrap();
        String::from_utf8(output.stdout).unwrap().split(' ').next().unwrap().to_owned()
    })
}

/// A second production account, which follows the first one.
pub(crate) const PROD_AFTER: &str = "444444444444";

/// The parameters of a pipeline that uses every option. A failed production stage goes back.
pub(crate) fn with_first_accounts() -> Vec<(&'static str, &'static str)> {
    let mut all = parameters();
    all.retain(|(name, _)| *name != "ProdAccountList");
    all.extend([("ProdAccountList", "333333333333,444444444444"), ("ProdFirstAccounts", PROD), ("ProdOnFailure", "roll-back")]);
    all
}

/// An AWS with a registry and prepared accounts, a pipeline with these parameters, and its source.
pub(crate) fn ready(parameters: &[(&str, &str)]) -> (Cloud, Pipeline, Project) {
    let cloud = Cloud::new();
    cloud.register(10);
    for (stage, account) in [("staging", STAGING), ("prod", PROD), ("prod", PROD_AFTER)] {
        cloud.prepare(stage, account);
    }
    (cloud, Pipeline::read(parameters), source())
}

/// A repository with the files that the pipeline's source action fetches.
pub(crate) fn source() -> Project {
    let project = Project::new();
    for name in ["buildspec.yml", "test/buildspec.yml", "pipeline/obtain-xtask.sh"] {
        project.write(name, &std::fs::read_to_string(workspace().join(name)).unwrap());
    }
    project
}

fn buildspec(pipeline: &Pipeline, action: &Action) -> Buildspec {
    pipeline.project(action).buildspec(workspace())
}

#[test]
fn every_artifact_comes_from_an_earlier_action_and_every_action_has_its_own_role() {
    for (provider, more) in SOURCES {
        let mut all = with_first_accounts();
        all.retain(|(name, _)| *name != "SourceProvider" && more.iter().all(|(own, _)| own != name));
        all.extend([("SourceProvider", provider)].into_iter().chain(more));
        let pipeline = Pipeline::read(&all);
        let (mut made, mut roles, mut namespaces) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        for action in pipeline.actions() {
            for input in &action.inputs {
                assert!(made.contains(input), "{}: no earlier action creates {input}", action.name);
            }
            for output in &action.outputs {
                assert!(made.insert(output.clone()), "{}: {output} is created twice", action.name);
            }
            if let Some(namespace) = &action.namespace {
                assert!(namespaces.insert(namespace.clone()), "{namespace} is the namespace of two actions");
            }
            match &action.role {
                Some(role) => assert!(roles.insert(role.clone()), "{role} is the role of two actions"),
                // The pipeline itself notifies the approver.
                None => assert_eq!(action.provider, "Manual", "{} has no role", action.name),
            }
            if action.provider == "CodeBuild" {
                assert!(roles.insert(pipeline.project(action).role), "{}'s project shares its role", action.name);
            }
        }
    }
}

/// Whether a text matches both IAM patterns, with `*` for any text and `?` for any character.
pub(crate) fn overlap(one: &[u8], other: &[u8]) -> bool {
    match (one, other) {
        ([], []) => true,
        ([b'*', rest @ ..], _) => overlap(rest, other) || !other.is_empty() && overlap(one, &other[1..]),
        (_, [b'*', ..]) => overlap(other, one),
        ([a, one @ ..], [b, other @ ..]) => (a == b || *a == b'?' || *b == b'?') && overlap(one, other),
        _ => false,
    }
}

#[test]
fn patterns_overlap_if_one_text_matches_both() {
    for (one, other, expected) in [
        ("a/*", "a/b/c", true),
        ("a/?/*", "a/b", false),
        ("*/x/*", "a/*/y", true),
        ("??/x/*", "??/y/*", false),
        ("*", "", true),
        ("?", "", false),
        ("a*c", "ab*", true),
        ("a*c", "b*", false),
    ] {
        assert_eq!(overlap(one.as_bytes(), other.as_bytes()), expected, "{one} {other}");
    }
}

/// The roles of an action: its own, and that of its CodeBuild project.
fn roles(pipeline: &Pipeline, action: &Action) -> Vec<String> {
    let project = (action.provider == "CodeBuild").then(|| pipeline.project(action).role);
    action.role.clone().into_iter().chain(project).collect()
}

#[test]
fn each_action_can_write_only_its_own_artifact() {
    for (provider, more) in SOURCES {
        for name in ["i", "iris", "a-name-of-thirty-two-characters0"] {
            let mut all = with_first_accounts();
            all.retain(|(known, _)| {
                !["SourceProvider", "SageMakerProjectName"].contains(known) && more.iter().all(|(own, _)| own != known)
            });
            all.extend([("SourceProvider", provider), ("SageMakerProjectName", name)].into_iter().chain(more));
            let pipeline = Pipeline::read(&all);
            // CodePipeline's key of an artifact, from AWS's documentation and examples, not tested
            // in AWS.
            let pipeline_name = pipeline.properties("Pipeline")["Name"].as_str().unwrap();
            let key = |artifact: &str| format!("artifactbucket.arn/{}/{}/x7Kp2Qw", &pipeline_name[..20], &artifact[..10]);
            let writable = |role: &str| pipeline.writable(role);
            let can_write = |role: &str, object: &str| writable(role).iter().any(|pattern| overlap(pattern.as_bytes(), object.as_bytes()));

            for action in pipeline.actions() {
                let own = roles(&pipeline, action);
                for artifact in &action.outputs {
                    let object = key(artifact);
                    assert!(own.iter().any(|role| can_write(role, &object)), "{}: none of {own:?} can write {artifact}", action.name);
                    for role in pipeline.roles().filter(|role| !own.iter().any(|own| own == role)) {
                        // Only CodePipeline uses the pipeline's role, which runs nothing of the
                        // repository.
                        let is_service = role == "PipelineRole";
                        assert!(is_service || !can_write(role, &object), "{role} can write {artifact} of {}", action.name);
                    }
                }
                for other in pipeline.actions().filter(|other| other.name != action.name) {
                    for (one, two) in own.iter().flat_map(|one| roles(&pipeline, other).into_iter().map(move |two| (one, two))) {
                        for (a, b) in writable(one).iter().flat_map(|a| writable(&two).into_iter().map(move |b| (a, b))) {
                            assert!(!overlap(a.as_bytes(), b.as_bytes()), "{one} and {two} can write the same: {a} and {b}");
                        }
                    }
                }
            }
            let trust = &pipeline.properties("PipelineRole")["AssumeRolePolicyDocument"]["Statement"];
            assert_eq!(trust.as_array().unwrap().len(), 1);
            assert_eq!(trust[0]["Principal"], json!({ "Service": "codepipeline.amazonaws.com" }));

            // The build uploads local artifacts of the template to another prefix than the
            // pipeline's artifacts.
            let build = pipeline.project(pipeline.actions().find(|action| action.name == "Build").unwrap());
            let packaged = format!("artifactbucket.arn/{}/0123abcd.template", build.environment["ARTIFACT_PREFIX"]);
            assert!(can_write(&build.role, &packaged) && !can_write(&build.role, "artifactbucket.arn/0123abcd"));
            let writers: Vec<_> = pipeline.roles().filter(|role| can_write(role, &packaged)).collect();
            assert_eq!(writers, [build.role.as_str()]);
        }
    }
}

#[test]
fn tests_get_the_checksum_of_the_release_that_was_approved_and_of_the_program() {
    let pipeline = Pipeline::read(&with_first_accounts());
    let tests: Vec<_> = pipeline
        .actions()
        .filter(|action| action.provider == "CodeBuild" && action.inputs.iter().any(|input| input == "BuildArtifact"))
        .collect();
    assert_eq!(tests.len(), 5);
    for action in tests {
        let variables: BTreeMap<_, _> = action_environment(&action.configuration).into_iter().collect();
        assert_eq!(variables["RELEASE_MANIFEST_SHA256"], "#{Build.RELEASE_MANIFEST_SHA256}", "{}", action.name);
        assert_eq!(pipeline.project(action).environment["XTASK_SHA256"], sha256_of_the_binary(), "{}", action.name);
    }
}

#[test]
fn every_variable_that_is_used_is_exported_by_an_earlier_action() {
    let pipeline = Pipeline::read(&with_first_accounts());
    let mut known: BTreeSet<String> = pipeline.variables.keys().map(|name| format!("variables.{name}")).collect();
    known.insert(EXECUTION_ID.to_owned());
    let mut used = BTreeSet::new();
    for stage in &pipeline.stages {
        for name in stage.skipped_unless.iter().flat_map(|(variable, _)| references(variable)) {
            assert!(known.contains(&name), "#{{{name}}} is not exported before {}", stage.name);
            used.insert(name);
        }
        for action in &stage.actions {
            for name in action.configuration.values().flat_map(|value| references(value)) {
                assert!(known.contains(&name), "#{{{name}}} is not exported before {}", action.name);
                used.insert(name);
            }
            known.extend(exported(&pipeline, action));
        }
    }
    // No action follows the production tests. The dossier replaces the others in the approval; the
    // approval of a pipeline of the Python seed can show them.
    let others = ["TestStaging.TEST_SUMMARY", "TestStaging.TEST_BUILD"];
    let unused: Vec<_> = known.difference(&used).filter(|name| !name.starts_with("TestProd") && !others.contains(&name.as_str())).collect();
    assert!(unused.is_empty(), "nothing uses {unused:?}");
}

fn exported(pipeline: &Pipeline, action: &Action) -> Vec<String> {
    if action.provider != "CodeBuild" {
        return Vec::new();
    }
    let buildspec = buildspec(pipeline, action);
    let Some(namespace) = &action.namespace else {
        assert_eq!(buildspec.exported_variables().count(), 0, "{} exports variables and has no namespace", action.name);
        return Vec::new();
    };
    let names: Vec<_> = buildspec.exported_variables().map(|name| format!("{namespace}.{name}")).collect();
    // CodeBuild exports no names that begin with AWS_.
    assert!(names.iter().all(|name| !name.contains(".AWS_")), "{names:?}");
    names
}

#[test]
fn configurations_stay_within_the_limits_of_codepipeline() {
    // The maximum lengths of the parameters.
    let (name, group) = ("n".repeat(32), "g".repeat(63));
    let mut all = parameters();
    all.retain(|(name, _)| !["SageMakerProjectName", "SageMakerProjectId", "ModelPackageGroupName"].contains(name));
    let (staging, prod) = ("s".repeat(14), "q".repeat(14));
    all.extend([("SageMakerProjectName", name.as_str()), ("SageMakerProjectId", "p-abcdefghijklm"), ("ModelPackageGroupName", &group)]);
    all.extend([("EnvTypeStagingName", staging.as_str()), ("EnvTypeProdName", &prod)]);
    let first = vec![PROD; 76].join(",");
    all.push(("ProdFirstAccounts", &first));
    let pipeline = Pipeline::read(&all);
    for action in pipeline.actions() {
        for (key, value) in &action.configuration {
            assert!(key.len() <= LONGEST_KEY && value.len() <= LONGEST_VALUE, "{} {key}: {} characters", action.name, value.len());
        }
        if action.provider == "CloudFormationStackSet" {
            assert!(action.configuration["StackSetName"].len() <= 128);
            // The stacks create no roles, and the action does not support transforms.
            assert!(!action.configuration.contains_key("Capabilities"));
        }
    }
    for (name, value) in &pipeline.variables {
        assert!(!value.is_empty() && value.len() <= LONGEST_VALUE, "{name}: a variable's default has 1 to 1000 characters");
    }
}

#[test]
fn every_stage_after_the_build_is_skipped_if_there_is_nothing_to_deploy() {
    let pipeline = Pipeline::read(&parameters());
    let stages: Vec<_> = pipeline.stages.iter().map(|stage| (stage.name.as_str(), stage.skipped_unless.clone())).collect();
    let condition = Some(("#{Build.RELEASE_ACTION}".to_owned(), "deploy".to_owned()));
    assert_eq!(stages[..2], [("Source", None), ("Build", None)]);
    assert_eq!(stages[2..], ["Staging", "Approval", "Production"].map(|name| (name, condition.clone())));
    // The approval has its own stage, so that a waiting execution does not block others.
    assert_eq!(pipeline.stages[3].actions.len(), 1);
}

/// The variables that a shell script needs: neither set in it nor with a default.
fn needed(script: &str) -> BTreeSet<String> {
    let is_name = |character: char| character.is_ascii_alphanumeric() || character == '_';
    let mut names = BTreeSet::new();
    for (index, _) in script.match_indices('$') {
        let rest = &script[index + 1..];
        let braces = rest.starts_with('{');
        let name: String = rest.trim_start_matches('{').chars().take_while(|character| is_name(*character)).collect();
        let after = &rest[usize::from(braces) + name.len()..];
        let has_default = braces && (after.starts_with(":-") || after.starts_with('-'));
        let set_here =
            ["=", "=$("].iter().any(|sign| script.contains(&format!("{name}{sign}"))) || script.contains(&format!("for {name} in"));
        if name.starts_with(|first: char| first.is_ascii_uppercase()) && !has_default && !set_here {
            names.insert(name);
        }
    }
    names
}

/// The environment variables of a command's options, from its help.
fn options_of(command: &str) -> BTreeSet<String> {
    // A long line is wrapped anywhere between two words.
    let help = Project::new().run([command, "--help"]).ends_with(0).stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    help.split("[env: ").skip(1).map(|rest| rest.split(['=', ']']).next().unwrap().to_owned()).collect()
}

#[test]
fn every_variable_that_the_buildspecs_need_is_set_and_every_set_one_is_used() {
    for parameters in [with_first_accounts(), crate::pipeline_binary::with_parameter()] {
        every_variable_is_set_and_used(&Pipeline::read(&parameters));
    }
}

fn every_variable_is_set_and_used(pipeline: &Pipeline) {
    let obtain = std::fs::read_to_string(workspace().join("pipeline/obtain-xtask.sh")).unwrap();
    for action in pipeline.actions().filter(|action| action.provider == "CodeBuild") {
        let project = pipeline.project(action);
        let buildspec = buildspec(pipeline, action);
        let mut set: BTreeMap<String, String> = project.environment.clone();
        set.extend(project.parameter_store);
        set.extend(action_environment(&action.configuration));
        // The executions below check the program's variables: they have only these.
        let expected = needed(&buildspec.commands());
        let commands: &[&str] = match action.name.as_str() {
            "Build" => &["setup", "build"],
            "TestStaging" => &["test-staging"],
            "CheckRelease" => &["check-release"],
            "PlanProd" => &["plan", "report"],
            _ => &["test-prod"],
        };
        let options: BTreeSet<String> = commands.iter().flat_map(|command| options_of(command)).collect();
        for name in &expected {
            let from_code_build = FROM_CODE_BUILD.iter().any(|known| name.starts_with(known));
            assert!(from_code_build || set.contains_key(name), "{}: {name} is not set", action.name);
        }
        for name in set.keys() {
            let used = buildspec.commands().contains(name.as_str()) || options.contains(name) || obtain.contains(name.as_str());
            assert!(used, "{}: {name} is set, and nothing uses it", action.name);
        }
    }
}

/// An event of the registry about a version of the group.
fn event(version: u32, approval: &str, more: &Json) -> Json {
    let arn = format!("arn:aws:sagemaker:us-east-1:{HOME}:model-package/{GROUP}/{version}");
    let mut detail = json!({ "ModelPackageGroupName": GROUP, "ModelPackageArn": arn, "ModelPackageVersion": version,
        "ModelApprovalStatus": approval, "ModelPackageStatus": "Completed" });
    detail.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({ "source": "aws.sagemaker", "detail-type": "SageMaker Model Package State Change", "account": HOME, "region": "us-east-1",
        "resources": [arn], "detail": detail })
}

/// Whether EventBridge's pattern matches an event: each field has one of the listed values.
fn matches(pattern: &Json, event: &Json) -> bool {
    pattern.as_object().unwrap().iter().all(|(field, expected)| match expected {
        Json::Array(either) if field == "$or" => either.iter().any(|pattern| matches(pattern, event)),
        Json::Array(values) => values.iter().any(|value| match (value, &event[field]) {
            (Json::Object(exists), found) => exists["exists"] == json!(!found.is_null()),
            (value, Json::Array(found)) => found.contains(value),
            (value, found) => value == found,
        }),
        nested => matches(nested, &event[field]),
    })
}

/// The variables that the rule's target passes to the execution.
fn variables_of(rule: &Json, event: &Json) -> Vec<(String, String)> {
    let transformer = &rule["Targets"][0]["InputTransformer"];
    let mut text = transformer["InputTemplate"].as_str().unwrap().to_owned();
    for (name, path) in transformer["InputPathsMap"].as_object().unwrap() {
        let pointer = path.as_str().unwrap().trim_start_matches('$').replace('.', "/");
        // EventBridge omits paths that the event does not have.
        text = text.replace(&format!("<{name}>"), event.pointer(&pointer).and_then(Json::as_str).unwrap_or_default());
    }
    assert!(!text.contains('<'), "{text}");
    let input: Json = serde_json::from_str(&text).unwrap();
    let variables = input["variables"].as_array().unwrap();
    variables.iter().map(|variable| ["name", "value"].map(|key| variable[key].as_str().unwrap().to_owned()).into()).collect()
}

#[test]
fn only_approval_changes_of_this_group_start_the_pipeline() {
    let pipeline = Pipeline::read(&parameters());
    let pattern = &pipeline.properties("ApprovalRule")["EventPattern"];
    let nothing = json!({});
    assert!(matches(pattern, &event(13, "Approved", &nothing)));
    assert!(matches(pattern, &event(13, "Rejected", &nothing)));
    assert!(matches(
        pattern,
        &event(13, "Approved", &json!({ "UpdatedModelPackageFields": ["ModelApprovalStatus", "ApprovalDescription"] }))
    ));
    for (approval, more) in [
        ("PendingManualApproval", nothing),
        ("Approved", json!({ "ModelPackageGroupName": "another" })),
        ("Approved", json!({ "ModelPackageStatus": "InProgress" })),
        // The life cycle that a release records starts no execution.
        ("Approved", json!({ "UpdatedModelPackageFields": ["ModelLifeCycle"] })),
    ] {
        assert!(!matches(pattern, &event(13, approval, &more)), "{approval} {more}");
    }
}

#[test]
fn an_approval_deploys_its_package_and_the_rejection_of_the_deployed_one_the_newest_remaining_one() {
    let (cloud, pipeline, source) = ready(&parameters());
    let rule = pipeline.properties("ApprovalRule").clone();
    let nothing: &[&str] = &["Source succeeded", "Build succeeded", "Staging skipped", "Approval skipped", "Production skipped"];
    let before = |status: &str| json!({ "previousModelApprovalStatus": status });
    for (version, approval, more, history, deployed) in [
        (13, "Approved", json!({}), &WHOLE_WAY[..], "13"),
        // A package that was never deployed requires no approval, whether or not the event has its previous status.
        (12, "Rejected", json!({}), nothing, ""),
        (12, "Rejected", before("PendingManualApproval"), nothing, ""),
        (13, "Rejected", json!({}), &WHOLE_WAY[..], "14"),
        (12, "Rejected", before("Approved"), &WHOLE_WAY[..], "14"),
    ] {
        let variables = variables_of(&rule, &event(version, approval, &more));
        let variables: Vec<_> = variables.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let run = Run::start(&pipeline, &cloud, &source.path(""), &variables);
        assert_eq!(run.history, history, "{version} {approval} {more}: {}", run.log);
        assert_eq!(run.variables["Build.MODEL_PACKAGE_VERSION"], deployed);
    }
    // A package that is not completed: the rule does not start the pipeline, and a manual start
    // deploys nothing.
    let unfinished = variables_of(&rule, &event(13, "Approved", &json!({ "ModelPackageStatus": "InProgress" })));
    let unfinished: Vec<_> = unfinished.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let run = Run::start(&pipeline, &cloud, &source.path(""), &unfinished);
    assert_eq!(run.history[2..], ["Staging skipped", "Approval skipped", "Production skipped"], "{}", run.log);
}

/// The files that the build publishes for later actions.
fn published(run: &Run<'_>) -> BTreeSet<PathBuf> {
    let files = std::fs::read_dir(&run.artifacts["BuildArtifact"]).unwrap();
    files.map(|entry| PathBuf::from(entry.unwrap().file_name())).collect()
}

pub(crate) const WHOLE_WAY: [&str; 9] = [
    "Source succeeded",
    "Build succeeded",
    "DeployStaging succeeded",
    "TestStaging succeeded",
    "PlanProd succeeded",
    "ApproveProduction succeeded",
    "CheckRelease succeeded",
    "DeployProd succeeded",
    "TestProd succeeded",
];

#[test]
fn two_releases_reach_production() {
    let (cloud, pipeline, source) = ready(&parameters());

    let run = Run::start(&pipeline, &cloud, &source.path(""), &[]);
    assert_eq!(run.history, WHOLE_WAY, "{}", run.log);
    for file in ["cfn-sm-endpoint.yaml", "staging-config.json", "prod-accounts.json", "release-manifest.json", "xtask"] {
        assert!(published(&run).contains(&PathBuf::from(file)), "{file} is not published");
    }
    assert!(run.artifacts["TestStagingArtifact"].join("junit.xml").is_file());
    for (account, stage) in [(STAGING, "staging"), (PROD, "prod")] {
        assert!(cloud.served(account, &format!("iris-p-abc123xyz-{stage}")).ends_with("/14"));
    }

    // The second release pins an older version, as in a manual rollback.
    let run = Run::start(&pipeline, &cloud, &source.path(""), &[("MODEL_PACKAGE", "13")]);
    assert_eq!(run.history, WHOLE_WAY, "{}", run.log);
    assert_eq!(run.variables["Build.MODEL_PACKAGE_VERSION"], "13");
    for (account, stage) in [(STAGING, "staging"), (PROD, "prod")] {
        assert!(cloud.served(account, &format!("iris-p-abc123xyz-{stage}")).ends_with("/13"));
    }
}

#[test]
fn an_execution_without_an_approved_package_succeeds_and_skips_every_later_stage() {
    let cloud = Cloud::new();
    let (pipeline, source) = (Pipeline::read(&parameters()), source());
    let run = Run::start(&pipeline, &cloud, &source.path(""), &[]);
    let skipped = ["Source succeeded", "Build succeeded", "Staging skipped", "Approval skipped", "Production skipped"];
    assert_eq!(run.history, skipped, "{}", run.log);
    assert!(run.approval.is_none() && cloud.requests("CreateStackSet").is_empty());
}

#[test]
fn a_release_with_failed_staging_tests_needs_no_approval_and_has_a_report() {
    let (cloud, pipeline, source) = ready(&parameters());
    cloud.aws.silent_rollback(STAGING, "iris-p-abc123xyz-staging").unwrap();
    source.write(
        "test/endpoint-tests.yaml",
        "version: 1\ncases:\n  - name: never\n    payload: { csv: '5.1,3.5,1.4,0.2' }\n    expect: { text: { contains: tulip } }\n",
    );
    let run = Run::start(&pipeline, &cloud, &source.path(""), &[]);
    assert_eq!(run.history, [&WHOLE_WAY[..3], &["TestStaging failed"]].concat(), "{}", run.log);
    assert_eq!(run.variables["TestStaging.TEST_VERDICT"], "failed");
    assert!(run.approval.is_none());
}

/// An execution with a change while it waits for its approver.
fn after_waiting(while_waiting: impl Fn(&Cloud, &mut Run<'_>)) -> (Vec<String>, String) {
    let (cloud, pipeline, source) = ready(&parameters());
    let run = Run::start_and_wait(&pipeline, &cloud, &source.path(""), &[], |run| while_waiting(&cloud, run));
    let production = [("StackSetName", "sagemaker-iris-p-abc123xyz-deploy-prod")];
    assert!(cloud.aws.query(HOME, "cloudformation", "DescribeStackSet", &production).is_err(), "{}", run.log);
    (run.history, run.log)
}

#[test]
fn a_release_whose_approval_is_withdrawn_during_the_pipeline_approval_is_not_deployed() {
    let (history, log) = after_waiting(|cloud, _| {
        let arn = format!("arn:aws:sagemaker:us-east-1:{HOME}:model-package/{GROUP}/14");
        cloud.sagemaker("UpdateModelPackage", &json!({ "ModelPackageArn": arn, "ModelApprovalStatus": "Rejected" }));
    });
    assert_eq!(history, [&WHOLE_WAY[..6], &["CheckRelease failed"]].concat(), "{log}");
    assert!(log.contains("model-package/iris-p-abc123xyz/14` is no longer approved: its status is `Rejected`"), "{log}");
    assert!(log.contains("release another model package"), "{log}");
}

#[test]
fn a_release_without_passed_staging_tests_is_not_deployed_despite_the_approval() {
    // The results of another release, and results with a failed test.
    for (from, to, says) in [
        ("\"release\": \"sha256:", "\"release\": \"sha256:0", "the staging tests tested another release"),
        ("\"verdict\": \"passed\"", "\"verdict\": \"failed\"", "the staging tests of this release ended as `failed`"),
    ] {
        let (history, log) = after_waiting(|_, run| {
            let results = run.artifacts["TestStagingArtifact"].join("test-results.json");
            let text = std::fs::read_to_string(&results).unwrap();
            assert!(text.contains(from), "{text}");
            std::fs::write(&results, text.replace(from, to)).unwrap();
        });
        assert_eq!(history, [&WHOLE_WAY[..6], &["CheckRelease failed"]].concat(), "{log}");
        assert!(log.contains(says), "{log}");
    }
}
