//! The first start of a server with authentication on a store: the accounts without which nobody
//! could come in.

use annals_core::{Error, ErrorKind, Result, StreamStatus};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::rand::{SecureRandom, SystemRandom};

use super::{UserError, Users, stream_of};
use crate::{
    Secret,
    access::{ADMINS, OPS},
    options::Secured,
};

/// An account that was made with a password nobody knows yet: to be shown once, and not logged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The name to log in with.
    pub login: String,
    /// The generated password; it needs no escapes in a URL.
    pub password: Secret,
}

/// A user of the first start.
#[derive(Debug)]
pub(super) struct First {
    pub(super) login: &'static str,
    pub(super) full_name: &'static str,
    pub(super) group: &'static str,
}

pub(super) const FIRST: [First; 2] = [
    First { login: "admin", full_name: "Annals Administrator", group: ADMINS },
    First { login: "ops", full_name: "Annals Operations", group: OPS },
];

/// 144 bits.
const PASSWORD_BYTES: usize = 18;

/// Makes `admin` and `ops` where they never were; gives those whose password was generated.
///
/// # Errors
/// Those of the store.
pub(crate) async fn first_start(users: &Users, secured: &Secured) -> Result<Vec<Account>> {
    let given = [&secured.admin_password, &secured.ops_password];
    let mut generated = Vec::new();
    for (First { login, full_name, group }, given) in FIRST.iter().zip(given) {
        if users.store().stream_info(&stream_of(login)?).await?.status != StreamStatus::Missing {
            continue;
        }
        let password = given.clone().map_or_else(generated_password, Ok)?;
        let groups = vec![(*group).to_owned()];
        match users.create(login, &password, (*full_name).to_owned(), groups).await {
            Ok(()) if given.is_none() => {
                generated.push(Account { login: (*login).to_owned(), password });
            }
            // Another server on the same store was first.
            Ok(()) | Err(UserError::Conflict) => {}
            Err(UserError::Store(error)) => return Err(error),
            Err(UserError::NotFound | UserError::WrongPassword) => {
                let why = format!("the account `{login}` could not be made");
                return Err(Error::new(ErrorKind::Internal, why));
            }
        }
    }
    Ok(generated)
}

/// A new password, of 144 random bits; it needs no escapes in a URL.
///
/// # Errors
/// `Unavailable` when the system gives no random bytes.
pub fn generated_password() -> Result<Secret> {
    let mut bytes = [0; PASSWORD_BYTES];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| Error::new(ErrorKind::Unavailable, "the system gives no random bytes"))?;
    Ok(Secret::new(URL_SAFE_NO_PAD.encode(bytes)))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use annals_core::MemoryBackend;

    use super::*;

    #[tokio::test]
    async fn accounts_are_made_once_and_not_again_when_deleted() {
        let users = Users::new(Arc::new(MemoryBackend::new()));
        let secured = Secured { ops_password: Some(Secret::new("given")), ..Secured::default() };
        let generated = first_start(&users, &secured).await.unwrap();
        let [admin] = generated.as_slice() else {
            panic!("only the password of `admin` was generated: {generated:?}");
        };
        assert_eq!(admin.login, "admin");
        let proven = users.proven("admin", &admin.password).await.unwrap().unwrap();
        assert_eq!(proven.groups, ["$admins"]);
        assert!(users.proven("ops", &Secret::new("given")).await.unwrap().is_some());
        users.delete("ops").await.unwrap();
        assert_eq!(first_start(&users, &secured).await.unwrap(), []);
        assert!(users.find("ops").await.unwrap().is_none());
    }
}
