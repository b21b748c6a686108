//! Hashing passwords with Argon2id: slow on purpose, so away from the threads that serve, and only
//! so many at once.

use annals_core::{Error, ErrorKind, Result};
use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier},
};
use ring::rand::{SecureRandom, SystemRandom};
use tokio::{sync::Semaphore, task};

use super::record::Hash;
use crate::Secret;

/// Hashes and verifies passwords.
#[derive(Debug)]
pub(super) struct Hasher {
    /// Places to wait or work in.
    queue: Semaphore,
    /// Places to work in; each takes 19 MiB of memory.
    work: Semaphore,
}

/// How many may wait to be hashed; more are told to come again.
const QUEUE: usize = 256;
/// How many are hashed at once.
const WORK_MAX: usize = 4;
/// The longest password, in bytes.
const PASSWORD_BYTES_MAX: usize = 1_024;
const SALT_BYTES: usize = 16;

impl Hasher {
    pub(super) fn new() -> Self {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        let work = processors.min(WORK_MAX);
        Self { queue: Semaphore::new(QUEUE + work), work: Semaphore::new(work) }
    }

    /// The hash of a new password.
    ///
    /// # Errors
    /// `InvalidArgument` for an empty password, `TooLarge`, `Unavailable`.
    pub(super) async fn hash(&self, password: &Secret) -> Result<Hash> {
        let size = password.reveal().len();
        if size == 0 {
            return Err(Error::invalid("a password is not empty"));
        }
        if size > PASSWORD_BYTES_MAX {
            let what = "the size of the password in bytes";
            return Err(Error::too_large(what, size, PASSWORD_BYTES_MAX));
        }
        let password = password.clone();
        self.run(move || hash(&password)).await?
    }

    /// Whether a password is the one of the hash. Without a hash it takes as long, and is not.
    ///
    /// # Errors
    /// `Unavailable` when too many ask at once.
    pub(super) async fn verify(&self, password: &Secret, hash: Option<Hash>) -> Result<bool> {
        if password.reveal().len() > PASSWORD_BYTES_MAX {
            return Ok(false);
        }
        let password = password.clone();
        self.run(move || match hash {
            Some(Hash(hash)) => Argon2::default()
                .verify_password(password.reveal().as_bytes(), hash.as_str())
                .is_ok(),
            None => {
                let mut hash = [0; 32];
                let password = password.reveal().as_bytes();
                let hashed =
                    Argon2::default().hash_password_into(password, &[0; SALT_BYTES], &mut hash);
                // Never so, but the work must not be left out for being in vain.
                hashed.is_ok() && hash.iter().all(|byte| *byte == 0)
            }
        })
        .await
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let unavailable = |why| Error::new(ErrorKind::Unavailable, why);
        let too_many = "too many log in at once; try again";
        let _queued = self.queue.try_acquire().map_err(|_| unavailable(too_many))?;
        // The semaphore is never closed.
        let _working = self.work.acquire().await.map_err(|_| unavailable(too_many))?;
        task::spawn_blocking(work).await.map_err(|error| {
            unavailable("a password could not be hashed because the server stops").caused_by(error)
        })
    }
}

fn hash(password: &Secret) -> Result<Hash> {
    let mut salt = [0; SALT_BYTES];
    SystemRandom::new()
        .fill(&mut salt)
        .map_err(|_| Error::new(ErrorKind::Unavailable, "the system gives no random bytes"))?;
    let hashed = Argon2::default().hash_password_with_salt(password.reveal().as_bytes(), &salt);
    let hashed = hashed.map_err(|error| {
        Error::new(ErrorKind::Internal, "a password could not be hashed")
            .caused_by(error.to_string())
    })?;
    Ok(Hash(hashed.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_fits_its_own_hash_only() {
        let hasher = Hasher::new();
        let hash = hasher.hash(&Secret::new("hunter2")).await.unwrap();
        assert!(hash.0.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", hash.0);
        assert!(hasher.verify(&Secret::new("hunter2"), Some(hash.clone())).await.unwrap());
        assert!(!hasher.verify(&Secret::new("hunter3"), Some(hash.clone())).await.unwrap());
        assert!(!hasher.verify(&Secret::new("hunter2"), None).await.unwrap());
        assert!(!hasher.verify(&Secret::new("x"), Some(Hash("x".to_owned()))).await.unwrap());
        let again = hasher.hash(&Secret::new("hunter2")).await.unwrap();
        assert_ne!(hash, again, "the salt is another one");
    }

    #[tokio::test]
    async fn passwords_have_a_size() {
        let hasher = Hasher::new();
        let long = Secret::new("x".repeat(PASSWORD_BYTES_MAX + 1));
        assert_eq!(hasher.hash(&long).await.unwrap_err().kind(), ErrorKind::TooLarge);
        assert!(!hasher.verify(&long, None).await.unwrap());
        let empty = hasher.hash(&Secret::new("")).await.unwrap_err();
        assert_eq!(empty.kind(), ErrorKind::InvalidArgument);
    }

    #[tokio::test]
    async fn who_finds_no_place_in_the_queue_is_told_to_come_again() {
        let hasher = Hasher { queue: Semaphore::new(0), work: Semaphore::new(1) };
        let error = hasher.verify(&Secret::new("x"), None).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable);
    }
}
