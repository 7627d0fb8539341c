//! Packaging: local artifacts are uploaded, and their names in the template replaced.

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
use std::io::Write as _;
use std::path::PathBuf;

use plan::{Plan, Planned, PlannedTemplate, object};
use property_table::Form;
use sites::{Role, Site};
use splice::{Replacement, splice};

use crate::artifact::{Artifact, ArtifactWriter};
use crate::code::Code;
use crate::error::{Error, ErrorKind};
use crate::problem::{Place, Problem};
use crate::store::{ArtifactStore, Location};
use crate::template::Template;

/// How to package. Start from the default and change what differs.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PackageOptions {
    /// How many uploads may run at once; 8 by default, at least 1.
    pub parallel_uploads: usize,
    /// Writes values with other characters than those of ASCII as texts in double quotes with escapes, of nested templates too.
    ///
    /// CloudFormation takes such characters in UTF-8, but shows many of them as `?` afterwards, and puts that into resources
    /// (<https://github.com/aws/aws-cli/issues/10185>). Off by default, since it changes more of the template than its artifacts' names.
    pub escape_non_ascii: bool,
}

impl Default for PackageOptions {
    fn default() -> Self {
        Self { parallel_uploads: 8, escape_non_ascii: false }
    }
}

/// A packaged template.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Packaged {
    /// The template's text. Every byte that is not part of a rewritten value is the source's byte.
    pub text: String,
    /// What was uploaded, each artifact once: files and folders in the order in which they are first named, then nested templates.
    pub uploads: Vec<Upload>,
    /// Warnings and notes, of nested templates too.
    pub notes: Vec<Problem>,
}

/// One artifact that a template needs, in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Upload {
    /// The object's key, the store's prefix included.
    pub key: String,
    /// The object's https address.
    pub url: String,
    /// The object's version, in a bucket that keeps versions. Properties that have a place for it name it.
    pub version: Option<String>,
    /// The SHA-256 of the bytes, in hex.
    pub sha256: String,
    /// How many bytes.
    pub bytes: u64,
    /// Whether the store had it already.
    pub existed: bool,
    /// The file or folder that it was made of.
    pub source: PathBuf,
    /// The logical id of the first resource that names it; none for what is not named by a resource.
    pub logical_id: Option<String>,
    /// The property of that resource, such as `Code`.
    pub property: Option<String>,
    /// Every place that names it; nested templates' places come before those of the templates that nest them.
    pub places: Vec<Place>,
}

/// Something that will be uploaded.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PlannedUpload {
    /// The file or folder.
    pub source: PathBuf,
    /// Every place that names it.
    pub places: Vec<Place>,
}

/// What packaging a template needs, found out without a store: all local work is done, nothing is uploaded.
#[derive(Debug)]
pub struct PackagePlan {
    plan: Plan,
    options: PackageOptions,
}

impl PackagePlan {
    /// Whether there is nothing to upload: then packaging makes no call, and needs no bucket and no credentials.
    pub fn is_empty(&self) -> bool {
        self.plan.artifacts.is_empty() && self.plan.templates.len() == 1
    }

    /// The files and folders to upload. Nested templates are not among them: their text needs the addresses of what they name.
    pub fn artifacts(&self) -> &[Artifact] {
        &self.plan.artifacts
    }

    /// The files of the nested templates, and of included snippets that name artifacts themselves, children before their parents.
    pub fn nested_templates(&self) -> impl Iterator<Item = &std::path::Path> {
        let nested = self.plan.templates.len().saturating_sub(1);
        self.plan.templates[..nested].iter().map(|planned| planned.template.path())
    }

    /// Warnings and notes.
    pub fn notes(&self) -> &[Problem] {
        &self.plan.notes
    }

    /// Everything that will be uploaded: files and folders in the order in which they are first named, then nested templates.
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

    /// Uploads everything, children before their parents, and writes the template.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Store`] when an upload fails; [`ErrorKind::Verification`] when the rewritten template does not read back as it should.
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
            notes.push(Problem::note(Code::AliasesExpanded, place, "aliases and merge keys were written out: CloudFormation refuses them"));
        }
        Ok(Packaged { text, uploads, notes })
    }
}

impl Template {
    /// As [`to_json`](Self::to_json), with every character beyond ASCII as an escape.
    pub fn to_ascii_json(&self) -> String {
        spelling::escaped(self.to_json(), spelling::Characters::AsciiInJson)
    }

    /// Reads, hashes and zips all local artifacts, of nested templates too, without any upload. This reads files and blocks meanwhile:
    /// in an asynchronous program with other work to do, run it on a thread for blocking work.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Artifacts`] with all problems at once: files that are missing or unusable, values that cannot be meant, nested
    /// templates that do not parse or nest themselves.
    pub fn plan_package(&self, options: &PackageOptions) -> Result<PackagePlan, Error> {
        Ok(PackagePlan { plan: plan::plan(self)?, options: options.clone() })
    }

    /// Uploads the template's local artifacts, packages its nested templates, and names them in the template. Nothing is uploaded when
    /// any local artifact has a problem. A template without local artifacts comes out byte for byte, without any call of the store.
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
        let message = format!("the packaged template is not handed out, since it would not read back as it should: {}", unfaithful.0);
        let problem = Problem::error(Code::UnfaithfulRewrite, planned.template.place(""), message)
            .with_hint("this is a defect of the packaging: please report it with the template");
        Error::new(ErrorKind::Verification, vec![problem])
    })
}

fn rendered_artifact(PlannedTemplate { template, role, .. }: &PlannedTemplate, text: &str) -> Result<Artifact, Error> {
    let suffix = if *role == Role::Template { ".template" } else { "" };
    let mut writer = ArtifactWriter::new();
    let artifact = writer.write_all(text.as_bytes()).and_then(|()| writer.finish(template.path(), |sha256| format!("{sha256}{suffix}")));
    artifact.map_err(|error| {
        let problem = Problem::error(Code::Unreadable, template.place(""), format!("the packaged template cannot be kept: {error}"));
        Error::new(ErrorKind::Artifacts, vec![problem])
    })
}

/// What values name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Use {
    Artifact(usize),
    Template(usize),
}

/// Every place that names an artifact or a nested template.
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
        // What holds for the bucket is said once.
        && notes.iter().all(|known| known.message != note.message)
    {
        notes.push(Problem::warning(note.code, place.clone(), &note.message));
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
