//! All output to the terminal: data on standard output, everything else on standard error.

use std::borrow::Cow;
use std::fmt::{self, Write as _};
use std::io::{self, IsTerminal as _, Write as _};
use std::sync::OnceLock;

use anstream::ColorChoice;
use anstyle::{AnsiColor, Style};
use endpoint_test::report::is_steering;
use model_release::Diagnostic;
use serde::Serialize;

use crate::diagnostic::Rendered;

const GREEN: Style = AnsiColor::Green.on_default().bold();
const RED: Style = AnsiColor::Red.on_default().bold();
const BOLD: Style = Style::new().bold();

/// The first error of standard output.
static LOST: OnceLock<String> = OnceLock::new();

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
    /// Markdown for a pull request.
    Markdown,
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

    /// Whether colour is printed on standard error.
    pub fn is_error_coloured() -> bool {
        anstream::AutoStream::choice(&io::stderr()) != ColorChoice::Never
    }

    /// Prints a diagnostic on standard error; in quiet mode only errors.
    pub fn diagnostic(self, diagnostic: &Diagnostic) {
        let shown = match diagnostic.level {
            model_release::Level::Error => true,
            model_release::Level::Warning | model_release::Level::Note => !self.quiet,
        };
        if shown {
            Self::err(format_args!("{}", Rendered(&(self.completed)(diagnostic))));
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
            Self::err(format_args!("{GREEN}{verb:>12}{GREEN:#} {what}\n"));
        }
    }

    /// Prints a failed step, such as `FAILED  222222222222/us-east-1`, on standard error.
    pub fn bad_step(self, verb: &str, what: impl std::fmt::Display) {
        if !self.quiet {
            Self::err(format_args!("{RED}{verb:>12}{RED:#} {what}\n"));
        }
    }

    /// Prints a heading on standard error.
    pub fn heading(self, text: &str) {
        if !self.quiet {
            Self::err(format_args!("\n{BOLD}{text}{BOLD:#}\n"));
        }
    }

    /// Prints a line on standard error.
    pub fn line(self, text: impl std::fmt::Display) {
        if !self.quiet {
            Self::err(format_args!("{text}\n"));
        }
    }

    /// Whether to draw progress: only on a terminal, and without `--quiet` and the SDK's log.
    pub fn shows_progress(self) -> bool {
        !self.quiet && self.verbose < 2 && std::io::stderr().is_terminal()
    }

    /// Prints the command's result: `text`, or `data` as JSON. A closed pipe is not an error.
    ///
    /// # Panics
    ///
    /// If `data` cannot be JSON, such as a map whose keys are not strings.
    pub fn result<T: Serialize>(self, data: &T, text: impl std::fmt::Display) {
        match self.format {
            // A command with Markdown of its own passes it as the text.
            Format::Text | Format::Markdown => Self::out(&format!("{text}\n")),
            Format::Json => {
                let mut json = serde_json::to_string_pretty(data).expect("plain data always serializes");
                json.push('\n');
                Self::out(&escaped(&json));
            }
        }
    }

    /// Prints text unchanged on standard output. [`Printer::lost_output`] has the error.
    pub fn out(text: &str) {
        let mut out = anstream::stdout();
        let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
        if let Some(error) = written.err().filter(|error| error.kind() != io::ErrorKind::BrokenPipe) {
            let _ = LOST.set(error.to_string());
        }
    }

    /// Why a result could not be printed, if there was an error other than a closed pipe.
    pub fn lost_output() -> Option<Diagnostic> {
        let error = LOST.get()?;
        let hint = "free space where standard output is written, and run the command again";
        Some(Diagnostic::error(format!("the result could not be written to standard output: {error}")).with_hint(hint))
    }

    /// Prints on standard error. There is no place left to report that this fails.
    fn err(text: fmt::Arguments<'_>) {
        let _ = anstream::stderr().write_fmt(text);
    }
}

/// JSON with escapes for characters that control a terminal or reverse its text. They are only in
/// strings, so the value is the same.
fn escaped(json: &str) -> Cow<'_, str> {
    let steers = |character: char| is_steering(character) && character != '\n';
    if !json.contains(steers) {
        return Cow::Borrowed(json);
    }
    let escape = |mut escaped: String, character: char| {
        if steers(character) {
            // Writing to a string cannot fail.
            for unit in character.encode_utf16(&mut [0; 2]) {
                let _ = write!(escaped, "\\u{unit:04x}");
            }
        } else {
            escaped.push(character);
        }
        escaped
    };
    Cow::Owned(json.chars().fold(String::new(), escape))
}

#[cfg(test)]
mod tests;
