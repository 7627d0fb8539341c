//! `AllowedPattern`: a Java regular expression that must match the whole value.
//!
//! CloudFormation's engine is Java's (AWS CloudFormation user guide, "Parameters"). The engine here
//! never backtracks, so no pattern takes exponential time. [`java`] translates what templates
//! commonly use; every other pattern is left to CloudFormation, with a note.

mod java;

use regex_automata::meta::Regex;

/// The size limit of a compiled pattern: `(a{1000}){1000}` is a short text and a huge program.
const MAX_COMPILED: usize = 1 << 20;

/// An `AllowedPattern`.
#[derive(Debug, Clone)]
pub struct AllowedPattern {
    text: String,
    compiled: Result<Regex, String>,
}

impl AllowedPattern {
    pub(crate) fn new(text: &str) -> Self {
        let compiled = java::translate(text).and_then(|translated| {
            // Without the automata that are compiled for fast searches in long texts: compiling them for
            // a template's patterns costs more than the rest of a build, and each matches a few values.
            let engine = Regex::config().nfa_size_limit(Some(MAX_COMPILED)).dfa(false).hybrid(false).onepass(false);
            let regex = Regex::builder().configure(engine).build(&format!(r"\A(?:{translated})\z"));
            regex.map_err(|error| match error.syntax_error() {
                _ if error.size_limit().is_some() => "it is too large when its repetitions are expanded".to_owned(),
                Some(syntax) => syntax.to_string().lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned(),
                None => error.to_string(),
            })
        });
        Self { text: text.to_owned(), compiled }
    }

    /// The expression as the template has it.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Why the pattern is left to CloudFormation, if it is.
    pub fn unchecked(&self) -> Option<&str> {
        self.compiled.as_ref().err().map(String::as_str)
    }

    /// Whether the pattern matches the whole value, as in CloudFormation; none if the pattern is
    /// left to CloudFormation.
    pub fn matches(&self, value: &str) -> Option<bool> {
        self.compiled.as_ref().ok().map(|regex| regex.is_match(value))
    }
}

#[cfg(test)]
mod tests {
    use super::AllowedPattern;

    fn matches(pattern: &str, value: &str) -> bool {
        AllowedPattern::new(pattern).matches(value).unwrap_or_else(|| panic!("{pattern} is not checked"))
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
        assert!(matches("", "") && !matches("", "a") && matches("^$|a+", "aa") && matches("(^a$)", "a"));
        assert!(matches("(^$|^[a-z]+@[a-z.]+$)", "a@b.c") && matches("^((a|b)$)|^c", "b") && !matches("^a$|^b$", "ab"));
    }

    #[test]
    fn classes_are_ascii_as_in_java() {
        assert!(!matches(r"\d+", "٣") && !matches(r"[\w-]+", "é") && matches(r"\W", "é") && matches(r"[^\w]", "é"));
        assert!(matches(r"[\w+=,.@-]+(/[\w+=,.@-]+)*", "path/a+b@c-d"));
        assert!(matches(r"\\d", r"\d") && matches(r"[\\d]+", r"\d"));
        assert!(matches(r"\p{L}+", "éß") && matches(r"\pL", "é") && matches(r"[^\p{L}]\P{Lu}", "1é"));
        assert!(matches(r"[\p{L}\p{Z}\p{N}_.:/=+\-@]*", "Ä 1:/-@") && matches(r"[\s\S]*", "a\n"));
    }

    #[test]
    fn syntax_that_the_engines_read_differently_is_translated() {
        // In this engine, `--` and `~~` in a class are operators, and `\<` is the start of a word.
        assert!(matches("[+--]", ",") && matches("[a~~b]+", "~ab") && matches(r"\<a\>", "<a>"));
        // A hyphen after a class, at the start or at the end is a literal hyphen.
        assert!(matches(r"[\w-.]+", "a-.") && matches("[-a]+", "-a") && matches("[a-]+", "a-") && matches("[^-a]", "b"));
        assert!(matches("[]a]+", "]a") && matches("[a&b]+", "&"));
        // `.` does not match line terminators.
        for terminator in ["\n", "\r", "\u{85}", "\u{2028}", "\u{2029}"] {
            assert!(!matches(".", terminator), "{terminator:?}");
        }
        assert!(matches(".", "\u{1f600}") && matches(r"\x41\u0042\t", "AB\t") && matches(r"[\x20-\x7E]+", "a~ "));
        assert!(matches(r"a{2,3}b{1,}?c{2}", "aabcc") && matches(r"(a)(?:b)", "ab") && matches("a*?b+?c??", "aabb"));
    }

    #[test]
    fn rare_syntax_and_backtracking_are_left_to_cloudformation() {
        for (pattern, reason) in [
            ("(?!x).*", "look-ahead"),
            ("(?=x).*", "look-ahead"),
            ("(?<=x)a", "look-behind"),
            ("(?<!x)a", "look-behind"),
            ("(?>a+)b", "atomic group"),
            (r"(a)\1", "back-reference"),
            (r"(a)\k<n>", "back-reference"),
            ("a++", "possessive"),
            ("a*+b", "possessive"),
            ("a?+b", "possessive"),
            ("a{1,2}+b", "possessive"),
            ("(?m)^a$", "flag"),
            ("(?i)a", "flag"),
            ("(?s).", "flag"),
            ("(?<name>a)", "named group"),
            (r"\p{InGreek}", "InGreek"),
            (r"\p{Alpha}", "Alpha"),
            (r"\p{IsL}", "IsL"),
            (r"a\Z", r"\Z"),
            (r"\ba", r"\b"),
            (r"\Qa\E", r"\Q"),
            (r"\h", r"\h"),
            (r"\R", r"\R"),
            (r"\x{41}", "character number"),
            (r"\07", r"\0"),
            ("a^", "`^`"),
            ("(a$)\n", "`$`"),
            ("(a|b$)c", "`$`"),
            ("(^a$)?", "anchor"),
            ("[a", "not closed"),
            ("(a", "group"),
            ("a$\\s", "`$`"),
            ("(a{1000}){1000}", "too large"),
            (r"[^a&&b]", "&&"),
            ("[a-z&&[^m]]", "&&"),
            ("[a-&&b]", "&&"),
            ("(a|^)+", "anchor"),
            ("((^x))*", "anchor"),
            ("[a-c[x-z]]", "class inside a class"),
            ("a{,2}", "{"),
        ] {
            let found = unchecked(pattern);
            assert!(found.contains(reason), "{pattern}: {found}");
        }
    }

    #[test]
    fn catastrophic_patterns_take_linear_time() {
        // A backtracking engine would need longer than any timeout.
        let value = format!("{}!", "a".repeat(4095));
        for pattern in ["(a+)+b", "(a|aa)+b", "(.*a){12}b", "([a-z]+)*c", "(a*)*(a*)*(a*)*d"] {
            assert!(!matches(pattern, &value), "{pattern}");
        }
    }
}
