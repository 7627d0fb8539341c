//! `init-tests`: writes a first test suite.

use endpoint_test::{DraftError, DraftOptions, SuiteDraft};
use model_release::{Diagnostic, Failure, stop_on_errors};
use serde_json::json;

use crate::cli::InitTestsOptions;
use crate::suite_file::SUITE;
use terminal::Exit;
use terminal::Printer;
use terminal::Project;
use terminal::files::{self, FileSet};

pub(crate) fn run(printer: Printer, project: &Project, options: &InitTestsOptions) -> Result<Exit, Failure> {
    let path = project.path(options.suite.as_deref(), SUITE);
    let draft_options = DraftOptions { label: options.label.clone(), prediction: options.prediction.clone() };
    let draft = SuiteDraft::read(&options.from, &path, &draft_options).map_err(|error| {
        let named = matches!(error, DraftError::NoLabel { .. }).then_some("--label");
        let diagnostic = Diagnostic::error(error.to_string());
        named.map_or(diagnostic.clone(), |option| diagnostic.named(option))
    })?;
    let folder = path.parent().unwrap_or(&path);
    let mut written: Vec<_> = draft.files.iter().map(|(file, content)| (folder.join(file), content.as_ref())).collect();
    // The suite comes last: if it exists, all files do.
    written.push((path.clone(), draft.text.as_bytes()));
    let differs = |file: &std::path::Path, content: &[u8]| file.exists() && std::fs::read(file).ok().as_deref() != Some(content);
    let existing = written.iter().filter(|(file, content)| !options.force && differs(file, content));
    let refused = |(file, _): &(std::path::PathBuf, &[u8])| {
        Diagnostic::error(format!("`{}` exists", files::shown(file)))
            .with_hint("replace it with --force, or name another file with --suite")
    };
    stop_on_errors(existing.map(refused).collect())?;
    let mut set = FileSet::default();
    for (file, content) in &written {
        set.add(file.clone(), *content);
    }
    set.write()?;
    let shown: Vec<_> = written.iter().map(|(file, _)| files::shown(file)).collect();
    let record = json!({ "suite": files::shown(&path), "cases": draft.cases, "files": shown });
    let next = format!("cargo xtask test-staging --endpoint-url http://127.0.0.1:8080 --suite {}", files::shown(&path));
    printer.result(&record, format!("{}\nTry it on a model container: {next}", shown.join("\n")));
    Ok(Exit::Done)
}
