//! The files of a new repository.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde_json::Value;

use crate::seed::Seed;
use crate::{LOCK, Lock, Pin, SUITE, TEMPLATE, TeamFile, VERSION, owned_files};

const STAGES: [(&str, &str); 2] = [
    ("staging-config-template.json", include_str!("../../staging-config-template.json")),
    ("prod-config-template.json", include_str!("../../prod-config-template.json")),
];

/// The instance type of the stage files.
const INSTANCE_TYPE: &str = "ml.m5.large";

const IGNORED: &str = "# Generated files.\n/bin/\n/event.json\n/release/\n/target/\n/test-results/\n";

/// What the model registry knows about the model.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Model {
    /// Its name for readers, such as `version 13 of iris`.
    pub name: String,
    /// The content types that it accepts.
    pub content_types: Vec<String>,
    /// The media types of its responses.
    pub response_types: Vec<String>,
    /// The instance types that it supports; empty if it lists none.
    pub instance_types: Vec<String>,
    /// Whether the model package names sample payloads.
    pub has_samples: bool,
}

/// A new repository.
#[derive(Debug, Clone, Default)]
pub struct NewRepository {
    /// The pinned binary.
    pub pin: Option<Pin>,
    /// The model, if it is known.
    pub model: Option<Model>,
    /// Tests with their payloads; without them, the tests are made from the model.
    pub tests: Vec<TeamFile>,
    /// What is carried over.
    pub seed: Option<Seed>,
}

impl NewRepository {
    /// All files, sorted by path. Those that are carried over override the others.
    pub fn files(&self) -> Vec<TeamFile> {
        let mut files: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        let instance_type = self.model.as_ref().map_or(INSTANCE_TYPE, |model| instance_type(&model.instance_types));
        for (path, text) in STAGES {
            files.insert(path.to_owned(), text.replace(INSTANCE_TYPE, instance_type).into());
        }
        files.insert("README.md".to_owned(), readme(self.template()).into());
        files.insert(".gitignore".to_owned(), IGNORED.into());
        let tests = if self.tests.is_empty() { &[TeamFile::new(SUITE, suite(self.model.as_ref()))] } else { self.tests.as_slice() };
        files.extend(tests.iter().map(|file| (file.path.clone(), file.content.clone())));
        let seed = self.seed.as_ref().map(|seed| seed.files.as_slice()).unwrap_or_default();
        // Named payloads are what the team wants to send now.
        let replaced = |file: &&TeamFile| file.path != SUITE || self.tests.is_empty();
        files.extend(seed.iter().filter(replaced).map(|file| (file.path.clone(), file.content.clone())));
        let team_files: BTreeSet<String> = if self.seed.is_some() { BTreeSet::from([TEMPLATE.to_owned()]) } else { BTreeSet::new() };
        for (path, text) in owned_files(self.pin.as_ref()) {
            if !team_files.contains(path) {
                files.insert(path.to_owned(), text.into());
            }
        }
        files.insert(LOCK.to_owned(), Lock::new(self.pin.clone(), team_files).text().into());
        files.into_iter().map(|(path, content)| TeamFile { path, content }).collect()
    }

    fn template(&self) -> &str {
        self.seed.as_ref().map_or(TEMPLATE, |seed| seed.template.as_str())
    }
}

/// The usual instance type if the model supports it, else the first one that is not burstable.
fn instance_type(supported: &[String]) -> &str {
    if supported.is_empty() || supported.iter().any(|name| name == INSTANCE_TYPE) {
        return INSTANCE_TYPE;
    }
    let usable = |name: &&String| is_instance_type(name);
    let steady = supported.iter().filter(usable).find(|name| !is_burstable(name));
    steady.or_else(|| supported.iter().find(usable)).map_or(INSTANCE_TYPE, String::as_str)
}

/// Whether an instance type has no steady performance.
pub(crate) fn is_burstable(name: &str) -> bool {
    name.strip_prefix("ml.t").is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_digit()))
}

fn is_instance_type(name: &str) -> bool {
    name.starts_with("ml.") && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte))
}

/// Tests made from the model package alone.
fn suite(model: Option<&Model>) -> String {
    let none = Model::default();
    let model = model.unwrap_or(&none);
    let from = if model.name.is_empty() { String::new() } else { format!(", made from {}", one_line(&model.name)) };
    let mut text = format!("# The endpoint tests{from}. Add expectations: what passes without them is any response.\n");
    for (what, types) in [("accepts", &model.content_types), ("responds with", &model.response_types)] {
        if !types.is_empty() {
            let _ = writeln!(text, "# The model {what} {}.", one_line(&types.join(", ")));
        }
    }
    text += "version: 1\n\ndefaults:\n  timeout: 10s\n\ncases:\n";
    text += "  # A case for each sample payload of the model package that is tested (`SamplePayloadUrl`).\n";
    if !model.has_samples {
        text += "  # This model package has none: register the next one with sample payloads, or send a payload of\n";
        text += "  # your own, such as { csv: \"1,2,3\" } or { file: payloads/request.json }.\n";
    }
    text += "  - name: sample payload\n    payload: { sample: all }\n";
    if let Some(accept) = model.response_types.first() {
        let _ = writeln!(text, "    accept: {}", Value::from(one_line(accept).replace("${", "$${")));
    }
    text + "    # expect:\n    #   latency: { max: 1s }\n    #   json: [{ at: /predictions/0/score, between: [0, 1] }]\n"
}

/// A text of the registry in a comment.
fn one_line(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { ' ' } else { character }).collect()
}

fn readme(template: &str) -> String {
    format!(
        "# Model deployment

`{template}` is the endpoint; `staging-config-template.json` and `prod-config-template.json` set its
parameters, and `test/endpoint-tests.yaml` tests it. A commit or an approval in the model registry
starts the pipeline, which runs `buildspec.yml` and `test/buildspec.yml` with a pinned `xtask`:

    sh pipeline/obtain-xtask.sh bin/xtask   # with XTASK_PIN as in buildspec.yml
    bin/xtask config check                  # checks the stage files, without AWS
    bin/xtask build && bin/xtask plan --stage staging
    bin/xtask upgrade                       # with a newer binary: made with xtask {VERSION}
"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(repository: &NewRepository, path: &str) -> String {
        let files = repository.files();
        let found = files.iter().find(|file| file.path == path).unwrap_or_else(|| panic!("{path} in {files:?}"));
        String::from_utf8(found.content.clone()).unwrap()
    }

    #[test]
    fn a_repository_has_ten_files_and_a_short_readme() {
        let paths: Vec<_> = NewRepository::default().files().into_iter().map(|file| file.path).collect();
        let expected = [
            ".gitignore",
            "README.md",
            "buildspec.yml",
            "cfn-sm-endpoint-template.yml",
            "pipeline/obtain-xtask.sh",
            "prod-config-template.json",
            "staging-config-template.json",
            "test/buildspec.yml",
            "test/endpoint-tests.yaml",
            "xtask.lock",
        ];
        assert_eq!(paths, expected);
        let readme = file(&NewRepository::default(), "README.md");
        assert!(readme.lines().filter(|line| !line.is_empty()).count() <= 10, "{readme}");
    }

    #[test]
    fn both_stages_have_an_instance_type_that_the_model_supports() {
        let chosen = |supported: &[&str]| {
            let model = Model { instance_types: supported.iter().map(|&name| name.to_owned()).collect(), ..Model::default() };
            let repository = NewRepository { model: Some(model), ..NewRepository::default() };
            let of = |path: &str| {
                let stage: Value = serde_json::from_str(&file(&repository, path)).unwrap();
                stage.as_array().unwrap().iter().find(|entry| entry["ParameterKey"] == "EndpointInstanceType").unwrap()["ParameterValue"]
                    .clone()
            };
            let types = STAGES.map(|(path, _)| of(path));
            assert_eq!(types[0], types[1]);
            types[0].as_str().unwrap().to_owned()
        };
        assert_eq!(chosen(&[]), "ml.m5.large");
        assert_eq!(chosen(&["ml.g5.xlarge", "ml.m5.large"]), "ml.m5.large");
        assert_eq!(chosen(&["ml.t2.medium", "ml.g5.xlarge"]), "ml.g5.xlarge");
        assert_eq!(chosen(&["ml.t2.medium"]), "ml.t2.medium");
        assert_eq!(chosen(&["ml.x\" }, { \"", "ml.trn1.2xlarge"]), "ml.trn1.2xlarge", "the registry's text is not trusted");
        assert!(is_burstable("ml.t3.large") && !is_burstable("ml.trn1.2xlarge"));
    }

    #[test]
    fn the_suite_names_the_models_media_types_and_says_that_samples_are_missing() {
        let model = Model {
            name: "version 1 of `a`\nversion: 2".to_owned(),
            content_types: vec!["text/csv".to_owned()],
            response_types: vec!["application/json; a=\"b\"\n".to_owned()],
            has_samples: true,
            ..Model::default()
        };
        let text = suite(Some(&model));
        assert!(
            text.contains("# The model accepts text/csv.\n") && text.contains("accept: \"application/json; a=\\\"b\\\" \"\n"),
            "{text}"
        );
        assert!(text.lines().filter(|line| line.starts_with("version")).count() == 1, "{text}");
        assert!(!text.contains("has none") && suite(None).contains("has none"));
    }
}
