//! Tests Amazon SageMaker endpoints in any account, and model containers, with real requests.
//!
//! A team writes requests and expected responses into a [suite](Suite). A [run](Run) waits until
//! the target is in service, checks that it serves the approved model package, sends the requests
//! and returns the results. A [report](Report) over all targets is written as JSON, JUnit XML, an
//! HTML page and a table.
//!
//! ```no_run
//! # #[cfg(all(feature = "container", feature = "render"))]
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use std::path::Path;
//!
//! use endpoint_test::{ContainerTarget, Report, Run, Suite, TargetInfo, ToolInfo, report};
//!
//! let suite = Suite::load(Path::new("test/endpoint-tests.yaml"))?;
//! let target = ContainerTarget::new("http://127.0.0.1:8080")?;
//! let info = TargetInfo { account_id: "local".into(), endpoint: "http://127.0.0.1:8080".into(), ..TargetInfo::default() };
//! let result = Run::new(&target, &suite).start(info, |_event| {}).await;
//!
//! let tool = ToolInfo { name: "example".into(), version: "1.0.0".into() };
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
//!   - name: a word is not a number
//!     payload: { csv: "abc,3.5,1.4,0.2" }
//!     expect: { model_error: { status: 400, message_contains: could not convert } }
//! "#;
//! let suite = Suite::parse(text, Path::new("endpoint-tests.yaml"))?;
//! assert_eq!(suite.cases().len(), 3);
//! # Ok::<(), endpoint_test::SuiteErrors>(())
//! ```
//!
//! All mistakes are reported at once, each with its line:
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
//! - **A failure is not an error.** [`Failed`](Outcome::Failed) is proven: the model's response is
//!   wrong, or the endpoint serves another package. [`Errored`](Outcome::Errored) is unknown: no
//!   permission, no network, no response in time. If nothing ran, the verdict is
//!   [`Empty`](Verdict::Empty), which is not success.
//! - **[`Target`]** is what is tested: [`ContainerTarget`], `aws::SageMakerTarget` (feature `aws`),
//!   or your own.
//! - **Identity.** After a failed deployment AWS restores the former model and reports the endpoint
//!   as `InService`. The check `identity` compares the model package of every variant that gets
//!   traffic with the approved one.
//! - **[`Event`]s** report progress. This crate prints nothing and reads no environment variables.
//! - **Once.** Each request is sent once: a retry would hide an error and distort the latency.
//!
//! # Features
//!
//! | feature | default | adds |
//! |---|---|---|
//! | `aws` | yes | the module `aws`: SageMaker endpoints as targets and sessions in other accounts; brings the AWS SDK |
//! | `load` | yes | the load generator; without it a suite with the key `load` is an error ([`ProblemCode::LoadNotSupported`]) |
//! | `container` | yes | `ContainerTarget`: model containers as targets, over plain HTTP |
//! | `render` | yes | `report::html`, `report::junit` and `report::table`; `report::json` is always there |
//! | `schema` | no | `suite::json_schema` and `report::json_schema`: JSON Schemas of the suite file and of the JSON report |

mod approved;
#[cfg(feature = "aws")]
pub mod aws;
mod check;
mod clock;
#[cfg(feature = "container")]
mod container;
mod debug;
mod deep_stack;
mod draft;
mod event;
mod expect;
mod format;
mod interruption;
mod json;
#[cfg(feature = "load")]
pub mod load;
mod media_type;
mod options;
mod problem;
mod replay;
pub mod report;
mod rows;
mod run;
mod samples;
pub mod shell;
pub mod statistics;
pub mod suite;
mod target;

pub use self::approved::{Comparison, FailedCall, compare_images, environment_digest};
pub use self::check::{CheckPrograms, CustomCheck, Exchange, Finding};
#[cfg(feature = "schema")]
pub use self::check::{check_input_schema, check_output_schema};
pub use self::clock::{Clock, SystemClock};
#[cfg(feature = "container")]
pub use self::container::ContainerTarget;
pub use self::draft::{DraftError, DraftOptions, SuiteDraft};
pub use self::event::Event;
pub use self::interruption::Interruption;
#[cfg(feature = "load")]
pub use self::load::LoadPlan;
#[cfg(feature = "load")]
pub use self::options::LoadMode;
pub use self::options::RunOptions;
pub use self::problem::{Place, Problem, ProblemCode};
pub use self::replay::CapturedRequests;
pub use self::report::{
    BoundReport, CaseComparison, CaseReport, CheckReport, ClassFlip, ComparisonReport, Counts, DifferenceReport, FindingCode, FlipsReport,
    GoldenUpdate, IntervalReport, LatencyComparison, LoadReport, MetricComparison, MetricReport, Outcome, PartialRun, ReplayReport, Report,
    RowFlip, RowReport, RowsReport, SuiteInfo, TargetInfo, TargetReport, ToolInfo, UnpairedReport, Verdict,
};
pub use self::run::{
    Baseline, ChampionResults, Expected, ExpectedContainer, ExpectedModel, ExpectedSetting, ExpectedVariant, ExpectedVpc, Run,
};
pub use self::samples::{MAX_ARCHIVE, SampleError, SampleStore, Samples};
pub use self::suite::{
    Case, CaseListing, EndpointSection, GateOutlook, LoadOutlook, Outlook, Suite, SuiteErrors, SuiteListing, SuiteOptions, UnknownCase,
};
pub use self::target::{
    Asynchronous, DeployedContainer, Description, EndpointSettings, EndpointStatus, InvokeError, LARGE_BODY, MAX_BODY, ModelFailure,
    ModelResponse, Request, Target, TargetError, TargetErrorKind, TargetKind, Variant,
};

/// The README's example compiles.
#[cfg(all(doctest, feature = "container"))]
#[doc = include_str!("../README.md")]
struct Readme;
