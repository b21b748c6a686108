//! Readers that do not read hold up nobody else.

use std::{sync::Arc, time::Duration};

use annals_core::{Backend, MemoryBackend};
use annals_remote::{Options, Remote};
use futures_lite::StreamExt;

use crate::{append, block_on, connect, free, from_beginning, next_data, served::Running};

#[test]
fn subscriptions_that_nobody_reads_hold_up_neither_calls_nor_other_subscriptions() {
    let store: Arc<dyn Backend> = Arc::new(MemoryBackend::new());
    // Three times what is on the way of one call at most.
    for _ in 0..3 {
        let data = (0..512).map(|number| format!("{number:>2048}"));
        block_on(store.append(append(data))).unwrap();
    }
    let server = Running::start(store, free());
    let remote = connect(&server.url(), Duration::ZERO);
    let unread: Vec<_> = (0..40)
        .map(|_| {
            let mut following = remote.subscribe(from_beginning());
            block_on(following.next()).unwrap().unwrap();
            following
        })
        .collect();
    let mut read = remote.subscribe(from_beginning());
    block_on(remote.append(append(["new".to_owned()]))).unwrap();
    let data = next_data(&mut read, 3 * 512 + 1);
    assert_eq!(data.last().map(String::as_str), Some("new"));
    drop(unread);
}

#[test]
fn a_lent_runtime_drives_the_connections() {
    let server = Running::start(Arc::new(MemoryBackend::new()), free());
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    runtime.block_on(async {
        let lent = tokio::runtime::Handle::current();
        let options = Options { runtime: Some(lent), ..Options::default() };
        let remote = Remote::open(&server.url(), options).await.unwrap();
        let mut following = remote.subscribe(from_beginning());
        remote.append(append(["a".to_owned()])).await.unwrap();
        following.next().await.unwrap().unwrap();
        remote.close().await.unwrap();
        assert!(remote.head().await.is_err());
    });
}
