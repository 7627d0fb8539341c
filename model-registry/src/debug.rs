//! `Debug` of errors is their message, which contains its causes: what
//! `fn main() -> Result<(), _>` prints.

use std::fmt::{Debug, Display, Formatter, Result};

use crate::choice::SelectError;
use crate::documents::DocumentError;
use crate::error::RegistryError;
use crate::problem::Problems;
use crate::release_policy::GateError;
use crate::sharing::{PolicyError, SharingError};

macro_rules! readable_debug {
    ($($error:ty),+) => {$(
        impl Debug for $error {
            fn fmt(&self, f: &mut Formatter<'_>) -> Result {
                Display::fmt(self, f)
            }
        }
    )+};
}

readable_debug!(DocumentError, GateError, PolicyError, Problems, RegistryError, SelectError, SharingError);
