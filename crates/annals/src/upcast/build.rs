//! Putting rules together.

use std::sync::Arc;

use annals_core::{Error, EventType};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::{
    Earlier, Parts, Stored, Upcasters,
    data::Data,
    fault::{Fault, guarded},
    rule::{Action, Rule},
};
use crate::BoxError;

impl Upcasters {
    /// Events stored under a name have another one today. The data stays as it is, in the same
    /// schema version; rules for the new name go on from there.
    #[must_use]
    pub fn rename(self, from: &str, to: &str) -> Self {
        self.with_target(from, None, to, |to| Action::Rename(to, None))
    }

    /// Events stored under a name in one schema version are another type's today, in a schema
    /// version of that type.
    #[must_use]
    pub fn rename_version(self, from: &str, version: u32, to: &str, to_version: u32) -> Self {
        let action = |to| Action::Rename(to, Some(to_version));
        self.with_target(from, Some(version), to, action)
    }

    /// Brings the data from a schema version to the next, as a JSON value.
    ///
    /// Data in MessagePack and CBOR is turned into a JSON value and back; what JSON cannot hold
    /// (byte strings, keys that are no text, numbers that are not finite or of more than 64 bits)
    /// is refused, and so is data that is mere bytes. A rule must give the same for the same event,
    /// and must not quote the event in its error.
    #[must_use]
    pub fn lift(
        self,
        event_type: &str,
        version: u32,
        lift: impl Fn(&Stored<'_>, Value) -> Result<Value, BoxError> + Send + Sync + 'static,
    ) -> Self {
        self.with(event_type, Some(version), Action::Lift(Arc::new(lift)))
    }

    /// Brings the data from a schema version to the next, as Rust types. They are read from and
    /// written to what the data is stored in, so nothing is lost that they can hold.
    #[must_use]
    pub fn typed<Old: DeserializeOwned + 'static, New: Serialize + 'static>(
        self,
        event_type: &str,
        version: u32,
        lift: impl Fn(Old, &Stored<'_>) -> New + Send + Sync + 'static,
    ) -> Self {
        let lift = move |data: Data, content_type: &_, old: &Stored<'_>| {
            guarded(|| {
                let value: Old = data.read(content_type)?;
                Data::write(&lift(value, old), content_type)
            })
            .and_then(|lifted: Result<Data, Fault>| lifted)
        };
        self.with(event_type, Some(version), Action::Typed(Arc::new(lift)))
    }

    /// Brings the data from a schema version to the next, given what earlier events of the same
    /// stream say. These are read only when an event is met that this rule is for.
    #[must_use]
    pub fn lift_with<S: Default + Clone + Send + Sync + 'static>(
        mut self,
        earlier: &Earlier<S>,
        event_type: &str,
        version: u32,
        lift: impl Fn(&S, &Stored<'_>, Value) -> Result<Value, BoxError> + Send + Sync + 'static,
    ) -> Self {
        use super::earlier::Fold;
        if let Err(error) = earlier.fold.types() {
            self.table_mut().problem(error);
        }
        let lift = move |state: &dyn std::any::Any, old: &Stored<'_>, value| {
            let state = state.downcast_ref().ok_or("the context is of another type")?;
            lift(state, old, value)
        };
        let fold = Arc::clone(&earlier.fold);
        self.with(event_type, Some(version), Action::LiftWith(fold, Arc::new(lift)))
    }

    /// Makes several events of one, or none. The types it may give are declared with the schema
    /// versions it gives them in, because queries ask for stored names: an event of `into` is
    /// found under `event_type` as well.
    ///
    /// The parts stand where the record stands: versions, positions, expected versions and
    /// checkpoints are the record's, and [`Recorded::part`](crate::Recorded::part) tells them
    /// apart. Give them in the same order always.
    #[must_use]
    pub fn split<T: AsRef<str>>(
        mut self,
        event_type: &str,
        version: u32,
        into: impl IntoIterator<Item = (T, u32)>,
        split: impl Fn(&Stored<'_>, Value) -> Result<Parts, BoxError> + Send + Sync + 'static,
    ) -> Self {
        let into = into.into_iter().map(|(name, version)| {
            if version == 0 {
                return Err(zero(name.as_ref()));
            }
            Ok((EventType::new(name.as_ref())?, version))
        });
        let into: Result<Vec<_>, _> = into.collect();
        let into = into.and_then(|into| once_each(event_type, into));
        match into {
            Ok(into) => self.with(event_type, Some(version), Action::Split(into, Arc::new(split))),
            Err(error) => {
                self.table_mut().problem(error);
                self
            }
        }
    }

    /// Events stored under a name mean nothing today: nobody sees them.
    #[must_use]
    pub fn drop(self, event_type: &str) -> Self {
        self.with(event_type, None, Action::Drop)
    }

    /// Says that the code of the rule added last has changed. Code cannot be compared, so a
    /// snapshot folded through the old code is used until it is told apart by another number;
    /// without one it is 0. Adding, removing or reordering rules needs no such word.
    #[must_use]
    pub fn revision(mut self, revision: u32) -> Self {
        let table = self.table_mut();
        match table.rules.last_mut() {
            Some(rule) => rule.revision = revision,
            None => table.problem(Error::invalid(
                "upcasters: a revision is given before any rule; give it right after its rule",
            )),
        }
        self
    }

    fn with_target(
        mut self,
        from: &str,
        version: Option<u32>,
        to: &str,
        action: impl FnOnce(EventType) -> Action,
    ) -> Self {
        match EventType::new(to) {
            Ok(to) => self.with(from, version, action(to)),
            Err(error) => {
                self.table_mut().problem(error);
                self
            }
        }
    }

    fn with(mut self, event_type: &str, version: Option<u32>, action: Action) -> Self {
        let table = self.table_mut();
        let is_lift = matches!(action, Action::Lift(_) | Action::Typed(_) | Action::LiftWith(..));
        if version == Some(u32::MAX) && is_lift {
            table.problem(Error::invalid(format!(
                "upcasters: there is no schema version of `{event_type}` after {}",
                u32::MAX
            )));
        }
        if version == Some(0) || matches!(action, Action::Rename(_, Some(0))) {
            table.problem(zero(event_type));
        }
        match EventType::new(event_type) {
            Ok(source) => table.rules.push(Rule::new(source, version, action)),
            Err(error) => table.problem(error),
        }
        self
    }
}

fn zero(event_type: &str) -> Error {
    Error::invalid(format!(
        "upcasters: a rule names schema version 0 of `{event_type}`; schema versions count from 1"
    ))
}

/// The version of a part follows from its type, so a type can have only one.
fn once_each(
    event_type: &str,
    into: Vec<(EventType, u32)>,
) -> Result<Vec<(EventType, u32)>, Error> {
    let mut names = std::collections::HashSet::new();
    match into.iter().find(|(name, _)| !names.insert(name)) {
        None => Ok(into),
        Some((name, _)) => Err(Error::invalid(format!(
            "upcasters: a split of `{event_type}` declares `{name}` twice; declare each type once, \
             in the one schema version it is given in"
        ))),
    }
}
