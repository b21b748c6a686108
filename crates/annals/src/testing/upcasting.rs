//! Tests of upcasters: an event as it is stored, and what it is read as today.

use std::fmt::Debug;

use annals_core::{
    ContentType, Error, EventId, EventType, Metadata, Position, RecordedEvent, StreamName, Tags,
    Timestamp, Version,
};

use super::{must, seen::Seen, side_by_side};
use crate::{Event, Upcast, Upcasters};

/// An event as it is stored, in JSON, of some type and schema version.
///
/// ```
/// use annals::{testing::upcasting, Event, Upcasters};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Debug, Serialize, Deserialize, Event)]
/// #[event(name = "bank.deposited", version = 2)]
/// struct Deposited {
///     cents: u64,
/// }
///
/// let upcasters = Upcasters::new().lift("bank.deposited", 1, |_, old| {
///     let euros = old["euros"].as_u64().ok_or("no euros")?;
///     Ok(serde_json::json!({ "cents": euros * 100 }))
/// });
/// upcasting(r#"{"euros":3}"#, "bank.deposited", 1)
///     .through(&upcasters)
///     .gives([Deposited { cents: 300 }]);
/// upcasting(r#"{"pounds":3}"#, "bank.deposited", 1).through(&upcasters).fails();
/// ```
#[track_caller]
pub fn upcasting(json: impl ToString, event_type: &str, schema_version: u32) -> Upcasting {
    Upcasting { records: Vec::new(), upcast: None }.then(json, event_type, schema_version)
}

/// Events as they are stored; the last one is tested.
#[derive(Debug)]
#[must_use = "nothing is tested until something is looked at"]
pub struct Upcasting {
    records: Vec<RecordedEvent>,
    upcast: Option<Result<Vec<Upcast>, Error>>,
}

impl Upcasting {
    /// After it, another one in the same stream, which is tested instead.
    #[track_caller]
    #[expect(clippy::needless_pass_by_value, reason = "a test reads better without the `&`")]
    pub fn then(mut self, json: impl ToString, event_type: &str, schema_version: u32) -> Self {
        let number = self.records.len() as u64;
        let time = Timestamp::default();
        self.records.push(RecordedEvent {
            id: EventId::random(),
            stream: must("the stream", StreamName::new("test-1")),
            version: Version::new(number),
            position: Position::new(number),
            event_type: must("the stored type", EventType::new(event_type)),
            schema_version,
            data: json.to_string().into(),
            content_type: ContentType::Json,
            metadata: Metadata::none(),
            tags: Tags::none(),
            time,
            recorded_at: time,
        });
        self
    }

    /// It is read through these upcasters.
    pub fn through(mut self, upcasters: &Upcasters) -> Self {
        if let Some((record, earlier)) = self.records.split_last() {
            self.upcast = Some(upcasters.upcast(earlier, record));
        }
        self
    }

    /// It is read as these events, and no others.
    ///
    /// # Panics
    /// When it is read as others, or cannot be read.
    #[track_caller]
    pub fn gives<E: Event + Debug>(self, events: impl IntoIterator<Item = E>) {
        let expected: Vec<_> = events.into_iter().map(|event| Seen::expected(&event)).collect();
        let upcast = match self.done() {
            Ok(upcast) => upcast,
            Err(error) => panic!("the event cannot be read: {error}"),
        };
        for event in &upcast {
            let is_read = E::decode(event.as_raw()).map(|read| read.is_some());
            assert!(
                must("what came out cannot be read", is_read),
                "what came out is of type `{}`, which is not one of the expected type's",
                event.event_type
            );
        }
        let actual: Vec<_> = upcast.iter().map(|event| Seen::upcast::<E>(event.as_raw())).collect();
        assert!(
            expected == actual,
            "it is read as other events\n{}",
            side_by_side::table(&expected, &actual, |event| event.text.clone())
        );
    }

    /// It is read as no event at all.
    ///
    /// # Panics
    /// When it is read as one, or cannot be read.
    #[track_caller]
    pub fn gives_nothing(self) {
        match self.done() {
            Ok(upcast) => assert!(upcast.is_empty(), "it is read as {} events", upcast.len()),
            Err(error) => panic!("the event cannot be read: {error}"),
        }
    }

    /// It cannot be read; gives the error.
    ///
    /// # Panics
    /// When it can.
    #[track_caller]
    pub fn fails(self) -> Error {
        match self.done() {
            Err(error) => error,
            Ok(upcast) => panic!("it was expected to fail, but is read as {} events", upcast.len()),
        }
    }

    /// What came out; without upcasters, what went in.
    fn done(mut self) -> Result<Vec<Upcast>, Error> {
        if self.upcast.is_none() {
            self = self.through(&Upcasters::new());
        }
        self.upcast.unwrap_or_else(|| Ok(Vec::new()))
    }
}
