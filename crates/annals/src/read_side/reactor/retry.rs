//! Retrying and discarding events that a reactor gave up.

use annals_core::{Error, ErrorKind, Result};

use super::{Reactor, SetAside, entry::Entry, letters::Letters};
use crate::{Annals, app::Store, read_side::letters::read_record};

impl<R: Reactor> Entry<R> {
    /// The reaction comes before the note that it is done, so a crash in between repeats it.
    pub(super) async fn retry_letter(&self, app: &Annals, letter: &SetAside) -> Result<()> {
        let store = &app.store;
        let mut letters = check_first::<R>(store, letter).await?;
        let record = read_record(store, &letter.letter).await?;
        for event in store.decode::<R::Event>(record).await? {
            if letter.part.is_some_and(|part| part != event.part) {
                continue;
            }
            self.react(&event, app).await.map_err(|nack| {
                let position = letter.position;
                let message = format!(
                    "there is still no reaction to the event at position {position}: {nack}"
                );
                Error::new(ErrorKind::Application, message).caused_by(nack.to_error())
            })?;
        }
        letters.settle(&*store.backend, letter.id).await
    }

    pub(super) async fn discard_letter(&self, store: &Store, letter: &SetAside) -> Result<()> {
        let mut letters = Letters::load(&*store.backend, R::NAME).await?;
        if !letters.contains(letter.id) {
            return Err(not_there::<R>(letter));
        }
        letters.settle(&*store.backend, letter.id).await
    }
}

/// Only the first of a key may be retried, or the key's order would be lost.
async fn check_first<R: Reactor>(store: &Store, letter: &SetAside) -> Result<Letters> {
    let letters = Letters::load(&*store.backend, R::NAME).await?;
    if !letters.contains(letter.id) {
        return Err(not_there::<R>(letter));
    }
    let first = letter.key.as_deref().and_then(|key| letters.first_of(key));
    match first.filter(|first| *first != letter.id) {
        None => Ok(letters),
        Some(first) => Err(Error::invalid(format!(
            "dead letter {} waits behind {first} of the same key `{}`; retry that one first",
            letter.id,
            letter.key.as_deref().unwrap_or_default()
        ))),
    }
}

fn not_there<R: Reactor>(letter: &SetAside) -> Error {
    Error::invalid(format!(
        "dead letter {} of reactor `{}` is no longer there; list them again",
        letter.id,
        R::NAME
    ))
}
