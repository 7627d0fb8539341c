//! The string of `Fn::Sub`: literal parts and `${…}`.

/// A part of the string.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part<'a> {
    /// Literal text. `${!Name}` is the literal `${Name}`: [`Part::Escaped`].
    Literal(&'a str),
    /// The text between `${!` and `}`.
    Escaped(&'a str),
    /// The text between `${` and `}`.
    Variable(&'a str),
}

/// Splits a string into its parts. A `${` that is never closed is literal.
pub(crate) fn parts(text: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        let Some(length) = rest[start + 2..].find('}') else { break };
        if start > 0 {
            parts.push(Part::Literal(&rest[..start]));
        }
        let inner = &rest[start + 2..start + 2 + length];
        parts.push(inner.strip_prefix('!').map_or_else(|| Part::Variable(inner.trim()), Part::Escaped));
        rest = &rest[start + 3 + length..];
    }
    if !rest.is_empty() {
        parts.push(Part::Literal(rest));
    }
    parts
}

/// Escapes known text for the string of a `Fn::Sub` that stays: a `${` in it must not become a
/// variable.
pub(crate) fn escape(text: &str) -> String {
    text.replace("${", "${!")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_escapes_and_unclosed_ones_are_distinguished() {
        use Part::{Escaped, Literal, Variable};
        assert_eq!(
            parts("a-${B}${!C}${D.E} $f ${ G }${h"),
            [Literal("a-"), Variable("B"), Escaped("C"), Variable("D.E"), Literal(" $f "), Variable("G"), Literal("${h")]
        );
        assert_eq!(parts(""), []);
    }
}
