//! Builds the tree from the parser's events.
//!
//! Only this module handles the parser's quirks: a block scalar's span begins at its content, block
//! collections have no width, an empty value is reported as `~`, and a tag and an anchor precede
//! the span of their node.

use crate::code::Code;
use std::collections::HashMap;
use std::ops::Range;

use granit_parser::{ErrorKind as ScanErrorKind, Event, Parser, ScalarStyle, ScanError, Span, options};

use super::{Kind, Node, NodeId, Tag, Text, Tree};

/// The maximum nesting of collections, with aliases expanded. Templates stay below 30; the limit
/// keeps recursion within any stack.
pub(crate) const MAX_DEPTH: usize = 200;

/// The size limit of the template with all its aliases expanded. CloudFormation accepts templates
/// of 1 MB.
const MAX_EXPANDED_BYTES: u64 = 64 << 20;

/// Why a text is not a tree, and the offset of the error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BuildError {
    pub(crate) code: Code,
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
    pub(crate) offset: usize,
}

impl BuildError {
    fn new(code: Code, offset: usize, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), hint: None, offset }
    }

    fn with_hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    fn from_scan(error: &ScanError, text: &str) -> Self {
        let offset = error.marker().byte_offset().unwrap_or(text.len());
        if matches!(error.kind(), ScanErrorKind::RecursionLimitExceeded) {
            return too_deep(offset);
        }
        Self { hint: syntax_hint(error.kind()).map(str::to_owned), ..Self::new(Code::Syntax, offset, error.info()) }
    }
}

impl Tree {
    /// Parses one YAML or JSON document.
    pub(crate) fn build(text: &str) -> Result<Self, BuildError> {
        Builder { text, nodes: Vec::new(), texts: String::new(), open: Vec::new(), anchors: HashMap::new(), aliases: 0, reached: 0 }.run()
    }
}

struct Builder<'a> {
    text: &'a str,
    nodes: Vec<Node>,
    texts: String,
    open: Vec<Open>,
    anchors: HashMap<usize, NodeId>,
    aliases: usize,
    /// The end of the last event with a width: tags and anchors of a node are between here and its
    /// span.
    reached: usize,
}

/// A collection that is not closed yet.
struct Open {
    id: NodeId,
    children: Vec<NodeId>,
}

impl Builder<'_> {
    fn run(mut self) -> Result<Tree, BuildError> {
        let options = options! {
            emit_comments: false,
            emit_anchor_events: true,
            // The limit of libyaml, and so of most tools that read templates.
            block_scalar_eof_without_line_feed: true,
            flow_nesting_limit: MAX_DEPTH,
            block_nesting_limit: MAX_DEPTH,
        };
        let mut documents = 0;
        for next in Parser::new_from_str_with_options(self.text, options) {
            let (event, span) = next.map_err(|error| BuildError::from_scan(&error, self.text))?;
            let range = span.byte_range().unwrap_or(self.reached..self.reached);
            match event {
                Event::DocumentStart(..) => {
                    documents += 1;
                    if documents > 1 {
                        return Err(BuildError::new(Code::SeveralDocuments, range.start, "a second YAML document begins here")
                            .with_hint("a template is one document: remove the `---`, or move the other document into its own file"));
                    }
                    continue;
                }
                Event::Scalar(text, style, anchor, tag) => {
                    let kind = Kind::Scalar { text: self.keep(scalar_text(&text, style, &span, tag.is_some())), style };
                    let content = self.scalar_content(style, &span, range.clone());
                    let id = self.begin(kind, tag.as_deref(), &span, content, anchor);
                    self.finish(id, Vec::new())?;
                }
                Event::SequenceStart(_, anchor, tag) => {
                    let content = self.sequence_start(&range, &span)..range.end;
                    let id = self.begin(Kind::Sequence(Vec::new()), tag.as_deref(), &span, content, anchor);
                    self.descend(id)?;
                }
                Event::MappingStart(_, anchor, tag) => {
                    let id = self.begin(Kind::Mapping(Vec::new()), tag.as_deref(), &span, range.clone(), anchor);
                    self.descend(id)?;
                }
                Event::SequenceEnd | Event::MappingEnd => {
                    if let Some(Open { id, children }) = self.open.pop() {
                        self.close(id, &range, &children);
                        self.finish(id, children)?;
                        self.count_merge_keys(id);
                    }
                }
                Event::Anchor(id, _) => {
                    if let Some(node) = self.anchors.get(&id) {
                        let node = &mut self.nodes[node.0];
                        node.start = node.start.min(range.start);
                    }
                    // An anchor precedes its node: the end only moves forward.
                    continue;
                }
                Event::Alias(target) => {
                    let target = self.anchors.get(&target).copied().filter(|target| self.nodes[target.0].weight > 0);
                    let Some(target) = target else {
                        return Err(BuildError::new(Code::RecursiveAlias, range.start, "this alias is inside the value that it refers to"));
                    };
                    self.aliases += 1;
                    let id = self.begin(Kind::Alias(target), None, &span, range.clone(), 0);
                    self.finish(id, Vec::new())?;
                }
                _ => continue,
            }
            self.reached = self.reached.max(range.end);
        }
        if self.nodes.is_empty() {
            return Err(BuildError::new(Code::EmptyTemplate, 0, "the template is empty").with_hint("a template has at least `Resources`"));
        }
        Ok(Tree { nodes: self.nodes, texts: self.texts, aliases: self.aliases })
    }

    fn keep(&mut self, text: &str) -> Text {
        let start = self.texts.len();
        self.texts.push_str(text);
        Text { start, end: self.texts.len() }
    }

    /// The bytes of a scalar, including the `|` or `>` of a block scalar and without the line
    /// breaks after its last line.
    fn scalar_content(&self, style: ScalarStyle, span: &Span, range: Range<usize>) -> Range<usize> {
        if range.is_empty() && self.text.get(self.reached..range.start).is_some_and(|between| between.trim().is_empty()) {
            // An empty value is reported where the next token begins.
            return self.reached..self.reached;
        }
        if !matches!(style, ScalarStyle::Literal | ScalarStyle::Folded) {
            return range;
        }
        let properties_end = span.tag_span().and_then(|tag| tag.byte_range()).map_or(0, |tag| tag.end);
        let header = self.block_header(self.reached.max(properties_end), range.start);
        let text = &self.text[header..range.end];
        header..header + text.trim_end_matches(['\n', '\r', ' ', '\t']).len()
    }

    /// The `|` or `>` of a block scalar. Only indicators, comments and an anchor are between the
    /// previous event and its content.
    fn block_header(&self, from: usize, content: usize) -> usize {
        let mut rest = from;
        while rest < content {
            let line_end = self.text[rest..content].find(['\n', '\r']).map_or(content, |length| rest + length);
            let line = &self.text[rest..line_end];
            for (at, character) in line.char_indices() {
                match character {
                    '|' | '>' if !within_anchor(&line[..at]) => return rest + at,
                    '#' if at == 0 || line[..at].ends_with([' ', '\t']) => break,
                    _ => {}
                }
            }
            rest = line_end + 1;
        }
        content
    }

    /// The first dash of a block sequence. If it is not indented, the span begins after the dash.
    fn sequence_start(&self, range: &Range<usize>, span: &Span) -> usize {
        let properties_end = span.tag_span().and_then(|tag| tag.byte_range()).map_or(0, |tag| tag.end);
        let mut line_start = self.reached.max(properties_end);
        if !range.is_empty() {
            return range.start;
        }
        while let Some(length) = self.text.get(line_start..range.start).and_then(|rest| rest.find(['\n', '\r'])) {
            line_start += length + 1;
            let line = &self.text[line_start..range.start];
            let indented = line.len() - line.trim_start_matches([' ', '\t']).len();
            if line[indented..].starts_with('-') {
                return line_start + indented;
            }
        }
        range.start
    }

    fn begin(&mut self, kind: Kind, tag: Option<&granit_parser::Tag>, span: &Span, content: Range<usize>, anchor: usize) -> NodeId {
        let id = NodeId(self.nodes.len());
        let tag_start = span.tag_start().and_then(|marker| marker.byte_offset());
        let start = tag_start.map_or(content.start, |start| start.min(content.start));
        self.nodes.push(Node { kind, tag: tag.and_then(classify), content, start, weight: 0, depth: 0 });
        if anchor > 0 {
            self.anchors.insert(anchor, id);
        }
        id
    }

    fn descend(&mut self, id: NodeId) -> Result<(), BuildError> {
        if self.open.len() >= MAX_DEPTH {
            return Err(too_deep(self.nodes[id.0].start));
        }
        self.open.push(Open { id, children: Vec::new() });
        Ok(())
    }

    /// A flow collection ends at its bracket, a block collection with its last child.
    fn close(&mut self, id: NodeId, end: &Range<usize>, children: &[NodeId]) {
        let content_end = if end.is_empty() { self.block_end(id, end.start, children) } else { end.end };
        let node = &mut self.nodes[id.0];
        node.content.end = content_end;
        match &mut node.kind {
            Kind::Sequence(items) => *items = children.to_vec(),
            Kind::Mapping(pairs) => *pairs = children.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect(),
            Kind::Scalar { .. } | Kind::Alias(_) => {}
        }
    }

    /// An empty last value is reported before its colon, which belongs to the mapping.
    fn block_end(&self, id: NodeId, limit: usize, children: &[NodeId]) -> usize {
        let node = &self.nodes[id.0];
        let Some(last) = children.last().map(|last| &self.nodes[last.0]) else { return node.content.end };
        let colon = match (&node.kind, children) {
            (Kind::Mapping(_), [.., key, _]) if last.content.is_empty() => colon_after(self.text, self.nodes[key.0].content.end, limit),
            _ => None,
        };
        colon.map_or(last.content.end, |colon| colon.max(last.content.end))
    }

    /// A merge key with an inline mapping has no alias, but CloudFormation rejects it too.
    fn count_merge_keys(&mut self, id: NodeId) {
        if let Kind::Mapping(pairs) = &self.nodes[id.0].kind {
            let is_merge = |key: &NodeId| match self.nodes[key.0].kind {
                Kind::Scalar { text, style: ScalarStyle::Plain } => &self.texts[text.start..text.end] == "<<",
                _ => false,
            };
            self.aliases += pairs.iter().filter(|(key, _)| is_merge(key)).count();
        }
    }

    /// Computes the size of a complete node, and adds it to its collection.
    fn finish(&mut self, id: NodeId, children: Vec<NodeId>) -> Result<(), BuildError> {
        let (mut weight, mut depth) = match &self.nodes[id.0].kind {
            Kind::Scalar { text, .. } => (16 + (text.end - text.start) as u64, 0),
            Kind::Alias(target) => (self.nodes[target.0].weight, self.nodes[target.0].depth),
            Kind::Sequence(_) | Kind::Mapping(_) => (16, 0),
        };
        for child in children {
            weight = weight.saturating_add(self.nodes[child.0].weight);
            depth = depth.max(self.nodes[child.0].depth + 1);
        }
        let node = &mut self.nodes[id.0];
        (node.weight, node.depth) = (weight, depth);
        if depth + self.open.len() > MAX_DEPTH {
            return Err(too_deep(node.start));
        }
        if self.aliases > 0 && weight > MAX_EXPANDED_BYTES {
            let message = format!("the aliases in this value would make the template larger than {} MiB", MAX_EXPANDED_BYTES >> 20);
            return Err(BuildError::new(Code::AliasBomb, node.start, message));
        }
        if let Some(open) = self.open.last_mut() {
            open.children.push(id);
        }
        Ok(())
    }
}

/// The offset after the colon that follows a key, across white space and comments, if it is before
/// the limit.
pub(crate) fn colon_after(text: &str, key_end: usize, limit: usize) -> Option<usize> {
    let mut rest = text.get(key_end..limit)?;
    loop {
        rest = rest.trim_start_matches([' ', '\t', '\n', '\r']);
        if !rest.starts_with('#') {
            return rest.starts_with(':').then(|| limit - rest.len() + 1);
        }
        rest = rest.find(['\n', '\r']).map_or("", |line_end| &rest[line_end..]);
    }
}

fn scalar_text<'t>(text: &'t str, style: ScalarStyle, span: &Span, tagged: bool) -> &'t str {
    let empty = span.byte_range().is_none_or(|range| range.is_empty());
    // An empty value is reported as `~`; it has no text.
    if empty && !tagged && style == ScalarStyle::Plain { "" } else { text }
}

/// The most common cause of a syntax error.
fn syntax_hint(kind: &ScanErrorKind) -> Option<&'static str> {
    Some(match kind {
        ScanErrorKind::TabNotAllowed | ScanErrorKind::TabInBlockIndentation | ScanErrorKind::TabInIndentation => {
            "YAML is indented with spaces: replace the tab with spaces"
        }
        ScanErrorKind::UnclosedFlowCollection { .. } | ScanErrorKind::MismatchedFlowCollectionEnd { .. } => {
            "close each bracket with the matching one; put strings with brackets in quotes"
        }
        ScanErrorKind::UnclosedQuotedScalar => "close the quote; write a single quote within single quotes twice",
        ScanErrorKind::UnknownAnchor => "declare the anchor above, as `&name`; put strings that begin with `*` in quotes",
        ScanErrorKind::ExpectedBlockMappingKey | ScanErrorKind::InvalidIndentation | ScanErrorKind::ExpectedBlockSequenceEntry => {
            "give the line the same indentation as its siblings"
        }
        ScanErrorKind::SimpleKeyExpected | ScanErrorKind::InvalidSimpleKey => "write a colon and a space after a key",
        ScanErrorKind::UnexpectedCharacter { .. } => "put strings that begin with this character in quotes",
        _ => return None,
    })
}

fn too_deep(offset: usize) -> BuildError {
    BuildError::new(Code::TooDeep, offset, format!("values are nested deeper than {MAX_DEPTH} levels")).with_hint(
        "check that every bracket is closed and every line has the correct indentation; otherwise move a part into a nested template",
    )
}

/// Whether the last word before an offset is an anchor that continues there: `&a|b` is one name.
fn within_anchor(before: &str) -> bool {
    before.rsplit([' ', '\t']).next().is_some_and(|word| word.starts_with('&'))
}

fn classify(tag: &granit_parser::Tag) -> Option<Tag> {
    match (tag.handle(), tag.suffix()) {
        ("!", "") | ("", "!") => Some(Tag::Text),
        ("!", name @ ("Ref" | "Condition")) => Some(Tag::Function(name.to_owned())),
        ("!", name) => Some(Tag::Function(format!("Fn::{name}"))),
        _ if tag.core_suffix() == Some("str") => Some(Tag::Text),
        _ => None,
    }
}
