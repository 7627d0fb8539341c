//! What holds for the reports about a hostile target.

use endpoint_test::{Report, TargetReport, ToolInfo, report};

/// No report is large, controls a terminal or a browser, or cannot be parsed again.
pub(crate) fn harmless(target: &TargetReport) {
    let report = Report::assemble(ToolInfo { name: "test".into(), version: "1".into() }, "staging", vec![target.clone()]);
    let (json, junit, html, table) = (report::json(&report), report::junit(&report), report::html(&report), report::table(&report));
    for (name, text) in [("json", &json), ("junit", &junit), ("html", &html), ("table", &table)] {
        assert!(text.len() < 200_000, "{name} has {} bytes", text.len());
        let controls = |character: char| character.is_control() && !"\n\t".contains(character);
        assert!(!text.contains(controls), "{name} has control characters");
    }
    assert!(!html.contains("<script") && !html.contains("<img"), "{html}");
    assert!(!junit.contains("<script"), "{junit}");
    assert_eq!(report::json(&serde_json::from_str::<Report>(&json).unwrap()), json);
}
