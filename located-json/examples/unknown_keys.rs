//! Reports every unknown and every repeated key of a file with its line and column:
//! `cargo run -p located-json --example unknown_keys`
#![allow(clippy::print_stdout, reason = "an example prints")]

use std::collections::BTreeSet;

use located_json::{Document, NotJson};

const TEXT: &str = r#"{
  "name": "iris",
  "instances": 2,
  "instnaces": 3,
  "name": "wine"
}"#;

fn main() -> Result<(), NotJson> {
    let document = Document::parse(TEXT)?;
    let mut seen = BTreeSet::new();
    let mut problems = Vec::new();
    for member in document.root().members().unwrap_or_default() {
        let place = document.place(member.key);
        if !["name", "instances"].contains(&member.name.as_str()) {
            problems.push(format!("{place}: unknown key `{}`", member.name));
        }
        if !seen.insert(member.name.clone()) {
            problems.push(format!("{place}: `{}` is there twice", member.name));
        }
    }
    println!("{}", problems.join("\n"));
    assert_eq!(problems, ["4:3: unknown key `instnaces`", "5:3: `name` is there twice"]);
    Ok(())
}
