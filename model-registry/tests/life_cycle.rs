//! Recording a life cycle: once, and never back from production.

use std::sync::Mutex;

use jiff::Timestamp;
use model_registry::life_cycle::{LifeCycle, LifeCycleStore, Recorded, others_in, record};
use model_registry::{ModelPackage, ModelPackageArn, ModelPackageGroup, PackageQuery, Page, Registry, RegistryError, RegistryErrorKind};

const ARN: &str = "arn:aws:sagemaker:us-east-1:111111111111:model-package/iris/13";

/// One package, and every change made to it.
struct One {
    package: Mutex<ModelPackage>,
    tokens: Mutex<Vec<String>>,
    /// How many changes conflict with another caller's.
    conflicts: Mutex<u32>,
}

impl One {
    fn new(present: Option<LifeCycle>) -> Self {
        let mut package = ModelPackage::new(ARN.parse().unwrap(), Timestamp::UNIX_EPOCH);
        package.life_cycle = present;
        Self { package: Mutex::new(package), tokens: Mutex::default(), conflicts: Mutex::default() }
    }

    fn record(&self, life_cycle: &LifeCycle, occasion: &str) -> Recorded {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(record(self, &ARN.parse().unwrap(), life_cycle, occasion)).unwrap()
    }
}

impl Registry for One {
    /// Two pages: versions 1 to 3, which are deployed to production, and the package.
    async fn packages(&self, query: &PackageQuery) -> Result<Page, RegistryError> {
        assert_eq!(query.group.request_value(), "arn:aws:sagemaker:us-east-1:111111111111:model-package-group/iris");
        let listed = |version: u32, description: &str| {
            let mut package = ModelPackage::new(ARN.replace("/13", &format!("/{version}")).parse().unwrap(), Timestamp::UNIX_EPOCH);
            package.life_cycle = Some("Production/Deployed".parse::<LifeCycle>().unwrap().described(description));
            package.summary()
        };
        Ok(match query.next_token {
            None => Page { packages: vec![self.package.lock().unwrap().summary(), listed(3, "by hand")], next_token: Some("2".to_owned()) },
            Some(_) => {
                let packages = vec![listed(2, "release sha256:1 of iris (p-1)"), listed(1, "release sha256:2 of other (p-2)")];
                Page { packages, next_token: None }
            }
        })
    }
    async fn describe(&self, _: &ModelPackageArn) -> Result<ModelPackage, RegistryError> {
        Ok(self.package.lock().unwrap().clone())
    }
    async fn version(&self, _: &ModelPackageGroup, _: u32) -> Result<ModelPackageArn, RegistryError> {
        unreachable!("the package is requested by its ARN")
    }
}

impl LifeCycleStore for One {
    async fn set_life_cycle(&self, _: &ModelPackageArn, life_cycle: &LifeCycle, client_token: &str) -> Result<(), RegistryError> {
        let mut conflicts = self.conflicts.lock().unwrap();
        if *conflicts > 0 {
            *conflicts -= 1;
            return Err(RegistryError::new("update", RegistryErrorKind::Conflict, "another caller is changing it"));
        }
        self.package.lock().unwrap().life_cycle = Some(life_cycle.clone());
        self.tokens.lock().unwrap().push(client_token.to_owned());
        Ok(())
    }
}

fn at(text: &str) -> LifeCycle {
    text.parse::<LifeCycle>().unwrap().described("release sha256:1")
}

#[test]
fn a_record_is_written_once() {
    let store = One::new(None);
    assert_eq!(store.record(&at("Staging/Deployed"), "sha256:1"), Recorded::Written);
    assert_eq!(store.record(&at("Staging/Deployed"), "sha256:1"), Recorded::Unchanged);
    assert_eq!(store.record(&at("Staging/Tested"), "sha256:1"), Recorded::Written);
    let tokens = store.tokens.into_inner().unwrap();
    assert_eq!(tokens.len(), 2);
    assert_ne!(tokens[0], tokens[1]);
}

#[test]
fn a_record_is_retried_after_a_conflict() {
    let store = One::new(None);
    *store.conflicts.lock().unwrap() = 2;
    assert_eq!(store.record(&at("Staging/Deployed"), "sha256:1"), Recorded::Written);
    assert_eq!(store.tokens.into_inner().unwrap().len(), 1);
}

#[test]
fn a_package_in_production_is_not_moved_back() {
    let store = One::new(Some(at("Production/Deployed")));
    assert_eq!(store.record(&at("Staging/Tested"), "sha256:2"), Recorded::InLaterStage(at("Production/Deployed")));
    assert_eq!(store.record(&at("Production/Tested"), "sha256:2"), Recorded::Written);
    assert_eq!(store.package.into_inner().unwrap().life_cycle, Some(at("Production/Tested")));
}

#[test]
fn the_other_versions_that_are_deployed_are_those_of_the_project() {
    let store = One::new(Some(at("Production/Deployed")));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let others = |stage: &str| runtime.block_on(others_in(&store, &ARN.parse().unwrap(), &at(stage), "(p-1)")).unwrap();
    let versions: Vec<_> = others("Production/Deployed").iter().filter_map(ModelPackageArn::version).collect();
    assert_eq!(versions, [3, 2]);
    assert!(others("Production/Tested").is_empty() && others("Staging/Deployed").is_empty());
}
