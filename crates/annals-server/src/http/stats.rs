//! `/stats`: what the process, the store and the server know of themselves, as a tree.
//!
//! The first level is named as in KurrentDB: `proc` for the process, `es` for the rest. A path
//! after `/stats` gives the part of the tree below it.

use std::sync::Arc;

use annals_core::{Position, StoreInfo};
use axum::{
    Json,
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use http::StatusCode;
use serde_json::{Map, Value, json};

use super::metrics;
use crate::{
    metrics::{Process, Source},
    node::Node,
};

/// The whole tree.
pub(super) async fn all(State(node): State<Arc<Node>>) -> Json<Value> {
    Json(tree(&node).await)
}

/// A part of it.
pub(super) async fn part(State(node): State<Arc<Node>>, Path(path): Path<String>) -> Response {
    // There is no replication and no TCP of the old protocol; those who look find none.
    if path == "replication" || path == "tcp" {
        return Json(json!([])).into_response();
    }
    let tree = tree(&node).await;
    let mut names = path.split('/').filter(|name| !name.is_empty());
    match names.try_fold(&tree, |tree, name| tree.get(name)) {
        Some(part) => Json(part.clone()).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn tree(node: &Node) -> Value {
    let store = metrics::store(node).await;
    json!({
        "proc": process(node),
        "es": {
            "version": env!("CARGO_PKG_VERSION"),
            "store": store.as_ref().map(of_store),
            "append": appends(node),
            "read": reads(node),
            "grpc": calls(node),
            "connections": node.metrics.connections.get(),
            "subscriptions": node.metrics.subscriptions.get(),
        },
    })
}

fn process(node: &Node) -> Value {
    let process = Process::now();
    json!({
        "id": std::process::id(),
        "startTime": node.metrics.since.to_string(),
        "mem": process.resident_bytes,
        "memVirtual": process.virtual_bytes,
        "cpuSeconds": process.cpu_seconds,
        "threadsCount": process.threads,
        "openFiles": process.open_files,
        "openFilesMax": process.open_files_max,
    })
}

fn of_store(store: &StoreInfo) -> Value {
    json!({
        "backend": store.backend,
        "id": store.store_id,
        "events": store.events,
        "streams": store.streams,
        "head": store.head.map(Position::get),
        "revision": store.revision,
        "bytes": store.bytes,
        "segments": store.segments,
    })
}

fn appends(node: &Node) -> Value {
    let results: Map<_, _> =
        node.metrics.appends().map(|(name, count)| (name.to_owned(), json!(count))).collect();
    json!({
        "events": node.metrics.events_appended.get(),
        "bytes": node.metrics.append_bytes.get(),
        "results": results,
    })
}

fn reads(node: &Node) -> Value {
    let sources = Source::ALL.into_iter().map(|source| {
        let count = node.metrics.events_read(source).get();
        (source.name().to_owned(), json!(count))
    });
    json!({ "events": sources.collect::<Map<_, _>>() })
}

fn calls(node: &Node) -> Value {
    let mut methods = Map::new();
    for (method, code, count) in node.metrics.calls.counts() {
        let codes = methods.entry(&*method).or_insert_with(|| json!({}));
        if let Value::Object(codes) = codes {
            codes.insert(code.to_owned(), json!(count));
        }
    }
    Value::Object(methods)
}
