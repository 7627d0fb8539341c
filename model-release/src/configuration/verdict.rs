//! What the checks of a stage's parameters come to, in one line and for programs.

use std::fmt;

use serde::Serialize;

use super::{Configuration, Pipeline, StageParameters};

/// What the checks of a stage's parameters come to.
#[derive(Debug, Clone, Serialize)]
pub struct StageVerdict {
    stage: &'static str,
    verdict: &'static str,
    declared: usize,
    set: usize,
    not_known: Vec<String>,
}

impl Configuration {
    /// What the checks of a stage's parameters come to.
    pub fn verdict(&self, pipeline: &Pipeline<'_>, parameters: &StageParameters) -> StageVerdict {
        let declarations = &self.section.declarations;
        let not_known = self.not_known(pipeline, &parameters.merged).into_iter();
        StageVerdict {
            stage: pipeline.stage.name(),
            verdict: if parameters.is_right() { "passed" } else { "failed" },
            declared: declarations.len(),
            set: parameters.checked.parameters.len(),
            not_known: not_known.filter(|name| declarations.contains_key(name)).collect(),
        }
    }
}

impl fmt::Display for StageVerdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { stage, verdict, declared, set, not_known } = self;
        write!(f, "{stage:<8} {verdict}: {set} of {declared} parameters set, the others by default")?;
        if not_known.is_empty() { Ok(()) } else { write!(f, "; not known here: {}", not_known.join(", ")) }
    }
}
