//! `AllowedPattern`: a Java regular expression that must match the whole value.
//!
//! CloudFormation's engine is Java's (AWS CloudFormation user guide, "Parameters"). This crate's never backtracks: a pattern cannot run
//! away, whatever it and the value are, and what only a backtracking engine can do is said to be unchecked. Where both engines
//! read the same text differently, [`java`] translates.

mod java;

use regex::{Regex, RegexBuilder};

/// How large a compiled pattern may become: `(a{1000}){1000}` is a short text and a huge program.
const MAX_COMPILED: usize = 1 << 20;

/// An `AllowedPattern`.
#[derive(Debug, Clone)]
pub struct AllowedPattern {
    text: String,
    compiled: Result<Compiled, String>,
}

#[derive(Debug, Clone)]
struct Compiled {
    regex: Regex,
    /// What the two engines see differently in characters beyond ASCII, if anything.
    ascii_only: Option<&'static str>,
}

impl AllowedPattern {
    pub(crate) fn new(text: &str) -> Self {
        let compiled = java::translate(text).and_then(|translated| {
            let regex = RegexBuilder::new(&format!(r"\A(?:{})\z", translated.text)).size_limit(MAX_COMPILED).build();
            let regex = regex.map_err(|error| match error {
                regex::Error::CompiledTooBig(_) => "it grows too large when its repetitions are written out".to_owned(),
                error => error.to_string().lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned(),
            })?;
            Ok(Compiled { regex, ascii_only: translated.ascii_only })
        });
        Self { text: text.to_owned(), compiled }
    }

    /// The expression as the template has it.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Why the pattern cannot be checked at all, if so.
    pub fn unchecked(&self) -> Option<&str> {
        self.compiled.as_ref().err().map(String::as_str)
    }

    /// Whether the pattern matches the whole value, as CloudFormation decides it; why that cannot be told, otherwise.
    pub fn matches(&self, value: &str) -> Result<bool, &str> {
        match &self.compiled {
            Err(reason) => Err(reason),
            Ok(Compiled { ascii_only: Some(reason), .. }) if !value.is_ascii() => Err(reason),
            Ok(compiled) => Ok(compiled.regex.is_match(value)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::AllowedPattern;

    fn matches(pattern: &str, value: &str) -> bool {
        AllowedPattern::new(pattern).matches(value).unwrap_or_else(|reason| panic!("{pattern}: {reason}"))
    }

    fn unchecked(pattern: &str) -> String {
        AllowedPattern::new(pattern).unchecked().unwrap_or_else(|| panic!("{pattern} is checked")).to_owned()
    }

    #[test]
    fn the_whole_value_must_match() {
        assert!(matches("^[a-zA-Z](-*[a-zA-Z0-9])*", "iris-2"));
        assert!(!matches("^[a-zA-Z](-*[a-zA-Z0-9])*", "iris-"));
        assert!(matches("^(a|b)$", "a") && matches("a|b", "b") && !matches("a|b", "ab"));
        assert!(!matches("a", "a\n") && !matches("a$", "a\n"));
        assert!(matches("", "") && !matches("", "a") && matches("^$|a+", "aa") && matches("(^a$)?", "a"));
    }

    #[test]
    fn classes_are_ascii_as_in_java() {
        assert!(!matches(r"\d+", "٣") && !matches(r"[\w-]+", "é") && matches(r"\W", "é") && matches(r"[^\w]", "é"));
        assert!(matches(r"[\w+=,.@-]+(/[\w+=,.@-]+)*", "path/a+b@c-d"));
        assert!(matches(r"\\d", r"\d") && matches(r"[\\d]+", r"\d"));
        assert!(matches(r"\p{Alpha}\p{Punct}\p{Digit}", "a$1") && !matches(r"\p{Alpha}", "é") && matches(r"\P{Upper}", "É"));
        assert!(matches(r"\p{L}+", "éß") && matches(r"\pL", "é") && matches(r"\p{IsL}", "é"));
        assert!(matches(r"[\p{Lower}_]+", "a_b") && matches(r"[[:x]]", ":"));
    }

    #[test]
    fn what_both_engines_write_alike_and_read_differently_is_translated() {
        // In this engine `--` and `~~` in a class are operators, and `\<` is the start of a word.
        assert!(matches("[+--]", ",") && matches("[a~~b]+", "~ab") && matches(r"\<a\>", "<a>"));
        // A hyphen after a class, at the start and at the end is a hyphen.
        assert!(matches(r"[\w-.]+", "a-.") && matches("[-a]+", "-a") && matches("[a-]+", "a-") && matches("[^-a]", "b"));
        assert!(matches("[]a]+", "]a") && matches("[a-c[x-z]]+", "axc") && matches("[a-z&&[^m]]", "a") && !matches("[a-z&&[^m]]", "m"));
        // No line terminator is a `.`, unless DOTALL says so.
        for terminator in ["\n", "\r", "\u{85}", "\u{2028}", "\u{2029}"] {
            assert!(!matches(".", terminator) && matches("(?s).", terminator), "{terminator:?}");
        }
        assert!(matches(".", "\u{1f600}") && matches(r"\Qa.b*\E+", "a.b**") && matches(r"\h\v\R", "\u{a0}\u{2028}\r\n"));
        assert!(matches(r"\x41\u0042\t\e\cA\07", "AB\t\u{1b}\u{1}\u{7}"));
        assert!(matches(r"a{2,3}b{1,}?c{2}", "aabcc") && matches(r"(?<name>a)(?:b)", "ab") && matches("a*?b+?c??", "aabb"));
    }

    #[test]
    fn what_only_a_backtracking_engine_can_do_is_said_and_not_guessed() {
        for (pattern, reason) in [
            ("(?!x).*", "look-ahead"),
            ("(?=x).*", "look-ahead"),
            ("(?<=x)a", "look-behind"),
            ("(?<!x)a", "look-behind"),
            ("(?>a+)b", "atomic group"),
            (r"(a)\1", "back-reference"),
            (r"(?<n>a)\k<n>", "back-reference"),
            ("a++", "possessive"),
            ("a*+b", "possessive"),
            ("a?+b", "possessive"),
            ("a{1,2}+b", "possessive"),
            ("(?m)^a$", "flag"),
            ("(?x) a", "flag"),
            (r"\p{InGreek}", "InGreek"),
            (r"a\Z", r"\Z"),
            ("[a", "does not end"),
            ("(a", "group"),
            ("a$\\s", "`$`"),
            ("(a{1000}){1000}", "too large"),
            (r"[^a&&b]", "&&"),
            ("[a&&]", "&&"),
            ("[a-z&&[^m]&&[^n]]", "&&"),
            ("(a|^)+", "anchor"),
            (r"((\bx))*", "anchor"),
            ("a{,2}", "{"),
        ] {
            let found = unchecked(pattern);
            assert!(found.contains(reason), "{pattern}: {found}");
        }
    }

    #[test]
    fn beyond_ascii_a_case_or_a_word_boundary_is_not_decided() {
        let pattern = AllowedPattern::new(r"(?i)\bk+");
        assert_eq!(pattern.matches("KK"), Ok(true));
        assert_eq!(pattern.matches("x"), Ok(false));
        assert!(pattern.matches("\u{212a}").is_err());
    }

    #[test]
    fn a_pattern_that_runs_away_elsewhere_does_not_here() {
        // Where it runs away, it does so for longer than anybody waits.
        let value = format!("{}!", "a".repeat(4095));
        for pattern in ["(a+)+b", "(a|aa)+b", "(.*a){12}b", "([a-z]+)*c", "(a*)*(a*)*(a*)*d"] {
            assert!(!matches(pattern, &value), "{pattern}");
        }
    }
}
