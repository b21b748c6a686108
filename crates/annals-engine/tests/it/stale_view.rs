//! Readers that look at the store as it was, while it moves on under them.

use annals_core::*;
use annals_engine::Embedded;
use futures_lite::{StreamExt, future::block_on};

use crate::support::*;

#[test]
fn a_read_that_is_polled_late_knows_what_was_sealed_since() {
    let dir = tempfile::tempdir().unwrap();
    let store = Embedded::from(open(dir.path()));
    let engine = store.engine();
    append(engine, "a-1", 0).unwrap();
    for number in 1..20 {
        append(engine, "b-1", number).unwrap();
    }
    let read = Backend::read(&store, ReadStream::new(stream("a-1")).into());
    // The settings of the stream go into a segment that the read does not know, and is sealed.
    let settings = StreamMetadata { max_count: Some(7), ..StreamMetadata::default() };
    let write = settings.to_write(&stream("a-1"), ExpectedVersion::Any).unwrap();
    for number in 20..40 {
        append(engine, "b-1", number).unwrap();
    }
    engine.append(Append { writes: vec![write], ..Append::default() }).unwrap();
    for number in 40..100 {
        append(engine, "b-1", number).unwrap();
    }
    let events: Vec<_> = block_on(read.collect());
    assert_eq!(events.into_iter().map(Result::unwrap).count(), 1);
}
