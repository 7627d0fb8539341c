//! Java's regular expressions in the words of this engine.
//!
//! Source: the documentation of `java.util.regex.Pattern`. The translation knows what it writes: every literal is escaped, every class is
//! written out, and what has no counterpart is an error that says what it is.

/// A pattern in this engine's words.
pub(super) struct Translated {
    pub(super) text: String,
    /// What the engines see differently in characters beyond ASCII, if anything.
    pub(super) ascii_only: Option<&'static str>,
}

const DIGIT: &str = "0-9";
const WORD: &str = "a-zA-Z0-9_";
const SPACE: &str = r" \t\n\x0B\f\r";
const HORIZONTAL: &str = r" \t\u{A0}\u{1680}\u{180E}\u{2000}-\u{200A}\u{202F}\u{205F}\u{3000}";
const VERTICAL: &str = r"\n\x0B\f\r\u{85}\u{2028}\u{2029}";
/// What `.` does not match.
const TERMINATORS: &str = r"\n\r\u{85}\u{2028}\u{2029}";

/// Java's classes of ASCII characters that `\p` names.
const POSIX: [(&str, &str); 13] = [
    ("Lower", "a-z"),
    ("Upper", "A-Z"),
    ("ASCII", r"\x00-\x7F"),
    ("Alpha", "a-zA-Z"),
    ("Digit", "0-9"),
    ("Alnum", "a-zA-Z0-9"),
    ("Punct", r"!-/:-@\[-`{-~"),
    ("Graph", "!-~"),
    ("Print", " -~"),
    ("Blank", r" \t"),
    ("Cntrl", r"\x00-\x1F\x7F"),
    ("XDigit", "0-9a-fA-F"),
    ("Space", SPACE),
];

/// The general categories that both engines call alike.
const CATEGORIES: [&str; 38] = [
    "L", "Lu", "Ll", "Lt", "Lm", "Lo", "M", "Mn", "Mc", "Me", "N", "Nd", "Nl", "No", "P", "Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "S",
    "Sm", "Sc", "Sk", "So", "Z", "Zs", "Zl", "Zp", "C", "Cc", "Cf", "Co", "Cn", "Cs", "LC",
];

pub(super) fn translate(pattern: &str) -> Result<Translated, String> {
    let mut translator =
        Translator { rest: pattern, out: String::new(), ascii_only: None, dot_all: false, anchored: vec![false], depth: 0 };
    translator.pattern()?;
    Ok(Translated { text: translator.out, ascii_only: translator.ascii_only })
}

struct Translator<'a> {
    rest: &'a str,
    out: String,
    ascii_only: Option<&'static str>,
    dot_all: bool,
    /// Of each group that is open, whether it has an anchor.
    anchored: Vec<bool>,
    /// How deep classes nest.
    depth: usize,
}

/// One escape sequence.
enum Escape {
    Literal(char),
    /// The members of a class, and whether all others are meant.
    Class(String, bool),
    /// Anything that no class can hold.
    Other(&'static str),
}

impl Translator<'_> {
    fn next(&mut self) -> Option<char> {
        let mut characters = self.rest.chars();
        let next = characters.next()?;
        self.rest = characters.as_str();
        Some(next)
    }

    fn eat(&mut self, text: &str) -> bool {
        let rest = self.rest.strip_prefix(text);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn pattern(&mut self) -> Result<(), String> {
        while let Some(character) = self.next() {
            match character {
                '\\' if self.eat("Q") => self.quoted(),
                '\\' => match self.escape()? {
                    Escape::Literal(character) => literal(&mut self.out, character),
                    Escape::Class(members, negated) => self.class_of(&members, negated),
                    Escape::Other(text) => {
                        self.anchor();
                        self.out.push_str(text);
                    }
                },
                '[' => {
                    let class = self.class()?;
                    self.out.push_str(&class);
                }
                '.' if self.dot_all => self.out.push_str("(?s:.)"),
                '.' => self.class_of(TERMINATORS, true),
                '(' => self.group()?,
                ')' => {
                    let anchored = self.anchored.pop().filter(|_| !self.anchored.is_empty()).ok_or("a group ends that did not begin")?;
                    // An empty turn of a loop ends it in Java, whatever turns are still to come.
                    if anchored && self.rest.starts_with(['*', '+', '{']) {
                        return Err("it repeats a part with an anchor in it".to_owned());
                    }
                    if anchored {
                        self.anchor();
                    }
                    self.out.push(')');
                }
                '*' | '+' | '?' => {
                    self.out.push(character);
                    self.after_quantifier()?;
                }
                '{' => self.repetition()?,
                // Within the text Java's `$` also stands before a last line terminator, which a later part could then match.
                '$' if !(self.rest.is_empty() || self.rest.starts_with(['|', ')'])) => {
                    return Err("it has a `$` that is not at an end".to_owned());
                }
                '|' => self.out.push(character),
                '^' | '$' => {
                    self.anchor();
                    self.out.push(character);
                }
                other => literal(&mut self.out, other),
            }
        }
        if self.anchored.len() > 1 {
            return Err("a group does not end".to_owned());
        }
        Ok(())
    }

    fn class_of(&mut self, members: &str, negated: bool) {
        self.out.push_str(if negated { "[^" } else { "[" });
        self.out.push_str(members);
        self.out.push(']');
    }

    fn quoted(&mut self) {
        let (quoted, rest) = self.rest.split_once(r"\E").unwrap_or((self.rest, ""));
        self.rest = rest;
        for character in quoted.chars() {
            literal(&mut self.out, character);
        }
    }

    fn group(&mut self) -> Result<(), String> {
        let refused =
            [("?=", "look-ahead"), ("?!", "look-ahead"), ("?<=", "look-behind"), ("?<!", "look-behind"), ("?>", "an atomic group")];
        if let Some((_, what)) = refused.iter().find(|(start, _)| self.rest.starts_with(start)) {
            return Err(format!("it uses {what}"));
        }
        if self.eat("?<") {
            let (name, rest) = self.rest.split_once('>').ok_or("the name of a group does not end")?;
            if !name.starts_with(|first: char| first.is_ascii_alphabetic()) || !name.chars().all(|letter| letter.is_ascii_alphanumeric()) {
                return Err(format!("`{name}` is no name of a group"));
            }
            self.rest = rest;
            self.out.push('(');
        } else if self.eat("?") && !self.eat(":") {
            return self.flags();
        } else {
            // Which part matched is never asked.
            self.out.push_str("(?:");
        }
        self.anchored.push(false);
        Ok(())
    }

    fn anchor(&mut self) {
        if let Some(group) = self.anchored.last_mut() {
            *group = true;
        }
    }

    /// `(?i)` and `(?s)` at the very beginning, where they hold for the whole pattern.
    fn flags(&mut self) -> Result<(), String> {
        let (flags, rest) = self.rest.split_once(')').ok_or("a group does not end")?;
        let known = !flags.is_empty() && flags.chars().all(|flag| "is".contains(flag));
        if !known || !self.out.is_empty() {
            return Err(format!("it has the flag `(?{flags})`"));
        }
        self.rest = rest;
        self.dot_all |= flags.contains('s');
        if flags.contains('i') {
            self.out.push_str("(?i)");
            self.ascii_only = Some("case beyond ASCII is not ignored alike");
        }
        Ok(())
    }

    fn after_quantifier(&mut self) -> Result<(), String> {
        if self.rest.starts_with('+') {
            return Err("it has a possessive quantifier".to_owned());
        }
        if self.eat("?") {
            self.out.push('?');
        }
        Ok(())
    }

    fn repetition(&mut self) -> Result<(), String> {
        let (counts, rest) = self.rest.split_once('}').ok_or("a `{` does not end")?;
        let number = |text: &str| !text.is_empty() && text.len() <= 9 && text.bytes().all(|byte| byte.is_ascii_digit());
        let valid = match counts.split_once(',') {
            None => number(counts),
            Some((least, most)) => number(least) && (most.is_empty() || number(most)),
        };
        if !valid {
            return Err(format!("`{{{counts}}}` is no repetition"));
        }
        self.rest = rest;
        self.out.extend(["{", counts, "}"]);
        self.after_quantifier()
    }

    /// What follows a backslash.
    fn escape(&mut self) -> Result<Escape, String> {
        let character = self.next().ok_or("it ends with a backslash")?;
        let class = |members: &str, negated| Ok(Escape::Class(members.to_owned(), negated));
        match character {
            'd' => class(DIGIT, false),
            'D' => class(DIGIT, true),
            'w' => class(WORD, false),
            'W' => class(WORD, true),
            's' => class(SPACE, false),
            'S' => class(SPACE, true),
            'h' => class(HORIZONTAL, false),
            'H' => class(HORIZONTAL, true),
            'v' => class(VERTICAL, false),
            'V' => class(VERTICAL, true),
            'p' => self.property(false),
            'P' => self.property(true),
            't' => Ok(Escape::Literal('\t')),
            'n' => Ok(Escape::Literal('\n')),
            'r' => Ok(Escape::Literal('\r')),
            'f' => Ok(Escape::Literal('\u{c}')),
            'a' => Ok(Escape::Literal('\u{7}')),
            'e' => Ok(Escape::Literal('\u{1b}')),
            'c' => {
                let letter = self.next().filter(char::is_ascii).ok_or("a control character does not end")?;
                Ok(Escape::Literal(char::from(letter as u8 ^ 64)))
            }
            '0' => self.octal(),
            'x' if self.eat("{") => {
                let (digits, rest) = self.rest.split_once('}').ok_or(r"a `\x{` does not end")?;
                self.rest = rest;
                code_point(digits)
            }
            'x' => self.digits(2),
            'u' => self.digits(4),
            'R' => Ok(Escape::Other(r"(?:\r\n|[\n\x0B\f\r\u{85}\u{2028}\u{2029}])")),
            'A' => Ok(Escape::Other(r"\A")),
            'z' => Ok(Escape::Other(r"\z")),
            'b' | 'B' => {
                self.ascii_only = Some("words beyond ASCII do not end alike");
                Ok(Escape::Other(if character == 'b' { r"\b" } else { r"\B" }))
            }
            '1'..='9' | 'k' => Err("it uses a back-reference".to_owned()),
            letter if letter.is_ascii_alphabetic() => Err(format!(r"it uses `\{letter}`")),
            other => Ok(Escape::Literal(other)),
        }
    }

    fn property(&mut self, negated: bool) -> Result<Escape, String> {
        let name = if self.eat("{") {
            let (name, rest) = self.rest.split_once('}').ok_or("the name of a property does not end")?;
            self.rest = rest;
            name.to_owned()
        } else {
            self.next().ok_or("the name of a property is missing")?.to_string()
        };
        if let Some((_, members)) = POSIX.iter().find(|(known, _)| *known == name) {
            return Ok(Escape::Class((*members).to_owned(), negated));
        }
        let category = name.strip_prefix("Is").unwrap_or(&name);
        if CATEGORIES.contains(&category) {
            return Ok(Escape::Class(format!(r"\p{{{category}}}"), negated));
        }
        Err(format!(r"it uses `\p{{{name}}}`"))
    }

    fn octal(&mut self) -> Result<Escape, String> {
        let digits: String = self.rest.chars().take(3).take_while(|digit| ('0'..='7').contains(digit)).collect();
        let digits = if digits.len() == 3 && !digits.starts_with(['0', '1', '2', '3']) { &digits[..2] } else { &digits };
        let value = u32::from_str_radix(digits, 8).ok().and_then(char::from_u32).ok_or(r"a `\0` has no digits")?;
        self.rest = &self.rest[digits.len()..];
        Ok(Escape::Literal(value))
    }

    fn digits(&mut self, count: usize) -> Result<Escape, String> {
        let digits = self.rest.get(..count).ok_or("the number of a character does not end")?;
        self.rest = &self.rest[count..];
        code_point(digits)
    }

    /// A class, its opening bracket eaten.
    fn class(&mut self) -> Result<String, String> {
        self.depth += 1;
        if self.depth > 50 {
            return Err("its classes nest too deeply".to_owned());
        }
        let mut out = String::from("[");
        let negated = self.eat("^");
        if negated {
            out.push('^');
        }
        let (mut first, mut intersects) = (true, false);
        loop {
            if self.eat("&&") {
                // Java reads a negation before it, an empty side of it and a second one in ways of its own, which changed with its version 9.
                if negated || first || intersects || self.rest.starts_with(['&', ']']) {
                    return Err("it has `&&` in a class in a way that versions of Java read differently".to_owned());
                }
                out.push_str("&&");
                intersects = true;
                continue;
            }
            let character = self.next().ok_or("a class does not end")?;
            match character {
                ']' if !first => break,
                '[' => out.push_str(&self.class()?),
                '\\' if self.eat("Q") => {
                    let (quoted, rest) = self.rest.split_once(r"\E").ok_or("a quotation does not end")?;
                    self.rest = rest;
                    quoted.chars().for_each(|character| literal(&mut out, character));
                }
                _ => {
                    let start = match if character == '\\' { self.escape()? } else { Escape::Literal(character) } {
                        Escape::Literal(start) => start,
                        Escape::Class(members, negated) => {
                            out.extend([if negated { "[^" } else { "[" }, &members, "]"]);
                            first = false;
                            continue;
                        }
                        Escape::Other(_) => return Err("it has something in a class that is no character".to_owned()),
                    };
                    literal(&mut out, start);
                    let is_range = self.rest.starts_with('-') && !self.rest.starts_with("-]") && !self.rest.starts_with("-[");
                    if is_range && !self.rest.starts_with("-&&") {
                        self.next();
                        let end = match self.next().ok_or("a class does not end")? {
                            '\\' => match self.escape()? {
                                Escape::Literal(end) => end,
                                _ => return Err("it has a range whose end is no character".to_owned()),
                            },
                            end => end,
                        };
                        out.push('-');
                        literal(&mut out, end);
                    }
                }
            }
            first = false;
        }
        self.depth -= 1;
        out.push(']');
        Ok(out)
    }
}

fn code_point(digits: &str) -> Result<Escape, String> {
    let valid = !digits.is_empty() && digits.len() <= 8 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    let value = u32::from_str_radix(digits, 16).ok().filter(|_| valid).and_then(char::from_u32);
    value.map(Escape::Literal).ok_or_else(|| format!("`{digits}` is no number of a character"))
}

/// A character that means itself, in a class and outside.
fn literal(out: &mut String, character: char) {
    if character.is_ascii_alphanumeric() || character == '_' || (!character.is_ascii() && !character.is_control()) {
        out.push(character);
    } else if character.is_ascii_graphic() && !matches!(character, '<' | '>') {
        out.extend(['\\', character]);
    } else {
        out.extend(character.escape_unicode());
    }
}
