//! `history`: what was deployed at a time, who approved it, and what proves it, from records only.

use model_release::Failure;
use model_release::history::{HistoryQuery, question_time};
use model_release::records::{TrustedKey, TrustedKeys};

use crate::history;
use crate::requests;
use command_line::{HistoryOptions, non_empty};
use terminal::{Exit, Printer, Project, clean};

pub(crate) async fn run(printer: Printer, project: &Project, options: &HistoryOptions) -> Result<Exit, Failure> {
    let at = non_empty(options.at.as_ref()).map(question_time).transpose().map_err(|diagnostic| diagnostic.named("--at"))?;
    let trusted = trusted(project, options)?;
    let id = history::project_id(project, options.sagemaker_project_id.as_ref())?;
    let history = history::open(non_empty(options.history.as_ref()), &id).await?;
    let text = |value: &Option<String>| non_empty(value.as_ref()).map(str::to_owned);
    let query = HistoryQuery {
        stage: options.stage,
        at,
        account: text(&options.account),
        region: text(&options.region),
        limit: options.limit,
        trusted: trusted.as_ref(),
        tool: crate::tool(),
    };
    let answer = history.answer(&query).await?;
    printer.diagnostics(&answer.findings());
    printer.result(&answer, clean(&answer.text()));
    Ok(match answer.failure() {
        Some(kind) => kind.into(),
        None if answer.served.is_empty() => Exit::Nothing,
        None => Exit::Done,
    })
}

/// Without a key, signatures are not verified, and the answer says so.
fn trusted(project: &Project, options: &HistoryOptions) -> Result<Option<TrustedKeys>, Failure> {
    if let Some(file) = &options.public_key {
        return TrustedKey::read(file).map(|key| Some(key.into()));
    }
    let policy = requests::release_policy(Some(project), options.release_policy.as_deref())?;
    let pins = policy.as_ref().is_some_and(|policy| policy.policy.signatures.is_some());
    pins.then(|| TrustedKeys::pinned(policy.as_ref())).transpose()
}
