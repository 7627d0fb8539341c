//! The status of a stage, as data and as text.

use model_release::Stage;
use model_release::manifest::Tool;
use model_release::{EndpointState, FailedStack, StageStatus, TargetEndpoints};
use stack_rollout::status::{DetailedStatus, InstanceStatus, OperationAction, OperationStatus};
use stack_rollout::{CallError, Observed, Operation, SessionError, observe};

use crate::fake::{Cloud, target};
use crate::project::*;

/// The status of a stage whose endpoints do not exist.
fn status(observed: &Observed) -> StageStatus {
    let release = release(1);
    let request = request(&release);
    let by_hand = Operation {
        id: "by-hand".parse().unwrap(),
        action: OperationAction::Update,
        status: OperationStatus::Succeeded,
        status_reason: None,
        created_at: Some(1),
    };
    let endpoints = [target(A, EAST), target(B, EAST)].map(|place| TargetEndpoints::new(place, vec![EndpointState::missing("iris")]));
    let tool = Tool { name: "test".to_owned(), version: "1".to_owned() };
    StageStatus::new(&release, Stage::Staging, &request, observed, &[by_hand], endpoints.into(), tool)
}

#[test]
fn a_model_package_is_deployed_only_where_a_stack_was_created() {
    let cloud = Cloud::default();
    deployed(&cloud, &release(1));
    let mut observed = block_on(observe(&cloud, &request(&release(1)).release)).unwrap();
    let packages = |observed: &Observed| status(observed).targets.into_iter().map(|target| target.model_package).collect::<Vec<_>>();
    // The endpoints of both are missing: an instance that is up to date had one.
    assert_eq!(packages(&observed), [Some(package(1)), Some(package(1))]);
    let at_b = observed.instances.iter_mut().find(|instance| instance.target == target(B, EAST)).unwrap();
    (at_b.status, at_b.detailed_status) = (InstanceStatus::Outdated, Some(DetailedStatus::Failed));
    assert_eq!(packages(&observed), [Some(package(1)), None]);
    observed.instances.iter_mut().for_each(|instance| instance.stack_id = None);
    assert_eq!(packages(&observed), [Some(package(1)), None]);
    assert!(status(&observed).text().contains("333333333333/us-east-1  failed   -"), "{}", status(&observed).text());
}

#[test]
fn the_text_shows_who_started_the_operation_and_the_states_of_orphans() {
    let cloud = Cloud::default();
    deployed(&cloud, &release(1));
    for (account, state) in [("444444444444", InstanceStatus::Inoperable), ("555555555555", InstanceStatus::Current)] {
        let mut orphan = cloud.state().instances[&target(A, EAST)].clone();
        (orphan.0.target, orphan.0.status) = (target(account, EAST), state);
        cloud.state().instances.insert(orphan.0.target.clone(), orphan);
    }
    let status = status(&block_on(observe(&cloud, &request(&release(1)).release)).unwrap());
    let text = status.text();
    assert!(text.contains("(of another release, of CodePipeline or of a person; by-hand)"), "{text}");
    assert!(text.contains("not targets of the release: 444444444444/us-east-1 (INOPERABLE), 555555555555/us-east-1"), "{text}");
    assert_eq!(status.orphans, ["444444444444/us-east-1", "555555555555/us-east-1"]);
}

#[test]
fn a_stack_that_cannot_be_updated_is_shown_with_the_command_that_ends_its_state() {
    let cloud = Cloud::default();
    deployed(&cloud, &release(1));
    let mut status = status(&block_on(observe(&cloud, &request(&release(1)).release)).unwrap());
    let stack = |account, status: Result<&str, &str>| FailedStack {
        target: target(account, EAST),
        stack_id: "arn:stack".to_owned(),
        status: status.map(|status| Some(status.to_owned())).map_err(|code| {
            let error = CallError::error_response("DescribeStackEvents", code, "no");
            SessionError::from(&error)
        }),
    };
    // A stack that was rolled back can be updated.
    assert_eq!(status.add_stacks(vec![stack(A, Ok("UPDATE_ROLLBACK_COMPLETE"))]), []);
    let findings = status.add_stacks(vec![stack(A, Ok("UPDATE_ROLLBACK_FAILED")), stack(B, Err("AccessDenied"))]);
    let [blocked, unread] = &findings[..] else { panic!("{findings:#?}") };
    assert_eq!(
        (blocked.code, blocked.message.as_str()),
        (Some("stack-blocked"), "the stack is in UPDATE_ROLLBACK_FAILED: CloudFormation refuses every update of it")
    );
    let command = "`aws cloudformation continue-update-rollback --region us-east-1 --stack-name arn:stack`";
    assert!(blocked.hint.as_ref().unwrap().contains(command), "{blocked:?}");
    assert!(unread.message.contains("could not be read: ") && unread.message.contains("AccessDenied"), "{unread:?}");
    assert!(unread.hint.as_ref().unwrap().contains("`cloudformation:DescribeStackEvents`"), "{unread:?}");
    let throttled = status.add_stacks(vec![stack(B, Err("Throttling"))]);
    assert!(throttled[0].hint.as_ref().unwrap().contains("throttling"), "{throttled:?}");
    let shown: Vec<_> = status.targets.iter().map(|target| target.stack_status.as_deref()).collect();
    assert_eq!(shown, [Some("UPDATE_ROLLBACK_FAILED"), None]);
    assert!(status.text().contains("CURRENT SUCCEEDED UPDATE_ROLLBACK_FAILED"), "{}", status.text());
}
