//! A release: what is deployed, and its targets.

mod check;

use std::collections::{BTreeMap, BTreeSet};

use aws_names::{AccountId, Region};
use serde::Serialize;

use crate::identifiers::{StackSetName, Target};
use crate::status::{Capability, ConcurrencyMode, RegionConcurrency};

/// Parameter keys and values.
pub type Parameters = BTreeMap<String, String>;

/// The desired state of a stack set and its instances.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Release {
    /// The stack set to create or update.
    pub stack_set: StackSetName,
    /// The description, 1 to 1,024 characters. `None` keeps the set's description.
    pub description: Option<String>,
    /// The template.
    pub template: Template,
    /// Parameter keys and values. A parameter that is missing here gets the template's default.
    pub parameters: Vec<(String, String)>,
    /// The acknowledged capabilities.
    pub capabilities: BTreeSet<Capability>,
    /// The set's tags, replacing existing ones. CloudFormation propagates them to resources.
    pub tags: Vec<(String, String)>,
    /// How CloudFormation gets its permissions in the target accounts.
    pub permission_model: PermissionModel,
    /// The target accounts and regions.
    pub targets: Targets,
    /// The operation preferences.
    pub preferences: Preferences,
    /// Parameters that differ in some accounts or regions. The last match wins.
    pub overrides: Vec<ParameterOverride>,
    /// Whether non-conflicting operations may run concurrently. `None` keeps the set's setting.
    pub managed_execution: Option<bool>,
    /// The instances to update again, and the parameter for it. Without effect if the release does
    /// not set the parameter, for example because its template is older: then it keeps no override.
    pub reapply: Option<Reapply>,
}

/// Instances to update again, although CloudFormation regards them as up to date.
///
/// CloudFormation changes a stack only if its template, parameters or tags change. It does not see
/// that SageMaker rolled an endpoint back. So the update changes a parameter of each instance that
/// has no other purpose, as a parameter override. The template must use the parameter in a resource
/// that is then replaced, such as the model of an endpoint. Later rollouts keep the override: a
/// different value would update the instance once more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reapply {
    /// The parameter. The release must set it, too: CloudFormation overrides only parameters of the
    /// stack set.
    pub parameter: String,
    /// Its new value in the targets, which must differ from those of earlier attempts.
    pub attempt: String,
    /// The targets to update again; none in an ordinary rollout.
    pub targets: BTreeSet<Target>,
}

/// Parameters that override the release's in matching accounts and regions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParameterOverride {
    /// The account; `None` matches every account.
    pub account: Option<AccountId>,
    /// The region; `None` matches every region.
    pub region: Option<Region>,
    /// The parameters.
    pub parameters: Parameters,
}

impl Release {
    /// A release of a template to targets, with CloudFormation's defaults for everything else.
    pub fn new(stack_set: StackSetName, template: Template, targets: Targets) -> Self {
        Self {
            stack_set,
            description: None,
            template,
            parameters: Vec::new(),
            capabilities: BTreeSet::new(),
            tags: Vec::new(),
            permission_model: PermissionModel::default(),
            targets,
            preferences: Preferences::default(),
            overrides: Vec::new(),
            managed_execution: None,
            reapply: None,
        }
    }

    /// Sets the description.
    #[must_use]
    pub fn description(self, description: impl Into<String>) -> Self {
        Self { description: Some(description.into()), ..self }
    }

    /// Sets the parameters.
    #[must_use]
    pub fn parameters<K: Into<String>, V: Into<String>>(self, parameters: impl IntoIterator<Item = (K, V)>) -> Self {
        Self { parameters: parameters.into_iter().map(|(key, value)| (key.into(), value.into())).collect(), ..self }
    }

    /// Sets the acknowledged capabilities.
    #[must_use]
    pub fn capabilities(self, capabilities: impl IntoIterator<Item = Capability>) -> Self {
        Self { capabilities: capabilities.into_iter().collect(), ..self }
    }

    /// Sets the tags.
    #[must_use]
    pub fn tags<K: Into<String>, V: Into<String>>(self, tags: impl IntoIterator<Item = (K, V)>) -> Self {
        Self { tags: tags.into_iter().map(|(key, value)| (key.into(), value.into())).collect(), ..self }
    }

    /// Sets the permission model. The default is self-managed permissions with the default roles.
    #[must_use]
    pub fn permission_model(self, permission_model: PermissionModel) -> Self {
        Self { permission_model, ..self }
    }

    /// Sets the operation preferences.
    #[must_use]
    pub fn preferences(self, preferences: Preferences) -> Self {
        Self { preferences, ..self }
    }

    /// Sets parameters that differ in some accounts or regions.
    #[must_use]
    pub fn overrides(self, overrides: impl IntoIterator<Item = ParameterOverride>) -> Self {
        Self { overrides: overrides.into_iter().collect(), ..self }
    }

    /// Turns managed execution on or off; `None` keeps the set's setting.
    #[must_use]
    pub fn managed_execution(self, managed_execution: Option<bool>) -> Self {
        Self { managed_execution, ..self }
    }

    /// Sets the instances to update again, and the parameter for it.
    #[must_use]
    pub fn reapply(self, reapply: Option<Reapply>) -> Self {
        Self { reapply, ..self }
    }

    /// Whether the release sets this parameter.
    pub(crate) fn has_parameter(&self, key: &str) -> bool {
        self.parameters.iter().any(|(known, _)| known == key)
    }

    /// Whether the instance in this target is updated again.
    pub(crate) fn reapplies(&self, target: &Target) -> bool {
        self.reapply.as_ref().is_some_and(|reapply| reapply.targets.contains(target))
    }

    /// The parameter overrides of a target, without that of [`Reapply`].
    pub fn overrides_of(&self, target: &Target) -> Parameters {
        self.overrides
            .iter()
            .filter(|entry| entry.account.as_ref().is_none_or(|account| *account == target.account))
            .filter(|entry| entry.region.as_ref().is_none_or(|region| *region == target.region))
            .flat_map(|entry| entry.parameters.clone())
            .collect()
    }
}

/// A template, and its S3 URL if it is too large for a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// The text. It is compared with the set's template, even if `url` is set.
    pub body: String,
    /// The S3 URL of the same text. If set, it is sent instead of the body.
    pub url: Option<String>,
}

impl Template {
    /// The maximum size of a template in a request, in bytes (`TemplateBody`).
    pub const LONGEST_BODY: usize = 51_200;
    /// The maximum size of a template in S3, in bytes (`TemplateURL`).
    pub const LONGEST_AT_URL: usize = 1_048_576;

    /// A template that is sent in the request.
    pub fn inline(body: impl Into<String>) -> Self {
        Self { body: body.into(), url: None }
    }

    /// A template that was uploaded to S3.
    pub fn uploaded(body: impl Into<String>, url: impl Into<String>) -> Self {
        Self { body: body.into(), url: Some(url.into()) }
    }

    /// Whether `text` is this template, ignoring line endings and trailing newlines.
    pub fn is(&self, text: &str) -> bool {
        let lines = |text: &str| text.trim_end_matches(['\r', '\n']).replace("\r\n", "\n");
        self.body == text || lines(&self.body) == lines(text)
    }
}

/// How CloudFormation gets its permissions in the target accounts.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PermissionModel {
    /// Self-managed permissions: a role in the administration account and a role in each target.
    SelfManaged {
        /// The role in the administration account. `None`:
        /// `AWSCloudFormationStackSetAdministrationRole`, or the set's role.
        administration_role_arn: Option<String>,
        /// Its name in the targets. `None`: `AWSCloudFormationStackSetExecutionRole`, or the set's.
        execution_role_name: Option<String>,
    },
    /// Service-managed permissions: CloudFormation creates the roles in an organization.
    ServiceManaged {
        /// The organizational units. Within them only [`Release::targets`] are deployed to.
        organizational_unit_ids: Vec<String>,
        /// Whether CloudFormation deploys automatically when an account joins or leaves a unit.
        /// Used when the set is created; updates do not change it.
        auto_deployment: AutoDeployment,
    },
}

impl Default for PermissionModel {
    /// Self-managed permissions with CloudFormation's default roles.
    fn default() -> Self {
        Self::SelfManaged { administration_role_arn: None, execution_role_name: None }
    }
}

impl PermissionModel {
    /// The API value, `SELF_MANAGED` or `SERVICE_MANAGED`.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::SelfManaged { .. } => "SELF_MANAGED",
            Self::ServiceManaged { .. } => "SERVICE_MANAGED",
        }
    }
}

/// Automatic deployment when an account joins or leaves an organizational unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AutoDeployment {
    /// No automatic deployment.
    #[default]
    Disabled,
    /// Adds stacks to accounts that join, and deletes the stacks of accounts that leave.
    Enabled,
    /// Adds stacks to accounts that join, and retains the stacks of accounts that leave.
    EnabledWithStackRetention,
}

/// `CallAs` of the session, with service-managed permissions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CallAs {
    /// `SELF`: the management account, or any account with self-managed permissions.
    #[default]
    Itself,
    /// `DELEGATED_ADMIN`: a delegated administrator of the organization.
    DelegatedAdmin,
}

/// The combinations of accounts and regions.
///
/// Sets, so that there are no duplicates and the order in a configuration file has no effect.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Targets {
    /// The accounts.
    pub accounts: BTreeSet<AccountId>,
    /// The regions.
    pub regions: BTreeSet<Region>,
}

impl Targets {
    /// All regions in all accounts.
    pub fn new(accounts: impl IntoIterator<Item = AccountId>, regions: impl IntoIterator<Item = Region>) -> Self {
        Self { accounts: accounts.into_iter().collect(), regions: regions.into_iter().collect() }
    }

    /// All targets, in order.
    pub fn iter(&self) -> impl Iterator<Item = Target> {
        self.accounts.iter().flat_map(|account| self.regions.iter().map(|region| Target::new(account.clone(), region.clone())))
    }

    /// Whether `target` is included.
    pub fn contains(&self, target: &Target) -> bool {
        self.accounts.contains(&target.account) && self.regions.contains(&target.region)
    }

    /// The number of targets.
    pub fn len(&self) -> usize {
        self.accounts.len() * self.regions.len()
    }

    /// Whether there are no targets.
    pub fn is_empty(&self) -> bool {
        self.accounts.is_empty() || self.regions.is_empty()
    }
}

/// The preferences of an operation (`StackSetOperationPreferences`).
///
/// CloudFormation's defaults apply to `None`: no failure tolerance, one account at a time, one
/// region after the other. A count and a percentage for the same setting are mutually exclusive.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Preferences {
    /// The number of accounts in a region that may fail before the operation stops.
    pub failure_tolerance_count: Option<u32>,
    /// The maximum number of concurrent accounts in a region, at least one.
    pub max_concurrent_count: Option<u32>,
    /// Whether regions are deployed sequentially or in parallel.
    pub region_concurrency: Option<RegionConcurrency>,
    /// How concurrency changes after failures.
    pub concurrency_mode: Option<ConcurrencyMode>,
    /// The failure tolerance in percent of a region's accounts, 0 to 100, rounded down.
    pub failure_tolerance_percentage: Option<u8>,
    /// The maximum concurrency in percent, 1 to 100, rounded down, but at least one account.
    pub max_concurrent_percentage: Option<u8>,
    /// The order of the regions. If empty, CloudFormation chooses it.
    pub region_order: Vec<Region>,
}

impl Preferences {
    /// The maximum number of accounts in which an operation on these targets works at once.
    ///
    /// In the strict mode, which is CloudFormation's default, an operation works in at most one
    /// account more than it tolerates failures. Parallel regions can work in different accounts.
    pub fn concurrent_accounts(&self, targets: &Targets) -> usize {
        let accounts = targets.accounts.len();
        let number = |count: Option<u32>, percentage: Option<u8>| match (count, percentage) {
            (Some(count), _) => Some(usize::try_from(count).unwrap_or(usize::MAX)),
            (None, percentage) => percentage.map(|percentage| accounts * usize::from(percentage) / 100),
        };
        let requested = number(self.max_concurrent_count, self.max_concurrent_percentage).unwrap_or(1).max(1);
        let tolerated = number(self.failure_tolerance_count, self.failure_tolerance_percentage).unwrap_or(0);
        let is_soft = self.concurrency_mode == Some(ConcurrencyMode::Soft);
        let in_region = if is_soft { requested } else { requested.min(tolerated.saturating_add(1)) };
        let is_parallel = self.region_concurrency == Some(RegionConcurrency::Parallel);
        let regions = if is_parallel { targets.regions.len() } else { 1 };
        in_region.saturating_mul(regions).min(accounts)
    }

    /// The preferences for these regions. CloudFormation rejects an order with other regions.
    pub(crate) fn within(&self, regions: &BTreeSet<Region>) -> Self {
        Self { region_order: self.region_order.iter().filter(|region| regions.contains(region)).cloned().collect(), ..self.clone() }
    }
}
