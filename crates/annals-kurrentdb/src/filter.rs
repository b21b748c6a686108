//! A query as the filter of a server, which knows two kinds: by the name of the stream, or by the
//! type of the event, each as a regular expression or as prefixes.
//!
//! What a filter gives is looked at once more here, so it may give too much, but never too little.

use annals_core::{Query, QueryItem, RecordedEvent, Result, StreamName, StreamSelector};

use crate::unsupported::unsupported;

/// What is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Subject {
    Stream,
    EventType,
}

/// A filter of the server: a regular expression, or where that is empty prefixes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Filter {
    pub(crate) subject: Subject,
    pub(crate) regex: String,
    pub(crate) prefixes: Vec<String>,
}

/// What is asked of the whole store.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    query: Query,
    /// The filter of the server; none where it has to give everything.
    pub(crate) filter: Option<Filter>,
    /// Whether the filter gives nothing that is not wanted, so that the server can count.
    pub(crate) is_exact: bool,
}

/// Every stream but those of the system; settings of other streams are theirs.
const NOT_OF_SYSTEM: &str = r"^(?:[^$]|\$\$[^$])";
/// Longer patterns are not sent, in bytes; servers have limits of their own.
const PATTERN_BYTES_MAX: usize = 8 * 1_024;

impl Wanted {
    /// Finds the filter for a query.
    ///
    /// # Errors
    /// `Unsupported` for a query that no server can answer but by giving everything.
    pub(crate) fn of(query: Query) -> Result<Self> {
        for item in query.items() {
            check(item)?;
        }
        let (filter, is_exact) = filter_of(query.items());
        Ok(Self { query, filter, is_exact })
    }

    /// Whether an event that came through the filter is wanted.
    pub(crate) fn wants(&self, event: &RecordedEvent) -> bool {
        self.is_exact || self.gives(event)
    }

    /// Whether an event is wanted that came without the filter.
    pub(crate) fn gives(&self, event: &RecordedEvent) -> bool {
        let by_name = |item: &QueryItem| !item.streams.is_empty() && item.matches(event);
        self.query.matches(event)
            && (!is_of_system(event.stream.as_str()) || self.query.items().iter().any(by_name))
    }
}

fn check(item: &QueryItem) -> Result<()> {
    let what = match item {
        _ if !item.tags.is_empty() => "tags",
        _ if item.correlation.is_some() => "a correlation id",
        _ => return Ok(()),
    };
    Err(unsupported(format!(
        "a KurrentDB cannot look for events by {what}; ask by type, stream or category, or copy \
         the events into a store that can with `annals copy`"
    )))
}

fn filter_of(items: &[QueryItem]) -> (Option<Filter>, bool) {
    let not_of_system = || Some(regex(Subject::Stream, NOT_OF_SYSTEM.to_owned()));
    if items.is_empty() {
        return (not_of_system(), true);
    }
    if items.iter().all(|item| !item.streams.is_empty()) {
        let is_exact = items.iter().all(|item| item.types.is_empty());
        let selectors = items.iter().flat_map(|item| &item.streams);
        return (of_streams(selectors.collect()), is_exact);
    }
    if items.iter().all(|item| item.streams.is_empty()) {
        let types = items.iter().flat_map(|item| &item.types);
        let types: Vec<_> = types.map(|event_type| escaped(event_type.as_str())).collect();
        let pattern = format!("^(?:{})$", types.join("|"));
        let is_short = pattern.len() <= PATTERN_BYTES_MAX;
        let by_type = is_short.then(|| regex(Subject::EventType, pattern));
        return (by_type.or_else(not_of_system), false);
    }
    let named = items.iter().flat_map(|item| &item.streams);
    let names_system = named.map(name).any(|name| name.starts_with('$'));
    (if names_system { None } else { not_of_system() }, false)
}

/// Streams and categories by name; those of the system too, where they are named.
fn of_streams(selectors: Vec<&StreamSelector>) -> Option<Filter> {
    let category = |selector: &&StreamSelector| match selector {
        StreamSelector::Category(category) => Some(format!("{category}-")),
        StreamSelector::Stream(_) => None,
    };
    if let Some(prefixes) = selectors.iter().map(category).collect::<Option<Vec<_>>>() {
        return Some(Filter { subject: Subject::Stream, regex: String::new(), prefixes });
    }
    let one = |selector: &StreamSelector| match selector {
        StreamSelector::Category(category) => format!("{}-", escaped(category.as_str())),
        StreamSelector::Stream(stream) => format!("{}$", escaped(stream.as_str())),
    };
    let patterns: Vec<_> = selectors.into_iter().map(one).collect();
    let pattern = format!("^(?:{})", patterns.join("|"));
    (pattern.len() <= PATTERN_BYTES_MAX).then(|| regex(Subject::Stream, pattern))
}

const fn regex(subject: Subject, regex: String) -> Filter {
    Filter { subject, regex, prefixes: Vec::new() }
}

fn name(selector: &StreamSelector) -> &str {
    match selector {
        StreamSelector::Stream(stream) => StreamName::as_str(stream),
        StreamSelector::Category(category) => category.as_str(),
    }
}

/// A name as a pattern that matches itself alone. What both .NET and Rust take as special, and
/// nothing else: either refuses an escape that it does not know.
fn escaped(name: &str) -> String {
    let mut escaped = String::with_capacity(name.len() + 8);
    for c in name.chars() {
        if r"\.+*?()|[]{}^$".contains(c) {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

/// Whether a stream is one that the server writes for itself.
fn is_of_system(stream: &str) -> bool {
    let rest = stream.strip_prefix("$$").unwrap_or(stream);
    rest.starts_with('$')
}

#[cfg(test)]
mod tests {
    use super::*;
    use annals_core::{Category, ErrorKind, EventType, Tag};

    fn wanted(items: impl IntoIterator<Item = QueryItem>) -> Wanted {
        Wanted::of(Query::any_of(items).unwrap()).unwrap()
    }

    fn types(names: &[&'static str]) -> QueryItem {
        QueryItem::types(names.iter().map(|name| EventType::new(*name).unwrap()))
    }

    fn stream(name: &'static str) -> QueryItem {
        let streams = vec![StreamSelector::Stream(StreamName::new(name).unwrap())];
        QueryItem { streams, ..QueryItem::default() }
    }

    #[test]
    fn the_whole_store_is_all_but_the_system() {
        for (name, expected) in
            [("a", false), ("$$a", false), ("$settings", true), ("$$$settings", true)]
        {
            assert_eq!(is_of_system(name), expected, "{name}");
        }
        let all = wanted([]);
        assert_eq!(all.filter.map(|filter| filter.regex).as_deref(), Some(NOT_OF_SYSTEM));
        assert!(all.is_exact);
    }

    #[test]
    fn categories_are_prefixes_and_names_are_patterns() {
        let category = QueryItem::category(Category::new("account").unwrap());
        let by_category = wanted([category]);
        assert_eq!(by_category.filter.unwrap().prefixes, ["account-"]);
        assert!(by_category.is_exact);
        let by_name = wanted([stream("a.b")]);
        assert_eq!(by_name.filter.unwrap().regex, r"^(?:a\.b$)");
        let by_type = wanted([types(&["x", "$>"])]);
        assert_eq!(by_type.filter.unwrap().regex, r"^(?:x|\$>)$");
        assert!(!by_type.is_exact);
    }

    #[test]
    fn what_no_filter_says_is_looked_for_here() {
        let mixed = wanted([types(&["x"]), stream("a")]);
        assert_eq!(mixed.filter.unwrap().regex, NOT_OF_SYSTEM);
        assert!(wanted([types(&["x"]), stream("$settings")]).filter.is_none());
        let tagged = QueryItem::tags([Tag::new("t").unwrap()]);
        let refused = Wanted::of(Query::any_of([tagged]).unwrap()).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Unsupported);
    }
}
