//! A model package's metrics: documents in S3, each with one of SageMaker's names.

use std::fmt;

/// A document with metrics of a model package (SageMaker API, MetricsSource).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetricDocument {
    /// Which of the package's documents it is.
    pub source: MetricSource,
    /// Where it is, an S3 URI.
    pub uri: String,
    /// Its media type.
    pub content_type: String,
    /// `sha256:…` of its bytes, if it was registered.
    pub digest: Option<String>,
}

macro_rules! sources {
    ($($(#[$doc:meta])* $variant:ident = $group:literal $member:literal,)+) => {
        /// One of the documents of `ModelMetrics` (SageMaker API, ModelMetrics), written `ModelQuality.Statistics`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        #[non_exhaustive]
        pub enum MetricSource {
            $($(#[$doc])* $variant,)+
        }

        impl MetricSource {
            /// All of them, in the order of the API.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The member of `ModelMetrics`, and the member of that.
            pub fn members(self) -> (&'static str, &'static str) {
                match self {
                    $(Self::$variant => ($group, $member),)+
                }
            }

            /// Its name, such as `ModelQuality.Statistics`.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => concat!($group, ".", $member),)+
                }
            }
        }
    };
}

sources! {
    /// The quality of the model.
    #[default]
    ModelQualityStatistics = "ModelQuality" "Statistics",
    /// The limits of the model's quality.
    ModelQualityConstraints = "ModelQuality" "Constraints",
    /// The quality of the data.
    ModelDataQualityStatistics = "ModelDataQuality" "Statistics",
    /// The limits of the data's quality.
    ModelDataQualityConstraints = "ModelDataQuality" "Constraints",
    /// Bias, before and after training.
    BiasReport = "Bias" "Report",
    /// Bias of the data.
    BiasPreTrainingReport = "Bias" "PreTrainingReport",
    /// Bias of the model.
    BiasPostTrainingReport = "Bias" "PostTrainingReport",
    /// The importance of the features.
    ExplainabilityReport = "Explainability" "Report",
}

impl MetricSource {
    /// The document of this name, such as `ModelQuality.Statistics`.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|source| source.as_str() == name)
    }
}

impl fmt::Display for MetricSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
