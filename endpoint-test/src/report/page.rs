//! What the project's HTML pages share: one self-contained page, its style, and its elements.

use maud::{DOCTYPE, Markup, PreEscaped, html as markup};

use super::untrusted;

const STYLE: &str = include_str!("html/style.css");

/// A self-contained HTML page: no scripts, no external resources, light and dark, readable on a
/// phone and on paper. `style` is added to the shared one.
///
/// Characters that control a terminal or reverse text are escaped, also in `title` and `body`, and
/// the page's Content-Security-Policy forbids scripts.
pub fn page(title: &Markup, style: &str, body: &Markup) -> String {
    let safe = |markup: &Markup| PreEscaped(untrusted::html(&markup.0));
    let page = markup! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'";
                title { (safe(title)) }
                style { (PreEscaped(STYLE)) (PreEscaped(style)) }
            }
            body { (safe(body)) }
        }
    };
    page.into_string()
}

/// A message: text between backticks is set as code.
pub fn prose(text: &str) -> Markup {
    let last = text.matches('`').count();
    markup! {
        @for (index, part) in text.split('`').enumerate() {
            @if index % 2 == 0 { (part) }
            // A last backtick without a partner is only a character.
            @else if index == last { "`" (part) }
            @else { code { (part) } }
        }
    }
}

/// A word with its colour; the word alone has the meaning.
pub fn badge(word: &str) -> Markup {
    markup! { span class={ "badge " (word) } { (word) } }
}

/// A duration: `12.3 ms`, or `1.20 s`.
pub fn time(milliseconds: f64) -> String {
    if milliseconds < 1000.0 { format!("{milliseconds:.1} ms") } else { format!("{:.2} s", milliseconds / 1000.0) }
}

/// `2026-11-27T12:00:00.000Z` as `2026-11-27 12:00:00 UTC`; any other text as it is.
pub fn date(text: &str) -> String {
    let parts = text.strip_suffix('Z').and_then(|text| text.split_once('T'));
    parts.map_or_else(|| text.to_owned(), |(date, time)| format!("{date} {} UTC", time.split('.').next().unwrap_or(time)))
}

/// A table that scrolls by itself if it is too wide, also by keyboard. The columns after `texts`
/// are numeric; with `stack` a narrow screen shows each row as a card.
pub fn table(name: &str, stack: bool, texts: &[&str], numbers: &[&str], rows: &Markup) -> Markup {
    markup! {
        div class="scroll" tabindex="0" role="region" aria-label=(name) {
            table class=[stack.then_some("stack")] {
                thead {
                    tr {
                        @for name in texts { th scope="col" { (name) } }
                        @for name in numbers { th scope="col" class="number" { (name) } }
                    }
                }
                tbody { (rows) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_between_backticks_is_code_and_a_lone_backtick_is_not() {
        assert_eq!(prose("is `<b>`, not `x").into_string(), "is <code>&lt;b&gt;</code>, not `x");
    }
}
