//! A distribution of latencies, for a report.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hdrhistogram::serialization::{Serializer as _, V2DeflateSerializer};

use super::recorder::{Distribution, milliseconds};
use super::threshold::Statistic;
use crate::report::{Latencies, Percentile};

/// The usual percentiles.
const USUAL: [f64; 7] = [0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 0.9999];
/// The number of steps per halving of the distance to 100%.
const STEPS: u32 = 5;

/// The figures of a distribution; `whole` adds the spectrum and the distribution itself.
pub(super) fn latencies(distribution: &Distribution, whole: bool) -> Latencies {
    let histogram = &distribution.0;
    let count = histogram.len();
    if count == 0 {
        return Latencies::default();
    }
    let usual = USUAL.into_iter().filter(|percentile| Statistic::Percentile(*percentile).needs() <= count);
    Latencies {
        count,
        min_ms: milliseconds(histogram.min()),
        mean_ms: rounded(histogram.mean() / 1000.0),
        max_ms: milliseconds(histogram.max()),
        percentiles: points(distribution, usual),
        spectrum: if whole { points(distribution, steps(count)) } else { Vec::new() },
        hdr: if whole { encoded(distribution) } else { None },
    }
}

fn points(distribution: &Distribution, quantiles: impl Iterator<Item = f64>) -> Vec<Percentile> {
    quantiles.map(|quantile| Percentile { percentile: percent(quantile), ms: distribution.at(quantile) }).collect()
}

/// A quantile as a percentage, rounded to hide binary arithmetic.
pub(super) fn percent(quantile: f64) -> f64 {
    (quantile * 1e8).round() / 1e6
}

fn rounded(number: f64) -> f64 {
    (number * 1000.0).round() / 1000.0
}

/// Quantiles that approach one, up to the last with at least one of `count` samples beyond it.
#[expect(clippy::cast_precision_loss, reason = "a million at most")]
fn steps(count: u64) -> impl Iterator<Item = f64> {
    let last = 1.0 - 1.0 / count as f64;
    let halvings = (0..64).map(|power: i32| 0.5_f64.powi(power));
    let steps = halvings.flat_map(|left| (0..STEPS).map(move |step| 1.0 - left * (1.0 - f64::from(step) / f64::from(2 * STEPS))));
    steps.take_while(move |quantile| *quantile <= last).chain([1.0])
}

fn encoded(distribution: &Distribution) -> Option<String> {
    let mut bytes = Vec::new();
    V2DeflateSerializer::new().serialize(&distribution.0, &mut bytes).ok()?;
    Some(STANDARD.encode(bytes))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use hdrhistogram::Histogram;
    use hdrhistogram::serialization::Deserializer;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_written_distribution_reads_back_unchanged(microseconds in prop::collection::vec(1u64..120_000_000, 1..200)) {
            let mut distribution = Distribution::default();
            for latency in &microseconds {
                distribution.record(Duration::from_micros(*latency));
            }
            let shown = latencies(&distribution, true);
            let bytes = STANDARD.decode(shown.hdr.unwrap()).unwrap();
            let again: Histogram<u64> = Deserializer::new().deserialize(&mut bytes.as_slice()).unwrap();
            prop_assert_eq!(again, distribution.0);
            prop_assert_eq!(shown.count, microseconds.len() as u64);
            // Within three digits of the exact value, and never decreasing.
            let most = milliseconds(*microseconds.iter().max().unwrap());
            prop_assert!((shown.max_ms / most - 1.0).abs() < 0.001);
            prop_assert!(shown.spectrum.windows(2).all(|pair| pair[0].percentile <= pair[1].percentile && pair[0].ms <= pair[1].ms));
            prop_assert!(shown.spectrum.last().unwrap().percentile > 99.999_999);
        }
    }

    #[test]
    fn a_percentile_is_shown_only_where_ten_samples_are_beyond_it() {
        let mut distribution = Distribution::default();
        for latency in 1..=200 {
            distribution.record(Duration::from_millis(latency));
        }
        let percentiles: Vec<_> = latencies(&distribution, false).percentiles.iter().map(|point| point.percentile).collect();
        assert_eq!(percentiles, [50.0, 75.0, 90.0, 95.0]);
    }
}
