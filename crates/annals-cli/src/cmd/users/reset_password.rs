//! `annals users reset-password`: another password, for who has lost the one of before.
//!
//! A server is asked to do it, by an administrator. Where `--at` is a store, it is done there: that
//! is the way back in when no administrator is left, and who may write the store may do anything.

use std::io::Write;

use annals_server::{Accounts, Secret, generated_password};
use tokio::runtime::Builder;

use crate::{
    exit::Exit,
    failure::{Failure, OrFail, Result},
    managed::{self, Managed, Subject},
    password::{self, PasswordArgs},
    session::Session,
};

/// Give a user a new password: a generated one, or one of your own
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:\n  \
    annals users reset-password admin --at file:./annals-data   its server is stopped\n  \
    annals users reset-password ann                             of the server in ANNALS_AT\n  \
    annals users reset-password ann --prompt                    asked for, or a line of stdin\n\n\
    A generated one is shown once. In a store without a server, a user who was disabled is enabled again, and `admin` and `ops`\n\
    are made anew if they were deleted.")]
pub(super) struct Args {
    /// The name to log in with
    #[arg(value_name = "LOGIN")]
    login: String,
    /// Ask for the password, or take the next line of stdin
    #[arg(long, conflicts_with = "password_file")]
    prompt: bool,
    #[command(flatten)]
    password: PasswordArgs,
}

pub(super) fn run(args: &Args, session: &Session) -> Result<Exit> {
    let login = &args.login;
    let given = if args.prompt {
        Some(password::asked(&format!("New password of `{login}`: "))?)
    } else {
        args.password.given()?
    };
    let is_generated = given.is_none();
    let password = given.map_or_else(generated_password, Ok)?;
    if managed::named(session.url()).is_some() {
        let managed = Managed::of(session, Subject::Users)?;
        let reset = managed.server().reset_password(login, password.reveal());
        managed.wait(|| what(login), reset)?;
    } else {
        in_store(login, &password, session)?;
    }
    if is_generated {
        session.note(&format!("the new password of `{login}` is shown only now:"));
        writeln!(std::io::stdout(), "{}", password.reveal())?;
    }
    Ok(Exit::Ok)
}

fn what(login: &str) -> String {
    format!("`{login}` has no new password")
}

fn in_store(login: &str, password: &Secret, session: &Session) -> Result<()> {
    let store = session.open()?;
    let runtime = Builder::new_current_thread().build();
    let runtime =
        runtime.map_err(|error| Failure::new(Exit::Failure, what(login), error, "try again"))?;
    let accounts = Accounts::new(store.clone());
    let reset = runtime.block_on(async {
        accounts.reset_password(login, password).await?;
        store.close().await
    });
    reset.or_fail(|| what(login)).map_err(|failure| match failure.exit() {
        Exit::NotFound => failure.with_hint(
            "check the name, and that users log in to the server of this store; \
             `annals stream ls --category '$user' --all` lists them",
        ),
        _ => failure,
    })
}
