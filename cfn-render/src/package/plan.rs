//! The part of packaging that needs no store: finds the values that refer to artifacts, and reads
//! their bytes.

use std::collections::{BTreeSet, HashMap};
use std::io::Read as _;
use std::path::{Component, Path, PathBuf};

use super::address::{Address, read_address};
use super::archive::{Unusable, create_artifact};
use super::property_table::{Content, Form};
use super::sites::{INCLUDE, Role, Site, find_sites};
use super::splice::Replacement;
use crate::artifact::Artifact;
use crate::code::Code;
use crate::error::{Error, ErrorKind};
use crate::problem::{Problem, Severity, did_you_mean};
use crate::store::encode_path;
use crate::template::Template;

/// The size limit of a nested template, which is that of CloudFormation.
const MAX_TEMPLATE_FILE: u64 = 1 << 20;

/// How deep templates can nest.
const MAX_NESTING: usize = 64;

/// A template with its artifacts.
#[derive(Debug)]
pub(crate) struct PlannedTemplate {
    pub(crate) template: Template,
    pub(crate) role: Role,
    pub(crate) replacements: Vec<(Site, Planned)>,
    /// Templates of a level only nest templates of lower levels.
    pub(crate) level: usize,
}

/// The replacement of a value.
#[derive(Debug, Clone)]
pub(crate) enum Planned {
    /// Already known: an object in S3.
    Fixed(Replacement),
    /// The address of an artifact, by its index.
    Artifact(usize),
    /// The address of a nested template, by its index.
    Template(usize),
}

#[derive(Debug, Default)]
pub(crate) struct Plan {
    pub(crate) artifacts: Vec<Artifact>,
    /// Nested templates first, the root last.
    pub(crate) templates: Vec<PlannedTemplate>,
    pub(crate) notes: Vec<Problem>,
}

pub(crate) fn plan(root: &Template, within: Option<&Path>) -> Result<Plan, Error> {
    let mut planner = Planner {
        plan: Plan::default(),
        // A folder that does not exist has no artifacts.
        within: within.map(|folder| folder.canonicalize().unwrap_or_else(|_| folder.to_owned())),
        artifacts_by_path: HashMap::new(),
        by_key: HashMap::new(),
        nested: HashMap::new(),
        open: Vec::new(),
        problems: Vec::new(),
    };
    let path = identity(root.path());
    planner.open.push(path);
    let whole = planner.template(root.clone(), Role::Template);
    planner.plan.templates.push(whole);
    let Planner { mut plan, mut problems, .. } = planner;
    // Warnings and notes are reported together with errors: all problems at once.
    problems.append(&mut plan.notes);
    // File by file in the order of their first use, and within a file in the order of its text.
    let mut files: HashMap<PathBuf, usize> = HashMap::new();
    for problem in &problems {
        let next = files.len();
        files.entry(problem.place.path.clone()).or_insert(next);
    }
    problems.sort_by_key(|problem| (files.get(&problem.place.path).copied(), problem.place.line, problem.place.column));
    plan.notes = Error::unless_harmless(ErrorKind::Artifacts, problems)?;
    Ok(plan)
}

struct Planner {
    plan: Plan,
    /// The folder that everything must be in, links followed.
    within: Option<PathBuf>,
    /// The result for each path, so that each is read once however often it is used.
    artifacts_by_path: HashMap<(PathBuf, Content), Result<usize, Vec<Unusable>>>,
    /// Artifacts by key: equal contents are uploaded once.
    by_key: HashMap<String, usize>,
    /// Nested templates and snippets by path; none for those that cannot be packaged, whose
    /// problems are already reported.
    nested: HashMap<(PathBuf, Role), Option<usize>>,
    /// The paths of the templates that are being planned, the root first.
    open: Vec<PathBuf>,
    problems: Vec<Problem>,
}

impl Planner {
    fn template(&mut self, template: Template, role: Role) -> PlannedTemplate {
        if role == Role::Template {
            // CloudFormation rejects a wrong structure; packaging reports it and continues.
            let lower = |problem: Problem| Problem { severity: problem.severity.min(Severity::Warning), ..problem };
            self.plan.notes.extend(template.problems().into_iter().map(lower));
        }
        let (sites, problems) = find_sites(&template, role);
        self.problems.extend(problems);
        let (mut replacements, mut level) = (Vec::new(), 0);
        for site in sites {
            if let Some(planned) = self.site(&template, &site) {
                if let Planned::Template(index) = planned {
                    level = level.max(self.plan.templates[index].level + 1);
                }
                replacements.push((site, planned));
            }
        }
        PlannedTemplate { template, role, replacements, level }
    }

    fn site(&mut self, template: &Template, site: &Site) -> Option<Planned> {
        let tree = template.tree();
        let Some(text) = tree.text(site.node) else {
            if tree.function(site.node).is_none() && !tree.is_mapping(site.node) {
                let message = format!("`{}` is a list instead of a path or a mapping", site.name);
                let problem = Problem::error(Code::NotAnArtifact, site.place(template), message);
                self.problems.push(problem.with_hint("use one file or folder, or an object as s3://bucket/key"));
            }
            return None;
        };
        if tree.function(site.node).is_some() || tree.is_null(site.node) {
            return None;
        }
        match read_address(text, site.form) {
            Address::Settled => None,
            Address::Object { bucket, key, version } => settled_object(site.form, bucket, key, version).map(Planned::Fixed),
            Address::Wrong(message, hint) => {
                self.problems.push(Problem::error(Code::MalformedAddress, site.place(template), message).with_hint(hint));
                None
            }
            Address::Local(path) => self.local(template, site, path),
        }
    }

    fn local(&mut self, template: &Template, site: &Site, named: &str) -> Option<Planned> {
        let path = normalise(&template.path().parent().unwrap_or(Path::new("")).join(named));
        let Ok(canonical) = path.canonicalize() else {
            self.problems.push(missing(template, site, named, &path));
            return None;
        };
        if let Some(within) = self.within.as_ref().filter(|within| !canonical.starts_with(within)) {
            let message = format!("`{named}` is outside of `{}`", within.display());
            let problem = Problem::error(Code::OutsideArtifact, site.place(template), message);
            self.problems.push(problem.with_hint("copy it into that folder: anything else on this machine would be uploaded, too"));
            return None;
        }
        if site.form == Form::TemplateUrl {
            return self.nested(template, site, &path, (canonical, Role::Template)).map(Planned::Template);
        }
        if site.name == INCLUDE && has_sites(&path) {
            return self.nested(template, site, &path, (canonical, Role::Snippet)).map(Planned::Template);
        }
        if site.content == Content::File && canonical.is_dir() {
            let message = format!("`{named}` is a folder: `{}` will refer to a zip archive", site.name);
            self.problems.push(Problem::warning(Code::FolderForFile, site.place(template), message).with_hint("use the file itself"));
        }
        let identity = (canonical, site.content);
        let artifact = match self.artifacts_by_path.get(&identity) {
            Some(known) => known.clone(),
            None => {
                let created = create_artifact(&path, site.content).map(|local| {
                    let contains_template = self.open.last().is_some_and(|open| is_within(open, &identity.0, &local.names));
                    if contains_template {
                        self.problems.push(contains_the_template(template, site, named));
                    }
                    self.add_artifact(local.artifact)
                });
                self.artifacts_by_path.insert(identity, created.clone());
                created
            }
        };
        match artifact {
            Ok(index) => Some(Planned::Artifact(index)),
            Err(unusable) => {
                let place = site.place(template);
                let problems = unusable.into_iter().map(|unusable| {
                    Problem::error(unusable.code, place.clone(), unusable.message).with_hint_opt(unusable.hint.map(str::to_owned))
                });
                self.problems.extend(problems);
                None
            }
        }
    }

    fn add_artifact(&mut self, artifact: Artifact) -> usize {
        let artifacts = &mut self.plan.artifacts;
        *self.by_key.entry(artifact.key().to_owned()).or_insert_with(|| {
            artifacts.push(artifact);
            artifacts.len() - 1
        })
    }

    fn nested(&mut self, parent: &Template, site: &Site, path: &Path, identity: (PathBuf, Role)) -> Option<usize> {
        let (canonical, role) = &identity;
        if let Some(from) = self.open.iter().position(|open| open == canonical) {
            let chain: Vec<String> = self.open[from..].iter().chain([canonical]).map(|path| format!("`{}`", file_name(path))).collect();
            let message = format!("the template nests itself: {}", chain.join(" → "));
            self.problems.push(Problem::error(Code::TemplateCycle, site.place(parent), message));
            return None;
        }
        if let Some(known) = self.nested.get(&identity) {
            return *known;
        }
        if self.open.len() >= MAX_NESTING {
            let message = format!("templates are nested more than {MAX_NESTING} levels deep");
            self.problems.push(Problem::error(Code::TemplateNesting, site.place(parent), message));
            return None;
        }
        let planned = match read_template(path) {
            Ok(template) => {
                self.open.push(canonical.clone());
                let planned = self.template(template, *role);
                self.open.pop();
                self.plan.templates.push(planned);
                Some(self.plan.templates.len() - 1)
            }
            Err(ReadFailure::File(message)) => {
                self.problems.push(Problem::error(Code::Unreadable, site.place(parent), message));
                None
            }
            Err(ReadFailure::Template(error)) => {
                let reference = format!("`{}` refers to it at {}", site.name, site.place(parent));
                self.problems.extend(error.problems().iter().map(|problem| {
                    let hint = problem.hint.as_ref().map_or_else(|| reference.clone(), |hint| format!("{hint}; {reference}"));
                    problem.clone().with_hint(hint)
                }));
                None
            }
        };
        self.nested.insert(identity, planned);
        planned
    }
}

/// Removes `.` and `..` by name alone, like the AWS CLI: `missing/../child.yml` is `child.yml`.
fn normalise(path: &Path) -> PathBuf {
    let mut clean = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if matches!(clean.components().next_back(), Some(Component::Normal(_))) => {
                clean.pop();
            }
            Component::ParentDir if clean.has_root() => {}
            part => clean.push(part),
        }
    }
    if clean.as_os_str().is_empty() { PathBuf::from(".") } else { clean }
}

enum ReadFailure {
    File(String),
    Template(Error),
}

/// Whether a snippet contains artifact properties. One that is not a mapping, or does not parse on
/// its own, is uploaded unchanged.
fn has_sites(path: &Path) -> bool {
    match read_template(path) {
        Ok(snippet) => !find_sites(&snippet, Role::Snippet).0.is_empty(),
        Err(_) => false,
    }
}

fn read_template(path: &Path) -> Result<Template, ReadFailure> {
    let shown = path.display();
    if !path.is_file() {
        return Err(ReadFailure::File(format!("`{shown}` is not a file, but must be a template")));
    }
    let mut bytes = Vec::new();
    let read = std::fs::File::open(path).and_then(|file| file.take(MAX_TEMPLATE_FILE + 1).read_to_end(&mut bytes));
    read.map_err(|error| ReadFailure::File(format!("`{shown}` cannot be read: {error}")))?;
    if bytes.len() as u64 > MAX_TEMPLATE_FILE {
        return Err(ReadFailure::File(format!(
            "`{shown}` is larger than {} MiB, but CloudFormation accepts templates of at most 1 MB",
            MAX_TEMPLATE_FILE >> 20
        )));
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let offset = error.utf8_error().valid_up_to();
        let line = error.as_bytes()[..offset].split(|byte| *byte == b'\n').count();
        ReadFailure::File(format!("`{shown}` is not UTF-8: the first invalid byte is on line {line}"))
    })?;
    Template::parse(text, path).map_err(ReadFailure::Template)
}

/// An existing object in S3: `s3://bucket/key` stays if that is the property's form, and is split
/// if the form is a mapping.
fn settled_object(form: Form, bucket: &str, key: &str, version: Option<&str>) -> Option<Replacement> {
    match form {
        Form::Uri | Form::VersionedUri | Form::TemplateUrl => None,
        Form::Object { .. } => Some(object(form, bucket, key, version)),
    }
}

/// The replacement for an object in S3: a mapping if the property's form is one, else its `s3://`
/// address.
pub(crate) fn object(form: Form, bucket: &str, key: &str, version: Option<&str>) -> Replacement {
    match form {
        Form::Uri | Form::TemplateUrl => Replacement::Text(format!("s3://{bucket}/{key}")),
        Form::VersionedUri => {
            let version = version.map(|version| format!("?versionId={}", encode_path(version))).unwrap_or_default();
            Replacement::Text(format!("s3://{bucket}/{key}{version}"))
        }
        Form::Object { bucket: bucket_key, key: key_key, version: version_key } => {
            let mut pairs = vec![(bucket_key, bucket.to_owned()), (key_key, key.to_owned())];
            pairs.extend(version_key.zip(version).map(|(key, version)| (key, version.to_owned())));
            Replacement::Object(pairs)
        }
    }
}

fn missing(template: &Template, site: &Site, named: &str, path: &Path) -> Problem {
    let message = format!("`{}` is `{named}`, which does not exist", site.name);
    let neighbours: Vec<String> = path
        .parent()
        .and_then(|folder| std::fs::read_dir(if folder.as_os_str().is_empty() { Path::new(".") } else { folder }).ok())
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .collect();
    let similar = did_you_mean(file_name(path).as_ref(), neighbours.iter().map(String::as_str));
    let hint = if named.starts_with('~') || named.contains('$') {
        "`~` and variables are not expanded: write the complete path".to_owned()
    } else {
        similar.unwrap_or_else(|| format!("looked for `{}`: paths are relative to the template's folder", path.display()))
    };
    Problem::error(Code::MissingArtifact, site.place(template), message).with_hint(hint)
}

/// Whether a file is one of the files in a folder's archive.
fn is_within(file: &Path, folder: &Path, names: &BTreeSet<String>) -> bool {
    file.strip_prefix(folder).is_ok_and(|name| name.to_str().is_some_and(|name| names.contains(name)))
}

fn contains_the_template(template: &Template, site: &Site, named: &str) -> Problem {
    let message = format!("the folder `{named}` contains the template itself: the archive changes whenever the template changes");
    Problem::warning(Code::TemplateInArchive, site.place(template), message)
        .with_hint("move the code into its own folder, or list the template and generated files in a .cfnignore file")
}

fn file_name(path: &Path) -> std::borrow::Cow<'_, str> {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy()
}

/// The identity of a template's file; for a template that is not on disk, its name.
fn identity(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_normalised_by_their_names() {
        for (path, expected) in
            [("a/./b/../c", "a/c"), ("../../x", "../../x"), ("a/..", "."), ("/../x", "/x"), ("./a", "a"), ("a/../../x", "../x")]
        {
            assert_eq!(normalise(Path::new(path)), Path::new(expected), "{path}");
        }
    }
}
