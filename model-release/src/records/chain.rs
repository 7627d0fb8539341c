//! All records of a release: which ones prove what, which ones do not, and which ones are missing.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::{Value as Json, json};

use super::verified::{RecordKind, VerifiedRecord, verify_record};
use super::{PROVENANCE, TrustedKey, TrustedKeys};
use crate::diagnostic::{Diagnostic, Failure, FailureKind};
use crate::history::HistoryProof;
use crate::manifest::Tool;
use crate::{Release, Stage};

/// The result of the verification of all records that the caller has.
#[derive(Debug)]
pub struct Chain<'a> {
    release: &'a Release,
    trusted: &'a TrustedKeys,
    records: Vec<VerifiedRecord>,
    refused: Vec<(PathBuf, Failure)>,
    history: Option<HistoryProof>,
}

impl<'a> Chain<'a> {
    /// Verifies the provenance of a release, and these records about it.
    pub fn verify(release: &'a Release, trusted: &'a TrustedKeys, others: &[PathBuf]) -> Self {
        let mut chain = Self { release, trusted, records: Vec::new(), refused: Vec::new(), history: None };
        chain.add(release.path(PROVENANCE), release.verify_provenance(trusted));
        for path in others {
            chain.add(path.clone(), verify_record(release, trusted, path));
        }
        chain
    }

    /// Adds what a history proves about the release.
    #[must_use]
    pub fn with_history(self, history: Option<HistoryProof>) -> Self {
        Self { history, ..self }
    }

    fn add(&mut self, path: PathBuf, verified: Result<VerifiedRecord, Failure>) {
        match verified {
            Ok(record) => self.records.push(record),
            Err(failure) => self.refused.push((path, failure)),
        }
    }

    /// The trusted keys, each with whose records it signs.
    fn keys(&self) -> impl Iterator<Item = (&'static str, &'a TrustedKey)> {
        let TrustedKeys { build, test, check_release } = self.trusted;
        let keys = [("build", build), ("test", test), ("check_release", check_release)];
        keys.into_iter().filter_map(|(role, key)| Some((role, key.as_ref()?)))
    }

    /// The links that no record proves.
    fn missing(&self) -> Vec<String> {
        let has = |kind: RecordKind| self.records.iter().any(|record| record.kind == kind);
        let links = [
            ("provenance", RecordKind::Provenance),
            ("passed test results of staging", RecordKind::TestResult { stage: Stage::Staging, passed: true }),
            ("allowed in prod", RecordKind::Allowed(Stage::Prod)),
            ("passed test results of prod", RecordKind::TestResult { stage: Stage::Prod, passed: true }),
        ];
        let records = links.into_iter().filter(|(_, kind)| !has(*kind)).map(|(name, _)| name.to_owned());
        records.chain(self.history.iter().flat_map(|history| history.missing.clone())).collect()
    }

    /// What is wrong with the records that were refused.
    pub fn findings(&self) -> Vec<Diagnostic> {
        let of_history = self.history.iter().flat_map(|history| history.refused.clone());
        self.refused.iter().flat_map(|(_, failure)| failure.diagnostics.clone()).chain(of_history).collect()
    }

    /// A record that does not prove the release is a failure; a link without a record is not.
    pub fn failure(&self) -> Option<FailureKind> {
        let is_refused = !self.refused.is_empty() || self.history.as_ref().is_some_and(|history| !history.refused.is_empty());
        is_refused.then_some(FailureKind::Failed)
    }

    /// The result as data.
    pub fn json(&self, tool: &Tool) -> Json {
        let verified = self.records.iter().map(
            |record| json!({ "record": record.kind.to_string(), "file": record.file, "digest": record.digest, "signed_at": record.time }),
        );
        let refused = self.refused.iter().map(
            |(path, failure)| json!({ "file": path, "reason": failure.diagnostics.first().map(|diagnostic| diagnostic.message.as_str()) }),
        );
        json!({
            "schema_version": 1,
            "tool": tool,
            "release": self.release.digest,
            "model_package": self.release.manifest.model_package.arn,
            "public_keys": self.keys().map(|(role, key)| (role, fingerprint(key))).collect::<BTreeMap<_, _>>(),
            "verified": verified.collect::<Vec<_>>(),
            "refused": refused.collect::<Vec<_>>(),
            "missing": self.missing(),
            "history": self.history.as_ref().map(|history| json!({
                "proven": history.proven,
                "refused": history.refused.iter().map(|diagnostic| diagnostic.message.as_str()).collect::<Vec<_>>(),
            })),
        })
    }

    /// The result as text, one line for each link.
    pub fn text(&self) -> String {
        let release = format!("release   {} of {}\n", self.release.digest, self.release.manifest.model_package.arn);
        let mut keys: Vec<String> =
            self.keys().map(|(_, key)| format!("key       {} in {}\n", fingerprint(key), key.file.display())).collect();
        keys.dedup();
        let verified =
            self.records.iter().map(|record| format!("verified  {}, signed {} ({})\n", record.kind, record.time, record.file.display()));
        let refused = self.refused.iter().map(|(path, _)| format!("refused   {}\n", path.display()));
        let proven = self.history.iter().flat_map(|history| &history.proven).map(|line| format!("proven    {line}\n"));
        let missing = self.missing().into_iter().map(|link| format!("missing   {link}\n"));
        let text: String = std::iter::once(release).chain(keys).chain(verified).chain(proven).chain(refused).chain(missing).collect();
        text.trim_end().to_owned()
    }
}

fn fingerprint(key: &TrustedKey) -> String {
    format!("sha256:{}", key.key.fingerprint())
}
