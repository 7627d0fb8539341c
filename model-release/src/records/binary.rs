//! The signed provenance of the program's binary: `dist` writes the statement beside it.

use std::path::{Path, PathBuf};

use release_records::{Provenance, RecordError, Statement};
use serde::Serialize;

#[cfg(feature = "signatures")]
use super::TrustedKey;
#[cfg(feature = "signatures")]
use crate::diagnostic::FailureKind;
use crate::diagnostic::{Diagnostic, Failure};
use crate::files;
use crate::manifest::Tool;

/// A limit for the binary's size.
const MAX_BINARY: u64 = 1024 * 1024 * 1024;

/// A binary.
#[derive(Debug, Clone)]
pub struct Binary {
    path: PathBuf,
    digest: String,
}

/// What the signed provenance of a binary proves.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(deny_unknown_fields))]
pub struct BinaryRecord {
    /// The version of this format: 1.
    schema_version: u32,
    tool: Tool,
    binary: String,
    /// The digest `sha256:…` of the binary.
    digest: String,
    /// The file with the signed provenance.
    record: String,
    /// The digest `sha256:…` of the public key.
    public_key: String,
    /// The commit that the binary was built from; null if files differed from every commit.
    commit: Option<String>,
    /// The compiler.
    compiler: Option<String>,
}

impl Binary {
    /// Reads a binary.
    ///
    /// # Errors
    ///
    /// A file that cannot be read.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let bytes = files::read_bytes(path, MAX_BINARY)?;
        Ok(Self { path: path.to_owned(), digest: files::digest(&bytes) })
    }

    fn beside(&self, extension: &str) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push(extension);
        name.into()
    }

    /// The file of its signed provenance, if no other one is named.
    pub fn record(&self) -> PathBuf {
        self.beside(".provenance.sigstore.json")
    }

    /// The statement that `dist` wrote beside it.
    ///
    /// # Errors
    ///
    /// No statement, another text than `dist` writes, and a statement about another binary.
    pub fn statement(&self) -> Result<Statement<Provenance>, Failure> {
        let path = self.beside(".provenance.json");
        let text = files::read_text(&path).map_err(|diagnostic| diagnostic.code("no-binary-provenance"))?;
        let refused = |reason: String| {
            let message = format!("`{}` is not the provenance of `{}`: {reason}", path.display(), self.path.display());
            Failure::bad_input(Diagnostic::error(message).code("no-binary-provenance").file(&path))
        };
        let statement = Statement::<Provenance>::parse(text.as_bytes()).map_err(|error| refused(error.to_string()))?;
        // Nothing is signed that is not also checked.
        if statement.to_json() != text.trim_end() {
            return Err(refused("it has other members than `dist` writes, or another form".to_owned()));
        }
        self.check(&statement).map_err(|error| refused(error.to_string()))?;
        Ok(statement)
    }

    /// A downloaded binary can have another name.
    fn check(&self, statement: &Statement<Provenance>) -> Result<(), RecordError> {
        let digest = self.digest.trim_start_matches("sha256:");
        let mut signed = statement.subjects().iter().filter_map(|subject| subject.digest.get("sha256"));
        if signed.clone().any(|signed| signed == digest) {
            return Ok(());
        }
        let name = self.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let signed = signed.next().map_or_else(|| "no digest".to_owned(), |signed| format!("sha256:{signed}"));
        Err(RecordError::OtherSubject { name, signed, found: self.digest.clone() })
    }

    /// What a statement about it proves.
    pub fn proven(&self, statement: &Statement<Provenance>, record: &Path, public_key: &str, tool: Tool) -> BinaryRecord {
        let Provenance { build_definition, run_details } = statement.predicate();
        let mut sources = build_definition.resolved_dependencies.iter();
        BinaryRecord {
            schema_version: 1,
            tool,
            binary: self.path.display().to_string(),
            digest: self.digest.clone(),
            record: record.display().to_string(),
            public_key: format!("sha256:{public_key}"),
            commit: sources.find_map(|source| source.digest.get("gitCommit")).cloned(),
            compiler: run_details.builder.version.get("rustc").map(|version| format!("rustc {version}")),
        }
    }

    /// Verifies its signed provenance with a trusted key, without AWS.
    ///
    /// # Errors
    ///
    /// No record, and one that does not prove this binary.
    #[cfg(feature = "signatures")]
    pub fn verify(&self, record: &Path, trusted: &TrustedKey, tool: Tool) -> Result<BinaryRecord, Failure> {
        let failed = |diagnostic: Diagnostic| Failure::new(FailureKind::Failed, vec![diagnostic.file(record)]);
        let text = files::read_text(record).map_err(|diagnostic| failed(diagnostic.code("binary-record-missing")))?;
        let verified = release_records::Bundle::parse(&text).and_then(|bundle| bundle.verify::<Provenance>(&trusted.key));
        let statement = verified.and_then(|statement| self.check(&statement).map(|()| statement)).map_err(|error| {
            let message = format!("`{}` does not prove `{}`: {error}", record.display(), self.path.display());
            failed(Diagnostic::error(message).code("binary-record-refused"))
        })?;
        Ok(self.proven(&statement, record, &trusted.key.fingerprint(), tool))
    }
}

impl BinaryRecord {
    /// The record as text.
    pub fn text(&self) -> String {
        let commit = self.commit.as_deref().unwrap_or("none: files differed from every commit");
        let compiler = self.compiler.as_deref().unwrap_or("unknown");
        format!(
            "binary    {} ({})\nrecord    {}\nkey       {}\ncommit    {commit}\ncompiler  {compiler}",
            self.binary, self.digest, self.record, self.public_key
        )
    }
}
