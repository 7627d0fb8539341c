//! Target accounts from organizational units.

use sandbox::stand_in::{SeedAccount, SeedOrganization, SeedUnit};
use serde_json::json;

use crate::cloud::{Cloud, HOME};
use crate::project::Project;

const STAGING: &str = "ou-abcd-stagingx";
const PROD: &str = "ou-abcd-productx";

fn unit(name: &str, id: &str, accounts: Vec<SeedAccount>, units: Vec<SeedUnit>) -> SeedUnit {
    SeedUnit { name: name.to_owned(), id: Some(id.to_owned()), accounts, units }
}

/// Staging has more than a page of accounts, a nested unit and a suspended account. The management
/// account is in the production unit.
fn organization() -> SeedOrganization {
    let many = (0..45u64).map(|number| SeedAccount::from(format!("{}", 222_222_222_200 + number).as_str())).collect();
    let suspended = SeedAccount { id: "299999999999".to_owned(), status: Some("SUSPENDED".to_owned()), ..SeedAccount::default() };
    let nested = unit("nested", "ou-abcd-nestedxx", vec!["244444444444".into(), suspended], Vec::new());
    SeedOrganization {
        management_account: HOME.to_owned(),
        units: vec![
            unit("staging", STAGING, many, vec![nested]),
            unit("production", PROD, vec!["333333333333".into(), HOME.into()], Vec::new()),
        ],
    }
}

/// A project whose accounts are those of both units.
pub(crate) fn project(cloud: &Cloud) -> Project {
    cloud.aws.seed_organization(&organization()).unwrap();
    cloud.register(10);
    let mut project = cloud.project();
    project.unset("STAGING_ACCOUNT_LIST");
    project.unset("PROD_ACCOUNT_LIST");
    project.set("ORGANIZATIONAL_UNIT_STAGING_ID", STAGING);
    project.set("ORGANIZATIONAL_UNIT_PROD_ID", PROD);
    project
}

#[test]
fn the_active_accounts_of_the_units_and_of_those_below_are_the_targets() {
    let cloud = Cloud::new();
    let project = project(&cloud);
    project.run(["build"]).ends_with(0).says("46 accounts");
    let staging = project.json("target/deploy/staging-accounts.json");
    let staging: Vec<_> = staging.as_array().unwrap().iter().map(|account| account.as_str().unwrap()).collect();
    assert_eq!(staging.len(), 46);
    assert!(staging.contains(&"244444444444") && !staging.contains(&"299999999999"));
    assert_eq!(project.json("target/deploy/prod-accounts.json"), json!(["333333333333"]));
    project.run(["setup"]).ends_with(0).says("244444444444");
}

#[test]
fn a_list_filters_the_accounts_of_the_units_with_the_option() {
    let cloud = Cloud::new();
    cloud.aws.seed_organization(&organization()).unwrap();
    cloud.register(1);
    let mut project = cloud.project();
    project.unset("PROD_ACCOUNT_LIST");
    project.set("ORGANIZATIONAL_UNIT_STAGING_ID", STAGING);
    project.set("ORGANIZATIONAL_UNIT_PROD_ID", PROD);
    // One in the staging unit, and an unknown one.
    project.set("STAGING_ACCOUNT_LIST", "222222222201,255555555555");
    let accounts = |filter: &str| {
        project.run(["build", "--account-filter", filter]).ends_with(0);
        let accounts = project.json("target/deploy/staging-accounts.json");
        accounts.as_array().unwrap().iter().map(|account| account.as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(accounts("intersection"), ["222222222201"]);
    let difference = accounts("difference");
    assert!(difference.len() == 45 && !difference.contains(&"222222222201".to_owned()));
    let union = accounts("union");
    assert!(union.len() == 47 && union.contains(&"255555555555".to_owned()));
}

#[test]
fn a_list_and_units_together_are_refused_and_a_wrong_id_is_named() {
    let cloud = Cloud::new();
    let mut project = cloud.project();
    project.set("ORGANIZATIONAL_UNIT_STAGING_ID", STAGING);
    project.run(["build"]).ends_with(2).says("both a list of accounts and organizational units are set");
    project.unset("STAGING_ACCOUNT_LIST");
    project.set("ORGANIZATIONAL_UNIT_STAGING_ID", "staging");
    project.run(["build"]).ends_with(2).says("`staging` is not the id of an organizational unit");
    project.set("ORGANIZATIONAL_UNIT_STAGING_ID", STAGING);
    project.run(["build"]).ends_with(3).says("this account's organization does not have all of these units");
}
