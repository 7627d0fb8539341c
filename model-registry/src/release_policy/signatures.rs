//! Reads which keys sign the records of releases.

use located_json::{Member, Node, find};

use super::reader::Reader;
use super::{PublicKeySource, PublicKeys, Signatures};

const KEYS: [&str; 3] = ["public_key", "public_keys", "required"];
const ROLES: [&str; 3] = ["build", "test", "check_release"];

impl<'a> Reader<'a> {
    pub(super) fn signatures(&mut self, value: Node<'a>) -> Option<Signatures> {
        const SHAPE: &str = r#"write { "public_key": "release-key.pem" }"#;
        let members = self.object(value, "`signatures`", &KEYS);
        let required = find(&members, "required").is_some_and(|node| self.boolean(node, "required"));
        let public_keys = match (find(&members, "public_key"), find(&members, "public_keys")) {
            (Some(_), Some(both)) => {
                let hint = "remove one of them: `public_key` is for all records, `public_keys` has one for each kind";
                self.problem("two-keys", both, "`signatures` has both `public_key` and `public_keys`", hint);
                return None;
            }
            (None, Some(keys)) => self.keys_of_roles(keys)?,
            (_, None) => {
                let key = self.public_key(value, &members, "public_key", "`signatures`", SHAPE)?;
                PublicKeys { build: key.clone(), test: key.clone(), check_release: key }
            }
        };
        Some(Signatures { public_keys, required })
    }

    fn keys_of_roles(&mut self, value: Node<'a>) -> Option<PublicKeys> {
        const SHAPE: &str = r#"write { "build": "build-key.pem", "test": "test-key.pem", "check_release": "check-key.pem" }"#;
        let members = self.object(value, "`public_keys`", &ROLES);
        let [build, test, check_release] = ROLES.map(|role| self.public_key(value, &members, role, "`public_keys`", SHAPE));
        Some(PublicKeys { build: build?, test: test?, check_release: check_release? })
    }

    fn public_key(
        &mut self,
        value: Node<'a>,
        members: &[Member<'a>],
        name: &str,
        owner: &str,
        shape: &'static str,
    ) -> Option<PublicKeySource> {
        let (key, node) = (self.required_text(value, members, name, owner, shape)?, find(members, name)?);
        if key.contains("PRIVATE KEY-----") {
            let hint = "pin the public key: `aws kms get-public-key --key-id KEY-ARN` returns it; replace a private key that was committed";
            self.problem("private-key", node, format!("`{name}` has a private key"), hint);
            return None;
        }
        Some(if key.contains("-----BEGIN ") { PublicKeySource::Pem(key) } else { PublicKeySource::File(key) })
    }
}
