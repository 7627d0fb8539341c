//! Media types such as `text/csv; charset=utf-8`.

/// The longest `ContentType` and `Accept` that InvokeEndpoint accepts, in characters.
const MAX_LENGTH: usize = 1024;

/// Whether the text is a valid `Content-Type` or `Accept` header and begins with a media type.
pub(crate) fn is_valid(text: &str) -> bool {
    let essence = text.split([';', ',']).next().unwrap_or_default().trim();
    let token = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$&^_.+-*".contains(&byte));
    text.len() <= MAX_LENGTH
        && text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic())
        && essence.split_once('/').is_some_and(|(kind, subtype)| token(kind) && token(subtype))
}

/// The media type of a file name extension, if it is unambiguous.
pub(crate) fn of_file(path: &str) -> Option<&'static str> {
    let ending = path.rsplit('/').next()?.rsplit_once('.')?.1.to_ascii_lowercase();
    Some(match ending.as_str() {
        "csv" => "text/csv",
        "json" => "application/json",
        "jsonl" => "application/jsonlines",
        "txt" => "text/plain",
        "jpg" | "jpeg" => "image/jpeg",
        "png" => "image/png",
        "npy" => "application/x-npy",
        _ => return None,
    })
}

/// The media type without its parameters, in lower case.
pub(crate) fn essence(text: &str) -> String {
    text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// Whether a media type is the expected one, without case and, unless expected, parameters.
pub(crate) fn matches(expected: &str, actual: &str) -> bool {
    let normal = |text: &str| text.chars().filter(|character| !character.is_whitespace()).collect::<String>().to_ascii_lowercase();
    let (expected, actual) = (normal(expected), normal(actual));
    if expected.contains(';') { expected == actual } else { actual.split(';').next() == Some(expected.as_str()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_count_only_when_they_are_expected() {
        assert!(matches("text/csv", "Text/CSV; charset=utf-8"));
        assert!(matches("text/csv;charset=utf-8", "text/csv; charset=UTF-8"));
        assert!(!matches("text/csv; charset=utf-8", "text/csv"));
        assert!(!matches("text/csv", "application/json"));
    }

    #[test]
    fn a_media_type_is_a_valid_header() {
        assert!(is_valid("application/json; charset=utf-8"));
        for wrong in ["", "csv", "text/", "/csv", "text/csv\r\nx: y", "text/ćsv"] {
            assert!(!is_valid(wrong), "{wrong}");
        }
    }
}
