//! What nodes tell each other beside the log: messages of NATS that nothing keeps.

use annals_core::{BoxStream, Error, ErrorKind, Result};
use async_nats::Subscriber;
use bytes::Bytes;
use futures_lite::{StreamExt, stream};

use super::{api::Api, limits};
use crate::pause::pause;

/// Tells everyone who listens. While the connection is away it is not sent later, because by then
/// it is no longer so.
pub(super) async fn tell(api: &Api, what: Bytes) -> Result<()> {
    let sent = api.client.publish(api.store.nodes(), what);
    match tokio::time::timeout(limits::SILENCE, sent).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => {
            let message = "nothing can be told to the other nodes";
            Err(Error::new(ErrorKind::Unavailable, message).caused_by(error))
        }
        Err(_) => Err(Error::new(ErrorKind::Timeout, "the connection to the log is away")),
    }
}

/// What is told from now on.
pub(super) fn hear(api: Api) -> BoxStream<'static, Bytes> {
    Box::pin(stream::unfold((api, None), |(api, heard)| async move {
        let mut heard: Option<Subscriber> = heard;
        loop {
            let listening = match heard.as_mut() {
                Some(listening) => listening,
                None => match api.client.subscribe(api.store.nodes()).await {
                    Ok(listening) => heard.insert(listening),
                    Err(_) => {
                        pause(limits::CONSUMER_PAUSE[1]).await;
                        continue;
                    }
                },
            };
            match listening.next().await {
                Some(message) => return Some((message.payload, (api, heard))),
                None => heard = None,
            }
        }
    }))
}
