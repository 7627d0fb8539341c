//! Repositories of teams: made, built, deployed, tested and upgraded with nothing but the binary.

use std::path::Path;

use serde_json::{Value as Json, json};

use crate::cloud::{Cloud, HOME};
use crate::code_pipeline::{Pipeline, Run};
use crate::pipeline::{PROD, STAGING, WHOLE_WAY, parameters, sha256_of_the_binary};
use crate::project::{Project, workspace};

pub(crate) const VOLUME_KEY: &str = "arn:aws:kms:us-east-1:111111111111:key/1234abcd-12ab-34cd-56ef-1234567890ab";

/// A folder outside the workspace, whose commands find no other program.
pub(crate) fn outside(cloud: &Cloud) -> Project {
    let mut project = Project::empty();
    project.set_all(cloud.aws.environment(HOME).unwrap());
    std::fs::create_dir(project.path("no-programs")).unwrap();
    project.set("PATH", &project.path("no-programs").display().to_string());
    for name in ["labelled-flowers.csv", "three-flowers.csv"] {
        project.write(&format!("payloads/{name}"), &std::fs::read_to_string(workspace().join("test/payloads").join(name)).unwrap());
    }
    project
}

/// A local AWS with both target accounts.
pub(crate) fn cloud() -> Cloud {
    let cloud = Cloud::new();
    cloud.register(10);
    for (stage, account) in [("staging", STAGING), ("prod", PROD)] {
        cloud.prepare(stage, account);
    }
    cloud
}

/// A pipeline that pins no binary itself.
fn pipeline() -> Pipeline {
    let mut parameters = parameters();
    parameters.retain(|(name, _)| !name.starts_with("Xtask"));
    // As the seed's pipeline does; its template has no default.
    parameters.push(("VolumeKmsKeyArn", VOLUME_KEY));
    Pipeline::read(&parameters)
}

/// Every file below a folder.
fn files(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(&next).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.is_dir() {
                folders.push(entry);
            } else {
                found.push(entry.strip_prefix(folder).unwrap().display().to_string());
            }
        }
    }
    found.sort();
    found
}

/// Releases a repository in both accounts, with the binary that it pins.
fn release(cloud: &Cloud, repository: &Path) -> String {
    let pipeline = pipeline();
    let run = Run::start(&pipeline, cloud, repository, &[]);
    assert_eq!(run.history, WHOLE_WAY, "{}", run.log);
    for stage in ["TestStaging", "TestProd"] {
        assert_eq!(run.variables[&format!("{stage}.TEST_VERDICT")], "passed", "{}", run.log);
    }
    assert!(!run.log.contains("compiling"), "{}", run.log);
    run.log.clone()
}

/// Makes the repository one that an earlier version wrote: it had another first line in each
/// script, and another pin.
fn age(project: &Project, folder: &str) {
    let older = |text: &str| text.replace("\nset -eu\n", "\nset -u\n").replace("s3://tools/xtask-new", "s3://tools/xtask");
    let mut lock = project.json(&format!("{folder}/xtask.lock"));
    lock["xtask"] = "0.0.9".into();
    lock["pin"]["url"] = "s3://tools/xtask".into();
    for (name, base) in lock["files"].as_object_mut().unwrap() {
        let text = older(base["text"].as_str().unwrap());
        base["sha256"] = model_release::files::digest(text.as_bytes()).into();
        base["text"] = text.into();
        let path = format!("{folder}/{name}");
        project.write(&path, &older(&project.read(&path)));
    }
    project.write(&format!("{folder}/xtask.lock"), &lock.to_string());
}

#[test]
fn a_teams_repository_is_made_released_upgraded_and_released_again() {
    let cloud = cloud();
    let project = outside(&cloud);
    let sha256 = sha256_of_the_binary();
    let labels = ["--payloads", "payloads/labelled-flowers.csv", "--label", "species", "--prediction", "/predictions/0/label"];
    let group = ["--model-package-group", "iris-p-abc123xyz", "--url", "s3://tools/xtask-new"];
    let made = project.run(["new", "team", "--format", "json"].iter().chain(&labels).chain(&group)).ends_with(0);
    let made: Json = serde_json::from_str(&made.stdout).unwrap();
    assert_eq!(made["pin"], json!({ "url": "s3://tools/xtask-new", "sha256": sha256 }));
    assert_eq!(files(&project.path("team")).len(), 11, "{made}");
    assert_eq!(made["files"].as_array().unwrap().len(), 11);
    let log = release(&cloud, &project.path("team"));
    assert!(log.contains("downloading s3://tools/xtask-new") && log.contains("xtask 0.1.0"), "{log}");
    assert!(log.contains("using the binary from the build step"), "{log}");
    let first = cloud.served(STAGING, "iris-p-abc123xyz-staging");

    // Much later: the team has a command of its own, and the program a new version.
    age(&project, "team");
    let buildspec =
        project.read("team/buildspec.yml").replace("      - release/xtask setup\n", "      - echo scanned\n      - release/xtask setup\n");
    project.write("team/buildspec.yml", &buildspec);
    let upgrade = |options: &[&str]| project.run(["upgrade", "--project-dir", "team"].iter().chain(options));
    let before = files(&project.path("team")).into_iter().map(|name| project.read(&format!("team/{name}"))).collect::<Vec<_>>();
    upgrade(&["--check", "--url", "s3://tools/xtask-new"]).ends_with(0).says("xtask 0.0.9 -> 0.1.0").says("-set -u\n+set -eu\n");
    let after = files(&project.path("team")).into_iter().map(|name| project.read(&format!("team/{name}"))).collect::<Vec<_>>();
    assert!(before == after, "--check changes nothing");
    let upgraded = upgrade(&["--url", "s3://tools/xtask-new", "--format", "markdown"]).ends_with(0);
    for text in ["# Upgrade of xtask: 0.0.9 to 0.1.0\n", "| `buildspec.yml` | merged |", "```diff\n--- a/pipeline/obtain-xtask.sh\n"] {
        assert!(upgraded.stdout.contains(text), "{text}: {}", upgraded.stdout);
    }
    let buildspec = project.read("team/buildspec.yml");
    assert!(buildspec.contains("- echo scanned\n") && buildspec.contains("s3://tools/xtask-new"), "{buildspec}");
    assert!(project.read("team/pipeline/obtain-xtask.sh").contains("\nset -eu\n"));
    upgrade(&[]).ends_with(4).says("buildspec.yml: your changes stay");

    let log = release(&cloud, &project.path("team"));
    assert!(log.contains("scanned\n"), "{log}");
    assert_eq!(cloud.served(STAGING, "iris-p-abc123xyz-staging"), first);
}

#[test]
fn the_commands_of_the_readme_release_a_new_repository() {
    let cloud = cloud();
    let mut project = outside(&cloud);
    let usual = Project::empty().with_pipeline_variables();
    project.set_all(usual.variables().map(|(name, value)| (name.to_owned(), value.to_owned())));
    project.set("XTASK_PROJECT_DIR", "iris");
    let from = ["--model-package-group", "iris-p-abc123xyz", "--payloads", "payloads/three-flowers.csv"];
    project.run(["new", "iris", "--url", "s3://tools/xtask"].iter().chain(&from)).ends_with(0);
    for command in
        [&["setup"] as &[&str], &["build"], &["deploy", "--stage", "staging"], &["test-staging"], &["status", "--stage", "staging"]]
    {
        project.run(command).ends_with(0);
    }
    project.run(["upgrade"]).ends_with(4);
}

#[test]
fn one_parameter_pins_the_binary_of_every_pipeline() {
    let cloud = cloud();
    let project = outside(&cloud);
    project.run(["new", "team", "--payloads", "payloads/three-flowers.csv", "--from-parameter", "/mlops/xtask"]).ends_with(0);
    let put = |value: &str| {
        let input = json!({ "Name": "/mlops/xtask", "Value": value, "Type": "String", "Overwrite": true });
        cloud.aws.call(HOME, "ssm", "PutParameter", &input).unwrap();
    };
    put(&format!("s3://tools/xtask-one {}", sha256_of_the_binary()));
    assert!(release(&cloud, &project.path("team")).contains("downloading s3://tools/xtask-one"));
    put(&format!("s3://tools/xtask-two {}", sha256_of_the_binary()));
    assert!(release(&cloud, &project.path("team")).contains("downloading s3://tools/xtask-two"));
    for (value, says) in [
        (format!("s3://tools/xtask-two {}", "0".repeat(64)), "it will not be run"),
        ("s3://tools/xtask-two".to_owned(), "it must be a URL, a space and a SHA-256"),
    ] {
        put(&value);
        let pipeline = pipeline();
        let run = Run::start(&pipeline, &cloud, &project.path("team"), &[]);
        assert!(run.log.contains(says) && run.history.last().unwrap().ends_with("failed"), "{:?} {}", run.history, run.log);
    }
}

#[test]
fn changes_of_the_team_are_never_overwritten() {
    let cloud = cloud();
    let project = outside(&cloud);
    project.run(["new", "team", "--url", "s3://tools/xtask-new"]).ends_with(0);
    age(&project, "team");
    let own = project.read("team/pipeline/obtain-xtask.sh").replace("\nset -u\n", "\nset -x\n");
    project.write("team/pipeline/obtain-xtask.sh", &own);
    let lock = project.read("team/xtask.lock");
    let upgrade =
        |options: &[&str]| project.run(["upgrade", "--project-dir", "team", "--url", "s3://tools/xtask-new"].iter().chain(options));
    for options in [&[] as &[&str], &["--check"], &["--format", "json"], &["--format", "markdown"]] {
        let run = upgrade(options);
        run.ends_with(1).says("set -x").says("set -eu").says("nothing was written");
        assert_eq!((project.read("team/pipeline/obtain-xtask.sh"), project.read("team/xtask.lock")), (own.clone(), lock.clone()));
        assert!(project.read("team/buildspec.yml").contains("s3://tools/xtask "), "no other file is written");
    }
    upgrade(&["--write-conflicts"]).ends_with(1).says("edit the lines between the markers");
    assert!(
        project
            .read("team/pipeline/obtain-xtask.sh")
            .contains("<<<<<<< ours\nset -x\n||||||| original\nset -u\n=======\nset -eu\n>>>>>>> theirs\n")
    );
    assert!(project.read("team/buildspec.yml").contains("s3://tools/xtask-new "));

    // What cannot be the base of a merge is not one.
    project.write("team/xtask.lock", &lock.replacen("set -u", "set -e", 1));
    upgrade(&[]).ends_with(2).says("does not have its SHA-256").says("git checkout -- xtask.lock");
    upgrade(&["--to", "9.9.9"]).ends_with(2);
    project.write("team/xtask.lock", &lock.replacen("0.0.9", "9.9.9", 1));
    upgrade(&[]).ends_with(2).says("version 9.9.9 wrote this repository").says("run `xtask upgrade` of that version");
    upgrade(&["--to", "9.9.9"]).ends_with(2).says("error: this is version 0.1.0, and not 9.9.9").says("--> --to");
}

#[test]
fn new_overwrites_nothing_and_names_every_conflict() {
    let cloud = Cloud::new();
    let project = outside(&cloud);
    project.write("team/README.md", "ours");
    project.write("team/test", "a file");
    project.write("team/LICENSE", "is in nobody's way");
    let run = project.run(["new", "team"]);
    run.ends_with(2).says("`team/README.md` exists").says("`team/test` is a file where a folder is needed").says("nothing was written");
    assert_eq!(files(&project.path("team")), ["LICENSE", "README.md", "test"]);
    for (options, says) in [
        (&["--url", "ftp://x/y"] as &[&str], "--> --url"),
        (&["--url", "s3://b/k", "--sha256", "ab"], "--> --sha256"),
        (&["--sha256", "ab"], "--url <URL>"),
        (&["--from-parameter", "a b"], "--> --from-parameter"),
        (&["--from-seed", "payloads"], "there is no `cfn-sm-endpoint-template.yaml`"),
        (&["--payloads", "nothing.csv"], "--> --payloads"),
        (&["--registry", "nothing.json"], "--> --registry"),
        (&["--model-package-group", "!"], "--> --model-package-group"),
        (&["--format", "markdown"], "only `upgrade` has the format markdown"),
    ] {
        project.run(["new", "other"].iter().chain(options)).ends_with(2).says(says);
        assert!(!project.path("other").exists(), "{options:?}");
    }
    project.run(["new", "other", "--model-package-group", "iris-p-abc123xyz"]).ends_with(4).says("has no completed model package");
    project.run(["new", "other"]).ends_with(0).says("no binary is pinned").says("no sample payload is known");
    // Payloads are copied from wherever they are, also from the folder of other tests.
    project.write("test/one.csv", "1,2\n");
    for folder in [".", "third"] {
        project.run(["new", folder, "--payloads", "test/one.csv"]).ends_with(0);
    }
    assert!(project.path("third/test/payloads/one.csv").is_file() && !project.path("test/payloads").exists());
    assert!(
        project.read("third/test/endpoint-tests.yaml").contains("payloads/one.csv")
            && project.read("test/endpoint-tests.yaml").contains("file: one.csv")
    );
}

const SEED_TEMPLATE: &str = "\
Description: An endpoint of a team that began with the Python seed
Parameters:
  SageMakerProjectName: {Type: String}
  SageMakerProjectId: {Type: String}
  ModelPackageName: {Type: String}
  ExecutionRoleName: {Type: String}
  EnvName: {Type: String}
  EnvType: {Type: String}
  VolumeKmsKeyArn: {Type: String}
  Accounts: {Type: String}
  EndpointInstanceType: {Type: String}
  EndpointInstanceCount: {Type: Number}
Resources:
  Model:
    Type: AWS::SageMaker::Model
    Properties:
      ExecutionRoleArn: !Sub 'arn:aws:iam::${AWS::AccountId}:role/${ExecutionRoleName}'
      PrimaryContainer: {ModelPackageName: !Ref ModelPackageName}
  Config:
    Type: AWS::SageMaker::EndpointConfig
    Properties:
      ProductionVariants:
        - VariantName: AllTraffic
          ModelName: !GetAtt Model.ModelName
          InitialInstanceCount: !Ref EndpointInstanceCount
          InstanceType: !Ref EndpointInstanceType
          InitialVariantWeight: 1
  Endpoint:
    Type: AWS::SageMaker::Endpoint
    Properties:
      EndpointName: !Sub '${SageMakerProjectName}-${SageMakerProjectId}-${EnvType}'
      EndpointConfigName: !GetAtt Config.EndpointConfigName
";

/// A repository as a team has it that began with the Python seed. Its files are our own.
fn seed(project: &Project) {
    let stage = |stage: &str, instance: &str| {
        format!(
            "[\n  {{ \"ParameterKey\": \"EnvType\", \"ParameterValue\": \"{stage}\" }},\n  {{ \"ParameterKey\": \"EndpointInstanceType\", \"ParameterValue\": \"{instance}\" }},\n  {{ \"ParameterKey\": \"EndpointInstanceCount\", \"ParameterValue\": \"1\" }}\n]\n"
        )
    };
    project.write("seed/cfn-sm-endpoint-template.yaml", SEED_TEMPLATE);
    project.write("seed/staging-config-template.json", &stage("staging", "ml.m5.large"));
    project.write("seed/prod-config-template.json", &stage("prod", "ml.t2.medium"));
    project.write("seed/build.py", "import boto3\nregistry = boto3.client('sagemaker')\n");
    project.write("seed/setup.py", "import boto3\n");
    project.write("seed/buildspec.yml", "version: 0.2\nphases:\n  build:\n    commands:\n      - python build.py\n      - ./scan.sh\n");
    project.write(
        "seed/test/test.py",
        "import boto3\nruntime = boto3.client('sagemaker-runtime')\nflower = '5.1,3.5,1.4,0.2'\nresponse = runtime.invoke_endpoint(EndpointName='iris', ContentType='text/csv', Body=flower)\nassert b'setosa' in response['Body'].read()\n",
    );
    project.write("seed/test/buildspec.yml", "version: 0.2\nphases:\n  build:\n    commands:\n      - python test/test.py\n");
    project.write("seed/scan.sh", "echo scanned\n");
}

#[test]
fn a_repository_of_the_seed_is_carried_over_and_released() {
    let cloud = cloud();
    let project = outside(&cloud);
    seed(&project);
    let made = project.run(["new", "team", "--from-seed", "seed", "--url", "s3://tools/xtask", "--format", "json"]).ends_with(0);
    let made: Json = serde_json::from_str(&made.stdout).unwrap();
    let decisions: Vec<_> = made["findings"].as_array().unwrap().iter().filter(|finding| finding["action"] == "decide").collect();
    let place = |code: &str| {
        let found = decisions.iter().find(|finding| finding["code"] == code).unwrap_or_else(|| panic!("{code} in {decisions:#?}"));
        (found["file"].as_str().unwrap(), found["line"].as_u64())
    };
    let unused = decisions.iter().filter(|finding| finding["code"] == "unused-parameter").map(|finding| finding["line"].as_u64());
    assert_eq!(unused.collect::<Vec<_>>(), [Some(7), Some(9), Some(10)], "EnvName, VolumeKmsKeyArn and Accounts: {decisions:#?}");
    assert_eq!(place("burstable-instance"), ("prod-config-template.json", Some(3)));
    assert_eq!(place("own-command"), ("buildspec.yml", Some(6)));
    assert_eq!(place("expectation-not-carried"), ("test/test.py", Some(5)));
    assert_eq!(project.read("team/cfn-sm-endpoint-template.yaml"), SEED_TEMPLATE);
    assert!(!project.path("team/cfn-sm-endpoint-template.yml").exists() && !project.path("team/build.py").exists());
    release(&cloud, &project.path("team"));

    // The template is the team's: an upgrade neither changes nor adds one.
    let upgrade = project.run(["upgrade", "--project-dir", "team"]).ends_with(4);
    assert!(!upgrade.stdout.contains("cfn-sm-endpoint"), "{}", upgrade.stdout);
}

#[test]
fn the_program_is_called_as_it_was_started() {
    let project = Project::empty();
    let run = |arguments: &[&str], package: &str| project.ended(project.command(arguments).env("CARGO_PKG_NAME", package).spawn().unwrap());
    for (package, name) in [("xtask", "cargo xtask"), ("", "xtask"), ("iris-model", "xtask")] {
        let help = run(&["help", "build"], package);
        assert!(help.stdout.contains(&format!("Usage: {name} build ")), "{}", help.stdout);
        assert!(run(&["--help"], package).stdout.contains(&format!("Usage: {name} [OPTIONS] <COMMAND>")));
        assert_eq!(run(&["--version"], package).stdout.split(" 0.").next(), Some(name));
        run(&["build", "--oops"], package).ends_with(2).says(&format!("Usage: {name} build"));
        project.write("payload.csv", "1,2\n");
        let next = run(&["init-tests", "--from", "payload.csv", "--force"], package);
        assert!(next.stdout.contains(&format!(": {name} test-staging ")), "{}", next.stdout);
    }
}
