//! `registry`: the table, the snapshot file, and the package that `build` selects.

use sandbox::stand_in::{Fault, SeedPackage, SeedPackages};
use serde_json::{Value as Json, json};

use crate::cloud::{Cloud, GROUP, HOME};
use crate::project::Project;

fn printed(run: &crate::project::Run) -> Json {
    serde_json::from_str(&run.stdout).unwrap()
}

#[test]
fn a_list_is_a_table_for_people_and_json_for_programs() {
    let project = Project::new().with_pipeline_variables();
    let run = project.run(["registry", "list", "--registry", "examples/registry.json", "--limit", "2"]).ends_with(0);
    assert_eq!(
        run.stdout,
        "VERSION  CREATED               APPROVAL               STATUS     LIFE CYCLE  DESCRIPTION\n\
         16       2026-01-19T08:30:00Z  PendingManualApproval  Completed  -           Wider petals in the training set\n\
         15       2026-01-12T08:30:00Z  Rejected               Completed  -           Confuses versicolor and virginica\n\
         the newest 2 are shown; --all shows all\n"
    );
    let list = printed(&project.run(["registry", "list", "--registry", "examples/registry.json", "--format", "json"]).ends_with(0));
    assert_eq!((list["schema_version"].as_u64(), list["more"].as_bool()), (Some(1), Some(false)));
    let twelve = &list["model_packages"][4];
    assert_eq!((&twelve["version"], &twelve["life_cycle"]["stage"]), (&json!(12), &json!("Production")));
    project.run(["registry", "list", "--registry", "examples/registry.json", "--model-package-group-name", "wine"]).ends_with(4);
    // A snapshot contains its group.
    Project::new().run(["registry", "list", "--registry", "examples/registry.json"]).ends_with(0).says("Two features only");
    Project::new().run(["registry", "resolve", "--registry", "examples/registry.json"]).ends_with(0).says("/13");
    Project::new().run(["registry", "list"]).ends_with(2).says("`--model-package-group-name` is missing");
}

#[test]
fn a_list_that_is_cut_off_is_not_shown_as_complete() {
    let project = Project::new().with_pipeline_variables();
    let package = json!({
        "ModelPackageArn": format!("arn:aws:sagemaker:us-east-1:{HOME}:model-package/{GROUP}/3"), "ModelPackageVersion": 3,
        "CreationTime": "2023-11-14T22:15:00+00:00", "ModelPackageStatus": "Completed", "ModelApprovalStatus": "Rejected",
    });
    for (packages, code, line) in [
        (json!([package]), 0, "the newest 1 are shown; the list in the file is cut off"),
        (json!([]), 4, "are in the list, and the list in the file is cut off"),
    ] {
        project.write("cut.json", &json!({ "ModelPackageSummaryList": packages, "NextToken": "AAAA" }).to_string());
        for more in [&[][..], &["--all"]] {
            let run = project.run(["registry", "list", "--registry", "cut.json"].iter().chain(more)).ends_with(code);
            assert!(run.stdout.contains(line) && run.stdout.contains("omit `--max-items`"), "{}", run.stdout);
            assert!(!run.stdout.contains("--all shows all") && !run.stdout.contains("has no model packages"), "{}", run.stdout);
        }
    }
}

#[test]
fn an_event_about_a_missing_version_points_to_the_event() {
    let project = Project::new().with_pipeline_variables();
    let event = json!({
        "source": "aws.sagemaker", "detail-type": "SageMaker Model Package State Change",
        "detail": {
            "ModelPackageArn": format!("arn:aws:sagemaker:us-east-1:{HOME}:model-package/{GROUP}/99"),
            "ModelApprovalStatus": "Approved", "ModelPackageStatus": "Completed",
        },
    });
    project.write("event.json", &event.to_string());
    let resolve = ["registry", "resolve", "--registry", "examples/registry.json"];
    let run = project.run(resolve.iter().chain(&["--event", "event.json"])).ends_with(2).says("--event").says("the newest is version 16");
    assert!(!run.stderr.contains("MODEL_PACKAGE"), "{}", run.stderr);
    project.run(resolve.iter().chain(&["--model-package", "99"])).ends_with(2).says("--model-package, MODEL_PACKAGE");
}

#[test]
fn a_large_group_is_listed_in_pages_up_to_the_limit() {
    let cloud = Cloud::new();
    cloud.register(10_000);
    let project = cloud.project();
    let run = project.run(["registry", "list"]).ends_with(0).says("the newest 100 are shown");
    assert_eq!(run.stdout.lines().count(), 102);
    assert_eq!(cloud.requests("ListModelPackages").len(), 1);
    cloud.aws.clear_requests().unwrap();
    let list = printed(&project.run(["registry", "list", "--all", "--format", "json"]).ends_with(0));
    assert_eq!(list["model_packages"].as_array().unwrap().len(), 14_000);
    assert_eq!(cloud.requests("ListModelPackages").len(), 140);
}

#[test]
fn a_build_without_aws_reads_a_snapshot() {
    let cloud = Cloud::new();
    let bucket = "iris-models-111111111111";
    cloud.make_bucket(bucket);
    cloud.aws.put_object(HOME, bucket, "13/evaluation.json", r#"{ "accuracy": 0.97 }"#).unwrap();
    let source = json!({ "ContentType": "application/json", "S3Uri": format!("s3://{bucket}/13/evaluation.json") });
    let package = SeedPackage {
        approval_status: Some("Approved".to_owned()),
        metadata: Some([("owner".to_owned(), "ds".to_owned())].into()),
        metrics: Some(json!({ "ModelQuality": { "Statistics": source } })),
        life_cycle: Some(json!({ "Stage": "Staging", "StageStatus": "Approved" })),
        instance_types: Some(vec!["ml.m5.large".to_owned()]),
        description: Some("four features".to_owned()),
        ..SeedPackage::default()
    };
    let pending = SeedPackage::default();
    let seed = SeedPackages {
        account: HOME.to_owned(),
        group: GROUP.to_owned(),
        packages: Some(vec![package, pending]),
        ..SeedPackages::default()
    };
    cloud.aws.seed_packages(&seed).unwrap();
    let mut project = cloud.project();
    project.write(
        "release-policy.json",
        r#"{ "schema_version": 1, "metadata": [{ "key": "owner" }], "metrics": [{ "name": "accuracy", "at": "/accuracy", "min": 0.95 }] }"#,
    );
    project
        .run(["registry", "snapshot", "--out", "saved/registry.json", "--with-metrics"])
        .ends_with(0)
        .says("2 model packages, 1 documents");
    project.run(["build", "--output-dir", "online"]).ends_with(0);

    project.set("AWS_ENDPOINT_URL", "http://127.0.0.1:9");
    project.run(["build", "--registry", "saved/registry.json", "--output-dir", "offline"]).ends_with(0);
    let (mut online, mut offline) = (project.json("online/release-manifest.json"), project.json("offline/release-manifest.json"));
    // Only S3 knows the artifact's bytes.
    let artifacts = |manifest: &mut Json| manifest["model_package"]["containers"][0]["artifacts"].take();
    let (read, unread) = (artifacts(&mut online), artifacts(&mut offline));
    assert_eq!((&read[0]["uri"], &read[0]["not_known"]), (&unread[0]["uri"], &json!("it does not exist")));
    assert_eq!(unread[0]["not_known"], "the release was built without a call to AWS");
    assert_eq!(online["model_package"], offline["model_package"]);
    assert_eq!(online["choice"], offline["choice"]);
    assert_eq!(project.read("saved/registry.s3/iris-models-111111111111/13/evaluation.json"), r#"{ "accuracy": 0.97 }"#);
    project.run(["registry", "list", "--registry", "saved/registry.json"]).ends_with(0).says("Staging/Approved").says("four features");
}

#[test]
fn the_package_that_build_selects_is_printed_for_terraform() {
    let cloud = Cloud::new();
    cloud.register(10);
    let project = cloud.project();
    let values = printed(&project.run(["registry", "resolve", "--format", "json"]).ends_with(0));
    assert!(values.as_object().unwrap().values().all(Json::is_string), "{values}");
    project.run(["build"]).ends_with(0);
    assert_eq!(values["model_package_arn"], project.json("target/deploy/release-manifest.json")["model_package"]["arn"]);
    let run = project.run(["registry", "resolve", "--model-package", "1"]).ends_with(0);
    assert_eq!(run.stdout, format!("arn:aws:sagemaker:us-east-1:{HOME}:model-package/{GROUP}/1\n"));
    project.run(["registry", "resolve", "--model-package-group-name", "wine"]).ends_with(4);
    for command in [&["registry", "resolve"][..], &["build"]] {
        let run = project.run(command.iter().chain(&["--model-package", "99"])).ends_with(2);
        run.says("version 99 does not exist in group").says("the newest is version").says("`registry list` shows the versions");
    }
}

#[test]
fn throttled_calls_are_retried_after_a_pause() {
    let cloud = Cloud::new();
    cloud.register(10);
    let project = cloud.project();
    cloud.aws.fault(&Fault::error(400, "ThrottlingException", "Rate exceeded").on("sagemaker", "ListModelPackages").times(2)).unwrap();
    project.run(["build"]).ends_with(0);
    assert_eq!(cloud.requests("ListModelPackages").len(), 3);
}

#[test]
fn a_group_named_by_its_arn_needs_no_describe_call() {
    let cloud = Cloud::new();
    cloud.register(10);
    let mut project = cloud.project();
    project.set("SOURCE_MODEL_PACKAGE_GROUP_NAME", &format!("arn:aws:sagemaker:us-east-1:{HOME}:model-package-group/{GROUP}"));
    project.run(["registry", "list"]).ends_with(0);
    project.run(["build", "--model-package", "1"]).ends_with(0);
    // The ARN contains everything for a version's ARN, so only the version is described.
    let actions: Vec<_> = cloud.aws.requests().unwrap().into_iter().map(|request| request.action).collect();
    assert_eq!(actions, ["ListModelPackages", "DescribeModelPackage", "HeadObject"]);
}

#[test]
fn an_unversioned_package_can_be_named_by_its_arn() {
    let cloud = Cloud::new();
    cloud.register(1);
    let create = json!({
        "ModelPackageName": "iris-alone", "ModelApprovalStatus": "Approved",
        "InferenceSpecification": { "Containers": [{ "Image": "iris:1" }], "SupportedContentTypes": ["text/csv"], "SupportedResponseMIMETypes": ["text/csv"] },
    });
    let arn = cloud.sagemaker("CreateModelPackage", &create)["ModelPackageArn"].as_str().unwrap().to_owned();
    let project = cloud.project();
    project.run(["build", "--model-package", &arn]).ends_with(0);
    let package = project.json("target/deploy/release-manifest.json")["model_package"].clone();
    assert_eq!((&package["arn"], &package["version"]), (&json!(arn), &Json::Null));
    // It is not in the group's list.
    assert!(!project.run(["registry", "list", "--all"]).ends_with(0).stdout.contains("iris-alone"));
}

#[test]
fn an_aws_that_drops_every_connection_is_an_error() {
    let cloud = Cloud::new();
    cloud.register(1);
    let project = cloud.project();
    cloud.aws.fault(&Fault::dropped().on("sagemaker", "ListModelPackages")).unwrap();
    project.run(["registry", "list"]).ends_with(3).says("could not be reached");
    assert_eq!(cloud.requests("ListModelPackages").len(), 5, "each attempt is logged, and there are no more");
}

/// The colors of the log of the AWS SDK are those of all other output on standard error.
#[test]
fn the_log_has_colors_only_if_the_option_allows_them() {
    let cloud = Cloud::new();
    cloud.register(1);
    let project = cloud.project();
    for (color, is_colored) in [("never", false), ("always", true), ("auto", true)] {
        let mut command = project.command(["registry", "list", "-vv", "--color", color]);
        // Without the option, the variable colors the output although it is not a terminal.
        command.env_remove("NO_COLOR").env("CLICOLOR_FORCE", "1");
        let run = project.ended(command.spawn().unwrap()).ends_with(0).says("aws_smithy_runtime");
        assert_eq!(run.stderr.contains('\u{1b}'), is_colored, "--color {color}: {}", run.stderr);
    }
}
