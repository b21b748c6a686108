//! What a server says on its monitoring port, over HTTP.
//!
//! The few facts that tests wait for are picked out of the JSON as text, because
//! the server prints it the same way always.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

/// A server that runs answers at once; one that is paused never does.
const PATIENCE: Duration = Duration::from_secs(2);

const OK: &str = "200";

/// The monitoring port of a server.
#[derive(Debug, Clone, Copy)]
pub(super) struct Monitor {
    pub(super) port: u16,
}

impl Monitor {
    /// Whether the server has all that JetStream's leaders have.
    pub(super) fn is_healthy(self) -> bool {
        self.get("/healthz").is_some()
    }

    /// The name of the server that leads the cluster, as far as this one knows.
    pub(super) fn leader(self) -> Option<String> {
        leader_in(&self.get("/jsz")?).map(str::to_owned)
    }

    /// Whether this server believes that it leads a stream of JetStream.
    pub(super) fn leads(self, stream: &str) -> bool {
        let led = self.get("/jsz?streams=1&stream-leader-only=1");
        led.is_some_and(|led| led.contains(&format!("\"name\": \"{stream}\"")))
    }

    /// The body of an answer that is well.
    fn get(self, path: &str) -> Option<String> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, self.port));
        let mut connection = TcpStream::connect_timeout(&address, PATIENCE).ok()?;
        connection.set_read_timeout(Some(PATIENCE)).ok()?;
        // With 1.0 the answer comes in one piece, and its end is that of the connection.
        let request = format!("GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n");
        connection.write_all(request.as_bytes()).ok()?;
        let mut answer = String::new();
        connection.read_to_string(&mut answer).ok()?;
        body_of(&answer).map(str::to_owned)
    }
}

fn body_of(answer: &str) -> Option<&str> {
    let (head, body) = answer.split_once("\r\n\r\n")?;
    (head.split(' ').nth(1) == Some(OK)).then_some(body)
}

fn leader_in(state: &str) -> Option<&str> {
    let (_, cluster) = state.split_once("\"meta_cluster\"")?;
    let (_, leader) = cluster.split_once("\"leader\": \"")?;
    leader.split('"').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_answer_that_is_well_counts() {
        assert_eq!(body_of("HTTP/1.0 200 OK\r\nA: b\r\n\r\n{}"), Some("{}"));
        assert_eq!(body_of("HTTP/1.0 503 Service Unavailable\r\n\r\n{}"), None);
        assert_eq!(body_of(""), None);
    }

    #[test]
    fn the_leader_is_that_of_the_cluster() {
        let state = "{\n  \"leader\": \"x\",\n  \"meta_cluster\": {\n    \"name\": \"n\",\n    \
                     \"leader\": \"annals-1\",\n    \"peer\": \"p\"\n  }\n}";
        assert_eq!(leader_in(state), Some("annals-1"));
        assert_eq!(leader_in("{\n  \"meta_cluster\": {\n    \"name\": \"n\"\n  }\n}"), None);
        assert_eq!(leader_in("{}"), None);
    }
}
