//! `config`: explains and checks the stages' parameters, and generates schemas. It needs no AWS.

mod request;
pub(crate) mod schema;

use serde_json::json;

use crate::cli::{ConfigCheckOptions, ConfigCommand, ConfigExplainOptions};
use crate::exit::Exit;
use crate::printer::Printer;
use crate::project::Project;
use model_release::Stage;
use model_release::configuration::{Configuration, Explanation, StageParameters};
use model_release::{Diagnostic, Failure, stop_on_errors};

use request::ConfigRequest;

pub(crate) fn run(printer: Printer, project: &Project, command: &ConfigCommand) -> Result<Exit, Failure> {
    match command {
        ConfigCommand::Explain(options) => explain(printer, project, options),
        ConfigCommand::Check(options) => check(printer, project, options),
        ConfigCommand::Schema(options) => schema::run(printer, project, options),
    }
}

fn explain(printer: Printer, project: &Project, options: &ConfigExplainOptions) -> Result<Exit, Failure> {
    let request = ConfigRequest::read(project, &options.configuration, &[options.stage])?;
    let target = request.target(options)?;
    let configuration = Configuration::read(&request.files)?;
    let [stage] = &request.stages[..] else { return Err(Failure::bad_input(Diagnostic::error("no stage is named"))) };
    let pipeline = request.pipeline(stage);
    let parameters = configuration.check(&pipeline, &request.targets(stage));
    let explanation = Explanation::new(&configuration, &pipeline, &parameters, target);
    printer.result(&explanation, explanation.table());
    report(printer, parameters)
}

fn check(printer: Printer, project: &Project, options: &ConfigCheckOptions) -> Result<Exit, Failure> {
    let stages: Vec<Stage> = options.stage.map_or_else(|| Stage::ALL.to_vec(), |stage| vec![stage]);
    let request = ConfigRequest::read(project, &options.configuration, &stages)?;
    let configuration = Configuration::read(&request.files)?;
    let (mut lines, mut results, mut exit) = (Vec::new(), Vec::new(), Exit::Done);
    let mut diagnostics = Vec::new();
    for stage in &request.stages {
        let pipeline = request.pipeline(stage);
        let parameters = configuration.check(&pipeline, &request.targets(stage));
        let not_known: Vec<String> = pipeline
            .not_known()
            .into_iter()
            .filter(|name| configuration.section.declarations.contains_key(name) && !parameters.merged.parameters.contains_key(name))
            .collect();
        let verdict = if parameters.is_valid() { "passed" } else { "failed" };
        let set = parameters.checked.parameters.len();
        let declared = configuration.section.declarations.len();
        let unknown = if not_known.is_empty() { String::new() } else { format!("; unknown here: {}", not_known.join(", ")) };
        lines.push(format!("{:<8} {verdict}: {set} of {declared} parameters set, the others have defaults{unknown}", stage.stage.name()));
        results.push(json!({ "stage": stage.stage.name(), "verdict": verdict, "declared": declared, "set": set, "not_known": not_known }));
        if !parameters.is_valid() {
            exit = Exit::BadInput;
        }
        diagnostics.extend(parameters.diagnostics);
    }
    printer.diagnostics_once(diagnostics);
    printer.result(&json!({ "schema_version": 1, "stages": results }), lines.join("\n"));
    Ok(exit)
}

/// Reports the findings; an error ends with bad input, as in `build`.
fn report(printer: Printer, parameters: StageParameters) -> Result<Exit, Failure> {
    printer.diagnostics_once(stop_on_errors(parameters.diagnostics)?);
    Ok(Exit::Done)
}
