//! The fault matrix: every call of every command meets every fault.
//!
//! The calls of a command are those that it makes without faults, so a new call is covered by
//! itself. `cargo xtask test` tries a few cells of each command, always the same ones unless
//! `FAULT_SEED` is set; `cargo xtask soak faults` tries all.

mod cell;
mod kinds;
mod scenes;

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use cell::{Call, Cell};
use scenes::Scene;

/// Cells of each command in `cargo xtask test`.
const SAMPLE: usize = 2;

/// How many cells of each command to try, and the seed of the choice.
fn choice() -> (usize, u64) {
    let number = |name: &str| std::env::var(name).ok().and_then(|value| value.parse().ok());
    let cells = number("FAULT_CELLS").map_or(SAMPLE, |cells: u64| usize::try_from(cells).unwrap_or(usize::MAX));
    (cells, number("FAULT_SEED").unwrap_or(1))
}

fn order(seed: u64, cell: &Cell) -> u64 {
    let mut hasher = DefaultHasher::new();
    (seed, &cell.call, cell.fault.name()).hash(&mut hasher);
    hasher.finish()
}

/// The calls of the scene's command, each once.
fn calls(scene: &Scene) -> BTreeSet<Call> {
    let (cloud, project) = (scene.prepare)();
    cloud.aws.clear_requests().unwrap();
    project.run(scene.arguments).ends_with(scene.code);
    let calls: BTreeSet<Call> = cloud.aws.requests().unwrap().into_iter().map(Call::from).collect();
    assert!(!calls.is_empty(), "{:?} makes no call", scene.arguments);
    calls
}

fn matrix(scene: &Scene) {
    let (count, seed) = choice();
    let is_whole = count > 1000;
    let mut cells: Vec<Cell> = calls(scene).into_iter().flat_map(Cell::of_call).filter(|cell| is_whole || !cell.is_slow(scene)).collect();
    cells.sort_by_key(|cell| order(seed, cell));
    cells.truncate(count);
    let mut prepared = None;
    let mut problems = Vec::new();
    for cell in cells {
        let (cloud, project) = prepared.take().unwrap_or_else(scene.prepare);
        if let Err(problem) = cell.try_on(scene, &cloud, &project) {
            problems.push(format!("{cell}: {problem}"));
        }
        // A command that changes something gets a new scene for the next fault.
        if !scene.changes {
            prepared = Some((cloud, project));
        }
    }
    assert!(problems.is_empty(), "FAULT_SEED={seed}: {} problems\n{}", problems.len(), problems.join("\n"));
}

macro_rules! matrices {
    ($($name:ident),* $(,)?) => {
        $(#[test]
        fn $name() {
            matrix(&scenes::$name());
        })*
    };
}

matrices![setup, list, resolve, snapshot, package, build, doctor, plan, status, deploy, prune, test_staging, check_release];
