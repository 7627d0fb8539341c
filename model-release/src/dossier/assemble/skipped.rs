//! What was skipped, and why.

use std::collections::BTreeMap;

use endpoint_test::{Outcome, Report, Verdict};

use super::super::claim::Claim;
use super::super::document::Skipped;
use super::super::evidence::Evidence;
use super::super::wording::{line, version};
use super::MANIFEST;
use crate::{Release, plural};

/// The most entries.
const MOST: usize = 100;

/// What the build and the tests skipped. `is_tested`: the results are of this release.
pub(super) fn of(release: &Release, evidence: &Evidence, is_tested: bool) -> Vec<Skipped> {
    let choice = &release.manifest.choice;
    let declared = |why: &str| Claim::declared(line(why), MANIFEST);
    let mut skipped: Vec<Skipped> = Vec::new();
    let mut skip = |what: &str, why: Claim<String>| skipped.push(Skipped { what: line(what), why });
    if choice.without_approval {
        skip("approval of the model package", declared("the build accepted a model package that is not approved"));
    }
    if choice.release_policy.is_none() {
        skip("gates of a release policy", declared("the release was built without a release policy"));
    }
    if let Some(report) = evidence.staging.as_ref().ok().filter(|_| is_tested) {
        for (what, why) in of_tests(&report.value) {
            skip(&what, Claim::measured(line(&why), line(&report.from)));
        }
    }
    if let Ok(plan) = evidence.production_plan(release) {
        let found = |why: &str| Claim::read_from_aws(why.to_owned(), line(&plan.from));
        match &plan.value.preflight {
            None if !plan.value.nothing_to_do => skip("checks in the production accounts", found("the plan was made without them")),
            Some(preflight) if preflight.unchecked > 0 => {
                skip(&format!("{} in the production accounts", plural(preflight.unchecked, "check")), found("they could not be made"));
            }
            _ => {}
        }
    }
    for passed in &choice.passed_over {
        skip(&format!("version {}", version(passed.arn.as_str())), declared(&passed.reason));
    }
    let more = skipped.len().saturating_sub(MOST);
    skipped.truncate(MOST);
    if more > 0 {
        let why = declared("the release manifest and the test results have them");
        skipped.push(Skipped { what: format!("{more} more"), why });
    }
    skipped
}

/// What the tests skipped: each once, with the number of targets.
fn of_tests(report: &Report) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    if let Some(partial) = &report.partial {
        found.push(("cases of the suite".to_owned(), format!("partial run: {partial}")));
    }
    let mut counted: BTreeMap<(String, String), usize> = BTreeMap::new();
    for target in &report.targets {
        let mut count = |what: String, why: &str| *counted.entry((what, why.to_owned())).or_default() += 1;
        if matches!(target.verdict, Verdict::Skipped | Verdict::Empty) {
            count("tests of a target".to_owned(), "nothing was tested there");
        }
        for check in target.checks.iter().filter(|check| check.outcome == Outcome::Skipped) {
            count(format!("check `{}`", check.name), check.message.as_deref().unwrap_or("it does not apply"));
        }
        for case in target.cases.iter().filter(|case| case.outcome == Outcome::Skipped) {
            count(format!("case “{}”", case.name), case.message.as_deref().unwrap_or("it was not run"));
        }
        match target.load.as_deref() {
            None => count("load".to_owned(), "no load was run"),
            Some(load) if load.outcome == Outcome::Skipped => {
                count("load".to_owned(), load.message.as_deref().unwrap_or("it was not run"));
            }
            Some(_) => {}
        }
    }
    let all = report.targets.len();
    found.extend(counted.into_iter().map(|((what, why), count)| {
        let places = if count == all { String::new() } else { format!(" in {} of {}", count, plural(all, "target")) };
        (format!("{what}{places}"), why)
    }));
    found
}
