//! How a group works, as flags: those that are not given leave it as it is, or as it is by default.

use annals_admin::{Settings, Strategy};
use clap::ValueEnum;

use crate::span;

/// How a group works.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Settings")]
pub(super) struct SettingsArgs {
    /// How events are shared out among the consumers [default of a new group: round-robin]
    #[arg(long, value_enum, value_name = "STRATEGY")]
    strategy: Option<Sharing>,
    /// How often an event is tried again before it is parked [10]
    #[arg(long, value_name = "COUNT", value_parser = count())]
    max_retries: Option<u32>,
    /// How long a consumer may take before its event is tried again; 0 is for ever [30s]
    #[arg(long, value_name = "TIME", value_parser = span::millis)]
    ack_timeout: Option<u32>,
    /// How many consumers there may be; 0 is any number [0]
    #[arg(long, value_name = "COUNT", value_parser = count())]
    max_subscribers: Option<u32>,
    /// After how long progress is stored; 0 is never by time alone [2s]
    #[arg(long, value_name = "TIME", value_parser = span::millis)]
    checkpoint_after: Option<u32>,
    /// How many events have to be finished for that [10]
    #[arg(long, value_name = "COUNT", value_parser = count())]
    checkpoint_min: Option<u32>,
    /// After how many finished events progress is stored at once [1000]
    #[arg(long, value_name = "COUNT", value_parser = count())]
    checkpoint_max: Option<u32>,
    /// How many new events the group keeps in memory [500]
    #[arg(long, value_name = "COUNT", value_parser = count())]
    live_buffer: Option<u32>,
    /// How many past events the group keeps in memory [500]
    #[arg(long, value_name = "COUNT", value_parser = count())]
    history_buffer: Option<u32>,
    /// How many events the group reads at once, less than the history buffer [20]
    #[arg(long, value_name = "COUNT", value_parser = count())]
    read_batch: Option<u32>,
    /// Whether consumers get what links lead to [false]
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    resolve_links: Option<bool>,
    /// Whether the server measures how long consumers take [false]
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    extra_statistics: Option<bool>,
}

/// The strategies as they are typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Sharing {
    /// To each consumer in turn
    RoundRobin,
    /// To one as long as it has room
    DispatchToSingle,
    /// Events of a stream to the same consumer
    Pinned,
    /// Events with the same `$correlationId` to the same consumer
    PinnedByCorrelation,
}

/// Servers count with 31 bits.
fn count() -> clap::builder::RangedI64ValueParser<u32> {
    clap::value_parser!(u32).range(..=i64::from(i32::MAX))
}

impl SettingsArgs {
    /// Puts what was given into settings.
    pub(super) fn apply(&self, to: &Settings) -> Settings {
        Settings {
            strategy: self.strategy.map_or(to.strategy, Sharing::strategy),
            max_retries: self.max_retries.unwrap_or(to.max_retries),
            ack_timeout_ms: self.ack_timeout.unwrap_or(to.ack_timeout_ms),
            max_subscribers: self.max_subscribers.unwrap_or(to.max_subscribers),
            checkpoint_after_ms: self.checkpoint_after.unwrap_or(to.checkpoint_after_ms),
            checkpoint_min: self.checkpoint_min.unwrap_or(to.checkpoint_min),
            checkpoint_max: self.checkpoint_max.unwrap_or(to.checkpoint_max),
            live_buffer: self.live_buffer.unwrap_or(to.live_buffer),
            history_buffer: self.history_buffer.unwrap_or(to.history_buffer),
            read_batch: self.read_batch.unwrap_or(to.read_batch),
            resolve_links: self.resolve_links.unwrap_or(to.resolve_links),
            extra_statistics: self.extra_statistics.unwrap_or(to.extra_statistics),
        }
    }
}

impl Sharing {
    const fn strategy(self) -> Strategy {
        match self {
            Self::RoundRobin => Strategy::RoundRobin,
            Self::DispatchToSingle => Strategy::DispatchToSingle,
            Self::Pinned => Strategy::Pinned,
            Self::PinnedByCorrelation => Strategy::PinnedByCorrelation,
        }
    }
}

/// A strategy as it is typed.
pub(super) const fn strategy_shown(strategy: Strategy) -> &'static str {
    match strategy {
        Strategy::RoundRobin => "round-robin",
        Strategy::DispatchToSingle => "dispatch-to-single",
        Strategy::Pinned => "pinned",
        Strategy::PinnedByCorrelation => "pinned-by-correlation",
    }
}
