//! How much a call's answer must at least know of: it waits until this server has that.
//!
//! Any call and request may say so by the header (in gRPC: metadata) `annals-at-least`, which is a
//! position as Annals' own protocol has it, or `latest` for all that anyone had been told is stored.
//!
//! KurrentDB's clients say `requires-leader: true` when they want what the leader has; on a store
//! of which several nodes keep a copy their reads and subscriptions wait for what the leader of its
//! log knows of, and on any other for nothing; `latest` is more, and a write for every read. Clients that want the leader, as most do unless told otherwise, send it with
//! every call, and the others send `false` or, as the one in Rust does, nothing; so nothing means
//! that what this node has is good enough. Writes need none of it: the whole store decides about
//! them.

use std::{sync::Arc, time::Duration};

use annals_core::{Backend, Error, ErrorKind, Freshness, Position, Result};
use axum::{
    body::Body,
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode};
use tokio::time;

use super::calls::is_grpc;
use crate::{
    node::Node,
    wire::{own, status},
};

/// What an answer must know of.
const AT_LEAST: &str = "annals-at-least";
/// The same, as KurrentDB's clients say it.
const REQUIRES_LEADER: &str = "requires-leader";
/// Reads and subscriptions of KurrentDB's clients.
const READ: &str = "/event_store.client.streams.Streams/Read";
/// Calls whose errors are told in Annals' own way.
const OWN: &str = "/annals.v1.Store/";

/// How long a call waits at most.
const CATCH_UP_WITHIN: Duration = Duration::from_secs(5);

/// Lets a request through once its answer can know of what it must.
pub(super) async fn wait(State(node): State<Arc<Node>>, request: Request, next: Next) -> Response {
    let ready = match asked(&node, &request) {
        Ok(None) => Ok(()),
        Ok(Some(to)) => catch_up(node.store.as_ref(), to).await.map(drop),
        Err(error) => Err(error),
    };
    match ready {
        Ok(()) => next.run(request).await,
        Err(error) => refuse(&request, &error),
    }
}

/// Waits until this server has what is asked for, and gives the newest position then.
///
/// # Errors
/// `Unavailable`, also when it takes too long; those of the store.
pub(crate) async fn catch_up(store: &dyn Backend, to: Freshness) -> Result<Option<Position>> {
    let caught_up = time::timeout(CATCH_UP_WITHIN, store.catch_up(to)).await;
    caught_up.unwrap_or_else(|_| {
        let why = format!("this node has not caught up within {CATCH_UP_WITHIN:?}; ask another");
        Err(Error::new(ErrorKind::Unavailable, why))
    })
}

fn asked(node: &Node, request: &Request) -> Result<Option<Freshness>> {
    let headers = request.headers();
    if let Some(at_least) = headers.get(AT_LEAST) {
        let at_least = at_least.to_str().unwrap_or_default();
        return freshness(at_least).map(Some);
    }
    let is_wanted = request.uri().path() == READ && requires_leader(headers);
    Ok((is_wanted && !node.store.nodes().is_empty()).then_some(Freshness::Leader))
}

fn requires_leader(headers: &HeaderMap) -> bool {
    let said = headers.get(REQUIRES_LEADER);
    said.is_some_and(|said| said.as_bytes().eq_ignore_ascii_case(b"true"))
}

fn freshness(at_least: &str) -> Result<Freshness> {
    if at_least == "latest" {
        return Ok(Freshness::Latest);
    }
    let position = at_least
        .parse()
        .map_err(|_| Error::invalid(format!("`{AT_LEAST}` must be a position or `latest`")))?;
    Ok(Freshness::Position(Position::new(position)))
}

fn refuse(request: &Request, error: &Error) -> Response {
    if !is_grpc(request.headers()) {
        let code = match error.kind() {
            ErrorKind::InvalidArgument => StatusCode::BAD_REQUEST,
            _ => StatusCode::SERVICE_UNAVAILABLE,
        };
        return (code, format!("{error}\n")).into_response();
    }
    let is_own = request.uri().path().starts_with(OWN);
    let told = if is_own { own::error::status(error) } else { status::status(error) };
    told.into_http::<Body>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_answer_must_know_of_is_a_position_or_all() {
        assert_eq!(freshness("latest").unwrap(), Freshness::Latest);
        assert_eq!(freshness("7").unwrap(), Freshness::Position(Position::new(7)));
        for wrong in ["", "-1", "Latest", "7 "] {
            let error = freshness(wrong).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{wrong}");
        }
    }

    #[test]
    fn only_true_asks_for_the_leader() {
        let asks = |value: &str| {
            let value = value.parse().unwrap();
            requires_leader(&[(REQUIRES_LEADER.parse().unwrap(), value)].into_iter().collect())
        };
        assert!(asks("true") && asks("True"));
        assert!(!asks("false") && !asks("") && !requires_leader(&HeaderMap::new()));
    }
}
