//! Options of `dist`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// Options of `dist`.
#[derive(Debug, Args)]
pub struct DistOptions {
    /// Write the binary and its checksum to this folder [default: target/dist]
    #[arg(long, value_name = "DIR")]
    pub output_dir: Option<PathBuf>,
    /// Build for this architecture [default: the machine's]
    #[arg(long, value_enum, value_name = "ARCHITECTURE")]
    pub architecture: Option<Architecture>,
}

/// An architecture of CodeBuild.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Architecture {
    // Intel and AMD.
    #[value(name = "x86_64")]
    X86,
    // Graviton.
    #[value(name = "aarch64")]
    Arm,
}

impl Architecture {
    /// As in a target of Rust.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::X86 => "x86_64",
            Self::Arm => "aarch64",
        }
    }
}
