//! Assembles reports.

use super::{
    CaseReport, CheckReport, Counts, DifferenceReport, FindingCode, IDENTITY, Outcome, Report, SCHEMA_VERSION, TargetInfo, TargetReport,
    ToolInfo, Verdict,
};
use crate::format::ends;
use crate::target::TargetError;

impl Report {
    /// Assembles the targets' reports. The caller sets `release`, `commit`, `model_package` and
    /// `partial`.
    ///
    /// Targets are sorted by account, region and endpoint: they are tested concurrently, and the
    /// report must not depend on their order.
    pub fn assemble(tool: ToolInfo, stage: impl Into<String>, mut targets: Vec<TargetReport>) -> Self {
        targets.sort_by(|left, right| {
            (&left.account_id, &left.region, &left.endpoint).cmp(&(&right.account_id, &right.region, &right.endpoint))
        });
        // All texts are of one format, so their order is that of time.
        let started_at = targets.iter().filter_map(|target| target.started_at.clone()).min();
        let ended_at = targets.iter().filter_map(|target| target.ended_at.clone()).max();
        Self {
            schema_version: SCHEMA_VERSION,
            tool,
            stage: stage.into(),
            release: None,
            commit: None,
            model_package: None,
            suite: None,
            partial: None,
            started_at,
            ended_at,
            verdict: Verdict::of_run(targets.iter().map(|target| target.verdict)),
            counts: Counts::of(targets.iter().map(|target| target.verdict)),
            targets,
        }
    }
}

impl TargetReport {
    /// An empty report.
    pub(crate) fn new(info: TargetInfo) -> Self {
        Self {
            account_id: info.account_id,
            region: info.region,
            endpoint: info.endpoint,
            role: info.role,
            environment_name: info.environment_name,
            environment_type: info.environment_type,
            project_name: info.project_name,
            project_id: info.project_id,
            ..Self::default()
        }
    }

    /// The latency of the slowest case, in milliseconds.
    pub fn slowest_ms(&self) -> Option<f64> {
        self.cases.iter().filter_map(|case| case.latency_ms).reduce(f64::max)
    }

    /// The report of a target that could not be tested at all, for example because its role could
    /// not be assumed. `check` names the attempt.
    pub fn errored(info: TargetInfo, check: impl Into<String>, message: impl Into<String>, hint: Option<String>) -> Self {
        let mut report = Self::new(info);
        report.checks.push(CheckReport { hint, ..CheckReport::errored(check, message) });
        report.settle(false)
    }

    /// [`TargetReport::errored`] with an error's own message and hint.
    pub fn errored_by(info: TargetInfo, check: impl Into<String>, error: &TargetError) -> Self {
        Self::errored(info, check, error.to_string(), error.hint.clone())
    }

    /// The check of the model package that the target serves, if it was made.
    pub fn identity(&self) -> Option<&CheckReport> {
        self.checks.iter().find(|check| check.name == IDENTITY)
    }

    /// `account/region/endpoint`, which identifies the target.
    pub fn title(&self) -> String {
        format!("{}/{}/{}", self.account_id, self.region, self.endpoint)
    }

    /// Which credentials a request to the target needs, after `send the same request`; nothing for
    /// a container, whose endpoint is a URL.
    #[cfg(feature = "render")]
    pub(super) fn credentials(&self) -> String {
        match self.account_id.parse::<aws_names::AccountId>() {
            Ok(account) if !self.endpoint.contains("://") => format!(", with credentials of account {account}"),
            _ => String::new(),
        }
    }

    /// Adds a check that was made after the tests. The verdict can only become worse.
    pub fn add_check(&mut self, check: CheckReport) {
        self.verdict = match (check.outcome, self.verdict) {
            (Outcome::Failed, _) => Verdict::Failed,
            (Outcome::Errored, Verdict::Passed | Verdict::Empty | Verdict::Skipped) => Verdict::Errored,
            (_, verdict) => verdict,
        };
        self.checks.push(check);
    }

    /// Sets the verdict from the results. With `checks_suffice`, checks alone can pass.
    pub(crate) fn settle(mut self, checks_suffice: bool) -> Self {
        let checks: Vec<Outcome> = self.checks.iter().map(|check| check.outcome).collect();
        let load = self.load.iter().map(|load| load.outcome);
        let mut cases: Vec<Outcome> = self.cases.iter().map(|case| case.outcome).chain(load).collect();
        if checks_suffice && cases.is_empty() {
            cases.clone_from(&checks);
        }
        self.verdict = Verdict::of_target(checks, cases);
        self
    }
}

/// The longest text of a check or a difference, in characters: a key or a header of a response can be megabytes.
const MAX_TEXT: usize = 5000;

pub(crate) fn limited(text: impl Into<String>) -> String {
    let text = text.into();
    if text.len() <= MAX_TEXT { text } else { ends(&text, MAX_TEXT) }
}

impl CheckReport {
    /// A check with only an outcome.
    pub(crate) fn new(name: impl Into<String>, outcome: Outcome) -> Self {
        Self { name: name.into(), outcome, ..Self::default() }
    }

    pub(crate) fn passed(name: impl Into<String>) -> Self {
        Self::new(name, Outcome::Passed)
    }

    pub(crate) fn failed(name: impl Into<String>, message: impl Into<String>) -> Self {
        Self { message: Some(limited(message)), ..Self::new(name, Outcome::Failed) }
    }

    /// A check that passes if `is_fine`, and otherwise fails with the message.
    pub(crate) fn judged(name: impl Into<String>, is_fine: bool, message: impl FnOnce() -> String) -> Self {
        if is_fine { Self::passed(name) } else { Self::failed(name, message()) }
    }

    pub(crate) fn errored(name: impl Into<String>, message: impl Into<String>) -> Self {
        Self { message: Some(limited(message)), ..Self::new(name, Outcome::Errored) }
    }

    pub(crate) fn skipped(name: impl Into<String>, message: impl Into<String>) -> Self {
        Self { message: Some(limited(message)), ..Self::new(name, Outcome::Skipped) }
    }

    /// A check whose limit the rows are too few to prove.
    pub(crate) fn not_proven(name: impl Into<String>, message: impl Into<String>) -> Self {
        let hint = "add rows, or change the limit or its confidence";
        Self { message: Some(limited(message)), ..Self::new(name, Outcome::NotProven) }.with_hint(hint).code(FindingCode::NotProven)
    }

    /// The same check, which decides nothing if `observe` is set.
    pub(crate) fn observed(self, observe: bool) -> Self {
        if !observe || self.outcome == Outcome::Skipped {
            return self;
        }
        let would = match self.outcome {
            Outcome::Failed => "would fail",
            Outcome::NotProven => "would not be proven",
            Outcome::Errored => "could not be tested",
            _ => "would pass",
        };
        let why = self.message.map(|message| format!(": {message}")).unwrap_or_default();
        let message = Some(limited(format!("observed, {would}{why}")));
        Self { outcome: Outcome::Observed, would_be: Some(self.outcome), message, ..self }
    }

    pub(crate) fn code(mut self, code: FindingCode) -> Self {
        self.code = Some(code);
        self
    }

    pub(crate) fn expected(mut self, expected: impl Into<String>) -> Self {
        self.expected = Some(limited(expected));
        self
    }

    pub(crate) fn actual(mut self, actual: impl Into<String>) -> Self {
        self.actual = Some(limited(actual));
        self
    }

    pub(crate) fn at(mut self, pointer: impl Into<String>) -> Self {
        self.at = Some(limited(pointer));
        self
    }

    pub(crate) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(limited(hint));
        self
    }
}

impl DifferenceReport {
    /// A difference at a location; the whole response if it is empty.
    pub(crate) fn new(row: Option<usize>, at: String, this: String, other: String) -> Self {
        Self { row, at: Some(limited(at)).filter(|at| !at.is_empty()), this: limited(this), other: limited(other) }
    }
}

impl CaseReport {
    /// The checks that decide nothing and are in no table of metrics.
    #[cfg(feature = "render")]
    pub(crate) fn observed(&self) -> impl Iterator<Item = &CheckReport> {
        let is_metric = |check: &CheckReport| {
            self.rows.iter().flat_map(|rows| &rows.metrics).any(|metric| metric.name == check.name)
                || (self.rows.is_some() && check.name == "latency")
        };
        self.checks.iter().filter(move |check| check.outcome == Outcome::Observed && !is_metric(check))
    }

    pub(crate) fn skipped(name: impl Into<String>, message: impl Into<String>) -> Self {
        Self { name: name.into(), message: Some(message.into()), ..Self::default() }
    }
}
