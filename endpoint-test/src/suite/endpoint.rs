//! A suite's section about the endpoint.

use std::time::Duration;

use super::document::{Content, Node};
use super::reader::{Reader, is_name};

pub(super) const ENDPOINT_KEYS: &[&str] = &["name", "ready", "variants"];
pub(super) const READY_KEYS: &[&str] = &["within"];

/// A suite's section about the endpoint.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct EndpointSection {
    /// The endpoint that the suite is for; `None` for every endpoint of the stage.
    pub name: Option<String>,
    /// How long to wait for the endpoint to be in service.
    pub ready_within: Option<Duration>,
    /// Variants that must exist and get traffic.
    pub variants: Vec<String>,
}

pub(super) fn read(reader: &mut Reader, node: &Node) -> EndpointSection {
    let Some(fields) = reader.fields(node, "`endpoint`", ENDPOINT_KEYS) else { return EndpointSection::default() };
    let name = fields.text(reader, "name").map(str::to_owned);
    if let Some(name) = name.as_deref().filter(|name| !is_name(name)) {
        reader.problem(fields.place("name"), format!("`{name}` cannot be an endpoint's name")).hint =
            Some("letters, digits and inner hyphens, at most 63".to_owned());
    }
    let ready_within = fields.get("ready").and_then(|node| {
        let ready = reader.fields(node, "`ready`", READY_KEYS)?;
        ready.require(reader, "within")?;
        ready.duration(reader, "within")
    });
    let mut variants = Vec::new();
    for node in fields.list(reader, "variants").unwrap_or_default() {
        match &node.content {
            Content::Text(name) if is_name(name) => variants.push(name.clone()),
            _ => {
                reader.problem(node.place, "this cannot be a variant's name").hint =
                    Some("letters, digits and inner hyphens, at most 63".to_owned());
            }
        }
    }
    EndpointSection { name, ready_within, variants }
}
