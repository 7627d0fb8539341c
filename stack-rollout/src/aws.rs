//! The adapters that implement the ports with the AWS SDK.

mod change_sets;
mod convert;
mod failure;
mod organization;
mod stack_sets;
mod stacks;

pub use failure::{failed, innermost};
pub use organization::AwsOrganization;
pub use stack_sets::CloudFormationStackSets;
pub use stacks::CloudFormationStacks;
