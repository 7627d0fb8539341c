//! Bad input: each kind has its exit code and a message with location and hint, and changes no
//! existing file.

use crate::project::Project;

/// One mistake, and the expected error.
struct Mistake {
    name: &'static str,
    make: fn(&mut Project),
    arguments: &'static [&'static str],
    code: i32,
    says: &'static [&'static str],
}

const BUILD: &[&str] = &["build", "--registry", "examples/registry.json"];

/// A checksum that no manifest has.
const APPROVED: &str = "ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef0123456789";
const NOT_APPROVED: &[&str] = &[
    "`target/deploy/release-manifest.json` is not the manifest of the approved release",
    "approved sha256:abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789",
    "found    sha256:",
    "--release-sha256, RELEASE_MANIFEST_SHA256",
];

fn staging(project: &Project, text: &str) {
    project.write("staging-config-template.json", text);
}

const MISTAKES: &[Mistake] = &[
    Mistake {
        name: "a parameter that the template does not have",
        make: |project| staging(project, r#"[{ "ParameterKey": "EndpointInstanceTyp", "ParameterValue": "ml.m5.large" }]"#),
        arguments: BUILD,
        code: 2,
        says: &[
            "the template has no parameter `EndpointInstanceTyp`",
            "staging-config-template.json:1:20",
            "did you mean `EndpointInstanceType`?",
        ],
    },
    Mistake {
        name: "a parameter that is missing",
        make: |project| staging(project, r#"[{ "ParameterKey": "EndpointInstanceCount", "ParameterValue": "1" }]"#),
        arguments: BUILD,
        code: 2,
        says: &["`EndpointInstanceType` has no value and the template has no default", "cfn-sm-endpoint-template.yml:"],
    },
    Mistake {
        name: "a duplicate parameter",
        make: |project| {
            staging(
                project,
                "[{ \"ParameterKey\": \"EndpointInstanceCount\", \"ParameterValue\": \"1\" },\n { \"ParameterKey\": \"EndpointInstanceCount\", \"ParameterValue\": \"2\" }]",
            );
        },
        arguments: BUILD,
        code: 2,
        says: &["`EndpointInstanceCount` is set twice", "staging-config-template.json:2:20", "first at staging-config-template.json:1:20"],
    },
    Mistake {
        name: "a duplicate key and mistakes of every other kind: in the files, in the options, and missing files",
        make: |project| {
            staging(
                project,
                r#"{ "Tagz": {}, "Parameters": { "EndpointInstanceCount": "0", "EndpointInstanceCount": "1", "EndpointInstanceTyp": "x",
                     "EndpointInstanceType": "m5", "UseVpc": "perhaps", "RollbackAlarms": ["no"] } }"#,
            );
            std::fs::remove_file(project.path("prod-config-template.json")).unwrap();
            project.write(
                "staging-config-overrides.json",
                r#"{ "version": 2, "overrides": [{ "accounts": ["222222222222"], "parameters": { "Nothing": "1" } }] }"#,
            );
            project.unset("ENV_NAME");
            project.set("PROD_ACCOUNT_LIST", "3");
        },
        arguments: &["build", "--registry", "nope.json", "--release-policy", "no-policy.json"],
        code: 2,
        says: &[
            "`EndpointInstanceCount` twice",
            "has no `Tagz`",
            "`EndpointInstanceCount` is `0`, which is below the minimum 1",
            "the template has no parameter `EndpointInstanceTyp`",
            "an instance type such as ml.m5.large",
            "`UseVpc` is `perhaps`",
            "the value of `RollbackAlarms` is a list",
            "cannot read `prod-config-template.json`",
            "the file has version 2",
            "the template has no parameter `Nothing`",
            "`--env-name` is missing",
            "`3` is not an AWS account id",
            "cannot read `nope.json`",
            "cannot read `no-policy.json`",
        ],
    },
    Mistake {
        name: "a suite with an unknown key, a case without a name, and files that do not exist",
        make: |project| {
            project.write(
                "test/own.yaml",
                "version: 1\ncases:\n  - name: a\n    payload: { file: one.csv }\n    expct: {}\n  - payload: { file: two.csv }\n    expect: { golden: { file: three.json } }\n",
            );
        },
        arguments: &["test-staging", "--endpoint-url", "http://127.0.0.1:9", "--suite", "test/own.yaml"],
        code: 2,
        says: &["`expct`", "cannot read `one.csv`", "cannot read `two.csv`", "`name`", "the golden file `three.json` does not exist"],
    },
    Mistake {
        name: "a container's URL with `/invocations`, and settings that a container would ignore",
        make: |project| {
            project.write(
                "test/own.yaml",
                "version: 1\ndefaults: { target_variant: Blue }\ncases:\n  - name: a\n    payload: { csv: '1' }\n    target_model: a.tar.gz\n    inference_component: b\n",
            );
        },
        arguments: &["test-staging", "--endpoint-url", "http://127.0.0.1:9/invocations", "--suite", "test/own.yaml"],
        code: 2,
        says: &[
            "it ends in `/invocations`",
            "write `http://127.0.0.1:9`",
            "`target_variant` is not supported: a container has no variants",
            "test/own.yaml:6:5",
            "`inference_component` is not supported",
        ],
    },
    Mistake {
        name: "an endpoint without a name, in a check without a model package",
        make: |project| {
            let text = project.read("cfn-sm-endpoint-template.yml");
            let name = "      EndpointName: !Sub '${SageMakerProjectName}-${SageMakerProjectId}-${EnvType}'\n";
            assert!(text.contains(name));
            project.write("cfn-sm-endpoint-template.yml", &text.replace(name, ""));
        },
        arguments: &["config", "check"],
        code: 2,
        says: &["has no `EndpointName`", "cfn-sm-endpoint-template.yml:"],
    },
    Mistake {
        name: "an endpoint name with the stack name",
        make: |project| {
            let text = project.read("cfn-sm-endpoint-template.yml");
            let name = "${SageMakerProjectName}-${SageMakerProjectId}-${EnvType}";
            project.write("cfn-sm-endpoint-template.yml", &text.replace(name, "${AWS::StackName}"));
        },
        arguments: &["config", "check"],
        code: 2,
        says: &["is not known before deployment", "cfn-sm-endpoint-template.yml:"],
    },
    Mistake {
        name: "a template without an endpoint",
        make: |project| {
            let template = "Parameters: {ModelPackageName: {Type: String}}\nResources: {Q: {Type: 'AWS::SQS::Queue'}}\n";
            project.write("cfn-sm-endpoint-template.yml", template);
            for stage in ["staging", "prod"] {
                project.write(&format!("{stage}-config-template.json"), "[]");
            }
        },
        arguments: &["config", "check"],
        code: 2,
        says: &["the template has no endpoint for this stage", "AWS::SageMaker::Endpoint"],
    },
    Mistake {
        name: "an incomplete list of the AWS CLI without an approved package",
        make: |project| {
            let list = r#"{ "ModelPackageSummaryList": [{ "ModelPackageGroupName": "iris-p-abc123xyz", "ModelPackageVersion": 3,
                "ModelPackageArn": "arn:aws:sagemaker:us-east-1:111111111111:model-package/iris-p-abc123xyz/3",
                "CreationTime": "2023-11-14T22:15:00+00:00", "ModelPackageStatus": "Completed", "ModelApprovalStatus": "Rejected" }],
                "NextToken": "AAAA" }"#;
            project.write("examples/registry.json", list);
        },
        arguments: BUILD,
        code: 2,
        says: &["the list in the snapshot is incomplete", "omit `--max-items` and `--max-results`"],
    },
    Mistake {
        name: "a parameter out of its range, in both stages at once",
        make: |project| {
            let wrong = r#"[{ "ParameterKey": "EndpointInstanceCount", "ParameterValue": "0" },
                { "ParameterKey": "EndpointInstanceType", "ParameterValue": "m5.large" }]"#;
            staging(project, wrong);
            project.write("prod-config-template.json", wrong);
        },
        arguments: BUILD,
        code: 2,
        says: &[
            "staging-config-template.json:1:63",
            "prod-config-template.json:1:63",
            "below the minimum 1",
            "an instance type such as ml.m5.large",
        ],
    },
    Mistake {
        name: "a named base file that does not exist",
        make: |project| project.set("BASE_CONFIG_NAME", "shared-config"),
        arguments: BUILD,
        code: 2,
        says: &["cannot read `shared-config-template.json`: it does not exist", "this file has the base parameters of both stages"],
    },
    Mistake {
        name: "a base file that is also a stage's file",
        make: |project| project.set("BASE_CONFIG_NAME", "prod-config"),
        arguments: BUILD,
        code: 2,
        says: &["`prod-config` is both the base configuration and the configuration of the prod stage"],
    },
    Mistake {
        name: "a base file with a mistake, which both stages share and which is reported once",
        make: |project| project.write("base-config-template.json", r#"{ "Parameters": { "EndpointInstanceTyp": "ml.m5.large" } }"#),
        arguments: BUILD,
        code: 2,
        says: &["the template has no parameter `EndpointInstanceTyp`", "base-config-template.json:1:19"],
    },
    Mistake {
        name: "overrides for an unknown target, of a value of the release, and out of range",
        make: |project| {
            project.write(
                "staging-config-overrides.json",
                "{ \"version\": 1, \"overrides\": [\n  { \"accounts\": [\"222222222223\"], \"parameters\": { \"EndpointInstanceCount\": \"2\" } },\n  { \"accounts\": [\"222222222222\"], \"parameters\": { \"ModelPackageName\": \"x\", \"EndpointInstanceCount\": \"0\" } }\n] }",
            );
        },
        arguments: BUILD,
        code: 2,
        says: &[
            "account `222222222223` is not a target of the stage; its targets are 222222222222",
            "staging-config-overrides.json:2:18",
            "`ModelPackageName` must be the same in every account and region of a release",
            "--regional-model-package",
            "`EndpointInstanceCount` is `0`",
            "staging-config-overrides.json:3:",
        ],
    },
    Mistake {
        name: "an override file of another version",
        make: |project| project.write("prod-config-overrides.json", r#"{ "version": 2, "overrides": [] }"#),
        arguments: BUILD,
        code: 2,
        says: &["the file has version 2; only version 1 is supported", "prod-config-overrides.json:1:14"],
    },
    Mistake {
        name: "a stack set's name that is too long, in a template without bounds",
        make: |project| {
            let template = project.read("cfn-sm-endpoint-template.yml");
            project.write("cfn-sm-endpoint-template.yml", &template.replace("    MaxLength: 32\n", ""));
            project.set("SAGEMAKER_PROJECT_NAME", &"a".repeat(100));
        },
        arguments: BUILD,
        code: 2,
        says: &["is not a valid stack set name", "128", "--sagemaker-project-name", "cannot be the name of an endpoint"],
    },
    Mistake {
        name: "a template configuration with UsePreviousValue",
        make: |project| {
            staging(
                project,
                r#"[{ "ParameterKey": "EndpointInstanceCount", "UsePreviousValue": true }, { "ParameterKey": "EndpointInstanceType", "ParameterValue": "ml.m5.large" }]"#,
            );
        },
        arguments: &["build", "--registry", "examples/registry.json", "--template-configuration"],
        code: 2,
        says: &[
            "`EndpointInstanceCount` keeps its previous value, which a template configuration cannot express",
            "staging-config-template.json:1:65",
        ],
    },
    Mistake {
        name: "parameters that the template's rules refuse",
        make: |project| {
            let serverless = r#"[{ "ParameterKey": "EndpointInstanceCount", "ParameterValue": "1" },
                { "ParameterKey": "EndpointInstanceType", "ParameterValue": "ml.m5.large" },
                { "ParameterKey": "EndpointKind", "ParameterValue": "serverless" }]"#;
            staging(project, serverless);
        },
        arguments: BUILD,
        code: 2,
        says: &["set UseVpc to no (rule `Serverless` of the template)", "staging-config-template.json:3:"],
    },
    Mistake {
        name: "a list instead of a string",
        make: |project| staging(project, r#"[{ "ParameterKey": "EndpointInstanceType", "ParameterValue": ["ml.m5.large"] }]"#),
        arguments: BUILD,
        code: 2,
        says: &["the value of `EndpointInstanceType` is a list, not a string"],
    },
    Mistake {
        name: "a file that is not JSON",
        make: |project| staging(project, "[\n  { \"ParameterKey\": \"A\", }\n]"),
        arguments: BUILD,
        code: 2,
        says: &["is not JSON", "staging-config-template.json:2:"],
    },
    Mistake {
        name: "a file with a byte order mark",
        make: |project| staging(project, "\u{feff}[]"),
        arguments: BUILD,
        code: 2,
        says: &["byte order mark", "UTF-8 without"],
    },
    Mistake {
        name: "a missing file",
        make: |project| std::fs::remove_file(project.path("prod-config-template.json")).unwrap(),
        arguments: BUILD,
        code: 2,
        says: &["cannot read `prod-config-template.json`: it does not exist"],
    },
    Mistake {
        name: "account ids of a wrong length",
        make: |project| project.set("STAGING_ACCOUNT_LIST", "22222222222, x"),
        arguments: BUILD,
        code: 2,
        says: &["`22222222222` is not an AWS account id", "`x` is not an AWS account id", "12 digits"],
    },
    Mistake {
        name: "an empty list of accounts in multi-account mode",
        make: |project| project.set("PROD_ACCOUNT_LIST", " , "),
        arguments: BUILD,
        code: 2,
        says: &["the list of accounts is empty", "PROD_ACCOUNT_LIST"],
    },
    Mistake {
        name: "a value other than yes and no",
        make: |project| project.set("MULTI_ACCOUNT_DEPLOYMENT", "maybe"),
        arguments: BUILD,
        code: 2,
        says: &["`maybe` is not yes or no"],
    },
    Mistake {
        name: "several missing options",
        make: |project| {
            project.unset("ENV_NAME");
            project.set("SAGEMAKER_PROJECT_ID", "");
        },
        arguments: BUILD,
        code: 2,
        says: &["`--env-name` is missing", "`--sagemaker-project-id` is missing", "set SAGEMAKER_PROJECT_ID"],
    },
    Mistake {
        name: "an unknown flag",
        make: |_| {},
        arguments: &["build", "--staging-acounts", "222222222222"],
        code: 2,
        says: &["unexpected argument '--staging-acounts'", "--staging-accounts"],
    },
    Mistake {
        name: "a template that does not parse",
        make: |project| project.write("cfn-sm-endpoint-template.yml", "Parameters:\n  A: [\n"),
        arguments: BUILD,
        code: 2,
        says: &["cfn-sm-endpoint-template.yml:"],
    },
    Mistake {
        name: "a template with a duplicate key",
        make: |project| {
            let text = project.read("cfn-sm-endpoint-template.yml");
            project.write("cfn-sm-endpoint-template.yml", &format!("{text}Description: twice\n"));
        },
        arguments: BUILD,
        code: 2,
        says: &["duplicate key `Description`, first on line", "remove one of them"],
    },
    Mistake {
        name: "a template with both extensions",
        make: |project| project.write("cfn-sm-endpoint-template.yaml", "Resources: {}\n"),
        arguments: BUILD,
        code: 2,
        says: &["both `cfn-sm-endpoint-template.yml` and `cfn-sm-endpoint-template.yaml`"],
    },
    Mistake {
        name: "an endpoint's name that is too long",
        make: |project| {
            let name = "${SageMakerProjectName}-${SageMakerProjectId}-${EnvType}";
            let text = project
                .read("cfn-sm-endpoint-template.yml")
                .replace(name, &format!("{name}-{}", "of-the-team-in-the-third-floor-of-the-house"));
            project.write("cfn-sm-endpoint-template.yml", &text);
        },
        arguments: BUILD,
        code: 2,
        says: &["cannot be the name of an endpoint", "63"],
    },
    Mistake {
        name: "a missing template",
        make: |project| project.set("CFN_TEMPLATE_NAME", "another"),
        arguments: BUILD,
        code: 2,
        says: &["there is no template `another-template.yml`, `another-template.yaml` or `another-template.json`"],
    },
    Mistake {
        name: "a name outside the project",
        make: |project| project.set("STAGING_CONFIG_NAME", "../secret"),
        arguments: BUILD,
        code: 2,
        says: &["`../secret` is not a file name"],
    },
    Mistake {
        name: "a configuration with the name of another file of the release",
        make: |project| {
            project.write("staging-accounts-template.json", &project.read("staging-config-template.json"));
            project.set("STAGING_CONFIG_NAME", "staging-accounts");
        },
        arguments: BUILD,
        code: 2,
        says: &["`staging-accounts.json` is the name of another file of the release"],
    },
    Mistake {
        name: "two stages with one environment type",
        make: |project| project.set("ENV_TYPE_PROD_NAME", "Staging"),
        arguments: BUILD,
        code: 2,
        says: &["both stages have the environment type `staging`", "use a different type for each stage"],
    },
    Mistake {
        name: "no approved package",
        make: |project| {
            let registry = project.read("examples/registry.json").replace("\"Approved\"", "\"PendingManualApproval\"");
            project.write("examples/registry.json", &registry);
        },
        arguments: BUILD,
        code: 4,
        says: &["no approved model package in group `iris-p-abc123xyz`", "the newest is version 16, pending approval"],
    },
    Mistake {
        name: "a version that is not in the snapshot",
        make: |project| project.set("MODEL_PACKAGE", "99"),
        arguments: BUILD,
        code: 2,
        says: &["version 99 does not exist", "the newest is version 16", "--model-package", "`registry list`"],
    },
    Mistake {
        name: "a file instead of the release's folder",
        make: |_| {},
        arguments: &["build", "--registry", "examples/registry.json", "--output-dir", "buildspec.yml"],
        code: 2,
        says: &["a file is where a folder should be", "name another folder"],
    },
    Mistake {
        name: "a missing registry snapshot",
        make: |_| {},
        arguments: &["build", "--registry", "nope.json"],
        code: 2,
        says: &["cannot read `nope.json`", "--registry", "examples/registry.json is an example"],
    },
    Mistake {
        name: "a file that is not a registry snapshot",
        make: |project| project.write("examples/registry.json", "{\n\"packages\": [] }"),
        arguments: BUILD,
        code: 2,
        says: &["a registry snapshot has no `packages`", "examples/registry.json:2:1", "known keys:"],
    },
    Mistake {
        name: "a region without a model package",
        make: |project| project.set("DEPLOYMENT_REGIONS", "us-east-1,eu-west-1"),
        arguments: BUILD,
        code: 2,
        says: &["region `eu-west-1` has no model package"],
    },
    Mistake { name: "no region", make: |_| {}, arguments: &["build"], code: 2, says: &["no AWS region is configured", "AWS_REGION"] },
    Mistake {
        name: "no credentials",
        make: |project| project.set("AWS_REGION", "us-east-1"),
        arguments: &["build"],
        code: 3,
        says: &["found no AWS credentials", "AWS_PROFILE"],
    },
    Mistake {
        name: "an AWS endpoint without a response",
        make: |project| {
            project.set("AWS_REGION", "us-east-1");
            project.set("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE");
            project.set("AWS_SECRET_ACCESS_KEY", "a-secret-that-must-not-be-shown");
            project.set("AWS_ENDPOINT_URL", "http://127.0.0.1:9");
        },
        arguments: &["build"],
        code: 3,
        says: &["could not be reached", "AWS_ENDPOINT_URL"],
    },
    Mistake {
        name: "no project",
        make: |project| project.set("XTASK_PROJECT_DIR", "/does/not/exist"),
        arguments: BUILD,
        code: 2,
        says: &["`/does/not/exist` does not exist"],
    },
    Mistake {
        name: "a suite with an unknown key",
        make: |project| {
            let suite = project
                .read("test/endpoint-tests.yaml")
                .replace("content_type: text/csv\n      text:", "contenttype: text/csv\n      text:");
            project.write("test/endpoint-tests.yaml", &suite);
        },
        arguments: &["test-staging", "--endpoint-url", "http://127.0.0.1:9"],
        code: 2,
        says: &["contenttype", "did you mean `content_type`?", "test/endpoint-tests.yaml:"],
    },
    Mistake {
        name: "a missing release",
        make: |_| {},
        arguments: &["test-staging", "--build-dir", "nowhere"],
        code: 2,
        says: &["cannot read `nowhere/release-manifest.json`", "--build-dir"],
    },
    Mistake {
        name: "a release with a changed file",
        make: |project| {
            let config = project.read("target/deploy/prod-config.json").replace("\"2\"", "\"200\"");
            project.write("target/deploy/prod-config.json", &config);
        },
        arguments: &["test-staging"],
        code: 2,
        says: &["`target/deploy/prod-config.json` does not match the checksum in the release manifest", "build the release again"],
    },
    // These have no region or credentials: they fail before AWS is needed.
    Mistake {
        name: "a test of another release than the approved one",
        make: |project| project.set("RELEASE_MANIFEST_SHA256", APPROVED),
        arguments: &["test-staging"],
        code: 2,
        says: NOT_APPROVED,
    },
    Mistake {
        name: "a production test of another release than the approved one",
        make: |project| project.set("RELEASE_MANIFEST_SHA256", APPROVED),
        arguments: &["test-prod"],
        code: 2,
        says: NOT_APPROVED,
    },
    Mistake {
        name: "a rollout of another release than the approved one",
        make: |_| {},
        arguments: &["deploy", "--stage", "prod", "--release-sha256", APPROVED],
        code: 2,
        says: NOT_APPROVED,
    },
    Mistake {
        name: "a plan for another release than the approved one",
        make: |project| project.set("RELEASE_MANIFEST_SHA256", APPROVED),
        arguments: &["plan", "--stage", "prod"],
        code: 2,
        says: NOT_APPROVED,
    },
    Mistake {
        name: "a removal for another release than the approved one",
        make: |project| project.set("RELEASE_MANIFEST_SHA256", APPROVED),
        arguments: &["prune", "--stage", "prod", "--instance", "333333333333/us-east-1"],
        code: 2,
        says: NOT_APPROVED,
    },
    Mistake {
        name: "a container, and a release that was not approved",
        make: |project| project.set("RELEASE_MANIFEST_SHA256", APPROVED),
        arguments: &["test-staging", "--endpoint-url", "http://127.0.0.1:9"],
        code: 2,
        says: NOT_APPROVED,
    },
    Mistake {
        name: "an invalid checksum",
        make: |_| {},
        arguments: &["deploy", "--stage", "prod", "--release-sha256", "2f6a"],
        code: 2,
        says: &["`2f6a` is not a SHA-256 checksum of 64 hexadecimal digits", "--release-sha256, RELEASE_MANIFEST_SHA256", "release.env"],
    },
    Mistake {
        name: "own checks as root",
        make: |_| {},
        arguments: &["test-staging", "--own-checks-uid", "0"],
        code: 2,
        says: &["0 is not in 1..4294967295"],
    },
    Mistake {
        name: "the configuration of the other stage",
        make: |project| project.set("BUILD_CONFIG", "prod-config"),
        arguments: &["test-staging"],
        code: 2,
        says: &["`prod-config` is the configuration of the prod stage, and this tests staging"],
    },
];

#[test]
fn every_mistake_has_its_error_and_existing_files_are_unchanged() {
    let mut wrong = Vec::new();
    for mistake in MISTAKES {
        let mut project = Project::new().with_pipeline_variables();
        project.run(BUILD).ends_with(0);
        (mistake.make)(&mut project);
        let before = project.files("target/deploy");
        let run = project.run(mistake.arguments);
        let mut complaints = Vec::new();
        if run.code != mistake.code {
            complaints.push(format!("exit code {} and not {}", run.code, mistake.code));
        }
        complaints.extend(mistake.says.iter().filter(|text| !run.stderr.contains(**text)).map(|text| format!("does not say `{text}`")));
        if project.files("target/deploy") != before {
            complaints.push("changed an earlier file".to_owned());
        }
        if !complaints.is_empty() {
            wrong.push(format!("{}: {}\n{}", mistake.name, complaints.join("; "), run.stderr));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}
