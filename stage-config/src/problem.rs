//! Findings: what is wrong, where, and what to do about it.

use std::fmt;

/// One finding about a stage's parameters or the template's declarations.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Problem {
    /// A stable name for this kind of finding.
    ///
    /// - Of everything: `more-problems`.
    /// - Of files: `byte-order-mark`, `not-json`, `version`, `not-parameters`, `not-a-parameter`, `no-parameters`, `no-parameter-key`, `no-value`, `waves`,
    ///   `two-values`, `not-text`, `not-a-boolean`, `not-a-list`, `not-an-object`, `empty-list`, `unknown-key`, `duplicate-key`,
    ///   `duplicate-parameter`, `stack-policy`; of override files also `not-overrides`, `not-an-override`, `no-target`, `not-a-target`,
    ///   `duplicate-override`, `too-many-targets`.
    /// - Of a template's declarations: `not-a-declaration`, `parameter-name`, `parameter-type`, `unknown-attribute`, `impossible`,
    ///   `not-applied`, `too-many-parameters`, `pattern-not-checked`.
    /// - Of parameters: `unknown-parameter`, `missing-parameter`, `not-passed`, `overruled`, `not-a-number`, `too-small`, `too-great`,
    ///   `too-short`, `too-long`, `control-character`, `pattern`, `not-allowed`, `not-an-id`, `not-an-ssm-name`, `previous-value`, `rule`; of
    ///   tags `too-many-tags`, `tag-key`, `tag-value`.
    /// - Of resources: `missing-property`, `not-a-number`, `out-of-range`, `not-allowed`, `not-an-s3-uri`, `too-many`, `too-long`, `name`,
    ///   `fixed-name`, `endpoint-name`, `image`, `tags`, `instance-type`, `instance-type-not-supported`, `burstable`, `local-drives`,
    ///   `routing`, `weights`, `shadow`, `serverless`, `scaling`, `deployment-policy`, `deployment-step`, `deployment-timeout`, `no-alarms`.
    pub code: &'static str,
    /// How serious it is.
    pub severity: Severity,
    /// The parameter that it is about, if any.
    pub parameter: Option<String>,
    /// What is wrong: a lowercase fragment that names the object in backticks.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// Where it is.
    pub place: Option<Place>,
}

/// How much a [`Problem`] matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing; no action is needed.
    Note,
    /// Probably a mistake, but the deployment can continue.
    Warning,
    /// CloudFormation would reject this, or deploy something else than the stage file requires.
    Error,
}

/// Where a value comes from, or where a finding is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// In a file.
    File {
        /// The file's path, as it was passed.
        path: String,
        /// The line, from 1.
        line: usize,
        /// The column in characters, from 1.
        column: usize,
    },
    /// A value of the pipeline: the name of its option or variable.
    Pipeline {
        /// For example `--env-name`.
        source: String,
    },
    /// In the template, as a JSON pointer: a caller with the template's text can convert it to a
    /// line.
    Template {
        /// For example `/Parameters/EnvType/AllowedPattern`.
        pointer: String,
    },
}

/// All findings of one step, as an error.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", listed(.0, "; "))]
pub struct Problems(pub Vec<Problem>);

impl Problem {
    pub(crate) fn error(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, severity: Severity::Error, parameter: None, message: shortened(message.into()), hint: None, place: None }
    }

    pub(crate) fn warning(code: &'static str, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, message) }
    }

    pub(crate) fn note(code: &'static str, message: impl Into<String>) -> Self {
        Self { severity: Severity::Note, ..Self::error(code, message) }
    }

    pub(crate) fn of_parameter(mut self, name: &str) -> Self {
        self.parameter = Some(name.to_owned());
        self
    }

    pub(crate) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(shortened(hint.into()));
        self
    }

    pub(crate) fn at(mut self, place: Place) -> Self {
        self.place = Some(place);
        self
    }

    pub(crate) fn with_hint_opt(self, hint: Option<String>) -> Self {
        Self { hint: hint.or(self.hint), ..self }
    }
}

impl Place {
    /// The place of a value in the template, by the names on the path to it.
    pub(crate) fn template<'a>(tokens: impl IntoIterator<Item = &'a str>) -> Self {
        Self::Template { pointer: pointer(tokens) }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, line, column } => write!(f, "{path}:{line}:{column}"),
            Self::Pipeline { source } => f.write_str(source),
            Self::Template { pointer } => write!(f, "template {pointer}"),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = &self.place {
            write!(f, "{place}: ")?;
        }
        f.write_str(&self.message)
    }
}

/// One problem per line: what `main` prints of an error that it returns.
impl fmt::Debug for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&listed(&self.0, "\n"))
    }
}

fn listed(problems: &[Problem], separator: &str) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join(separator)
}

/// The maximum length of a message, in characters: it can contain a value of the file.
const MAX_MESSAGE: usize = 1000;

/// The maximum number of reported problems of each severity. A hostile file can have one on every
/// byte, and each is shown with its line.
const MAX_PROBLEMS: usize = 100;

fn shortened(text: String) -> String {
    match text.char_indices().nth(MAX_MESSAGE) {
        Some((end, _)) => format!("{}… ({} more characters)", &text[..end], text[end..].chars().count()),
        None => text,
    }
}

/// The first problems of each severity, and how many more there are.
pub(crate) fn capped(problems: Vec<Problem>) -> Vec<Problem> {
    let mut kept = Vec::with_capacity(problems.len().min(3 * MAX_PROBLEMS));
    let mut counts = [0; 3];
    for problem in problems {
        let count = &mut counts[problem.severity as usize];
        *count += 1;
        if *count <= MAX_PROBLEMS {
            kept.push(problem);
        }
    }
    for (count, severity, word) in
        [(counts[2], Severity::Error, "errors"), (counts[1], Severity::Warning, "warnings"), (counts[0], Severity::Note, "notes")]
    {
        if count > MAX_PROBLEMS {
            let message = format!("and {} more {word}", count - MAX_PROBLEMS);
            kept.push(Problem { severity, ..Problem::error("more-problems", message) });
        }
    }
    kept
}

/// A JSON pointer (RFC 6901).
pub(crate) fn pointer<'a>(tokens: impl IntoIterator<Item = &'a str>) -> String {
    tokens.into_iter().fold(String::new(), |pointer, token| format!("{pointer}/{}", token.replace('~', "~0").replace('/', "~1")))
}

/// How many known names are compared: a hostile number of names would take long.
const MAX_CANDIDATES: usize = 1000;

/// "did you mean" with the nearest known name, if one is near.
pub(crate) fn did_you_mean<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let name = name.to_lowercase();
    let length = name.chars().count();
    let near = known.into_iter().take(MAX_CANDIDATES).filter_map(|candidate| {
        let candidate_length = candidate.chars().count();
        let most = candidate_length.max(3) / 3;
        if candidate_length.abs_diff(length) > most {
            return None;
        }
        let distance = strsim::damerau_levenshtein(&name, &candidate.to_lowercase());
        (distance <= most).then_some((distance, candidate))
    });
    near.min().map(|(_, candidate)| format!("did you mean `{candidate}`?"))
}
