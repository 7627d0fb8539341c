//! Plans with each kind of change, as a document, as text and as Markdown.

use endpoint_test::{Description, EndpointStatus, Variant};
use model_release::manifest::Tool;
use model_release::plan_report::{
    ExactFailure, ExactTarget, PlanDocument, SetAction, TargetAction, document, exact_target, markdown, text,
};
use model_release::{EndpointState, Place, Release, Stage, TargetEndpoints};
use stack_rollout::status::{DetailedStatus, DriftStatus, InstanceStatus, OperationAction, OperationStatus};
use stack_rollout::{CallError, ChangeSetError, ExactChange, Operation, observe, plan};

use crate::fake::{Cloud, Fate, target};
use crate::project::*;

fn planned(cloud: &Cloud, release: &Release) -> PlanDocument {
    let request = request(release);
    let observed = block_on(observe(cloud, &request.release)).unwrap();
    let plan = plan(&request.release, &observed);
    let tool = Tool { name: "test".to_owned(), version: "1".to_owned() };
    document(release, "staging", &request, &observed, &plan, tool)
}

fn actions(plan: &PlanDocument) -> Vec<TargetAction> {
    plan.targets.iter().map(|target| target.action).collect()
}

/// The effects on the resources of the only group of changed targets.
fn effects(plan: &PlanDocument) -> Vec<(&str, &str)> {
    assert_eq!(plan.groups.len(), 1, "{:#?}", plan.groups);
    plan.groups[0].resources.iter().map(|resource| (resource.logical_id.as_str(), resource.effect.as_str())).collect()
}

fn last_line(plan: &PlanDocument) -> String {
    text(plan, false).lines().last().unwrap().to_owned()
}

#[test]
fn all_targets_of_a_first_release_are_new() {
    let plan = planned(&Cloud::default(), &release(1));
    assert_eq!((plan.change, actions(&plan)), (SetAction::Create, vec![TargetAction::New; 2]));
    assert_eq!(last_line(&plan), "Plan: 2 to create; 1 operation, no endpoint is interrupted");
    assert!(markdown(&plan).contains("**2 new targets in us-east-1**"));
}

#[test]
fn the_same_release_changes_nothing() {
    let cloud = Cloud::default();
    deployed(&cloud, &release(1));
    let plan = planned(&cloud, &release(1));
    assert!(plan.nothing_to_do && plan.groups.is_empty() && plan.operations.is_empty());
    assert_eq!((plan.change, actions(&plan)), (SetAction::Untouched, vec![TargetAction::Unchanged; 2]));
    assert_eq!(last_line(&plan), "Plan: 2 unchanged; nothing would change");
}

#[test]
fn another_model_package_replaces_the_model_and_its_configuration_and_no_endpoint_is_interrupted() {
    let cloud = Cloud::default();
    deployed(&cloud, &release(1));
    let plan = planned(&cloud, &release(2));
    assert_eq!((plan.change, actions(&plan)), (SetAction::Update, vec![TargetAction::Changed; 2]));
    assert_eq!(plan.because, ["parameter `ModelPackageName` differs"]);
    assert_eq!(effects(&plan), [("Config", "replace"), ("Endpoint", "update"), ("Model", "replace")]);
    assert_eq!((&plan.groups[0].model_package_from, &plan.groups[0].model_package_to), (&Some(package(1)), &Some(package(2))));
    assert_eq!(plan.interrupted().count(), 0);
    assert!(text(&plan, false).contains("model-package/iris/1 → 2"), "{}", text(&plan, false));
    assert_eq!(last_line(&plan), "Plan: 2 to change; 1 operation, no endpoint is interrupted");
}

#[test]
fn another_endpoint_name_interrupts_the_endpoint() {
    let cloud = Cloud::default();
    deployed(&cloud, &release(1));
    let plan = planned(&cloud, &release_with(1, &[("EndpointName", "iris-2")]));
    assert_eq!(effects(&plan), [("Endpoint", "replace")]);
    assert_eq!(last_line(&plan), "Plan: 2 to change; 2 endpoints are interrupted");
    assert!(markdown(&plan).contains("**Endpoints that are interrupted:**"));
}

#[test]
fn a_hidden_value_is_never_shown() {
    let cloud = Cloud::default();
    let template = TEMPLATE.replace("{ EndpointName:", r#"{ Tags: [{ Key: secret, Value: !Sub "it is ${Secret}" }], EndpointName:"#);
    deployed(&cloud, &release_of(&template, 1, &[]));
    let plan = planned(&cloud, &release_of(&template, 1, &[("Secret", "confidential")]));
    assert_eq!(effects(&plan), [("Endpoint", "update")]);
    assert_eq!(
        plan.parameters.iter().map(|change| (change.name.as_str(), change.to.as_deref())).collect::<Vec<_>>(),
        [("Secret", Some("****"))]
    );
    let all = format!("{}{}{}", serde_json::to_string(&plan).unwrap(), text(&plan, true), markdown(&plan));
    assert!(!all.contains("confidential"), "{all}");
}

#[test]
fn a_target_that_failed_is_outdated_and_keeps_its_reason() {
    let cloud = Cloud::with_fate(target(B, EAST), Fate::Fails("no capacity"));
    deployed(&cloud, &release(1));
    let plan = planned(&cloud, &release(1));
    assert_eq!(actions(&plan), [TargetAction::Unchanged, TargetAction::Outdated]);
    assert_eq!(plan.targets[1].last_failure.as_deref(), Some("no capacity"));
    assert_eq!(last_line(&plan), "Plan: 1 to bring up to date, 1 unchanged, 1 failed last time; 1 operation, no endpoint is interrupted");
    // The state of a failed target is also unknown if the release changes.
    let next = planned(&cloud, &release(2));
    let unknown: Vec<_> = next.groups.iter().map(|group| group.not_known.is_some()).collect();
    assert_eq!(unknown, [true, false]);
}

#[test]
fn an_inoperable_target_an_orphan_and_drift_are_each_reported() {
    let cloud = Cloud::default();
    deployed(&cloud, &release(1));
    {
        let mut state = cloud.state();
        state.instances.get_mut(&target(A, EAST)).unwrap().0.drift = Some(DriftStatus::Drifted);
        state.instances.get_mut(&target(B, EAST)).unwrap().0.status = InstanceStatus::Inoperable;
        let mut orphan = state.instances[&target(A, EAST)].clone();
        (orphan.0.target, orphan.0.drift) = (target(B, WEST), None);
        state.instances.insert(target(B, WEST), orphan);
    }
    let plan = planned(&cloud, &release(1));
    assert_eq!(actions(&plan), [TargetAction::Unchanged, TargetAction::Orphaned, TargetAction::Inoperable]);
    assert_eq!((plan.counts.drifted, plan.targets[0].drift.as_deref()), (1, Some("DRIFTED")));
    assert_eq!(plan.problems.iter().map(|problem| problem.code.as_ref()).collect::<Vec<_>>(), ["inoperable-instance"]);
    let problem = plan.problems[0].diagnostic();
    assert_eq!((problem.code, problem.subject.as_deref()), (Some("inoperable-instance"), Some("333333333333/us-east-1")));
    assert!(markdown(&plan).contains("**These problems block the rollout:**"));
}

#[test]
fn a_parameter_of_a_single_target_is_an_override_that_changes() {
    let cloud = Cloud::default();
    deployed(&cloud, &release(1));
    cloud.state().overrides.insert(target(A, EAST), [("InstanceCount".to_owned(), "5".to_owned())].into());
    let plan = planned(&cloud, &release(1));
    assert_eq!(actions(&plan), [TargetAction::Changed, TargetAction::Unchanged]);
    assert_eq!(effects(&plan), [("Config", "replace"), ("Endpoint", "update")]);
    let overrides = &plan.targets[0].overrides;
    assert_eq!((overrides[0].name.as_str(), overrides[0].from.as_deref(), &overrides[0].to), ("InstanceCount", Some("5"), &None));
    assert!(text(&plan, false).contains("InstanceCount  5 → the stack set's value  in 222222222222/us-east-1"));
}

#[test]
fn a_target_that_the_last_operation_did_not_reach_has_not_failed() {
    let cloud = Cloud::default();
    deployed(&cloud, &release(1));
    {
        let mut state = cloud.state();
        let instance = &mut state.instances.get_mut(&target(B, EAST)).unwrap().0;
        (instance.status, instance.detailed_status) = (InstanceStatus::Outdated, Some(DetailedStatus::Cancelled));
    }
    let plan = planned(&cloud, &release(1));
    assert_eq!((plan.counts.failed_last_time, plan.counts.not_reached_last_time), (0, 1));
    assert_eq!(
        last_line(&plan),
        "Plan: 1 to bring up to date, 1 unchanged, 1 not reached last time; 1 operation, no endpoint is interrupted"
    );
    let text = text(&plan, false);
    assert!(text.contains("333333333333/us-east-1: the operation was stopped, or exceeded its failure tolerance"), "{text}");
    // Its stack may have any earlier release.
    assert!(planned(&cloud, &release(2)).groups.iter().any(|group| group.not_known.is_some()));
}

#[test]
fn an_orphan_is_listed_with_its_state_unless_it_is_up_to_date() {
    let cloud = Cloud::default();
    deployed(&cloud, &release(1));
    let mut orphan = cloud.state().instances[&target(A, EAST)].clone();
    (orphan.0.target, orphan.0.status) = (target(B, WEST), InstanceStatus::Inoperable);
    cloud.state().instances.insert(target(B, WEST), orphan);
    let plan = planned(&cloud, &release(1));
    assert!(text(&plan, false).contains("1 orphaned    333333333333/eu-west-1 (INOPERABLE)"), "{}", text(&plan, false));
    assert!(markdown(&plan).contains("| orphaned (INOPERABLE) |"), "{}", markdown(&plan));
}

#[test]
fn what_the_endpoints_serve_is_shown_with_the_ones_that_a_rollout_does_not_update() {
    let cloud = Cloud::default();
    deployed(&cloud, &release(2));
    let mut plan = planned(&cloud, &release(2));
    let endpoint = |version: u32| {
        let variants = vec![Variant { name: "A".to_owned(), model_packages: vec![package(version)], ..Variant::default() }];
        let description = Description { status: EndpointStatus::InService, variants, ..Description::default() };
        EndpointState::described("iris", &description, Some(&package(2)))
    };
    let serving = |versions: [u32; 2]| {
        let places = [target(A, EAST), target(B, EAST)];
        places.into_iter().zip(versions).map(|(place, version)| TargetEndpoints::new(place, vec![endpoint(version)])).collect()
    };
    assert_eq!(plan.add_endpoints(Stage::Staging, serving([2, 2])), []);
    assert!(
        text(&plan, false).contains("     2 serves version 2  222222222222/us-east-1  333333333333/us-east-1"),
        "{}",
        text(&plan, false)
    );
    let findings = plan.add_endpoints(Stage::Staging, serving([2, 1]));
    let [finding] = &findings[..] else { panic!("{findings:?}") };
    assert_eq!((finding.code, finding.subject.as_deref()), (Some("endpoints-not-updated"), Some("staging 333333333333/us-east-1")));
    assert!(text(&plan, false).contains("     1 serves version 1  333333333333/us-east-1"), "{}", text(&plan, false));
    assert!(markdown(&plan).contains("| serves version 1 | 1 | 333333333333/us-east-1 |"), "{}", markdown(&plan));
    // A rollout of another release updates it.
    assert_eq!(planned(&cloud, &release(3)).add_endpoints(Stage::Staging, serving([2, 1])), []);
}

#[test]
fn a_failed_or_deleted_endpoint_of_an_unchanged_target_has_to_be_created_again() {
    let cloud = Cloud::default();
    deployed(&cloud, &release(2));
    let failed = Description { status: EndpointStatus::Failed, ..Description::default() };
    let old = Variant { name: "A".to_owned(), model_packages: vec![package(1)], ..Variant::default() };
    let old = Description { status: EndpointStatus::InService, variants: vec![old], ..Description::default() };
    let described = |description| EndpointState::described("iris", description, Some(&package(2)));
    let steps = |version: u32, endpoints: Vec<EndpointState>| {
        let serving = vec![TargetEndpoints::new(target(B, EAST), endpoints)];
        let steps = planned(&cloud, &release(version)).add_endpoints(Stage::Staging, serving);
        steps.into_iter().map(|step| (step.code.unwrap(), step.subject.unwrap())).collect::<Vec<_>>()
    };
    let recreate = [("endpoints-to-recreate", format!("staging {B}/{EAST}"))];
    assert_eq!(steps(2, vec![described(&failed)]), recreate);
    assert_eq!(steps(2, vec![EndpointState::missing("iris")]), recreate);
    // An update of another endpoint of the same stack would fail, too.
    assert_eq!(steps(2, vec![described(&old), described(&failed)]), recreate);
    assert_eq!(steps(2, vec![EndpointState::unread("iris", "access denied".to_owned(), None)]), []);
    // A rollout can create a missing endpoint only with its stack.
    assert_eq!(steps(3, vec![EndpointState::missing("iris")]), []);
    assert_eq!(steps(3, vec![described(&failed)]), recreate);
}

#[test]
fn a_running_operation_is_shown_in_every_form() {
    let cloud = Cloud::default();
    deployed(&cloud, &release(1));
    let operation = |id: &str, status| Operation {
        id: id.parse().unwrap(),
        action: OperationAction::Update,
        status,
        status_reason: None,
        created_at: Some(1),
    };
    let mut plan = planned(&cloud, &release(1));
    plan.add_operations(&[operation("ended", OperationStatus::Succeeded)], &request(&release(1)));
    assert_eq!(plan.running_operation, None);
    plan.add_operations(&[operation("by-hand", OperationStatus::Running)], &request(&release(1)));
    let shown = "operation by-hand (UPDATE RUNNING) of another release, of CodePipeline or of a person is running";
    assert!(text(&plan, false).contains(shown) && markdown(&plan).contains("operation by-hand"), "{}", text(&plan, false));
}

#[test]
fn a_plan_shows_which_targets_are_in_which_wave_and_the_operations_of_each() {
    let cloud = Cloud::default();
    deployed(&cloud, &release(1));
    let release = release(2);
    let request = request(&release);
    let observed = block_on(observe(&cloud, &request.release)).unwrap();
    let plan = plan(&request.release, &observed);
    let waves = request.waves(release.manifest.stage(Stage::Staging), Some("1,rest")).unwrap().unwrap();
    let mut document = planned(&cloud, &release);
    assert_eq!((document.operations.len(), document.targets[0].wave), (1, None));
    document.add_waves(&plan, &waves);
    let in_waves: Vec<_> = document.targets.iter().map(|target| (target.account_id.as_str(), target.wave)).collect();
    assert_eq!(in_waves, [(A, Some(1)), (B, Some(2))]);
    let operations: Vec<_> = document.operations.iter().map(|operation| (operation.action.as_str(), operation.accounts)).collect();
    assert_eq!(operations, [("UPDATE", 1), ("UPDATE", 1)]);
    let shown = unstyled(&text(&document, false));
    let expected = "  Waves, one after the other\n    1  1     222222222222 in us-east-1: 1 target, 1 to change\n    \
                    2  rest  333333333333 in us-east-1: 1 target, 1 to change";
    assert!(shown.contains(expected), "{shown}");
    assert!(shown.ends_with("Plan: 2 to change; 2 operations, no endpoint is interrupted"), "{shown}");
    let table = "| wave | size | targets |\n|---|---|---|\n| 1 | `1` | 222222222222 in us-east-1: 1 target, 1 to change |";
    assert!(markdown(&document).contains(table), "{}", markdown(&document));
    // What a rollout does: the operations of the waves are those that it starts.
    let json = serde_json::to_value(&document).unwrap();
    assert_eq!(json["waves"][1]["accounts"], serde_json::json!([B]));
    let read: PlanDocument = serde_json::from_value(json).unwrap();
    assert_eq!(read, document);
}

#[test]
fn a_plan_of_a_frozen_production_has_a_problem_and_shows_the_limits() {
    let release = crate::rollout_limits::limited(1, &[("2026-12-18T00:00:00Z", "2027-01-04T00:00:00Z")], Some(5));
    let shown = |stage, now| {
        let mut document = planned(&Cloud::default(), &release);
        document.add_limits(&release, stage, crate::rollout_limits::time(now));
        (document.problems.clone(), unstyled(&text(&document, false)), markdown(&document))
    };
    let (problems, text, markdown) = shown(Stage::Prod, "2026-12-24T00:00:00Z");
    assert_eq!((problems.len(), problems[0].code.as_ref()), (1, "frozen"));
    assert!(markdown.contains("- release-policy.json: production is frozen until 2027-01-04T00:00:00Z: holidays"), "{markdown}");
    let limits = ["production accounts at once: at most 5", "frozen from 2026-12-18T00:00:00Z to 2027-01-04T00:00:00Z: holidays"];
    assert!(limits.iter().all(|limit| text.contains(limit) && markdown.contains(&format!("- {limit}"))), "{text}{markdown}");
    let (problems, text, _) = shown(Stage::Prod, "2027-01-05T00:00:00Z");
    assert!(problems.is_empty() && text.contains("at most 5"));
    let (problems, text, _) = shown(Stage::Staging, "2026-12-24T00:00:00Z");
    assert!(problems.is_empty() && !text.contains("Limits"));
}

/// The text without styles.
fn unstyled(text: &str) -> String {
    let mut plain = String::new();
    let mut parts = text.split('\u{1b}');
    plain.push_str(parts.next().unwrap_or_default());
    parts.for_each(|part| plain.push_str(part.split_once('m').map_or("", |(_, after)| after)));
    plain
}

#[test]
fn change_sets_are_shown_beside_the_computed_plan_and_a_denied_one_names_the_statement() {
    let cloud = Cloud::default();
    deployed(&cloud, &release(1));
    let release = release(2);
    let request = request(&release);
    let observed = block_on(observe(&cloud, &request.release)).unwrap();
    let plan = plan(&request.release, &observed);
    let change = |logical_id: &str, action: &str, replacement: Option<&str>| ExactChange {
        logical_id: logical_id.to_owned(),
        resource_type: format!("AWS::SageMaker::{logical_id}"),
        action: action.to_owned(),
        replacement: replacement.map(str::to_owned),
    };
    let exact = |index: usize, found| exact_target(&request.release, &observed, &plan.instances[index], found);
    let as_computed = vec![
        change("Config", "Modify", Some("True")),
        change("Endpoint", "Modify", Some("Conditional")),
        change("Model", "Modify", Some("True")),
    ];
    let shown = |targets: Vec<ExactTarget>| {
        let mut document = planned(&cloud, &release);
        document.exact = Some(targets);
        document
    };
    let document = shown(vec![exact(0, Ok(as_computed.clone())), exact(1, Ok(as_computed.clone()))]);
    assert!(unstyled(&text(&document, false)).contains("CloudFormation's change sets\n    2 of 2 change sets: as computed"));
    assert!(document.exact_findings().is_empty());

    let mut differs = as_computed;
    differs[1].replacement = Some("True".to_owned());
    differs[2] = change("Alarm", "Add", None);
    let denied = CallError::error_response("CreateChangeSet", "AccessDenied", "not authorized");
    let stack = "arn:aws:cloudformation:us-east-1:333333333333:stack/StackSet-iris-staging-0a1b2c3d-0a1b-2c3d-4e5f-0a1b2c3d4e5f/7";
    let denied = ExactFailure::of(&ChangeSetError::Call(denied), stack);
    let document = shown(vec![exact(0, Ok(differs)), exact(1, Err(denied))]);
    let expected = [
        "0 of 2 change sets: as computed",
        "222222222222/us-east-1: Alarm (AWS::SageMaker::Alarm): computed no change, CloudFormation create",
        "222222222222/us-east-1: Endpoint (AWS::SageMaker::Endpoint): computed update, CloudFormation replace",
        "222222222222/us-east-1: Model (AWS::SageMaker::Model): computed replace, CloudFormation no change",
        "333333333333/us-east-1: `CreateChangeSet` failed: AccessDenied: not authorized",
    ];
    let (shown, markdown) = (unstyled(&text(&document, false)), markdown(&document));
    for line in expected {
        assert!(shown.contains(line), "{line}: {shown}");
    }
    assert!(markdown.contains("computed update, CloudFormation replace"), "{markdown}");
    let findings = document.exact_findings();
    let statement = r#"{"Action":["cloudformation:CreateChangeSet","cloudformation:DescribeChangeSet","cloudformation:DeleteChangeSet","cloudformation:ListChangeSets"],"Effect":"Allow","Resource":"arn:aws:cloudformation:us-east-1:333333333333:stack/StackSet-iris-staging-*"}"#;
    assert_eq!((findings.len(), findings[0].code, document.problems.len()), (1, Some("change-sets-denied"), 0));
    assert!(findings[0].hint.as_ref().unwrap().ends_with(statement), "{findings:#?}");
    let json = serde_json::to_value(&document).unwrap();
    assert_eq!(serde_json::from_value::<PlanDocument>(json).unwrap(), document);

    // Another error of a call: one warning for all targets, with the hint of the call.
    let throttled = || {
        let error = CallError::error_response("DescribeChangeSet", "Throttling", "Rate exceeded");
        Err(ExactFailure::of(&ChangeSetError::Call(error), stack))
    };
    let mut document = planned(&cloud, &release);
    document.exact = Some(vec![exact(0, throttled()), exact(1, throttled())]);
    let findings = document.exact_findings();
    assert_eq!((findings.len(), findings[0].code), (1, Some("change-sets-not-known")), "{findings:#?}");
    assert!(findings[0].hint.as_ref().unwrap().contains("throttl"), "{findings:#?}");
    let details = ["`DescribeChangeSet` failed: Throttling: Rate exceeded", "the same in 333333333333/us-east-1"];
    assert_eq!(findings[0].details, details);
    assert_eq!(findings[0].place, Some(Place::Named("222222222222/us-east-1".to_owned())));
    // Nothing can be done about the time that CloudFormation takes: the plan's own line shows it.
    document.exact = Some(vec![exact(0, Err(ExactFailure::of(&ChangeSetError::Deadline, stack)))]);
    assert!(document.exact_findings().is_empty());
    assert!(unstyled(&text(&document, false)).contains("222222222222/us-east-1: the change set was not created within 10 minutes"));
}

#[test]
fn a_change_set_of_a_target_that_failed_is_shown_without_a_comparison() {
    let cloud = Cloud::with_fate(target(A, EAST), Fate::Fails("no capacity"));
    deployed(&cloud, &release(1));
    let request = request(&release(2));
    let observed = block_on(observe(&cloud, &request.release)).unwrap();
    let plan = plan(&request.release, &observed);
    let found = exact_target(&request.release, &observed, &plan.instances[0], Ok(Vec::new()));
    assert_eq!((found.resources, found.differences.len()), (Some(Vec::new()), 0));
    assert!(found.not_known.unwrap().contains("the last operation did not succeed there"));
}
