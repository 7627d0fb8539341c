//! Where the objects of the history are, and the names of events.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;

use crate::Stage;
use crate::diagnostic::Diagnostic;

/// The latest time of an event, in milliseconds since 1970: names count down from it, because
/// storage lists names in ascending order.
const LAST_TIME: i64 = 9_999_999_999_999;

/// How many hexadecimal digits of the release's digest are in the name of an event.
const RELEASE_DIGITS: usize = 16;

/// How many hexadecimal digits of the statement's digest are in the name of an event.
const RECORD_DIGITS: usize = 32;

/// A bucket and a prefix: `s3://BUCKET/PREFIX`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryPlace {
    /// The bucket.
    pub bucket: String,
    /// The prefix: empty, or with a slash at its end.
    pub prefix: String,
}

impl FromStr for HistoryPlace {
    type Err = Diagnostic;

    fn from_str(text: &str) -> Result<Self, Diagnostic> {
        let bad = || Diagnostic::error(format!("`{text}` is not an address in S3 such as s3://BUCKET/PREFIX")).code("not-a-history");
        let path = text.strip_prefix("s3://").ok_or_else(bad)?;
        let (bucket, prefix) = path.split_once('/').unwrap_or((path, ""));
        let is_bucket = bucket.len() >= 3 && bucket.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'));
        let prefix = prefix.trim_matches('/');
        if !is_bucket || prefix.split('/').any(|part| part == "." || part == "..") || prefix.chars().any(char::is_control) {
            return Err(bad());
        }
        let prefix = if prefix.is_empty() { String::new() } else { format!("{prefix}/") };
        Ok(Self { bucket: bucket.to_owned(), prefix })
    }
}

impl fmt::Display for HistoryPlace {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "s3://{}/{}", self.bucket, self.prefix)
    }
}

/// A release in a history: `s3://BUCKET/PREFIX/PROJECT-ID/releases/SHA256`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReleasePlace {
    /// The history.
    pub history: HistoryPlace,
    /// The project's id.
    pub project: String,
    /// The digest `sha256:…` of the manifest.
    pub digest: String,
}

impl FromStr for ReleasePlace {
    type Err = Diagnostic;

    fn from_str(text: &str) -> Result<Self, Diagnostic> {
        let parse = || {
            let (rest, digits) = text.trim_end_matches('/').rsplit_once("/releases/")?;
            let (history, project) = rest.rsplit_once('/')?;
            // `s3://BUCKET/PROJECT-ID`: without a prefix.
            let history: HistoryPlace = history.parse().ok()?;
            let digest = is_sha256(digits).then(|| format!("sha256:{digits}"))?;
            Some(Self { history, project: project.to_owned(), digest }).filter(|place| !place.project.is_empty())
        };
        parse().ok_or_else(|| {
            Diagnostic::error(format!("`{text}` is not a release in a history"))
                .code("not-a-history")
                .with_hint("name it as s3://BUCKET/PREFIX/PROJECT-ID/releases/SHA256")
        })
    }
}

pub(super) fn is_sha256(digits: &str) -> bool {
    digits.len() == 64 && digits.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
}

/// The keys of a project.
#[derive(Debug, Clone)]
pub(super) struct ProjectKeys {
    base: String,
    project: String,
}

impl ProjectKeys {
    pub(super) fn new(place: &HistoryPlace, project: &str) -> Self {
        Self { base: format!("{}{project}/", place.prefix), project: project.to_owned() }
    }

    pub(super) fn project(&self) -> &str {
        &self.project
    }

    /// The folder of a stage's events, or of the builds.
    pub(super) fn events(&self, stage: Option<Stage>) -> String {
        format!("{}events/{}/", self.base, stage.map_or("build", Stage::name))
    }

    /// A file of a release, or with an empty name its folder.
    pub(super) fn release(&self, digest: &str, name: &str) -> String {
        format!("{}releases/{}/{name}", self.base, digits(digest))
    }

    pub(super) fn releases(&self) -> String {
        format!("{}releases/", self.base)
    }

    pub(super) fn evidence(&self, digest: &str, name: &str) -> String {
        format!("{}evidence/{}/{name}", self.base, digits(digest))
    }
}

pub(super) fn digits(digest: &str) -> &str {
    digest.strip_prefix("sha256:").unwrap_or(digest)
}

/// What an event is about, in its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum EventKind {
    /// A release was built.
    Built,
    /// A release was tested.
    Tested,
    /// A release was found to be allowed in a stage.
    Checked,
    /// A deployment started.
    Started,
    /// A deployment ended.
    Ended,
}

impl EventKind {
    const ALL: [Self; 5] = [Self::Built, Self::Tested, Self::Checked, Self::Started, Self::Ended];

    /// The word in names.
    pub fn word(self) -> &'static str {
        match self {
            Self::Built => "built",
            Self::Tested => "tested",
            Self::Checked => "checked",
            Self::Started => "started",
            Self::Ended => "ended",
        }
    }
}

/// The name of an event: `TIME-TIME-KIND-RELEASE-RECORD.json`. The first time counts down, so that
/// the newest event is listed first; the second is for readers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct EventName {
    countdown: i64,
    /// What it is about.
    pub kind: EventKind,
    release: String,
    record: String,
    /// Whether it is a signed bundle.
    pub is_signed: bool,
}

impl EventName {
    pub(super) fn new(at: Timestamp, kind: EventKind, release: &str, statement: &str, is_signed: bool) -> Self {
        let cut = |digest: &str, count: usize| digits(digest).chars().take(count).collect::<String>();
        let record = cut(&crate::files::digest(statement.as_bytes()), RECORD_DIGITS);
        Self { countdown: LAST_TIME - at.as_millisecond(), kind, release: cut(release, RELEASE_DIGITS), record, is_signed }
    }

    /// When it happened.
    pub fn at(&self) -> Timestamp {
        Timestamp::from_millisecond(LAST_TIME - self.countdown).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// Whether it is about the release with this digest, as far as the name says it.
    pub fn is_about(&self, release: &str) -> bool {
        digits(release).starts_with(&self.release)
    }

    /// The beginning of the release's digest.
    pub fn release_digits(&self) -> &str {
        &self.release
    }

    /// What precedes the names of all events that happened at this time or before.
    pub(super) fn not_after(at: Timestamp) -> String {
        format!("{:013}", (LAST_TIME - at.as_millisecond()).max(0))
    }
}

impl fmt::Display for EventName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = self.at().strftime("%Y%m%dT%H%M%S.%3fZ");
        let extension = if self.is_signed { "sigstore.json" } else { "json" };
        write!(formatter, "{:013}-{time}-{}-{}-{}.{extension}", self.countdown, self.kind.word(), self.release, self.record)
    }
}

impl FromStr for EventName {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (name, is_signed) = match text.strip_suffix(".sigstore.json") {
            Some(name) => (name, true),
            None => (text.strip_suffix(".json").ok_or(())?, false),
        };
        let parts: Vec<_> = name.split('-').collect();
        let [countdown, _, kind, release, record] = parts.as_slice() else { return Err(()) };
        let countdown = countdown.parse().map_err(drop)?;
        let kind = EventKind::ALL.into_iter().find(|known| known.word() == *kind).ok_or(())?;
        let name = Self { countdown, kind, release: (*release).to_owned(), record: (*record).to_owned(), is_signed };
        // Only one text is the name of an event.
        if name.to_string() == text { Ok(name) } else { Err(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_bucket_and_a_prefix() {
        let shown = |text: &str| text.parse::<HistoryPlace>().map(|place| place.to_string());
        assert_eq!(shown("s3://bkt"), Ok("s3://bkt/".to_owned()));
        assert_eq!(shown("s3://bkt/a/b/"), Ok("s3://bkt/a/b/".to_owned()));
        for bad in ["bkt", "s3://", "s3://b", "https://bkt.s3.amazonaws.com/a", "s3://bkt/../a", "s3://b kt/a"] {
            assert_eq!(shown(bad).unwrap_err().code, Some("not-a-history"), "{bad}");
        }
    }

    #[test]
    fn a_release_is_named_by_its_project_and_digest() {
        let digest = "0a".repeat(32);
        for (history, text) in [("s3://bkt/", "s3://bkt"), ("s3://bkt/a/b/", "s3://bkt/a/b")] {
            let place: ReleasePlace = format!("{text}/p-1/releases/{digest}/").parse().unwrap();
            assert_eq!((place.history.to_string().as_str(), place.project.as_str()), (history, "p-1"));
            assert_eq!(place.digest, format!("sha256:{digest}"));
        }
        for bad in ["s3://bkt/releases/0a", "s3://bkt/p-1/releases/0a", &format!("bkt/p-1/releases/{digest}"), "s3://bkt/p-1/releases/"] {
            assert!(bad.parse::<ReleasePlace>().is_err(), "{bad}");
        }
    }

    #[test]
    fn the_newest_event_is_listed_first_and_a_name_has_one_form() {
        let name = |time: &str| EventName::new(time.parse().unwrap(), EventKind::Ended, &"ab".repeat(32), "{}", false).to_string();
        let times = ["1970-01-01T00:00:00Z", "2026-01-31T23:59:59.999Z", "2026-02-01T00:00:00Z", "2199-12-31T00:00:00Z"];
        let names = times.map(name);
        assert!(names.is_sorted_by(|older, newer| older > newer), "{names:?}");
        assert!(names[1].contains("-20260131T235959.999Z-ended-abababababababab-"), "{names:?}");
        for (text, time) in names.iter().zip(times) {
            let read: EventName = text.parse().unwrap();
            assert_eq!((read.to_string(), read.at()), (text.clone(), time.parse().unwrap()));
            assert!(text.as_str() > EventName::not_after(time.parse().unwrap()).as_str());
        }
        let changed = [
            names[1].replace("20260131", "20260130"),
            names[1].replace("ended", "killed"),
            names[1].replace(".json", ""),
            format!("0{}", names[1]),
        ];
        for text in changed {
            assert_eq!(text.parse::<EventName>(), Err(()), "{text}");
        }
    }
}
