//! JSON pointers (RFC 6901).

/// The pointer of what is one step below another's value.
pub(crate) fn below(pointer: &str, token: &str) -> String {
    let mut below = String::with_capacity(pointer.len() + 1 + token.len());
    below.push_str(pointer);
    push(&mut below, token);
    below
}

/// Adds one step: a key or an index.
pub(crate) fn push(pointer: &mut String, token: &str) {
    pointer.push('/');
    if token.contains(['~', '/']) {
        pointer.push_str(&token.replace('~', "~0").replace('/', "~1"));
    } else {
        pointer.push_str(token);
    }
}

/// The steps of a pointer; none when it is no pointer.
pub(crate) fn tokens(pointer: &str) -> Option<impl Iterator<Item = String>> {
    let rest = if pointer.is_empty() { None } else { Some(pointer.strip_prefix('/')?) };
    let tokens = rest.into_iter().flat_map(|rest| rest.split('/'));
    Some(tokens.map(|token| token.replace("~1", "/").replace("~0", "~")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_come_back_as_they_went_in() {
        let pointer = below(&below("", "a/b~1"), "");
        assert_eq!(pointer, "/a~1b~01/");
        assert_eq!(tokens(&pointer).unwrap().collect::<Vec<_>>(), ["a/b~1", ""]);
        assert_eq!(tokens("").unwrap().count(), 0);
        assert!(tokens("a").is_none());
    }
}
