//! Tests of views: events in, documents out, without a database.

use std::{collections::BTreeMap, fmt::Debug, marker::PhantomData};

use annals_core::{Query, ReadAll, StreamName};
use futures_lite::{StreamExt, future::block_on};

use super::{Given, given_nothing, must};
use crate::{
    Annals, At, Event, Timestamp, Upcasters, View,
    read_side::{fold_all, fold_into, fold_one, through_json},
};

/// A view under test.
///
/// The events are folded three times: all in memory; with each document turned into JSON and back
/// after each event, as between two batches; and for one key alone, through [`View::query`]. All
/// three must agree, so a field that is not stored and a query that misses events are found.
///
/// ```
/// use annals::{testing::view, *};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Debug, Serialize, Deserialize, Event)]
/// #[event(name = "deposited")]
/// struct Deposited {
///     account: String,
///     cents: i64,
/// }
///
/// #[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
/// struct Balance {
///     cents: i64,
/// }
///
/// #[annals::view(name = "balances", version = 1)]
/// impl View for Balance {
///     type Key = String;
///     type Event = Deposited;
///
///     fn route(event: &Recorded<Deposited>) -> Keys<String> {
///         event.account.clone().into()
///     }
///
///     fn apply(&mut self, event: &Recorded<Deposited>) -> Keep {
///         self.cents += event.cents;
///         Keep::Keep
///     }
/// }
///
/// view::<Balance>()
///     .given([
///         Deposited { account: "ann".into(), cents: 100 },
///         Deposited { account: "ann".into(), cents: 30 },
///     ])
///     .then(&"ann".to_owned(), Balance { cents: 130 })
///     .then_none(&"bob".to_owned());
/// ```
pub fn view<V: View + PartialEq + Debug>() -> GivenView<V> {
    GivenView { given: given_nothing(), of: PhantomData }
}

/// A view with the events it is given.
#[derive(Debug)]
#[must_use = "nothing is tested until a document is looked at"]
pub struct GivenView<V> {
    given: Given,
    of: PhantomData<fn() -> V>,
}

impl<V: View + PartialEq + Debug> GivenView<V> {
    /// These events happened, in a stream of their own.
    #[track_caller]
    pub fn given<E: Event>(self, events: impl IntoIterator<Item = E>) -> Self {
        Self { given: self.given.and(events), ..self }
    }

    /// These events happened in a stream of this name.
    #[track_caller]
    pub fn given_in<E: Event>(self, stream: &str, events: impl IntoIterator<Item = E>) -> Self {
        Self { given: self.given.and_in(stream, events), ..self }
    }

    /// These events happened at a time.
    #[track_caller]
    pub fn given_at<E: Event>(self, time: Timestamp, events: impl IntoIterator<Item = E>) -> Self {
        Self { given: self.given.and_at(time, events), ..self }
    }

    /// Events are read through these upcasters.
    pub fn upcasters(self, upcasters: &Upcasters) -> Self {
        Self { given: self.given.upcasters(upcasters), ..self }
    }

    /// The document of a key is this.
    ///
    /// # Panics
    /// When it is not, or depends on how it is folded.
    #[track_caller]
    pub fn then(&self, key: &V::Key, expected: V) -> &Self {
        assert_eq!(self.document(key), Some(expected), "the document of `{key}`");
        self
    }

    /// There is no document of this key.
    ///
    /// # Panics
    /// When there is one, or that depends on how it is folded.
    #[track_caller]
    pub fn then_none(&self, key: &V::Key) -> &Self {
        assert_eq!(self.document(key), None, "the document of `{key}`");
        self
    }

    #[track_caller]
    fn document(&self, key: &V::Key) -> Option<V> {
        let app = self.given.clone().recorded(|_| StreamName::new("test-1").ok());
        let mut all = must("the fold", block_on(fold_all::<V>(&app.store, At::Latest)));
        let mut stored = Self::stored(&app);
        assert_eq!(all, stored, "in memory (left) and through JSON (right) the documents differ");
        let document = all.remove(&key.to_string());
        let narrowed = must("the fold", block_on(fold_one::<V>(&app.store, key, At::Latest)));
        assert_eq!(document, narrowed, "`query` (right) gives another document of `{key}`");
        stored.remove(&key.to_string())
    }

    /// The documents when each is stored and read again after each event.
    #[track_caller]
    fn stored(app: &Annals) -> BTreeMap<String, V> {
        let read = app.backend().read(ReadAll::new(Query::all()).into());
        let records: Vec<_> = must("what was given", block_on(read.try_collect()));
        let mut documents = BTreeMap::new();
        for record in records {
            for event in must("what was given", block_on(app.decode::<V::Event>(record))) {
                fold_into(&mut documents, &event, None);
                documents = must("documents in JSON", through_json(documents));
            }
        }
        documents
    }
}
