//! How columns or fields become an event.

use super::Template;

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Format {
    /// JSON when it begins with `{` or `[`, else CSV
    #[default]
    Auto,
    /// Comma-separated values with a header
    Csv,
    /// JSON: an object per line, or an array of objects
    Json,
}

/// How columns or fields become an event.
///
/// Without `stream` and `event_type`, JSON records must be events as `annals export` writes them,
/// or CloudEvents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapping {
    /// What the file holds.
    pub format: Format,
    /// What separates the cells of CSV.
    pub delimiter: u8,
    /// The stream.
    pub stream: Option<Template>,
    /// The event type.
    pub event_type: Option<Template>,
    /// When it happened, RFC 3339.
    pub time: Option<Template>,
    /// Metadata by key; a key whose value comes out empty is left out.
    pub metadata: Vec<(String, Template)>,
    /// Tags; one that comes out empty is left out.
    pub tags: Vec<Template>,
    /// CSV columns that hold numbers; every other column is text.
    pub numbers: Vec<String>,
}

impl Default for Mapping {
    fn default() -> Self {
        Self {
            format: Format::Auto,
            delimiter: b',',
            stream: None,
            event_type: None,
            time: None,
            metadata: Vec::new(),
            tags: Vec::new(),
            numbers: Vec::new(),
        }
    }
}

impl Mapping {
    /// Whether a column is used up by the templates and so is not repeated in the data. Tags do
    /// not use a column up: they are for finding the event, not for reading it.
    pub(super) fn uses_up(&self, column: &str) -> bool {
        let single = [&self.stream, &self.event_type, &self.time].into_iter().flatten();
        let metadata = self.metadata.iter().map(|(_, template)| template);
        single.chain(metadata).flat_map(Template::fields).any(|field| field == column)
    }

    /// Whether records are taken apart by templates instead of being events already.
    pub(super) fn has_templates(&self) -> bool {
        self.stream.is_some() || self.event_type.is_some()
    }

    /// Whether a part is mapped that finished events have already.
    pub(super) fn has_parts(&self) -> bool {
        self.time.is_some() || !self.metadata.is_empty() || !self.tags.is_empty()
    }

    /// Text that is equal for equal mappings, for deriving ids. The format is left out: a file
    /// gives the same records whether its format was named or found.
    pub(super) fn fingerprint(&self) -> String {
        let Self { format: _, delimiter, stream, event_type, time, metadata, tags, numbers } = self;
        let source = |template: &Template| template.source();
        let optional = |template: &Option<Template>| template.as_ref().map(source);
        let metadata: Vec<_> =
            metadata.iter().map(|(key, template)| (key, template.source())).collect();
        let tags: Vec<_> = tags.iter().map(source).collect();
        serde_json::json!([
            delimiter,
            optional(stream),
            optional(event_type),
            optional(time),
            metadata,
            tags,
            numbers
        ])
        .to_string()
    }
}
