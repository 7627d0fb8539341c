//! Compares `AllowedPattern` with Java itself: every decision of this crate must agree with
//! `java.util.regex`.
//!
//! Needs a JDK of version 11 or newer: `cargo test -p stage-config --test java -- --ignored`.

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Command, Stdio};

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use stage_config::{Layer, ParametersSection, check, merge};

/// Reads a pattern and a value per line, both as hexadecimal UTF-8, and prints `1`, `0` or, for an
/// invalid pattern, `e`.
const ORACLE: &str = r#"
import java.io.*;
import java.nio.charset.StandardCharsets;
import java.util.regex.*;
public class Oracle {
    static String text(String hex) {
        byte[] bytes = new byte[hex.length() / 2];
        for (int i = 0; i < bytes.length; i++) bytes[i] = (byte) Integer.parseInt(hex.substring(2 * i, 2 * i + 2), 16);
        return new String(bytes, StandardCharsets.UTF_8);
    }
    public static void main(String[] arguments) throws Exception {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
        StringBuilder out = new StringBuilder();
        for (String line; (line = in.readLine()) != null; ) {
            String[] parts = line.split(" ", -1);
            try { out.append(Pattern.compile(text(parts[0])).matcher(text(parts[1])).matches() ? "1\n" : "0\n"); }
            catch (RuntimeException | StackOverflowError error) { out.append("e\n"); }
        }
        System.out.print(out);
    }
}
"#;

fn pattern() -> impl Strategy<Value = String> {
    let atoms = prop_oneof![
        6 => "[a-cA-C0-2_ .:/@<>&~#,-]".prop_map(|text| if text == "." { text } else { text.replace('#', "\\#") }),
        3 => proptest::sample::select(&[r"\d", r"\D", r"\w", r"\W", r"\s", r"\S", r"\h", r"\v", r"\.", r"\-", r"\/", r"\<", r"\>", r"\@", r"\n", r"\t", r"\x41", r"\u0042", r"\p{Alpha}", r"\P{Punct}", r"\p{Lu}", r"\pL", r"\Qa.b\E", r"\e", r"\cA", r"\07", "^", "$", "é", "😀", r"\b", r"\R"][..])
            .prop_map(str::to_owned),
        3 => class(),
    ];
    atoms.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            3 => proptest::collection::vec(inner.clone(), 1..4).prop_map(|parts| parts.concat()),
            2 => proptest::collection::vec(inner.clone(), 1..4).prop_map(|parts| format!("(?:{})", parts.join("|"))),
            1 => inner.clone().prop_map(|part| format!("({part})")),
            1 => inner.clone().prop_map(|part| format!("(?<name>{part})")),
            3 => (inner, proptest::sample::select(&["*", "+", "?", "*?", "+?", "??", "{2}", "{1,}", "{0,2}", "{1,2}?", "++", "{,2}"][..]))
                .prop_map(|(part, quantifier)| format!("(?:{part}){quantifier}")),
        ]
    })
}

/// Classes with everything that engines interpret differently.
fn class() -> impl Strategy<Value = String> {
    let members = proptest::sample::select(
        &[
            "a",
            "b",
            "c",
            "-",
            "--",
            "~~",
            "&",
            "&&",
            "a-c",
            "0-9",
            r"\w",
            r"\d",
            r"\-",
            r"\]",
            "[bc]",
            "[^a]",
            "^",
            ".",
            "_",
            "/",
            "+--",
            "é",
            r"\p{Lower}",
            "]",
            "#",
            " ",
            "<",
        ][..],
    );
    (any::<bool>(), proptest::collection::vec(members, 1..5))
        .prop_map(|(negated, members)| format!("[{}{}]", if negated { "^" } else { "" }, members.concat()))
}

fn value() -> impl Strategy<Value = String> {
    let parts = proptest::sample::select(
        &[
            "a", "b", "c", "A", "B", "0", "1", "_", "-", ".", " ", "~", "&", "#", "<", ">", "/", "@", "]", "^", "é", "É", "😀", "\n", "\r",
            "\u{85}", "\u{2028}", "\t", "\u{a0}", "٣", "\u{1b}", "\u{1}", "\u{7}", "ſ",
        ][..],
    );
    proptest::collection::vec(parts, 0..5).prop_map(|parts| parts.concat())
}

/// Whether the value is accepted; none if the pattern is left to CloudFormation.
fn decided(pattern: &str, value: &str) -> Option<bool> {
    let section = ParametersSection::parse(&serde_json::json!({ "A": { "Type": "String", "AllowedPattern": pattern } })).unwrap();
    let mut layer = Layer::default();
    layer.set_by_pipeline("A", value, "--a");
    let problems = check(&merge([layer]), &section).problems;
    if problems.iter().any(|problem| problem.code == "pattern-not-checked") {
        return None;
    }
    Some(problems.iter().all(|problem| problem.code != "pattern"))
}

#[test]
#[ignore = "needs a JDK"]
fn java_agrees_with_every_decision_of_this_crate() {
    let cases: usize = std::env::var("CASES").ok().and_then(|count| count.parse().ok()).unwrap_or(20_000);
    let folder = std::env::temp_dir().join(format!("oracle-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let source = folder.join("Oracle.java");
    std::fs::write(&source, ORACLE).unwrap();

    let seed = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1_u8);
    let mut runner = TestRunner::new_with_rng(Config::default(), TestRng::from_seed(RngAlgorithm::ChaCha, &[seed; 32]));
    let strategy = (pattern(), value());
    let pairs: Vec<(String, String)> = (0..cases).map(|_| strategy.new_tree(&mut runner).unwrap().current()).collect();
    let hex = |text: &str| text.bytes().fold(String::new(), |mut hex, byte| write!(hex, "{byte:02x}").map(|()| hex).unwrap());
    let lines: Vec<String> = pairs.iter().map(|(pattern, value)| format!("{} {}", hex(pattern), hex(value))).collect();
    let input = lines.join("\n") + "\n";

    let mut java = Command::new("java").arg(&source).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("a JDK is installed");
    let mut stdin = java.stdin.take().unwrap();
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = java.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    let answers = String::from_utf8(output.stdout).unwrap();

    let (mut compared, mut undecided, mut wrong) = (0, 0, Vec::new());
    for ((pattern, value), answer) in pairs.iter().zip(answers.lines()) {
        match (decided(pattern, value), answer) {
            (None, _) => undecided += 1,
            // CloudFormation rejects a template with a pattern that is invalid in Java.
            (Some(_), "e") => {}
            (Some(here), answer) => {
                compared += 1;
                if here != (answer == "1") {
                    wrong.push(format!("{pattern:?} on {value:?}: here {here}, Java {answer}"));
                }
            }
        }
    }
    assert_eq!(answers.lines().count(), cases);
    assert!(compared > cases / 3, "{compared} compared, {undecided} left to CloudFormation, of {cases}");
    assert!(wrong.is_empty(), "{} wrong\n{}", wrong.len(), wrong.iter().take(40).cloned().collect::<Vec<_>>().join("\n"));
}
