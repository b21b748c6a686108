//! `annals health`: whether a server is ready, for those who watch it without a browser.

use std::{
    io::{self, BufRead, BufReader, Write},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream},
    time::Duration,
};

use crate::{
    exit::Exit,
    failure::{Failure, Result},
    session::Session,
};

/// Ask a server whether it is ready
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:\n  \
    annals health                   exit code 0 if the server on 127.0.0.1:2113 is ready\n  \
    annals health 127.0.0.1:9000    one on another port")]
pub(crate) struct Args {
    /// Where the server listens, without encryption
    #[arg(value_name = "ADDRESS", env = "ANNALS_LISTEN", default_value = "127.0.0.1:2113")]
    address: SocketAddr,
}

/// How long the server may take.
const PATIENCE: Duration = Duration::from_secs(5);

pub(crate) fn run(args: &Args, session: &Session) -> Result<Exit> {
    let address = reachable(args.address);
    let what = || format!("the server on {address} is not ready");
    let hint = "look at its log; `annals serve` starts one";
    let status =
        ask(address).map_err(|error| Failure::new(Exit::Unavailable, what(), error, hint))?;
    if !matches!(status, 200..300) {
        let why = format!("it answered {status}");
        return Err(Failure::new(Exit::Unavailable, what(), why, hint));
    }
    session.note("ready");
    Ok(Exit::Ok)
}

/// A server that listens everywhere is asked on this machine.
fn reachable(address: SocketAddr) -> SocketAddr {
    let host = match address.ip() {
        IpAddr::V4(host) if host.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(host) if host.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        host => host,
    };
    SocketAddr::new(host, address.port())
}

/// The code of the answer.
fn ask(address: SocketAddr) -> io::Result<u16> {
    let mut server = TcpStream::connect_timeout(&address, PATIENCE)?;
    server.set_read_timeout(Some(PATIENCE))?;
    server.set_write_timeout(Some(PATIENCE))?;
    write!(server, "GET /health/ready HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut line = String::new();
    BufReader::new(server).read_line(&mut line)?;
    let code = line.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)?.parse().ok());
    code.ok_or_else(|| io::Error::other("it does not speak plain HTTP"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_listens_everywhere_is_asked_on_this_machine() {
        for (listens, asked) in [
            ("0.0.0.0:2113", "127.0.0.1:2113"),
            ("[::]:9", "[::1]:9"),
            ("192.0.2.7:9", "192.0.2.7:9"),
        ] {
            assert_eq!(reachable(listens.parse().unwrap()), asked.parse().unwrap());
        }
    }
}
