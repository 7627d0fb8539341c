//! What `${NAME}` stands for in a suite: what the command line gives, and the stage's own parameters.

use std::collections::BTreeMap;

use model_release::{Diagnostic, Failure, Release, Stage, stop_on_errors};

/// The values of all variables: the stage's parameters, `StageName`, and over them what `--var` says. Of the environment only what
/// `--var NAME` names is read: a suite is often somebody else's, and what it sends leaves this machine.
pub(crate) fn values(given: &[String], stage: Stage, release: Option<&Release>) -> Result<BTreeMap<String, String>, Failure> {
    let mut values = match release {
        Some(release) => release.parameters(stage)?,
        None => BTreeMap::new(),
    };
    values.insert("StageName".to_owned(), stage.name().to_owned());
    let mut diagnostics = Vec::new();
    for variable in given {
        match variable.split_once('=') {
            Some((name, value)) if !name.trim().is_empty() => {
                values.insert(name.trim().to_owned(), value.to_owned());
            }
            Some(_) => diagnostics.push(Diagnostic::error(format!("`{variable}` names no variable")).named("--var")),
            None => match std::env::var(variable) {
                Ok(value) => {
                    values.insert(variable.clone(), value);
                }
                Err(_) => diagnostics.push(
                    Diagnostic::error(format!("the environment has no variable `{variable}`"))
                        .named("--var")
                        .with_hint(format!("set it, or give the value: --var {variable}=VALUE")),
                ),
            },
        }
    }
    stop_on_errors(diagnostics)?;
    Ok(values)
}
