//! Every block of output in the README and in `docs/` is the command's current output.
//!
//! A block has the marker `<!-- output of: COMMAND, SCENE -->`: [`SCENES`] sets up the scene and
//! runs the command. `…` stands for omitted lines. Values that differ between runs (a port, a
//! duration, an id) are compared by their form. A block that no test can run has the marker
//! `<!-- output of: COMMAND, not run: REASON -->`; other text is `<!-- no output -->`.

use std::io::{Read as _, Seek as _, Write as _};
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::LazyLock;

use regex::Regex;
use sandbox::stand_in::Fault;
use serde_json::json;

use crate::cloud::Cloud;
use crate::project::{Project, stand_in_cache, workspace};
use crate::{doctor, events, rollout};

const MARKER: &str = "<!-- output of: ";
const END: &str = "<!-- end of output -->";
const ELISION: &str = "…";
const UPDATE: &str = "UPDATE_DOCS=1 cargo test -p xtask --test end_to_end documented_output";

/// The number of blocks that no test runs: a release build, and two measurements.
const MOST_NOT_RUN: usize = 3;

/// A marker, and the function that sets up its scene and runs the command.
type Scene = (&'static str, fn() -> Shown);

const SCENES: [Scene; 19] = [
    ("cargo tour", || run(&Project::new(), &["tour"])),
    ("cargo xtask setup of a new project over the local AWS", || run(&Cloud::new().project(), &["setup"])),
    ("cargo xtask doctor over the local AWS, with things missing in every account", || {
        let cloud = Cloud::new();
        run(&doctor::incomplete(&cloud), &["doctor"])
    }),
    ("cargo xtask build --registry examples/registry.json", || run(&example(), &["build", "--registry", "examples/registry.json"])),
    ("cargo xtask build --registry examples/registry.json, with no approved model package", || {
        let project = example();
        let none = project.read("examples/registry.json").replace("\"Approved\"", "\"PendingManualApproval\"");
        project.write("examples/registry.json", &none);
        run(&project, &["build", "--registry", "examples/registry.json"])
    }),
    (
        "cargo xtask build --registry examples/registry.json --release-policy examples/release-policy.json, without the metrics' file",
        || {
            let project = example();
            std::fs::remove_dir_all(project.path("examples/registry.s3")).unwrap();
            let policy = ["--release-policy", "examples/release-policy.json"];
            run(&project, &[&["build", "--registry", "examples/registry.json"], &policy[..]].concat())
        },
    ),
    ("cargo xtask build --event - --registry examples/registry.json, with an event about version 15", || {
        let mut shown = Shown::new(&["build", "--event", "-", "--registry", "examples/registry.json"]);
        shown.input = events::event(15, "Rejected", &json!({ "previousModelApprovalStatus": "PendingManualApproval" }));
        shown.of(&example())
    }),
    ("cargo xtask registry list --registry examples/registry.json", || {
        run(&Project::new(), &["registry", "list", "--registry", "examples/registry.json"])
    }),
    ("cargo xtask config explain --stage staging --account 444444444444, with a base file and overrides", || {
        let project = layered();
        run(&project, &["config", "explain", "--stage", "staging", "--account", "444444444444"])
    }),
    ("cargo xtask config check, with one instance in production and DeploymentStrategy canary in the base file", || {
        run(&layered(), &["config", "check"])
    }),
    ("xtask package --template-file t.yml", || {
        let project = Project::new();
        project.write("src/index.js", "");
        let nested = "  N:\n    Type: AWS::CloudFormation::Stack\n    Properties: {TemplateURL: child.yml}\n";
        let function = "  F:\n    Type: AWS::Lambda::Function\n    Properties:\n      Code: ./scr\n";
        let gone = "  G:\n    Type: AWS::Serverless::Function\n    Properties: {CodeUri: https://example.com/x.zip}\n";
        project.write("t.yml", &format!("\nResources:\n{function}\n\n{gone}{nested}"));
        project.write("child.yml", "\nResources:\n  X: {Type: AWS::Lambda::Function, Properties: {Code: nowhere}}\n");
        run(&project, &["package", "--template-file", "t.yml"])
    }),
    ("cargo xtask test-staging --check", || run(&Project::new(), &["test-staging", "--check"])),
    ("cargo xtask test-staging over the local AWS", || {
        let cloud = Cloud::new();
        let project = cloud.project();
        rollout::approve(&cloud, 1);
        project.run(["build"]).ends_with(0);
        cloud.deploy(&project, "staging", "222222222222", &[]);
        run(&project, &["test-staging"])
    }),
    ("cargo xtask plan --stage staging over the local AWS", || {
        let cloud = Cloud::new();
        run(&second_release(&cloud), &["plan", "--stage", "staging"])
    }),
    ("cargo xtask deploy --stage staging over the local AWS", || {
        let cloud = Cloud::new();
        run(&first_release(&cloud), &["deploy", "--stage", "staging"])
    }),
    ("cargo xtask status --stage staging over the local AWS", || {
        let cloud = Cloud::new();
        run(&second_release(&cloud), &["status", "--stage", "staging"])
    }),
    ("cargo xtask status --all over the local AWS", || {
        let cloud = Cloud::new();
        let project = second_release(&cloud);
        project.run(["deploy", "--stage", "staging", "--no-preflight", "--accounts", "444444444444"]).ends_with(0);
        rollout::approve(&cloud, 3);
        cloud.aws.fault(&Fault::refused_role("222222222222:role")).unwrap();
        run(&project, &["status", "--all"])
    }),
    ("cargo xtask prune --stage staging --instance 222222222222/us-east-1 over the local AWS", || {
        let cloud = Cloud::new();
        run(&second_release(&cloud), &["prune", "--stage", "staging", "--instance", "222222222222/us-east-1"])
    }),
    ("cargo xtask demo --yes", || {
        let project = Project::new();
        std::fs::create_dir(project.path("target")).unwrap();
        std::os::unix::fs::symlink(stand_in_cache(), project.path("target/stand-in")).unwrap();
        run(&project, &["demo", "--yes"])
    }),
];

/// The example project, with production in two accounts.
fn example() -> Project {
    let mut project = Project::new().with_pipeline_variables();
    project.set("PROD_ACCOUNT_LIST", "333333333333,444444444444");
    project
}

/// A project with a base file, a stage file and overrides.
fn layered() -> Project {
    let mut project = Project::new().with_pipeline_variables();
    let entry = |name: &str, value: &str| format!("    {{ \"ParameterKey\": \"{name}\", \"ParameterValue\": \"{value}\" }}");
    let file = |entries: &[String]| format!("[\n{}\n]\n", entries.join(",\n"));
    let base = [entry("EndpointInstanceType", "ml.m5.large"), entry("DeploymentStrategy", "canary")];
    let staging = [entry("EnvType", "staging"), entry("EndpointInstanceCount", "1"), entry("DeploymentStrategy", "all-at-once")];
    project.write("base-config-template.json", &file(&base));
    project.write("staging-config-template.json", &file(&staging));
    project.write("prod-config-template.json", &file(&[entry("EnvType", "prod"), entry("EndpointInstanceCount", "1")]));
    let overrides = r#"{ "version": 1, "overrides": [
    { "accounts": ["444444444444"], "parameters": { "EndpointInstanceCount": "4" } }
] }
"#;
    project.write("staging-config-overrides.json", overrides);
    project.set("STAGING_ACCOUNT_LIST", "222222222222,444444444444");
    project.set("SAGEMAKER_EBS_KMS_KEY_ARN", "");
    project
}

/// Version 1, built for two accounts of one region.
fn first_release(cloud: &Cloud) -> Project {
    let mut project = cloud.project();
    project.set("STAGING_ACCOUNT_LIST", "222222222222,444444444444");
    for account in ["222222222222", "444444444444"] {
        cloud.prepare("staging", account);
    }
    rollout::approve(cloud, 1);
    project.run(["setup"]).ends_with(0);
    project.run(["build"]).ends_with(0);
    project
}

/// Version 2 with two instances, for an account with version 1 and for a new account without
/// set-up.
fn second_release(cloud: &Cloud) -> Project {
    let mut project = first_release(cloud);
    project.run(["deploy", "--stage", "staging"]).ends_with(0);
    rollout::approve(cloud, 2);
    project.set("STAGING_ACCOUNT_LIST", "444444444444,555555555555");
    let config = project.read("staging-config-template.json");
    let count = Regex::new(r#"("EndpointInstanceCount", "ParameterValue": )"1""#).unwrap();
    assert!(count.is_match(&config), "{config}");
    project.write("staging-config-template.json", &count.replace(&config, "$1\"2\""));
    project.run(["setup"]).ends_with(0);
    project.run(["build"]).ends_with(0);
    project
}

/// A command and its output on a terminal.
struct Shown {
    arguments: Vec<String>,
    input: String,
    text: String,
}

fn run(project: &Project, arguments: &[&str]) -> Shown {
    Shown::new(arguments).of(project)
}

impl Shown {
    fn new(arguments: &[&str]) -> Self {
        Self { arguments: arguments.iter().map(|argument| (*argument).to_owned()).collect(), input: String::new(), text: String::new() }
    }

    /// Both streams in the order of writing.
    fn of(mut self, project: &Project) -> Self {
        let mut terminal = tempfile::tempfile().unwrap();
        let streams = [(); 2].map(|()| terminal.try_clone().unwrap());
        let [stdout, stderr] = streams;
        // As in a checkout, where cargo runs the program.
        let mut program = project
            .command(&self.arguments)
            .env("CARGO_PKG_NAME", "xtask")
            .stdin(Stdio::piped())
            .stdout(stdout)
            .stderr(stderr)
            .spawn()
            .unwrap();
        program.stdin.take().unwrap().write_all(self.input.as_bytes()).unwrap();
        program.wait().unwrap();
        terminal.rewind().unwrap();
        terminal.read_to_string(&mut self.text).unwrap();
        self.text = in_order(&self.text);
        self
    }
}

/// Sorts the lines of concurrent targets by target.
fn in_order(text: &str) -> String {
    let status = |line: &str| {
        let word = line.split_whitespace().next().unwrap_or_default().to_owned();
        ["Checked", "Passed", "FAILED", "SUCCEEDED"].contains(&word.as_str()).then_some(word)
    };
    let mut lines: Vec<&str> = text.trim_start_matches('\n').trim_end().lines().collect();
    lines.chunk_by_mut(|one, next| status(one).is_some() && status(one) == status(next)).for_each(|chunk| {
        if chunk.len() > 1 {
            chunk.sort_unstable();
        }
    });
    lines.join("\n")
}

/// A line with variable values replaced by their form.
fn form(line: &str) -> String {
    static VARIABLE: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
        [
            (r"127\.0\.0\.1:\d+", "127.0.0.1:PORT"),
            (r"\b\d+(\.\d+)? (ms|s)\b", "TIME"),
            (r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", "ID"),
            (r"\bxtask-[0-9a-f]{16}-", "xtask-DIGEST-"),
        ]
        .map(|(pattern, form)| (Regex::new(pattern).unwrap(), form))
        .into()
    });
    VARIABLE.iter().fold(line.trim_end().to_owned(), |line, (pattern, form)| pattern.replace_all(&line, *form).into_owned())
}

/// The updated block: documented lines that are still valid, new lines where they are not, and the
/// same omissions. This is the minimal edit.
fn fresh(documented: &[&str], printed: &[&str]) -> Vec<String> {
    // A changed line is likelier than a line in an omission while others disappear.
    const REMOVED: usize = 3;
    const ADDED: usize = 2;
    let changed = |old: &String, new: &String| if old == new { 0 } else { 2 };
    let is_elision = |line: &str| line.trim() == ELISION;
    let (old, new): (Vec<_>, Vec<_>) =
        (documented.iter().map(|line| form(line)).collect(), printed.iter().map(|line| form(line)).collect());
    let mut cost = vec![vec![0_usize; new.len() + 1]; old.len() + 1];
    for i in (0..=old.len()).rev() {
        for j in (0..=new.len()).rev() {
            let elides = i < old.len() && is_elision(&old[i]);
            let removed = (i < old.len()).then(|| cost[i + 1][j] + if elides { 0 } else { REMOVED });
            let added = (j < new.len()).then(|| cost[i][j + 1] + if elides { 0 } else { ADDED });
            let kept = (i < old.len() && j < new.len() && !elides).then(|| cost[i + 1][j + 1] + changed(&old[i], &new[j]));
            cost[i][j] = [removed, added, kept].into_iter().flatten().min().unwrap_or(0);
        }
    }
    let (mut i, mut j, mut lines) = (0, 0, Vec::new());
    while i < old.len() || j < new.len() {
        if i < old.len() && is_elision(&old[i]) {
            if cost[i][j] == cost[i + 1][j] {
                lines.push(documented[i].to_owned());
                i += 1;
            } else {
                j += 1;
            }
        } else if i < old.len() && j < new.len() && cost[i][j] == cost[i + 1][j + 1] + changed(&old[i], &new[j]) {
            lines.push(if old[i] == new[j] { documented[i] } else { printed[j] }.to_owned());
            (i, j) = (i + 1, j + 1);
        } else if j < new.len() && cost[i][j] == cost[i][j + 1] + ADDED {
            lines.push(printed[j].to_owned());
            j += 1;
        } else {
            i += 1;
        }
    }
    lines
}

/// The README and every page of `docs/`.
fn pages() -> Vec<PathBuf> {
    let mut pages = vec![workspace().join("README.md")];
    let folder = std::fs::read_dir(workspace().join("docs")).unwrap().map(|entry| entry.unwrap().path());
    pages.extend(folder.filter(|path| path.extension().is_some_and(|extension| extension == "md")));
    pages.sort();
    pages
}

/// A fenced block: its first and last line, and the marker above it.
struct Block {
    page: PathBuf,
    begins: usize,
    ends: usize,
    language: String,
    above: String,
}

fn blocks(page: &PathBuf) -> (Vec<String>, Vec<Block>) {
    let lines: Vec<String> = std::fs::read_to_string(page).unwrap().lines().map(str::to_owned).collect();
    let mut blocks = Vec::new();
    let mut open = None;
    for (index, line) in lines.iter().enumerate() {
        match (line.trim_start().strip_prefix("```"), open.take()) {
            (Some(language), None) => open = Some((index, language.to_owned())),
            (Some(_), Some((begins, language))) => {
                let above = lines[..begins].iter().rev().find(|line| !line.trim().is_empty()).cloned().unwrap_or_default();
                blocks.push(Block { page: page.clone(), begins: begins + 1, ends: index, language, above });
            }
            (None, still) => open = still,
        }
    }
    (lines, blocks)
}

impl Block {
    fn place(&self) -> String {
        format!("{}:{}", self.page.strip_prefix(workspace()).unwrap().display(), self.begins)
    }

    fn marker(&self) -> Option<&str> {
        self.above.strip_prefix(MARKER)?.strip_suffix(" -->")
    }

    fn scene(&self) -> Option<fn() -> Shown> {
        let marker = self.marker()?;
        SCENES.iter().find(|(name, _)| *name == marker).map(|(_, scene)| *scene)
    }

    /// The reason why no test runs the command.
    fn not_run(&self) -> Option<&str> {
        self.marker()?.split_once(", not run: ").map(|(_, reason)| reason)
    }

    /// Whether it looks like a program's output.
    fn shows_output(&self, lines: &[String]) -> bool {
        let programs = ["$", "aws", "cargo", "export", "gh", "git", "pip", "python3", "sh", "xtask", "docker", "curl", "#"];
        let first = lines[self.begins].trim_start();
        match self.language.as_str() {
            "text" | "console" => self.above != "<!-- no output -->",
            "" => !programs.iter().any(|program| first.split(' ').next() == Some(program)),
            _ => false,
        }
    }
}

#[test]
fn every_block_of_output_has_a_scene_or_a_reason_why_it_is_not_run() {
    let (mut run, mut not_run, mut problems) = (Vec::new(), Vec::new(), Vec::new());
    for page in pages() {
        let (lines, blocks) = blocks(&page);
        for block in &blocks {
            if let Some(reason) = block.not_run() {
                not_run.push(format!("{}: {reason}", block.place()));
            } else if block.scene().is_some() {
                run.push(block.marker().unwrap().to_owned());
            } else if block.marker().is_some() || block.shows_output(&lines) {
                problems.push(format!("{}: `{}`", block.place(), block.above));
            }
            if block.marker().is_some() && lines.get(block.ends + 1).map(String::as_str) != Some(END) {
                problems.push(format!("{}: no `{END}` after it", block.place()));
            }
        }
    }
    assert!(problems.is_empty(), "mark these as this file says, and add their scenes to it: {problems:#?}");
    let unused: Vec<_> = SCENES.iter().map(|(name, _)| *name).filter(|name| !run.iter().any(|marker| marker == name)).collect();
    assert!(unused.is_empty(), "no page shows {unused:#?}");
    assert!(not_run.len() <= MOST_NOT_RUN && run.len() >= SCENES.len(), "{} blocks are run, and these are not: {not_run:#?}", run.len());
}

#[test]
fn every_block_of_output_is_the_commands_current_output() {
    let mut stale = Vec::new();
    for page in pages() {
        let (mut lines, blocks) = blocks(&page);
        // From the end, so that a change does not move later blocks.
        for block in blocks.iter().rev() {
            let Some(scene) = block.scene() else { continue };
            let shown = scene();
            let words = shown.arguments.join(" ");
            let marker = block.marker().unwrap();
            let command = marker.strip_prefix("cargo ").unwrap_or(marker);
            assert!(command.strip_prefix("xtask ").unwrap_or(command).starts_with(&words), "`{marker}` is not a scene of `{words}`");
            let documented: Vec<&str> = lines[block.begins..block.ends].iter().map(String::as_str).collect();
            let fresh = fresh(&documented, &shown.text.lines().collect::<Vec<_>>());
            if fresh != documented {
                stale.push(format!("{}: `{marker}` prints\n{}", block.place(), shown.text));
                lines.splice(block.begins..block.ends, fresh);
            }
        }
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(&page, format!("{}\n", lines.join("\n"))).unwrap();
            stale.clear();
        }
    }
    assert!(stale.is_empty(), "run `{UPDATE}`: these blocks are stale:\n\n{}", stale.join("\n\n"));
}

#[test]
fn an_updated_block_keeps_valid_lines_and_omissions() {
    let documented = ["a 1.0 ms", "…", "y", "old"];
    assert_eq!(fresh(&documented, &["a 2.5 ms", "b", "c", "y", "old"]), documented);
    assert_eq!(fresh(&documented, &["a 2.5 ms", "b", "y", "new", "more"]), ["a 1.0 ms", "…", "y", "new", "more"]);
    assert_eq!(fresh(&["a", "b"], &["b"]), ["b"]);
}
