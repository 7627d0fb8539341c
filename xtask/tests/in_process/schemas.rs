//! Checks that the JSON Schemas of this program's files in `schemas/` are current; model-release
//! checks the others.
//!
//! `UPDATE_SCHEMAS=1 cargo test -p xtask schemas` writes them again.

use std::path::Path;

use model_release::configuration::Configuration;

use crate::commands::config;
use command_line::SchemaOf;

fn is_fresh(name: &str, fresh: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../schemas").join(name);
    if std::env::var_os("UPDATE_SCHEMAS").is_some() {
        std::fs::write(&path, fresh).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == fresh, "schemas/{name} is stale: run `UPDATE_SCHEMAS=1 cargo test -p xtask schemas`");
}

#[test]
fn the_schemas_of_the_template_are_current() {
    let template = Path::new(env!("CARGO_MANIFEST_DIR")).join("../cfn-sm-endpoint-template.yml");
    let section = Configuration::read_section(&template).unwrap_or_else(|failure| panic!("{:?}", failure.diagnostics));
    is_fresh("stage-config.cfn-sm-endpoint.json", &config::schema::text(&section, SchemaOf::Stage));
    is_fresh("stage-overrides.cfn-sm-endpoint.json", &config::schema::text(&section, SchemaOf::Overrides));
}
