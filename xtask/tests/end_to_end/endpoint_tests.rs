//! Features of test suites, against a container and on the local AWS.

use sandbox::iris::Behaviour;
use sandbox::stand_in::Fault;
use serde_json::{Value as Json, json};

use crate::cloud::{Cloud, HOME};
use crate::project::{Project, Run};

/// A project with this suite, and the iris container.
fn with_suite(suite: &str) -> (Cloud, Project) {
    let cloud = Cloud::new();
    let project = Project::new();
    project.write("test/own.yaml", suite);
    (cloud, project)
}

fn test(cloud: &Cloud, project: &Project, arguments: &[&str]) -> Run {
    let all = ["test-staging", "--suite", "test/own.yaml", "--endpoint-url", cloud.model.url()];
    project.run(all.iter().copied().chain(arguments.iter().copied()))
}

fn results(project: &Project) -> Json {
    project.json("target/test-results/test-results.json")
}

fn check<'a>(results: &'a Json, name: &str) -> &'a Json {
    results["targets"][0]["checks"].as_array().unwrap().iter().find(|check| check["name"] == name).unwrap_or(&Json::Null)
}

const GOLDEN: &str = "version: 1
cases:
  - name: golden
    payload: { csv: '5.1,3.5,1.4,0.2' }
    accept: application/json
    expect: { golden: { file: golden/one.json, abs: 0.001 } }
";

#[test]
fn a_golden_file_is_written_once_and_then_compared() {
    let (cloud, project) = with_suite(GOLDEN);
    test(&cloud, &project, &[]).ends_with(2).says("does not exist").says("--update-golden");
    test(&cloud, &project, &["--update-golden"]).ends_with(0).says("golden/one.json");
    assert!(project.read("test/golden/one.json").contains("\"label\": \"setosa\""));
    test(&cloud, &project, &[]).ends_with(0);
    cloud.model.set_behaviour(Behaviour::WrongModel);
    test(&cloud, &project, &[]).ends_with(1).says("`/predictions/0/label` is \"virginica\", not \"setosa\"");
    assert!(project.read("test/golden/one.json").contains("setosa"));
}

#[cfg(unix)]
#[test]
fn a_golden_file_is_never_written_through_a_link_out_of_the_suites_folder() {
    let (cloud, project) = with_suite(GOLDEN);
    project.write("elsewhere/keep.txt", "");
    std::os::unix::fs::symlink(project.path("elsewhere"), project.path("test/golden")).unwrap();
    test(&cloud, &project, &["--update-golden"]).ends_with(1).says("outside the suite's folder");
    assert!(!project.path("elsewhere/one.json").exists());
}

const OWN_CHECK: &str = "version: 1
cases:
  - name: own
    payload: { csv: '5.1,3.5,1.4,0.2' }
    accept: application/json
    expect: { check: { command: [python3, test/check.py], timeout: 10m } }
";

#[test]
fn a_check_in_python_determines_the_result_and_sees_no_credentials() {
    let (cloud, mut project) = with_suite(OWN_CHECK);
    for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "SECRET"] {
        project.set(name, "not-for-checks");
    }
    let script = "import json, os, sys
exchange = json.load(sys.stdin)
leaked = [name for name, value in os.environ.items() if name.startswith('AWS_') or 'not-for-checks' in value]
right = exchange['reply']['json']['predictions'][0]['label'] == 'setosa' and exchange['request']['text'].startswith('5.1')
home = os.listdir(os.environ['HOME'])
print(json.dumps({'verdict': 'passed' if right and not leaked and not home else 'failed', 'messages': [f'leaked {leaked} {home}']}))
";
    project.write("test/check.py", script);
    test(&cloud, &project, &[]).ends_with(0);
    cloud.model.set_behaviour(Behaviour::WrongModel);
    test(&cloud, &project, &[]).ends_with(1).says("leaked [] []");
    // A broken check is an error, not a failure.
    project.write("test/check.py", "raise ValueError('half a check')\n");
    test(&cloud, &project, &[]).ends_with(3).says("ValueError: half a check");
    assert_eq!(results(&project)["verdict"], "errored");
    assert!(project.read("target/test-results/junit.xml").contains("<error"));
}

#[test]
fn if_own_checks_are_forbidden_a_suite_with_one_is_refused_before_any_work() {
    let (cloud, mut project) = with_suite(OWN_CHECK);
    project.write("test/check.py", "open('ran', 'w')\n");
    project.set("OWN_CHECKS", "forbidden");
    test(&cloud, &project, &[])
        .ends_with(2)
        .says("the case `own` runs a program, `python3 test/check.py`, and own checks are forbidden here")
        .says("test/own.yaml")
        .says("--own-checks, OWN_CHECKS");
    assert!(!project.path("target/test-results").exists() && !project.path("ran").exists());
    // Other suites run.
    project.write("test/own.yaml", &OWN_CHECK.replace("check: { command: [python3, test/check.py], timeout: 10m }", "status: 200"));
    test(&cloud, &project, &[]).ends_with(0);
}

/// A check that reads the credentials of its parent process.
const LOOKS_FOR_CREDENTIALS: &str = r#"
found=$(tr '\0' '\n' 2>/dev/null < "/proc/$PPID/environ" | grep -c not-for-checks)
touch "$HOME/mine" || found=-1
if [ "$found" = 0 ]; then verdict=passed; else verdict=failed; fi
printf '{"verdict":"%s","messages":["%s found by user %s"]}' "$verdict" "$found" "$(id -u)""#;

#[cfg(target_os = "linux")]
#[test]
fn a_check_of_another_user_finds_no_credentials_and_only_root_can_start_one() {
    use std::io::Write as _;
    use std::os::unix::fs::MetadataExt as _;
    use std::os::unix::process::CommandExt as _;

    let (cloud, mut project) = with_suite(&OWN_CHECK.replace("python3, test/check.py", "/bin/sh, test/check.sh"));
    project.write("test/check.sh", LOOKS_FOR_CREDENTIALS);
    project.set("AWS_SECRET_ACCESS_KEY", "not-for-checks");
    project.set("OWN_CHECKS_UID", "64001");
    let as_another_user =
        ["test-staging", "--suite", "test/own.yaml", "--results-dir", "anywhere", "--endpoint-url", cloud.model.url()].map(str::to_owned);
    let mut not_root = project.command(&as_another_user);
    if std::fs::metadata("/proc/self").unwrap().uid() == 0 {
        test(&cloud, &project, &[]).ends_with(0);
        assert_eq!(
            results(&project)["targets"][0]["cases"][0]["checks"].as_array().unwrap().last().unwrap()["actual"],
            "0 found by user 64001"
        );
        // Without the option, as the same user, the check finds them.
        project.unset("OWN_CHECKS_UID");
        test(&cloud, &project, &[]).ends_with(1).says("1 found by user 0");
        not_root.uid(64_002);
    } else {
        // Bypasses libtest, which hides the output of passing tests.
        let skipped = "SKIPPED: that a check of another user finds no credentials. Only root can start one: run the tests as root.\n";
        std::io::stderr().write_all(skipped.as_bytes()).unwrap();
    }
    project.ended(not_root.spawn().unwrap()).ends_with(2).says("own checks cannot run as user id 64001").says("run as root");
}

#[test]
fn variables_come_from_the_command_line_and_the_environment_only_by_name() {
    let suite = "version: 1\ncases:\n  - name: it\n    payload: { csv: '${flower}' }\n    accept: text/csv\n    expect: { text: { contains: '${species}' } }\n";
    let (cloud, mut project) = with_suite(suite);
    project.set("species", "setosa");
    test(&cloud, &project, &["--var", "flower=5.1,3.5,1.4,0.2"])
        .ends_with(2)
        .says("the variable `species` has no value")
        .says("own.yaml:6:");
    test(&cloud, &project, &["--var", "flower=5.1,3.5,1.4,0.2", "--var", "species"]).ends_with(0);
    test(&cloud, &project, &["--var", "nobody"]).ends_with(2).says("the environment has no variable `nobody`");
}

#[test]
fn labelled_rows_catch_a_wrong_model_and_name_the_rows() {
    let cloud = Cloud::new();
    let project = Project::new();
    cloud.model.set_behaviour(Behaviour::WrongModel);
    let run = project.run(["test-staging", "--endpoint-url", cloud.model.url()]).ends_with(1);
    assert!(run.stdout.contains("20 of 30 rows are not as expected") && run.stdout.contains("row 1 (line 2)"), "{}", run.stdout);
    assert!(run.stdout.contains("to send the same request:\n      printf %s 5.1,3.5,1.4,0.2 | curl "), "{}", run.stdout);
    let results = results(&project);
    let case = results["targets"][0]["cases"].as_array().unwrap().iter().find(|case| case["rows"].is_object()).unwrap();
    assert_eq!((case["rows"]["passed"].as_u64(), case["rows"]["total"].as_u64()), (Some(10), Some(30)));
    let accuracy = &case["rows"]["metrics"][0];
    assert_eq!((accuracy["name"].as_str(), accuracy["outcome"].as_str()), (Some("accuracy"), Some("failed")));
    assert!((accuracy["value"].as_f64().unwrap() - 1.0 / 3.0).abs() < 1e-9);
}

#[test]
fn without_a_release_sample_payloads_come_from_a_file() {
    let (cloud, project) = with_suite("version: 1\ncases:\n  - { name: samples, payload: { sample: all } }\n");
    // The case is an error with a hint.
    test(&cloud, &project, &[]).ends_with(3).says("--sample-payloads");
    project.write("broken.tar.gz", "no archive");
    test(&cloud, &project, &["--sample-payloads", "broken.tar.gz"]).ends_with(2).says("not a tar.gz archive");
    let packed = std::process::Command::new("tar")
        .args(["czf", "samples.tar.gz", "-C", "test/payloads", "three-flowers.csv"])
        .current_dir(project.path(""))
        .status()
        .unwrap();
    assert!(packed.success());
    test(&cloud, &project, &["--sample-payloads", "samples.tar.gz"]).ends_with(0);
    assert_eq!(results(&project)["targets"][0]["cases"][0]["name"], "samples (three-flowers.csv)");
}

/// Both stages of a release in separate accounts.
fn released(cloud: &Cloud) -> Project {
    let project = cloud.project();
    let parameters = [("EnvType", "staging"), ("EndpointInstanceCount", "1"), ("EndpointInstanceType", "ml.m5.large")];
    let explicit = [("EncryptVolumes", "yes"), ("NetworkIsolation", "true"), ("DataCaptureS3Uri", "")];
    let entries: Vec<_> =
        parameters.iter().chain(&explicit).map(|(key, value)| json!({ "ParameterKey": key, "ParameterValue": value })).collect();
    project.write("staging-config-template.json", &json!(entries).to_string());
    cloud.register(10);
    project.run(["build"]).ends_with(0);
    cloud.deploy(&project, "staging", "222222222222", &[]);
    cloud.deploy(&project, "prod", "333333333333", &[]);
    cloud.aws.clear_requests().unwrap();
    project
}

#[test]
fn an_endpoint_is_checked_against_the_releases_template() {
    let cloud = Cloud::new();
    let project = released(&cloud);
    project.run(["test-staging"]).ends_with(0);
    let found = results(&project);
    for name in ["identity", "variants", "data_capture", "encryption", "network"] {
        assert_eq!(check(&found, name)["outcome"], "passed", "{name}: {}", check(&found, name));
    }
    assert!(check(&found, "variants")["expected"].as_str().unwrap().contains("ml."), "{}", check(&found, "variants"));
    assert!(check(&found, "encryption")["expected"].as_str().unwrap().starts_with("arn:aws:kms"), "{}", check(&found, "encryption"));

    // The stack was changed manually.
    let by_hand = [("EncryptVolumes", "no"), ("NetworkIsolation", "false"), ("DataCaptureS3Uri", "s3://somewhere/else")];
    cloud.update(&project, "staging", "222222222222", &by_hand);
    project.run(["test-staging"]).ends_with(1);
    let found = results(&project);
    for name in ["data_capture", "encryption", "network"] {
        assert_eq!(check(&found, name)["outcome"], "failed", "{name}: {}", check(&found, name));
    }
    assert_eq!(check(&found, "identity")["outcome"], "passed");
}

#[test]
fn stored_results_of_the_last_release_are_the_champion_where_production_cannot_be_called() {
    let cloud = Cloud::new();
    let mut project = released(&cloud);
    project.run(["test-staging", "--results-dir", "champion"]).ends_with(0);
    // The same release is not its own champion.
    let own = "champion/test-results.json";
    project.run(["test-staging", "--champion-results", own]).ends_with(2).says("the results of the tested release itself");
    let stored = std::fs::read_to_string(project.path(own)).unwrap();
    let release = project.json(own)["release"].as_str().unwrap().to_owned();
    project.write(own, &stored.replace(&release, &"7".repeat(64)));
    // Production does not let the staging tests in.
    cloud.aws.fault(&Fault::refused_role(":333333333333:role/")).unwrap();
    project.run(["test-staging", "--compare-with", "production", "--champion-results", own]).ends_with(0).says("unpaired: ");
    let comparison = &results(&project)["targets"][0]["comparison"];
    assert_eq!(comparison["unpaired"]["results"], own);
    assert_eq!(comparison["metrics"][0]["gain"]["method"], "Newcombe, unpaired; 30 stored rows");
    for (file, text) in [("junit.xml", "comparison is unpaired"), ("report.html", "unpaired: ")] {
        let written = std::fs::read_to_string(project.path(&format!("target/test-results/{file}"))).unwrap();
        assert!(written.contains(text), "{file}");
    }
    // Without stored results, a gate is an error.
    project.run(["test-staging", "--compare-with", "production"]).ends_with(3);
    // Beside the files of the release they need no option.
    project.write("target/deploy/champion-results.json", &stored.replace(&release, &"7".repeat(64)));
    project.set("COMPARE_WITH", "production");
    project.run(["test-staging"]).ends_with(0).says("champion-results.json");
}

#[test]
fn staging_is_compared_with_production_and_fails_only_with_the_option() {
    let cloud = Cloud::new();
    let project = released(&cloud);
    let production = "333333333333/us-east-1/iris-p-abc123xyz-prod";
    project.run(["test-staging", "--compare-with", production]).ends_with(0).says("responses are the same");
    assert_eq!(results(&project)["targets"][0]["comparison"]["with"], production);
    // `production` is the same endpoint, which gets the rows and no other request.
    cloud.aws.clear_requests().unwrap();
    project.run(["test-staging", "--compare-with", "production"]).ends_with(0).says("responses are the same");
    let comparison = &results(&project)["targets"][0]["comparison"];
    assert_eq!((comparison["with"].as_str(), &comparison["compared"]), (Some(production), &json!(30)));
    project.run(["test-prod", "--compare-with", "production"]).ends_with(2).says("`production` is what `test-prod` tests");
    // A container that responds with one species to everything.
    let other = sandbox::iris::Container::serve(Behaviour::WrongModel).unwrap();
    let run = project.run(["test-staging", "--compare-with", other.url()]).ends_with(0);
    assert!(run.stdout.contains("responses differ") && run.stdout.contains("here, "), "{}", run.stdout);
    project.run(["test-staging", "--compare-with", other.url(), "--fail-on-difference"]).ends_with(1).says("differ from those of");
    // The suite's gates cannot be judged without the other endpoint.
    project.run(["test-staging", "--compare-with", "iris-nobody"]).ends_with(3).says("was not possible").says("Could not find");
    project.run(["test-staging", "--compare-with", "iris-nobody", "--fail-on-difference"]).ends_with(3);
    project.run(["test-staging", "--compare-with", "a/b"]).ends_with(2).says("is not the address of an endpoint");
}

#[test]
fn captured_requests_in_s3_are_sent_again_page_by_page() {
    const BUCKET: &str = "captured-requests";
    let cloud = Cloud::new();
    let project = released(&cloud);
    cloud.make_bucket(BUCKET);
    // More files than a page of a listing has.
    for number in 0..1_003 {
        let capture = json!({
            "captureData": {
                "endpointInput": { "observedContentType": "text/csv", "mode": "INPUT", "data": "5.1,3.5,1.4,0.2", "encoding": "CSV" },
                "endpointOutput": { "observedContentType": "text/csv", "mode": "OUTPUT", "data": "setosa", "encoding": "CSV" }
            },
            "eventMetadata": { "eventId": format!("event-{number}"), "inferenceTime": "2026-11-26T00:00:00Z" },
            "eventVersion": "0"
        });
        let key = format!("iris/AllTraffic/2026/11/26/00/{number:04}.jsonl");
        cloud.aws.put_object(HOME, BUCKET, &key, &format!("{capture}\n")).unwrap();
    }
    // A neighbour whose name begins with the same letters.
    cloud.aws.put_object(HOME, BUCKET, "iris/AllTraffic/2026/11/26b/1.jsonl", "not JSON\n").unwrap();
    project.write(
        "test/own.yaml",
        "version: 1\ncases: [{ name: one, payload: { csv: '5.1,3.5,1.4,0.2' }, accept: text/csv }]\nreplay: { per_second: 1000, at_once: 8, at_most: 0 }\n",
    );
    let place = "s3://captured-requests/iris/AllTraffic/2026/11/26";
    let replay = ["test-staging", "--suite", "test/own.yaml", "--no-load", "--replay"];
    project.run(replay.iter().chain(&[place])).ends_with(0).says("1003");
    let lists = cloud.aws.requests().unwrap().into_iter().filter(|request| request.action == "ListObjects").count();
    assert_eq!(lists, 2, "pages");

    let denied = Fault::error(403, "AccessDenied", "Access Denied").on("s3", "ListObjects");
    cloud.aws.fault(&denied).unwrap();
    project.run(replay.iter().chain(&[place])).ends_with(3).says("ListObjectsV2").says("`s3:ListBucket`");
}

#[test]
fn session_tags_are_checked_before_any_session_is_created() {
    let cloud = Cloud::new();
    let mut project = released(&cloud);
    project.set("CODEBUILD_BUILD_ID", "iris-test:0a1b2c3d-0000-4444-8888-abcdefabcdef");
    project.run(["test-staging", "--session-tag", "team=ml"]).ends_with(0);
    assert_eq!(cloud.requests("AssumeRole").len(), 1);
    project
        .run(["test-staging", "--session-tag", "aws:team=ml", "--session-tag", "novalue"])
        .ends_with(2)
        .says("cannot be a session tag")
        .says("is not a tag");
}

#[test]
fn a_suite_with_unknown_names_is_refused_with_the_known_ones() {
    let cloud = Cloud::new();
    let project = released(&cloud);
    let suite = |name: &str| {
        format!("version: 1\nendpoint: {{ name: '{name}' }}\ncases:\n  - {{ name: it, payload: {{ csv: '5.1,3.5,1.4,0.2' }} }}\n")
    };
    project.write("test/own.yaml", &suite("other"));
    project.run(["test-staging", "--suite", "test/own.yaml"]).ends_with(2).says("`iris-p-abc123xyz-staging`");
    // The stage's parameters are variables.
    project.write("test/own.yaml", &suite("${SageMakerProjectName}-${SageMakerProjectId}-${StageName}"));
    project.run(["test-staging", "--suite", "test/own.yaml"]).ends_with(0);
}

const TWO_CASES: &str = "version: 1
cases:
  - name: one flower gets a species
    payload: { csv: '5.1,3.5,1.4,0.2' }
  - name: a word is refused
    payload: { csv: x }
    expect: { model_error: { status: 400 } }
load: { phases: [{ rate: 1/s, for: 1s }], thresholds: [errors == 0] }
";

#[test]
fn some_cases_run_alone_and_the_results_say_so() {
    let (cloud, project) = with_suite(TWO_CASES);
    test(&cloud, &project, &["--case", "a word is refused"]).ends_with(0).says("passed (1 target: 1 passed); partial run: 1 of 2 cases");
    assert_eq!(results(&project)["partial"], json!({ "cases": ["a word is refused"], "of": 2 }));
    assert_eq!(results(&project)["targets"][0].get("load"), None);
    assert!(project.read("target/test-results/test.env").contains("TEST_SUMMARY='partial run: 1 of 2 cases; 1 of 1 endpoints passed'"));
    test(&cloud, &project, &["--case", "one flower gets a spesies", "--case", "nothing"])
        .ends_with(2)
        .says("the suite has no case `one flower gets a spesies`")
        .says("did you mean `one flower gets a species`?")
        .says("the suite has no case `nothing`")
        .says("its cases are `one flower gets a species`, `a word is refused`");
    for option in ["--load-anyway", "--load-on-production", "--record"] {
        test(&cloud, &project, &["--case", "a word is refused", option]).ends_with(2).says("cannot be used with");
    }
}

#[test]
fn a_list_sends_nothing_and_needs_neither_endpoint_nor_release() {
    let project = Project::new();
    project.write("test/own.yaml", TWO_CASES);
    let list = |arguments: &[&str]| {
        let all = ["test-staging", "--suite", "test/own.yaml", "--list"];
        project.run(all.iter().copied().chain(arguments.iter().copied())).ends_with(0)
    };
    list(&[]).says("a word is refused          1         text/csv  model_error").says("2 cases, and a load phase");
    let listed: Json = serde_json::from_str(&list(&["--format", "json", "--case", "a word is refused"]).stdout).unwrap();
    assert_eq!(listed["cases"].as_array().unwrap().len(), 1);
    assert!(!project.path("target/test-results").exists());
}

#[test]
fn first_tests_from_labelled_rows_and_from_payloads_pass_on_the_example_model() {
    let (cloud, project) = (Cloud::new(), Project::new());
    let flowers = std::fs::read_to_string(crate::project::workspace().join("test/payloads/labelled-flowers.csv")).unwrap();
    project.write("data/flowers.csv", &flowers);
    let of_label = ["init-tests", "--from", "data/flowers.csv", "--label", "species", "--suite", "test/own.yaml"];
    project.run(of_label).ends_with(0).says("test/payloads/flowers.csv").says("test/own.yaml").says("test-staging --endpoint-url");
    test(&cloud, &project, &[]).ends_with(0).says("accuracy");
    // The same again changes nothing; other tests are not replaced.
    project.run(of_label).ends_with(0);
    project.write("test/own.yaml", "version: 1\ncases: []\n");
    project.run(of_label).ends_with(2).says("`test/own.yaml` exists").says("--force");
    assert_eq!(project.read("test/own.yaml"), "version: 1\ncases: []\n");
    project.run(of_label.iter().copied().chain(["--force"])).ends_with(0);
    assert!(project.read("test/own.yaml").contains("label: species"));
    project.run(["init-tests", "--from", "data/flowers.csv", "--label", "kind"]).ends_with(2).says("has no column `kind`").says("--label");

    project.write("samples/one.csv", "5.1,3.5,1.4,0.2\n");
    project.write("samples/two.json", "{\"instances\": [[5.1, 3.5, 1.4, 0.2]]}");
    let of_payloads = ["init-tests", "--from", "samples", "--suite", "test/own.yaml", "--force", "--format", "json"];
    let written: Json = serde_json::from_str(&project.run(of_payloads).ends_with(0).stdout).unwrap();
    assert_eq!(written["cases"], 2);
    assert_eq!(written["files"], json!(["test/payloads/one.csv", "test/payloads/two.json", "test/own.yaml"]));
    test(&cloud, &project, &[]).ends_with(0).says("passed (1 target: 1 passed)");
}
