//! Lists, which come many items to a message. One that is interrupted fails: it has no place to go
//! on from.

use std::sync::Arc;

use annals_client::{Failed, Patience, late};
use annals_core::{BoxStream, Result};
use futures_lite::{StreamExt, stream};
use tonic::{Response, Status, Streaming};

use crate::{
    connect::{Client, Shared},
    failure::failed,
};

/// The items of a list. `call` asks for it, `items` understands a message of it.
pub(crate) fn list<M, T, W>(
    shared: &Arc<Shared>,
    call: impl Fn(Client) -> W + Send + Sync + 'static,
    items: impl Fn(M) -> Result<Vec<T>> + Send + Sync + 'static,
) -> BoxStream<'static, Result<T>>
where
    M: Send + 'static,
    T: Send + 'static,
    W: Future<Output = Result<Response<Streaming<M>>, Status>> + Send + 'static,
{
    let list = stream::once_future(begin(Arc::clone(shared), call)).flat_map(|begun| match begun {
        Ok(messages) => messages,
        Err(error) => stream::once(Err(error)).boxed(),
    });
    let flat = list.flat_map(move |message| match message.and_then(&items) {
        Ok(items) => stream::iter(items.into_iter().map(Ok)).boxed(),
        Err(error) => stream::once(Err(error)).boxed(),
    });
    shared.stream_here(flat)
}

type Messages<M> = BoxStream<'static, Result<M>>;

async fn begin<M: Send + 'static, W>(
    shared: Arc<Shared>,
    call: impl Fn(Client) -> W,
) -> Result<Messages<M>>
where
    W: Future<Output = Result<Response<Streaming<M>>, Status>>,
{
    let mut patience = Patience::default();
    loop {
        shared.check_open()?;
        match shared.attempt(call(shared.streams.clone())).await {
            Ok(messages) => return Ok(timed(shared, messages)),
            Err(Failed::Answered(error)) => return Err(error),
            Err(Failed::Unreached(error) | Failed::Lost(error)) => {
                patience.again(&shared, error).await?;
            }
        }
    }
}

/// The messages, each within the time that one may take.
fn timed<M: Send + 'static>(shared: Arc<Shared>, messages: Streaming<M>) -> Messages<M> {
    let state = Some((shared, messages));
    stream::unfold(state, |state| async {
        let (shared, mut messages) = state?;
        let limit = shared.options.timeout;
        let message = match tokio::time::timeout(limit, messages.message()).await {
            Ok(message) => message.map_err(|status| failed(&status)).transpose()?,
            Err(_) => Err(late(limit)),
        };
        Some(match message {
            Ok(message) => (Ok(message), Some((shared, messages))),
            Err(failed) => (Err(failed.of_question()), None),
        })
    })
    .boxed()
}
