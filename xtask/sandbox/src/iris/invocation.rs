//! `POST /invocations`: parses rows of four numbers by content type, and returns predictions.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{message, model};
use crate::http::{self, Request};

const CSV: &str = "text/csv";
const JSON: &str = "application/json";

/// The body of a JSON request.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Instances {
    instances: Vec<Vec<Value>>,
}

pub(super) fn answer(request: &Request, wrong_model: bool) -> http::Response {
    let content_type = media_type(request.header("content-type").unwrap_or_default());
    let rows = match content_type.as_str() {
        CSV => read_csv(&request.body),
        JSON => read_json(&request.body),
        "" => return message(415, "the request has no content type; this model reads text/csv and application/json"),
        other => return message(415, &format!("content type `{other}` is not supported; this model reads text/csv and application/json")),
    };
    let Some(accept) = negotiate(request.header("accept"), &content_type) else {
        return message(406, "this model responds with text/csv and application/json");
    };
    let rows = match rows {
        Ok(rows) => rows,
        Err(problem) => return message(400, &problem),
    };
    let predictions = rows.into_iter().map(|row| if wrong_model { model::predict_wrongly() } else { model::predict(row) });
    if accept == CSV {
        let labels: String = predictions.flat_map(|prediction| [prediction.label, "\n"]).collect();
        http::response(200, "text/csv; charset=utf-8", labels)
    } else {
        let predictions: Vec<Value> =
            predictions.map(|prediction| json!({ "label": prediction.label, "score": rounded(prediction.score) })).collect();
        http::response(200, JSON, json!({ "predictions": predictions }).to_string())
    }
}

/// `Text/CSV; charset=utf-8` is `text/csv`.
fn media_type(header: &str) -> String {
    header.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// The response's type: the first accepted one that is supported, else that of the request.
fn negotiate(accept: Option<&str>, content_type: &str) -> Option<&'static str> {
    let same = if content_type == CSV { CSV } else { JSON };
    let Some(accept) = accept.filter(|accept| !accept.trim().is_empty()) else { return Some(same) };
    accept.split(',').find_map(|range| match media_type(range).as_str() {
        CSV | "text/*" => Some(CSV),
        JSON | "application/*" => Some(JSON),
        "*/*" => Some(same),
        _ => None,
    })
}

fn read_csv(body: &[u8]) -> Result<Vec<[f64; 4]>, String> {
    let text = std::str::from_utf8(body).map_err(|_| "the payload is not UTF-8 text".to_owned())?;
    let lines: Vec<&str> = text.trim_end().lines().collect();
    if lines.is_empty() {
        return Err("the payload has no rows".to_owned());
    }
    lines.into_iter().enumerate().map(|(row, line)| read_row(row, line.split(','), |field| number(field.trim()))).collect()
}

fn read_json(body: &[u8]) -> Result<Vec<[f64; 4]>, String> {
    let Instances { instances } = serde_json::from_slice(body)
        .map_err(|error| format!("the payload is not of the form {{\"instances\": [[5.1, 3.5, 1.4, 0.2]]}}: {error}"))?;
    if instances.is_empty() {
        return Err("the payload has no rows".to_owned());
    }
    instances
        .iter()
        .enumerate()
        .map(|(row, values)| read_row(row, values.iter(), |value| value.as_f64().ok_or_else(|| shortened(&value.to_string()))))
        .collect()
}

fn read_row<Field>(
    row: usize,
    fields: impl Iterator<Item = Field>,
    read: impl Fn(Field) -> Result<f64, String>,
) -> Result<[f64; 4], String> {
    let mut values = Vec::with_capacity(4);
    for (column, field) in fields.enumerate() {
        let value =
            read(field).map_err(|field| format!("could not convert `{field}` to a number in row {}, column {}", row + 1, column + 1))?;
        values.push(value);
    }
    let found = values.len();
    <[f64; 4]>::try_from(values)
        .map_err(|_| format!("row {} has {found} values, not 4 (sepal length and width, petal length and width)", row + 1))
}

/// A finite number, else the text. Rust would also parse `nan` and `inf`.
fn number(field: &str) -> Result<f64, String> {
    field.parse().ok().filter(|value: &f64| value.is_finite()).ok_or_else(|| shortened(field))
}

/// The first 40 characters of a field.
fn shortened(field: &str) -> String {
    match field.char_indices().nth(40) {
        Some((end, _)) => format!("{}…", &field[..end]),
        None => field.to_owned(),
    }
}

fn rounded(score: f64) -> f64 {
    (score * 1e6).round() / 1e6
}
