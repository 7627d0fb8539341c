//! `init-tests`: writes a first test suite.

use endpoint_test::{DraftError, DraftOptions, SuiteDraft};
use model_release::{Diagnostic, Failure, stop_on_errors};
use serde_json::json;

use crate::suite_file::SUITE;
use command_line::InitTestsOptions;
use terminal::Exit;
use terminal::Printer;
use terminal::Project;
use terminal::files::{self, FileSet};

pub(crate) fn run(printer: Printer, project: &Project, options: &InitTestsOptions) -> Result<Exit, Failure> {
    let path = project.path(options.suite.as_deref(), SUITE);
    let draft_options = DraftOptions { label: options.label.clone(), prediction: options.prediction.clone() };
    let draft = SuiteDraft::read(&options.from, &path, &draft_options).map_err(|error| {
        let option = if matches!(error, DraftError::NoLabel { .. }) { "--label" } else { "--from" };
        Diagnostic::error(error.to_string()).named(option)
    })?;
    if !options.force {
        let refused = draft.replaced().into_iter().map(|file| Diagnostic::error(format!("`{}` exists", files::shown(file))));
        stop_on_errors(refused.map(|refused| refused.with_hint("replace it with --force, or name another file with --suite")).collect())?;
    }
    let mut set = FileSet::default();
    for (file, content) in &draft.files {
        set.add(file.clone(), content.to_vec());
    }
    set.write()?;
    let written: Vec<_> = draft.files.iter().map(|(file, _)| files::shown(file)).collect();
    let record = json!({ "schema_version": 1, "suite": files::shown(&path), "cases": draft.cases, "files": written });
    let xtask = terminal::program();
    let next = format!("{xtask} test-staging --endpoint-url http://127.0.0.1:8080 --suite {}", files::shown(&path));
    printer.result(&record, format!("{}\nTry it on a model container: {next}", written.join("\n")));
    Ok(Exit::Done)
}
