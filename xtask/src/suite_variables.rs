//! The variables `${NAME}` of a suite: from the command line, and the stage's parameters.

use std::collections::BTreeMap;

use model_release::{Diagnostic, Failure, Release, Stage, stop_on_errors};

/// The values of all variables: the stage's parameters and `StageName`, overridden by `--var`.
///
/// Reads from the environment only what `--var NAME` names: a suite may come from another team, and
/// it sends values to other machines.
pub(crate) fn values(options: &[String], stage: Stage, release: Option<&Release>) -> Result<BTreeMap<String, String>, Failure> {
    let mut values = match release {
        Some(release) => release.parameters(stage)?,
        None => BTreeMap::new(),
    };
    values.insert("StageName".to_owned(), stage.name().to_owned());
    let mut diagnostics = Vec::new();
    for variable in options {
        match variable.split_once('=') {
            Some((name, value)) if !name.trim().is_empty() => {
                values.insert(name.trim().to_owned(), value.to_owned());
            }
            Some(_) => diagnostics.push(Diagnostic::error(format!("`{variable}` does not name a variable")).named("--var")),
            None => match std::env::var(variable) {
                Ok(value) => {
                    values.insert(variable.clone(), value);
                }
                Err(_) => diagnostics.push(
                    Diagnostic::error(format!("the environment has no variable `{variable}`"))
                        .named("--var")
                        .with_hint(format!("set it, or pass the value: --var {variable}=VALUE")),
                ),
            },
        }
    }
    stop_on_errors(diagnostics)?;
    Ok(values)
}
