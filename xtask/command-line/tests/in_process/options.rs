//! The command line is consistent, its help is short, and the option tables of `docs/commands.md`
//! are current.
//!
//! A table is between `<!-- options: COMMAND -->` and `<!-- end of options -->`. `COMMAND besides
//! OTHER` omits the options of OTHER.

use std::fmt::Write as _;
use std::path::Path;

use clap::error::ErrorKind;
use clap::{Arg, ArgAction, Command, CommandFactory as _, Parser as _};

use super::{Cli, DEVELOPER_TASKS, explained};

const PAGE: &str = "docs/commands.md";
const BEGIN: &str = "<!-- options: ";
const END: &str = "<!-- end of options -->";
const UPDATE: &str = "UPDATE_COMMANDS=1 cargo test -p command-line";

fn find<'a>(root: &'a Command, path: &str) -> &'a Command {
    path.split(' ')
        .fold(root, |command, name| command.find_subcommand(name).unwrap_or_else(|| panic!("{PAGE}: there is no command `{path}`")))
}

/// The visible options of a command, without the global ones.
fn own(command: &Command) -> Vec<&Arg> {
    let shown = |argument: &&Arg| !argument.is_hide_set() && !argument.is_global_set() && argument.get_id() != "version";
    command.get_arguments().filter(shown).collect()
}

/// The options of a marker.
fn options<'a>(root: &'a Command, marker: &str) -> Vec<&'a Arg> {
    if marker == "global" {
        return root.get_arguments().filter(|argument| argument.is_global_set()).collect();
    }
    let (command, other) = marker.split_once(" besides ").map_or((marker, None), |(command, other)| (command, Some(other)));
    let known: Vec<_> = other.into_iter().flat_map(|other| own(find(root, other))).map(Arg::get_id).collect();
    own(find(root, command)).into_iter().filter(|argument| !known.contains(&argument.get_id())).collect()
}

fn flag(argument: &Arg) -> String {
    let names = argument.get_value_names().unwrap_or_default();
    let takes_value = matches!(argument.get_action(), ArgAction::Set | ArgAction::Append);
    let value = names.first().filter(|_| takes_value).map(clap::builder::Str::as_str);
    match (argument.get_long(), value) {
        (None, _) => format!("`{}`", value.unwrap_or_else(|| argument.get_id().as_str())),
        (Some(long), Some(value)) if argument.is_require_equals_set() => format!("`--{long}[={value}]`"),
        (Some(long), Some(value)) => format!("`--{long} {value}`"),
        (Some(long), None) => argument.get_short().map_or_else(|| format!("`--{long}`"), |short| format!("`-{short}`, `--{long}`")),
    }
}

fn default(argument: &Arg, in_help: Option<&str>) -> String {
    let values: Vec<_> = argument.get_default_values().iter().map(|value| value.to_string_lossy()).collect();
    match in_help {
        Some(text) if text.contains(' ') => text.to_owned(),
        Some(text) => format!("`{text}`"),
        None if argument.is_required_set() => "required".to_owned(),
        None if values.is_empty() || !matches!(argument.get_action(), ArgAction::Set | ArgAction::Append) => String::new(),
        None => format!("`{}`", values.join(",")),
    }
}

fn row(argument: &Arg) -> String {
    let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
    let (help, in_help) = match help.split_once(" [default: ") {
        Some((help, rest)) => (help.to_owned(), Some(rest.trim_end_matches(']').to_owned())),
        None => (help, None),
    };
    let values: Vec<_> = argument.get_possible_values().iter().map(|value| format!("`{}`", value.get_name())).collect();
    let values =
        if argument.get_action().takes_values() && !values.is_empty() { format!(": {}", values.join(", ")) } else { String::new() };
    let variable = argument.get_env().map(|name| format!("`{}`", name.to_string_lossy())).unwrap_or_default();
    let cells = [flag(argument), variable, default(argument, in_help.as_deref()), format!("{help}{values}")];
    format!("| {} |\n", cells.join(" | ")).replace("|  ", "| ")
}

/// The tables of a marker, one for each heading.
fn tables(root: &Command, marker: &str) -> String {
    let options = options(root, marker);
    assert!(!options.is_empty(), "{PAGE}: `{marker}` has no options");
    let mut headings: Vec<Option<&str>> = Vec::new();
    for option in &options {
        if !headings.contains(&option.get_help_heading()) {
            headings.push(option.get_help_heading());
        }
    }
    let mut text = String::new();
    for heading in &headings {
        let title = heading.filter(|_| headings.len() > 1).unwrap_or("option");
        let _ = write!(text, "\n| {title} | variable | default | |\n|---|---|---|---|\n");
        options.iter().filter(|option| option.get_help_heading() == *heading).for_each(|option| text.push_str(&row(option)));
    }
    text.push('\n');
    text
}

/// The page with current tables, and its markers.
fn fresh(root: &Command, page: &str) -> (String, Vec<String>) {
    let mut parts = page.split(BEGIN);
    let mut text = parts.next().unwrap_or_default().to_owned();
    let mut markers = Vec::new();
    for part in parts {
        let (marker, rest) = part.split_once(" -->\n").unwrap_or_else(|| panic!("{PAGE}: a marker has no end: {part:.60}"));
        let (_, after) = rest.split_once(END).unwrap_or_else(|| panic!("{PAGE}: `{marker}` has no `{END}`"));
        let _ = write!(text, "{BEGIN}{marker} -->\n{}{END}{after}", tables(root, marker));
        markers.push(marker.to_owned());
    }
    (text, markers)
}

/// Every command with options, by its path.
fn commands(command: &Command, path: &str, found: &mut Vec<String>) {
    for subcommand in command.get_subcommands() {
        let path = format!("{path} {}", subcommand.get_name()).trim_start().to_owned();
        commands(subcommand, &path, found);
        if !own(subcommand).is_empty() {
            found.push(path);
        }
    }
}

#[test]
fn every_command_has_a_current_table_of_its_options() {
    let mut root = Cli::command();
    root.build();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(PAGE);
    let page = std::fs::read_to_string(&path).unwrap();
    let (fresh, markers) = fresh(&root, &page);
    if std::env::var_os("UPDATE_COMMANDS").is_some() {
        std::fs::write(&path, &fresh).unwrap();
    } else {
        assert!(page == fresh, "the tables of {PAGE} are stale: run `{UPDATE}`");
    }
    let mut expected = vec!["global".to_owned()];
    commands(&root, "", &mut expected);
    // Both have one table.
    expected.retain(|command| command != "test-prod" && !command.starts_with("help") && !DEVELOPER_TASKS.contains(&command.as_str()));
    let documented: Vec<_> = markers.iter().map(|marker| marker.split(" besides ").next().unwrap_or_default()).collect();
    let missing: Vec<_> = expected.iter().filter(|command| !documented.contains(&command.as_str())).collect();
    assert!(missing.is_empty(), "{PAGE} has no `{BEGIN}{} -->`", missing[0]);
}

#[test]
fn the_command_line_is_consistent() {
    Cli::command().debug_assert();
}

#[test]
fn every_help_text_is_one_line_without_a_period() {
    fn check(command: &Command) {
        let texts = command.get_arguments().filter_map(Arg::get_help).chain(command.get_about());
        for text in texts.map(ToString::to_string) {
            assert!(!text.ends_with('.') && !text.contains('\n') && text.len() <= 115, "{}: `{text}`", command.get_name());
            assert!(text.starts_with(|first: char| first.is_ascii_uppercase()), "{}: `{text}`", command.get_name());
        }
        assert!(command.get_arguments().all(|argument| argument.get_long_help().is_none()), "{}", command.get_name());
        command.get_subcommands().for_each(check);
    }
    check(&Cli::command());
}

#[test]
fn a_developers_task_is_listed_if_it_is_compiled_in_and_otherwise_needs_the_workspace() {
    let is_there = cfg!(feature = "dev");
    let help = Cli::command().render_help().to_string();
    for task in DEVELOPER_TASKS {
        let error = explained(Cli::try_parse_from(["xtask", task, "--help"]).unwrap_err());
        assert_eq!(error.kind(), if is_there { ErrorKind::DisplayHelp } else { ErrorKind::InvalidSubcommand }, "{error}");
        assert_eq!(error.exit_code(), if is_there { 0 } else { 2 });
        assert!(is_there || error.to_string().contains("needs this program's source workspace"), "{error}");
        assert_eq!(help.contains(&format!("\n  {task} ")), is_there, "{help}");
    }
}
