//! The selection of suites.

use super::*;

fn suite(name: &str) -> Suite {
    Suite { name: name.to_owned(), package: "stack-rollout", features: "", properties: Vec::new() }
}

#[test]
fn suites_are_selected_by_a_part_of_their_names_and_an_unknown_name_is_refused() {
    let all = vec![suite("stack-rollout/rollout/laws"), suite("stage-config/laws")];
    let names = |names: &[&str]| {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        chosen(all.clone(), &names).map(|(suites, _)| suites.into_iter().map(|suite| suite.name).collect::<Vec<_>>())
    };
    assert_eq!(names(&[]).unwrap().len(), 2);
    assert_eq!(names(&["stage-config"]).unwrap(), ["stage-config/laws"]);
    assert!(names(&["faults"]).unwrap().is_empty());
    assert_eq!(names(&["stage-config", "lows"]).unwrap_err().kind, FailureKind::BadInput);
}
