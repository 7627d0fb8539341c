//! JSON pointers (RFC 6901).

/// The pointer one step below another.
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

/// The path to a value, converted to a pointer only on demand: nearly all values have no problem,
/// and need none.
#[derive(Debug, Clone, Default)]
pub(crate) struct Trail<'a> {
    steps: Vec<Step<'a>>,
}

#[derive(Debug, Clone, Copy)]
enum Step<'a> {
    Key(&'a str),
    Index(usize),
}

impl<'a> Trail<'a> {
    /// Runs `work` one level down, at a key.
    pub(crate) fn key<T>(&mut self, key: &'a str, work: impl FnOnce(&mut Self) -> T) -> T {
        self.below(Step::Key(key), work)
    }

    /// Runs `work` one level down, at an item.
    pub(crate) fn index<T>(&mut self, index: usize, work: impl FnOnce(&mut Self) -> T) -> T {
        self.below(Step::Index(index), work)
    }

    fn below<T>(&mut self, step: Step<'a>, work: impl FnOnce(&mut Self) -> T) -> T {
        self.steps.push(step);
        let result = work(self);
        self.steps.pop();
        result
    }

    pub(crate) fn pointer(&self) -> String {
        let mut pointer = String::new();
        for step in &self.steps {
            match step {
                Step::Key(key) => push(&mut pointer, key),
                Step::Index(index) => push(&mut pointer, &index.to_string()),
            }
        }
        pointer
    }
}

/// The steps of a pointer; none if it is not a pointer.
pub(crate) fn tokens(pointer: &str) -> Option<impl Iterator<Item = String>> {
    let rest = if pointer.is_empty() { None } else { Some(pointer.strip_prefix('/')?) };
    let tokens = rest.into_iter().flat_map(|rest| rest.split('/'));
    Some(tokens.map(|token| token.replace("~1", "/").replace("~0", "~")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trail_has_the_pointer_of_its_steps() {
        let mut trail = Trail::default();
        assert_eq!(trail.key("a/b", |trail| trail.index(3, |trail| trail.pointer())), "/a~1b/3");
        assert_eq!(trail.pointer(), "");
    }

    #[test]
    fn escaped_steps_are_restored() {
        let pointer = below(&below("", "a/b~1"), "");
        assert_eq!(pointer, "/a~1b~01/");
        assert_eq!(tokens(&pointer).unwrap().collect::<Vec<_>>(), ["a/b~1", ""]);
        assert_eq!(tokens("").unwrap().count(), 0);
        assert!(tokens("a").is_none());
    }
}
