//! Tests a model that is neither an endpoint nor a container, through a target of its own:
//! `cargo run -p endpoint-test --no-default-features --example target_of_your_own`
#![allow(clippy::print_stdout, reason = "an example prints")]

use std::error::Error;

use endpoint_test::{
    Description, EndpointStatus, InvokeError, ModelFailure, ModelResponse, Request, Run, Suite, Target, TargetError, TargetInfo,
    TargetKind, Verdict,
};

const SUITE: &str = "version: 1
cases:
  - name: one flower gets a species
    payload: { csv: '5.1,3.5,1.4,0.2' }
    expect: { text: { contains: setosa } }
  - name: a word is not a number
    payload: { csv: 'abc,3.5,1.4,0.2' }
    expect: { model_error: { status: 400, message_contains: not a number } }
";

/// The model is a function of this program.
struct InProcess;

impl Target for InProcess {
    /// It has no variants and no model package, as a container.
    fn kind(&self) -> TargetKind {
        TargetKind::Container
    }

    async fn describe(&self) -> Result<Description, TargetError> {
        Ok(Description { kind: self.kind(), status: EndpointStatus::InService, ..Description::default() })
    }

    async fn invoke(&self, request: &Request) -> Result<ModelResponse, InvokeError> {
        let row = String::from_utf8_lossy(&request.body);
        if row.split(',').all(|cell| cell.trim().parse::<f64>().is_ok()) {
            return Ok(ModelResponse {
                status: 200,
                content_type: Some("text/csv".to_owned()),
                body: "setosa\n".into(),
                ..ModelResponse::default()
            });
        }
        let message = format!("a cell of `{row}` is not a number");
        Err(InvokeError::Model(ModelFailure { status: Some(400), message, ..ModelFailure::default() }))
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let suite = Suite::parse(SUITE, "endpoint-tests.yaml".as_ref())?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let report = runtime.block_on(Run::new(&InProcess, &suite).start(TargetInfo::default(), |_event| {}));
    println!("{:?}", report.verdict);
    for case in &report.cases {
        println!("    {}: {:?}", case.name, case.outcome);
    }
    assert_eq!(report.verdict, Verdict::Passed);
    Ok(())
}
