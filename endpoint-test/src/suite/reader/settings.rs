//! The parts of a request besides its payload, with their defaults for all cases.

use std::time::Duration;

use super::{Fields, Reader};
use crate::expect::address::Address;
use crate::media_type;
use crate::problem::Place;
use crate::target::Request;

pub(super) const DEFAULTS_KEYS: &[&str] = &[
    "accept",
    "content_type",
    "timeout",
    "target_variant",
    "target_model",
    "target_container",
    "inference_component",
    "custom_attributes",
];

/// The settings of a case, or the suite's defaults.
#[derive(Debug, Clone, Default)]
pub(in crate::suite) struct Settings {
    pub(in crate::suite) content_type: Option<String>,
    pub(super) timeout: Option<Duration>,
    /// The other parts of a request; its payload is not known here.
    request: Request,
    /// The settings that select a part of an endpoint, with their locations.
    selections: Vec<(&'static str, Place)>,
}

impl Settings {
    /// The selections in the case's settings, else in the suite's.
    pub(super) fn selections_over(&self, defaults: &Self) -> Vec<(&'static str, Place)> {
        let is_new = |(key, _): &&(&str, Place)| self.selections.iter().all(|(own, _)| own != key);
        self.selections.iter().chain(defaults.selections.iter().filter(is_new)).copied().collect()
    }

    /// The case's settings, else the suite's.
    pub(super) fn request_over(self, defaults: &Self) -> Request {
        let (own, usual) = (self.request, defaults.request.clone());
        Request {
            accept: own.accept.or(usual.accept),
            custom_attributes: own.custom_attributes.or(usual.custom_attributes),
            target_variant: own.target_variant.or(usual.target_variant),
            target_model: own.target_model.or(usual.target_model),
            target_container: own.target_container.or(usual.target_container),
            inference_component: own.inference_component.or(usual.inference_component),
            inference_id: own.inference_id.or(usual.inference_id),
            ..Request::default()
        }
    }
}

pub(super) fn read(reader: &mut Reader, fields: &Fields<'_>) -> Settings {
    let request = Request {
        accept: media(reader, fields, "accept"),
        custom_attributes: custom_attributes(reader, fields),
        target_variant: name(reader, fields, "target_variant", "a variant's name"),
        target_model: printable(reader, fields, "target_model", 1024),
        target_container: name(reader, fields, "target_container", "a container's name"),
        inference_component: name(reader, fields, "inference_component", "an inference component's name"),
        inference_id: printable(reader, fields, "inference_id", 64),
        ..Request::default()
    };
    Settings {
        content_type: media(reader, fields, "content_type"),
        timeout: fields.duration(reader, "timeout"),
        selections: request.selections().map(|key| (key, fields.key_place(key))).collect(),
        request,
    }
}

pub(in crate::suite) fn media(reader: &mut Reader, fields: &Fields<'_>, key: &'static str) -> Option<String> {
    let text = fields.text(reader, key)?.trim();
    if media_type::is_valid(text) {
        return Some(text.to_owned());
    }
    let place = fields.place(key);
    reader.problem(place, format!("`{key}` must be a media type, not `{text}`")).hint =
        Some("for example `text/csv` or `application/json`".to_owned());
    None
}

/// Locations in JSON: JSON Pointers and JSONPaths.
pub(in crate::suite) fn addresses(reader: &mut Reader, fields: &Fields<'_>, key: &str) -> Vec<Address> {
    let mut addresses = Vec::new();
    for (text, place) in fields.texts(reader, key) {
        match Address::parse(&text) {
            Ok(address) => addresses.push(address),
            Err((message, hint)) => reader.problem(place, message).hint = Some(hint),
        }
    }
    addresses
}

/// `[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}`, the API's pattern of endpoint, variant and component names.
pub(in crate::suite) fn is_name(text: &str) -> bool {
    let inner = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    inner && (1..=63).contains(&text.len()) && !text.starts_with('-') && !text.ends_with('-')
}

fn name(reader: &mut Reader, fields: &Fields<'_>, key: &str, what: &str) -> Option<String> {
    let text = fields.text(reader, key)?;
    if is_name(text) {
        return Some(text.to_owned());
    }
    reader.problem(fields.place(key), format!("`{text}` cannot be {what}")).hint =
        Some("letters, digits and inner hyphens, at most 63".to_owned());
    None
}

/// Printable ASCII without a blank at the start, as in `TargetModel` and `InferenceId`.
fn printable(reader: &mut Reader, fields: &Fields<'_>, key: &str, most: usize) -> Option<String> {
    let text = fields.text(reader, key)?;
    let fine =
        (1..=most).contains(&text.len()) && !text.starts_with(' ') && text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic());
    if fine {
        return Some(text.to_owned());
    }
    reader.problem(fields.place(key), format!("`{key}` must be 1 to {most} printable ASCII characters"));
    None
}

/// InvokeEndpoint accepts at most 1024 printable ASCII characters.
fn custom_attributes(reader: &mut Reader, fields: &Fields<'_>) -> Option<String> {
    let text = fields.text(reader, "custom_attributes")?;
    if text.len() <= 1024 && text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()) {
        return Some(text.to_owned());
    }
    let place = fields.place("custom_attributes");
    reader.problem(place, "`custom_attributes` must be at most 1024 printable ASCII characters");
    None
}
