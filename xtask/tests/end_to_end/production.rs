//! `test-prod` on the local AWS: the tests of production endpoints.

use sandbox::iris::Behaviour;
use serde_json::Value as Json;

use crate::cloud::Cloud;
use crate::project::Project;

const ACCOUNTS: [&str; 2] = ["333333333333", "555555555555"];

/// One case, and its load.
const WITH_LOAD: &str = "version: 1
cases:
  - { name: one flower, payload: { csv: '5.1,3.5,1.4,0.2' }, accept: text/csv, expect: { text: { contains: setosa } } }
load:
  phases: [{ users: 1, for: 1s }]
  thresholds: [errors == 0]
";

/// A production deployment in two accounts.
fn deployed() -> (Cloud, Project) {
    let cloud = Cloud::new();
    let mut project = cloud.project();
    project.set("PROD_ACCOUNT_LIST", &ACCOUNTS.join(","));
    cloud.register(1);
    project.run(["build"]).ends_with(0);
    for account in ACCOUNTS {
        cloud.deploy(&project, "prod", account, &[]);
    }
    (cloud, project)
}

fn results(project: &Project) -> Json {
    project.json("target/test-results/test-results.json")
}

#[test]
fn production_gets_load_only_with_the_option() {
    let (cloud, project) = deployed();
    project.write("test/endpoint-tests.yaml", WITH_LOAD);
    project.run(["test-prod"]).ends_with(0).says("load on production needs --load-on-production");
    assert_eq!(cloud.requests("InvokeEndpoint").len(), ACCOUNTS.len());
    assert_eq!(results(&project)["targets"][0]["load"]["outcome"], "skipped");
    project.run(["test-prod", "--load-anyway"]).ends_with(2).says("--load-on-production");
    project.run(["test-staging", "--load-on-production"]).ends_with(2).says("only `test-prod` tests production endpoints");
    assert_eq!(cloud.requests("InvokeEndpoint").len(), ACCOUNTS.len());

    project.run(["test-prod", "--load-on-production"]).ends_with(0);
    assert_eq!(results(&project)["targets"][0]["load"]["outcome"], "passed");
    assert!(cloud.requests("InvokeEndpoint").len() > ACCOUNTS.len() * 3);
    // A container on this machine has no callers.
    project.run(["test-prod", "--endpoint-url", cloud.model.url()]).ends_with(0);
    assert_eq!(results(&project)["targets"][0]["load"]["outcome"], "passed");
}

#[test]
fn a_model_that_is_not_iris_passes_in_production_with_its_own_tests_and_without_any() {
    let (cloud, project) = deployed();
    cloud.model.set_behaviour(Behaviour::WrongModel);
    project
        .write("test/endpoint-tests.yaml", "version: 1\ncases: [{ name: mine, payload: { csv: '5.1,3.5,1.4,0.2' }, accept: text/csv }]\n");
    project.run(["test-prod"]).ends_with(0);
    assert_eq!(results(&project)["targets"][0]["cases"].as_array().unwrap().len(), 1);

    // A few cases for production are used instead of those for staging.
    project.write("test/smoke-tests.yaml", "version: 1\ncases: []\n");
    project.run(["test-prod"]).ends_with(0);
    assert_eq!(results(&project)["suite"]["file"], "test/smoke-tests.yaml");

    for file in ["test/smoke-tests.yaml", "test/endpoint-tests.yaml"] {
        std::fs::remove_file(project.path(file)).unwrap();
    }
    let before = cloud.requests("InvokeEndpoint").len();
    project.run(["test-prod"]).ends_with(0).says("only the status, identity and settings of each endpoint are checked");
    let results = results(&project);
    assert_eq!((results["verdict"].as_str(), results["targets"][0]["checks"][1]["outcome"].as_str()), (Some("passed"), Some("passed")));
    assert_eq!(cloud.requests("InvokeEndpoint").len(), before);
    // In staging, tests are required.
    project.run(["test-staging"]).ends_with(2).says("name the tests with --suite");
}
