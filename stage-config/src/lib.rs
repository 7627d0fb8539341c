//! Merges the parameters of a deployment stage and checks them against the CloudFormation template, before AWS sees them.
//!
//! A stage of a deployment pipeline ("staging", "prod") has a parameter file that a team writes.
//! The pipeline adds values that only it knows: the model package, the account list, the
//! environment. This crate merges the two, records the origin of every value, checks the values
//! against the template's `Parameters` section, and writes the result in the format of the
//! deploying action. It does no input or output of its own and calls no AWS API.
//!
//! ```
//! use stage_config::{Layer, ParametersSection, check, merge, to_stack_set_parameters};
//!
//! let file = Layer::from_stage_file(
//!     r#"[{ "ParameterKey": "EndpointInstanceCount", "ParameterValue": "2" }]"#,
//!     "staging-config-template.json".as_ref(),
//! )?;
//! let mut pipeline = Layer::default();
//! pipeline.set_by_pipeline("EnvType", "staging", "--env-type-staging-name");
//!
//! // The section as JSON, with functions in their long form.
//! let section = ParametersSection::parse(&serde_json::json!({
//!     "EndpointInstanceCount": { "Type": "Number", "MinValue": 1 },
//!     "EnvType": { "Type": "String" },
//! }))?;
//!
//! let checked = check(&merge([file, pipeline]), &section);
//! assert!(checked.problems.is_empty());
//! assert!(to_stack_set_parameters(&checked.parameters).contains(r#""ParameterValue": "staging""#));
//! # Ok::<(), stage_config::Problems>(())
//! ```
//!
//! # Concepts
//!
//! - A [`Layer`] is one source of parameters. [`merge`] merges layers; the last one wins, and
//!   nothing is lost: each [`Setting`] keeps the values that it replaced.
//! - A value from a stage file must be declared by the template; otherwise it is an error. A value
//!   from the pipeline ([`Layer::set_by_pipeline`]) is passed only if the template declares the
//!   parameter.
//! - [`Overrides`] are parameters with other values in some accounts or regions of a stage; for one
//!   target they are one more layer.
//! - [`check`] reports all problems, each with its place, and returns the remaining parameters.
//!   [`check_rules`] checks them against the template's `Rules`, and [`check_resources`] checks the
//!   resolved template against SageMaker's rules.
//! - [`to_stack_set_parameters`] and [`to_template_configuration`] write CodePipeline's two file formats; [`Layer::from_stage_file`]
//!   reads both. [`stage_file_schema`] and [`override_file_schema`] are for editors.

mod allowed_pattern;
mod check;
mod formats;
mod layer;
mod merge;
pub mod names;
mod overrides;
mod parameter_type;
mod parameters_section;
mod problem;
mod provenance;
mod resources;
mod rules;
mod schema;
mod source;
mod stage_file;

pub use allowed_pattern::AllowedPattern;
pub use check::{Checked, check};
pub use formats::{ParametersFile, to_stack_set_parameters, to_template_configuration};
pub use layer::{FileForm, Layer, SetBy, Setting, StackPolicy, StageWaves, Value};
pub use merge::{Merged, merge};
pub use overrides::{Override, Overrides, TargetOverride};
pub use parameter_type::ParameterType;
pub use parameters_section::{ParameterDeclaration, ParametersSection};
pub use problem::{Place, Problem, Problems, Severity};
pub use provenance::ResolvedTemplate;
pub use resources::{References, ResourceRules, check_resources};
pub use rules::check_rules;
pub use schema::{override_file_schema, stage_file_schema};

/// The README's examples compile and run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
