//! Charts as inline SVG: no scripts, colours from the page's style, and a text alternative.

mod intervals;
mod percentiles;
mod plot;
mod timeline;

pub(super) use self::intervals::{gains, interval};
pub(super) use self::percentiles::percentiles;
pub(super) use self::timeline::timeline;
