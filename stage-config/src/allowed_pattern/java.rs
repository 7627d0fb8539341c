//! Translates the common part of Java's regular expressions to the syntax of this engine.
//!
//! Source: the documentation of `java.util.regex.Pattern`. Every literal is escaped and every class
//! is written out. Rare constructs, and those without a counterpart, are errors that name them.

/// What `.` does not match.
const TERMINATORS: &str = r"\n\r\u{85}\u{2028}\u{2029}";

/// Classes that both engines have, but with different members.
const CLASSES: [(char, &str); 3] = [('d', "0-9"), ('w', "a-zA-Z0-9_"), ('s', r" \t\n\x0B\f\r")];

/// The beginnings of groups that are not translated.
const SPECIAL_GROUPS: [(&str, &str); 7] = [
    ("?=", "look-ahead"),
    ("?!", "look-ahead"),
    ("?<=", "look-behind"),
    ("?<!", "look-behind"),
    ("?>", "an atomic group"),
    ("?<", "a named group"),
    ("?", "a flag"),
];

pub(super) fn translate(pattern: &str) -> Result<String, String> {
    let mut translator = Translator { rest: pattern, out: String::new(), groups: Vec::new(), group: Group::default() };
    translator.pattern()?;
    Ok(translator.out)
}

struct Translator<'a> {
    rest: &'a str,
    out: String,
    /// The open groups around the current one.
    groups: Vec<Group>,
    group: Group,
}

/// The position of a group in the value: an anchor is dropped where a whole match implies it, and
/// rejected elsewhere.
#[derive(Default)]
struct Group {
    /// Something precedes the group.
    is_preceded: bool,
    /// Something precedes the current position.
    has_begun: bool,
    /// The current alternative ended with `$`.
    has_ended: bool,
    /// The group's anchor.
    anchor: Anchor,
}

/// An end takes precedence over a start: nothing can follow it.
#[derive(Default, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Anchor {
    #[default]
    None,
    Start,
    End,
}

enum Atom {
    Literal(char),
    /// A class, in the spelling for inside another class and for outside.
    Class(String),
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
                '^' if self.group.has_begun => return Err("it has a `^` that is not at the start".to_owned()),
                '^' => self.group.anchor = self.group.anchor.max(Anchor::Start),
                '$' => (self.group.anchor, self.group.has_ended) = (Anchor::End, true),
                '|' => {
                    (self.group.has_begun, self.group.has_ended) = (self.group.is_preceded, false);
                    self.out.push('|');
                }
                ')' => self.group_end()?,
                // Java's `$` also matches before a final line terminator, which a later part could
                // match.
                _ if self.group.has_ended => return Err("it has a `$` that is not at the end".to_owned()),
                '*' | '+' | '?' => {
                    self.out.push(character);
                    self.after_quantifier()?;
                }
                '{' => self.repetition()?,
                '(' => self.group_start()?,
                _ => {
                    self.group.has_begun = true;
                    self.atom(character)?;
                }
            }
        }
        if self.groups.is_empty() { Ok(()) } else { Err("a group is not closed".to_owned()) }
    }

    fn atom(&mut self, character: char) -> Result<(), String> {
        match character {
            '.' => self.out.extend(["[^", TERMINATORS, "]"]),
            '[' => self.class()?,
            '\\' => match self.escape()? {
                Atom::Literal(character) => self.literal(character),
                Atom::Class(class) => self.out.push_str(&class),
            },
            _ => self.literal(character),
        }
        Ok(())
    }

    fn group_start(&mut self) -> Result<(), String> {
        if !self.eat("?:")
            && let Some((_, what)) = SPECIAL_GROUPS.iter().find(|(start, _)| self.rest.starts_with(start))
        {
            return Err(format!("it uses {what}"));
        }
        let is_preceded = self.group.has_begun;
        self.groups.push(std::mem::replace(&mut self.group, Group { is_preceded, has_begun: is_preceded, ..Group::default() }));
        self.out.push_str("(?:");
        Ok(())
    }

    fn group_end(&mut self) -> Result<(), String> {
        let around = self.groups.pop().ok_or("a group is closed that is not open")?;
        let Group { anchor, .. } = std::mem::replace(&mut self.group, around);
        if anchor != Anchor::None && self.rest.starts_with(['*', '+', '?', '{']) {
            return Err("it repeats a part that contains an anchor".to_owned());
        }
        self.group.has_begun = true;
        self.group.has_ended |= anchor == Anchor::End;
        self.group.anchor = self.group.anchor.max(anchor);
        self.out.push(')');
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
        let (counts, rest) = self.rest.split_once('}').ok_or("a `{` is not closed")?;
        let number = |text: &str| !text.is_empty() && text.len() <= 9 && text.bytes().all(|byte| byte.is_ascii_digit());
        let (least, most) = counts.split_once(',').unwrap_or((counts, ""));
        if !number(least) || !(most.is_empty() || number(most)) {
            return Err(format!("`{{{counts}}}` is not a repetition"));
        }
        self.rest = rest;
        self.out.extend(["{", counts, "}"]);
        self.after_quantifier()
    }

    /// The characters after a backslash.
    fn escape(&mut self) -> Result<Atom, String> {
        let character = self.next().ok_or("it ends with a backslash")?;
        if let Some((_, members)) = CLASSES.iter().find(|(letter, _)| *letter == character.to_ascii_lowercase()) {
            return Ok(Atom::Class(format!("[{}{members}]", if character.is_ascii_uppercase() { "^" } else { "" })));
        }
        match character {
            'p' | 'P' => self.category(character).map(Atom::Class),
            't' => Ok(Atom::Literal('\t')),
            'n' => Ok(Atom::Literal('\n')),
            'r' => Ok(Atom::Literal('\r')),
            'f' => Ok(Atom::Literal('\u{c}')),
            'x' => self.code_point(2),
            'u' => self.code_point(4),
            '1'..='9' | 'k' => Err("it uses a back-reference".to_owned()),
            letter if letter.is_ascii_alphanumeric() => Err(format!(r"it uses `\{letter}`")),
            other => Ok(Atom::Literal(other)),
        }
    }

    fn category(&mut self, letter: char) -> Result<String, String> {
        let (name, rest) = match self.rest.strip_prefix('{') {
            Some(rest) => rest.split_once('}').ok_or("the name of a property is not closed")?,
            None => self.rest.split_at_checked(1).ok_or("the name of a property is missing")?,
        };
        self.rest = rest;
        // Names this short are general categories, which both engines name alike.
        if name.len() <= 2 { Ok(format!(r"\{letter}{{{name}}}")) } else { Err(format!(r"it uses `\{letter}{{{name}}}`")) }
    }

    fn code_point(&mut self, count: usize) -> Result<Atom, String> {
        let (digits, rest) = self.rest.split_at_checked(count).ok_or("a character number is incomplete")?;
        self.rest = rest;
        let is_number = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        let value = u32::from_str_radix(digits, 16).ok().filter(|_| is_number).and_then(char::from_u32);
        value.map(Atom::Literal).ok_or_else(|| format!("`{digits}` is not a character number"))
    }

    /// A class, after its opening bracket.
    fn class(&mut self) -> Result<(), String> {
        self.out.push('[');
        if self.eat("^") {
            self.out.push('^');
        }
        let mut first = true;
        while first || !self.eat("]") {
            first = false;
            match self.member()? {
                Atom::Class(class) => self.out.push_str(&class),
                Atom::Literal(start) => {
                    self.literal(start);
                    if self.rest.starts_with('-') && !self.rest.starts_with("-]") {
                        self.next();
                        let Atom::Literal(end) = self.member()? else {
                            return Err("it has a range whose end is not a character".to_owned());
                        };
                        self.out.push('-');
                        self.literal(end);
                    }
                }
            }
        }
        self.out.push(']');
        Ok(())
    }

    /// A member of a class. Java's versions differ in how they read intersections.
    fn member(&mut self) -> Result<Atom, String> {
        match self.next().ok_or("a class is not closed")? {
            '[' => Err("it has a class inside a class".to_owned()),
            '&' if self.rest.starts_with('&') => Err("it has `&&` in a class".to_owned()),
            '\\' => self.escape(),
            character => Ok(Atom::Literal(character)),
        }
    }

    /// A character that stands for itself, in a class and outside.
    fn literal(&mut self, character: char) {
        if character.is_ascii_alphanumeric() || character == '_' || (!character.is_ascii() && !character.is_control()) {
            self.out.push(character);
        } else if character.is_ascii_graphic() && !matches!(character, '<' | '>') {
            self.out.extend(['\\', character]);
        } else {
            self.out.extend(character.escape_unicode());
        }
    }
}
