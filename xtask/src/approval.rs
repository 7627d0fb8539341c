//! The approval that `check-release` reads, and the record of it.

use std::path::{Path, PathBuf};

use model_release::approval::{Approval, ApprovalQuery, ApprovalRecord, Channel, Execution, FILE_NAME};
use model_release::aws::{Session, pipeline_approval};
use model_release::{Diagnostic, Failure, Release, Stage};
use terminal::{Printer, files};

use command_line::{ApprovalOptions, ReleaseOptions, non_empty};

/// Where the approval is recorded.
enum Source {
    File(PathBuf, ApprovalQuery),
    Pipeline(Execution),
}

/// What the options name, and where the record is written.
pub(crate) struct ApprovalCheck {
    source: Option<Source>,
    path: PathBuf,
    has_digest: bool,
}

impl ApprovalCheck {
    /// Reads the options before any work. Only a deployment to production needs an approval.
    pub(crate) fn new(
        folder: &Path,
        stage: Stage,
        release: &Release,
        options: &ApprovalOptions,
        digest: &ReleaseOptions,
    ) -> Result<Self, Failure> {
        let path = folder.join(FILE_NAME);
        let source = if stage == Stage::Prod { source(options)? } else { None };
        match source {
            None if stage == Stage::Prod => release.check_needs_no_approval()?,
            None => {}
            Some(_) => files::check_result(&path)?,
        }
        Ok(Self { source, path, has_digest: non_empty(digest.release_sha256.as_ref()).is_some() })
    }

    /// Reads the approval; none if no option names one. `session` is for a pipeline.
    pub(crate) async fn read(&self, session: Result<&Session, &Failure>) -> Result<Option<Approval>, Failure> {
        let approval = match &self.source {
            None => return Ok(None),
            Some(Source::File(path, query)) => Approval::read(path, query)?,
            // The failed session is reported by the check of the registry.
            Some(Source::Pipeline(execution)) => match session {
                Ok(session) => pipeline_approval(session.config(), execution).await?,
                Err(_) => return Ok(None),
            },
        };
        if approval.evidence.channel == Channel::Github && !self.has_digest {
            let message = "a review of GitHub names no release, and no digest of the approved release is set";
            return Err(Diagnostic::error(message)
                .code("not-the-approved-release")
                .with_hint("pass the digest that the build of the same run printed")
                .into());
        }
        Ok(Some(approval))
    }

    /// Writes the record.
    pub(crate) fn write(&self, printer: Printer, record: &ApprovalRecord) -> Result<(), Failure> {
        let mut text = serde_json::to_string_pretty(record).expect("plain data always serializes");
        text.push('\n');
        files::write(&self.path, text.as_bytes())?;
        printer.step("Written", files::shown(&self.path));
        Ok(())
    }
}

fn source(options: &ApprovalOptions) -> Result<Option<Source>, Failure> {
    let named = (non_empty(options.pipeline.as_ref()), non_empty(options.pipeline_execution.as_ref()));
    let execution = match named {
        (Some(pipeline), Some(id)) => Some(Execution { pipeline: pipeline.to_owned(), id: id.to_owned() }),
        (None, None) => None,
        (pipeline, _) => {
            let (set, missing) =
                if pipeline.is_some() { ("--pipeline", "--pipeline-execution") } else { ("--pipeline-execution", "--pipeline") };
            let diagnostic = Diagnostic::error(format!("`{set}` is set, and `{missing}` is not"));
            return Err(diagnostic.named(missing).with_hint("name both the pipeline and its execution").into());
        }
    };
    Ok(match (&options.approval, execution) {
        (Some(path), execution) => {
            let environment = options.approval_environment.clone();
            Some(Source::File(path.clone(), ApprovalQuery { execution, environment }))
        }
        (None, execution) => execution.map(Source::Pipeline),
    })
}
