//! Groups ARNs by account and region, and reports the texts that are not ARNs:
//! `cargo run -p aws-names --example group_by_account`
#![allow(clippy::print_stdout, reason = "an example prints")]

use std::collections::BTreeMap;

use aws_names::{AccountId, Arn, InvalidName, Region};

fn main() {
    let texts = [
        "arn:aws:sagemaker:eu-west-1:222222222222:endpoint/iris-staging",
        "arn:aws:sagemaker:eu-west-1:333333333333:endpoint/iris-prod",
        "arn:aws:iam::222222222222:role/deployment/Execution",
        "arn:aws:sagemaker:eu-west-1:22222:endpoint/iris",
    ];
    let mut groups: BTreeMap<(Option<AccountId>, Option<Region>), Vec<Arn>> = BTreeMap::new();
    let mut invalid = Vec::new();
    for text in texts {
        let arn: Result<Arn, InvalidName> = text.parse();
        match arn {
            Ok(arn) => groups.entry((arn.account().cloned(), arn.region().cloned())).or_default().push(arn),
            Err(error) => invalid.push(error.to_string()),
        }
    }
    for ((account, region), arns) in &groups {
        let account = account.as_ref().map_or("no account", AccountId::as_str);
        let region = region.as_ref().map_or("every region", Region::as_str);
        let names: Vec<&str> = arns.iter().map(Arn::name).collect();
        println!("{account} in {region}: {}", names.join(", "));
    }
    println!("not valid: {}", invalid.join("; "));
    assert_eq!((groups.len(), invalid.len()), (3, 1));
}
