//! The log of a server, on stderr: text for people, and JSON lines for everything that collects
//! logs.
//!
//! It holds no payloads and no credentials. A panic is logged with its place and not with its
//! words, because those may be a piece of what was being worked on.

use std::{
    io::{self, IsTerminal},
    panic,
    str::FromStr,
};

use clap::ValueEnum;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::{
    Layer,
    filter::{FilterExt, Targets, filter_fn},
    fmt,
    layer::SubscriberExt,
    registry,
};

use super::traces::Collector;

/// How a server logs.
#[derive(Debug, clap::Args)]
pub(crate) struct LogArgs {
    /// How to write the log; by default text on a terminal, and JSON lines elsewhere
    #[arg(long, value_enum, value_name = "FORMAT", env = "ANNALS_LOG_FORMAT")]
    log_format: Option<LogFormat>,
    /// How much to log: `error`, `warn`, `info`, `debug`, `trace` or `off`; or for each part of the
    /// program, such as `info,annals_server=debug`
    #[arg(
        long,
        value_name = "LEVEL",
        env = "ANNALS_LOG",
        default_value = "info",
        value_parser = targets
    )]
    log_level: Targets,
}

/// How the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum LogFormat {
    /// For people
    Text,
    /// One JSON object per line
    Json,
}

/// What everybody else may log when only a level is given: libraries of protocols log what they
/// carry.
const OTHERS_MOST: LevelFilter = LevelFilter::WARN;
/// The beginning of the names of our own crates.
const OURS: &str = "annals";

fn targets(text: &str) -> Result<Targets, String> {
    if let Some(level) = level(text) {
        let others = std::cmp::min(level, OTHERS_MOST);
        return Ok(Targets::new().with_default(others).with_target(OURS, level));
    }
    let wrong = "write a level, like `info`, or parts with levels, like `info,annals_server=debug`";
    if !text.split(',').all(is_level_or_part) {
        return Err(wrong.to_owned());
    }
    text.parse().map_err(|_| wrong.to_owned())
}

fn is_level_or_part(text: &str) -> bool {
    level(text.rsplit_once('=').map_or(text, |(_, level)| level)).is_some()
}

/// A level. No text at all, which would stand for one, is a mistake here.
fn level(text: &str) -> Option<LevelFilter> {
    if text.is_empty() { None } else { LevelFilter::from_str(text).ok() }
}

/// Begins to log, and to collect spans. Only one log can be begun in a process; a second one is the
/// first.
pub(crate) fn begin(args: &LogArgs, spans: Option<Collector>) {
    let format = args.log_format.unwrap_or_else(|| {
        if io::stderr().is_terminal() { LogFormat::Text } else { LogFormat::Json }
    });
    let lines = fmt::layer().with_writer(io::stderr).with_ansi(false);
    // A log that nobody takes must not end the server, and would be complained about on stderr.
    let lines = lines.log_internal_errors(false);
    let lines = match format {
        LogFormat::Text => lines.boxed(),
        LogFormat::Json => {
            lines.json().flatten_event(true).with_current_span(false).with_span_list(false).boxed()
        }
    };
    // Lines are about what happens; spans are for who collects them, and cost nothing without.
    let events = filter_fn(|metadata| metadata.is_event()).with_max_level_hint(LevelFilter::TRACE);
    let lines = lines.with_filter(args.log_level.clone().and(events));
    // A list, because a layer that is absent lets everything through.
    let layers: Vec<_> = [lines.boxed()].into_iter().chain(spans).collect();
    let log = registry().with(layers);
    drop(tracing::subscriber::set_global_default(log));
    panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        let thread = std::thread::current().name().unwrap_or("unnamed").to_owned();
        tracing::error!(place, thread, "a panic: this is a defect of annals; report its place");
    }));
}

#[cfg(test)]
mod tests {
    use super::*;
    use tracing::Level;

    #[test]
    fn a_level_is_about_annals_and_leaves_libraries_quiet() {
        let targets = targets("trace").unwrap();
        assert!(targets.would_enable("annals_server::http", &Level::TRACE));
        assert!(targets.would_enable("h2::codec", &Level::WARN));
        assert!(!targets.would_enable("h2::codec", &Level::INFO));
        assert!(!super::targets("error").unwrap().would_enable("h2::codec", &Level::WARN));
        assert!(!super::targets("off").unwrap().would_enable("annals_server", &Level::ERROR));
    }

    #[test]
    fn parts_have_levels_of_their_own() {
        let targets = targets("warn,h2=debug").unwrap();
        assert!(targets.would_enable("h2::codec", &Level::DEBUG));
        assert!(!targets.would_enable("annals_server", &Level::INFO));
    }

    #[test]
    fn what_is_no_level_is_refused() {
        for text in ["", "loud", "annals_server=loud", "info,,", "h2="] {
            assert!(targets(text).is_err(), "{text}");
        }
    }
}
