//! The latest resolutions of a template: callers resolve it for the same parameters to check them, to
//! find the names of its endpoints, and to compare it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use super::Resolved;
use crate::error::Error;
use crate::pseudo_parameters::PseudoParameters;

/// As many as a release has stages.
const KEPT: usize = 2;
/// Of a larger template none is kept: a resolved one needs several times the memory of its text.
const MAX_TEXT: usize = 256 * 1024;

/// Resolutions with the parameters that they are for, the newest last.
#[derive(Debug, Default)]
pub(crate) struct Latest(Mutex<VecDeque<Resolution>>);

#[derive(Debug)]
struct Resolution {
    parameters: BTreeMap<String, String>,
    pseudo: PseudoParameters,
    resolved: Resolved,
}

impl Latest {
    /// A kept resolution for these parameters, else that of `resolve`, which is kept.
    pub(crate) fn get_or_resolve(
        &self,
        text_length: usize,
        parameters: &BTreeMap<String, String>,
        pseudo: &PseudoParameters,
        resolve: impl FnOnce() -> Result<Resolved, Error>,
    ) -> Result<Resolved, Error> {
        let kept = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = kept().iter().find(|kept| kept.parameters == *parameters && kept.pseudo == *pseudo).map(|kept| kept.resolved.clone());
        if let Some(resolved) = known {
            return Ok(resolved);
        }
        let resolved = resolve()?;
        if text_length <= MAX_TEXT {
            let mut kept = kept();
            if kept.len() == KEPT {
                kept.pop_front();
            }
            kept.push_back(Resolution { parameters: parameters.clone(), pseudo: pseudo.clone(), resolved: resolved.clone() });
        }
        Ok(resolved)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Template;
    use std::cell::Cell;

    #[test]
    fn equal_parameters_are_resolved_once_and_only_the_latest_are_kept() {
        let template = Template::parse("Parameters: {A: {Type: String}}\nOutputs: {O: {Value: !Ref A}}", "t.yml").unwrap();
        let (latest, count) = (Latest::default(), Cell::new(0));
        let value = |length: usize, a: &str, region: &str| {
            let parameters = BTreeMap::from([("A".to_owned(), a.to_owned())]);
            let pseudo = PseudoParameters::in_region(region);
            let resolve = || {
                count.set(count.get() + 1);
                template.evaluated(&parameters, &pseudo, false)
            };
            latest.get_or_resolve(length, &parameters, &pseudo, resolve).unwrap().value()["Outputs"]["O"]["Value"].clone()
        };
        assert_eq!((value(1, "1", "eu-west-1"), value(1, "1", "eu-west-1"), count.get()), ("1".into(), "1".into(), 1));
        assert_eq!((value(1, "2", "eu-west-1"), value(1, "1", "eu-west-1"), count.get()), ("2".into(), "1".into(), 2));
        assert_eq!((value(1, "2", "us-east-1"), count.get()), ("2".into(), 3), "another region is another resolution");
        assert_eq!((value(1, "1", "eu-west-1"), count.get()), ("1".into(), 4), "the oldest one was dropped");
        for count_after in [5, 6] {
            assert_eq!((value(MAX_TEXT + 1, "3", "eu-west-1"), count.get()), ("3".into(), count_after), "large ones are not kept");
        }
        let failed = latest.get_or_resolve(1, &BTreeMap::new(), &PseudoParameters::unknown(), || {
            template.evaluated(&BTreeMap::new(), &PseudoParameters::unknown(), false)
        });
        assert!(failed.is_err(), "A has no value");
    }
}
