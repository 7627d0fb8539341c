//! Checks a release for errors that CloudFormation would reject.

use std::collections::BTreeSet;

use crate::organization::UnitId;
use crate::problem::{Place, Problem};
use crate::release::{PermissionModel, Preferences, Release, Template};

/// CloudFormation's limits (the API model and the CloudFormation quotas page).
const MOST_PARAMETERS: usize = 200;
const LONGEST_PARAMETER_VALUE: usize = 4_096;
const MOST_TAGS: usize = 50;
const LONGEST_TAG_KEY: usize = 128;
const LONGEST_TAG_VALUE: usize = 256;
const LONGEST_DESCRIPTION: usize = 1_024;
const ROLE_ARN_LENGTHS: std::ops::RangeInclusive<usize> = 20..=2_048;
const LONGEST_ROLE_NAME: usize = 64;

impl Release {
    /// All errors in the release itself that CloudFormation would reject. Makes no call to AWS.
    pub fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        check_template(&self.template, &mut problems);
        check_parameters(&self.parameters, &mut problems);
        check_tags(&self.tags, &mut problems);
        if let Some(description) = &self.description {
            let length = description.chars().count();
            if !(1..=LONGEST_DESCRIPTION).contains(&length) {
                let message = format!("the description has {length} characters; 1 to 1,024 are allowed");
                problems.push(Problem::new("description-length", Place::StackSet, message));
            }
        }
        check_permissions(&self.permission_model, &mut problems);
        if self.targets.accounts.is_empty() {
            problems.push(
                Problem::new("no-accounts", Place::StackSet, "the release has no target account")
                    .with_hint("add at least one target account"),
            );
        }
        if self.targets.regions.is_empty() {
            problems.push(
                Problem::new("no-regions", Place::StackSet, "the release has no target region").with_hint("add at least one target region"),
            );
        }
        check_preferences(self, &self.preferences, &mut problems);
        for entry in &self.overrides {
            let pairs: Vec<_> = entry.parameters.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
            check_parameters(&pairs, &mut problems);
            for key in entry.parameters.keys().filter(|key| !self.parameters.iter().any(|(name, _)| name == *key)) {
                let message = format!("`{key}` is overridden in some targets but is not a parameter of the release");
                let hint = "CloudFormation can override only parameters of the stack set: set a value for all targets, too";
                problems.push(Problem::new("override-unknown", Place::Parameter(key.clone()), message).with_hint(hint));
            }
        }
        check_reapply(self, &mut problems);
        problems
    }
}

fn check_reapply(release: &Release, problems: &mut Vec<Problem>) {
    let Some(reapply) = release.reapply.as_ref().filter(|reapply| !reapply.targets.is_empty()) else { return };
    let name = &reapply.parameter;
    if !release.has_parameter(name) {
        let message = format!("the stacks cannot be updated again: the release does not set the parameter `{name}`");
        let hint = "without a parameter that changes, CloudFormation finds no change and updates nothing";
        problems.push(Problem::new("reapply-parameter", Place::Parameter(name.clone()), message).with_hint(hint));
    }
    for target in reapply.targets.iter().filter(|target| !release.targets.contains(target)) {
        let message = "it cannot be updated again: it is not a target of this rollout";
        problems.push(Problem::new("reapply-target", Place::Target(target.clone()), message));
    }
}

fn check_template(template: &Template, problems: &mut Vec<Problem>) {
    let bytes = template.body.len();
    if template.body.trim().is_empty() {
        problems.push(Problem::new("template-empty", Place::Template, "the template is empty"));
    } else if template.url.is_none() && bytes > Template::LONGEST_BODY {
        let message = format!("the template has {bytes} bytes; a request can have at most {}", Template::LONGEST_BODY);
        problems.push(Problem::new("template-too-large", Place::Template, message).with_hint("upload it to S3 and pass its https URL"));
    } else if bytes > Template::LONGEST_AT_URL {
        let message = format!("the template has {bytes} bytes; CloudFormation accepts at most {}", Template::LONGEST_AT_URL);
        problems.push(Problem::new("template-too-large", Place::Template, message).with_hint("split it into nested stacks"));
    }
    if let Some(url) = template.url.as_deref().filter(|url| !url.starts_with("https://") || url.len() > 5_120) {
        let message = format!("`{}` is not a template URL", url.chars().take(200).collect::<String>());
        problems.push(
            Problem::new("template-url", Place::Template, message).with_hint("use an https URL of an S3 object, at most 5,120 bytes"),
        );
    }
}

fn check_parameters(parameters: &[(String, String)], problems: &mut Vec<Problem>) {
    if parameters.len() > MOST_PARAMETERS {
        let message = format!("the release has {} parameters; CloudFormation accepts at most {MOST_PARAMETERS}", parameters.len());
        problems.push(Problem::new("too-many-parameters", Place::StackSet, message));
    }
    let mut seen = BTreeSet::new();
    for (key, value) in parameters {
        let mut report = |code, message: String| problems.push(Problem::new(code, Place::Parameter(key.clone()), message));
        if key.is_empty() || key.len() > 255 || !key.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            report("parameter-key", format!("`{key}` is not a valid parameter name: 1 to 255 letters and digits"));
        }
        if !seen.insert(key) {
            report("duplicate-parameter", format!("`{key}` is set more than once"));
        }
        if value.len() > LONGEST_PARAMETER_VALUE {
            report(
                "parameter-too-long",
                format!("the value of `{key}` has {} bytes; at most {LONGEST_PARAMETER_VALUE} are allowed", value.len()),
            );
        }
    }
}

fn check_tags(tags: &[(String, String)], problems: &mut Vec<Problem>) {
    if tags.len() > MOST_TAGS {
        let message = format!("the release has {} tags; CloudFormation accepts at most {MOST_TAGS}", tags.len());
        problems.push(Problem::new("too-many-tags", Place::StackSet, message));
    }
    let mut seen = BTreeSet::new();
    for (key, value) in tags {
        let mut report = |code, message: String| problems.push(Problem::new(code, Place::Tag(key.clone()), message));
        if key.is_empty() || key.chars().count() > LONGEST_TAG_KEY {
            report("tag-key", format!("the tag key `{key}` has {} characters; 1 to {LONGEST_TAG_KEY} are allowed", key.chars().count()));
        }
        if key.to_ascii_lowercase().starts_with("aws:") {
            report("tag-reserved", format!("the tag key `{key}` begins with `aws:`, which is reserved for AWS"));
        }
        if value.is_empty() || value.chars().count() > LONGEST_TAG_VALUE {
            let length = value.chars().count();
            report("tag-value", format!("the value of tag `{key}` has {length} characters; 1 to {LONGEST_TAG_VALUE} are allowed"));
        }
        if !seen.insert(key) {
            report("duplicate-tag", format!("the tag `{key}` is set more than once"));
        }
    }
}

fn check_permissions(model: &PermissionModel, problems: &mut Vec<Problem>) {
    match model {
        PermissionModel::SelfManaged { administration_role_arn, execution_role_name } => {
            if let Some(arn) = administration_role_arn
                && (!ROLE_ARN_LENGTHS.contains(&arn.len()) || !arn.starts_with("arn:") || !arn.contains(":role/"))
            {
                let message = format!("`{arn}` is not the ARN of an IAM role");
                problems.push(
                    Problem::new("administration-role", Place::StackSet, message)
                        .with_hint("use an ARN such as arn:aws:iam::111111111111:role/AWSCloudFormationStackSetAdministrationRole"),
                );
            }
            if let Some(name) = execution_role_name
                && (name.is_empty()
                    || name.len() > LONGEST_ROLE_NAME
                    || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_+=,.@-".contains(&byte)))
            {
                let message = format!("`{name}` is not the name of an IAM role");
                let hint = "use the role's name, not its ARN: at most 64 letters, digits and _+=,.@-";
                problems.push(Problem::new("execution-role", Place::StackSet, message).with_hint(hint));
            }
        }
        PermissionModel::ServiceManaged { organizational_unit_ids, .. } => {
            if organizational_unit_ids.is_empty() {
                let message = "service-managed permissions need the organizational units that contain the accounts";
                problems.push(Problem::new("no-organizational-units", Place::StackSet, message));
            }
            for id in organizational_unit_ids.iter().filter(|id| id.parse::<UnitId>().is_err()) {
                let message = format!("`{id}` is not the id of an organizational unit or root");
                problems.push(
                    Problem::new("organizational-unit", Place::StackSet, message).with_hint("use an id such as ou-ab12-cdef3456 or r-ab12"),
                );
            }
        }
    }
}

fn check_preferences(release: &Release, preferences: &Preferences, problems: &mut Vec<Problem>) {
    if let Some(percentage) = preferences.failure_tolerance_percentage.filter(|percentage| *percentage > 100) {
        let message = format!("a failure tolerance of {percentage} percent is not valid");
        problems
            .push(Problem::new("failure-tolerance", Place::Preference("FailureTolerancePercentage"), message).with_hint("use 0 to 100"));
    }
    if let Some(percentage) = preferences.max_concurrent_percentage.filter(|percentage| !(1..=100).contains(percentage)) {
        let message = format!("a maximum concurrency of {percentage} percent is not valid");
        problems.push(Problem::new("max-concurrent", Place::Preference("MaxConcurrentPercentage"), message).with_hint("use 1 to 100"));
    }
    let conflicts = [
        (preferences.failure_tolerance_count.is_some() && preferences.failure_tolerance_percentage.is_some(), "FailureTolerance"),
        (preferences.max_concurrent_count.is_some() && preferences.max_concurrent_percentage.is_some(), "MaxConcurrent"),
    ];
    for (_, name) in conflicts.into_iter().filter(|(is_conflict, _)| *is_conflict) {
        let message = format!("`{name}` is set both as a count and as a percentage");
        problems.push(Problem::new("preference-twice", Place::Preference(name), message).with_hint("set only one of them"));
    }
    if preferences.max_concurrent_count == Some(0) {
        let message = "a maximum concurrency of 0 is not valid";
        problems.push(Problem::new("max-concurrent", Place::Preference("MaxConcurrentCount"), message).with_hint("use 1 or more"));
    }
    let mut seen = BTreeSet::new();
    for region in &preferences.region_order {
        let mut report = |code, message: String| problems.push(Problem::new(code, Place::Preference("RegionOrder"), message));
        if !seen.insert(region) {
            report("duplicate-region", format!("region `{region}` is in the region order twice"));
        }
        if !release.targets.regions.contains(region) {
            report("region-not-a-target", format!("region `{region}` is in the region order but is not a target region"));
        }
    }
    if !preferences.region_order.is_empty() {
        for region in release.targets.regions.iter().filter(|region| !seen.contains(region)) {
            let message = format!("region `{region}` is a target region but is not in the region order");
            problems.push(
                Problem::new("region-not-in-order", Place::Preference("RegionOrder"), message).with_hint("list every target region once"),
            );
        }
    }
}
