//! What is to be rolled out, and where to.

mod check;

use std::collections::{BTreeMap, BTreeSet};

use aws_names::{AccountId, Region};
use serde::Serialize;

use crate::identifiers::{StackSetName, Target};
use crate::status::{Capability, ConcurrencyMode, RegionConcurrency};

/// Parameter keys and values.
pub type Parameters = BTreeMap<String, String>;

/// The wanted state of one stack set and of its instances.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Release {
    /// The stack set that is created or updated.
    pub stack_set: StackSetName,
    /// What people read in the console: 1 to 1,024 characters. `None` keeps what the set has.
    pub description: Option<String>,
    /// The template.
    pub template: Template,
    /// Parameter keys and values. A parameter of the template that is left out takes the template's default.
    pub parameters: Vec<(String, String)>,
    /// What the template may do.
    pub capabilities: BTreeSet<Capability>,
    /// Tags of the stack set, which CloudFormation hands on to stacks and resources. They replace those that the set has.
    pub tags: Vec<(String, String)>,
    /// Who gives CloudFormation its rights in the target accounts.
    pub permission_model: PermissionModel,
    /// The accounts and regions.
    pub targets: Targets,
    /// How an operation goes over the targets.
    pub preferences: Preferences,
    /// Parameters that are others in some accounts or regions. Where several are for one target, a later one wins.
    pub overrides: Vec<ParameterOverride>,
    /// Whether operations that do not get in each other's way may run at once. `None` keeps what the set has.
    pub managed_execution: Option<bool>,
}

/// Parameters that take the place of the release's where the account and the region are these.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParameterOverride {
    /// Only in this account; in every one when `None`.
    pub account: Option<AccountId>,
    /// Only in this region; in every one when `None`.
    pub region: Option<Region>,
    /// The parameters.
    pub parameters: Parameters,
}

impl Release {
    /// A template for these targets, with CloudFormation's defaults for everything else.
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
        }
    }

    /// With a description.
    #[must_use]
    pub fn description(self, description: impl Into<String>) -> Self {
        Self { description: Some(description.into()), ..self }
    }

    /// With these parameters.
    #[must_use]
    pub fn parameters<K: Into<String>, V: Into<String>>(self, parameters: impl IntoIterator<Item = (K, V)>) -> Self {
        Self { parameters: parameters.into_iter().map(|(key, value)| (key.into(), value.into())).collect(), ..self }
    }

    /// With these capabilities acknowledged.
    #[must_use]
    pub fn capabilities(self, capabilities: impl IntoIterator<Item = Capability>) -> Self {
        Self { capabilities: capabilities.into_iter().collect(), ..self }
    }

    /// With these tags.
    #[must_use]
    pub fn tags<K: Into<String>, V: Into<String>>(self, tags: impl IntoIterator<Item = (K, V)>) -> Self {
        Self { tags: tags.into_iter().map(|(key, value)| (key.into(), value.into())).collect(), ..self }
    }

    /// With another permission model than self-managed permissions with the default roles.
    #[must_use]
    pub fn permission_model(self, permission_model: PermissionModel) -> Self {
        Self { permission_model, ..self }
    }

    /// With these operation preferences.
    #[must_use]
    pub fn preferences(self, preferences: Preferences) -> Self {
        Self { preferences, ..self }
    }

    /// With parameters that differ in some accounts or regions.
    #[must_use]
    pub fn overrides(self, overrides: impl IntoIterator<Item = ParameterOverride>) -> Self {
        Self { overrides: overrides.into_iter().collect(), ..self }
    }

    /// With managed execution switched on or off; `None` keeps what the set has.
    #[must_use]
    pub fn managed_execution(self, managed_execution: Option<bool>) -> Self {
        Self { managed_execution, ..self }
    }

    /// The parameters that the target has in place of the release's.
    pub fn overrides_of(&self, target: &Target) -> Parameters {
        self.overrides
            .iter()
            .filter(|known| known.account.as_ref().is_none_or(|account| *account == target.account))
            .filter(|known| known.region.as_ref().is_none_or(|region| *region == target.region))
            .flat_map(|known| known.parameters.clone())
            .collect()
    }
}

/// A template, and where CloudFormation can read it when it is too large to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// The text. Needed even when there is a URL, to tell whether the stack set has this template already.
    pub body: String,
    /// The S3 URL of the same text. When given, it is sent in place of the body.
    pub url: Option<String>,
}

impl Template {
    /// The longest template, in bytes, that a request can carry (`TemplateBody`).
    pub const LONGEST_BODY: usize = 51_200;
    /// The longest template, in bytes, that CloudFormation reads from S3 (`TemplateURL`).
    pub const LONGEST_AT_URL: usize = 1_048_576;

    /// A template that is sent as it is.
    pub fn inline(body: impl Into<String>) -> Self {
        Self { body: body.into(), url: None }
    }

    /// A template that was uploaded to S3 and that CloudFormation reads from there.
    pub fn uploaded(body: impl Into<String>, url: impl Into<String>) -> Self {
        Self { body: body.into(), url: Some(url.into()) }
    }

    /// Whether `text` is this template. Line ends and newlines at the end do not count, since not every store keeps them.
    pub fn is(&self, text: &str) -> bool {
        let lines = |text: &str| text.trim_end_matches(['\r', '\n']).replace("\r\n", "\n");
        self.body == text || lines(&self.body) == lines(text)
    }
}

/// Who gives CloudFormation its rights in the target accounts.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PermissionModel {
    /// Roles that the team made: one in the administration account, one in each target.
    SelfManaged {
        /// The role of the administration account. `None` is `AWSCloudFormationStackSetAdministrationRole`, or what the set has.
        administration_role_arn: Option<String>,
        /// The role's name in each target. `None` is `AWSCloudFormationStackSetExecutionRole`, or what the set has.
        execution_role_name: Option<String>,
    },
    /// AWS Organizations: CloudFormation makes the roles itself.
    ServiceManaged {
        /// The organizational units that hold the target accounts. Within them, only [`Release::targets`] are deployed to.
        organizational_unit_ids: Vec<String>,
        /// What happens when an account enters or leaves a unit. Read when the set is created; an update leaves it alone.
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
    /// The API's word, `SELF_MANAGED` or `SERVICE_MANAGED`.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::SelfManaged { .. } => "SELF_MANAGED",
            Self::ServiceManaged { .. } => "SERVICE_MANAGED",
        }
    }
}

/// What CloudFormation does on its own when an account enters or leaves an organizational unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AutoDeployment {
    /// Nothing.
    #[default]
    Disabled,
    /// Adds stacks to accounts that enter, deletes those of accounts that leave.
    Enabled,
    /// Adds stacks to accounts that enter, keeps those of accounts that leave.
    EnabledWithStackRetention,
}

/// Whom the management session acts as, with service-managed permissions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CallAs {
    /// The account itself: the management account, or any account with self-managed permissions.
    #[default]
    Itself,
    /// A delegated administrator of the organization.
    DelegatedAdmin,
}

/// Every one of some accounts, in every one of some regions.
///
/// Sets, so that no target can be named twice and the order of a configuration file makes no difference.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Targets {
    /// The accounts.
    pub accounts: BTreeSet<AccountId>,
    /// The regions.
    pub regions: BTreeSet<Region>,
}

impl Targets {
    /// Every one of `accounts` in every one of `regions`.
    pub fn new(accounts: impl IntoIterator<Item = AccountId>, regions: impl IntoIterator<Item = Region>) -> Self {
        Self { accounts: accounts.into_iter().collect(), regions: regions.into_iter().collect() }
    }

    /// Each target once, in order.
    pub fn iter(&self) -> impl Iterator<Item = Target> {
        self.accounts.iter().flat_map(|account| self.regions.iter().map(|region| Target::new(account.clone(), region.clone())))
    }

    /// Whether the target is one of these.
    pub fn contains(&self, target: &Target) -> bool {
        self.accounts.contains(&target.account) && self.regions.contains(&target.region)
    }

    /// How many targets there are.
    pub fn len(&self) -> usize {
        self.accounts.len() * self.regions.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.accounts.is_empty() || self.regions.is_empty()
    }
}

/// How an operation goes over its targets (`StackSetOperationPreferences`).
///
/// What is `None` is left to CloudFormation: no failure tolerated, one account at a time, one region after the other.
/// Of a number and a percentage for the same thing only one may be given.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Preferences {
    /// How many of the accounts of a region may fail before the operation ends.
    pub failure_tolerance_count: Option<u32>,
    /// In how many accounts of a region CloudFormation works at once, at least one.
    pub max_concurrent_count: Option<u32>,
    /// Whether regions are worked on one after the other or at once.
    pub region_concurrency: Option<RegionConcurrency>,
    /// What becomes of the number of accounts at once when some fail.
    pub concurrency_mode: Option<ConcurrencyMode>,
    /// How many of the accounts of a region may fail before the operation ends, in percent, 0 to 100, rounded down.
    pub failure_tolerance_percentage: Option<u8>,
    /// In how many accounts of a region CloudFormation works at once, in percent, 1 to 100, rounded down, at least one account.
    pub max_concurrent_percentage: Option<u8>,
    /// The order of the regions. Empty leaves it to CloudFormation.
    pub region_order: Vec<Region>,
}

impl Preferences {
    /// The preferences for an operation over these regions only: CloudFormation refuses an order that names another one.
    pub(crate) fn within(&self, regions: &BTreeSet<Region>) -> Self {
        Self { region_order: self.region_order.iter().filter(|region| regions.contains(region)).cloned().collect(), ..self.clone() }
    }
}
