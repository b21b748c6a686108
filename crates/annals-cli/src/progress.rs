//! Progress of long work on a terminal: on stderr, and only where somebody watches.

use std::{fmt, io::Write, time::Duration};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use crate::session::Session;

/// How often something moves that cannot be counted.
const TICK: Duration = Duration::from_millis(100);

/// A bar with rate and time left, or nothing where nobody watches.
#[derive(Debug)]
pub(crate) struct Progress {
    bar: ProgressBar,
}

impl Progress {
    /// A bar over bytes; `bytes_total` is `None` when the end is not known.
    pub(crate) fn bytes(session: &Session, bytes_total: Option<u64>) -> Self {
        if !session.shows_progress() {
            return Self { bar: ProgressBar::hidden() };
        }
        let template = if bytes_total.is_some() {
            "{wide_bar} {binary_bytes}/{binary_total_bytes} {msg}, {eta} left"
        } else {
            "{spinner} {binary_bytes} {msg}, {elapsed} so far"
        };
        Self { bar: drawn(bytes_total, template) }
    }

    /// A bar over events; how many there are is set later.
    pub(crate) fn events(session: &Session) -> Self {
        if !session.shows_progress() {
            return Self { bar: ProgressBar::hidden() };
        }
        Self { bar: drawn(Some(0), "{wide_bar} {msg} {rate}, {eta} left") }
    }

    /// A few words while nothing can be counted.
    pub(crate) fn waiting(session: &Session, message: &'static str) -> Self {
        if !session.shows_progress() {
            return Self { bar: ProgressBar::hidden() };
        }
        let bar = drawn(None, "{spinner} {msg}, {elapsed} so far");
        bar.set_message(message);
        bar.enable_steady_tick(TICK);
        Self { bar }
    }

    /// How far it has come.
    pub(crate) fn set(&self, bytes_done: u64) {
        self.bar.set_position(bytes_done);
    }

    /// How much there is.
    pub(crate) fn set_total(&self, bytes_total: u64) {
        self.bar.set_length(bytes_total);
    }

    /// A few words beside the bar.
    pub(crate) fn say(&self, message: String) {
        self.bar.set_message(message);
    }

    /// A line above the bar, or on stderr where there is none.
    pub(crate) fn above(&self, line: &str) {
        // What nobody can read is not worth an error.
        self.bar.suspend(|| drop(writeln!(std::io::stderr(), "{line}")));
    }

    /// Does something that writes to stderr.
    pub(crate) fn pause(&self, write: impl FnOnce()) {
        self.bar.suspend(write);
    }

    /// Removes the bar.
    pub(crate) fn clear(&self) {
        self.bar.finish_and_clear();
    }
}

fn drawn(total: Option<u64>, template: &str) -> ProgressBar {
    // A template that does not parse costs the layout, not the work.
    let style =
        ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    let rate = |state: &ProgressState, out: &mut dyn fmt::Write| {
        // A line that cannot be drawn is drawn again soon.
        let _drawn = write!(out, "{:.0}/s", state.per_sec());
    };
    let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::stderr());
    bar.set_style(style.with_key("rate", rate));
    bar
}
