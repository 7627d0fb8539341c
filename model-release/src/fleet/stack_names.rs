//! The endpoint names of the stacks of a stack set, from its template and parameters.

use std::collections::{BTreeMap, HashMap};

use cfn_render::Template;
use stack_rollout::{Parameters, StackSet, StackSetName, Target};

use crate::diagnostic::{Diagnostic, Failure};
use crate::{endpoints, problems};

/// Determines the endpoint names of stacks. Stacks with equal parameters are resolved once.
#[derive(Debug)]
pub struct StackNames {
    template: Template,
    parameters: BTreeMap<String, String>,
    known: HashMap<Parameters, Vec<String>>,
}

impl StackNames {
    /// The names in a stack set.
    pub fn new(name: &StackSetName, set: &StackSet) -> Result<Self, Failure> {
        let template = Template::parse(set.template_body.as_str(), format!("template of {name}"))
            .map_err(|error| problems::failure(&error, &set.template_body))?;
        Ok(Self { template, parameters: set.parameters.iter().cloned().collect(), known: HashMap::new() })
    }

    /// The endpoint names of a target whose parameters have these overrides.
    pub fn of(&mut self, target: &Target, overrides: &Parameters) -> Result<Vec<String>, Failure> {
        if let Some(names) = self.known.get(overrides) {
            return Ok(names.clone());
        }
        let mut parameters = self.parameters.clone();
        parameters.extend(overrides.clone());
        let (names, differs_by_target) = endpoints::names_of_stack(&self.template, &parameters, &target.account, &target.region)?;
        if names.is_empty() {
            return Err(Diagnostic::error("the template has no endpoint for this stage").file(self.template.path()).into());
        }
        if !differs_by_target {
            self.known.insert(overrides.clone(), names.clone());
        }
        Ok(names)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEMPLATE: &str = "Parameters:\n  Name: { Type: String }\nResources:\n  E:\n    Type: AWS::SageMaker::Endpoint\n    \
        Properties: { EndpointName: !Sub '${Name}', EndpointConfigName: c }\n";

    fn names(template: &str) -> Result<StackNames, Failure> {
        let parameters = vec![("Name".to_owned(), "iris".to_owned())];
        let set = StackSet { template_body: template.to_owned(), parameters, ..StackSet::default() };
        StackNames::new(&"sagemaker-iris-p-1-deploy-prod".parse().unwrap(), &set)
    }

    fn target(region: &str) -> Target {
        Target::new("222222222222".parse().unwrap(), region.parse().unwrap())
    }

    #[test]
    fn a_target_with_an_override_and_a_region_in_the_name_have_names_of_their_own() {
        let mut of_parameters = names(TEMPLATE).unwrap();
        let overrides = Parameters::from([("Name".to_owned(), "wine".to_owned())]);
        assert_eq!(of_parameters.of(&target("us-east-1"), &Parameters::new()).unwrap(), ["iris"]);
        assert_eq!(of_parameters.of(&target("us-east-1"), &overrides).unwrap(), ["wine"]);
        let mut of_region = names(&TEMPLATE.replace("${Name}", "${Name}-${AWS::Region}")).unwrap();
        for region in ["us-east-1", "eu-west-1"] {
            assert_eq!(of_region.of(&target(region), &Parameters::new()).unwrap(), [format!("iris-{region}")]);
        }
    }

    #[test]
    fn names_that_only_the_deployment_knows_are_an_error_that_names_the_stack_set() {
        let error = names("Resources: [").unwrap_err();
        let place = error.diagnostics[0].place.as_ref().unwrap().to_string();
        assert!(place.starts_with("template of sagemaker-iris-p-1-deploy-prod"), "{place}");
        let nested = "Parameters:\n  Name: { Type: String }\nResources:\n  N:\n    Type: AWS::CloudFormation::Stack\n    Properties: { TemplateURL: https://x/y }\n";
        let error = names(nested).unwrap().of(&target("us-east-1"), &Parameters::new()).unwrap_err();
        assert!(error.diagnostics[0].message.contains("inside nested stack `N`"), "{error:?}");
        let none = "Parameters:\n  Name: { Type: String }\nResources:\n  T: { Type: AWS::SNS::Topic }\n";
        let error = names(none).unwrap().of(&target("us-east-1"), &Parameters::new()).unwrap_err();
        assert!(error.diagnostics[0].message.contains("no endpoint"), "{error:?}");
    }
}
