//! Leases on a store that one process has for itself: nothing has to be renewed, and after a
//! crash nobody has to wait.

use std::{
    collections::HashSet,
    sync::{Arc, LazyLock},
};

use annals_core::{Result, StateExpected, StateKey, StatePut};
use event_listener::Event;
use futures_lite::future::{block_on, or};
use parking_lot::Mutex;

use crate::{app::Store, service::Stop};

/// What is held in this process: a store and a name.
static TAKEN: LazyLock<Taken> = LazyLock::new(Taken::default);

#[derive(Default)]
struct Taken {
    held: Mutex<HashSet<(usize, StateKey)>>,
    released: Event,
}

/// The right to run something.
#[derive(Debug)]
pub(crate) struct Held {
    pub(super) fence: u64,
    // Dropped last: it gives the lease back.
    _taken: Entry,
}

#[derive(Debug)]
struct Entry((usize, StateKey));

pub(super) fn acquire(store: &Store, key: StateKey, stop: &Stop) -> Result<Option<Held>> {
    let address = Arc::as_ptr(&store.backend).cast::<()>().addr();
    let Some(taken) = take((address, key.clone()), stop) else { return Ok(None) };
    let put = StatePut { key, expected: StateExpected::Any, value: Some(Vec::new().into()) };
    let fence = block_on(store.backend.put_state(put))?;
    Ok(Some(Held { fence, _taken: taken }))
}

/// Blocks until nobody in this process has it.
fn take(entry: (usize, StateKey), stop: &Stop) -> Option<Entry> {
    loop {
        let released = TAKEN.released.listen();
        if stop.is_set() {
            return None;
        }
        if TAKEN.held.lock().insert(entry.clone()) {
            return Some(Entry(entry));
        }
        block_on(or(released, stop.wait()));
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        TAKEN.held.lock().remove(&self.0);
        TAKEN.released.notify(usize::MAX);
    }
}
