//! Servers that stop and come back, and connections that are cut: what callers and subscribers see.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "../served/mod.rs"]
mod served;

mod cuts;
mod fresh;
mod proxy;
mod restarts;
mod unread;

use std::{
    net::SocketAddr,
    sync::{Arc, LazyLock},
    time::Duration,
};

use annals_core::{
    Append, Backend, Delivery, EventType, ExpectedVersion, NewEvent, Query, Result, StreamName,
    Subscribe, SubscribeStart,
};
use annals_remote::{Options, Remote};
use futures_lite::{StreamExt, future};
use tokio::runtime::{Builder, Runtime};

/// Far more than anything here takes on a busy machine.
const DEADLINE: Duration = Duration::from_secs(120);

/// Waits for something; what hangs is a failure, with a reason.
#[track_caller]
fn block_on<T>(work: impl Future<Output = T>) -> T {
    static CLOCK: LazyLock<Runtime> = LazyLock::new(|| {
        Builder::new_multi_thread().worker_threads(1).enable_time().build().unwrap()
    });
    let within = {
        let _entered = CLOCK.enter();
        tokio::time::timeout(DEADLINE, work)
    };
    let done = future::block_on(within);
    done.unwrap_or_else(|_| panic!("a call or a subscription still hangs after {DEADLINE:?}"))
}

/// A free port of this machine.
fn free() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

fn connect(url: &str, patience: Duration) -> Remote {
    let options = Options { patience, ..Options::default() };
    block_on(Remote::open(url, options)).unwrap()
}

fn stream() -> StreamName {
    StreamName::new("s").unwrap()
}

/// An append of events with this data.
fn append(data: impl IntoIterator<Item = String>) -> Append {
    let event = |data| NewEvent::new(EventType::new("noted").unwrap(), data);
    Append::to(stream(), ExpectedVersion::Any, data.into_iter().map(event))
}

fn from_beginning() -> Subscribe {
    Subscribe::all(Query::all(), SubscribeStart::Beginning)
}

/// The data of the next events, whatever marks stand between them.
fn next_data(
    deliveries: &mut (impl StreamExt<Item = Result<Delivery>> + Unpin),
    count: usize,
) -> Vec<String> {
    let mut found = Vec::new();
    while found.len() < count {
        let next = block_on(deliveries.next()).unwrap();
        if let Delivery::Event(event) = next.unwrap() {
            found.push(String::from_utf8(event.data.to_vec()).unwrap());
        }
    }
    found
}

/// Waits until a store has so many events.
fn wait_for(store: &Arc<dyn Backend>, count: usize) {
    next_data(&mut store.subscribe(from_beginning()), count);
}
