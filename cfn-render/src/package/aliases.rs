//! Expands aliases and merge keys, which CloudFormation rejects.

use std::ops::Range;

use serde_json::Value;

use super::spelling::{Characters, flow, quoted};
use crate::json_pointer::below;
use crate::template::Template;
use crate::tree::{Kind, NodeId, Tree, colon_after};

/// Adds an edit for every alias and merge key: it is replaced, as flow text, with its value in
/// `value`, which is the template's long form with all replacements.
pub(crate) fn expand(template: &Template, value: &Value, characters: Characters, edits: &mut Vec<(Range<usize>, String)>) {
    let expansion = Expansion { text: template.text(), tree: template.tree(), value, characters };
    expansion.node(Tree::ROOT, "", edits);
}

struct Expansion<'a> {
    text: &'a str,
    tree: &'a Tree,
    value: &'a Value,
    characters: Characters,
}

impl Expansion<'_> {
    fn node(&self, id: NodeId, pointer: &str, edits: &mut Vec<(Range<usize>, String)>) {
        let node = self.tree.node(id);
        let argument = match self.tree.function(id) {
            Some(function) if !matches!(node.kind, Kind::Alias(_)) => below(pointer, function),
            _ => pointer.to_owned(),
        };
        match &node.kind {
            Kind::Scalar { .. } => {}
            Kind::Alias(_) => edits.push((self.tree.range(id), self.flow(pointer))),
            Kind::Sequence(items) => {
                let in_flow = self.text[node.content.clone()].starts_with('[');
                for (index, item) in items.iter().enumerate() {
                    let pointer = format!("{argument}/{index}");
                    match self.merge_without_braces(*item).filter(|_| in_flow) {
                        Some(range) => edits.push((range, self.flow(&pointer))),
                        None => self.node(*item, &pointer, edits),
                    }
                }
            }
            Kind::Mapping(pairs) => self.mapping(id, pairs, &argument, edits),
        }
    }

    fn mapping(&self, id: NodeId, pairs: &[(NodeId, NodeId)], pointer: &str, edits: &mut Vec<(Range<usize>, String)>) {
        let merges = pairs.iter().any(|(key, _)| self.tree.is_merge_key(*key));
        let odd_keys = pairs.iter().any(|(key, _)| matches!(self.tree.node(*key).kind, Kind::Alias(_)));
        let range = self.tree.node(id).content.clone();
        let in_flow = self.text[range.clone()].starts_with('{');
        // The question mark of `? <<` would remain.
        let explicit = |key: &NodeId| self.tree.is_merge_key(*key) && self.text[..self.tree.node(*key).start].trim_end().ends_with('?');
        if odd_keys || (merges && (in_flow || pairs.iter().any(|(key, _)| explicit(key)))) {
            edits.push((range, self.flow(pointer)));
            return;
        }
        let mut brought_in = self.tree.entries(id).into_iter().filter(|entry| entry.merged).map(|entry| entry.key).collect::<Vec<_>>();
        for (index, (key, value)) in pairs.iter().enumerate() {
            if self.tree.is_merge_key(*key) {
                // All merged pairs replace the first merge key.
                let limit = pairs.get(index + 1).map_or(range.end, |(next, _)| self.tree.node(*next).start);
                let range = self.tree.node(*key).start..self.pair_end(*key, *value, limit);
                let lines: Vec<String> = std::mem::take(&mut brought_in)
                    .into_iter()
                    .map(|key| format!("{}: {}", quoted(key, self.characters), self.flow(&below(pointer, key))))
                    .collect();
                let only_merges = pairs.iter().all(|(key, _)| self.tree.is_merge_key(*key));
                // Not an empty string: a block scalar above would include the empty line.
                let nothing = if only_merges && pairs[0].0 == *key { "{}" } else { "# nothing to merge" };
                let separator = format!("\n{}", self.indentation(range.start));
                edits.push((range, if lines.is_empty() { nothing.to_owned() } else { lines.join(&separator) }));
            } else if let Some(key) = self.tree.text(*key) {
                self.node(*value, &below(pointer, key), edits);
            }
        }
    }

    /// The range of `<<: *defaults` in `[<<: *defaults]`: a mapping without braces, where two pairs
    /// would become two items.
    fn merge_without_braces(&self, item: NodeId) -> Option<Range<usize>> {
        let node = self.tree.node(item);
        let Kind::Mapping(pairs) = &node.kind else { return None };
        let [(key, value)] = pairs[..] else { return None };
        let braces = self.text[node.content.clone()].starts_with('{');
        let start = self.tree.node(key).start.min(node.content.start);
        (!braces && self.tree.is_merge_key(key)).then(|| start..self.pair_end(key, value, node.content.end))
    }

    /// Where a pair ends: with its value, or with the colon if nothing follows it.
    fn pair_end(&self, key: NodeId, value: NodeId, limit: usize) -> usize {
        let (key_end, value) = (self.tree.range(key).end, self.tree.range(value));
        if value.is_empty() { colon_after(self.text, key_end, limit).unwrap_or(key_end) } else { value.end }
    }

    /// The white space that indents a line to the column of a byte.
    fn indentation(&self, offset: usize) -> String {
        let line = self.text[..offset].rfind(['\n', '\r']).map_or(0, |at| at + 1);
        self.text[line..offset].chars().filter(|character| *character != '\u{feff}').map(|_| ' ').collect()
    }

    fn flow(&self, pointer: &str) -> String {
        self.value.pointer(pointer).map_or_else(|| "null".to_owned(), |value| flow(value, self.characters))
    }
}
