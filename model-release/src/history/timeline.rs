//! The events of a stage, newest first, a page at a time.

use std::collections::{BTreeSet, VecDeque};

use jiff::Timestamp;

use super::History;
use super::layout::EventName;
use super::store::HistoryStore;
use crate::Stage;
use crate::diagnostic::Failure;

/// The most names in a page (Amazon S3 API, ListObjectsV2).
const PAGE: u16 = 1000;

/// The names of the events of a stage, newest first. At most one page is in memory.
#[derive(Debug)]
pub struct Timeline<'a, S> {
    history: &'a History<S>,
    folder: String,
    page: VecDeque<String>,
    last: String,
    has_more: bool,
    /// The first page can be small: most questions are about the newest events.
    page_size: u16,
    /// Events that others name as the one before, and that were not listed yet.
    expected: BTreeSet<String>,
    /// Names that are missing, or are not names of events.
    gaps: Vec<String>,
    /// The number of requests for pages.
    pub requests: usize,
}

impl<S: HistoryStore> History<S> {
    /// The events of a stage, or of the builds, that happened at a time or before; `None`: all.
    pub fn timeline(&self, stage: Option<Stage>, at: Option<Timestamp>) -> Timeline<'_, S> {
        let folder = self.keys.events(stage);
        let last = at.map(|at| format!("{folder}{}", EventName::not_after(at))).unwrap_or_default();
        Timeline {
            history: self,
            folder,
            page: VecDeque::new(),
            last,
            has_more: true,
            page_size: 100,
            expected: BTreeSet::new(),
            gaps: Vec::new(),
            requests: 0,
        }
    }
}

impl<S: HistoryStore> Timeline<'_, S> {
    /// The next older event.
    pub async fn next(&mut self) -> Result<Option<EventName>, Failure> {
        loop {
            let Some(key) = self.page.pop_front() else {
                if !self.has_more {
                    self.gaps.extend(std::mem::take(&mut self.expected).iter().map(|name| missing(name)));
                    return Ok(None);
                }
                self.read_page().await?;
                continue;
            };
            let name = &key[self.folder.len()..];
            self.expected.remove(name);
            // Names are listed in order: what should have come before is missing.
            let later = self.expected.split_off(name);
            self.gaps.extend(std::mem::replace(&mut self.expected, later).iter().map(|name| missing(name)));
            match name.parse() {
                Ok(event) => return Ok(Some(event)),
                Err(()) => self.gaps.push(format!("`{}` is not the name of an event", self.history.address(&key))),
            }
        }
    }

    /// An event that was read names the one before it.
    pub(super) fn expect(&mut self, after: Option<&String>) {
        self.expected.extend(after.cloned());
    }

    /// What is missing so far.
    pub fn gaps(&mut self) -> Vec<String> {
        std::mem::take(&mut self.gaps)
    }

    async fn read_page(&mut self) -> Result<(), Failure> {
        let after = Some(self.last.as_str()).filter(|last| !last.is_empty());
        let listing = self.history.store.list(&self.folder, after, self.page_size).await?;
        self.requests += 1;
        self.page_size = PAGE;
        self.has_more = listing.is_cut_off && !listing.keys.is_empty();
        if let Some(last) = listing.keys.last() {
            self.last.clone_from(last);
        }
        self.page = listing.keys.into();
        Ok(())
    }
}

fn missing(name: &str) -> String {
    format!("the event `{name}`, which a later one names, does not exist any more")
}
