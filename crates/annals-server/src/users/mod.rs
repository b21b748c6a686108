//! Users: kept as events, one stream each, in the shape that KurrentDB keeps them.
//!
//! `$user-LOGIN` has `$UserCreated` and `$UserUpdated` with the whole user, `$users` the logins in
//! the order they were made, and `$users-password-notifications` who changed a password of late.
//! Only the field with the hash is of another form: Argon2id as a PHC string.

mod accounts;
mod first;
mod key_file;
pub(crate) mod keys;
mod password;
mod record;

use std::sync::Arc;

use annals_core::{
    Append, Backend, Category, ContentType, DeleteMode, DeleteStream, Error, ErrorKind, EventType,
    ExpectedVersion, NewEvent, Read, ReadStream, Result, StreamMetadata, StreamName, Timestamp,
    Version,
};
use futures_lite::StreamExt;
use serde_json::json;

use self::password::Hasher;
pub use self::{
    accounts::Accounts,
    first::{Account, generated_password},
    key_file::key_for_file,
    keys::{Keys, StoredKey},
};
pub(crate) use self::{first::first_start, key_file::KeyFile, record::User};
use crate::Secret;

/// The users of a store.
#[derive(Debug, Clone)]
pub(crate) struct Users {
    store: Arc<dyn Backend>,
    hasher: Arc<Hasher>,
}

/// A user as stored, and where.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) user: User,
    pub(crate) changed_at: Timestamp,
    version: Version,
}

/// Why something was not done with a user.
#[derive(Debug)]
pub(crate) enum UserError {
    NotFound,
    Conflict,
    WrongPassword,
    Store(Error),
}

impl From<Error> for UserError {
    fn from(error: Error) -> Self {
        match error.kind() {
            ErrorKind::WrongExpectedVersion => Self::Conflict,
            _ => Self::Store(error),
        }
    }
}

const USERS: &str = "$users";
const NOTIFICATIONS: &str = "$users-password-notifications";
/// For how long it is kept who changed a password.
const NOTIFICATIONS_SECONDS: u64 = 3_600;

/// The stream of a user.
///
/// # Errors
/// `InvalidArgument` and `TooLarge` for a login that cannot be one: access lists give `$` and `key:`
/// another meaning, and credentials the colon.
pub(crate) fn stream_of(login: &str) -> Result<StreamName> {
    if login.is_empty() || login.starts_with('$') || login.contains(':') {
        let why = "a login name is not empty, does not begin with `$` and has no `:` in it";
        return Err(Error::invalid(why));
    }
    StreamName::new(format!("$user-{login}"))
}

impl Users {
    pub(crate) fn new(store: Arc<dyn Backend>) -> Self {
        Self { store, hasher: Arc::new(Hasher::new()) }
    }

    pub(crate) fn store(&self) -> &Arc<dyn Backend> {
        &self.store
    }

    /// A user as stored now, `None` for one that never was or is deleted.
    ///
    /// # Errors
    /// `Undecodable` when what is stored is no user; those of the store.
    pub(crate) async fn find(&self, login: &str) -> Result<Option<Found>> {
        self.find_in(stream_of(login)?).await
    }

    async fn find_in(&self, stream: StreamName) -> Result<Option<Found>> {
        let Some(event) = newest(self.store.as_ref(), stream).await? else {
            return Ok(None);
        };
        let user = User::parse(&event)?;
        Ok(Some(Found { user, changed_at: event.recorded_at, version: event.version }))
    }

    /// All users, by their logins.
    ///
    /// # Errors
    /// Those of the store.
    pub(crate) async fn all(&self) -> Result<Vec<Found>> {
        let mut all = Vec::new();
        let mut streams = self.store.streams(Some(Category::new("$user")?));
        while let Some(stream) = streams.next().await.transpose()? {
            all.extend(self.find_in(stream).await?);
        }
        all.sort_by(|a, b| a.user.login_name.cmp(&b.user.login_name));
        Ok(all)
    }

    /// The user with this login, if the password is theirs and they may come in.
    ///
    /// # Errors
    /// `Unavailable` when too many ask at once; those of the store.
    pub(crate) async fn proven(&self, login: &str, password: &Secret) -> Result<Option<User>> {
        let user = self.find(login).await?.map(|found| found.user);
        // A user who is not there costs as much time as one who is, so nobody learns which are.
        let hash = user.as_ref().map(|user| user.hash.clone());
        let is_right = self.hasher.verify(password, hash).await?;
        Ok(user.filter(|user| is_right && !user.disabled))
    }

    /// Makes a user. One who is there already with the same password is no conflict, so that a
    /// repeated call succeeds.
    pub(crate) async fn create(
        &self,
        login: &str,
        password: &Secret,
        full_name: String,
        groups: Vec<String>,
    ) -> Result<(), UserError> {
        let stream = stream_of(login)?;
        if let Some(found) = self.find(login).await? {
            let is_same = self.hasher.verify(password, Some(found.user.hash)).await?;
            return if is_same { Ok(()) } else { Err(UserError::Conflict) };
        }
        let hash = self.hasher.hash(password).await?;
        let user = User { login_name: login.to_owned(), full_name, hash, disabled: false, groups };
        let event = user.event("$UserCreated")?;
        let listed = NewEvent {
            content_type: ContentType::Binary,
            ..NewEvent::new(EventType::new("$User")?, login.to_owned())
        };
        let append = Append::to(stream, ExpectedVersion::NoStream, [event]);
        let append = append.and(StreamName::new(USERS)?, ExpectedVersion::Any, [listed]);
        self.store.append(append).await?;
        Ok(())
    }

    /// Changes a user, unless they are as asked for already.
    pub(crate) async fn update(
        &self,
        login: &str,
        change: impl FnOnce(&mut User),
    ) -> Result<(), UserError> {
        let found = self.find(login).await?.ok_or(UserError::NotFound)?;
        let mut user = found.user.clone();
        change(&mut user);
        if user == found.user {
            return Ok(());
        }
        let expected = ExpectedVersion::Exact(found.version);
        let event = user.event("$UserUpdated")?;
        self.store.append(Append::to(stream_of(login)?, expected, [event])).await?;
        Ok(())
    }

    /// Deletes a user; the same login can be given to somebody again.
    pub(crate) async fn delete(&self, login: &str) -> Result<(), UserError> {
        let found = self.find(login).await?.ok_or(UserError::NotFound)?;
        let expected = ExpectedVersion::Exact(found.version);
        let stream = stream_of(login)?;
        self.store.delete_stream(DeleteStream { stream, expected, mode: DeleteMode::Soft }).await?;
        Ok(())
    }

    /// Gives a user another password, if the old one is right.
    pub(crate) async fn change_password(
        &self,
        login: &str,
        current: &Secret,
        new: &Secret,
    ) -> Result<(), UserError> {
        let found = self.find(login).await?.ok_or(UserError::NotFound)?;
        if !self.hasher.verify(current, Some(found.user.hash)).await? {
            return Err(UserError::WrongPassword);
        }
        self.reset_password(login, new).await
    }

    /// Gives a user another password.
    pub(crate) async fn reset_password(&self, login: &str, new: &Secret) -> Result<(), UserError> {
        self.find(login).await?.ok_or(UserError::NotFound)?;
        let hash = self.hasher.hash(new).await?;
        self.update(login, |user| user.hash = hash).await?;
        Ok(self.notify(login).await?)
    }

    /// Tells other programs on the store, which may remember passwords, that one has changed.
    async fn notify(&self, login: &str) -> Result<()> {
        let stream = StreamName::new(NOTIFICATIONS)?;
        if self.store.stream_info(&stream).await?.metadata_version.is_none() {
            let metadata = StreamMetadata {
                max_age_seconds: Some(NOTIFICATIONS_SECONDS),
                ..StreamMetadata::default()
            };
            self.store.set_stream_metadata(&stream, ExpectedVersion::Any, &metadata).await?;
        }
        let data = json!({ "LoginName": login }).to_string();
        let event = NewEvent::new(EventType::new("$PasswordChanged")?, data);
        self.store.append(Append::to(stream, ExpectedVersion::Any, [event])).await?;
        Ok(())
    }
}

/// The newest event of a stream, `None` when there is none to be read.
async fn newest(
    store: &dyn Backend,
    stream: StreamName,
) -> Result<Option<annals_core::RecordedEvent>> {
    let read = ReadStream::new(stream).backward().limit(1);
    match store.read(Read::Stream(read)).next().await.transpose() {
        Err(error)
            if matches!(error.kind(), ErrorKind::StreamNotFound | ErrorKind::StreamDeleted) =>
        {
            Ok(None)
        }
        found => found,
    }
}
