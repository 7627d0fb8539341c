//! Release dossiers: what they claim, on what basis, and how they show texts from other sources.

mod approval_summaries;
mod hostile;

use std::collections::BTreeMap;
use std::future::{Future, ready};

use endpoint_test::{
    CaseReport, CheckReport, LoadReport, MetricReport, Outcome, Report, RowsReport, SuiteInfo, TargetReport, ToolInfo, Variant, Verdict,
};
use model_registry::documents::{DocumentError, DocumentErrorKind, Documents};
use model_registry::life_cycle::LifeCycle;
use model_registry::snapshot::Snapshot;
use model_registry::{ApprovalStatus, MetricDocument, MetricSource, ModelPackage, Person, S3Uri};
use model_release::approved_bytes::NoArtifacts;
use model_release::dossier::{
    Basis, Change, ConditionState, Decision, Dossier, Evidence, Judgement, Source, assemble, html, json, markdown, text,
};
use model_release::manifest::{MetGate, PassedOver, Tool};
use model_release::plan_report::{PlanDocument, document};
use model_release::{RegistryAccess, Release};
use serde_json::{Value as Json, json};
use stack_rollout::{observe, plan};

use crate::fake::Cloud;
use crate::project::*;

/// Documents in memory.
#[derive(Debug, Clone, Default)]
struct Files(BTreeMap<String, Vec<u8>>);

impl Documents for Files {
    fn read(&self, uri: &S3Uri) -> impl Future<Output = Result<Vec<u8>, DocumentError>> + Send {
        let found = self.0.get(&uri.to_string()).cloned();
        ready(found.ok_or_else(|| DocumentError::new(uri, DocumentErrorKind::NotFound, "it does not exist")))
    }
}

/// A registry with versions 12 and 13, their accuracies, and the last change of 13.
struct Registered {
    packages: Vec<ModelPackage>,
    files: Files,
}

impl Registered {
    fn new(accuracies: [f64; 2]) -> Self {
        let mut registered = Self { packages: Vec::new(), files: Files::default() };
        for (version, accuracy) in [12, 13].into_iter().zip(accuracies) {
            let uri = format!("s3://models/{version}/evaluation.json");
            let document =
                json!({ "multiclass_classification_metrics": { "accuracy": { "value": accuracy, "standard_deviation": 0.01 } } });
            registered.files.0.insert(uri.clone(), document.to_string().into_bytes());
            let content_type = "application/json".to_owned();
            let person = |name: &str| Some(Person { source_identity: Some(name.to_owned()), ..Person::default() });
            registered.packages.push(ModelPackage {
                approval_status: ApprovalStatus::Approved,
                metrics: vec![MetricDocument { source: MetricSource::ModelQualityStatistics, uri, content_type, digest: None }],
                created_by: person("ann"),
                last_modified_by: person("eve"),
                last_modified: Some("2026-01-02T09:00:00Z".parse().unwrap()),
                approval_description: Some("reviewed".to_owned()),
                model_card_status: Some("Approved".to_owned()),
                description: Some("four features".to_owned()),
                ..ModelPackage::new(package(version).parse().unwrap(), "2026-01-01T00:00:00Z".parse().unwrap())
            });
        }
        registered
    }

    fn read(&self, release: &Release, evidence: &mut Evidence) {
        let registry = Snapshot::new(Some("iris".parse().unwrap()), self.packages.clone());
        let access = |_: &_| RegistryAccess { registry: registry.clone(), documents: self.files.clone(), artifacts: None::<NoArtifacts> };
        drop(block_on(evidence.read_registry(release, "registry.json", access)));
    }
}

fn tool() -> Tool {
    Tool { name: "test".to_owned(), version: "1".to_owned() }
}

/// The plan of `release` where `before` is deployed, as a plan of production.
fn plan_after(before: Option<&Release>, release: &Release) -> PlanDocument {
    let cloud = Cloud::default();
    if let Some(before) = before {
        deployed(&cloud, before);
    }
    let request = request(release);
    let observed = block_on(observe(&cloud, &request.release)).unwrap();
    document(release, "prod", &request, &observed, &plan(&request.release, &observed), tool())
}

/// Results of a stage, in which every target passed with this accuracy.
fn results(stage: &str, version: u32, digest: &str, accuracy: f64) -> Report {
    let target = |account: &str| {
        let metric = |name: &str, value| MetricReport {
            name: name.to_owned(),
            value: Some(value),
            at_least: Some(0.5),
            outcome: Outcome::Passed,
            ..MetricReport::default()
        };
        let rows = RowsReport { total: 100, passed: 100, metrics: vec![metric("accuracy", accuracy)], ..RowsReport::default() };
        let passed =
            |name: &str| CaseReport { name: name.to_owned(), outcome: Outcome::Passed, latency_ms: Some(4.0), ..CaseReport::default() };
        TargetReport {
            account_id: account.to_owned(),
            region: EAST.to_owned(),
            endpoint: "iris".to_owned(),
            verdict: Verdict::Passed,
            variants: vec![Variant { name: "A".to_owned(), model_packages: vec![package(version)], ..Variant::default() }],
            cases: vec![CaseReport { rows: Some(rows), ..passed("labelled rows") }, passed("one flower")],
            ..TargetReport::default()
        }
    };
    let mut report = Report::assemble(ToolInfo::default(), stage, vec![target(A), target(B)]);
    report.release = Some(digest.to_owned());
    report.model_package = Some(package(version).parse().unwrap());
    report.suite = Some(SuiteInfo { file: "test/endpoint-tests.yaml".to_owned(), name: None, digest: Some("sha256:1".to_owned()) });
    report
}

#[expect(clippy::unnecessary_wraps, reason = "evidence is a result")]
fn source<T>(value: T, from: &str) -> Result<Source<T>, String> {
    Ok(Source { value, from: from.to_owned() })
}

/// Everything is there, and passed: version 13 replaces 12.
fn complete() -> (Release, Evidence) {
    let (before, release) = (release(12), release(13));
    let mut evidence = Evidence::without(tool(), "nothing was read");
    evidence.plan = source(plan_after(Some(&before), &release), "plan.json");
    evidence.staging = source(results("staging", 13, &release.digest, 0.97), "staging.json");
    evidence.production = source(results("prod", 12, &before.digest, 0.96), "production.json");
    Registered::new([0.95, 0.96]).read(&release, &mut evidence);
    (release, evidence)
}

fn state(dossier: &Dossier, name: &str) -> (ConditionState, String) {
    let condition = dossier.verdict.conditions.iter().find(|condition| condition.name == name).unwrap();
    (condition.state, condition.found.value.clone().unwrap_or_else(|| condition.found.source.clone()))
}

#[test]
fn a_release_that_passed_everything_can_be_approved_and_says_on_what_basis() {
    let (release, evidence) = complete();
    let dossier = assemble(&release, &evidence);
    assert_eq!(dossier.verdict.decision, Decision::CanBeApproved, "{:#?}", dossier.verdict);
    let comparison = &dossier.comparison;
    assert_eq!((comparison.judgement.value, comparison.judgement.basis), (Some(Judgement::Better), Basis::Measured));
    assert_eq!((comparison.production.basis, comparison.production_version), (Basis::ReadFromAws, Some(12)));
    let rows: Vec<_> = comparison.metrics.iter().map(|metric| (metric.this.basis, metric.difference, metric.change)).collect();
    assert_eq!(rows, [(Basis::Measured, Some(0.01), Some(Change::Better)), (Basis::Declared, Some(0.01), Some(Change::Better))]);
    assert_eq!(dossier.release.digest.basis, Basis::Measured);
    assert_eq!((dossier.people.approved_by.value.as_deref(), dossier.people.approved_by.basis), (Some("eve"), Basis::ReadFromAws));
    assert_eq!(dossier.people.approved_at.value.as_deref(), Some("2026-01-02T09:00:00Z"));
    assert_eq!(
        (dossier.people.registered_by.value.as_deref(), dossier.people.model_card.value.as_deref()),
        (Some("ann"), Some("Approved"))
    );
    let changes = dossier.changes.value.as_ref().unwrap();
    assert!(changes.only_the_model && changes.groups.len() == 1 && changes.groups[0].targets == 2, "{changes:#?}");
    assert_eq!(changes.summary, "2 to change; 1 operation, no endpoint is interrupted");
}

#[test]
fn the_page_alone_answers_what_better_or_worse_and_what_changes() {
    let (release, evidence) = complete();
    let dossier = assemble(&release, &evidence);
    for page in [html(&dossier), markdown(&dossier), text(&dossier)] {
        for answer in ["iris version 13", "can be approved", "better than production", "no endpoint is interrupted", "+0.01"] {
            assert!(page.contains(answer), "`{answer}` is not in\n{page}");
        }
    }
    assert!(text(&dossier).lines().count() <= 20);
}

#[test]
fn each_failed_condition_forbids_the_approval_and_names_the_reason() {
    let refused = |change: fn(&Release, &mut Evidence), name: &str, reason: &str| {
        let (release, mut evidence) = complete();
        change(&release, &mut evidence);
        let dossier = assemble(&release, &evidence);
        assert_eq!(dossier.verdict.decision, Decision::CannotBeApproved, "{name}");
        let (state, found) = state(&dossier, name);
        assert!(state == ConditionState::Failed && found.contains(reason), "{name}: {found}");
        assert!(html(&dossier).contains("cannot be approved"));
    };
    let failed = |_: &Release, evidence: &mut Evidence| {
        let report = &mut evidence.staging.as_mut().unwrap().value;
        report.targets[0].verdict = Verdict::Failed;
        report.targets[0].checks = vec![CheckReport {
            name: "identity".to_owned(),
            outcome: Outcome::Failed,
            message: Some("it serves version 11".to_owned()),
            ..CheckReport::default()
        }];
        report.verdict = Verdict::Failed;
        report.counts.passed = 1;
    };
    refused(failed, "staging tests", "ended as `failed`: 1 of 2 endpoints passed");
    refused(
        |_, evidence| evidence.staging.as_mut().unwrap().value.release = Some("sha256:other".to_owned()),
        "staging tests",
        "tested another release",
    );
    refused(
        |release, evidence| {
            let mut registered = Registered::new([0.95, 0.96]);
            registered.packages[1].approval_status = ApprovalStatus::Rejected;
            registered.read(release, evidence);
        },
        "model package",
        "is no longer approved: its status is `Rejected`",
    );
    refused(
        |_, evidence| {
            change_plan(evidence, |plan| plan["problems"] = json!([{ "code": "x", "message": "blocked", "hint": null, "place": null }]));
        },
        "production plan",
        "blocked",
    );
    refused(
        |_, evidence| change_plan(evidence, |plan| plan["preflight"] = json!({ "passed": 1, "failed": 2, "unchecked": 0, "findings": [] })),
        "production plan",
        "2 failed",
    );
}

/// Changes the plan as a file has it.
fn change_plan(evidence: &mut Evidence, change: impl FnOnce(&mut Json)) {
    let plan = &mut evidence.plan.as_mut().unwrap().value;
    let mut document = serde_json::to_value(&*plan).unwrap();
    change(&mut document);
    *plan = serde_json::from_value(document).unwrap();
}

#[test]
fn a_plan_reads_back_unchanged() {
    let plan = plan_after(Some(&release(12)), &release(13));
    let read: PlanDocument = serde_json::from_str(&serde_json::to_string(&plan).unwrap()).unwrap();
    assert_eq!(read, plan);
}

/// Every claim without a value has a reason.
fn check(value: &Json) {
    if let Some(basis) = value.get("basis") {
        assert_eq!(basis == "not-known", value["value"].is_null(), "{value}");
        assert!(!value["source"].as_str().unwrap().is_empty(), "{value}");
    }
    match value {
        Json::Object(members) => members.values().for_each(check),
        Json::Array(items) => items.iter().for_each(check),
        _ => {}
    }
}

#[test]
fn what_is_missing_is_not_known_with_the_reason() {
    let release = release(13);
    let dossier = assemble(&release, &Evidence::without(tool(), "nobody read it"));
    assert_eq!(dossier.verdict.decision, Decision::NotKnown);
    for condition in &dossier.verdict.conditions {
        assert_eq!((condition.state, condition.found.source.as_str()), (ConditionState::NotKnown, "nobody read it"));
    }
    assert_eq!((dossier.comparison.judgement.basis, dossier.comparison.judgement.source.as_str()), (Basis::NotKnown, "nobody read it"));
    assert_eq!(dossier.gates.source, "the release was built without a release policy");
    assert_eq!(dossier.release.commit.source, "the build found no Git repository");
    for (release, evidence) in [(release, Evidence::without(tool(), "nobody read it")), complete()] {
        check(&serde_json::to_value(assemble(&release, &evidence)).unwrap());
    }
    for page in [html(&dossier), markdown(&dossier), text(&dossier)] {
        assert!(page.contains("not known") && page.contains("nobody read it"), "{page}");
    }
}

#[test]
fn evidence_of_another_release_or_stage_is_not_used() {
    let (release, mut evidence) = complete();
    change_plan(&mut evidence, |plan| plan["release"] = json!("sha256:other"));
    let dossier = assemble(&release, &evidence);
    assert_eq!(dossier.changes.source, "`plan.json` is the plan of another release: sha256:other");
    assert_eq!((dossier.verdict.decision, state(&dossier, "production plan").0), (Decision::NotKnown, ConditionState::NotKnown));
    change_plan(&mut evidence, |plan| plan["stage"] = json!("staging"));
    assert_eq!(assemble(&release, &evidence).changes.source, "`plan.json` is a plan of the stage `staging`");
    evidence.staging.as_mut().unwrap().value.release = None;
    assert_eq!(assemble(&release, &evidence).staging.source, "`staging.json` has the results of another release");
    evidence.production.as_mut().unwrap().value.stage = "staging".to_owned();
    assert_eq!(assemble(&release, &evidence).production.source, "`production.json` has the results of the stage `staging`");
}

#[test]
fn measured_metrics_decide_and_without_them_registered_ones() {
    let judged = |staging: f64, production: Option<f64>, registered: [f64; 2]| {
        let (release, mut evidence) = complete();
        evidence.staging = source(results("staging", 13, &release.digest, staging), "staging.json");
        evidence.production =
            production.map_or_else(|| Err("no results".to_owned()), |accuracy| source(results("prod", 12, "x", accuracy), "p"));
        Registered::new(registered).read(&release, &mut evidence);
        let judgement = assemble(&release, &evidence).comparison.judgement;
        (judgement.value, judgement.basis)
    };
    assert_eq!(judged(0.9, Some(0.95), [0.9, 0.99]), (Some(Judgement::Worse), Basis::Measured));
    assert_eq!(judged(0.95, Some(0.95), [0.9, 0.99]), (Some(Judgement::Same), Basis::Measured));
    assert_eq!(judged(0.9, None, [0.9, 0.99]), (Some(Judgement::Better), Basis::Declared));
    assert_eq!(judged(0.9, None, [0.99, 0.9]), (Some(Judgement::Worse), Basis::Declared));
}

#[test]
fn the_direction_of_a_metric_is_known_by_its_name() {
    for (name, change) in [
        ("accuracy", Change::Better),
        ("weighted F1", Change::Better),
        ("accuracy of north", Change::Better),
        ("true_positive_rate", Change::Better),
        ("rmse", Change::Worse),
        ("mean-absolute-error", Change::Worse),
        ("false_positive_rate", Change::Worse),
        ("support", Change::Higher),
        ("f10", Change::Higher),
    ] {
        assert_eq!(Change::of(name, 0.1), change, "{name}");
        assert_eq!(Change::of(name, 0.0), Change::Same, "{name}");
    }
    assert_eq!((Change::of("rmse", -0.1), Change::of("support", -0.1)), (Change::Better, Change::Lower));
    let judged = |changes: &[Change]| Judgement::of(changes.iter().copied());
    assert_eq!(judged(&[Change::Better, Change::Worse]), Some(Judgement::Mixed));
    assert_eq!(judged(&[Change::Better, Change::Same, Change::Higher]), Some(Judgement::Better));
    assert_eq!((judged(&[Change::Higher]), judged(&[])), (None, None));
}

#[test]
fn tests_of_another_model_or_suite_are_not_compared() {
    let unknown = |change: fn(&mut Report)| {
        let (release, mut evidence) = complete();
        change(&mut evidence.production.as_mut().unwrap().value);
        let dossier = assemble(&release, &evidence);
        let metric = dossier.comparison.metrics.iter().find(|metric| metric.this.basis == Basis::Measured).unwrap();
        assert_eq!((metric.change, dossier.comparison.judgement.basis), (None, Basis::Declared));
        assert!(html(&dossier).contains("not known"));
        metric.production.source.clone()
    };
    let other = unknown(|report| report.model_package = Some(package(11).parse().unwrap()));
    assert_eq!(other, format!("the tests of production tested another model package: {}", package(11)));
    let suite = |report: &mut Report| report.suite.as_mut().unwrap().digest = Some("sha256:2".to_owned());
    assert_eq!(unknown(suite), "production was tested with another suite");
    assert_eq!(
        unknown(|report| report.targets.iter_mut().for_each(|target| target.cases.clear())),
        "the tests of production did not measure it"
    );
}

#[test]
fn the_model_in_production_is_what_endpoints_serve_else_what_stacks_have_else_what_was_tested_or_recorded() {
    let production = |change: &dyn Fn(&Release, &mut Evidence)| {
        let (release, mut evidence) = complete();
        change(&release, &mut evidence);
        let comparison = assemble(&release, &evidence).comparison;
        (comparison.production_version, comparison.production.basis, comparison.production.source)
    };
    let serving = |_: &Release, evidence: &mut Evidence| {
        change_plan(evidence, |plan| {
            let endpoint = json!({ "endpoint": "iris", "health": "differs", "status": "InService", "model_packages": [package(10)], "capacity": [], "reason": null });
            plan["targets"][0]["endpoints"] = json!([endpoint]);
        });
    };
    assert_eq!(production(&serving), (Some(10), Basis::ReadFromAws, "plan.json".to_owned()));
    assert_eq!(production(&|_, _| {}), (Some(12), Basis::ReadFromAws, "plan.json".to_owned()));
    let without_plan = |_: &Release, evidence: &mut Evidence| evidence.plan = Err("no plan".to_owned());
    assert_eq!(production(&without_plan), (Some(12), Basis::Measured, "production.json".to_owned()));
    let recorded = |release: &Release, evidence: &mut Evidence| {
        without_plan(release, evidence);
        evidence.production = Err("no results".to_owned());
        let mut registered = Registered::new([0.95, 0.96]);
        registered.packages[0].life_cycle = Some(LifeCycle::new("Production", "Deployed").unwrap());
        registered.read(release, evidence);
    };
    assert_eq!(production(&recorded), (Some(12), Basis::Declared, "life cycle in registry.json".to_owned()));
    let nothing = |release: &Release, evidence: &mut Evidence| {
        without_plan(release, evidence);
        evidence.production = Err("no results".to_owned());
        Registered::new([0.95, 0.96]).read(release, evidence);
    };
    let (version, basis, why) = production(&nothing);
    assert!(version.is_none() && basis == Basis::NotKnown && why.contains("no life cycle in the registry does"), "{why}");
}

#[test]
fn a_first_deployment_has_nothing_to_compare_with() {
    let (release, mut evidence) = complete();
    evidence.plan = source(plan_after(None, &release), "plan.json");
    let dossier = assemble(&release, &evidence);
    assert_eq!(dossier.verdict.decision, Decision::CanBeApproved);
    assert_eq!(dossier.comparison.judgement.source, "production has no model yet: this is its first deployment");
    let changes = dossier.changes.value.as_ref().unwrap();
    assert!(!changes.only_the_model && changes.groups[0].action == "new");
}

#[test]
fn a_release_that_production_already_has_is_the_same() {
    let (release, mut evidence) = complete();
    evidence.plan = source(plan_after(Some(&release), &release), "plan.json");
    let dossier = assemble(&release, &evidence);
    assert_eq!(dossier.comparison.judgement.value, Some(Judgement::Same));
    assert!(dossier.changes.value.as_ref().unwrap().nothing_to_do);
    assert!(html(&dossier).contains("Nothing changes."));
}

#[test]
fn a_changed_parameter_is_a_diff_and_a_secret_is_not_in_it() {
    let (_, mut evidence) = complete();
    let before = release_with(12, &[("Secret", "old-password")]);
    let release = release_with(13, &[("InstanceCount", "3"), ("Secret", "new-password")]);
    evidence.plan = source(plan_after(Some(&before), &release), "plan.json");
    let dossier = assemble(&release, &evidence);
    let changes = dossier.changes.value.as_ref().unwrap();
    assert!(!changes.only_the_model);
    let page = html(&dossier);
    assert!(page.contains("InitialInstanceCount") && page.contains("</span>3</ins>") && page.contains("<details open>"), "{page}");
    for form in [page, markdown(&dossier), json(&dossier)] {
        assert!(form.contains("InstanceCount") && !form.contains("password"), "{form}");
    }
}

#[test]
fn what_was_skipped_is_listed_with_its_reason() {
    let (mut release, mut evidence) = complete();
    release.manifest.choice.passed_over =
        vec![PassedOver { arn: package(14).parse().unwrap(), code: "rejected".to_owned(), reason: "rejected".to_owned() }];
    release.manifest.choice.without_approval = true;
    let report = &mut evidence.staging.as_mut().unwrap().value;
    report.targets[0].cases[1].outcome = Outcome::Skipped;
    report.targets[0].load = Some(Box::new(LoadReport { message: Some("--no-load".to_owned()), ..LoadReport::default() }));
    let dossier = assemble(&release, &evidence);
    let found: Vec<_> =
        dossier.skipped.iter().map(|skipped| format!("{}: {}", skipped.what, skipped.why.value.as_deref().unwrap())).collect();
    for expected in [
        "approval of the model package: the build accepted a model package that is not approved",
        "gates of a release policy: the release was built without a release policy",
        "case “one flower” in 1 of 2 targets: it was not run",
        "load in 1 of 2 targets: --no-load",
        "load in 1 of 2 targets: no load was run",
        "checks in the production accounts: the plan was made without them",
        "version 14: rejected",
    ] {
        assert!(found.iter().any(|text| text == expected), "`{expected}` is not in {found:#?}");
    }
    assert!(html(&dossier).contains("version 14") && markdown(&dossier).contains("version 14: rejected"));
}

#[test]
fn gates_are_declared_by_the_build_with_the_digest_of_the_policy() {
    let (mut release, evidence) = complete();
    let policy = json!({ "file": "release-policy.json", "digest": "sha256:aa" });
    release.manifest.choice.release_policy = serde_json::from_value(policy).unwrap();
    release.manifest.choice.gates = vec![MetGate { gate: "metric `accuracy`".to_owned(), found: "0.96, at least 0.95".to_owned() }];
    let dossier = assemble(&release, &evidence);
    assert_eq!(
        (dossier.gates.basis, dossier.gates.source.as_str()),
        (Basis::Declared, "release-policy.json (sha256:aa), checked by the build")
    );
    assert!(html(&dossier).contains("<b>metric <code>accuracy</code></b>: 0.96, at least 0.95"));
}

#[test]
fn a_load_has_its_percentiles_and_a_missing_one_is_not_known() {
    use endpoint_test::report::{Latencies, LoadFigures, Percentile};
    let (release, mut evidence) = complete();
    let load = |p95: f64, with_p99: bool| {
        let percentiles = [(50.0, 5.0), (95.0, p95), (99.0, 40.0)].into_iter().take(if with_p99 { 3 } else { 2 });
        let percentiles = percentiles.map(|(percentile, ms)| Percentile { percentile, ms }).collect();
        let total = LoadFigures { sent: 500, response_time: Latencies { percentiles, ..Latencies::default() }, ..LoadFigures::default() };
        Some(Box::new(LoadReport { outcome: Outcome::Passed, total: Some(total), ..LoadReport::default() }))
    };
    let report = &mut evidence.staging.as_mut().unwrap().value;
    report.targets[0].load = load(20.0, true);
    report.targets[1].load = load(30.0, false);
    let dossier = assemble(&release, &evidence);
    let latency = dossier.staging.value.as_ref().unwrap().latency.value.clone().unwrap();
    assert_eq!((latency.p50_ms, latency.p95_ms, latency.p99_ms, latency.requests), (Some(5.0), Some(30.0), None, 1000));
    assert!(html(&dossier).contains("a percentile needs ten slower requests"));
    assert!(markdown(&dossier).contains("p50 5 ms, p95 30 ms, p99 not known"));
}

#[test]
fn a_searched_rate_is_shown_and_its_latencies_are_not_those_of_the_endpoint() {
    use endpoint_test::report::{LoadFigures, RateSearchReport};
    let (release, mut evidence) = complete();
    let found = RateSearchReport { holds_per_second: Some(300.0), breaks_per_second: Some(325.0), ..RateSearchReport::default() };
    let total = LoadFigures { sent: 500, ..LoadFigures::default() };
    let load = LoadReport { outcome: Outcome::Passed, total: Some(total), rate_search: Some(found), ..LoadReport::default() };
    evidence.staging.as_mut().unwrap().value.targets[0].load = Some(Box::new(load));
    let dossier = assemble(&release, &evidence);
    let sentence = "the thresholds hold at 300/s and break at 325/s";
    let staging = dossier.staging.value.as_ref().unwrap();
    assert_eq!(staging.targets[0].rate_search.as_deref(), Some(sentence));
    assert!(staging.targets[0].latency.is_none());
    assert!(markdown(&dossier).contains(sentence) && html(&dossier).contains(sentence));
    assert!(markdown(&dossier).contains("rate under load holds at 300/s, breaks at 325/s"));
}

#[test]
fn equal_evidence_gives_equal_bytes_and_the_document_reads_back() {
    let dossier = || {
        let (release, evidence) = complete();
        assemble(&release, &evidence)
    };
    let (first, second) = (dossier(), dossier());
    assert_eq!((json(&first), html(&first), markdown(&first)), (json(&second), html(&second), markdown(&second)));
    let read: Dossier = serde_json::from_str(&json(&first)).unwrap();
    assert_eq!(read, first);
}
