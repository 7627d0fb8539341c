//! The status of a stage, as data and as text.

use model_release::Stage;
use model_release::manifest::Tool;
use model_release::{EndpointState, StageStatus, TargetEndpoints};
use stack_rollout::status::{DetailedStatus, InstanceStatus, OperationAction, OperationStatus};
use stack_rollout::{Observed, Operation, observe};

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
