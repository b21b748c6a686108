//! Capabilities: what a backend cannot do it says, whoever asks.

use std::{any::Any, sync::Arc};

use annals_core::{BoxFuture, ErrorKind, Inline, RecordedEvent, Restore, Result};

use crate::{Store, case::cases, transfer::restore};

cases! { "capabilities", needs []:
    only_stores_with_transactions_take_inline_work,
    only_stores_that_restore_take_what_others_recorded,
}

/// Work that does nothing.
#[derive(Debug)]
struct Idle;

impl Inline for Idle {
    fn apply<'a>(
        &'a self,
        _: &'a [RecordedEvent],
        _: &'a mut (dyn Any + Send),
    ) -> BoxFuture<'a, Result<()>> {
        Box::pin(async { Ok(()) })
    }
}

/// It works with the capability, and else is `Unsupported`.
#[track_caller]
fn check(done: Result<()>, is_able: bool) {
    assert_eq!(
        done.map_err(|error| error.kind()),
        match is_able {
            true => Ok(()),
            false => Err(ErrorKind::Unsupported),
        }
    );
}

fn only_stores_with_transactions_take_inline_work(store: &Store) {
    let backend = store.backend();
    check(backend.install_inline(Arc::new(Idle)), backend.capabilities().projection_inline);
    store.write("s", ["a"]);
    store.check_all("s:a@0");
}

fn only_stores_that_restore_take_what_others_recorded(store: &Store) {
    let backend = store.backend();
    let done = restore(backend.as_ref(), Restore::default());
    check(done, backend.capabilities().store_restore);
}
