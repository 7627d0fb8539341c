//! Merges a stage file with the pipeline's values and reports all problems with their places:
//! `cargo run -p stage-config --example check_stage_file`
#![allow(clippy::print_stdout, reason = "an example prints")]

use std::error::Error;

use stage_config::{Layer, ParametersSection, check, merge, to_stack_set_parameters};

const STAGE_FILE: &str = r#"[
  { "ParameterKey": "EndpointInstanceCount", "ParameterValue": "COUNT" },
  { "ParameterKey": "EndpointInstanceType", "ParameterValue": "ml.m5.large" }
]"#;

fn main() -> Result<(), Box<dyn Error>> {
    let section = ParametersSection::parse(&serde_json::json!({
        "EndpointInstanceCount": { "Type": "Number", "MinValue": 1 },
        "EndpointInstanceType": { "Type": "String" },
        "EnvType": { "Type": "String", "AllowedPattern": "[a-z]+" },
    }))?;
    let merged = |count: &str| -> Result<_, Box<dyn Error>> {
        let mut pipeline = Layer::default();
        pipeline.set_by_pipeline("EnvType", "staging", "--env-type");
        let stage = Layer::from_stage_file(&STAGE_FILE.replace("COUNT", count), "staging-config.json".as_ref())?;
        Ok(merge([stage, pipeline]))
    };

    let (parameters, notes) = check(&merged("2")?, &section).into_result()?;
    println!("{}", to_stack_set_parameters(&parameters));
    assert!(notes.is_empty());

    let problems = check(&merged("0")?, &section).into_result().err().ok_or("0 instances must be a problem")?;
    println!("{problems}");
    assert!(problems.to_string().starts_with("staging-config.json:2:"));
    Ok(())
}
