//! Which model package is wanted, what it must meet, and the choice of it: what `build` and `registry resolve` share.

use std::io::Read as _;
use std::path::Path;

use model_registry::documents::Documents;
use model_registry::event::{Deployed, Rule, StateChange};
use model_registry::{Choice, Gates, ModelPackageArn, ModelPackageGroup, Reason, Registry, ReleasePolicy, SelectError, Selection, select};

use crate::cli::{ChoiceOptions, given};
use crate::diagnostic::{Diagnostic, Failure};
use crate::exit::Exit;
use crate::files;
use crate::problems;
use crate::project::Project;
use crate::registry_errors;
use crate::release_policy::{self, PolicyFile};

/// EventBridge's events have 256 KB at most.
const MAX_EVENT: u64 = 1024 * 1024;

/// Which model package is wanted, and what it must meet.
#[derive(Debug)]
pub(crate) struct Wanted {
    /// None: the event says that there is nothing to do.
    selection: Option<Selection>,
    allow_unapproved: bool,
    pub(crate) policy: Option<PolicyFile>,
    pub(crate) event: Option<Event>,
}

/// An event, and the rule that it falls under.
#[derive(Debug)]
pub(crate) struct Event {
    pub(crate) change: StateChange,
    pub(crate) rule: Rule,
}

/// A region's registry, and where its documents are.
#[derive(Debug, Clone)]
pub(crate) struct Source<R, D> {
    pub(crate) registry: R,
    pub(crate) documents: D,
}

impl Wanted {
    /// Reads the options and the files that they name; everything that is wrong with them becomes a diagnostic.
    pub(crate) fn read(
        project: Option<&Project>,
        options: &ChoiceOptions,
        group: Option<&ModelPackageGroup>,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Option<Self> {
        let known = diagnostics.len();
        let policy = release_policy::read(project, options.release_policy.as_deref())
            .map_err(|failure| diagnostics.extend(failure.diagnostics))
            .unwrap_or_default();
        let event = options.event.as_deref().filter(|path| !path.as_os_str().is_empty());
        let pinned = given(options.model_package.as_ref());
        let selection = match (event, pinned) {
            (Some(_), Some(_)) => {
                let diagnostic = Diagnostic::error("both an event and a model package are given");
                diagnostics
                    .push(diagnostic.named("--event, --model-package").hinting("give one of them; MODEL_PACKAGE names a package, too"));
                None
            }
            (None, Some(text)) => parsed(text, "--model-package", diagnostics),
            _ => Some(Selection::LatestApproved),
        };
        if options.allow_unapproved && pinned.is_none() {
            let diagnostic = Diagnostic::error("`--allow-unapproved` is for a package that is named");
            diagnostics.push(diagnostic.named("--allow-unapproved").hinting("name the package with --model-package"));
        }
        let deployed =
            given(options.deployed_model_package.as_ref()).and_then(|text| parsed(text, "--deployed-model-package", diagnostics));
        let event = event.zip(group).and_then(|(path, group)| read_event(path, group, deployed.as_ref(), diagnostics));
        if diagnostics.len() > known {
            return None;
        }
        let selection = match &event {
            Some(event) => event.change.selection(event.rule),
            None => selection,
        };
        Some(Self { selection, allow_unapproved: options.allow_unapproved, policy, event })
    }

    /// What the event says is to be done, or why there is nothing to do.
    pub(crate) fn announcement(&self) -> Option<String> {
        let Event { change, rule } = self.event.as_ref()?;
        Some(format!("{}: {rule} (rule {})", short(&change.package), rule.code()))
    }

    /// Ends with nothing to do when the event says so: before anything is asked of AWS.
    pub(crate) fn stop_when_nothing(&self) -> Result<(), Failure> {
        match (&self.selection, self.announcement()) {
            (None, Some(announcement)) => {
                let diagnostic = Diagnostic::warning(format!("nothing to deploy: {announcement}"));
                Err(Failure::new(Exit::Nothing, vec![diagnostic]))
            }
            _ => Ok(()),
        }
    }

    /// Chooses the package of a region's registry that is wanted.
    pub(crate) async fn choose<R: Registry, D: Documents>(
        &self,
        group: &ModelPackageGroup,
        source: Source<R, D>,
    ) -> Result<Choice, Failure> {
        self.stop_when_nothing()?;
        let selection = self.selection.as_ref().unwrap_or(&Selection::LatestApproved);
        let chosen = self.select(group, selection, source).await.map(|choice| self.explained(choice));
        chosen.map_err(|error| match (&error, &self.event) {
            // The event is of a moment ago: what the registry says now counts, and another event is on its way.
            (SelectError::NotAcceptable { reason, .. }, Some(event)) if event.rule == Rule::Approved => {
                let stale = matches!(reason, Reason::Approval(_));
                let hint = if stale {
                    "the event is out of date: the approval was withdrawn since"
                } else {
                    "its approval was asked for all the same"
                };
                let diagnostic = Diagnostic::warning(format!("nothing to deploy: {error}"));
                Failure::new(Exit::Nothing, vec![diagnostic.hint(error.hint().filter(|_| !stale).or_else(|| Some(hint.to_owned())))])
            }
            (SelectError::NothingToDeploy { .. }, Some(_)) => {
                // A group whose last approved package was rejected: the way out is a person's.
                let mut failure = registry_errors::of_selection(&error);
                for diagnostic in &mut failure.diagnostics {
                    diagnostic
                        .details
                        .push("what is deployed stays deployed: there is no approved model package to take its place".to_owned());
                }
                failure
            }
            _ => registry_errors::of_selection(&error),
        })
    }

    /// What was named by an event was named by nobody.
    fn explained(&self, mut choice: Choice) -> Choice {
        if let (Some(event), Selection::Arn(arn)) = (&self.event, &choice.selection) {
            let named = format!("{arn} was named");
            choice.because = choice.because.replacen(&named, &format!("an event says of {}: {}", short(arn), event.rule), 1);
        }
        choice
    }

    /// One very package, held against the same gates.
    pub(crate) async fn select<R: Registry, D: Documents>(
        &self,
        group: &ModelPackageGroup,
        selection: &Selection,
        source: Source<R, D>,
    ) -> Result<Choice, SelectError> {
        let mut gates = Gates::new(self.policy.as_ref().map_or_else(ReleasePolicy::default, |file| file.policy.clone()), source.documents);
        gates.allow_unapproved = self.allow_unapproved;
        select(&source.registry, group, selection, &gates).await
    }
}

/// A package's name and version, as people say it.
fn short(arn: &ModelPackageArn) -> String {
    arn.version().map_or_else(|| arn.to_string(), |version| format!("version {version} of `{}`", arn.name()))
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
            diagnostics.push(diagnostic.hinting("--event names a file with EventBridge's event, or - for standard input"));
        })
        .ok()?;
    let change = StateChange::parse(&text, group)
        .map_err(|found| {
            let shown = if path == Path::new("-") { Path::new("standard input") } else { path };
            diagnostics.extend(problems::of_registry(&found, shown, &text).diagnostics);
        })
        .ok()?;
    let rule = change.rule(&Deployed { package: deployed.and_then(|deployed| of_same_group(deployed, &change.package)) });
    Some(Event { change, rule })
}

/// A version is one of the event's own group.
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
