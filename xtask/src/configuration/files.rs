//! The files that people wrote: the template, and each stage's parameters.

use std::path::{Path, PathBuf};

use cfn_render::Template;
use stage_config::{Layer, Overrides, ParametersSection, Problem};

use crate::cli::Stage;
use crate::diagnostic::{Diagnostic, Failure, Level, stop_on_errors};
use crate::files;
use crate::problems;

/// Which files to read.
#[derive(Debug, Clone)]
pub(crate) struct ConfigurationFiles {
    pub(crate) template: PathBuf,
    pub(crate) base: BaseFile,
    pub(crate) stages: Vec<StageFiles>,
}

/// The file that every stage begins with.
#[derive(Debug, Clone)]
pub(crate) struct BaseFile {
    pub(crate) path: PathBuf,
    /// Whether somebody named it; one that nobody named need not be there.
    pub(crate) is_named: bool,
}

/// The files of one stage.
#[derive(Debug, Clone)]
pub(crate) struct StageFiles {
    pub(crate) stage: Stage,
    pub(crate) config: PathBuf,
    /// Need not be there.
    pub(crate) overrides: PathBuf,
}

/// The template and the stages' parameters, read.
#[derive(Debug)]
pub(crate) struct Configuration {
    pub(crate) template: Template,
    /// The same in the long form of its functions.
    pub(super) template_json: serde_json::Value,
    pub(crate) section: ParametersSection,
    pub(super) base: Option<Layer>,
    pub(super) stages: Vec<StageConfiguration>,
    /// Every file's path and text, for messages.
    texts: Vec<(String, String)>,
}

/// What people wrote for one stage.
#[derive(Debug)]
pub(super) struct StageConfiguration {
    pub(super) stage: Stage,
    pub(super) path: String,
    pub(super) layer: Layer,
    pub(super) overrides: Option<(String, Overrides)>,
}

impl Configuration {
    /// Reads all files and reports what is wrong with any of them.
    pub(crate) fn read(named: &ConfigurationFiles) -> Result<Self, Failure> {
        let mut reader = Reader::default();
        let template = read_template(&named.template, &mut reader.diagnostics);
        let base = (named.base.is_named || named.base.path.is_file())
            .then(|| reader.read(&named.base.path, "both stages' parameters begin with this file", Layer::from_stage_file))
            .flatten();
        let stages: Vec<_> = named.stages.iter().map(|stage| reader.stage(stage)).collect();
        let section = template.as_ref().and_then(|template| read_section(template, &mut reader.diagnostics));
        stop_on_errors(reader.diagnostics)?;
        match (template, section, stages.into_iter().collect()) {
            (Some(template), Some(section), Some(stages)) => {
                let base = base.map(|(_, layer)| layer);
                Ok(Self { template_json: template.to_value(), template, section, base, stages, texts: reader.texts })
            }
            _ => Err(Failure::bad_input(Diagnostic::error("the project's files could not be read"))),
        }
    }

    /// The template's parameters alone.
    pub(crate) fn read_section(template: &Path) -> Result<ParametersSection, Failure> {
        let mut diagnostics = Vec::new();
        let section = read_template(template, &mut diagnostics).and_then(|template| read_section(&template, &mut diagnostics));
        stop_on_errors(diagnostics)?;
        section.ok_or_else(|| Failure::bad_input(Diagnostic::error("the template could not be read")))
    }

    pub(super) fn stage(&self, stage: Stage) -> &StageConfiguration {
        self.stages.iter().find(|known| known.stage == stage).expect("only stages that were read are asked for")
    }

    /// Where the stage's overrides are, when it has any.
    pub(crate) fn override_file(&self, stage: Stage) -> Option<&str> {
        let (path, overrides) = self.stage(stage).overrides.as_ref()?;
        (!overrides.entries.is_empty()).then_some(path)
    }

    pub(super) fn texts_of_files(&self) -> &[(String, String)] {
        &self.texts
    }

    /// A finding with the line that it is about.
    pub(crate) fn diagnostic(&self, problem: &Problem) -> Diagnostic {
        problems::of_stage(problem, &self.texts, Some(&self.template))
    }
}

#[derive(Default)]
struct Reader {
    diagnostics: Vec<Diagnostic>,
    texts: Vec<(String, String)>,
}

impl Reader {
    fn stage(&mut self, named: &StageFiles) -> Option<StageConfiguration> {
        let hint = format!("the {} stage's parameters are read from this file", named.stage);
        let file = self.read(&named.config, &hint, Layer::from_stage_file);
        let overrides = named
            .overrides
            .is_file()
            .then(|| self.read(&named.overrides, "name another configuration, or make it readable", Overrides::from_file));
        let (path, layer) = file?;
        let overrides = match overrides {
            Some(read) => Some(read?),
            None => None,
        };
        Some(StageConfiguration { stage: named.stage, path, layer, overrides })
    }

    fn read<T>(&mut self, path: &Path, hint: &str, parse: fn(&str, &str) -> Result<T, stage_config::Problems>) -> Option<(String, T)> {
        let text = files::read_text(path).map_err(|diagnostic| self.diagnostics.push(diagnostic.hinting(hint))).ok()?;
        let path = files::shown(path);
        let parsed = parse(&text, &path);
        self.texts.push((path.clone(), text));
        match parsed {
            Ok(content) => Some((path, content)),
            Err(found) => {
                self.diagnostics.extend(found.0.iter().map(|problem| problems::of_stage(problem, &self.texts, None)));
                None
            }
        }
    }
}

fn read_template(path: &Path, diagnostics: &mut Vec<Diagnostic>) -> Option<Template> {
    let text = files::read_text(path).map_err(|diagnostic| diagnostics.push(diagnostic)).ok()?;
    match Template::parse(text.clone(), files::shown(path)) {
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
            diagnostics.extend(found.0.iter().map(|problem| problems::of_stage(problem, &[], Some(template))));
            None
        }
    }
}
