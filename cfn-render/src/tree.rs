//! The template as a tree whose nodes record their bytes. YAML and JSON alike: JSON is flow-style
//! YAML.

mod build;
mod json;
mod pointer;
mod value;

use std::collections::HashMap;
use std::ops::Range;

pub(crate) use build::colon_after;
pub(crate) use granit_parser::ScalarStyle;

/// Nodes in the order in which they begin; the root is the first.
#[derive(Debug, Clone)]
pub(crate) struct Tree {
    nodes: Vec<Node>,
    /// The texts of all scalars, concatenated: a template has many short ones.
    texts: String,
    aliases: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct NodeId(usize);

#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) kind: Kind,
    pub(crate) tag: Option<Tag>,
    /// The bytes of the value, without its tag and anchor, with the header of a block scalar, without the line breaks after it.
    pub(crate) content: Range<usize>,
    /// The start of the value, including its tag and anchor.
    pub(crate) start: usize,
    /// The approximate size of the node in bytes, with all aliases below it expanded. Zero while it
    /// is open.
    weight: u64,
    /// The depth of the tree below it, with all aliases expanded.
    depth: usize,
}

/// The text of a scalar, by its range in the texts of its tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Text {
    start: usize,
    end: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    Scalar { text: Text, style: ScalarStyle },
    Sequence(Vec<NodeId>),
    Mapping(Vec<(NodeId, NodeId)>),
    Alias(NodeId),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Tag {
    /// The long name of a short form: `Fn::Sub` for `!Sub`, and `Ref` and `Condition`, which have
    /// no prefix.
    Function(String),
    /// `!!str` and a lone `!`: the scalar is a string, whatever it looks like.
    Text,
}

/// One pair of a mapping, with merge keys expanded.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry<'a> {
    pub(crate) key: &'a str,
    pub(crate) key_node: NodeId,
    pub(crate) value: NodeId,
    /// Whether the pair comes from another mapping by a merge key.
    pub(crate) merged: bool,
}

impl Tree {
    pub(crate) const ROOT: NodeId = NodeId(0);

    pub(crate) fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0]
    }

    /// Whether the template has any alias or merge key: CloudFormation rejects them.
    pub(crate) fn has_aliases(&self) -> bool {
        self.aliases > 0
    }

    /// The text of a scalar of this tree.
    pub(crate) fn written(&self, text: Text) -> &str {
        &self.texts[text.start..text.end]
    }

    /// Whether any scalar has this text.
    pub(crate) fn has_text(&self, wanted: &str) -> bool {
        self.nodes.iter().any(|node| matches!(node.kind, Kind::Scalar { text, .. } if self.written(text) == wanted))
    }

    /// Every scalar in the source: its text, and its bytes without tag and anchor.
    pub(crate) fn scalars(&self) -> impl Iterator<Item = (NodeId, &str, Range<usize>)> {
        self.nodes.iter().enumerate().filter_map(|(index, node)| match &node.kind {
            Kind::Scalar { text, .. } => Some((NodeId(index), self.written(*text), node.content.clone())),
            _ => None,
        })
    }

    /// The keys of all mappings.
    pub(crate) fn keys(&self) -> impl Iterator<Item = NodeId> {
        self.nodes
            .iter()
            .flat_map(|node| match &node.kind {
                Kind::Mapping(pairs) => pairs.as_slice(),
                _ => &[],
            })
            .map(|(key, _)| *key)
    }

    /// The node itself, or the target of an alias.
    pub(crate) fn follow(&self, mut id: NodeId) -> NodeId {
        // YAML has no alias of an alias, and the builder rejects circular aliases: this ends.
        while let Kind::Alias(target) = self.node(id).kind {
            id = target;
        }
        id
    }

    /// The bytes of a value, including its tag and anchor.
    pub(crate) fn range(&self, id: NodeId) -> Range<usize> {
        let node = self.node(id);
        node.start..node.content.end
    }

    /// The text of a scalar, whatever its style and tag.
    pub(crate) fn text(&self, id: NodeId) -> Option<&str> {
        match &self.node(self.follow(id)).kind {
            Kind::Scalar { text, .. } => Some(self.written(*text)),
            _ => None,
        }
    }

    /// The text of a scalar that is not a short-form function.
    pub(crate) fn plain_text(&self, id: NodeId) -> Option<&str> {
        if self.function(id).is_some() { None } else { self.text(id) }
    }

    /// The long name of a short-form function.
    pub(crate) fn function(&self, id: NodeId) -> Option<&str> {
        match &self.node(self.follow(id)).tag {
            Some(Tag::Function(name)) => Some(name),
            _ => None,
        }
    }

    /// An empty value, `~` or `null`.
    pub(crate) fn is_null(&self, id: NodeId) -> bool {
        let node = self.node(self.follow(id));
        let Kind::Scalar { text, style: ScalarStyle::Plain } = &node.kind else { return false };
        node.tag.is_none() && matches!(self.written(*text), "" | "~" | "null" | "Null" | "NULL")
    }

    pub(crate) fn is_mapping(&self, id: NodeId) -> bool {
        matches!(self.node(self.follow(id)).kind, Kind::Mapping(_))
    }

    /// The items of a sequence; none for any other node.
    pub(crate) fn items(&self, id: NodeId) -> &[NodeId] {
        match &self.node(self.follow(id)).kind {
            Kind::Sequence(items) => items,
            _ => &[],
        }
    }

    /// The pairs of a mapping as written, including merge keys; none for any other node.
    pub(crate) fn pairs(&self, id: NodeId) -> &[(NodeId, NodeId)] {
        match &self.node(self.follow(id)).kind {
            Kind::Mapping(pairs) => pairs,
            _ => &[],
        }
    }

    /// The effective pairs of a mapping: the last of duplicate keys, merge keys expanded, without
    /// keys that are not scalars. In the order of their first occurrence.
    pub(crate) fn entries(&self, id: NodeId) -> Vec<Entry<'_>> {
        let pairs = self.pairs(id);
        let mut entries = Entries::with_capacity(pairs.len());
        let mut merged = Vec::new();
        for (key_node, value) in pairs.iter().copied() {
            if self.is_merge_key(key_node) {
                merged.extend(self.merged(value));
            } else if let Some(key) = self.text(key_node) {
                let entry = Entry { key, key_node, value, merged: false };
                match entries.position(key) {
                    Some(index) => entries.list[index] = entry,
                    None => entries.push(entry),
                }
            }
        }
        for entry in merged {
            if entries.position(entry.key).is_none() {
                entries.push(Entry { merged: true, ..entry });
            }
        }
        entries.list
    }

    /// The entry of a mapping by its key.
    pub(crate) fn entry(&self, id: NodeId, key: &str) -> Option<Entry<'_>> {
        let direct = self.pairs(id).iter().rev().find(|(key_node, _)| self.text(*key_node) == Some(key) && !self.is_merge_key(*key_node));
        match direct {
            Some((key_node, value)) => Some(Entry { key: self.text(*key_node)?, key_node: *key_node, value: *value, merged: false }),
            None if self.pairs(id).iter().any(|(key_node, _)| self.is_merge_key(*key_node)) => {
                self.entries(id).into_iter().find(|entry| entry.key == key)
            }
            None => None,
        }
    }

    /// The value of a mapping by its key.
    pub(crate) fn get(&self, id: NodeId, key: &str) -> Option<NodeId> {
        self.entry(id, key).map(|entry| entry.value)
    }

    /// A plain `<<`, which merges its mapping into the enclosing one.
    pub(crate) fn is_merge_key(&self, key: NodeId) -> bool {
        matches!(self.node(key).kind, Kind::Scalar { text, style: ScalarStyle::Plain } if self.written(text) == "<<")
    }

    /// The entries that a merge key adds: those of one mapping or of several, in order.
    pub(crate) fn merged(&self, value: NodeId) -> Vec<Entry<'_>> {
        if self.is_mapping(value) {
            return self.entries(value);
        }
        self.items(value).iter().flat_map(|item| self.entries(*item)).collect()
    }
}

/// Entries by key. Nearly all mappings are small, and searching a small one is faster than hashing;
/// large ones are hashed.
struct Entries<'a> {
    list: Vec<Entry<'a>>,
    by_key: HashMap<&'a str, usize>,
    hashed: bool,
}

impl<'a> Entries<'a> {
    fn with_capacity(capacity: usize) -> Self {
        Self { list: Vec::with_capacity(capacity), by_key: HashMap::new(), hashed: capacity > 16 }
    }

    fn position(&self, key: &str) -> Option<usize> {
        if self.hashed { self.by_key.get(key).copied() } else { self.list.iter().position(|entry| entry.key == key) }
    }

    fn push(&mut self, entry: Entry<'a>) {
        if !self.hashed && self.list.len() >= 16 {
            // Merge keys added more entries than the mapping's own.
            self.hashed = true;
            self.by_key = self.list.iter().enumerate().map(|(index, entry)| (entry.key, index)).collect();
        }
        if self.hashed {
            self.by_key.insert(entry.key, self.list.len());
        }
        self.list.push(entry);
    }
}
