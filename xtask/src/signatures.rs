//! Requires signed records, if the release policy or an option does.

#[cfg(feature = "aws")]
use std::path::Path;

#[cfg(feature = "aws")]
use model_release::aws::KmsSigner;
use model_release::records::TrustedKeys;
#[cfg(feature = "aws")]
use model_release::records::VerifiedRecord;
use model_release::{Failure, PolicyFile, Release};

use crate::requests;
use command_line::{SignatureOptions, non_empty};
use terminal::{Printer, Project};

/// The keys that are trusted, if signatures are required, and what they signed.
#[derive(Debug)]
pub(crate) struct Signatures {
    /// The release policy.
    #[cfg_attr(not(feature = "aws"), expect(dead_code, reason = "only check-release uses it"))]
    pub(crate) policy: Option<PolicyFile>,
    #[cfg(feature = "aws")]
    trusted: TrustedKeys,
    /// The records that were verified.
    #[cfg(feature = "aws")]
    pub(crate) records: Vec<VerifiedRecord>,
}

#[cfg(feature = "aws")]
impl Signatures {
    /// Verifies the provenance of the release, if signatures are required.
    pub(crate) async fn check(printer: Printer, project: &Project, options: &SignatureOptions, release: &Release) -> Result<Self, Failure> {
        let policy = requests::release_policy(Some(project), options.release_policy.as_deref())?;
        let build_key = non_empty(options.trusted_build_key.as_ref());
        let mut trusted = TrustedKeys::required(policy.as_ref(), options.require_signature && build_key.is_none())?;
        if let Some(key) = build_key {
            trusted.build = Some(KmsSigner::trusted(&crate::session::open().await?, key).await?);
        }
        let mut signatures = Self { policy, trusted, records: Vec::new() };
        if signatures.trusted.build.is_some() {
            let record = release.verify_provenance(&signatures.trusted)?;
            signatures.add(printer, record);
        }
        Ok(signatures)
    }

    /// Verifies the record of a staging test's results file, if signatures are required. `key` is the
    /// KMS key that signs it, instead of a pinned one.
    pub(crate) async fn check_staging_tests(
        &mut self,
        printer: Printer,
        release: &Release,
        results: &Path,
        key: Option<&str>,
    ) -> Result<(), Failure> {
        if let Some(key) = key {
            self.trusted.test = Some(KmsSigner::trusted(&crate::session::open().await?, key).await?);
        }
        if self.trusted.test.is_some() {
            let record = release.verify_staging_tests(&self.trusted, results)?;
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
    #[expect(clippy::unused_async, reason = "the one with AWS awaits")]
    pub(crate) async fn check(_: Printer, project: &Project, options: &SignatureOptions, _: &Release) -> Result<Self, Failure> {
        let policy = requests::release_policy(Some(project), options.release_policy.as_deref())?;
        let trusted = TrustedKeys::required(policy.as_ref(), options.require_signature)?;
        if !trusted.is_empty() || non_empty(options.trusted_build_key.as_ref()).is_some() {
            return Err(model_release::Diagnostic::error("signatures are required, and this program was built without their verification")
                .with_hint("build it with its default features")
                .into());
        }
        Ok(Self { policy })
    }
}
