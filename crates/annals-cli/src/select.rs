//! Which events: a stream or the whole store, by type, tag and category.

use annals::{Category, EventType, Query, QueryItem, StreamName, StreamSelector, Tag};

use crate::failure::{Failure, Result};

/// The word for the whole store.
pub(crate) const ALL: &str = "$all";

/// Which events, as typed.
#[derive(Debug, clap::Args)]
pub(crate) struct SelectArgs {
    /// The stream, or `$all` for the whole store (mind the quotes: '$all')
    #[arg(value_name = "STREAM", default_value = ALL, hide_default_value = true)]
    stream: String,
    /// Only events of these types
    #[arg(long = "type", value_name = "A,B", value_delimiter = ',')]
    types: Vec<String>,
    /// Only events with this tag; given more than once, with all of them
    #[arg(long = "tag", value_name = "TAG")]
    tags: Vec<String>,
    /// Only events of streams of this category (the part of the name before the first `-`)
    #[arg(long, value_name = "CATEGORY")]
    category: Option<String>,
}

/// Which events.
#[derive(Debug, Clone)]
pub(crate) enum Selection {
    /// Those of a stream that match.
    Stream { stream: StreamName, filter: QueryItem },
    /// Those of the whole store that match.
    All(QueryItem),
}

impl SelectArgs {
    /// Checks the names.
    pub(crate) fn selection(&self) -> Result<Selection> {
        let types: annals::Result<Vec<EventType>> = self.types.iter().map(|s| s.parse()).collect();
        let tags: annals::Result<Vec<Tag>> = self.tags.iter().map(|s| s.parse()).collect();
        let mut filter = QueryItem { types: types?, tags: tags?, ..QueryItem::default() };
        let category: Option<Category> = self.category.as_deref().map(str::parse).transpose()?;
        if self.stream == ALL {
            filter.streams.extend(category.map(StreamSelector::Category));
            return Ok(Selection::All(filter));
        }
        if category.is_some() {
            return Err(Failure::usage(
                "a stream and a category were both given, and a stream is in one category only",
                "leave out the stream, or `--category`",
            ));
        }
        Ok(Selection::Stream { stream: self.stream.parse()?, filter })
    }
}

impl Selection {
    /// As a query of the whole store.
    pub(crate) fn query(&self) -> Result<Query> {
        let item = match self {
            Self::All(filter) => filter.clone(),
            Self::Stream { stream, filter } => QueryItem {
                streams: vec![StreamSelector::Stream(stream.clone())],
                ..filter.clone()
            },
        };
        Ok(Query::any_of([item])?)
    }
}
