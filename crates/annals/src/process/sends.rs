//! Commands that a process manager may send: named, stored as JSON, and executed by name.

use std::{collections::HashMap, fmt};

use annals_core::{AppendCondition, BoxFuture, Error, ErrorKind, Position, Result, Retry, Version};
use futures_lite::FutureExt;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{Annals, Command, Context, ExecuteError, command, guard::panicked};

/// A command that can be stored before it is executed.
pub trait Message: Command + Serialize + DeserializeOwned {
    /// Its name, unique among the commands of a process manager. It is stored, so it stays.
    const NAME: &'static str;
}

/// The commands a process manager may send: a tuple of [`Message`]s. You do not implement this.
pub trait Sends: 'static {
    #[doc(hidden)]
    fn list(into: &mut Senders) -> Result<()>;
}

/// Where in the tuple a command stands; the compiler finds it.
#[derive(Debug, Clone, Copy)]
pub struct Index<const N: usize>;

/// Says that a command is among those a process manager may send. You do not implement this.
#[diagnostic::on_unimplemented(
    message = "`{C}` is not among the commands this process manager sends",
    label = "not in its `type Sends`",
    note = "add it to `type Sends = (..)` of the process manager"
)]
pub trait Contains<C, I> {}

impl Sends for () {
    fn list(_into: &mut Senders) -> Result<()> {
        Ok(())
    }
}

macro_rules! sends_of_tuple {
    ($all:tt; $($name:ident $index:literal),+) => {
        impl<$($name: Message),+> Sends for ($($name,)+) {
            fn list(into: &mut Senders) -> Result<()> {
                $(into.add::<$name>()?;)+
                Ok(())
            }
        }
        $(contains!($all, $name, $index);)+
    };
}
macro_rules! contains {
    (($($name:ident),+), $sent:ident, $index:literal) => {
        impl<$($name),+> Contains<$sent, Index<$index>> for ($($name,)+) {}
    };
}
sends_of_tuple!((A); A 0);
sends_of_tuple!((A, B); A 0, B 1);
sends_of_tuple!((A, B, C); A 0, B 1, C 2);
sends_of_tuple!((A, B, C, D); A 0, B 1, C 2, D 3);
sends_of_tuple!((A, B, C, D, E); A 0, B 1, C 2, D 3, E 4);
sends_of_tuple!((A, B, C, D, E, F); A 0, B 1, C 2, D 3, E 4, F 5);
sends_of_tuple!((A, B, C, D, E, F, G); A 0, B 1, C 2, D 3, E 4, F 5, G 6);
sends_of_tuple!((A, B, C, D, E, F, G, H); A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7);

/// How to execute each command by its name.
#[derive(Clone, Default)]
pub struct Senders(HashMap<&'static str, Send>);

type Send = fn(Annals, Errand) -> BoxFuture<'static, Result<Answer>>;

/// A stored command on its way to be executed.
#[derive(Debug)]
pub(super) struct Errand {
    /// The command as JSON.
    pub(super) data: Value,
    /// Who acts and why.
    pub(super) context: Context,
    /// The idempotency key.
    pub(super) key: String,
    /// "Nobody has answered it yet."
    pub(super) unanswered: AppendCondition,
}

/// What became of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answer {
    /// It was done.
    Done { version: Option<Version>, position: Option<Position> },
    /// It was refused, for this reason.
    Refused(String),
}

impl Senders {
    /// Those of a process manager.
    pub(super) fn of<S: Sends>() -> Result<Self> {
        let mut senders = Self::default();
        S::list(&mut senders)?;
        Ok(senders)
    }

    fn add<C: Message>(&mut self) -> Result<()> {
        match self.0.insert(C::NAME, send::<C>) {
            None => Ok(()),
            Some(_) => Err(Error::invalid(format!(
                "two commands in `type Sends` have the name `{}`; names must be unique",
                C::NAME
            ))),
        }
    }

    /// Executes a command by its name.
    ///
    /// # Errors
    /// Whatever kept it from being decided, also a panic.
    pub(super) async fn execute(&self, app: &Annals, name: &str, errand: Errand) -> Result<Answer> {
        let Some(send) = self.0.get(name) else {
            return Err(Error::new(
                ErrorKind::Undecodable,
                format!(
                    "command `{name}` was sent by an older program and is not in `type Sends` any \
                     more; put it back until none of them is open"
                ),
            ));
        };
        let executing = std::panic::AssertUnwindSafe(send(app.clone(), errand));
        match executing.catch_unwind().await {
            Ok(executed) => executed,
            Err(panic) => Err(panicked(&format!("command `{name}`"), panic.as_ref())),
        }
    }
}

fn send<C: Message>(app: Annals, errand: Errand) -> BoxFuture<'static, Result<Answer>> {
    Box::pin(async move {
        let Errand { data, context, key, unanswered } = errand;
        let command: C = from_json(C::NAME, data)?;
        let execute = app.execute(command).context(context).idempotent(key.clone());
        match execute.unless(unanswered).await {
            Ok(done) => Ok(Answer::Done { version: done.version, position: done.position }),
            Err(ExecuteError::Rejected(refusal)) => Ok(Answer::Refused(refusal.to_string())),
            // It was done, by code that decided otherwise than today's: what is done is done.
            Err(ExecuteError::Failed(error)) if error.retry() == Retry::Never => {
                command::find_written(&app.store, &key)
                    .await?
                    .map(|(version, position)| Answer::Done {
                        version: Some(version),
                        position: Some(position),
                    })
                    .ok_or(error)
            }
            Err(ExecuteError::Failed(error)) => Err(error),
        }
    })
}

/// A command as JSON that can be read again.
pub(super) fn to_json<C: Message>(command: &C) -> Result<Value> {
    let unwritable = |error: serde_json::Error| {
        Error::new(
            ErrorKind::Undecodable,
            format!("command `{}` cannot be stored as JSON and read again", C::NAME),
        )
        .caused_by(error)
    };
    let data = serde_json::to_value(command).map_err(unwritable)?;
    C::deserialize(&data).map_err(unwritable)?;
    Ok(data)
}

pub(super) fn from_json<C: Message>(name: &str, data: Value) -> Result<C> {
    serde_json::from_value(data).map_err(|error| {
        Error::new(
            ErrorKind::Undecodable,
            format!(
                "stored command `{name}` is none that this program can read; give what was added \
                 to it a serde default"
            ),
        )
        .caused_by(error)
    })
}

impl fmt::Debug for Senders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Senders").field(&self.0.keys()).finish()
    }
}
