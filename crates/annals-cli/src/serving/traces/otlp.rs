//! Sending traces by OTLP, set up by the variables that OpenTelemetry gives for it: endpoint,
//! protocol, headers, timeout, compression, sampler, names and attributes of the service, and the
//! size of the queue.
//!
//! Spans wait in a queue that is bounded, and a thread of its own sends them. A collector that is
//! slow or gone costs spans and nothing else.

use std::time::Duration;

use annals_server::TraceParent;
use opentelemetry::{KeyValue, trace::TracerProvider};
use opentelemetry_otlp::{
    ExporterBuildError, SpanExporter, WithTonicConfig, tonic_types::transport::ClientTlsConfig,
};
use opentelemetry_sdk::{Resource, trace::SdkTracerProvider};
use tokio::{runtime::Handle, sync::watch, task, time};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::{Layer, filter::filter_fn};

use super::{Collector, endpoint, exporter::Patient, parent::adopt, variable};

/// How long the last spans may take to be sent once the server has stopped.
const LAST_SPANS_WITHIN: Duration = Duration::from_secs(3);
/// The beginning of what spans of ours are for.
const OURS: &str = "annals";

/// Traces that are sent, or why none are.
#[derive(Debug, Default)]
pub(crate) struct Traces {
    sending: Option<Sending>,
    warning: Option<String>,
}

#[derive(Debug)]
struct Sending {
    provider: SdkTracerProvider,
    give_up: watch::Sender<bool>,
}

impl Traces {
    /// Begins to send them, if they are asked for, inside of a runtime. A mistake in the variables
    /// is no reason not to serve.
    pub(crate) fn begin() -> Self {
        let Some(endpoint) = endpoint() else { return Self::default() };
        match Sending::begin(&endpoint) {
            Ok(sending) => Self { sending: Some(sending), warning: None },
            Err(why) => Self { sending: None, warning: Some(format!("no traces are sent: {why}")) },
        }
    }

    /// What collects spans.
    pub(crate) fn collector(&self) -> Option<Collector> {
        let tracer = self.sending.as_ref()?.provider.tracer(OURS);
        let spans = filter_fn(|metadata| metadata.is_span() && metadata.target().starts_with(OURS));
        let layer = tracing_opentelemetry::layer()
            .with_tracer(tracer)
            .with_location(false)
            .with_threads(false)
            .with_target(false)
            .with_tracked_inactivity(false)
            .with_filter(spans.with_max_level_hint(LevelFilter::INFO));
        Some(layer.boxed())
    }

    /// How the caller of a call becomes the parent of its span.
    pub(crate) fn parent(&self) -> Option<TraceParent> {
        self.sending.as_ref().map(|_| adopt as TraceParent)
    }

    /// What should be known.
    pub(crate) fn warning(&self) -> Option<String> {
        self.warning.clone()
    }

    /// Sends what still waits, if that can be done soon.
    pub(crate) async fn end(self) {
        let Some(Sending { provider, give_up }) = self.sending else { return };
        let shut_down = move || provider.shutdown_with_timeout(2 * LAST_SPANS_WITHIN);
        let mut ended = task::spawn_blocking(shut_down);
        if time::timeout(LAST_SPANS_WITHIN, &mut ended).await.is_err() {
            give_up.send_replace(true);
            // It has told what was lost.
            drop(ended.await);
        }
    }
}

impl Sending {
    fn begin(endpoint: &str) -> Result<Self, String> {
        let exporter = exporter(endpoint)?;
        let (give_up, given_up) = watch::channel(false);
        let exporter = Patient::new(exporter, Handle::current(), given_up);
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(exporter)
            .with_resource(resource())
            .build();
        Ok(Self { provider, give_up })
    }
}

fn exporter(endpoint: &str) -> Result<SpanExporter, String> {
    let protocol = variable("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL")
        .or_else(|| variable("OTEL_EXPORTER_OTLP_PROTOCOL"))
        .unwrap_or_else(|| "http/protobuf".to_owned());
    let is_encrypted = endpoint.starts_with("https:");
    let built = match (protocol.as_str(), is_encrypted) {
        ("grpc", false) => SpanExporter::builder().with_tonic().build(),
        ("grpc", true) => {
            let tls = ClientTlsConfig::new().with_native_roots();
            SpanExporter::builder().with_tonic().with_tls_config(tls).build()
        }
        ("http/protobuf", false) => SpanExporter::builder().with_http().build(),
        ("http/protobuf", true) => {
            return Err("over TLS they go by `OTEL_EXPORTER_OTLP_PROTOCOL=grpc` only".to_owned());
        }
        _ => {
            let why = "OTEL_EXPORTER_OTLP_PROTOCOL is neither `grpc` nor `http/protobuf`";
            return Err(why.to_owned());
        }
    };
    built.map_err(|error| match error {
        // An address may hold a password.
        ExporterBuildError::InvalidUri(..) | ExporterBuildError::InvalidConfig { .. } => {
            "OTEL_EXPORTER_OTLP_ENDPOINT is no address that they can be sent to".to_owned()
        }
        error => error.to_string(),
    })
}

/// What is told of the server with all spans.
fn resource() -> Resource {
    let version = KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
    let told = || Resource::builder().with_attribute(version.clone());
    let resource = told().build();
    let name = resource.get(&"service.name".into());
    let is_named = name.is_some_and(|name| !name.as_str().starts_with("unknown_service"));
    if is_named { resource } else { told().with_service_name(OURS).build() }
}
