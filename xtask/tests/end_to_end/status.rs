//! `status`: the current status of every target of a stage.

use sandbox::stand_in::Fault;
use serde_json::Value as Json;

use crate::cloud::Cloud;
use crate::project::Project;
use crate::rollout::{ACCOUNTS, DEPLOY, ENDPOINT, approve, project};
use crate::schemas::validate;

const STATUS: [&str; 3] = ["status", "--stage", "staging"];

fn status(project: &Project, code: i32) -> Json {
    let run = project.run(STATUS.iter().chain(&["--format", "json"])).ends_with(code);
    project.write("status.json", &run.stdout);
    validate("status.v1.json", &project.path("status.json")).unwrap();
    serde_json::from_str(&run.stdout).unwrap()
}

#[test]
fn every_target_has_a_status_and_nothing_is_changed() {
    let cloud = Cloud::new();
    let project = project(&cloud, &ACCOUNTS[..2]);
    approve(&cloud, 1);
    project.run(["build"]).ends_with(0);
    // Nothing is deployed yet.
    let first = status(&project, 1);
    assert_eq!((&first["health"], &first["last_operation"]), (&"differs".into(), &Json::Null));
    project.run(STATUS).ends_with(1).says("222222222222/us-east-1 stack: the stack does not exist yet");

    project.run(DEPLOY).ends_with(0);
    cloud.aws.clear_requests().unwrap();
    let deployed = status(&project, 0);
    cloud.only_reads();
    assert_eq!((&deployed["health"], deployed["targets"].as_array().unwrap().len()), (&"ok".into(), 4));
    assert_eq!(deployed["last_operation"]["is_of_release"], true);
    let text = project.run(STATUS).ends_with(0).stdout;
    assert_eq!(text.matches("InService").count(), 4, "{text}");
    assert_eq!(text.matches("version 1").count(), 8, "{text}");

    // The status of an endpoint that cannot be read is unknown.
    let denied = Fault::error(400, "AccessDeniedException", "User is not authorized").on("sagemaker", "DescribeEndpoint");
    cloud.aws.fault(&denied.of_account(ACCOUNTS[0])).unwrap();
    let denied = status(&project, 3);
    assert_eq!(denied["targets"][0]["endpoints"][0]["health"], "unknown");
    project.run(STATUS).ends_with(3).says("AccessDeniedException");
    cloud.aws.clear_faults().unwrap();

    // SageMaker can roll an endpoint back while its stack is current.
    approve(&cloud, 2);
    project.run(["build"]).ends_with(0);
    cloud.aws.silent_rollback(ACCOUNTS[0], ENDPOINT).unwrap();
    project.run(DEPLOY).ends_with(1);
    let back = status(&project, 1);
    let target = back["targets"].as_array().unwrap().iter().find(|target| target["health"] != "ok").unwrap();
    assert_eq!((&target["instance"], &target["health"], &target["region"]), (&"CURRENT".into(), &"differs".into(), &"us-east-1".into()));
    project.run(STATUS).ends_with(1).says("it serves version 1, but the newest operation deploys version 2");

    // A release that was built but not rolled out is not that of the newest operation.
    approve(&cloud, 3);
    project.run(["build"]).ends_with(0);
    assert_eq!(status(&project, 1)["last_operation"]["is_of_release"], false);
}
