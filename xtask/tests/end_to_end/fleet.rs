//! `status --all`: the stages of all projects, found by their stack sets.

use sandbox::stand_in::{Fault, SeedPackage, SeedPackages};
use serde_json::{Value as Json, json};

use crate::cloud::{Cloud, GROUP, HOME};
use crate::project::{Project, Run};
use crate::schemas::validate;

const ALL: [&str; 2] = ["status", "--all"];
const STAGING: &str = "222222222222";
const PROD: &str = "333333333333";
const WINE: &str = "444444444444";
const WINE_GROUP: &str = "wine-p-def456uvw";

fn register(cloud: &Cloud, group: &str, version: u32, approval_status: &str) {
    let package = SeedPackage {
        version: Some(version),
        approval_status: Some(approval_status.to_owned()),
        created: Some(format!("2026-02-{version:02}T00:00:00Z")),
        ..SeedPackage::default()
    };
    let packages =
        SeedPackages { account: HOME.to_owned(), group: group.to_owned(), packages: Some(vec![package]), ..SeedPackages::default() };
    cloud.aws.seed_packages(&packages).unwrap();
}

/// Builds the newest approved package and deploys it to a stage.
fn deploy(project: &Project, stage: &str) {
    project.run(["build"]).ends_with(0);
    let deploy = ["deploy", "--stage", stage, "--no-preflight"];
    let without_tests = (stage == "prod").then_some("--without-staging-tests");
    project.run(deploy.into_iter().chain(without_tests)).ends_with(0);
}

/// The project `iris` in staging and production, and `wine` in staging, each with version 1.
fn fleet(cloud: &Cloud) -> [Project; 2] {
    cloud.prepare("staging", STAGING);
    cloud.prepare("prod", PROD);
    cloud.prepare("staging", WINE);
    register(cloud, GROUP, 1, "Approved");
    register(cloud, WINE_GROUP, 1, "Approved");
    let iris = cloud.project();
    deploy(&iris, "staging");
    deploy(&iris, "prod");
    let mut wine = cloud.project();
    wine.set("SAGEMAKER_PROJECT_NAME", "wine");
    wine.set("SAGEMAKER_PROJECT_ID", "p-def456uvw");
    wine.set("SOURCE_MODEL_PACKAGE_GROUP_NAME", WINE_GROUP);
    wine.set("STAGING_ACCOUNT_LIST", WINE);
    deploy(&wine, "staging");
    [iris, wine]
}

/// An empty folder: the projects are found by their stack sets.
fn elsewhere(cloud: &Cloud) -> Project {
    let mut folder = Project::empty();
    folder.set_all(cloud.aws.environment(HOME).unwrap());
    folder
}

fn status(folder: &Project, arguments: &[&str], code: i32) -> Json {
    let run = folder.run(ALL.iter().chain(arguments).chain(&["--format", "json"])).ends_with(code);
    folder.write("fleet.json", &run.stdout);
    validate("fleet-status.v1.json", &folder.path("fleet.json")).unwrap();
    serde_json::from_str(&run.stdout).unwrap()
}

fn all(folder: &Project, arguments: &[&str]) -> Run {
    folder.run(ALL.iter().chain(arguments))
}

#[test]
fn every_project_is_found_by_its_stack_sets_and_what_waits_is_shown() {
    let cloud = Cloud::new();
    let folder = elsewhere(&cloud);
    all(&folder, &[]).ends_with(4).says("0 projects");
    let [iris, _wine] = fleet(&cloud);
    let other = [("StackSetName", "baseline"), ("TemplateBody", "{\"Resources\":{\"T\":{\"Type\":\"AWS::SNS::Topic\"}}}")];
    cloud.aws.query(HOME, "cloudformation", "CreateStackSet", &other).unwrap();

    cloud.aws.clear_requests().unwrap();
    let ok = status(&folder, &[], 0);
    cloud.only_reads();
    assert_eq!((&ok["health"], &ok["counts"]["endpoints"], &ok["counts"]["waiting"]), (&"ok".into(), &3.into(), &0.into()));
    let projects: Vec<_> = ok["projects"].as_array().unwrap().iter().map(|project| project["name"].as_str().unwrap()).collect();
    assert_eq!(projects, ["iris", "wine"]);
    // What an endpoint serves is what the stack set deploys: its overrides need not be read.
    assert_eq!((cloud.requests("DescribeStackInstance").len(), cloud.requests("DescribeStackSet").len()), (0, 3));
    all(&folder, &[]).ends_with(0).says("2 projects, 3 stack sets, 3 targets, 3 endpoints; targets: 3 ok");

    // Approved, then deployed to the first stage; a newer version waits for its approval.
    register(&cloud, GROUP, 2, "Approved");
    all(&folder, &[]).ends_with(0).says("iris (p-abc123xyz): version 2 is approved, and no stage deploys it (prod, staging)");
    deploy(&iris, "staging");
    register(&cloud, GROUP, 3, "PendingManualApproval");
    let text = all(&folder, &[]).ends_with(0);
    let text = text.says("version 2 is deployed in staging, and prod has an older one");
    text.says("version 3 waits for its approval in the model registry");
    let waiting = status(&folder, &["--project", "iris"], 0);
    assert_eq!(waiting["projects"][0]["waiting"][0]["waits_for"], "other-stages");
    assert_eq!(waiting["counts"]["projects"], 1);

    // A rejected package that is still deployed.
    let arn = format!("arn:aws:sagemaker:us-east-1:{HOME}:model-package/{WINE_GROUP}/1");
    cloud.sagemaker("UpdateModelPackage", &json!({ "ModelPackageArn": arn, "ModelApprovalStatus": "Rejected" }));
    all(&folder, &[]).ends_with(0).says("wine (p-def456uvw): staging deploys version 1, whose approval status is Rejected");

    // SageMaker rolls an endpoint back while its stack is current.
    cloud.aws.silent_rollback(PROD, "iris-p-abc123xyz-prod").unwrap();
    iris.run(["build"]).ends_with(0);
    iris.run(["deploy", "--stage", "prod", "--no-preflight", "--without-staging-tests"]).ends_with(1);
    let differs = status(&folder, &[], 1);
    assert_eq!((&differs["health"], &differs["counts"]["differs"], &differs["counts"]["ok"]), (&"differs".into(), &1.into(), &2.into()));
    all(&folder, &["--html", "fleet.html"]).ends_with(1).says("it serves version 1, but the newest operation deploys version 2");
    let page = folder.read("fleet.html");
    for expected in ["Fleet in 111111111111/us-east-1", "it serves version 1, but", "default-src 'none'", "iris-p-abc123xyz-prod"] {
        assert!(page.contains(expected), "{expected}: {page}");
    }
    assert!(["<script", "<link", "src=", "href=", "://"].iter().all(|external| !page.contains(external)), "{page}");
}

#[test]
fn what_cannot_be_read_is_shown_by_account_and_hides_nothing_else() {
    let cloud = Cloud::new();
    fleet(&cloud);
    let folder = elsewhere(&cloud);

    // Throttled calls are repeated.
    let throttled = |service: &str, action: &str| Fault::error(400, "Throttling", "Rate exceeded").on(service, action).times(2);
    cloud.aws.fault(&throttled("cloudformation", "DescribeStackSet")).unwrap();
    cloud.aws.fault(&throttled("cloudformation", "ListStackSets")).unwrap();
    cloud.aws.fault(&throttled("sagemaker", "ListModelPackages")).unwrap();
    status(&folder, &[], 0);
    cloud.aws.clear_faults().unwrap();

    cloud.aws.fault(&Fault::refused_role(&format!("{STAGING}:role"))).unwrap();
    let denied = Fault::error(400, "AccessDeniedException", "User is not authorized").on("sagemaker", "ListModelPackages");
    cloud.aws.fault(&denied.containing(WINE_GROUP)).unwrap();
    let unread = status(&folder, &[], 3);
    assert_eq!((&unread["health"], &unread["counts"]["ok"], &unread["counts"]["unknown"]), (&"unknown".into(), &2.into(), &1.into()));
    let accounts: Vec<_> = unread["unread"].as_array().unwrap().iter().map(|it| it["account_id"].as_str().unwrap()).collect();
    assert_eq!(accounts, [HOME, STAGING]);
    let text = all(&folder, &["--html", "fleet.html"]).ends_with(3);
    let text = text.says("not read in account 222222222222:").says("AccessDenied").says("endpoint iris-p-abc123xyz-staging in us-east-1");
    let text = text.says("model package group arn:aws:sagemaker:us-east-1:111111111111:model-package-group/wine-p-def456uvw");
    assert!(text.stdout.contains("wine     staging"), "{}", text.stdout);
    assert!(folder.read("fleet.html").contains("Account 222222222222"), "the page shows it, too");
    cloud.aws.clear_faults().unwrap();

    // A stack set that cannot be described hides no other one.
    let denied = Fault::error(400, "AccessDenied", "User is not authorized").on("cloudformation", "DescribeStackSet");
    cloud.aws.fault(&denied.containing("wine")).unwrap();
    all(&folder, &[]).ends_with(3).says("stack set sagemaker-wine-p-def456uvw-deploy-staging").says("2 ok");
    // It is not of this project.
    status(&folder, &["--project", "iris"], 0);
    cloud.aws.clear_faults().unwrap();

    // A proven difference outranks what could not be read, and without the list nothing is known.
    cloud.aws.fault(&Fault::error(400, "AccessDenied", "no").on("cloudformation", "ListStackSets")).unwrap();
    let run = all(&folder, &[]).ends_with(3);
    run.says("the stack sets could not be listed").says("account 111111111111, region us-east-1").says("cloudformation:ListStackSets");
}

#[test]
fn projects_are_selected_by_name_by_list_and_by_tag_and_roles_can_differ_by_project() {
    let cloud = Cloud::new();
    let [iris, _] = fleet(&cloud);
    let folder = elsewhere(&cloud);
    let names = |arguments: &[&str], code: i32| {
        let found = status(&folder, arguments, code);
        found["projects"].as_array().unwrap().iter().map(|it| it["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(names(&["--project", "p-def456uvw"], 0), "p-def456uvw");
    assert_eq!(names(&["--tag", "sagemaker:project-name=iris"], 0), "p-abc123xyz");
    folder.write("teams.txt", "# two teams\niris\nrose # new\n");
    let unknown = all(&folder, &["--projects-file", "teams.txt"]).ends_with(3);
    unknown.says("project rose: no stack set of the project is in 111111111111/us-east-1").says("1 project,");
    folder.write("teams.txt", "# none\n");
    all(&folder, &["--projects-file", "teams.txt"]).ends_with(2).says("the list has no project").says("teams.txt");
    all(&folder, &["--tag", "team"]).ends_with(2).says("`team` is not a tag").says("--tag");
    all(&folder, &["--stage", "staging"]).ends_with(2).says("cannot be used with");
    folder.run(["status", "--project", "iris"]).ends_with(2).says("--all");

    // The role of each project, and the tags of the session, of a fleet as of a stage.
    cloud.aws.fault(&Fault::refused_role("role/Reader-p-abc123xyz-prod")).unwrap();
    let denied = all(&folder, &["--role-name", "Reader-{project-id}-{env-type}"]).ends_with(3);
    denied.says("endpoint iris-p-abc123xyz-prod in us-east-1").says("role/Reader-p-abc123xyz-prod").says("targets: 2 ok, 1 unknown");
    cloud.aws.clear_faults().unwrap();
    let tagged = Fault::error(403, "AccessDenied", "the tag was sent").on("sts", "AssumeRole").containing("Tags.member.1.Key=cost");
    cloud.aws.fault(&tagged).unwrap();
    all(&folder, &["--session-tag", "cost=ml"]).ends_with(3).says("the tag was sent");
    iris.run(["status", "--stage", "staging", "--session-tag", "cost=ml"]).ends_with(3).says("the tag was sent");
}
