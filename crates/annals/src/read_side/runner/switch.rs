//! Taking over: a model that has caught up for the first time becomes the one that queries see.

use annals_core::Result;

use super::partition::Partition;
use crate::read_side::{Checkpoint, ModelInfo, Projection, ReadStore, ReadTx};

type Tx<P> = <<P as Projection>::Store as ReadStore>::Tx;

impl<P: Projection> Partition<P> {
    /// In the transaction with which the last partition catches up: from one moment to the next
    /// queries see the new model, complete, and with nothing missing that they saw before.
    pub(super) async fn finish_building(&mut self, tx: &mut Tx<P>) -> Result<()> {
        let model = self.info.model.clone();
        let checkpoints = tx.checkpoints(&model).await?;
        if checkpoints.iter().any(|checkpoint| !checkpoint.is_caught_up) {
            return Ok(());
        }
        let known = tx.models(P::NAME).await?;
        let live = known.iter().find(|info| info.is_live && info.model != model);
        if let Some(live) = live
            && self.is_behind(tx, &checkpoints, live).await?
        {
            return Ok(());
        }
        tx.set_built(&model).await?;
        // An older version never takes over from a newer one; somebody rolled back a deployment,
        // and queries go on seeing what they saw.
        if live.is_none_or(|live| live.model < model) {
            tx.set_live(&self.info).await?;
        }
        self.has_finished = true;
        Ok(())
    }

    /// Whether the live model has an event that this one lacks still. Both follow the log, so the
    /// next commit may find it otherwise.
    async fn is_behind(
        &self,
        tx: &mut Tx<P>,
        checkpoints: &[Checkpoint],
        live: &ModelInfo,
    ) -> Result<bool> {
        let place = checkpoints.iter().map(|checkpoint| checkpoint.position).min().flatten();
        let live_at = tx.checkpoints(&live.model).await?;
        let seen = live_at.iter().filter_map(|at| at.last.map(|(_, position)| position)).max();
        // What was made from events that this store does not have says nothing here.
        let is_comparable = live.event_store == self.info.event_store
            && seen <= self.app.store.backend.head().await?;
        Ok(is_comparable && seen > place)
    }
}
