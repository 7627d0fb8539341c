//! The metrics of the release beside those of the model in production.

use super::super::claim::{Basis, Claim};
use super::super::document::{Comparison, MetricComparison, Tests};
use super::super::evidence::{DescribedPackage, Evidence, Found, RegistryFindings};
use super::super::judgement::{Change, Judgement};
use super::super::wording::line;
use crate::Release;

/// The most metrics.
const MOST: usize = 60;

pub(super) fn of(
    release: &Release,
    evidence: &Evidence,
    production: Claim<String>,
    staging: &Claim<Tests>,
    production_tests: &Claim<Tests>,
) -> Comparison {
    let mut metrics = measured(evidence, &production, staging, production_tests);
    metrics.extend(registered(&evidence.registry, &production));
    // The sort is stable: measured metrics stay before registered ones.
    metrics.sort_by_key(|metric| metric.difference.is_none());
    metrics.truncate(MOST);
    let own = &release.manifest.model_package.arn;
    let is_same = production.value.as_deref().is_some_and(|arn| arn.eq_ignore_ascii_case(own.as_str()));
    let judgement = match &production.value {
        None => Claim::not_known(production.source.clone()),
        Some(_) if is_same => {
            Claim { value: Some(Judgement::Same), basis: production.basis, source: "production has this very version".to_owned() }
        }
        Some(_) => judged(&metrics),
    };
    let version = production.value.as_deref().and_then(|arn| arn.parse::<aws_names::ModelPackageArn>().ok()?.version());
    Comparison { production: production.map(|arn| line(&arn)), production_version: version, judgement, metrics }
}

/// The judgement of the measured metrics, else of the registered ones.
fn judged(metrics: &[MetricComparison]) -> Claim<Judgement> {
    let on = |basis: Basis| {
        let changes = metrics.iter().filter(|metric| metric.this.basis == basis).filter_map(|metric| metric.change);
        Judgement::of(changes)
    };
    if let Some(judgement) = on(Basis::Measured) {
        return Claim::measured(judgement, "tests of staging and production");
    }
    if let Some(judgement) = on(Basis::Declared) {
        return Claim::declared(judgement, "metrics that the model packages were registered with");
    }
    let why = metrics.iter().find(|metric| metric.production.value.is_none()).map(|metric| metric.production.source.clone());
    Claim::not_known(why.unwrap_or_else(|| "no metric of both models is known".to_owned()))
}

fn compared(name: &str, on: String, this: Claim<f64>, production: Claim<f64>) -> MetricComparison {
    // Ten decimals: 0.97 - 0.96 is slightly more than 0.01.
    let difference = this.value.zip(production.value).map(|(this, other)| ((this - other) * 1e10).round() / 1e10 + 0.0);
    MetricComparison {
        name: line(name),
        on,
        change: difference.map(|difference| Change::of(name, difference)),
        this,
        production,
        difference,
    }
}

/// The metrics of the tests in staging beside those of the last tests of production.
fn measured(
    evidence: &Evidence,
    production: &Claim<String>,
    staging: &Claim<Tests>,
    production_tests: &Claim<Tests>,
) -> Vec<MetricComparison> {
    let Some(tests) = &staging.value else { return Vec::new() };
    let comparable = comparable(evidence, production, tests, production_tests);
    let other = |metric: &super::super::document::TestMetric| match &comparable {
        Err(why) => Claim::not_known(why.clone()),
        Ok(other) => {
            let same = other.metrics.iter().find(|known| (&known.case, &known.name) == (&metric.case, &metric.name));
            match same.and_then(|same| same.value) {
                Some(value) => Claim::measured(value, production_tests.source.clone()),
                None => Claim::not_known("the tests of production did not measure it"),
            }
        }
    };
    let this = |metric: &super::super::document::TestMetric| match metric.value {
        Some(value) => Claim::measured(value, staging.source.clone()),
        None => Claim::not_known("the tests of staging could not compute it"),
    };
    tests.metrics.iter().map(|metric| compared(&metric.name, format!("case “{}”", metric.case), this(metric), other(metric))).collect()
}

/// The tests of production, if they tested the model in production with the same suite.
fn comparable<'t>(
    evidence: &Evidence,
    production: &Claim<String>,
    staging: &Tests,
    production_tests: &'t Claim<Tests>,
) -> Result<&'t Tests, String> {
    let tests = production_tests.value.as_ref().ok_or_else(|| production_tests.source.clone())?;
    let tested = evidence.production.as_ref().ok().and_then(|found| found.value.model_package.as_ref());
    if let (Some(tested), Some(deployed)) = (tested, &production.value)
        && !tested.as_str().eq_ignore_ascii_case(deployed)
    {
        return Err(format!("the tests of production tested another model package: {}", line(tested.as_str())));
    }
    match (&staging.suite_digest, &tests.suite_digest) {
        (Some(staging), Some(production)) if staging != production => Err("production was tested with another suite".to_owned()),
        _ => Ok(tests),
    }
}

/// The metrics that the two model packages were registered with.
fn registered(registry: &Found<RegistryFindings>, production: &Claim<String>) -> Vec<MetricComparison> {
    let Ok(found) = registry else { return Vec::new() };
    let metrics = |described: &Result<DescribedPackage, String>| match described {
        Ok(described) => described.metrics.clone(),
        Err(why) => Err(why.clone()),
    };
    let Ok(own) = metrics(&found.value.package) else { return Vec::new() };
    let others = if production.value.is_some() { metrics(&found.value.production) } else { Err(production.source.clone()) };
    let other = |at: &str| match &others {
        Err(why) => Claim::not_known(line(why)),
        Ok(others) => match others.iter().find(|metric| metric.at == at) {
            Some(metric) => Claim::declared(metric.value, "registered with the model package"),
            None => Claim::not_known("the other model package was registered without it"),
        },
    };
    own.iter()
        .map(|metric| {
            let this = Claim::declared(metric.value, "registered with the model package");
            compared(&metric.name, "registered metrics".to_owned(), this, other(&metric.at))
        })
        .collect()
}
