//! A named case and what it needs of a backend.

use annals_core::Capabilities;

use crate::Store;

/// One behavior that every backend must show.
#[derive(Debug, Clone, Copy)]
pub struct Case {
    /// What it is about.
    pub topic: &'static str,
    /// What holds, as a sentence with underscores.
    pub name: &'static str,
    /// What a backend must be able to do for the case to make sense.
    pub needs: &'static [Need],
    /// Shows it on a fresh, empty store, or panics.
    pub run: fn(&Store),
}

/// A capability that not every backend has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Events survive a reopen.
    Durable,
    /// One append may write several streams.
    MultiStream,
    /// Appends may carry conditions, and events tags.
    Conditions,
    /// Positions have no gaps.
    DensePositions,
    /// What another store recorded can be stored as it is.
    Restore,
    /// Others can write in the transaction of an append.
    Inline,
}

impl Need {
    /// Whether a backend meets it.
    #[must_use]
    pub const fn is_met_by(self, capabilities: &Capabilities) -> bool {
        match self {
            Self::Durable => capabilities.store_durable,
            Self::MultiStream => capabilities.append_multi_stream,
            Self::Conditions => capabilities.append_conditions,
            Self::DensePositions => capabilities.position_dense,
            Self::Restore => capabilities.store_restore,
            Self::Inline => capabilities.projection_inline,
        }
    }

    /// The name of the capability.
    #[must_use]
    pub const fn capability(self) -> &'static str {
        match self {
            Self::Durable => "store_durable",
            Self::MultiStream => "append_multi_stream",
            Self::Conditions => "append_conditions",
            Self::DensePositions => "position_dense",
            Self::Restore => "store_restore",
            Self::Inline => "projection_inline",
        }
    }
}

impl Case {
    /// The first need that a backend does not meet.
    #[must_use]
    pub fn unmet(&self, capabilities: &Capabilities) -> Option<Need> {
        self.needs.iter().copied().find(|need| !need.is_met_by(capabilities))
    }
}

/// Lists the functions of a topic as its cases, in a constant `CASES`.
///
/// A function that is left out of the list is dead code, which the compiler reports.
macro_rules! cases {
    ($topic:literal, needs [$($need:ident),*]: $($name:ident),+ $(,)?) => {
        const NEEDS: &[$crate::Need] = &[$($crate::Need::$need),*];

        pub(crate) const CASES: &[$crate::Case] = &[$($crate::Case {
            topic: $topic,
            name: stringify!($name),
            needs: NEEDS,
            run: $name,
        }),+];
    };
}
pub(crate) use cases;
