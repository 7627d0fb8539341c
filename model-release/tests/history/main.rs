//! The history of releases: what it answers, and that each changed, moved or copied record is refused.

#[expect(dead_code, reason = "other tests sign with other kinds of keys")]
#[path = "../../../release-records/tests/support/local_key.rs"]
mod local_key;
mod tampering;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use local_key::LocalKey;
use model_release::approval::{ApprovalRecord, Approver, Channel, Evidence, Naming};
use model_release::files::digest;
use model_release::history::{
    DeploymentOutcome, Event, EventKind, Facts, GoingBack, History, HistoryAnswer, HistoryPlace, HistoryQuery, HistoryStore, Listing, Put,
    ReleaseName, SignatureState, TargetResult, question_time,
};
use model_release::manifest::Tool;
use model_release::records::{Chain, PROVENANCE, RecordingRun, Signer as _, Statement, TrustedKey, TrustedKeys, provenance, sign};
use model_release::{EndpointState, Failure, FailureKind, Health, Release, Stage};
use serde_json::{Value as Json, json};
use tempfile::TempDir;

const ACCOUNT: &str = "333333333333";
const TEMPLATE: &str = "Parameters:\n  ModelPackageName: { Type: String }\nResources: {}\n";
/// 2026-01-01T00:00:00Z, in minutes.
const START: u64 = 29_453_760;

/// Storage in memory that is written once, and counts its requests.
#[derive(Debug, Default)]
struct Memory {
    objects: Mutex<BTreeMap<String, Vec<u8>>>,
    lists: AtomicUsize,
    gets: AtomicUsize,
    /// The most keys in one page.
    largest_page: AtomicUsize,
}

impl Memory {
    fn objects(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Vec<u8>>> {
        self.objects.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn keys(&self, part: &str) -> Vec<String> {
        self.objects().keys().filter(|key| key.contains(part)).cloned().collect()
    }

    fn rename(&self, from: &str, to: &str) {
        let bytes = self.objects().remove(from).unwrap();
        self.objects().insert(to.to_owned(), bytes);
    }

    fn requests(&self) -> (usize, usize) {
        (self.lists.swap(0, Ordering::Relaxed), self.gets.swap(0, Ordering::Relaxed))
    }
}

impl HistoryStore for &Memory {
    async fn put_new(&self, key: &str, bytes: &[u8]) -> Result<Put, Failure> {
        let mut objects = self.objects();
        if objects.contains_key(key) {
            return Ok(Put::Exists);
        }
        objects.insert(key.to_owned(), bytes.to_vec());
        Ok(Put::Written)
    }

    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, Failure> {
        self.gets.fetch_add(1, Ordering::Relaxed);
        Ok(self.objects().get(key).cloned())
    }

    async fn list(&self, prefix: &str, after: Option<&str>, most: u16) -> Result<Listing, Failure> {
        self.lists.fetch_add(1, Ordering::Relaxed);
        let objects = self.objects();
        let mut keys = objects.keys().filter(|key| key.starts_with(prefix) && after.is_none_or(|after| key.as_str() > after));
        let page: Vec<_> = keys.by_ref().take(most.into()).cloned().collect();
        self.largest_page.fetch_max(page.len(), Ordering::Relaxed);
        Ok(Listing { keys: page, is_cut_off: keys.next().is_some() })
    }
}

fn package(version: u32) -> String {
    format!("arn:aws:sagemaker:us-east-1:111111111111:model-package/iris/{version}")
}

fn release(project: &str, version: u32) -> (TempDir, Release) {
    let folder = TempDir::new().unwrap();
    let parameters = json!([{ "ParameterKey": "ModelPackageName", "ParameterValue": package(version) }]).to_string();
    let files = [
        ("template.yaml", TEMPLATE.to_owned()),
        ("staging-config.json", parameters.clone()),
        ("prod-config.json", parameters),
        ("staging-accounts.json", r#"["222222222222"]"#.to_owned()),
        ("prod-accounts.json", format!(r#"["{ACCOUNT}"]"#)),
    ];
    let stage = |name: &str, account: &str| {
        json!({
            "env_type": name, "config": format!("{name}-config.json"), "accounts": [account], "regions": ["us-east-1"],
            "execution_role_name": "Model", "endpoints": ["iris"], "stack_set": format!("iris-{name}"),
        })
    };
    let digests: serde_json::Map<_, _> = files.iter().map(|(name, text)| ((*name).to_owned(), json!(digest(text.as_bytes())))).collect();
    let manifest = json!({
        "schema_version": 1, "tool": { "name": "xtask", "version": "0.1.0" }, "action": "deploy",
        "source": { "commit": "4f0c", "dirty": false },
        "project": { "name": "iris", "id": project, "environment": "ds" },
        "model_package": {
            "arn": package(version), "group": "iris", "version": version, "approval_status": "Approved", "status": "Completed",
            "created": "2026-01-01T00:00:00Z", "images": [], "model_data": [],
        },
        "choice": { "selection": "latest-approved", "because": "it is the newest", "passed_over": [] },
        "stages": { "staging": stage("staging", "222222222222"), "prod": stage("prod", ACCOUNT) },
        "template": "template.yaml",
        "files": digests,
    });
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    std::fs::write(folder.path().join("release-manifest.json"), manifest.to_string()).unwrap();
    let release = Release::open(folder.path()).unwrap();
    (folder, release)
}

fn tool() -> Tool {
    Tool { name: "xtask".to_owned(), version: "0.1.0".to_owned() }
}

fn run(minute: u64) -> RecordingRun {
    RecordingRun { tool: tool(), at: at(minute), invocation: None }
}

fn at(minute: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs((START + minute) * 60)
}

fn place() -> HistoryPlace {
    "s3://records/history".parse().unwrap()
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

/// A history in memory; its events are signed if there is a key.
struct Scene {
    memory: &'static Memory,
    key: LocalKey,
    is_signed: bool,
    project: &'static str,
}

impl Scene {
    fn new(is_signed: bool) -> Self {
        Self { memory: Box::leak(Box::default()), key: LocalKey::p256(), is_signed, project: "p-1" }
    }

    fn history(&self) -> History<&'static Memory> {
        History::new(self.memory, place(), self.project)
    }

    fn trusted(&self) -> TrustedKeys {
        TrustedKey { key: self.key.public_key().clone(), file: "release-key.pem".into() }.into()
    }

    fn record(&self, release: &Release, stage: Option<Stage>, minute: u64, facts: Facts) -> String {
        let statement = block_on(self.history().statement(release, stage, facts, &run(minute))).unwrap();
        self.put(&statement)
    }

    fn put(&self, statement: &Statement<Event>) -> String {
        let bundle = self.is_signed.then(|| block_on(sign(statement, &self.key)).unwrap_or_else(|never| match never {}).to_json());
        block_on(self.history().put_event(statement, bundle.as_deref())).unwrap().to_string()
    }

    /// A deployment to production that ends two minutes after its start.
    fn deploy(&self, release: &Release, minute: u64, outcome: DeploymentOutcome, going_back: Option<GoingBack>) {
        let targets = vec![format!("{ACCOUNT}/us-east-1")];
        let started = Facts::Started { targets: targets.clone(), without_staging_tests: false, going_back: going_back.clone() };
        let started = self.record(release, Some(Stage::Prod), minute, started);
        self.record(release, Some(Stage::Prod), minute + 2, ended(release, started, outcome, going_back, targets));
    }

    fn approve(&self, release: &Release, minute: u64, who: &str) {
        let facts = Facts::Checked { approval: Some(Box::new(approval(release, who))), staging_tests: None, files: Vec::new() };
        self.record(release, Some(Stage::Prod), minute, facts);
    }

    fn answer(&self, time: Option<&str>) -> HistoryAnswer {
        self.answer_for(time, ACCOUNT)
    }

    fn answer_for(&self, time: Option<&str>, account: &str) -> HistoryAnswer {
        let trusted = self.trusted();
        let query = HistoryQuery {
            stage: Stage::Prod,
            at: time.map(|time| question_time(time).unwrap()),
            account: Some(account.to_owned()),
            region: None,
            limit: 5,
            trusted: Some(&trusted),
            tool: tool(),
        };
        block_on(self.history().answer(&query)).unwrap()
    }
}

fn ended(
    release: &Release,
    started: String,
    outcome: DeploymentOutcome,
    going_back: Option<GoingBack>,
    stage_targets: Vec<String>,
) -> Facts {
    let served = release.manifest.model_package.arn.to_string();
    let is_ok = outcome == DeploymentOutcome::Succeeded;
    let endpoint = EndpointState {
        health: if is_ok { Health::Ok } else { Health::Failed },
        status: Some("InService".to_owned()),
        model_packages: vec![served],
        ..EndpointState::missing("iris")
    };
    let target = TargetResult {
        account_id: ACCOUNT.to_owned(),
        region: "us-east-1".to_owned(),
        outcome: if is_ok { "succeeded" } else { "failed" }.to_owned(),
        endpoints: vec![endpoint],
    };
    Facts::Ended { started, outcome, summary: "1 target".to_owned(), targets: vec![target], stage_targets, going_back, files: Vec::new() }
}

fn tests(release: &Release) -> Facts {
    let targets = vec![format!("{ACCOUNT}/us-east-1")];
    let Facts::Ended { targets, stage_targets, .. } = ended(release, String::new(), DeploymentOutcome::Succeeded, None, targets) else {
        unreachable!()
    };
    Facts::Tested { verdict: "passed".to_owned(), summary: "1 of 1".to_owned(), targets, stage_targets, files: Vec::new() }
}

fn approval(release: &Release, who: &str) -> ApprovalRecord {
    ApprovalRecord {
        schema_version: 1,
        tool: tool(),
        release: release.digest.clone(),
        release_named_by: Naming::ShownText,
        stage: "prod".to_owned(),
        approver: Some(Approver::from(who)),
        approved_at: Some("2026-01-01T00:00:00.000Z".to_owned()),
        comment: None,
        evidence: Evidence {
            channel: Channel::CodePipeline,
            from_file: false,
            pipeline: None,
            execution: None,
            stage: None,
            action: None,
            action_execution: None,
            token: None,
            environment: None,
        },
        shown_text: None,
        shown_link: None,
        model_packages: Vec::new(),
        staging_tests_ended_at: None,
        checked_at: "2026-01-01T00:00:00.000Z".to_owned(),
    }
}

fn back(from: &Release, reason: &str) -> GoingBack {
    GoingBack {
        from: Some(from.digest.clone()),
        from_model_package: Some(from.manifest.model_package.arn.to_string()),
        reason: Some(reason.to_owned()),
        skipped_staging: true,
    }
}

/// Three approved releases, an hour apart, and going back from the third to the second one.
fn three_releases_and_one_rollback(scene: &Scene) -> [(TempDir, Release); 3] {
    let releases = [1, 2, 3].map(|version| release(scene.project, version));
    for (index, (_, release)) in releases.iter().enumerate() {
        let minute = index as u64 * 60;
        scene.approve(release, minute, ["ann", "eve", "zoe"][index]);
        scene.deploy(release, minute + 10, DeploymentOutcome::Succeeded, None);
    }
    scene.deploy(&releases[1].1, 200, DeploymentOutcome::Succeeded, Some(back(&releases[2].1, "latency")));
    releases
}

#[test]
fn what_ran_at_a_time_and_who_approved_it_is_answered_from_records() {
    for is_signed in [true, false] {
        let scene = Scene::new(is_signed);
        let releases = three_releases_and_one_rollback(&scene);
        let expected = [
            ("2026-01-01T00:30Z", 0, "ann", false),
            ("2026-01-01T01:12:00Z", 1, "eve", false),
            ("2026-01-01T02:45", 2, "zoe", false),
            ("2026-01-01", 1, "eve", true),
        ];
        for (time, index, who, is_back) in expected {
            let answer = scene.answer(Some(time));
            let [served] = answer.served.as_slice() else { panic!("{answer:?}") };
            assert_eq!((&served.release, served.version), (&releases[index].1.digest, u32::try_from(index + 1).ok()), "{time}");
            assert_eq!((served.approved_by.as_deref(), served.going_back.is_some()), (Some(who), is_back), "{time}");
            let state = if is_signed { SignatureState::Verified } else { SignatureState::Unsigned };
            assert_eq!((served.signature, served.approval_signature), (state, Some(state)), "{time}");
            assert!(served.serves_release && answer.gaps.is_empty() && answer.refused.is_empty(), "{answer:?}");
        }
        let text = scene.answer(None).text();
        assert!(text.contains("version 2, release sha256:") && text.contains("from sha256:") && text.contains("latency"), "{text}");
        assert!(text.lines().count() <= 24 && text.contains(if is_signed { "signature verified" } else { "not signed" }), "{text}");
    }
}

#[test]
fn a_gap_is_said() {
    let scene = Scene::new(false);
    let (_folder, release) = release("p-1", 1);
    let answer = scene.answer(None);
    assert!(answer.served.is_empty());
    assert_eq!(answer.gaps, ["no record says that anything was deployed to prod in the account 333333333333"]);
    // No approval, and a start without an end.
    scene.deploy(&release, 10, DeploymentOutcome::Succeeded, None);
    let targets = vec![format!("{ACCOUNT}/us-east-1")];
    scene.record(&release, Some(Stage::Prod), 20, Facts::Started { targets, without_staging_tests: true, going_back: None });
    let gaps = scene.answer(None).gaps.join("\n");
    assert!(gaps.contains(&format!("no record says who approved {}", release.digest)), "{gaps}");
    assert!(gaps.contains("no record says how the deployment") && gaps.contains("2026-01-01T00:20:00.000Z"), "{gaps}");
    let other = scene.answer_for(None, "999999999999");
    assert!(other.served.is_empty() && other.gaps.join("\n").contains("in the account 999999999999"), "{other:?}");
    // Before the first record nothing is known.
    assert!(scene.answer(Some("2025-12-31")).served.is_empty());
}

#[test]
fn a_deleted_event_is_a_gap() {
    let scene = Scene::new(true);
    three_releases_and_one_rollback(&scene);
    let names = scene.memory.keys("/events/prod/");
    let deleted = names[1].clone();
    scene.memory.objects().remove(&deleted);
    let gaps = scene.answer(None).gaps.join("\n");
    assert!(gaps.contains(deleted.rsplit('/').next().unwrap()) && gaps.contains("does not exist any more"), "{gaps}");
}

#[test]
fn going_back_twice_goes_further_back() {
    let scene = Scene::new(true);
    let releases = three_releases_and_one_rollback(&scene);
    let trusted = scene.trusted();
    let two = || block_on(scene.history().last_two(Stage::Prod, Some(&trusted))).unwrap();
    let digest = |index: usize| Some(releases[index].1.digest.clone());
    let digests = || {
        let (now, before) = two();
        (now.map(|now| now.release), before.map(|before| before.release))
    };
    assert_eq!(digests(), (digest(1), digest(0)));
    scene.deploy(&releases[0].1, 210, DeploymentOutcome::Succeeded, Some(back(&releases[1].1, "errors")));
    assert_eq!(digests(), (digest(0), None));
    // A deployment after it is a new one, and a failed one is gone back from.
    scene.deploy(&releases[2].1, 220, DeploymentOutcome::Failed, None);
    assert_eq!(digests(), (digest(2), digest(0)));
    scene.deploy(&releases[1].1, 230, DeploymentOutcome::Refused, None);
    assert_eq!(digests(), (digest(2), digest(0)), "nothing was changed");
}

/// CodePipeline deploys with an action of its own: the tests after it show what it deployed.
#[test]
fn without_a_record_of_the_deployment_the_tests_say_what_was_served() {
    let scene = Scene::new(true);
    let releases = [1, 2, 3].map(|version| release("p-1", version));
    for (index, (_, release)) in releases.iter().enumerate() {
        let minute = index as u64 * 60;
        scene.approve(release, minute, "ann");
        scene.record(release, Some(Stage::Prod), minute + 10, tests(release));
    }
    let answer = scene.answer(Some("2026-01-01T01:30Z"));
    let [served] = answer.served.as_slice() else { panic!("{answer:?}") };
    assert_eq!((served.version, served.approved_by.as_deref(), &served.deployed_at), (Some(2), Some("ann"), &None));
    assert!(answer.text().contains("no record says since when; seen at 2026-01-01T01:10:00.000Z"), "{}", answer.text());
    let two = || block_on(scene.history().last_two(Stage::Prod, None)).unwrap();
    let versions = || (two().0.and_then(|now| now.version), two().1.and_then(|before| before.version));
    assert_eq!(versions(), (Some(3), Some(2)));
    scene.deploy(&releases[1].1, 200, DeploymentOutcome::Succeeded, Some(back(&releases[2].1, "latency")));
    scene.record(&releases[1].1, Some(Stage::Prod), 210, tests(&releases[1].1));
    assert_eq!(versions(), (Some(2), Some(1)));
    let answer = scene.answer(None);
    assert_eq!(answer.served[0].deployed_at.as_deref(), Some("2026-01-01T03:22:00.000Z"));
    assert!(answer.served[0].going_back.is_some() && answer.served[0].recorded_at.starts_with("2026-01-01T03:30"));
    let proof = block_on(scene.history().prove(&releases[2].1, &scene.trusted())).unwrap();
    assert!(proof.proven.iter().any(|link| link.starts_with("served by `iris`")), "{proof:?}");
    assert!(!proof.missing.iter().any(|link| link.contains("before the deployment")), "{proof:?}");
}

#[test]
fn a_release_is_named_by_digest_version_or_arn() {
    let scene = Scene::new(false);
    let releases = three_releases_and_one_rollback(&scene);
    for (_, release) in &releases {
        block_on(scene.history().put_release(release, None)).unwrap();
    }
    let find = |name: &str| block_on(scene.history().named(Stage::Prod, &name.parse::<ReleaseName>().map_err(Failure::from)?, None));
    let digest = releases[1].1.digest.clone();
    for name in [digest.clone(), digest[7..].to_uppercase(), digest[7..20].to_owned(), "2".to_owned(), package(2)] {
        assert_eq!(find(&name), Ok(digest.clone()), "{name}");
    }
    for (name, code) in
        [("7", "not-in-history"), ("sha256:0123456789", "not-in-history"), ("latest", "not-a-release-name"), ("abc", "not-a-release-name")]
    {
        assert_eq!(find(name).unwrap_err().diagnostics[0].code, Some(code), "{name}");
    }
    // Two releases with the same model package.
    let (folder, _) = release("p-1", 2);
    let path = folder.path().join("release-manifest.json");
    let text = std::fs::read_to_string(&path).unwrap().replace("it is the newest", "it is pinned");
    std::fs::write(&path, text).unwrap();
    scene.deploy(&Release::open(folder.path()).unwrap(), 300, DeploymentOutcome::Succeeded, None);
    assert_eq!(find("2").unwrap_err().diagnostics[0].code, Some("several-releases"));
}

#[test]
fn a_release_is_fetched_as_it_was_stored_or_refused() {
    let scene = Scene::new(true);
    let (folder, release) = release("p-1", 1);
    let statement = provenance(&release.manifest, &release.digest, &run(0));
    let record = block_on(sign(&statement, &scene.key)).unwrap_or_else(|never| match never {}).to_json();
    block_on(scene.history().put_release(&release, Some(record.as_bytes()))).unwrap();
    // A second time nothing is changed, also by another signature.
    let before = scene.memory.objects().clone();
    block_on(scene.history().put_release(&release, Some(b"another"))).unwrap();
    assert_eq!(*scene.memory.objects(), before);
    let fetched = block_on(scene.history().release(&release.digest)).unwrap();
    assert_eq!(fetched.files.last().unwrap().0, "release-manifest.json");
    let copy = TempDir::new().unwrap();
    for (name, bytes) in &fetched.files {
        std::fs::write(copy.path().join(name), bytes).unwrap();
        if name != PROVENANCE {
            assert_eq!(*bytes, std::fs::read(folder.path().join(name)).unwrap(), "{name}");
        }
    }
    let opened = Release::open_approved(copy.path(), Some(&release.digest)).unwrap();
    assert!(Chain::verify(&opened, &scene.trusted(), &[]).failure().is_none());
    // Each file changed once, and each one missing once.
    for key in scene.memory.keys("/releases/").into_iter().filter(|key| !key.ends_with(PROVENANCE)) {
        let original = scene.memory.objects()[&key].clone();
        scene.memory.objects().insert(key.clone(), [original.as_slice(), b" "].concat());
        let failure = block_on(scene.history().release(&release.digest)).unwrap_err();
        assert_eq!((failure.kind, failure.diagnostics[0].code), (FailureKind::Failed, Some("history-altered")), "{key}");
        // A changed object is not taken for the same one when the release is recorded again.
        assert!(block_on(scene.history().put_release(&release, None)).is_err(), "{key}");
        scene.memory.objects().remove(&key);
        let failure = block_on(scene.history().release(&release.digest)).unwrap_err();
        assert_eq!((failure.kind, failure.diagnostics[0].code), (FailureKind::BadInput, Some("not-in-history")), "{key}");
        scene.memory.objects().insert(key, original);
    }
}

#[test]
fn the_history_proves_each_link_or_names_the_missing_one() {
    let scene = Scene::new(true);
    let releases = three_releases_and_one_rollback(&scene);
    let (_, second) = &releases[1];
    let prove = |release: &Release| block_on(scene.history().prove(release, &scene.trusted())).unwrap();
    let proof = prove(second);
    let proven = proof.proven.join("\n");
    for link in ["approved for prod by eve, at 2026-01-01T01:00", "served by `iris` in 333333333333/us-east-1 (prod), at 2026-01-01T03:22"]
    {
        assert!(proven.contains(link), "{link}: {proven}");
    }
    let missing = proof.missing.join("\n");
    for link in
        ["when it was built", "passed the tests of staging", "222222222222/us-east-1 served it in staging", "passed the tests of prod"]
    {
        assert!(missing.contains(link), "{link}: {missing}");
    }
    assert!(!missing.contains("approved") && proof.refused.is_empty(), "{missing}");
    // Deployed before it was approved.
    let (_folder, fourth) = release("p-1", 4);
    scene.deploy(&fourth, 400, DeploymentOutcome::Succeeded, Some(back(second, "outage")));
    scene.approve(&fourth, 500, "ann");
    let missing = prove(&fourth).missing.join("\n");
    assert!(missing.contains("before the deployment to prod at 2026-01-01T06:40:00.000Z; the reason is: outage"), "{missing}");
    // An approval of another release, which the key's owner signed.
    let facts = Facts::Checked { approval: Some(Box::new(approval(second, "eve"))), staging_tests: None, files: Vec::new() };
    scene.record(&fourth, Some(Stage::Prod), 600, facts);
    assert!(prove(&fourth).refused[0].message.contains("about another release"));
    // What is not signed proves nothing.
    let unsigned = Scene { is_signed: false, ..scene };
    let (_folder, fifth) = release("p-1", 5);
    unsigned.deploy(&fifth, 700, DeploymentOutcome::Succeeded, None);
    let proof = block_on(unsigned.history().prove(&fifth, &unsigned.trusted())).unwrap();
    assert!(proof.proven.is_empty() && proof.missing.iter().any(|missing| missing.starts_with("a signature of the record")), "{proof:?}");
}

#[test]
fn ten_thousand_events_are_read_page_by_page() {
    let scene = Scene::new(false);
    let (_folder, first) = release("p-1", 1);
    scene.approve(&first, 0, "ann");
    scene.deploy(&first, 1, DeploymentOutcome::Succeeded, None);
    for minute in 0..10_000 {
        scene.record(&first, Some(Stage::Prod), 10 + minute, tests(&first));
    }
    scene.memory.requests();
    scene.memory.largest_page.store(0, Ordering::Relaxed);
    let answer = scene.answer(None);
    assert_eq!((answer.served[0].approved_by.as_deref(), answer.events.len()), (Some("ann"), 5));
    let (lists, gets) = scene.memory.requests();
    // One small page and ten full ones; five shown events, the deployment and the approval.
    assert_eq!((lists, gets), (11, 7));
    assert_eq!(answer.requests, lists + gets);
    assert_eq!(scene.memory.largest_page.load(Ordering::Relaxed), 1000);
    // At the time of the deployment, its records are on the first page.
    let answer = scene.answer(Some("2026-01-01T00:05Z"));
    assert_eq!(answer.served.len(), 1);
    assert_eq!(scene.memory.requests().0, 1);
}

#[test]
fn the_same_event_has_the_same_bytes_and_is_written_once() {
    let (one, other) = (Scene::new(false), Scene::new(false));
    let (_folder, release) = release("p-1", 1);
    let facts = || Facts::Built { is_signed: false };
    let names = [&one, &other].map(|scene| scene.record(&release, None, 5, facts()));
    assert_eq!(names[0], names[1]);
    assert_eq!(*one.memory.objects(), *other.memory.objects());
    // Recorded again, for example by a retried request.
    let statement = block_on(other.history().statement(&release, None, facts(), &run(5))).unwrap();
    let again = Statement::<Event>::parse(statement.to_json().as_bytes()).unwrap();
    assert_eq!(again, statement);
    let key = one.memory.keys("/events/build/").remove(0);
    let stored = Statement::<Event>::parse(&one.memory.objects()[&key]).unwrap();
    assert_eq!(one.put(&stored), names[0]);
    assert_eq!(one.memory.keys("/events/").len(), 1);
    let name: model_release::history::EventName = names[0].parse().unwrap();
    assert_eq!((name.kind, name.is_about(&release.digest)), (EventKind::Built, true));
}

#[test]
fn a_time_without_an_offset_is_in_utc_and_a_date_is_its_end() {
    let shown = |text: &str| question_time(text).map(|time| time.to_string());
    assert_eq!(shown("2026-01-31"), Ok("2026-01-31T23:59:59.999Z".to_owned()));
    assert_eq!(shown("2026-01-31T12:00"), Ok("2026-01-31T12:00:00Z".to_owned()));
    assert_eq!(shown("2026-01-31T12:00:00+02:00"), Ok("2026-01-31T10:00:00Z".to_owned()));
    for bad in ["yesterday", "2026-02-30", "31.01.2026", ""] {
        assert!(shown(bad).is_err(), "{bad}");
    }
}
