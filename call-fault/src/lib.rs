#![doc = include_str!("../README.md")]

mod fault;
#[cfg(feature = "sdk")]
pub mod sdk;

use std::time::Duration;

pub use fault::Fault;

/// The time from the first failure after which failures in a row are an error, however long a
/// command waits for AWS: AWS is not unavailable for so long without a reason. It begins when that
/// call has failed, because a call without a response can take longer than this by itself.
pub const ERRORS_IN_A_ROW: Duration = Duration::from_mins(1);
