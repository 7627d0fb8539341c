//! Compares the captured responses of a shadow variant with those of production, by event id.

use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;

use super::{Found, REPLAY};
use crate::options::RunOptions;
use crate::replay::{CapturedRequests, OfVariant, Records, ReplaySettings, Unusable};
use crate::report::{CheckReport, ReplayReport, limited};
use crate::suite::CompareSettings;

/// The most responses that wait for that of the other variant. Both files are in the order of time.
const MAX_PENDING: usize = 20_000;
/// The most bytes of them.
const MAX_PENDING_BYTES: usize = 64 * 1000 * 1000;

/// A captured response that waits for that of the other variant.
struct Pending {
    is_shadow: bool,
    place: String,
    body: Bytes,
}

#[derive(Default)]
struct Join {
    pending: BTreeMap<String, Pending>,
    /// Their ids, the oldest first.
    order: VecDeque<String>,
    bytes: usize,
    /// Responses that no longer wait.
    forgotten: usize,
}

impl Join {
    /// Returns the response of the other variant to this request, or lets this one wait.
    fn add(&mut self, id: String, response: Pending) -> Option<(Pending, Pending)> {
        if self.pending.get(&id).is_some_and(|other| other.is_shadow != response.is_shadow) {
            let other = self.pending.remove(&id)?;
            self.bytes -= other.body.len();
            return Some((other, response));
        }
        self.bytes += response.body.len();
        self.order.push_back(id.clone());
        if let Some(same) = self.pending.insert(id, response) {
            self.bytes -= same.body.len();
            self.forgotten += 1;
        }
        while self.pending.len() > MAX_PENDING || self.bytes > MAX_PENDING_BYTES || self.order.len() > 2 * MAX_PENDING {
            let Some(oldest) = self.order.pop_front() else { break };
            if let Some(old) = self.pending.remove(&oldest) {
                self.bytes -= old.body.len();
                self.forgotten += 1;
            }
        }
        None
    }
}

pub(super) async fn run(
    shadow: &str,
    report: ReplayReport,
    (settings, compare): (&ReplaySettings, &CompareSettings),
    from: &CapturedRequests,
    options: &RunOptions,
) -> (ReplayReport, Vec<CheckReport>) {
    let report = ReplayReport { shadow: Some(shadow.to_owned()), ..report };
    let of = |is_shadow| Some(OfVariant { shadow: shadow.to_owned(), is_shadow });
    let opened = match (Records::open(from, of(true)), Records::open(from, of(false))) {
        (Ok(shadow), Ok(production)) => Ok([Some(shadow), Some(production)]),
        (Err(why), _) | (_, Err(why)) => Err(why),
    };
    let mut streams = match opened {
        Ok(streams) => streams,
        Err(why) => {
            let check = CheckReport::errored(REPLAY, format!("no captured response was read: {why}"));
            return (ReplayReport { message: Some(limited(why)), ..report }, vec![check]);
        }
    };
    let mut found = Found { report, ..Found::default() };
    let mut join = Join::default();
    let limit = usize::try_from(settings.requests).unwrap_or(usize::MAX);
    // A record of each in turn: both are in the order of time, so that few wait.
    while streams.iter().any(Option::is_some) && found.report.compared < limit && !options.interruption.is_raised() {
        for (index, stream) in streams.iter_mut().enumerate() {
            let Some(records) = stream else { continue };
            match records.next().await {
                None => *stream = None,
                Some(Err(unusable)) => {
                    if unusable.is_last {
                        *stream = None;
                    }
                    found.unusable(unusable);
                }
                Some(Ok((place, capture))) => {
                    let Some(output) = capture.output else {
                        found.unusable(Unusable { at: place, why: "only its request is captured".to_owned(), is_last: false });
                        continue;
                    };
                    let removed = match settings.redactions.of_request(&capture.input) {
                        Ok((_, removed)) => removed,
                        Err(why) => {
                            found.unusable(Unusable { at: place, why: why.replace("sent", "compared"), is_last: false });
                            continue;
                        }
                    };
                    found.captured_at(capture.inference_time.as_ref());
                    let body = settings.redactions.of_response(&output.bytes, &removed);
                    let response = Pending { is_shadow: index == 0, place, body };
                    if let Some((one, other)) = join.add(capture.event_id.clone(), response) {
                        let (shadow, production) = if one.is_shadow { (one, other) } else { (other, one) };
                        found.bodies((settings, compare), (&production.body, &shadow.body), &shadow.place, &capture.event_id);
                    }
                }
            }
        }
    }
    found.report.unmatched = join.pending.len() + join.forgotten;
    found.judge(settings)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(is_shadow: bool, length: usize) -> Pending {
        Pending { is_shadow, place: String::new(), body: Bytes::from(vec![0; length]) }
    }

    #[test]
    fn responses_wait_for_the_other_variant_in_bounded_memory() {
        let mut join = Join::default();
        assert!(join.add("a".to_owned(), response(true, 10)).is_none());
        let (one, other) = join.add("a".to_owned(), response(false, 20)).unwrap();
        assert_eq!((one.is_shadow, other.body.len(), join.bytes, join.pending.len()), (true, 20, 0, 0));
        for id in 0..3 * MAX_PENDING {
            assert!(join.add(id.to_string(), response(true, 1)).is_none());
        }
        assert_eq!((join.pending.len(), join.bytes, join.forgotten), (MAX_PENDING, MAX_PENDING, 2 * MAX_PENDING));
        assert!(join.order.len() <= 2 * MAX_PENDING + 1);
        assert!(join.add("large".to_owned(), response(true, MAX_PENDING_BYTES)).is_none());
        assert!(join.bytes <= MAX_PENDING_BYTES, "{}", join.bytes);
        // The same request twice is no pair.
        let mut join = Join::default();
        assert!(join.add("a".to_owned(), response(true, 1)).is_none() && join.add("a".to_owned(), response(true, 2)).is_none());
        assert_eq!((join.bytes, join.forgotten), (2, 1));
    }
}
