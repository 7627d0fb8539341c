//! Options of `sign-binary` and `verify-binary`.

use std::path::PathBuf;

use clap::Args;

use super::SigningOptions;

/// Options of `sign-binary`.
#[derive(Debug, Args)]
pub struct SignBinaryOptions {
    /// The binary that `dist` built, with its provenance BINARY.provenance.json beside it
    #[arg(value_name = "BINARY")]
    pub binary: PathBuf,
    /// The key.
    #[command(flatten)]
    pub signing: SigningOptions,
}

/// Options of `verify-binary`.
#[derive(Debug, Args)]
pub struct VerifyBinaryOptions {
    /// The binary
    #[arg(value_name = "BINARY")]
    pub binary: PathBuf,
    /// Trust the public key in this PEM file
    #[arg(long, value_name = "FILE")]
    pub public_key: PathBuf,
    /// The signed provenance [default: BINARY.provenance.sigstore.json]
    #[arg(long, value_name = "FILE")]
    pub record: Option<PathBuf>,
}
