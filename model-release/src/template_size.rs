//! The size limits of a release's template.

use std::path::Path;

use stack_rollout::Template;

use crate::diagnostic::Diagnostic;

/// The largest template that CodePipeline's CloudFormationStackSet action deploys, in bytes (AWS
/// CodePipeline user guide, `TemplatePath`). The action reads it from the artifact, not from the
/// request, so the limit of requests does not apply.
const LONGEST_IN_PIPELINE: usize = 460_800;

/// An error if a template is too large. `is_for_pipeline`: CodePipeline deploys the release.
pub(crate) fn check(bytes: usize, path: &Path, is_for_pipeline: bool) -> Result<(), Diagnostic> {
    let (limit, who, code) = if bytes > Template::LONGEST_AT_URL {
        (Template::LONGEST_AT_URL, "CloudFormation", "template-too-large")
    } else if is_for_pipeline && bytes > LONGEST_IN_PIPELINE {
        (LONGEST_IN_PIPELINE, "CodePipeline's CloudFormationStackSet action", "template-too-large-for-codepipeline")
    } else {
        return Ok(());
    };
    let message = format!("the template has {bytes} bytes; {who} accepts at most {limit}");
    Err(Diagnostic::error(message).code(code).file(path).with_hint("move resources into nested stacks"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_limit_is_the_last_size_that_is_accepted() {
        let code = |bytes, is_for_pipeline| check(bytes, Path::new("template.yml"), is_for_pipeline).err().and_then(|error| error.code);
        for bytes in [1, 51_200, 51_201, 460_800] {
            assert_eq!((code(bytes, true), code(bytes, false)), (None, None), "{bytes}");
        }
        assert_eq!((code(460_801, true), code(460_801, false)), (Some("template-too-large-for-codepipeline"), None));
        assert_eq!((code(1_048_576, false), code(1_048_577, false)), (None, Some("template-too-large")));
        assert_eq!(code(1_048_577, true), Some("template-too-large"), "no other way of deployment helps");
    }
}
