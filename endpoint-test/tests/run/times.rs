//! When a run and its cases began and ended, by the run's clock.

use std::time::Duration;

use endpoint_test::{EndpointStatus, Report, Run, RunOptions, TargetReport, ToolInfo};

use crate::scripted::{CallResult, FakeClock, Scripted, healthy, response, with_status};
use crate::{info, suite};

const TWO_CASES: &str = "version: 1\ncases:\n  - { name: first, payload: { csv: '1' } }\n  - { name: second, payload: { csv: '2' } }\n";

#[tokio::test]
async fn a_report_has_the_times_of_the_run_and_of_each_case() {
    let clock = FakeClock::default();
    // Every response takes two seconds.
    let target = Scripted::new(vec![Ok(with_status(EndpointStatus::Updating)), Ok(healthy())]).responding(|_| {
        clock.advance(Duration::from_secs(2));
        CallResult::Now(Ok(response("setosa")))
    });
    let options = RunOptions { poll: Duration::from_secs(40), ..RunOptions::default() };
    let report = Run::new(&target, &suite(TWO_CASES)).options(options).clock(&clock).start(info(), |_| {}).await;
    assert_eq!(report.started_at.as_deref(), Some("1970-01-01T00:00:00.000Z"));
    // The pause of the wait is 40 seconds and at most a quarter more or less.
    let start = report.cases[0].started_at.as_deref().unwrap();
    assert!(("1970-01-01T00:00:30.000Z"..="1970-01-01T00:00:50.000Z").contains(&start), "{start}");
    let time = |text: &Option<String>| {
        text.as_deref().unwrap()[14..]
            .trim_end_matches('Z')
            .split_once(':')
            .map(|(minutes, seconds)| minutes.parse::<f64>().unwrap() * 60.0 + seconds.parse::<f64>().unwrap())
    };
    let seconds = |text: &Option<String>| time(text).unwrap();
    assert!((seconds(&report.cases[1].started_at) - seconds(&report.cases[0].started_at) - 2.0).abs() < 0.002);
    assert!((seconds(&report.ended_at) - seconds(&report.cases[0].started_at) - 4.0).abs() < 0.002);
    assert!((seconds(&report.ended_at) - report.duration_ms / 1000.0).abs() < 0.002);
    let whole = Report::assemble(ToolInfo::default(), "staging", vec![TargetReport::errored(info(), "session", "", None), report.clone()]);
    assert_eq!((whole.started_at, whole.ended_at), (report.started_at, report.ended_at));
}
