//! The outbox of a process manager: executes its commands and writes its deadlines when they pass.
//!
//! It follows the streams of the instances, and does what is open there. Different instances are
//! served at once, one instance in order.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use annals_core::{
    BoxStream, Capabilities, Delivery, Error, ErrorKind, Query, Result, StateKey, StreamName,
    Subscribe, SubscribeStart, Timestamp,
};
use futures_lite::{StreamExt, future::or};

use super::{
    Board, Process,
    execute::execute,
    fire::fire,
    home::Home,
    in_flight::InFlight,
    ledger::{Done, Ledger, Work},
    saved,
    sends::Senders,
};
use crate::{
    Annals,
    lease::{self, Held},
    service::{Service, Stop, block_on_until},
};

/// How much is done at once.
const IN_FLIGHT_MAX: usize = 32;
/// Events of instances taken in before the ledger is saved again.
const SAVE_EVERY: u32 = 4_096;
/// The longest sleep: the machine's clock may be set, and nothing wakes us then.
const SLEEP_MAX: Duration = Duration::from_secs(60);

/// Does what the instances of one process manager want done.
#[derive(Debug)]
pub(crate) struct Outbox {
    home: Result<Home>,
    senders: Result<Senders>,
    board: Arc<Board>,
    name: String,
}

impl Outbox {
    pub(crate) fn new<P: Process>(board: Arc<Board>) -> Self {
        let name = format!("process {} outbox", P::NAME);
        Self { home: Home::new(P::NAME), senders: Senders::of::<P::Sends>(), board, name }
    }
}

impl Service for Outbox {
    fn name(&self) -> &str {
        &self.name
    }

    fn check(&self, _capabilities: Capabilities) -> Result<()> {
        // The inbox has checked everything.
        Ok(())
    }

    fn run(self: Box<Self>, app: Annals, stop: Stop) {
        let Self { home: Ok(home), senders: Ok(senders), board, name } = *self else { return };
        let senders = Arc::new(senders);
        while !stop.is_set() {
            let told = board.told();
            let ended = lease::acquire(&app.store, &name, lease::TTL, &stop).and_then(|held| {
                let Some(held) = held else { return Ok(()) };
                let session = Session::begin(&app, &home, &senders, &board);
                match block_on_until(session, None) {
                    Some(session) => session?.run(&stop, &held),
                    None => Ok(()),
                }
            });
            if let Err(error) = ended {
                let until = board.outbox_failed(&error);
                block_on_until(or(stop.wait(), told), until);
            }
        }
    }
}

/// The outbox while nothing is wrong with the store.
struct Session {
    app: Annals,
    senders: Arc<Senders>,
    board: Arc<Board>,
    saved_as: StateKey,
    query: Query,
    ledger: Ledger,
    deliveries: BoxStream<'static, Result<Delivery>>,
    flight: InFlight<Landed>,
    /// Nothing is done before everything there was is known.
    is_caught_up: bool,
    unsaved: u32,
    retries: u64,
}

/// Something was done, or failed.
type Landed = (StreamName, Work, Result<Done>);

/// Why the thread woke.
#[expect(clippy::large_enum_variant, reason = "one at a time, and most are deliveries")]
enum Happened {
    Stopped,
    Landed(Landed),
    Delivered(Option<Result<Delivery>>),
    Told,
}

impl Session {
    async fn begin(
        app: &Annals,
        home: &Home,
        senders: &Arc<Senders>,
        board: &Arc<Board>,
    ) -> Result<Self> {
        let backend = app.backend();
        let saved_as = home.saved()?;
        let ledger = saved::load(&**backend, &saved_as).await?;
        let query = home.all()?;
        board.outbox_begins();
        let start = ledger.position.map_or(SubscribeStart::Beginning, SubscribeStart::After);
        let deliveries = backend.subscribe(Subscribe::all(query.clone(), start));
        Ok(Self {
            app: app.clone(),
            senders: Arc::clone(senders),
            board: Arc::clone(board),
            saved_as,
            query,
            ledger,
            deliveries,
            flight: InFlight::default(),
            is_caught_up: false,
            unsaved: 0,
            retries: board.retries(),
        })
    }

    /// Does what is to be done until told to stop, or until another runner has taken over; what was
    /// begun is finished.
    fn run(mut self, stop: &Stop, held: &Held) -> Result<()> {
        while held.is_valid() {
            let told = self.board.told();
            self.forgive();
            self.launch();
            if self.is_caught_up {
                self.board.outbox_has(&self.query, &self.ledger, self.flight.len());
            }
            let until = self.until();
            let (flight, deliveries) = (&mut self.flight, &mut self.deliveries);
            let stopped = async {
                stop.wait().await;
                Happened::Stopped
            };
            let landed = async { Happened::Landed(flight.next().await) };
            let delivered = async { Happened::Delivered(deliveries.next().await) };
            let told = async {
                told.await;
                Happened::Told
            };
            match block_on_until(or(stopped, or(landed, or(delivered, told))), until) {
                Some(Happened::Stopped) => break,
                Some(Happened::Landed(landed)) => self.landed(landed),
                Some(Happened::Delivered(delivery)) => self.take(delivery)?,
                Some(Happened::Told) | None => {}
            }
        }
        self.end();
        Ok(())
    }

    /// Begins what can be begun now.
    fn launch(&mut self) {
        if !self.is_caught_up {
            return;
        }
        let now = self.app.store.clock.now();
        while self.flight.len() < IN_FLIGHT_MAX && !self.board.is_full() {
            let Some((stream, work, seen)) = self.ledger.next(now, Instant::now()) else { return };
            let (app, senders) = (self.app.clone(), Arc::clone(&self.senders));
            self.flight.push(Box::pin(async move {
                let done = match work {
                    Work::Send(ticket) => execute(&app, &senders, &stream, ticket, seen).await,
                    Work::Fire(ticket) => fire(&app, &stream, ticket).await,
                };
                (stream, work, done)
            }));
        }
    }

    fn landed(&mut self, (stream, work, result): Landed) {
        if let Err(error) = &result {
            tracing::debug!(process = self.board.name, %stream, ?work, %error, "failed");
        }
        let failure = self.ledger.landed(&stream, work, result, Instant::now());
        if let Some(failure) = failure.filter(super::ledger::Failure::is_final) {
            self.board.stuck(&stream, &failure);
        }
    }

    fn take(&mut self, delivery: Option<Result<Delivery>>) -> Result<()> {
        match delivery.unwrap_or_else(|| Err(ended()))? {
            Delivery::Event(record) => {
                self.ledger.take(&record)?;
                self.unsaved += 1;
            }
            Delivery::CaughtUp { .. } => self.is_caught_up = true,
            Delivery::FellBehind { .. } | Delivery::Checkpoint(_) => {}
        }
        if self.unsaved >= SAVE_EVERY {
            self.save();
        }
        Ok(())
    }

    /// Tries everything again that failed, if somebody asked for that.
    fn forgive(&mut self) {
        let retries = self.board.retries();
        if retries != self.retries {
            self.retries = retries;
            self.ledger.forgive();
            self.board.forgive();
        }
    }

    /// When there is something to do, if nothing happens before.
    fn until(&self) -> Option<Instant> {
        let now = self.app.store.clock.now();
        let due = self.ledger.next_due().map(|due| Instant::now() + between(now, due));
        let again = self.ledger.next_again();
        [due, again].into_iter().flatten().min()
    }

    fn end(&mut self) {
        while self.flight.len() > 0 {
            if let Some(landed) = block_on_until(self.flight.next(), None) {
                self.landed(landed);
            }
        }
        if self.unsaved > 0 {
            self.save();
        }
    }

    fn save(&mut self) {
        let backend = self.app.backend();
        block_on_until(saved::save(&**backend, &self.saved_as, &self.ledger), None);
        self.unsaved = 0;
    }
}

/// From now until then, but not too long.
fn between(now: Timestamp, then: Timestamp) -> Duration {
    let micros = then.as_micros().saturating_sub(now.as_micros());
    Duration::from_micros(u64::try_from(micros).unwrap_or(0)).min(SLEEP_MAX)
}

fn ended() -> Error {
    Error::new(ErrorKind::Closed, "the store gives no more events")
}
