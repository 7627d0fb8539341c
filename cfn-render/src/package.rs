//! Packaging: uploads local artifacts and replaces their names in the template.

mod address;
mod aliases;
mod archive;
mod plan;
pub mod property_table;
mod sites;
mod spelling;
mod splice;
mod upload;

use std::collections::HashMap;
use std::path::PathBuf;

use plan::{Plan, Planned, PlannedTemplate, object};
use property_table::Form;
use sites::{Role, Site};
use splice::{Replacement, splice};

use crate::artifact::Artifact;
use crate::code::Code;
use crate::error::{Error, ErrorKind};
use crate::problem::{Place, Problem};
use crate::store::{ArtifactStore, Location};
use crate::template::Template;

/// Options of packaging. Start from the default and change what differs.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PackageOptions {
    /// The maximum number of concurrent uploads; 8 by default, at least 1.
    pub parallel_uploads: usize,
    /// Whether to write values with non-ASCII characters as double-quoted strings with escapes, in
    /// nested templates too.
    ///
    /// CloudFormation accepts such characters in UTF-8, but then shows many of them as `?`, also in
    /// resources (<https://github.com/aws/aws-cli/issues/10185>). Off by default, because it
    /// changes more of the template than the names of artifacts.
    pub escape_non_ascii: bool,
    /// The folder that artifacts and nested templates must be in, links followed. `None`, the default:
    /// they can be anywhere.
    pub within: Option<PathBuf>,
}

impl Default for PackageOptions {
    fn default() -> Self {
        Self { parallel_uploads: 8, escape_non_ascii: false, within: None }
    }
}

/// A packaged template.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Packaged {
    /// The template's text. Every byte that is not part of a rewritten value is the source's byte.
    pub text: String,
    /// The uploads, each artifact once: files and folders in the order of their first use, then
    /// nested templates.
    pub uploads: Vec<Upload>,
    /// Warnings and notes, including those of nested templates.
    pub notes: Vec<Problem>,
}

/// One uploaded artifact.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Upload {
    /// The object's key, including the store's prefix.
    pub key: String,
    /// The object's https address.
    pub url: String,
    /// The object's version, in a bucket with versioning. Properties that accept a version contain
    /// it.
    pub version: Option<String>,
    /// The SHA-256 of the bytes, in hex.
    pub sha256: String,
    /// The number of bytes.
    pub bytes: u64,
    /// Whether the object already existed.
    pub existed: bool,
    /// The file or folder that it was created from.
    pub source: PathBuf,
    /// The logical id of the first resource that refers to it; none if no resource does.
    pub logical_id: Option<String>,
    /// The property of that resource, such as `Code`.
    pub property: Option<String>,
    /// Every place that refers to it; places in nested templates come before those in their
    /// parents.
    pub places: Vec<Place>,
}

/// A planned upload.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PlannedUpload {
    /// The file or folder.
    pub source: PathBuf,
    /// Every place that refers to it.
    pub places: Vec<Place>,
}

/// The uploads that packaging a template needs. All local work is done; nothing is uploaded.
#[derive(Debug)]
pub struct PackagePlan {
    plan: Plan,
    options: PackageOptions,
}

impl PackagePlan {
    /// Whether there is nothing to upload: packaging then makes no call, and needs no bucket and no
    /// credentials.
    pub fn is_empty(&self) -> bool {
        self.plan.artifacts.is_empty() && self.plan.templates.len() == 1
    }

    /// The files and folders to upload. Nested templates are not included: their text needs the
    /// addresses of their own artifacts.
    pub fn artifacts(&self) -> &[Artifact] {
        &self.plan.artifacts
    }

    /// The files of the nested templates, and of included snippets with artifacts, children before
    /// their parents.
    pub fn nested_templates(&self) -> impl Iterator<Item = &std::path::Path> {
        let nested = self.plan.templates.len().saturating_sub(1);
        self.plan.templates[..nested].iter().map(|planned| planned.template.path())
    }

    /// Warnings and notes.
    pub fn notes(&self) -> &[Problem] {
        &self.plan.notes
    }

    /// All uploads: files and folders in the order of their first use, then nested templates.
    pub fn uploads(&self) -> Vec<PlannedUpload> {
        let mut places = places(&self.plan.templates);
        let artifacts = self.plan.artifacts.iter().map(Artifact::source).enumerate().map(|(index, source)| (Use::Artifact(index), source));
        let nested = self.nested_templates().enumerate().map(|(index, source)| (Use::Template(index), source));
        let upload = |(named, source): (Use, &std::path::Path)| PlannedUpload {
            source: source.to_owned(),
            places: places.remove(&named).unwrap_or_default(),
        };
        artifacts.chain(nested).map(upload).collect()
    }

    /// Uploads everything, children before their parents, and returns the template.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Store`] if an upload fails; [`ErrorKind::Verification`] if the rewritten
    /// template does not read back as expected.
    pub async fn upload<S: ArtifactStore>(self, store: &S) -> Result<Packaged, Error> {
        let mut places = places(&self.plan.templates);
        let Plan { artifacts, templates, mut notes } = self.plan;
        let outcome = upload::bounded(&artifacts, self.options.parallel_uploads, |index| store.put(&artifacts[index])).await;
        let locations = outcome.map_err(|(index, error)| store_failure(places.remove(&Use::Artifact(index)), &artifacts[index], error))?;
        let mut uploads = Vec::new();
        for (index, (artifact, location)) in artifacts.iter().zip(&locations).enumerate() {
            uploads.push(upload_of(artifact, location, places.remove(&Use::Artifact(index)).unwrap_or_default(), &mut notes));
        }

        let Some((root, nested)) = templates.split_last() else {
            return Ok(Packaged { text: String::new(), uploads, notes });
        };
        let mut nested_locations: Vec<Option<Location>> = nested.iter().map(|_| None).collect();
        for level in 0..root.level {
            let mut rendered = Vec::new();
            for (index, template) in nested.iter().enumerate().filter(|(_, template)| template.level == level) {
                let text = render(template, &locations, &nested_locations, &self.options)?;
                rendered.push((index, rendered_artifact(template, &text)?));
            }
            let outcome = upload::bounded(&rendered, self.options.parallel_uploads, |index| store.put(&rendered[index].1)).await;
            let reached = outcome.map_err(|(index, error)| {
                let (template, artifact) = &rendered[index];
                store_failure(places.remove(&Use::Template(*template)), artifact, error)
            })?;
            for ((index, artifact), location) in rendered.iter().zip(reached) {
                uploads.push(upload_of(artifact, &location, places.remove(&Use::Template(*index)).unwrap_or_default(), &mut notes));
                nested_locations[*index] = Some(location);
            }
        }
        let text = render(root, &locations, &nested_locations, &self.options)?;
        for template in templates.iter().filter(|template| template.template.tree().has_aliases()) {
            let place = template.template.place("");
            notes.push(Problem::note(Code::AliasesExpanded, place, "aliases and merge keys were expanded: CloudFormation rejects them"));
        }
        Ok(Packaged { text, uploads, notes })
    }
}

impl Template {
    /// Like [`to_json`](Self::to_json), with every non-ASCII character as an escape.
    pub fn to_ascii_json(&self) -> String {
        spelling::escaped(self.to_json(), spelling::Characters::AsciiInJson)
    }

    /// Reads, hashes and zips all local artifacts, including those of nested templates, without any
    /// upload. It blocks while it reads files: in an asynchronous program with other work to do,
    /// run it on a thread for blocking work.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Artifacts`] with all problems at once: missing or unusable files, invalid
    /// values, nested templates that do not parse or nest themselves.
    pub fn plan_package(&self, options: &PackageOptions) -> Result<PackagePlan, Error> {
        Ok(PackagePlan { plan: plan::plan(self, options.within.as_deref())?, options: options.clone() })
    }

    /// Uploads the template's local artifacts, packages its nested templates, and replaces their
    /// names in the template. Nothing is uploaded if any local artifact has a problem. A template
    /// without local artifacts stays the same byte for byte, without any call to the store.
    ///
    /// This is [`plan_package`](Self::plan_package) and [`PackagePlan::upload`] in one.
    pub async fn package<S: ArtifactStore>(&self, store: &S, options: &PackageOptions) -> Result<Packaged, Error> {
        self.plan_package(options)?.upload(store).await
    }
}

fn render(
    planned: &PlannedTemplate,
    artifacts: &[Location],
    nested: &[Option<Location>],
    options: &PackageOptions,
) -> Result<String, Error> {
    let named = |form: Form, location: &Location| object(form, &location.bucket, &location.key, location.version.as_deref());
    let replace = |site: &Site, planned: &Planned| match planned {
        Planned::Fixed(replacement) => Some(replacement.clone()),
        Planned::Artifact(index) => artifacts.get(*index).map(|location| named(site.form, location)),
        Planned::Template(index) => nested.get(*index)?.as_ref().map(|location| match site.form {
            Form::TemplateUrl => Replacement::Text(location.url.clone()),
            form => named(form, location),
        }),
    };
    let replacements: Vec<(&Site, Replacement)> =
        planned.replacements.iter().filter_map(|(site, planned)| Some((site, replace(site, planned)?))).collect();
    splice(&planned.template, &replacements, options.escape_non_ascii).map_err(|unfaithful| {
        let message = format!("the packaged template is not returned, because it would not read back as expected: {}", unfaithful.0);
        let problem = Problem::error(Code::UnfaithfulRewrite, planned.template.place(""), message)
            .with_hint("this is a defect in packaging: report it with the template");
        Error::new(ErrorKind::Verification, vec![problem])
    })
}

fn rendered_artifact(PlannedTemplate { template, role, .. }: &PlannedTemplate, text: &str) -> Result<Artifact, Error> {
    let suffix = if *role == Role::Template { ".template" } else { "" };
    Artifact::of_text(text, template.path(), suffix).map_err(|error| {
        let problem = Problem::error(Code::Unreadable, template.place(""), format!("the packaged template cannot be stored: {error}"));
        Error::new(ErrorKind::Artifacts, vec![problem])
    })
}

/// What a value refers to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Use {
    Artifact(usize),
    Template(usize),
}

/// Every place that refers to an artifact or a nested template.
fn places(templates: &[PlannedTemplate]) -> HashMap<Use, Vec<Place>> {
    let mut places: HashMap<Use, Vec<Place>> = HashMap::new();
    for PlannedTemplate { template, replacements, .. } in templates {
        for (site, planned) in replacements {
            let named = match planned {
                Planned::Fixed(_) => continue,
                Planned::Artifact(index) => Use::Artifact(*index),
                Planned::Template(index) => Use::Template(*index),
            };
            places.entry(named).or_default().push(site.place(template));
        }
    }
    places
}

fn upload_of(artifact: &Artifact, location: &Location, places: Vec<Place>, notes: &mut Vec<Problem>) -> Upload {
    if let (Some(note), Some(place)) = (&location.note, places.first())
        // Report findings about the bucket only once.
        && notes.iter().all(|known| known.message != note.message)
    {
        notes.push(Problem::warning(note.code, place.clone(), &note.message).with_hint(&note.hint));
    }
    Upload {
        key: location.key.clone(),
        url: location.url.clone(),
        version: location.version.clone(),
        sha256: artifact.sha256().to_owned(),
        bytes: artifact.len(),
        existed: location.existed,
        source: artifact.source().to_owned(),
        logical_id: places.first().and_then(Place::logical_id),
        property: places.first().and_then(Place::property),
        places,
    }
}

fn store_failure(places: Option<Vec<Place>>, artifact: &Artifact, error: crate::store::StoreError) -> Error {
    let nowhere = || Place { path: artifact.source().to_owned(), line: 1, column: 1, width: 1, pointer: String::new() };
    let place = places.and_then(|places| places.into_iter().next()).unwrap_or_else(nowhere);
    let message = format!("`{}` could not be uploaded: {error}", artifact.source().display());
    let problem = Problem::error(Code::UploadFailed, place, message).with_hint_opt(error.hint.clone());
    Error::store(problem, error)
}
