//! Tests of process managers: what happened, and what follows from the next event.

use annals_core::{Query, Read, ReadAll, StreamName};
use futures_lite::{StreamExt, future::block_on};

use super::{Given, given_nothing, must, side_by_side};
use crate::{
    Effect, Effects, Event, Message, Process, Recorded, Rejected, Route, Timestamp,
    process::react::{react, rejected},
};

/// A process manager under test: one instance of it, the first that an event is routed to. What
/// other instances are told does not reach it.
///
/// What is expected is said in the words of the process manager itself: with [`Effects`].
///
/// ```
/// use std::time::Duration;
///
/// use annals::{testing::process, *};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Debug, Serialize, Deserialize, Event)]
/// #[event(prefix = "order")]
/// enum OrderEvent {
///     Placed { order: u32 },
///     Paid { order: u32 },
///     Reminded { order: u32 },
/// }
/// use OrderEvent::{Paid, Placed, Reminded};
///
/// #[derive(Debug, Default, Clone, Serialize, Deserialize)]
/// struct Reminder;
///
/// #[annals::process(name = "reminder")]
/// impl Process for Reminder {
///     type Key = u32;
///     type Event = OrderEvent;
///     type Sends = ();
///
///     fn route(event: &Recorded<OrderEvent>) -> Route<u32> {
///         match event.event {
///             Placed { order } => Route::Start(order),
///             Paid { order } => Route::Continue(order),
///             Reminded { .. } => Route::Ignore,
///         }
///     }
///
///     fn react(&mut self, event: &Recorded<OrderEvent>, effects: &mut Effects<'_, Self>) {
///         match event.event {
///             Placed { order } => {
///                 effects.after("unpaid", Duration::from_secs(86_400), Reminded { order });
///             }
///             Paid { .. } | Reminded { .. } => effects.finish(),
///         }
///     }
/// }
///
/// process::<Reminder>().when(Placed { order: 1 }).then(|expected| {
///     expected.after("unpaid", Duration::from_secs(86_400), Reminded { order: 1 });
/// });
/// process::<Reminder>()
///     .given([Placed { order: 1 }])
///     .when(Paid { order: 1 })
///     .then(|expected| expected.finish());
/// ```
pub fn process<P: Process>() -> GivenProcess<P> {
    GivenProcess { given: given_nothing(), state: std::marker::PhantomData }
}

/// A process manager with the events it is given.
#[derive(Debug, Clone)]
#[must_use = "nothing is tested until something is looked at"]
pub struct GivenProcess<P> {
    given: Given,
    state: std::marker::PhantomData<fn() -> P>,
}

/// What followed from an event.
#[derive(Debug, Clone)]
pub struct Reaction<P> {
    state: P,
    effects: Vec<Effect>,
    recorded_at: Timestamp,
}

/// One instance as it goes along.
#[derive(Debug)]
struct Instance<P> {
    key: Option<String>,
    state: P,
    is_running: bool,
}

impl<P: Process> GivenProcess<P> {
    /// These events happened; what followed from them is not looked at.
    #[track_caller]
    pub fn given<E: Event>(self, events: impl IntoIterator<Item = E>) -> Self {
        Self { given: self.given.and(events), ..self }
    }

    /// These events happened, and were recorded, at a time.
    #[track_caller]
    pub fn given_at<E: Event>(self, time: Timestamp, events: impl IntoIterator<Item = E>) -> Self {
        Self { given: self.given.and_at(time, events), ..self }
    }

    /// It is this time now: that of events that were given no other.
    pub fn now(self, now: Timestamp) -> Self {
        Self { given: self.given.now(now), ..self }
    }

    /// This happens, and the instance is told if it is routed to it.
    #[track_caller]
    pub fn when<E: Event>(self, event: E) -> Reaction<P> {
        let (mut instance, event) = self.given([event]).run();
        let effects = must("reacting", instance.take(&event));
        instance.reacted(effects, event.recorded_at())
    }

    /// A deadline passes, with this event: it comes without a route.
    #[track_caller]
    pub fn when_passed<E: Event>(self, event: E) -> Reaction<P> {
        let (mut instance, event) = self.given([event]).run();
        let effects = match instance.is_running {
            true => must("reacting", instance.react(&event)),
            false => Vec::new(),
        };
        instance.reacted(effects, event.recorded_at())
    }

    /// A command that was sent is refused, for a reason.
    ///
    /// # Panics
    /// When nothing was given, and when the process manager panics.
    #[track_caller]
    #[expect(clippy::needless_pass_by_value, reason = "a test reads better without the `&`")]
    pub fn when_rejected<C: Message>(self, command: C, reason: &str) -> Reaction<P> {
        let (mut instance, last) = self.run();
        must("an event before the refusal", instance.take(&last));
        let refusal = Rejected {
            command: C::NAME.to_owned(),
            data: must("the command", serde_json::to_value(&command)),
            reason: reason.to_owned(),
            record: last.record,
        };
        let effects = must("taking in a refusal", rejected(&mut instance.state, &refusal));
        instance.reacted(effects, refusal.recorded_at())
    }

    /// The instance after all that was given but the last event, and that.
    #[track_caller]
    fn run(self) -> (Instance<P>, Recorded<P::Event>) {
        let app = self.given.recorded(|_| StreamName::new("test-1").ok());
        let read = Read::All(ReadAll::new(Query::all()));
        let records: Vec<_> =
            must("what was given", block_on(app.backend().read(read).try_collect()));
        let decode = |record| must("what was given", block_on(app.decode::<P::Event>(record)));
        let mut events: Vec<_> = records.into_iter().flat_map(decode).collect();
        let Some(last) = events.pop() else {
            panic!("no event that this process manager knows was given");
        };
        let mut instance = Instance { key: None, state: P::default(), is_running: false };
        for event in &events {
            must("what was given", instance.take(event));
        }
        (instance, last)
    }
}

impl<P: Process> Instance<P> {
    /// Takes in an event if it is routed here.
    fn take(&mut self, event: &Recorded<P::Event>) -> annals_core::Result<Vec<Effect>> {
        let (key, begins) = match P::route(event) {
            Route::Start(key) => (key.to_string(), true),
            Route::Continue(key) => (key.to_string(), false),
            Route::Ignore => return Ok(Vec::new()),
        };
        let is_other = self.key.as_ref().is_some_and(|own| *own != key);
        if is_other || !(begins || self.is_running) {
            return Ok(Vec::new());
        }
        if !self.is_running {
            (self.state, self.is_running) = (P::default(), true);
        }
        self.key = Some(key);
        self.react(event)
    }

    fn react(&mut self, event: &Recorded<P::Event>) -> annals_core::Result<Vec<Effect>> {
        let effects = react(&mut self.state, event)?;
        self.is_running &= !effects.contains(&Effect::Finish);
        Ok(effects)
    }

    fn reacted(self, effects: Vec<Effect>, recorded_at: Timestamp) -> Reaction<P> {
        Reaction { state: self.state, effects, recorded_at }
    }
}

impl<P: Process> Reaction<P> {
    /// This follows, in this order, and nothing else.
    ///
    /// # Panics
    /// When something else follows.
    #[track_caller]
    pub fn then(self, expect: impl FnOnce(&mut Effects<'_, P>)) -> Self {
        let mut expected = Vec::new();
        let mut effects = Effects::new(&mut expected, self.recorded_at);
        expect(&mut effects);
        must("what is expected", effects.end());
        assert!(
            expected == self.effects,
            "something else follows\n{}",
            side_by_side::table(&expected, &self.effects, |effect| format!("{effect:?}"))
        );
        self
    }

    /// Nothing follows.
    ///
    /// # Panics
    /// When something does.
    #[track_caller]
    pub fn then_nothing(self) -> Self {
        self.then(|_| ())
    }

    /// Look at the state of the instance.
    ///
    /// # Panics
    /// As `look` does.
    #[track_caller]
    pub fn then_state(self, look: impl FnOnce(&P)) -> Self {
        look(&self.state);
        self
    }
}
