//! Reads the output of `cargo test` for a summary over all binaries, which cargo does not print.

/// The folder of a package's examples.
const EXAMPLES: &str = "examples/";
/// What selects one of them.
const EXAMPLE: &str = " --example ";

/// The results so far.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct TestLog {
    /// The number of passed tests.
    pub passed: usize,
    /// The failed tests.
    pub failed: Vec<Test>,
    /// The ignored tests, with the reasons.
    pub skipped: Vec<(Test, String)>,
    /// The failures that the binaries' results count, named or not.
    failures: usize,
    /// Binaries that ended without a result.
    crashed: Vec<Binary>,
    binary: Binary,
    /// Whether the current binary's result is pending.
    is_running: bool,
}

/// One test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Test {
    binary: Binary,
    /// Its path in the binary.
    pub name: String,
}

/// A test binary, and the cargo arguments that select it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Binary {
    /// The name of its target.
    pub name: String,
    arguments: String,
}

impl TestLog {
    /// Reads one line of standard output or standard error, without colours.
    pub fn read(&mut self, line: &str) {
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
        } else if text.starts_with("error: test failed") && self.binary.is_example() {
            self.passed -= 1;
            self.crashed.push(self.binary.clone());
        }
    }

    fn starts(&mut self, binary: Binary) {
        let before = std::mem::replace(&mut self.binary, binary);
        // An example has no test harness, so it prints no result: cargo says when it failed.
        let has_result = !self.binary.is_example();
        if std::mem::replace(&mut self.is_running, has_result) {
            self.crashed.push(before);
        }
        self.passed += usize::from(!has_result);
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
    pub fn failures(&self) -> usize {
        self.failures.max(self.failed.len()) + self.crashed().count()
    }

    /// The binaries that ended without a result, with the last one if its result is pending.
    pub fn crashed(&self) -> impl Iterator<Item = &Binary> {
        self.crashed.iter().chain(self.is_running.then_some(&self.binary))
    }
}

impl Test {
    /// The binary and the test, such as `end_to_end plan::two_accounts`.
    pub fn label(&self) -> String {
        format!("{} {}", self.binary.name, self.name).trim_start().to_owned()
    }

    /// The command that repeats this test, with the workspace's features to compile nothing.
    pub fn command(&self) -> String {
        // The name of a documentation test has spaces.
        let filter = if self.name.contains(' ') { format!("'{}'", self.name) } else { format!("--exact {}", self.name) };
        format!("{} -- {filter}", self.binary.command())
    }
}

impl Binary {
    /// Parses `unittests src/lib.rs (…/cfn_render-0123)` or `tests/it/main.rs (…/it-0123)`.
    fn running(text: &str) -> Self {
        let (what, file) = text.rsplit_once(" (").unwrap_or((text, ""));
        let file = file.trim_end_matches(')').rsplit(['/', '\\']).next().unwrap_or_default();
        let name = file.rsplit_once('-').map_or(file, |(name, _)| name).to_owned();
        let arguments = match what.strip_prefix("unittests ") {
            Some(source) if source.ends_with("lib.rs") => " --lib".to_owned(),
            Some(source) if source.starts_with(EXAMPLES) => format!("{EXAMPLE}{name}"),
            Some(_) => " --bins".to_owned(),
            None => format!(" --test {name}"),
        };
        Self { name, arguments }
    }

    fn is_example(&self) -> bool {
        self.arguments.starts_with(EXAMPLE)
    }

    /// The command that runs all of its tests.
    pub fn command(&self) -> String {
        format!("cargo test --workspace --locked{}", self.arguments)
    }
}
