//! Whether the methods err as seldom as they claim, over many simulated suites with fixed seeds.

use super::delong::Ranking;
use super::paired::{Discordant, is_no_worse, is_worse};
use super::power::{self, Pairs};
use super::random::SplitMix64;
use super::{bootstrap, number, proportion};

const RUNS: usize = 10_000;
/// For what costs more.
const FEWER: usize = 1_000;
const TAIL: f64 = 0.05;

/// Four standard errors of a share of [`RUNS`].
fn most(share: f64) -> f64 {
    share + 4.0 * (share * (1.0 - share) / number(RUNS)).sqrt()
}

fn uniform(random: &mut SplitMix64) -> f64 {
    number(random.below(1 << 53)) / number(1 << 53)
}

fn binomial(random: &mut SplitMix64, rows: usize, chance: f64) -> usize {
    (0..rows).filter(|_| uniform(random) < chance).count()
}

fn discordant(random: &mut SplitMix64, rows: usize, pairs: Pairs) -> Discordant {
    let first = (pairs.flips - pairs.loss) / 2.0;
    let mut found = Discordant { rows, ..Discordant::default() };
    for _ in 0..rows {
        let drawn = uniform(random);
        found.first += usize::from(drawn < first);
        found.second += usize::from(drawn >= first && drawn < pairs.flips);
    }
    found
}

fn share_of(runs: usize, mut is_hit: impl FnMut() -> bool) -> f64 {
    number((0..runs).filter(|_| is_hit()).count()) / number(runs)
}

#[test]
fn equal_models_fail_a_comparison_in_at_most_one_of_twenty_runs() {
    let mut random = SplitMix64::new(1);
    for (rows, flips, margin) in [(30, 0.1, 0.0), (100, 0.05, 0.0), (100, 0.05, 0.01)] {
        let failed = share_of(RUNS, || is_worse(discordant(&mut random, rows, Pairs { flips, loss: 0.0 }), margin, TAIL));
        assert!(failed <= most(TAIL), "{rows} rows, {flips} flips, margin {margin}: {failed}");
    }
}

#[test]
fn a_loss_at_the_margin_passes_in_at_most_one_of_twenty_runs() {
    let mut random = SplitMix64::new(2);
    let passed = share_of(FEWER, || is_no_worse(discordant(&mut random, 300, Pairs { flips: 0.1, loss: 0.03 }), 0.03, TAIL));
    assert!(passed <= TAIL + 4.0 * (TAIL / number(FEWER)).sqrt(), "{passed}");
}

#[test]
fn where_the_rows_suffice_four_of_five_runs_pass() {
    let mut random = SplitMix64::new(3);
    let (limit, expected) = (0.9, 0.95);
    let rows = power::rows_for_share(limit, expected, TAIL).unwrap();
    let passed = share_of(FEWER, || proportion::exact(binomial(&mut random, rows, expected), rows, TAIL).low >= limit);
    assert!(passed >= 0.8 - 4.0 * (0.16 / number(FEWER)).sqrt(), "{rows} rows: {passed}");
    let equal = Pairs { flips: 0.05, loss: 0.0 };
    let rows = power::rows_for_pairs(equal, 0.03, TAIL).unwrap();
    let passed = share_of(FEWER, || is_no_worse(discordant(&mut random, rows, equal), 0.03, TAIL));
    assert!(passed >= 0.8 - 4.0 * (0.16 / number(FEWER)).sqrt(), "{rows} rows: {passed}");
    let loss = power::visible_loss(400, 0.1, 0.01, TAIL).unwrap();
    let failed = share_of(FEWER, || is_worse(discordant(&mut random, 400, Pairs { flips: 0.1, loss }), 0.01, TAIL));
    assert!(failed >= 0.8 - 4.0 * (0.16 / number(FEWER)).sqrt(), "a loss of {loss}: {failed}");
}

#[test]
fn an_exact_bound_is_wrong_in_at_most_one_of_twenty_runs() {
    let mut random = SplitMix64::new(4);
    for share in [0.5, 0.9, 0.99] {
        let wrong = share_of(FEWER, || proportion::exact(binomial(&mut random, 60, share), 60, TAIL).low > share);
        assert!(wrong <= TAIL + 4.0 * (TAIL / number(FEWER)).sqrt(), "{share}: {wrong}");
    }
}

#[test]
fn the_area_bound_is_wrong_in_about_one_of_twenty_runs() {
    let mut random = SplitMix64::new(5);
    // With uniform scores below and above a shift `s`, the area is 1 - (1 - s)² / 2.
    for (shift, rows) in [(0.5, 40), (0.8, 40), (0.8, 200)] {
        let area = 1.0 - (1.0 - shift) * (1.0 - shift) / 2.0;
        let truth: Vec<bool> = (0..rows).map(|row| row % 2 == 0).collect();
        let wrong = share_of(FEWER, || {
            let scores: Vec<f64> = truth.iter().map(|positive| uniform(&mut random) + if *positive { shift } else { 0.0 }).collect();
            Ranking::of(&scores, &truth).unwrap().interval(TAIL).0.low > area
        });
        assert!(wrong <= TAIL + 4.0 * (TAIL / number(FEWER)).sqrt(), "an area of {area} with {rows} rows: {wrong}");
    }
}

#[test]
fn a_bootstrap_bound_of_skewed_errors_is_wrong_in_at_most_one_of_ten_runs() {
    let mut random = SplitMix64::new(6);
    // Exponential errors with mean 1, of which the upper bound decides.
    let wrong = share_of(100, || {
        let errors: Vec<f64> = (0..60).map(|_| -(1.0 - uniform(&mut random)).ln()).collect();
        bootstrap::Mean::of(&errors).interval(TAIL).high < 1.0
    });
    assert!(wrong <= 0.1 + 4.0 * (0.09f64 / 100.0).sqrt(), "{wrong}");
}
