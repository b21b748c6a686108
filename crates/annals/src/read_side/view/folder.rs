//! A stored view as a projection: documents of one transaction are in memory until its end, so
//! each is read and written once.

use std::{collections::BTreeMap, marker::PhantomData, mem};

use annals_core::{Error, ErrorKind, Position, Result};

use super::{DocumentStore, DocumentTx, Keep, View};
use crate::{
    BoxError, Recorded,
    read_side::{Projection, ReadStore},
};

/// Documents in memory before they are written, although the transaction goes on.
const GATHERED_MAX: usize = 10_000;

/// The projection that folds events into the documents of `V`.
pub(crate) struct Folder<V, S>(PhantomData<fn() -> (V, S)>);

/// The documents that a transaction has touched.
struct Gathered<V>(BTreeMap<String, Slot<V>>);

/// One of them.
struct Slot<V> {
    /// As it is now; `None` when there is none.
    document: Option<V>,
    is_stored: bool,
    /// The last event it saw.
    position: Position,
}

impl<V, S> Folder<V, S> {
    pub(super) const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<V> Default for Gathered<V> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<V: View, S: DocumentStore> Projection for Folder<V, S> {
    type Event = V::Event;
    type Store = S;
    const NAME: &'static str = V::NAME;
    const VERSION: u32 = V::VERSION;
    const FINGERPRINT: u64 = V::FINGERPRINT;
    const TABLES: &'static [&'static str] = &[V::NAME];

    async fn create(&self, tx: &mut S::Tx) -> Result<(), BoxError> {
        tx.create_documents(V::NAME).await
    }

    async fn apply(&self, event: &Recorded<V::Event>, tx: &mut S::Tx) -> Result<(), BoxError> {
        let mut gathered = tx.take_gathered::<Gathered<V>>();
        for key in V::route(event).texts() {
            let mut slot = match gathered.0.remove(&key) {
                Some(slot) => slot,
                None => Slot::read(tx, &key, event.position()).await?,
            };
            slot.take(event);
            gathered.0.insert(key, slot);
        }
        let is_full = gathered.0.len() >= GATHERED_MAX;
        tx.keep_gathered(gathered);
        if is_full { self.finish(tx).await } else { Ok(()) }
    }

    async fn finish(&self, tx: &mut <Self::Store as ReadStore>::Tx) -> Result<(), BoxError> {
        let mut gathered = tx.take_gathered::<Gathered<V>>();
        for (key, slot) in mem::take(&mut gathered.0) {
            slot.write(tx, &key).await?;
        }
        Ok(())
    }
}

impl<V: View> Slot<V> {
    async fn read<T: DocumentTx>(tx: &mut T, key: &str, at: Position) -> Result<Self, BoxError> {
        let stored = tx.document(V::NAME, key).await?;
        let is_stored = stored.is_some();
        let document = stored.map(|text| decode(key, &text)).transpose()?;
        Ok(Self { document, is_stored, position: at })
    }

    fn take(&mut self, event: &Recorded<V::Event>) {
        let mut document = self.document.take().unwrap_or_default();
        self.position = event.position();
        self.document = (document.apply(event) == Keep::Keep).then_some(document);
    }

    async fn write<T: DocumentTx>(&self, tx: &mut T, key: &str) -> Result<(), BoxError> {
        match &self.document {
            Some(document) => {
                let text = encode(key, document)?;
                tx.put_document(V::NAME, key, &text, self.position).await
            }
            None if self.is_stored => tx.delete_document(V::NAME, key).await,
            None => Ok(()),
        }
    }
}

fn encode<V: View>(key: &str, document: &V) -> Result<String> {
    serde_json::to_string(document).map_err(|error| {
        let message = format!(
            "document `{key}` of view `{}` has no form in JSON: {error}; keys of its maps must be \
             texts or numbers",
            V::NAME
        );
        Error::new(ErrorKind::Undecodable, message).caused_by(error)
    })
}

/// Documents as they come back from where they are stored.
pub(crate) fn through_json<V: View>(documents: BTreeMap<String, V>) -> Result<BTreeMap<String, V>> {
    let back = |(key, document): (String, V)| {
        let document = decode(&key, &encode(&key, &document)?)?;
        Ok((key, document))
    };
    documents.into_iter().map(back).collect()
}

/// A stored document as today's type.
pub(super) fn decode<V: View>(key: &str, text: &str) -> Result<V> {
    serde_json::from_str(text).map_err(|error| {
        let message = format!(
            "document `{key}` of view `{}` is not of today's form: {error}; raise the version of \
             the view when its fields change, and wait with `fresh` while the new version is built",
            V::NAME
        );
        Error::new(ErrorKind::Undecodable, message).caused_by(error)
    })
}
