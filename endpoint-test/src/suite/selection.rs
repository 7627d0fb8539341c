//! Selects some cases of a suite, and lists all of them.

use serde::Serialize;
use thiserror::Error;

use super::case::{Case, Input, Payload};
use super::{Suite, nearest};
use crate::expect::Expectation;
use crate::report::PartialRun;

/// A name that is not the name of any case.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the suite has no case `{name}`")]
#[non_exhaustive]
pub struct UnknownCase {
    /// The name.
    pub name: String,
    /// The case that it probably means.
    pub nearest: Option<String>,
}

/// A suite's cases, for a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct SuiteListing {
    /// The suite's own name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The cases, in the order in which they run.
    pub cases: Vec<CaseListing>,
    /// Whether the suite has a load.
    pub load: bool,
}

/// A case in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CaseListing {
    /// Its name.
    pub name: String,
    /// The number of its requests; unknown before the model package's sample payloads are read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requests: Option<usize>,
    /// The media type of its payload.
    pub content_type: String,
    /// The keys of its expectations.
    pub expects: Vec<&'static str>,
}

/// The selection of a partial run.
#[derive(Debug, Clone)]
pub(super) struct Selection {
    run: PartialRun,
    /// How many cases of the whole suite become a case for each sample payload.
    with_all_samples: usize,
}

impl Selection {
    /// The same after such cases were replaced: these cases are selected now.
    pub(super) fn expanded(&mut self, cases: &[Case], samples: usize) {
        self.run.cases = cases.iter().map(|case| case.name.clone()).collect();
        self.run.of = self.run.of - self.with_all_samples + self.with_all_samples * samples;
        self.with_all_samples = 0;
    }
}

impl Suite {
    /// The suite with only these cases, in the suite's order and without its load. A run of it is
    /// partial, and its report says so. A case made from a sample payload has the name
    /// `CASE (FILE)`.
    ///
    /// # Errors
    ///
    /// Every name that no case has.
    pub fn only(mut self, names: &[String]) -> Result<Self, Vec<UnknownCase>> {
        let of = self.cases.len();
        let mut selected: Vec<(usize, Case)> = Vec::new();
        let mut unknown = Vec::new();
        for name in names {
            match self.cases.iter().enumerate().find_map(|(index, case)| Some((index, case.named(name)?))) {
                Some((_, case)) if selected.iter().any(|(_, known)| known.name == case.name) => {}
                Some(found) => selected.push(found),
                None => unknown.push(UnknownCase { name: name.clone(), nearest: self.nearest_case(name) }),
            }
        }
        if !unknown.is_empty() {
            return Err(unknown);
        }
        // A case for each sample payload contains those of single ones.
        let whole: Vec<usize> =
            selected.iter().filter(|(index, case)| self.cases[*index].name == case.name).map(|(index, _)| *index).collect();
        selected.retain(|(index, case)| self.cases[*index].name == case.name || !whole.contains(index));
        // A stable sort: samples of one case stay in the given order.
        selected.sort_by_key(|(index, _)| *index);
        let with_all_samples = self.cases.iter().filter(|case| case.sends_all_samples()).count();
        self.cases = selected.into_iter().map(|(_, case)| case).collect();
        let run = PartialRun { cases: self.cases.iter().map(|case| case.name.clone()).collect(), of };
        self.partial = Some(Selection { run, with_all_samples });
        #[cfg(feature = "load")]
        {
            self.load = None;
        }
        Ok(self)
    }

    /// The selection of [`Suite::only`]; `None` for the whole suite.
    pub fn partial(&self) -> Option<&PartialRun> {
        self.partial.as_ref().map(|selection| &selection.run)
    }

    /// The suite's cases, for a list. Nothing is sent.
    pub fn listing(&self) -> SuiteListing {
        #[cfg(feature = "load")]
        let load = self.load.is_some();
        #[cfg(not(feature = "load"))]
        let load = false;
        SuiteListing { name: self.name.clone(), cases: self.cases.iter().map(Case::listing).collect(), load }
    }

    fn nearest_case(&self, name: &str) -> Option<String> {
        let names = || self.cases.iter().map(Case::name);
        let part = name.trim().to_lowercase();
        let contains = || names().find(|known| !part.is_empty() && known.to_lowercase().contains(&part));
        nearest(name, names()).or_else(contains).map(str::to_owned)
    }
}

impl Case {
    fn sends_all_samples(&self) -> bool {
        matches!(self.input, Input::One(Payload::Sample { file: None, .. }))
    }

    /// The case, if it has this name; for `sample: all` also the case of one sample.
    fn named(&self, name: &str) -> Option<Self> {
        if self.name == name {
            return Some(self.clone());
        }
        let Input::One(Payload::Sample { file: None, problem }) = &self.input else { return None };
        let file = name.strip_prefix(&self.name)?.strip_prefix(" (")?.strip_suffix(')')?;
        let input = Input::One(Payload::Sample { file: Some(file.to_owned()), problem: problem.clone() });
        Some(Self { name: name.to_owned(), input, ..self.clone() })
    }

    /// The number of its requests.
    pub(super) fn count(&self) -> usize {
        match &self.input {
            Input::One(_) => 1,
            Input::Rows(rows) => rows.table.as_ref().map_or(0, |table| table.len()),
        }
    }

    fn listing(&self) -> CaseListing {
        let requests = (!self.sends_all_samples()).then(|| self.count());
        let mut expects = match &self.expectation {
            Expectation::Response(expected) => expected.keys(),
            Expectation::ModelError { .. } => vec!["model_error"],
        };
        if self.expectation.latency_max().is_some() || !self.whole.latency.is_empty() {
            expects.push("latency");
        }
        if self.whole.metrics.is_some() {
            expects.push("metrics");
        }
        if self.whole.command.is_some() && !expects.contains(&"check") {
            expects.push("check");
        }
        CaseListing { name: self.name.clone(), requests, content_type: self.content_type.clone(), expects }
    }
}
