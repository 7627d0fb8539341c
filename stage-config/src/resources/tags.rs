//! `Tags` of SageMaker resources.
//!
//! Source: SageMaker API, `Tag`: keys of 1 to 128 characters without `aws:`, values of at most 256, 50 of them.

use std::collections::BTreeSet;

use super::inspector::{About, Inspector};
use super::property::Property;

pub(super) fn check(inspector: &mut Inspector<'_>, properties: &Property<'_>, owner: &str) {
    const MOST: usize = 50;
    const MOST_IN_KEY: usize = 128;
    const MOST_IN_VALUE: usize = 256;
    let Some((list, tags)) = properties.get("Tags").and_then(|list| list.items().map(|items| (list, items))) else { return };
    if tags.len() > MOST {
        let message = format!("{owner} has {} tags; SageMaker allows {MOST}", tags.len());
        inspector.error("tags", message, "remove some of them", &[About::Presence(&list.pointer)]);
    }
    let mut keys = BTreeSet::new();
    for tag in &tags {
        if let Some((property, key)) = tag.get("Key").and_then(|key| Some((key.clone(), key.text()?))) {
            let length = key.chars().count();
            if !(1..=MOST_IN_KEY).contains(&length) || key.to_lowercase().starts_with("aws:") {
                let message = format!("`{}` is not a valid tag key of {owner}", property.shown());
                inspector.error("tags", message, "use 1 to 128 characters, not beginning with `aws:`", &[About::Value(&property.pointer)]);
            } else if !keys.insert(key) {
                let message = format!("{owner} has the tag `{key}` twice");
                inspector.error("tags", message, "keep one of the two", &[About::Value(&property.pointer)]);
            }
        }
        if let Some((property, value)) = tag.get("Value").and_then(|value| Some((value.clone(), value.text()?))) {
            let length = value.chars().count();
            if length > MOST_IN_VALUE {
                let message = format!("a tag of {owner} has a value of {length} characters; SageMaker allows {MOST_IN_VALUE}");
                inspector.error("tags", message, "shorten it", &[About::Value(&property.pointer)]);
            }
        }
    }
}
