//! The service `PersistentSubscriptions`: groups of consumers that share the events of a stream or
//! of the whole store, with the server remembering how far they are.
//!
//! `group/` holds what a group decides, `driver.rs` the task that moves its events, `subsystem.rs`
//! all groups of the server.
//!
//! What is stored for a group: its settings in an event, as elsewhere; the parked events as links
//! in a stream, so that people can look at them with any tool; and how far it is as a checkpoint
//! of the store, not as an event: that is one small write that nobody reads past, and no group of
//! the whole store is woken by its own checkpoints.

mod answer;
mod command;
mod config;
mod consumer;
mod driver;
mod error;
pub(crate) mod fence;
mod group;
pub(crate) mod identity;
mod parked;
mod read;
mod request;
mod settings;
mod source;
pub(crate) mod subsystem;
pub(crate) mod watch;

use std::sync::Arc;

use annals_core::{BoxStream, Result};
use annals_proto::kurrentdb::{
    Empty,
    persistent_subscriptions::{
        CreateReq, CreateResp, DeleteReq, DeleteResp, GetInfoReq, GetInfoResp, ListReq, ListResp,
        ReadReq, ReadResp, ReplayParkedReq, ReplayParkedResp, SubscriptionInfo, TruncateParkedReq,
        TruncateParkedResp, UpdateReq, UpdateResp, delete_req, get_info_req, list_req,
        persistent_subscriptions_server::PersistentSubscriptions, replay_parked_req,
        truncate_parked_req,
    },
};
use tonic::{Request, Response, Status, Streaming};

use self::{
    command::Handle,
    error::Refused,
    identity::Source,
    request::{group, required, stream},
};
use crate::{
    access::{Caller, caller},
    node::Node,
    wire::status::status,
};

/// The service.
#[derive(Debug)]
pub(crate) struct PersistentSubscriptionsService(pub(crate) Arc<Node>);

#[tonic::async_trait]
impl PersistentSubscriptions for PersistentSubscriptionsService {
    type ReadStream = BoxStream<'static, Result<ReadResp, Status>>;

    async fn create(&self, request: Request<CreateReq>) -> Result<Response<CreateResp>, Status> {
        let caller = caller(&request);
        self.may_operate(&caller)?;
        self.0.drives_groups().await?;
        let (id, wanted) = understood(request::create(request.into_inner()))?;
        let created = async { self.0.persistent.create(wanted?, caller.name()).await };
        created.await.map_err(|refused| refused.of(&id))?;
        Ok(Response::new(CreateResp {}))
    }

    async fn update(&self, request: Request<UpdateReq>) -> Result<Response<UpdateResp>, Status> {
        let caller = caller(&request);
        self.may_operate(&caller)?;
        self.0.drives_groups().await?;
        let (id, wanted) = understood(request::update(request.into_inner()))?;
        let updated = async {
            self.0.persistent.group(&id)?;
            self.0.persistent.update(wanted?, caller.name()).await
        };
        updated.await.map_err(|refused| refused.of(&id))?;
        Ok(Response::new(UpdateResp {}))
    }

    async fn delete(&self, request: Request<DeleteReq>) -> Result<Response<DeleteResp>, Status> {
        use delete_req::options::StreamOption;
        let caller = caller(&request);
        self.may_operate(&caller)?;
        self.0.drives_groups().await?;
        let options = given(request.into_inner().options)?;
        let source = match options.stream_option {
            Some(StreamOption::StreamIdentifier(name)) => understood(stream(Some(name)))?,
            Some(StreamOption::All(_)) => Source::All,
            None => return Err(status(&required("stream_option"))),
        };
        let id = understood(group(source, options.group_name))?;
        let deleted = self.0.persistent.delete(&id, caller.name()).await;
        deleted.map_err(|refused| refused.of(&id))?;
        Ok(Response::new(DeleteResp {}))
    }

    async fn read(
        &self,
        request: Request<Streaming<ReadReq>>,
    ) -> Result<Response<Self::ReadStream>, Status> {
        read::read(&self.0, request).await.map(Response::new)
    }

    async fn get_info(
        &self,
        request: Request<GetInfoReq>,
    ) -> Result<Response<GetInfoResp>, Status> {
        use get_info_req::options::StreamOption;
        self.0.drives_groups().await?;
        let options = given(request.into_inner().options)?;
        let source = match options.stream_option {
            Some(StreamOption::StreamIdentifier(name)) => understood(stream(Some(name)))?,
            Some(StreamOption::All(_)) => Source::All,
            None => return Err(status(&required("stream_option"))),
        };
        let id = understood(group(source, options.group_name))?;
        let info = async { self.info(&self.0.persistent.group(&id)?).await };
        let info = info.await.map_err(|refused| refused.of(&id))?;
        Ok(Response::new(GetInfoResp { subscription_info: Some(info) }))
    }

    async fn replay_parked(
        &self,
        request: Request<ReplayParkedReq>,
    ) -> Result<Response<ReplayParkedResp>, Status> {
        use replay_parked_req::options::{StopAtOption, StreamOption};
        self.may_operate(&caller(&request))?;
        self.0.drives_groups().await?;
        let options = given(request.into_inner().options)?;
        let source = match options.stream_option {
            Some(StreamOption::StreamIdentifier(name)) => understood(stream(Some(name)))?,
            Some(StreamOption::All(_)) => Source::All,
            None => return Err(status(&required("stream_option"))),
        };
        let stop_at = match options.stop_at_option {
            Some(StopAtOption::StopAt(count)) => Some(count),
            Some(StopAtOption::NoLimit(_)) | None => None,
        };
        let id = understood(group(source, options.group_name))?;
        let replayed = async { self.0.persistent.group(&id)?.replay(count(stop_at)?).await };
        replayed.await.map_err(|refused| refused.of(&id))?;
        Ok(Response::new(ReplayParkedResp {}))
    }

    async fn truncate_parked(
        &self,
        request: Request<TruncateParkedReq>,
    ) -> Result<Response<TruncateParkedResp>, Status> {
        use truncate_parked_req::options::{StopAtOption, StreamOption};
        self.may_operate(&caller(&request))?;
        self.0.drives_groups().await?;
        let options = given(request.into_inner().options)?;
        let source = match options.stream_option {
            Some(StreamOption::StreamIdentifier(name)) => understood(stream(Some(name)))?,
            Some(StreamOption::All(_)) => Source::All,
            None => return Err(status(&required("stream_option"))),
        };
        let stop_at = match options.stop_at_option {
            Some(StopAtOption::StopAt(count)) => Some(count),
            Some(StopAtOption::NoLimit(_)) | None => None,
        };
        let id = understood(group(source, options.group_name))?;
        let truncated = async { self.0.persistent.group(&id)?.truncate(count(stop_at)?).await };
        truncated.await.map_err(|refused| refused.of(&id))?;
        Ok(Response::new(TruncateParkedResp {}))
    }

    async fn list(&self, request: Request<ListReq>) -> Result<Response<ListResp>, Status> {
        use list_req::{options::ListOption, stream_option::StreamOption};
        self.0.drives_groups().await?;
        let source = match given(request.into_inner().options)?.list_option {
            Some(ListOption::ListAllSubscriptions(_)) => None,
            Some(ListOption::ListForStream(of)) => Some(match of.stream_option {
                Some(StreamOption::Stream(name)) => understood(stream(Some(name)))?,
                Some(StreamOption::All(_)) => Source::All,
                None => return Err(status(&required("stream_option"))),
            }),
            None => return Err(status(&required("list_option"))),
        };
        let groups = self.0.persistent.groups(source.as_ref());
        if let (Some(source), true) = (&source, groups.is_empty()) {
            return Err(Refused::DoesNotExist.named(source.as_str(), ""));
        }
        let mut subscriptions = Vec::new();
        for group in groups {
            match self.info(&group).await {
                Ok(info) => subscriptions.push(info),
                // It was deleted meanwhile.
                Err(Refused::Dropped) => {}
                Err(refused) => return Err(refused.of(&group.definition.id)),
            }
        }
        Ok(Response::new(ListResp { subscriptions }))
    }

    async fn restart_subsystem(&self, request: Request<Empty>) -> Result<Response<Empty>, Status> {
        self.may_operate(&caller(&request))?;
        self.0.drives_groups().await?;
        self.0.persistent.restart().await.map_err(|error| status(&error))?;
        Ok(Response::new(Empty {}))
    }
}

impl PersistentSubscriptionsService {
    fn may_operate(&self, caller: &Caller) -> Result<(), Status> {
        self.0.access.operations(caller).map_err(|error| status(&error))
    }

    async fn info(&self, group: &Handle) -> Result<SubscriptionInfo, Refused> {
        let told = group.tell().await?;
        let known = watch::last_known(&self.0, &group.definition.id.source).await?;
        // What a filter will leave out of what is new is not known.
        let known = known.filter(|_| group.definition.filter.is_none());
        Ok(answer::info(&group.definition, &told, known))
    }
}

fn given<T>(options: Option<T>) -> Result<T, Status> {
    options.ok_or_else(|| status(&required("options")))
}

fn understood<T>(asked: Result<T>) -> Result<T, Status> {
    asked.map_err(|error| status(&error))
}

/// How many parked events; `None`: all.
fn count(stop_at: Option<i64>) -> Result<Option<u64>, Refused> {
    let negative = |_| Refused::Failed("the number to stop at must not be negative".to_owned());
    stop_at.map(u64::try_from).transpose().map_err(negative)
}
