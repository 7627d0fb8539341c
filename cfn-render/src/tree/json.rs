//! Writes the tree as JSON text, in the order of the source.

use serde_json::Value;

use super::{Kind, NodeId, Tag, Tree};

impl Tree {
    /// Pretty JSON with four spaces, keys in their order, every function in its long form.
    pub(crate) fn json_text(&self) -> String {
        let mut text = String::new();
        self.write_json(Self::ROOT, 0, &mut text);
        text.push('\n');
        text
    }

    fn write_json(&self, id: NodeId, indent: usize, text: &mut String) {
        let id = self.follow(id);
        let node = self.node(id);
        match &node.tag {
            // The value of `!GetAtt A.B` and similar is built in one piece: it has no order to
            // keep.
            _ if matches!(node.kind, Kind::Scalar { .. }) => write_value(&self.value(id), indent, text),
            Some(Tag::Function(name)) => {
                let only = [name];
                list('{', '}', &only, indent, text, |name, text| {
                    write_key(name, text);
                    self.write_collection(id, indent + 1, text);
                });
            }
            _ => self.write_collection(id, indent, text),
        }
    }

    fn write_collection(&self, id: NodeId, indent: usize, text: &mut String) {
        if let Kind::Sequence(items) = &self.node(id).kind {
            list('[', ']', items, indent, text, |item, text| self.write_json(*item, indent + 1, text));
        } else {
            list('{', '}', &self.entries(id), indent, text, |entry, text| {
                write_key(entry.key, text);
                self.write_json(entry.value, indent + 1, text);
            });
        }
    }
}

fn write_value(value: &Value, indent: usize, text: &mut String) {
    match value {
        Value::Array(items) => list('[', ']', items, indent, text, |item, text| write_value(item, indent + 1, text)),
        Value::Object(entries) => {
            let entries: Vec<(&String, &Value)> = entries.iter().collect();
            list('{', '}', &entries, indent, text, |(key, value), text| {
                write_key(key, text);
                write_value(value, indent + 1, text);
            });
        }
        scalar => text.push_str(&scalar.to_string()),
    }
}

fn write_key(key: &str, text: &mut String) {
    text.push_str(&Value::from(key).to_string());
    text.push_str(": ");
}

fn list<T>(open: char, close: char, items: &[T], indent: usize, text: &mut String, mut write: impl FnMut(&T, &mut String)) {
    text.push(open);
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        line(indent + 1, text);
        write(item, text);
    }
    if !items.is_empty() {
        line(indent, text);
    }
    text.push(close);
}

fn line(indent: usize, text: &mut String) {
    text.push('\n');
    text.extend(std::iter::repeat_n(' ', indent * 4));
}
