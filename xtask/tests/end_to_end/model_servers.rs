//! Third-party model servers with a scikit-learn model, as containers and behind an endpoint. A
//! good model passes with 150 labelled flowers, a wrong one fails, a broken one is reported with
//! its message.

use std::sync::LazyLock;

use sandbox::model_server::{self, Kind, Model, ModelServer, ModelServers};
use serde_json::{Value as Json, json};

use crate::cloud::Cloud;
use crate::project::{Project, target_folder, workspace};

/// Created once, in the folder of `cargo xtask test`.
static SERVERS: LazyLock<ModelServers> = LazyLock::new(|| {
    model_server::prepare(&target_folder().join("model-servers")).unwrap_or_else(|error| panic!("{error}\nhint: {:?}", error.hint()))
});

/// Each model's server starts once for all tests, and ends with this process.
static MLFLOW_SERVERS: [LazyLock<ModelServer>; 3] = [
    LazyLock::new(|| SERVERS.start(Kind::Mlflow, Model::Good).unwrap()),
    LazyLock::new(|| SERVERS.start(Kind::Mlflow, Model::Wrong).unwrap()),
    LazyLock::new(|| SERVERS.start(Kind::Mlflow, Model::Broken).unwrap()),
];
static AWS_SERVERS: [LazyLock<ModelServer>; 3] = [
    LazyLock::new(|| SERVERS.start(Kind::MultiModelServer, Model::Good).unwrap()),
    LazyLock::new(|| SERVERS.start(Kind::MultiModelServer, Model::Wrong).unwrap()),
    LazyLock::new(|| SERVERS.start(Kind::MultiModelServer, Model::Broken).unwrap()),
];

fn url(kind: Kind, model: Model) -> &'static str {
    let servers = match kind {
        Kind::Mlflow => &MLFLOW_SERVERS,
        Kind::MultiModelServer => &AWS_SERVERS,
    };
    match model {
        Model::Good => servers[0].url(),
        Model::Wrong => servers[1].url(),
        Model::Broken => servers[2].url(),
    }
}

/// The suite for each server; both respond with a list of species.
fn suite(kind: Kind) -> &'static str {
    match kind {
        Kind::Mlflow => MLFLOW,
        Kind::MultiModelServer => MULTI_MODEL_SERVER,
    }
}

const MLFLOW: &str = r"
version: 1
cases:
  - name: one flower gets its species
    payload: { json: { dataframe_split: { columns: [sepal_length, sepal_width, petal_length, petal_width], data: [[5.1, 3.5, 1.4, 0.2]] } } }
    expect: { json: [{ at: /predictions/0, equals: setosa }] }
  - name: nearly all flowers get theirs
    payload: { rows: { file: iris.csv, drop: [species], as: dataframe_split, at_once: 4 } }
    expect: { metrics: { label: species, prediction: /predictions/0, accuracy: { at_least: 0.95 } } }
  - name: what is no form of data is refused
    payload: { json: { flowers: 7 } }
    expect: { model_error: { status: 400, message_contains: dataframe_split } }
load:
  use: [one flower gets its species]
  warmup: { requests: 5 }
  phases: [{ rate: 20/s, for: 2s }]
  thresholds: [p50 < 5s, errors == 0]
";

const MULTI_MODEL_SERVER: &str = r#"
version: 1
defaults: { accept: application/json }
cases:
  - name: one flower gets its species
    payload: { csv: "5.1,3.5,1.4,0.2" }
    accept: text/csv
    expect: { content_type: text/csv, text: { equals: setosa } }
  - name: nearly all flowers get theirs
    payload: { rows: { file: iris.csv, drop: [species] } }
    expect: { metrics: { label: species, prediction: /predictions/0, accuracy: { at_least: 0.95 } } }
  - name: a word is no measure
    payload: { csv: "5.1,abc,1.4,0.2" }
    expect: { model_error: { status: 500, message_contains: could not convert } }
"#;

/// Adds the suite and the flowers to a project.
fn give(project: &Project, kind: Kind) {
    project.write("test/server.yaml", suite(kind));
    project.write("test/iris.csv", &std::fs::read_to_string(SERVERS.flowers()).unwrap());
}

fn results(project: &Project) -> Json {
    project.json("target/test-results/test-results.json")["targets"][0].clone()
}

fn case<'a>(target: &'a Json, name: &str) -> &'a Json {
    target["cases"].as_array().unwrap().iter().find(|case| case["name"] == name).unwrap()
}

/// A good model passes, with its accuracy in the results; a wrong one fails by its accuracy; a
/// broken one is reported with its message.
fn good_wrong_and_broken(kind: Kind, broken: &str) {
    let test = |model, code| {
        let project = Project::new();
        give(&project, kind);
        // The load generator may be late on a busy machine.
        project.run(["test-staging", "--suite", "test/server.yaml", "--endpoint-url", url(kind, model), "--no-load"]).ends_with(code);
        results(&project)
    };
    let good = test(Model::Good, 0);
    let rows = &case(&good, "nearly all flowers get theirs")["rows"];
    assert_eq!(rows["total"], 150);
    let accuracy = rows["metrics"][0]["value"].as_f64().unwrap();
    assert!((0.95..=1.0).contains(&accuracy), "{accuracy}");

    let wrong = test(Model::Wrong, 1);
    let case_of_all = case(&wrong, "nearly all flowers get theirs");
    assert_eq!(case_of_all["outcome"], "failed");
    let accuracy = case_of_all["rows"]["metrics"][0]["value"].as_f64().unwrap();
    assert!((accuracy - 1.0 / 3.0).abs() < 1e-9, "{accuracy}");

    let failed = test(Model::Broken, 1);
    let case = case(&failed, "one flower gets its species");
    assert_eq!(case["outcome"], "failed");
    assert!(case["model_error"].as_str().unwrap().contains(broken), "{case:#}");
}

#[test]
#[ignore = "needs the model servers"]
fn mlflow_serves_a_good_model_a_wrong_one_and_a_broken_one() {
    good_wrong_and_broken(Kind::Mlflow, "coefficients of shape (3, 4) expected");
}

#[test]
#[ignore = "needs the model servers"]
fn a_load_phase_on_mlflow_passes_and_is_in_the_results() {
    let project = Project::new();
    give(&project, Kind::Mlflow);
    project.run(["test-staging", "--suite", "test/server.yaml", "--endpoint-url", url(Kind::Mlflow, Model::Good)]).says("response time");
    let load = results(&project)["load"].clone();
    assert_eq!(load["total"]["sent"], 40);
    assert_eq!(
        load["thresholds"].as_array().unwrap().iter().map(|one| one["threshold"].as_str().unwrap()).collect::<Vec<_>>(),
        ["p50 < 5s", "errors == 0"]
    );
    assert!(load["total"]["response_time"]["hdr"].as_str().unwrap().starts_with("HISTFAAA"));
}

#[test]
#[ignore = "needs the model servers"]
fn awss_multi_model_server_serves_a_good_model_a_wrong_one_and_a_broken_one() {
    good_wrong_and_broken(Kind::MultiModelServer, "'NoneType' object has no attribute 'predict'");
}

#[test]
#[ignore = "needs the model servers"]
fn behind_an_endpoint_the_same_server_gives_the_same_responses() {
    let cloud = Cloud::new();
    let project = cloud.project();
    cloud.register(3);
    project.run(["build"]).ends_with(0);
    cloud.deploy(&project, "staging", "222222222222", &[]);
    give(&project, Kind::Mlflow);
    let mut accuracies = Vec::new();
    for (model, code) in [(Model::Good, 0), (Model::Wrong, 1), (Model::Broken, 1)] {
        cloud.aws.set_model_server(url(Kind::Mlflow, model), None).unwrap();
        project.run(["test-staging", "--suite", "test/server.yaml", "--no-load"]).ends_with(code);
        let target = results(&project);
        accuracies.push(case(&target, "nearly all flowers get theirs")["rows"]["metrics"][0]["value"].clone());
        if model == Model::Broken {
            let case = case(&target, "one flower gets its species");
            assert_eq!(case["status"], json!(400));
            assert!(case["model_error"].as_str().unwrap().contains("coefficients of shape (3, 4) expected"), "{case:#}");
            assert!(case["log_stream_arn"].as_str().unwrap().contains("/aws/sagemaker/Endpoints/"), "{case:#}");
        }
    }
    assert!(accuracies[0].as_f64().unwrap() > 0.95 && accuracies[1].as_f64().unwrap() < 0.34, "{accuracies:?}");
}

/// Whether two documents have the same values, numbers within 1e-9.
fn same(one: &Json, other: &Json) -> bool {
    match (one, other) {
        (Json::Array(one), Json::Array(other)) => one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other)),
        (Json::Object(one), Json::Object(other)) => {
            one.len() == other.len() && one.iter().all(|(key, one)| other.get(key).is_some_and(|other| same(one, other)))
        }
        _ => one.as_f64().zip(other.as_f64()).map_or(one == other, |(one, other)| (one - other).abs() < 1e-9),
    }
}

#[test]
#[ignore = "needs the model servers"]
fn the_reference_values_of_the_statistics_are_those_of_the_pinned_libraries() {
    let folder = workspace().join("endpoint-test/src/statistics/oracle");
    let run = std::process::Command::new(SERVERS.environment().join("bin/python")).arg(folder.join("reference.py")).output().unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let fresh: Json = serde_json::from_slice(&run.stdout).unwrap();
    let committed: Json = serde_json::from_slice(&std::fs::read(folder.join("reference.json")).unwrap()).unwrap();
    assert!(same(&fresh, &committed), "write reference.json again with reference.py: {fresh}");
}
