//! Reads the XML responses of CloudFormation, IAM and STS by element names.

/// A response of a Query API. Elements are found by name at any depth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document(pub(super) String);

impl Document {
    /// The texts of all elements of this name that contain only text, in document order.
    ///
    /// ```
    /// let document = sandbox::stand_in::Document::from("<a><Key>x &amp; y</Key><Key>z</Key></a>".to_owned());
    /// assert_eq!(document.texts("Key"), ["x & y", "z"]);
    /// ```
    pub fn texts(&self, element: &str) -> Vec<String> {
        self.pieces(element).map(unescaped).collect()
    }

    /// The text of the first element of this name.
    pub fn text(&self, element: &str) -> Option<String> {
        self.pieces(element).next().map(unescaped)
    }

    /// The elements of this name as documents. Nested ones of the same name are not supported.
    pub fn each(&self, element: &str) -> Vec<Document> {
        self.pieces(element).map(|piece| Document(piece.to_owned())).collect()
    }

    /// The whole text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn pieces<'text>(&'text self, element: &str) -> impl Iterator<Item = &'text str> + use<'text> {
        let (open, close) = (format!("<{element}>"), format!("</{element}>"));
        let mut rest = self.0.as_str();
        std::iter::from_fn(move || {
            let start = rest.find(&open)? + open.len();
            let length = rest[start..].find(&close)?;
            let piece = &rest[start..start + length];
            rest = &rest[start + length + close.len()..];
            Some(piece)
        })
    }
}

impl From<String> for Document {
    fn from(text: String) -> Self {
        Self(text)
    }
}

fn unescaped(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&apos;", "'")
        .replace("&amp;", "&")
}
