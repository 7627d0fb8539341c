//! The answer as text, for one screen.

use std::fmt::Write as _;

use super::answer::{HistoryAnswer, ServedThen};
use super::layout::digits;
use crate::plural;

/// How many digits of a digest are shown.
const DIGITS: usize = 12;

/// How many targets are shown with the same release; the rest is counted.
const TARGETS: usize = 4;

impl HistoryAnswer {
    /// The answer as text.
    pub fn text(&self) -> String {
        let mut text = String::new();
        let at = self.at.as_deref().map_or_else(|| "now".to_owned(), |at| format!("at {at}"));
        let _ = writeln!(text, "{} of {}, {at}, from the records in {}", self.stage, self.project, self.history);
        for (first, targets) in self.groups() {
            let _ = writeln!(text, "\n  {}", served(first));
            let shown: Vec<_> = targets.iter().take(TARGETS).map(String::as_str).collect();
            let more = targets.len().saturating_sub(TARGETS);
            let more = if more == 0 { String::new() } else { format!(" and {more} more") };
            let _ = writeln!(text, "    in        {}{more}", shown.join(", "));
            let since = first
                .deployed_at
                .as_deref()
                .map_or_else(|| format!("no record says since when; seen at {}", first.recorded_at), str::to_owned);
            let _ = writeln!(text, "    since     {since}, {}", first.signature.as_str());
            let approval = match (&first.approved_by, &first.approved_at, first.approval_signature) {
                (Some(by), at, Some(signature)) => {
                    format!("{by}{}, {}", at.as_ref().map(|at| format!(" at {at}")).unwrap_or_default(), signature.as_str())
                }
                _ if self.stage == "prod" => "no record says who".to_owned(),
                _ => "not required in this stage".to_owned(),
            };
            let _ = writeln!(text, "    approved  {approval}");
            if let Some(back) = &first.going_back {
                let from = back.from.as_deref().map(|from| format!(" from {}", short(from))).unwrap_or_default();
                let reason = back.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
                let skipped = if back.skipped_staging { ", without the evidence of staging" } else { "" };
                let _ = writeln!(text, "    back      {}{skipped}{reason}", from.trim_start());
            }
            for endpoint in first.endpoints.iter().filter(|_| !first.serves_release) {
                let reason = endpoint.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
                let _ = writeln!(text, "    endpoint  {} served {}{reason}", endpoint.endpoint, endpoint.model_packages.join(", "));
            }
        }
        if !self.events.is_empty() {
            let _ = writeln!(text, "\n  {}, newest first:", plural(self.events.len(), "event"));
        }
        for event in &self.events {
            let version = event.version.map(|version| format!("v{version} ")).unwrap_or_default();
            let signed = event.signature.as_str();
            let _ = writeln!(text, "    {}  {version}{}  {} [{signed}]", event.at, short(&event.release), event.summary);
        }
        for gap in &self.gaps {
            let _ = writeln!(text, "\n  gap: {gap}");
        }
        text.trim_end().to_owned()
    }

    /// Targets with the same state, together.
    fn groups(&self) -> Vec<(&ServedThen, Vec<String>)> {
        let mut groups: Vec<(&ServedThen, Vec<String>)> = Vec::new();
        for served in &self.served {
            let target = format!("{}/{}", served.account_id, served.region);
            let is_same = |one: &ServedThen| {
                one.serves_release && served.serves_release && one.recorded_at == served.recorded_at && one.release == served.release
            };
            match groups.iter_mut().find(|(one, _)| is_same(one)) {
                Some((_, targets)) => targets.push(target),
                None => groups.push((served, vec![target])),
            }
        }
        groups
    }
}

fn served(served: &ServedThen) -> String {
    let version = served.version.map(|version| format!("version {version}, ")).unwrap_or_default();
    let state = if served.serves_release { "" } else { ", but not every endpoint served it" };
    format!("{version}release {} ({}){state}", short(&served.release), served.model_package)
}

pub(super) fn short(digest: &str) -> String {
    format!("sha256:{}", digits(digest).chars().take(DIGITS).collect::<String>())
}
