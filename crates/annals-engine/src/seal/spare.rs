//! The segment after the next, created in advance.

use std::io;

use crate::{log::names::SPARE, options::Options, shared::Shared};

/// Creates a spare segment of the size of segment `number`, unless there is one. If that fails the
/// committer creates the segment itself and reports what is wrong.
pub(super) fn prepare(shared: &Shared, options: &Options, number: u32) {
    let mut spare = shared.spare.lock();
    if spare.is_some() {
        return;
    }
    let capacity = options.segment_bytes(number);
    let create = || {
        remove(shared)?;
        let file = shared.storage.create(SPARE, u64::from(capacity))?;
        file.sync()?;
        io::Result::Ok(file)
    };
    *spare = create().ok().map(|file| (file, capacity));
}

/// Gives the room of the spare segment back; `false` when that made none.
pub(super) fn give_up(shared: &Shared) -> bool {
    let mut spare = shared.spare.lock();
    spare.take().is_some() && remove(shared).is_ok()
}

fn remove(shared: &Shared) -> io::Result<()> {
    match shared.storage.remove(SPARE) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}
