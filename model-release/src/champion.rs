//! The champion: the endpoint in production that corresponds to a tested one, and the stored results
//! of the last release for where it cannot be invoked.

#[cfg(any(feature = "aws", test))]
mod address;

use std::path::Path;

use endpoint_test::{ChampionResults, Report, Verdict, report};

use crate::Release;
use crate::diagnostic::Diagnostic;
use crate::dossier::Source;

#[cfg(feature = "aws")]
pub(crate) use address::{endpoints, role};

/// The file with the champion's results beside the files of a release.
pub const CHAMPION_RESULTS: &str = "champion-results.json";

/// Reads stored results of a champion.
pub fn read_results(path: &Path, release: Option<&Release>) -> Result<ChampionResults, Diagnostic> {
    let hint = "name the results of the tests of the last release: `test-results.json` of `test-staging` or `test-prod`";
    let Source { value: report, from }: Source<Report> =
        Source::read(path, "a results file of endpoint tests").map_err(|diagnostic| diagnostic.with_hint(hint))?;
    if report.schema_version != report::SCHEMA_VERSION {
        let message =
            format!("the results have format version {}; this program reads version {}", report.schema_version, report::SCHEMA_VERSION);
        return Err(Diagnostic::error(message).file(path).with_hint(hint));
    }
    let found = ChampionResults { source: from, report };
    match found.unfit_for(release.map(|release| release.digest.as_str())) {
        Some(why) => Err(Diagnostic::error(format!("these results cannot be a champion's: {why}")).file(path).with_hint(hint)),
        None => Ok(found),
    }
}

/// The results of the last release without an option: [`CHAMPION_RESULTS`] beside the release's
/// files, else those of an earlier run that passed, which this one will replace. Unusable ones are
/// as good as none.
pub fn usual_results(build_dir: &Path, earlier: &Path, release: Option<&Release>) -> Option<ChampionResults> {
    let read = |path: &Path| path.is_file().then(|| read_results(path, release).ok()).flatten();
    read(&build_dir.join(CHAMPION_RESULTS)).or_else(|| read(earlier).filter(|found| found.report.verdict == Verdict::Passed))
}

#[cfg(test)]
mod tests {
    use super::address::{corresponding, endpoints, role};
    use super::*;
    use crate::BaselineAddress;
    use crate::manifest::{StageTargets, Stages};

    fn stage(env_type: &str, accounts: &[&str], regions: &[&str], endpoints: &[&str]) -> StageTargets {
        StageTargets {
            env_type: env_type.to_owned(),
            config: format!("{env_type}-config.json"),
            accounts: accounts.iter().map(|account| account.parse().unwrap()).collect(),
            regions: regions.iter().map(|region| region.parse().unwrap()).collect(),
            execution_role_name: "ModelRole".to_owned(),
            endpoints: endpoints.iter().map(|endpoint| (*endpoint).to_owned()).collect(),
            stack_set: String::new(),
            parameter_overrides: Vec::new(),
            waves: None,
            bake_minutes: None,
        }
    }

    const STAGING: &str = "222222222222";
    const PROD: [&str; 2] = ["333333333333", "444444444444"];

    #[test]
    fn an_endpoint_of_production_corresponds_by_its_name_or_place() {
        let of = |staging: &[&str], prod: &[&str], tested: &str| {
            let (staging, prod) = (stage("staging", &[STAGING], &["us-east-1"], staging), stage("prod", &PROD, &["us-east-1"], prod));
            corresponding(&staging, &prod, tested).map(str::to_owned)
        };
        assert_eq!(of(&["a", "b"], &["z"], "a").unwrap(), "z");
        assert_eq!(of(&["iris-staging", "wine-staging"], &["iris-prod", "wine-prod"], "wine-staging").unwrap(), "wine-prod");
        assert_eq!(of(&["iris", "wine"], &["wine", "iris"], "wine").unwrap(), "wine");
        assert_eq!(of(&["a", "b"], &["c", "d"], "b").unwrap(), "d");
        let why = of(&["a"], &["c", "d"], "a").unwrap_err();
        assert_eq!(why, "which endpoint of production corresponds to `a` is not known: production has `c`, `d`");
    }

    #[test]
    fn the_region_of_the_tested_endpoint_comes_first_and_few_accounts_are_tried() {
        let regions = ["eu-west-1", "us-east-1"];
        let stages = Stages { staging: stage("staging", &[STAGING], &regions, &["s"]), prod: stage("prod", &PROD, &regions, &["p"]) };
        let found = |region: &str| -> Vec<String> {
            let found = endpoints(&stages, &region.parse().unwrap(), "s").unwrap();
            found.iter().map(|address| address.title("", "")).collect()
        };
        assert_eq!(found("us-east-1"), ["333333333333/us-east-1/p", "444444444444/us-east-1/p", "333333333333/eu-west-1/p"]);
        assert_eq!(found("ap-south-1")[0], "333333333333/eu-west-1/p");
        let empty = Stages { prod: stage("prod", &[], &regions, &["p"]), ..stages };
        assert_eq!(endpoints(&empty, &"eu-west-1".parse().unwrap(), "s").unwrap_err(), "the release has no production account");
    }

    #[test]
    fn the_role_of_production_is_named_like_that_of_staging() {
        let stages =
            Stages { staging: stage("staging", &[STAGING], &["eu-west-1"], &["s"]), prod: stage("prod", &PROD, &["eu-west-1"], &["p"]) };
        let address = BaselineAddress::parse("333333333333/eu-west-1/p").unwrap();
        let of = |named: Option<&str>| role(&stages, named, &address);
        assert_eq!(of(Some("EndpointTest-p-abc-staging")), "EndpointTest-p-abc-prod");
        assert_eq!(of(Some("tester")), "tester");
        assert_eq!(of(Some("nonstaging")), "nonstaging");
        assert_eq!(of(None), "ModelRole");
    }

    #[test]
    fn unusable_results_are_refused_if_named_and_none_if_not() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("results.json");
        assert!(read_results(&file, None).is_err());
        std::fs::write(&file, "[]").unwrap();
        assert!(read_results(&file, None).unwrap_err().message.starts_with("this is not a results file of endpoint tests"));
        let mut report = Report::assemble(endpoint_test::ToolInfo::default(), "staging", Vec::new());
        report.schema_version = 9;
        std::fs::write(&file, report::json(&report)).unwrap();
        assert!(read_results(&file, None).unwrap_err().message.starts_with("the results have format version 9"));
        report.schema_version = report::SCHEMA_VERSION;
        std::fs::write(&file, report::json(&report)).unwrap();
        let message = read_results(&file, None).unwrap_err().message;
        assert_eq!(message, "these results cannot be a champion's: they have no case with rows");
        assert_eq!(usual_results(folder.path(), &file, None), None);
    }

    #[test]
    fn results_beside_the_release_come_before_those_of_an_earlier_run_that_passed() {
        let folder = tempfile::tempdir().unwrap();
        let case = endpoint_test::CaseReport { rows: Some(endpoint_test::RowsReport::default()), ..endpoint_test::CaseReport::default() };
        let target = endpoint_test::TargetReport { cases: vec![case], ..endpoint_test::TargetReport::default() };
        let write = |name: &str, verdict: Verdict| {
            let report = Report { verdict, ..Report::assemble(endpoint_test::ToolInfo::default(), name, vec![target.clone()]) };
            std::fs::write(folder.path().join(name), report::json(&report)).unwrap();
        };
        let earlier = folder.path().join("earlier.json");
        let stage = || usual_results(folder.path(), &earlier, None).map(|found| found.report.stage);
        write("earlier.json", Verdict::Failed);
        assert_eq!(stage(), None);
        write("earlier.json", Verdict::Passed);
        assert_eq!(stage().as_deref(), Some("earlier.json"));
        write(CHAMPION_RESULTS, Verdict::Failed);
        assert_eq!(stage().as_deref(), Some(CHAMPION_RESULTS));
    }
}
