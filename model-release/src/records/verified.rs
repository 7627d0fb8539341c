//! Verifies the records of a release with a trusted key. Nothing is sent anywhere.

use std::path::{Path, PathBuf};

use release_records::{
    Bundle, Predicate, Provenance, RecordError, ResourceDescriptor, Statement, TestResult, TestVerdict, VerificationResult,
    VerificationSummary,
};

use super::{PROVENANCE, TrustedKey, TrustedKeys, record_of_results, subjects, verification_summary};
use crate::diagnostic::{Diagnostic, Failure, FailureKind};
use crate::{Release, Stage, files};

/// A record that a trusted key signed, about the release at hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedRecord {
    /// What it states.
    pub kind: RecordKind,
    /// The file.
    pub file: PathBuf,
    /// The digest `sha256:…` of the file.
    pub digest: String,
    /// When it was signed, as the signer states.
    pub time: String,
}

/// What a record states.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordKind {
    /// From what the release was built.
    Provenance,
    /// Whether it passed the tests of a stage.
    TestResult {
        /// The stage.
        stage: Stage,
        /// Whether all tests passed.
        passed: bool,
    },
    /// That it is allowed in a stage.
    Allowed(Stage),
}

impl VerifiedRecord {
    /// The record as an input of another record.
    pub fn descriptor(&self) -> ResourceDescriptor {
        let name = self.file.file_name().unwrap_or_default().to_string_lossy();
        ResourceDescriptor::named(name, &self.digest)
    }
}

impl std::fmt::Display for RecordKind {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Provenance => write!(formatter, "provenance"),
            Self::TestResult { stage, passed } => {
                write!(formatter, "test results of {stage}, which {}", if *passed { "passed" } else { "failed" })
            }
            Self::Allowed(stage) => write!(formatter, "allowed in {stage}"),
        }
    }
}

impl Release {
    /// Verifies the provenance: a trusted key signed exactly these files.
    pub fn verify_provenance(&self, trusted: &TrustedKeys) -> Result<VerifiedRecord, Failure> {
        let path = self.path(PROVENANCE);
        let text = read(&path)?;
        let key = key(trusted.build.as_ref(), &path)?;
        let verified = self.provenance(&text, key);
        verified.map(|(kind, time)| record(kind, time, &path, &text)).map_err(|error| refused(&path, &error, key))
    }

    /// Verifies the record of staging tests: a trusted key signed this results file, for this release.
    pub fn verify_staging_tests(&self, trusted: &TrustedKeys, results: &Path) -> Result<VerifiedRecord, Failure> {
        let path = record_of_results(results);
        let record = verify_record(self, trusted, &path)?;
        match record.kind {
            RecordKind::TestResult { stage: Stage::Staging, .. } => Ok(record),
            kind => {
                let message = format!("`{}` is a record of something else: {kind}", path.display());
                Err(Failure::new(FailureKind::Failed, vec![Diagnostic::error(message).code("record-refused").file(&path)]))
            }
        }
    }

    fn provenance(&self, text: &str, trusted: &TrustedKey) -> Result<(RecordKind, String), RecordError> {
        let statement: Statement<Provenance> = Bundle::parse(text)?.verify(&trusted.key)?;
        statement.check_subjects(subjects::parts(&self.manifest, &self.digest))?;
        let expected = super::provenance::parameters(&self.manifest);
        let signed = &statement.predicate().build_definition.external_parameters;
        // They repeat what is in the manifest, for readers of the record alone.
        if let Some((name, _)) = expected.iter().find(|(name, value)| signed.get(*name) != Some(*value)) {
            return Err(RecordError::OtherSubject {
                name: format!("externalParameters.{name}"),
                signed: signed.get(name).map_or_else(|| "no value".to_owned(), ToString::to_string),
                found: expected[name].to_string(),
            });
        }
        Ok((RecordKind::Provenance, statement.predicate().run_details.metadata.finished_on.clone().unwrap_or_default()))
    }

    fn test_result(&self, statement: &Statement<TestResult>, path: &Path) -> Result<(RecordKind, String), Failure> {
        let predicate = statement.predicate();
        let about = |error: RecordError| refused_for(path, &error);
        statement.check_subjects([subjects::release(&self.digest)]).map_err(about)?;
        // The results are beside their record, by the name that they were signed with.
        let name = predicate.results.label();
        let results = path.with_file_name(Path::new(name).file_name().unwrap_or_default());
        let bytes = read(&results)?;
        let found = ResourceDescriptor::named(name, &files::digest(bytes.as_bytes()));
        if found != predicate.results {
            let error = RecordError::OtherSubject { name: name.to_owned(), signed: predicate.results.digests(), found: found.digests() };
            return Err(about(error));
        }
        let stage = predicate.stage.parse().map_err(|_| {
            let message = format!("`{}` is a record of the unknown stage `{}`", path.display(), predicate.stage);
            Failure::new(FailureKind::Failed, vec![Diagnostic::error(message).code("record-refused").file(path)])
        })?;
        Ok((RecordKind::TestResult { stage, passed: predicate.result == TestVerdict::Passed }, predicate.finished_on.clone()))
    }

    fn allowed(&self, statement: &Statement<VerificationSummary>) -> Result<(RecordKind, String), RecordError> {
        statement.check_subjects([subjects::release(&self.digest)])?;
        let (predicate, package) = (statement.predicate(), &self.manifest.model_package.arn);
        let stage = Stage::ALL.into_iter().find(|stage| predicate.resource_uri == verification_summary::resource(package, *stage));
        match (stage, predicate.verification_result) {
            (Some(stage), VerificationResult::Passed) => Ok((RecordKind::Allowed(stage), predicate.time_verified.clone())),
            (None, _) => Err(RecordError::Unexpected {
                field: "resourceUri",
                expected: format!("{package} in a stage"),
                found: predicate.resource_uri.clone(),
            }),
            (Some(_), VerificationResult::Failed) => {
                Err(RecordError::Unexpected { field: "verificationResult", expected: "PASSED".to_owned(), found: "FAILED".to_owned() })
            }
        }
    }
}

/// Verifies a record of any kind: a trusted key signed it, and it is about this release.
pub fn verify_record(release: &Release, trusted: &TrustedKeys, path: &Path) -> Result<VerifiedRecord, Failure> {
    let text = read(path)?;
    let bundle = Bundle::parse(&text).map_err(|error| refused_for(path, &error))?;
    // The type is a claim until the signature is verified, which each branch does, with the key that
    // signs records of this type.
    let claimed = bundle.claimed_type();
    let trusted = match claimed.as_deref() {
        Some(TestResult::TYPE) => &trusted.test,
        Some(VerificationSummary::TYPE) => &trusted.check_release,
        _ => &trusted.build,
    };
    let key = key(trusted.as_ref(), path)?;
    let bad = |error: RecordError| refused(path, &error, key);
    let (kind, time) = match claimed.as_deref() {
        Some(TestResult::TYPE) => {
            let statement = bundle.verify(&key.key).map_err(bad)?;
            release.test_result(&statement, path)?
        }
        Some(VerificationSummary::TYPE) => bundle.verify(&key.key).and_then(|statement| release.allowed(&statement)).map_err(bad)?,
        _ => release.provenance(&text, key).map_err(bad)?,
    };
    Ok(record(kind, time, path, &text))
}

fn record(kind: RecordKind, time: String, path: &Path, text: &str) -> VerifiedRecord {
    VerifiedRecord { kind, file: path.to_owned(), digest: files::digest(text.as_bytes()), time }
}

fn key<'k>(trusted: Option<&'k TrustedKey>, path: &Path) -> Result<&'k TrustedKey, Failure> {
    trusted.ok_or_else(|| {
        let message = format!("no key is trusted for `{}`", path.display());
        Failure::bad_input(Diagnostic::error(message).code("no-trusted-key").file(path))
    })
}

/// Reads a record. Without it nothing is proven.
fn read(path: &Path) -> Result<String, Failure> {
    files::read_text(path).map_err(|diagnostic| Failure::new(FailureKind::Failed, vec![diagnostic.code("record-missing").file(path)]))
}

fn refused(path: &Path, error: &RecordError, trusted: &TrustedKey) -> Failure {
    let mut failure = refused_for(path, error);
    if let (RecordError::OtherKey { .. }, Some(diagnostic)) = (error, failure.diagnostics.first_mut()) {
        diagnostic.code = Some("record-of-another-key");
        diagnostic.details.push(format!("the trusted key is `{}`", trusted.file.display()));
    }
    failure
}

fn refused_for(path: &Path, error: &RecordError) -> Failure {
    let message = format!("`{}` does not prove this release: {error}", path.display());
    Failure::new(FailureKind::Failed, vec![Diagnostic::error(message).code("record-refused").file(path)])
}
