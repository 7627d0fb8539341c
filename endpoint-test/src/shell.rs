//! Text for a POSIX shell: printed commands can be copied, and the shell reads the original text.

use std::fmt::Write as _;

use crate::report::is_steering;

/// One word of a POSIX shell, without control characters. A final line break is lost.
pub fn word(text: &str) -> String {
    let plain = |character: char| character.is_ascii_alphanumeric() || "-_./:=@%+,".contains(character);
    if text.chars().any(is_steering) {
        format!("\"$({})\"", printf(text.as_bytes()))
    } else if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

/// A command that writes exactly these bytes.
pub fn printf(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.chars().any(is_steering) => format!("printf %s {}", word(text)),
        _ => format!("printf '{}'", format_of(bytes)),
    }
}

/// The `printf` format for these bytes: unsafe characters are written as octal numbers.
fn format_of(bytes: &[u8]) -> String {
    let mut format = String::with_capacity(bytes.len());
    let octal = |format: &mut String, bytes: &[u8]| {
        for byte in bytes {
            // Writing to a string does not fail.
            let _ = write!(format, "\\{byte:03o}");
        }
    };
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                '%' => format.push_str("%%"),
                '\\' => format.push_str(r"\\"),
                '\n' => format.push_str(r"\n"),
                // A leading hyphen would make the format an option.
                '\'' | '-' => octal(&mut format, &[character as u8]),
                character if is_steering(character) => octal(&mut format, character.encode_utf8(&mut [0; 4]).as_bytes()),
                character => format.push(character),
            }
        }
        octal(&mut format, chunk.invalid());
    }
    format
}

#[cfg(all(test, unix))]
mod tests {
    use std::process::Command;

    use proptest::prelude::*;

    use super::*;

    fn output_of(script: &str) -> Vec<u8> {
        let output = Command::new("sh").arg("-c").arg(script).output().unwrap();
        assert!(output.status.success() && output.stderr.is_empty(), "{script}\n{output:?}");
        output.stdout
    }

    #[test]
    fn harmless_text_stays_readable() {
        assert_eq!(word("it's 1,2"), r"'it'\''s 1,2'");
        assert_eq!(word("5.1,3.5"), "5.1,3.5");
        assert_eq!(word(""), "''");
        assert_eq!(printf(b"5.1,3.5\n4.9,3.0"), r"printf '5.1,3.5\n4.9,3.0'");
        assert_eq!(printf(b"-1"), "printf %s -1");
        assert_eq!(printf(b"-1\n-2%\\\xff\0"), r"printf '\0551\n\0552%%\\\377\000'");
    }

    proptest! {
        #[test]
        fn a_shell_reads_the_original_word(text in any::<String>().prop_map(|text| text.replace('\0', "")), quotes in "['\"$`\\\\!{}*~ %-]{0,6}") {
            for text in [format!("{text}{quotes}."), format!("{quotes}{text}.")] {
                let word = word(&text);
                prop_assert!(!word.chars().any(is_steering), "{:?}", word);
                let written = output_of(&format!("printf %s {word}"));
                prop_assert_eq!(String::from_utf8_lossy(&written), text);
            }
        }

        #[test]
        fn a_shell_writes_the_original_bytes(bytes in prop::collection::vec(any::<u8>(), 0..60), text in any::<String>()) {
            for bytes in [bytes.as_slice(), text.as_bytes(), &[bytes.as_slice(), text.as_bytes()].concat()] {
                let command = printf(bytes);
                prop_assert!(!command.chars().any(is_steering), "{:?}", command);
                prop_assert_eq!(output_of(&command), bytes);
            }
        }
    }
}
