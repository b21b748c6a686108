//! Sending spans without a fuss: the first failure is logged, and how much was lost once sending
//! succeeds again or the server ends.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use opentelemetry_sdk::{
    Resource,
    error::{OTelSdkError, OTelSdkResult},
    trace::{SpanData, SpanExporter},
};
use tokio::{runtime::Handle, sync::watch};

/// An exporter whose failures are counted.
#[derive(Debug)]
pub(super) struct Patient {
    exporter: opentelemetry_otlp::SpanExporter,
    runtime: Handle,
    /// Whether what is under way is no longer waited for.
    given_up: watch::Receiver<bool>,
    lost: AtomicU64,
}

impl Patient {
    pub(super) const fn new(
        exporter: opentelemetry_otlp::SpanExporter,
        runtime: Handle,
        given_up: watch::Receiver<bool>,
    ) -> Self {
        Self { exporter, runtime, given_up, lost: AtomicU64::new(0) }
    }

    /// Blocks the thread that is there for sending.
    fn send(&self, spans: Vec<SpanData>) -> OTelSdkResult {
        let mut given_up = self.given_up.clone();
        self.runtime.block_on(async {
            tokio::select! {
                sent = self.exporter.export(spans) => sent,
                _ = given_up.wait_for(|given_up| *given_up) => {
                    Err(OTelSdkError::InternalFailure("the server ends".to_owned()))
                }
            }
        })
    }
}

impl SpanExporter for Patient {
    async fn export(&self, spans: Vec<SpanData>) -> OTelSdkResult {
        let count = spans.len() as u64;
        match self.send(spans) {
            Ok(()) => {
                let lost = self.lost.swap(0, Ordering::Relaxed);
                if lost > 0 {
                    tracing::info!(lost, "traces are sent again");
                }
            }
            Err(error) => {
                if self.lost.fetch_add(count, Ordering::Relaxed) == 0 {
                    tracing::warn!(%error, "traces cannot be sent; the server goes on without");
                }
            }
        }
        Ok(())
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        let lost = self.lost.load(Ordering::Relaxed);
        if lost > 0 {
            tracing::warn!(lost, "spans were not sent");
        }
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.exporter.set_resource(resource);
    }
}
