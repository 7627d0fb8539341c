//! Requires signed records, if the release policy or an option does.

#[cfg(feature = "aws")]
use std::path::Path;

use model_release::records::TrustedKey;
#[cfg(feature = "aws")]
use model_release::records::VerifiedRecord;
use model_release::{Failure, PolicyFile, Release};

use crate::requests;
use command_line::SignatureOptions;
use terminal::{Printer, Project};

/// The key that is trusted, if signatures are required, and what it signed.
#[derive(Debug)]
pub(crate) struct Signatures {
    /// The release policy.
    #[cfg_attr(not(feature = "aws"), expect(dead_code, reason = "only check-release uses it"))]
    pub(crate) policy: Option<PolicyFile>,
    #[cfg(feature = "aws")]
    trusted: Option<TrustedKey>,
    /// The records that were verified.
    #[cfg(feature = "aws")]
    pub(crate) records: Vec<VerifiedRecord>,
}

#[cfg(feature = "aws")]
impl Signatures {
    /// Verifies the provenance of the release, if signatures are required.
    pub(crate) fn check(printer: Printer, project: &Project, options: &SignatureOptions, release: &Release) -> Result<Self, Failure> {
        let policy = requests::release_policy(Some(project), options.release_policy.as_deref())?;
        let trusted = TrustedKey::required(policy.as_ref(), options.require_signature)?;
        let mut signatures = Self { policy, trusted, records: Vec::new() };
        if let Some(trusted) = &signatures.trusted {
            let record = release.verify_provenance(trusted)?;
            signatures.add(printer, record);
        }
        Ok(signatures)
    }

    /// Verifies the record of a staging test's results file, if signatures are required.
    pub(crate) fn check_staging_tests(&mut self, printer: Printer, release: &Release, results: &Path) -> Result<(), Failure> {
        if let Some(trusted) = &self.trusted {
            let record = release.verify_staging_tests(trusted, results)?;
            self.add(printer, record);
        }
        Ok(())
    }

    fn add(&mut self, printer: Printer, record: VerifiedRecord) {
        printer.step("Verified", format_args!("{}, signed {}", record.kind, record.time));
        self.records.push(record);
    }
}

#[cfg(not(feature = "aws"))]
impl Signatures {
    /// Without AWS nothing can be verified.
    pub(crate) fn check(_: Printer, project: &Project, options: &SignatureOptions, _: &Release) -> Result<Self, Failure> {
        let policy = requests::release_policy(Some(project), options.release_policy.as_deref())?;
        match TrustedKey::required(policy.as_ref(), options.require_signature)? {
            Some(_) => {
                Err(model_release::Diagnostic::error("signatures are required, and this program was built without their verification")
                    .with_hint("build it with its default features")
                    .into())
            }
            None => Ok(Self { policy }),
        }
    }
}
