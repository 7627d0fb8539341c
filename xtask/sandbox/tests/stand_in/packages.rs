use sandbox::stand_in::{SeedAccount, SeedOrganization, SeedPackage, SeedPackages, SeedUnit};
use serde_json::json;

use super::{PROD, REGISTRY, STAGING, refused, start, start_unpatched};

#[test]
fn fourteen_thousand_packages_are_seeded_at_once_and_listed_newest_first() {
    let aws = start();
    let seed = SeedPackages {
        account: REGISTRY.to_owned(),
        group: "iris".to_owned(),
        approved: 10_000,
        pending: 2_000,
        rejected: 2_000,
        ..Default::default()
    };
    let arns = aws.seed_packages(&seed).unwrap();
    assert_eq!(arns.len(), 14_000);
    let query = json!({ "ModelPackageGroupName": "iris", "ModelApprovalStatus": "Approved", "SortBy": "CreationTime", "SortOrder": "Descending", "MaxResults": 2 });
    let page = aws.call(REGISTRY, "sagemaker", "ListModelPackages", &query).unwrap();
    let newest = page["ModelPackageSummaryList"].as_array().unwrap();
    assert!(page["NextToken"].is_string() && newest[0]["CreationTime"].as_f64() > newest[1]["CreationTime"].as_f64(), "{page}");
}

#[test]
fn listed_packages_have_the_seeded_values() {
    let aws = start();
    let packages = vec![
        SeedPackage {
            version: Some(7),
            approval_status: Some("Approved".to_owned()),
            created: Some("2026-02-03T04:05:06Z".to_owned()),
            ..Default::default()
        },
        SeedPackage {
            status: Some("Failed".to_owned()),
            images: Some(vec!["image-a".to_owned(), "image-b".to_owned()]),
            model_data: Some(vec!["s3://b/a".to_owned()]),
            ..Default::default()
        },
    ];
    let seed = SeedPackages { account: REGISTRY.to_owned(), group: "iris".to_owned(), packages: Some(packages), ..Default::default() };
    let arns = aws.seed_packages(&seed).unwrap();
    assert_eq!(arns[0], "arn:aws:sagemaker:us-east-1:111111111111:model-package/iris/7");
    let describe = |arn: &str| aws.call(REGISTRY, "sagemaker", "DescribeModelPackage", &json!({ "ModelPackageName": arn })).unwrap();
    let (first, second) = (describe(&arns[0]), describe(&arns[1]));
    assert_eq!((&first["ModelApprovalStatus"], &first["ModelPackageStatus"]), (&json!("Approved"), &json!("Completed")));
    assert_eq!(first["CreationTime"].as_f64(), Some(1_770_091_506.0));
    assert_eq!((&second["ModelPackageVersion"], &second["ModelPackageStatus"]), (&json!(8), &json!("Failed")));
    let containers = &second["InferenceSpecification"]["Containers"];
    assert_eq!(
        containers,
        &json!([
            { "Image": "image-a", "ModelDataUrl": "s3://b/a", "ModelDataETag": "0cc175b9c0f1b6a831c399e269772661" },
            { "Image": "image-b" },
        ])
    );
    let more = SeedPackages { account: REGISTRY.to_owned(), group: "iris".to_owned(), approved: 1, ..Default::default() };
    assert!(aws.seed_packages(&more).unwrap()[0].ends_with("/9"));
}

#[test]
fn an_update_of_a_package_changes_only_the_named_fields() {
    let aws = start();
    let seed = SeedPackages { account: REGISTRY.to_owned(), group: "iris".to_owned(), ..Default::default() };
    let package = SeedPackage {
        approval_status: Some("Approved".to_owned()),
        metadata: Some([("owner".to_owned(), "ds".to_owned()), ("risk".to_owned(), "low".to_owned())].into()),
        life_cycle: Some(json!({ "Stage": "Staging", "StageStatus": "New" })),
        registration_type: Some("Registered".to_owned()),
        ..Default::default()
    };
    let arn = aws.seed_packages(&SeedPackages { packages: Some(vec![package]), ..seed }).unwrap().remove(0);
    let update = |mut change: serde_json::Value| {
        change["ModelPackageArn"] = json!(arn);
        aws.call(REGISTRY, "sagemaker", "UpdateModelPackage", &change)
    };
    let describe = || aws.call(REGISTRY, "sagemaker", "DescribeModelPackage", &json!({ "ModelPackageName": arn })).unwrap();

    let deployed = json!({ "Stage": "Staging", "StageStatus": "Deployed", "StageDescription": "release 1" });
    update(json!({ "ModelLifeCycle": deployed, "ClientToken": "one" })).unwrap();
    let after = describe();
    assert_eq!((&after["ModelLifeCycle"], &after["ModelApprovalStatus"]), (&deployed, &json!("Approved")));
    assert_eq!(after["CustomerMetadataProperties"], json!({ "owner": "ds", "risk": "low" }));
    let list = aws.call(REGISTRY, "sagemaker", "ListModelPackages", &json!({ "ModelPackageGroupName": "iris" })).unwrap();
    let listed = &list["ModelPackageSummaryList"][0];
    assert_eq!((&listed["ModelLifeCycle"], &listed["ModelPackageRegistrationType"]), (&deployed, &json!("Registered")));

    // The same token is the same change, even with other fields.
    update(json!({ "ModelLifeCycle": { "Stage": "Staging", "StageStatus": "Other" }, "ClientToken": "one" })).unwrap();
    assert_eq!(describe()["ModelLifeCycle"], deployed);

    update(json!({ "ModelApprovalStatus": "Rejected", "ApprovalDescription": "no" })).unwrap();
    update(json!({ "CustomerMetadataProperties": { "risk": "high" }, "CustomerMetadataPropertiesToRemove": ["owner"] })).unwrap();
    let after = describe();
    assert_eq!((&after["ModelApprovalStatus"], &after["ApprovalDescription"]), (&json!("Rejected"), &json!("no")));
    assert_eq!(after["CustomerMetadataProperties"], json!({ "risk": "high" }));
    assert_eq!(after["ModelLifeCycle"], deployed);

    for wrong in [
        json!({ "ModelLifeCycle": { "Stage": "Staging" } }),
        json!({ "ModelLifeCycle": { "Stage": "a b", "StageStatus": "x" } }),
        json!({ "ClientToken": "not a token" }),
    ] {
        assert_eq!(refused(update(wrong)).1, "ValidationException");
    }
}

#[test]
fn plain_moto_deletes_omitted_fields() {
    let aws = start_unpatched();
    aws.call(REGISTRY, "sagemaker", "CreateModelPackageGroup", &json!({ "ModelPackageGroupName": "iris" })).unwrap();
    let create = json!({
        "ModelPackageGroupName": "iris", "ModelApprovalStatus": "Approved", "CustomerMetadataProperties": { "owner": "ds" },
        "InferenceSpecification": { "Containers": [{ "Image": "iris:1" }], "SupportedContentTypes": ["text/csv"], "SupportedResponseMIMETypes": ["text/csv"] },
    });
    let arn = aws.call(REGISTRY, "sagemaker", "CreateModelPackage", &create).unwrap()["ModelPackageArn"].clone();
    aws.call(REGISTRY, "sagemaker", "UpdateModelPackage", &json!({ "ModelPackageArn": arn, "ApprovalDescription": "fine" })).unwrap();
    let after = aws.call(REGISTRY, "sagemaker", "DescribeModelPackage", &json!({ "ModelPackageName": arn })).unwrap();
    assert_eq!((&after["ModelApprovalStatus"], &after["CustomerMetadataProperties"]), (&json!(null), &json!(null)));
}

#[test]
fn a_group_policy_is_put_read_and_deleted() {
    let aws = start();
    let group = json!({ "ModelPackageGroupName": "iris" });
    let call = |action: &str, input: &serde_json::Value| aws.call(REGISTRY, "sagemaker", action, input);
    assert_eq!(refused(call("GetModelPackageGroupPolicy", &group)).1, "ValidationException");
    let arn = call("CreateModelPackageGroup", &group).unwrap()["ModelPackageGroupArn"].clone();
    assert!(refused(call("GetModelPackageGroupPolicy", &group)).2.starts_with("Cannot find resource policy for: arn:aws:sagemaker"));
    let policy = r#"{"Version":"2012-10-17","Statement":[{"Sid":"a","Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}"#;
    let put = call("PutModelPackageGroupPolicy", &json!({ "ModelPackageGroupName": "iris", "ResourcePolicy": policy })).unwrap();
    assert_eq!(put["ModelPackageGroupArn"], arn);
    assert_eq!(call("GetModelPackageGroupPolicy", &group).unwrap()["ResourcePolicy"], policy);
    assert!(
        refused(call("PutModelPackageGroupPolicy", &json!({ "ModelPackageGroupName": "iris", "ResourcePolicy": "{" })))
            .2
            .contains("not valid JSON")
    );
    call("DeleteModelPackageGroupPolicy", &group).unwrap();
    assert_eq!(refused(call("GetModelPackageGroupPolicy", &group)).0, 400);
    assert!(refused(call("CreateModelPackageGroup", &group)).2.starts_with("Model Package Group already exists"));
    assert_eq!(call("DescribeModelPackageGroup", &json!({ "ModelPackageGroupName": arn })).unwrap()["ModelPackageGroupName"], "iris");
}

#[test]
fn plain_moto_has_no_group_policies() {
    let aws = start_unpatched();
    let reply =
        aws.call_as_program(REGISTRY, "sagemaker", "GetModelPackageGroupPolicy", &json!({ "ModelPackageGroupName": "iris" })).unwrap();
    assert_eq!(reply.status, 500);
}

#[test]
fn an_organization_has_the_seeded_units_and_accounts() {
    let aws = start();
    let suspended = SeedAccount { status: Some("SUSPENDED".to_owned()), ..SeedAccount::from("444444444444") };
    let unit = |name: &str, accounts: Vec<SeedAccount>| SeedUnit { name: name.to_owned(), accounts, ..Default::default() };
    let parent = SeedUnit {
        name: "multi-account-deployment".to_owned(),
        units: vec![
            unit("staging", vec![STAGING.into(), suspended]),
            SeedUnit { id: Some("ou-prod-12345678".to_owned()), ..unit("production", vec![PROD.into()]) },
        ],
        accounts: vec![REGISTRY.into()],
        ..Default::default()
    };
    let seed = SeedOrganization { management_account: "999999999999".to_owned(), units: vec![parent] };
    let organization = aws.seed_organization(&seed).unwrap();
    assert_eq!(organization.units["multi-account-deployment/production"], "ou-prod-12345678");
    let accounts = |unit: &str| {
        let listed = aws.call("999999999999", "organizations", "ListAccountsForParent", &json!({ "ParentId": unit })).unwrap();
        let accounts = listed["Accounts"].as_array().unwrap().clone();
        accounts
            .iter()
            .map(|account| format!("{} {}", account["Id"].as_str().unwrap(), account["Status"].as_str().unwrap()))
            .collect::<Vec<_>>()
    };
    assert_eq!(accounts(&organization.units["multi-account-deployment/staging"]), ["222222222222 ACTIVE", "444444444444 SUSPENDED"]);
    assert_eq!(accounts("ou-prod-12345678"), ["333333333333 ACTIVE"]);
    let parent = json!({ "ParentId": organization.units["multi-account-deployment"] });
    let units = aws.call("999999999999", "organizations", "ListOrganizationalUnitsForParent", &parent).unwrap();
    assert_eq!(units["OrganizationalUnits"].as_array().unwrap().len(), 2);
    // A member sees the same organization, and seeding again replaces it.
    assert_eq!(
        aws.call(STAGING, "organizations", "DescribeOrganization", &json!({})).unwrap()["Organization"]["Id"],
        organization.organization
    );
    aws.seed_organization(&SeedOrganization { management_account: "999999999999".to_owned(), units: vec![] }).unwrap();
    assert_eq!(refused(aws.call(STAGING, "organizations", "DescribeOrganization", &json!({}))).1, "AWSOrganizationsNotInUseException");
}
