//! The checks of CloudFormation templates: cfn-lint on each source file, and the rules of
//! `pipeline/guard/` on each resolved template, with the parameters of
//! `pipeline/guard/parameters.json` and of a release.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use cfn_render::{PseudoParameters, Template};
use serde::Deserialize;
use serde_json::Value as Json;

use crate::program::Task;
use crate::stand_in;
use model_release::problems;
use model_release::{Diagnostic, Failure};
use terminal::{Printer, Project, files};

/// The folder of the rules, their tests, and the templates' parameters.
const RULES: &str = "pipeline/guard";
/// The example's volume key: the rules require one.
const VOLUME_KEY: &str = "arn:aws:kms:us-east-1:111111111111:key/1234abcd-12ab-34cd-56ef-1234567890ab";

/// `pipeline/guard/parameters.json`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Choices {
    /// A comment for readers.
    #[serde(rename = "comment")]
    _comment: String,
    templates: BTreeMap<String, TemplateChoices>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TemplateChoices {
    /// Parameters that all choices share.
    common: BTreeMap<String, String>,
    /// Parameters of each choice.
    choices: Vec<BTreeMap<String, String>>,
}

/// Runs cfn-lint on every template of the project.
pub(super) fn cfn_lint(project: &Project) -> Result<Task, Failure> {
    let python = stand_in::prepare(project)?.join("bin/python");
    // Runs the module: the scripts of a copied environment contain the original's path.
    let program = "import sys; from cfnlint.runner import main; sys.exit(main())";
    Ok(Task::new(python).folder(&project.root).args(["-c", program]).args(choices(project)?.templates.keys()))
}

/// Runs the tests of the rules.
pub(super) fn rule_tests(guard: &Path, project: &Project) -> Task {
    Task::new(guard).folder(&project.root).args(["test", "--dir", RULES])
}

/// Runs the rules on every resolved template. The task reads the folder, so keep it until then.
pub(super) async fn rules(
    printer: Printer,
    guard: &Path,
    project: &Project,
    folder: &Path,
    example: impl AsyncFnOnce(&Path, &str) -> Result<(), Failure>,
) -> Result<Task, Failure> {
    let mut resolved = 0;
    let mut write = |name: &str, number: usize, template: &Template, parameters: &BTreeMap<String, String>| -> Result<(), Failure> {
        let document = resolve(template, parameters)?;
        let file = folder.join(format!("{}-{number}.json", name.replace(['/', '.'], "-")));
        resolved += 1;
        files::write(&file, format!("{document:#}\n").as_bytes())
    };
    for (name, choices) in choices(project)?.templates {
        let template = read(&project.root.join(&name))?;
        for (number, choice) in choices.choices.iter().enumerate() {
            let mut parameters = choices.common.clone();
            parameters.extend(choice.clone());
            write(&name, number, &template, &parameters)?;
        }
    }
    // A release of the example registry, with the project's stage files.
    let release = folder.join("release");
    example(&release, VOLUME_KEY).await?;
    let template = read(&release.join("cfn-sm-endpoint.yaml"))?;
    for stage in ["staging", "prod"] {
        write(stage, 0, &template, &stage_parameters(&release.join(format!("{stage}-config.json")))?)?;
    }
    printer.step("Resolved", format_args!("{resolved} templates with their parameters"));
    let rules = ["endpoint", "delivery", "roles"].iter().flat_map(|name| ["--rules".to_owned(), format!("{RULES}/{name}.guard")]);
    let data = std::fs::read_dir(folder).map_err(|error| Diagnostic::error(error.to_string()).file(folder))?;
    let mut data: Vec<PathBuf> = data.filter_map(|entry| entry.ok().map(|entry| entry.path())).filter(|path| path.is_file()).collect();
    data.sort();
    let data = data.iter().flat_map(|path| ["--data".into(), path.clone().into_os_string()]);
    Ok(Task::new(guard).folder(&project.root).arg("validate").args(rules).args(data).args(["--show-summary", "fail"]))
}

fn choices(project: &Project) -> Result<Choices, Failure> {
    let path = project.root.join(RULES).join("parameters.json");
    serde_json::from_str(&files::read_text(&path)?).map_err(|error| Diagnostic::error(error.to_string()).file(&path).into())
}

fn read(path: &Path) -> Result<Template, Failure> {
    let text = files::read_text(path)?;
    Template::parse(text.clone(), files::shown(path)).map_err(|error| problems::failure(&error, &text))
}

/// The template as deployed: without parameters, conditions and rules.
fn resolve(template: &Template, parameters: &BTreeMap<String, String>) -> Result<Json, Failure> {
    let pseudo = PseudoParameters::in_region("us-east-1").in_account("111111111111");
    let mut document = template.resolve(parameters, &pseudo).map_err(|error| problems::failure(&error, template.text()))?;
    if let Some(sections) = document.as_object_mut() {
        sections.retain(|name, _| ["Resources", "Outputs", "Transform"].contains(&name.as_str()));
    }
    Ok(document)
}

fn stage_parameters(path: &Path) -> Result<BTreeMap<String, String>, Failure> {
    let parameters: Vec<BTreeMap<String, String>> =
        serde_json::from_str(&files::read_text(path)?).map_err(|error| Diagnostic::error(error.to_string()).file(path))?;
    Ok(parameters
        .into_iter()
        .filter_map(|mut parameter| Some((parameter.remove("ParameterKey")?, parameter.remove("ParameterValue")?)))
        .collect())
}
