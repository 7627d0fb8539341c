//! The status of a stage, from its stack set, the operations on it and its endpoints.

use model_release::manifest::Tool;
use model_release::{EndpointState, FailureKind, Health, Stage, StageStatus, TargetEndpoints};
use stack_rollout::status::{DetailedStatus, InstanceStatus, OperationAction, OperationStatus};
use stack_rollout::{Instance, Observed, Operation};

use crate::fake::target;
use crate::project::*;

fn operation(action: OperationAction, status: OperationStatus) -> Operation {
    Operation { id: format!("{action}-{status}").parse().unwrap(), action, status, status_reason: None, created_at: Some(1) }
}

fn instance(account: &str, status: InstanceStatus, detailed_status: DetailedStatus) -> Instance {
    Instance {
        target: target(account, EAST),
        status,
        detailed_status: Some(detailed_status),
        status_reason: None,
        stack_id: None,
        drift: None,
        overrides: None,
    }
}

/// The status with these stack instances, and endpoints that all have this health.
fn status(operations: &[Operation], instances: Vec<Instance>, health: Health) -> StageStatus {
    let release = release(1);
    let endpoint = || EndpointState { health, reason: None, ..EndpointState::missing("iris") };
    let endpoints = [A, B].map(|account| TargetEndpoints::new(target(account, EAST), vec![endpoint()]));
    let observed = Observed { stack_set: None, instances };
    let tool = Tool { name: "test".to_owned(), version: "1".to_owned() };
    StageStatus::new(&release, Stage::Staging, &request(&release), &observed, operations, endpoints.into(), tool)
}

fn up_to_date() -> Vec<Instance> {
    [A, B].map(|account| instance(account, InstanceStatus::Current, DetailedStatus::Succeeded)).into()
}

#[test]
fn a_failed_operation_counts_only_if_a_target_is_not_ok() {
    // `prune` has removed the instance that failed.
    for result in [OperationStatus::Failed, OperationStatus::Stopped] {
        let operations = [operation(OperationAction::Delete, OperationStatus::Succeeded), operation(OperationAction::Update, result)];
        let recovered = status(&operations, up_to_date(), Health::Ok);
        assert_eq!((recovered.health, recovered.failure()), (Health::Ok, None));
        assert!(recovered.last_operation.is_some(), "it is still shown");
        let unknown = status(&operations, up_to_date(), Health::Unknown);
        assert_eq!((unknown.health, unknown.failure()), (Health::Failed, Some(FailureKind::Failed)));
    }
}

#[test]
fn an_operation_that_is_running_counts_in_any_case() {
    for running in [OperationStatus::Running, OperationStatus::Queued, OperationStatus::Stopping] {
        let operations = [operation(OperationAction::Update, running)];
        assert_eq!(status(&operations, up_to_date(), Health::Ok).health, Health::Differs);
    }
    let ended = [operation(OperationAction::Update, OperationStatus::Succeeded)];
    assert_eq!(status(&ended, up_to_date(), Health::Ok).health, Health::Ok);
}

#[test]
fn a_stack_that_failed_or_was_not_reached_has_a_reason() {
    let results = [DetailedStatus::Failed, DetailedStatus::FailedImport, DetailedStatus::Inoperable, DetailedStatus::Cancelled];
    let found = results.map(|result| {
        let target = status(&[], vec![instance(A, InstanceStatus::Outdated, result)], Health::Ok).targets.remove(0);
        (target.health, target.reason.unwrap())
    });
    let failed = (Health::Failed, "CloudFormation gave no reason".to_owned());
    let left = (Health::Differs, "the newest operation has not updated it".to_owned());
    assert_eq!(found, [failed.clone(), failed.clone(), failed, left]);
}
