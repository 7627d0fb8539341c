//! Really tests model endpoints: those of Amazon SageMaker in any account, and model containers on this machine.
//!
//! A team writes down in a [suite](Suite) what its model must answer. A [run](run()) waits until the target is in service,
//! checks that it serves the very model package that was approved, asks it the suite's questions, and says what it
//! found. A [report](Report) over all targets comes as JSON, JUnit XML, a page and a table.
//!
//! ```no_run
//! use std::path::Path;
//!
//! use endpoint_test::{ContainerTarget, Expected, Options, Report, Suite, TargetInfo, Tool, report, run};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let suite = Suite::load(Path::new("test/endpoint-tests.yaml"))?;
//! let target = ContainerTarget::new("http://127.0.0.1:8080")?;
//! let info = TargetInfo { account_id: "local".into(), endpoint: "http://127.0.0.1:8080".into(), ..TargetInfo::default() };
//! let result = run(&target, info, &suite, &Expected::default(), &Options::default(), |_event| {}).await;
//!
//! let tool = Tool { name: "example".into(), version: "1.0.0".into() };
//! let report = Report::assemble(tool, "staging", vec![result]);
//! std::fs::write("report.html", report::html(&report))?;
//! std::fs::write("junit.xml", report::junit(&report))?;
//! # Ok(())
//! # }
//! ```
//!
//! # A suite
//!
//! ```
//! # use std::path::Path;
//! # use endpoint_test::Suite;
//! let text = r#"
//! version: 1
//! cases:
//!   - name: one flower gets a species
//!     payload: { csv: "5.1,3.5,1.4,0.2" }          # csv | json | text | file (+ content_type)
//!     accept: text/csv
//!     expect:
//!       content_type: text/csv
//!       text: { contains: setosa }                 # equals | contains | matches
//!   - name: probabilities
//!     payload: { json: { instances: [[5.1, 3.5, 1.4, 0.2]] } }
//!     expect:
//!       json: [{ at: /predictions/0/score, between: [0, 1] }, { at: /predictions/0/label, one_of: [setosa, virginica] }]
//!       latency: { max: 300ms }
//!   - name: a word is no number
//!     payload: { csv: "abc,3.5,1.4,0.2" }
//!     expect: { model_error: { status: 400, message_contains: could not convert } }
//! "#;
//! let suite = Suite::parse(text, Path::new("endpoint-tests.yaml"))?;
//! assert_eq!(suite.cases().len(), 3);
//! # Ok::<(), endpoint_test::SuiteErrors>(())
//! ```
//!
//! A mistake is shown where it was made, and all of them at once:
//!
//! ```text
//! endpoint-tests.yaml:9:24: unknown key `betwen` in an entry of `json`
//!    |
//!  9 |         - { at: score, betwen: [0, 1] }
//!    |                        ^^^^^^
//!   hint: did you mean `between`?
//! ```
//!
//! # Concepts
//!
//! - **A failure is not an error.** [`Failed`](Outcome::Failed) is proven: the model answered wrongly, or the endpoint
//!   serves another package. [`Errored`](Outcome::Errored) is unknown: no permission, no network, no reply in time.
//!   Nothing that ran is [`Empty`](Verdict::Empty), and not success.
//! - **[`Target`]** is what is tested: [`ContainerTarget`], with the feature `aws` `aws::SageMakerTarget`, or your own.
//! - **Identity.** After a failed deployment AWS puts the former model back and calls the endpoint `InService`. The check
//!   `identity` compares the model package behind every variant that takes traffic with the one that was approved.
//! - **[`Event`]s** tell of progress; this crate prints nothing and reads no environment.
//! - **Once.** A request is sent once: a retry would hide an error, and spoil the latency.
//!
//! # Features
//!
//! | feature | default | gives |
//! |---|---|---|
//! | `aws` | yes | the module `aws`: SageMaker endpoints as targets and sessions in other accounts; brings the AWS SDK |
//! | `schema` | no | `suite::json_schema` and `report::json_schema`: JSON Schemas of the suite file and of the JSON report |

#[cfg(feature = "aws")]
pub mod aws;
mod check;
mod clock;
mod container;
mod event;
mod expect;
mod format;
mod interruption;
mod json;
pub mod load;
mod media_type;
mod options;
mod problem;
pub mod report;
mod rows;
mod run;
mod samples;
pub mod shell;
pub mod suite;
mod target;

pub use self::check::{Check, CheckPrograms, Exchange, Finding};
#[cfg(feature = "schema")]
pub use self::check::{check_input_schema, check_output_schema};
pub use self::clock::{Clock, SystemClock};
pub use self::container::ContainerTarget;
pub use self::event::Event;
pub use self::interruption::Interruption;
pub use self::load::LoadPlan;
pub use self::options::{LoadMode, Options};
pub use self::problem::{Place, Problem};
pub use self::report::{
    CaseComparison, CaseReport, CheckReport, ComparisonReport, Counts, DifferenceReport, GoldenUpdate, LoadReport, MetricReport, Outcome,
    Report, RowReport, RowsReport, SuiteInfo, TargetInfo, TargetReport, Tool, Verdict,
};
pub use self::run::{Expected, ExpectedVariant, Other, Setting, Vpc, run, run_beside, run_with_clock};
pub use self::samples::{MAX_ARCHIVE, SampleError, SampleStore, Samples};
pub use self::suite::{Case, EndpointSection, Suite, SuiteErrors, SuiteOptions};
pub use self::target::{
    Asynchronous, Description, EndpointSettings, EndpointStatus, InvokeError, LARGE_BODY, MAX_BODY, ModelFailure, Reply, Request, Target,
    TargetError, TargetErrorKind, TargetKind, Variant,
};

/// The README's example compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
