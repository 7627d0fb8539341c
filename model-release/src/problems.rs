//! What the libraries found, as the terminal shows it.

use std::path::Path;

use cfn_render::Template;

use crate::FailureKind;
use crate::diagnostic::{Diagnostic, Failure, Level};
use crate::files;
use crate::plan_report;

/// A finding of stage-config; `texts` are the files that it can be in, by path, and the template turns its pointers into lines.
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

/// A finding at a place of stage-config's.
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

/// A finding of cfn-render; `text` is the template's that was asked for. The finding can be in one that it nests.
pub fn of_template(problem: &cfn_render::Problem, text: &str) -> Diagnostic {
    let level = match problem.severity {
        cfn_render::Severity::Error => Level::Error,
        cfn_render::Severity::Warning => Level::Warning,
        cfn_render::Severity::Note => Level::Note,
    };
    Diagnostic { level, ..at_place(&problem.message, &problem.place, text).with_hint_opt(problem.hint.clone()) }
}

/// An error at a place of a template, or of one that it nests, whose own text is read for the line.
pub fn at_place(message: &str, place: &cfn_render::Place, text: &str) -> Diagnostic {
    let own = files::read_text(&place.path);
    let text = own.as_deref().unwrap_or(text);
    let source = Diagnostic::error(message).source(&place.path.display().to_string(), place.line, place.column, text);
    let diagnostic = source.underlining(place.width);
    match (place.logical_id(), place.property()) {
        (Some(resource), Some(property)) => diagnostic.detail(format!("property `{property}` of resource `{resource}`")),
        (Some(resource), None) => diagnostic.detail(format!("resource `{resource}`")),
        _ => diagnostic,
    }
}

/// All that cfn-render found wrong; `text` is the template's.
pub fn failure(error: &cfn_render::Error, text: &str) -> Failure {
    let exit = if error.store_error().is_some() { FailureKind::Unreachable } else { FailureKind::BadInput };
    Failure::new(exit, error.problems().iter().map(|problem| of_template(problem, text)).collect())
}

/// A finding of stack-rollout, about its place.
pub fn of_rollout(problem: &stack_rollout::Problem) -> Diagnostic {
    plan_report::Problem::from(problem).diagnostic()
}

/// All that model-registry found wrong with a file.
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
