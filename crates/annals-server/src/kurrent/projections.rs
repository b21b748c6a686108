//! Projections: the system's own five always run, because what they would write is made from the
//! index on reading (`derived/`). Those that users define, in JavaScript, are not there.

use std::sync::Arc;

use annals_core::BoxStream;
use annals_proto::kurrentdb::{
    Empty,
    projections::{
        CreateReq, CreateResp, DeleteReq, DeleteResp, DisableReq, DisableResp, EnableReq,
        EnableResp, ResetReq, ResetResp, ResultReq, ResultResp, StateReq, StateResp, StatisticsReq,
        StatisticsResp, UpdateReq, UpdateResp, projections_server::Projections,
        statistics_req::options::Mode, statistics_resp::Details,
    },
};
use futures_lite::{StreamExt, stream};
use prost_types::{Value, value::Kind};
use tonic::{Request, Response, Status};

use crate::{
    access::caller,
    node::Node,
    wire::{position, status::status},
};

/// The service.
#[derive(Debug)]
pub(crate) struct ProjectionsService(pub(crate) Arc<Node>);

type Answer<T> = Result<Response<T>, Status>;

/// The projections that there are.
const SYSTEM: [&str; 5] =
    ["$by_category", "$by_correlation_id", "$by_event_type", "$stream_by_category", "$streams"];

#[tonic::async_trait]
impl Projections for ProjectionsService {
    type StatisticsStream = BoxStream<'static, Result<StatisticsResp, Status>>;

    async fn statistics(&self, request: Request<StatisticsReq>) -> Answer<Self::StatisticsStream> {
        let mode = request.into_inner().options.and_then(|options| options.mode);
        let names = match mode {
            Some(Mode::Name(name)) => vec![system(&name)?],
            Some(Mode::All(_) | Mode::Continuous(_)) => SYSTEM.to_vec(),
            Some(Mode::Transient(_) | Mode::OneTime(_)) => Vec::new(),
            None => return Err(Status::invalid_argument("'mode' is a required argument")),
        };
        let head = self.0.store.head().await.map_err(|error| status(&error))?;
        let position = head.map_or(0, position::to_wire);
        let answers = names
            .into_iter()
            .map(move |name| Ok(StatisticsResp { details: Some(details(name, position)) }));
        Ok(Response::new(stream::iter(answers).boxed()))
    }

    async fn create(&self, request: Request<CreateReq>) -> Answer<CreateResp> {
        self.check(&request)?;
        Err(absent())
    }

    async fn update(&self, request: Request<UpdateReq>) -> Answer<UpdateResp> {
        self.check(&request)?;
        Err(absent())
    }

    async fn delete(&self, request: Request<DeleteReq>) -> Answer<DeleteResp> {
        self.check(&request)?;
        let options = request.into_inner().options.unwrap_or_default();
        Err(fixed(system(&options.name)?))
    }

    async fn disable(&self, request: Request<DisableReq>) -> Answer<DisableResp> {
        self.check(&request)?;
        let options = request.into_inner().options.unwrap_or_default();
        Err(fixed(system(&options.name)?))
    }

    /// They run already.
    async fn enable(&self, request: Request<EnableReq>) -> Answer<EnableResp> {
        self.check(&request)?;
        let options = request.into_inner().options.unwrap_or_default();
        system(&options.name)?;
        Ok(Response::new(EnableResp {}))
    }

    async fn reset(&self, request: Request<ResetReq>) -> Answer<ResetResp> {
        self.check(&request)?;
        let options = request.into_inner().options.unwrap_or_default();
        Err(fixed(system(&options.name)?))
    }

    /// The system's projections keep none.
    async fn state(&self, request: Request<StateReq>) -> Answer<StateResp> {
        let options = request.into_inner().options.unwrap_or_default();
        system(&options.name)?;
        Ok(Response::new(StateResp { state: Some(nothing()) }))
    }

    /// The system's projections have none.
    async fn result(&self, request: Request<ResultReq>) -> Answer<ResultResp> {
        let options = request.into_inner().options.unwrap_or_default();
        system(&options.name)?;
        Ok(Response::new(ResultResp { result: Some(nothing()) }))
    }

    /// Nothing runs beside the readers that could be begun anew.
    async fn restart_subsystem(&self, request: Request<Empty>) -> Answer<Empty> {
        self.check(&request)?;
        Ok(Response::new(Empty {}))
    }
}

impl ProjectionsService {
    fn check<T>(&self, request: &Request<T>) -> Result<(), Status> {
        self.0.access.operations(&caller(request)).map_err(|error| status(&error))
    }
}

/// The projection of this name.
fn system(name: &str) -> Result<&'static str, Status> {
    let found = SYSTEM.into_iter().find(|system| *system == name);
    found.ok_or_else(|| Status::not_found(format!("Projection '{name}' not found")))
}

fn absent() -> Status {
    Status::unimplemented("this server runs no projections that users define")
}

fn fixed(name: &str) -> Status {
    Status::unimplemented(format!(
        "projection '{name}' is served from the index and can be neither stopped, reset nor deleted"
    ))
}

const fn nothing() -> Value {
    Value { kind: Some(Kind::NullValue(0)) }
}

/// What there is to say of a projection that is always as far as the store.
fn details(name: &str, position: u64) -> Details {
    let position = format!("C:{position}/P:{position}");
    Details {
        name: name.to_owned(),
        effective_name: name.to_owned(),
        status: "Running".to_owned(),
        mode: "Continuous".to_owned(),
        last_checkpoint: position.clone(),
        position,
        progress: 100.0,
        ..Details::default()
    }
}
