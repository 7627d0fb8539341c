//! Makes the dossier of the evidence.

mod changes;
mod comparison;
mod people;
mod skipped;
mod tests;

use super::claim::Claim;
use super::document::{Condition, ConditionState, Decision, Dossier, Gate, ReleaseFacts, Verdict};
use super::evidence::{Approval, Evidence};
use super::production;
use super::wording::{bounded, line, reason};
use crate::diagnostic::FailureKind;
use crate::manifest::{FILE_NAME, RolloutLimits};
use crate::plan_report::{self, PlanDocument};
use crate::{Release, Stage};

const SCHEMA_VERSION: u32 = 1;

/// Where a value of the manifest is from.
const MANIFEST: &str = "release manifest";

/// The longest name or ARN, in characters.
const LONGEST_NAME: usize = 2048;

/// The dossier of a release. The caller adds the commands.
pub fn assemble(release: &Release, evidence: &Evidence) -> Dossier {
    let conditions = vec![staging_tests(release, evidence), approval(evidence), plan(release, evidence)];
    let production = production::package(release, evidence);
    let plan = evidence.production_plan(release);
    let staging = match &evidence.staging {
        Err(why) => Claim::not_known(line(why)),
        Ok(found) if found.value.release.as_ref() != Some(&release.digest) => {
            Claim::not_known(format!("`{}` has the results of another release", line(&found.from)))
        }
        Ok(found) if found.value.stage != Stage::Staging.name() => {
            Claim::not_known(format!("`{}` has the results of the stage `{}`", line(&found.from), line(&found.value.stage)))
        }
        Ok(found) => Claim::measured(tests::summary(&found.value), line(&found.from)),
    };
    let production_tests = match evidence.production_results() {
        Err(why) => Claim::not_known(line(&why)),
        Ok(found) => Claim::measured(tests::summary(&found.value), line(&found.from)),
    };
    Dossier {
        schema_version: SCHEMA_VERSION,
        tool: evidence.tool.clone(),
        verdict: Verdict { decision: Decision::of(&conditions), conditions },
        comparison: comparison::of(release, evidence, production, &staging, &production_tests),
        changes: match plan {
            Err(why) => Claim::not_known(line(&why)),
            Ok(plan) => Claim::read_from_aws(changes::of(&plan.value), line(&plan.from)),
        },
        skipped: skipped::of(release, evidence, staging.value.is_some()),
        staging,
        production: production_tests,
        gates: gates(release),
        limits: release.rollout_limits(Stage::Prod).into_iter().flat_map(RolloutLimits::lines).map(|limit| line(&limit)).collect(),
        people: people::of(release, evidence),
        release: facts(release, evidence),
        verify: Vec::new(),
        roll_back: Vec::new(),
    }
}

fn condition(name: &str, state: ConditionState, found: Claim<String>) -> Condition {
    Condition { name: name.to_owned(), state, found }
}

fn unknown(name: &str, why: &str) -> Condition {
    condition(name, ConditionState::NotKnown, Claim::not_known(line(why)))
}

fn staging_tests(release: &Release, evidence: &Evidence) -> Condition {
    const NAME: &str = "staging tests";
    let found = match &evidence.staging {
        Ok(found) => found,
        Err(why) => return unknown(NAME, why),
    };
    match release.check_staging_report(&found.value) {
        Ok(_) => condition(NAME, ConditionState::Passed, Claim::measured(line(&found.value.summary()), line(&found.from))),
        Err(failure) if failure.kind == FailureKind::Failed => {
            condition(NAME, ConditionState::Failed, Claim::measured(reason(&failure), line(&found.from)))
        }
        Err(failure) => unknown(NAME, &reason(&failure)),
    }
}

fn approval(evidence: &Evidence) -> Condition {
    const NAME: &str = "model package";
    match &evidence.registry {
        Err(why) => unknown(NAME, why),
        Ok(found) => match &found.value.approval {
            Approval::Given => {
                let text = "still approved, with the images and model data of the release".to_owned();
                condition(NAME, ConditionState::Passed, Claim::read_from_aws(text, line(&found.from)))
            }
            Approval::Missing(why) => condition(NAME, ConditionState::Failed, Claim::read_from_aws(line(why), line(&found.from))),
            Approval::NotKnown(why) => unknown(NAME, why),
        },
    }
}

fn plan(release: &Release, evidence: &Evidence) -> Condition {
    const NAME: &str = "production plan";
    let plan = match evidence.production_plan(release) {
        Ok(plan) => plan,
        Err(why) => return unknown(NAME, &why),
    };
    let (document, from): (&PlanDocument, String) = (&plan.value, line(&plan.from));
    let failed = document.preflight.as_ref().filter(|preflight| preflight.failed > 0);
    if let Some(problem) = document.problems.first() {
        let more = if document.problems.len() > 1 { format!(", and {} more", document.problems.len() - 1) } else { String::new() };
        let text = line(&format!("{}{more}", problem.message));
        return condition(NAME, ConditionState::Failed, Claim::read_from_aws(text, from));
    }
    if let Some(preflight) = failed {
        return condition(NAME, ConditionState::Failed, Claim::read_from_aws(preflight.summary(), from));
    }
    if let Some(running) = &document.running_operation {
        return unknown(NAME, &plan_report::running_operation(running));
    }
    condition(NAME, ConditionState::Passed, Claim::read_from_aws(line(plan_report::summary(document).trim_start_matches("Plan: ")), from))
}

fn gates(release: &Release) -> Claim<Vec<Gate>> {
    let choice = &release.manifest.choice;
    let Some(policy) = &choice.release_policy else {
        return Claim::not_known("the release was built without a release policy");
    };
    let gates = choice.gates.iter().map(|gate| Gate { gate: line(&gate.gate), found: line(&gate.found) });
    Claim::declared(gates.collect(), format!("{} ({}), checked by the build", line(&policy.file), line(&policy.digest)))
}

fn facts(release: &Release, evidence: &Evidence) -> ReleaseFacts {
    let manifest = &release.manifest;
    let (package, source) = (&manifest.model_package, &manifest.source);
    let names = |names: &[String]| names.iter().map(|name| bounded(name, LONGEST_NAME)).collect::<Vec<_>>();
    let no_git = "the build found no Git repository";
    let described = evidence.registry.as_ref().map_err(Clone::clone).and_then(|found| match &found.value.package {
        Ok(described) => Ok((described, &found.from)),
        Err(why) => Err(why.clone()),
    });
    ReleaseFacts {
        digest: Claim::measured(release.digest.clone(), FILE_NAME),
        project: line(&format!("{} ({})", manifest.project.name, manifest.project.id)),
        group: bounded(&package.group, LONGEST_NAME),
        version: package.version,
        model_package: Claim::declared(package.arn.to_string(), MANIFEST),
        description: match described {
            Err(why) => Claim::not_known(line(&why)),
            Ok((described, from)) => match &described.package.description {
                Some(text) => Claim::declared(line(text), line(from)),
                None => Claim::not_known("the model package has no description"),
            },
        },
        because: Claim::declared(line(&manifest.choice.because), MANIFEST),
        images: Claim::declared(names(&package.images_in(package.arn.region())), MANIFEST),
        model_data: Claim::declared(names(&package.model_data), MANIFEST),
        commit: source.commit.as_deref().map_or_else(|| Claim::not_known(no_git), |commit| Claim::declared(line(commit), MANIFEST)),
        dirty: source.dirty.map_or_else(|| Claim::not_known(no_git), |dirty| Claim::declared(dirty, MANIFEST)),
        pipeline_execution: match &evidence.pipeline_execution {
            Some(id) => Claim::declared(line(id), "caller"),
            None => Claim::not_known("the caller did not pass it"),
        },
    }
}
