//! As much of a client of NATS as these tests need, in its protocol of lines.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// A request that needs a leader gets no answer at all while there is none.
const PATIENCE: Duration = Duration::from_secs(2);

/// A connection that asks for one thing at a time.
pub(crate) struct Client {
    connection: BufReader<TcpStream>,
    /// What the server said of itself, as JSON.
    pub(crate) info: String,
    answers: String,
}

impl Client {
    /// Connects to `nats://ADDRESS`, without a login.
    pub(crate) fn connect(url: &str) -> io::Result<Self> {
        let address = url.strip_prefix("nats://").ok_or(io::ErrorKind::InvalidInput)?;
        let connection = TcpStream::connect(address)?;
        connection.set_read_timeout(Some(PATIENCE))?;
        let answers = format!("answers.{}", connection.local_addr()?.port());
        let mut client =
            Self { connection: BufReader::new(connection), info: String::new(), answers };
        client.info = client.line("INFO ")?;
        client.say("CONNECT {\"verbose\":false,\"headers\":true,\"no_responders\":true}\r\n")?;
        client.say(&format!("SUB {} 1\r\n", client.answers))?;
        Ok(client)
    }

    /// Sends a message and takes the first one that answers it. It is an error that the server
    /// knows of nobody to answer it, as of a stream that has just been made elsewhere.
    pub(crate) fn request(&mut self, subject: &str, body: &str) -> io::Result<String> {
        let length = body.len();
        self.say(&format!("PUB {subject} {} {length}\r\n{body}\r\n", self.answers))?;
        let unanswered = |error| io::Error::other(format!("no answer to `{subject}`: {error}"));
        let head = self.line("MSG ").map_err(unanswered)?;
        let length = head.split(' ').next_back().and_then(|length| length.parse().ok());
        let mut message = vec![0; length.ok_or(io::ErrorKind::InvalidData)?];
        self.connection.read_exact(&mut message)?;
        String::from_utf8(message).map_err(|_| io::ErrorKind::InvalidData.into())
    }

    /// Asks whether the server is there.
    pub(crate) fn ping(&mut self) -> io::Result<()> {
        self.say("PING\r\n")?;
        self.pong()
    }

    /// Takes the answer to a ping that was waited for in vain before.
    pub(crate) fn pong(&mut self) -> io::Result<()> {
        self.line("PONG").map(drop)
    }

    fn say(&mut self, words: &str) -> io::Result<()> {
        self.connection.get_mut().write_all(words.as_bytes())
    }

    /// The rest of the next line that begins like this.
    fn line(&mut self, beginning: &str) -> io::Result<String> {
        loop {
            let mut line = String::new();
            if self.connection.read_line(&mut line)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            // Nothing here has headers but the answer that there is nobody to answer.
            if line.starts_with("HMSG ") {
                return Err(io::ErrorKind::NotConnected.into());
            }
            if let Some(rest) = line.strip_prefix(beginning) {
                return Ok(rest.trim_end().to_owned());
            }
        }
    }
}
