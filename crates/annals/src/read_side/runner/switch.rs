//! Taking over: a model that has caught up for the first time becomes the one that queries see.

use annals_core::Result;

use super::partition::Partition;
use crate::read_side::{Projection, ReadStore, ReadTx};

impl<P: Projection> Partition<P> {
    /// In the transaction with which the last partition catches up: from one moment to the next
    /// queries see the new model, complete.
    pub(super) async fn finish_building(
        &mut self,
        tx: &mut <P::Store as ReadStore>::Tx,
    ) -> Result<()> {
        let model = self.info.model.clone();
        let checkpoints = tx.checkpoints(&model).await?;
        if checkpoints.iter().any(|checkpoint| !checkpoint.is_caught_up) {
            return Ok(());
        }
        tx.set_built(&model).await?;
        let known = tx.models(P::NAME).await?;
        let live = known.iter().find(|info| info.is_live);
        // An older version never takes over from a newer one; somebody rolled back a deployment,
        // and queries go on seeing what they saw.
        if live.is_none_or(|live| live.model < model) {
            tx.set_live(&self.info).await?;
        }
        self.has_finished = true;
        Ok(())
    }
}
