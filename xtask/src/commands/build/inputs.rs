//! The files that people wrote: the template and both stages' parameters, read and checked before anything else happens.

use cfn_render::Template;
use stage_config::{Layer, ParametersFile, ParametersSection, check, merge};

use super::request::{BuildRequest, StageRequest};
use crate::diagnostic::{Diagnostic, Failure, Level, stop_on_errors};
use crate::files;
use crate::problems;

/// The template and both stages' parameters.
#[derive(Debug)]
pub(crate) struct Inputs {
    pub(crate) template: Template,
    section: ParametersSection,
    stages: [StageFile; 2],
}

#[derive(Debug)]
struct StageFile {
    layer: Layer,
    path: String,
    text: String,
}

/// What the pipeline knows and offers to the template; what is not known yet is none.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Known<'a> {
    pub(crate) model_package_arn: Option<&'a str>,
    pub(crate) accounts: Option<&'a [String]>,
}

impl Inputs {
    /// Reads all three files and reports what is wrong with any of them.
    pub(crate) fn read(request: &BuildRequest) -> Result<Self, Failure> {
        let mut diagnostics = Vec::new();
        let template = read_template(request, &mut diagnostics);
        let stages = request.stages.each_ref().map(|stage| read_stage(stage, &mut diagnostics));
        let section = template.as_ref().and_then(|template| read_section(template, &mut diagnostics));
        stop_on_errors(diagnostics)?;
        match (template, section, stages) {
            (Some(template), Some(section), [Some(staging), Some(prod)]) => Ok(Self { template, section, stages: [staging, prod] }),
            _ => Err(Failure::bad_input(Diagnostic::error("the project's files could not be read"))),
        }
    }

    /// Checks both stages with what is known before any model package is chosen, so that a wrong file never costs a call.
    pub(crate) fn check_early(&self, request: &BuildRequest) -> Result<(), Failure> {
        let later = ["ModelPackageName", "Accounts"];
        let mut diagnostics = Vec::new();
        for index in 0..request.stages.len() {
            let checked = self.check(request, index, Known::default());
            let early = |problem: &stage_config::Problem| {
                !(problem.code == "missing-parameter" && later.iter().any(|name| problem.message.starts_with(&format!("`{name}` "))))
            };
            diagnostics.extend(checked.problems.iter().filter(|problem| early(problem)).map(|problem| self.diagnostic(index, problem)));
        }
        stop_on_errors(diagnostics)?;
        Ok(())
    }

    /// A stage's parameters as they go to AWS, and what is worth saying of them.
    pub(crate) fn parameters(
        &self,
        request: &BuildRequest,
        index: usize,
        known: Known<'_>,
    ) -> Result<(ParametersFile, Vec<Diagnostic>), Failure> {
        let checked = self.check(request, index, known);
        let diagnostics = checked.problems.iter().map(|problem| self.diagnostic(index, problem)).collect();
        Ok((checked.parameters, stop_on_errors(diagnostics)?))
    }

    fn check(&self, request: &BuildRequest, index: usize, known: Known<'_>) -> stage_config::Checked {
        let offered = offered(request, &request.stages[index], known);
        check(&merge([self.stages[index].layer.clone(), offered]), &self.section)
    }

    fn diagnostic(&self, index: usize, problem: &stage_config::Problem) -> Diagnostic {
        let stage = &self.stages[index];
        let mut diagnostic = problems::of_stage(problem, &stage.path, &stage.text, Some(&self.template));
        if problem.code == "missing-parameter" {
            diagnostic = diagnostic.detail(format!("the stage file is {}", stage.path));
        }
        diagnostic
    }
}

/// What the pipeline knows, under the names of the reference. It is passed on where the template declares the parameter.
fn offered(request: &BuildRequest, stage: &StageRequest, known: Known<'_>) -> Layer {
    let mut layer = Layer::default();
    let environment = format!("{}-{}", request.env_name, stage.env_type);
    layer.offer("SageMakerProjectName", &request.project_name, "--sagemaker-project-name");
    layer.offer("SageMakerProjectId", &request.project_id, "--sagemaker-project-id");
    layer.offer("ExecutionRoleName", &stage.execution_role, &format!("--sagemaker-execution-role-{}-name", stage.stage));
    layer.offer("EnvName", &request.env_name, "--env-name");
    layer.offer("EnvType", &stage.env_type, &format!("--env-type-{}-name", stage.stage));
    layer.offer("SageMakerSecurityGroupIds", format!("{environment}-sagemaker-sg-ids"), "the environment's name and type");
    layer.offer("SageMakerSubnetIds", format!("{environment}-private-subnet-ids"), "the environment's name and type");
    if let Some(key) = &request.volume_kms_key_arn {
        layer.offer("VolumeKmsKeyArn", key, "--ebs-kms-key-arn");
    }
    if let Some(arn) = known.model_package_arn {
        layer.offer("ModelPackageName", arn, "the chosen model package");
    }
    if let Some(accounts) = known.accounts {
        layer.offer("Accounts", accounts.join(","), "the stage's accounts");
    }
    layer
}

fn read_template(request: &BuildRequest, diagnostics: &mut Vec<Diagnostic>) -> Option<Template> {
    let text = files::read_text(&request.template).map_err(|diagnostic| diagnostics.push(diagnostic)).ok()?;
    match Template::parse(text.clone(), files::shown(&request.template)) {
        Ok(template) => {
            // A template that says a thing twice is not one that anybody meant.
            diagnostics.extend(
                template.problems().iter().map(|problem| Diagnostic { level: Level::Error, ..problems::of_template(problem, &text) }),
            );
            Some(template)
        }
        Err(error) => {
            diagnostics.extend(error.problems().iter().map(|problem| problems::of_template(problem, &text)));
            None
        }
    }
}

fn read_section(template: &Template, diagnostics: &mut Vec<Diagnostic>) -> Option<ParametersSection> {
    match ParametersSection::parse(&template.parameters()) {
        Ok(section) => Some(section),
        Err(found) => {
            diagnostics.extend(found.0.iter().map(|problem| problems::of_stage(problem, "", "", Some(template))));
            None
        }
    }
}

fn read_stage(stage: &StageRequest, diagnostics: &mut Vec<Diagnostic>) -> Option<StageFile> {
    let path = files::shown(&stage.config_template);
    let text = files::read_text(&stage.config_template)
        .map_err(|diagnostic| diagnostics.push(diagnostic.hint(format!("the {} stage's parameters are read from this file", stage.stage))))
        .ok()?;
    match Layer::from_stage_file(&text, &path) {
        Ok(layer) => Some(StageFile { layer, path, text }),
        Err(found) => {
            diagnostics.extend(found.0.iter().map(|problem| problems::of_stage(problem, &path, &text, None)));
            None
        }
    }
}
