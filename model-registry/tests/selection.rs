//! Choosing a package from registries of any content.

use std::future::Future;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use insta::assert_snapshot;
use jiff::Timestamp;
use model_registry::{
    ApprovalStatus, Gates, ModelPackage, ModelPackageArn, ModelPackageGroup, PackageQuery, PackageStatus, Page, Reason, RegistrationType,
    Registry, RegistryError, RegistryErrorKind, SelectError, Selection, list, select,
};
use proptest::prelude::*;

/// A registry in memory with SageMaker's paging, which sometimes returns an empty page.
#[derive(Debug, Default)]
struct Memory {
    packages: Vec<ModelPackage>,
    empty_pages: bool,
    /// The description of this version differs from its list entry.
    withdrawn: Option<u32>,
    /// The error of every call but the list.
    failing: Option<RegistryErrorKind>,
    lists: AtomicUsize,
    describes: AtomicUsize,
    queries: Mutex<Vec<PackageQuery>>,
}

impl Registry for Memory {
    fn packages(&self, query: &PackageQuery) -> impl Future<Output = Result<Page, RegistryError>> + Send {
        self.lists.fetch_add(1, Ordering::Relaxed);
        self.queries.lock().unwrap().push(query.clone());
        let matches_status =
            |package: &&ModelPackage| query.approval_status.as_ref().is_none_or(|status| *status == package.approval_status);
        let mut matching: Vec<_> = self.packages.iter().filter(matches_status).collect();
        matching.sort_by_key(|package| std::cmp::Reverse(package.created));
        let (begin, empty) = match query.next_token.as_deref() {
            None => (0, self.empty_pages),
            Some(token) => (token.trim_start_matches('e').parse().unwrap(), self.empty_pages && !token.starts_with('e')),
        };
        if empty {
            return std::future::ready(Ok(Page { packages: Vec::new(), next_token: Some(format!("e{begin}")) }));
        }
        let end = matching.len().min(begin + usize::from(query.page_size));
        let packages = matching[begin..end].iter().map(|package| package.summary()).collect();
        std::future::ready(Ok(Page { packages, next_token: (end < matching.len()).then(|| end.to_string()) }))
    }

    fn describe(&self, arn: &ModelPackageArn) -> impl Future<Output = Result<ModelPackage, RegistryError>> + Send {
        self.describes.fetch_add(1, Ordering::Relaxed);
        let found = self.packages.iter().find(|package| package.arn == *arn).cloned().map(|mut package| {
            if self.withdrawn.is_some() && self.withdrawn == package.version {
                package.approval_status = ApprovalStatus::Rejected;
            }
            package
        });
        let kind = self.failing.unwrap_or(RegistryErrorKind::NotFound);
        let found = found.filter(|_| self.failing.is_none());
        std::future::ready(found.ok_or_else(|| RegistryError::new("describe", kind, "the call failed")))
    }

    fn version(&self, group: &ModelPackageGroup, version: u32) -> impl Future<Output = Result<ModelPackageArn, RegistryError>> + Send {
        std::future::ready(match self.failing {
            Some(kind) => Err(RegistryError::new("version", kind, "the call failed")),
            None => Ok(format!("{PREFIX}{}/{version}", group.name()).parse().unwrap()),
        })
    }
}

const PREFIX: &str = "arn:aws:sagemaker:us-east-1:111111111111:model-package/";

fn package(version: u32, approval: &str, status: &str, registration: RegistrationType, created: i64) -> ModelPackage {
    let arn: ModelPackageArn = format!("{PREFIX}iris/{version}").parse().unwrap();
    ModelPackage {
        approval_status: approval.into(),
        status: status.into(),
        registration,
        ..ModelPackage::new(arn, Timestamp::from_second(created).unwrap())
    }
}

fn registered(version: u32, approval: &str) -> ModelPackage {
    package(version, approval, "Completed", RegistrationType::Registered, i64::from(version))
}

fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

fn latest(registry: &Memory) -> Result<model_registry::Choice, SelectError> {
    block_on(select(registry, &"iris".parse().unwrap(), &Selection::LatestApproved, &Gates::default()))
}

fn any_package(version: u32) -> impl Strategy<Value = ModelPackage> {
    let approval = prop_oneof![Just("Approved"), Just("Rejected"), Just("PendingManualApproval")];
    let status = prop_oneof![4 => Just("Completed"), 1 => Just("Failed"), 1 => Just("InProgress")];
    let registration = prop_oneof![9 => Just(RegistrationType::Registered), 1 => Just(RegistrationType::Logged)];
    (approval, status, registration, 0..50i64).prop_map(move |(a, s, r, created)| package(version, a, s, r, created))
}

fn any_registry() -> impl Strategy<Value = Memory> {
    let packages = (0..260u32).prop_flat_map(|count| (1..=count).map(any_package).collect::<Vec<_>>());
    (packages, any::<bool>()).prop_map(|(packages, empty_pages)| Memory { packages, empty_pages, ..Memory::default() })
}

fn acceptable(package: &ModelPackage) -> bool {
    package.approval_status == ApprovalStatus::Approved
        && package.status == PackageStatus::Completed
        && package.registration == RegistrationType::Registered
}

proptest! {
    #[test]
    fn the_newest_acceptable_package_is_chosen(registry in any_registry()) {
        // The expected result, from the whole list.
        let best = registry.packages.iter().filter(|package| acceptable(package)).map(|package| package.created).max();
        match latest(&registry) {
            Ok(choice) => {
                prop_assert_eq!(Some(choice.package.created), best);
                prop_assert!(acceptable(&choice.package));
                prop_assert!(choice.skipped.iter().all(|skipped| skipped.arn != choice.package.arn));
            }
            Err(SelectError::NothingToDeploy { .. }) => prop_assert_eq!(best, None),
            Err(error) => prop_assert!(false, "{}", error),
        }
    }

    #[test]
    fn one_list_request_is_enough_when_an_acceptable_package_is_among_the_newest_hundred(newer in 0..99u32, older in 0..400u32) {
        let packages = (1..=older + 1).map(|version| registered(version, "Approved"))
            .chain((1..=newer).map(|version| registered(older + 1 + version, "PendingManualApproval")))
            .collect();
        let registry = Memory { packages, ..Memory::default() };
        let choice = latest(&registry).unwrap();
        prop_assert_eq!(choice.package.version, Some(older + 1));
        prop_assert_eq!(choice.skipped.len(), newer as usize);
        prop_assert_eq!(registry.lists.into_inner(), 1);
        prop_assert_eq!(registry.describes.into_inner(), 1);
    }
}

#[test]
fn many_newer_unapproved_packages_need_one_more_request() {
    let packages = std::iter::once(registered(1, "Approved")).chain((2..=5000).map(|v| registered(v, "PendingManualApproval"))).collect();
    let registry = Memory { packages, ..Memory::default() };
    let choice = latest(&registry).unwrap();
    assert_eq!(choice.package.version, Some(1));
    assert_snapshot!(choice.because.to_string(), @"version 1 is the newest approved model package of `iris`; at least 100 newer ones are not deployable");
    let queries = registry.queries.into_inner().unwrap();
    assert_eq!(queries.iter().map(|query| query.approval_status.clone()).collect::<Vec<_>>(), [None, Some(ApprovalStatus::Approved)]);
}

#[test]
fn of_two_packages_registered_in_the_same_second_the_higher_version_is_newer() {
    let mut registry = Memory { packages: vec![registered(2, "Approved"), registered(1, "Approved")], ..Memory::default() };
    registry.packages[1].created = registry.packages[0].created;
    assert_eq!(latest(&registry).unwrap().package.version, Some(2));
}

#[test]
fn an_approval_withdrawn_after_the_list_is_detected() {
    let registry = Memory { packages: vec![registered(1, "Approved"), registered(2, "Approved")], withdrawn: Some(2), ..Memory::default() };
    let choice = latest(&registry).unwrap();
    assert_eq!(choice.package.version, Some(1));
    assert_eq!(choice.skipped[0].reason, Reason::Withdrawn);
}

#[test]
fn a_package_deleted_after_the_list_is_skipped() {
    /// Lists a package that it no longer has.
    struct Emptied(Memory, ModelPackage);
    impl Registry for Emptied {
        async fn packages(&self, query: &PackageQuery) -> Result<Page, RegistryError> {
            let mut page = self.0.packages(query).await?;
            page.packages.insert(0, self.1.summary());
            Ok(page)
        }
        async fn describe(&self, arn: &ModelPackageArn) -> Result<ModelPackage, RegistryError> {
            self.0.describe(arn).await
        }
        async fn version(&self, group: &ModelPackageGroup, version: u32) -> Result<ModelPackageArn, RegistryError> {
            self.0.version(group, version).await
        }
    }
    let registry = Emptied(Memory { packages: vec![registered(1, "Approved")], ..Memory::default() }, registered(2, "Approved"));
    let choice = block_on(select(&registry, &"iris".parse().unwrap(), &Selection::LatestApproved, &Gates::default())).unwrap();
    assert_eq!(choice.package.version, Some(1));
    assert_eq!(choice.skipped[0].reason, Reason::Deleted);
}

#[test]
fn skipped_packages_are_listed_with_the_reason() {
    let packages = vec![
        registered(1, "Approved"),
        package(2, "Approved", "Failed", RegistrationType::Registered, 2),
        registered(3, "Rejected"),
        package(4, "Approved", "Completed", RegistrationType::Logged, 4),
        registered(5, "PendingManualApproval"),
    ];
    let choice = latest(&Memory { packages, ..Memory::default() }).unwrap();
    let lines: Vec<_> = choice.skipped.iter().map(|skipped| format!("{} {}", skipped.arn.version().unwrap(), skipped.reason)).collect();
    assert_eq!(lines, ["5 pending approval", "4 logged, not registered", "3 rejected", "2 status is Failed"]);
    assert_snapshot!(choice.because.to_string(), @"version 1 is the newest approved model package of `iris`; 4 newer ones are not deployable");
}

#[test]
fn if_nothing_is_deployable_the_error_says_what_the_group_contains() {
    let packages = vec![registered(1, "Rejected"), registered(2, "PendingManualApproval"), registered(3, "PendingManualApproval")];
    let error = latest(&Memory { packages, ..Memory::default() }).unwrap_err();
    assert_snapshot!(error, @"no approved model package in group `iris`: there are 2 pending approval, 1 rejected; the newest is version 3, pending approval");
    let error = latest(&Memory::default()).unwrap_err();
    assert_snapshot!(error, @"no approved model package in group `iris`: the group is empty");
}

#[test]
fn a_requested_version_needs_no_list_and_must_be_approved() {
    let registry = Memory { packages: vec![registered(1, "Approved"), registered(2, "Rejected")], ..Memory::default() };
    let group: ModelPackageGroup = "iris".parse().unwrap();
    let choose = |selection: &str, gates: &Gates| block_on(select(&registry, &group, &selection.parse().unwrap(), gates));
    assert_eq!(choose("1", &Gates::default()).unwrap().because.to_string(), "version 1 was requested");
    assert_eq!(registry.lists.load(Ordering::Relaxed), 0);
    let error = choose("2", &Gates::default()).unwrap_err();
    assert!(matches!(error, SelectError::NotAcceptable { reason: Reason::Approval(ApprovalStatus::Rejected), .. }));
    let mut gates = Gates::default();
    gates.allow_unapproved = true;
    assert!(choose("2", &gates).unwrap().because.to_string().contains("although it is rejected"));
    assert!(matches!(choose("9", &Gates::default()), Err(SelectError::NoSuchPackage { newest: Some(_), .. })));
    assert!(matches!(choose(&format!("{PREFIX}other/1"), &Gates::default()), Err(SelectError::OtherGroup { .. })));
}

#[test]
fn allowing_unapproved_packages_does_not_allow_failed_or_logged_ones() {
    let packages = vec![
        package(1, "PendingManualApproval", "Failed", RegistrationType::Registered, 1),
        package(2, "Rejected", "Completed", RegistrationType::Logged, 2),
        registered(3, "PendingManualApproval"),
    ];
    let registry = Memory { packages, ..Memory::default() };
    let mut gates = Gates::default();
    gates.allow_unapproved = true;
    let rejection = |version| match block_on(select(&registry, &"iris".parse().unwrap(), &Selection::Version(version), &gates)) {
        Ok(_) => None,
        Err(SelectError::NotAcceptable { reason, .. }) => Some(reason),
        Err(error) => panic!("{error}"),
    };
    assert_eq!(rejection(1), Some(Reason::Status(PackageStatus::Failed)));
    assert_eq!(rejection(2), Some(Reason::Logged));
    assert_eq!(rejection(3), None);
}

#[test]
fn a_repeated_token_ends_the_search() {
    struct Endless;
    impl Registry for Endless {
        async fn packages(&self, _: &PackageQuery) -> Result<Page, RegistryError> {
            Ok(Page { packages: Vec::new(), next_token: Some("again".to_owned()) })
        }
        async fn describe(&self, _: &ModelPackageArn) -> Result<ModelPackage, RegistryError> {
            unreachable!("nothing was listed")
        }
        async fn version(&self, _: &ModelPackageGroup, _: u32) -> Result<ModelPackageArn, RegistryError> {
            unreachable!("no version was requested")
        }
    }
    let result = block_on(select(&Endless, &"iris".parse().unwrap(), &Selection::LatestApproved, &Gates::default()));
    assert!(matches!(result, Err(SelectError::Registry(error)) if error.kind == RegistryErrorKind::Malformed));
}

#[test]
fn a_listing_stops_at_its_limit_with_pages_of_any_size() {
    let group: ModelPackageGroup = "iris".parse().unwrap();
    for empty_pages in [false, true] {
        let registry = Memory { packages: (1..=250).map(|v| registered(v, "Rejected")).collect(), empty_pages, ..Memory::default() };
        for (limit, length, more) in
            [(Some(1), 1, true), (Some(100), 100, true), (Some(150), 150, true), (Some(250), 250, false), (None, 250, false)]
        {
            let listing = block_on(list(&registry, &group, limit)).unwrap();
            assert_eq!((listing.packages.len(), listing.more), (length, more), "{limit:?} {empty_pages}");
            assert_eq!(listing.packages[0].arn.version(), Some(250));
            assert!(listing.packages.is_sorted_by_key(|package| std::cmp::Reverse(package.created)));
        }
        let queries = registry.queries.into_inner().unwrap();
        assert!(queries.iter().all(|query| (1..=100).contains(&query.page_size)));
    }
}

#[test]
fn selections_are_versions_or_arns() {
    assert_eq!("13".parse::<Selection>().unwrap(), Selection::Version(13));
    for text in ["", "0", "-1", "+1", "latest", "1.0", "1000000000"] {
        assert!(text.parse::<Selection>().is_err(), "{text}");
    }
}

#[test]
fn the_error_for_a_missing_version_has_the_newest() {
    let group: ModelPackageGroup = "iris".parse().unwrap();
    let named = |registry: &Memory| block_on(select(registry, &group, &Selection::Version(99), &Gates::default())).unwrap_err();
    let registry = Memory { packages: vec![registered(1, "Approved"), registered(2, "Rejected")], ..Memory::default() };
    assert_eq!(named(&registry).to_string(), "version 99 does not exist in group `iris`; the newest is version 2");
    assert_eq!(named(&Memory::default()).to_string(), "version 99 does not exist in group `iris`; the group has no model packages");
    let missing: ModelPackageArn = format!("{PREFIX}iris/77").parse().unwrap();
    let error = block_on(select(&registry, &group, &Selection::Arn(missing), &Gates::default())).unwrap_err();
    assert!(error.to_string().ends_with("iris/77 does not exist in group `iris`; the newest is version 2"), "{error}");
}

#[test]
fn only_a_package_that_does_not_exist_is_missing_and_every_other_error_ends_the_choice() {
    let failing = |kind| Memory { packages: vec![registered(1, "Approved")], failing: Some(kind), ..Memory::default() };
    let choose = |registry: &Memory, selection: Selection| {
        block_on(select(registry, &"iris".parse().unwrap(), &selection, &Gates::default())).unwrap_err()
    };
    let by_arn = || Selection::Arn(format!("{PREFIX}iris/1").parse().unwrap());
    for kind in
        [RegistryErrorKind::AccessDenied, RegistryErrorKind::Throttled, RegistryErrorKind::Unreachable, RegistryErrorKind::Malformed]
    {
        for selection in [Selection::LatestApproved, Selection::Version(1), by_arn()] {
            let error = choose(&failing(kind), selection.clone());
            assert!(matches!(&error, SelectError::Registry(error) if error.kind == kind), "{selection}: {error}");
        }
    }
    for kind in [RegistryErrorKind::NotFound, RegistryErrorKind::NotInSnapshot] {
        for selection in [Selection::Version(1), by_arn()] {
            let error = choose(&failing(kind), selection.clone());
            assert!(matches!(&error, SelectError::NoSuchPackage { .. }), "{selection}: {error}");
        }
        let error = choose(&failing(kind), Selection::LatestApproved);
        assert!(matches!(&error, SelectError::NothingToDeploy { found, .. } if found.skipped[0].reason == Reason::Deleted), "{error}");
    }
}

#[test]
fn a_package_of_the_group_s_name_in_another_account_is_of_another_group() {
    let registry = Memory { packages: vec![registered(1, "Approved")], ..Memory::default() };
    let arn: ModelPackageArn = format!("{PREFIX}iris/1").parse().unwrap();
    let choose = |account: &str| {
        let group = format!("arn:aws:sagemaker:us-east-1:{account}:model-package-group/iris").parse().unwrap();
        block_on(select(&registry, &group, &Selection::Arn(arn.clone()), &Gates::default()))
    };
    assert_eq!(choose("111111111111").unwrap().package.version, Some(1));
    assert!(matches!(choose("222222222222"), Err(SelectError::OtherGroup { .. })));
}

#[test]
fn the_hint_for_a_group_without_a_deployable_package_is_the_next_step() {
    let hint = |packages: Vec<ModelPackage>| latest(&Memory { packages, ..Memory::default() }).unwrap_err().hint().unwrap();
    assert_snapshot!(hint(Vec::new()), @"register a model package in the group and approve it; check the group's name and the region");
    assert_snapshot!(hint(vec![registered(1, "Rejected")]), @"approve a model package in SageMaker Studio");
    let pending = vec![registered(1, "PendingManualApproval"), registered(2, "PendingManualApproval"), registered(3, "Rejected")];
    let hint = hint(pending);
    let command = "`aws sagemaker update-model-package --model-package-arn arn:aws:sagemaker:us-east-1:111111111111:model-package/iris/2 ";
    assert!(hint.contains("the newest pending one") && hint.contains(command), "{hint}");
}
