//! Reads the input files: the template, and each stage's parameters.

use std::path::{Path, PathBuf};

use cfn_render::Template;
use stage_config::{Layer, Overrides, ParametersSection, Problem};

use crate::Stage;
use crate::diagnostic::{Diagnostic, Failure, FailureKind, Level, Place, stop_on_errors};
use crate::files;
use crate::problems;

/// The files to read.
#[derive(Debug, Clone)]
pub struct ConfigurationFiles {
    /// The template; none if it was not found, which is already reported.
    pub template: Option<PathBuf>,
    /// The base file, whose parameters apply to every stage.
    pub base: BaseFile,
    /// The files of each stage.
    pub stages: Vec<StageFiles>,
}

/// The base file, whose parameters apply to every stage.
#[derive(Debug, Clone)]
pub struct BaseFile {
    /// The path.
    pub path: PathBuf,
    /// Whether the path was set explicitly; otherwise the file is optional.
    pub is_named: bool,
}

/// The files of one stage.
#[derive(Debug, Clone)]
pub struct StageFiles {
    /// The stage.
    pub stage: Stage,
    /// The file with the stage's parameters.
    pub config: PathBuf,
    /// Whether `config` must exist. Otherwise, the template can be checked without it.
    pub is_required: bool,
    /// The file with the stage's overrides; optional.
    pub overrides: PathBuf,
}

/// The parsed template and parameters of the stages.
#[derive(Debug)]
pub struct Configuration {
    /// The template.
    pub template: Template,
    /// The template as JSON, with functions in their long form.
    pub(crate) template_json: serde_json::Value,
    /// The template's `Parameters` section.
    pub section: ParametersSection,
    pub(crate) base: Option<Layer>,
    pub(crate) stages: Vec<StageConfiguration>,
    /// The path and text of each file, for messages.
    texts: Vec<(String, String)>,
    secrets: Secrets,
    /// The errors in the files of all stages.
    pub(crate) errors: Vec<Diagnostic>,
    /// Whether the base file, if there is one, was read completely.
    pub(crate) base_is_whole: bool,
    /// Possible errors in the template that only AWS can confirm.
    pub(crate) warnings: Vec<Diagnostic>,
}

/// The names of `NoEcho` parameters, whose values must not appear in messages.
#[derive(Debug, Default)]
struct Secrets {
    names: Vec<String>,
}

#[derive(Debug)]
pub(crate) struct StageConfiguration {
    pub(crate) stage: Stage,
    pub(crate) path: String,
    pub(crate) layer: Layer,
    /// Whether the layer has all parameters of the stage. Otherwise, a missing one is unknown, not an
    /// error.
    pub(crate) is_whole: bool,
    pub(crate) overrides: Option<(String, Overrides)>,
    /// The errors in the stage's files themselves.
    pub(crate) errors: Vec<Diagnostic>,
}

impl Configuration {
    /// Reads all files. The errors in a stage's files are part of the stage's findings, so that one
    /// error hides no other. A template that cannot be read fails everything.
    pub fn read(named: &ConfigurationFiles) -> Result<Self, Failure> {
        let mut reader = Reader::default();
        let template = named.template.as_deref().and_then(|path| read_template(path, &mut reader.diagnostics));
        let is_broken = reader.diagnostics.iter().any(|diagnostic| diagnostic.level == Level::Error);
        let section = template.as_ref().map(|template| read_section(template, &mut reader.diagnostics));
        reader.secrets = section.as_ref().map(Secrets::of).unwrap_or_default();
        reader.texts.extend(template.iter().map(|template| (template.path().display().to_string(), template.text().to_owned())));
        let has_base = named.base.is_named || named.base.path.is_file();
        let base = has_base
            .then(|| reader.read(&named.base.path, "this file has the base parameters of both stages", Layer::read_stage_file))
            .flatten();
        let (errors, warnings) = reader.diagnostics.drain(..).partition(|diagnostic| diagnostic.level == Level::Error);
        let stages: Vec<_> = named.stages.iter().map(|stage| reader.stage(stage)).collect();
        match (template, section) {
            (Some(template), Some(section)) if !is_broken => Ok(Self {
                template_json: template.to_value(),
                template,
                section,
                base_is_whole: !has_base || base.is_some(),
                base: base.map(|(_, layer)| layer),
                stages,
                texts: reader.texts,
                secrets: reader.secrets,
                errors,
                warnings,
            }),
            _ => {
                let of_stages = stages.into_iter().flat_map(|stage| stage.errors);
                Err(Failure::new(FailureKind::BadInput, [errors, warnings].into_iter().flatten().chain(of_stages).collect()))
            }
        }
    }

    /// Reads only the template's `Parameters` section.
    pub fn read_section(template: &Path) -> Result<ParametersSection, Failure> {
        let mut diagnostics = Vec::new();
        let section = read_template(template, &mut diagnostics).map(|template| read_section(&template, &mut diagnostics));
        stop_on_errors(diagnostics)?;
        section.ok_or_else(|| Failure::bad_input(Diagnostic::error("the template could not be read")))
    }

    pub(crate) fn stage(&self, stage: Stage) -> &StageConfiguration {
        self.stages.iter().find(|known| known.stage == stage).expect("every requested stage was read")
    }

    /// The path of the stage's override file, if it has overrides.
    pub fn override_file(&self, stage: Stage) -> Option<&str> {
        let (path, overrides) = self.stage(stage).overrides.as_ref()?;
        (!overrides.entries.is_empty()).then_some(path)
    }

    /// Converts a problem, with its source line unless the line may contain a secret.
    pub fn diagnostic(&self, problem: &Problem) -> Diagnostic {
        self.secrets.hide(problems::of_stage(problem, &self.texts, Some(&self.template)), &self.texts)
    }

    /// Adds a location of stage-config to a diagnostic.
    pub fn at(&self, diagnostic: Diagnostic, place: &stage_config::Place) -> Diagnostic {
        self.secrets.hide(problems::at(diagnostic, place, &self.texts, Some(&self.template)), &self.texts)
    }
}

impl Secrets {
    fn of(section: &ParametersSection) -> Self {
        let secret = section.declarations.iter().filter(|(_, declaration)| declaration.no_echo);
        Self { names: secret.map(|(name, _)| name.clone()).collect() }
    }

    /// Removes the source line if it or a nearby line names a secret.
    fn hide(&self, mut diagnostic: Diagnostic, texts: &[(String, String)]) -> Diagnostic {
        const AROUND: usize = 3;
        if let Some(Place::Source { path, line, text, .. }) = &mut diagnostic.place {
            let lines = texts.iter().find(|(known, _)| known == path).map(|(_, text)| text.lines());
            let mut around = lines.into_iter().flatten().skip(line.saturating_sub(AROUND + 1)).take(2 * AROUND + 1);
            if around.any(|line| self.names.iter().any(|name| line.contains(name.as_str()))) {
                *text = None;
            }
        }
        diagnostic
    }
}

/// Reads as much of a text as possible, and reports every problem.
type Parse<T> = fn(&str, &Path) -> (Option<T>, Vec<Problem>);

#[derive(Default)]
struct Reader {
    diagnostics: Vec<Diagnostic>,
    texts: Vec<(String, String)>,
    secrets: Secrets,
}

impl Reader {
    fn stage(&mut self, named: &StageFiles) -> StageConfiguration {
        let hint = format!("the {} stage's parameters are read from this file", named.stage);
        let is_read = named.is_required || named.config.is_file();
        let file = is_read.then(|| self.read(&named.config, &hint, Layer::read_stage_file)).flatten();
        let has_overrides = named.overrides.is_file();
        let overrides = has_overrides
            .then(|| self.read(&named.overrides, "use another configuration file, or make this file readable", Overrides::read_file));
        let is_whole = file.is_some();
        let (path, layer) = file.unwrap_or_else(|| (named.config.display().to_string(), Layer::default()));
        let errors = std::mem::take(&mut self.diagnostics);
        StageConfiguration { stage: named.stage, path, layer, is_whole, overrides: overrides.flatten(), errors }
    }

    /// Reads as much of a file as possible, and adds its problems to the diagnostics.
    fn read<T>(&mut self, path: &Path, hint: &str, parse: Parse<T>) -> Option<(String, T)> {
        let text = files::read_text(path)
            .map_err(|diagnostic| {
                let known = diagnostic.hint.clone();
                self.diagnostics.push(diagnostic.with_hint(known.unwrap_or_else(|| hint.to_owned())));
            })
            .ok()?;
        let (content, found) = parse(&text, path);
        let path = path.display().to_string();
        self.texts.push((path.clone(), text));
        let shown = |problem| self.secrets.hide(problems::of_stage(problem, &self.texts, None), &self.texts);
        self.diagnostics.extend(found.iter().map(shown));
        content.map(|content| (path, content))
    }
}

fn read_template(path: &Path, diagnostics: &mut Vec<Diagnostic>) -> Option<Template> {
    let text = files::read_template(path).map_err(|diagnostic| diagnostics.push(diagnostic)).ok()?;
    match Template::parse(text.clone(), path.display().to_string()) {
        Ok(template) => {
            diagnostics.extend(template.problems().iter().map(|problem| problems::of_template(problem, &text)));
            Some(template)
        }
        Err(error) => {
            diagnostics.extend(error.problems().iter().map(|problem| problems::of_template(problem, &text)));
            None
        }
    }
}

/// Reads as much of the section as possible, so that an error in it hides no other.
fn read_section(template: &Template, diagnostics: &mut Vec<Diagnostic>) -> ParametersSection {
    let (section, problems) = ParametersSection::read(&template.parameters());
    diagnostics.extend(problems.iter().map(|problem| problems::of_stage(problem, &[], Some(template))));
    section
}
