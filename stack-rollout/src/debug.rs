//! `Debug` of errors, for `fn main() -> Result<(), _>`: the message and its missing causes.

use std::error::Error as StdError;
use std::fmt::{Debug, Formatter, Result};

use crate::call_error::CallError;
use crate::error::Error;
use crate::problem::Problems;
use crate::stacks::SessionError;

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

readable_debug!(CallError, Error, Problems, SessionError);
