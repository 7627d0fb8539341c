//! The one place that writes to the terminal: data on standard output, everything else on standard error.

use std::io::{IsTerminal as _, Write as _};

use anstream::ColorChoice;
use anstyle::{AnsiColor, Style};
use model_release::Diagnostic;
use serde::Serialize;

use crate::diagnostic::Rendered;
use crate::hints::completed;

const GREEN: Style = AnsiColor::Green.on_default().bold();
const RED: Style = AnsiColor::Red.on_default().bold();
const BOLD: Style = Style::new().bold();

/// How the caller wants to be talked to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Printer {
    /// Only errors, and the data that was asked for.
    pub(crate) quiet: bool,
    /// 0 to 2; at 2 the SDK's own log is shown.
    pub(crate) verbose: u8,
    /// The shape of the data on standard output.
    pub(crate) format: Format,
}

/// The shape of the data on standard output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub(crate) enum Format {
    #[default]
    Text,
    Json,
}

impl Printer {
    /// Sets what colour the whole process uses; `NO_COLOR` and terminals are looked at in `auto`.
    pub(crate) fn set_colour(choice: ColorChoice) {
        choice.write_global();
    }

    /// What this process was told of colour, for a process that it starts.
    pub(crate) fn colour() -> &'static str {
        match ColorChoice::global() {
            ColorChoice::Always | ColorChoice::AlwaysAnsi => "always",
            ColorChoice::Never => "never",
            ColorChoice::Auto => "auto",
        }
    }

    /// A diagnostic, on standard error; notes only when they were asked for.
    pub(crate) fn diagnostic(self, diagnostic: &Diagnostic) {
        let shown = match diagnostic.level {
            model_release::Level::Error => true,
            model_release::Level::Warning | model_release::Level::Note => !self.quiet,
        };
        if shown {
            anstream::eprint!("{}", Rendered(&completed(diagnostic)));
        }
    }

    /// Several diagnostics.
    pub(crate) fn diagnostics(self, diagnostics: &[Diagnostic]) {
        for diagnostic in diagnostics {
            self.diagnostic(diagnostic);
        }
    }

    /// Each diagnostic once, whatever stages share it. That a template declares less than the pipeline knows is its author's choice, and no
    /// news on every run: it is shown only when more is wanted.
    pub(crate) fn diagnostics_once(self, diagnostics: Vec<Diagnostic>) {
        let mut seen = std::collections::BTreeSet::new();
        let is_news = |diagnostic: &Diagnostic| self.verbose > 0 || diagnostic.code != Some("not-passed");
        for diagnostic in diagnostics.into_iter().filter(is_news) {
            if seen.insert(diagnostic.clone()) {
                self.diagnostic(&diagnostic);
            }
        }
    }

    /// A step that was done, such as `Chosen  version 13`, on standard error.
    pub(crate) fn step(self, verb: &str, what: impl std::fmt::Display) {
        if !self.quiet {
            anstream::eprintln!("{GREEN}{verb:>12}{GREEN:#} {what}");
        }
    }

    /// A step that did not go well, such as `FAILED  222222222222/us-east-1`, on standard error.
    pub(crate) fn bad_step(self, verb: &str, what: impl std::fmt::Display) {
        if !self.quiet {
            anstream::eprintln!("{RED}{verb:>12}{RED:#} {what}");
        }
    }

    /// A heading of a longer story, on standard error.
    pub(crate) fn heading(self, text: &str) {
        if !self.quiet {
            anstream::eprintln!("\n{BOLD}{text}{BOLD:#}");
        }
    }

    /// A line of a longer story, on standard error.
    pub(crate) fn say(self, text: impl std::fmt::Display) {
        if !self.quiet {
            anstream::eprintln!("{text}");
        }
    }

    /// Whether progress may be drawn: on a terminal, and not when the caller wants silence or the log.
    pub(crate) fn shows_progress(self) -> bool {
        !self.quiet && self.verbose < 2 && std::io::stderr().is_terminal()
    }

    /// The command's result on standard output: `text` for people, or `data` as JSON. A reader that went away is no error.
    pub(crate) fn result<T: Serialize>(self, data: &T, text: impl std::fmt::Display) {
        match self.format {
            Format::Text => Self::out(&format!("{text}\n")),
            Format::Json => {
                let mut json = serde_json::to_string_pretty(data).expect("plain data always serialises");
                json.push('\n');
                Self::out(&json);
            }
        }
    }

    /// Text as it is on standard output.
    pub(crate) fn out(text: &str) {
        let _ = anstream::stdout().write_all(text.as_bytes());
        let _ = anstream::stdout().flush();
    }
}
