//! Reads comma-separated lists of target accounts and regions.

use std::collections::BTreeSet;

use aws_names::{AccountId, Region};

use model_release::Diagnostic;
#[cfg(feature = "aws")]
use model_release::{Failure, stop_on_errors};
#[cfg(feature = "aws")]
use stack_rollout::Target;

/// Reads a list of accounts; ignores white space, empty items and duplicates.
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

/// Reads a list of regions, in the order of deployment.
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

/// Reads stack instances, written as `plan` prints them.
#[cfg(feature = "aws")]
pub(crate) fn instances(texts: &[String], option: &str) -> Result<BTreeSet<Target>, Failure> {
    let invalid = |text: &&String| text.trim().parse::<Target>().is_err();
    let refused = |text: &String| {
        let hint = "write ACCOUNT/REGION as `plan` prints it, such as 222222222222/us-east-1";
        Diagnostic::error(format!("`{text}` is not an account and region")).named(option).with_hint(hint)
    };
    stop_on_errors(texts.iter().filter(invalid).map(refused).collect())?;
    Ok(texts.iter().filter_map(|text| text.trim().parse().ok()).collect())
}

/// Reads yes or no, as in the pipeline's variables.
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
