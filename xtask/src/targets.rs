//! Target accounts and regions as people write them: lists with commas.

use std::collections::BTreeSet;

use aws_names::{AccountId, Region};

use model_release::Diagnostic;

/// Reads a list of accounts: white space and a comma too many do no harm, an account named twice counts once.
pub(crate) fn accounts(text: &str, source: &str, diagnostics: &mut Vec<Diagnostic>) -> BTreeSet<AccountId> {
    let mut accounts = BTreeSet::new();
    for member in members(text) {
        match member.parse::<AccountId>() {
            Ok(account) => {
                accounts.insert(account);
            }
            Err(_) => diagnostics.push(
                Diagnostic::error(format!("`{member}` is not an AWS account id"))
                    .named(source)
                    .with_hint("an account id has 12 digits; separate accounts with commas"),
            ),
        }
    }
    accounts
}

/// Reads a list of regions, in the order in which they are to be deployed to.
pub(crate) fn regions(text: &str, source: &str, diagnostics: &mut Vec<Diagnostic>) -> Vec<Region> {
    let mut regions: Vec<Region> = Vec::new();
    for member in members(text) {
        match member.parse() {
            Ok(region) if regions.contains(&region) => {}
            Ok(region) => regions.push(region),
            Err(_) => {
                let diagnostic = Diagnostic::error(format!("`{member}` is not an AWS region")).named(source);
                diagnostics.push(diagnostic.with_hint("a region looks like us-east-1; separate regions with commas"));
            }
        }
    }
    regions
}

/// Reads yes or no, as the pipeline's variables say it.
pub(crate) fn yes_or_no(text: &str) -> Option<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "yes" | "true" => Some(true),
        "no" | "false" => Some(false),
        _ => None,
    }
}

fn members(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|member| !member.is_empty())
}

#[cfg(test)]
mod tests {
    use super::{accounts, regions, yes_or_no};

    #[test]
    fn a_list_of_accounts_is_trimmed_sorted_and_free_of_repetition() {
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
}
