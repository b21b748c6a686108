//! The messages of the log in order, for as long as somebody listens.

use std::{collections::VecDeque, time::Duration};

use annals_core::{BoxFuture, BoxStream, Error, Result};
use futures_lite::{future, stream};
use tokio::time::Instant;

use super::{
    api::Api,
    consumer::{Consumer, Got},
    direct, limits,
    order::{self, Order, Step},
    search,
};
use crate::{log::Logged, pause::pause};

pub(super) fn follow(api: Api, from: u64) -> BoxStream<'static, Result<Logged>> {
    let follower = Follower::new(api, from);
    Box::pin(stream::unfold(Some(follower), |follower| async {
        let mut follower = follower?;
        match follower.next().await {
            Ok(logged) => Some((Ok(logged), Some(follower))),
            Err(error) => Some((Err(error), None)),
        }
    }))
}

struct Follower {
    api: Api,
    order: Order,
    source: Source,
    /// Before the next consumer is made: none after one that gave something.
    pause: Duration,
    /// Gives the error when the log ends before what is needed next.
    doubt: Option<BoxFuture<'static, Option<Error>>>,
}

enum Source {
    Consumer(Box<Consumer>),
    /// Until there is one.
    Search(Search),
}

struct Search {
    consumer: BoxFuture<'static, Result<Box<Consumer>, Error>>,
    /// What was read meanwhile.
    read: VecDeque<Logged>,
    pause: Duration,
}

enum Found {
    Consumer(Result<Box<Consumer>, Error>),
    Messages(Vec<Logged>),
}

impl Follower {
    fn new(api: Api, from: u64) -> Self {
        let order = Order::new(from);
        let source = Source::Search(Search::begin(&api, &order, Duration::ZERO));
        Self { api, order, source, pause: Duration::ZERO, doubt: None }
    }

    async fn next(&mut self) -> Result<Logged> {
        loop {
            if let Some(logged) = self.receive_in_doubt().await? {
                let found = logged.sequence;
                match self.order.take(logged)? {
                    Step::Give(logged) => {
                        self.doubt = None;
                        return Ok(logged);
                    }
                    Step::Skip => {}
                    Step::Gap => self.missing(found).await?,
                }
            }
        }
    }

    /// As `receive`, unless the doubt about the log proves right before.
    async fn receive_in_doubt(&mut self) -> Result<Option<Logged>> {
        let Some(mut doubt) = self.doubt.take() else { return self.receive().await };
        let settled = async { Err((&mut doubt).await) };
        match future::or(async { Ok(self.receive().await) }, settled).await {
            Ok(received) => {
                // A new consumer may have brought a new doubt.
                self.doubt.get_or_insert(doubt);
                received
            }
            Err(Some(error)) => Err(error),
            Err(None) => Ok(None),
        }
    }

    /// A message of the source that there is, or none when the source changes.
    async fn receive(&mut self) -> Result<Option<Logged>> {
        match &mut self.source {
            Source::Consumer(consumer) => match consumer.next().await {
                Got::Message(logged) => {
                    self.pause = Duration::ZERO;
                    Ok(Some(logged))
                }
                Got::Lost(why) => {
                    tracing::info!(why, next = self.order.next, "a consumer of the log is lost");
                    self.restart();
                    Ok(None)
                }
            },
            Source::Search(search) => {
                if let Some(logged) = search.read.pop_front() {
                    return Ok(Some(logged));
                }
                match search.step(&self.api, self.order.next).await {
                    Found::Messages(read) => {
                        search.read = read.into();
                        Ok(None)
                    }
                    Found::Consumer(consumer) => {
                        self.accept(consumer?).await?;
                        Ok(None)
                    }
                }
            }
        }
    }

    /// Takes a consumer over, when it begins where it should.
    async fn accept(&mut self, consumer: Box<Consumer>) -> Result<()> {
        let (start, next) = (consumer.start, self.order.next);
        if start > next {
            return self.missing(start).await;
        }
        // There is nothing new, or nothing where the log was before.
        self.doubt = consumer.has_nothing.then(|| Box::pin(is_cut(self.api.clone(), next)) as _);
        self.source = Source::Consumer(consumer);
        Ok(())
    }

    /// The source went on too far: either it lost something, or the log has it no longer.
    async fn missing(&mut self, found: u64) -> Result<()> {
        let next = self.order.next;
        tracing::info!(next, found, "messages of the log are missing; reading again");
        if let Ok(info) = self.api.info().await {
            let first = super::extent::of(&info).first;
            if first > next {
                return Err(order::trimmed(next, first));
            }
        }
        let [least, _] = limits::CONSUMER_PAUSE;
        self.pause = self.pause.max(least);
        self.restart();
        Ok(())
    }

    fn restart(&mut self) {
        let [least, most] = limits::CONSUMER_PAUSE;
        let search = Source::Search(Search::begin(&self.api, &self.order, self.pause));
        self.pause = (self.pause * 2).clamp(least, most);
        if let Source::Consumer(consumer) = std::mem::replace(&mut self.source, search) {
            tokio::spawn(consumer.give_up());
        }
    }
}

/// Waits until the leader says that the log reaches up to a sequence, or has said for a while that
/// it does not. One that was paused, and does not know yet that it leads no more, knows too little.
async fn is_cut(api: Api, next: u64) -> Option<Error> {
    let mut since = None;
    loop {
        match api.info().await {
            Ok(info) if info.state.last_seq + 1 >= next => return None,
            Ok(info) => {
                let since = *since.get_or_insert_with(Instant::now);
                if since.elapsed() > limits::DENIAL_BELIEVED {
                    return Some(order::cut(next, info.state.last_seq));
                }
            }
            Err(_) => since = None,
        }
        pause(limits::CONSUMER_PAUSE[1]).await;
    }
}

impl Search {
    fn begin(api: &Api, order: &Order, before: Duration) -> Self {
        let (api, from) = (api.clone(), order.resume());
        let consumer = Box::pin(async move {
            pause(before).await;
            search::consumer(api, from).await.map(Box::new)
        });
        Self { consumer, read: VecDeque::new(), pause: before + limits::DIRECT_AFTER }
    }

    /// A consumer, or messages that came without one, whichever is first.
    async fn step(&mut self, api: &Api, next: u64) -> Found {
        let before = std::mem::replace(&mut self.pause, limits::DIRECT_EVERY);
        let consumer = &mut self.consumer;
        let made = async { Found::Consumer(consumer.await) };
        let read = async {
            pause(before).await;
            api.link.connected().await;
            Found::Messages(direct::read(api, next).await)
        };
        future::or(made, read).await
    }
}
