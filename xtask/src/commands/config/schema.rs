//! `config schema`: the schemas of a stage's input files, generated from the template.

use stage_config::{ParametersSection, override_file_schema, stage_file_schema};

use crate::requests::{OptionErrors, SOURCES};
use command_line::{ConfigSchemaOptions, SchemaOf};
use model_release::configuration::Configuration;
use model_release::{Diagnostic, Failure, FailureKind, stop_on_errors};
use terminal::{Exit, Printer, Project, files};

pub(super) fn run(printer: Printer, project: &Project, options: &ConfigSchemaOptions) -> Result<Exit, Failure> {
    let mut errors = OptionErrors::default();
    let template = errors.template(project, &options.template_name);
    stop_on_errors(errors.diagnostics)?;
    let template = template.unwrap_or_default();
    let text = text(&Configuration::read_section(&template)?, options.of);
    let Some(out) = &options.out else {
        Printer::out(&text);
        return Ok(Exit::Done);
    };
    if options.check {
        let known = files::read_text(out);
        if known.as_ref().is_ok_and(|known| *known == text) {
            printer.step("Fresh", files::shown(out));
            return Ok(Exit::Done);
        }
        let diagnostic = match known {
            Ok(_) => Diagnostic::error(format!("`{}` does not match the template", files::shown(out))),
            Err(diagnostic) => diagnostic,
        };
        return Err(Failure::new(FailureKind::Failed, vec![diagnostic.with_hint("write it again: run the same command without --check")]));
    }
    files::write(out, text.as_bytes())?;
    printer.step("Written", files::shown(out));
    Ok(Exit::Done)
}

/// The schema as text.
pub(crate) fn text(section: &ParametersSection, of: SchemaOf) -> String {
    let schema = match of {
        SchemaOf::Stage => stage_file_schema(section, &SOURCES),
        SchemaOf::Overrides => override_file_schema(section, &SOURCES),
    };
    let mut text = serde_json::to_string_pretty(&schema).expect("a schema always serializes");
    text.push('\n');
    text
}
