//! The bytes of a release: recorded by the build, and compared by every later command.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use cfn_render::PackageOptions;
use cfn_render::store::Directory;
use model_registry::documents::NoDocuments;
use model_registry::release_policy::{ReleasePolicy, UnknownBytes};
use model_registry::snapshot::Snapshot;
use model_release::approved_bytes::{NoArtifacts, compare_checks};
use model_release::manifest::{ApprovedArtifact, DigestSource, ReleasePolicy as RecordedPolicy, RolloutLimits, Source, Tool};
use model_release::release_build::{Event, Home};
use model_release::{Diagnostic, Failure, FailureKind, PolicyFile, RegistryAccess, Release, Stage};
use serde_json::{Value as Json, json};
use stack_rollout::CallError;
use stack_rollout::preflight::{ArtifactName, ArtifactReader, ArtifactState, CheckOutcome, ImageName, ObjectState, PrefixState, Presence};

use crate::builds::{build_request, configuration};
use crate::preflights::{Account, checks};
use crate::project::*;

const TAGGED: &str = "111111111111.dkr.ecr.us-east-1.amazonaws.com/features:1";
const PINNED: &str = "111111111111.dkr.ecr.us-east-1.amazonaws.com/iris@sha256:11";
const OBJECT: &str = "s3://models/5/model.tar.gz";
const PREFIX: &str = "s3://models/5/weights/";
const REGIONAL: &str = "s3://models-eu/5/model.tar.gz";

/// The images and artifacts of all regions, and the calls.
#[derive(Debug, Clone, Default)]
struct Cloud(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    digests: BTreeMap<String, String>,
    objects: BTreeMap<String, ArtifactState>,
    denied: Vec<String>,
    calls: Vec<String>,
}

impl Cloud {
    fn new() -> Self {
        let cloud = Self::default();
        cloud.tag("features:1", "sha256:22");
        for uri in [OBJECT, REGIONAL] {
            cloud.put(uri, "e1");
        }
        cloud.list("sha256:aa", 2);
        cloud
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    fn tag(&self, name: &str, digest: &str) {
        self.state().digests.insert(name.to_owned(), digest.to_owned());
    }

    fn put(&self, uri: &str, etag: &str) {
        let state =
            ObjectState { etag: Some(etag.to_owned()), version_id: Some(format!("version of {etag}")), sha256: None, size: Some(9) };
        self.state().objects.insert(uri.to_owned(), ArtifactState::Object(state));
    }

    fn list(&self, digest: &str, objects: usize) {
        let state = PrefixState { digest: Some(digest.to_owned()), objects, size: 5 };
        self.state().objects.insert(PREFIX.to_owned(), ArtifactState::Prefix(state));
    }

    fn deny(&self, subject: &str) {
        self.state().denied.push(subject.to_owned());
    }

    /// The calls since the last time.
    fn calls(&self) -> Vec<String> {
        let mut calls = std::mem::take(&mut self.state().calls);
        calls.sort();
        calls
    }

    fn look_up<T>(&self, operation: &'static str, subject: &str, find: impl Fn(&State) -> Option<T>) -> Result<Presence<T>, CallError> {
        let mut state = self.state();
        state.calls.push(format!("{operation} {subject}"));
        if state.denied.iter().any(|denied| denied == subject) {
            return Err(CallError::error_response(operation, "AccessDenied", "not authorized"));
        }
        Ok(find(&state).map_or(Presence::Missing, Presence::Found))
    }
}

impl ArtifactReader for Cloud {
    async fn image(&self, image: &ImageName) -> Result<Presence<Option<String>>, CallError> {
        let name = format!("{}:{}", image.repository, image.reference);
        self.look_up("BatchGetImage", &name, |state| state.digests.get(&name).cloned().map(Some))
    }

    async fn artifact(&self, artifact: &ArtifactName) -> Result<Presence<ArtifactState>, CallError> {
        let uri = format!("s3://{}/{}", artifact.bucket, artifact.key);
        let operation = if artifact.is_prefix { "ListObjectsV2" } else { "HeadObject" };
        self.look_up(operation, &uri, |state| state.objects.get(&uri).cloned())
    }
}

/// A package with two containers, which share an object.
fn described(region: &str, uri: &str, etag: Option<&str>) -> Json {
    let mut package = json!({
        "ModelPackageGroupName": "iris", "ModelPackageVersion": 5,
        "ModelPackageArn": format!("arn:aws:sagemaker:{region}:111111111111:model-package/iris/5"),
        "CreationTime": "2026-01-01T00:00:00Z", "ModelPackageStatus": "Completed", "ModelApprovalStatus": "Approved",
        "InferenceSpecification": { "Containers": [
            { "Image": TAGGED, "ModelDataUrl": uri, "ContainerHostname": "features" },
            { "Image": PINNED, "ModelDataUrl": uri, "Environment": { "PROGRAM": "secret.py" },
              "AdditionalS3DataSource": { "S3Uri": PREFIX, "S3DataType": "S3Prefix" } },
        ] },
    });
    if let Some(etag) = etag {
        for container in package["InferenceSpecification"]["Containers"].as_array_mut().unwrap() {
            container["ModelDataETag"] = json!(etag);
        }
    }
    package
}

fn registry(etag: Option<&str>) -> Snapshot {
    let packages = [described(EAST, OBJECT, etag), described(WEST, REGIONAL, etag)];
    Snapshot::parse(&json!({ "schema_version": 1, "describe-model-package": packages }).to_string()).unwrap()
}

/// Builds a release, and returns it with the warnings.
fn build_with<A: ArtifactReader>(
    name: &str,
    regions: &[&str],
    etag: Option<&str>,
    unknown: UnknownBytes,
    artifacts: impl Fn() -> Option<A>,
) -> Result<(Release, Vec<Diagnostic>), Failure> {
    let mut request = build_request(regions, true);
    let mut policy = ReleasePolicy::default();
    policy.unknown_bytes = unknown;
    request.selection.policy = Some(PolicyFile {
        name: "release-policy.json".to_owned(),
        path: "release-policy.json".into(),
        digest: "sha256:0".to_owned(),
        policy,
    });
    let configuration = configuration(&format!("bytes-{name}"));
    let access = |_: Option<&_>| RegistryAccess { registry: registry(etag), documents: NoDocuments, artifacts: artifacts() };
    let mut found = Vec::new();
    let on_event = |event: Event<'_>| {
        if let Event::Found(diagnostic) = event {
            found.push(diagnostic);
        }
    };
    let prepared = block_on(request.prepare(&configuration, access, &Home::default(), on_event))?;
    found.retain(|diagnostic| diagnostic.code.is_some_and(|code| code.starts_with("approved-bytes") || code == "regional-copy-differs"));
    let store = Directory::new(env!("CARGO_TARGET_TMPDIR"), "artifacts", EAST);
    let packaged = block_on(configuration.template.package(&store, &PackageOptions::default())).unwrap();
    let tool = Tool { name: "test".to_owned(), version: "1".to_owned() };
    let built = prepared.finish(&request, &configuration.template, packaged, Source { commit: None, dirty: None }, tool).unwrap();
    Ok((Release::of(built), found))
}

fn build(name: &str, cloud: &Cloud) -> Release {
    let (release, warnings) = build_with(name, &[EAST, WEST], Some("e1"), UnknownBytes::Allow, || Some(cloud.clone())).unwrap();
    assert_eq!(warnings, []);
    cloud.calls();
    release
}

fn refused<T: std::fmt::Debug>(result: Result<T, Failure>) -> (FailureKind, Vec<Option<&'static str>>, String) {
    let failure = result.unwrap_err();
    let codes = failure.diagnostics.iter().map(|diagnostic| diagnostic.code).collect();
    (
        failure.kind,
        codes,
        failure
            .diagnostics
            .iter()
            .map(|diagnostic| format!("{} {:?}", diagnostic.message, diagnostic.details))
            .collect::<Vec<_>>()
            .join("\n"),
    )
}

const DIFFERS: Option<&str> = Some("approved-bytes-differ");
const NOT_KNOWN: Option<&str> = Some("approved-bytes-not-known");

#[test]
fn a_build_records_every_image_and_artifact_with_one_call_each_and_none_for_a_digest() {
    let cloud = Cloud::new();
    let (release, warnings) = build_with("records", &[EAST, WEST], Some("e1"), UnknownBytes::Allow, || Some(cloud.clone())).unwrap();
    assert_eq!(warnings, []);
    let of_image = "BatchGetImage features:1".to_owned();
    let calls = [&of_image, &of_image].map(String::as_str).into_iter().map(str::to_owned);
    let objects = [REGIONAL, OBJECT].map(|uri| format!("HeadObject {uri}"));
    let listings = [PREFIX, PREFIX].map(|uri| format!("ListObjectsV2 {uri}"));
    assert_eq!(cloud.calls(), calls.chain(objects).chain(listings).collect::<Vec<_>>());

    let package = &release.manifest.model_package;
    let [first, second] = &package.containers.as_ref().unwrap()[..] else { panic!("two containers") };
    let image = first.image.as_ref().unwrap();
    assert_eq!((image.digest.as_deref(), image.digest_from), (Some("sha256:22"), Some(DigestSource::Ecr)));
    assert_eq!(second.image.as_ref().unwrap().digest_from, Some(DigestSource::Uri));
    assert_eq!(first.name.as_deref(), Some("features"));
    let object = ApprovedArtifact {
        uri: OBJECT.to_owned(),
        registered_etag: Some("e1".to_owned()),
        etag: Some("e1".to_owned()),
        version_id: Some("version of e1".to_owned()),
        size: Some(9),
        ..ApprovedArtifact::default()
    };
    assert_eq!(first.artifacts, [object]);
    assert_eq!((second.artifacts[1].listing.as_deref(), second.artifacts[1].objects), (Some("sha256:aa"), Some(2)));
    assert!(second.environment["PROGRAM"].starts_with("sha256:"));
    assert!(!release.manifest.to_json().contains("secret.py"));
    let regional = package.containers_in(&WEST.parse().unwrap()).unwrap();
    assert_eq!(regional[0].artifacts[0].uri, REGIONAL);
    assert_eq!(package.images_in(&EAST.parse().unwrap())[..], [format!("{TAGGED}@sha256:22"), PINNED.to_owned()]);
}

#[test]
fn an_object_that_was_overwritten_or_deleted_before_the_build_fails_it() {
    let cloud = Cloud::new();
    cloud.put(OBJECT, "e2");
    let (kind, codes, text) = refused(build_with("overwritten", &[EAST], Some("e1"), UnknownBytes::Allow, || Some(cloud.clone())));
    assert_eq!((kind, codes), (FailureKind::Failed, vec![DIFFERS]));
    assert!(text.contains(OBJECT) && text.contains("was overwritten") && text.contains("ETag e1 in the registry"), "{text}");
    cloud.state().objects.remove(OBJECT);
    let (_, codes, text) = refused(build_with("deleted", &[EAST], Some("e1"), UnknownBytes::Allow, || Some(cloud.clone())));
    assert!(codes.contains(&DIFFERS) && text.contains("it does not exist"), "{text}");
    // Without the registry's ETag, the object at the time of the build is the approved one.
    cloud.put(OBJECT, "e2");
    assert!(build_with("no-etag", &[EAST], None, UnknownBytes::Allow, || Some(cloud.clone())).is_ok());
}

#[test]
fn what_is_denied_is_not_known_and_the_policy_decides_whether_that_blocks() {
    let cloud = Cloud::new();
    cloud.deny(OBJECT);
    cloud.deny("features:1");
    let (release, warnings) = build_with("denied", &[EAST], Some("e1"), UnknownBytes::Allow, || Some(cloud.clone())).unwrap();
    let messages: Vec<_> = warnings.iter().map(|warning| (warning.code, warning.message.as_str())).collect();
    let image = format!(
        "whether the image `{TAGGED}` is the approved one is not known: `BatchGetImage` was denied, which needs `ecr:BatchGetImage`"
    );
    let object =
        format!("whether the object `{OBJECT}` is the approved one is not known: `HeadObject` was denied, which needs `s3:GetObject`");
    assert_eq!(messages, [(NOT_KNOWN, image.as_str()), (NOT_KNOWN, object.as_str())]);
    let first = &release.manifest.model_package.containers.as_ref().unwrap()[0];
    assert_eq!(first.artifacts[0].not_known.as_deref(), Some("`HeadObject` was denied, which needs `s3:GetObject`"));
    assert_eq!((first.artifacts[0].etag.as_ref(), first.image.as_ref().unwrap().digest.as_ref()), (None, None));
    // Later commands cannot know more, and do not call AWS for nothing.
    cloud.calls();
    let checked = block_on(release.check_bytes(|_| cloud.clone())).unwrap();
    assert_eq!((checked.warnings.len(), cloud.calls()), (2, vec![format!("ListObjectsV2 {PREFIX}")]));

    let (kind, codes, text) = refused(build_with("blocked", &[EAST], Some("e1"), UnknownBytes::Block, || Some(cloud.clone())));
    assert_eq!((kind, codes), (FailureKind::Failed, vec![NOT_KNOWN; 2]));
    assert!(text.contains("the release policy requires that this is known"), "{text}");
    // A build from a snapshot calls nothing: it is blocked too, and otherwise says nothing.
    let none = || None::<NoArtifacts>;
    assert_eq!(refused(build_with("snapshot-blocked", &[EAST], Some("e1"), UnknownBytes::Block, none)).1, [NOT_KNOWN; 2]);
    let (release, warnings) = build_with("snapshot", &[EAST], Some("e1"), UnknownBytes::Allow, none).unwrap();
    let second = &release.manifest.model_package.containers.as_ref().unwrap()[1];
    assert_eq!((warnings, second.artifacts[0].etag.as_deref()), (Vec::new(), Some("e1")));
    assert_eq!(second.artifacts[1].not_known.as_deref(), Some("the release was built without a call to AWS"));
}

#[test]
fn copies_of_other_regions_with_other_bytes_are_reported() {
    let cloud = Cloud::new();
    let whole = |sha256: &str| {
        ArtifactState::Object(ObjectState { sha256: Some(sha256.to_owned()), etag: Some("e1".to_owned()), ..ObjectState::default() })
    };
    for (regional, warned) in [("a", false), ("b", true), ("b-2", false)] {
        cloud.state().objects.insert(OBJECT.to_owned(), whole("a"));
        cloud.state().objects.insert(REGIONAL.to_owned(), whole(regional));
        let (_, warnings) = build_with("copies", &[EAST, WEST], Some("e1"), UnknownBytes::Allow, || Some(cloud.clone())).unwrap();
        let codes: std::collections::BTreeSet<_> = warnings.iter().map(|warning| warning.code).collect();
        assert_eq!(
            codes.into_iter().collect::<Vec<_>>(),
            if warned { vec![Some("regional-copy-differs")] } else { Vec::new() },
            "{regional}"
        );
    }
}

#[test]
fn a_check_before_production_finds_every_swap_by_name_with_one_call_each() {
    type Swap = fn(&Cloud);
    let swaps: [(&str, Swap, &str); 5] = [
        ("tag", |cloud| cloud.tag("features:1", "sha256:33"), TAGGED),
        ("object", |cloud| cloud.put(OBJECT, "e2"), OBJECT),
        ("copy", |cloud| cloud.put(REGIONAL, "e2"), REGIONAL),
        ("prefix", |cloud| cloud.list("sha256:bb", 3), PREFIX),
        ("deleted", |cloud| drop(cloud.state().objects.remove(OBJECT)), OBJECT),
    ];
    for (name, swap, subject) in swaps {
        let cloud = Cloud::new();
        let release = build(name, &cloud);
        let checked = block_on(release.check_bytes(|_| cloud.clone())).unwrap();
        assert_eq!((checked.unchanged, checked.warnings), (10, Vec::new()));
        assert_eq!(cloud.calls().len(), 6, "one call for each tag, object and prefix of a region");
        swap(&cloud);
        let (kind, codes, text) = refused(block_on(release.check_bytes(|_| cloud.clone())));
        assert_eq!(kind, FailureKind::Failed);
        assert!(codes.iter().all(|code| *code == DIFFERS) && text.contains(subject), "{name}: {text}");
    }
}

#[test]
fn an_object_that_is_written_again_is_the_same_only_if_its_checksum_proves_it() {
    let cloud = Cloud::new();
    let object = |etag: &str, version: &str, sha256: Option<&str>| {
        let text = |text: &str| Some(text.to_owned());
        ArtifactState::Object(ObjectState { etag: text(etag), version_id: text(version), sha256: sha256.map(str::to_owned), size: Some(9) })
    };
    let put = |state: ArtifactState| drop(cloud.state().objects.insert(OBJECT.to_owned(), state));
    for (then, now, is_same) in [
        (object("e1", "v1", Some("s1")), object("e2", "v2", Some("s1")), true),
        (object("e1", "v1", Some("s1")), object("e1", "v1", Some("s2")), false),
        (object("e1", "v1", None), object("e2", "v1", Some("s1")), true),
        (object("e1", "v1", None), object("e1", "v2", None), true),
        (object("e1", "v1", None), object("e2", "v2", None), false),
        (object("e1-2", "v1", Some("s1-2")), object("e2-3", "v2", Some("s2-3")), false),
        (object("e1-2", "v1", Some("s1-2")), object("e2-2", "v2", Some("s1-2")), true),
    ] {
        put(then.clone());
        let (release, _) = build_with("again", &[EAST], None, UnknownBytes::Allow, || Some(cloud.clone())).unwrap();
        put(now.clone());
        assert_eq!(block_on(release.check_bytes(|_| cloud.clone())).is_ok(), is_same, "{then:?} {now:?}");
    }
    put(ArtifactState::Object(ObjectState::default()));
    let (release, _) = build_with("nothing", &[EAST], None, UnknownBytes::Allow, || Some(cloud.clone())).unwrap();
    let checked = block_on(release.check_bytes(|_| cloud.clone())).unwrap();
    assert_eq!(checked.warnings[0].code, NOT_KNOWN);
}

#[test]
fn a_model_package_that_changed_in_the_registry_is_named_without_values() {
    let cloud = Cloud::new();
    let release = build("registry", &cloud);
    let check = |change: &dyn Fn(&mut Json)| {
        let mut package = described(EAST, OBJECT, Some("e1"));
        change(&mut package["InferenceSpecification"]["Containers"]);
        let packages = [package, described(WEST, REGIONAL, Some("e1"))];
        let registry = Snapshot::parse(&json!({ "schema_version": 1, "describe-model-package": packages }).to_string()).unwrap();
        block_on(release.check_registry(|_| registry.clone()))
    };
    assert!(check(&|_| {}).is_ok());
    for (change, subject) in [
        (&(|containers: &mut Json| containers[1]["Environment"]["PROGRAM"] = json!("secret-2.py")) as &dyn Fn(&mut Json), "`PROGRAM`"),
        (&|containers: &mut Json| containers[1]["Environment"]["PROXY"] = json!("secret"), "`PROXY`"),
        (&|containers: &mut Json| containers[0]["ModelDataETag"] = json!("e2"), "the ETag of"),
        (&|containers: &mut Json| containers[1]["AdditionalS3DataSource"]["S3Uri"] = json!("s3://other/"), "s3://other/"),
    ] {
        let (_, codes, text) = refused(check(change));
        assert_eq!(codes, [DIFFERS], "{text}");
        assert!(text.contains(subject) && text.contains("model-package/iris/5") && !text.contains("secret"), "{text}");
    }
}

/// The outcome of the preflight's checks in us-east-1, by subject, with the first code.
fn preflight(release: &Release, account: &Account) -> Vec<(String, CheckOutcome, Option<&'static str>)> {
    let mut checks = checks(account, release);
    compare_checks(release, &mut checks);
    let mut found: Vec<_> = checks
        .into_iter()
        .filter(|check| {
            matches!(check.name, "image" | "artifact" | "model-package") && check.target.as_ref().unwrap().account.as_str() == A
        })
        .map(|check| (check.subject, check.outcome, check.code))
        .collect();
    found.sort();
    found
}

#[test]
fn the_preflight_compares_what_it_found_in_each_target() {
    let cloud = Cloud::new();
    let mut release = release(5);
    release.manifest.model_package = build("preflight", &cloud).manifest.model_package;
    release.manifest.model_package.regions.clear();
    let object = |etag: &str| ObjectState { etag: Some(etag.to_owned()), ..ObjectState::default() };
    let approved =
        Account { digest: Some("sha256:22"), object: object("e1"), description: described(EAST, OBJECT, Some("e1")), ..Account::default() };
    // The account returns one digest for both images, and the object for the prefix, too.
    for container in release.manifest.model_package.containers.as_mut().unwrap() {
        container.image.as_mut().unwrap().digest = Some("sha256:22".to_owned());
        container.artifacts.truncate(1);
    }
    for account in [&approved, &Account { digest: Some("sha256:33"), object: object("e2"), ..approved.clone() }] {
        let swapped = account.digest == Some("sha256:33");
        let found = preflight(&release, account);
        let of = |subject: &str| found.iter().find(|(found, ..)| found == subject).map(|(_, outcome, code)| (*outcome, *code)).unwrap();
        let expected = if swapped { (CheckOutcome::Failed, DIFFERS) } else { (CheckOutcome::Passed, None) };
        assert_eq!([of(TAGGED), of(PINNED), of(OBJECT)], [expected; 3], "{found:#?}");
    }
    // A variable of the model package was changed in the registry, which costs no call.
    let mut changed = described(EAST, OBJECT, Some("e1"));
    changed["InferenceSpecification"]["Containers"][1]["Environment"]["PROGRAM"] = json!("secret-2.py");
    let mut found = checks(&Account { description: changed, ..approved.clone() }, &release);
    compare_checks(&release, &mut found);
    let package = found.iter().find(|check| check.name == "model-package").unwrap();
    assert_eq!((package.outcome, package.code), (CheckOutcome::Failed, DIFFERS));
    assert!(
        package.message.as_ref().unwrap().contains("`PROGRAM`")
            && !format!("{package:?}").replace(&format!("{:?}", package.found), "").contains("secret")
    );
}

#[test]
fn a_release_without_recorded_bytes_is_not_known_and_never_passed() {
    let mut release = release(5);
    release.manifest.model_package.images = vec![TAGGED.to_owned()];
    release.manifest.model_package.model_data = vec![OBJECT.to_owned()];
    let account = Account { digest: Some("sha256:22"), ..Account::default() };
    let outcomes = |release: &Release| -> Vec<_> {
        preflight(release, &account)
            .into_iter()
            .filter(|(subject, ..)| !subject.starts_with("arn:"))
            .map(|(_, outcome, code)| (outcome, code))
            .collect()
    };
    assert_eq!(outcomes(&release), [(CheckOutcome::Unchecked, NOT_KNOWN); 2]);
    let checked = block_on(release.check_bytes(|_| Cloud::new())).unwrap();
    assert_eq!((checked.unchanged, checked.warnings[0].code), (0, NOT_KNOWN));
    // The policy blocks it.
    release.manifest.choice.release_policy = Some(RecordedPolicy {
        file: "p".to_owned(),
        digest: "d".to_owned(),
        unknown_bytes: UnknownBytes::Block,
        approval: None,
        rollout: RolloutLimits::default(),
    });
    assert_eq!(outcomes(&release), [(CheckOutcome::Failed, NOT_KNOWN); 2]);
    assert_eq!(refused(block_on(release.check_bytes(|_| Cloud::new()))).0, FailureKind::Failed);
    let expectations = model_release::Expectations::read(&release, Stage::Staging).unwrap();
    let expected = expectations.of(&release, &A.parse().unwrap(), &EAST.parse().unwrap(), "iris").unwrap();
    assert!(expected.blocks_unknown && expected.variants[0].containers.is_empty());
}

#[test]
fn the_tests_expect_the_variables_of_the_package_and_of_the_template() {
    let template = TEMPLATE.replace(
        "Environment: { ATTEMPT: !Ref DeploymentAttempt }",
        "Environment: { ATTEMPT: !Ref DeploymentAttempt, WORKERS: '4', NETWORK: !Ref Network }",
    );
    let mut release = release_of(&template, 5, &[]);
    release.manifest.model_package = build("environment", &Cloud::new()).manifest.model_package;
    let expectations = model_release::Expectations::read(&release, Stage::Staging).unwrap();
    let expected = expectations.of(&release, &A.parse().unwrap(), &EAST.parse().unwrap(), "iris").unwrap();
    let [container] = &expected.variants[0].containers[..] else { panic!("one container: {expected:?}") };
    let digest = |name: &str, value: &str| endpoint_test::environment_digest(name, value);
    // A value that depends on the attempt, or is read in the account, is not known.
    let template: Vec<_> = container.template.iter().map(|(name, digest)| (name.as_str(), digest.clone())).collect();
    assert_eq!(template, [("ATTEMPT", None), ("NETWORK", None), ("WORKERS", Some(digest("WORKERS", "4")))]);
    let package = container.package.as_ref().unwrap();
    assert_eq!(package["PROGRAM"].first(), Some(&digest("PROGRAM", "secret.py")), "both crates have the same digest");
    assert_eq!(expected.images, [format!("{TAGGED}@sha256:22"), PINNED.to_owned()]);
}
