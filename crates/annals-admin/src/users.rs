//! Who may log in.

use annals_core::Timestamp;
use annals_proto::kurrentdb::users::{
    ChangePasswordReq, CreateReq, DeleteReq, DetailsReq, DisableReq, EnableReq, ResetPasswordReq,
    UpdateReq, change_password_req, create_req, delete_req, details_req, details_resp::UserDetails,
    disable_req, enable_req, reset_password_req, update_req,
};
use futures_lite::StreamExt;

use crate::{Refused, Result, Server};

/// A user as the server tells of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The name to log in with.
    pub login: String,
    /// The name for people.
    pub full_name: String,
    /// The groups of users they are in.
    pub groups: Vec<String>,
    /// Whether they are kept out for now.
    pub disabled: bool,
    /// When this was changed last.
    pub changed_at: Option<Timestamp>,
}

impl From<UserDetails> for User {
    fn from(details: UserDetails) -> Self {
        let UserDetails { login_name, full_name, groups, last_updated, disabled } = details;
        let changed_at =
            last_updated.map(|time| Timestamp::from_micros(time.ticks_since_epoch / 10));
        Self { login: login_name, full_name, groups, disabled, changed_at }
    }
}

/// All calls fail with `PermissionDenied` for callers who are no administrators, but for what users
/// may do with their own account: looking at it, and changing their password.
impl Server {
    /// Makes a user.
    ///
    /// # Errors
    /// `Conflict` when there is one with another password; what keeps the server from answering.
    pub async fn create_user(
        &self,
        login: &str,
        full_name: &str,
        groups: Vec<String>,
        password: &str,
    ) -> Result<()> {
        let options = create_req::Options {
            login_name: login.to_owned(),
            password: password.to_owned(),
            full_name: full_name.to_owned(),
            groups,
        };
        let request = CreateReq { options: Some(options) };
        self.answer(self.users_client().create(request)).await.map(drop)
    }

    /// All users, by their logins.
    ///
    /// # Errors
    /// What keeps the server from answering.
    pub async fn users(&self) -> Result<Vec<User>> {
        self.details("").await
    }

    /// One user.
    ///
    /// # Errors
    /// `NotFound`; what keeps the server from answering.
    pub async fn user(&self, login: &str) -> Result<User> {
        let missing = || Refused::NotFound(format!("there is no user `{login}`"));
        if login.is_empty() {
            return Err(missing());
        }
        self.details(login).await?.pop().ok_or_else(missing)
    }

    async fn details(&self, login: &str) -> Result<Vec<User>> {
        let options = details_req::Options { login_name: login.to_owned() };
        let request = DetailsReq { options: Some(options) };
        let mut answers = self.answer(self.users_client().details(request)).await?;
        let mut users = Vec::new();
        while let Some(answer) = answers.next().await {
            let answer = answer.map_err(|status| Refused::of(&status))?;
            users.extend(answer.user_details.map(User::from));
        }
        Ok(users)
    }

    /// Gives a user another name for people and other groups.
    ///
    /// # Errors
    /// `NotFound`, `Conflict`; what keeps the server from answering.
    pub async fn update_user(&self, user: &User) -> Result<()> {
        let options = update_req::Options {
            login_name: user.login.clone(),
            password: String::new(),
            full_name: user.full_name.clone(),
            groups: user.groups.clone(),
        };
        let request = UpdateReq { options: Some(options) };
        self.answer(self.users_client().update(request)).await.map(drop)
    }

    /// Keeps a user out until they are enabled.
    ///
    /// # Errors
    /// `NotFound`; what keeps the server from answering.
    pub async fn disable_user(&self, login: &str) -> Result<()> {
        let options = disable_req::Options { login_name: login.to_owned() };
        let request = DisableReq { options: Some(options) };
        self.answer(self.users_client().disable(request)).await.map(drop)
    }

    /// Lets a user in again.
    ///
    /// # Errors
    /// `NotFound`; what keeps the server from answering.
    pub async fn enable_user(&self, login: &str) -> Result<()> {
        let options = enable_req::Options { login_name: login.to_owned() };
        let request = EnableReq { options: Some(options) };
        self.answer(self.users_client().enable(request)).await.map(drop)
    }

    /// Takes a user away; the login can be given to somebody again.
    ///
    /// # Errors
    /// `NotFound`; what keeps the server from answering.
    pub async fn delete_user(&self, login: &str) -> Result<()> {
        let options = delete_req::Options { login_name: login.to_owned() };
        let request = DeleteReq { options: Some(options) };
        self.answer(self.users_client().delete(request)).await.map(drop)
    }

    /// Gives a user another password, which takes the one they have.
    ///
    /// # Errors
    /// `NotFound`, `PermissionDenied` when it is not the one they have; what keeps the server from
    /// answering.
    pub async fn change_password(&self, login: &str, current: &str, new: &str) -> Result<()> {
        let options = change_password_req::Options {
            login_name: login.to_owned(),
            current_password: current.to_owned(),
            new_password: new.to_owned(),
        };
        let request = ChangePasswordReq { options: Some(options) };
        self.answer(self.users_client().change_password(request)).await.map(drop)
    }

    /// Gives a user another password.
    ///
    /// # Errors
    /// `NotFound`; what keeps the server from answering.
    pub async fn reset_password(&self, login: &str, new: &str) -> Result<()> {
        let options = reset_password_req::Options {
            login_name: login.to_owned(),
            new_password: new.to_owned(),
        };
        let request = ResetPasswordReq { options: Some(options) };
        self.answer(self.users_client().reset_password(request)).await.map(drop)
    }
}
