//! Which read models of a projection are to be run, and whether they may be.

use std::panic::AssertUnwindSafe;

use annals_core::{Error, ErrorKind, EventId, Position, Query, Read, ReadAll, Result, StoreInfo};
use futures_lite::{FutureExt, StreamExt};

use super::settle::gone;
use crate::{
    app::Store,
    guard::panicked,
    read_side::{Model, ModelInfo, Projection, ReadStore, ReadTx, registered::Entry},
};

impl<P: Projection> Entry<P> {
    /// Finds the models of this version, takes them over, and makes the first where there is
    /// none: the one in use, and the one being built to replace it.
    pub(super) async fn prepare(&self, store: &Store, fence: u64) -> Result<Vec<ModelInfo>> {
        let events = store.backend.info().await?;
        let mut tx = self.store.begin().await?;
        let known = tx.models(P::NAME).await?;
        let own: Vec<_> =
            known.iter().filter(|info| info.model.version == P::VERSION).cloned().collect();
        let mut models = to_run(own);
        if models.is_empty() {
            let mut first = self.create_model(&mut tx, 0, &events).await?;
            // Until something else is there, queries see it grow.
            if known.iter().all(|info| !info.is_live) {
                tx.set_live(&first).await?;
                first.is_live = true;
            }
            models.push(first);
        }
        let mut fit = Vec::new();
        let mut unfit = None;
        for info in models {
            match self.check_model(&mut tx, &info, store, &events).await {
                Ok(()) => {
                    tx.claim(&info.model, fence).await?;
                    fit.push(info);
                }
                Err(error) => unfit = Some(error),
            }
        }
        match unfit {
            // One that is being built will replace the one that cannot go on.
            Some(error) if fit.is_empty() => Err(error),
            unfit => {
                tx.commit().await?;
                if let Some(error) = unfit {
                    self.board.failed(&error);
                }
                Ok(fit)
            }
        }
    }

    /// Adds a model with its empty tables.
    pub(in crate::read_side) async fn create_model(
        &self,
        tx: &mut <P::Store as ReadStore>::Tx,
        generation: u32,
        events: &StoreInfo,
    ) -> Result<ModelInfo> {
        let info = ModelInfo {
            model: Self::model(generation),
            event_store: events.store_id.clone(),
            partitions: self.run.partitions,
            fingerprint: P::FINGERPRINT,
            is_built: false,
            is_live: false,
            tables: P::TABLES.iter().map(|&name| name.to_owned()).collect(),
        };
        tx.use_model(&info.model);
        tx.add_model(&info).await?;
        let created = AssertUnwindSafe(self.projection.create(tx)).catch_unwind().await;
        created
            .unwrap_or_else(|panic| Err(panicked("making tables", panic.as_ref()).into()))
            .map_err(|error| {
                let message = format!("making the tables of {}: {error}", info.model);
                Error::new(ErrorKind::Application, message).caused_by(error)
            })?;
        let missing = tx.missing_tables(&info).await?;
        if missing.is_empty() {
            return Ok(info);
        }
        Err(Error::invalid(format!(
            "`create` of projection `{}` did not make table `{}`; take the names of tables from \
             the transaction, and list them all in `TABLES`",
            P::NAME,
            missing.join("`, `")
        )))
    }

    async fn check_model(
        &self,
        tx: &mut <P::Store as ReadStore>::Tx,
        info: &ModelInfo,
        store: &Store,
        events: &StoreInfo,
    ) -> Result<()> {
        let model = &info.model;
        if let (Some(own), Some(other)) = (&info.event_store, &events.store_id)
            && own != other
        {
            return Err(Error::invalid(format!(
                "{model} was made from event store {own}, and this is event store {other}; open \
                 the store it belongs to, or rebuild the projection from this one"
            )));
        }
        if info.partitions != self.run.partitions {
            return Err(Error::invalid(format!(
                "{model} is divided into {} partitions, and the run has {}; keep the number, or \
                 raise the version of the projection",
                info.partitions, self.run.partitions
            )));
        }
        let missing = tx.missing_tables(info).await?;
        if !missing.is_empty() {
            return Err(gone(&missing));
        }
        if info.has_other_code(P::FINGERPRINT) {
            tracing::warn!(
                projection = P::NAME,
                version = P::VERSION,
                "the code is not the one this version was begun with; raise the version"
            );
        }
        for checkpoint in tx.checkpoints(model).await? {
            check_history(store, model, checkpoint.position, checkpoint.last).await?;
        }
        Ok(())
    }
}

/// The model in use and the one that is to replace it.
fn to_run(own: Vec<ModelInfo>) -> Vec<ModelInfo> {
    let in_use = own.iter().rposition(|info| info.is_built || info.is_live);
    let building = own.iter().rposition(|info| !info.is_built && !info.is_live);
    let is_chosen = |index: usize| {
        Some(index) == in_use || (Some(index) == building && in_use.is_none_or(|used| used < index))
    };
    let numbered = own.into_iter().enumerate();
    numbered.filter(|(index, _)| is_chosen(*index)).map(|(_, info)| info).collect()
}

/// The store must have everything the model was made from: a backup that was restored has not.
async fn check_history(
    store: &Store,
    model: &Model,
    position: Option<Position>,
    last: Option<(EventId, Position)>,
) -> Result<()> {
    // Looked at after the checkpoint, which others may be moving on.
    let head = store.backend.head().await?;
    if position > head {
        let head = head.map_or_else(|| "empty".to_owned(), |head| format!("at {head}"));
        let position = position.unwrap_or_default();
        return Err(Error::invalid(format!(
            "{model} has events up to position {position}, and the event store is {head}: it is an \
             older copy or another store; open the right one, or rebuild the projection"
        )));
    }
    let Some((id, position)) = last else { return Ok(()) };
    let read = ReadAll::new(Query::all()).from(position);
    let mut found = store.backend.read(Read::All(ReadAll { to: Some(position), ..read }));
    match found.try_next().await? {
        Some(record) if record.id != id => Err(Error::invalid(format!(
            "{model} was made from event {id} at position {position}, where this event store has \
             event {}: it has another history; open the right one, or rebuild the projection",
            record.id
        ))),
        // An event that is no longer there may have been scavenged.
        _ => Ok(()),
    }
}
