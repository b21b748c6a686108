//! Events and deliveries as words: `stream:type@version`, and the names of the marks.

use annals_core::{Delivery, RecordedEvent};

pub(crate) fn event(event: &RecordedEvent) -> String {
    format!("{}:{}@{}", event.stream, event.event_type, event.version)
}

pub(crate) fn events(events: &[RecordedEvent]) -> String {
    let shown: Vec<_> = events.iter().map(event).collect();
    shown.join(" ")
}

pub(crate) fn delivery(delivery: &Delivery) -> String {
    match delivery {
        Delivery::Event(recorded) => event(recorded),
        Delivery::CaughtUp { .. } => "caught-up".to_owned(),
        Delivery::FellBehind { .. } => "fell-behind".to_owned(),
        Delivery::Checkpoint(_) => "checkpoint".to_owned(),
    }
}
