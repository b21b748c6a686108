//! Building a read model anew, and dropping those that were replaced.

use annals_core::{Error, Result};

use super::{Model, Projection, ReadStore, ReadTx, registered::Entry};
use crate::app::Store;

impl<P: Projection> Entry<P> {
    pub(super) async fn begin_rebuild(&self, store: &Store) -> Result<Model> {
        self.check_here()?;
        let events = store.backend.info().await?;
        let mut tx = self.store.begin().await?;
        let known = tx.models(P::NAME).await?;
        let own = known.iter().filter(|info| info.model.version == P::VERSION);
        let Some(last) = own.max_by_key(|info| info.model.generation) else {
            return Err(Error::invalid(format!(
                "projection `{}` has nothing to rebuild yet; try again in a moment",
                P::NAME
            )));
        };
        if !last.is_built && !last.is_live {
            return Err(Error::invalid(format!("{} is being built already", last.model)));
        }
        let generation = last.model.generation.saturating_add(1);
        let info = self.create_model(&mut tx, generation, &events).await?;
        tx.commit().await?;
        self.board.change(|notes| notes.is_restless = true);
        Ok(info.model)
    }

    pub(super) async fn drop_replaced(&self) -> Result<Vec<Model>> {
        let mut tx = self.store.begin().await?;
        let known = tx.models(P::NAME).await?;
        let live = known.iter().find(|info| info.is_live).map(|info| info.model.clone());
        let mut dropped = Vec::new();
        for info in known {
            if live.as_ref().is_some_and(|live| info.model < *live) {
                tx.remove_model(&info).await?;
                dropped.push(info.model);
            }
        }
        tx.commit().await?;
        Ok(dropped)
    }
}
