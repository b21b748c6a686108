//! What went wrong with a call: what the server says, or what became of the connection.

use annals_client::{Failed, of_code, of_connection};
use annals_core::{Error, ErrorKind};
use annals_proto::annals as messages;
use tonic::Status;

use crate::wire::error;

/// Why a call failed.
pub(crate) fn failed(status: &Status) -> Failed {
    let Some(info) = error::find(status) else {
        return of_connection(status).unwrap_or_else(|| of_code(status, "Annals"));
    };
    let is_going = info.kind() == messages::ErrorKind::Closed;
    let error = error::from_wire(info);
    if is_going {
        // Closed is what a handle is; the store of a server comes back with it.
        let why = format!("the server is closing its store ({error})");
        return Failed::Lost(Error::new(ErrorKind::Unavailable, why));
    }
    Failed::Answered(error)
}
