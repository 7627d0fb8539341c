//! Texts from other sources: they are escaped and bounded.

use endpoint_test::report::is_steering;
use model_release::dossier::Command;

use super::*;

const HOSTILE: &str = "<script>alert(1)</script><img src=x onerror=y>\"'`|@all\u{202e}\u{1b}[31m\n```\n# heading\n[x](javascript:y)";

/// Replaces every text of a document, except the words that a program reads.
fn poison(value: &mut Json, with: &str) {
    const WORDS: [&str; 12] = [
        "basis",
        "decision",
        "state",
        "verdict",
        "change",
        "judgement",
        "action",
        "outcome",
        "value",
        "effect",
        "behaviour",
        "schema_version",
    ];
    match value {
        Json::Object(members) => {
            for (key, member) in members {
                if !(WORDS.contains(&key.as_str()) && member.as_str().is_some_and(|word| word.len() < 20)) {
                    poison(member, with);
                }
            }
        }
        Json::Array(items) => items.iter_mut().for_each(|item| poison(item, with)),
        Json::String(text) => with.clone_into(text),
        _ => {}
    }
}

/// A dossier in which every text is `text`.
fn poisoned(text: &str) -> Dossier {
    let (mut release, evidence) = complete();
    release.manifest.choice.passed_over =
        vec![PassedOver { arn: package(14).parse().unwrap(), code: "rejected".to_owned(), reason: "rejected".to_owned() }];
    let mut dossier = assemble(&release, &evidence);
    let command = Command { purpose: "verify".to_owned(), command: "sha256sum".to_owned() };
    (dossier.verify, dossier.roll_back) = (vec![command.clone()], vec![command]);
    let mut document = serde_json::to_value(&dossier).unwrap();
    poison(&mut document, text);
    serde_json::from_value(document).unwrap()
}

#[test]
fn no_text_is_markup_on_the_page() {
    let (clean, page) = (html(&poisoned("text")), html(&poisoned(HOSTILE)));
    // Text between backticks is code, the only element that a text can contain.
    let tags = |page: &str| page.matches('<').count() - page.matches("<code>").count() - page.matches("</code>").count();
    assert_eq!(tags(&clean), tags(&page), "a text has become an element");
    assert!(page.contains("&lt;script&gt;") && !page.contains("<script") && !page.contains("<img"));
    assert!(page.contains("Content-Security-Policy") && page.contains("default-src 'none'"));
    assert!(!page.chars().any(|character| is_steering(character) && character != '\n'), "a character that reverses text");
    // Attributes end where they should.
    assert!(!page.contains("\" onerror") && !page.contains("\"'"));
}

#[test]
fn no_text_is_markup_in_markdown() {
    let page = markdown(&poisoned(HOSTILE));
    let outside: String = page.split("```sh\n").map(|part| part.split_once("\n```\n").map_or(part, |(_, outside)| outside)).collect();
    let plain: String = outside.replace("\\`", "").replace("\\]", "").split('`').step_by(2).collect();
    for markup in ["<script", "<img", "](javascript", "@all"] {
        assert!(!plain.contains(markup), "`{markup}` is in\n{plain}");
    }
    // A heading, and the end of a fence, are at the beginning of a line.
    assert_eq!(page.lines().filter(|line| line.starts_with('#') && !line.starts_with("# ") && !line.starts_with("### ")).count(), 0);
    assert_eq!(page.lines().filter(|line| line.starts_with("```")).count(), 4, "{page}");
    assert!(!page.chars().any(|character| is_steering(character) && character != '\n'));
}

#[test]
fn the_summary_is_twenty_lines_of_clean_text() {
    let summary = text(&poisoned(HOSTILE));
    assert!(summary.lines().count() <= 20 && !summary.chars().any(|character| is_steering(character) && character != '\n'), "{summary}");
}

#[test]
fn texts_of_the_evidence_are_clean_and_bounded_in_the_document() {
    let (mut release, mut evidence) = complete();
    let long = format!("{HOSTILE}{}", "x".repeat(100_000));
    release.manifest.choice.because = long.clone();
    release.manifest.source.commit = Some(long.clone());
    let mut registered = Registered::new([0.95, 0.96]);
    registered.packages[1].description = Some(long.clone());
    registered.packages[1].approval_description = Some(long.clone());
    registered.packages[1].model_card_status = Some(long.clone());
    registered.read(&release, &mut evidence);
    let report = &mut evidence.staging.as_mut().unwrap().value;
    for target in &mut report.targets {
        target.endpoint = long.clone();
        target.cases[0].name = long.clone();
        target.cases[1].outcome = Outcome::Failed;
        target.cases[1].message = Some(long.clone());
    }
    change_plan(&mut evidence, |plan| {
        plan["parameters"][0]["to"] = json!(long);
        plan["targets"][0]["last_failure"] = json!(long);
        plan["groups"][0]["resources"][0]["properties"][0]["to"] = json!({ "deep": long });
    });
    let dossier = assemble(&release, &evidence);
    let document = json(&dossier);
    assert!(document.len() < 60_000, "{}", document.len());
    assert!(!document.chars().any(|character| is_steering(character) && character != '\n'), "{document}");
}

#[test]
fn large_evidence_stays_readable() {
    let (release, mut evidence) = complete();
    let report = &mut evidence.staging.as_mut().unwrap().value;
    let target = TargetReport { verdict: Verdict::Failed, ..report.targets[0].clone() };
    report.targets = (0..3000).map(|index| TargetReport { account_id: format!("{index:012}"), ..target.clone() }).collect();
    change_plan(&mut evidence, |plan| {
        let (target, group) = (plan["targets"][0].clone(), plan["groups"][0].clone());
        plan["targets"] = (0..3000)
            .map(|index| {
                let mut target = target.clone();
                (target["account_id"], target["last_failure"]) = (json!(format!("{index:012}")), json!("it failed"));
                target
            })
            .collect();
        plan["groups"] = (0..3000)
            .map(|index| {
                let mut group = group.clone();
                group["resources"][0]["logical_id"] = json!(format!("Resource{index}"));
                group
            })
            .collect();
        plan["parameters"] =
            (0..3000).map(|index| json!({ "name": format!("P{index}"), "from": "x".repeat(900), "to": "y".repeat(900) })).collect();
    });
    let dossier = assemble(&release, &evidence);
    let page = markdown(&dossier);
    assert!(page.len() < 60 * 1024 && page.contains("…and "), "{}", page.len());
    assert!(text(&dossier).lines().count() <= 20);
    let page = html(&dossier);
    assert!(page.len() < 1_500_000 && page.contains("more in the JSON document"), "{}", page.len());
    assert_eq!(dossier.staging.value.unwrap().targets.len(), 3000, "the document has all of them");
}

#[test]
fn a_markdown_page_that_is_too_long_is_cut_after_a_line_and_closes_its_code() {
    let mut dossier = poisoned("text");
    dossier.roll_back = (0..20).map(|_| Command { purpose: "x".repeat(3000), command: "y".repeat(3000) }).collect();
    let page = markdown(&dossier);
    assert!(page.len() < 60 * 1024 && page.ends_with("…the rest is in the HTML page.\n"), "{}", page.len());
    assert_eq!(page.lines().filter(|line| line.starts_with("```")).count() % 2, 0);
}
