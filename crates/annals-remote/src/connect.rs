//! The connections to a server.

use std::{fs, time::Duration};

use annals_core::{Error, Result};
use annals_proto::annals::store_client::StoreClient;
use tonic::{
    service::interceptor::InterceptedService,
    transport::{Certificate, Channel, ClientTlsConfig, Endpoint},
};

use crate::{
    Options, Target,
    login::Login,
    url::{Authorities, Tls},
};

/// What calls are made on. Clones share the connection.
pub(crate) type Client = StoreClient<InterceptedService<Channel, Login>>;

/// The largest message that a server sends: one batch, of which the last item may be the largest
/// there is.
const MESSAGE_BYTES_MAX: usize = 64 * 1024 * 1024;
/// How much of one answer may come before it is read, in bytes.
const CALL_WINDOW: u32 = 1024 * 1024;
/// How much may come on the whole connection before it is read: all there can be, so that an answer
/// that nobody reads holds up no other.
const CONNECTION_WINDOW: u32 = (1 << 31) - 1;
/// The longest headers and trailers that are taken, in bytes.
const HEADERS_BYTES_MAX: u32 = 256 * 1024;
/// A server that has gone without a word is noticed.
const KEEP_ALIVE_EVERY: Duration = Duration::from_secs(10);
const KEEP_ALIVE_TIMEOUT: Duration = Duration::from_secs(20);

/// A connection that is made by its first call. Needs the context of the runtime that drives it.
///
/// # Errors
/// `InvalidArgument` for certificates that cannot be used.
pub(crate) fn client(target: &Target, options: &Options) -> Result<Client> {
    let client = StoreClient::new(channel(target, options)?);
    Ok(client.max_decoding_message_size(MESSAGE_BYTES_MAX).max_encoding_message_size(usize::MAX))
}

/// A connection for any service, as for [`client`]; it tells with each call who calls.
pub(crate) fn channel(
    target: &Target,
    options: &Options,
) -> Result<InterceptedService<Channel, Login>> {
    let endpoint = endpoint(target, options)?;
    let login = Login::new(target.login.as_ref())?;
    Ok(InterceptedService::new(endpoint.connect_lazy(), login))
}

fn endpoint(target: &Target, options: &Options) -> Result<Endpoint> {
    let scheme = match target.tls {
        Tls::Off => "http",
        Tls::On(_) => "https",
    };
    let endpoint = Endpoint::from_shared(format!("{scheme}://{}", target.authority()))
        .map_err(|_| Error::invalid("the host in the URL of the server cannot be one"))?
        .connect_timeout(options.connect_timeout)
        .tcp_nodelay(true)
        .initial_stream_window_size(CALL_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .http2_max_header_list_size(HEADERS_BYTES_MAX)
        .http2_keep_alive_interval(KEEP_ALIVE_EVERY)
        .keep_alive_timeout(KEEP_ALIVE_TIMEOUT)
        .keep_alive_while_idle(true);
    match &target.tls {
        Tls::Off => Ok(endpoint),
        Tls::On(authorities) => endpoint.tls_config(tls(authorities)?).map_err(|error| {
            Error::invalid("the certificates to trust cannot be used").caused_by(error)
        }),
    }
}

fn tls(authorities: &Authorities) -> Result<ClientTlsConfig> {
    let config = ClientTlsConfig::new();
    match authorities {
        Authorities::System => Ok(config.with_native_roots()),
        Authorities::File(file) => {
            let pem = fs::read(file).map_err(|error| {
                let why = format!("`ca` `{}` cannot be read ({error})", file.display());
                Error::invalid(why)
            })?;
            Ok(config.ca_certificate(Certificate::from_pem(pem)))
        }
    }
}
