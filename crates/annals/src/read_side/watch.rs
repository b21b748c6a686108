//! Looking at a projection and waiting for it, also when another process runs it.

use std::time::{Duration, Instant};

use annals_core::{Error, ErrorKind, Position, Result};
use async_io::Timer;
use futures_lite::future;

use super::{
    Checkpoint, Lag, Model, ModelInfo, Projection, ProjectionState, ProjectionStatus, ReadStore,
    ReadTx,
    board::{Notes, Phase},
    lag::{lag, last_that_matters},
    registered::Entry,
};
use crate::app::Store;

/// How often to look at a read model that another process writes: nothing wakes this one.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// The models of a projection, with how far each has come.
type Places = Vec<(ModelInfo, Vec<Checkpoint>)>;

impl<P: Projection> Entry<P> {
    pub(super) async fn look_at_status(&self, store: &Store) -> Result<ProjectionStatus> {
        let places = self.places().await?;
        let own = places.iter().filter(|(info, _)| info.model.version == P::VERSION);
        let in_use = own.clone().rfind(|(info, _)| info.is_built || info.is_live);
        let shown = in_use.or_else(|| own.clone().next_back());
        let building = own.clone().rfind(|(info, _)| !info.is_built && !info.is_live);
        let live = places.iter().find(|(info, _)| info.is_live);
        let checkpoint = shown.and_then(|(_, checkpoints)| place(checkpoints));
        let lag = lag(store, self.query(store)?, checkpoint).await?;
        let elsewhere = shown.and_then(|(_, checkpoints)| paused(checkpoints));
        let state = self.board.look(|notes| state(notes, lag, elsewhere));
        let dead_letters = match shown {
            Some((info, _)) => self.store.look().await?.letters(&info.model, None).await?.len(),
            None => 0,
        };
        let (errors, last_error) = self.board.look(|notes| (notes.errors, notes.trouble.clone()));
        Ok(ProjectionStatus {
            name: P::NAME.to_owned(),
            version: P::VERSION,
            state,
            model: shown.map(|(info, _)| info.model.clone()),
            live: live.map(|(info, _)| info.model.clone()),
            building: building.map(|(info, at)| (info.model.clone(), place(at))),
            checkpoint,
            lag,
            has_other_code: shown.is_some_and(|(info, _)| info.has_other_code(P::FINGERPRINT)),
            dead_letters,
            errors,
            last_error,
        })
    }

    async fn places(&self) -> Result<Places> {
        let mut tx = self.store.look().await?;
        let mut places = Vec::new();
        for info in tx.models(P::NAME).await? {
            let checkpoints = tx.checkpoints(&info.model).await?;
            places.push((info, checkpoints));
        }
        tx.rollback().await?;
        Ok(places)
    }

    pub(super) async fn wait_to_reach(
        &self,
        store: &Store,
        position: Option<Position>,
        timeout: Duration,
    ) -> Result<()> {
        let Some(head) = store.backend.head().await? else { return Ok(()) };
        let to = Some(position.unwrap_or(head));
        let Some(target) = last_that_matters(store, self.query(store)?, to).await? else {
            return Ok(());
        };
        let has_reached = |places: &Places| {
            let live = places.iter().find(|(info, _)| info.is_live);
            live.is_some_and(|(_, checkpoints)| place(checkpoints) >= Some(target))
        };
        self.wait_until(store, has_reached, timeout).await
    }

    pub(super) async fn wait_to_switch(
        &self,
        store: &Store,
        to: &Model,
        timeout: Duration,
    ) -> Result<()> {
        // The very first model is seen from the start, while it is built.
        let is_there = |info: &ModelInfo| info.is_live && info.is_built && info.model >= *to;
        let has_switched = |places: &Places| places.iter().any(|(info, _)| is_there(info));
        self.wait_until(store, has_switched, timeout).await
    }

    async fn wait_until(
        &self,
        store: &Store,
        is_so: impl Fn(&Places) -> bool,
        timeout: Duration,
    ) -> Result<()> {
        let begun = Instant::now();
        loop {
            let listener = self.board.listen();
            let places = self.places().await?;
            if is_so(&places) {
                return Ok(());
            }
            if let Some(held_up) = self.board.look(held_up::<P>) {
                return Err(held_up);
            }
            let left = timeout.saturating_sub(begun.elapsed());
            if left.is_zero() {
                return Err(self.late(store, &places, timeout).await);
            }
            let is_run_here = self.board.look(|notes| notes.phase == Phase::Running)
                && places.iter().any(|(info, _)| info.is_live && info.model.version == P::VERSION);
            let wait = if is_run_here { left } else { left.min(LOOK_EVERY) };
            let timer = async {
                Timer::after(wait).await;
            };
            future::or(listener, timer).await;
        }
    }

    /// The error for what was waited for too long.
    async fn late(&self, store: &Store, places: &Places, timeout: Duration) -> Error {
        let live = places.iter().find(|(info, _)| info.is_live);
        let checkpoint = live.and_then(|(_, checkpoints)| place(checkpoints));
        let lag = match self.query(store) {
            Ok(query) => lag(store, query, checkpoint).await.unwrap_or_default(),
            Err(_) => Lag::default(),
        };
        let message = format!(
            "projection `{}` is {lag} after a wait of {:.1} s; wait longer, or look at what holds \
             it up with `projections()`",
            P::NAME,
            timeout.as_secs_f64()
        );
        let error = Error::new(ErrorKind::Timeout, message);
        error.with("lag_events", lag.events).with("lag_seconds", lag.age.as_secs_f64())
    }

    /// Refuses what only the process that runs the projection can do.
    pub(super) fn check_here(&self) -> Result<()> {
        let phase = self.board.look(|notes| notes.phase);
        let why = match phase {
            Phase::Running | Phase::Refused => return Ok(()),
            Phase::Starting => "it has not begun; try again in a moment",
            Phase::Standby => "another process runs it; ask there",
            Phase::Stopped => "it was stopped",
        };
        let message = format!("projection `{}` cannot do this here: {why}", P::NAME);
        Err(Error::new(ErrorKind::Unavailable, message))
    }
}

/// How far all partitions have come.
fn place(checkpoints: &[Checkpoint]) -> Option<Position> {
    checkpoints.iter().map(|checkpoint| checkpoint.position).min().flatten()
}

fn paused(checkpoints: &[Checkpoint]) -> Option<&str> {
    checkpoints.iter().find_map(|checkpoint| checkpoint.paused.as_deref())
}

/// What it is doing.
pub(super) fn state(notes: &Notes, lag: Lag, paused_elsewhere: Option<&str>) -> ProjectionState {
    let paused = |reason: String| ProjectionState::Paused { reason };
    match (notes.phase, notes.paused.values().next(), paused_elsewhere) {
        (Phase::Starting, ..) => ProjectionState::Starting,
        (Phase::Stopped, ..) => ProjectionState::Stopped,
        (Phase::Standby, _, Some(reason)) => paused(reason.to_owned()),
        (Phase::Standby, ..) => ProjectionState::Standby,
        (Phase::Refused, ..) => {
            paused(notes.trouble.as_ref().map(Error::to_string).unwrap_or_default())
        }
        (Phase::Running, Some(error), _) => paused(error.to_string()),
        (Phase::Running, ..) if lag == Lag::default() => ProjectionState::CaughtUp,
        (Phase::Running, ..) => ProjectionState::CatchingUp,
    }
}

/// The error when waiting is of no use.
fn held_up<P: Projection>(notes: &Notes) -> Option<Error> {
    let (why, cause) = match (notes.phase, notes.paused.values().next()) {
        (Phase::Stopped, _) => ("was stopped", None),
        (Phase::Refused, _) => ("cannot run", notes.trouble.clone()),
        (_, Some(error)) => ("is paused", Some(error.clone())),
        _ => return None,
    };
    let reason = cause.as_ref().map(|cause| format!(": {cause}")).unwrap_or_default();
    let message = format!("projection `{}` {why}{reason}", P::NAME);
    let error = Error::new(ErrorKind::Unavailable, message);
    Some(match cause {
        Some(cause) => error.caused_by(cause),
        None => error,
    })
}
