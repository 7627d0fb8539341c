//! A plan for a thousand accounts in four regions fits on a screen; lists have pages of a hundred.

use std::fmt::Write as _;

use sandbox::loopback::{Answer, Loopback};
use sandbox::stand_in::{SeedPackages, StandIn};

use crate::cloud::{Cloud, GROUP, HOME};

const REGIONS: [&str; 4] = ["ap-south-1", "eu-west-1", "us-east-1", "us-west-2"];
const ACCOUNTS: usize = 1_000;

fn account(number: usize) -> String {
    format!("{:012}", 200_000_000_000 + number)
}

fn register(aws: &StandIn, region: &str) {
    let packages = SeedPackages {
        account: HOME.to_owned(),
        region: Some(region.to_owned()),
        group: GROUP.to_owned(),
        approved: 1,
        ..SeedPackages::default()
    };
    aws.seed_packages(&packages).unwrap();
}

/// CloudFormation with a stack set of this template, with instances in all but the last ten
/// accounts.
fn cloudformation(template: &str) -> Loopback {
    let escaped = template.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    Loopback::start(move |request| {
        let form = request.text();
        let field = |name: &str| form.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=')).map(str::to_owned);
        let action = field("Action").unwrap_or_default();
        let inner = match action.as_str() {
            "DescribeStackSet" => format!("<StackSet><StackSetName>x</StackSetName><Status>ACTIVE</Status><PermissionModel>SELF_MANAGED</PermissionModel><TemplateBody>{escaped}</TemplateBody></StackSet>"),
            "ListStackSetOperations" => "<Summaries></Summaries>".to_owned(),
            "DescribeStackInstance" => "<StackInstance><Status>CURRENT</Status></StackInstance>".to_owned(),
            _ => {
                let all = (ACCOUNTS - 10) * REGIONS.len();
                let begin: usize = field("NextToken").and_then(|token| token.parse().ok()).unwrap_or(0);
                let end = (begin + 100).min(all);
                let mut text = "<Summaries>".to_owned();
                for index in begin..end {
                    let failed = index % 97 == 0;
                    let (status, detailed) = if failed { ("OUTDATED", "FAILED") } else { ("CURRENT", "SUCCEEDED") };
                    let reason = if failed { "<StatusReason>no capacity</StatusReason>" } else { "" };
                    let (account, region) = (account(index / REGIONS.len()), REGIONS[index % REGIONS.len()]);
                    let _ = write!(text, "<member><Account>{account}</Account><Region>{region}</Region><Status>{status}</Status>{reason}<StackInstanceStatus><DetailedStatus>{detailed}</DetailedStatus></StackInstanceStatus></member>");
                }
                text.push_str("</Summaries>");
                if end < all {
                    let _ = write!(text, "<NextToken>{end}</NextToken>");
                }
                text
            }
        };
        let body = format!(r#"<{action}Response xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><{action}Result>{inner}</{action}Result></{action}Response>"#);
        Answer::new(200).body("text/xml", body)
    })
    .unwrap()
}

#[test]
fn a_plan_for_four_thousand_instances_fits_on_a_screen() {
    let cloud = Cloud::new();
    let mut project = cloud.project();
    let accounts: Vec<_> = (0..ACCOUNTS).map(account).collect();
    project.set("STAGING_ACCOUNT_LIST", &accounts.join(","));
    project.set("DEPLOYMENT_REGIONS", &REGIONS.join(","));
    project.set("REGIONAL_MODEL_PACKAGES", "ap-south-1=same-version,eu-west-1=same-version,us-west-2=same-version");
    project.set("SAGEMAKER_EBS_KMS_KEY_ARN", "");
    for region in REGIONS {
        register(&cloud.aws, region);
    }
    project.run(["build"]).ends_with(0);
    let server = cloudformation(&project.read("target/deploy/cfn-sm-endpoint.yaml"));
    project.set("AWS_ENDPOINT_URL", server.url());
    let run = project.run(["plan", "--stage", "staging", "--no-preflight"]).ends_with(0);
    let lines = run.stdout.lines().count();
    assert!(lines <= 60 && run.stdout.len() < 8_000, "{lines} lines\n{}", run.stdout);
    assert!(run.stdout.contains("40 to create, 3960 to change, 41 failed last time"), "{}", run.stdout);
    let of = |action: &str| server.requests().iter().filter(|request| request.text().contains(&format!("Action={action}&"))).count();
    assert_eq!((of("DescribeStackSet"), of("ListStackInstances")), (1, 40));
    // Instances with parameter overrides are described one by one; the release has some in three
    // regions.
    assert_eq!(of("DescribeStackInstance"), 3_960);
}
