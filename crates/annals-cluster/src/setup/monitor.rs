//! The monitoring port of a server of NATS: one question in plain HTTP.
//!
//! What a server was configured with, a client of it cannot ask. Its monitoring port tells.

use std::{fmt, str::FromStr, time::Duration};

use annals_core::{Error, ErrorKind, Result};
use serde::Deserialize;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// How long a server may take to answer.
const ANSWERED: Duration = Duration::from_secs(3);

/// The most bytes of an answer; that of a server with many features has some thousand.
const ANSWER_MAX: u64 = 1 << 20;

/// The port that NATS is monitored on by default.
const PORT: u16 = 8222;

/// A monitoring port: `http://HOST:8222`, or `HOST:8222`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Monitor {
    place: String,
}

/// What a server says of itself.
#[derive(Debug, Deserialize)]
pub(super) struct Varz {
    pub(super) server_name: String,
    pub(super) version: String,
    #[serde(default)]
    pub(super) jetstream: JetStream,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct JetStream {
    pub(super) config: Option<Config>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Config {
    /// In nanoseconds.
    #[serde(default)]
    pub(super) sync_interval: u64,
    #[serde(default)]
    pub(super) sync_always: bool,
}

impl Monitor {
    /// Asks the server for its configuration and state.
    pub(super) async fn ask(&self) -> Result<Varz> {
        let asked = tokio::time::timeout(ANSWERED, self.get("/varz")).await;
        let answer = asked.map_err(|_| self.silent("it does not answer"))?;
        let answer = answer.map_err(|error| self.silent(&error.to_string()))?;
        let body = body(&answer).ok_or_else(|| self.silent("it answers with an error"))?;
        serde_json::from_slice(body).map_err(|_| self.silent("it is no server of NATS"))
    }

    async fn get(&self, path: &str) -> std::io::Result<Vec<u8>> {
        let mut connection = TcpStream::connect(&self.place).await?;
        // A server ends an answer of version 1.0 by closing the connection, and sends no chunks.
        let request = format!("GET {path} HTTP/1.0\r\nHost: {}\r\n\r\n", self.place);
        connection.write_all(request.as_bytes()).await?;
        let mut answer = Vec::new();
        connection.take(ANSWER_MAX).read_to_end(&mut answer).await?;
        Ok(answer)
    }

    fn silent(&self, why: &str) -> Error {
        Error::new(
            ErrorKind::Unavailable,
            format!(
                "the monitoring port {self} cannot be read: {why}; check the address and that the server has `http_port`"
            ),
        )
    }
}

/// What stands behind the head of an answer that is no error.
fn body(answer: &[u8]) -> Option<&[u8]> {
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&answer[..end]).ok()?;
    let status = head.lines().next()?.split(' ').nth(1)?;
    (status == "200").then_some(&answer[end + 4..])
}

impl FromStr for Monitor {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let place = text.strip_prefix("http://").unwrap_or(text).trim_end_matches('/');
        let is_known = |c: char| c.is_ascii_alphanumeric() || ".-_[]:".contains(c);
        if place.is_empty() || !place.chars().all(is_known) {
            return Err(Error::invalid(
                "this is no monitoring port; write it like `http://host:8222`; encrypted ones are not read",
            ));
        }
        let has_port = place.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
        let place = if has_port { place.to_owned() } else { format!("{place}:{PORT}") };
        Ok(Self { place })
    }
}

impl fmt::Display for Monitor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "http://{}", self.place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_read_and_shown() {
        for (text, shown) in [
            ("http://a:8333/", "http://a:8333"),
            ("a", "http://a:8222"),
            ("127.0.0.1:1", "http://127.0.0.1:1"),
            ("http://[::1]:8222", "http://[::1]:8222"),
        ] {
            assert_eq!(text.parse::<Monitor>().unwrap().to_string(), shown);
        }
        for text in ["", "https://a:8222", "http://a/b"] {
            assert!(text.parse::<Monitor>().is_err(), "{text}");
        }
    }

    #[test]
    fn only_a_good_answer_has_a_body() {
        assert_eq!(body(b"HTTP/1.0 200 OK\r\nA: b\r\n\r\n{}"), Some(&b"{}"[..]));
        assert_eq!(body(b"HTTP/1.0 404 Not Found\r\n\r\nx"), None);
        assert_eq!(body(b"HTTP/1.0 200 OK\r\n"), None);
    }
}
