//! Which endpoint in production corresponds to a tested one, and the role that may invoke it.

use aws_names::Region;

use crate::BaselineAddress;
use crate::manifest::{StageTargets, Stages};

/// How many accounts are tried until a champion is in service. All get the same releases.
const MAX_TRIED: usize = 3;

/// The endpoints in production that correspond to a tested one in staging, those in its region
/// first; or why they are not known.
pub(crate) fn endpoints(stages: &Stages, region: &Region, tested: &str) -> Result<Vec<BaselineAddress>, String> {
    let prod = &stages.prod;
    let name = corresponding(&stages.staging, prod, tested)?;
    let mut regions: Vec<&Region> = prod.regions.iter().collect();
    // The sort is stable: the other regions stay in the order of deployment.
    regions.sort_by_key(|other| *other != region);
    let mut found = Vec::new();
    for region in regions {
        let remote = |account: &aws_names::AccountId| BaselineAddress::Remote {
            account: account.clone(),
            region: region.clone(),
            name: name.to_owned(),
        };
        found.extend(prod.accounts.iter().map(remote));
    }
    if found.is_empty() {
        return Err("the release has no production account".to_owned());
    }
    found.truncate(MAX_TRIED);
    Ok(found)
}

/// The endpoint of production for one of staging: the only one, the one whose name differs by the
/// environment type, the one with the same name, or the one in the same place of an equally long
/// list.
pub(super) fn corresponding<'a>(staging: &StageTargets, prod: &'a StageTargets, tested: &str) -> Result<&'a str, String> {
    if let [only] = prod.endpoints.as_slice() {
        return Ok(only);
    }
    let renamed = tested.replace(&staging.env_type, &prod.env_type);
    let named = |name: &str| prod.endpoints.iter().find(|endpoint| *endpoint == name);
    let place =
        || staging.endpoints.iter().position(|endpoint| endpoint == tested).filter(|_| staging.endpoints.len() == prod.endpoints.len());
    let found = named(&renamed).or_else(|| named(tested)).or_else(|| prod.endpoints.get(place()?));
    found.map(String::as_str).ok_or_else(|| {
        let known: Vec<_> = prod.endpoints.iter().map(|endpoint| format!("`{endpoint}`")).collect();
        format!("which endpoint of production corresponds to `{tested}` is not known: production has {}", known.join(", "))
    })
}

/// The role to assume in production: `named` with the environment type of production in place of
/// that of staging at its end.
pub(crate) fn role(stages: &Stages, named: Option<&str>, address: &BaselineAddress) -> String {
    let (staging, prod) = (&stages.staging, &stages.prod);
    match (named, address) {
        (Some(name), _) => match name.strip_suffix(staging.env_type.as_str()) {
            Some(stem) if stem.ends_with(['-', '_', '/', '.']) => format!("{stem}{}", prod.env_type),
            _ => name.to_owned(),
        },
        (None, BaselineAddress::Remote { account, region, .. }) => prod.execution_role(account, region),
        (None, _) => prod.execution_role_name.clone(),
    }
}
