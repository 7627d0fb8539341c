//! The page for a reader who cannot see it, sees no colours, or uses dark mode.

use std::collections::{BTreeMap, BTreeSet};

use endpoint_test::report;

use crate::sample;

/// All values of an attribute.
fn values(page: &str, attribute: &str) -> Vec<String> {
    let begin = format!(" {attribute}=\"");
    page.split(&begin).skip(1).map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
}

#[test]
fn the_page_has_the_rows_the_metrics_and_the_differences() {
    let mut report = sample::labelled();
    let page = report::html(&report);
    for part in [
        "149 of 150 rows passed, 1 failed; half of them within 4.2 ms",
        "<th scope=\"row\">macro_f1</th><td></td><td class=\"number\">0.9867</td><td class=\"number\">at least 0.95</td>",
        "<code>&lt;b&gt;virginica&lt;/b&gt;</code>",
        "Compared with 333333333333/us-east-1/iris-&lt;prod&gt;",
        "1 of 150 responses differ; 1% are allowed",
        "row 71 <code>/predictions/0</code>",
    ] {
        assert!(page.contains(part), "{part}");
    }
    assert!(!page.contains("<b>virginica") && !page.contains("<i>virginica"));
    // If everything passed, the figures are the evidence.
    report.targets.retain(|target| target.verdict == endpoint_test::Verdict::Passed);
    let head = report::html(&report);
    assert!(head.split("</header>").next().unwrap().contains("Over labelled rows: macro f1 0.9867 (at least 0.95)"));
}

#[test]
fn every_id_on_the_page_is_unique_and_every_reference_has_a_target() {
    for report in [sample::loaded(), sample::labelled()] {
        let page = report::html(&report);
        let ids = values(&page, "id");
        let unique: BTreeSet<_> = ids.iter().collect();
        assert_eq!(unique.len(), ids.len(), "{ids:?}");
        for reference in values(&page, "aria-labelledby").iter().flat_map(|ids| ids.split(' ')) {
            assert!(unique.contains(&reference.to_owned()), "{reference}");
        }
        for link in values(&page, "href") {
            assert!(unique.contains(&link.trim_start_matches('#').to_owned()), "{link}");
        }
        let labels = values(&page, "aria-label");
        assert_eq!(labels.iter().collect::<BTreeSet<_>>().len(), labels.len(), "{labels:?}");
    }
}

#[test]
fn scrollable_parts_are_reachable_by_keyboard_and_have_a_name() {
    let page = report::html(&sample::loaded());
    for element in page.split('<').filter(|element| element.starts_with("pre") || element.contains("class=\"scroll\"")) {
        assert!(["tabindex=\"0\"", "role=\"region\"", "aria-label=\""].iter().all(|part| element.contains(part)), "{element}");
    }
    assert!(!page.contains("tabindex=\"1"));
}

#[test]
fn the_page_has_one_header_one_main_and_headings_in_order() {
    let page = report::html(&sample::loaded());
    for element in ["<h1>", "<header", "<main>", "<footer>"] {
        assert_eq!(page.matches(element).count(), 1, "{element}");
    }
    let levels: Vec<u32> = page.split("<h").skip(1).filter_map(|rest| rest.chars().next()?.to_digit(10)).collect();
    assert_eq!(levels[0], 1);
    assert!(levels.windows(2).all(|pair| pair[1] <= pair[0] + 1), "{levels:?}");
    for table in page.split("<table").skip(1) {
        assert!(table.contains("<th scope=\"col\">"));
    }
}

#[test]
fn each_chart_has_a_text_alternative() {
    let page = report::html(&sample::loaded());
    let charts: Vec<_> = page.split("<svg ").skip(1).map(|chart| chart.split("</svg>").next().unwrap()).collect();
    assert_eq!(charts.len(), 2);
    assert!(
        charts.iter().all(|chart| chart.contains("role=\"img\"")
            && chart.contains("<title id=")
            && !chart.contains("NaN")
            && !chart.contains("inf"))
    );
    assert!(charts[0].contains("50% within 12 ms, 95% within 18 ms, 99% within 412 ms, the slowest 412 ms"));
    assert!(charts[0].contains("Threshold p99 &lt; 100ms: 412 ms, failed."));
    assert!(charts[1].contains("The slowest request took 412 ms and was due at 8.5 s."));
    // Labels that do not fit above their band are in the description; hostile text is escaped there
    // too.
    assert!(charts[1].contains("Phase &lt;ramp&gt;: 20/s..40/s for 30 s."));
}

#[test]
fn invalid_figures_break_no_chart() {
    let mut report = sample::loaded();
    let load = report.targets.iter_mut().find_map(|target| target.load.as_mut().filter(|load| load.total.is_some())).unwrap();
    // A report may come from a file: its figures are untrusted.
    let total = load.total.as_mut().unwrap();
    total.response_time.max_ms = f64::NAN;
    total.response_time.count = 0;
    total.response_time.spectrum[1].ms = f64::INFINITY;
    total.response_time.spectrum[2].percentile = 170.0;
    load.thresholds[0].limit_value = -1.0;
    load.series.as_mut().unwrap().steps[3].max_ms = Some(f64::INFINITY);
    load.phases[1].duration_ms = f64::NAN;
    let page = report::html(&report);
    for chart in page.split("<svg ").skip(1).map(|chart| chart.split("</desc>").nth(1).unwrap().split("</svg>").next().unwrap()) {
        assert!(!chart.contains("NaN") && !chart.contains("inf"), "{chart}");
    }
}

/// The colours of the page in light and in dark.
fn palettes(page: &str) -> [BTreeMap<String, [f64; 3]>; 2] {
    let read = |block: &str| {
        let declarations = block.split(';').filter_map(|declaration| declaration.trim().strip_prefix("--")?.split_once(": #"));
        declarations
            .map(|(name, colour)| {
                let part = |at: usize| f64::from(u8::from_str_radix(&colour[at..at + 2], 16).unwrap()) / 255.0;
                (name.to_owned(), [part(0), part(2), part(4)])
            })
            .collect::<BTreeMap<_, _>>()
    };
    let mut blocks = page.split(":root {").skip(1).map(|block| read(block.split('}').next().unwrap()));
    [blocks.next().unwrap(), blocks.next().unwrap()]
}

/// The contrast of two colours, by WCAG 2.2.
fn contrast(one: [f64; 3], other: [f64; 3]) -> f64 {
    let luminance = |colour: [f64; 3]| {
        let [red, green, blue] = colour.map(|part| if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) });
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    };
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

#[test]
fn every_text_has_enough_contrast_in_light_and_in_dark() {
    let page = report::html(&sample::loaded());
    for palette in palettes(&page) {
        let texts = [
            ("ink", "card"),
            ("ink", "page"),
            ("ink", "well"),
            ("soft", "card"),
            ("soft", "page"),
            ("soft", "well"),
            ("link", "card"),
            ("pass", "pass-bg"),
            ("fail", "fail-bg"),
            ("error", "error-bg"),
            ("none", "none-bg"),
            ("doubt", "doubt-bg"),
            ("doubt", "card"),
            ("pass", "card"),
            ("fail", "card"),
            ("error", "card"),
            ("soft", "band"),
            ("soft", "warm"),
        ];
        for (text, ground) in texts {
            let found = contrast(palette[text], palette[ground]);
            assert!(found >= 4.5, "{text} on {ground}: {found:.2}");
        }
        for line in ["first", "second", "third", "sent", "fail", "error"] {
            let found = contrast(palette[line], palette["card"]);
            assert!(found >= 3.0, "{line}: {found:.2}");
        }
    }
}

#[test]
fn the_evidence_is_in_the_head_of_the_page() {
    let page = report::html(&sample::loaded());
    let head = page.split("</header>").next().unwrap();
    for part in [
        "1 of 3 endpoints failed, and 1 could not be tested",
        "serves version 12, but version 13 was approved",
        "failed: the value is 412 ms",
    ] {
        assert!(head.contains(part), "{part}");
    }
    let mut passing = sample::report();
    passing.targets.retain(|target| target.verdict == endpoint_test::Verdict::Passed);
    let page = report::html(&endpoint_test::Report::assemble(sample::tool(), "staging", passing.targets));
    assert!(page.contains("According to AWS, 1 of 1 endpoint serves the approved model package"));
    assert!(page.contains("3 of 3 cases passed, the slowest in 18.4 ms"));
}
