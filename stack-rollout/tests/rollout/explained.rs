//! A failed instance is explained from its stack's events, and the record contains the explanation.

use stack_rollout::{CallError, EventPage, FailedResource, Rollout, SessionError, StackEvent, Stacks, first_causes, roll_out};

use crate::fake::*;

const STACK: &str = "arn:aws:cloudformation:us-east-1:222222222222:stack/StackSet-iris/1";

fn event(at: i64, logical: &str, kind: &str, status: &str, reason: Option<&str>) -> StackEvent {
    let is_stack = kind == "AWS::CloudFormation::Stack";
    StackEvent {
        stack_id: STACK.to_owned(),
        logical_resource_id: logical.to_owned(),
        physical_resource_id: if is_stack { STACK.to_owned() } else { String::new() },
        resource_type: kind.to_owned(),
        resource_status: status.to_owned(),
        resource_status_reason: reason.map(str::to_owned),
        at: Some(at),
    }
}

/// A failed update, newest first, after an unrelated failed creation.
fn events() -> Vec<StackEvent> {
    let stack = "AWS::CloudFormation::Stack";
    vec![
        event(1_009, "StackSet-iris", stack, "UPDATE_ROLLBACK_COMPLETE", None),
        event(1_008, "Endpoint", "AWS::SageMaker::Endpoint", "UPDATE_FAILED", Some("the old configuration is gone")),
        event(1_007, "StackSet-iris", stack, "UPDATE_ROLLBACK_IN_PROGRESS", Some("The following resource(s) failed to create: [Model].")),
        event(1_006, "Alarm", "AWS::CloudWatch::Alarm", "CREATE_FAILED", Some("Resource creation cancelled")),
        event(1_005, "Model", "AWS::SageMaker::Model", "CREATE_FAILED", Some("Could not access model data")),
        event(1_004, "Model", "AWS::SageMaker::Model", "CREATE_IN_PROGRESS", None),
        event(1_003, "StackSet-iris", stack, "UPDATE_IN_PROGRESS", Some("User Initiated")),
        event(102, "Role", "AWS::IAM::Role", "CREATE_FAILED", Some("an older failure")),
        event(101, "StackSet-iris", stack, "CREATE_IN_PROGRESS", Some("User Initiated")),
    ]
}

fn explained(pages: &[Vec<StackEvent>]) -> Rollout {
    let cloud = Cloud::with_fate(target("222222222222", "us-east-1"), Fate::Fails("ResourceLogicalId:Model"));
    let mut release = release(&["222222222222", "333333333333"], &["us-east-1"]);
    release.preferences.failure_tolerance_percentage = Some(50);
    let sessions = |_, _| async { Ok(FakeStacks(pages.to_vec())) };
    let mut options = options();
    options.release_id = "run".parse().unwrap();
    block_on(roll_out(&cloud, sessions, &release, &options.with_clock(FakeClock::default()), |_| {})).unwrap()
}

#[test]
fn the_first_failure_is_reported_and_not_a_cancellation_a_rollback_or_an_older_failure() {
    let causes = first_causes(&events());
    assert_eq!(causes.len(), 1);
    assert_eq!((causes[0].logical_id.as_str(), causes[0].reason.as_str()), ("Model", "Could not access model data"));
}

#[test]
fn two_resources_that_fail_at_the_same_time_are_both_reported_oldest_first() {
    let mut events = events();
    events.insert(4, event(1_006, "Policy", "AWS::IAM::Policy", "CREATE_FAILED", Some("not authorized")));
    let names: Vec<_> = first_causes(&events).into_iter().map(|cause| cause.logical_id).collect();
    assert_eq!(names, ["Model", "Policy"]);
}

#[test]
fn a_resource_that_fails_twice_is_reported_once_with_its_first_reason() {
    let mut events = events();
    events.insert(4, event(1_006, "Model", "AWS::SageMaker::Model", "DELETE_FAILED", Some("still in use")));
    let causes = first_causes(&events);
    assert_eq!(causes.len(), 1);
    assert_eq!(causes[0].reason, "Could not access model data");
}

#[test]
fn a_failed_rollback_is_reported_if_nothing_failed_before_it_and_a_success_has_no_causes() {
    let mut events = events();
    events.retain(|event| event.at != Some(1_005));
    assert_eq!(first_causes(&events)[0].reason, "the old configuration is gone");
    events.retain(|event| event.at != Some(1_008));
    assert_eq!(first_causes(&events)[0].status, "UPDATE_ROLLBACK_IN_PROGRESS");
    assert!(first_causes(&[event(1, "x", "AWS::CloudFormation::Stack", "CREATE_COMPLETE", None)]).is_empty());
}

/// Stacks with failure reasons of their resources, or an error when they are read.
struct WithFailureReason(FakeStacks, Result<Option<String>, CallError>);

impl Stacks for WithFailureReason {
    async fn stack_events(&self, stack_id: &str, token: Option<&str>) -> Result<EventPage, CallError> {
        self.0.stack_events(stack_id, token).await
    }

    async fn failure_reason(&self, _: &FailedResource) -> Result<Option<String>, CallError> {
        self.1.clone()
    }
}

#[test]
fn the_failure_reason_of_an_endpoint_is_reported_in_addition_to_cloudformations_reason() {
    let rolled_out = |response: Result<Option<String>, CallError>| {
        let cloud = Cloud::with_fate(target("222222222222", "us-east-1"), Fate::Fails("ResourceLogicalId:Model"));
        let sessions = |_, _| {
            let response = response.clone();
            async move { Ok(WithFailureReason(FakeStacks(vec![events()]), response)) }
        };
        let release = release(&["222222222222"], &["us-east-1"]);
        block_on(roll_out(&cloud, sessions, &release, &options().with_clock(FakeClock::default()), |_| {})).unwrap()
    };
    let explained_rollout = rolled_out(Ok(Some("the container did not response /ping".to_owned())));
    assert_eq!(explained_rollout.targets[0].events[0].failure_reason.as_deref(), Some("the container did not response /ping"));
    assert!(explained_rollout.problems.is_empty());
    // An error does not hide CloudFormation's reason.
    let refused = rolled_out(Err(error("AccessDenied")));
    assert_eq!((refused.targets[0].events.len(), refused.problems[0].code), (1, "reason-unread"));
}

#[test]
fn rollout_json_contains_every_target_with_its_reason_and_no_timestamps() {
    let rollout = explained(&[events()[..3].to_vec(), vec![], events()[3..].to_vec()]);
    insta::assert_json_snapshot!(rollout, @r#"
    {
      "schema_version": 1,
      "stack_set": "iris-staging",
      "verdict": "failed",
      "nothing_to_do": false,
      "change": {
        "action": "create"
      },
      "operations": [
        {
          "operation_id": "run-1-create-1",
          "action": "CREATE",
          "status": "SUCCEEDED",
          "resumed": false
        }
      ],
      "counts": {
        "targets": 2,
        "succeeded": 1,
        "unchanged": 0,
        "failed": 1,
        "cancelled": 0,
        "skipped": 0,
        "unfinished": 0
      },
      "targets": [
        {
          "account_id": "222222222222",
          "region": "us-east-1",
          "outcome": "failed",
          "status": "OUTDATED",
          "detailed_status": "FAILED",
          "reason": "ResourceLogicalId:Model",
          "stack_id": "arn:aws:cloudformation:us-east-1:222222222222:stack/StackSet-iris/1",
          "events": [
            {
              "logical_id": "Model",
              "resource_type": "AWS::SageMaker::Model",
              "status": "CREATE_FAILED",
              "reason": "Could not access model data"
            }
          ]
        },
        {
          "account_id": "333333333333",
          "region": "us-east-1",
          "outcome": "succeeded",
          "status": "CURRENT",
          "detailed_status": "SUCCEEDED",
          "reason": null,
          "stack_id": "arn:aws:cloudformation:us-east-1:333333333333:stack/StackSet-iris/1",
          "events": []
        }
      ],
      "orphans": [],
      "problems": []
    }
    "#);
}

#[test]
fn events_before_the_operation_are_not_reported_as_its_cause() {
    // The fake's operations are created at second 1,000, and these events are all older.
    let rollout = explained(&[events()[7..].to_vec()]);
    assert!(rollout.targets[0].events.is_empty());
    assert_eq!(rollout.targets[0].reason.as_deref(), Some("ResourceLogicalId:Model"));
}

#[test]
fn a_stack_that_cannot_be_updated_from_now_on_is_a_problem_with_the_command_that_ends_its_state() {
    let mut events = events();
    assert!(explained(std::slice::from_ref(&events)).problems.is_empty());
    events[0].resource_status = "UPDATE_ROLLBACK_FAILED".to_owned();
    // The next operation fails before it reaches the stack, whose events are all older.
    let mut older = events.clone();
    for event in &mut older {
        event.at = Some(10);
    }
    for (events, causes) in [(events, 1), (older, 0)] {
        let rollout = explained(&[events]);
        assert_eq!((rollout.problems.len(), rollout.targets[0].events.len()), (1, causes));
        let problem = &rollout.problems[0];
        insta::allow_duplicates! {
            insta::assert_snapshot!(problem, @"222222222222/us-east-1: the stack is in UPDATE_ROLLBACK_FAILED: CloudFormation refuses every update of it");
        }
        assert_eq!(problem.code, "stack-blocked");
        let command = format!("`aws cloudformation continue-update-rollback --region us-east-1 --stack-name {STACK}`");
        assert!(problem.hint.as_ref().unwrap().contains(&command), "{problem:?}");
    }
}

#[test]
fn a_session_that_cannot_be_opened_is_a_problem_of_its_target_and_the_record_is_kept() {
    let cloud = Cloud::with_fate(target("222222222222", "us-east-1"), Fate::Fails("no role"));
    let rollout = rolled_out(&cloud, &release(&["222222222222"], &["us-east-1"])).unwrap();
    let problem = &rollout.problems[0];
    insta::assert_snapshot!(problem, @"222222222222/us-east-1: the stack's events could not be read: no session in this test");
    assert_eq!(rollout.targets[0].reason.as_deref(), Some("no role"));
}

struct Endless;

impl Stacks for Endless {
    async fn stack_events(&self, _: &str, _: Option<&str>) -> Result<EventPage, CallError> {
        Ok(EventPage { events: Vec::new(), next_token: Some("again".to_owned()) })
    }
}

#[test]
fn hundreds_of_failures_and_endless_pages_need_a_bounded_number_of_sessions() {
    let accounts: Vec<String> = (0..200).map(|number| format!("{number:012}")).collect();
    let names: Vec<&str> = accounts.iter().map(String::as_str).collect();
    let cloud = Cloud::with(|state| {
        state.fates = accounts.iter().map(|account| (target(account, "us-east-1"), Fate::Fails("no"))).collect();
    });
    let mut release = release(&names, &["us-east-1"]);
    release.preferences.failure_tolerance_percentage = Some(100);
    let opened = std::sync::atomic::AtomicUsize::new(0);
    let sessions = |_, _| {
        opened.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        async { Ok::<_, SessionError>(Endless) }
    };
    let rollout = block_on(roll_out(&cloud, sessions, &release, &options().with_clock(FakeClock::default()), |_| {})).unwrap();
    assert_eq!(rollout.counts.failed, 200);
    assert_eq!(opened.into_inner(), 50);
    insta::assert_snapshot!(rollout.problems[0], @"stack set: the stack events of 150 more failed targets were skipped");
}
