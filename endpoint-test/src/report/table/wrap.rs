//! Paragraphs wrapped for a terminal.

use super::WIDTH;

/// Adds a text in lines of at most [`WIDTH`] characters: the first after `first`, the others
/// indented by `rest`. A longer word stays whole: half an ARN is useless.
pub(in crate::report) fn paragraph(text: &mut String, first: &str, rest: usize, words: &str) {
    let mut line = first.to_owned();
    let mut empty = true;
    for word in words.split(' ') {
        if !empty && line.chars().count() + 1 + word.chars().count() > WIDTH {
            text.push_str(line.trim_end());
            text.push('\n');
            line = " ".repeat(rest);
            empty = true;
        }
        if !empty {
            line.push(' ');
        }
        line.push_str(word);
        empty = false;
    }
    text.push_str(line.trim_end());
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn wrapping_keeps_every_word_and_limits_the_lines(words in prop::collection::vec("[a-zé]{1,30}", 1..40)) {
            let mut text = String::new();
            paragraph(&mut text, "  failed: ", 6, &words.join(" "));
            prop_assert!(text.lines().all(|line| line.chars().count() <= WIDTH));
            let all: Vec<_> = text.split_whitespace().skip(1).collect();
            prop_assert_eq!(all, words);
        }
    }
}
