//! What the commands of `xtask` share: printed output, exit codes, the project's folder, and files
//! that are written whole.

mod diagnostic;
mod exit;
pub mod files;
mod interruption;
mod printer;
mod program;
mod project;

pub use anstream::ColorChoice;
pub use diagnostic::{Rendered, clean};
pub use exit::Exit;
pub use interruption::{interrupted, interrupted_again, unless_interrupted};
pub use printer::{Format, Printer};
pub use program::{STARTED_BY, program};
pub use project::Project;
