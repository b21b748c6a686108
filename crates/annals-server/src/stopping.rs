//! Telling everything that runs that the server stops.

use futures_lite::{Stream, StreamExt, future, stream};
use tokio::sync::watch;
use tonic::Status;

/// Knows when the server stops.
#[derive(Debug, Clone)]
pub(crate) struct Stopping(watch::Receiver<bool>);

/// Says that the server stops.
#[derive(Debug)]
pub(crate) struct Stop(watch::Sender<bool>);

/// The two ends.
pub(crate) fn pair() -> (Stop, Stopping) {
    let (sender, receiver) = watch::channel(false);
    (Stop(sender), Stopping(receiver))
}

impl Stop {
    pub(crate) fn begin(&self) {
        self.0.send_replace(true);
    }
}

impl Stopping {
    /// Comes back when the server stops.
    pub(crate) async fn wait(mut self) {
        // The other end is only dropped when the server is gone altogether.
        drop(self.0.wait_for(|stopping| *stopping).await);
    }

    /// Whether the server stops.
    pub(crate) fn has_begun(&self) -> bool {
        *self.0.borrow()
    }

    /// The items of a stream that might never end, until the server stops: clients are told to go
    /// elsewhere or come again.
    pub(crate) fn end<T: Send + 'static>(
        &self,
        items: impl Stream<Item = Result<T, Status>> + Send + 'static,
    ) -> impl Stream<Item = Result<T, Status>> + Send + 'static {
        let stopped = Box::pin(self.clone().wait());
        stream::unfold(Some((Box::pin(items), stopped)), |state| async {
            let (mut items, mut stopped) = state?;
            let next = async { items.next().await };
            let stop = async {
                stopped.as_mut().await;
                Some(Err(Status::unavailable("the server is stopping; connect again")))
            };
            let item = future::or(next, stop).await?;
            let state = item.is_ok().then_some((items, stopped));
            Some((item, state))
        })
    }
}
