//! How the model packages of other regions are read.

use super::*;

fn parse(options: &[&str]) -> (Vec<(Region, RegionalSelection)>, usize) {
    let mut diagnostics = Vec::new();
    let options: Vec<_> = options.iter().map(|option| (*option).to_owned()).collect();
    (read_regional(&options, &mut diagnostics).into_iter().collect(), diagnostics.len())
}

#[test]
fn a_region_has_one_model_package() {
    assert_eq!(parse(&["eu-west-1=7", "eu-west-1=8"]).1, 1);
    assert_eq!(parse(&["eu-west-1=7", "eu-west-1=7"]), (vec![("eu-west-1".parse().unwrap(), RegionalSelection::Version(7))], 0));
    assert_eq!(parse(&["7", ""]).1, 1);
}
