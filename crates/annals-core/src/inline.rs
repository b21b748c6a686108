//! What is done in the transaction of every append.

use std::{any::Any, fmt};

use crate::{BoxFuture, RecordedEvent, Result};

/// Work in the transaction of every append, for stores with the capability `projection_inline`.
pub trait Inline: Send + Sync + fmt::Debug {
    /// Asked once, when it is installed, with what names the store: whether its transactions are
    /// any that this can write in.
    ///
    /// # Errors
    /// Any error refuses the installation; appends go on without it.
    fn join(&self, store: &str) -> Result<()> {
        let _ = store;
        Ok(())
    }

    /// Sees the events that are about to be stored, in the order of their positions, and what of
    /// the store's own it can write with: whoever implements this knows the type that the store
    /// gives. It may see events again, when their transaction came to nothing.
    ///
    /// It must end soon, and wait for no append: nothing else is appended meanwhile.
    ///
    /// # Errors
    /// Any error refuses the append, and nothing of it is stored.
    fn apply<'a>(
        &'a self,
        events: &'a [RecordedEvent],
        transaction: &'a mut (dyn Any + Send),
    ) -> BoxFuture<'a, Result<()>>;
}
