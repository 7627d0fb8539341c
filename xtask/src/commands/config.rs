//! `config`: explains and checks the stages' parameters, and generates schemas. It needs no AWS.

pub(crate) mod schema;

use serde_json::json;

use crate::requests::ConfigRequest;
use command_line::{ConfigCheckOptions, ConfigCommand, ConfigExplainOptions};
use model_release::Stage;
use model_release::configuration::{Configuration, Explanation};
use model_release::{Diagnostic, Failure, FailureKind, stop_on_errors};
use terminal::{Exit, Printer, Project};

pub(crate) fn run(printer: Printer, project: impl Fn() -> Result<Project, Failure>, command: &ConfigCommand) -> Result<Exit, Failure> {
    match command {
        ConfigCommand::Explain(options) => explain(printer, &project()?, options),
        ConfigCommand::Check(options) => {
            let project = options.template.as_deref().map_or_else(project, |template| Ok(Project::of_template(template)))?;
            check(printer, &project, options)
        }
        ConfigCommand::Schema(options) => schema::run(printer, &project()?, options),
    }
}

fn explain(printer: Printer, project: &Project, options: &ConfigExplainOptions) -> Result<Exit, Failure> {
    let mut found = Vec::new();
    let request = ConfigRequest::read(project, &options.configuration, &[options.stage], None, &mut found);
    stop_on_errors(found)?;
    let target = request.target(options)?;
    let configuration = Configuration::read(&request.files)?;
    let [stage] = &request.stages[..] else { return Err(Failure::bad_input(Diagnostic::error("no stage is named"))) };
    let pipeline = request.pipeline(stage);
    let parameters = configuration.check(&pipeline, &request.targets(stage));
    let explanation = Explanation::new(&configuration, &pipeline, &parameters, target);
    printer.result(&explanation, explanation.table());
    printer.diagnostics_once(stop_on_errors(parameters.diagnostics)?);
    Ok(Exit::Done)
}

fn check(printer: Printer, project: &Project, options: &ConfigCheckOptions) -> Result<Exit, Failure> {
    let stages: Vec<Stage> = options.stage.map_or_else(|| Stage::ALL.to_vec(), |stage| vec![stage]);
    let mut diagnostics = Vec::new();
    let request = ConfigRequest::read(project, &options.configuration, &stages, options.template.as_deref(), &mut diagnostics);
    let configuration = match Configuration::read(&request.files) {
        Ok(configuration) => configuration,
        Err(failure) => return Err(Failure { diagnostics: [diagnostics, failure.diagnostics].concat(), ..failure }),
    };
    if stop_on_errors(diagnostics.clone()).is_err() {
        diagnostics.extend(request.findings(&configuration));
        return Err(Failure::new(FailureKind::BadInput, diagnostics));
    }
    let (mut stages, mut exit) = (Vec::new(), Exit::Done);
    for stage in &request.stages {
        let pipeline = request.pipeline(stage);
        let parameters = configuration.check(&pipeline, &request.targets(stage));
        stages.push(configuration.verdict(&pipeline, &parameters));
        if !parameters.is_valid() {
            exit = Exit::BadInput;
        }
        diagnostics.extend(parameters.diagnostics);
    }
    let text = stages.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    printer.diagnostics_once(diagnostics);
    printer.result(&json!({ "schema_version": 1, "stages": stages }), text);
    Ok(exit)
}
