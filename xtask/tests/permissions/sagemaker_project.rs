//! The product of Service Catalog and the stack sets of the target roles fit the templates that they
//! deploy.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use super::roles::{Roles, allowed, template, workspace};

const PRODUCT: &str = "pipeline/sagemaker-project-product.yml";
const PIPELINE: &str = "pipeline/model-deploy-pipeline.yml";
const TARGET: &str = "pipeline/target-account.yml";
const UNITS: &str = "pipeline/target-organizational-units.yml";

fn resources(name: &str) -> Vec<(String, Json)> {
    let template = template(name);
    template["Resources"].as_object().unwrap().iter().map(|(id, resource)| (id.clone(), resource.clone())).collect()
}

fn of_type<'a>(resources: &'a [(String, Json)], kind: &str) -> Vec<(&'a str, &'a Json)> {
    let of_kind = resources.iter().filter(|(_, resource)| resource["Type"] == kind);
    of_kind.map(|(id, resource)| (id.as_str(), &resource["Properties"])).collect()
}

/// The text of a value, or of its `Fn::Sub`.
fn text(value: &Json) -> &str {
    value.as_str().or_else(|| value["Fn::Sub"].as_str()).unwrap_or_else(|| panic!("{value} is no text"))
}

fn texts(value: &Json) -> Vec<&str> {
    value.as_array().map_or_else(|| vec![text(value)], |items| items.iter().map(text).collect())
}

fn statements(product: &[(String, Json)], policy: &str) -> Vec<Json> {
    let (_, policy) = product.iter().find(|(id, _)| id == policy).unwrap();
    policy["Properties"]["PolicyDocument"]["Statement"].as_array().unwrap().clone()
}

#[test]
fn the_boundary_allows_exactly_the_actions_of_the_pipelines_roles() {
    let pipeline = resources(PIPELINE);
    let roles: BTreeSet<&str> = of_type(&pipeline, "AWS::IAM::Role").into_iter().map(|(id, _)| id).collect();
    let needed: BTreeSet<String> =
        allowed(PIPELINE).into_iter().filter(|(id, _)| roles.contains(id.as_str())).flat_map(|(_, actions)| actions).collect();
    let boundary = allowed(PRODUCT).remove("RoleBoundary").unwrap();
    let missing: Vec<_> = needed.difference(&boundary).collect();
    let unused: Vec<_> = boundary.difference(&needed).collect();
    assert!(missing.is_empty() && unused.is_empty(), "RoleBoundary of {PRODUCT} lacks {missing:?} and has {unused:?} for nothing");
}

#[test]
fn the_launch_role_creates_every_kind_of_resource_of_a_project_and_no_other() {
    let roles = Roles::read();
    let role = roles.roles.iter().find(|role| role.id == "LaunchRole").unwrap();
    let kinds = role.for_aws.iter().filter_map(|entry| entry.by.strip_prefix("CloudFormation, for "));
    let kinds: BTreeSet<&str> = kinds.flat_map(|kinds| kinds.split(", ")).collect();
    let pipeline = resources(PIPELINE);
    let created: BTreeSet<&str> = pipeline.iter().map(|(_, resource)| resource["Type"].as_str().unwrap()).collect();
    assert_eq!(kinds, created, "left: LaunchRole in the table, right: {PIPELINE}");
    // The names that the launch role's resources begin with.
    let named = [
        ("AWS::Logs::LogGroup", "LogGroupName", "/aws/codebuild/sagemaker-"),
        ("AWS::CodeBuild::Project", "Name", "sagemaker-"),
        ("AWS::CodePipeline::Pipeline", "Name", "sagemaker-"),
        ("AWS::Events::Rule", "Name", "sagemaker-"),
    ];
    let launch = statements(&resources(PRODUCT), "LaunchResources");
    for (kind, property, prefix) in named {
        let granted =
            launch.iter().flat_map(|statement| texts(&statement["Resource"])).filter(|name| name.ends_with(&format!("{prefix}*")));
        assert!(granted.count() > 0, "{kind}");
        for (id, properties) in of_type(&pipeline, kind) {
            assert!(text(&properties[property]).starts_with(prefix), "{id}");
        }
    }
    // CloudFormation names the others after the stack.
    for (kind, property) in [("AWS::S3::Bucket", "BucketName"), ("AWS::SNS::Topic", "TopicName")] {
        assert!(of_type(&pipeline, kind).iter().all(|(_, properties)| properties[property].is_null()), "{kind}");
    }
}

#[test]
fn the_launch_role_creates_only_roles_with_the_boundary_and_changes_neither_the_boundary_nor_itself() {
    let product = resources(PRODUCT);
    let own: Vec<&str> = [of_type(&product, "AWS::IAM::ManagedPolicy"), of_type(&product, "AWS::IAM::Role")]
        .concat()
        .iter()
        .map(|(_, it)| text(&it["Path"]))
        .collect();
    assert_eq!(own.len(), 4);
    let identities = statements(&product, "LaunchIdentities");
    for statement in &identities {
        let actions = texts(&statement["Action"]);
        for name in texts(&statement["Resource"]).into_iter().filter(|_| actions.iter().any(|action| action.starts_with("iam:"))) {
            let is_of_projects = name.ends_with(":role/model-deploy/*")
                || name.ends_with(":role/ModelDeployTest-*")
                || name.ends_with(":policy/model-deploy/*");
            assert!(is_of_projects, "{name}");
            // `model-deploy/` and not `model-deploy`, which is also the beginning of these paths.
            assert!(own.iter().all(|path| !path.starts_with("/model-deploy/")), "{own:?}");
        }
        let grants = ["iam:CreateRole", "iam:PutRolePolicy", "iam:AttachRolePolicy", "iam:PutRolePermissionsBoundary"];
        if actions.iter().any(|action| grants.contains(action)) {
            assert_eq!(statement["Condition"]["StringEquals"]["iam:PermissionsBoundary"]["Ref"], "RoleBoundary", "{statement}");
        }
    }
    let pipeline = resources(PIPELINE);
    for (id, role) in of_type(&pipeline, "AWS::IAM::Role") {
        assert_eq!(role["PermissionsBoundary"]["Fn::If"][1]["Ref"], "PermissionsBoundaryArn", "{id}");
        let is_covered = role["Path"] == "/model-deploy/"
            || role["RoleName"]["Fn::Sub"].as_str().is_some_and(|name| name.starts_with("ModelDeployTest-"));
        assert!(is_covered, "{id} has a name that the launch role cannot create");
    }
    for (id, policy) in of_type(&pipeline, "AWS::IAM::ManagedPolicy") {
        assert_eq!(policy["Path"], "/model-deploy/", "{id}");
    }
}

#[test]
fn studio_shows_the_product_and_its_constraints_are_of_parameters_of_the_template() {
    let product = resources(PRODUCT);
    let [(_, properties)] = of_type(&product, "AWS::ServiceCatalog::CloudFormationProduct")[..] else { panic!("one product") };
    // SageMaker's documentation of custom project templates.
    let tag = serde_json::json!([{ "Key": "sagemaker:studio-visibility", "Value": "true" }]);
    assert_eq!(properties["Tags"], tag);
    let parameters = template(PIPELINE)["Parameters"].clone();
    for name in ["SageMakerProjectName", "SageMakerProjectId"] {
        assert_eq!((&parameters[name]["Type"], &parameters[name]["Default"]), (&"String".into(), &Json::Null), "SageMaker sets {name}");
    }
    let [(_, constraint)] = of_type(&product, "AWS::ServiceCatalog::LaunchTemplateConstraint")[..] else { panic!("one constraint") };
    let rules: Json = serde_json::from_str(text(&constraint["Rules"])).unwrap();
    let assertion = &rules["Rules"]["Boundary"]["Assertions"][0];
    let reference = &assertion["Assert"]["Fn::Equals"][0]["Ref"];
    assert!(parameters[reference.as_str().unwrap()].is_object(), "{reference}");
    assert_eq!(assertion["Assert"]["Fn::Equals"][1], "${RoleBoundary}");
    for kind in ["AWS::ServiceCatalog::LaunchTemplateConstraint", "AWS::ServiceCatalog::LaunchRoleConstraint"] {
        let (id, constraint) = product.iter().find(|(_, resource)| resource["Type"] == kind).unwrap();
        // A constraint belongs to a product of a portfolio, which an association makes.
        assert_eq!(constraint["DependsOn"], "ProductOfPortfolio", "{id}");
    }
}

#[test]
fn a_project_from_code_commit_creates_its_repository_with_the_seed_before_the_pipeline() {
    let pipeline = resources(PIPELINE);
    let (_, repository) = pipeline.iter().find(|(_, resource)| resource["Type"] == "AWS::CodeCommit::Repository").unwrap();
    assert_eq!(repository["Condition"], "SeedsRepository");
    assert_eq!(repository["Properties"]["Code"]["S3"]["Bucket"]["Ref"], "SeedBucketName");
    assert_eq!(repository["Properties"]["Code"]["BranchName"]["Ref"], "BranchName");
    let [(_, properties)] = of_type(&pipeline, "AWS::CodePipeline::Pipeline")[..] else { panic!("one pipeline") };
    let source = properties["Stages"][0]["Actions"][0]["Configuration"].to_string();
    assert!(source.contains(r#"{"Fn::If":["SeedsRepository",{"Fn::GetAtt":["Repository","Name"]},{"Ref":"RepositoryId"}]}"#), "{source}");
}

#[test]
fn the_stack_sets_of_the_units_pass_every_parameter_of_the_target_roles() {
    let target = template(TARGET)["Parameters"].as_object().unwrap().clone();
    let own = template(UNITS)["Parameters"].as_object().unwrap().clone();
    for (name, parameter) in target.iter().filter(|(name, _)| *name != "EnvType") {
        assert_eq!(own.get(name), Some(parameter), "{name} differs between {TARGET} and {UNITS}");
    }
    let units = resources(UNITS);
    let sets = of_type(&units, "AWS::CloudFormation::StackSet");
    assert_eq!(sets.len(), 2);
    let mut stages = BTreeSet::new();
    for (id, set) in sets {
        let passed = set["Parameters"].as_array().unwrap();
        let names: Vec<_> = passed.iter().map(|parameter| parameter["ParameterKey"].as_str().unwrap()).collect();
        assert_eq!(names.iter().copied().collect::<BTreeSet<_>>(), target.keys().map(String::as_str).collect(), "{id}");
        for parameter in passed {
            let (key, value) = (parameter["ParameterKey"].as_str().unwrap(), parameter["ParameterValue"]["Ref"].as_str().unwrap());
            if key == "EnvType" {
                stages.insert(value.to_owned());
            } else {
                assert_eq!(key, value, "{id}");
            }
        }
        assert_eq!((&set["PermissionModel"], &set["AutoDeployment"]["Enabled"]), (&"SERVICE_MANAGED".into(), &true.into()), "{id}");
        assert!(workspace().join("pipeline").join(text(&set["TemplateURL"])).is_file(), "{id}");
        assert_eq!(set["Capabilities"], serde_json::json!(["CAPABILITY_NAMED_IAM"]), "{id}");
    }
    assert_eq!(stages, ["EnvTypeProdName", "EnvTypeStagingName"].map(str::to_owned).into());
}
