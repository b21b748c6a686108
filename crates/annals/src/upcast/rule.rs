//! One rule: which stored form it is for, and what it makes of it.

use std::{any::Any, fmt, sync::Arc};

use annals_core::EventType;
use serde_json::Value;

use super::{Stored, data::Data, earlier::Fold, fault::Fault};
use crate::guard::BoxError;

/// The parts of a split: for each the type, one of those declared, and the data.
pub type Parts = Vec<(&'static str, Value)>;

pub(super) type LiftFn = dyn Fn(&Stored<'_>, Value) -> Result<Value, BoxError> + Send + Sync;
pub(super) type SplitFn = dyn Fn(&Stored<'_>, Value) -> Result<Parts, BoxError> + Send + Sync;
pub(super) type WithFn =
    dyn Fn(&dyn Any, &Stored<'_>, Value) -> Result<Value, BoxError> + Send + Sync;
pub(super) type TypedFn =
    dyn Fn(Data, &annals_core::ContentType, &Stored<'_>) -> Result<Data, Fault> + Send + Sync;

#[derive(Clone)]
pub(super) struct Rule {
    pub(super) source: EventType,
    /// Only this schema version; `None` for every one that no other rule is for.
    pub(super) version: Option<u32>,
    pub(super) action: Action,
    /// Set by the application when the code of the rule changes.
    pub(super) revision: u32,
}

#[derive(Clone)]
pub(super) enum Action {
    /// The same data under another name; in the same schema version unless one is given.
    Rename(EventType, Option<u32>),
    /// The data of the next schema version.
    Lift(Arc<LiftFn>),
    /// The same, as Rust types.
    Typed(Arc<TypedFn>),
    /// The same, given what earlier events of the stream say.
    LiftWith(Arc<dyn Fold>, Arc<WithFn>),
    /// Several events, or none, of declared types and schema versions.
    Split(Vec<(EventType, u32)>, Arc<SplitFn>),
    /// Nothing.
    Drop,
}

impl Rule {
    pub(super) const fn new(source: EventType, version: Option<u32>, action: Action) -> Self {
        Self { source, version, action, revision: 0 }
    }

    /// The forms that this rule can make of a form it is for.
    pub(super) fn targets(&self, version: u32) -> Vec<(EventType, u32)> {
        match &self.action {
            Action::Rename(to, None) => vec![(to.clone(), version)],
            Action::Rename(to, Some(version)) => vec![(to.clone(), *version)],
            Action::Lift(_) | Action::Typed(_) | Action::LiftWith(..) => {
                vec![(self.source.clone(), version.saturating_add(1))]
            }
            Action::Split(into, _) => into.clone(),
            Action::Drop => Vec::new(),
        }
    }

    /// What earlier events it needs.
    pub(super) const fn context(&self) -> Option<&Arc<dyn Fold>> {
        match &self.action {
            Action::LiftWith(fold, _) => Some(fold),
            _ => None,
        }
    }

    const fn kind(&self) -> &'static str {
        match &self.action {
            Action::Rename(..) => "rename",
            Action::Lift(_) => "lift",
            Action::Typed(_) => "typed lift",
            Action::LiftWith(..) => "lift with context",
            Action::Split(..) => "split",
            Action::Drop => "drop",
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of `{}`", self.kind(), self.source)?;
        if let Some(version) = self.version {
            write!(f, " version {version}")?;
        }
        match &self.action {
            Action::Rename(to, None) => write!(f, " to `{to}`"),
            Action::Rename(to, Some(version)) => write!(f, " to `{to}` version {version}"),
            Action::LiftWith(fold, _) => write!(f, " `{}`", fold.name()),
            _ => Ok(()),
        }
    }
}

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}
