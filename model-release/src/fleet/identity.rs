//! The project and stage of a stack set.

use stack_rollout::{StackSet, StackSetName};

const PREFIX: &str = "sagemaker-";
const BEFORE_ENV_TYPE: &str = "-deploy-";

/// The project and stage that a stack set deploys.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct StageIdentity {
    /// The project's name.
    pub project_name: String,
    /// The project's id.
    pub project_id: String,
    /// The stage's environment type.
    pub env_type: String,
}

impl StageIdentity {
    /// Whether a stack set has a name of this project's pipeline and rollouts,
    /// `sagemaker-NAME-ID-deploy-STAGE`. Others are not described: an account can have hundreds.
    pub fn is_in(name: &StackSetName) -> bool {
        name.as_str().strip_prefix(PREFIX).is_some_and(|rest| rest.contains(BEFORE_ENV_TYPE))
    }

    /// The identity of a stack set: its tags, else its parameters. `CodePipeline` sets no tags.
    /// `None` if the stack set has neither.
    pub fn of(name: &StackSetName, set: &StackSet) -> Option<Self> {
        let value = |pairs: &[(String, String)], key: &str| {
            pairs.iter().find(|(known, value)| known == key && !value.is_empty()).map(|(_, value)| value.clone())
        };
        let named = |tag: &str, parameter: &str| value(&set.tags, tag).or_else(|| value(&set.parameters, parameter));
        let of_name = || Some(name.as_str().rsplit_once(BEFORE_ENV_TYPE)?.1.to_owned());
        Some(Self {
            project_name: named("sagemaker:project-name", "SageMakerProjectName")?,
            project_id: named("sagemaker:project-id", "SageMakerProjectId")?,
            env_type: value(&set.parameters, "EnvType").or_else(of_name)?,
        })
    }

    /// The name of a role with `{project-name}`, `{project-id}` and `{env-type}` filled in.
    pub fn fill_in(&self, pattern: &str) -> String {
        pattern
            .replace("{project-name}", &self.project_name)
            .replace("{project-id}", &self.project_id)
            .replace("{env-type}", &self.env_type)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn tags_identify_a_stack_set_before_parameters_and_without_both_it_is_no_projects() {
        let name: StackSetName = "sagemaker-iris-p-1-deploy-staging".parse().unwrap();
        let of = |tags: &[(&str, &str)], parameters: &[(&str, &str)]| {
            let set = StackSet { tags: pairs(tags), parameters: pairs(parameters), ..StackSet::default() };
            StageIdentity::of(&name, &set).map(|it| [it.project_name, it.project_id, it.env_type].join(" "))
        };
        let parameters = [("SageMakerProjectName", "wine"), ("SageMakerProjectId", "p-2"), ("EnvType", "test")];
        assert_eq!(of(&[], &parameters).as_deref(), Some("wine p-2 test"));
        let tags = [("sagemaker:project-name", "iris"), ("sagemaker:project-id", "p-1")];
        assert_eq!(of(&tags, &parameters).as_deref(), Some("iris p-1 test"));
        assert_eq!(of(&tags, &[]).as_deref(), Some("iris p-1 staging"));
        assert_eq!(of(&[("sagemaker:project-name", "")], &[]), None);
        assert_eq!(of(&tags[..1], &[]), None);
    }

    #[test]
    fn the_name_of_a_role_can_contain_the_project_and_the_stage() {
        let stage = StageIdentity { project_name: "iris".to_owned(), project_id: "p-1".to_owned(), env_type: "prod".to_owned() };
        assert_eq!(stage.fill_in("EndpointTest-{project-id}-{env-type}"), "EndpointTest-p-1-prod");
        assert_eq!(stage.fill_in("{project-name}/Reader"), "iris/Reader");
    }

    #[test]
    fn only_stack_sets_with_a_projects_name_are_described() {
        let is_in = |name: &str| StageIdentity::is_in(&name.parse().unwrap());
        assert!(is_in("sagemaker-iris-p-1-deploy-staging"));
        for other in ["baseline", "sagemaker-iris", "my-sagemaker-iris-deploy-prod"] {
            assert!(!is_in(other), "{other}");
        }
    }
}
