//! The commands of a release dossier: how to verify the release, and how to go back. They run as
//! printed, in the folder in which `report` ran.

use std::path::{Path, PathBuf};

use aws_names::ModelPackageArn;
use endpoint_test::shell::word;
use model_release::dossier::{Command, Dossier};
use model_release::manifest::FILE_NAME;
use model_release::{Release, Stage};

/// The most stack instances that a command names.
const MOST: usize = 20;

/// The paths and names in the commands.
pub(crate) struct Paths<'a> {
    pub(crate) build_dir: PathBuf,
    pub(crate) staging: PathBuf,
    pub(crate) pipeline: Option<&'a str>,
}

/// Adds the commands to a dossier. Without a known model package in production, there is no command
/// to go back.
pub(crate) fn add(dossier: &mut Dossier, release: &Release, paths: &Paths<'_>) {
    let digest = release.digest.trim_start_matches("sha256:");
    let manifest = paths.build_dir.join(FILE_NAME);
    let checksum = format!("echo {} | sha256sum --check", word(&format!("{digest}  {}", manifest.display())));
    let (build_dir, staging) = (text(&paths.build_dir), text(&paths.staging));
    let check = ["check-release", "--stage", "prod", "--build-dir", &build_dir, "--release-sha256", digest, "--staging-results", &staging];
    dossier.verify = vec![
        command("Check that the manifest is the one that this page describes", checksum),
        command("Check that the release is tested, approved and unchanged", xtask(&check)),
    ];
    let production = dossier.comparison.production.value.as_deref().and_then(|arn| arn.parse::<ModelPackageArn>().ok());
    dossier.roll_back = match production {
        Some(package) => to_package(&package, release, paths.pipeline),
        None if is_first(dossier) => vec![command("Delete the first stacks and their endpoints", remove(release))],
        None => Vec::new(),
    };
}

fn to_package(package: &ModelPackageArn, release: &Release, pipeline: Option<&str>) -> Vec<Command> {
    let own = &release.manifest.model_package.arn;
    // The version means a package of the group that the build selects from.
    let is_of_group = package.in_region(own.region(), package.version()).name() == own.name();
    let named = package.version().filter(|_| is_of_group).map_or_else(|| package.to_string(), |version| version.to_string());
    let mut commands = Vec::new();
    if let Some(pipeline) = pipeline {
        let start = ["aws", "codepipeline", "start-pipeline-execution", "--name", pipeline, "--variables"];
        let variable = format!("name=MODEL_PACKAGE,value={named}");
        let words = start.iter().copied().chain([variable.as_str()]);
        commands.push(command(
            "Deploy the package that production has now, with tests and approval",
            words.map(word).collect::<Vec<_>>().join(" "),
        ));
    }
    let folder = "target/previous";
    let build = ["build", "--model-package", &named, "--output-dir", folder];
    commands.push(command("Build its release, with the pipeline's variables, in the commit of that release", xtask(&build)));
    commands.push(command("Show what that changes", xtask(&["plan", "--stage", "prod", "--build-dir", folder])));
    let deploy = ["deploy", "--stage", "prod", "--build-dir", folder, "--without-staging-tests"];
    commands.push(command("Deploy it without staging", xtask(&deploy)));
    commands.push(command("Test production", xtask(&["test-prod", "--build-dir", folder])));
    let reject = ["aws", "sagemaker", "update-model-package", "--model-approval-status", "Rejected", "--model-package-arn", own.as_str()];
    let reject = reject.map(word).join(" ");
    commands.push(command("Keep the next commit from deploying this model package again", reject));
    commands
}

/// Before the first deployment, going back means to delete the stacks.
fn remove(release: &Release) -> String {
    let stage = release.manifest.stage(Stage::Prod);
    let instances = stage.accounts.iter().flat_map(|account| stage.regions.iter().map(move |region| format!("{account}/{region}")));
    let mut words = vec!["prune".to_owned(), "--stage".to_owned(), "prod".to_owned()];
    for instance in instances.take(MOST) {
        words.extend(["--instance".to_owned(), instance]);
    }
    words.push("--even-targets".to_owned());
    xtask(&words.iter().map(String::as_str).collect::<Vec<_>>())
}

fn is_first(dossier: &Dossier) -> bool {
    dossier
        .changes
        .value
        .as_ref()
        .is_some_and(|changes| !changes.groups.is_empty() && changes.groups.iter().all(|group| group.action == "new"))
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

fn command(purpose: &str, command: String) -> Command {
    Command { purpose: purpose.to_owned(), command }
}

fn xtask(words: &[&str]) -> String {
    std::iter::once("xtask").chain(words.iter().copied()).map(word).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
#[path = "../tests/in_process/report_commands.rs"]
mod tests;
