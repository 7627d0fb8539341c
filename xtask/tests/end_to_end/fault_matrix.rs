//! The fault matrix: every call of every command meets every fault.
//!
//! The calls of a command are those that it makes without faults, so a new call is covered by
//! itself. `cargo xtask test` tries a few cells of each command, always the same ones unless
//! `FAULT_SEED` is set, and compares them with `docs/faults.md`; `cargo xtask soak faults` tries all.
//! `UPDATE_FAULTS=1` tries all and writes the page; `FAULT_KINDS=denied,503` only those faults,
//! `FAULT_UNTRIED=1` only cells without an outcome, and `FAULT_JOBS` sets how many cells of a command
//! run at once.

mod cell;
mod kinds;
mod page;
mod scenes;

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Mutex;

use cell::{Call, Cell, Outcome};
use scenes::Scene;

use crate::calls;
use crate::cloud::Cloud;

/// Cells of each command in `cargo xtask test`.
const SAMPLE: usize = 2;
/// How many cells of a command run at once if all are tried: most of them wait for a time limit.
const AT_ONCE: usize = 6;

/// Which cells of each command are tried.
#[derive(Debug, Clone)]
struct Choice {
    cells: usize,
    seed: u64,
    writes: bool,
    /// How many cells of a command run at once.
    at_once: usize,
    /// The names of the faults; all if there are none.
    faults: Vec<String>,
}

impl Choice {
    fn read() -> Self {
        let number = |name: &str| std::env::var(name).ok().and_then(|value| value.parse().ok());
        let writes = std::env::var_os("UPDATE_FAULTS").is_some();
        let cells = number("FAULT_CELLS").map(|cells: u64| usize::try_from(cells).unwrap_or(usize::MAX));
        let cells = if writes { usize::MAX } else { cells.unwrap_or(SAMPLE) };
        let faults = std::env::var("FAULT_KINDS").unwrap_or_default();
        let faults = faults.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect();
        let at_once = if cells > 1000 { number("FAULT_JOBS").map_or(AT_ONCE, |jobs| usize::try_from(jobs).unwrap_or(AT_ONCE)) } else { 1 };
        Self { cells, seed: number("FAULT_SEED").unwrap_or(1), writes, at_once, faults }
    }

    fn has(&self, cell: &Cell) -> bool {
        self.faults.is_empty() || self.faults.iter().any(|name| name == cell.fault.name())
    }

    fn is_whole(&self) -> bool {
        self.cells > 1000
    }

    fn order(&self, cell: &Cell) -> u64 {
        let mut hasher = DefaultHasher::new();
        (self.seed, cell.call.name(), cell.fault.name()).hash(&mut hasher);
        hasher.finish()
    }
}

/// The calls of the scene's command, each once. The same call to several targets is one.
fn calls(scene: &Scene, cloud: &Cloud) -> Vec<Call> {
    let project = (scene.prepare)(cloud);
    cloud.aws.clear_requests().unwrap();
    project.run(scene.arguments).ends_with(scene.code);
    let requests = cloud.aws.requests().unwrap().into_iter().map(Call::from);
    let calls: BTreeSet<Call> = requests.filter(|call| scene.only.is_empty() || scene.only.contains(&call.action.as_str())).collect();
    let is_called = |action: &&&str| calls.iter().any(|call| call.action == **action);
    assert!(!calls.is_empty() && scene.only.iter().all(|action| is_called(&action)), "{:?} makes the calls {calls:?}", scene.arguments);
    let by_name: BTreeMap<String, Call> = calls.into_iter().rev().map(|call| (call.name(), call)).collect();
    by_name.into_values().collect()
}

/// Tries the cells in their order; the last one first.
#[expect(clippy::print_stdout, reason = "the problems of a long run, as they are found")]
fn try_all(scene: &Scene, cloud: Cloud, cells: Vec<Cell>, workers: usize) -> Vec<(Cell, Result<Outcome, String>)> {
    let (cells, results, clouds) = (Mutex::new(cells), Mutex::new(Vec::new()), Mutex::new(vec![cloud]));
    let work = || {
        let known = clouds.lock().unwrap().pop();
        let cloud = known.unwrap_or_else(Cloud::new);
        let mut prepared = None;
        loop {
            let Some(cell) = cells.lock().unwrap().pop() else { break };
            let project = prepared.take().unwrap_or_else(|| {
                cloud.aws.reset().unwrap();
                (scene.prepare)(&cloud)
            });
            let result = cell.try_on(scene, &cloud, &project);
            if let Err(problem) = &result {
                println!("{cell}: {problem}");
            }
            results.lock().unwrap().push((cell, result));
            // A command that changes something gets a new scene for the next fault.
            prepared = (!scene.changes).then_some(project);
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(work);
        }
    });
    results.into_inner().unwrap()
}

#[expect(clippy::print_stdout, reason = "the figures of a whole run")]
fn matrix(scene: &Scene) {
    let choice = Choice::read();
    let cloud = Cloud::new();
    let calls = calls(scene, &cloud);
    let names: Vec<_> = calls.iter().map(Call::name).collect();
    let (mut chosen, impossible): (Vec<_>, Vec<_>) = calls.into_iter().flat_map(Cell::of_call).partition(Cell::is_possible);
    chosen.retain(|cell| choice.has(cell) && (choice.is_whole() || !cell.is_slow(scene)));
    let documented = page::rows(scene.arguments);
    let known =
        |cell: &Cell| documented.get(&cell.call.name()).and_then(|row| row.get(cell.column())).filter(|known| *known != page::UNTRIED);
    if std::env::var_os("FAULT_UNTRIED").is_some() {
        chosen.retain(|cell| known(cell).is_none());
    }
    chosen.sort_by_key(|cell| choice.order(cell));
    chosen.truncate(choice.cells);
    // The longest first.
    chosen.sort_by_key(|cell| cell.is_slow(scene));
    let results = try_all(scene, cloud, chosen, choice.at_once);

    let mut problems = Vec::new();
    // A run of some faults keeps the outcomes of the others.
    let mut rows: page::Rows = names.iter().map(|name| (name.clone(), known_row(&documented, name))).collect();
    for row in impossible {
        rows.entry(row.call.name()).or_insert_with(page::empty_row)[row.column()].replace_range(.., page::IMPOSSIBLE);
    }
    for (cell, result) in &results {
        match result {
            Err(problem) => problems.push(format!("{cell}: {problem}")),
            Ok(outcome) => {
                if let Some(known) = known(cell).filter(|known| !choice.writes && **known != outcome.to_string()) {
                    problems.push(format!("{cell}: docs/faults.md has {known:?}, and the outcome is `{outcome}`; {UPDATE}"));
                }
                rows.entry(cell.call.name()).or_insert_with(page::empty_row)[cell.column()] = outcome.to_string();
            }
        }
    }
    if choice.is_whole() {
        println!("{} cells of `{}`, {} problems", results.len(), scene.arguments.join(" "), problems.len());
    }
    if choice.writes {
        page::write(scene.arguments, &rows, &order());
    } else if documented.keys().collect::<Vec<_>>() != names.iter().collect::<Vec<_>>() {
        problems.push(format!("docs/faults.md has the calls {:?}, and the command makes {names:?}; {UPDATE}", documented.keys()));
    }
    assert!(problems.is_empty(), "FAULT_SEED={}: {} problems\n{}", choice.seed, problems.len(), problems.join("\n"));
}

fn known_row(documented: &page::Rows, name: &str) -> Vec<String> {
    documented.get(name).filter(|row| row.len() == kinds::ALL.len()).cloned().unwrap_or_else(page::empty_row)
}

const UPDATE: &str = "UPDATE_FAULTS=1 cargo test -p xtask --test end_to_end fault_matrix writes it";

macro_rules! matrices {
    ($($name:ident),* $(,)?) => {
        $(#[test]
        fn $name() {
            matrix(&scenes::$name());
        })*

        /// The commands in the order of the page.
        fn order() -> Vec<&'static [&'static str]> {
            vec![$(scenes::$name().arguments),*]
        }
    };
}

matrices![
    setup,
    setup_alone,
    units,
    list,
    resolve,
    snapshot,
    package,
    package_in_parts,
    build,
    gates,
    doctor,
    plan,
    plan_of_an_update,
    exact_plan,
    status,
    status_of_a_failed_stack,
    fleet,
    deploy,
    deploy_an_update,
    prune,
    test_staging,
    test_prod,
    check_release,
    check_approval,
    report,
    stop,
    signed_build,
    signed_binary,
    deploy_in_waves,
    rollback,
    history,
    verify,
    new
];

/// Calls that no scene makes, each with its reason.
const WITHOUT_A_SCENE: [(&str, &str); 6] = [
    ("sagemaker:InvokeEndpointAsync", "known defect: errors of `s3:GetObject` in a row are waited for until the timeout of each case"),
    ("s3:AbortMultipartUpload", "only a failed upload is aborted: the cells of `s3:UploadPart` do it"),
    ("servicequotas:GetAWSDefaultServiceQuota", "the local AWS has an applied quota for every instance type"),
    ("servicequotas:ListAWSDefaultServiceQuotas", "the local AWS has an applied quota for every instance type"),
    ("sagemaker:DescribeInferenceComponent", "the local AWS has no inference components"),
    ("sagemaker:ListInferenceComponents", "the local AWS has no inference components"),
];

/// A new command, or a new call, needs a scene: `pipeline/permissions/commands.json` has all of them,
/// because the tests of permissions compare it with the sources.
#[test]
fn every_command_and_every_call_has_a_scene() {
    let declared = calls::Declared::read();
    let commands: BTreeSet<&str> = order().iter().map(|arguments| arguments[0]).collect();
    let missing: Vec<_> = declared.commands.keys().filter(|command| !commands.contains(command.as_str())).collect();
    assert!(missing.is_empty(), "these commands call AWS and have no scene: {missing:?}");

    let rows = order().into_iter().flat_map(|arguments| page::rows(arguments).into_keys());
    let tried: BTreeSet<String> = rows.map(|call| call.trim_end_matches(" in the target").to_owned()).collect();
    let declared: BTreeSet<&str> = declared.purposes.values().flat_map(BTreeMap::values).flatten().map(String::as_str).collect();
    let without: BTreeSet<&str> = declared.into_iter().filter(|call| !tried.contains(&logged(call))).collect();
    assert_eq!(without, WITHOUT_A_SCENE.map(|(call, _)| call).into_iter().collect(), "these calls have no scene");
}

/// The name of a declared call in the log, which has the names that requests are signed with.
fn logged(call: &str) -> String {
    match call.split_once(':') {
        Some(("cloudwatch", operation)) => format!("monitoring:{operation}"),
        Some(("s3", "ListObjectsV2")) => "s3:ListObjects".to_owned(),
        Some(("sagemaker", operation)) if operation.starts_with("Invoke") => format!("sagemaker-runtime:{operation}"),
        _ => call.to_owned(),
    }
}

/// The page explains every column, and is short enough to be read.
#[test]
fn the_page_explains_every_fault() {
    let page = page::text();
    for kind in kinds::ALL {
        assert!(page.contains(&format!("| {} |", kind.name())), "{}", kind.name());
    }
    for arguments in order() {
        let rows = page::rows(arguments);
        let untried: Vec<_> =
            rows.iter().filter(|(_, row)| row.iter().any(|outcome| outcome == page::UNTRIED)).map(|(call, _)| call).collect();
        assert!(
            !rows.is_empty() && untried.is_empty(),
            "{arguments:?} has {} calls, of which these have untried cells: {untried:?}; {UPDATE}",
            rows.len()
        );
    }
    assert!(page.lines().count() < 450, "{} lines", page.lines().count());
}
