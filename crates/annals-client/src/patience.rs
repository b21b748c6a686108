//! Asking again what a lost connection kept from being answered.

use std::time::Duration;

use annals_core::{Error, ErrorKind, Result};
use tokio::time::{Instant, timeout};
use tonic::{Response, Status};

use crate::{Failed, Shared, late};

/// The pause after the first failed attempt; it doubles up to [`PAUSE_MAX`].
const PAUSE_FIRST: Duration = Duration::from_millis(20);
const PAUSE_MAX: Duration = Duration::from_secs(1);

/// What may be done when an answer is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lost {
    /// Ask again: nothing is changed by it.
    Question,
    /// Send it again: the store knows what it did already.
    Recognised,
    /// Nothing: doing it twice is not the same as doing it once.
    Once,
}

impl<C: Clone> Shared<C> {
    /// One attempt at a call, within the time that an answer may take.
    ///
    /// # Errors
    /// Why there is no answer.
    pub async fn attempt<A>(
        &self,
        call: impl Future<Output = Result<Response<A>, Status>>,
    ) -> Result<A, Failed> {
        match timeout(self.options.timeout, call).await {
            Ok(Ok(answer)) => Ok(answer.into_inner()),
            Ok(Err(status)) => Err((self.failed)(&status)),
            Err(_) => Err(late(self.options.timeout)),
        }
    }

    /// A call, with more attempts where they are safe and for as long as patience lasts.
    ///
    /// # Errors
    /// What the server answers; `Unavailable` or `Timeout` when patience ends, by what may have been
    /// done; `Closed`.
    pub async fn call<A, W>(&self, lost: Lost, call: impl Fn(C) -> W) -> Result<A>
    where
        W: Future<Output = Result<Response<A>, Status>>,
    {
        self.check_open()?;
        let mut patience = Patience::default();
        let mut may_be_done = false;
        loop {
            let error = match self.attempt(call(self.calls.clone())).await {
                Ok(answer) => return Ok(answer),
                Err(Failed::Answered(error)) => return Err(error),
                Err(Failed::Unreached(error)) => error,
                Err(Failed::Lost(error)) => {
                    may_be_done = true;
                    error
                }
            };
            if may_be_done && lost == Lost::Once {
                return Err(given_up(error, lost, may_be_done));
            }
            let again = patience.again(self, error).await;
            again.map_err(|error| given_up(error, lost, may_be_done))?;
        }
    }
}

/// How long something was tried already.
#[derive(Debug, Default)]
pub struct Patience {
    begun: Option<Instant>,
    pause: Option<Duration>,
}

impl Patience {
    /// Waits before the next attempt.
    ///
    /// # Errors
    /// The error of the last attempt, when no other is to be made.
    pub async fn again<C>(&mut self, shared: &Shared<C>, error: Error) -> Result<()> {
        let begun = *self.begun.get_or_insert_with(Instant::now);
        let pause = self.pause.unwrap_or(PAUSE_FIRST);
        let is_late = error.kind() == ErrorKind::Timeout;
        if is_late || begun.elapsed() + pause > shared.options.patience {
            return Err(error);
        }
        self.pause = Some(std::cmp::min(pause * 2, PAUSE_MAX));
        shared.pause(pause).await
    }

    /// It goes on: the next failure is the first.
    pub fn renew(&mut self) {
        *self = Self::default();
    }
}

/// The last error, with what it means for what was to be done.
fn given_up(error: Error, lost: Lost, may_be_done: bool) -> Error {
    if error.kind() == ErrorKind::Closed {
        return error;
    }
    let (kind, means) = match (lost, may_be_done) {
        (Lost::Question, _) => return error,
        (_, false) => (ErrorKind::Unavailable, "nothing was written"),
        (Lost::Recognised, true) => (
            ErrorKind::Timeout,
            "the append may have been stored; the same may be sent again, because events are \
             known by their ids",
        ),
        (Lost::Once, true) => {
            (ErrorKind::Timeout, "it may have been done; look before it is done again")
        }
    };
    Error::new(kind, format!("{error}; {means}")).caused_by(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_lost_is_told_by_what_may_have_become_of_it() {
        let told = |lost, may_be_done| {
            let error = Error::new(ErrorKind::Unavailable, "lost");
            given_up(error, lost, may_be_done).kind()
        };
        assert_eq!(told(Lost::Question, true), ErrorKind::Unavailable);
        for lost in [Lost::Recognised, Lost::Once] {
            assert_eq!(told(lost, false), ErrorKind::Unavailable);
            assert_eq!(told(lost, true), ErrorKind::Timeout);
        }
    }
}
