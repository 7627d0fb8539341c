//! From what was typed to what the library is asked for; nothing here talks to AWS.

mod build;
mod option_errors;
#[cfg(feature = "aws")]
mod rollout;
mod selection;
#[cfg(feature = "aws")]
mod target_role;

pub(crate) use build::BuildCommand;
pub(crate) use option_errors::OptionErrors;
#[cfg(feature = "aws")]
pub(crate) use rollout::rollout;
pub(crate) use selection::read as selection;
