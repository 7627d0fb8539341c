//! Parses the options for regional model packages.

use std::collections::BTreeMap;

use aws_names::{ModelPackageArn, Region};

use crate::Diagnostic;
use crate::release_build::RegionalSelection;

/// Parses several options, and returns all problems. A region has one model package.
pub fn regional_packages(options: &[String]) -> (BTreeMap<Region, RegionalSelection>, Vec<Diagnostic>) {
    let (mut packages, mut problems) = (BTreeMap::new(), Vec::new());
    for text in options.iter().map(|text| text.trim()).filter(|text| !text.is_empty()) {
        match regional_package(text) {
            Ok((region, selection)) => {
                let known = packages.insert(region.clone(), selection.clone());
                if known.is_some_and(|known| known != selection) {
                    let message = format!("two model packages are named for region `{region}`");
                    problems.push(Diagnostic::error(message).with_hint("name one"));
                }
            }
            Err(problem) => problems.push(problem),
        }
    }
    (packages, problems)
}

/// Parses `REGION=ARN`, `REGION=VERSION`, `REGION=same-version`, or an ARN with its region.
fn regional_package(text: &str) -> Result<(Region, RegionalSelection), Diagnostic> {
    let arn = |text: &str| text.parse::<ModelPackageArn>().map_err(|error| Diagnostic::error(error.to_string()));
    if text.starts_with("arn:") {
        let arn = arn(text)?;
        return Ok((arn.region().clone(), RegionalSelection::Arn(arn)));
    }
    let shape = "use REGION=ARN, REGION=VERSION or REGION=same-version, such as eu-west-1=7";
    let Some((region, which)) = text.split_once('=') else {
        return Err(Diagnostic::error(format!("`{text}` does not assign a model package to a region")).with_hint(shape));
    };
    let (region, which) = (region.trim(), which.trim());
    if region.is_empty() {
        return Err(Diagnostic::error(format!("`{text}` has no region")).with_hint(shape));
    }
    let region: Region = region.parse().map_err(|_| {
        Diagnostic::error(format!("`{region}` is not an AWS region"))
            .with_hint("use a region such as us-east-1; separate regions with commas")
    })?;
    let selection = match which {
        "same-version" => RegionalSelection::SameVersion,
        _ if which.starts_with("arn:") => {
            let arn = arn(which)?;
            if *arn.region() != region {
                return Err(Diagnostic::error(format!("`{arn}` is in region `{}`, not in `{region}`", arn.region()))
                    .with_hint("a model package serves endpoints of its own region only"));
            }
            RegionalSelection::Arn(arn)
        }
        _ => match which.parse::<u32>() {
            Ok(version @ 1..=999_999_999) => RegionalSelection::Version(version),
            _ => return Err(Diagnostic::error(format!("`{which}` is neither a version nor the ARN of a model package")).with_hint(shape)),
        },
    };
    Ok((region, selection))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_gets_a_version_the_same_version_or_an_arn() {
        let arn = "arn:aws:sagemaker:eu-central-1:111111111111:model-package/iris/7";
        let read = ["eu-west-1=7", " ap-south-1 = same-version", arn].map(|text| regional_package(text).unwrap());
        assert_eq!(
            read,
            [
                ("eu-west-1".parse().unwrap(), RegionalSelection::Version(7)),
                ("ap-south-1".parse().unwrap(), RegionalSelection::SameVersion),
                ("eu-central-1".parse().unwrap(), RegionalSelection::Arn(arn.parse().unwrap())),
            ]
        );
    }

    #[test]
    fn missing_regions_and_packages_and_contradictions_are_rejected() {
        let arn = "arn:aws:sagemaker:eu-central-1:111111111111:model-package/iris/7";
        for text in ["7", "=7", "europe=7", "eu-west-1=", "eu-west-1=0", "eu-west-1=newest", "eu-west-1=arn:aws:s3:::x", "arn:aws:s3:::x"] {
            assert!(regional_package(text).is_err(), "{text}");
        }
        assert!(regional_package(&format!("eu-west-1={arn}")).is_err());
    }

    #[test]
    fn a_region_has_one_model_package() {
        let parse = |options: &[&str]| {
            let options: Vec<_> = options.iter().map(|option| (*option).to_owned()).collect();
            let (packages, problems) = regional_packages(&options);
            (packages.into_iter().collect::<Vec<_>>(), problems.len())
        };
        assert_eq!(parse(&["eu-west-1=7", "eu-west-1=8"]).1, 1);
        assert_eq!(parse(&["eu-west-1=7", "eu-west-1=7"]), (vec![("eu-west-1".parse().unwrap(), RegionalSelection::Version(7))], 0));
        assert_eq!(parse(&["7", ""]).1, 1);
    }
}
