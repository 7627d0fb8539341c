//! The role to assume in each target account.

use model_release::aws::TargetRole;
use model_release::{Diagnostic, Failure, stop_on_errors};

use command_line::{RoleOptions, non_empty};

/// The role that the options name.
pub(crate) fn target_role(options: &RoleOptions) -> Result<TargetRole, Failure> {
    Ok(TargetRole {
        name: non_empty(options.role_name.as_ref()).map(str::to_owned),
        external_id: non_empty(options.role_external_id.as_ref()).map(str::to_owned),
        tags: tags(&options.session_tags)?,
    })
}

/// Reads session tags, with the limits of STS (`AssumeRole`, `Tags`).
fn tags(options: &[String]) -> Result<Vec<(String, String)>, Failure> {
    let (mut tags, mut diagnostics): (Vec<(String, String)>, _) = (Vec::new(), Vec::new());
    let wrong = |message: String| Diagnostic::error(message).named("--session-tag");
    for text in options {
        let Some((key, value)) = text.split_once('=') else {
            diagnostics.push(wrong(format!("`{text}` is not a tag")).with_hint("write KEY=VALUE"));
            continue;
        };
        let (key, value) = (key.trim(), value.trim());
        if key.is_empty() || key.chars().count() > 128 || value.chars().count() > 256 || key.to_ascii_lowercase().starts_with("aws:") {
            let hint = "a key has 1 to 128 characters and does not begin with `aws:`; a value has at most 256";
            diagnostics.push(wrong(format!("`{text}` cannot be a session tag")).with_hint(hint));
        } else if tags.iter().any(|(known, _)| known.eq_ignore_ascii_case(key)) {
            diagnostics.push(wrong(format!("the session tag `{key}` is set twice")).with_hint("keys must differ in more than case"));
        } else {
            tags.push((key.to_owned(), value.to_owned()));
        }
    }
    if tags.len() > 50 {
        diagnostics.push(wrong(format!("{} session tags are set; a session has at most 50", tags.len())));
    }
    stop_on_errors(diagnostics)?;
    Ok(tags)
}
