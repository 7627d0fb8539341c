//! Signals end a program that does not react to them.
#![cfg(unix)]

use std::io::{BufRead as _, BufReader, Lines};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};

use terminal::{interrupted, interrupted_again};

/// Tells this program to be the interrupted one, and in which way.
const ROLE: &str = "INTERRUPTED_AS";

/// A program that [`role`] plays, after it printed that it is ready.
fn program(role: &str) -> (Child, Lines<BufReader<ChildStdout>>) {
    started_by(with_default_signals(std::env::current_exe().unwrap()), role)
}

/// The tests can themselves run where signals are ignored: under `nohup`, or in the background of a
/// script.
fn with_default_signals(program: PathBuf) -> Command {
    if !cfg!(target_os = "linux") {
        return Command::new(program);
    }
    let mut command = Command::new("env");
    command.arg("--default-signal").arg(program);
    command
}

/// The same, started by a command that runs it with its arguments.
fn started_by(mut command: Command, role: &str) -> (Child, Lines<BufReader<ChildStdout>>) {
    command.args(["--exact", "role", "--nocapture"]).env(ROLE, role).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().ends_with("ready")));
    (child, lines)
}

fn send(signal: &str, child: &Child) {
    assert!(Command::new("kill").args([format!("-{signal}"), child.id().to_string()]).status().unwrap().success());
}

/// What a program does that another test starts; nothing if it was not.
#[test]
#[expect(clippy::print_stdout, reason = "its parent reads it")]
fn role() {
    let Ok(role) = std::env::var(ROLE) else { return };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    runtime.block_on(async {
        let interruption = interrupted();
        match role.as_str() {
            "unheard" => drop(interruption),
            "busy" => {
                println!("\nready");
                loop {
                    std::hint::spin_loop();
                }
            }
            "twice" => {
                println!("\nready");
                interruption.await;
                let again = interrupted_again();
                println!("\ninterrupted");
                again.await;
                println!("\ninterrupted again");
                std::future::pending::<()>().await;
            }
            _ => {
                println!("\nready");
                interruption.await;
                // One that comes later knows it at once.
                interrupted().await;
                println!("\ninterrupted");
                std::future::pending::<()>().await;
            }
        }
        println!("\nready");
        std::future::pending::<()>().await;
    });
}

#[test]
fn the_first_signal_is_reported_and_the_second_ends_the_program() {
    for (signal, code) in [("HUP", 129), ("INT", 130), ("TERM", 143)] {
        let (mut child, mut lines) = program("waiting");
        send(signal, &child);
        assert!(lines.any(|line| line.unwrap() == "interrupted"));
        send(signal, &child);
        assert_eq!(child.wait().unwrap().code(), Some(code));
    }
}

#[test]
fn a_second_signal_can_be_waited_for_and_the_third_ends_the_program() {
    let (mut child, mut lines) = program("twice");
    for line_after in ["interrupted", "interrupted again"] {
        send("INT", &child);
        assert!(lines.any(|line| line.unwrap() == line_after));
    }
    send("TERM", &child);
    assert_eq!(child.wait().unwrap().code(), Some(130), "the code is that of the first signal");
}

#[test]
fn a_second_signal_ends_a_program_that_never_waits() {
    let (mut child, _lines) = program("busy");
    // Two of one kind can become one.
    send("TERM", &child);
    send("INT", &child);
    let code = child.wait().unwrap().code();
    assert!([Some(130), Some(143)].contains(&code), "{code:?}");
}

#[test]
fn a_signal_that_nothing_waits_for_ends_the_program() {
    let (mut child, _lines) = program("unheard");
    send("TERM", &child);
    assert_eq!(child.wait().unwrap().code(), Some(143));
}

#[cfg(target_os = "linux")]
#[test]
fn a_signal_that_the_caller_ignores_stays_ignored() {
    let mut command = Command::new("env");
    command.args(["--default-signal", "--ignore-signal=HUP"]).arg(std::env::current_exe().unwrap());
    let (mut child, mut lines) = started_by(command, "waiting");
    send("HUP", &child);
    send("TERM", &child);
    assert!(lines.any(|line| line.unwrap() == "interrupted"));
    send("TERM", &child);
    // The code is that of the first signal.
    assert_eq!(child.wait().unwrap().code(), Some(143));
}
