//! The brake: `stop`, and a signal or Ctrl-C during `deploy`.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::time::Duration;

use crate::cloud::Cloud;
use crate::project::Project;
use crate::rollout::{ACCOUNTS, DEPLOY, approve, project, serves};

const STOP: [&str; 3] = ["stop", "--stage", "staging"];

type Lines = std::io::Lines<BufReader<ChildStderr>>;

/// A stage with version 1 everywhere, and a built release of version 2, whose operations run for
/// an hour.
fn deployed(cloud: &Cloud) -> Project {
    let project = project(cloud, &ACCOUNTS);
    approve(cloud, 1);
    project.run(["build"]).ends_with(0);
    project.run(DEPLOY).ends_with(0);
    approve(cloud, 2);
    project.run(["build"]).ends_with(0);
    cloud.aws.set_stack_set_pace(Duration::from_hours(1)).unwrap();
    project
}

/// An operation runs for an hour. The program that started it has ended.
pub(crate) fn running(cloud: &Cloud) -> Project {
    cloud.aws.set_stack_set_pace(Duration::ZERO).unwrap();
    let project = deployed(cloud);
    let (mut deploying, _lines) = until(project.command(DEPLOY), "Started");
    deploying.kill().unwrap();
    deploying.wait().unwrap();
    project
}

/// A command, after it printed a line with this text.
fn until(mut command: Command, text: &str) -> (Child, Lines) {
    let mut run = command.spawn().unwrap();
    let mut lines = BufReader::new(run.stderr.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().contains(text)), "{text}");
    (run, lines)
}

/// The status of the newest operation.
fn newest(project: &Project) -> String {
    let status = project.run(["status", "--stage", "staging", "--format", "json"]);
    let status: serde_json::Value = serde_json::from_str(&status.stdout).unwrap();
    status["last_operation"]["status"].as_str().unwrap().to_owned()
}

#[test]
fn a_running_operation_is_stopped_and_what_every_target_serves_is_shown() {
    let cloud = Cloud::new();
    let project = deployed(&cloud);
    let (mut deploying, lines) = until(project.command(DEPLOY), "Started");
    let stopped = project.run(STOP).ends_with(0).says("Stopping").says("STOPPED");
    assert_eq!(stopped.stdout.matches("InService").count(), 6, "{}", stopped.stdout);
    let rest: Vec<String> = lines.map(Result::unwrap).collect();
    assert_eq!(deploying.wait().unwrap().code(), Some(1), "the rollout starts no other operation: {rest:#?}");
    serves(&cloud, &ACCOUNTS, 1);
    // Nothing is running now.
    project.run(STOP).ends_with(4).says("no operation is running");
    cloud.aws.set_stack_set_pace(Duration::ZERO).unwrap();
    project.run(DEPLOY).ends_with(0);
    serves(&cloud, &ACCOUNTS, 2);
}

#[test]
fn a_signal_stops_the_operation_only_with_the_option() {
    let cloud = Cloud::new();
    let project = deployed(&cloud);
    let (run, _lines) = until(project.interruptible(DEPLOY), "Started");
    terminate(run);
    assert_eq!(newest(&project), "RUNNING");
    let with_option = DEPLOY.iter().chain(&["--stop-on-interrupt"]);
    let (run, lines) = until(project.interruptible(with_option), "Resuming");
    let output = terminate(run);
    let rest: Vec<String> = lines.map(Result::unwrap).collect();
    assert!(rest.iter().any(|line| line.contains("STOPPED")), "{rest:#?}");
    assert_eq!(output.matches("InService").count(), 6, "{output}");
    assert_eq!(newest(&project), "STOPPED");
    serves(&cloud, &ACCOUNTS, 1);
}

/// Sends SIGTERM, and returns what an interrupted `deploy` prints on standard output.
fn terminate(run: Child) -> String {
    assert!(Command::new("kill").args(["-s", "TERM", &run.id().to_string()]).status().unwrap().success());
    let output = run.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    String::from_utf8(output.stdout).unwrap()
}

/// Runs its arguments on a terminal: interrupts them when they print each text of the first
/// argument, separated by commas, and types `stop` at a question.
const ON_A_TERMINAL: &str = r#"
import os, pty, signal, sys
texts = sys.argv[1].split(",")
process, terminal = pty.fork()
if process == 0:
    # A shell starts its background jobs, and so these tests, with this signal ignored.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.execvp(sys.argv[2], sys.argv[2:])
seen = b""
answered = False
while True:
    try:
        read = os.read(terminal, 4096)
    except OSError:
        break
    if not read:
        break
    seen += read
    if texts and texts[0].encode() in seen:
        texts.pop(0)
        os.write(terminal, b"\x03")
    if not answered and b"Type `stop`" in seen:
        answered = True
        os.write(terminal, b"stop\n")
sys.stderr.write(seen.decode())
sys.exit(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]))
"#;

#[test]
fn on_a_terminal_the_second_interruption_stops_the_operation_after_a_question() {
    let cloud = Cloud::new();
    let project = deployed(&cloud);
    let program = project.command(DEPLOY);
    let mut command = Command::new("python3");
    command.args(["-c", ON_A_TERMINAL, "Started,Press Ctrl-C again"]).arg(program.get_program()).args(program.get_args());
    command.env_clear().envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.current_dir(program.get_current_dir().unwrap()).stdout(Stdio::null()).stderr(Stdio::piped());
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{text}");
    assert!(text.contains("Type `stop` to stop the operation") && text.contains("STOPPED"), "{text}");
    assert_eq!(newest(&project), "STOPPED");
    serves(&cloud, &ACCOUNTS, 1);
}
