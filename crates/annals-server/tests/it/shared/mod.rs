//! Several servers over one store.

mod door;
mod failover;
mod fresh;
mod gossip;
mod idle;
mod leader;

use std::{sync::Arc, time::Duration};

use annals_core::{Backend, MemoryBackend};
use annals_server::Options;

use self::door::Door;
use crate::running::Running;

/// So long that a server has to give its lease back for another to get it within a test.
const LONG: Duration = Duration::from_secs(600);
/// So short that a test can wait until it is over.
const SHORT: Duration = Duration::from_millis(600);
/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// A server with a door of its own to a store that others have too.
async fn server(store: &Arc<MemoryBackend>, lease: Duration) -> (Running, Arc<Door>) {
    let door = Arc::new(Door::to(store));
    let backend: Arc<dyn Backend> = Arc::clone(&door) as _;
    let options = Options { lease, ..Options::default() };
    (Running::through(Arc::clone(store), backend, options).await, door)
}
