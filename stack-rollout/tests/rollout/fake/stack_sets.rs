//! The calls of [`StackSets`] on the model.

use super::*;

impl StackSets for Cloud {
    async fn describe_stack_set(&self, _: &StackSetName) -> Result<Option<StackSet>, CallError> {
        let describe = |state: &mut State| {
            let mut set = state.set.clone();
            if state.hides_parameters {
                set.iter_mut().flat_map(|set| &mut set.parameters).for_each(|(_, value)| "****".clone_into(value));
            }
            Ok(set)
        };
        self.call("DescribeStackSet", describe).await
    }

    async fn create_stack_set(&self, release: &Release, _: &OperationId) -> Result<(), CallError> {
        const CALL: &str = "CreateStackSet";
        let create = |state: &mut State| {
            if state.set.is_some() {
                return Err(CallError::error_response(CALL, "NameAlreadyExistsException", "the name exists"));
            }
            state.set = Some(set_of(release));
            state.version = 1;
            state.lost_responses.get_mut(CALL).and_then(VecDeque::pop_front).map_or(Ok(()), Err)
        };
        self.call(CALL, create).await
    }

    async fn update_stack_set(&self, update: SetUpdate<'_>) -> Result<OperationId, CallError> {
        const CALL: &str = "UpdateStackSet";
        let start = |state: &mut State| {
            state.refuse(CALL, update.operation_id)?;
            // Without a list of targets CloudFormation updates all instances.
            let targets: Vec<_> =
                if update.targets.is_empty() { state.instances.keys().cloned().collect() } else { update.targets.iter().collect() };
            state.must_exist(CALL, &targets)?;
            let description = update.release.description.clone().or_else(|| update.observed.description.clone());
            state.set = Some(StackSet { description, ..set_of(update.release) });
            state.version += 1;
            for (instance, _) in state.instances.values_mut() {
                instance.status = InstanceStatus::Outdated;
            }
            state.start(CALL, update.operation_id, OperationAction::Update, targets, &update.preferences())
        };
        self.call(CALL, start).await
    }

    async fn create_stack_instances(&self, operation: InstancesOperation<'_>) -> Result<OperationId, CallError> {
        const CALL: &str = "CreateStackInstances";
        let start = |state: &mut State| {
            state.refuse(CALL, operation.operation_id)?;
            let targets: Vec<_> = operation.targets.iter().collect();
            if targets.iter().any(|target| state.instances.contains_key(target)) {
                return Err(CallError::error_response(CALL, "AlreadyExistsException", "an instance exists"));
            }
            for target in &targets {
                state.overrides.insert(target.clone(), operation.overrides.cloned().unwrap_or_default());
            }
            state.start(CALL, operation.operation_id, OperationAction::Create, targets, &operation.preferences())
        };
        self.call(CALL, start).await
    }

    async fn update_stack_instances(&self, operation: InstancesOperation<'_>) -> Result<OperationId, CallError> {
        const CALL: &str = "UpdateStackInstances";
        let start = |state: &mut State| {
            state.refuse(CALL, operation.operation_id)?;
            let targets: Vec<_> = operation.targets.iter().collect();
            state.must_exist(CALL, &targets)?;
            if let Some(overrides) = operation.overrides {
                for target in &targets {
                    state.overrides.insert(target.clone(), overrides.clone());
                }
            }
            state.start(CALL, operation.operation_id, OperationAction::Update, targets, &operation.preferences())
        };
        self.call(CALL, start).await
    }

    async fn list_stack_instances(&self, _: &StackSetName) -> Result<Vec<Instance>, CallError> {
        let list = |state: &mut State| Ok(state.instances.values().map(|(instance, _)| instance.clone()).collect());
        self.call("ListStackInstances", list).await
    }

    async fn describe_operation(&self, _: &StackSetName, id: &OperationId) -> Result<Operation, CallError> {
        const CALL: &str = "DescribeStackSetOperation";
        let describe = |state: &mut State| {
            state.advance();
            let found = state.operations.iter().find(|running| running.operation.id == *id);
            found
                .map(|running| running.operation.clone())
                .ok_or_else(|| CallError::error_response(CALL, "OperationNotFoundException", "no such operation"))
        };
        self.call(CALL, describe).await
    }

    async fn list_operation_results(&self, _: &StackSetName, id: &OperationId) -> Result<Vec<OperationResult>, CallError> {
        let list = |state: &mut State| {
            let found = state.operations.iter().find(|running| running.operation.id == *id && !state.lists_no_results);
            Ok(found.map(|running| running.results.values().cloned().collect()).unwrap_or_default())
        };
        self.call("ListStackSetOperationResults", list).await
    }

    async fn stop_operation(&self, _: &StackSetName, id: &OperationId) -> Result<(), CallError> {
        const CALL: &str = "StopStackSetOperation";
        let stop = |state: &mut State| {
            let found = state.operations.iter_mut().find(|running| running.operation.id == *id);
            match found {
                None => return Err(CallError::error_response(CALL, "OperationNotFoundException", "no such operation")),
                Some(running) if running.operation.status.has_ended() => {
                    return Err(CallError::error_response(CALL, "InvalidOperationException", "the operation has ended"));
                }
                Some(running) => running.operation.status = OperationStatus::Stopping,
            }
            state.lost_responses.get_mut(CALL).and_then(VecDeque::pop_front).map_or(Ok(()), Err)
        };
        self.call(CALL, stop).await
    }

    async fn list_operations(&self, _: &StackSetName) -> Result<Vec<Operation>, CallError> {
        let list = |state: &mut State| {
            if state.foreign_lists > 0 {
                state.foreign_lists -= 1;
                if state.foreign_lists == 0 {
                    state.foreign = None;
                }
            }
            let ours = state.operations.iter().rev().map(|running| &running.operation).skip(std::mem::take(&mut state.list_lags));
            Ok(state.foreign.iter().chain(ours).cloned().collect())
        };
        self.call("ListStackSetOperations", list).await
    }

    async fn delete_stack_instances(&self, deletion: InstancesDeletion<'_>) -> Result<OperationId, CallError> {
        const CALL: &str = "DeleteStackInstances";
        let start = |state: &mut State| {
            state.refuse(CALL, deletion.operation_id)?;
            let targets: Vec<_> = deletion.targets.iter().collect();
            state.must_exist(CALL, &targets)?;
            state.retained.push(deletion.retain_stacks);
            state.start(CALL, deletion.operation_id, OperationAction::Delete, targets, deletion.preferences)
        };
        self.call(CALL, start).await
    }

    async fn detect_drift(&self, _: &StackSetName, preferences: &Preferences, id: &OperationId) -> Result<OperationId, CallError> {
        const CALL: &str = "DetectStackSetDrift";
        let start = |state: &mut State| {
            state.refuse(CALL, id)?;
            let targets: Vec<_> = state.instances.keys().cloned().collect();
            state.start(CALL, id, OperationAction::DetectDrift, targets, preferences)
        };
        self.call(CALL, start).await
    }

    async fn instance_overrides(&self, _: &StackSetName, target: &Target) -> Result<Parameters, CallError> {
        const CALL: &str = "DescribeStackInstance";
        let describe = |state: &mut State| {
            state.must_exist(CALL, std::slice::from_ref(target))?;
            Ok(state.overrides.get(target).cloned().unwrap_or_default())
        };
        self.call(CALL, describe).await
    }
}
