//! The methods against scipy, statsmodels and scikit-learn, whose values are in a file: the script
//! beside it wrote them.

use serde_json::Value;

use super::delong::Ranking;
use super::mover::{self, Part};
use super::paired::{Discordant, mcnemar, tango};
use super::special::{incomplete_beta, normal_at_most, normal_quantile, student_factor};
use super::{Interval, bootstrap, drift, holm, proportion, quantile};

fn reference() -> Value {
    serde_json::from_str(include_str!("oracle/reference.json")).unwrap()
}

fn numbers(row: &Value) -> Vec<f64> {
    row.as_array().unwrap().iter().map(|value| value.as_f64().unwrap()).collect()
}

fn rows(name: &str) -> Vec<Vec<f64>> {
    reference()[name].as_array().unwrap().iter().map(numbers).collect()
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "counts")]
fn count(number: f64) -> usize {
    number as usize
}

/// Within 1e-9, and small numbers within that part of them.
fn assert_close(found: f64, expected: f64, what: &[f64]) {
    assert!((found - expected).abs() <= 1e-9 * expected.abs().clamp(1e-3, 1.0), "{what:?}: {found}, not {expected}");
}

fn assert_interval(found: Interval, row: &[f64]) {
    let [low, high] = row[row.len() - 2..] else { panic!("{row:?}") };
    assert_close(found.low, low, row);
    assert_close(found.high, high, row);
}

#[test]
fn shares_have_the_intervals_of_statsmodels() {
    for row in rows("exact") {
        assert_interval(proportion::exact(count(row[0]), count(row[1]), row[2]), &row);
    }
    for row in rows("wilson") {
        assert_interval(proportion::wilson(count(row[0]), count(row[1]), row[2]), &row);
    }
}

#[test]
fn paired_shares_have_the_reference_interval_and_the_p_value_of_statsmodels() {
    for row in rows("tango") {
        let found = Discordant { first: count(row[0]), second: count(row[1]), rows: count(row[2]) };
        assert_interval(tango(found, row[3]), &row);
    }
    for row in rows("mcnemar") {
        assert_close(mcnemar(Discordant { first: count(row[0]), second: count(row[1]), rows: 1000 }), row[2], &row);
    }
}

#[test]
fn shares_of_different_rows_have_the_newcombe_interval_of_statsmodels() {
    for row in rows("newcombe") {
        let part = |right: f64, all: f64| Part { value: right / all, interval: proportion::wilson(count(right), count(all), row[4]) };
        assert_interval(mover::difference(part(row[0], row[1]), part(row[2], row[3])), &row);
    }
}

#[test]
fn distributions_are_those_of_scipy() {
    for row in rows("normal") {
        assert_close(normal_at_most(row[0]), row[1], &row);
    }
    for row in rows("normal_quantile") {
        assert_close(normal_quantile(row[0]), row[1], &row);
    }
    for row in rows("student") {
        assert_close(student_factor(count(row[0]), row[1]), row[2], &row);
    }
    for row in rows("beta") {
        assert_close(incomplete_beta(row[0], row[1], row[2]), row[3], &row);
    }
}

#[test]
fn percentiles_have_the_ranks_of_the_binomial_distribution() {
    for row in rows("ranks") {
        let found = quantile::ranks(count(row[0]), row[1], row[2]);
        let rank = |number: f64| Some(count(number)).filter(|rank| *rank > 0);
        assert_eq!(found, (rank(row[3]), rank(row[4])), "{row:?}");
    }
}

#[test]
fn areas_are_those_of_scikit_learn_and_their_covariance_the_textbook_one() {
    let reference = &reference()["delong"];
    let truth: Vec<bool> = reference["truth"].as_array().unwrap().iter().map(|value| value.as_bool().unwrap()).collect();
    let ranking = |name: &str| Ranking::of(&numbers(&reference[name]), &truth).unwrap();
    let (one, other) = (ranking("one"), ranking("other"));
    let covariance: Vec<Vec<f64>> = reference["covariance"].as_array().unwrap().iter().map(numbers).collect();
    for (found, expected) in [
        (one.area, reference["areas"][0].as_f64().unwrap()),
        (other.area, reference["areas"][1].as_f64().unwrap()),
        (one.variance(), covariance[0][0]),
        (other.variance(), covariance[1][1]),
        (one.covariance(&other), covariance[0][1]),
    ] {
        assert_close(found, expected, &[]);
    }
}

#[test]
fn the_bootstrap_draws_the_same_samples() {
    let reference = &reference()["bca"];
    let bootstrap = bootstrap::Mean::of(&numbers(&reference[0]));
    for row in reference[1].as_array().unwrap().iter().map(numbers) {
        assert_interval(bootstrap.interval(row[0]), &row);
    }
}

#[test]
fn drift_is_that_of_scipy_and_the_reference() {
    let sorted = |values: &Value| {
        let mut values = numbers(values);
        values.sort_by(f64::total_cmp);
        values
    };
    for row in reference()["drift"].as_array().unwrap() {
        let (base, found, expected) = (sorted(&row[0]), sorted(&row[1]), numbers(&row[2]));
        let distance = drift::distance(&base, &found);
        assert_close(distance, expected[0], &expected);
        assert_close(drift::p_value(distance, base.len(), found.len()), expected[1], &expected);
        assert_close(drift::psi(&base, &found).0, expected[2], &expected);
    }
    // An approximation: within a hundredth, and three with one degree of freedom.
    for row in rows("chi_square") {
        let close = if row[0] < 2.0 { 0.03 } else { 0.01 };
        assert!((drift::chi_square_quantile(count(row[0]), row[1]) / row[2] - 1.0).abs() < close, "{row:?}");
    }
}

#[test]
fn several_tests_are_rejected_as_by_statsmodels() {
    for row in reference()["holm"].as_array().unwrap() {
        let values = numbers(&row[0]);
        let expected: Vec<bool> = row[1].as_array().unwrap().iter().map(|value| value.as_bool().unwrap()).collect();
        assert_eq!(holm::step_down(values.len(), 0.05, |test, level| values[test] <= level), expected, "{values:?}");
    }
}
