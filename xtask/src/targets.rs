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
#[path = "../tests/in_process/targets.rs"]
mod tests;
