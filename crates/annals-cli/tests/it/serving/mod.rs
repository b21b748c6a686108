//! `annals serve` as a process: what it says, what it is told, and how it ends.

mod client;
#[cfg(feature = "otlp")]
mod collector;
mod drain;
mod hostile;
#[cfg(feature = "otlp")]
mod traces;

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    os::unix::net::UnixDatagram,
    process::{Child, ChildStderr, Command, ExitStatus, Stdio},
};

use serde_json::Value;

use crate::harness::Annals;

/// A running server; it ends with this value.
struct Server {
    process: Child,
    log: Option<BufReader<ChildStderr>>,
    address: String,
}

impl Server {
    fn start(annals: &Annals, args: &[&str]) -> Self {
        Self::of(annals.command().args(["serve", "--insecure", "--listen=127.0.0.1:0"]).args(args))
    }

    fn of(command: &mut Command) -> Self {
        let mut process = command.stdin(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let log = process.stderr.take().map(BufReader::new);
        let mut server = Self { process, log, address: String::new() };
        let started = server.line();
        assert!(started["message"].as_str().unwrap().starts_with("serving "), "{started}");
        server.address = started["address"].as_str().unwrap().to_owned();
        server
    }

    /// One that shows its first passwords before it logs.
    fn secured(command: &mut Command) -> Self {
        let mut process = command.stdin(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut log = process.stderr.take().map(BufReader::new).unwrap();
        let mut line = String::new();
        while !line.starts_with('{') {
            line.clear();
            log.read_line(&mut line).unwrap();
        }
        let started: Value = serde_json::from_str(&line).unwrap();
        let address = started["address"].as_str().unwrap().to_owned();
        Self { process, log: Some(log), address }
    }

    fn port(&self) -> &str {
        self.address.rsplit(':').next().unwrap()
    }

    /// The next line of the log.
    fn line(&mut self) -> Value {
        let mut line = String::new();
        self.log.as_mut().unwrap().read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"))
    }

    /// Goes on in the log to the line with a message.
    fn line_of(&mut self, message: &str) -> Value {
        loop {
            let line = self.line();
            if line["message"] == message {
                return line;
            }
        }
    }

    /// What is left of the log of a server that has ended.
    #[cfg(feature = "otlp")]
    fn rest(&mut self) -> String {
        let mut rest = String::new();
        self.log.as_mut().unwrap().read_to_string(&mut rest).unwrap();
        rest
    }

    fn signal(&self, name: &str) {
        let id = self.process.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &id]).status().unwrap().success());
    }

    /// Asks over HTTP, on a connection of its own, and gives everything that is answered.
    fn get(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    /// Asks until the metrics have a line.
    fn wait_until(&self, line: &str) {
        while !self.get("/metrics").lines().any(|found| found == line) {
            std::thread::yield_now();
        }
    }

    /// Waits for the end.
    fn ended(&mut self) -> ExitStatus {
        self.process.wait().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

#[test]
fn the_log_is_one_json_object_per_line_and_shows_no_password() {
    let annals = Annals::new();
    let mut server = Server::start(&annals, &["--at", "memory:"]);
    let warning = server.line();
    assert_eq!(warning["level"], "WARN");
    assert!(warning["message"].as_str().unwrap().contains("without encryption"), "{warning}");
    server.signal("TERM");
    let stopping = server.line();
    assert_eq!(
        (&stopping["message"], &stopping["signal"]),
        (&"stopping".into(), &"SIGTERM".into())
    );
    assert_eq!(server.line()["message"], "stopped");
    assert_eq!(server.ended().code(), Some(0));

    let url = "postgres://ann:geheim@127.0.0.1:1/shop";
    let said = annals.fails(6, &["serve", "--insecure", "--at", url]);
    assert!(!said.contains("geheim"), "{said}");
}

#[test]
fn the_log_is_text_when_asked_for_and_as_quiet_as_wished() {
    let annals = Annals::new();
    let mut command = annals.command();
    command.args(["serve", "--insecure", "--listen=127.0.0.1:0", "--at=memory:"]);
    command.args(["--log-format", "text"]).stderr(Stdio::piped());
    let mut process = command.spawn().unwrap();
    let mut line = String::new();
    BufReader::new(process.stderr.take().unwrap()).read_line(&mut line).unwrap();
    process.kill().unwrap();
    process.wait().unwrap();
    assert!(line.contains(" INFO ") && line.contains("serving memory: on 127.0.0.1:"), "{line}");

    let mut command = annals.command();
    command.args(["serve", "--insecure", "--listen=127.0.0.1:0", "--at=memory:"]);
    command.env("ANNALS_LOG", "warn").stderr(Stdio::piped());
    let mut process = command.spawn().unwrap();
    let mut line = String::new();
    BufReader::new(process.stderr.take().unwrap()).read_line(&mut line).unwrap();
    process.kill().unwrap();
    process.wait().unwrap();
    assert!(line.contains("\"WARN\"") && line.contains("without encryption"), "{line}");
}

#[test]
fn a_log_that_nobody_reads_any_more_ends_nothing() {
    let annals = Annals::new();
    let mut server = Server::start(&annals, &["--at", "memory:", "--log-level", "trace"]);
    server.log = None;
    for _ in 0..10 {
        assert!(server.get("/health/ready").starts_with("HTTP/1.1 204"));
    }
    server.signal("TERM");
    assert_eq!(server.ended().code(), Some(0));
}

#[test]
fn the_service_manager_is_told_when_the_server_is_ready_and_when_it_stops() {
    let annals = Annals::new();
    let path = annals.path("notify");
    let manager = UnixDatagram::bind(&path).unwrap();
    let mut command = annals.command();
    command.args(["serve", "--insecure", "--listen=127.0.0.1:0", "--at=memory:"]);
    let mut server = Server::of(command.env("NOTIFY_SOCKET", &path));
    let told = || {
        let mut text = [0; 64];
        let length = manager.recv(&mut text).unwrap();
        String::from_utf8(text[..length].to_vec()).unwrap()
    };
    assert_eq!(told(), "READY=1");
    server.signal("INT");
    assert_eq!(told(), "STOPPING=1");
    assert_eq!(server.ended().code(), Some(0));
}

#[test]
fn a_server_is_found_ready_and_its_absence_is_noticed() {
    let annals = Annals::new();
    let server = Server::start(&annals, &["--at", "memory:"]);
    annals.ok(&["health", &server.address]);
    assert!(server.get("/health/ready").starts_with("HTTP/1.1 204"));
    // Those of before are closed, and this one is open.
    server.wait_until("annals_connections 1");
    let address = server.address.clone();
    drop(server);
    assert!(annals.fails(6, &["health", &address]).contains("is not ready"));
}

#[cfg(not(feature = "otlp"))]
#[test]
fn a_build_that_cannot_send_traces_says_so_when_it_is_asked_to() {
    let annals = Annals::new();
    let mut command = annals.command();
    command.args(["serve", "--insecure", "--listen=127.0.0.1:0", "--at=memory:"]);
    let mut server = Server::of(command.env("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1"));
    let mut said = Vec::new();
    server.log.as_mut().unwrap().read_until(b'`', &mut said).unwrap();
    let said = String::from_utf8(said).unwrap();
    assert!(said.contains("WARN") && said.contains("this build cannot send them"), "{said}");
}

#[test]
fn a_server_is_asked_over_tls() {
    let annals = Annals::new();
    annals.ok(&["cert", "dev", "--dir", "certs"]);
    annals.ok(&["cert", "dev", "--dir", "others"]);
    let mut command = annals.command();
    command.args(["serve", "--listen=127.0.0.1:0", "--at=memory:"]);
    command.args(["--tls-cert", "certs/server.pem", "--tls-key", "certs/server.key"]);
    let server = Server::secured(&mut command);
    let url = format!("https://localhost:{}", server.port());
    let address = format!("127.0.0.1:{}", server.port());
    annals.ok(&["health", "--url", &url, "--tls-ca", "certs/ca.pem"]);
    annals.ok(&["health", &address, "--tls-ca", "certs/ca.pem"]);
    annals.ok(&["health", &address, "--tls-cert", "certs/server.pem"]);
    let beside = annals
        .command()
        .arg("health")
        .env("ANNALS_LISTEN", &address)
        .env("ANNALS_TLS_CERT", "certs/server.pem")
        .output();
    assert!(beside.unwrap().status.success());

    for wrong in [
        ["health", &address, "--tls-ca", "others/ca.pem"],
        ["health", &address, "--tls-cert", "others/server.pem"],
        ["health", &address, "--tls-ca", "missing"],
    ] {
        let said = annals.fails(6, &wrong);
        assert_eq!(said.lines().count(), 3, "{said}");
    }
    assert!(annals.fails(6, &["health", &address]).contains("`https://`"));
}

#[test]
fn a_file_of_settings_is_enough_to_start() {
    let annals = Annals::new();
    let settings = "listen = \"127.0.0.1:0\"\ninsecure = true\nat = \"memory:\"\n";
    fs::write(annals.path("annals.toml"), settings).unwrap();
    let server = Server::of(annals.command().arg("serve"));
    assert!(server.get("/stats/es/store/backend").ends_with("\"memory\""));
}
