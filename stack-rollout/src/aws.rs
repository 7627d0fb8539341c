//! The ports on AWS CloudFormation itself.

mod convert;
mod failure;
mod organization;
mod signed_call;
mod stack_sets;
mod stacks;
mod target_account;

pub use organization::AwsOrganization;
pub use stack_sets::CloudFormationStackSets;
pub use stacks::CloudFormationStacks;
pub use target_account::{AwsTargetAccount, QuotaCodes};
