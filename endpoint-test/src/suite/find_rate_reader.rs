//! Reads the key `find_rate` of a load.

use std::time::Duration;

use super::document::{Content, Node};
use super::load::MAX_PHASES;
use super::reader::{Fields, Reader};
use crate::load::plan::Phase;
use crate::load::search::{RateSearch, Step};
use crate::load::threshold::{self, Comparison, Limit, Metric, Threshold};

pub(super) const FIND_RATE_KEYS: &[&str] = &["from", "to", "step", "hold", "precision"];

/// How long a rate is held by default: a `p95` of 20 requests a second needs that long for its 200
/// requests, and a proof.
const HOLD: Duration = Duration::from_secs(20);
const STEP: Step = Step::Part(0.5);
const PRECISION: f64 = 0.1;

/// `{ from: 50/s, to: 5000/s, step: 50%, hold: 20s, precision: 10% }`.
pub(super) fn read(reader: &mut Reader, node: &Node) -> Option<RateSearch> {
    let before = reader.problems.len();
    let fields = reader.fields(node, "`find_rate`", FIND_RATE_KEYS)?;
    for key in ["from", "to"] {
        fields.require(reader, key);
    }
    let (from, to) = (rate(reader, &fields, "from"), rate(reader, &fields, "to"));
    let step = step(reader, &fields);
    let hold = fields.duration(reader, "hold").unwrap_or(HOLD);
    let precision = part(reader, &fields, "precision").unwrap_or(PRECISION);
    let (from, to) = (from?, to?);
    if to <= from {
        reader.problem(fields.place("to"), "`to` must be a higher rate than `from`");
    }
    (reader.problems.len() == before).then_some(RateSearch { from, to, step, hold, precision, required: None })
}

/// Takes the required rate from the thresholds, and checks that the others say at which rates they
/// hold.
pub(super) fn with_thresholds(reader: &mut Reader, search: RateSearch, thresholds: &[(Threshold, &Node)]) -> RateSearch {
    let mut search = search;
    for (threshold, node) in thresholds {
        let (Metric::Rate, Limit::Rate(limit)) = (threshold.metric, threshold.limit) else {
            if threshold.observe {
                reader.problem(node.place, "a threshold of a load with `find_rate` decides whether a rate holds").hint =
                    Some("remove `observe`; only a threshold such as `rate >= 100/s` can be observed".to_owned());
            }
            continue;
        };
        if limit > search.to || limit < search.from {
            reader.problem(node.place, format!("`{threshold}` is not between the rates `from` and `to` of `find_rate`"));
        }
        search.required = Some(search.required.map_or(limit, |other| other.max(limit)));
    }
    search
}

/// Refuses a threshold of the rate where no rate is searched, or that compares it in another way.
pub(super) fn check_rate_threshold(reader: &mut Reader, threshold: &Threshold, node: &Node, has_search: bool) {
    if threshold.metric != Metric::Rate {
        return;
    }
    if !has_search {
        reader.problem(node.place, "`rate` is the result of `find_rate`, which this load does not have").hint =
            Some("use `throughput` for the right responses per second".to_owned());
    } else if threshold.comparison != Comparison::AtLeast {
        reader.problem(node.place, format!("`{threshold}` must compare with `>=`")).hint = Some("such as `rate >= 100/s`".to_owned());
    }
}

/// The limits of a search: it costs the most if the thresholds break late.
pub(super) fn check_cost(reader: &mut Reader, node: &Node, search: &RateSearch) {
    let (phases, _) = search.most();
    if phases > MAX_PHASES {
        reader.problem(node.place, format!("`find_rate` takes up to {phases} steps; the limit is {MAX_PHASES}")).hint =
            Some("use a larger `step` or `precision`, or rates that are closer".to_owned());
    }
}

/// What the first rate sends, for the percentiles that need so many requests.
pub(super) fn first_phase(search: &RateSearch) -> Phase {
    search.phase(search.from)
}

fn rate(reader: &mut Reader, fields: &Fields<'_>, key: &str) -> Option<f64> {
    let node = fields.get(key)?;
    let text = match &node.content {
        Content::Text(text) => text.clone(),
        Content::Number(number) => number.to_string(),
        _ => node.kind().to_owned(),
    };
    let rate = threshold::rate(text.trim()).filter(|rate| *rate > 0.0);
    if rate.is_none() {
        reader.problem(node.place, format!("`{key}` must be a rate above zero, not `{text}`")).hint =
            Some("such as `100/s` or `90/m`".to_owned());
    }
    rate
}

/// `50%` of the rate, or `100/s`.
fn step(reader: &mut Reader, fields: &Fields<'_>) -> Step {
    let Some(node) = fields.get("step") else { return STEP };
    let Content::Text(text) = &node.content else {
        reader.problem(node.place, format!("`step` must be a percentage or a rate, not {}", node.kind())).hint = Some(STEP_HINT.to_owned());
        return STEP;
    };
    let found = match percent(text) {
        Some(part) => (0.01..=9.0).contains(&part).then_some(Step::Part(part)),
        None => threshold::rate(text.trim()).filter(|rate| *rate > 0.0).map(Step::Rate),
    };
    found.unwrap_or_else(|| {
        reader.problem(node.place, format!("`step` must be a percentage from 1% to 900%, or a rate, not `{text}`")).hint =
            Some(STEP_HINT.to_owned());
        STEP
    })
}

const STEP_HINT: &str = "such as `50%` of the rate before, or `100/s`";

fn part(reader: &mut Reader, fields: &Fields<'_>, key: &str) -> Option<f64> {
    let node = fields.get(key)?;
    let part = match &node.content {
        Content::Text(text) => percent(text),
        _ => None,
    };
    let part = part.filter(|part| (0.01..=1.0).contains(part));
    if part.is_none() {
        reader.problem(node.place, format!("`{key}` must be a percentage from 1% to 100%")).hint =
            Some("such as `10%`: the search ends when the two rates are as close".to_owned());
    }
    part
}

fn percent(text: &str) -> Option<f64> {
    let number: f64 = text.trim().strip_suffix('%')?.trim_end().parse().ok()?;
    number.is_finite().then_some(number / 100.0)
}
