//! The checks of CloudFormation templates: cfn-lint on each as it is written, and the rules of `pipeline/guard/` on each as it would be
//! deployed, for the parameters of `pipeline/guard/parameters.json` and of what `build` writes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use cfn_render::{PseudoParameters, Template};
use serde::Deserialize;
use serde_json::Value as Json;

use crate::dev::program::Task;
use crate::dev::stand_in;
use crate::example;
use crate::files;
use crate::printer::Printer;
use crate::project::Project;
use model_release::problems;
use model_release::{Diagnostic, Failure};

/// The folder of the rules, of their tests, and of the parameters that they look at the templates with.
const RULES: &str = "pipeline/guard";
/// The key of an example's volumes: a release of a team that cares has one.
const VOLUME_KEY: &str = "arn:aws:kms:us-east-1:111111111111:key/1234abcd-12ab-34cd-56ef-1234567890ab";

/// `pipeline/guard/parameters.json`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Choices {
    /// For whoever reads the file.
    #[serde(rename = "comment")]
    _comment: String,
    templates: BTreeMap<String, TemplateChoices>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TemplateChoices {
    /// Parameters of every choice.
    common: BTreeMap<String, String>,
    /// Parameters of each.
    choices: Vec<BTreeMap<String, String>>,
}

/// cfn-lint, on every template of the project.
pub(super) fn cfn_lint(project: &Project) -> Result<Task, Failure> {
    let python = stand_in::prepare(project)?.join("bin/python");
    // By its module: a copied environment has scripts that name the place it was copied from.
    let program = "import sys; from cfnlint.runner import main; sys.exit(main())";
    Ok(Task::new(python).folder(&project.root).args(["-c", program]).args(choices(project)?.templates.keys()))
}

/// The tests of the rules themselves.
pub(super) fn rules_hold(guard: &Path, project: &Project) -> Task {
    Task::new(guard).folder(&project.root).args(["test", "--dir", RULES])
}

/// The rules, on every template as it would be deployed. The task reads the folder, which has to stay until it has run.
pub(super) async fn rules(printer: Printer, guard: &Path, project: &Project, folder: &Path) -> Result<Task, Failure> {
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
    // A release of the example registry, with the team's own stage files.
    let release = folder.join("release");
    let mut options = example::build_options(release.clone());
    options.configuration.ebs_kms_key_arn = Some(VOLUME_KEY.to_owned());
    example::release(Printer { quiet: true, ..printer }, project, &options).await?;
    let template = read(&release.join("cfn-sm-endpoint.yaml"))?;
    for stage in ["staging", "prod"] {
        write(stage, 0, &template, &stage_parameters(&release.join(format!("{stage}-config.json")))?)?;
    }
    printer.step("Resolved", format_args!("{resolved} times a template with its parameters"));
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

/// What would be deployed: no parameters, conditions or rules of the template's own are left.
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
