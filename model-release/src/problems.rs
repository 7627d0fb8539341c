//! Converts the libraries' findings to diagnostics.

use std::path::Path;

use cfn_render::Template;
use endpoint_test::{SuiteErrors, SuiteInfo};

use crate::FailureKind;
use crate::diagnostic::{Diagnostic, Failure, Level};
use crate::files;

/// Converts a finding of stage-config. `texts` are the files by path.
pub fn of_stage(problem: &stage_config::Problem, texts: &[(String, String)], template: Option<&Template>) -> Diagnostic {
    let level = match problem.severity {
        stage_config::Severity::Error => Level::Error,
        stage_config::Severity::Warning => Level::Warning,
        stage_config::Severity::Note => Level::Note,
    };
    let diagnostic = Diagnostic::new(level, &problem.message).code(problem.code).with_hint_opt(problem.hint.clone());
    match &problem.place {
        Some(place) => at(diagnostic, place, texts, template),
        None => diagnostic,
    }
}

/// Adds a location of stage-config to a diagnostic.
pub fn at(diagnostic: Diagnostic, place: &stage_config::Place, texts: &[(String, String)], template: Option<&Template>) -> Diagnostic {
    match place {
        stage_config::Place::File { path, line, column } => {
            let text = texts.iter().find(|(known, _)| known == path).map_or("", |(_, text)| text);
            diagnostic.source(path, *line, *column, text)
        }
        stage_config::Place::Template { pointer } => {
            match template.and_then(|template| Some((template, template.locate_key(pointer).or_else(|| template.locate(pointer))?))) {
                Some((template, span)) => {
                    diagnostic.source(&template.path().display().to_string(), span.line, span.column, template.text())
                }
                None => diagnostic.named(pointer),
            }
        }
        stage_config::Place::Pipeline { source } => diagnostic.named(source),
    }
}

/// Converts a finding of cfn-render. `text` is the main template; it can nest others.
pub fn of_template(problem: &cfn_render::Problem, text: &str) -> Diagnostic {
    let level = match problem.severity {
        cfn_render::Severity::Error => Level::Error,
        cfn_render::Severity::Warning => Level::Warning,
        cfn_render::Severity::Note => Level::Note,
    };
    let diagnostic = at_place(&problem.message, &problem.place, text).with_hint_opt(problem.hint.clone());
    Diagnostic { level, ..diagnostic.code(problem.code.as_str()) }
}

/// An error at a location in a template or a nested template, whose file is read for the line.
pub fn at_place(message: &str, place: &cfn_render::Place, text: &str) -> Diagnostic {
    let file_text = files::read_text(&place.path);
    let text = file_text.as_deref().unwrap_or(text);
    let source = Diagnostic::error(message).source(&place.path.display().to_string(), place.line, place.column, text);
    let diagnostic = source.underlining(place.width);
    match (place.logical_id(), place.property()) {
        (Some(resource), Some(property)) => diagnostic.detail(format!("property `{property}` of resource `{resource}`")),
        (Some(resource), None) => diagnostic.detail(format!("resource `{resource}`")),
        _ => diagnostic,
    }
}

/// Converts all problems of cfn-render; `text` is the template's text.
pub fn failure(error: &cfn_render::Error, text: &str) -> Failure {
    let kind = if error.store_error().is_some() { FailureKind::Unreachable } else { FailureKind::BadInput };
    Failure::new(kind, error.problems().iter().map(|problem| of_template(problem, text)).collect())
}

/// Converts all problems that model-registry found in a file.
pub fn of_registry(found: &model_registry::Problems, path: &Path, text: &str) -> Failure {
    let diagnostic = |problem: &model_registry::Problem| {
        let diagnostic = Diagnostic::error(&problem.message).code(problem.code).with_hint_opt(problem.hint.clone());
        match problem.place {
            Some(place) => diagnostic.source(&path.display().to_string(), place.line, place.column, text),
            None => diagnostic.file(path),
        }
    };
    Failure::new(FailureKind::BadInput, found.0.iter().map(diagnostic).collect())
}

/// Converts all problems of a suite; `info` has the file's name for messages.
pub(crate) fn of_suite(errors: &SuiteErrors, info: Option<&SuiteInfo>) -> Vec<Diagnostic> {
    let file = info.map_or_else(|| errors.path().display().to_string(), |info| info.file.clone());
    let diagnostic = |problem: &endpoint_test::Problem| {
        let diagnostic = Diagnostic::error(&problem.message).with_hint_opt(problem.hint.clone());
        match problem.place {
            Some(place) => diagnostic.source(&file, place.line, place.column, errors.text()).underlining(place.length),
            None => diagnostic.named(&file),
        }
    };
    errors.problems().iter().map(diagnostic).collect()
}
