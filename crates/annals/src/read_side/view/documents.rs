//! Where the documents of views are stored, and how they are read.

use std::future::Future;

use annals_core::{BoxFuture, Error, Position, Result};

use super::{View, folder::Folder};
use crate::{
    BoxError,
    read_side::{ReadStore, ReadTx, registered::Entry},
};

/// A database that can hold documents. Users only open one; the methods are for those who write
/// another.
pub trait DocumentStore: ReadStore<Tx: DocumentTx> {}

impl<S: ReadStore<Tx: DocumentTx>> DocumentStore for S {}

/// A transaction on documents, which are JSON texts by key. `view` is the name of the view; after
/// [`use_model`](ReadTx::use_model) it is about that model, and before about what queries see.
pub trait DocumentTx: ReadTx {
    /// Makes the empty table.
    ///
    /// # Errors
    /// Those of the database.
    fn create_documents(&mut self, view: &str)
    -> impl Future<Output = Result<(), BoxError>> + Send;

    /// Reads a document.
    ///
    /// # Errors
    /// Those of the database.
    fn document(
        &mut self,
        view: &str,
        key: &str,
    ) -> impl Future<Output = Result<Option<String>, BoxError>> + Send;

    /// Writes a document, with the position of the last event in it.
    ///
    /// # Errors
    /// Those of the database.
    fn put_document(
        &mut self,
        view: &str,
        key: &str,
        document: &str,
        position: Position,
    ) -> impl Future<Output = Result<(), BoxError>> + Send;

    /// Deletes a document, if it is there.
    ///
    /// # Errors
    /// Those of the database.
    fn delete_document(
        &mut self,
        view: &str,
        key: &str,
    ) -> impl Future<Output = Result<(), BoxError>> + Send;

    /// At most `limit` documents after a key, in byte order of the keys.
    ///
    /// # Errors
    /// Those of the database.
    fn documents(
        &mut self,
        view: &str,
        after: Option<&str>,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<(String, String)>, BoxError>> + Send;

    /// At most `limit` keys after a key, in byte order.
    ///
    /// # Errors
    /// Those of the database.
    fn document_keys(
        &mut self,
        view: &str,
        after: Option<&str>,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<String>, BoxError>> + Send;

    /// How many documents there are.
    ///
    /// # Errors
    /// Those of the database.
    fn count_documents(&mut self, view: &str)
    -> impl Future<Output = Result<u64, BoxError>> + Send;

    /// Takes what [`keep_gathered`](Self::keep_gathered) was given in this transaction, or the
    /// default.
    fn take_gathered<T: Default + Send + 'static>(&mut self) -> Box<T>;

    /// Keeps something as long as the transaction is under way.
    fn keep_gathered<T: Send + 'static>(&mut self, gathered: Box<T>);
}

/// Reading the documents of a view of any type, wherever they are stored.
pub(crate) trait Documents: Send + Sync {
    fn document<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<String>>>;
    fn page<'a>(
        &'a self,
        after: Option<&'a str>,
        limit: u32,
    ) -> BoxFuture<'a, Result<Vec<(String, String)>>>;
    fn keys<'a>(&'a self, after: Option<&'a str>, limit: u32)
    -> BoxFuture<'a, Result<Vec<String>>>;
    fn count(&self) -> BoxFuture<'_, Result<u64>>;
}

impl<V: View, S: DocumentStore> Documents for Entry<Folder<V, S>> {
    fn document<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<String>>> {
        Box::pin(async move {
            let mut tx = self.store.look().await?;
            let read = tx.document(V::NAME, key).await;
            or_nothing_yet::<V, _, _>(&mut tx, read).await
        })
    }

    fn page<'a>(
        &'a self,
        after: Option<&'a str>,
        limit: u32,
    ) -> BoxFuture<'a, Result<Vec<(String, String)>>> {
        Box::pin(async move {
            let mut tx = self.store.look().await?;
            let read = tx.documents(V::NAME, after, limit).await;
            or_nothing_yet::<V, _, _>(&mut tx, read).await
        })
    }

    fn keys<'a>(
        &'a self,
        after: Option<&'a str>,
        limit: u32,
    ) -> BoxFuture<'a, Result<Vec<String>>> {
        Box::pin(async move {
            let mut tx = self.store.look().await?;
            let read = tx.document_keys(V::NAME, after, limit).await;
            or_nothing_yet::<V, _, _>(&mut tx, read).await
        })
    }

    fn count(&self) -> BoxFuture<'_, Result<u64>> {
        Box::pin(async move {
            let mut tx = self.store.look().await?;
            let read = tx.count_documents(V::NAME).await;
            or_nothing_yet::<V, _, _>(&mut tx, read).await
        })
    }
}

/// Before the runner has made the table there is no document.
async fn or_nothing_yet<V: View, Tx: DocumentTx, T: Default>(
    tx: &mut Tx,
    read: Result<T, BoxError>,
) -> Result<T> {
    let error = match read {
        Ok(read) => return Ok(read),
        Err(error) => error,
    };
    if tx.models(V::NAME).await?.iter().all(|info| !info.is_live) {
        return Ok(T::default());
    }
    let message = format!("reading view `{}`: {error}", V::NAME);
    Err(Error::new(annals_core::ErrorKind::Application, message).caused_by(error))
}
