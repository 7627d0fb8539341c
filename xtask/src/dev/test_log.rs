//! What `cargo test` printed, read for a summary: cargo itself ends with the last binary and not with the whole.

/// What was seen so far.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct TestLog {
    pub(crate) passed: usize,
    pub(crate) failed: Vec<Test>,
    pub(crate) skipped: Vec<(Test, String)>,
    /// Failures that the results of the binaries count, named or not.
    failures: usize,
    /// Binaries that ended without a result.
    crashed: Vec<Binary>,
    binary: Binary,
    /// Whether the binary has not printed its result yet.
    is_running: bool,
}

/// One test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Test {
    binary: Binary,
    pub(crate) name: String,
}

/// What has tests, and the arguments by which cargo runs it alone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Binary {
    pub(crate) name: String,
    arguments: String,
}

impl TestLog {
    /// Takes in one line of standard output or standard error, without colours.
    pub(crate) fn read(&mut self, line: &str) {
        let text = line.trim();
        if let Some(rest) = text.strip_prefix("Running ") {
            self.starts(Binary::running(rest));
        } else if let Some(name) = text.strip_prefix("Doc-tests ") {
            self.starts(Binary { name: name.to_owned(), arguments: " --doc".to_owned() });
        } else if let Some(result) = text.strip_prefix("test result: ") {
            self.is_running = false;
            self.result(result);
        } else if let Some(test) = text.strip_prefix("test ") {
            self.test(test);
        }
    }

    fn starts(&mut self, binary: Binary) {
        let before = std::mem::replace(&mut self.binary, binary);
        if std::mem::replace(&mut self.is_running, true) {
            self.crashed.push(before);
        }
    }

    fn test(&mut self, text: &str) {
        let Some((name, outcome)) = text.rsplit_once(" ... ") else { return };
        let found = || Test { binary: self.binary.clone(), name: name.trim_end_matches(" - should panic").to_owned() };
        if outcome == "FAILED" {
            self.failed.push(found());
        } else if let Some(reason) = outcome.strip_prefix("ignored") {
            self.skipped.push((found(), reason.trim_start_matches(", ").to_owned()));
        }
    }

    fn result(&mut self, text: &str) {
        let count = |what: &str| {
            let part = text.split([';', '.']).find_map(|part| part.trim().strip_suffix(what));
            part.and_then(|number| number.trim().parse::<usize>().ok()).unwrap_or(0)
        };
        self.passed += count(" passed");
        self.failures += count(" failed");
    }

    /// How many tests failed: those that are named, and each binary that crashed.
    pub(crate) fn failures(&self) -> usize {
        self.failures.max(self.failed.len()) + self.crashed().count()
    }

    /// The binaries that ended without a result; the last one ends when cargo does.
    pub(crate) fn crashed(&self) -> impl Iterator<Item = &Binary> {
        self.crashed.iter().chain(self.is_running.then_some(&self.binary))
    }
}

impl Test {
    /// The test with what holds it, such as `end_to_end plan::two_accounts`.
    pub(crate) fn label(&self) -> String {
        format!("{} {}", self.binary.name, self.name).trim_start().to_owned()
    }

    /// The command that runs this test again, with the features of the whole workspace, so that nothing else is compiled.
    pub(crate) fn command(&self) -> String {
        // The name of an example in the documentation has spaces.
        let filter = if self.name.contains(' ') { format!("'{}'", self.name) } else { format!("--exact {}", self.name) };
        format!("{} -- {filter}", self.binary.command())
    }
}

impl Binary {
    /// From `unittests src/lib.rs (target/debug/deps/cfn_render-0123)` or `tests/it/main.rs (target/debug/deps/it-0123)`.
    fn running(text: &str) -> Self {
        let (what, file) = text.rsplit_once(" (").unwrap_or((text, ""));
        let file = file.trim_end_matches(')').rsplit(['/', '\\']).next().unwrap_or_default();
        let name = file.rsplit_once('-').map_or(file, |(name, _)| name).to_owned();
        let arguments = match what.strip_prefix("unittests ") {
            Some(source) if source.ends_with("lib.rs") => " --lib".to_owned(),
            Some(_) => " --bins".to_owned(),
            None => format!(" --test {name}"),
        };
        Self { name, arguments }
    }

    /// The command that runs all of its tests.
    pub(crate) fn command(&self) -> String {
        format!("cargo test --workspace --locked{}", self.arguments)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn the_binaries_results_are_added_up_and_failed_tests_are_named_with_the_command_that_runs_them_again() {
        let log = read(LOG);
        assert_eq!((log.passed, log.failures(), log.skipped.len()), (3, 3, 1));
        assert_eq!(log.failed[0].label(), "end_to_end plan::breaks");
        assert_eq!(log.failed[0].command(), "cargo test --workspace --locked --test end_to_end -- --exact plan::breaks");
        assert_eq!(log.failed[1].name, "plan::panics");
        assert_eq!((log.skipped[0].0.label().as_str(), log.skipped[0].1.as_str()), ("cfn_render a::is_long", "needs a JDK"));
    }

    #[test]
    fn a_binary_that_crashes_counts_as_a_failure_of_its_own() {
        let crashed = |log: &str| read(log).crashed().map(Binary::command).collect::<Vec<_>>();
        assert_eq!(crashed(LOG), ["cargo test --workspace --locked --test features"]);
        let killed = LOG.split_once("error: test failed, to rerun pass `-p xtask --test features`").unwrap().0;
        assert_eq!(crashed(killed), ["cargo test --workspace --locked --test features"], "the last binary, too");
    }
}
