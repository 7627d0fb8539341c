//! Prints one finding: the message, its location and a hint.

use std::fmt;

use anstyle::{AnsiColor, Style};
use endpoint_test::report::is_steering;
use model_release::{Diagnostic, Level, Place};

const RED: Style = AnsiColor::Red.on_default().bold();
const YELLOW: Style = AnsiColor::Yellow.on_default().bold();
const CYAN: Style = AnsiColor::Cyan.on_default().bold();
const BLUE: Style = AnsiColor::Blue.on_default().bold();

/// A diagnostic, formatted for the terminal.
#[derive(Debug)]
pub struct Rendered<'a>(pub &'a Diagnostic);

impl fmt::Display for Rendered<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (style, word) = match self.0.level {
            Level::Error => (RED, "error"),
            Level::Warning => (YELLOW, "warning"),
            Level::Note => (CYAN, "note"),
        };
        writeln!(f, "{style}{word}{style:#}: {}", clean(&self.0.message))?;
        match &self.0.place {
            None | Some(Place::Aws { account: None, region: None }) => {}
            Some(place @ (Place::Named(_) | Place::Aws { .. })) => writeln!(f, "  {BLUE}-->{BLUE:#} {}", clean(&place.to_string()))?,
            Some(Place::Source { path, line, column, width, text }) => {
                writeln!(f, "  {BLUE}-->{BLUE:#} {}:{line}:{column}", clean(path))?;
                if let Some(text) = text {
                    excerpt(f, *line, *column, *width, text)?;
                }
            }
        }
        for detail in &self.0.details {
            writeln!(f, "  {BLUE}={BLUE:#} {}", clean(detail))?;
        }
        if let Some(hint) = &self.0.hint {
            writeln!(f, "  {CYAN}hint{CYAN:#}: {}", clean(hint))?;
        }
        Ok(())
    }
}

/// The source line with a mark under the finding; cuts long lines around it.
fn excerpt(f: &mut fmt::Formatter<'_>, line: usize, column: usize, width: usize, text: &str) -> fmt::Result {
    const WIDTH: usize = 100;
    let characters: Vec<char> = text.chars().map(|character| if is_steering(character) { ' ' } else { character }).collect();
    let column = column.clamp(1, characters.len() + 1);
    let start = column.saturating_sub(WIDTH / 2);
    let start = if characters.len() <= WIDTH { 0 } else { start };
    let shown: String = characters.iter().skip(start).take(WIDTH).collect();
    let number = line.to_string();
    let gutter = " ".repeat(number.len());
    writeln!(f, "  {gutter} {BLUE}|{BLUE:#}")?;
    writeln!(f, "  {BLUE}{number} |{BLUE:#} {}", shown.trim_end())?;
    let before = column - 1 - start;
    let marks = width.min(shown.trim_end().chars().count().saturating_sub(before)).max(1);
    writeln!(f, "  {gutter} {BLUE}|{BLUE:#} {}{RED}{}{RED:#}", " ".repeat(before), "^".repeat(marks))
}

/// Replaces control characters: text from files and responses must not control the terminal.
pub fn clean(text: &str) -> String {
    let is_control = |character: char| is_steering(character) && character != '\n';
    text.chars().map(|character| if is_control(character) { '\u{fffd}' } else { character }).collect()
}
