//! The store a case works on: every call blocks, and what a case does not expect panics with a
//! sentence.

use std::sync::{Arc, Mutex, PoisonError};

use annals_core::{
    Append, Appended, Backend, DeleteMode, DeleteStream, Deleted, Direction, Error, ErrorKind,
    ExpectedVersion, ManualClock, NewEvent, Position, Query, Read, ReadAll, ReadStream,
    RecordedEvent, Result, StateEntry, StateExpected, StateKey, StatePut, StreamInfo,
    StreamMetadata, StreamName, Subscribe, Timestamp,
};
use bytes::Bytes;
use futures_lite::{StreamExt, future::block_on};

use crate::{Harness, Notebook, Place, follower::Follower, shown, words::stream};

/// 2026-01-01T00:00:00Z, where the clock of every case begins.
pub(crate) const BEGINNING: Timestamp = Timestamp::from_micros(1_767_225_600_000_000);

/// A store with its clock and the room it lives in.
#[derive(Debug)]
pub struct Store {
    backend: Mutex<Arc<dyn Backend>>,
    clock: Arc<ManualClock>,
    place: Box<dyn Place>,
    harness: Arc<dyn Harness>,
}

impl Store {
    /// A fresh, empty store.
    ///
    /// # Panics
    /// When the harness cannot give one.
    #[must_use]
    pub fn begin(harness: Arc<dyn Harness>) -> Self {
        let clock = Arc::new(ManualClock::at(BEGINNING));
        let place = harness.place(Arc::<ManualClock>::clone(&clock)).expect("there is room");
        let backend = Mutex::new(place.open().expect("an empty store opens"));
        Self { backend, clock, place, harness }
    }

    /// Another fresh, empty store of the same backend.
    #[must_use]
    pub fn another(&self) -> Self {
        Self::begin(Arc::clone(&self.harness))
    }

    /// How many times fewer random stores a test makes.
    pub(crate) fn weight(&self) -> u32 {
        self.harness.weight().get()
    }

    /// The backend itself.
    #[must_use]
    pub fn backend(&self) -> Arc<dyn Backend> {
        Arc::clone(&self.backend.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The clock the store goes by.
    #[must_use]
    pub fn clock(&self) -> &ManualClock {
        &self.clock
    }

    /// The notebook of a backend that must have one.
    #[track_caller]
    pub(crate) fn notebook(&self) -> Arc<dyn Notebook> {
        let notebook = self.place.notebook().expect("the notebook can be made");
        notebook.expect("a harness whose backend has `projection_inline` gives a notebook")
    }

    pub(crate) fn shared_clock(&self) -> Arc<ManualClock> {
        Arc::clone(&self.clock)
    }

    /// Closes the store and opens it again.
    ///
    /// # Panics
    /// When either fails.
    pub fn reopen(&self) {
        let mut backend = self.backend.lock().unwrap_or_else(PoisonError::into_inner);
        block_on(backend.close()).expect("the store closes");
        *backend = self.place.open().expect("a closed store opens again");
    }

    pub(crate) fn try_append(&self, append: Append) -> Result<Appended> {
        block_on(self.backend().append(append))
    }

    #[track_caller]
    pub(crate) fn append(&self, append: Append) -> Appended {
        self.try_append(append).unwrap_or_else(|error| panic!("the append was refused: {error}"))
    }

    /// Appends to one stream.
    #[track_caller]
    pub(crate) fn append_to(
        &self,
        name: &str,
        expected: ExpectedVersion,
        events: impl IntoIterator<Item = NewEvent>,
    ) -> Appended {
        self.append(Append::to(stream(name), expected, events))
    }

    /// Appends events of these types, whatever the version of the stream.
    #[track_caller]
    pub(crate) fn write<const N: usize>(&self, name: &str, types: [&str; N]) -> Appended {
        self.append_to(name, ExpectedVersion::Any, crate::words::events(types))
    }

    /// The append is refused, and the store stays as it was.
    #[track_caller]
    pub(crate) fn refuse(&self, append: Append, kind: ErrorKind) -> Error {
        let before = self.head();
        let error = match self.try_append(append) {
            Ok(done) => panic!("expected {kind:?}, but the append was accepted: {done:?}"),
            Err(error) => error,
        };
        assert_eq!(error.kind(), kind, "{error}");
        assert_eq!(self.head(), before, "a refused append writes nothing");
        error
    }

    /// The append is refused because the stream is not at the expected version.
    #[track_caller]
    pub(crate) fn refuse_version(&self, append: Append, of: &str, actual: Option<u64>) {
        let error = self.refuse(append, ErrorKind::WrongExpectedVersion);
        let facts = error.wrong_expected_version().expect("a version conflict carries its facts");
        assert_eq!(facts.stream, stream(of));
        assert_eq!(facts.actual.map(annals_core::Version::get), actual, "{error}");
    }

    /// What a read gives, after checking that it is in order.
    pub(crate) fn try_read(&self, read: impl Into<Read>) -> Result<Vec<RecordedEvent>> {
        let read = read.into();
        let direction = match &read {
            Read::Stream(read) => read.direction,
            Read::All(read) => read.direction,
        };
        let mut events = Vec::new();
        let mut stream = self.backend().read(read);
        block_on(async {
            while let Some(event) = stream.next().await {
                events.push(event?);
            }
            Ok::<(), Error>(())
        })?;
        check_order(&events, direction);
        Ok(events)
    }

    #[track_caller]
    pub(crate) fn read(&self, read: impl Into<Read>) -> Vec<RecordedEvent> {
        self.try_read(read).unwrap_or_else(|error| panic!("the read failed: {error}"))
    }

    /// A read gives exactly these events, in the words of [`shown`].
    #[track_caller]
    pub(crate) fn check(&self, read: impl Into<Read>, expected: &str) {
        assert_eq!(shown::events(&self.read(read)), expected);
    }

    /// A stream holds exactly these events.
    #[track_caller]
    pub(crate) fn check_stream(&self, name: &str, expected: &str) {
        self.check(ReadStream::new(stream(name)), expected);
    }

    /// The whole store holds exactly these events.
    #[track_caller]
    pub(crate) fn check_all(&self, expected: &str) {
        self.check(ReadAll::new(Query::all()), expected);
    }

    /// A read of a stream fails.
    #[track_caller]
    pub(crate) fn refuse_read(&self, name: &str, kind: ErrorKind) {
        match self.try_read(ReadStream::new(stream(name))) {
            Ok(events) => panic!("expected {kind:?}, read `{}`", shown::events(&events)),
            Err(error) => assert_eq!(error.kind(), kind, "{error}"),
        }
    }

    pub(crate) fn follow(&self, subscribe: Subscribe) -> Follower {
        Follower::new(self.backend().subscribe(subscribe))
    }

    #[track_caller]
    pub(crate) fn head(&self) -> Option<Position> {
        block_on(self.backend().head()).expect("the head is known")
    }

    #[track_caller]
    pub(crate) fn info_of(&self, name: &str) -> StreamInfo {
        block_on(self.backend().stream_info(&stream(name))).expect("the stream's info is known")
    }

    /// The names of the streams, of one category when given.
    #[track_caller]
    pub(crate) fn streams(&self, of: Option<&str>) -> String {
        let listed = self.backend().streams(of.map(crate::words::category));
        let names: Vec<StreamName> =
            block_on(listed.try_collect()).expect("the streams can be listed");
        names.iter().map(StreamName::as_str).collect::<Vec<_>>().join(" ")
    }

    pub(crate) fn try_delete(
        &self,
        name: &str,
        expected: ExpectedVersion,
        mode: DeleteMode,
    ) -> Result<Deleted> {
        let delete = DeleteStream { stream: stream(name), expected, mode };
        block_on(self.backend().delete_stream(delete))
    }

    #[track_caller]
    pub(crate) fn delete(&self, name: &str) -> Deleted {
        self.try_delete(name, ExpectedVersion::Any, DeleteMode::Soft)
            .unwrap_or_else(|error| panic!("the delete was refused: {error}"))
    }

    #[track_caller]
    pub(crate) fn tombstone(&self, name: &str) -> Deleted {
        self.try_delete(name, ExpectedVersion::Any, DeleteMode::Tombstone)
            .unwrap_or_else(|error| panic!("the tombstone was refused: {error}"))
    }

    /// The delete is refused, and the store stays as it was.
    #[track_caller]
    pub(crate) fn refuse_delete(
        &self,
        name: &str,
        expected: ExpectedVersion,
        mode: DeleteMode,
        kind: ErrorKind,
    ) -> Error {
        let before = self.head();
        let Err(error) = self.try_delete(name, expected, mode) else {
            panic!("expected {kind:?}, but the delete was accepted");
        };
        assert_eq!(error.kind(), kind, "{error}");
        assert_eq!(self.head(), before, "a refused delete writes nothing");
        error
    }

    pub(crate) fn try_settings(
        &self,
        name: &str,
        expected: ExpectedVersion,
        metadata: &StreamMetadata,
    ) -> Result<Appended> {
        block_on(self.backend().set_stream_metadata(&stream(name), expected, metadata))
    }

    /// Gives a stream settings, whatever it had before.
    #[track_caller]
    pub(crate) fn settings(&self, name: &str, metadata: &StreamMetadata) -> Appended {
        self.try_settings(name, ExpectedVersion::Any, metadata)
            .unwrap_or_else(|error| panic!("the settings were refused: {error}"))
    }

    #[track_caller]
    pub(crate) fn state(&self, key: &StateKey) -> Option<StateEntry> {
        block_on(self.backend().state(key)).expect("the state is known")
    }

    pub(crate) fn try_put(
        &self,
        key: &StateKey,
        expected: StateExpected,
        value: Option<Bytes>,
    ) -> Result<u64> {
        block_on(self.backend().put_state(StatePut { key: key.clone(), expected, value }))
    }

    /// Writes state, whatever is there, and gives its revision.
    #[track_caller]
    pub(crate) fn put(&self, key: &StateKey, value: &'static str) -> u64 {
        self.try_put(key, StateExpected::Any, Some(value.into()))
            .unwrap_or_else(|error| panic!("the state was refused: {error}"))
    }

    #[track_caller]
    pub(crate) fn checkpoint(&self, name: &str) -> Option<Position> {
        let name = crate::words::name(name);
        block_on(self.backend().checkpoint(&name)).expect("the checkpoint is known")
    }
}

/// Positions move one way, and the store's time never goes back along them.
#[track_caller]
fn check_order(events: &[RecordedEvent], direction: Direction) {
    for pair in events.windows(2) {
        let [one, two] = pair else { continue };
        let (older, newer) = match direction {
            Direction::Forward => (one, two),
            Direction::Backward => (two, one),
        };
        let shown = || format!("{} and {}", shown::event(one), shown::event(two));
        assert!(older.position < newer.position, "out of order: {}", shown());
        assert!(older.recorded_at <= newer.recorded_at, "time goes back: {}", shown());
    }
}
