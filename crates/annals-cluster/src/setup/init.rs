//! Makes the log of a store.

use annals_core::{Error, ErrorKind, Result};
use serde_json::Value;

use super::{Setup, shape, version};
use crate::{
    log::{
        JetStreamLog,
        jetstream::api::{Api, MISSING, Unheard},
    },
    url::Target,
};

/// What `init` did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Initialized {
    /// The log was made.
    Made,
    /// It was there, as it was asked for.
    Found,
}

/// Makes the log of a store, unless it is there. Waits up to 20 s for servers that are electing a
/// leader.
///
/// # Errors
/// `InvalidArgument` when there is a stream of that name which is not as asked for, or another
/// stream has the subject; `Unsupported` when the servers are too old or too few; as
/// [`JetStreamLog::connect`].
pub async fn init(target: &Target, setup: &Setup) -> Result<Initialized> {
    let log = JetStreamLog::connect(target, "init").await?;
    enough(&log)?;
    let wanted = shape::wanted(target.store(), setup);
    let name = target.store().stream();
    let info = format!("$JS.API.STREAM.INFO.{name}");
    match log.api.ask_until_led::<Value>(&info, &[]).await {
        Ok(found) => same(target, &found["config"], &wanted),
        Err(Unheard::Denied(denial)) if denial.number == MISSING => {
            let create = format!("$JS.API.STREAM.CREATE.{name}");
            let made = log.api.ask_until_led(&create, wanted.to_string().as_bytes()).await;
            let made: Value = made.map_err(|unheard| unmade(&log.api, &unheard, setup))?;
            // A server that is too old leaves out what it does not know.
            same(target, &made["config"], &wanted)?;
            Ok(Initialized::Made)
        }
        Err(unheard) => Err(log.api.explain(&unheard)),
    }
}

fn enough(log: &JetStreamLog) -> Result<()> {
    let found = log.client().server_info().version;
    match version::is_enough(&found) {
        Some(true) => Ok(()),
        Some(false) | None => Err(Error::new(
            ErrorKind::Unsupported,
            format!(
                "the server is nats-server {found}, which is too old for a log; update all servers to {} or newer",
                version::oldest()
            ),
        )),
    }
}

fn same(target: &Target, found: &Value, wanted: &Value) -> Result<Initialized> {
    let mut differences = shape::faults(found, wanted);
    differences.extend(shape::differences_of_setup(found, wanted));
    if differences.is_empty() {
        return Ok(Initialized::Found);
    }
    Err(Error::invalid(format!(
        "there is a stream `{}` already, and it is not as asked for: {}; ask for what there is, change it with `nats stream edit`, or choose another name for the store",
        target.store().stream(),
        differences.join(", ")
    )))
}

fn unmade(api: &Api, unheard: &Unheard, setup: &Setup) -> Error {
    let Unheard::Denied(denial) = unheard else { return api.explain(unheard) };
    let (why, count) = (&denial.description, setup.replicas);
    match denial.number {
        // Nobody to place it on, or one server alone.
        10_005 | 10_074 => Error::new(
            ErrorKind::Unsupported,
            format!(
                "the log cannot have {count} replicas: {why}; it needs as many servers with JetStream in one cluster, or ask for fewer"
            ),
        ),
        10_065 => Error::invalid(format!(
            "another stream has the subject `{}`: {why}; remove it there, or choose another name for the store",
            api.store.subject()
        )),
        10_023 | 10_047 | 10_002 => Error::new(
            ErrorKind::Unavailable,
            format!(
                "the servers have no room for the log: {why}; ask for fewer bytes, or raise `max_file_store`"
            ),
        ),
        _ => api.explain(unheard),
    }
}
