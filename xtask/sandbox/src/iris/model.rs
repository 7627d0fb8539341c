//! The model: a multinomial logistic regression over four measurements of a flower.

/// The prediction for one flower.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Prediction {
    /// `setosa`, `versicolor` or `virginica`.
    pub label: &'static str,
    /// The probability of the label, from 0 to 1.
    pub score: f64,
}

const LABELS: [&str; 3] = ["setosa", "versicolor", "virginica"];

// Trained on Fisher's 150 flowers with scikit-learn: LogisticRegression(C=10, max_iter=5000), minus
// the mean over the classes (which changes no probability), rounded to four digits. 147 of the 150
// predictions are correct.
const WEIGHTS: [[f64; 4]; 3] =
    [[-0.4106, 2.0752, -4.2951, -1.9928], [1.0506, -0.0614, -0.4680, -2.3163], [-0.6400, -2.0139, 4.7631, 4.3090]];
const BIASES: [f64; 3] = [14.2741, 3.1418, -17.4159];

/// The species of a flower from sepal length and width, petal length and width, in centimetres.
///
/// Any finite numbers give a label and a score from 0 to 1.
///
/// ```
/// assert_eq!(sandbox::iris::predict([5.1, 3.5, 1.4, 0.2]).label, "setosa");
/// ```
pub fn predict(flower: [f64; 4]) -> Prediction {
    // Limits the values so that the sums below stay finite.
    let flower = flower.map(|measure| measure.clamp(-1e6, 1e6));
    let mut sums = BIASES;
    for (sum, weights) in sums.iter_mut().zip(WEIGHTS) {
        *sum += weights.iter().zip(flower).map(|(weight, measure)| weight * measure).sum::<f64>();
    }
    // Subtracting the largest sum keeps every exponential at 1 or below.
    let best = (1..sums.len()).fold(0, |best, class| if sums[class] > sums[best] { class } else { best });
    let total: f64 = sums.iter().map(|sum| (sum - sums[best]).exp()).sum();
    Prediction { label: LABELS[best], score: 1.0 / total }
}

/// The prediction of a badly trained model: always the same, with a score of 1.
pub(crate) fn predict_wrongly() -> Prediction {
    Prediction { label: LABELS[2], score: 1.0 }
}
