//! `build` and `registry resolve` with a release policy: each gate, on the local AWS and offline.

use sandbox::stand_in::{Fault, SeedPackage, SeedPackages};
use serde_json::{Value as Json, json};

use crate::cloud::{Cloud, GROUP, HOME};
use crate::project::Project;

const BUCKET: &str = "iris-models-111111111111";
const IMAGE: &str = "111111111111.dkr.ecr.us-east-1.amazonaws.com/iris:1";

fn person(role: &str) -> Json {
    json!({ "IamIdentity": { "Arn": format!("arn:aws:sts::111111111111:assumed-role/{role}/x") } })
}

/// An approved package that passes every gate; its metrics have this key.
fn good(key: &str) -> SeedPackage {
    SeedPackage {
        approval_status: Some("Approved".to_owned()),
        images: Some(vec![IMAGE.to_owned()]),
        content_types: Some(vec!["text/csv".to_owned()]),
        instance_types: Some(vec!["ml.m5.large".to_owned()]),
        metadata: Some([("owner".to_owned(), "ds".to_owned())].into()),
        metrics: Some(
            json!({ "ModelQuality": { "Statistics": { "ContentType": "application/json", "S3Uri": format!("s3://{BUCKET}/{key}") } } }),
        ),
        life_cycle: Some(json!({ "Stage": "Staging", "StageStatus": "Approved" })),
        created_by: Some(person("Train")),
        last_modified_by: Some(person("Approve")),
        ..SeedPackage::default()
    }
}

/// A registry whose version 1 passes every gate, with this version 2.
fn registry(second: SeedPackage) -> (Cloud, Project) {
    let cloud = Cloud::new();
    let project = fill(&cloud, second);
    (cloud, project)
}

/// Registers both in an empty local AWS.
fn fill(cloud: &Cloud, second: SeedPackage) -> Project {
    cloud.make_bucket(BUCKET);
    cloud.aws.put_object(HOME, BUCKET, "good.json", r#"{ "accuracy": { "value": 0.97 } }"#).unwrap();
    cloud.aws.put_object(HOME, BUCKET, "bad.json", r#"{ "accuracy": { "value": 0.91 } }"#).unwrap();
    let packages = SeedPackages {
        account: HOME.to_owned(),
        group: GROUP.to_owned(),
        packages: Some(vec![good("good.json"), second]),
        ..SeedPackages::default()
    };
    cloud.aws.seed_packages(&packages).unwrap();
    cloud.project()
}

fn with_policy(project: &Project, mut policy: Json) {
    policy["schema_version"] = json!(1);
    project.write("release-policy.json", &policy.to_string());
}

const ACCURACY: fn() -> Json = || json!({ "metrics": [{ "name": "accuracy", "at": "/accuracy/value", "min": 0.95, "tolerance": 0.001 }] });

/// Version 2 passes a gate for a metric, whose document is in S3.
pub(crate) fn with_a_metric(cloud: &Cloud) -> Project {
    let project = fill(cloud, good("good.json"));
    with_policy(&project, ACCURACY());
    project
}

#[test]
fn each_gate_skips_the_newest_and_the_manifest_has_the_reason() {
    let cases: [(&str, Json, SeedPackage); 8] = [
        ("it has no metadata `owner`", json!({ "metadata": [{ "key": "owner" }] }), SeedPackage { metadata: None, ..good("good.json") }),
        ("metric `accuracy` is 0.91, below the minimum 0.95 (tolerance 0.001)", ACCURACY(), good("bad.json")),
        (
            "it has no life cycle, but must be stage `Staging`",
            json!({ "life_cycle": { "stages": ["Staging"] } }),
            SeedPackage { life_cycle: None, ..good("good.json") },
        ),
        (
            "its image `docker.io/iris:1` is from a registry that is not allowed",
            json!({ "image_registries": ["111111111111.dkr.ecr.us-east-1.amazonaws.com"] }),
            SeedPackage { images: Some(vec!["docker.io/iris:1".to_owned()]), ..good("good.json") },
        ),
        (
            "it does not accept `text/csv`",
            json!({ "content_types": ["text/csv"] }),
            SeedPackage { content_types: Some(vec!["application/json".to_owned()]), ..good("good.json") },
        ),
        (
            "it does not support `ml.m5.large`",
            json!({ "instance_types": ["ml.m5.large"] }),
            SeedPackage { instance_types: None, ..good("good.json") },
        ),
        ("denied by the release policy: leaked data", json!({ "deny": [{ "version": 2, "reason": "leaked data" }] }), good("good.json")),
        (
            "assumed-role/Train/x` both registered it and was the last to change it",
            json!({ "four_eyes": true }),
            SeedPackage { last_modified_by: Some(person("Train")), ..good("good.json") },
        ),
    ];
    let cloud = Cloud::new();
    for (reason, policy, second) in cases {
        cloud.aws.reset().unwrap();
        let project = fill(&cloud, second);
        project.run(["build"]).ends_with(0).says("version 2 is the newest approved model package");
        with_policy(&project, policy);
        project.run(["build"]).ends_with(0).says("version 1 is the newest approved model package").says(reason);
        let choice = project.json("target/deploy/release-manifest.json")["choice"].clone();
        let passed = &choice["passed_over"][0];
        assert!(passed["reason"].as_str().unwrap().contains(reason), "{choice}");
        assert_eq!(passed["code"], if reason.starts_with("denied") { "denied" } else { "gate-not-met" });
        assert_eq!(choice["release_policy"]["file"], "release-policy.json");
        // If it is named, it is refused, and the existing release is unchanged.
        let before = project.files("target/deploy");
        project.run(["build", "--model-package", "2", "--allow-unapproved"]).ends_with(2).says(reason);
        assert_eq!(project.files("target/deploy"), before);
    }
}

#[test]
fn a_gate_without_a_document_needs_no_further_request_and_a_metric_needs_one() {
    let (cloud, project) = registry(good("good.json"));
    with_policy(&project, json!({ "metadata": [{ "key": "owner" }], "four_eyes": true, "content_types": ["text/csv"] }));
    project.run(["build"]).ends_with(0).says("it passes the 3 gates of the release policy");
    let actions = || cloud.aws.requests().unwrap().into_iter().map(|request| request.action).collect::<Vec<_>>();
    // The artifact is missing, and the warning about it names the account.
    assert_eq!(actions(), ["ListModelPackages", "DescribeModelPackage", "BatchGetImage", "HeadObject", "GetCallerIdentity"]);
    cloud.aws.clear_requests().unwrap();
    with_policy(&project, ACCURACY());
    project.run(["build"]).ends_with(0).says("0.97, at least 0.95 with a tolerance of 0.001");
    assert_eq!(actions(), ["ListModelPackages", "DescribeModelPackage", "GetObject", "BatchGetImage", "HeadObject", "GetCallerIdentity"]);
    let gate = &project.json("target/deploy/release-manifest.json")["choice"]["gates"][0];
    assert_eq!(gate, &json!({ "gate": "metric `accuracy`", "found": "0.97, at least 0.95 with a tolerance of 0.001" }));
}

#[test]
fn a_gate_that_cannot_be_checked_fails_the_build_and_selects_no_older_package() {
    let cloud = Cloud::new();
    let refused = |second: SeedPackage, code: i32, says: &[&str], fault: Option<Fault>| {
        cloud.aws.reset().unwrap();
        let project = fill(&cloud, second);
        with_policy(&project, ACCURACY());
        if let Some(fault) = fault {
            cloud.aws.fault(&fault).unwrap();
        }
        let run = project.run(["build"]).ends_with(code);
        let run = says.iter().fold(run, |run, text| run.says(text));
        assert!(run.stderr.contains("hint:"), "{}", run.stderr);
        assert!(project.files("target/deploy").is_empty());
    };
    let denied = Fault::error(403, "AccessDenied", "Access Denied").on("s3", "GetObject");
    refused(good("good.json"), 3, &["metric `accuracy` cannot be read", "AccessDenied", "s3:GetObject"], Some(denied));
    refused(good("nowhere.json"), 3, &["NoSuchKey", "nowhere.json"], None);
    refused(SeedPackage { metrics: None, ..good("x") }, 2, &["refers to no metrics `ModelQuality.Statistics`"], None);
    cloud.aws.reset().unwrap();
    let project = fill(&cloud, good("other.json"));
    cloud.aws.put_object(HOME, BUCKET, "other.json", r#"{ "accuracy": { "mean": 0.97 } }"#).unwrap();
    with_policy(&project, ACCURACY());
    project.run(["build"]).ends_with(2).says("has nothing at `/accuracy/value`").says("`/accuracy` has `mean`");
    cloud.aws.reset().unwrap();
    let project = fill(&cloud, SeedPackage { last_modified_by: None, ..good("good.json") });
    with_policy(&project, json!({ "four_eyes": true }));
    project.run(["build"]).ends_with(2).says("SageMaker does not report who last changed the package");
}

#[test]
fn metrics_are_read_beside_a_snapshot_without_calls_to_aws() {
    let mut project = Project::new().with_pipeline_variables();
    project.set("AWS_ENDPOINT_URL", "http://127.0.0.1:9");
    let build = ["build", "--registry", "examples/registry.json", "--release-policy", "examples/release-policy.json"];
    project.run(build).ends_with(0).says("it passes the 8 gates of the release policy").says("metric `accuracy`: 0.967");
    let manifest = project.json("target/deploy/release-manifest.json");
    assert_eq!(manifest["choice"]["release_policy"]["file"], "examples/release-policy.json");
    std::fs::remove_dir_all(project.path("examples/registry.s3")).unwrap();
    project
        .run(build)
        .ends_with(2)
        .says("metric `accuracy` cannot be read")
        .says("examples/registry.s3/iris-models-111111111111/iris-p-abc123xyz/13/evaluation.json");
}

#[test]
fn all_mistakes_in_a_policy_are_shown_at_once_with_their_locations() {
    let project = Project::new().with_pipeline_variables();
    project.write("release-policy.json", "{\n  \"schema_version\": 1,\n  \"metadta\": [],\n  \"four_eyes\": \"yes\"\n}\n");
    project
        .run(["build", "--registry", "examples/registry.json"])
        .ends_with(2)
        .says("the release policy has no `metadta`")
        .says("release-policy.json:3:3")
        .says("did you mean `metadata`?")
        .says("release-policy.json:4:16");
    project
        .run(["build", "--registry", "examples/registry.json", "--release-policy", "nope.json"])
        .ends_with(2)
        .says("cannot read `nope.json`");
}

#[test]
fn an_unapproved_package_needs_the_option_and_the_manifest_records_it() {
    let (_cloud, project) = registry(SeedPackage { approval_status: Some("PendingManualApproval".to_owned()), ..good("good.json") });
    project.run(["build", "--model-package", "2"]).ends_with(2).says("is not deployed: pending approval");
    project.run(["build", "--allow-unapproved"]).ends_with(2).says("`--allow-unapproved` needs a named model package");
    project
        .run(["build", "--model-package", "2", "--allow-unapproved"])
        .ends_with(0)
        .says("is not approved; unapproved model packages are allowed");
    let manifest = project.json("target/deploy/release-manifest.json");
    assert_eq!(manifest["choice"]["without_approval"], true);
    assert_eq!(manifest["model_package"]["approval_status"], "PendingManualApproval");
    project.run(["build", "--model-package", "1"]).ends_with(0);
    assert_eq!(project.json("target/deploy/release-manifest.json")["choice"]["without_approval"], false);
}
