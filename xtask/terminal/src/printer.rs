//! All output to the terminal: data on standard output, everything else on standard error.

use std::borrow::Cow;
use std::io::{IsTerminal as _, Write as _};

use anstream::ColorChoice;
use anstyle::{AnsiColor, Style};
use model_release::Diagnostic;
use serde::Serialize;

use crate::diagnostic::Rendered;

const GREEN: Style = AnsiColor::Green.on_default().bold();
const RED: Style = AnsiColor::Red.on_default().bold();
const BOLD: Style = Style::new().bold();

/// The output settings.
#[derive(Debug, Clone, Copy)]
pub struct Printer {
    /// Print only errors and the result.
    pub quiet: bool,
    /// 0 to 2; 2 also prints the SDK's log.
    pub verbose: u8,
    /// The format of the data on standard output.
    pub format: Format,
    /// The finding with the program's own option and hint: the libraries know none.
    pub completed: fn(&Diagnostic) -> Cow<'_, Diagnostic>,
}

/// The format of the data on standard output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Format {
    /// Text for people.
    #[default]
    Text,
    /// JSON for programs.
    Json,
}

impl Printer {
    /// Sets the process's use of colour; `auto` depends on `NO_COLOR` and the terminal.
    pub fn set_colour(choice: ColorChoice) {
        choice.write_global();
    }

    /// The value of `--color`, for a process that this one starts.
    pub fn colour() -> &'static str {
        match ColorChoice::global() {
            ColorChoice::Always | ColorChoice::AlwaysAnsi => "always",
            ColorChoice::Never => "never",
            ColorChoice::Auto => "auto",
        }
    }

    /// Prints a diagnostic on standard error; in quiet mode only errors.
    pub fn diagnostic(self, diagnostic: &Diagnostic) {
        let shown = match diagnostic.level {
            model_release::Level::Error => true,
            model_release::Level::Warning | model_release::Level::Note => !self.quiet,
        };
        if shown {
            anstream::eprint!("{}", Rendered(&(self.completed)(diagnostic)));
        }
    }

    /// Prints several diagnostics.
    pub fn diagnostics(self, diagnostics: &[Diagnostic]) {
        for diagnostic in diagnostics {
            self.diagnostic(diagnostic);
        }
    }

    /// Prints each diagnostic once, even if both stages have it. Pipeline values that the template
    /// does not declare are reported only in verbose mode.
    pub fn diagnostics_once(self, diagnostics: Vec<Diagnostic>) {
        let mut seen = std::collections::BTreeSet::new();
        let is_shown = |diagnostic: &Diagnostic| self.verbose > 0 || diagnostic.code != Some("not-passed");
        for diagnostic in diagnostics.into_iter().filter(is_shown) {
            if seen.insert(diagnostic.clone()) {
                self.diagnostic(&diagnostic);
            }
        }
    }

    /// Prints a finished step, such as `Chosen  version 13`, on standard error.
    pub fn step(self, verb: &str, what: impl std::fmt::Display) {
        if !self.quiet {
            anstream::eprintln!("{GREEN}{verb:>12}{GREEN:#} {what}");
        }
    }

    /// Prints a failed step, such as `FAILED  222222222222/us-east-1`, on standard error.
    pub fn bad_step(self, verb: &str, what: impl std::fmt::Display) {
        if !self.quiet {
            anstream::eprintln!("{RED}{verb:>12}{RED:#} {what}");
        }
    }

    /// Prints a heading on standard error.
    pub fn heading(self, text: &str) {
        if !self.quiet {
            anstream::eprintln!("\n{BOLD}{text}{BOLD:#}");
        }
    }

    /// Prints a line on standard error.
    pub fn line(self, text: impl std::fmt::Display) {
        if !self.quiet {
            anstream::eprintln!("{text}");
        }
    }

    /// Whether to draw progress: only on a terminal, and without `--quiet` and the SDK's log.
    pub fn shows_progress(self) -> bool {
        !self.quiet && self.verbose < 2 && std::io::stderr().is_terminal()
    }

    /// Prints the command's result: `text`, or `data` as JSON. A closed pipe is not an error.
    pub fn result<T: Serialize>(self, data: &T, text: impl std::fmt::Display) {
        match self.format {
            Format::Text => Self::out(&format!("{text}\n")),
            Format::Json => {
                let mut json = serde_json::to_string_pretty(data).expect("plain data always serializes");
                json.push('\n');
                Self::out(&json);
            }
        }
    }

    /// Prints text unchanged on standard output.
    pub fn out(text: &str) {
        let _ = anstream::stdout().write_all(text.as_bytes());
        let _ = anstream::stdout().flush();
    }
}
