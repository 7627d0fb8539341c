//! Finding property tests in the sources.

use super::*;

#[test]
fn the_functions_of_both_macros_are_found_and_no_others() {
    let source = "fn helper() {}\n\nproptest! {\n    #![proptest_config(x)]\n    #[test]\n    fn one(a in 0..1) {\n    }\n}\n\nmod tests {\n    \
                  prop_state_machine! {\n        #[test]\n        fn two(sequential 1..2 => A);\n    }\n    fn three() {}\n}\n";
    assert_eq!(properties(source), ["one", "two"]);
}

#[test]
fn every_use_of_proptests_macros_in_the_workspace_is_found() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_owned();
    let suites = suites(&Project { root: root.clone() }).unwrap();
    assert!(suites.iter().any(|suite| suite.name == "stack-rollout/rollout/state_machine"), "{suites:#?}");
    let output = std::process::Command::new("grep")
        .args([
            "-rlE",
            r"^\s*(proptest|prop_state_machine)!",
            "--include=*.rs",
            "--exclude-dir=target",
            "--exclude-dir=fuzz",
            "--exclude-dir=properties",
            ".",
        ])
        .current_dir(root)
        .output()
        .unwrap();
    let files = String::from_utf8(output.stdout).unwrap();
    assert_eq!(files.lines().count(), suites.len(), "{files}\n{suites:#?}");
}
