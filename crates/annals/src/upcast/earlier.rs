//! What earlier events of the same stream say, for rules that cannot do without.

use std::{any::Any, fmt, sync::Arc};

use annals_core::{Error, EventType, RecordedEvent, Result};
use serde_json::Value;

use super::{
    Stored,
    data::Data,
    fault::{Fault, guarded},
};
use crate::BoxError;

/// A fold over earlier events of the same stream, for
/// [`Upcasters::lift_with`](super::Upcasters::lift_with).
///
/// It sees the events of the declared types *as they are stored*, whatever rules there are for
/// them, so declare every name and read every form they may have. Retention and deletion do not
/// hide events from it; what is scavenged it no longer sees. States are cached by stream, several
/// of one stream, so a state should be small.
///
/// ```
/// use annals::{Earlier, Upcasters};
///
/// #[derive(Default, Clone)]
/// struct Currency(String);
///
/// let currency = Earlier::<Currency>::new("currency", ["bank.opened"], |seen, _old, json| {
///     seen.0 = json["currency"].as_str().unwrap_or("EUR").to_owned();
///     Ok(())
/// });
/// Upcasters::new().lift_with(&currency, "bank.deposited", 1, |seen, _old, mut json| {
///     json["currency"] = seen.0.clone().into();
///     Ok(json)
/// });
/// ```
pub struct Earlier<S> {
    pub(super) fold: Arc<FoldOf<S>>,
}

/// A state, and what it was folded from.
pub(super) type State = Arc<dyn Any + Send + Sync>;

type Step<S> = dyn Fn(&mut S, &Stored<'_>, Value) -> Result<(), BoxError> + Send + Sync;

pub(super) struct FoldOf<S> {
    name: String,
    types: Result<Vec<EventType>>,
    step: Box<Step<S>>,
}

impl<S: Default + Clone + Send + Sync + 'static> Earlier<S> {
    /// A fold, with the types it looks at. Its name is for errors, and to tell it from others.
    pub fn new<T: AsRef<str>>(
        name: impl Into<String>,
        types: impl IntoIterator<Item = T>,
        step: impl Fn(&mut S, &Stored<'_>, Value) -> Result<(), BoxError> + Send + Sync + 'static,
    ) -> Self {
        let types = types.into_iter().map(|name| EventType::new(name.as_ref())).collect();
        Self { fold: Arc::new(FoldOf { name: name.into(), types, step: Box::new(step) }) }
    }
}

/// A fold whose state is of any type.
pub(super) trait Fold: Send + Sync {
    fn name(&self) -> &str;

    fn types(&self) -> Result<&[EventType], Error>;

    /// The state before any event.
    fn empty(&self) -> State;

    /// The state after an event.
    fn next(&self, state: &State, record: &RecordedEvent) -> Result<State>;
}

impl<S: Default + Clone + Send + Sync + 'static> Fold for FoldOf<S> {
    fn name(&self) -> &str {
        &self.name
    }

    fn types(&self) -> Result<&[EventType], Error> {
        self.types.as_deref().map_err(Clone::clone)
    }

    fn empty(&self) -> State {
        Arc::new(S::default())
    }

    fn next(&self, state: &State, record: &RecordedEvent) -> Result<State> {
        let step = || {
            let before = state.downcast_ref::<S>();
            let mut next =
                before.ok_or_else(|| Fault::new("its state is of another type"))?.clone();
            let value = Data::Written(record.data.clone()).into_value(&record.content_type)?;
            let stepped = guarded(|| (self.step)(&mut next, &Stored::new(record), value))?;
            stepped.map(|()| Arc::new(next) as State).map_err(Fault::of_rule)
        };
        step().map_err(|fault: Fault| fault.at(record, format_args!("context `{}`", self.name)))
    }
}

impl<S> Clone for Earlier<S> {
    fn clone(&self) -> Self {
        Self { fold: Arc::clone(&self.fold) }
    }
}

impl<S> fmt::Debug for Earlier<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Earlier").field("name", &self.fold.name).finish_non_exhaustive()
    }
}
