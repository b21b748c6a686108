//! Names of indexes, which clients read as `$all` with the name for a prefix of streams.
//!
//! `$idx-all` is every event that is not the system's; `$idx-ce-C` and `$idx-et-T` are those of a
//! category and of a type. What comes are the events themselves, not links.

use annals_core::{Category, Error, ErrorKind, EventType, Query, QueryItem, RecordedEvent, Result};

const PREFIX: &str = "$idx-";

/// Which index a filter by prefixes asks for; `None` when it asks for none.
///
/// # Errors
/// `StreamNotFound` with the fact `index` for one that is not there, `InvalidArgument` for one
/// among other prefixes.
pub(crate) fn asked(prefixes: &[String]) -> Result<Option<Query>> {
    match prefixes {
        [name] => name.strip_prefix(PREFIX).map(|index| query(name, index)).transpose(),
        names if names.iter().any(|name| name.starts_with(PREFIX)) => {
            Err(Error::invalid("an index is read alone: name it as the only prefix"))
        }
        _ => Ok(None),
    }
}

fn query(name: &str, index: &str) -> Result<Query> {
    let item = if index == "all" {
        QueryItem::default()
    } else if let Some(category) = index.strip_prefix("ce-") {
        QueryItem::category(Category::new(category.to_owned()).map_err(|_| not_found(name))?)
    } else if let Some(event_type) = index.strip_prefix("et-") {
        QueryItem::types([EventType::new(event_type.to_owned()).map_err(|_| not_found(name))?])
    } else {
        return Err(not_found(name));
    };
    Query::any_of([item])
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
    use super::*;

    fn asked_for(prefixes: &[&str]) -> Result<Option<Query>> {
        asked(&prefixes.iter().map(|&prefix| prefix.to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn indexes_are_told_from_prefixes() {
        assert!(asked_for(&["account-"]).unwrap().is_none());
        assert!(asked_for(&["$idx-all"]).unwrap().unwrap().is_all());
        assert!(!asked_for(&["$idx-ce-account"]).unwrap().unwrap().is_all());
        assert!(!asked_for(&["$idx-et-opened"]).unwrap().unwrap().is_all());
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
