//! Finds the node of a JSON pointer into the long form.

use super::{Kind, NodeId, Tree};
use crate::json_pointer;

/// The target of a pointer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Found {
    pub(crate) value: NodeId,
    /// The key of the value's pair, if it is in a mapping.
    pub(crate) key: Option<NodeId>,
}

impl Tree {
    /// Follows a pointer as far as possible; the flag is true if it was resolved completely.
    pub(crate) fn find(&self, pointer: &str) -> (Found, bool) {
        let mut found = Found { value: Self::ROOT, key: None };
        // A short form is one node for two levels of the long form: the mapping with the function's
        // name, and its argument.
        let mut within_function = false;
        let Some(tokens) = json_pointer::tokens(pointer) else { return (found, false) };
        for token in tokens {
            let here = self.follow(found.value);
            let function = if within_function { None } else { self.function(here) };
            if let Some(function) = function {
                if function != token {
                    return (found, false);
                }
                within_function = true;
                continue;
            }
            let next = match &self.node(here).kind {
                Kind::Mapping(_) => self.entry(here, &token).map(|entry| Found { value: entry.value, key: Some(entry.key_node) }),
                Kind::Sequence(items) => {
                    token.parse().ok().and_then(|index: usize| items.get(index)).map(|item| Found { value: *item, key: None })
                }
                // Both parts of `!GetAtt Resource.Attribute` are in one scalar.
                Kind::Scalar { .. } if within_function && matches!(token.as_str(), "0" | "1") => Some(found),
                Kind::Scalar { .. } | Kind::Alias(_) => None,
            };
            let Some(next) = next else { return (found, false) };
            found = next;
            within_function = false;
        }
        (found, true)
    }
}
