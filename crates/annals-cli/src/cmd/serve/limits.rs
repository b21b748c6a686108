//! The flags that bound what clients can ask of the server.

use std::time::Duration;

use annals_server::Options;

/// How much clients may ask for.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Limits")]
pub(super) struct LimitArgs {
    /// How many connections there may be at once; more wait
    #[arg(
        long,
        value_name = "COUNT",
        env = "ANNALS_CONNECTIONS_MAX",
        default_value_t = 10_000,
        value_parser = clap::value_parser!(u32).range(1..)
    )]
    connections_max: u32,
    /// How many calls, subscriptions included, one connection may have open at once; more wait
    #[arg(
        long,
        value_name = "COUNT",
        env = "ANNALS_CALLS_PER_CONNECTION_MAX",
        default_value_t = 1_000,
        value_parser = clap::value_parser!(u32).range(1..)
    )]
    calls_per_connection_max: u32,
    /// The largest message that is taken, in bytes
    #[arg(
        long,
        value_name = "BYTES",
        env = "ANNALS_MESSAGE_BYTES_MAX",
        default_value_t = 17 * 1024 * 1024,
        value_parser = clap::value_parser!(u32).range(1024..)
    )]
    message_bytes_max: u32,
    /// How many seconds a client may take to say which protocol it speaks and, over HTTP/1.1, to
    /// ask
    #[arg(
        long,
        value_name = "SECONDS",
        env = "ANNALS_HEAD_WITHIN",
        default_value_t = 30,
        value_parser = clap::value_parser!(u32).range(1..)
    )]
    head_within: u32,
}

impl LimitArgs {
    /// Puts the limits into the options.
    pub(super) fn apply(&self, options: Options) -> Options {
        let count = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
        Options {
            connections_max: count(self.connections_max),
            calls_per_connection_max: self.calls_per_connection_max,
            message_bytes_max: count(self.message_bytes_max),
            head_within: Duration::from_secs(self.head_within.into()),
            ..options
        }
    }
}
