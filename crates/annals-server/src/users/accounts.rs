//! The accounts of a store, without a server on it: the way back in for those who have lost it.

use std::sync::Arc;

use annals_core::{Backend, Error, ErrorKind, Result};

use super::{UserError, Users, first::FIRST};
use crate::Secret;

/// The accounts of a store. Hashing passwords needs the context of a Tokio runtime.
#[derive(Debug)]
pub struct Accounts {
    users: Users,
}

impl Accounts {
    /// The accounts of this store.
    #[must_use]
    pub fn new(store: Arc<dyn Backend>) -> Self {
        Self { users: Users::new(store) }
    }

    /// Gives a user another password, and lets them in again if they were kept out. The users of
    /// the first start are made anew where there are none.
    ///
    /// # Errors
    /// `StreamNotFound` when there is no such user, `WrongExpectedVersion` when somebody else
    /// changed them meanwhile, `InvalidArgument` and `TooLarge` for a name or a password that cannot
    /// be one; those of the store.
    pub async fn reset_password(&self, login: &str, password: &Secret) -> Result<()> {
        let is_there = self.users.find(login).await?.is_some();
        let first = FIRST.iter().find(|first| first.login == login);
        let done = match first.filter(|_| !is_there) {
            Some(first) => {
                let groups = vec![first.group.to_owned()];
                self.users.create(login, password, first.full_name.to_owned(), groups).await
            }
            None => self.reset(login, password).await,
        };
        done.map_err(|error| failed(login, error))
    }

    async fn reset(&self, login: &str, password: &Secret) -> Result<(), UserError> {
        self.users.reset_password(login, password).await?;
        self.users.update(login, |user| user.disabled = false).await
    }
}

fn failed(login: &str, error: UserError) -> Error {
    match error {
        UserError::NotFound => {
            Error::new(ErrorKind::StreamNotFound, format!("there is no user `{login}`"))
        }
        UserError::Conflict => {
            let why = format!("somebody else changed the user `{login}` at the same time");
            Error::new(ErrorKind::WrongExpectedVersion, why)
        }
        UserError::WrongPassword => Error::new(ErrorKind::PermissionDenied, "wrong password"),
        UserError::Store(error) => error,
    }
}

#[cfg(test)]
mod tests {
    use annals_core::MemoryBackend;

    use super::{super::first::generated_password, *};

    #[tokio::test]
    async fn the_administrator_comes_back_however_they_were_lost() {
        let store: Arc<dyn Backend> = Arc::new(MemoryBackend::new());
        let (accounts, users) = (Accounts::new(Arc::clone(&store)), Users::new(store));
        let first = generated_password().unwrap();
        accounts.reset_password("admin", &first).await.unwrap();
        assert_eq!(users.proven("admin", &first).await.unwrap().unwrap().groups, ["$admins"]);
        users.update("admin", |user| user.disabled = true).await.unwrap();
        let given = Secret::new("hunter2");
        accounts.reset_password("admin", &given).await.unwrap();
        assert!(users.proven("admin", &first).await.unwrap().is_none());
        assert!(users.proven("admin", &given).await.unwrap().is_some());
        users.delete("admin").await.unwrap();
        accounts.reset_password("admin", &first).await.unwrap();
        assert!(users.proven("admin", &first).await.unwrap().is_some());
    }

    #[tokio::test]
    async fn nobody_else_is_made_by_it() {
        let accounts = Accounts::new(Arc::new(MemoryBackend::new()));
        let error = accounts.reset_password("ann", &Secret::new("x")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::StreamNotFound);
    }
}
