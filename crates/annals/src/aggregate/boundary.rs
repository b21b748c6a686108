//! Boundaries: what a decision is made on, one aggregate or several together.

use annals_core::{Error, ErrorKind, Result};

use super::{Aggregate, Snapshots, Unknown, part::Part, snapshot::SnapshotKind};
use crate::{Event, RawEvent};

/// What a decision is made on, and what must not have changed when it is written.
///
/// Every [`Aggregate`] is one. A tuple of aggregates, or a `Vec` of them, is a dynamic consistency
/// boundary: their events are read together, and the append is refused when any of them got a new
/// one. You do not implement this trait.
pub trait Boundary: Clone + Send + Sync + 'static {
    /// The keys of its aggregates, in the same shape.
    type Key: Clone + Send + Sync + 'static;

    /// The state before any event.
    #[doc(hidden)]
    fn empty(key: &Self::Key) -> Self;

    /// Its aggregates, in order.
    #[doc(hidden)]
    fn parts(key: &Self::Key, parts: &mut Vec<Part>) -> Result<()>;

    /// How many aggregates it has.
    #[doc(hidden)]
    fn count(&self) -> usize;

    /// Folds an event into one of its aggregates. Says whether the aggregate knows its type.
    #[doc(hidden)]
    fn fold(&mut self, part: usize, event: RawEvent<'_>) -> Result<bool>;

    /// How its snapshots are made; several aggregates together have none.
    #[doc(hidden)]
    fn snapshot_kind() -> Option<SnapshotKind<Self>> {
        None
    }
}

impl<A: Aggregate> Boundary for A {
    type Key = A::Key;

    fn empty(_key: &A::Key) -> Self {
        A::default()
    }

    fn parts(key: &A::Key, parts: &mut Vec<Part>) -> Result<()> {
        parts.push(Part::of::<A>(key)?);
        Ok(())
    }

    fn count(&self) -> usize {
        1
    }

    fn fold(&mut self, _part: usize, raw: RawEvent<'_>) -> Result<bool> {
        match A::Event::decode(raw)? {
            Some(event) => {
                self.apply(&event);
                Ok(true)
            }
            None if A::UNKNOWN == Unknown::Refuse => Err(unknown::<A>(raw)),
            None => Ok(false),
        }
    }

    fn snapshot_kind() -> Option<SnapshotKind<Self>> {
        (A::SNAPSHOTS != Snapshots::NEVER).then(SnapshotKind::of_aggregate)
    }
}

fn unknown<A: Aggregate>(raw: RawEvent<'_>) -> Error {
    let message = format!(
        "event type `{}` is not known to aggregate `{}`, which refuses unknown events; \
         this program may be older than the one that wrote it",
        raw.event_type,
        A::CATEGORY
    );
    Error::new(ErrorKind::Undecodable, message).with("type", raw.event_type)
}

impl<B: Boundary> Boundary for Vec<B> {
    type Key = Vec<B::Key>;

    fn empty(keys: &Self::Key) -> Self {
        keys.iter().map(B::empty).collect()
    }

    fn parts(keys: &Self::Key, parts: &mut Vec<Part>) -> Result<()> {
        keys.iter().try_for_each(|key| B::parts(key, parts))
    }

    fn count(&self) -> usize {
        self.iter().map(Boundary::count).sum()
    }

    fn fold(&mut self, mut part: usize, raw: RawEvent<'_>) -> Result<bool> {
        for boundary in self {
            let count = boundary.count();
            if part < count {
                return boundary.fold(part, raw);
            }
            part -= count;
        }
        Ok(false)
    }
}

macro_rules! boundary_of_tuple {
    ($($name:ident $index:tt),+) => {
        impl<$($name: Boundary),+> Boundary for ($($name,)+) {
            type Key = ($($name::Key,)+);

            fn empty(key: &Self::Key) -> Self {
                ($($name::empty(&key.$index),)+)
            }

            fn parts(key: &Self::Key, parts: &mut Vec<Part>) -> Result<()> {
                $($name::parts(&key.$index, parts)?;)+
                Ok(())
            }

            fn count(&self) -> usize {
                0 $(+ self.$index.count())+
            }

            fn fold(&mut self, mut part: usize, raw: RawEvent<'_>) -> Result<bool> {
                $(
                    let count = self.$index.count();
                    if part < count {
                        return self.$index.fold(part, raw);
                    }
                    part -= count;
                )+
                // Every part below `count()` was one of the above.
                debug_assert!(part == 0, "no such part");
                Ok(false)
            }
        }
    };
}
boundary_of_tuple!(A 0, B 1);
boundary_of_tuple!(A 0, B 1, C 2);
boundary_of_tuple!(A 0, B 1, C 2, D 3);
boundary_of_tuple!(A 0, B 1, C 2, D 3, E 4);
