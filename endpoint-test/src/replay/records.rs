//! Captured requests one after the other, with their file and line, in constant memory.

use bytes::{Bytes, BytesMut};

use super::capture::{self, Capture};
use super::source::{CapturedRequests, OfVariant, Open};

/// The longest line: a request and a response of 25 MB in Base64, with their keys. A longer one is
/// skipped as it is read.
const MAX_LINE: usize = 70 * 1000 * 1000;

/// A record that cannot be replayed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unusable {
    /// `FILE:LINE`, or the file alone.
    pub(crate) at: String,
    /// Why, without any part of the record.
    pub(crate) why: String,
    /// Whether nothing can be read after it.
    pub(crate) is_last: bool,
}

/// The records of all files, in the order of their names.
pub(crate) struct Records {
    /// The name of the folder or prefix.
    source: String,
    open: Open,
    of: Option<OfVariant>,
    file: String,
    line: u64,
    buffer: BytesMut,
    /// Where to look for the next line break: what is before has none.
    searched: usize,
    /// Whether the rest of a line that is too long is being skipped.
    is_skipping: bool,
    has_file: bool,
    is_done: bool,
    most: usize,
    /// The largest buffer so far.
    #[cfg(test)]
    pub(crate) peak: usize,
}

impl Records {
    pub(crate) fn open(from: &CapturedRequests, of: Option<OfVariant>) -> Result<Self, String> {
        let open = from.open()?;
        Ok(Self {
            open,
            source: from.title(),
            of,
            file: String::new(),
            line: 0,
            buffer: BytesMut::new(),
            searched: 0,
            is_skipping: false,
            has_file: false,
            is_done: false,
            most: MAX_LINE,
            #[cfg(test)]
            peak: 0,
        })
    }

    /// The next record with its place; `None` after the last one.
    pub(crate) async fn next(&mut self) -> Option<Result<(String, Capture), Unusable>> {
        loop {
            let line = match self.line().await? {
                Ok(line) => line,
                Err(unusable) => return Some(Err(unusable)),
            };
            if line.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            let at = format!("{}:{}", self.file, self.line);
            return Some(match capture::read(&line) {
                Ok(capture) => Ok((at, capture)),
                Err(why) => Err(Unusable { at, why, is_last: false }),
            });
        }
    }

    /// A file that cannot be found or read to its end.
    fn unreadable(&mut self, at: String, why: String, is_last: bool) -> Unusable {
        self.is_done = is_last;
        Unusable { at, why, is_last }
    }

    /// The next line without its line break.
    async fn line(&mut self) -> Option<Result<Bytes, Unusable>> {
        loop {
            if self.is_done {
                return None;
            }
            if !self.has_file {
                match self.open.next_file(self.of.as_ref()).await {
                    Ok(Some(file)) => (self.file, self.line, self.has_file) = (file, 0, true),
                    Ok(None) => return None,
                    Err((why, is_last)) => return Some(Err(self.unreadable(self.source.clone(), why, is_last))),
                }
            }
            if let Some(end) = self.buffer[self.searched..].iter().position(|byte| *byte == b'\n') {
                let line = self.buffer.split_to(self.searched + end + 1);
                self.searched = 0;
                self.line += 1;
                if std::mem::take(&mut self.is_skipping) || line.len() > self.most {
                    return Some(Err(self.too_long()));
                }
                let length = line.len() - 1;
                return Some(Ok(line.freeze().slice(..length)));
            }
            self.searched = self.buffer.len();
            if self.searched > self.most {
                (self.is_skipping, self.searched) = (true, 0);
                self.buffer = BytesMut::new();
            }
            match self.open.next_chunk().await {
                Ok(Some(chunk)) => {
                    self.buffer.extend_from_slice(&chunk);
                    #[cfg(test)]
                    {
                        self.peak = self.peak.max(self.buffer.len());
                    }
                }
                end => {
                    self.has_file = false;
                    let rest = std::mem::take(&mut self.buffer);
                    (self.searched, self.line) = (0, self.line + 1);
                    if let Err(why) = end {
                        self.is_skipping = false;
                        return Some(Err(self.unreadable(self.file.clone(), why, false)));
                    }
                    if std::mem::take(&mut self.is_skipping) {
                        return Some(Err(self.too_long()));
                    }
                    if !rest.is_empty() {
                        return Some(Ok(rest.freeze()));
                    }
                }
            }
        }
    }

    fn too_long(&self) -> Unusable {
        let why = format!("the line has more than {} bytes", self.most);
        Unusable { at: format!("{}:{}", self.file, self.line), why, is_last: false }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(id: usize, data: &str) -> String {
        format!(
            r#"{{"captureData":{{"endpointInput":{{"mode":"INPUT","data":"{data}","encoding":"CSV"}}}},"eventMetadata":{{"eventId":"{id}"}},"eventVersion":"0"}}"#
        )
    }

    async fn all(files: Vec<(&str, String)>, most: usize) -> (Vec<Result<String, String>>, usize) {
        let files = files.into_iter().map(|(name, text)| (name.to_owned(), Bytes::from(text))).collect();
        let mut records = Records::open(&CapturedRequests::Memory(files), None).unwrap();
        records.most = most;
        let mut found = Vec::new();
        while let Some(record) = records.next().await {
            found.push(match record {
                Ok((at, capture)) => Ok(format!("{at} {}", capture.event_id)),
                Err(unusable) => Err(format!("{}: {}", unusable.at, unusable.why)),
            });
        }
        (found, records.peak)
    }

    #[tokio::test]
    async fn hostile_lines_are_located_and_the_others_are_read() {
        let good = |id| record(id, "1");
        let first = format!("{}\n\n{{\"torn\": \r\n{}\n{}\n", good(1), record(2, &"x".repeat(5000)), good(3));
        let second = format!("{}\n{}", good(4), &good(5)[..40]);
        let (found, _) = all(vec![("a.jsonl", first), ("b.jsonl", second), ("empty.jsonl", String::new())], 1000).await;
        let expected = [
            Ok("a.jsonl:1 1".to_owned()),
            Err("a.jsonl:3: the line ends within the JSON document: it was cut off".to_owned()),
            Err("a.jsonl:4: the line has more than 1000 bytes".to_owned()),
            Ok("a.jsonl:5 3".to_owned()),
            Ok("b.jsonl:1 4".to_owned()),
            Err("b.jsonl:2: the line ends within the JSON document: it was cut off".to_owned()),
        ];
        assert_eq!(found, expected);
    }

    #[tokio::test]
    async fn ten_thousand_records_need_the_memory_of_a_few() {
        let of = async |records: usize| {
            let text = (0..records).map(|id| record(id, &"7,".repeat(200)) + "\n").collect::<String>();
            let whole = text.len();
            let (found, peak) = all(vec![("a.jsonl", text)], MAX_LINE).await;
            assert_eq!(found.iter().filter(|record| record.is_ok()).count(), records);
            (peak, whole)
        };
        let ((few, _), (many, whole)) = (of(200).await, of(10_000).await);
        assert!(many <= few + 1024 && many * 50 < whole, "{few} and {many} of {whole} bytes");
    }

    #[tokio::test]
    async fn a_line_without_end_is_skipped_in_bounded_memory() {
        let (found, peak) = all(vec![("a.jsonl", "x".repeat(5_000_000) + "\n" + &record(1, "1"))], 10_000).await;
        assert_eq!(found, [Err("a.jsonl:1: the line has more than 10000 bytes".to_owned()), Ok("a.jsonl:2 1".to_owned())]);
        assert!(peak < 200_000, "{peak}");
    }
}
