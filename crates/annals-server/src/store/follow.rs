//! Subscriptions: what there is, a mark, and then what comes, until the client goes or the server
//! stops.

use annals_core::{Delivery, Result, SubscribeSource};
use annals_proto::annals as wire;
use futures_lite::{StreamExt, stream};

use super::{Answers, batch::Batches, rights};
use crate::{
    access::Caller,
    node::Node,
    shown,
    wire::own::{
        error::status,
        read::{deliveries, subscribe, weight},
    },
};

/// What a mark weighs in a message, roughly.
const MARK: usize = 16;

/// Answers a subscription. Its start is taken before it is answered: what is written after that
/// comes after the start.
pub(super) async fn respond(
    node: &Node,
    caller: &Caller,
    request: wire::SubscribeRequest,
) -> Result<Answers<wire::SubscribeResponse>> {
    let subscribe = subscribe(request)?;
    rights::subscribe(node, caller, &subscribe).await?;
    let of_all = matches!(subscribe.source, SubscribeSource::All { .. });
    let given = node.store.subscribe(subscribe);
    let given = if of_all { shown::deliveries(node, caller, given) } else { given };
    let batches = Batches::new(given, |delivery| {
        let weight = match &delivery {
            Delivery::Event(event) => weight(event),
            Delivery::CaughtUp { .. } | Delivery::FellBehind { .. } | Delivery::Checkpoint(_) => {
                MARK
            }
        };
        (weight, delivery)
    });
    let answers = batches.flat_map(|batch| {
        stream::iter(match batch {
            Ok(batch) => deliveries(batch).into_iter().map(Ok).collect(),
            Err(error) => vec![Err(status(&error))],
        })
    });
    Ok(node.stopping.end(answers).boxed())
}
