//! Retrying and discarding events that were set aside.

use annals_core::{Error, ErrorKind, Query, Read, ReadAll, RecordedEvent, Result};
use futures_lite::StreamExt;

use super::{DeadLetter, NewDeadLetter, Projection, ReadStore, ReadTx, registered::Entry};
use crate::app::Store;

impl<P: Projection> Entry<P> {
    pub(super) async fn list_letters(&self) -> Result<Vec<DeadLetter>> {
        let mut tx = self.store.look().await?;
        let known = tx.models(P::NAME).await?;
        let own = |info: &&super::ModelInfo| info.model.version == P::VERSION;
        let in_use = known.iter().filter(own).rfind(|info| info.is_built || info.is_live);
        match in_use.or_else(|| known.iter().rfind(own)) {
            Some(info) => tx.letters(&info.model, None).await,
            None => Ok(Vec::new()),
        }
    }

    pub(super) async fn retry_letter(&self, store: &Store, letter: &DeadLetter) -> Result<()> {
        let record = read_record(store, letter).await?;
        let events = store.decode::<P::Event>(record).await?;
        let mut tx = self.store.begin().await?;
        tx.use_model(&letter.model);
        check_first(&mut tx, letter).await?;
        tx.remove_letter(&letter.model, letter.id).await?;
        for event in events {
            if letter.part.is_some_and(|part| part != event.part) {
                continue;
            }
            // What could not be decoded had no key; now it may belong behind another letter.
            let key = self.run.key(&event).filter(|_| letter.part.is_none());
            if let Some(key) = &key
                && tx.has_letter(&letter.model, Some(key)).await?
            {
                return Err(Error::invalid(format!(
                    "dead letter {} belongs behind others of key `{key}`; retry those first",
                    letter.id
                )));
            }
            self.apply(&event, &mut tx).await.map_err(|error| {
                let message = format!(
                    "the event at position {} still cannot be applied: {error}",
                    letter.position
                );
                Error::new(ErrorKind::Application, message).caused_by(error)
            })?;
        }
        self.finish(&mut tx).await.map_err(|error| {
            let message = format!("what the event made cannot be written: {error}");
            Error::new(ErrorKind::Application, message).caused_by(error)
        })?;
        tx.commit().await?;
        self.board.moved();
        Ok(())
    }

    pub(super) async fn discard_letter(&self, letter: &DeadLetter) -> Result<()> {
        let mut tx = self.store.begin().await?;
        if !tx.remove_letter(&letter.model, letter.id).await? {
            return Err(not_there(letter));
        }
        tx.commit().await
    }
}

/// Only the first of a key may be retried, or the key's order would be lost.
async fn check_first<T: ReadTx>(tx: &mut T, letter: &DeadLetter) -> Result<()> {
    let letters = tx.letters(&letter.model, letter.key.as_deref()).await?;
    if letters.iter().all(|other| other.id != letter.id) {
        return Err(not_there(letter));
    }
    let first = letters.first().filter(|first| letter.key.is_some() && first.id != letter.id);
    match first {
        None => Ok(()),
        Some(first) => Err(Error::invalid(format!(
            "dead letter {} waits behind {} of the same key `{}`; retry that one first, or all of \
             the key with `retry_key`",
            letter.id,
            first.id,
            letter.key.as_deref().unwrap_or_default()
        ))),
    }
}

fn not_there(letter: &DeadLetter) -> Error {
    let message = format!("dead letter {} of {} is no longer there", letter.id, letter.model);
    Error::invalid(format!("{message}; list them again"))
}

/// The record of a dead letter.
pub(super) async fn read_record(store: &Store, letter: &NewDeadLetter) -> Result<RecordedEvent> {
    let read = ReadAll::new(Query::all()).from(letter.position);
    let read = ReadAll { to: Some(letter.position), ..read };
    let found = store.backend.read(Read::All(read)).try_next().await?;
    found.filter(|record| record.id == letter.event_id).ok_or_else(|| {
        Error::invalid(format!(
            "event {} is no longer in the store at position {}; discard its dead letter",
            letter.event_id, letter.position
        ))
    })
}
