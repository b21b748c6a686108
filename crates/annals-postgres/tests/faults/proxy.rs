//! Something between the store and its server that can take bytes and pass none on, while every
//! connection stays up.

use std::{
    io::{Read, Write},
    net::{Ipv4Addr, Shutdown, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

/// What becomes of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mood {
    /// They are passed on.
    Helpful,
    /// What the server says is swallowed.
    SwallowsAnswers,
    /// Everything is swallowed.
    SwallowsAll,
}

/// A proxy on a port of its own, for as long as the process lives.
pub(crate) struct Proxy {
    port: u16,
    lines: Arc<Mutex<Lines>>,
}

struct Lines {
    /// How the next one is.
    next: Mood,
    all: Vec<Arc<Mutex<Mood>>>,
}

/// Which way bytes go.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    ToServer,
    ToClient,
}

impl Proxy {
    pub(crate) fn before(server: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let lines = Arc::new(Mutex::new(Lines { next: Mood::Helpful, all: Vec::new() }));
        let accepted = Arc::clone(&lines);
        thread::spawn(move || {
            for client in listener.incoming() {
                let mut lines = accepted.lock().unwrap();
                let mood = Arc::new(Mutex::new(lines.next));
                lines.all.push(Arc::clone(&mood));
                drop(lines);
                connect(client.unwrap(), server, &mood);
            }
        });
        Self { port, lines }
    }

    /// The URL of the first database through it.
    pub(crate) fn url(&self) -> String {
        format!("postgres://annals@127.0.0.1:{}/postgres", self.port)
    }

    /// From now on the connections there are have this mood.
    pub(crate) fn treat_those_there_are(&self, mood: Mood) {
        for line in &self.lines.lock().unwrap().all {
            *line.lock().unwrap() = mood;
        }
    }

    /// From now on new connections have this mood.
    pub(crate) fn treat_new_ones(&self, mood: Mood) {
        self.lines.lock().unwrap().next = mood;
    }
}

fn connect(client: TcpStream, server: u16, mood: &Arc<Mutex<Mood>>) {
    // A server that is gone takes nobody.
    let Ok(server) = TcpStream::connect((Ipv4Addr::LOCALHOST, server)) else { return };
    let ends = [
        (client.try_clone().unwrap(), server.try_clone().unwrap(), Way::ToServer),
        (server, client, Way::ToClient),
    ];
    for (from, to, way) in ends {
        let mood = Arc::clone(mood);
        thread::spawn(move || pass_on(from, to, way, &mood));
    }
}

/// Until one of them hangs up; then the other is told.
fn pass_on(mut from: TcpStream, mut to: TcpStream, way: Way, mood: &Mutex<Mood>) {
    let mut bytes = [0; 8_192];
    while let Ok(count @ 1..) = from.read(&mut bytes) {
        let is_passed = match *mood.lock().unwrap() {
            Mood::Helpful => true,
            Mood::SwallowsAnswers => way == Way::ToServer,
            Mood::SwallowsAll => false,
        };
        if is_passed && to.write_all(&bytes[..count]).is_err() {
            break;
        }
    }
    for end in [from, to] {
        // The other direction may have done it.
        drop(end.shutdown(Shutdown::Both));
    }
}
