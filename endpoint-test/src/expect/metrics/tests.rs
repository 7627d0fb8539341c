//! Compares with values of scikit-learn 1.x, and with other formulations of the definitions.

use std::cmp::Ordering;

use proptest::prelude::*;

use super::*;

/// The labels and predictions of 40 rows, one letter per class; `o` is only predicted.
const TRUTH: &str = "esevssvsevsvssseesssvesvssvvvsvvesssvsee";
const PREDICTED: &str = "eseessvssvsvosseesssvesvssvovsvvessvvseo";

fn labelled(truth: &str, predicted: &str) -> Vec<ScoredRow> {
    let row = |(truth, predicted): (char, char)| ScoredRow {
        truth: truth.to_string(),
        prediction: Some(predicted.to_string()).filter(|predicted| predicted != "-"),
        ..ScoredRow::default()
    };
    truth.chars().zip(predicted.chars()).map(row).collect()
}

fn numeric(truth: &[f64], predicted: &[f64]) -> Vec<ScoredRow> {
    let row = |(truth, predicted): (&f64, &f64)| ScoredRow {
        truth: truth.to_string(),
        prediction: Some(predicted.to_string()),
        score: Some(predicted.to_string()),
        ..ScoredRow::default()
    };
    truth.iter().zip(predicted).map(row).collect()
}

#[track_caller]
fn near(actual: Result<f64, String>, expected: f64) {
    let actual = actual.unwrap();
    assert!((actual - expected).abs() < 1e-12, "{actual} is not {expected}");
}

#[test]
fn classification_metrics_equal_those_of_scikit_learn() {
    let rows = labelled(TRUTH, PREDICTED);
    near(value(Metric::Accuracy, &rows, None), 0.85);
    near(value(Metric::Precision, &rows, Some("v")), 0.909_090_909_090_909_1);
    near(value(Metric::Recall, &rows, Some("v")), 0.833_333_333_333_333_4);
    near(value(Metric::F1, &rows, Some("v")), 0.869_565_217_391_304_3);
    near(value(Metric::MacroPrecision, &rows, None), 0.682_133_838_383_838_3);
    near(value(Metric::MacroRecall, &rows, None), 0.626_461_988_304_093_6);
    near(value(Metric::MacroF1, &rows, None), 0.653_003_387_018_733);
}

#[test]
fn regression_metrics_equal_those_of_scikit_learn() {
    let truth = [
        9.148, 13.856, 9.582, 9.255, 7.644, 10.578, 11.034, 10.936, 10.241, 7.909, 10.06, 13.983, 11.133, 8.815, 5.204, 11.585, 15.5,
        5.051, 12.121, 7.562, 6.751, 11.914, 17.514, 3.308, 11.452,
    ];
    let predicted = [
        10.207, 14.28, 10.968, 7.563, 8.133, 10.867, 11.469, 9.979, 11.243, 4.816, 8.858, 13.623, 9.752, 7.45, 3.987, 14.917, 16.87, 5.923,
        9.419, 8.306, 5.621, 11.649, 18.23, 3.251, 11.35,
    ];
    let rows = numeric(&truth, &predicted);
    near(value(Metric::Mae, &rows, None), 1.105_640_000_000_000_2);
    near(value(Metric::Rmse, &rows, None), 1.391_066_454_199_798_6);
}

#[test]
fn the_area_under_the_curve_counts_ties_as_scikit_learn_does() {
    let truth = [0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 1, 1, 1, 1, 0, 0, 1, 1, 1, 1, 1, 0, 0].map(f64::from);
    let scores = [
        0.5, 0.5, 0.6, 0.8, 0.4, 0.7, 0.6, 0.3, 0.5, 0.6, 0.7, 0.7, 0.8, 0.3, 0.3, 0.5, 0.2, 0.8, 0.7, 0.3, 0.7, 0.1, 0.4, 1.0, 1.0, 0.6,
        0.8, 0.2, 0.3, 0.2,
    ];
    near(value(Metric::Auc, &numeric(&truth, &scores), Some("1")), 0.757_918_552_036_199_1);
}

#[test]
fn a_row_without_a_response_counts_as_wrong_and_makes_mae_unknown() {
    let rows = labelled("ssvv", "s-vv");
    near(value(Metric::Accuracy, &rows, None), 0.75);
    near(value(Metric::Recall, &rows, Some("s")), 0.5);
    near(value(Metric::MacroPrecision, &rows, None), 1.0);
    assert_eq!(value(Metric::Mae, &rows, None), Err("1 of 4 rows have no prediction".to_owned()));
    assert_eq!(value(Metric::Auc, &rows, Some("s")), Err("4 of 4 rows have no score".to_owned()));
}

#[test]
fn a_metric_without_a_value_has_a_reason() {
    assert_eq!(value(Metric::Accuracy, &[], None), Err("there are no rows".to_owned()));
    assert_eq!(value(Metric::Recall, &labelled("s", "s"), Some("v")), Err("no row has the label `v`".to_owned()));
    assert_eq!(value(Metric::Precision, &labelled("s", "s"), Some("v")), Ok(0.0));
    let all = value(Metric::Auc, &numeric(&[1.0, 1.0], &[0.1, 0.2]), Some("1")).unwrap_err();
    assert!(all.starts_with("every row has the label `1`"), "{all}");
    assert_eq!(value(Metric::Mae, &labelled("1", "x"), None), Err("the prediction `x` is not a number".to_owned()));
    assert_eq!(value(Metric::Rmse, &labelled("x", "1"), None), Err("the label `x` is not a number".to_owned()));
}

#[test]
fn numeric_classes_are_equal_in_every_notation() {
    let rows = [ScoredRow { truth: "1".to_owned(), prediction: Some(" 1.0".to_owned()), ..ScoredRow::default() }];
    near(value(Metric::Accuracy, &rows, None), 1.0);
}

proptest! {
    /// The area is the probability that a positive row scores above a negative one; ties count
    /// half.
    #[test]
    fn the_area_by_ranks_is_the_area_by_pairs(data in prop::collection::vec((any::<bool>(), 0u8..6), 2..40)) {
        let (truth, scores): (Vec<f64>, Vec<f64>) = data.iter().map(|(truth, score)| (f64::from(u8::from(*truth)), f64::from(*score))).unzip();
        let of = |required: f64| truth.iter().zip(&scores).filter(move |(truth, _)| truth.total_cmp(&required).is_eq()).map(|(_, score)| *score);
        let half = |high: f64, low: f64| match high.total_cmp(&low) {
            Ordering::Greater => 1.0,
            Ordering::Equal => 0.5,
            Ordering::Less => 0.0,
        };
        let pairs: Vec<f64> = of(1.0).flat_map(|high| of(0.0).map(move |low| half(high, low))).collect();
        match value(Metric::Auc, &numeric(&truth, &scores), Some("1")) {
            Ok(area) => prop_assert!((area - pairs.iter().sum::<f64>() / count(pairs.len())).abs() < 1e-12),
            Err(_) => prop_assert!(pairs.is_empty()),
        }
    }

    #[test]
    fn a_root_mean_square_is_never_below_the_mean(data in prop::collection::vec((-1e3..1e3f64, -1e3..1e3f64), 1..30)) {
        let (truth, predicted): (Vec<f64>, Vec<f64>) = data.into_iter().unzip();
        let rows = numeric(&truth, &predicted);
        prop_assert!(value(Metric::Rmse, &rows, None).unwrap() >= value(Metric::Mae, &rows, None).unwrap() - 1e-9);
    }

    #[test]
    fn every_share_is_from_zero_to_one(truth in "[abc]{12}", predicted in "[abc-]{12}") {
        let rows = labelled(&truth, &predicted);
        for metric in [Metric::Accuracy, Metric::MacroPrecision, Metric::MacroRecall, Metric::MacroF1] {
            prop_assert!((0.0..=1.0).contains(&value(metric, &rows, None).unwrap()));
        }
    }
}

fn numbered(mut rows: Vec<ScoredRow>) -> Vec<ScoredRow> {
    for ((row, number), line) in rows.iter_mut().zip(1..).zip(2..) {
        (row.number, row.line) = (number, line);
    }
    rows
}

#[test]
fn the_example_of_a_metric_is_a_row_that_counts_against_it() {
    let rows = numbered(labelled("aabbc", "acab-"));
    let of = |metric, positive| example(metric, &rows, positive).unwrap();
    assert_eq!(of(Metric::Accuracy, None), "first wrong row: row 2 (line 3), expected `a`, found `c`");
    assert_eq!(of(Metric::Precision, Some("a")), "first wrong row: row 3 (line 4), expected `b`, found `a`");
    assert_eq!(of(Metric::Recall, Some("b")), "first wrong row: row 3 (line 4), expected `b`, found `a`");
    assert_eq!(of(Metric::Recall, Some("c")), "first wrong row: row 5 (line 6), expected `c`, found nothing");
    assert_eq!(of(Metric::F1, Some("b")), "first wrong row: row 3 (line 4), expected `b`, found `a`");
    // No row predicts it: then any wrong row.
    assert_eq!(of(Metric::Precision, Some("x")), of(Metric::MacroF1, None));
    let rows = numbered(numeric(&[1.0, 2.0, 0.0, 1.0], &[1.5, 5.0, 3.0, 0.25]));
    assert_eq!(example(Metric::Mae, &rows, None).unwrap(), "largest error: row 2 (line 3), expected `2`, found `5`");
    assert_eq!(
        example(Metric::Auc, &rows, Some("1")).unwrap(),
        "lowest score of the label `1`: row 4 (line 5), expected `1`, found `0.25`"
    );
    let right = numbered(labelled("ab", "ab"));
    assert_eq!((example(Metric::Accuracy, &right, None), example(Metric::Rmse, &numeric(&[1.0], &[1.0]), None)), (None, None));
}

#[test]
fn a_hint_about_the_selected_value_needs_that_every_row_is_wrong() {
    assert!(hint(Metric::Accuracy, &labelled("ab", "xx")).unwrap().contains("`prediction` must select the prediction"));
    assert!(hint(Metric::Mae, &labelled("12", "xx")).unwrap().contains("`prediction`"));
    assert!(hint(Metric::Auc, &labelled("12", "12")).unwrap().contains("`score` must select the score"));
    assert_eq!((hint(Metric::Accuracy, &labelled("ab", "xb")), hint(Metric::Mae, &labelled("12", "x9"))), (None, None));
    assert_eq!(hint(Metric::Accuracy, &[]), None);
}
