//! Settings that a target cannot honour.

use endpoint_test::{Suite, TargetKind};
use insta::assert_snapshot;

use crate::good;

fn refused(text: &str, target: TargetKind) -> String {
    good(text).check_for(target).map_or_else(|errors| errors.to_string(), |()| "no problem".to_owned())
}

#[test]
fn every_setting_that_a_container_would_ignore_is_reported_once_with_its_location() {
    let text = "\
version: 1
defaults: { target_variant: Blue, custom_attributes: a=1 }
cases:
  - { name: one, payload: { csv: '1' }, target_model: a/b.tar.gz, inference_id: x }
  - { name: two, payload: { csv: '1' }, target_variant: Green, target_container: c1 }
  - { name: three, payload: { csv: '1' }, inference_component: comp, expect: { status: 201 } }
";
    assert_snapshot!(refused(text, TargetKind::Container), @r"
    endpoint-tests.yaml:2:13: `target_variant` is not supported: a container has no variants
       |
     2 | defaults: { target_variant: Blue, custom_attributes: a=1 }
       |             ^^^^^^^^^^^^^^
      hint: remove the key, and run the container that the variant serves

    endpoint-tests.yaml:4:41: `target_model` is not supported: a container has one model
       |
     4 |   - { name: one, payload: { csv: '1' }, target_model: a/b.tar.gz, inference_id: x }
       |                                         ^^^^^^^^^^^^
      hint: remove the key, or test an endpoint with several models

    endpoint-tests.yaml:5:41: `target_variant` is not supported: a container has no variants
       |
     5 |   - { name: two, payload: { csv: '1' }, target_variant: Green, target_container: c1 }
       |                                         ^^^^^^^^^^^^^^
      hint: remove the key, and run the container that the variant serves

    endpoint-tests.yaml:5:64: `target_container` is not supported: a container has no other containers
       |
     5 |   - { name: two, payload: { csv: '1' }, target_variant: Green, target_container: c1 }
       |                                                                ^^^^^^^^^^^^^^^^
      hint: remove the key, and run the container with this host name

    endpoint-tests.yaml:6:43: `inference_component` is not supported: a container has no inference components
       |
     6 |   - { name: three, payload: { csv: '1' }, inference_component: comp, expect: { status: 201 } }
       |                                           ^^^^^^^^^^^^^^^^^^^
      hint: remove the key, and run the container of the inference component
    ");
}

#[test]
fn a_status_that_an_endpoint_never_reports_is_a_problem() {
    let suite = |status: u16| {
        format!(
            "version: 1\ncases:\n  - {{ name: one, payload: {{ csv: '1' }}, target_variant: Blue, expect: {{ status: {status} }} }}\n  - {{ name: rows, payload: {{ rows: {{ file: a.csv }} }}, expect_each: {{ status: {status} }} }}\n"
        )
    };
    assert_eq!(refused(&suite(200), TargetKind::Endpoint), "no problem");
    let refused = refused(&suite(204), TargetKind::Endpoint);
    let message = "`status: 204` cannot be checked on an endpoint, which reports 200 for every response";
    for place in ["3:81", "4:78"] {
        assert!(refused.contains(&format!("endpoint-tests.yaml:{place}: {message}")), "{refused}");
    }
}

#[test]
fn defaults_that_every_case_overrides_or_that_no_case_inherits_are_no_problem() {
    let overridden = "version: 1\ndefaults: { accept: text/csv, target_model: a }\ncases: []\n";
    assert_eq!(refused(overridden, TargetKind::Container), "no problem");
    let both: Suite = good("version: 1\ndefaults: { target_model: a }\ncases: [{ name: one, payload: { csv: '1' }, target_model: b }]\n");
    let errors = both.check_for(TargetKind::Container).unwrap_err();
    assert_eq!(errors.problems().iter().map(|problem| problem.place.unwrap().line).collect::<Vec<_>>(), [3]);
}

#[test]
fn the_shipped_suite_runs_on_every_kind_of_target() {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../test/endpoint-tests.yaml")).unwrap();
    for target in [TargetKind::Container, TargetKind::Endpoint] {
        assert_eq!(refused(&text, target), "no problem");
    }
}
