//! The approval in simulated executions of the pipeline: what the approver sees and can open, and the
//! record of the decision.

use std::collections::BTreeMap;

use sandbox::stand_in::{SeedPackage, SeedPackages};
use serde_json::{Value as Json, json};

use crate::approvals::APPROVER;
use crate::cloud::{Cloud, GROUP, HOME};
use crate::code_pipeline::{EXECUTION_ID, Pipeline, Run};
use crate::pipeline::{LONGEST_VALUE, PROD, STAGING, WHOLE_WAY, overlap, parameters, ready, source};

#[test]
fn the_approver_sees_the_plan_and_the_dossier_and_the_decision_is_part_of_productions_results() {
    let (cloud, pipeline, source) = ready(&parameters());
    let run = Run::start(&pipeline, &cloud, &source.path(""), &[]);
    assert_eq!(run.history, WHOLE_WAY, "{}", run.log);
    let approval = run.approval.as_ref().unwrap();
    let text = &approval["CustomData"];
    assert!(
        text.contains("version 14") && text.contains(&format!("model-package/{GROUP}/14")) && text.contains("staging: passed"),
        "{text}"
    );
    assert!(text.contains("Verdict: ") && text.contains("Plan: ") && text.contains("to create"), "{text}");
    assert!(text.len() <= LONGEST_VALUE && !text.contains("#{"), "{text}");

    // The link is the console's page of an object that the action uploaded.
    let object = format!("dossiers/{}/release-dossier.html", run.variables[EXECUTION_ID]);
    let link = format!("https://us-east-1.console.aws.amazon.com/s3/object/artifactbucket?region=us-east-1&prefix={object}");
    assert_eq!(approval["ExternalEntityLink"], link);
    let page = std::fs::read_to_string(run.uploaded(&format!("artifactbucket/{object}"))).unwrap();
    assert!(
        page.contains(&format!("model-package/{GROUP}/14")) && page.contains(&run.variables["Build.RELEASE_MANIFEST_SHA256"]),
        "{page}"
    );
    for name in ["plan.json", "plan.md", "release-dossier.md", "release-dossier.json"] {
        assert!(run.artifacts["PlanProdArtifact"].join(name).is_file(), "{name}");
    }

    // The record of the approval is kept by the check, and is part of production's results.
    let record = std::fs::read_to_string(run.artifacts["CheckReleaseArtifact"].join("approval.json")).unwrap();
    assert_eq!(std::fs::read_to_string(run.artifacts["TestProdArtifact"].join("approval.json")).unwrap(), record);
    let record: Json = serde_json::from_str(&record).unwrap();
    assert_eq!(record["release"], format!("sha256:{}", run.variables["Build.RELEASE_MANIFEST_SHA256"]));
    assert_eq!((&record["approver"]["id"], &record["shown_text"]), (&APPROVER.into(), &text.as_str().into()));
    assert_eq!(
        (&record["evidence"]["execution"], &record["shown_link"]),
        (&run.variables[EXECUTION_ID].as_str().into(), &link.as_str().into())
    );
}

#[test]
fn the_text_of_the_approval_stays_within_the_limit_of_codepipeline() {
    // The maximum lengths of parameters and variables.
    let (group, staging, prod) = ("g".repeat(63), "s".repeat(14), "q".repeat(14));
    let mut all = parameters();
    all.retain(|(name, _)| *name != "ModelPackageGroupName");
    all.extend([("ModelPackageGroupName", group.as_str()), ("EnvTypeStagingName", &staging), ("EnvTypeProdName", &prod)]);
    let pipeline = Pipeline::read(&all);
    let arn = format!("arn:aws-us-gov:sagemaker:ap-southeast-99:{HOME}:model-package/{group}/999999999");
    let values = BTreeMap::from([
        ("Build.MODEL_PACKAGE_VERSION", "999999999".to_owned()),
        ("Build.MODEL_PACKAGE_ARN", arn),
        ("TestStaging.TEST_VERDICT", "errored".to_owned()),
        ("Build.RELEASE_MANIFEST_SHA256", "a".repeat(64)),
        ("PlanProd.APPROVAL_SUMMARY", "x".repeat(model_release::dossier::LONGEST_APPROVAL_SUMMARY)),
    ]);
    let action = pipeline.actions().find(|action| action.provider == "Manual").unwrap();
    let mut text = action.configuration["CustomData"].clone();
    for (name, value) in values {
        assert!(text.contains(&format!("#{{{name}}}")), "{text}");
        text = text.replace(&format!("#{{{name}}}"), &value);
    }
    assert!(text.len() <= LONGEST_VALUE && !text.contains("#{"), "{} characters: {text}", text.len());
}

#[test]
fn the_approver_can_open_dossiers_and_no_other_object_and_only_the_plan_writes_them() {
    let pipeline = Pipeline::read(&parameters());
    let document = &pipeline.properties("ApproverPolicy")["PolicyDocument"];
    let list = |value: &Json| value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
    let mut readable = Vec::new();
    for statement in list(&document["Statement"]) {
        let actions: Vec<_> = list(&statement["Action"]).iter().map(|action| action.as_str().unwrap().to_owned()).collect();
        // No action writes, except for the approval.
        let writes =
            |action: &&String| !["Get", "List", "BatchGet", "Describe", "Decrypt"].iter().any(|verb| action.contains(&format!(":{verb}")));
        let writing: Vec<_> = actions.iter().filter(writes).collect();
        assert!(writing.is_empty() || writing == ["codepipeline:PutApprovalResult"], "{writing:?}");
        if actions.iter().any(|action| action.starts_with("s3:")) {
            readable.extend(list(&statement["Resource"]).iter().map(|resource| pipeline.text(resource)));
        }
        if actions.iter().any(|action| action == "kms:Decrypt") {
            assert!(
                statement["Condition"]["StringEquals"]["kms:ViaService"].is_object()
                    || statement["Condition"]["StringEquals"]["kms:ViaService"].is_string()
            );
        }
    }
    let can_read = |object: &str| readable.iter().any(|pattern| overlap(pattern.as_bytes(), object.as_bytes()));
    assert!(can_read("artifactbucket.arn/dossiers/e-1/release-dossier.html"), "{readable:?}");
    for other in ["artifactbucket.arn/sagemaker-iris-p-abc/BuildArtif/x", "artifactbucket.arn/packaged/x", "tools.arn/xtask"] {
        assert!(!can_read(other), "{other}: {readable:?}");
    }
    let dossier = "artifactbucket.arn/dossiers/e-1/release-dossier.html";
    let writers: Vec<_> = pipeline
        .roles()
        .filter(|role| pipeline.writable(role).iter().any(|pattern| overlap(pattern.as_bytes(), dossier.as_bytes())))
        .collect();
    assert_eq!(writers, ["PlanProdRole"]);
}

#[test]
fn a_release_is_not_deployed_if_the_policy_requires_another_approver_than_the_registrant() {
    let registrant = APPROVER.replace("Approver_0123456789abcdef", "Scientist_fedcba9876543210");
    let cloud = Cloud::new();
    let package = SeedPackage {
        approval_status: Some("Approved".to_owned()),
        created_by: Some(json!({ "IamIdentity": { "Arn": registrant, "PrincipalId": "AROA:x" } })),
        ..SeedPackage::default()
    };
    let packages =
        SeedPackages { account: HOME.to_owned(), group: GROUP.to_owned(), packages: Some(vec![package]), ..SeedPackages::default() };
    cloud.aws.seed_packages(&packages).unwrap();
    for (stage, account) in [("staging", STAGING), ("prod", PROD)] {
        cloud.prepare(stage, account);
    }
    let (pipeline, source) = (Pipeline::read(&parameters()), source());
    source.write("release-policy.json", r#"{ "schema_version": 1, "approval": { "other_person": "required", "max_age_days": 30 } }"#);
    let run = Run::start(&pipeline, &cloud, &source.path(""), &[]);
    assert_eq!(run.history.last().unwrap(), "CheckRelease failed", "{}", run.log);
    assert!(
        run.log.contains("the approver also registered the model package") && !run.artifacts.contains_key("CheckReleaseArtifact"),
        "{}",
        run.log
    );
    // Another person approves.
    let run = Run::start_and_wait(&pipeline, &cloud, &source.path(""), &[], |run| run.approver = APPROVER.replace("ann@", "eve@"));
    assert_eq!(run.history, WHOLE_WAY, "{}", run.log);
}
