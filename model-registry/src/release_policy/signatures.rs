//! Reads which key signs the records of releases.

use located_json::{Node, find};

use super::reader::Reader;
use super::{PublicKeySource, Signatures};

const KEYS: [&str; 2] = ["public_key", "required"];

impl<'a> Reader<'a> {
    pub(super) fn signatures(&mut self, value: Node<'a>) -> Option<Signatures> {
        const SHAPE: &str = r#"write { "public_key": "release-key.pem" }"#;
        let members = self.object(value, "`signatures`", &KEYS);
        let key = self.required_text(value, &members, "public_key", "`signatures`", SHAPE);
        let required = find(&members, "required").is_some_and(|node| self.boolean(node, "required"));
        let (key, node) = (key?, find(&members, "public_key")?);
        if key.contains("PRIVATE KEY-----") {
            let hint = "pin the public key: `aws kms get-public-key --key-id KEY-ARN` returns it; replace a private key that was committed";
            self.problem("private-key", node, "`public_key` has a private key", hint);
            return None;
        }
        let public_key = if key.contains("-----BEGIN ") { PublicKeySource::Pem(key) } else { PublicKeySource::File(key) };
        Some(Signatures { public_key, required })
    }
}
