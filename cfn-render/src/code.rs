//! The kinds of findings.

use std::fmt;

macro_rules! codes {
    ($($variant:ident = $text:literal,)*) => {
        /// What kind of finding a [`Problem`](crate::Problem) is. Its text is stable, for programs.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Code {
            $(#[doc = concat!("`", $text, "`")] $variant,)*
        }

        impl Code {
            /// The stable text.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)*
                }
            }
        }
    };
}

codes! {
    // Texts that are not templates.
    Syntax = "syntax", EmptyTemplate = "empty-template", SeveralDocuments = "several-documents", NotAMapping = "not-a-mapping",
    TooDeep = "too-deep", AliasBomb = "alias-bomb", RecursiveAlias = "recursive-alias",
    // The structure of a template.
    DuplicateKey = "duplicate-key", OddKey = "odd-key", Alias = "alias", UnknownTag = "unknown-tag",
    UnknownSection = "unknown-section", MalformedSection = "malformed-section", MissingResources = "missing-resources",
    MalformedResource = "malformed-resource", MissingType = "missing-type",
    UnknownAttribute = "unknown-attribute", MalformedLogicalId = "malformed-logical-id",
    TemplateTooLarge = "template-too-large",
    // Names.
    UnknownReference = "unknown-reference", UnknownResource = "unknown-resource", UnknownCondition = "unknown-condition",
    UnknownMapping = "unknown-mapping",
    // Resolving, in addition to structure and names.
    MissingParameter = "missing-parameter", UnknownParameter = "unknown-parameter", MalformedDefault = "malformed-default",
    MalformedFunction = "malformed-function", ConditionCycle = "condition-cycle", ResultTooLarge = "result-too-large",
    // Artifacts.
    MissingArtifact = "missing-artifact", NotAnArtifact = "not-an-artifact", NotPackaged = "not-packaged",
    MalformedAddress = "malformed-address",
    MalformedForEach = "malformed-for-each", Unreadable = "unreadable", EmptyFolder = "empty-folder", SpecialFile = "special-file",
    SymlinkOutside = "symlink-outside", SymlinkLoop = "symlink-loop", DanglingSymlink = "dangling-symlink",
    NameNotUtf8 = "name-not-utf8", NameWithBackslash = "name-with-backslash", ChangedMeanwhile = "changed-meanwhile",
    ArchiveClimbsOut = "archive-climbs-out", ArtifactTooLarge = "artifact-too-large", OutsideArtifact = "outside-artifact", MalformedIgnoreFile = "malformed-ignore-file", FolderForFile = "folder-for-file",
    TemplateInArchive = "template-in-archive", TemplateCycle = "template-cycle", TemplateNesting = "template-nesting",
    // Uploading and rewriting.
    UploadFailed = "upload-failed", UploadedUnseen = "uploaded-unseen", ArtifactReplaced = "artifact-replaced",
    UnfaithfulRewrite = "unfaithful-rewrite", AliasesExpanded = "aliases-expanded",
    // More problems than are reported.
    MoreProblems = "more-problems",
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl PartialEq<&str> for Code {
    fn eq(&self, text: &&str) -> bool {
        self.as_str() == *text
    }
}
