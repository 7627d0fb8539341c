//! The CloudFormation adapter over loopback: the requests that it sends, and how it reads
//! responses.
#![cfg(feature = "aws")]

use std::time::Duration;

use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::future::ProvideCredentials as ProvidedCredentials;
use aws_sdk_cloudformation::Client;
use aws_sdk_cloudformation::config::retry::RetryConfig;
use aws_sdk_cloudformation::config::{BehaviorVersion, Config, Credentials, ProvideCredentials, Region};
use insta::assert_snapshot;
use sandbox::loopback::{Answer, Loopback};
use stack_rollout::aws::{AwsOrganization, CloudFormationStackSets, CloudFormationStacks};
use stack_rollout::organization::Organization as _;
use stack_rollout::status::Capability;
use stack_rollout::{
    AutoDeployment, CallAs, CallError, CallErrorKind, Options, PermissionModel, Poll, Preferences, Release, Rollout, SessionError,
    StackSets as _, Stacks as _, Targets, Template, Verdict, roll_out,
};

const REQUEST_ID: &str = "0f4d1d1e-5c0a-4a51-9b5c-000000000001";

/// A response of the Query protocol.
fn result(action: &str, inner: &str) -> Answer {
    let body = format!(
        r#"<{action}Response xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><{action}Result>{inner}</{action}Result><ResponseMetadata><RequestId>{REQUEST_ID}</RequestId></ResponseMetadata></{action}Response>"#
    );
    Answer::new(200).body("text/xml", body)
}

fn error_response(status: u16, code: &str, message: &str) -> Answer {
    let body = format!(
        r#"<ErrorResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error><RequestId>{REQUEST_ID}</RequestId></ErrorResponse>"#
    );
    Answer::new(status).body("text/xml", body).header("x-amzn-requestid", REQUEST_ID)
}

/// The decoded fields of a form, without the version that every request has.
fn fields(form: &str) -> Vec<(String, String)> {
    let decode = |text: &str| {
        let bytes = text.replace('+', " ").into_bytes();
        let mut decoded = Vec::new();
        let mut rest = bytes.as_slice();
        while let [first, after @ ..] = rest {
            let hex = (*first == b'%').then(|| std::str::from_utf8(&after[..2]).unwrap());
            decoded.push(hex.map_or(*first, |hex| u8::from_str_radix(hex, 16).unwrap()));
            rest = if hex.is_some() { &after[2..] } else { after };
        }
        String::from_utf8(decoded).unwrap()
    };
    let pairs = form.split('&').filter_map(|field| field.split_once('='));
    let decoded = pairs.map(|(key, value)| (decode(key), decode(value))).filter(|(key, _)| key != "Version");
    // The token contains a random number.
    let normalized = decoded.map(|(key, value)| match value.strip_prefix("run-1-").and_then(|rest| rest.strip_suffix("-set-0")) {
        Some(_) if key == "ClientRequestToken" => (key, "run-1-…-set-0".to_owned()),
        _ => (key, value),
    });
    normalized.collect()
}

fn field(form: &str, name: &str) -> Option<String> {
    fields(form).into_iter().find(|(key, _)| key == name).map(|(_, value)| value)
}

fn serve(respond: impl Fn(&str, &str) -> Answer + Send + Sync + 'static) -> Loopback {
    Loopback::start(move |request| {
        let form = request.text();
        respond(&field(&form, "Action").unwrap_or_default(), &form)
    })
    .unwrap()
}

fn client(url: &str) -> Client {
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .endpoint_url(url)
        .credentials_provider(Credentials::new("AKIDEXAMPLE", "not-a-secret", None, None, "test"))
        // Each response of these tests is for one request.
        .retry_config(RetryConfig::disabled());
    Client::from_conf(config.build())
}

fn release() -> Release {
    let targets = Targets::new(["222222222222", "333333333333"].map(|id| id.parse().unwrap()), ["us-east-1".parse().unwrap()]);
    Release::new("iris-staging".parse().unwrap(), Template::inline("Resources: {}\n"), targets)
        .description("iris, staging")
        .parameters([("EnvType", "staging")])
        .capabilities([Capability::NamedIam])
        .tags([("team", "iris")])
        .permission_model(PermissionModel::SelfManaged { administration_role_arn: None, execution_role_name: Some("deployer".to_owned()) })
        .preferences(Preferences {
            failure_tolerance_percentage: Some(50),
            max_concurrent_percentage: Some(100),
            region_order: vec!["us-east-1".parse().unwrap()],
            ..Preferences::default()
        })
}

async fn roll(server: &Loopback, release: &Release, call_as: CallAs) -> Result<Rollout, stack_rollout::Error> {
    let poll = Poll { first: Duration::from_millis(1), longest: Duration::from_millis(1), tolerated_failures: 3 };
    let options = Options { poll, ..Options::new("run-1".parse().unwrap()) };
    let stack_sets = CloudFormationStackSets::new(client(server.url()), call_as);
    let target = client(server.url());
    let sessions = |_, _| async { Ok::<_, SessionError>(CloudFormationStacks::new(target.clone())) };
    roll_out(&stack_sets, sessions, release, &options, |_| {}).await
}

/// The requests of one action, as `Field = value` lines.
fn requests_of(server: &Loopback, action: &str) -> String {
    let forms = server.requests().into_iter().map(|request| fields(&request.text()));
    let of_action = forms.filter(|form| form[0] == ("Action".to_owned(), action.to_owned()));
    let line = |(key, value): &(String, String)| format!("{key} = {}", value.escape_debug());
    let text = of_action.map(|form| form.iter().map(line).collect::<Vec<_>>().join("\n"));
    text.collect::<Vec<_>>().join("\n\n")
}

fn member(account: &str, fields: &str) -> String {
    format!("<member><Account>{account}</Account><Region>us-east-1</Region>{fields}</member>")
}

#[tokio::test]
async fn a_first_release_sends_these_requests_and_reports_the_cause_of_a_failure() {
    let polls = std::sync::atomic::AtomicUsize::new(0);
    let server = serve(move |action, form| match (action, field(form, "NextToken").as_deref()) {
        ("DescribeStackSet", _) => error_response(404, "StackSetNotFoundException", "StackSet iris-staging not found"),
        ("CreateStackSet", _) => result(action, "<StackSetId>iris-staging:1</StackSetId>"),
        ("CreateStackInstances", _) => result(action, "<OperationId>run-1-1-create-1</OperationId>"),
        ("DescribeStackSetOperation", _) => {
            let status = if polls.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == 0 { "RUNNING" } else { "SUCCEEDED" };
            let operation = format!(
                "<StackSetOperation><OperationId>run-1-1-create-1</OperationId><Action>CREATE</Action><Status>{status}</Status><CreationTimestamp>2026-01-01T00:00:00.000Z</CreationTimestamp></StackSetOperation>"
            );
            result(action, &operation)
        }
        ("ListStackSetOperations", _) => result(action, "<Summaries/>"),
        // An empty page with a token is not the end of a list.
        ("ListStackSetOperationResults", None) => result(action, "<Summaries/><NextToken>2</NextToken>"),
        ("ListStackSetOperationResults", Some("2")) => {
            let failed = member("222222222222", "<Status>FAILED</Status><StatusReason>ResourceLogicalId:Model</StatusReason>");
            result(action, &format!("<Summaries>{failed}</Summaries><NextToken>3</NextToken>"))
        }
        ("ListStackSetOperationResults", Some("3")) => {
            result(action, &format!("<Summaries>{}</Summaries>", member("333333333333", "<Status>SUCCEEDED</Status>")))
        }
        ("ListStackInstances", _) => {
            let status = |detailed: &str| format!("<StackInstanceStatus><DetailedStatus>{detailed}</DetailedStatus></StackInstanceStatus>");
            let failed = format!("<StackId>arn:a</StackId><Status>OUTDATED</Status>{}", status("FAILED"));
            let right = format!("<StackId>arn:b</StackId><Status>CURRENT</Status>{}", status("SUCCEEDED"));
            let members = member("222222222222", &failed) + &member("333333333333", &right);
            result(action, &format!("<Summaries>{members}</Summaries>"))
        }
        ("DescribeStackEvents", None) => {
            let event = |at: &str, id: &str, kind: &str, status: &str, reason: &str| {
                format!(
                    "<member><StackId>arn:a</StackId><EventId>{at}</EventId><StackName>s</StackName><LogicalResourceId>{id}</LogicalResourceId><PhysicalResourceId>arn:a</PhysicalResourceId><ResourceType>{kind}</ResourceType><Timestamp>2026-01-01T00:00:{at}Z</Timestamp><ResourceStatus>{status}</ResourceStatus><ResourceStatusReason>{reason}</ResourceStatusReason></member>"
                )
            };
            let events = event("03", "Alarm", "AWS::CloudWatch::Alarm", "CREATE_FAILED", "Resource creation cancelled")
                + &event("02", "Model", "AWS::SageMaker::Model", "CREATE_FAILED", "Could not access model data")
                + &event("01", "s", "AWS::CloudFormation::Stack", "CREATE_IN_PROGRESS", "User Initiated");
            result(action, &format!("<StackEvents>{events}</StackEvents><NextToken>older</NextToken>"))
        }
        other => panic!("not expected: {other:?}"),
    });
    let rollout = roll(&server, &release(), CallAs::Itself).await.unwrap();
    assert_eq!(rollout.verdict(), Verdict::Failed);
    assert_eq!((rollout.counts.failed, rollout.counts.succeeded), (1, 1));
    assert_eq!(rollout.targets[0].reason.as_deref(), Some("ResourceLogicalId:Model"));
    assert_eq!(rollout.targets[0].events.len(), 1);
    assert_eq!(rollout.targets[0].events[0].reason, "Could not access model data");
    assert_snapshot!(requests_of(&server, "CreateStackSet"), @r"
    Action = CreateStackSet
    StackSetName = iris-staging
    Description = iris, staging
    TemplateBody = Resources: {}\n
    Parameters.member.1.ParameterKey = EnvType
    Parameters.member.1.ParameterValue = staging
    Capabilities.member.1 = CAPABILITY_NAMED_IAM
    Tags.member.1.Key = team
    Tags.member.1.Value = iris
    ExecutionRoleName = deployer
    PermissionModel = SELF_MANAGED
    ClientRequestToken = run-1-…-set-0
    ");
    assert_snapshot!(requests_of(&server, "CreateStackInstances"), @r"
    Action = CreateStackInstances
    StackSetName = iris-staging
    Accounts.member.1 = 222222222222
    Accounts.member.2 = 333333333333
    Regions.member.1 = us-east-1
    OperationPreferences.RegionOrder.member.1 = us-east-1
    OperationPreferences.FailureTolerancePercentage = 50
    OperationPreferences.MaxConcurrentPercentage = 100
    OperationId = run-1-1-create-1
    ");
    assert_snapshot!(requests_of(&server, "DescribeStackEvents"), @r"
    Action = DescribeStackEvents
    StackName = arn:a
    ");
}

/// An existing set with one instance, and operations that end immediately.
fn existing(set: &'static str) -> Loopback {
    serve(move |action, form| match action {
        "DescribeStackSet" => result(action, &format!("<StackSet>{set}</StackSet>")),
        "ListStackSetOperations" => {
            let operation = |id: &str, status: &str| {
                format!("<member><OperationId>{id}</OperationId><Action>UPDATE</Action><Status>{status}</Status></member>")
            };
            result(action, &format!("<Summaries>{}{}</Summaries>", operation("a", "SUCCEEDED"), operation("b", "STOPPED")))
        }
        "ListStackInstances" => result(action, &format!("<Summaries>{}</Summaries>", member("222222222222", "<Status>CURRENT</Status>"))),
        "UpdateStackSet" | "CreateStackInstances" => {
            result(action, &format!("<OperationId>{}</OperationId>", field(form, "OperationId").unwrap()))
        }
        "DescribeStackSetOperation" => {
            let id = field(form, "OperationId").unwrap();
            result(action, &format!("<StackSetOperation><OperationId>{id}</OperationId><Status>SUCCEEDED</Status></StackSetOperation>"))
        }
        "ListStackSetOperationResults" => result(action, "<Summaries/>"),
        "DescribeStackInstance" => result(action, "<StackInstance><ParameterOverrides/></StackInstance>"),
        other => panic!("not expected: {other}"),
    })
}

#[tokio::test]
async fn an_update_lists_its_targets_and_keeps_settings_that_the_release_does_not_specify() {
    let server = existing(
        "<StackSetName>iris-staging</StackSetName><Status>ACTIVE</Status><Description>kept</Description><TemplateBody>Resources: {}</TemplateBody><Parameters><member><ParameterKey>EnvType</ParameterKey><ParameterValue>old</ParameterValue></member></Parameters><Tags><member><Key>team</Key><Value>iris</Value></member></Tags><PermissionModel>SELF_MANAGED</PermissionModel><AdministrationRoleARN>arn:aws:iam::111111111111:role/kept</AdministrationRoleARN><ExecutionRoleName>kept</ExecutionRoleName>",
    );
    let mut release = release();
    release.description = None;
    release.tags.clear();
    release.permission_model = PermissionModel::SelfManaged { administration_role_arn: None, execution_role_name: None };
    roll(&server, &release, CallAs::Itself).await.unwrap();
    assert_snapshot!(requests_of(&server, "UpdateStackSet"), @r"
    Action = UpdateStackSet
    StackSetName = iris-staging
    Description = kept
    TemplateBody = Resources: {}\n
    Parameters.member.1.ParameterKey = EnvType
    Parameters.member.1.ParameterValue = staging
    Capabilities.member.1 = CAPABILITY_NAMED_IAM
    Tags = 
    OperationPreferences.RegionOrder.member.1 = us-east-1
    OperationPreferences.FailureTolerancePercentage = 50
    OperationPreferences.MaxConcurrentPercentage = 100
    AdministrationRoleARN = arn:aws:iam::111111111111:role/kept
    ExecutionRoleName = kept
    OperationId = run-1-1-update-1
    Accounts.member.1 = 222222222222
    Regions.member.1 = us-east-1
    ");
}

#[tokio::test]
async fn service_managed_targets_are_accounts_within_their_units() {
    let server = existing("<Status>ACTIVE</Status><PermissionModel>SERVICE_MANAGED</PermissionModel>");
    let mut release = release();
    release.permission_model = PermissionModel::ServiceManaged {
        organizational_unit_ids: vec!["ou-ab12-cdef3456".to_owned()],
        auto_deployment: AutoDeployment::EnabledWithStackRetention,
    };
    release.template = Template::uploaded("Resources: {}\n", "https://bucket.s3.us-east-1.amazonaws.com/t.yaml");
    release.preferences = Preferences::default();
    roll(&server, &release, CallAs::DelegatedAdmin).await.unwrap();
    assert_snapshot!(requests_of(&server, "DescribeStackInstance"), @r"
    Action = DescribeStackInstance
    StackSetName = iris-staging
    StackInstanceAccount = 222222222222
    StackInstanceRegion = us-east-1
    CallAs = DELEGATED_ADMIN
    ");
    assert_snapshot!(requests_of(&server, "UpdateStackSet"), @r"
    Action = UpdateStackSet
    StackSetName = iris-staging
    Description = iris, staging
    TemplateURL = https://bucket.s3.us-east-1.amazonaws.com/t.yaml
    Parameters.member.1.ParameterKey = EnvType
    Parameters.member.1.ParameterValue = staging
    Capabilities.member.1 = CAPABILITY_NAMED_IAM
    Tags.member.1.Key = team
    Tags.member.1.Value = iris
    DeploymentTargets.Accounts.member.1 = 222222222222
    DeploymentTargets.OrganizationalUnitIds.member.1 = ou-ab12-cdef3456
    DeploymentTargets.AccountFilterType = INTERSECTION
    OperationId = run-1-1-update-1
    Regions.member.1 = us-east-1
    CallAs = DELEGATED_ADMIN
    ");
    assert_snapshot!(requests_of(&server, "CreateStackInstances"), @r"
    Action = CreateStackInstances
    StackSetName = iris-staging
    DeploymentTargets.Accounts.member.1 = 333333333333
    DeploymentTargets.OrganizationalUnitIds.member.1 = ou-ab12-cdef3456
    DeploymentTargets.AccountFilterType = INTERSECTION
    Regions.member.1 = us-east-1
    OperationId = run-1-1-create-2
    CallAs = DELEGATED_ADMIN
    ");
    let all = server.requests();
    assert!(all.iter().all(|request| field(&request.text(), "CallAs").as_deref() == Some("DELEGATED_ADMIN")));
}

async fn describe(server: &Loopback) -> Result<bool, CallError> {
    let stack_sets = CloudFormationStackSets::new(client(server.url()), CallAs::Itself);
    Ok(stack_sets.describe_stack_set(&"iris".parse().unwrap()).await?.is_some())
}

#[tokio::test]
async fn a_deleted_set_does_not_exist() {
    assert!(describe(&serve(|action, _| result(action, "<StackSet><Status>ACTIVE</Status></StackSet>"))).await.unwrap());
    assert!(!describe(&serve(|action, _| result(action, "<StackSet><Status>DELETED</Status></StackSet>"))).await.unwrap());
    assert!(!describe(&serve(|_, _| error_response(400, "StackSetNotFoundException", "gone"))).await.unwrap());
}

/// An empty list has its element. Without it, the response is not one of CloudFormation, and taking
/// it for an empty list would create what already exists.
#[tokio::test]
async fn a_response_without_its_list_or_object_is_an_error() {
    let server = serve(|action, _| result(action, ""));
    let sets = CloudFormationStackSets::new(client(server.url()), CallAs::Itself);
    let stacks = CloudFormationStacks::new(client(server.url()));
    let (name, operation) = ("iris".parse().unwrap(), "run-1".parse().unwrap());
    let target = stack_rollout::Target::new("222222222222".parse().unwrap(), "us-east-1".parse().unwrap());
    let errors = [
        sets.describe_stack_set(&name).await.map(drop),
        sets.list_stack_sets().await.map(drop),
        sets.list_stack_instances(&name).await.map(drop),
        sets.list_operations(&name).await.map(drop),
        sets.list_operation_results(&name, &operation).await.map(drop),
        sets.describe_operation(&name, &operation).await.map(drop),
        sets.instance_overrides(&name, &target).await.map(drop),
        stacks.stack_events("arn:a", None).await.map(drop),
        stacks.physical_ids("arn:a", "AWS::SageMaker::Endpoint").await.map(drop),
    ];
    for error in errors {
        let error = error.unwrap_err();
        assert!(error.message.contains("it has no `"), "{error}");
        assert!(!error.is_transient(), "{error}");
    }
    let server = serve(|action, _| result(action, "<Summaries/>"));
    let sets = CloudFormationStackSets::new(client(server.url()), CallAs::Itself);
    assert_eq!(sets.list_stack_instances(&name).await.unwrap(), []);
    assert_eq!(sets.list_stack_sets().await.unwrap(), []);
}

#[tokio::test]
async fn the_names_of_all_active_stack_sets_are_listed_page_by_page() {
    let server = serve(|action, form| {
        let page = |name: &str, token: &str| format!("<Summaries><member><StackSetName>{name}</StackSetName></member></Summaries>{token}");
        let second = field(form, "NextToken").is_some();
        result(action, &if second { page("wine", "") } else { page("iris", "<NextToken>2</NextToken>") })
    });
    let sets = CloudFormationStackSets::new(client(server.url()), CallAs::DelegatedAdmin);
    let names = sets.list_stack_sets().await.unwrap();
    assert_eq!(names.iter().map(AsRef::as_ref).collect::<Vec<&str>>(), ["iris", "wine"]);
    for request in server.requests() {
        let form = request.text();
        let of = |name: &str| field(&form, name);
        assert_eq!((of("Status").as_deref(), of("CallAs").as_deref()), (Some("ACTIVE"), Some("DELEGATED_ADMIN")));
    }
    // A name that cannot be one: the response is not skipped silently.
    let server = serve(|action, _| result(action, "<Summaries><member/></Summaries>"));
    let error = CloudFormationStackSets::new(client(server.url()), CallAs::Itself).list_stack_sets().await.unwrap_err();
    assert!(error.message.contains("a stack set name"), "{error}");
}

#[tokio::test]
async fn an_error_keeps_operation_code_message_and_request_id() {
    let error = describe(&serve(|_, _| error_response(403, "AccessDenied", "User is not authorized"))).await.unwrap_err();
    assert_snapshot!(error, @"`DescribeStackSet` failed: AccessDenied: User is not authorized (request id 0f4d1d1e-5c0a-4a51-9b5c-000000000001)");
    assert_eq!(error.kind(), CallErrorKind::AccessDenied);
}

/// A provider that finds nothing, as the default chain does on a machine without AWS.
#[derive(Debug)]
struct NoCredentials;

impl ProvideCredentials for NoCredentials {
    fn provide_credentials<'a>(&'a self) -> ProvidedCredentials<'a>
    where
        Self: 'a,
    {
        ProvidedCredentials::ready(Err(CredentialsError::not_loaded("there are none")))
    }
}

#[tokio::test]
async fn transient_errors_are_distinguished_from_permanent_ones() {
    let throttled = describe(&serve(|_, _| error_response(400, "Throttling", "Rate exceeded"))).await.unwrap_err();
    assert_eq!(throttled.kind(), CallErrorKind::Throttled);
    let dropped = describe(&serve(|_, _| Answer::dropped_connection())).await.unwrap_err();
    assert_eq!(dropped.kind(), CallErrorKind::Unreachable, "{dropped}");
    let proxy = describe(&serve(|_, _| Answer::new(503).body("text/html", "<html>starting</html>"))).await.unwrap_err();
    assert_eq!(proxy.kind(), CallErrorKind::Unreachable, "{proxy}");

    let server = serve(|action, _| result(action, ""));
    let config = Config::builder().behavior_version(BehaviorVersion::latest()).region(Region::new("us-east-1")).endpoint_url(server.url());
    let config = config.credentials_provider(NoCredentials);
    let stack_sets = CloudFormationStackSets::new(Client::from_conf(config.retry_config(RetryConfig::disabled()).build()), CallAs::Itself);
    let without_credentials = stack_sets.describe_stack_set(&"iris".parse().unwrap()).await.unwrap_err();
    assert_eq!(without_credentials.kind(), CallErrorKind::Refused, "{without_credentials}");
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn an_instance_without_an_account_makes_the_response_unusable() {
    let server = serve(|action, _| result(action, "<Summaries><member><Region>us-east-1</Region></member></Summaries>"));
    let stack_sets = CloudFormationStackSets::new(client(server.url()), CallAs::Itself);
    let error = stack_sets.list_stack_instances(&"iris".parse().unwrap()).await.unwrap_err();
    assert_snapshot!(error, @"`ListStackInstances` failed: the response is not usable: `` is not an AWS account id (12 digits)");
}

#[tokio::test]
async fn events_of_a_deleted_stack_are_an_error_and_not_an_empty_page() {
    let server = serve(|_, _| error_response(400, "ValidationError", "Stack [x] does not exist"));
    let error = CloudFormationStacks::new(client(server.url())).stack_events("x", None).await.unwrap_err();
    assert_eq!((error.operation, error.code.as_deref()), ("DescribeStackEvents", Some("ValidationError")));
}

#[tokio::test]
async fn operations_are_sorted_newest_first_and_equal_times_keep_their_order() {
    let server = serve(|action, _| {
        let operation = |id: &str, at: &str| {
            format!(
                "<member><OperationId>{id}</OperationId><Action>UPDATE</Action><Status>SUCCEEDED</Status><CreationTimestamp>2026-02-01T00:00:{at}Z</CreationTimestamp></member>"
            )
        };
        let all = [("a-1", "01"), ("b-2", "03.100"), ("a-3", "03.100"), ("b-4", "03.900")].map(|(id, at)| operation(id, at)).concat();
        result(action, &format!("<Summaries>{all}</Summaries>"))
    });
    let stack_sets = CloudFormationStackSets::new(client(server.url()), CallAs::Itself);
    let listed = stack_sets.list_operations(&"iris-staging".parse().unwrap()).await.unwrap();
    assert_eq!(listed.iter().map(|operation| operation.id.as_str()).collect::<Vec<_>>(), ["b-4", "b-2", "a-3", "a-1"]);
}

/// The accounts of a unit without their list are not "no accounts": a release would lose its targets.
#[tokio::test]
async fn a_response_of_organizations_without_its_list_or_account_is_an_error() {
    for body in ["", "{}", r#"{"unexpected":1}"#, r#"{"Organization":{}}"#, r#"{"Accounts":null,"OrganizationalUnits":null}"#] {
        let server = Loopback::start(move |_| Answer::new(200).body("application/x-amz-json-1.1", body)).unwrap();
        let organization = AwsOrganization::new(organizations(server.url()));
        let unit = "ou-abcd-stagingx".parse().unwrap();
        for error in [
            organization.accounts(&unit, None).await.map(drop).unwrap_err(),
            organization.units(&unit, None).await.map(drop).unwrap_err(),
            organization.management_account().await.map(drop).unwrap_err(),
        ] {
            assert!(error.hint().unwrap().contains("another server may have responded"), "{body}: {error}");
        }
    }
    let lists = r#"{"Accounts":[],"OrganizationalUnits":[]}"#;
    let server = Loopback::start(move |_| Answer::new(200).body("application/x-amz-json-1.1", lists)).unwrap();
    let organization = AwsOrganization::new(organizations(server.url()));
    let unit = "ou-abcd-stagingx".parse().unwrap();
    assert!(organization.accounts(&unit, None).await.unwrap().items.is_empty());
    assert!(organization.units(&unit, None).await.unwrap().items.is_empty());
}

fn organizations(url: &str) -> aws_sdk_organizations::Client {
    let config = aws_sdk_organizations::Config::builder()
        .behavior_version(aws_sdk_organizations::config::BehaviorVersion::latest())
        .region(aws_sdk_organizations::config::Region::new("us-east-1"))
        .credentials_provider(aws_sdk_organizations::config::Credentials::new("test", "test", None, None, "test"))
        .endpoint_url(url)
        .retry_config(aws_sdk_organizations::config::retry::RetryConfig::disabled())
        .build();
    aws_sdk_organizations::Client::from_conf(config)
}

#[tokio::test]
async fn an_operation_is_stopped_as_the_delegated_administrator_too() {
    let server = serve(|action, _| result(action, ""));
    let (name, operation) = ("iris-staging".parse().unwrap(), "run-1-update-1".parse().unwrap());
    CloudFormationStackSets::new(client(server.url()), CallAs::DelegatedAdmin).stop_operation(&name, &operation).await.unwrap();
    let sent = server.requests().pop().unwrap().text();
    for part in ["Action=StopStackSetOperation", "StackSetName=iris-staging", "OperationId=run-1-update-1", "CallAs=DELEGATED_ADMIN"] {
        assert!(sent.contains(part), "{sent}");
    }
}
