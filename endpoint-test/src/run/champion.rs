//! The stored results of a champion, for a comparison where it cannot be invoked.

use crate::report::{MetricReport, Report, TargetInfo, TargetReport, UnpairedReport};

/// The stored results of a champion: the report of an earlier run, such as the tests of the release
/// that is in production.
///
/// Where the baseline cannot be invoked, metrics are compared with these: an *unpaired* comparison,
/// which proves less than one on the same rows. Responses and latencies are not compared.
#[derive(Debug, Clone, PartialEq)]
pub struct ChampionResults {
    /// Where the report is from, such as the path of its file.
    pub source: String,
    /// The report.
    pub report: Report,
}

impl ChampionResults {
    /// Why these results are no champion for a release, if they are not: a release is never worse
    /// than itself.
    pub fn unfit_for(&self, release: Option<&str>) -> Option<String> {
        if self.report.targets.iter().all(|target| target.cases.iter().all(|case| case.rows.is_none())) {
            return Some("they have no case with rows".to_owned());
        }
        let own = self.report.release.as_deref().filter(|own| Some(*own) == release)?;
        Some(format!("they are the results of the tested release itself, {}", own.get(..12).unwrap_or(own)))
    }

    /// The results of the target that is nearest to the tested one, of those with the case: the same
    /// target, else one in the same region, else the first.
    fn target(&self, tested: &TargetInfo, case: &str) -> Option<&TargetReport> {
        let with_case = || self.report.targets.iter().filter(|target| target.cases.iter().any(|known| known.name == case));
        let is_same = |target: &&TargetReport| {
            (&target.account_id, &target.region, &target.endpoint) == (&tested.account_id, &tested.region, &tested.endpoint)
        };
        with_case().find(is_same).or_else(|| with_case().find(|target| target.region == tested.region)).or_else(|| with_case().next())
    }

    /// The stored value of a metric over all rows of a case, or why there is none.
    pub(super) fn metric(&self, tested: &TargetInfo, case: &str, metric: &str) -> Result<&MetricReport, String> {
        let target =
            self.target(tested, case).ok_or_else(|| format!("the stored results have no case \"{}\"", crate::format::excerpt(case)))?;
        let rows = target.cases.iter().find(|known| known.name == case).and_then(|known| known.rows.as_ref());
        let found = rows.and_then(|rows| rows.metrics.iter().find(|known| known.name == metric && known.segment.is_none()));
        found.ok_or_else(|| format!("the stored results of the case have no `{metric}`"))
    }

    /// Where they are from, for the report.
    pub(super) fn describe(&self, why: &str) -> UnpairedReport {
        UnpairedReport {
            why: why.to_owned(),
            results: self.source.clone(),
            release: self.report.release.clone(),
            model_package: self.report.model_package.as_ref().map(ToString::to_string),
            tested_at: self.report.ended_at.clone(),
            suite: self.report.suite.as_ref().and_then(|suite| suite.digest.clone()),
        }
    }

    /// The title of a comparison with them alone.
    pub(super) fn title(&self) -> String {
        let target = self.report.targets.first().map(TargetReport::title).unwrap_or_default();
        format!("{target} ({})", self.source)
    }
}
