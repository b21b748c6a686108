//! The service `Users`: who may log in. For administrators, and for users their own account.

use std::sync::Arc;

use annals_core::BoxStream;
use annals_proto::kurrentdb::users::{
    ChangePasswordReq, ChangePasswordResp, CreateReq, CreateResp, DeleteReq, DeleteResp,
    DetailsReq, DetailsResp, DisableReq, DisableResp, EnableReq, EnableResp, ResetPasswordReq,
    ResetPasswordResp, UpdateReq, UpdateResp,
    details_resp::{UserDetails, user_details::DateTime},
    users_server::Users as Service,
};
use futures_lite::{StreamExt, stream};
use tonic::{Code, Request, Response, Status};

use crate::{
    Secret,
    access::caller,
    node::Node,
    users::{Found, User, UserError},
    wire::status::{access_denied, exception, status},
};

/// The service.
#[derive(Debug)]
pub(crate) struct UsersService(pub(crate) Arc<Node>);

type Answer<T> = Result<Response<T>, Status>;

#[tonic::async_trait]
impl Service for UsersService {
    type DetailsStream = BoxStream<'static, Result<DetailsResp, Status>>;

    async fn create(&self, request: Request<CreateReq>) -> Answer<CreateResp> {
        self.for_administrators(&request)?;
        let user = options(request.into_inner().options)?;
        let (login, password) = (user.login_name, Secret::new(user.password));
        let created = self.0.users.create(&login, &password, user.full_name, user.groups).await;
        done(&login, created, CreateResp {})
    }

    /// The password in the message has never counted: there is a call of its own to reset it.
    async fn update(&self, request: Request<UpdateReq>) -> Answer<UpdateResp> {
        self.for_administrators(&request)?;
        let asked = options(request.into_inner().options)?;
        let change = |user: &mut User| {
            user.full_name = asked.full_name;
            user.groups = asked.groups;
        };
        let updated = self.0.users.update(&asked.login_name, change).await;
        done(&asked.login_name, updated, UpdateResp {})
    }

    async fn delete(&self, request: Request<DeleteReq>) -> Answer<DeleteResp> {
        self.for_administrators(&request)?;
        let login = options(request.into_inner().options)?.login_name;
        done(&login, self.0.users.delete(&login).await, DeleteResp {})
    }

    async fn disable(&self, request: Request<DisableReq>) -> Answer<DisableResp> {
        self.for_administrators(&request)?;
        let login = options(request.into_inner().options)?.login_name;
        let disabled = self.0.users.update(&login, |user| user.disabled = true).await;
        done(&login, disabled, DisableResp {})
    }

    async fn enable(&self, request: Request<EnableReq>) -> Answer<EnableResp> {
        self.for_administrators(&request)?;
        let login = options(request.into_inner().options)?.login_name;
        let enabled = self.0.users.update(&login, |user| user.disabled = false).await;
        done(&login, enabled, EnableResp {})
    }

    async fn details(&self, request: Request<DetailsReq>) -> Answer<Self::DetailsStream> {
        let login =
            login_of(request.get_ref().options.as_ref().map(|options| &options.login_name))?;
        self.for_their_own(&request, &login)?;
        let found = if login.is_empty() {
            self.0.users.all().await.map_err(|error| status(&error))?
        } else {
            let found = self.0.users.find(&login).await.map_err(|error| status(&error))?;
            vec![found.ok_or_else(|| failed(&login, &UserError::NotFound))?]
        };
        let details = found.into_iter().map(|found| Ok(details(found)));
        Ok(Response::new(stream::iter(details.collect::<Vec<_>>()).boxed()))
    }

    async fn change_password(
        &self,
        request: Request<ChangePasswordReq>,
    ) -> Answer<ChangePasswordResp> {
        let login =
            login_of(request.get_ref().options.as_ref().map(|options| &options.login_name))?;
        self.for_their_own(&request, &login)?;
        let asked = options(request.into_inner().options)?;
        let current = Secret::new(asked.current_password);
        let new = Secret::new(asked.new_password);
        let changed = self.0.users.change_password(&login, &current, &new).await;
        done(&login, changed, ChangePasswordResp {})
    }

    async fn reset_password(
        &self,
        request: Request<ResetPasswordReq>,
    ) -> Answer<ResetPasswordResp> {
        self.for_administrators(&request)?;
        let asked = options(request.into_inner().options)?;
        let login = asked.login_name;
        let reset = self.0.users.reset_password(&login, &Secret::new(asked.new_password)).await;
        done(&login, reset, ResetPasswordResp {})
    }
}

fn login_of(login: Option<&String>) -> Result<String, Status> {
    options(login.cloned())
}

fn options<T>(options: Option<T>) -> Result<T, Status> {
    options.ok_or_else(|| Status::invalid_argument("'options' is a required argument"))
}

impl UsersService {
    fn for_administrators<T>(&self, request: &Request<T>) -> Result<(), Status> {
        self.0.access.administration(&caller(request)).map_err(|error| status(&error))
    }

    /// Their own account is open to everybody.
    fn for_their_own<T>(&self, request: &Request<T>, login: &str) -> Result<(), Status> {
        if caller(request).is_user(login) { Ok(()) } else { self.for_administrators(request) }
    }
}

fn details(found: Found) -> DetailsResp {
    let User { login_name, full_name, groups, disabled, .. } = found.user;
    let ticks_since_epoch = found.changed_at.as_micros().saturating_mul(10);
    let last_updated = Some(DateTime { ticks_since_epoch });
    let details = UserDetails { login_name, full_name, groups, last_updated, disabled };
    DetailsResp { user_details: Some(details) }
}

fn done<T>(login: &str, result: Result<(), UserError>, answer: T) -> Answer<T> {
    match result {
        Ok(()) => Ok(Response::new(answer)),
        Err(error) => Err(failed(login, &error)),
    }
}

fn failed(login: &str, error: &UserError) -> Status {
    let facts = [("login-name", login)];
    match error {
        UserError::NotFound => {
            let message = format!("User '{login}' is not found.");
            exception(Code::NotFound, "user-not-found", message, &facts)
        }
        UserError::Conflict => {
            exception(Code::FailedPrecondition, "user-conflict", "Conflict.", &facts)
        }
        UserError::WrongPassword => access_denied(),
        UserError::Store(error) => status(error),
    }
}
