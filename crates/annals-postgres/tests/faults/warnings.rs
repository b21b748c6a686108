//! The warnings of this process, so that cases can wait for them.

use std::{fmt, sync::Mutex};

use annals_testbed::wait_until;
use tracing_subscriber::{
    Layer,
    layer::{Context, SubscriberExt},
    registry,
};

static SEEN: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// From now on warnings are kept.
pub(crate) fn collect() {
    tracing::subscriber::set_global_default(registry().with(Collector)).unwrap();
}

/// Waits for a warning that holds all of these words.
pub(crate) fn wait_for(words: &[&str]) -> String {
    let mut found = None;
    wait_until(&format!("a warning has the words {words:?}"), || {
        found = find(words);
        found.is_some()
    })
    .unwrap();
    found.unwrap()
}

/// A warning that holds all of these words, if there was one.
pub(crate) fn find(words: &[&str]) -> Option<String> {
    let seen = SEEN.lock().unwrap();
    seen.iter().find(|text| words.iter().all(|word| text.contains(word))).cloned()
}

struct Collector;

impl<S: tracing::Subscriber> Layer<S> for Collector {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        if *event.metadata().level() == tracing::Level::WARN {
            let mut text = Text(String::new());
            event.record(&mut text);
            SEEN.lock().unwrap().push(text.0);
        }
    }
}

struct Text(String);

impl tracing::field::Visit for Text {
    fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn fmt::Debug) {
        self.0.push_str(&format!("{field}={value:?} "));
    }
}
