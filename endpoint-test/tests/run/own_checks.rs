//! A team's own checks: in Rust, and as programs.

use std::path::PathBuf;
use std::sync::Arc;

use endpoint_test::{CaseReport, CheckPrograms, CustomCheck, Exchange, Finding, Outcome, Run, RunOptions};
#[cfg(unix)]
use tokio::io::AsyncReadExt as _;

use crate::scripted::{CallResult, Scripted, healthy, response};
use crate::{approved, info, suite};

async fn case(text: &str, options: &RunOptions) -> CaseReport {
    let target = Scripted::new(vec![Ok(healthy())]).responding(|_| CallResult::Now(Ok(response(r#"{"score":0.5}"#))));
    Run::new(&target, &suite(text)).expecting(approved()).options(options.clone()).start(info(), |_| {}).await.cases.remove(0)
}

const PLAIN: &str = "version: 1\ncases:\n  - { name: it, payload: { csv: '1' } }\n";

struct Returns(Finding);

impl CustomCheck for Returns {
    fn name(&self) -> &'static str {
        "returns"
    }

    fn check(&self, exchange: &Exchange<'_>) -> Finding {
        assert_eq!((exchange.case, exchange.request.body.as_ref()), ("it", b"1".as_slice()));
        assert_eq!((exchange.target.endpoint.as_str(), exchange.column("x")), ("iris-staging", None));
        self.0.clone()
    }
}

struct Panics;

impl CustomCheck for Panics {
    fn name(&self) -> &'static str {
        "panics"
    }

    fn check(&self, _: &Exchange<'_>) -> Finding {
        panic!("an index was out of bounds")
    }
}

#[tokio::test]
async fn a_check_in_rust_runs_on_every_response() {
    for (finding, outcome) in [
        (Finding::Passed, Outcome::Passed),
        (Finding::Failed("no".to_owned()), Outcome::Failed),
        (Finding::Errored("unknown".to_owned()), Outcome::Errored),
        (Finding::NotApplicable, Outcome::Passed),
    ] {
        let options = RunOptions { checks: vec![Arc::new(Returns(finding))], ..RunOptions::default() };
        assert_eq!(case(PLAIN, &options).await.outcome, outcome);
    }
    let options = RunOptions { checks: vec![Arc::new(Panics)], ..RunOptions::default() };
    let report = case(PLAIN, &options).await;
    assert_eq!(report.outcome, Outcome::Errored);
    assert_eq!(report.checks.last().unwrap().message.as_deref(), Some("the check panicked: an index was out of bounds"));
}

/// The result of a check program, a shell script. The test adds the shell, not the suite.
#[cfg(unix)]
async fn program(script: &str, timeout: &str) -> CaseReport {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("check.sh"), script).unwrap();
    let text = format!(
        "version: 1\ncases:\n  - name: it\n    payload: {{ csv: '1' }}\n    expect: {{ check: {{ command: [/bin/sh, ./check.sh], timeout: {timeout} }} }}\n"
    );
    let environment = vec![("PATH".into(), "/usr/bin:/bin".into()), ("LANG".into(), "C.UTF-8".into())];
    let programs = CheckPrograms { folder: PathBuf::from(folder.path()), environment, uid: None };
    case(&text, &RunOptions { programs: Some(programs), ..RunOptions::default() }).await
}

/// The result of this script as a program of this user.
#[cfg(target_os = "linux")]
async fn program_of_user(script: &str, uid: Option<u32>) -> CaseReport {
    use std::os::unix::fs::{PermissionsExt as _, chown};
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("check.sh"), script).unwrap();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    chown(folder.path(), uid, uid).unwrap();
    let text = "version: 1\ncases:\n  - { name: it, payload: { csv: '1' }, expect: { check: { command: [/bin/sh, ./check.sh] } } }\n";
    let environment = vec![("PATH".into(), "/usr/bin:/bin".into())];
    let programs = CheckPrograms { folder: PathBuf::from(folder.path()), environment, uid };
    case(text, &RunOptions { programs: Some(programs), ..RunOptions::default() }).await
}

/// Whether tests may start programs as another user here. If not, the test prints that it is
/// skipped.
#[cfg(target_os = "linux")]
fn is_root(test: &str) -> bool {
    use std::io::Write as _;
    use std::os::unix::fs::MetadataExt as _;
    let root = std::fs::metadata("/proc/self").unwrap().uid() == 0;
    if !root {
        // Bypass libtest, which captures the output of a passing test.
        let why = "only root can start a program as another user. Run the tests as root, as CodeBuild does.";
        std::io::stderr().write_all(format!("SKIPPED {test}: {why}\n").as_bytes()).unwrap();
    }
    root
}

/// The environment of the caller, which is the parent process of a check.
#[cfg(target_os = "linux")]
const READ_CALLER: &str = r#"
ids="$(id -u) $(id -g) $(id -G)"
if cat /proc/$PPID/environ > /dev/null 2>&1; then found=readable; else found=closed; fi
printf '{"verdict":"failed","messages":["%s %s"]}' "$ids" "$found""#;

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_program_of_another_user_cannot_read_the_callers_environment() {
    if !is_root("a_program_of_another_user_cannot_read_the_callers_environment") {
        return;
    }
    // First prove that the script finds something without protection: a test that cannot fail
    // proves nothing.
    let report = program_of_user(READ_CALLER, None).await;
    assert!(message(&report).starts_with("0 0 ") && message(&report).ends_with(" readable"), "{report:#?}");
    let report = program_of_user(READ_CALLER, Some(64_001)).await;
    assert_eq!(message(&report), "64001 64001 64001 closed", "{report:#?}");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_program_that_its_user_cannot_run_is_an_error_with_the_user_id() {
    if !is_root("a_program_that_its_user_cannot_run_is_an_error_with_the_user_id") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    std::fs::set_permissions(folder.path(), std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    let text = "version: 1\ncases:\n  - { name: it, payload: { csv: '1' }, expect: { check: { command: [/bin/true] } } }\n";
    let programs = CheckPrograms { folder: folder.path().into(), environment: Vec::new(), uid: Some(64_001) };
    let report = case(text, &RunOptions { programs: Some(programs), ..RunOptions::default() }).await;
    let expected = "the check `/bin/true` cannot be started as user id 64001: Permission denied";
    assert!(report.outcome == Outcome::Errored && message(&report).starts_with(expected), "{report:#?}");
}

#[test]
fn a_suite_lists_its_check_programs() {
    let text = "version: 1\ncases:\n  - { name: plain, payload: { csv: '1' } }\n  - name: rows\n    payload: { rows: { file: d.csv } }\n    \
        expect_each: { check: { command: [each] } }\n    expect: { check: { command: [all, '-v'] } }\n";
    let suite = suite(text);
    let found: Vec<_> = suite.own_checks().into_iter().map(|(case, command)| (case, command.join(" "))).collect();
    assert_eq!(found, [("rows", "each".to_owned()), ("rows", "all -v".to_owned())]);
}

#[cfg(unix)]
fn message(report: &CaseReport) -> &str {
    report.checks.last().unwrap().message.as_deref().unwrap_or_default()
}

#[cfg(unix)]
#[tokio::test]
async fn a_program_reads_the_exchange_and_returns_a_verdict() {
    let report = program(
        r#"document=$(cat)
case $document in
  *'"case":{"name":"it"}'*'"json":{"score":0.5}'*) echo '{"verdict":"passed","messages":["looks right"]}' ;;
  *) echo '{"verdict":"failed","messages":["the document is another"]}' ;;
esac"#,
        "10m",
    )
    .await;
    assert_eq!((report.outcome, report.checks.last().unwrap().actual.as_deref()), (Outcome::Passed, Some("looks right")), "{report:#?}");
    let report = program("echo '{\"verdict\":\"failed\",\"messages\":[\"too sure\",\"of it\"]}'", "10m").await;
    assert_eq!((report.outcome, message(&report)), (Outcome::Failed, "too sure; of it"));
}

#[cfg(unix)]
#[tokio::test]
async fn a_program_gets_only_the_given_environment() {
    let report =
        program("printf '{\"verdict\":\"failed\",\"messages\":[\"%s\"]}' \"$(env | sed 's/=.*//' | sort | tr '\\n' ' ')\"", "10m").await;
    let names: Vec<_> = message(&report).split_whitespace().filter(|name| !["PWD", "SHLVL", "_", "OLDPWD"].contains(name)).collect();
    assert_eq!(names, ["LANG", "PATH"]);
}

#[cfg(unix)]
#[tokio::test]
async fn a_program_that_misbehaves_is_an_error_and_not_a_failure() {
    let report = program("echo 'no module named numpy' >&2; exit 3", "10m").await;
    assert_eq!((report.outcome, message(&report)), (Outcome::Errored, "the check ended with exit code 3: no module named numpy"));
    let report = program("echo fine", "10m").await;
    assert_eq!(report.outcome, Outcome::Errored);
    assert!(message(&report).starts_with("the check's output is not valid"), "{}", message(&report));
    let report = program("echo '{\"verdict\":\"passed\",\"oops\":1}'", "10m").await;
    assert!(message(&report).contains("unknown field `oops`"), "{}", message(&report));
    let report = program("yes | head -c 2000000", "10m").await;
    assert_eq!((report.outcome, message(&report)), (Outcome::Errored, "the check wrote more than 1048576 bytes"));
    // A program that writes without reading is fine.
    assert_eq!(program("exec 0<&-; echo '{\"verdict\":\"passed\"}'", "10m").await.outcome, Outcome::Passed);
    let text = "version: 1\ncases:\n  - { name: it, payload: { csv: '1' }, expect: { check: { command: [no-such-program] } } }\n";
    let report = case(text, &RunOptions { programs: Some(CheckPrograms::in_folder(".")), ..RunOptions::default() }).await;
    assert_eq!((report.outcome, message(&report)), (Outcome::Errored, "the check `no-such-program` cannot be started: no such program"));
}

#[tokio::test]
async fn no_program_runs_unless_a_folder_is_set() {
    let text = "version: 1\ncases:\n  - { name: it, payload: { csv: '1' }, expect: { check: { command: [touch, here] } } }\n";
    let report = case(text, &RunOptions::default()).await;
    assert_eq!((report.outcome, message(&report)), (Outcome::Errored, "check programs are turned off in this run"));
}

#[cfg(unix)]
#[tokio::test]
async fn a_program_that_takes_too_long_is_killed_with_all_its_processes() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    // The program's child keeps the pipe open while it lives.
    let script = format!("(echo started; sleep 3600) > '{}' & sleep 3600", pipe.display());
    // On a very busy machine it may have started nothing yet.
    for limit in ["300 ms", "3 s", "30 s", "10 min"] {
        let mut reader = tokio::net::unix::pipe::OpenOptions::new().open_receiver(&pipe).unwrap();
        let report = program(&script, &limit.replace(' ', "").replace("min", "m")).await;
        assert_eq!(
            (report.outcome, message(&report)),
            (Outcome::Errored, format!("the check returned no verdict within {limit}").as_str())
        );
        let mut output = String::new();
        let ended = tokio::time::timeout(std::time::Duration::from_mins(5), reader.read_to_string(&mut output)).await;
        ended.expect("the program's child is still running").unwrap();
        if output == "started\n" {
            return;
        }
    }
    panic!("the program was killed before it could start anything");
}

#[cfg(unix)]
#[tokio::test]
async fn a_program_checks_all_rows_together() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("check.sh"),
        r#"rows=$(grep -o '"number":' | wc -l); printf '{"verdict":"failed","messages":["%d rows"]}' "$rows""#,
    )
    .unwrap();
    let text = "version: 1\ncases:\n  - name: it\n    payload: { rows: { file: d.csv } }\n    expect: { check: { command: [/bin/sh, ./check.sh], timeout: 10m } }\n";
    let suite = suite(text).load_files(|_| Ok(b"a\n1\n2\n3\n".to_vec())).unwrap();
    let environment = vec![("PATH".into(), "/usr/bin:/bin".into())];
    let programs = CheckPrograms { folder: folder.path().into(), environment, uid: None };
    let target = Scripted::new(vec![Ok(healthy())]);
    let options = RunOptions { programs: Some(programs), ..RunOptions::default() };
    let report = Run::new(&target, &suite).expecting(approved()).options(options.clone()).start(info(), |_| {}).await.cases.remove(0);
    assert_eq!((report.outcome, message(&report)), (Outcome::Failed, "3 rows"));
}
