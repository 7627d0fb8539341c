//! The parts of both charts: a plane with axes.

use std::fmt::{self, Write as _};

use maud::{Markup, html};

/// The size of a chart in its own units: the page scales it.
pub(super) const WIDTH: f64 = 540.0;
pub(super) const HEIGHT: f64 = 300.0;

/// A plane that maps values to coordinates.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plane {
    pub(super) left: f64,
    pub(super) right: f64,
    pub(super) top: f64,
    pub(super) bottom: f64,
    /// The value at the right edge; the left edge is zero.
    pub(super) most_x: f64,
    /// The value at the upper edge; the lower edge is zero.
    pub(super) most_y: f64,
}

impl Plane {
    pub(super) fn x(&self, value: f64) -> f64 {
        self.left + (self.right - self.left) * part(value, self.most_x)
    }

    pub(super) fn y(&self, value: f64) -> f64 {
        self.bottom - (self.bottom - self.top) * part(value, self.most_y)
    }
}

/// The position of a value between zero and the maximum, limited to the plane.
fn part(value: f64, most: f64) -> f64 {
    if most > 0.0 && value.is_finite() { (value / most).clamp(0.0, 1.0) } else { 0.0 }
}

/// A coordinate. A tenth of a unit is precise enough, and fewer digits make a smaller page.
#[derive(Debug, Clone, Copy)]
pub(super) struct At(pub(super) f64);

impl fmt::Display for At {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", (self.0 * 10.0).round() / 10.0)
    }
}

/// A step of 1, 2 or 5 times a power of ten that divides `most` into about `parts` parts.
pub(super) fn step(most: f64, parts: f64) -> f64 {
    let raw = (most / parts).max(1e-6);
    let power = 10_f64.powf(raw.log10().floor());
    let factor = [1.0, 2.0, 5.0, 10.0].into_iter().find(|factor| factor * power >= raw * 0.999).unwrap_or(10.0);
    factor * power
}

/// Milliseconds with a unit, short enough for an axis.
pub(super) fn time(milliseconds: f64) -> String {
    if milliseconds == 0.0 {
        "0".to_owned()
    } else if milliseconds < 1000.0 {
        format!("{} ms", short(milliseconds))
    } else {
        format!("{} s", short(milliseconds / 1000.0))
    }
}

/// A number to three digits.
pub(super) fn short(number: f64) -> f64 {
    let digits = if number < 10.0 { 100.0 } else { 10.0 };
    (number * digits).round() / digits
}

/// A chart with its title and description. `id` is unique on the page.
pub(super) fn chart(id: &str, title: &str, description: &str, parts: &Markup) -> Markup {
    html! {
        svg viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } role="img" aria-labelledby={ (id) "-title " (id) "-words" } {
            title id={ (id) "-title" } { (title) }
            desc id={ (id) "-words" } { (description) }
            (parts)
        }
    }
}

/// Text at a position; its class is its anchor.
pub(super) fn text(class: &str, x: f64, y: f64, words: &str) -> Markup {
    html! { text class=(class) x=(At(x)) y=(At(y)) { (words) } }
}

/// A horizontal line across the plane.
pub(super) fn across(plane: &Plane, class: Option<&str>, y: f64) -> Markup {
    html! { path class=[class] d={ "M" (At(plane.left)) " " (At(y)) "H" (At(plane.right)) } {} }
}

/// Multiples of a step, from zero up to a value.
pub(super) fn ticks(step: f64, most: f64) -> impl Iterator<Item = f64> {
    (0..=20).map(move |number| f64::from(number) * step).take_while(move |value| *value <= most * 1.001)
}

/// Horizontal lines, labelled with their times at the left.
pub(super) fn times(plane: &Plane, parts: f64) -> Markup {
    html! {
        @for value in ticks(step(plane.most_y, parts), plane.most_y) {
            (across(plane, Some("grid"), plane.y(value)))
            (text("end", plane.left - 8.0, plane.y(value) + 4.0, &time(value)))
        }
    }
}

/// A line through points; with a gap for each `None`.
pub(super) fn line(class: &str, places: impl IntoIterator<Item = Option<(f64, f64)>>) -> Markup {
    let mut path = String::new();
    let mut pen = 'M';
    for place in places {
        let Some((x, y)) = place else {
            pen = 'M';
            continue;
        };
        // A point between two gaps is visible by its line caps. Writing to a string does not fail.
        let _ = write!(path, "{pen}{} {}{}", At(x), At(y), if pen == 'M' { "h0" } else { "" });
        pen = 'L';
    }
    html! { path class={ "line " (class) } d=(path) {} }
}

/// The upper edge of a plane: the maximum value, and limits not far above it.
pub(super) fn upper_edge(most: f64, limits: impl Iterator<Item = f64>) -> f64 {
    let near = limits.filter(|limit| *limit <= most * 3.0).fold(most, f64::max);
    // Some space above the highest line.
    let air = near * 1.08;
    let step = step(air, 5.0);
    (air / step).ceil() * step
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn steps_are_round_numbers() {
        for (most, expected) in [(9.0, 2.0), (10.0, 2.0), (260.0, 100.0), (0.7, 0.2), (45_000.0, 10_000.0)] {
            assert!((step(most, 5.0) - expected).abs() < expected * 1e-9, "{most} {}", step(most, 5.0));
        }
    }

    proptest! {
        #[test]
        fn every_value_has_a_place_within_the_plane(value: f64, most: f64) {
            let plane = Plane { left: 10.0, right: 100.0, top: 10.0, bottom: 100.0, most_x: most, most_y: most };
            prop_assert!((10.0..=100.0).contains(&plane.x(value)) && (10.0..=100.0).contains(&plane.y(value)));
        }

        #[test]
        fn the_upper_edge_is_above_all_that_is_shown(most in 0.001..1e6f64, limit in 0.001..1e6f64) {
            let edge = upper_edge(most, [limit].into_iter());
            prop_assert!(edge >= most && edge < most.max(limit.min(most * 3.0)) * 2.2);
        }
    }
}
