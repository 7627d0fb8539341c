//! Progress: an animated line on a terminal, and one line for each finished item.

mod endpoints;
#[cfg(feature = "aws")]
mod preflight;
#[cfg(feature = "aws")]
mod rollout;
mod uploads;

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use terminal::Printer;

pub(crate) use endpoints::EndpointProgress;
#[cfg(feature = "aws")]
pub(crate) use preflight::preflight;
#[cfg(feature = "aws")]
pub(crate) use rollout::rollout;
pub(crate) use uploads::Uploads;

/// An animated line, shown until it is dropped; hidden if there is no terminal.
#[derive(Debug)]
struct Line(ProgressBar);

impl Line {
    fn new(printer: Printer, length: Option<usize>, template: &str) -> Self {
        let target = if printer.shows_progress() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(length.map(|length| length as u64), target);
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(120));
        Self(bar)
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
