//! `verify`: verifies the signed records of a release, offline, and what a history says about it.

use std::path::{Path, PathBuf};

use model_release::history::ReleasePlace;
use model_release::records::{Chain, TrustedKey, TrustedKeys};
use model_release::{Failure, Release};

use crate::history::{self, ProjectHistory};
use crate::requests;
use command_line::VerifyOptions;
use terminal::{Exit, Printer, Project, clean, files};

pub(crate) async fn run(printer: Printer, project: &Project, options: &VerifyOptions) -> Result<Exit, Failure> {
    let trusted = match &options.public_key {
        Some(file) => TrustedKey::read(file)?.into(),
        None => TrustedKeys::pinned(requests::release_policy(Some(project), options.release_policy.as_deref())?.as_ref())?,
    };
    let stored: Option<ReleasePlace> =
        options.release.as_deref().filter(|release| release.starts_with("s3://")).map(str::parse).transpose().map_err(Failure::from)?;
    // What is fetched is kept: the report names its files.
    let (release, history) = match &stored {
        Some(place) => {
            let history = history::open(Some(&place.history.to_string()), &place.project).await?;
            let folder = project.folder(None, &format!("verify/{}", place.digest.trim_start_matches("sha256:")));
            files::write_all(&folder, history.release(&place.digest).await?.files)?;
            (Release::open_approved(&folder, Some(&place.digest))?, Some(history))
        }
        None => {
            let release = Release::open(&project.folder(options.release.as_deref().map(Path::new), "deploy"))?;
            let history = match &options.history {
                Some(address) => Some(history::open(Some(address), &release.manifest.project.id).await?),
                None => None,
            };
            (release, history)
        }
    };
    let mut records = options.records.clone();
    let proof = match &history {
        Some(history) => {
            let proof = history.prove(&release, &trusted).await?;
            records.extend(evidence(project, history, &release, &proof.evidence).await?);
            Some(proof)
        }
        None => None,
    };
    let chain = Chain::verify(&release, &trusted, &records).with_history(proof);
    printer.diagnostics(&chain.findings());
    printer.result(&chain.json(&crate::tool()), clean(&chain.text()));
    Ok(chain.failure().map_or(Exit::Done, Exit::from))
}

/// Fetches the evidence of each event to a folder of its own. Returns the signed records.
async fn evidence(
    project: &Project,
    history: &ProjectHistory,
    release: &Release,
    events: &[Vec<model_release::history::EventFile>],
) -> Result<Vec<PathBuf>, Failure> {
    let mut records = Vec::new();
    for (number, named) in events.iter().enumerate() {
        let folder = project.folder(None, &format!("verify/{}/evidence/{number}", release.digest.trim_start_matches("sha256:")));
        files::write_all(&folder, history.files(named).await?)?;
        records
            .extend(named.iter().filter(|file| file.name.ends_with(".sigstore.json")).map(|file| files::relative(folder.join(&file.name))));
    }
    Ok(records)
}
