//! Names of indexes, which clients read as `$all` with the name for a prefix of streams.
//!
//! `$idx-all` is every event that is not the system's; `$idx-ce-C` and `$idx-et-T` are those of a
//! category and of a type, which are there as soon as they have an event. What comes are the events
//! themselves, not links.

use annals_core::{
    Backend, Category, Error, ErrorKind, EventType, Query, QueryItem, Read, ReadAll, RecordedEvent,
    Result,
};
use futures_lite::StreamExt;

const PREFIX: &str = "$idx-";
const ALL: &str = "$idx-all";

/// An index that may be there.
#[derive(Debug, Clone)]
pub(crate) struct Index {
    name: String,
    pub(crate) query: Query,
}

impl Index {
    /// Makes sure that it is there.
    ///
    /// # Errors
    /// `StreamNotFound` with the fact `index` when it is not; those of the store.
    pub(crate) async fn check(&self, store: &dyn Backend) -> Result<()> {
        if self.name == ALL {
            return Ok(());
        }
        let mut events = store.read(Read::All(ReadAll::new(self.query.clone())));
        while let Some(event) = events.next().await.transpose()? {
            if holds(&event) {
                return Ok(());
            }
        }
        Err(not_found(&self.name))
    }
}

/// Which index a filter by prefixes asks for; `None` when it asks for none.
///
/// # Errors
/// `StreamNotFound` with the fact `index` for a name that no index has, `InvalidArgument` for one
/// among other prefixes.
pub(crate) fn asked(prefixes: &[String]) -> Result<Option<Index>> {
    match prefixes {
        [name] => name.strip_prefix(PREFIX).map(|of| index(name, of)).transpose(),
        names if names.iter().any(|name| name.starts_with(PREFIX)) => {
            Err(Error::invalid("an index is read alone: name it as the only prefix"))
        }
        _ => Ok(None),
    }
}

fn index(name: &str, index: &str) -> Result<Index> {
    let item = if index == "all" {
        QueryItem::default()
    } else if let Some(category) = index.strip_prefix("ce-") {
        QueryItem::category(Category::new(category.to_owned()).map_err(|_| not_found(name))?)
    } else if let Some(event_type) = index.strip_prefix("et-") {
        QueryItem::types([EventType::new(event_type.to_owned()).map_err(|_| not_found(name))?])
    } else {
        return Err(not_found(name));
    };
    Ok(Index { name: name.to_owned(), query: Query::any_of([item])? })
}

fn not_found(name: &str) -> Error {
    Error::new(ErrorKind::StreamNotFound, format!("index `{name}` does not exist"))
        .with("index", name)
}

/// Whether an event is in any index: the system's own are in none.
pub(crate) fn holds(event: &RecordedEvent) -> bool {
    !event.stream.is_system() && !EventType::as_str(&event.event_type).starts_with('$')
}

#[cfg(test)]
mod tests {
    use annals_core::{Append, ExpectedVersion, MemoryBackend, NewEvent, StreamName};
    use futures_lite::future::block_on;

    use super::*;

    fn asked_for(prefixes: &[&str]) -> Result<Option<Index>> {
        asked(&prefixes.iter().map(|&prefix| prefix.to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn indexes_are_told_from_prefixes() {
        assert!(asked_for(&["account-"]).unwrap().is_none());
        assert!(asked_for(&["$idx-all"]).unwrap().unwrap().query.is_all());
        assert!(!asked_for(&["$idx-ce-account"]).unwrap().unwrap().query.is_all());
        assert!(!asked_for(&["$idx-et-opened"]).unwrap().unwrap().query.is_all());
    }

    #[test]
    fn an_index_is_there_when_it_has_an_event() {
        block_on(async {
            let store = MemoryBackend::new();
            for (stream, event_type) in [("account-1", "opened"), ("link-1", "$>")] {
                let event = NewEvent::new(EventType::new(event_type).unwrap(), "{}");
                let stream = StreamName::new(stream).unwrap();
                store.append(Append::to(stream, ExpectedVersion::Any, [event])).await.unwrap();
            }
            let names = ["$idx-all", "$idx-ce-account", "$idx-ce-link", "$idx-ce-x", "$idx-et-x"];
            let mut there = Vec::new();
            for name in names {
                there.push(asked_for(&[name]).unwrap().unwrap().check(&store).await.is_ok());
            }
            assert_eq!(there, [true, true, false, false, false]);
        });
    }

    #[test]
    fn what_is_no_index_and_what_is_not_alone_is_refused() {
        for name in ["$idx-user-orders", "$idx-", "$idx-ce-", "$idx-ce-a-b", "$idx-x"] {
            assert_eq!(asked_for(&[name]).unwrap_err().kind(), ErrorKind::StreamNotFound, "{name}");
        }
        let both = asked_for(&["$idx-all", "account-"]).unwrap_err();
        assert_eq!(both.kind(), ErrorKind::InvalidArgument);
    }
}
