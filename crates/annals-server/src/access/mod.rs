//! Who may do what.
//!
//! The gate in front of all services finds out who is calling (`gate.rs`, `login.rs`) and notes it
//! in the request; a service asks [`caller`] for it and [`Access`] whether the call may go on.
//! On a server without authentication everybody may do everything.
//!
//! What has been looked up is remembered until the events say otherwise (`changes.rs`): those that
//! this server writes count at once (`watched.rs`), those of others once they arrive (`follow.rs`).

mod acl;
mod caller;
mod changes;
mod credentials;
mod follow;
pub(crate) mod gate;
mod login;
mod watched;

use std::sync::Arc;

use annals_core::{Acl, Backend, Error, ErrorKind, Read, ReadStream, Result, StreamName};
use futures_lite::StreamExt;
use http::HeaderValue;

use self::{
    acl::{Defaults, SETTINGS},
    changes::{Changes, Remembered},
    login::Login,
    watched::Watched,
};
use crate::{
    options::{Anonymous, Secured},
    users::Users,
};

pub use self::caller::KeyAccess;
pub(crate) use self::{
    acl::{StreamRight, is_secret},
    caller::{ADMINS, Caller, Key, OPS, caller},
    gate::CHALLENGE,
};

/// Decides who may do what.
#[derive(Debug)]
pub(crate) struct Access(Option<Guard>);

/// What a server with authentication decides by.
#[derive(Debug)]
struct Guard {
    store: Arc<dyn Backend>,
    changes: Arc<Changes>,
    login: Login,
    anonymous: Anonymous,
    acls: Remembered<StreamName, Option<Arc<Acl>>>,
    defaults: Remembered<(), Arc<Defaults>>,
}

/// How many streams' access lists are remembered.
const STREAMS_MAX: usize = 16_384;

impl Access {
    /// Everybody may do everything.
    pub(crate) const fn open() -> Self {
        Self(None)
    }

    /// Only who may; gives also the store through which the services have to write.
    ///
    /// # Errors
    /// Those of reading the file of API keys.
    pub(crate) fn guarded(
        store: Arc<dyn Backend>,
        secured: &Secured,
    ) -> Result<(Self, Arc<dyn Backend>, Users)> {
        let changes = Arc::new(Changes::new());
        let watched: Arc<dyn Backend> =
            Arc::new(Watched { store: Arc::clone(&store), changes: Arc::clone(&changes) });
        let users = Users::new(Arc::clone(&watched));
        let guard = Guard {
            login: Login::new(users.clone(), &changes, secured)?,
            anonymous: secured.anonymous,
            acls: Remembered::new(&changes, STREAMS_MAX),
            defaults: Remembered::new(&changes, 1),
            store,
            changes,
        };
        Ok((Self(Some(guard)), watched, users))
    }

    /// Keeps what is remembered true, as long as it runs.
    pub(crate) fn follow(&self) -> Option<impl Future<Output = ()> + Send + 'static> {
        let guard = self.0.as_ref()?;
        Some(follow::follow(Arc::clone(&guard.store), Arc::clone(&guard.changes)))
    }

    /// Who sends this `authorization`.
    ///
    /// # Errors
    /// `Unauthenticated` when it is wrong; those of the store.
    async fn identify(&self, authorization: Option<HeaderValue>) -> Result<Caller> {
        match (&self.0, authorization) {
            (None, _) => Ok(Caller::Unchecked),
            (Some(_), None) => Ok(Caller::Anonymous),
            (Some(guard), Some(header)) => guard.login.identify(&header).await,
        }
    }

    /// Whether callers who have not said who they are get as far as a service.
    fn admits_anonymous(&self) -> bool {
        self.0.as_ref().is_none_or(|guard| guard.anonymous == Anonymous::AsListed)
    }

    /// Checks a call that concerns a stream, or through its metastream the metadata of one.
    ///
    /// # Errors
    /// `PermissionDenied`; those of the store.
    pub(crate) async fn stream(
        &self,
        caller: &Caller,
        stream: &StreamName,
        right: StreamRight,
    ) -> Result<()> {
        let Some(guard) = self.0.as_ref().filter(|_| !caller.is_admin()) else {
            return Ok(());
        };
        let (stream, right) = right.meant(stream);
        if is_secret(&stream) || !may_key(caller, &stream, right) {
            return Err(denied());
        }
        let own = guard.acl(&stream).await?;
        let defaults = guard.defaults().await?;
        allow(caller.is_on(&defaults.allowed(own.as_deref(), &stream, right)))
    }

    /// Checks a read of the whole store.
    ///
    /// # Errors
    /// `PermissionDenied`; those of the store.
    pub(crate) async fn all(&self, caller: &Caller) -> Result<()> {
        match &self.0 {
            Some(guard) if !caller.is_admin() => {
                let is_key = matches!(caller, Caller::Key(_));
                allow(is_key || caller.is_on(&guard.defaults().await?.readers_of_all()))
            }
            _ => Ok(()),
        }
    }

    /// Whether a reader of the whole store is shown everything: the events with the hashes of
    /// passwords and keys ([`is_secret`]) are for administrators.
    pub(crate) fn shows_all(&self, caller: &Caller) -> bool {
        self.0.is_none() || caller.is_admin()
    }

    /// Checks a call that runs the server, for `$admins` and `$ops`.
    ///
    /// # Errors
    /// `PermissionDenied`.
    #[allow(dead_code, reason = "the services that run the server are made beside this")]
    pub(crate) fn operations(&self, caller: &Caller) -> Result<()> {
        allow(self.0.is_none() || caller.is_operator())
    }

    /// Checks a call that concerns the store as a whole beyond its events, such as restoring, by
    /// which anything can be written: for administrators.
    ///
    /// # Errors
    /// `PermissionDenied`.
    #[allow(dead_code, reason = "the services with such calls are made beside this")]
    pub(crate) async fn store(&self, caller: &Caller) -> Result<()> {
        self.administration(caller)
    }

    /// Checks a call that reads or writes keyed state: for administrators, and for programs whose
    /// key may write.
    ///
    /// # Errors
    /// `PermissionDenied`.
    #[allow(dead_code, reason = "the services with such calls are made beside this")]
    pub(crate) fn state(&self, caller: &Caller) -> Result<()> {
        let is_writer = matches!(caller, Caller::Key(key) if key.access == KeyAccess::ReadWrite);
        allow(self.0.is_none() || caller.is_admin() || is_writer)
    }

    /// Checks a call for administrators.
    ///
    /// # Errors
    /// `PermissionDenied`.
    pub(crate) fn administration(&self, caller: &Caller) -> Result<()> {
        allow(self.0.is_none() || caller.is_admin())
    }
}

impl Guard {
    async fn acl(&self, stream: &StreamName) -> Result<Option<Arc<Acl>>> {
        let look_up =
            || async { Ok(self.store.stream_info(stream).await?.metadata.acl.map(Arc::new)) };
        self.acls.get(stream, stream.as_str(), look_up).await
    }

    async fn defaults(&self) -> Result<Arc<Defaults>> {
        let look_up = || async {
            let read = ReadStream::new(StreamName::new(SETTINGS)?).backward().limit(1);
            match self.store.read(Read::Stream(read)).next().await {
                Some(Ok(event)) => Ok(Arc::new(Defaults::parse(&event.data))),
                Some(Err(error))
                    if !matches!(
                        error.kind(),
                        ErrorKind::StreamNotFound | ErrorKind::StreamDeleted
                    ) =>
                {
                    Err(error)
                }
                _ => Ok(Arc::new(Defaults::default())),
            }
        };
        self.defaults.get(&(), SETTINGS, look_up).await
    }
}

/// What no list can give to an API key.
fn may_key(caller: &Caller, stream: &StreamName, right: StreamRight) -> bool {
    match caller {
        Caller::Key(key) => {
            !stream.is_system() && (right.is_reading() || key.access == KeyAccess::ReadWrite)
        }
        _ => true,
    }
}

fn allow(is_allowed: bool) -> Result<()> {
    if is_allowed { Ok(()) } else { Err(denied()) }
}

fn denied() -> Error {
    Error::new(ErrorKind::PermissionDenied, "access denied; ask an administrator for the right")
}
