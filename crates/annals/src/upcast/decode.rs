//! The one door through which stored records become today's events.

use std::sync::Arc;

use annals_core::{RecordedEvent, Result};

use super::{Upcasters, Upcasting, earlier::Fold};
use crate::{Annals, Event, Recorded, app::Store, guard::guard};

impl Store {
    /// Gets a record ready to be read as today's events. Only rules with context make this wait:
    /// they need earlier events of the record's stream.
    ///
    /// # Errors
    /// `Undecodable` when folding the context fails or panics; those of reading.
    pub(crate) async fn upcast<'a>(&'a self, record: &'a RecordedEvent) -> Result<Upcasting<'a>> {
        let mut upcasting = Upcasting::alone(record, &self.upcasters);
        for (rule, fold) in self.upcasters.contexts(record)? {
            let state = self.histories.before(&*self.backend, fold, record).await?;
            upcasting.states.push((rule, state));
        }
        Ok(upcasting)
    }

    /// The events of type `E` that a record stands for today, in order. Usually one; none when the
    /// type is not one of `E`'s or a rule dropped it; several when a rule split it, told apart by
    /// [`Recorded::part`].
    ///
    /// Ask for the record by the types that `Upcasters::stored_types` gives, not by those of `E`.
    ///
    /// # Errors
    /// `Undecodable` when a rule or the decoding fails, or a rule panics; `Application` when
    /// decoding panics; those of reading, when a rule needs earlier events.
    pub(crate) async fn decode<E: Event>(&self, record: RecordedEvent) -> Result<Decoded<E>> {
        let mut rest = Vec::new();
        let mut first = None;
        let upcasting = self.upcast(&record).await?;
        let decoding = upcasting.each(|part, raw| {
            let decoded = guard("decoding an event", || E::decode(raw))??;
            match (decoded, &mut first) {
                (Some(event), None) => first = Some((part, event)),
                (Some(event), Some(_)) => rest.push((part, event)),
                (None, _) => {}
            }
            Ok(())
        });
        decoding.map_err(|error| {
            error.with("stream", &record.stream).with("version", record.version)
        })?;
        let with = |record, (part, event)| Recorded { event, record, part };
        let rest = rest.into_iter().map(|event| with(record.clone(), event)).collect();
        Ok(Decoded { rest, first: first.map(|event| with(record, event)) })
    }
}

impl Annals {
    /// Reads a record, as [`backend`](Self::backend) gives it, as today's events of type `E`.
    ///
    /// Usually it is one event. It is none when the record's type is not one of `E`'s or a rule
    /// dropped it, and several when a rule split it; [`Recorded::part`] tells them apart.
    ///
    /// # Errors
    /// `Undecodable` when a rule fails or panics, or the data does not fit; `Application` when
    /// decoding panics; those of reading, when a rule needs earlier events.
    pub async fn decode<E: Event>(&self, record: RecordedEvent) -> Result<Decoded<E>> {
        self.store.decode(record).await
    }
}

impl Upcasters {
    /// What earlier events the rules for a record ask for, with the numbers of the rules.
    pub(super) fn contexts(
        &self,
        record: &RecordedEvent,
    ) -> Result<impl Iterator<Item = (usize, &Arc<dyn Fold>)>> {
        let contexts: &[usize] = if self.table.is_empty() {
            &[]
        } else {
            let node = self.table.graph()?.node(&record.event_type, record.schema_version);
            node.map_or(&[], |node| &node.contexts)
        };
        let fold = |at: &usize| Some((*at, self.table.rules.get(*at)?.context()?));
        Ok(contexts.iter().filter_map(fold))
    }
}

/// The events that a record stands for, in order. Most are one, so nothing is allocated for the first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded<E> {
    first: Option<Recorded<E>>,
    rest: Vec<Recorded<E>>,
}

impl<E> Decoded<E> {
    /// How many events.
    #[must_use]
    pub fn len(&self) -> usize {
        usize::from(self.first.is_some()) + self.rest.len()
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.first.is_none()
    }
}

impl<E> IntoIterator for Decoded<E> {
    type Item = Recorded<E>;
    type IntoIter =
        std::iter::Chain<std::option::IntoIter<Recorded<E>>, std::vec::IntoIter<Recorded<E>>>;

    fn into_iter(self) -> Self::IntoIter {
        self.first.into_iter().chain(self.rest)
    }
}
