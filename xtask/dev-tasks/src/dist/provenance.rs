//! The provenance of the binary: an in-toto statement with SLSA's predicate. It is not signed: who
//! signs it (`cosign attest-blob --statement`) decides with which key.

use std::collections::BTreeMap;

use release_records::{BuildDefinition, BuildMetadata, Builder, Provenance, ResourceDescriptor, RunDetails, Statement};

use super::recipe::Commit;
use super::{GLIBC, LINKER};
use crate::program::Task;
use model_release::Failure;
use terminal::{Project, files};

/// How to read the parameters.
const BUILD_TYPE: &str = "pkg:cargo/xtask#dist";

pub(super) fn statement(project: &Project, name: &str, digest: &str, commit: Option<&Commit>, triple: &str) -> Result<String, Failure> {
    let (_, compiler) = Task::new("rustc").folder(&project.root).arg("--version").output()?;
    let lock = project.root.join("Cargo.lock");
    let lock = std::fs::read(&lock).map_err(|error| Failure::bad_input(files::cannot("read", &lock, &error)))?;
    let mut sources = vec![
        ResourceDescriptor::named("Cargo.lock", &files::digest(&lock)),
        ResourceDescriptor::named("dist-requirements.txt", &files::digest(LINKER.requirements.as_bytes())),
    ];
    // A modified commit is not what was built.
    if let Some(commit) = commit.filter(|commit| !commit.is_modified) {
        sources.push(ResourceDescriptor::at("git+file:.", Some(&format!("gitCommit:{}", commit.id))));
    }
    let parameters = [("target", triple), ("glibc", GLIBC), ("features", "aws"), ("profile", "dist")];
    let predicate = Provenance {
        build_definition: BuildDefinition {
            build_type: BUILD_TYPE.to_owned(),
            external_parameters: parameters.map(|(key, value)| (key.to_owned(), value.into())).into(),
            resolved_dependencies: sources,
        },
        run_details: RunDetails {
            builder: Builder {
                id: BUILD_TYPE.to_owned(),
                version: BTreeMap::from([
                    ("rustc".to_owned(), compiler.trim().trim_start_matches("rustc ").to_owned()),
                    ("xtask".to_owned(), env!("CARGO_PKG_VERSION").to_owned()),
                ]),
            },
            metadata: BuildMetadata::default(),
        },
    };
    Ok(Statement::new([ResourceDescriptor::named(name, digest)], predicate).to_json())
}
