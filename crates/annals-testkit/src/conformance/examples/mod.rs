//! Example problems of dynamic consistency boundaries, each decided by reading the events that
//! matter and appending under the condition that nothing new of the kind has come.

mod courses;
mod idempotency;
mod invoices;
mod usernames;

use annals_core::{Append, ErrorKind, ExpectedVersion::Any, NewEvent, Position, Query, ReadAll};

use crate::{Case, Store, words::stream};

pub(crate) const CASES: &[&[Case]] =
    &[courses::CASES, idempotency::CASES, invoices::CASES, usernames::CASES];

/// What was read to decide, and up to where.
struct Decision {
    query: Query,
    /// The events as type and tags.
    facts: Vec<(String, Vec<String>)>,
    after: Option<Position>,
}

impl Decision {
    fn about(store: &Store, query: Query) -> Self {
        let after = store.head();
        let read = ReadAll { to: after, ..ReadAll::new(query.clone()) };
        let events = if after.is_some() { store.read(read) } else { Vec::new() };
        let facts = events.iter().map(|event| {
            let tags = event.tags.into_iter().map(ToString::to_string).collect();
            (event.event_type.to_string(), tags)
        });
        Self { query, facts: facts.collect(), after }
    }

    fn count(&self, of_type: &str, tags: &[&str]) -> usize {
        let matches = |(event_type, on_event): &&(String, Vec<String>)| {
            event_type == of_type
                && tags.iter().all(|tag| on_event.iter().any(|other| other == tag))
        };
        self.facts.iter().filter(matches).count()
    }

    fn has(&self, of_type: &str, tags: &[&str]) -> bool {
        self.count(of_type, tags) > 0
    }

    fn append(&self, event: NewEvent) -> Append {
        Append::to(stream("facts"), Any, [event]).unless(self.query.clone(), self.after)
    }

    /// Appends what was decided; false when something else came first.
    fn commit(&self, store: &Store, event: NewEvent) -> bool {
        match store.try_append(self.append(event)) {
            Ok(_) => true,
            Err(error) if error.kind() == ErrorKind::ConditionFailed => false,
            Err(error) => panic!("the append failed: {error}"),
        }
    }
}
