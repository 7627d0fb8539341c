//! Reports findings, each with the place of its cause.

use std::ops::RangeInclusive;

use crate::layer::SetBy;
use crate::merge::Merged;
use crate::problem::{Place, Problem};
use crate::provenance::{Provenance, ResolvedTemplate};

use super::ResourceRules;
use super::property::Property;
use super::reference::References;

/// Collects findings.
pub(super) struct Inspector<'a> {
    trace: ResolvedTemplate<'a>,
    merged: &'a Merged,
    pub(super) rules: &'a ResourceRules,
    pub(super) references: References<'a>,
    problems: Vec<Problem>,
}

/// What a finding is about.
#[derive(Clone, Copy)]
pub(super) enum About<'a> {
    /// The value itself.
    Value(&'a str),
    /// The presence of a value.
    Presence(&'a str),
}

impl<'a> Inspector<'a> {
    pub(super) fn new(trace: ResolvedTemplate<'a>, merged: &'a Merged, rules: &'a ResourceRules) -> Self {
        Self { trace, merged, rules, references: References::new(trace.resolved), problems: Vec::new() }
    }

    pub(super) fn into_problems(self) -> Vec<Problem> {
        self.problems
    }

    /// Reports a finding about one or more values, the likeliest cause first. Reports nothing if
    /// one of them is not known yet.
    pub(super) fn report(&mut self, problem: Problem, about: &[About<'_>]) {
        let origins: Vec<Provenance> = about.iter().map(|about| self.trace.origin(about.pointer())).collect();
        let unknown = |name: &String| self.rules.not_known.contains(name);
        // The presence of a value does not depend on its content.
        let depends = |(about, origin): (&About<'_>, &Provenance)| {
            let in_value = matches!(about, About::Value(_)) && origin.parameters.iter().any(unknown);
            origin.is_made || in_value || origin.deciding.iter().any(unknown)
        };
        if !self.rules.not_known.is_empty() && about.iter().zip(&origins).any(depends) {
            return;
        }
        let (place, parameter) = self.place(about, &origins);
        let secret = origins.iter().flat_map(|origin| &origin.parameters).find(|name| self.is_secret(name));
        let problem = match secret {
            Some(name) => {
                let message = format!("`{name}`, which is not shown (NoEcho), makes a value that SageMaker rejects ({})", problem.code);
                Problem { message, hint: None, ..problem }
            }
            None => problem,
        };
        let problem = match parameter.filter(|_| secret.is_none()) {
            Some(name) => Problem { message: format!("{} (from the parameter `{name}`)", problem.message), ..problem },
            None => problem,
        };
        let problem = problem.at(place);
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }

    pub(super) fn error(&mut self, code: &'static str, message: impl Into<String>, hint: &str, about: &[About<'_>]) {
        self.report(Problem::error(code, message).with_hint(hint), about);
    }

    pub(super) fn warning(&mut self, code: &'static str, message: impl Into<String>, hint: &str, about: &[About<'_>]) {
        self.report(Problem::warning(code, message).with_hint(hint), about);
    }

    /// The stage file comes first, then the pipeline, then the template's default, then the
    /// template's own value.
    fn place(&self, about: &[About<'_>], origins: &[Provenance]) -> (Place, Option<String>) {
        let causes: Vec<&String> = about
            .iter()
            .zip(origins)
            .flat_map(|(about, origin)| match about {
                About::Value(_) => &origin.parameters,
                About::Presence(_) => &origin.deciding,
            })
            .collect();
        for set_by in [SetBy::StageFile, SetBy::Pipeline] {
            let found = causes.iter().find_map(|name| {
                let setting = self.merged.parameters.get(*name).filter(|setting| setting.set_by == set_by)?;
                Some((setting.origin.clone(), Some((*name).clone())))
            });
            if let Some(found) = found {
                return found;
            }
        }
        let default = about.iter().zip(origins).find_map(|(about, origin)| match about {
            About::Value(_) => origin.parameters.first(),
            About::Presence(_) => None,
        });
        match default {
            Some(name) => (Place::template(["Parameters", name, "Default"]), Some(name.clone())),
            None => (Place::Template { pointer: origins.first().map(|origin| origin.pointer.clone()).unwrap_or_default() }, None),
        }
    }

    /// A number with SageMaker's limits; none if it is missing, unknown, or wrong, which is
    /// reported. `owner` is its owner in messages.
    pub(super) fn integer(&mut self, parent: &Property<'_>, name: &'static str, range: RangeInclusive<i64>, owner: &str) -> Option<i64> {
        let property = parent.get(name)?;
        let number = self.number(&property, name, owner)?;
        let (least, most) = (*range.start(), *range.end());
        let bounds = if most == i64::MAX { format!("at least {least}") } else { format!("{least} to {most}") };
        #[expect(clippy::cast_precision_loss, reason = "SageMaker's limits fit into a double")]
        let whole = (least as f64..=most as f64).contains(&number) && number.fract() == 0.0;
        if !whole {
            let what = if number.fract() == 0.0 { String::new() } else { " and a whole number".to_owned() };
            let message = format!("`{name}` of {owner} is {}; it must be {bounds}{what}", property.shown());
            self.report(Problem::error("out-of-range", message), &[About::Value(&property.pointer)]);
            return None;
        }
        #[expect(clippy::cast_possible_truncation, reason = "it is whole and within the range")]
        Some(number as i64)
    }

    /// A number; none if it is unknown, or not a number, which is reported.
    pub(super) fn number(&mut self, property: &Property<'_>, name: &str, owner: &str) -> Option<f64> {
        if property.is_unknown() {
            return None;
        }
        let number = property.value.as_f64().or_else(|| property.value.as_str()?.trim().parse().ok()).filter(|number| number.is_finite());
        if number.is_none() {
            let message = format!("`{name}` of {owner} is `{}`, not a number", property.shown());
            self.report(Problem::error("not-a-number", message), &[About::Value(&property.pointer)]);
        }
        number
    }

    /// One of several strings; none if it is missing, unknown, or another one, which is reported.
    pub(super) fn one_of<'p>(&mut self, parent: &Property<'p>, name: &'static str, known: &[&str], owner: &str) -> Option<&'p str> {
        let property = parent.get(name).filter(|property| !property.is_unknown())?;
        let text = property.value.as_str();
        if let Some(text) = text.filter(|text| known.contains(text)) {
            return Some(text);
        }
        let message = format!("`{name}` of {owner} is `{}`, which is not one of {}", property.shown(), known.join(", "));
        let problem = Problem::error("not-allowed", message);
        let guess = text.and_then(|text| crate::problem::did_you_mean(text, known.iter().copied()));
        self.report(problem.with_hint_opt(guess), &[About::Value(&property.pointer)]);
        None
    }

    /// Reports a missing required property.
    pub(super) fn required(&mut self, parent: &Property<'_>, name: &'static str, owner: &str) {
        if parent.get(name).is_none() && !parent.is_unknown() {
            let message = format!("{owner} has no `{name}`");
            self.report(Problem::error("missing-property", message), &[About::Presence(&parent.pointer)]);
        }
    }

    /// Reports a missing property that SageMaker's API requires and CloudFormation's schema does
    /// not. This is a warning, because it is not documented whether CloudFormation sets it.
    pub(super) fn required_by_api(&mut self, parent: &Property<'_>, name: &'static str, owner: &str, what_to_do: &str) {
        if parent.get(name).is_none() && !parent.is_unknown() {
            let hint = format!("{what_to_do}: SageMaker's API requires it, although CloudFormation's schema does not");
            self.warning("missing-property", format!("{owner} has no `{name}`"), &hint, &[About::Presence(&parent.pointer)]);
        }
    }

    /// Checks an S3 URI and its length.
    pub(super) fn s3_uri(&mut self, parent: &Property<'_>, name: &'static str, most: usize, owner: &str) {
        let Some(property) = parent.get(name) else { return };
        let Some(text) = property.text() else { return };
        let bucket = text.strip_prefix("s3://").and_then(|rest| rest.split('/').next()).is_some_and(|bucket| !bucket.is_empty());
        if !(bucket || text.starts_with("https://")) || text.len() > most {
            let message = format!("`{name}` of {owner} is `{}`, not an S3 URI of at most {most} characters", property.shown());
            self.error("not-an-s3-uri", message, "use the form s3://bucket/path", &[About::Value(&property.pointer)]);
        }
    }

    fn is_secret(&self, parameter: &str) -> bool {
        let declaration = self.trace.template.get("Parameters").and_then(|parameters| parameters.get(parameter));
        declaration.and_then(|declaration| declaration.get("NoEcho")).is_some_and(|no_echo| match no_echo {
            serde_json::Value::Bool(on) => *on,
            other => other.as_str().is_some_and(|text| text.eq_ignore_ascii_case("true")),
        })
    }

    /// Whether a value is the release's model package: made from its parameter, or equal to it.
    pub(super) fn is_release_package(&self, property: &Property<'_>) -> bool {
        const PARAMETER: &str = "ModelPackageName";
        let package = self.merged.parameters.get(PARAMETER).and_then(|setting| setting.value.text());
        self.depends_on(property, PARAMETER) || package.is_some() && property.text() == package
    }

    /// Whether a value is made from this parameter, or selected by it.
    pub(super) fn depends_on(&self, property: &Property<'_>, parameter: &str) -> bool {
        self.trace.origin(&property.pointer).parameters.iter().any(|name| name == parameter)
    }
}

impl<'a> About<'a> {
    fn pointer(self) -> &'a str {
        match self {
            Self::Value(pointer) | Self::Presence(pointer) => pointer,
        }
    }
}
