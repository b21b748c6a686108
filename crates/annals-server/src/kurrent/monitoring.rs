//! Figures of the process and the store, again and again until the client has enough.

use std::{collections::BTreeMap, process, sync::Arc, time::Duration};

use annals_core::{BoxStream, Result};
use annals_proto::kurrentdb::monitoring::{StatsReq, StatsResp, monitoring_server::Monitoring};
use futures_lite::StreamExt;
use futures_util::stream::unfold;
use tokio::time::{self, MissedTickBehavior};
use tonic::{Request, Response, Status};

use crate::{
    node::Node,
    wire::{position, status::status},
};

/// The service.
#[derive(Debug)]
pub(crate) struct MonitoringService(pub(crate) Arc<Node>);

/// The shortest time between two sets of figures.
const PERIOD_MIN: Duration = Duration::from_millis(100);

#[tonic::async_trait]
impl Monitoring for MonitoringService {
    type StatsStream = BoxStream<'static, Result<StatsResp, Status>>;

    async fn stats(
        &self,
        request: Request<StatsReq>,
    ) -> Result<Response<Self::StatsStream>, Status> {
        let asked = Duration::from_millis(request.into_inner().refresh_time_period_in_ms);
        let mut ticks = time::interval(asked.max(PERIOD_MIN));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let stats = unfold((Arc::clone(&self.0), ticks), |(node, mut ticks)| async move {
            ticks.tick().await;
            let stats = figures(&node).await.map_err(|error| status(&error));
            Some((stats.map(|stats| StatsResp { stats }), (node, ticks)))
        });
        Ok(Response::new(self.0.stopping.end(stats).boxed()))
    }
}

/// Names with what they are now. Those of the process are the ones that clients know.
async fn figures(node: &Node) -> Result<BTreeMap<String, String>> {
    let info = node.store.info().await?;
    let uptime = node.started.elapsed().as_secs();
    let known = [
        ("proc-id", Some(process::id().to_string())),
        ("annals-uptime-seconds", Some(uptime.to_string())),
        ("annals-store-backend", Some(info.backend.to_owned())),
        ("annals-store-events", Some(info.events.to_string())),
        ("annals-store-streams", Some(info.streams.to_string())),
        ("annals-store-position", info.head.map(|head| position::to_wire(head).to_string())),
        ("annals-store-bytes", info.bytes.map(|bytes| bytes.to_string())),
        ("annals-store-segments", info.segments.map(|segments| segments.to_string())),
    ];
    let known = known.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Ok(known.collect())
}
