//! The metrics that a model package was registered with: the numbers in its quality statistics.

use serde_json::Value as Json;

use crate::documents::Documents;
use crate::package::{MetricSource, ModelPackage};
use crate::release_policy::metrics::{MetricError, read};

/// The most metrics of a package: a document can have thousands of numbers.
const MOST: usize = 40;

/// The deepest object with a metric.
const DEEPEST: usize = 8;

/// Numbers that describe a metric or the data, and are none themselves.
const NO_METRICS: [&str; 6] = ["standard_deviation", "confusion_matrix", "version", "item_count", "sampling_rate", "elapsed_seconds"];

/// A number in a package's metrics.
#[derive(Debug, Clone, PartialEq)]
pub struct Metric {
    /// The name: the last key, such as `accuracy`.
    pub name: String,
    /// The JSON pointer in the document, such as `/multiclass_classification_metrics/accuracy/value`.
    pub at: String,
    /// The value.
    pub value: f64,
}

/// The metrics in the package's `ModelQuality.Statistics`, in order of their pointers; an error says
/// why they are not known. Both formats of SageMaker are read: objects with a `value`, and numbers.
/// Lists, such as curves, are skipped.
pub async fn registered_metrics<D: Documents>(documents: &D, package: &ModelPackage) -> Result<Vec<Metric>, String> {
    let document = read(documents, package, MetricSource::ModelQualityStatistics).await.map_err(|error| match error {
        MetricError::Document(error) => error.to_string(),
        MetricError::Content { reason, .. } => reason,
    })?;
    let mut metrics = Vec::new();
    collect(&document, &mut Vec::new(), &mut metrics);
    if metrics.is_empty() {
        return Err(format!("the document of `{}` has no numbers", MetricSource::ModelQualityStatistics));
    }
    Ok(metrics)
}

fn collect<'d>(node: &'d Json, path: &mut Vec<&'d str>, metrics: &mut Vec<Metric>) {
    match node {
        Json::Number(number) => {
            let key = path.iter().rev().find(|key| **key != "value");
            if let (Some(name), Some(value)) = (key, number.as_f64().filter(|value| value.is_finite())) {
                let escaped = path.iter().map(|key| format!("/{}", key.replace('~', "~0").replace('/', "~1")));
                metrics.push(Metric { name: (*name).to_owned(), at: escaped.collect(), value });
            }
        }
        Json::Object(members) if path.len() < DEEPEST => {
            // `accuracy_best_constant_classifier` of Model Monitor is not this model's accuracy.
            let is_metric = |key: &str| !NO_METRICS.contains(&key) && !key.ends_with("_best_constant_classifier");
            for (key, member) in members.iter().filter(|(key, _)| is_metric(key)) {
                if metrics.len() == MOST {
                    return;
                }
                path.push(key);
                collect(member, path, metrics);
                path.pop();
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn found(document: &Json) -> Vec<(String, String, f64)> {
        let mut metrics = Vec::new();
        collect(document, &mut Vec::new(), &mut metrics);
        metrics.into_iter().map(|metric| (metric.name, metric.at, metric.value)).collect()
    }

    #[test]
    fn metrics_of_model_monitor_and_plain_numbers_are_found() {
        let document = json!({
            "version": 0.0,
            "multiclass_classification_metrics": {
                "accuracy": { "value": 0.967, "standard_deviation": 0.012 },
                "accuracy_best_constant_classifier": { "value": 0.3 },
                "confusion_matrix": { "0": { "0": 10 } },
                "curve": { "precisions": [0.1, 0.2] },
            },
            "a/b": 2,
        });
        assert_eq!(
            found(&document),
            [
                ("a/b".to_owned(), "/a~1b".to_owned(), 2.0),
                ("accuracy".to_owned(), "/multiclass_classification_metrics/accuracy/value".to_owned(), 0.967),
            ]
        );
        assert_eq!(document.pointer(&found(&document)[0].1), Some(&json!(2)));
    }

    #[test]
    fn a_huge_or_deep_document_gives_a_bounded_number_of_metrics() {
        let many: serde_json::Map<_, _> = (0..1000).map(|index| (format!("m{index}"), json!(index))).collect();
        assert_eq!(found(&Json::Object(many)).len(), MOST);
        let deep = (0..100).fold(json!(1), |inner, _| json!({ "key": inner }));
        assert!(found(&deep).is_empty());
    }
}
