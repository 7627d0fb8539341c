//! Which projects and stack sets a fleet status shows.

use std::collections::BTreeSet;

use stack_rollout::{StackSet, StackSetName};

use super::StageIdentity;
use crate::diagnostic::{Diagnostic, Failure};

/// Selects projects by their names or ids, and stack sets by their tags. An empty selection has all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FleetSelection {
    /// Names or ids of projects; empty for all.
    projects: Vec<String>,
    /// Tags that a stack set must have, all of them.
    tags: Vec<(String, String)>,
}

impl FleetSelection {
    /// A selection of projects, by name or id, and of tags such as `team=fraud`.
    pub fn new(projects: impl IntoIterator<Item = String>, tags: &[String]) -> Result<Self, Failure> {
        let mut selection = Self::default();
        selection.add(projects);
        for tag in tags {
            let invalid = || Diagnostic::error(format!("`{tag}` is not a tag")).code("not-a-fleet-tag").with_hint("write KEY=VALUE");
            let (key, value) = tag.split_once('=').filter(|(key, _)| !key.trim().is_empty()).ok_or_else(invalid)?;
            selection.tags.push((key.trim().to_owned(), value.trim().to_owned()));
        }
        Ok(selection)
    }

    /// Adds the projects of a list: a name or id in each line, with comments after `#`.
    pub fn add_list(&mut self, text: &str) -> Result<(), Failure> {
        let before = self.projects.len();
        self.add(text.lines().map(|line| line.split('#').next().unwrap_or_default().to_owned()));
        if self.projects.len() == before {
            // An empty list would select every project.
            let hint = "write the name or id of a project in each line";
            return Err(Diagnostic::error("the list has no project").with_hint(hint).into());
        }
        Ok(())
    }

    fn add(&mut self, projects: impl IntoIterator<Item = String>) {
        for project in projects {
            let project = project.trim();
            if !project.is_empty() && !self.projects.iter().any(|known| known == project) {
                self.projects.push(project.to_owned());
            }
        }
    }

    /// Whether a stack set with this name can belong to a selected project.
    pub fn can_include(&self, name: &StackSetName) -> bool {
        let is_in_name = |project: &String| name.as_str().contains(&format!("-{project}-"));
        StageIdentity::is_in(name) && (self.projects.is_empty() || self.projects.iter().any(is_in_name))
    }

    /// Whether a stack set is selected.
    pub fn includes(&self, identity: &StageIdentity, set: &StackSet) -> bool {
        let is_project = |project: &String| *project == identity.project_name || *project == identity.project_id;
        (self.projects.is_empty() || self.projects.iter().any(is_project)) && self.tags.iter().all(|tag| set.tags.contains(tag))
    }

    /// The selected projects that none of these stack sets belongs to.
    pub fn missing<'a>(&self, found: impl Iterator<Item = &'a StageIdentity>) -> Vec<&str> {
        let found: BTreeSet<&str> = found.flat_map(|stage| [stage.project_name.as_str(), stage.project_id.as_str()]).collect();
        self.projects.iter().map(String::as_str).filter(|project| !found.contains(project)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(name: &str, id: &str) -> StageIdentity {
        StageIdentity { project_name: name.to_owned(), project_id: id.to_owned(), env_type: "prod".to_owned() }
    }

    fn of(projects: &[&str], tags: &[&str]) -> FleetSelection {
        let tags: Vec<_> = tags.iter().map(|tag| (*tag).to_owned()).collect();
        FleetSelection::new(projects.iter().map(|project| (*project).to_owned()), &tags).unwrap()
    }

    #[test]
    fn projects_are_selected_by_name_or_id_and_all_tags_must_match() {
        let set = StackSet { tags: vec![("team".to_owned(), "fraud".to_owned())], ..StackSet::default() };
        let includes = |selection: FleetSelection| selection.includes(&identity("iris", "p-1"), &set);
        assert!(includes(of(&[], &[])) && includes(of(&["iris"], &[])) && includes(of(&["wine", "p-1"], &["team=fraud"])));
        assert!(!includes(of(&["iri"], &[])) && !includes(of(&["iris"], &["team=fraud", "stage=prod"])));
    }

    #[test]
    fn a_stack_set_of_another_project_is_not_described() {
        let name: StackSetName = "sagemaker-iris-p-1-deploy-prod".parse().unwrap();
        assert!(of(&["iris"], &[]).can_include(&name) && of(&["p-1"], &[]).can_include(&name) && of(&[], &["a=b"]).can_include(&name));
        assert!(!of(&["wine"], &[]).can_include(&name));
    }

    #[test]
    fn a_list_has_a_project_in_each_line_and_an_empty_one_does_not_select_all() {
        let mut selection = of(&["iris"], &[]);
        selection.add_list("# teams\n wine # the other\n\niris\r\n").unwrap();
        assert_eq!(selection.projects, ["iris", "wine"]);
        assert_eq!(selection.missing([identity("iris", "p-1")].iter()), ["wine"]);
        assert_eq!(selection.add_list("# none\n").unwrap_err().diagnostics[0].message, "the list has no project");
    }

    #[test]
    fn a_tag_has_a_key_and_a_value() {
        for wrong in ["team", "=fraud", " =x"] {
            let failure = FleetSelection::new([], &[wrong.to_owned()]).unwrap_err();
            assert_eq!(failure.diagnostics[0].code, Some("not-a-fleet-tag"), "{wrong}");
        }
    }
}
