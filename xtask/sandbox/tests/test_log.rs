//! Parsing the output of `cargo test`.

use sandbox::test_log::*;

// `plan_in_waves` failed, `check_stage_file` did not.
const EXAMPLES: &str = "
     Running unittests examples/check_stage_file.rs (target/debug/examples/check_stage_file-41ac9b9d0e0f4a2b)
checked
     Running unittests examples/plan_in_waves.rs (target/debug/examples/plan_in_waves-41ac9b9d0e0f4a2b)
error: test failed, to rerun pass `-p stack-rollout --example plan_in_waves`
     Running unittests src/lib.rs (target/debug/deps/clock-e155c2206bea62ec)
test result: ok. 0 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s
error: 1 target failed:
    `-p stack-rollout --example plan_in_waves`
";

const LOG: &str = "
   Compiling xtask v0.1.0
    Finished `test` profile [unoptimized + debuginfo] target(s) in 0.50s
     Running unittests src/lib.rs (target/debug/deps/cfn_render-e155c2206bea62ec)

running 2 tests
test a::works ... ok
test a::is_long ... ignored, needs a JDK

test result: ok. 1 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s

     Running tests/end_to_end/main.rs (target/debug/deps/end_to_end-f5a900fe3b7bae0f)

running 3 tests
test plan::breaks ... FAILED
test plan::works ... ok
test plan::panics - should panic ... FAILED

failures:
    plan::breaks

test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.2s

error: test failed, to rerun pass `-p xtask --test end_to_end`
     Running tests/features.rs (target/debug/deps/features-00)
error: test failed, to rerun pass `-p xtask --test features`
   Doc-tests cfn_render
test cfn-render/src/lib.rs - (line 7) ... ok
test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.2s
error: 2 targets failed:
    `-p xtask --test end_to_end`
    `-p xtask --test features`
";

fn read(log: &str) -> TestLog {
    let mut read = TestLog::default();
    log.lines().for_each(|line| read.read(line));
    read
}

#[test]
fn results_of_binaries_are_summed_and_failed_tests_have_the_command_that_repeats_them() {
    let log = read(LOG);
    assert_eq!((log.passed, log.failures(), log.skipped.len()), (3, 3, 1));
    assert_eq!(log.failed[0].label(), "end_to_end plan::breaks");
    assert_eq!(log.failed[0].command(), "cargo test --workspace --locked --test end_to_end -- --exact plan::breaks");
    assert_eq!(log.failed[1].name, "plan::panics");
    assert_eq!((log.skipped[0].0.label().as_str(), log.skipped[0].1.as_str()), ("cfn_render a::is_long", "needs a JDK"));
}

#[test]
fn a_crashed_binary_counts_as_a_failure() {
    let crashed = |log: &str| read(log).crashed().map(Binary::command).collect::<Vec<_>>();
    assert_eq!(crashed(LOG), ["cargo test --workspace --locked --test features"]);
    let killed = LOG.split_once("error: test failed, to rerun pass `-p xtask --test features`").unwrap().0;
    assert_eq!(crashed(killed), ["cargo test --workspace --locked --test features"], "also the last binary");
}

#[test]
fn an_example_passes_or_fails_by_its_exit_code() {
    let log = read(EXAMPLES);
    assert_eq!((log.passed, log.failures()), (1, 1));
    assert_eq!(log.crashed().map(Binary::command).collect::<Vec<_>>(), ["cargo test --workspace --locked --example plan_in_waves"]);
}
