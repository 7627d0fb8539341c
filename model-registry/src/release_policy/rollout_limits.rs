//! Reads the limits of rollouts to production.

use jiff::Timestamp;
use located_json::{Kind, Member, Node, find};

use super::reader::Reader;

const FREEZE_KEYS: [&str; 3] = ["from", "to", "reason"];

/// The maximum of `max_parallel_accounts`: CloudFormation's maximum of accounts in an operation.
const MAX_ACCOUNTS: u32 = 10_000;

/// A time in which nothing is rolled out to production.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Freeze {
    /// Its beginning.
    pub from: Timestamp,
    /// Its end, which is after its beginning and not part of it.
    pub to: Timestamp,
    /// Why.
    pub reason: String,
}

impl<'a> Reader<'a> {
    pub(super) fn freeze(&mut self, value: Node<'a>) -> Option<Freeze> {
        const WHAT: &str = "an entry of `freeze`";
        const SHAPE: &str = r#"write { "from": "2026-12-18T00:00:00Z", "to": "2027-01-04T00:00:00Z", "reason": "…" }"#;
        let members = self.object(value, WHAT, &FREEZE_KEYS);
        if value.kind() != Kind::Object {
            return None;
        }
        let from = self.required_text(value, &members, "from", WHAT, SHAPE);
        let to = self.required_text(value, &members, "to", WHAT, SHAPE);
        let reason = self.required_text(value, &members, "reason", WHAT, SHAPE);
        let from = from.and_then(|text| self.time(&members, "from", &text));
        let to = to.and_then(|text| self.time(&members, "to", &text));
        let (from, to) = (from?, to?);
        if from >= to {
            let message = format!("the freeze ends at {to}, which is not after its beginning, {from}");
            self.problem("empty-range", find(&members, "to").unwrap_or(value), message, "swap the two: this freeze is empty");
            return None;
        }
        Some(Freeze { from, to, reason: reason? })
    }

    fn time(&mut self, members: &[Member<'a>], name: &str, text: &str) -> Option<Timestamp> {
        let time = text.parse().ok();
        if let (None, Some(node)) = (time, find(members, name)) {
            let hint = "write a time with its offset as in RFC 3339: 2026-12-18T00:00:00Z, or 2026-12-18T01:00:00+01:00";
            self.problem("not-a-time", node, format!("`{name}` is `{text}`, not a time"), hint);
        }
        time
    }

    pub(super) fn max_parallel_accounts(&mut self, node: Node<'a>) -> Option<u32> {
        let count = node.source().parse::<u32>().ok().filter(|count| (1..=MAX_ACCOUNTS).contains(count));
        if count.is_none() {
            let message = format!("`max_parallel_accounts` is {}, not a number of accounts", node.source());
            self.problem("not-a-count", node, message, format!("use a whole number from 1 to {MAX_ACCOUNTS}"));
        }
        count
    }
}
