//! What holds for every foreign text, shared by the ordinary tests and the fuzz targets.

use std::path::Path;
use std::time::Duration;

use endpoint_test::{
    CheckReport, Clock, Description, EndpointStatus, InvokeError, MAX_BODY, ModelFailure, ModelResponse, Outcome, Request, Run, RunOptions,
    Samples, Suite, SuiteErrors, Target, TargetError, TargetInfo, TargetReport,
};

use crate::harmless::harmless;

/// A target with one response to everything.
struct Fixed<'b> {
    body: &'b [u8],
    /// Whether it is the model's error.
    fails: bool,
}

impl Target for Fixed<'_> {
    async fn describe(&self) -> Result<Description, TargetError> {
        Ok(Description { status: EndpointStatus::InService, ..Description::default() })
    }

    async fn invoke(&self, _: &Request) -> Result<ModelResponse, InvokeError> {
        let text = String::from_utf8_lossy(self.body).into_owned();
        if self.fails {
            return Err(InvokeError::Model(ModelFailure { status: Some(400), message: text, ..ModelFailure::default() }));
        }
        Ok(ModelResponse { status: 200, content_type: Some(text), body: self.body.to_vec().into(), ..ModelResponse::default() })
    }
}

/// A clock that stands still, and never ends a wait.
struct Stopped;

impl Clock for Stopped {
    fn now(&self) -> Duration {
        Duration::ZERO
    }

    fn date(&self) -> std::time::SystemTime {
        std::time::UNIX_EPOCH
    }

    async fn sleep(&self, _: Duration) {
        std::future::pending::<()>().await;
    }
}

/// Sends the suite's requests to a target with this response. No report can do harm.
fn run(suite: &Suite, body: &[u8], fails: bool) -> TargetReport {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let target = Fixed { body, fails };
    let run = Run::new(&target, suite).options(RunOptions::default()).clock(Stopped);
    let report = runtime.block_on(run.start(TargetInfo::default(), |_| {}));
    harmless(&report);
    report
}

/// A text as a YAML string.
fn quoted(text: &str) -> String {
    // JSON is YAML, and an escape names every other character.
    let escaped = |character: char| match character {
        '"' | '\\' => format!("\\{character}"),
        ' '..='~' => character.to_string(),
        _ => format!("\\U{:08x}", u32::from(character)),
    };
    format!("\"{}\"", text.chars().map(escaped).collect::<String>())
}

fn with_expectation(expect: &str) -> String {
    format!("version: 1\ncases:\n  - name: it\n    payload: {{ csv: '1' }}\n    expect: {expect}\n")
}

/// Each problem is short and has a place within the text.
fn problems(text: &str, errors: &SuiteErrors) {
    assert!((1..=100).contains(&errors.problems().len()));
    let shown = errors.to_string();
    assert!(shown.len() < 1_000_000, "{} bytes", shown.len());
    let lines = text.split(['\n', '\r']).count();
    for problem in errors.problems() {
        assert!(problem.message.chars().count() < 1100 && !problem.message.is_empty());
        assert!(problem.place.is_none_or(|place| (1..=lines).contains(&place.line) && place.column >= 1), "{problem:?}");
    }
}

/// A suite is refused with its problems, or runs to a report; the same way every time.
pub(crate) fn suite(text: &str) {
    let parse = || Suite::parse(text, Path::new("suite.yaml"));
    match (parse(), parse()) {
        (Ok(suite), Ok(_)) => {
            // Only within the rest of the invariant: a load and check programs take real time.
            if suite.load_plan().is_some() || !suite.own_checks().is_empty() {
                return;
            }
            let Ok(suite) = suite.load_files(|path| Ok(path.as_bytes().to_vec())) else { return };
            for case in suite.cases() {
                for request in case.requests(Duration::from_secs(1)) {
                    assert!(request.body.len() <= MAX_BODY && request.timeout <= Duration::from_hours(1));
                }
            }
            run(&suite, br#"[{"label": "setosa", "score": 0.5}]"#, false);
        }
        (Err(errors), Err(again)) => {
            problems(text, &errors);
            assert_eq!(errors.to_string(), again.to_string());
        }
        _ => panic!("the same text was accepted and refused"),
    }
}

/// Every response is right or wrong, unless a check has this reason to judge none.
fn judged_unless(report: &TargetReport, reason: &str) {
    let has_reason = |check: &CheckReport| check.message.as_deref().is_some_and(|message| message.contains(reason));
    if !report.cases[0].checks.iter().any(has_reason) {
        judged(report);
    }
}

/// A path is refused, or selects places of the body; a rule for it is judged.
pub(crate) fn json_path(path: &str, body: &[u8]) {
    let quoted = quoted(path);
    let text = with_expectation(&format!(
        "{{ json: [{{ at: {quoted}, type: number }}, {{ at: {quoted}, absent: true }}], golden: {{ file: golden, ignore: [{quoted}] }} }}"
    ));
    match Suite::parse(&text, Path::new("suite.yaml")) {
        Ok(suite) => {
            let suite = suite.load_files(|_| Ok(b"{}".to_vec())).expect("the file is there");
            let report = run(&suite, body, false);
            judged_unless(&report, "too large for this JSONPath");
        }
        Err(errors) => problems(&text, &errors),
    }
}

/// A schema is refused, or the body is valid or not.
pub(crate) fn schema(schema: &[u8], body: &[u8]) {
    let text = with_expectation("{ schema: schema.json }");
    let suite = Suite::parse(&text, Path::new("suite.yaml")).expect("a good suite");
    match suite.load_files(|_| Ok(schema.to_vec())) {
        Ok(suite) => judged_unless(&run(&suite, body, false), "too large for this JSON Schema"),
        Err(errors) => problems(&text, &errors),
    }
}

/// A response is right or wrong, whatever it is.
pub(crate) fn response(body: &[u8]) {
    let text = with_expectation(
        "{ content_type: text/csv, text: { contains: set, matches: '^s.*a$' }, schema: { type: array, items: { type: number } },
        json: [{ at: /0/score, between: [0, 1] }, { at: '$..score', count: 1 }, { at: '', contains: 1, length: 2 }, { at: '/0', equals: 5.10, abs: 0.1 }],
        golden: { file: golden, rel: 0.1, ignore: [/time] } }",
    );
    let suite = Suite::parse(&text, Path::new("suite.yaml")).expect("a good suite");
    let suite = suite.load_files(|_| Ok(br#"[{"score": 0.50, "label": "setosa"}, 1]"#.to_vec())).expect("the file is there");
    for fails in [false, true] {
        judged(&run(&suite, body, fails));
    }
}

/// An archive is refused, or all its files are within it and within the limits.
pub(crate) fn samples(archive: &[u8]) {
    match (Samples::read(archive), Samples::read(archive)) {
        (Ok(samples), Ok(again)) => {
            assert_eq!(samples, again);
            assert!((1..=1000).contains(&samples.files().count()));
            for (name, body) in samples.files() {
                assert!(!name.starts_with('/') && name.split('/').all(|part| part != "..") && name.len() <= 200, "{name:?}");
                assert!(body.len() <= MAX_BODY);
            }
        }
        (Err(error), Err(_)) => assert!(error.to_string().len() < 2000),
        _ => panic!("the same archive was accepted and refused"),
    }
}

/// What arrived is never an error.
fn judged(report: &TargetReport) {
    for case in &report.cases {
        assert!(matches!(case.outcome, Outcome::Passed | Outcome::Failed), "{case:#?}");
    }
}
