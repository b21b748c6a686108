//! The way to a consumer: attempts until one succeeds, with growing patience.

use annals_core::Error;
use tokio::time::Instant;

use super::{
    api::{Api, Denial, MISSING, Unheard},
    consumer::Consumer,
    limits,
    order::gone,
};
use crate::pause::pause;

/// Makes a consumer that begins at a sequence, however long it takes.
///
/// # Errors
/// What does not pass by waiting.
pub(super) async fn consumer(api: Api, from: u64) -> Result<Consumer, Error> {
    let [mut patience, patience_max] = limits::CONSUMER_MADE;
    let [mut wait, wait_max] = limits::CONSUMER_PAUSE;
    let mut denied_since: Option<Instant> = None;
    loop {
        api.link.connected().await;
        let unheard = match Consumer::make(&api, from, patience).await {
            Ok(consumer) => return Ok(consumer),
            Err(unheard) => unheard,
        };
        tracing::debug!(?unheard, from, "no consumer of the log yet");
        match &unheard {
            Unheard::Forbidden => return Err(api.explain(&unheard)),
            Unheard::Denied(denial) if is_lasting(denial) => {
                let since = *denied_since.get_or_insert_with(Instant::now);
                if since.elapsed() > limits::DENIAL_BELIEVED {
                    let is_gone = denial.number == MISSING;
                    return Err(if is_gone { gone(&api.store) } else { api.explain(&unheard) });
                }
            }
            _ => denied_since = None,
        }
        pause(wait).await;
        wait = (wait * 2).min(wait_max);
        patience = (patience * 2).min(patience_max);
    }
}

/// Whether the servers say that there is no such stream, or no JetStream.
fn is_lasting(denial: &Denial) -> bool {
    matches!(denial.number, 10_039 | MISSING | 10_076)
}
