//! What is wrong with a template's structure.

use crate::problem::Problem;
use crate::template::Template;

pub(crate) fn problems(_template: &Template) -> Vec<Problem> {
    Vec::new()
}
