//! How a group works.

use std::str::FromStr;

use annals_core::Error;

/// How a group works. The defaults are those of KurrentDB's clients.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Whether consumers get what links lead to.
    pub resolve_links: bool,
    /// Whether the server measures how long consumers take.
    pub extra_statistics: bool,
    /// After how many milliseconds without a word of its consumer an event is tried again; 0: never.
    pub ack_timeout_ms: u32,
    /// How often an event is tried again before it is parked.
    pub max_retries: u32,
    /// After how many milliseconds progress is stored; 0: never by time alone.
    pub checkpoint_after_ms: u32,
    /// How many events have to be finished for progress to be stored after that time.
    pub checkpoint_min: u32,
    /// After how many finished events progress is stored at once.
    pub checkpoint_max: u32,
    /// How many consumers there may be; 0: any number.
    pub max_subscribers: u32,
    /// How many new events the group keeps in memory.
    pub live_buffer: u32,
    /// How many events the group reads at once; less than `history_buffer`.
    pub read_batch: u32,
    /// How many past events the group keeps in memory.
    pub history_buffer: u32,
    /// How events are shared out.
    pub strategy: Strategy,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            resolve_links: false,
            extra_statistics: false,
            ack_timeout_ms: 30_000,
            max_retries: 10,
            checkpoint_after_ms: 2_000,
            checkpoint_min: 10,
            checkpoint_max: 1_000,
            max_subscribers: 0,
            live_buffer: 500,
            read_batch: 20,
            history_buffer: 500,
            strategy: Strategy::RoundRobin,
        }
    }
}

/// How events are shared out among the consumers of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strategy {
    /// To each consumer in turn.
    RoundRobin,
    /// To one as long as it has room.
    DispatchToSingle,
    /// Events of a stream to the same consumer.
    Pinned,
    /// Events with the same `$correlationId` to the same consumer.
    PinnedByCorrelation,
}

impl Strategy {
    /// All there are.
    pub const ALL: [Self; 4] =
        [Self::RoundRobin, Self::DispatchToSingle, Self::Pinned, Self::PinnedByCorrelation];

    /// Its name among servers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RoundRobin => "RoundRobin",
            Self::DispatchToSingle => "DispatchToSingle",
            Self::Pinned => "Pinned",
            Self::PinnedByCorrelation => "PinnedByCorrelation",
        }
    }
}

impl FromStr for Strategy {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let found = Self::ALL.into_iter().find(|strategy| strategy.as_str() == text);
        found.ok_or_else(|| Error::invalid(format!("`{text}` is no strategy that is known here")))
    }
}

/// Where a group begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// With the first event there is.
    Beginning,
    /// With what comes next.
    End,
    /// With this version of the stream, or this position of the store.
    At(u64),
}

/// Which events of the whole store a group gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Filter {
    /// Those of streams with such names.
    Streams(Matching),
    /// Those of such types.
    Types(Matching),
}

/// Which names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Matching {
    /// Those that begin with one of these.
    Prefixes(Vec<String>),
    /// Those in which this regular expression is found.
    Regex(String),
}
