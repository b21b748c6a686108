//! `annals health`: whether a server is ready, for those who watch it without a browser.

mod place;
mod tls;

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream, ToSocketAddrs},
    path::PathBuf,
    time::Duration,
};

use self::{place::Place, tls::Trust};
use crate::{
    exit::Exit,
    failure::{Failure, Result},
    session::Session,
};

/// Ask a server whether it is ready
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:\n  \
    annals health                   exit code 0 if the server on 127.0.0.1:2113 is ready\n  \
    annals health 127.0.0.1:9000    one on another port\n  \
    annals health --url https://events.example.com:2113\n  \
    annals health --url https://localhost:2113 --tls-ca annals-certs/ca.pem\n  \
    annals health --tls-cert annals-certs/server.pem   a server that has to show this certificate\n\n\
    It reads the variables of `annals serve`, so beside a server it needs no arguments.")]
pub(crate) struct Args {
    /// Where the server listens; it is asked over TLS if a certificate is named
    #[arg(value_name = "ADDRESS", env = "ANNALS_LISTEN", default_value = "127.0.0.1:2113")]
    address: SocketAddr,
    /// The server by its name instead: `https://HOST:PORT`, or `http://` without encryption
    #[arg(long, value_name = "URL", value_parser = Place::parse)]
    url: Option<Place>,
    /// Certificates of authorities to trust instead of those of the system, in PEM
    #[arg(long, value_name = "FILE")]
    tls_ca: Option<PathBuf>,
    /// The certificate that the server has to show, in PEM, whatever name is in it
    #[arg(long, value_name = "FILE", env = "ANNALS_TLS_CERT")]
    tls_cert: Option<PathBuf>,
}

/// How long the server may take.
const PATIENCE: Duration = Duration::from_secs(5);

pub(crate) fn run(args: &Args, session: &Session) -> Result<Exit> {
    let place = args.place();
    let what = || format!("the server on {place} is not ready");
    let hint = "look at its log; `annals serve` starts one";
    let failed = |why: io::Error| Failure::new(Exit::Unavailable, what(), why, hint);
    let status = ask(&place, &args.trust()).map_err(failed)?;
    if !matches!(status, 200..300) {
        let why = format!("it answered {status}");
        return Err(Failure::new(Exit::Unavailable, what(), why, hint));
    }
    session.note("ready");
    Ok(Exit::Ok)
}

impl Args {
    fn place(&self) -> Place {
        let is_encrypted = self.tls_ca.is_some() || self.tls_cert.is_some();
        self.url.clone().unwrap_or_else(|| Place::at(self.address, is_encrypted.into()))
    }

    fn trust(&self) -> Trust {
        // The variable is there for a server; who names authorities means them.
        match (&self.tls_ca, &self.tls_cert) {
            (Some(authorities), _) => Trust::Authorities(authorities.clone()),
            (None, Some(certificate)) => Trust::Certificate(certificate.clone()),
            (None, None) => Trust::System,
        }
    }
}

/// The code of the answer.
fn ask(place: &Place, trust: &Trust) -> io::Result<u16> {
    let server = connect(place)?;
    server.set_read_timeout(Some(PATIENCE))?;
    server.set_write_timeout(Some(PATIENCE))?;
    if place.is_encrypted() {
        answer(tls::encrypted(server, place.host(), trust)?, place)
    } else {
        answer(server, place)
    }
}

/// The first of its addresses that takes a connection.
fn connect(place: &Place) -> io::Result<TcpStream> {
    let mut failed = io::Error::other("its name has no address");
    for address in (place.host(), place.port()).to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, PATIENCE) {
            Ok(server) => return Ok(server),
            Err(error) => failed = error,
        }
    }
    Err(failed)
}

/// The code of the answer on an open connection. One that is cut short is no answer in HTTP.
fn answer(server: impl Read + Write, place: &Place) -> io::Result<u16> {
    let line = first_line(server, place).map_err(|error| match error.kind() {
        io::ErrorKind::InvalidData
        | io::ErrorKind::BrokenPipe
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::ConnectionReset => not_http(),
        _ => error,
    })?;
    let code = line.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)?.parse().ok());
    code.ok_or_else(not_http)
}

fn first_line(mut server: impl Read + Write, place: &Place) -> io::Result<String> {
    let host = place.authority();
    let question =
        format!("GET /health/ready HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    server.write_all(question.as_bytes())?;
    server.flush()?;
    let mut line = String::new();
    // A server that speaks something else may send what is no text, and without an end.
    BufReader::new(server.take(LINE_BYTES_MAX)).read_line(&mut line)?;
    Ok(line)
}

/// Far more than a status line has, in bytes.
const LINE_BYTES_MAX: u64 = 8 * 1024;

fn not_http() -> io::Error {
    io::Error::other("it does not answer as an HTTP server; if it speaks TLS, use `https://`")
}
