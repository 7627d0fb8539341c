//! The verdict on a stage's parameters, as one line and as JSON.

use std::fmt;

use serde::Serialize;

use super::{Configuration, Pipeline, StageParameters};

/// The verdict on a stage's parameters.
#[derive(Debug, Clone, Serialize)]
pub struct StageVerdict {
    stage: &'static str,
    verdict: &'static str,
    declared: usize,
    set: usize,
    not_known: Vec<String>,
}

impl Configuration {
    /// The verdict on a stage's parameters.
    pub fn verdict(&self, pipeline: &Pipeline<'_>, parameters: &StageParameters) -> StageVerdict {
        let declarations = &self.section.declarations;
        let not_known = self.not_known(pipeline, &parameters.merged).into_iter();
        StageVerdict {
            stage: pipeline.stage.name(),
            verdict: if parameters.is_valid() { "passed" } else { "failed" },
            declared: declarations.len(),
            set: parameters.checked.parameters.len(),
            not_known: not_known.filter(|name| declarations.contains_key(name)).collect(),
        }
    }
}

impl fmt::Display for StageVerdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { stage, verdict, declared, set, not_known } = self;
        write!(f, "{stage:<8} {verdict}: {set} of {declared} parameters set, the others have defaults")?;
        if not_known.is_empty() { Ok(()) } else { write!(f, "; unknown here: {}", not_known.join(", ")) }
    }
}
