//! Slow readers.

use annals_server::Security;

use crate::{
    client::CALL_WINDOW,
    harness::{Running, append, read, stream_read},
};

#[tokio::test]
async fn a_slow_reader_holds_up_no_other_call_on_its_connection() {
    let server = Running::new(Security::Insecure).await;
    let client = server.connect().await;
    let events = 64;
    let size = usize::try_from(CALL_WINDOW).unwrap();
    let data = format!("\"{}\"", "x".repeat(size));
    for _ in 0..events {
        append(&client, "large-1", "written", data.clone()).await.unwrap();
    }
    // 64 times as much as may be under way for one call, and not read.
    let mut slow = client.streams().read(stream_read("large-1")).await.unwrap().into_inner();
    for _ in 0..10 {
        append(&client, "other-1", "written", "{}").await.unwrap();
        assert!(!read(&client, stream_read("other-1")).await.unwrap().is_empty());
    }
    let mut count = 0;
    while slow.message().await.unwrap().is_some() {
        count += 1;
    }
    assert!(count >= events, "all of it is there once it is read: {count}");
}
