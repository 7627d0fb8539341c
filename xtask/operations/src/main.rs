//! Six operations of the libraries, for `cargo xtask lint instructions`, which counts their
//! instructions: `operations NAME REPETITIONS` runs one of them several times.
//!
//! The count of several repetitions less that of one is the operation's own: the start of the
//! program, and the preparation of what the operation works on, are in both.

use std::fmt::Write as _;
use std::hint::black_box;

use benchmarks::template;
use cfn_render::store::Directory;
use cfn_render::{PackageOptions, Template};
use endpoint_test::{
    Description, EndpointStatus, InvokeError, ModelResponse, Request, Run, Suite, Target, TargetError, TargetInfo, TargetKind, Verdict,
};
use model_registry::documents::NoDocuments;
use model_registry::snapshot::Snapshot;
use model_registry::{Gates, ReleasePolicy, Selection, select};
use model_release::Release;
use stack_rollout::{InstanceAction, Observed, Targets, plan};
use stage_config::{Layer, ParametersSection, check, merge, to_stack_set_parameters};

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, name, repetitions] = &arguments[..] else { panic!("usage: operations NAME REPETITIONS") };
    let (_, prepare) = OPERATIONS.iter().find(|(known, _)| known == name).expect("the name of an operation");
    let operation = prepare();
    for _ in 0..repetitions.parse().expect("a number") {
        operation();
    }
}

/// Prepares an operation.
type Prepare = fn() -> Box<dyn Fn()>;

/// As `xtask/dev-tasks/src/lint/instructions.json` names them.
const OPERATIONS: [(&str, Prepare); 6] = [
    ("choose among 1,000 versions", choose),
    ("merge and check a stage of 60 parameters", merge_stage),
    ("package a template of 100 KB", package),
    ("plan 4,000 instances", plan_instances),
    ("judge 500 rows", judge),
    ("verify a release", verify),
];

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

/// The newest approved version is the oldest of all.
fn choose() -> Box<dyn Fn()> {
    let mut text = r#"{ "schema_version": 1, "describe-model-package": ["#.to_owned();
    for version in 1..=1000 {
        let (status, separator) = if version == 1 { ("Approved", "") } else { ("Rejected", ",") };
        let _ = write!(
            text,
            r#"{separator}{{ "ModelPackageArn": "arn:aws:sagemaker:us-east-1:111111111111:model-package/iris/{version}",
            "CreationTime": {version}, "ModelPackageStatus": "Completed", "ModelApprovalStatus": "{status}" }}"#
        );
    }
    text.push_str("] }");
    let registry = Snapshot::parse(&text).expect("a registry");
    let gates = Gates::new(ReleasePolicy::default(), NoDocuments);
    let group = "iris".parse().expect("a group");
    let runtime = runtime();
    Box::new(move || {
        let choice = runtime.block_on(select(&registry, &group, &Selection::LatestApproved, &gates)).expect("a choice");
        assert_eq!(choice.package.version, Some(1));
    })
}

fn merge_stage() -> Box<dyn Fn()> {
    let mut section = serde_json::Map::new();
    let mut file = "[".to_owned();
    for number in 0..60 {
        let declared = serde_json::json!({ "Type": "String", "AllowedPattern": "[a-z0-9-]{1,63}", "Default": "none" });
        section.insert(format!("Parameter{number}"), declared);
        let separator = if number == 0 { "" } else { "," };
        let _ = write!(file, "{separator}\n  {{ \"ParameterKey\": \"Parameter{number}\", \"ParameterValue\": \"value-{number}\" }}");
    }
    file.push(']');
    let section = serde_json::Value::Object(section);
    Box::new(move || {
        let section = ParametersSection::parse(&section).expect("a section");
        let stage = Layer::from_stage_file(&file, "stage.json".as_ref()).expect("a stage file");
        let mut pipeline = Layer::default();
        pipeline.set_by_pipeline("Parameter7", "staging", "--env-type");
        let (parameters, _) = check(&merge([stage, pipeline]), &section).into_result().expect("no problem");
        black_box(to_stack_set_parameters(&parameters));
    })
}

fn package() -> Box<dyn Fn()> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::create_dir(folder.path().join("src")).expect("a folder");
    std::fs::write(folder.path().join("src/index.py"), "1").expect("the code");
    let (text, path, runtime) = (template(100 << 10), folder.path().join("template.yml"), runtime());
    let store = Directory::new(folder.path().join("out"), "bucket", "eu-west-1");
    Box::new(move || {
        assert!(folder.path().is_dir());
        let template = Template::parse(text.clone(), &path).expect("it parses");
        black_box(runtime.block_on(template.package(&store, &PackageOptions::default())).expect("it packages").text);
    })
}

fn plan_instances() -> Box<dyn Fn()> {
    let regions = ["ap-south-1", "eu-west-1", "us-east-1", "us-west-2"].map(|region| region.parse().expect("a region"));
    let accounts = (0..1000_u64).map(|number| (222_222_222_000 + number).to_string().parse().expect("an account"));
    let targets = Targets::new(accounts, regions);
    let release =
        stack_rollout::Release::new("iris-prod".parse().expect("a name"), stack_rollout::Template::inline("Resources: {}"), targets);
    let release = release.parameters([("EnvType", "prod")]);
    Box::new(move || {
        let plan = plan(&release, &Observed::default());
        assert_eq!(plan.targets(InstanceAction::New).count(), 4000);
    })
}

/// A model that responds with the species of every row.
struct Species;

impl Target for Species {
    fn kind(&self) -> TargetKind {
        TargetKind::Container
    }

    async fn describe(&self) -> Result<Description, TargetError> {
        Ok(Description { kind: self.kind(), status: EndpointStatus::InService, ..Description::default() })
    }

    async fn invoke(&self, _: &Request) -> Result<ModelResponse, InvokeError> {
        let body = r#"{"predictions":[{"label":"setosa","score":0.98}]}"#;
        Ok(ModelResponse { status: 200, content_type: Some("application/json".to_owned()), body: body.into(), ..ModelResponse::default() })
    }
}

const SUITE: &str = "version: 1
cases:
  - name: labelled flowers
    payload: { rows: { file: rows.csv, drop: species } }
    accept: application/json
    expect_each:
      json: [{ at: /predictions/0/label, equals_column: species }]
      at_least: 0.9
    expect:
      metrics: { label: species, prediction: /predictions/0/label, accuracy: { at_least: 0.9 } }
";

fn judge() -> Box<dyn Fn()> {
    let rows = "sepal,petal,species\n".to_owned() + &"5.1,1.4,setosa\n".repeat(500);
    let suite = Suite::parse(SUITE, "suite.yaml".as_ref()).expect("a suite");
    let suite = suite.load_files(|_| Ok(rows.clone().into_bytes())).expect("the rows");
    let runtime = runtime();
    Box::new(move || {
        let report = runtime.block_on(Run::new(&Species, &suite).start(TargetInfo::default(), |_| {}));
        assert_eq!(report.verdict, Verdict::Passed, "{:?}", report.cases);
    })
}

/// A release with a template of 100 KB and 200 accounts in each stage.
fn verify() -> Box<dyn Fn()> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let package = "arn:aws:sagemaker:us-east-1:111111111111:model-package/iris/1";
    let parameters = serde_json::json!([{ "ParameterKey": "ModelPackageName", "ParameterValue": package }]).to_string();
    let endpoint = "  Endpoint:\n    Type: AWS::SageMaker::Endpoint\n    Properties: {EndpointName: iris, EndpointConfigName: iris}\n";
    let template = template(100 << 10).replacen("Parameters:\n", "Parameters:\n  ModelPackageName: {Type: String}\n", 1);
    let template = template.replacen("Resources:\n", &format!("Resources:\n{endpoint}"), 1);
    let accounts = |first: u64| (first..first + 200).map(|account| account.to_string()).collect::<Vec<_>>();
    let (staging, prod) = (accounts(222_222_222_000), accounts(333_333_333_000));
    let list = |accounts: &[String]| serde_json::json!(accounts).to_string();
    let files = [
        ("template.yaml", template),
        ("staging.json", parameters.clone()),
        ("prod.json", parameters),
        ("staging-accounts.json", list(&staging)),
        ("prod-accounts.json", list(&prod)),
    ];
    let mut digests = serde_json::Map::new();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), &text).expect("the file is written");
        digests.insert(name.to_owned(), model_release::files::digest(text.as_bytes()).into());
    }
    let stage = |name: &str, accounts: &[String]| {
        serde_json::json!({
            "env_type": name, "config": format!("{name}.json"), "accounts": accounts, "regions": ["us-east-1"],
            "execution_role_name": "ModelRole", "endpoints": ["iris"], "stack_set": format!("iris-{name}") })
    };
    let manifest = serde_json::json!({
        "schema_version": 1, "tool": { "name": "bench", "version": "1" }, "action": "deploy", "source": { "commit": null, "dirty": null },
        "project": { "name": "iris", "id": "p-1", "environment": "env" },
        "model_package": {
            "arn": package, "group": "iris", "version": 1, "approval_status": "Approved", "status": "Completed",
            "created": "2026-01-01T00:00:00Z", "images": [], "model_data": [] },
        "choice": { "selection": "latest-approved", "because": "it is the newest", "passed_over": [] },
        "stages": { "staging": stage("staging", &staging), "prod": stage("prod", &prod) },
        "template": "template.yaml", "files": digests });
    std::fs::write(folder.path().join("release-manifest.json"), manifest.to_string()).expect("the manifest is written");
    Box::new(move || drop(black_box(Release::open(folder.path()).expect("a release"))))
}

#[cfg(test)]
mod tests {
    use super::OPERATIONS;

    #[test]
    fn every_operation_works_and_has_a_committed_count() {
        let committed: serde_json::Value = serde_json::from_str(include_str!("../../dev-tasks/src/lint/instructions.json")).unwrap();
        let committed = committed["instructions"].as_object().unwrap();
        assert_eq!(committed.len(), OPERATIONS.len());
        for (name, prepare) in OPERATIONS {
            assert!(committed.contains_key(name), "{name}");
            prepare()();
        }
    }
}
