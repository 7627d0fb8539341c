//! Reads the key `load` of a suite.

use std::collections::HashMap;
use std::time::Duration;

use super::Case;
use super::document::{Content, Node};
use super::reader::{Fields, Reader};
use super::{find_rate_reader, limits_reader};
use crate::expect::Expectation;
use crate::load::plan::{
    Arrivals, DEFAULT_ABORT, DEFAULT_IN_FLIGHT, LoadPlan, MAX_CONTAINER_REQUESTS, MAX_IN_FLIGHT, MAX_LOAD, MAX_REQUESTS, Phase, Traffic,
    planned,
};
use crate::load::threshold::{self, Counted, Metric, Statistic, Threshold};
use crate::problem::Place;

pub(super) const LOAD_KEYS: &[&str] = &[
    "use",
    "warmup",
    "phases",
    "find_rate",
    "arrivals",
    "seed",
    "max_in_flight",
    "max_requests",
    "timeout",
    "check_replies",
    "abort_when",
    "thresholds",
];
pub(super) const PHASE_KEYS: &[&str] = &["name", "rate", "users", "for", "thresholds"];
pub(super) const WARMUP_KEYS: &[&str] = &["requests", "for"];
pub(super) const THRESHOLD_KEYS: &[&str] = &["threshold", "observe"];

/// The threshold of every load without one on errors.
const DEFAULT_ERRORS: &str = "errors < 1%";
/// The threshold of every search without one on dropped requests: a rate that is not sent does not
/// hold.
const DEFAULT_DROPPED: &str = "dropped < 1%";
/// The most phases that a chart can show.
pub(super) const MAX_PHASES: usize = 50;
/// The most thresholds of a load, or of a phase, that a report can show.
const MAX_THRESHOLDS: usize = 100;
const MAX_NAME: usize = 80;

/// Reads the whole section. `names` are those of all cases, `cases` the valid ones.
pub(super) fn read(reader: &mut Reader, node: &Node, names: &HashMap<String, Place>, cases: &[Case]) -> Option<LoadPlan> {
    let before = reader.problems.len();
    let fields = reader.fields(node, "`load`", LOAD_KEYS)?;
    let cases = used(reader, &fields, names, cases);
    let mut phases = Vec::new();
    let mut thresholds = Vec::new();
    let search = fields.get("find_rate").and_then(|node| find_rate_reader::read(reader, node));
    if fields.get("find_rate").is_some() {
        if fields.get("phases").is_some() {
            reader.problem(fields.key_place("find_rate"), "a load has one of `phases` and `find_rate`").hint =
                Some("put the phases into a separate suite".to_owned());
        }
    } else if let Some(nodes) = fields.require(reader, "phases").and_then(|_| fields.list(reader, "phases")) {
        if nodes.len() > MAX_PHASES {
            reader.problem(fields.place("phases"), format!("a load has at most {MAX_PHASES} phases, not {}", nodes.len()));
        }
        for (index, node) in nodes.iter().enumerate() {
            phases.extend(phase(reader, node, index, &mut thresholds));
        }
    }
    let searched = search.as_ref().map(find_rate_reader::first_phase);
    let warm_up = fields.get("warmup").and_then(|node| warm_up(reader, node, phases.first().or(searched.as_ref())));
    let of_all = thresholds_of(reader, &fields, None);
    thresholds.splice(0..0, of_all);
    for (threshold, node) in &thresholds {
        find_rate_reader::check_rate_threshold(reader, threshold, node, fields.get("find_rate").is_some());
    }
    let search = search.map(|search| find_rate_reader::with_thresholds(reader, search, &thresholds));
    if let (Some(search), Some(node)) = (&search, fields.get("find_rate")) {
        find_rate_reader::check_cost(reader, node, search);
    }
    let plan = LoadPlan {
        cases,
        arrivals: arrivals(reader, &fields),
        max_in_flight: fields
            .whole(reader, "max_in_flight", 1, MAX_IN_FLIGHT)
            .and_then(|number| usize::try_from(number).ok())
            .unwrap_or(DEFAULT_IN_FLIGHT),
        max_requests: fields.whole(reader, "max_requests", 1, MAX_CONTAINER_REQUESTS).unwrap_or(MAX_REQUESTS),
        timeout: fields.duration(reader, "timeout"),
        check_replies: boolean(reader, &fields, "check_replies").unwrap_or(true),
        abort_above: abort(reader, &fields),
        phases,
        search,
        thresholds: Vec::new(),
    };
    if reader.problems.len() > before {
        return None;
    }
    carried(reader, &plan, &thresholds);
    let mut thresholds: Vec<Threshold> = thresholds.into_iter().map(|(threshold, _)| threshold).collect();
    let errors = |threshold: &Threshold| threshold.phase.is_none() && threshold.metric == Metric::Count(Counted::Errors);
    if !thresholds.iter().any(errors) {
        thresholds.extend(threshold::parse(DEFAULT_ERRORS));
    }
    if plan.search.is_some() && !thresholds.iter().any(|threshold| threshold.metric == Metric::Count(Counted::Dropped)) {
        thresholds.extend(threshold::parse(DEFAULT_DROPPED));
    }
    let mut plan = LoadPlan { thresholds, ..plan };
    if let Some(warm_up) = warm_up {
        plan.phases.insert(0, warm_up);
        // Phases are indexed as in the plan, in which the warm-up is the first.
        for threshold in &mut plan.thresholds {
            threshold.phase = threshold.phase.map(|phase| phase + 1);
        }
    }
    bounded(reader, node, &plan);
    (reader.problems.len() == before).then_some(plan)
}

/// The cases of the load, in the order of `use`.
fn used(reader: &mut Reader, fields: &Fields<'_>, names: &HashMap<String, Place>, cases: &[Case]) -> Vec<String> {
    let Some(_) = fields.get("use") else {
        let expects_response = |case: &&Case| matches!(case.expectation, Expectation::Response(_));
        let all: Vec<_> = cases.iter().filter(expects_response).map(|case| case.name.clone()).collect();
        // Invalid cases have been reported already.
        if all.is_empty() && reader.problems.is_empty() {
            reader.problem(fields.key_place("phases"), "no case expects a response, so the load has nothing to send").hint =
                Some("add a case, or name cases with `use`".to_owned());
        }
        return all;
    };
    let mut used = Vec::new();
    for node in fields.list(reader, "use").unwrap_or_default() {
        let Content::Text(name) = &node.content else {
            reader.problem(node.place, format!("`use` must be a list of case names, not {}", node.kind()));
            continue;
        };
        if names.contains_key(name.trim()) {
            used.push(name.trim().to_owned());
            continue;
        }
        let nearest = reader.nearest(name, cases.iter().map(Case::name));
        reader.problem(node.place, format!("there is no case `{name}`")).hint = Some(match nearest {
            Some(nearest) => format!("did you mean `{nearest}`?"),
            None => "give the names of cases of this suite".to_owned(),
        });
    }
    used
}

/// A threshold and its node.
type Placed<'a> = (Threshold, &'a Node);

fn phase<'a>(reader: &mut Reader, node: &'a Node, index: usize, thresholds: &mut Vec<Placed<'a>>) -> Option<Phase> {
    let fields = reader.fields(node, "a phase", PHASE_KEYS)?;
    let duration = fields.require(reader, "for").and_then(|_| fields.duration(reader, "for"));
    let traffic = match (fields.get("rate"), fields.get("users")) {
        (Some(_), None) => open(reader, &fields),
        (None, Some(_)) => fields.whole(reader, "users", 1, MAX_IN_FLIGHT).map(users),
        _ => {
            if !fields.lacks_all(&["rate", "users"]) && fields.get("rate").is_none() {
                return None;
            }
            reader.problem(node.place, "a phase has one of `rate` and `users`").hint =
                Some("`rate: 5/s` sends without waiting for responses; with `users: 4` each user waits for a response first".to_owned());
            None
        }
    };
    thresholds.extend(thresholds_of(reader, &fields, Some(index)));
    let name = match fields.text(reader, "name").map(str::trim) {
        Some(name) if name.is_empty() || name.chars().count() > MAX_NAME || name.chars().any(char::is_control) => {
            reader.problem(fields.place("name"), format!("a phase's `name` is one line of at most {MAX_NAME} characters"));
            return None;
        }
        Some(name) => name.to_owned(),
        None => format!("phase {}", index + 1),
    };
    Some(Phase { name, traffic: traffic?, duration: duration?, counted: true })
}

fn users(number: u64) -> Traffic {
    Traffic::Closed { users: usize::try_from(number).unwrap_or(usize::MAX), requests: None }
}

/// `5/s`, or `5/s..25/s` from one rate to another.
fn open(reader: &mut Reader, fields: &Fields<'_>) -> Option<Traffic> {
    if let Some(Node { place, content: Content::Number(number), .. }) = fields.get("rate") {
        reader.problem(*place, format!("`rate` must be a rate, not `{number}`")).hint = Some(format!("such as `{number}/s`"));
        return None;
    }
    let text = fields.text(reader, "rate")?;
    let (from, to) = text.split_once("..").unwrap_or((text, text));
    let place = fields.place("rate");
    let (Some(from), Some(to)) = (threshold::rate(from.trim()), threshold::rate(to.trim())) else {
        reader.problem(place, format!("`rate` must be a rate, not `{text}`")).hint =
            Some("such as `5/s`, `90/m`, or `5/s..25/s` from one rate to another".to_owned());
        return None;
    };
    if from == 0.0 && to == 0.0 {
        reader.problem(place, "a `rate` of zero sends nothing");
        return None;
    }
    Some(Traffic::Open { from, to })
}

/// Requests like those of the first phase that are in no figure.
fn warm_up(reader: &mut Reader, node: &Node, first: Option<&Phase>) -> Option<Phase> {
    let fields = reader.fields(node, "`warmup`", WARMUP_KEYS)?;
    let requests = fields.whole(reader, "requests", 1, 10_000);
    let duration = fields.duration(reader, "for");
    if fields.lacks_all(&["requests", "for"]) || (fields.get("requests").is_some() && fields.get("for").is_some()) {
        reader.problem(node.place, "`warmup` has one of `requests` and `for`");
        return None;
    }
    let first = first?;
    let name = "warm-up".to_owned();
    match (first.traffic, requests, duration) {
        (Traffic::Open { from, to }, Some(requests), _) => {
            // At the first phase's mean rate: a ramp from zero would send almost nothing.
            let rate = f64::midpoint(from, to);
            #[expect(clippy::cast_precision_loss, reason = "at most ten thousand")]
            let seconds = requests as f64 / rate;
            let Some(duration) = Duration::try_from_secs_f64(seconds).ok().filter(|duration| *duration <= MAX_LOAD) else {
                let message = format!("at the first phase's rate {requests} requests take more than an hour");
                reader.problem(fields.place("requests"), message).hint = Some("warm up with fewer".to_owned());
                return None;
            };
            Some(Phase { name, traffic: Traffic::Open { from: rate, to: rate }, duration, counted: false })
        }
        (Traffic::Open { from, to }, None, Some(duration)) => {
            let rate = f64::midpoint(from, to);
            Some(Phase { name, traffic: Traffic::Open { from: rate, to: rate }, duration, counted: false })
        }
        (Traffic::Closed { users, .. }, requests, duration) => {
            let duration = duration.or(requests.map(|_| Duration::from_mins(10)))?;
            Some(Phase { name, traffic: Traffic::Closed { users, requests }, duration, counted: false })
        }
        (Traffic::Open { .. }, None, None) => None,
    }
}

fn arrivals(reader: &mut Reader, fields: &Fields<'_>) -> Arrivals {
    // By default each run has the same arrival times, so that results can be compared.
    let seed = fields.whole(reader, "seed", 0, u64::MAX);
    match fields.text(reader, "arrivals") {
        Some("poisson") => Arrivals::Poisson { seed: seed.unwrap_or(1) },
        Some("even") | None => {
            if seed.is_some() {
                reader.problem(fields.key_place("seed"), "`seed` is for random arrivals").hint = Some("add `arrivals: poisson`".to_owned());
            }
            Arrivals::Even
        }
        Some(other) => {
            reader.problem(fields.place("arrivals"), format!("`arrivals` must be `even` or `poisson`, not `{other}`"));
            Arrivals::Even
        }
    }
}

fn boolean(reader: &mut Reader, fields: &Fields<'_>, key: &str) -> Option<bool> {
    let node = fields.get(key)?;
    match node.content {
        Content::Bool(value) => Some(value),
        _ => {
            reader.problem(node.place, format!("`{key}` must be true or false, not {}", node.kind())).hint = node.boolean_hint();
            None
        }
    }
}

/// `errors > 50%`, or `never`.
fn abort(reader: &mut Reader, fields: &Fields<'_>) -> Option<f64> {
    let Some(text) = fields.text(reader, "abort_when") else { return Some(DEFAULT_ABORT) };
    if text.trim() == "never" {
        return None;
    }
    let part = text.trim().strip_prefix("errors").map(str::trim_start).and_then(|rest| rest.strip_prefix('>')).map(str::trim);
    let part = part.and_then(|rest| rest.strip_suffix('%')).and_then(|number| number.trim_end().parse::<f64>().ok());
    if let Some(percent) = part.filter(|percent| (0.0..100.0).contains(percent)) {
        return Some(percent / 100.0);
    }
    reader.problem(fields.place("abort_when"), format!("`abort_when` must be a percentage of failed requests, not `{text}`")).hint =
        Some("such as `errors > 50%`, of the last hundred requests, or `never`".to_owned());
    None
}

fn thresholds_of<'a>(reader: &mut Reader, fields: &Fields<'a>, phase: Option<usize>) -> Vec<Placed<'a>> {
    let Some(_) = fields.get("thresholds") else { return Vec::new() };
    let mut thresholds: Vec<Placed<'a>> = Vec::new();
    let nodes = fields.list(reader, "thresholds").unwrap_or_default();
    if nodes.len() > MAX_THRESHOLDS {
        reader.problem(fields.place("thresholds"), format!("`thresholds` has {} members; the limit is {MAX_THRESHOLDS}", nodes.len()));
        return Vec::new();
    }
    for node in nodes {
        let Some((text, observe)) = threshold_text(reader, node) else { continue };
        match threshold::parse(text) {
            Err(error) => reader.problem(node.place, error.message).hint = Some(error.hint),
            Ok(threshold) if thresholds.iter().any(|(known, _)| known.expression == threshold.expression) => {
                reader.problem(node.place, format!("the threshold `{threshold}` is given twice"));
            }
            Ok(threshold) => thresholds.push((Threshold { phase, observe, ..threshold }, node)),
        }
    }
    thresholds
}

/// `p95 < 250ms`, or `{ threshold: p95 < 250ms, observe: true }`.
fn threshold_text<'a>(reader: &mut Reader, node: &'a Node) -> Option<(&'a str, bool)> {
    match &node.content {
        Content::Text(text) => Some((text, false)),
        Content::Map(_) => {
            let fields = reader.fields(node, "a threshold", THRESHOLD_KEYS)?;
            fields.require(reader, "threshold")?;
            let observe = limits_reader::observe(reader, &fields);
            Some((fields.text(reader, "threshold")?, observe))
        }
        _ => {
            reader.problem(node.place, format!("a threshold is text such as `p95 < 250ms`, not {}", node.kind()));
            None
        }
    }
}

/// Refuses a percentile that needs more samples than the planned requests.
fn carried(reader: &mut Reader, plan: &LoadPlan, thresholds: &[Placed<'_>]) {
    for (threshold, node) in thresholds {
        let Some(statistic @ Statistic::Percentile(_)) = threshold.metric.statistic() else { continue };
        let sent = match (threshold.phase, &plan.search) {
            (Some(phase), _) => planned(plan.phases.get(phase)),
            // Each rate is judged by its own requests, and the first one has the fewest.
            (None, Some(search)) => planned([&find_rate_reader::first_phase(search)]),
            (None, None) => planned(&plan.phases),
        };
        // With users the number of requests depends on the responses: it is checked afterwards.
        let Some(sent) = sent.filter(|sent| *sent < statistic.needs()) else { continue };
        let what = threshold.expression.split(' ').find(|word| word.starts_with('p')).unwrap_or_default();
        let message = format!("`{what}` needs {} requests, ten of them beyond it, but only {sent} are planned", statistic.needs());
        reader.problem(node.place, message).hint = Some(match best(sent) {
            Some(best) => format!("make the load longer or faster, or use at most `p{best}`"),
            None => "make the load longer or faster".to_owned(),
        });
    }
}

/// The highest usual percentile that this number of requests supports.
fn best(sent: u64) -> Option<f64> {
    [99.99, 99.9, 99.0, 95.0, 90.0, 75.0, 50.0].into_iter().find(|percent| Statistic::Percentile(percent / 100.0).needs() <= sent)
}

/// A load costs money and time: both are limited.
fn bounded(reader: &mut Reader, node: &Node, plan: &LoadPlan) {
    if plan.duration() > MAX_LOAD {
        let minutes = plan.duration().as_secs() / 60;
        reader.problem(node.place, format!("the load takes {minutes} minutes; the limit is an hour"));
    }
    let (sent, most) = (plan.planned_arrivals(), plan.max_requests);
    if sent > most {
        reader.problem(node.place, format!("the load sends {sent} requests; the limit is {most}")).hint =
            Some("make it shorter or slower; for a container, which costs nothing, `max_requests` raises the limit".to_owned());
    }
}
