use super::*;

const TEMPLATE: &str = "\
Description: An endpoint
Parameters:
  EnvType: {Type: String}
  EndpointInstanceType: {Type: String}
  ModelPackageName: {Type: String}
  VolumeKmsKeyArn: {Type: String}
  Accounts: {Type: String}
  Tag: {Type: String}
Conditions:
  IsProd: !Equals [!Ref EnvType, prod]
Resources:
  Model:
    Type: AWS::SageMaker::Model
    Properties:
      Containers: [{ModelPackageName: !Ref ModelPackageName}]
  Config:
    Type: AWS::SageMaker::EndpointConfig
    Properties:
      # KmsKeyId: !Ref VolumeKmsKeyArn
      ProductionVariants: [{InstanceType: !Ref EndpointInstanceType, VariantName: !Sub 'v-${Tag}'}]
";

const TEST: &str = "\
import boto3
# response = client.invoke_endpoint(Body='no')
rows = '5.1,3.5,1.4,0.2'


def invoke_endpoint(name, Body=None):
    runtime = boto3.client('sagemaker-runtime')
    one = runtime.invoke_endpoint(
        EndpointName=name, ContentType=\"text/csv\",
        Body=rows.encode(),
    )
    two = runtime.invoke_endpoint(EndpointName=name, Body=json.dumps({'instances': [[1.5]]}), ContentType='application/json', Accept='application/json')
    three = runtime.invoke_endpoint(EndpointName=name, Body=open('payload.bin', 'rb').read())
    assert one['Body'].read() == b'setosa'
    boto3.client('sns').publish(Message='done')
";

const BUILDSPEC: &str = "\
version: 0.2
env:
  variables:
    TEAM: iris
phases:
  install:
    commands:
      - pip install boto3
      - npm ci
  build:
    commands:
      - python build.py --sagemaker-project-id \"$SAGEMAKER_PROJECT_ID\"
      - aws cloudformation package --template a --output-template b
      - |
        echo checking
        ./scan.sh
";

fn seed(change: impl FnOnce(&mut BTreeMap<String, Vec<u8>>)) -> Result<Seed, Failure> {
    let stage = |text: &str| text.as_bytes().to_vec();
    let mut sources: BTreeMap<String, Vec<u8>> = [
        ("cfn-sm-endpoint-template.yaml", TEMPLATE),
        ("build.py", "import boto3\nclient = boto3.client('sagemaker')\n"),
        ("setup.py", "import boto3\nclient = boto3.client(\"dynamodb\")\n"),
        ("buildspec.yml", BUILDSPEC),
        ("test/buildspec.yml", "version: 0.2\nphases:\n  build:\n    commands:\n      - python test/test.py\n"),
        ("test/test.py", TEST),
        ("README.md", "# Ours\n"),
        ("src/own.py", "print(1)\n"),
    ]
    .into_iter()
    .map(|(path, text)| (path.to_owned(), text.as_bytes().to_vec()))
    .collect();
    sources.insert(
        "staging-config-template.json".to_owned(),
        stage("[\n  {\"ParameterKey\": \"EnvType\", \"ParameterValue\": \"staging\"}\n]\n"),
    );
    sources.insert(
        "prod-config-template.json".to_owned(),
        stage("[\n  {\"ParameterKey\": \"EndpointInstanceType\",\n   \"ParameterValue\": \"ml.t2.medium\"},\n  {\"ParameterKey\": \"Nothing\", \"ParameterValue\": 2}\n]\n"),
    );
    change(&mut sources);
    Seed::of(&sources, Path::new("seed"))
}

fn found(seed: &Seed, code: &str) -> Vec<String> {
    seed.findings.iter().filter(|finding| finding.code == code).map(|finding| format!("{} {}", finding.place(), finding.message)).collect()
}

#[test]
fn the_template_and_the_stage_files_are_carried_over_byte_for_byte() {
    let seed = seed(|_| ()).unwrap();
    let content =
        |path: &str| seed.files.iter().find(|file| file.path == path).map(|file| String::from_utf8_lossy(&file.content).into_owned());
    assert_eq!(content("cfn-sm-endpoint-template.yaml").as_deref(), Some(TEMPLATE));
    assert!(content("prod-config-template.json").unwrap().contains("ml.t2.medium"));
    assert_eq!(content("src/own.py").as_deref(), Some("print(1)\n"));
    let paths: Vec<_> = seed.files.iter().map(|file| file.path.as_str()).collect();
    for path in ["build.py", "setup.py", "test/test.py", "buildspec.yml", "README.md"] {
        assert!(!paths.contains(&path), "{path} in {paths:?}");
    }
    assert_eq!(found(&seed, "replaced").len(), 5);
    assert_eq!(found(&seed, "not-carried"), ["README.md not carried over: a new file is written here"]);
}

#[test]
fn what_a_person_must_decide_has_its_file_and_line_and_comes_first() {
    let seed = seed(|_| ()).unwrap();
    let decide: Vec<_> = seed.findings.iter().take_while(|finding| finding.action == Action::Decide).collect();
    assert!(decide.len() > 10 && decide.iter().all(|finding| finding.hint.is_some()), "{decide:#?}");
    let unused = found(&seed, "unused-parameter");
    assert_eq!(unused.len(), 2, "{unused:?}");
    assert!(
        unused[0].starts_with("cfn-sm-endpoint-template.yaml:6 ") && unused[1].starts_with("cfn-sm-endpoint-template.yaml:7 "),
        "{unused:?}"
    );
    assert_eq!(found(&seed, "missing-property").len(), 2);
    assert!(found(&seed, "missing-property")[0].starts_with("cfn-sm-endpoint-template.yaml:12 `Model` has no EnableNetworkIsolation"));
    assert_eq!(found(&seed, "no-outputs").len(), 1);
    assert!(found(&seed, "burstable-instance")[0].starts_with("prod-config-template.json:2 `ml.t2.medium`"));
    assert!(found(&seed, "unknown-parameter")[0].starts_with("prod-config-template.json:4 "));
    assert!(found(&seed, "not-a-string")[0].starts_with("prod-config-template.json:4 the value of `Nothing` is a number"));
    assert!(found(&seed, "pipeline-parameter")[0].starts_with("staging-config-template.json:2 "));
    assert_eq!(
        found(&seed, "own-command"),
        [
            "buildspec.yml:14 your own command is not carried over: echo checking",
            "buildspec.yml:9 your own command is not carried over: npm ci"
        ]
        .map(str::to_owned)
        .into_iter()
        .rev()
        .collect::<Vec<_>>()
    );
    assert_eq!(found(&seed, "own-variable"), ["buildspec.yml:4 the variable `TEAM` is not carried over"]);
    assert_eq!(
        found(&seed, "own-calls"),
        [
            "setup.py:2 this program calls `dynamodb`, which the seed does not do",
            "test/test.py:15 this program calls `sns`, which the seed does not do"
        ]
    );
}

#[test]
fn requests_of_the_test_are_cases_and_computed_ones_are_named() {
    let seed = seed(|_| ()).unwrap();
    let suite = seed.files.iter().find(|file| file.path == SUITE).unwrap();
    let suite = String::from_utf8_lossy(&suite.content);
    let first = "  - name: request of test.py, line 10\n    payload: { text: \"5.1,3.5,1.4,0.2\", content_type: \"text/csv\" }\n";
    let second =
        "    payload: { text: \"{\\\"instances\\\":[[1.5]]}\", content_type: \"application/json\" }\n    accept: \"application/json\"\n";
    assert!(suite.contains(first) && suite.contains(second), "{suite}");
    assert_eq!(suite.matches("- name").count(), 2, "{suite}");
    assert_eq!(found(&seed, "request").len(), 2);
    assert_eq!(found(&seed, "request-not-carried"), ["test/test.py:13 this request's body is computed"]);
    assert_eq!(found(&seed, "expectation-not-carried").len(), 1);
    assert!(found(&seed, "no-request").is_empty());
}

#[test]
fn a_test_without_requests_and_a_suite_of_the_team_are_left_to_the_caller() {
    let silent = "def invoke_endpoint(name):\n    # Body=''\n    return {'Success': True}\n";
    let without = seed(|sources| drop(sources.insert("test/test.py".to_owned(), silent.into()))).unwrap();
    assert!(without.files.iter().all(|file| file.path != SUITE));
    assert_eq!(found(&without, "no-request").len(), 1);
    let own = seed(|sources| drop(sources.insert(SUITE.to_owned(), b"version: 1\n".to_vec()))).unwrap();
    assert_eq!(own.files.iter().filter(|file| file.path == SUITE).count(), 1);
    assert_eq!(own.files.iter().find(|file| file.path == SUITE).unwrap().content, b"version: 1\n");
}

#[test]
fn what_cannot_be_used_is_an_error_with_its_place() {
    let failure = seed(|sources| {
        sources.remove("staging-config-template.json");
        sources.insert("prod-config-template.json".to_owned(), b"[\n  oops\n]".to_vec());
    })
    .unwrap_err();
    let places: Vec<_> = failure.diagnostics.iter().map(|found| found.place.as_ref().map(ToString::to_string)).collect();
    assert_eq!(places, [None, Some("prod-config-template.json:2:3".to_owned())], "{failure:?}");
    let code = |change: fn(&mut BTreeMap<String, Vec<u8>>)| seed(change).unwrap_err().diagnostics[0].code;
    assert_eq!(code(|sources| drop(sources.remove("cfn-sm-endpoint-template.yaml"))), Some("not-a-seed"));
    assert_eq!(code(|sources| drop(sources.insert("cfn-sm-endpoint-template.yml".to_owned(), Vec::new()))), Some("not-a-seed"));
    let broken = seed(|sources| drop(sources.insert("cfn-sm-endpoint-template.yaml".to_owned(), b"a: [\n".to_vec()))).unwrap_err();
    assert!(broken.diagnostics[0].place.is_some());
}

#[test]
fn files_are_read_without_those_of_git_and_python_and_links_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    for path in ["a.yml", "test/b.py", ".git/config", "test/__pycache__/b.pyc", "c.pyc"] {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, "x").unwrap();
    }
    let paths: Vec<_> = read::files(folder.path()).unwrap().into_keys().collect();
    assert_eq!(paths, ["a.yml", "test/b.py"]);
    assert!(read::files(&folder.path().join("a.yml")).is_err());
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("a.yml", folder.path().join("link")).unwrap();
        let failure = read::files(folder.path()).unwrap_err();
        assert!(failure.diagnostics[0].message.contains("`link` is a link"), "{failure:?}");
    }
}
