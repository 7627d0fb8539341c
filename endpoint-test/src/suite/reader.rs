//! Reads the tree of a suite file into a [`Suite`] and collects all problems.

mod case;
mod fields;
mod settings;

use std::collections::HashMap;
use std::path::Path;

pub(super) use self::case::CASE_KEYS;
pub(super) use self::fields::{Fields, Reader};
pub(super) use self::settings::{Settings, addresses, is_name, media};
use super::document::{self, Content, Node};
use super::errors::{Source, SuiteErrors};
#[cfg(feature = "load")]
use super::load;
use super::{FORMAT_VERSION, Suite, SuiteOptions, compare_reader, endpoint, replay_reader, sections, variables};
use crate::problem::Problem;

/// The largest suite file, in bytes. Put larger payloads into separate files.
pub(super) const MAX_SIZE: usize = 8 * 1024 * 1024;

pub(super) const SUITE_KEYS: &[&str] = &["version", "name", "variables", "endpoint", "defaults", "cases", "compare", "replay", "load"];
pub(super) const DEFAULTS_KEYS: &[&str] = settings::DEFAULTS_KEYS;

pub(super) fn read(text: &str, path: &Path, options: &SuiteOptions) -> Result<Suite, SuiteErrors> {
    match read_partly(text, path, options) {
        (Some(suite), problems) if problems.is_empty() => Ok(suite),
        (_, problems) => Err(SuiteErrors::new(Source::new(path, text), problems)),
    }
}

/// Reads as much of a suite as possible, so that its files can be checked too, and reports every
/// problem.
pub(super) fn read_partly(text: &str, path: &Path, options: &SuiteOptions) -> (Option<Suite>, Vec<Problem>) {
    if text.len() > MAX_SIZE {
        let problem = Problem::new(format!("the file has {} bytes; the limit of a suite is {MAX_SIZE}", text.len()))
            .with_hint("put large payloads into files and name them with `file`");
        return (None, vec![problem]);
    }
    let (mut root, duplicates) = match document::parse(text) {
        Ok(parsed) => parsed,
        Err(problem) => return (None, vec![problem]),
    };
    let mut reader = Reader { problems: duplicates, ..Reader::default() };
    let mut values = variables::defaults(&mut reader, &root);
    values.extend(options.variables.clone());
    variables::substitute(&mut reader, &mut root, &values);
    let suite = suite(&mut reader, &root, Source::new(path, text));
    let golden_files_may_be_missing = options.golden_files_may_be_missing;
    (suite.map(|suite| Suite { warnings: reader.warnings, golden_files_may_be_missing, ..suite }), reader.problems)
}

fn suite(reader: &mut Reader, root: &Node, source: Source) -> Option<Suite> {
    let fields = reader.fields(root, sections::SUITE, SUITE_KEYS)?;
    version(reader, &fields);
    let name = fields.text(reader, "name").map(str::to_owned);
    let endpoint = fields.get("endpoint").map(|node| endpoint::read(reader, node)).unwrap_or_default();
    let compare = fields.get("compare").and_then(|node| compare_reader::read(reader, node)).unwrap_or_default();
    let replay = fields.get("replay").and_then(|node| replay_reader::read(reader, node));
    let defaults = match fields.get("defaults") {
        Some(node) => reader.fields(node, "`defaults`", DEFAULTS_KEYS).map(|fields| settings::read(reader, &fields)).unwrap_or_default(),
        None => Settings::default(),
    };
    let nodes: &[Node] = match fields.require(reader, "cases").map(|node| (&node.content, node)) {
        Some((Content::List(nodes), _)) => nodes,
        // A key without a value is an empty list: all cases were commented out.
        Some((Content::Null, _)) | None => &[],
        Some((_, node)) => {
            reader.problem(node.place, format!("`cases` must be a list, not {}", node.kind())).hint =
                Some("begin each case with `- name:`".to_owned());
            &[]
        }
    };
    let mut names = HashMap::new();
    let cases: Vec<_> = nodes.iter().filter_map(|node| case::read(reader, node, &defaults, &mut names)).collect();
    // An invalid case may be the one that measures a compared metric.
    if reader.problems.is_empty() {
        compare_reader::check(reader, &compare, &cases);
    }
    #[cfg(feature = "load")]
    let load = fields.get("load").and_then(|node| load::read(reader, node, &names, &cases));
    #[cfg(not(feature = "load"))]
    if fields.get("load").is_some() {
        let problem = reader.problem(fields.key_place("load"), "this program was built without the load generator");
        problem.code = Some(crate::problem::ProblemCode::LoadNotSupported);
        problem.hint = Some("remove `load`, or build endpoint-test with its feature `load`".to_owned());
    }
    Some(Suite {
        name,
        endpoint,
        compare,
        replay,
        cases,
        #[cfg(feature = "load")]
        load,
        warnings: Vec::new(),
        golden_files_may_be_missing: false,
        partial: None,
        source,
    })
}

fn version(reader: &mut Reader, fields: &Fields<'_>) {
    let Some(node) = fields.require(reader, "version") else { return };
    match &node.content {
        Content::Number(number) if number.as_u64() == Some(FORMAT_VERSION.into()) => {}
        content => {
            let found = match content {
                Content::Number(number) => number.to_string(),
                Content::Text(text) => format!("{text:?}"),
                _ => node.kind().to_owned(),
            };
            let problem = reader.problem(node.place, format!("`version` is {found}; this program reads version {FORMAT_VERSION}"));
            problem.hint = Some(format!("write `version: {FORMAT_VERSION}`, or use a newer program"));
        }
    }
}
