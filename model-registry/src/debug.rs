//! Errors as `fn main() -> Result<(), _>` prints them: the message, and its cause if the message
//! does not contain it.

use std::error::Error as StdError;
use std::fmt::{Debug, Formatter, Result};

use crate::choice::SelectError;
use crate::documents::DocumentError;
use crate::error::RegistryError;
use crate::problem::Problems;
use crate::release_policy::GateError;
use crate::sharing::{PolicyError, SharingError};

fn write(error: &dyn StdError, f: &mut Formatter<'_>) -> Result {
    let message = error.to_string();
    f.write_str(&message)?;
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string();
        if !message.contains(&text) {
            write!(f, "\ncaused by: {text}")?;
        }
        cause = error.source();
    }
    Ok(())
}

macro_rules! readable_debug {
    ($($error:ty),+) => {$(
        impl Debug for $error {
            fn fmt(&self, f: &mut Formatter<'_>) -> Result {
                write(self, f)
            }
        }
    )+};
}

readable_debug!(DocumentError, GateError, PolicyError, Problems, RegistryError, SelectError, SharingError);
