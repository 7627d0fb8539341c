//! Numbers of instances that a rollout changed although the release does not change them.
//!
//! An update of an endpoint sets each variant to the count of its configuration, unless
//! `RetainAllVariantProperties` is set. It then undoes what scaling or a person has set.

use std::collections::BTreeMap;

use cfn_render::{PseudoParameters, Template};
use serde::Serialize;
use stack_rollout::{AccountId, Observed, Parameters, Region, Release, Target};

use crate::blueprint::StackBlueprint;
use crate::diagnostic::Diagnostic;
use crate::endpoint_state::{EndpointState, TargetEndpoints, VariantCapacity};

/// A number of instances that changed, although neither the stage's parameters nor the template
/// change it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CapacityChange {
    /// The account.
    pub account_id: AccountId,
    /// The region.
    pub region: Region,
    /// The endpoint.
    pub endpoint: String,
    /// The variant.
    pub variant: String,
    /// The desired number of instances before the rollout.
    pub before: i32,
    /// The desired number of instances after it.
    pub after: i32,
}

impl CapacityChange {
    /// Every change between two readings of the same endpoints that the release does not make.
    pub(crate) fn unrequested(before: &[TargetEndpoints], after: &[TargetEndpoints], counts: &RequestedCounts) -> Vec<Self> {
        let mut changes = Vec::new();
        for (earlier, now) in pairs(before, after, TargetEndpoints::target) {
            for (old, new) in pairs(&earlier.endpoints, &now.endpoints, |endpoint| endpoint.endpoint.clone()) {
                changes.extend(changed(old, new).filter_map(|(old_count, new_count)| {
                    let (target, endpoint, variant) = (now.target(), &new.endpoint, &new_count.variant);
                    (!counts.include(&target, endpoint, new_count)?).then(|| Self {
                        account_id: target.account,
                        region: target.region,
                        endpoint: endpoint.clone(),
                        variant: variant.clone(),
                        before: old_count.desired_instances,
                        after: new_count.desired_instances,
                    })
                }));
            }
        }
        changes
    }

    /// The change as a finding.
    pub(crate) fn finding(&self) -> Diagnostic {
        let Self { account_id, region, endpoint, variant, before, after } = self;
        let message = format!(
            "variant `{variant}` had {before} instances before the rollout and has {after} now; the release does not change the number"
        );
        let hint = "set `RetainAllVariantProperties` of the endpoint, so that an update keeps what scaling has set; `UpdateEndpointWeightsAndCapacities` restores the number";
        Diagnostic::warning(message).code("capacity-changed").named(format!("{account_id}/{region}/{endpoint}")).with_hint(hint)
    }
}

/// Items of two lists with the same key.
fn pairs<'a, T, K: PartialEq>(before: &'a [T], after: &'a [T], key: impl Fn(&T) -> K) -> Vec<(&'a T, &'a T)> {
    before.iter().filter_map(|old| Some((old, after.iter().find(|new| key(new) == key(old))?))).collect()
}

/// The variants whose number of instances changed.
fn changed<'a>(old: &'a EndpointState, new: &'a EndpointState) -> impl Iterator<Item = (&'a VariantCapacity, &'a VariantCapacity)> {
    let variants = pairs(&old.capacity, &new.capacity, |capacity| capacity.variant.clone());
    variants.into_iter().filter(|(old, new)| old.desired_instances != new.desired_instances)
}

/// The numbers of instances that the stack set configured, and that the release configures.
pub(crate) struct RequestedCounts {
    old: Option<Stacks>,
    new: Option<Stacks>,
}

/// A template with its parameters.
struct Stacks {
    template: Template,
    parameters: Parameters,
    /// The overrides of each target.
    own: BTreeMap<Target, Parameters>,
}

impl RequestedCounts {
    pub(crate) fn new(release: &Release, observed: &Observed) -> Self {
        let observed_overrides =
            observed.instances.iter().filter_map(|instance| Some((instance.target.clone(), instance.overrides.clone()?)));
        let overrides = release.targets.iter().map(|target| (target.clone(), release.overrides_of(&target)));
        let old = observed.stack_set.as_ref();
        Self {
            old: old.and_then(|set| Stacks::read(&set.template_body, &set.parameters, observed_overrides.collect())),
            new: Stacks::read(&release.template.body, &release.parameters, overrides.collect()),
        }
    }

    /// Whether the release changes the number to this one; `None` if that is not known.
    fn include(&self, target: &Target, endpoint: &str, now: &VariantCapacity) -> Option<bool> {
        let old = self.old.as_ref()?.count(target, endpoint, &now.variant)?;
        let new = self.new.as_ref()?.count(target, endpoint, &now.variant)?;
        Some(old != new && now.desired_instances == new)
    }
}

impl Stacks {
    fn read(template: &str, parameters: &[(String, String)], own: BTreeMap<Target, Parameters>) -> Option<Self> {
        Some(Self {
            template: Template::parse(template.to_owned(), "template").ok()?,
            parameters: parameters.iter().cloned().collect(),
            own,
        })
    }

    /// The configured number of instances of a variant.
    fn count(&self, target: &Target, endpoint: &str, variant: &str) -> Option<i32> {
        let mut parameters = self.parameters.clone();
        parameters.extend(self.own.get(target).cloned().unwrap_or_default());
        let pseudo = PseudoParameters::in_region(target.region.as_str()).in_account(target.account.as_str());
        let stack = StackBlueprint::read(&self.template.resolve_partly(&parameters, &pseudo).ok()?);
        let config = stack.config_of(stack.endpoint(endpoint)?)?;
        config.variants.iter().find(|known| known.name.as_deref() == Some(variant))?.instance_count
    }
}
