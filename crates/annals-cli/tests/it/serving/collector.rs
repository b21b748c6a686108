//! A collector of traces: it takes what is sent by OTLP over gRPC, and keeps it.

use std::{collections::BTreeMap, net::SocketAddr};

use opentelemetry_proto::tonic::{
    collector::trace::v1::{
        ExportTraceServiceRequest, ExportTraceServiceResponse,
        trace_service_server::{TraceService, TraceServiceServer},
    },
    common::v1::{AnyValue, KeyValue, any_value::Value},
    trace::v1::{ResourceSpans, Span},
};
use tokio::{
    sync::mpsc::{self, Receiver, Sender},
    task::JoinHandle,
};
use tonic::{
    Request, Response, Status,
    metadata::MetadataMap,
    transport::{Server, server::TcpIncoming},
};

/// A collector that runs; it ends with this value.
pub(super) struct Collector {
    pub(super) endpoint: String,
    received: Receiver<(MetadataMap, ExportTraceServiceRequest)>,
    task: JoinHandle<()>,
}

/// A span with what was told of its service.
#[derive(Debug)]
pub(super) struct Received {
    pub(super) span: Span,
    pub(super) attributes: BTreeMap<String, String>,
    pub(super) resource: BTreeMap<String, String>,
    pub(super) headers: MetadataMap,
}

struct Keeping(Sender<(MetadataMap, ExportTraceServiceRequest)>);

#[tonic::async_trait]
impl TraceService for Keeping {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let headers = request.metadata().clone();
        self.0.send((headers, request.into_inner())).await.unwrap();
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

impl Collector {
    pub(super) fn start() -> Self {
        let listener = TcpIncoming::bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let (keep, received) = mpsc::channel(16);
        let server = Server::builder().add_service(TraceServiceServer::new(Keeping(keep)));
        let task = tokio::spawn(async move { server.serve_with_incoming(listener).await.unwrap() });
        Self { endpoint, received, task }
    }

    /// Everything that comes until the server ends.
    pub(super) async fn all(mut self) -> Vec<Received> {
        self.received.close();
        let mut all = Vec::new();
        while let Some((headers, request)) = self.received.recv().await {
            all.extend(request.resource_spans.into_iter().flat_map(|of| spans(&headers, of)));
        }
        all
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The spans of one service.
pub(super) fn spans(headers: &MetadataMap, of: ResourceSpans) -> Vec<Received> {
    let resource = texts(&of.resource.unwrap_or_default().attributes);
    let spans = of.scope_spans.into_iter().flat_map(|scope| scope.spans);
    let received = |span: Span| Received {
        attributes: texts(&span.attributes),
        span,
        resource: resource.clone(),
        headers: headers.clone(),
    };
    spans.map(received).collect()
}

fn texts(attributes: &[KeyValue]) -> BTreeMap<String, String> {
    attributes.iter().map(|pair| (pair.key.clone(), text(pair.value.as_ref()))).collect()
}

fn text(value: Option<&AnyValue>) -> String {
    match value.and_then(|value| value.value.as_ref()) {
        Some(Value::StringValue(text)) => text.clone(),
        Some(Value::IntValue(number)) => number.to_string(),
        other => format!("{other:?}"),
    }
}
