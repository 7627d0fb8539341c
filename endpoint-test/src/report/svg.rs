//! Charts as inline SVG: no script, colours from the page's style, and the same told in words for who cannot see them.

mod percentiles;
mod plot;
mod timeline;

pub(super) use self::percentiles::percentiles;
pub(super) use self::timeline::timeline;
