//! Sends captured requests again, and compares responses, scores and latencies.

mod shadow;

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::invoke::{InvokeOutcome, invoke};
use super::rows::all;
use crate::clock::Clock;
use crate::expect::difference;
use crate::expect::latency::Percentile;
use crate::expect::limit::{Bounds, Limit};
use crate::format::milliseconds;
use crate::options::RunOptions;
use crate::replay::{Capture, CapturedBody, CapturedRequests, ClassCounts, DriftLimit, Records, ReplaySettings, Reservoir, Unusable};
use crate::report::{
    CheckReport, DriftReport, IntervalReport, Outcome, ReplayDifference, ReplayLatency, ReplayReport, UnusableRecord, confidence_text,
    level_tail, limited, short,
};
use crate::statistics::{drift, number, proportion, rounded};
use crate::suite::CompareSettings;
use crate::target::{Request, Target};

/// The check's name in reports.
const REPLAY: &str = "replay";
/// The most differences and unusable records that are listed.
const MAX_LISTED: usize = 20;
/// After this number of consecutive requests without a response, the rest is skipped.
const MAX_CONSECUTIVE_ERRORS: usize = 5;
/// The level of the tests of drift.
const LEVEL: f64 = 0.05;

/// What is known so far: as much memory for any number of requests.
#[derive(Default)]
struct Found {
    report: ReplayReport,
    scores: Reservoir<(f64, f64)>,
    classes: ClassCounts,
    latencies: Reservoir<f64>,
    consecutive_errors: usize,
}

/// A stream of records at a limited rate.
struct Paced {
    records: Records,
    taken: u64,
    next_at: Option<Duration>,
    is_done: bool,
}

/// Sends the captured requests, and returns the results with a check for each limit.
pub(super) async fn run<T: Target, C: Clock>(
    target: &T,
    (settings, compare): (&ReplaySettings, &CompareSettings),
    from: &CapturedRequests,
    options: &RunOptions,
    clock: &C,
) -> (ReplayReport, Vec<CheckReport>) {
    let report = ReplayReport { from: from.title(), redacted: settings.redactions.names(), ..ReplayReport::default() };
    if let Some(shadow) = &settings.shadow {
        return shadow::run(shadow, report, (settings, compare), from, options).await;
    }
    let records = match Records::open(from, None) {
        Ok(records) => records,
        Err(why) => {
            let check = CheckReport::errored(REPLAY, format!("no captured request was read: {why}"));
            return (ReplayReport { message: Some(limited(why)), ..report }, vec![check]);
        }
    };
    let paced = tokio::sync::Mutex::new(Paced { records, taken: 0, next_at: None, is_done: false });
    let found = Mutex::new(Found { report, ..Found::default() });
    let worker = || async {
        while let Some((place, capture)) = next(&paced, &found, settings, options, clock).await {
            let (body, removed) = match settings.redactions.of_request(&capture.input) {
                Ok(redacted) => redacted,
                Err(why) => {
                    lock(&found).unusable(Unusable { at: place, why, is_last: false });
                    continue;
                }
            };
            let request = Request {
                body,
                content_type: capture.input.content_type.clone().unwrap_or_else(|| "application/octet-stream".to_owned()),
                accept: capture.output.as_ref().and_then(|output| output.content_type.clone()),
                timeout: options.case_timeout,
                reuse_connection: true,
                ..Request::default()
            };
            let timed = invoke(target, &request, clock).await;
            let captured = capture.output.map(|CapturedBody { bytes, .. }| settings.redactions.of_response(&bytes, &removed));
            let mut found = lock(&found);
            found.report.sent += 1;
            found.captured_at(capture.inference_time.as_ref());
            match timed.outcome {
                InvokeOutcome::Response(response) => {
                    found.consecutive_errors = 0;
                    found.latencies.add(milliseconds(timed.latency));
                    let Some(captured) = captured else { continue };
                    let this = settings.redactions.of_response(&response.body, &removed);
                    found.bodies((settings, compare), (&captured, &this), &place, &capture.event_id);
                }
                InvokeOutcome::ModelError(failure) => {
                    found.consecutive_errors = 0;
                    found.report.refused += 1;
                    let status = failure.status.map_or_else(|| "an error".to_owned(), |status| format!("an error with status {status}"));
                    if captured.is_some() {
                        found.compared(Some(ReplayDifference {
                            record: place,
                            event_id: capture.event_id,
                            at: Some("status".to_owned()),
                            this: status,
                            captured: "a response".to_owned(),
                        }));
                    }
                }
                InvokeOutcome::TargetError(error) => found.errored(limited(error.to_string())),
                InvokeOutcome::Timeout => found.errored("no response in time".to_owned()),
            }
        }
    };
    all((0..settings.at_once).map(|_| worker())).await;
    found.into_inner().unwrap_or_else(PoisonError::into_inner).judge(settings)
}

fn lock(found: &Mutex<Found>) -> std::sync::MutexGuard<'_, Found> {
    found.lock().unwrap_or_else(PoisonError::into_inner)
}

fn finite(text: &str) -> Option<f64> {
    text.trim().parse::<f64>().ok().filter(|number| number.is_finite())
}

/// The next record that can be read, when its time has come.
async fn next<C: Clock>(
    paced: &tokio::sync::Mutex<Paced>,
    found: &Mutex<Found>,
    settings: &ReplaySettings,
    options: &RunOptions,
    clock: &C,
) -> Option<(String, Capture)> {
    let mut paced = paced.lock().await;
    loop {
        let too_many = lock(found).consecutive_errors >= MAX_CONSECUTIVE_ERRORS;
        if paced.is_done || too_many || options.interruption.is_raised() || paced.taken >= settings.requests {
            return None;
        }
        match paced.records.next().await {
            Some(Ok(record)) => {
                paced.taken += 1;
                let now = clock.now();
                let at = paced.next_at.map_or(now, |at| at.max(now));
                paced.next_at = Some(at + settings.pause());
                if at > now {
                    clock.sleep(at.saturating_sub(now)).await;
                }
                return Some(record);
            }
            Some(Err(unusable)) => {
                paced.is_done = unusable.is_last;
                lock(found).unusable(unusable);
            }
            None => {
                paced.is_done = true;
                return None;
            }
        }
    }
}

impl Found {
    fn unusable(&mut self, unusable: Unusable) {
        self.report.unusable += 1;
        if self.report.unusable_records.len() < MAX_LISTED {
            self.report.unusable_records.push(UnusableRecord { record: limited(unusable.at), why: limited(unusable.why) });
        }
    }

    fn captured_at(&mut self, time: Option<&String>) {
        let report = &mut self.report;
        // RFC 3339 in UTC is in order of time.
        report.captured_from = report.captured_from.take().into_iter().chain(time.cloned()).min();
        report.captured_to = report.captured_to.take().into_iter().chain(time.cloned()).max();
    }

    fn compared(&mut self, difference: Option<ReplayDifference>) {
        self.report.compared += 1;
        if let Some(difference) = difference {
            self.report.different += 1;
            if self.report.differences.len() < MAX_LISTED {
                self.report.differences.push(difference);
            }
        }
    }

    /// Compares a captured body with another one to the same request: the difference and the scores.
    fn bodies(
        &mut self,
        (settings, compare): (&ReplaySettings, &CompareSettings),
        (captured, this): (&[u8], &[u8]),
        place: &str,
        event_id: &str,
    ) {
        if let Some(score) = &settings.score
            && let (Ok(Some(base)), Ok(Some(new))) = (score.value(captured), score.value(this))
        {
            match (finite(&base), finite(&new)) {
                (Some(base), Some(new)) => self.scores.add((base, new)),
                _ => self.classes.add(&base, &new),
            }
        }
        match difference::in_bodies(captured, this, compare.tolerance, &compare.ignore, 1) {
            Ok(differences) => self.compared(differences.first.into_iter().next().map(|first| ReplayDifference {
                record: place.to_owned(),
                event_id: event_id.to_owned(),
                at: Some(limited(first.at)),
                this: limited(first.actual),
                captured: limited(first.expected),
            })),
            Err(error) => self.unusable(Unusable { at: place.to_owned(), why: error.to_string(), is_last: false }),
        }
    }

    fn errored(&mut self, why: String) {
        self.report.errored += 1;
        self.consecutive_errors += 1;
        self.report.message.get_or_insert(why);
    }

    fn judge(self, settings: &ReplaySettings) -> (ReplayReport, Vec<CheckReport>) {
        let Self { mut report, scores, classes, latencies, .. } = self;
        let mut sorted = latencies.values().to_vec();
        sorted.sort_by(f64::total_cmp);
        report.latency = latency(&sorted, latencies.seen());
        report.drift = drift_of(&scores, &classes);
        let of = (report.different, report.compared);
        report.different_share = (of.1 > 0).then(|| IntervalReport::new(proportion::exact(of.0, of.1, level_tail()), "exact", of.1));
        report.differences.sort_by(|one, other| one.record.cmp(&other.record));
        let mut checks = vec![whole(&report)];
        checks.extend(settings.at_most.map(|limit| different(&report, limit).observed(settings.observe)));
        checks.extend(settings.psi.map(|limit| {
            let measured = report.drift.as_ref().map(|drift| (drift.psi, drift.psi > drift.psi_by_chance));
            drifted("replay psi", "population stability index", limit, measured, &report)
        }));
        checks.extend(settings.ks.map(|limit| {
            let measured = report.drift.as_ref().and_then(|drift| Some((drift.ks?, drift.p_value? < LEVEL)));
            drifted("replay ks", "distance of the distributions of the scores", limit, measured, &report)
        }));
        (report, checks)
    }
}

fn latency(sorted: &[f64], count: usize) -> Option<ReplayLatency> {
    let [.., p95, p99, _] = Percentile::ALL;
    let of = |percentile: Percentile| percentile.of(sorted).filter(|_| sorted.len() >= percentile.least_rows());
    let (p50_ms, max_ms) = (Percentile::MEDIAN.of(sorted)?, *sorted.last()?);
    Some(ReplayLatency { count, p50_ms, p95_ms: of(p95), p99_ms: of(p99), max_ms })
}

fn drift_of(scores: &Reservoir<(f64, f64)>, classes: &ClassCounts) -> Option<DriftReport> {
    if scores.seen() >= classes.pairs() && scores.seen() > 0 {
        let sorted = |of: fn(&(f64, f64)) -> f64| {
            let mut values: Vec<f64> = scores.values().iter().map(of).collect();
            values.sort_by(f64::total_cmp);
            values
        };
        let (base, new) = (sorted(|pair| pair.0), sorted(|pair| pair.1));
        let ((psi, bins), distance) = (drift::psi(&base, &new), drift::distance(&base, &new));
        return Some(DriftReport {
            of: "scores".to_owned(),
            pairs: scores.seen(),
            psi: rounded(psi),
            bins,
            psi_by_chance: rounded(drift::psi_by_chance(bins, base.len(), new.len(), LEVEL)),
            ks: Some(rounded(distance)),
            p_value: Some(rounded(drift::p_value(distance, base.len(), new.len()))),
            visible_ks: Some(rounded(drift::visible_distance(base.len(), new.len(), LEVEL))),
        });
    }
    let (base, new) = classes.counts();
    (classes.pairs() > 0).then(|| DriftReport {
        of: "classes".to_owned(),
        pairs: classes.pairs(),
        psi: rounded(drift::psi_of_counts(&base, &new)),
        bins: base.len(),
        psi_by_chance: rounded(drift::psi_by_chance(base.len(), classes.pairs(), classes.pairs(), LEVEL)),
        ..DriftReport::default()
    })
}

/// Whether the requests were sent at all.
fn whole(report: &ReplayReport) -> CheckReport {
    let why = report.message.as_ref().map(|message| format!(": {message}")).unwrap_or_default();
    let check = if report.errored > 0 {
        CheckReport::errored(REPLAY, format!("{} of {} captured requests got no response{why}", report.errored, report.sent))
    } else if report.shadow.is_some() && report.compared == 0 {
        CheckReport::errored(REPLAY, "no captured response of the shadow variant has one of production to the same request")
    } else if report.shadow.is_none() && report.sent == 0 {
        let first = report.unusable_records.first().map(|first| format!("; {}: {}", first.record, first.why)).unwrap_or_default();
        CheckReport::errored(REPLAY, format!("no captured request could be sent{first}"))
    } else if report.is_mostly_unusable() {
        let all = report.sent.max(report.compared) + report.unusable;
        CheckReport::errored(REPLAY, format!("{} of {all} records could not be used, more than one of a hundred", report.unusable))
    } else {
        CheckReport::passed(REPLAY)
    };
    if report.shadow.is_some() {
        return check;
    }
    check.expected("a response to every captured request").actual(format!("{} of {}", report.sent - report.errored, report.sent))
}

fn different(report: &ReplayReport, limit: Limit) -> CheckReport {
    let name = "replay differences";
    let (different, compared) = (report.different, report.compared);
    let bounds = Bounds { at_most: Some(limit), ..Bounds::default() };
    let share = number(different) / number(compared.max(1));
    let judgement = bounds.judge(share, |tail| Ok(proportion::exact(different, compared, tail)));
    let found = format!("{different} of {compared} responses differ from the captured ones");
    let check = match judgement.outcome {
        _ if compared == 0 => CheckReport::errored(name, "no response was compared with a captured one"),
        Outcome::Passed => CheckReport::passed(name),
        Outcome::NotProven => {
            let confidence = confidence_text(limit.confidence.unwrap_or_default());
            let bound = judgement.upper.map(short).unwrap_or_default();
            CheckReport::not_proven(name, format!("{found}: the {confidence} bound of the share is {bound} (exact)"))
        }
        _ => CheckReport::failed(name, found),
    };
    check.expected(bounds.describe()).actual(short(share))
}

/// A measure of drift passes within its limit, and fails above it if chance alone does not explain
/// that.
fn drifted(name: &str, what: &str, limit: DriftLimit, measured: Option<(f64, bool)>, report: &ReplayReport) -> CheckReport {
    let pairs = report.drift.as_ref().map_or(0, |drift| drift.pairs);
    let check = match measured {
        None => CheckReport::errored(name, format!("the {what} is unknown: no captured response and new one both have a score")),
        Some((value, _)) if value <= limit.at_most => CheckReport::passed(name),
        Some((value, true)) => CheckReport::failed(name, format!("the {what} is {} over {pairs} pairs", short(value))),
        Some((value, false)) => {
            CheckReport::not_proven(name, format!("the {what} is {}, which {pairs} pairs without drift have by chance", short(value)))
                .with_hint("replay more requests, or raise the limit")
        }
    };
    let check = check.expected(format!("at most {}", limit.at_most));
    let check = match measured {
        Some((value, _)) => check.actual(short(value)),
        None => check,
    };
    check.observed(limit.observe)
}
