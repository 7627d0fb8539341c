//! Signs what a command states, if `--sign-with` names a key.

use std::time::SystemTime;

use model_release::Failure;
#[cfg(feature = "aws")]
use model_release::aws::KmsSigner;
use model_release::records::{Predicate, RecordingRun, Statement};

use command_line::{SigningOptions, non_empty};

/// The key of `--sign-with`.
#[derive(Debug, Default)]
pub(crate) struct Signing {
    signer: Option<KmsSigner>,
}

impl Signing {
    /// Opens the key before the command does any work: a key that cannot sign would be found too late.
    pub(crate) async fn open(options: &SigningOptions) -> Result<Self, Failure> {
        Ok(match non_empty(options.sign_with.as_ref()) {
            Some(key) => Self { signer: Some(open_key(key).await?) },
            None => Self::default(),
        })
    }

    /// Whether a key is named.
    pub(crate) fn is_on(&self) -> bool {
        self.signer.is_some()
    }

    /// The fingerprint of the key.
    #[cfg(feature = "aws")]
    pub(crate) fn fingerprint(&self) -> Option<String> {
        self.signer.as_ref().map(KmsSigner::fingerprint)
    }

    /// The signed record as a file; `None` without a key.
    pub(crate) async fn record<P: Predicate + Sync>(
        &self,
        statement: impl FnOnce(&RecordingRun) -> Statement<P>,
    ) -> Result<Option<String>, Failure> {
        let Some(signer) = &self.signer else { return Ok(None) };
        signer.sign(&statement(&this_run())).await.map(|bundle| Some(bundle.to_json()))
    }
}

#[cfg(feature = "aws")]
async fn open_key(key: &str) -> Result<KmsSigner, Failure> {
    KmsSigner::open(&crate::session::open().await?, key).await
}

#[cfg(not(feature = "aws"))]
async fn open_key(_: &str) -> Result<KmsSigner, Failure> {
    crate::without_aws("--sign-with", "build it with its default features").await
}

/// Without AWS there is no key.
#[cfg(not(feature = "aws"))]
#[derive(Debug)]
enum KmsSigner {}

#[cfg(not(feature = "aws"))]
impl KmsSigner {
    #[expect(clippy::unused_async, reason = "the one with AWS awaits")]
    async fn sign<P>(&self, _: &Statement<P>) -> Result<model_release::records::Bundle, Failure> {
        match *self {}
    }
}

/// This run: the program, the time, and the build of CodeBuild or GitHub Actions.
pub(crate) fn this_run() -> RecordingRun {
    let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let github = || Some(format!("{}/{}/actions/runs/{}", set("GITHUB_SERVER_URL")?, set("GITHUB_REPOSITORY")?, set("GITHUB_RUN_ID")?));
    RecordingRun { tool: crate::tool(), at: SystemTime::now(), invocation: set("CODEBUILD_BUILD_ARN").or_else(github) }
}
