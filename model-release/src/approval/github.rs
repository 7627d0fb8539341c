//! Approvals in the review history of a GitHub workflow run (REST API,
//! `GET /repos/OWNER/REPO/actions/runs/RUN/approvals`). It has no times.

use serde_json::Value as Json;

use super::record::{Channel, Evidence};
use super::{Approval, Decision};

/// The last review of a deployment to the environment; none if there is none.
pub(super) fn approval(reviews: &[Json], environment: &str) -> Result<Option<Approval>, String> {
    let names_it = |review: &&Json| {
        let environments = review["environments"].as_array().into_iter().flatten();
        environments.into_iter().any(|known| known["name"] == environment)
    };
    let Some(review) = reviews.iter().rfind(names_it) else { return Ok(None) };
    let decision = match review["state"].as_str() {
        Some("approved") => Decision::Approved,
        Some("rejected") => Decision::Rejected,
        Some("pending") => Decision::Pending,
        state => return Err(format!("the review has the unknown state `{}`", state.unwrap_or("none"))),
    };
    let text = |value: &Json| value.as_str().filter(|text| !text.trim().is_empty()).map(str::to_owned);
    Ok(Some(Approval {
        decision,
        approver: text(&review["user"]["login"]),
        at: None,
        comment: text(&review["comment"]),
        evidence: Evidence { environment: Some(environment.to_owned()), ..Evidence::of(Channel::Github) },
        shown: None,
        link: None,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn review(state: &str, environment: &str, login: &str) -> Json {
        json!({ "state": state, "comment": "", "environments": [{ "id": 1, "name": environment }], "user": { "login": login, "id": 1 } })
    }

    #[test]
    fn the_last_review_of_the_environment_counts() {
        let reviews =
            [review("rejected", "production", "eve"), review("approved", "production", "ann"), review("approved", "staging", "bob")];
        let found = approval(&reviews, "production").unwrap().unwrap();
        assert_eq!((found.decision, found.approver.as_deref(), found.comment), (Decision::Approved, Some("ann"), None));
        assert_eq!(approval(&reviews, "prod").unwrap(), None);
        assert!(approval(&[review("waved through", "production", "ann")], "production").is_err());
    }
}
