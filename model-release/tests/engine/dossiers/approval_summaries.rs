//! The summary for the text of an approval request.

use model_release::dossier::{Claim, LONGEST_APPROVAL_SUMMARY, approval_summary};

use super::*;

fn summary(change: impl FnOnce(&mut Dossier)) -> String {
    let (release, evidence) = complete();
    let mut dossier = assemble(&release, &evidence);
    change(&mut dossier);
    let summary = approval_summary(&dossier);
    assert!(summary.len() <= LONGEST_APPROVAL_SUMMARY, "{}: {summary}", summary.len());
    assert!(summary.is_ascii() && !summary.contains('\n') && !summary.contains("#{"), "{summary}");
    summary
}

#[test]
fn the_approver_sees_the_verdict_the_changes_and_the_metrics() {
    let shown = summary(|_| {});
    assert!(shown.starts_with("Verdict: can be approved. Plan: only the model package changes. "), "{shown}");
    assert!(shown.contains("Metrics, better than production: accuracy 0.97 (production 0.96, +0.01, better)"), "{shown}");
}

#[test]
fn what_is_not_passed_or_not_known_is_named() {
    let shown = summary(|dossier| {
        dossier.verdict.decision = Decision::CannotBeApproved;
        dossier.verdict.conditions[0].state = ConditionState::Failed;
        dossier.verdict.conditions[0].found = Claim::measured("1 of 2 endpoints passed".to_owned(), "results");
        dossier.changes = Claim::not_known("AWS refused the plan");
        dossier.comparison.metrics.clear();
    });
    let expected = "Verdict: cannot be approved (staging tests failed: 1 of 2 endpoints passed). Plan: not known, AWS refused the plan.";
    assert_eq!(shown, expected);
}

#[test]
fn a_long_part_is_cut_and_metrics_are_complete_or_counted() {
    let with = |metrics: usize, name: &str| {
        summary(|dossier| {
            dossier.verdict.conditions[0].state = ConditionState::NotKnown;
            dossier.verdict.conditions[0].found = Claim::not_known("x".repeat(400));
            let metric = dossier.comparison.metrics[0].clone();
            dossier.comparison.metrics = vec![model_release::dossier::MetricComparison { name: name.to_owned(), ..metric }; metrics];
        })
    };
    let shown = with(60, "accuracy");
    assert!(shown.contains("x... Plan: ") && shown.contains(" more in the dossier."), "{shown}");
    assert_eq!(shown.matches("accuracy").count(), shown.matches(", better)").count(), "{shown}");
    // One that does not fit is counted, too.
    assert!(with(1, &"m".repeat(400)).ends_with(": 1 in the dossier."), "{}", with(1, &"m".repeat(400)));
    // Signs of other alphabets, variables and line breaks.
    assert!(with(1, "#{variables.x} größer").contains("# {variables.x} gr??er 0.97"), "{}", with(1, "#{variables.x} größer"));
}
