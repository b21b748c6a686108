//! Finding out who sends credentials, once for as long as they stay right.
//!
//! Hashing a password is slow on purpose, so an answer is remembered: under a hash of the
//! credentials with a secret of this process, never under the credentials, and only until the user
//! or the key changes. Wrong credentials are not remembered.

use std::sync::Arc;

use annals_core::{Error, ErrorKind, Result};
use http::HeaderValue;
use ring::{hmac, rand::SystemRandom};

use super::{
    caller::{Caller, Identity, Key},
    changes::{Changes, Remembered},
    credentials::Credentials,
};
use crate::{
    Secret,
    options::Secured,
    users::{
        KeyFile, Users,
        keys::{self, Keys},
        stream_of,
    },
};

/// Knows who callers are.
pub(super) struct Login {
    users: Users,
    keys: Keys,
    file: Option<KeyFile>,
    remembered: Remembered<[u8; 32], Caller>,
    secret: hmac::Key,
}

impl std::fmt::Debug for Login {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Login").finish_non_exhaustive()
    }
}

/// How many credentials are remembered.
const CREDENTIALS_MAX: usize = 4_096;

impl Login {
    pub(super) fn new(users: Users, changes: &Arc<Changes>, secured: &Secured) -> Result<Self> {
        let secret = hmac::Key::generate(hmac::HMAC_SHA256, &SystemRandom::new());
        let secret = secret
            .map_err(|_| Error::new(ErrorKind::Unavailable, "the system gives no random bytes"))?;
        Ok(Self {
            keys: Keys::new(Arc::clone(users.store())),
            users,
            file: secured.api_keys.as_deref().map(KeyFile::read).transpose()?,
            remembered: Remembered::new(changes, CREDENTIALS_MAX),
            secret,
        })
    }

    /// Who sends this header.
    ///
    /// # Errors
    /// `Unauthenticated` when it is wrong; those of the store.
    pub(super) async fn identify(&self, header: &HeaderValue) -> Result<Caller> {
        match Credentials::parse(header)? {
            Credentials::Password { login, password } => self.user(&login, &password).await,
            Credentials::Key(key) => self.key(&key).await,
        }
    }

    async fn user(&self, login: &str, password: &Secret) -> Result<Caller> {
        let stream = stream_of(login).map_err(|_| refused())?;
        let name = self.name(&[b"user", login.as_bytes(), password.reveal().as_bytes()]);
        let look_up = || async {
            let user = self.users.proven(login, password).await?.ok_or_else(refused)?;
            let identity = Identity { login: user.login_name, groups: user.groups };
            Ok(Caller::User(Arc::new(identity)))
        };
        self.remembered.get(&name, stream.as_str(), look_up).await
    }

    async fn key(&self, text: &Secret) -> Result<Caller> {
        if let Some(key) = self.file.as_ref().and_then(|file| file.find(text)) {
            return Ok(Caller::Key(key));
        }
        let stream = keys::stream_of_key(text).ok_or_else(refused)?;
        let name = self.name(&[b"key", text.reveal().as_bytes()]);
        let look_up = || async {
            let stored = self.keys.proven(text).await?.ok_or_else(refused)?;
            Ok(Caller::Key(Arc::new(Key { name: stored.name, access: stored.access })))
        };
        self.remembered.get(&name, stream.as_str(), look_up).await
    }

    /// Under what an answer is remembered. Lengths come first, so that no two lists of parts give
    /// the same bytes.
    fn name(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&self.secret);
        for part in parts {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part);
        }
        context.sign().as_ref().try_into().unwrap_or_default()
    }
}

/// One answer for all that can be wrong: it tells nobody which users there are.
fn refused() -> Error {
    let why = "the credentials are wrong; check the user and the password, or the API key";
    Error::new(ErrorKind::Unauthenticated, why)
}

#[cfg(test)]
mod tests {
    use annals_core::{Append, Backend, ExpectedVersion, MemoryBackend, NewEvent, StreamName};
    use base64::{Engine, engine::general_purpose::STANDARD};

    use super::*;

    fn header(login: &str, password: &str) -> HeaderValue {
        let basic = format!("Basic {}", STANDARD.encode(format!("{login}:{password}")));
        HeaderValue::from_str(&basic).unwrap()
    }

    #[tokio::test]
    async fn a_password_is_hashed_once_until_the_user_changes() {
        let store = Arc::new(MemoryBackend::new());
        let changes = Arc::new(Changes::new());
        let users = Users::new(Arc::clone(&store) as _);
        let login = Login::new(users.clone(), &changes, &Secured::default()).unwrap();
        changes.follow();
        let password = Secret::new("hunter2");
        users.create("ann", &password, String::new(), Vec::new()).await.unwrap();
        let ann = header("ann", "hunter2");
        assert!(login.identify(&ann).await.unwrap().is_user("ann"));
        // Nobody tells of this change, so what is remembered still counts.
        let broken = NewEvent::new(annals_core::EventType::new("$UserUpdated").unwrap(), "broken");
        let stream = StreamName::new("$user-ann").unwrap();
        store.append(Append::to(stream, ExpectedVersion::Any, [broken])).await.unwrap();
        assert!(login.identify(&ann).await.unwrap().is_user("ann"));
        assert!(login.identify(&header("ann", "wrong")).await.is_err());
        changes.note("$user-ann");
        let kind = login.identify(&ann).await.unwrap_err().kind();
        assert_eq!(kind, ErrorKind::Undecodable);
    }

    #[test]
    fn no_two_lists_of_parts_have_one_name() {
        let users = Users::new(Arc::new(MemoryBackend::new()));
        let login = Login::new(users, &Arc::new(Changes::new()), &Secured::default()).unwrap();
        assert_ne!(login.name(&[b"ab", b"c"]), login.name(&[b"a", b"bc"]));
        assert_eq!(login.name(&[b"ab", b"c"]), login.name(&[b"ab", b"c"]));
    }
}
