//! Catch-up subscriptions: what there is, a mark, and then what comes.

use std::sync::Arc;

use annals_core::{
    BoxStream, Clock, Delivery, Position, Query, RecordedEvent, Result, StreamName, Subscribe,
    SubscribeStart, SystemClock, Version,
};
use annals_proto::kurrentdb::streams::{
    ReadResp,
    read_resp::{CaughtUp, Checkpoint, Content, Position as AllPosition, SubscriptionConfirmation},
};
use futures_lite::{StreamExt, stream};
use tonic::Status;
use uuid::Uuid;

use super::{
    ResponseStream, answer,
    request::{Asked, From, Links, What, Window},
};
use crate::{
    access::Caller,
    derived::Derived,
    kurrent::persistent::identity::is_of_all,
    links::{self, Entry},
    node::Node,
    shown::Shown,
    wire::{position, status::status},
};

/// Answers a subscription.
pub(super) async fn respond(
    node: &Arc<Node>,
    caller: &Caller,
    asked: Asked,
) -> Result<ResponseStream, Status> {
    let mut progress = Progress::default();
    let deliveries = match asked.what {
        What::Stream { stream, from } => {
            of_stream(node, stream, from.start(), &mut progress).await.map_err(|e| status(&e))?
        }
        What::All { from, filter } => {
            let (filter, window) = filter.unzip();
            let shown = Shown::new(node, caller, filter);
            let subscribe = of_all(from, shown, window, &mut progress).map_err(|e| status(&e))?;
            node.store.subscribe(subscribe)
        }
    };
    let confirmation = Content::Confirmation(SubscriptionConfirmation {
        subscription_id: Uuid::new_v4().to_string(),
    });
    let (links, form) = (asked.links, asked.form);
    let (node_of_links, caller) = (Arc::clone(node), caller.clone());
    let steps = deliveries.flat_map(move |delivery| {
        stream::iter(match delivery {
            Ok(delivery) => progress.step(delivery),
            Err(error) => vec![Err(error)],
        })
    });
    let answers = steps.then(move |step| {
        let (node, caller) = (Arc::clone(&node_of_links), caller.clone());
        async move {
            let answer = async {
                Ok(match (step?, links) {
                    (Step::Event(event), Links::AsTheyAre) => {
                        answer::event(&Entry::Event(event), form)
                    }
                    (Step::Event(event), Links::Resolved) => {
                        answer::event(&links::resolve_for(&node, &caller, event).await?, form)
                    }
                    (Step::Mark(mark), _) => mark,
                })
            };
            answer.await.map_err(|error| status(&error))
        }
    });
    let answers = stream::once(Ok(answer::of(confirmation))).chain(answers);
    Ok(node.stopping.end(answers).boxed())
}

async fn of_stream(
    node: &Node,
    stream: StreamName,
    start: SubscribeStart<Version>,
    progress: &mut Progress,
) -> Result<BoxStream<'static, Result<Delivery>>> {
    if let Some(derived) = Derived::of(&stream) {
        let followed = derived.follow(&node.index, start).await?;
        progress.stream = Some(followed.reached);
        return Ok(followed.deliveries);
    }
    progress.stream = Some(reached(node, &stream, start).await?);
    Ok(node.store.subscribe(Subscribe::stream(stream, start)))
}

/// The version up to which a subscription knows its stream when it begins.
async fn reached(
    node: &Node,
    stream: &StreamName,
    start: SubscribeStart<Version>,
) -> Result<Option<Version>> {
    let last = node.store.stream_info(stream).await?.last_version;
    Ok(match start {
        SubscribeStart::Beginning => None,
        SubscribeStart::After(version) => last.map(|last| last.min(version)),
        SubscribeStart::End => last,
    })
}

fn of_all(
    from: From<Option<Position>>,
    shown: Option<Shown>,
    window: Option<Window>,
    progress: &mut Progress,
) -> Result<Subscribe> {
    let start = match from {
        From::Start | From::At(None) => SubscribeStart::Beginning,
        From::At(Some(position)) => SubscribeStart::After(position),
        From::End => SubscribeStart::End,
    };
    let query = shown.as_ref().map_or_else(|| Ok(Query::all()), Shown::query)?;
    let subscribe = Subscribe::all(query, start);
    progress.shown = shown;
    let Some(window) = window else {
        return Ok(subscribe);
    };
    progress.window = Some(window);
    Ok(subscribe.checkpoint_every(window.interval))
}

/// What a subscription has given so far.
#[derive(Debug, Default)]
struct Progress {
    /// For a stream, the newest version that was given.
    stream: Option<Option<Version>>,
    shown: Option<Shown>,
    window: Option<Window>,
    /// How many events were looked at since a checkpoint was last given.
    looked_at: u64,
    checkpoint: Option<Position>,
}

enum Step {
    Event(RecordedEvent),
    Mark(ReadResp),
}

impl Progress {
    fn step(&mut self, delivery: Delivery) -> Vec<Result<Step>> {
        match delivery {
            Delivery::Event(event) if self.stream.is_none() && is_of_all(&event.stream) => {
                Vec::new()
            }
            Delivery::Event(event) => self.event(event),
            Delivery::Checkpoint(position) => {
                self.checkpoint(position).into_iter().map(Ok).collect()
            }
            Delivery::CaughtUp { position } => {
                let checkpoint = position.filter(|_| self.window.is_some());
                let checkpoint = checkpoint.and_then(|position| self.checkpoint(position));
                checkpoint.into_iter().chain([self.caught_up(position)]).map(Ok).collect()
            }
            // Other servers never say it: they say a second time that all was given.
            Delivery::FellBehind { .. } => Vec::new(),
        }
    }

    fn event(&mut self, event: RecordedEvent) -> Vec<Result<Step>> {
        if let Some(last) = &mut self.stream {
            *last = Some(event.version);
        }
        let passes = match self.shown.as_ref().map_or(Ok(true), |shown| shown.passes(&event)) {
            Ok(passes) => passes,
            Err(error) => return vec![Err(error)],
        };
        self.looked_at += 1;
        let is_due = self.window.is_some_and(|window| self.looked_at >= window.interval.get());
        let mark = if is_due { self.checkpoint(event.position) } else { None };
        let event = passes.then_some(Step::Event(event));
        event.into_iter().chain(mark).map(Ok).collect()
    }

    /// How far the search for matching events is, unless that was said already.
    fn checkpoint(&mut self, position: Position) -> Option<Step> {
        self.looked_at = 0;
        if self.checkpoint.replace(position) == Some(position) {
            return None;
        }
        let position = position::to_wire(position);
        Some(Step::Mark(answer::of(Content::Checkpoint(Checkpoint {
            commit_position: position,
            prepare_position: position,
            timestamp: Some(answer::time(SystemClock.now())),
        }))))
    }

    fn caught_up(&self, position: Option<Position>) -> Step {
        let at = position.map_or(0, position::to_wire);
        let (stream_revision, position) = match self.stream {
            Some(last) => (last.and_then(|last| i64::try_from(last.get()).ok()), None),
            None => (None, Some(AllPosition { commit_position: at, prepare_position: at })),
        };
        Step::Mark(answer::of(Content::CaughtUp(CaughtUp {
            timestamp: Some(answer::time(SystemClock.now())),
            stream_revision,
            position,
        })))
    }
}
