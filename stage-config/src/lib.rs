//! Merges the parameters of a deployment stage and checks them against the CloudFormation template, before AWS sees them.
//!
//! A stage of a deployment pipeline ("staging", "prod") has a file of parameters that a team writes, and the pipeline adds values
//! that only it knows: the model package, the account list, the environment. This crate merges the two, remembers where every
//! value came from, holds them against the template's own `Parameters` section, and writes the result in the form that the
//! deploying action reads. It does no input or output of its own and knows nothing of any AWS API.
//!
//! ```
//! use stage_config::{Layer, ParametersSection, check, merge, to_stack_set_parameters};
//!
//! let file = Layer::from_stage_file(
//!     r#"[{ "ParameterKey": "EndpointInstanceCount", "ParameterValue": "2" }]"#,
//!     "staging-config-template.json".as_ref(),
//! )?;
//! let mut pipeline = Layer::default();
//! pipeline.offer("EnvType", "staging", "--env-type-staging-name");
//!
//! // The section as CloudFormation knows it, as JSON.
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
//! - A [`Layer`] is one source of parameters. [`merge`] lays layers over each other; the last one wins, and nothing is lost: each
//!   [`Setting`] keeps the values that it replaced.
//! - A value is *asked* for when a person wrote it into a stage file: a template that does not declare it is an error. A value is
//!   *offered* when the pipeline knows it: it is passed on only when the template declares the parameter ([`Layer::offer`]).
//! - [`Overrides`] are parameters that are others in some accounts or regions of a stage; for one target they are one more layer.
//! - [`check`] reports every problem, not the first, each with its place, and hands out the parameters that remain. [`check_rules`] holds
//!   them against the template's `Rules`, and [`check_resources`] what the template makes of them against the rules of SageMaker.
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
pub use layer::{FileForm, Layer, Setting, StackPolicy, Standing, Value};
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
