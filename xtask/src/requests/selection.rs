//! The selection of the model package and its release policy, from options and their files.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use model_registry::event::{Deployed, StateChange};
use model_registry::{ModelPackageArn, ModelPackageGroup, ReleasePolicy, Selection};
use model_release::{Diagnostic, Event, Failure, PackageSelection, PolicyFile, problems};

use command_line::{ChoiceOptions, non_empty};
use terminal::{Project, files};

/// A limit for input; EventBridge's events have at most 256 KB.
const MAX_EVENT: u64 = 1024 * 1024;
/// The release policy in a project's folder.
const POLICY: &str = "release-policy.json";

/// Reads the options and their files; each problem becomes a diagnostic.
pub(crate) fn read(
    project: Option<&Project>,
    options: &ChoiceOptions,
    group: Option<&ModelPackageGroup>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<PackageSelection> {
    let known = diagnostics.len();
    let policy = read_policy(project, options.release_policy.as_deref())
        .map_err(|failure| diagnostics.extend(failure.diagnostics))
        .unwrap_or_default();
    let event = options.event.as_deref().filter(|path| !path.as_os_str().is_empty());
    let pinned = non_empty(options.model_package.as_ref());
    let selection = match (event, pinned) {
        (Some(_), Some(_)) => {
            let diagnostic = Diagnostic::error("both an event and a model package are set");
            diagnostics
                .push(diagnostic.named("--event, --model-package").with_hint("set one of them; MODEL_PACKAGE also sets a model package"));
            None
        }
        (None, Some(text)) => parsed(text, "--model-package", diagnostics),
        _ => Some(Selection::LatestApproved),
    };
    if options.allow_unapproved && pinned.is_none() {
        let diagnostic = Diagnostic::error("`--allow-unapproved` needs a named model package");
        diagnostics.push(diagnostic.named("--allow-unapproved").with_hint("name the package with --model-package"));
    }
    let deployed =
        non_empty(options.deployed_model_package.as_ref()).and_then(|text| parsed(text, "--deployed-model-package", diagnostics));
    let event = event.zip(group).and_then(|(path, group)| read_event(path, group, deployed.as_ref(), diagnostics));
    if diagnostics.len() > known {
        return None;
    }
    let selection = match &event {
        Some(event) => event.change.selection(event.rule),
        None => selection,
    };
    Some(PackageSelection { selection, allow_unapproved: options.allow_unapproved, policy, event })
}

/// The named policy, else the project's, if it has one.
pub(crate) fn read_policy(project: Option<&Project>, named: Option<&Path>) -> Result<Option<PolicyFile>, Failure> {
    let named = named.filter(|path| !path.as_os_str().is_empty());
    let own = || project.map(|project| project.file(POLICY)).filter(|path| path.exists());
    let Some(path) = named.map(PathBuf::from).or_else(own) else { return Ok(None) };
    let text = files::read_text(&path).map_err(|diagnostic| diagnostic.with_hint("name the release policy with --release-policy"))?;
    let policy = ReleasePolicy::parse(&text).map_err(|found| problems::of_registry(&found, &path, &text))?;
    let inside = project.and_then(|project| {
        let (path, root) = (path.canonicalize().ok()?, project.root.canonicalize().ok()?);
        Some(path.strip_prefix(root).ok()?.display().to_string())
    });
    let name = inside.unwrap_or_else(|| path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned()));
    Ok(Some(PolicyFile { name, digest: files::digest(text.as_bytes()), policy, path }))
}

fn parsed(text: &str, flag: &str, diagnostics: &mut Vec<Diagnostic>) -> Option<Selection> {
    text.parse()
        .map_err(|error: model_registry::ParseSelectionError| diagnostics.push(Diagnostic::error(error.to_string()).named(flag)))
        .ok()
}

fn read_event(path: &Path, group: &ModelPackageGroup, deployed: Option<&Selection>, diagnostics: &mut Vec<Diagnostic>) -> Option<Event> {
    let text = if path == Path::new("-") { standard_input() } else { files::read_text(path) };
    let text = text
        .map_err(|diagnostic| {
            diagnostics.push(diagnostic.with_hint("--event names a file with an EventBridge event, or - for standard input"));
        })
        .ok()?;
    let change = StateChange::parse(&text, group)
        .map_err(|found| {
            let shown = if path == Path::new("-") { Path::new("standard input") } else { path };
            diagnostics.extend(problems::of_registry(&found, shown, &text).diagnostics);
        })
        .ok()?;
    let deployed = deployed.and_then(|deployed| of_same_group(deployed, &change.package));
    let rule = change.rule(&Deployed { complete: deployed.is_some(), packages: deployed.into_iter().collect() });
    Some(Event { change, rule })
}

/// The deployed package; a version is one of the event's group.
fn of_same_group(deployed: &Selection, package: &ModelPackageArn) -> Option<ModelPackageArn> {
    match deployed {
        Selection::Arn(arn) => Some(arn.clone()),
        Selection::Version(version) => {
            let text = package.to_string();
            let name = package.version().and_then(|own| text.strip_suffix(&format!("/{own}")))?;
            format!("{name}/{version}").parse().ok()
        }
        Selection::LatestApproved => None,
    }
}

fn standard_input() -> Result<String, Diagnostic> {
    let mut text = String::new();
    match std::io::stdin().lock().take(MAX_EVENT + 1).read_to_string(&mut text) {
        Ok(_) if text.len() as u64 > MAX_EVENT => Err(Diagnostic::error("standard input has more than 1 MiB: this is not an event")),
        Ok(_) => Ok(text),
        Err(error) => Err(Diagnostic::error(format!("standard input cannot be read: {error}"))),
    }
}
