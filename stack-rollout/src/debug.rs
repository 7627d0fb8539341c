//! `Debug` of errors is their message, which contains its causes: what
//! `fn main() -> Result<(), _>` prints.

use std::fmt::{Debug, Display, Formatter, Result};

use crate::call_error::CallError;
use crate::error::Error;
use crate::problem::Problems;
use crate::stacks::SessionError;

macro_rules! readable_debug {
    ($($error:ty),+) => {$(
        impl Debug for $error {
            fn fmt(&self, f: &mut Formatter<'_>) -> Result {
                Display::fmt(self, f)
            }
        }
    )+};
}

readable_debug!(CallError, Error, Problems, SessionError);
