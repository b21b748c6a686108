//! The connections to a server, with the calls of the protocol.

use annals_client::{Connection, MESSAGE_BYTES_MAX};
use annals_proto::kurrentdb::streams::streams_client::StreamsClient;

/// What calls are made on. Clones share the connection.
pub(crate) type Client = StreamsClient<Connection>;
/// The parts of an open handle.
pub(crate) type Shared = annals_client::Shared<Client>;

/// A client of streams on a connection.
pub(crate) fn client(connection: Connection) -> Client {
    StreamsClient::new(connection)
        .max_decoding_message_size(MESSAGE_BYTES_MAX)
        .max_encoding_message_size(usize::MAX)
}
