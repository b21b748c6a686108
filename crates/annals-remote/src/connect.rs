//! The connections to a server, with the calls of the protocol.

use annals_client::{Connection, MESSAGE_BYTES_MAX, Options};
use annals_core::Result;
use annals_proto::annals::store_client::StoreClient;

use crate::Target;

/// What calls are made on. Clones share the connection.
pub(crate) type Client = StoreClient<Connection>;
/// The parts of an open handle.
pub(crate) type Shared = annals_client::Shared<Client>;

/// A connection that is made by its first call. Needs the context of the runtime that drives it.
///
/// # Errors
/// `InvalidArgument` for certificates that cannot be used.
pub(crate) fn client(target: &Target, options: &Options) -> Result<Client> {
    let client = StoreClient::new(target.connection(options)?);
    Ok(client.max_decoding_message_size(MESSAGE_BYTES_MAX).max_encoding_message_size(usize::MAX))
}
