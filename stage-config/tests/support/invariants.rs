//! What holds for every foreign text, shared by the ordinary tests and the fuzz targets.

use std::path::Path;

use stage_config::{Layer, Overrides, Place, Problem};

/// Each problem has a message and a place within the text.
fn problems(text: &str, problems: &[Problem]) {
    let lines = text.split('\n').count();
    for problem in problems {
        assert!(!problem.message.is_empty() && !problem.code.is_empty());
        if let Some(Place::File { line, column, .. }) = &problem.place {
            assert!((1..=lines).contains(line) && *column >= 1, "{problem:?}");
        }
    }
}

/// A file of a stage is refused with its problems, or read; the same way every time.
pub(crate) fn stage_file(text: &str) {
    let path = Path::new("staging.json");
    let read = Layer::read_stage_file(text, path);
    assert_eq!(read, Layer::read_stage_file(text, path));
    assert!(read.0.is_some() || !read.1.is_empty());
    problems(text, &read.1);
    let (overrides, found) = Overrides::read_file(text, path);
    assert!(overrides.is_some() || !found.is_empty());
    problems(text, &found);
    if let Some(overrides) = overrides {
        let _ = overrides.layer("111111111111", "us-east-1");
    }
}
