//! Parsing lists of accounts and regions.

use super::{accounts, regions, yes_or_no};

#[test]
fn a_list_of_accounts_is_trimmed_sorted_and_deduplicated() {
    let mut diagnostics = Vec::new();
    let read = accounts(" 333333333333,222222222222 , 222222222222,,", "--staging-accounts", &mut diagnostics);
    assert_eq!(read.iter().map(ToString::to_string).collect::<Vec<_>>(), ["222222222222", "333333333333"]);
    assert!(diagnostics.is_empty());
}

#[test]
fn every_wrong_account_is_reported() {
    let mut diagnostics = Vec::new();
    accounts("22222222222,x,4444444444444", "--staging-accounts", &mut diagnostics);
    assert_eq!(diagnostics.len(), 3);
}

#[test]
fn regions_keep_their_order() {
    let mut diagnostics = Vec::new();
    let read = regions("us-gov-west-1,eu-west-1, eu-west-1", "--regions", &mut diagnostics);
    assert_eq!(read.iter().map(ToString::to_string).collect::<Vec<_>>(), ["us-gov-west-1", "eu-west-1"]);
    assert!(diagnostics.is_empty());
    regions("useast1,us-east,-1,us--1", "--regions", &mut diagnostics);
    assert_eq!(diagnostics.len(), 4);
}

#[test]
fn yes_and_no_in_any_case() {
    assert_eq!(yes_or_no("Yes"), Some(true));
    assert_eq!(yes_or_no("FALSE"), Some(false));
    assert_eq!(yes_or_no("maybe"), None);
}
