//! One line of SageMaker's data capture.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::Deserialize;
use serde_json::error::Category;

use crate::target::MAX_BODY;

/// A captured request with its response.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Capture {
    pub(crate) event_id: String,
    /// When the request came: RFC 3339.
    pub(crate) inference_time: Option<String>,
    pub(crate) input: CapturedBody,
    /// `None` if only requests are captured.
    pub(crate) output: Option<CapturedBody>,
}

/// A captured request or response.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct CapturedBody {
    pub(crate) content_type: Option<String>,
    pub(crate) bytes: Bytes,
}

/// The longest event id and date that are kept: AWS writes 36 and 20 characters.
const MAX_FIELD: usize = 64;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    capture_data: Data,
    event_metadata: Metadata,
    event_version: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Data {
    endpoint_input: Option<Body>,
    endpoint_output: Option<Body>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    observed_content_type: Option<String>,
    mode: String,
    data: String,
    encoding: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    event_id: String,
    inference_time: Option<String>,
}

/// Reads a line. No message has a part of it: a line can have secrets.
pub(crate) fn read(line: &[u8]) -> Result<Capture, String> {
    let line: Line = serde_json::from_slice(line).map_err(|error| match error.classify() {
        Category::Eof => "the line ends within the JSON document: it was cut off".to_owned(),
        Category::Data => "it is no captured request: a key of captureData or eventMetadata is missing or has another type".to_owned(),
        Category::Syntax | Category::Io => format!("it is not JSON, from column {} on", error.column()),
    })?;
    if line.event_version != "0" {
        return Err("its `eventVersion` is not 0, the only one that this program reads".to_owned());
    }
    let is_short = |text: &str| !text.is_empty() && text.len() <= MAX_FIELD && text.bytes().all(|byte| byte.is_ascii_graphic());
    if !is_short(&line.event_metadata.event_id) {
        return Err("its `eventId` is not one of SageMaker".to_owned());
    }
    let input = line.capture_data.endpoint_input.ok_or("it has no `endpointInput`: only responses are captured")?;
    Ok(Capture {
        event_id: line.event_metadata.event_id,
        inference_time: line.event_metadata.inference_time.filter(|time| is_short(time)),
        input: body(input, "INPUT", "endpointInput")?,
        output: line.capture_data.endpoint_output.map(|output| body(output, "OUTPUT", "endpointOutput")).transpose()?,
    })
}

fn body(body: Body, mode: &str, key: &str) -> Result<CapturedBody, String> {
    if body.mode != mode {
        return Err(format!("the `mode` of `{key}` is not {mode}"));
    }
    let bytes = match body.encoding.as_str() {
        "JSON" | "CSV" => Bytes::from(body.data),
        "BASE64" => STANDARD.decode(body.data).map(Bytes::from).map_err(|_| format!("the `data` of `{key}` is not Base64"))?,
        _ => return Err(format!("the `encoding` of `{key}` is not CSV, JSON or BASE64")),
    };
    if bytes.len() > MAX_BODY {
        return Err(format!("the `data` of `{key}` has {} bytes; the limit is {MAX_BODY}", bytes.len()));
    }
    let usual = match body.encoding.as_str() {
        "JSON" => Some("application/json"),
        "CSV" => Some("text/csv"),
        _ => None,
    };
    let content_type = body.observed_content_type.filter(|text| crate::media_type::is_valid(text)).or_else(|| usual.map(str::to_owned));
    Ok(CapturedBody { content_type, bytes })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(input: &str) -> String {
        format!(
            r#"{{"captureData":{{"endpointInput":{input}}},"eventMetadata":{{"eventId":"8d4c2f6a","inferenceTime":"2026-11-26T10:00:00Z"}},"eventVersion":"0"}}"#
        )
    }

    #[test]
    fn every_encoding_of_sagemaker_is_read() {
        let of = |data: &str, encoding: &str, kind: &str| {
            let kind = if kind.is_empty() { String::new() } else { format!(r#""observedContentType":"{kind}","#) };
            read(line(&format!(r#"{{{kind}"mode":"INPUT","data":{data},"encoding":"{encoding}"}}"#)).as_bytes())
                .map(|capture| capture.input)
        };
        let csv = of(r#""1,2\n""#, "CSV", "text/csv").unwrap();
        assert_eq!((csv.bytes.as_ref(), csv.content_type.as_deref()), (b"1,2\n".as_slice(), Some("text/csv")));
        let json = of(r#""{\"a\":[1]}""#, "JSON", "").unwrap();
        assert_eq!((json.bytes.as_ref(), json.content_type.as_deref()), (br#"{"a":[1]}"#.as_slice(), Some("application/json")));
        assert_eq!(of(r#""AAH/""#, "BASE64", "application/x-npy").unwrap().bytes.as_ref(), [0, 1, 255]);
        assert_eq!(of(r#""AAH""#, "BASE64", "").unwrap_err(), "the `data` of `endpointInput` is not Base64");
        assert_eq!(of(r#""x""#, "PARQUET", "").unwrap_err(), "the `encoding` of `endpointInput` is not CSV, JSON or BASE64");
        assert!(of("{}", "JSON", "").unwrap_err().starts_with("it is no captured request"));
    }

    #[test]
    fn no_message_has_a_part_of_the_line() {
        let good = line(r#"{"mode":"INPUT","data":"hunter2","encoding":"CSV"}"#);
        assert!(read(good.as_bytes()).is_ok());
        let deep = format!("{}{}", "[".repeat(100_000), "hunter2");
        let wrong = [
            good[..good.len() - 9].to_owned(),
            good.replace("\"hunter2\"", "[\"hunter2\"]"),
            good.replace("INPUT", "hunter2"),
            good.replace("CSV", "hunter2"),
            good.replace("\"eventVersion\":\"0\"", "\"eventVersion\":\"hunter2\""),
            good.replace("8d4c2f6a", "hunter2 hunter2"),
            good.replace("endpointInput", "hunter2"),
            good.replace("captureData", "hunter2"),
            "hunter2".to_owned(),
            deep,
            "\u{0}hunter2".to_owned(),
        ];
        for line in wrong {
            let message = read(line.as_bytes()).unwrap_err();
            assert!(!message.contains("hunter2") && message.len() < 200, "{message}");
        }
    }
}
