//! A build that sends no traces says so when it is asked for them.

use annals_server::TraceParent;

use super::{Collector, endpoint};

/// No traces.
#[derive(Debug)]
pub(crate) struct Traces;

impl Traces {
    pub(crate) const fn begin() -> Self {
        Self
    }

    pub(crate) const fn collector(&self) -> Option<Collector> {
        None
    }

    pub(crate) const fn parent(&self) -> Option<TraceParent> {
        None
    }

    pub(crate) fn warning(&self) -> Option<String> {
        endpoint()?;
        let why = "traces are asked for by variables of the environment, but this build cannot \
                   send them; build it with the feature `otlp`";
        Some(why.to_owned())
    }

    pub(crate) async fn end(self) {}
}
