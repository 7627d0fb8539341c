//! The example GitHub Actions workflow: checks its wiring, and runs its steps on the local AWS.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::{Value as Json, json};

use crate::buildspecs::{python_program, text};
use crate::cloud::{Cloud, GROUP, HOME, REGION};
use crate::project::{Project, program, workspace};
use crate::roles;

const WORKFLOW: &str = "examples/github-actions/model-deploy.yml";
/// The local AWS does not check permissions in deployments.
const POLICY: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sagemaker:CreateModel","Resource":"*"}]}"#;
const GUARD: &str = "needs.build.outputs.release-action != 'none'";

struct Workflow(Json);

/// The state of a workflow run: variables of the repository, and outputs of jobs.
struct Run<'a> {
    project: &'a Project,
    event_name: &'static str,
    event: Json,
    /// The input `rollback-to`.
    rollback_to: String,
    /// The role of its jobs; the account without one.
    role: Option<&'static str>,
    outputs: BTreeMap<String, String>,
}

impl Workflow {
    fn read() -> Self {
        // In YAML 1.1 the key `on` is a boolean, which is `true` in JSON.
        let read = "import json, sys, yaml; json.dump(yaml.safe_load(open(sys.argv[1])), sys.stdout)";
        let output = Command::new(python_program("python")).args(["-c", read]).arg(workspace().join(WORKFLOW)).output().unwrap();
        Self(serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", text(&output))))
    }

    fn jobs(&self) -> impl Iterator<Item = (&str, &Json)> {
        self.0["jobs"].as_object().unwrap().iter().map(|(name, job)| (name.as_str(), job))
    }

    fn needs(job: &Json) -> Vec<&str> {
        match &job["needs"] {
            Json::String(one) => vec![one],
            several => several.as_array().into_iter().flatten().filter_map(Json::as_str).collect(),
        }
    }

    fn steps(job: &Json) -> impl Iterator<Item = &Json> {
        job["steps"].as_array().unwrap().iter()
    }

    /// Every expression, such as `vars.AWS_REGION`, with its job.
    fn expressions(&self) -> Vec<(Option<&str>, String)> {
        let mut found: Vec<_> = expressions(&self.0["env"].to_string()).map(|expression| (None, expression)).collect();
        for (name, job) in self.jobs() {
            found.extend(expressions(&job.to_string()).map(|expression| (Some(name), expression)));
            found.extend(job["if"].as_str().map(|condition| (Some(name), condition.to_owned())));
        }
        found
    }
}

fn expressions(text: &str) -> impl Iterator<Item = String> {
    text.split("${{").skip(1).map(|rest| rest.split("}}").next().unwrap().trim().to_owned())
}

/// The names that follow `prefix` in a text.
fn named<'a>(text: &'a str, prefix: &str) -> BTreeSet<&'a str> {
    let ends = |c: char| !(c.is_ascii_alphanumeric() || "_-".contains(c));
    text.split(prefix).skip(1).map(|rest| rest.split(ends).next().unwrap()).collect()
}

/// The variables of the repository and its environments, as in docs/github-actions.md.
fn variable(project: &Project, name: &str) -> String {
    let of_project = || project.variables().find(|(known, _)| *known == name).map(|(_, value)| value.to_owned());
    match name {
        "AWS_REGION" => REGION.to_owned(),
        "BUILD_ROLE_ARN" | "PULL_REQUEST_ROLE_ARN" | "DEPLOY_ROLE_ARN" => format!("arn:aws:iam::{HOME}:role/model-deploy/GitHub"),
        "STACK_SET_ADMINISTRATION_ROLE_ARN" => format!("arn:aws:iam::{HOME}:role/AWSCloudFormationStackSetAdministrationRole"),
        "STACK_SET_EXECUTION_ROLE_PREFIX" => "ModelDeployExecution-p-abc123xyz".to_owned(),
        "TEST_ROLE_PREFIX" => "EndpointTest-p-abc123xyz".to_owned(),
        "XTASK_URL" | "XTASK_SHA256" => String::new(),
        // Optional.
        _ if name.ends_with("_SIGNING_KEY_ARN") || name == "RELEASE_HISTORY" => of_project().unwrap_or_default(),
        _ => of_project().unwrap_or_else(|| panic!("the workflow uses a variable `{name}` that is not set")),
    }
}

impl<'a> Run<'a> {
    fn new(project: &'a Project, event_name: &'static str) -> Self {
        Self { project, event_name, event: Json::Null, rollback_to: String::new(), role: None, outputs: BTreeMap::new() }
    }

    fn value(&self, expression: &str) -> String {
        if let Some(name) = expression.strip_prefix("vars.") {
            return variable(self.project, name);
        }
        match expression {
            "inputs.model-package" => String::new(),
            "inputs.rollback-to" => self.rollback_to.clone(),
            _ if expression.starts_with("github.event_name != 'pull_request' && vars.") => {
                let name = expression.split("vars.").nth(1).and_then(|rest| rest.strip_suffix(" || ''")).unwrap();
                if self.event_name == "pull_request" { String::new() } else { variable(self.project, name) }
            }
            _ if expression.contains("toJSON(github.event.client_payload.event)") => match &self.event {
                Json::Null => String::new(),
                event => event.to_string(),
            },
            "needs.build.outputs.manifest-sha256" => self.outputs["manifest-sha256"].clone(),
            "needs.build.outputs.xtask-sha256" => self.outputs["xtask-sha256"].clone(),
            _ => panic!("an unknown expression in the environment: `{expression}`"),
        }
    }

    fn environment(&self, env: &Json) -> Vec<(String, String)> {
        let of = |(name, value): (&String, &Json)| {
            let value = value.as_str().unwrap();
            let value = match value.strip_prefix("${{").and_then(|value| value.strip_suffix("}}")) {
                Some(expression) => self.value(expression.trim()),
                None => value.to_owned(),
            };
            (name.clone(), value)
        };
        env.as_object().into_iter().flatten().map(of).collect()
    }

    /// Runs the commands of a job as a runner does: a shell for each step, with only the workflow's
    /// variables and the job's role.
    fn job(&mut self, cloud: &Cloud, workflow: &Workflow, name: &str) -> (bool, String) {
        let job = &workflow.0["jobs"][name];
        let (output, kept) = (self.project.path("github-output"), self.project.path("github-env"));
        std::fs::write(&output, "").unwrap();
        std::fs::write(&kept, "").unwrap();
        let mut said = String::new();
        for step in Workflow::steps(job) {
            if step["with"]["name"] == "test-staging" && step["uses"].as_str().is_some_and(|action| action.contains("download")) {
                let folder = self.project.path(step["with"]["path"].as_str().unwrap());
                std::fs::create_dir_all(&folder).unwrap();
                for (name, bytes) in self.project.files("test-results") {
                    std::fs::write(folder.join(name), bytes).unwrap();
                }
            }
            if step["name"] == "Approval" {
                // GitHub's response, as its REST documentation shows it.
                let review = json!([{ "state": "approved", "comment": "ship it", "environments": [{ "id": 161_088_068, "name": job["environment"] }],
                    "user": { "login": "ann", "id": 1, "type": "User" } }]);
                self.project.write("approvals.json", &review.to_string());
            }
            let Some(script) = step["run"].as_str().filter(|script| !script.contains("gh api")) else { continue };
            let mut command = Command::new("bash");
            command.args(["--noprofile", "--norc", "-e", "-o", "pipefail", "-c", script]).current_dir(self.project.path("")).env_clear();
            command.env("PATH", std::env::var_os("PATH").unwrap()).env("HOME", self.project.path(""));
            command
                .env("GITHUB_OUTPUT", &output)
                .env("GITHUB_ENV", &kept)
                .env("GITHUB_STEP_SUMMARY", self.project.path("github-summary"))
                .env("GITHUB_EVENT_NAME", self.event_name)
                .env("CODEBUILD_SRC_DIR_BuildArtifact", self.project.path("published"));
            command
                .envs(self.environment(&workflow.0["env"]))
                .envs(self.environment(&step["env"]))
                .envs(self.role.map_or_else(|| cloud.aws.environment(HOME), |role| cloud.aws.environment_as(HOME, role)).unwrap());
            command.envs(pairs(&std::fs::read_to_string(&kept).unwrap()));
            let ended = command.output().unwrap();
            said.push_str(&text(&ended));
            if !ended.status.success() {
                return (false, said);
            }
        }
        if name == "build" {
            self.outputs = pairs(&std::fs::read_to_string(&output).unwrap()).collect();
        }
        (true, said)
    }
}

fn pairs(text: &str) -> impl Iterator<Item = (String, String)> {
    text.lines().filter_map(|line| line.split_once('=')).map(|(name, value)| (name.to_owned(), value.to_owned()))
}

/// A project with this program as its published binary, a shared registry and prepared targets.
fn ready(cloud: &Cloud) -> Project {
    let mut project = cloud.project();
    project.set("SAGEMAKER_EBS_KMS_KEY_ARN", "");
    project.write("pipeline/obtain-xtask.sh", &std::fs::read_to_string(workspace().join("pipeline/obtain-xtask.sh")).unwrap());
    std::fs::create_dir_all(project.path("published")).unwrap();
    std::fs::copy(program(), project.path("published/xtask")).unwrap();
    let sum = Command::new("sh").args(["-c", "sha256sum xtask > xtask.sha256"]).current_dir(project.path("published")).status().unwrap();
    assert!(sum.success());
    project.run(["setup"]).ends_with(0);
    for (stage, account) in [("staging", "222222222222"), ("prod", "333333333333")] {
        cloud.prepare(stage, account);
        cloud.aws.make_role(account, &format!("ModelDeployExecution-p-abc123xyz-{stage}"), POLICY).unwrap();
    }
    project
}

#[test]
fn the_needs_and_outputs_of_jobs_exist() {
    let workflow = Workflow::read();
    let jobs: BTreeMap<&str, &Json> = workflow.jobs().collect();
    for (name, job) in &jobs {
        for needed in Workflow::needs(job) {
            assert!(jobs.contains_key(needed) && needed != *name, "{name} needs {needed}");
        }
        let identified: BTreeSet<_> = Workflow::steps(job).filter_map(|step| step["id"].as_str()).collect();
        for step in named(&job.to_string(), "steps.") {
            assert!(identified.contains(step), "{name}: there is no step `{step}`");
        }
    }
    for (job, expression) in workflow.expressions() {
        for needed in named(&expression, "needs.") {
            let job = job.expect("only a job needs others");
            assert!(Workflow::needs(jobs[job]).contains(&needed), "{job} uses `{expression}` and does not need {needed}");
        }
        for output in named(&expression, "needs.build.outputs.") {
            assert!(jobs["build"]["outputs"].get(output).is_some(), "the build has no output `{output}`");
        }
    }
    // Deployments and tests run in this order, not for pull requests, and only with a release to
    // deploy.
    for (name, earlier) in
        [("deploy-staging", "build"), ("test-staging", "deploy-staging"), ("deploy-prod", "test-staging"), ("test-prod", "deploy-prod")]
    {
        let condition = jobs[name]["if"].as_str().unwrap();
        assert!(Workflow::needs(jobs[name]).contains(&earlier), "{name} does not wait for {earlier}");
        assert!(condition.contains(GUARD) && condition.contains("github.event_name != 'pull_request'"), "{name}: {condition}");
        // A condition with a status function would run a job after a failed one.
        assert!(!condition.contains("always()") && !condition.contains("failure()") && !condition.contains("cancelled()"), "{name}");
    }
    assert_eq!(jobs["deploy-prod"]["environment"], "production");
    assert!(jobs["plan"]["if"].as_str().unwrap().contains(GUARD));
}

#[test]
fn no_job_has_more_permissions_than_it_needs() {
    let workflow = Workflow::read();
    assert_eq!(workflow.0["permissions"], json!({}));
    for (name, job) in workflow.jobs() {
        let signs_in = job.to_string().contains("aws-actions/configure-aws-credentials");
        let permissions = job["permissions"].as_object().unwrap_or_else(|| panic!("{name} has no permissions"));
        assert_eq!(permissions.get("id-token").is_some_and(|right| right == "write"), signs_in, "{name}");
        assert_eq!(permissions["contents"], "read", "{name}");
        let writes: Vec<_> = permissions.iter().filter(|(right, value)| *value == "write" && *right != "id-token").collect();
        assert_eq!(writes.is_empty(), name != "plan", "{name} may {writes:?}");
        for step in Workflow::steps(job) {
            // Branch names and payloads are untrusted: a shell gets them only as variables.
            assert!(!step["run"].as_str().unwrap_or_default().contains("${{"), "{name}: {}", step["run"]);
            // A tag can be moved to another commit.
            let is_pinned = |action: &str| {
                let commit = action.rsplit_once('@').map_or("", |(_, commit)| commit);
                commit.len() == 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit())
            };
            assert!(step["uses"].as_str().is_none_or(is_pinned), "{name}: {}", step["uses"]);
            assert!(
                !step["uses"].as_str().unwrap_or_default().starts_with("actions/checkout") || step["with"]["persist-credentials"] == false
            );
        }
    }
    let text = std::fs::read_to_string(workspace().join(WORKFLOW)).unwrap();
    assert!(!text.contains("secrets."), "no stored keys");
    // The trust policies name exactly these environments.
    let roles = std::fs::read_to_string(workspace().join("pipeline/github-actions-role.yml")).unwrap();
    let environments: BTreeSet<_> = workflow.jobs().filter_map(|(_, job)| job["environment"].as_str()).collect();
    assert_eq!(named(&roles, ":environment:"), environments);
}

#[test]
fn every_variable_is_in_the_guide_and_every_command_line_is_one_of_this_program() {
    let workflow = Workflow::read();
    let guide = std::fs::read_to_string(workspace().join("docs/github-actions.md")).unwrap();
    for (_, expression) in workflow.expressions() {
        for name in named(&expression, "vars.") {
            let pair = name.replace("_PROD_NAME", "_STAGING_NAME");
            assert!(
                guide.contains(&format!("`{name}`")) || guide.contains(&format!("`{pair}`")),
                "the guide does not say what `{name}` is"
            );
        }
    }
    let project = Project::new();
    let mut commands = BTreeSet::new();
    for (job, steps) in workflow.jobs() {
        for line in Workflow::steps(steps).filter_map(|step| step["run"].as_str()).flat_map(str::lines) {
            let Some(arguments) = line.trim().strip_prefix("release/xtask ") else { continue };
            let arguments = arguments.split(" || ").next().unwrap().replace(" \"$@\"", "").replace('"', "");
            let arguments: Vec<_> = arguments.split_whitespace().collect();
            // An unknown option is exit code 2, even with --help.
            project.run(arguments.iter().copied().chain(["--help"])).ends_with(0);
            commands.insert(format!("{job} {}", arguments[0]));
        }
    }
    let expected = [
        "build build",
        "deploy-prod check-release",
        "deploy-prod deploy",
        "deploy-staging deploy",
        "plan plan",
        "test-prod test-prod",
        "test-staging test-staging",
    ];
    assert_eq!(commands.iter().map(String::as_str).collect::<Vec<_>>(), expected);
    project.run(["deploy", "--no-such-option", "--help"]).ends_with(2);
}

#[test]
fn a_pull_request_is_built_and_planned_with_a_read_only_role() {
    const TEMPLATE: &str = "pipeline/github-actions-role.yml";
    const PULL_REQUEST_ROLE: &str = "GitHubPullRequestRole";
    let text = std::fs::read_to_string(workspace().join(TEMPLATE)).unwrap();
    let template = cfn_render::Template::parse(text, workspace().join(TEMPLATE)).unwrap().to_value();
    let resources = template["Resources"].as_object().unwrap();
    let trusted = |resource: &Json| resource["Properties"]["AssumeRolePolicyDocument"].to_string().contains(":pull_request");
    let roles: Vec<&str> = resources.iter().filter(|(_, resource)| trusted(resource)).map(|(id, _)| id.as_str()).collect();
    assert_eq!(roles, [PULL_REQUEST_ROLE]);
    let allowed = roles::allowed(TEMPLATE).remove(PULL_REQUEST_ROLE).unwrap();
    for action in &allowed {
        let (_, operation) = action.split_once(':').unwrap();
        assert!(["Get", "List", "Describe", "Decrypt"].iter().any(|verb| operation.starts_with(verb)), "{action}");
    }

    // Each job without a condition against pull requests assumes it.
    let workflow = Workflow::read();
    let of_pull_requests =
        |job: &Json| !job["if"].as_str().is_some_and(|condition| condition.contains("github.event_name != 'pull_request' &&"));
    let assumed: Vec<_> = workflow
        .jobs()
        .filter(|(_, job)| of_pull_requests(job))
        .flat_map(|(name, job)| Workflow::steps(job).filter_map(move |step| Some((name, step["with"]["role-to-assume"].as_str()?))))
        .collect();
    let either = "${{ github.event_name == 'pull_request' && vars.PULL_REQUEST_ROLE_ARN || vars.BUILD_ROLE_ARN }}";
    assert_eq!(assumed, [("build", either), ("plan", "${{ vars.PULL_REQUEST_ROLE_ARN }}")]);

    let cloud = Cloud::new();
    cloud.register(3);
    let mut project = ready(&cloud);
    project.set("ARTIFACT_BUCKET", "artifacts-of-the-team");
    cloud.make_bucket("artifacts-of-the-team");
    let job = "Resources:\n  Job: {Type: 'AWS::Glue::Job', Properties: {Command: {Name: glueetl, ScriptLocation: job.py}, Role: role}}\n";
    let template = project.read("cfn-sm-endpoint-template.yml").replacen("Resources:\n", job, 1);
    project.write("cfn-sm-endpoint-template.yml", &template);
    project.write("job.py", "print(1)\n");
    let statement = json!({ "Effect": "Allow", "Action": allowed, "Resource": "*" });
    let policy = json!({ "Version": "2012-10-17", "Statement": [statement] });
    cloud.aws.make_role(HOME, PULL_REQUEST_ROLE, &policy.to_string()).unwrap();
    cloud.aws.enforce_iam(true).unwrap();
    cloud.aws.clear_requests().unwrap();
    let mut run = Run { role: Some(PULL_REQUEST_ROLE), ..Run::new(&project, "pull_request") };
    for job in ["build", "plan"] {
        let (passed, said) = run.job(&cloud, &workflow, job);
        assert!(passed, "{job}: {said}");
    }
    cloud.only_reads();
    assert!(project.read("release/cfn-sm-endpoint.yaml").contains("s3://artifacts-of-the-team/"));
    let comment = project.read("comment.md");
    assert!(comment.starts_with("<!-- model-deploy plan -->\n"), "{comment}");
    assert!(comment.contains("deploy-staging") && comment.contains("deploy-prod"), "{comment}");
}

#[test]
fn a_release_reaches_production_and_an_event_without_a_deployment_succeeds_after_the_build() {
    let cloud = Cloud::new();
    cloud.register(3);
    let mut project = ready(&cloud);
    for name in ["BUILD_SIGNING_KEY_ARN", "TEST_SIGNING_KEY_ARN", "CHECK_SIGNING_KEY_ARN"] {
        project.set(name, &crate::signing::make_key(&cloud, "SIGN_VERIFY", "ECC_NIST_P256"));
    }
    let workflow = Workflow::read();
    let mut run = Run::new(&project, "push");

    let (passed, said) = run.job(&cloud, &workflow, "build");
    assert!(passed && run.outputs["release-action"] == "deploy", "{said}");
    for job in ["deploy-staging", "test-staging", "deploy-prod", "test-prod"] {
        let (passed, said) = run.job(&cloud, &workflow, job);
        assert!(passed, "{job}: {said}");
    }
    // The record of the approval is in the artifact of the rollout.
    let record = project.json("rollout/approval.json");
    assert_eq!((&record["approver"]["id"], &record["release_named_by"]), (&"ann".into(), &"workflow-run".into()));
    // Every job signed, and required the records of the jobs before.
    for record in ["release/release-provenance", "staging-tests/test-results", "rollout/release-verification", "test-results/test-results"]
    {
        assert!(project.path(&format!("{record}.sigstore.json")).is_file(), "{record}");
    }
    let served = run.outputs["model-package"].clone();
    assert_eq!(cloud.served("222222222222", &format!("{GROUP}-staging")), served);
    assert_eq!(cloud.served("333333333333", &format!("{GROUP}-prod")), served);
    // The reviewer sees the verdict and the metrics of both stages.
    let summary = project.read("github-summary");
    assert_eq!(summary.matches("    passed: 1 of 1 endpoints passed").count(), 2, "{summary}");
    // Again: nothing to do is not a failure.
    assert!(run.job(&cloud, &workflow, "deploy-staging").0);

    // A changed file of the release is not deployed.
    let manifest = project.read("release/release-manifest.json");
    project.write("release/release-manifest.json", &manifest.replace("\"deploy\"", "\"deploy\" "));
    for job in ["plan", "deploy-staging", "test-staging", "deploy-prod", "test-prod"] {
        let (passed, said) = run.job(&cloud, &workflow, job);
        assert!(!passed && said.contains("is not the manifest of the approved release"), "{job}: {said}");
    }
    project.write("release/release-manifest.json", &manifest);
    // A replaced program is not run.
    std::fs::rename(project.path("release/xtask"), project.path("own-xtask")).unwrap();
    project.write("release/xtask", "#!/bin/sh\necho taken over\n");
    for job in ["plan", "deploy-staging", "test-staging", "deploy-prod", "test-prod"] {
        let (passed, said) = run.job(&cloud, &workflow, job);
        assert!(!passed && !said.contains("taken over"), "{job}: {said}");
    }
    std::fs::rename(project.path("own-xtask"), project.path("release/xtask")).unwrap();

    // EventBridge's event of a rejected package that was never deployed.
    let pending = format!("arn:aws:sagemaker:{REGION}:{HOME}:model-package/{GROUP}/1");
    run.event = json!({
        "source": "aws.sagemaker", "detail-type": "SageMaker Model Package State Change",
        "detail": { "ModelPackageArn": pending, "ModelApprovalStatus": "PendingManualApproval", "ModelPackageStatus": "Completed" },
    });
    let (passed, said) = run.job(&cloud, &workflow, "build");
    assert!(passed && run.outputs["release-action"] == "none", "{:?} {said}", run.outputs);
}

#[test]
fn every_job_records_what_it_did_and_a_run_goes_back_to_an_earlier_release() {
    let cloud = Cloud::new();
    cloud.register(3);
    let mut project = ready(&cloud);
    cloud.make_versioned_bucket("records");
    project.set("RELEASE_HISTORY", "s3://records/history");
    let workflow = Workflow::read();
    let release = |run: &mut Run<'_>| {
        for job in ["build", "deploy-staging", "test-staging", "deploy-prod", "test-prod"] {
            let (passed, said) = run.job(&cloud, &workflow, job);
            assert!(passed, "{job}: {said}");
        }
    };
    let mut run = Run::new(&project, "push");
    release(&mut run);
    let first = run.outputs["manifest-sha256"].clone();
    let history = |digest: &str, stage: &str| {
        let answer = project.run(["history", "--stage", stage, "--format", "json"]).ends_with(0).stdout;
        assert!(answer.contains(digest), "{stage}: {answer}");
        answer
    };
    history(&first, "staging");
    assert!(history(&first, "prod").contains("\"ann\""), "who approved is recorded");

    // Another commit, and then back.
    project
        .write("prod-config-template.json", r#"{ "Parameters": { "EndpointInstanceCount": "3", "EndpointInstanceType": "ml.m5.large" } }"#);
    release(&mut run);
    let second = run.outputs["manifest-sha256"].clone();
    assert_ne!(first, second);
    history(&second, "prod");
    let mut back = Run { rollback_to: first[..16].to_owned(), ..Run::new(&project, "workflow_dispatch") };
    release(&mut back);
    assert_eq!(back.outputs["manifest-sha256"], first);
    history(&first, "prod");

    // A pull request records nothing.
    let before = cloud.requests("PutObject").len();
    let (passed, said) = Run::new(&project, "pull_request").job(&cloud, &workflow, "build");
    assert!(passed, "{said}");
    assert_eq!(cloud.requests("PutObject").len(), before);
}
