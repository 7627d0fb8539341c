//! `AllowedPattern`: a Java regular expression that must match the whole value.

use regex::Regex;

/// Compiles an `AllowedPattern` so that it matches whole values, as CloudFormation does.
///
/// Java's `\d`, `\w`, `\s` are ASCII where this engine's are Unicode, so they are spelt out.
pub(crate) fn compile(pattern: &str) -> Result<Regex, regex::Error> {
    Regex::new(&format!(r"\A(?:{})\z", ascii_classes(pattern)))
}

fn ascii_classes(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len());
    let mut in_class = false;
    let mut characters = pattern.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => match characters.next() {
                Some(class @ ('d' | 'w' | 's')) => {
                    let members = match class {
                        'd' => "0-9",
                        'w' => "a-zA-Z0-9_",
                        _ => r" \t\n\x0B\f\r",
                    };
                    if in_class {
                        out.push_str(members);
                    } else {
                        out.extend(["[", members, "]"]);
                    }
                }
                Some(class @ ('D' | 'W' | 'S')) if !in_class => {
                    let members = match class {
                        'D' => "0-9",
                        'W' => "a-zA-Z0-9_",
                        _ => r" \t\n\x0B\f\r",
                    };
                    out.extend(["[^", members, "]"]);
                }
                Some(other) => out.extend(['\\', other]),
                None => out.push('\\'),
            },
            '[' if !in_class => {
                in_class = true;
                out.push('[');
            }
            ']' if in_class => {
                in_class = false;
                out.push(']');
            }
            _ => out.push(character),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::compile;

    #[test]
    fn the_whole_value_must_match() {
        let pattern = compile("^[a-zA-Z](-*[a-zA-Z0-9])*").unwrap();
        assert!(pattern.is_match("iris-2"));
        assert!(!pattern.is_match("iris-"));
        assert!(!compile("a|b").unwrap().is_match("ab"));
        assert!(!compile("a").unwrap().is_match("a\n"));
    }

    #[test]
    fn classes_are_ascii_as_in_java() {
        assert!(!compile(r"\d+").unwrap().is_match("٣"));
        assert!(!compile(r"[\w-]+").unwrap().is_match("é"));
        assert!(compile(r"[\w+=,.@-]+").unwrap().is_match("a+b@c-d"));
        assert!(compile(r"\W").unwrap().is_match("é"));
        assert!(compile(r"\\d").unwrap().is_match(r"\d"));
    }
}
