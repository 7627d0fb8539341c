//! Describes the model packages of a list.

use model_registry::aws::SageMakerRegistry;
use model_registry::{ModelPackage, ModelPackageGroup, PackageSummary, Registry as _, RegistryErrorKind};
use tokio::task::JoinSet;

use crate::diagnostic::{Diagnostic, Failure};
use crate::registry_errors;

/// The maximum of concurrent DescribeModelPackage calls: SageMaker throttles more.
const AT_ONCE: usize = 8;

/// The packages in the order of the list; skips one that was deleted in the meantime.
pub async fn describe_packages(registry: &SageMakerRegistry, summaries: Vec<PackageSummary>) -> Result<Vec<ModelPackage>, Failure> {
    let mut described: Vec<Option<ModelPackage>> = vec![None; summaries.len()];
    let mut waiting = summaries.into_iter().enumerate();
    let mut running = JoinSet::new();
    loop {
        while running.len() < AT_ONCE
            && let Some((index, summary)) = waiting.next()
        {
            let registry = registry.clone();
            running.spawn(async move { (index, registry.describe(&summary.arn).await) });
        }
        match running.join_next().await {
            None => break,
            Some(Ok((index, Ok(package)))) => described[index] = Some(package),
            Some(Ok((_, Err(error)))) if error.kind == RegistryErrorKind::NotFound => {}
            Some(Ok((_, Err(error)))) => return Err(registry_errors::of_registry(&error)),
            Some(Err(error)) => {
                return Err(Failure::unreachable(Diagnostic::error(format!("describing a model package was interrupted: {error}"))));
            }
        }
    }
    Ok(described.into_iter().flatten().collect())
}

/// The group's ARN, derived from that of a package.
pub fn group_of(packages: &[ModelPackage], group: ModelPackageGroup) -> ModelPackageGroup {
    let arn = packages.first().map(|package| {
        let arn = &package.arn;
        format!("arn:{}:sagemaker:{}:{}:model-package-group/{}", arn.partition(), arn.region(), arn.account(), group.name())
    });
    arn.and_then(|arn| arn.parse().ok()).unwrap_or(group)
}
