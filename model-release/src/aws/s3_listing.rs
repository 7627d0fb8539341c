//! The objects with a prefix, from the pages of `ListObjectsV2`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use stack_rollout::preflight::PrefixState;

use super::signed_call::element;
use crate::files::digest;

/// More objects are not listed: ten requests.
const MOST_OBJECTS: usize = 10_000;

/// The listed objects so far: key, then size and ETag.
#[derive(Debug, Default)]
pub(super) struct S3Listing {
    objects: BTreeMap<String, (u64, String)>,
    is_incomplete: bool,
}

impl S3Listing {
    /// Adds a page. Returns the token of the next one, if there is one and it is needed.
    pub(super) fn add_page(&mut self, xml: &str) -> Option<String> {
        let before = self.objects.len();
        for object in xml.split("<Contents>").skip(1) {
            let Some(key) = element(object, "Key") else { continue };
            let size = element(object, "Size").and_then(|size| size.parse().ok()).unwrap_or_default();
            let etag = element(object, "ETag").unwrap_or_default();
            self.objects.insert(key, (size, etag.trim_matches('"').to_owned()));
        }
        let token = element(xml, "NextContinuationToken")?;
        // A page without new objects would repeat for ever.
        self.is_incomplete = self.objects.len() >= MOST_OBJECTS || self.objects.len() == before;
        (!self.is_incomplete).then_some(token)
    }

    /// What identifies the objects; `None` if there are none.
    pub(super) fn state(&self) -> Option<PrefixState> {
        if self.objects.is_empty() {
            return None;
        }
        let mut text = String::new();
        for (key, (size, etag)) in &self.objects {
            let _ = writeln!(text, "{key}\t{size}\t{etag}");
        }
        let size = self.objects.values().map(|(size, _)| size).sum();
        Some(PrefixState { digest: (!self.is_incomplete).then(|| digest(text.as_bytes())), objects: self.objects.len(), size })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(objects: &[(&str, u64, &str)], token: Option<&str>) -> String {
        let mut xml = "<ListBucketResult>".to_owned();
        for (key, size, etag) in objects {
            let _ = write!(xml, "<Contents><Key>{key}</Key><ETag>&quot;{etag}&quot;</ETag><Size>{size}</Size></Contents>");
        }
        if let Some(token) = token {
            let _ = write!(xml, "<NextContinuationToken>{token}</NextContinuationToken>");
        }
        xml + "</ListBucketResult>"
    }

    fn state(pages: &[String]) -> PrefixState {
        let mut listing = S3Listing::default();
        for page in pages {
            listing.add_page(page);
        }
        listing.state().unwrap()
    }

    #[test]
    fn the_digest_covers_keys_sizes_and_etags_and_not_the_pages() {
        let one = state(&[page(&[("a/1", 1, "e1"), ("a/2", 2, "e2")], None)]);
        let two = state(&[page(&[("a/1", 1, "e1")], Some("more")), page(&[("a/2", 2, "e2")], None)]);
        assert_eq!((&one, one.objects, one.size), (&two, 2, 3));
        for other in [("a/2", 2, "e3"), ("a/2", 3, "e2"), ("a/3", 2, "e2")] {
            assert_ne!(state(&[page(&[("a/1", 1, "e1"), other], None)]).digest, one.digest, "{other:?}");
        }
        assert_eq!(S3Listing::default().state(), None);
    }

    #[test]
    fn too_many_objects_and_a_list_that_never_ends_have_no_digest() {
        let keys: Vec<String> = (0..1000).map(|key| format!("{key}")).collect();
        let mut listing = S3Listing::default();
        for index in 0..10 {
            let names: Vec<String> = keys.iter().map(|key| format!("{index}/{key}")).collect();
            let objects: Vec<_> = names.iter().map(|name| (name.as_str(), 1, "e")).collect();
            assert_eq!(listing.add_page(&page(&objects, Some("more"))).is_some(), index < 9);
        }
        assert_eq!(listing.state().unwrap(), PrefixState { digest: None, objects: MOST_OBJECTS, size: 10_000 });
        let again = page(&[("a", 1, "e")], Some("again"));
        let mut endless = S3Listing::default();
        assert_eq!((endless.add_page(&again), endless.add_page(&again)), (Some("again".to_owned()), None));
        assert_eq!(endless.state().unwrap().digest, None);
    }
}
