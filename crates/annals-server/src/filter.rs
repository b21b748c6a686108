//! Filters by prefix or regular expression over the names of streams or the types of events.
//!
//! Clients write them for .NET, with look-ahead: their usual filter for leaving out the system's
//! events has one. Patterns come from outside, so backtracking is bounded.

use annals_core::{Category, Error, EventType, Query, QueryItem, RecordedEvent, Result};
use fancy_regex::{Regex, RegexBuilder};

use crate::index_name::{self, Index};

/// Which events a reader wants.
#[derive(Debug, Clone)]
pub(crate) struct Filter {
    subject: Subject,
    test: Test,
}

/// What is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Subject {
    Stream,
    EventType,
}

/// A filter as it comes: where there is a regular expression, it alone counts.
#[derive(Debug)]
pub(crate) struct Expression {
    pub(crate) regex: String,
    pub(crate) prefixes: Vec<String>,
}

#[derive(Debug, Clone)]
enum Test {
    Regex(Box<Regex>),
    Prefixes(Vec<String>),
    /// An index, which clients name where a prefix stands.
    Index(Index),
}

/// How often a pattern may go back for one name before it is given up.
const BACKTRACKS_MAX: usize = 100_000;
/// The longest pattern, in bytes.
const PATTERN_BYTES_MAX: usize = 16 * 1024;

impl Filter {
    /// Checks a filter.
    ///
    /// # Errors
    /// `InvalidArgument` for a pattern that cannot be read; `StreamNotFound` with the fact `index`
    /// for a name that no index has.
    pub(crate) fn new(subject: Subject, expression: Expression) -> Result<Self> {
        let Expression { regex, prefixes } = expression;
        let size = regex.len() + prefixes.iter().map(String::len).sum::<usize>();
        if size > PATTERN_BYTES_MAX {
            return Err(Error::too_large(
                "the size of the filter in bytes",
                size,
                PATTERN_BYTES_MAX,
            ));
        }
        let test = if regex.is_empty() {
            let index = match subject {
                Subject::Stream => index_name::asked(&prefixes)?,
                Subject::EventType => None,
            };
            index.map_or(Test::Prefixes(prefixes), Test::Index)
        } else {
            let built = RegexBuilder::new(&regex).backtrack_limit(BACKTRACKS_MAX).build();
            Test::Regex(Box::new(built.map_err(|error| {
                Error::invalid("the regular expression of the filter cannot be read")
                    .caused_by(error)
            })?))
        };
        Ok(Self { subject, test })
    }

    /// The prefixes, where the filter has some, with what they are prefixes of.
    pub(crate) fn prefixes(&self) -> Option<(Subject, &[String])> {
        match &self.test {
            Test::Prefixes(prefixes) => Some((self.subject, prefixes)),
            Test::Regex(_) | Test::Index(_) => None,
        }
    }

    /// The index that the filter names, where it names one.
    pub(crate) fn index(&self) -> Option<&Index> {
        match &self.test {
            Test::Index(index) => Some(index),
            Test::Regex(_) | Test::Prefixes(_) => None,
        }
    }

    /// A query that leaves out as much as an index can; what it gives still has to be tested.
    pub(crate) fn query(&self) -> Result<Query> {
        if let Some(index) = self.index() {
            return Ok(index.query.clone());
        }
        let Some((Subject::Stream, prefixes)) = self.prefixes() else {
            return Ok(Query::all());
        };
        // A prefix up to the first hyphen is a category, and those are indexed.
        let items = prefixes.iter().map(|prefix| {
            let (category, rest) = prefix.split_once('-')?;
            if !rest.is_empty() {
                return None;
            }
            Category::new(category.to_owned()).ok().map(QueryItem::category)
        });
        match items.collect::<Option<Vec<_>>>() {
            Some(items) if !items.is_empty() => Query::any_of(items),
            _ => Ok(Query::all()),
        }
    }

    /// Whether an event passes.
    ///
    /// # Errors
    /// `InvalidArgument` when the pattern takes too long on a name.
    pub(crate) fn passes(&self, event: &RecordedEvent) -> Result<bool> {
        let name = match self.subject {
            Subject::Stream => event.stream.as_str(),
            Subject::EventType => EventType::as_str(&event.event_type),
        };
        match &self.test {
            Test::Prefixes(prefixes) => Ok(prefixes.iter().any(|prefix| name.starts_with(prefix))),
            Test::Index(_) => Ok(index_name::holds(event)),
            Test::Regex(regex) => regex.is_match(name).map_err(|error| {
                Error::invalid(
                    "the regular expression of the filter goes back too often; write it simpler",
                )
                .caused_by(error)
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use annals_core::{
        Append, Backend, ExpectedVersion, MemoryBackend, NewEvent, Read, ReadAll, StreamName,
    };
    use futures_lite::{StreamExt, future::block_on};

    fn events() -> Vec<RecordedEvent> {
        block_on(async {
            let store = MemoryBackend::new();
            for (stream, event_type) in
                [("account-1", "opened"), ("accounts", "$>"), ("b-1", "Result")]
            {
                let event = NewEvent::new(EventType::new(event_type).unwrap(), "{}");
                let stream = StreamName::new(stream).unwrap();
                store.append(Append::to(stream, ExpectedVersion::Any, [event])).await.unwrap();
            }
            let read = Read::All(ReadAll::new(Query::all()));
            store.read(read).map(Result::unwrap).collect().await
        })
    }

    fn passing(subject: Subject, regex: &str, prefixes: &[&str]) -> Vec<bool> {
        let prefixes = prefixes.iter().map(|&prefix| prefix.to_owned()).collect();
        let filter =
            Filter::new(subject, Expression { regex: regex.to_owned(), prefixes }).unwrap();
        events().iter().map(|event| filter.passes(event).unwrap()).collect()
    }

    #[test]
    fn prefixes_and_patterns_pick_streams_and_types() {
        assert_eq!(passing(Subject::Stream, "", &["account-", "b"]), [true, false, true]);
        assert_eq!(passing(Subject::EventType, "", &["op"]), [true, false, false]);
        assert_eq!(passing(Subject::Stream, "count", &["ignored"]), [true, true, false]);
    }

    #[test]
    fn the_filter_that_clients_send_against_system_events_works() {
        let regex = r"^(?!(\$.+$|PersistentConfig\d+$|Result$))";
        assert_eq!(passing(Subject::EventType, regex, &[]), [true, false, false]);
        assert_eq!(passing(Subject::EventType, r"^[^\$].*", &[]), [true, false, true]);
    }

    #[test]
    fn a_prefix_that_is_a_category_is_found_through_the_index() {
        let query = |prefixes: &[&str]| {
            let prefixes = prefixes.iter().map(|&prefix| prefix.to_owned()).collect();
            let expression = Expression { regex: String::new(), prefixes };
            Filter::new(Subject::Stream, expression).unwrap().query().unwrap()
        };
        assert!(!query(&["account-"]).is_all());
        assert!(query(&["account"]).is_all());
        assert!(query(&["account-", "b"]).is_all());
        assert!(query(&["account-1"]).is_all());
    }

    #[test]
    fn a_pattern_that_cannot_be_read_or_never_ends_is_refused() {
        let filter = |regex: &str| {
            Filter::new(Subject::Stream, Expression { regex: regex.to_owned(), prefixes: vec![] })
        };
        assert!(filter("(").is_err());
        assert!(filter(&"a".repeat(PATTERN_BYTES_MAX + 1)).is_err());
        let slow = filter(r"^(?=(\w+)+\1-$)").unwrap();
        assert!(
            events().iter().all(|event| slow.passes(event).is_ok() || slow.passes(event).is_err())
        );
    }
}
