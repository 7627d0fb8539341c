//! Adds a model package's sample payloads to the cases that send them.

use super::Suite;
use super::case::{Case, Input, Payload};
use crate::media_type;
use crate::samples::Samples;

/// The media type of a case until its payload is known.
pub(super) const UNKNOWN: &str = "application/octet-stream";

pub(super) fn add(mut suite: Suite, samples: Result<&Samples, &str>) -> Suite {
    #[cfg(feature = "load")]
    let mut made = std::collections::HashMap::new();
    for case in std::mem::take(&mut suite.cases) {
        #[cfg(feature = "load")]
        let name = case.name.clone();
        let cases = cases(case, samples);
        #[cfg(feature = "load")]
        made.insert(name, cases.iter().map(|case| case.name.clone()).collect::<Vec<_>>());
        suite.cases.extend(cases);
    }
    if let (Some(selection), Ok(samples)) = (&mut suite.partial, samples) {
        selection.expanded(&suite.cases, samples.files().count());
    }
    // A load that uses a case uses all cases made from it.
    #[cfg(feature = "load")]
    if let Some(load) = &mut suite.load {
        load.cases = std::mem::take(&mut load.cases).into_iter().flat_map(|used| made.get(&used).cloned().unwrap_or(vec![used])).collect();
    }
    suite
}

/// The case with its sample; for `all`, a case for each.
fn cases(mut case: Case, samples: Result<&Samples, &str>) -> Vec<Case> {
    let Input::One(Payload::Sample { file, .. }) = &case.input else { return vec![case] };
    let file = file.clone();
    let samples = match samples {
        Ok(samples) => samples,
        Err(problem) => {
            case.input = Input::One(Payload::Sample { file, problem: Some(problem.to_owned()) });
            return vec![case];
        }
    };
    let sent = |name: &str, body: &bytes::Bytes| {
        let mut case = case.clone();
        if case.content_type == UNKNOWN
            && let Some(content_type) = media_type::of_file(name).or(samples.content_type.as_deref())
        {
            content_type.clone_into(&mut case.content_type);
        }
        case.input = Input::One(Payload::Loaded(body.clone()));
        case
    };
    match &file {
        Some(name) => match samples.get(name) {
            Some(body) => vec![sent(name, body)],
            None => {
                let known: Vec<_> = samples.files().map(|(name, _)| format!("`{name}`")).take(10).collect();
                let problem = format!("the model package has no sample payload `{name}`; it has {}", known.join(", "));
                case.input = Input::One(Payload::Sample { file, problem: Some(problem) });
                vec![case]
            }
        },
        None => samples
            .files()
            .map(|(name, body)| {
                let mut case = sent(name, body);
                case.name = format!("{} ({name})", case.name);
                case
            })
            .collect(),
    }
}
