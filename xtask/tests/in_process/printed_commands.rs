//! Every command in a message is valid: this program's commands are parsed here.
//!
//! `tests/end_to_end/printed_commands.rs` parses the AWS CLI's commands, and runs those that repeat a
//! request.

use std::path::Path;

use clap::{CommandFactory as _, Parser as _};
use sandbox::printed;

use command_line::Cli;

/// Sentences that start with a program's name, or contain one.
const PROSE: [&str; 9] = [
    "`cargo metadata` does not list the workspace's packages",
    "`cargo tree` does not list the dependencies",
    "xtask for {triple}, glibc {GLIBC} (release; the AWS SDK takes some minutes)",
    "cargo xtask",
    "`{command}` needs python3 with venv",
    "the package index does not serve",
    "the packages are downloaded from the Python package index of pip or uv",
    // Generated commands, which other tests run.
    "{body} | aws sagemaker-runtime {operation}",
    "{} | curl --header {}",
];

pub(crate) fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

fn is_prose(text: &str) -> bool {
    PROSE.iter().any(|prose| text.starts_with(prose))
}

/// The command with example values for its format arguments.
fn example(text: &str) -> String {
    let known = [
        ("{}/{}", "222222222222/us-east-1"),
        ("--stage {}", "--stage staging"),
        ("--stage {subject}", "--stage staging"),
        ("--stage {stage}", "--stage staging"),
        ("--reapply {again}", "--reapply 222222222222/us-east-1"),
        ("--instance {subject}", "--instance 222222222222/us-east-1"),
        ("--seed {seed}", "--seed 1"),
        ("--cases {size}", "--cases 1"),
        ("{line}", "build"),
        ("xtask {task}", "xtask test"),
        ("test-{found}", "test-prod"),
    ];
    known.iter().fold(text.to_owned(), |text, (format, example)| text.replace(format, example))
}

fn parse(words: &[&str]) -> Result<(), String> {
    match Cli::try_parse_from(std::iter::once("xtask").chain(words.iter().copied())) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == clap::error::ErrorKind::DisplayHelp => Ok(()),
        Err(error) => Err(error.to_string()),
    }
}

#[test]
fn every_command_of_this_program_in_a_message_is_valid() {
    let mut parsed = 0;
    for found in printed::commands(workspace()) {
        let text = example(&found.text);
        let words: Vec<_> = text.split(' ').collect();
        let words = match words[..] {
            ["cargo", "xtask", ref rest @ ..] | ["xtask", ref rest @ ..] if !is_prose(&text) || text.starts_with("cargo xtask ") => rest,
            _ => continue,
        };
        parse(words).unwrap_or_else(|error| panic!("{}: `{text}`: {error}", found.place));
        parsed += 1;
    }
    assert!(parsed >= 7, "{parsed} commands were found");
}

#[test]
fn every_subcommand_in_a_message_exists_and_has_the_named_options() {
    let command = Cli::command();
    let names: Vec<&str> = command.get_subcommands().map(clap::Command::get_name).collect();
    let mut parsed = 0;
    for found in printed::between_backticks(workspace()) {
        let text = example(&found.text);
        let words: Vec<_> = text.split(' ').collect();
        if words.len() < 2 || !names.contains(&words[0]) {
            continue;
        }
        // A command without a required option is only mentioned, not to be run.
        match Cli::try_parse_from(std::iter::once("xtask").chain(words)) {
            Ok(_) => parsed += 1,
            Err(error) if error.kind() == clap::error::ErrorKind::MissingRequiredArgument => parsed += 1,
            Err(error) => panic!("{}: `{text}`: {error}", found.place),
        }
    }
    assert!(parsed >= 5, "{parsed} were found");
}

#[test]
fn every_command_is_between_backticks_or_starts_a_line() {
    let loose: Vec<_> =
        printed::loose(workspace()).into_iter().filter(|found| !is_prose(&found.text) && !found.text.starts_with("  $ ")).collect();
    assert!(loose.is_empty(), "put these between backticks, where tests find them: {loose:#?}");
}

#[test]
fn every_option_in_a_message_exists() {
    let mut known = vec!["help".to_owned(), "version".to_owned()];
    options(&Cli::command(), &mut known);
    // Cargo's options, for developers.
    known.extend(["deny", "skip", "features", "bin", "test", "exact"].map(str::to_owned));
    let unknown: Vec<_> = printed::options(workspace()).into_iter().filter(|found| !known.contains(&found.text)).collect();
    assert!(unknown.is_empty(), "{unknown:#?}");
}

fn options(command: &clap::Command, known: &mut Vec<String>) {
    for argument in command.get_arguments() {
        known.extend(argument.get_long().map(str::to_owned));
        known.extend(argument.get_all_aliases().unwrap_or_default().into_iter().map(str::to_owned));
    }
    command.get_subcommands().for_each(|command| options(command, known));
}
