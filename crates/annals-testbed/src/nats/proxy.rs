//! A port of loopback that leads to another one, until it is cut.
//!
//! Each connection has two threads that copy bytes and do nothing else; between
//! reading and writing they look whether the way is open.
//! What was read before a silent cut is written after it, so that a connection
//! never loses bytes from its middle: it ends, or it goes on.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use crate::Problem;

/// How many bytes are copied at once.
const BUFFER: usize = 64 * 1024;

/// How a way is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// Nothing passes and nobody is told, as when a network loses packets. What is sent meanwhile,
    /// new connections included, waits and passes when the way is open again.
    Silent,
    /// Connections end at once, and new ones as soon as they are made.
    Abrupt,
}

/// A way to a port, cut or open; all its connections end with it.
#[derive(Debug)]
pub(super) struct Proxy {
    port: u16,
    way: Arc<Way>,
    accepting: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Way {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    passage: Passage,
    /// The port that it leads to; none before that is known.
    target: Option<u16>,
    connections: BTreeMap<u64, Arc<[TcpStream; 2]>>,
    next: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Passage {
    #[default]
    Open,
    Cut(Cut),
    /// The proxy is gone.
    Over,
}

impl Proxy {
    /// A way that leads nowhere yet: connections end as soon as they are made.
    pub(super) fn start() -> Result<Self, Problem> {
        let failed = |error: io::Error| {
            Problem::new(
                "cannot listen on 127.0.0.1",
                error.to_string(),
                "check the limit of open files",
            )
        };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(failed)?;
        let port = listener.local_addr().map_err(failed)?.port();
        let way = Arc::new(Way::default());
        let theirs = Arc::clone(&way);
        let accepting = Some(thread::spawn(move || theirs.accept(&listener)));
        Ok(Self { port, way, accepting })
    }

    /// The port that others connect to.
    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// Lets new connections lead to this port.
    pub(super) fn lead_to(&self, port: u16) {
        self.way.lock().target = Some(port);
    }

    pub(super) fn cut(&self, how: Cut) {
        self.way.set(Passage::Cut(how));
    }

    pub(super) fn open(&self) {
        self.way.set(Passage::Open);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.way.set(Passage::Over);
        // Wakes the thread that accepts, which then sees that it is over.
        let woken = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port));
        if let (Ok(_), Some(accepting)) = (woken, self.accepting.take()) {
            drop(accepting.join());
        }
    }
}

impl Way {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, passage: Passage) {
        let mut state = self.lock();
        state.passage = passage;
        if matches!(passage, Passage::Cut(Cut::Abrupt) | Passage::Over) {
            state.connections.values().for_each(|ends| end(ends));
        }
        self.changed.notify_all();
    }

    fn accept(self: &Arc<Self>, listener: &TcpListener) {
        for connection in listener.incoming() {
            if self.lock().passage == Passage::Over {
                return;
            }
            if let Ok(connection) = connection {
                let way = Arc::clone(self);
                thread::spawn(move || way.carry(connection));
            }
        }
    }

    /// Connects to the target and copies in both directions until one end has ended.
    fn carry(self: Arc<Self>, from: TcpStream) {
        let Some(to) = self.target().and_then(|port| connect(&from, port).ok()) else {
            return;
        };
        let ends = Arc::new([from, to]);
        let Some(number) = self.remember(&ends) else {
            return;
        };
        let (way, back) = (Arc::clone(&self), Arc::clone(&ends));
        let back = thread::spawn(move || way.copy(&back, 1, 0));
        self.copy(&ends, 0, 1);
        drop(back.join());
        self.lock().connections.remove(&number);
    }

    /// Where a connection made now leads to, once the way is open.
    fn target(&self) -> Option<u16> {
        if self.is_open_at_last() { self.lock().target } else { None }
    }

    /// Counts a connection among those that a cut ends; nothing if there was one meanwhile.
    fn remember(&self, ends: &Arc<[TcpStream; 2]>) -> Option<u64> {
        let mut state = self.lock();
        if matches!(state.passage, Passage::Cut(Cut::Abrupt) | Passage::Over) {
            return None;
        }
        let number = state.next;
        state.next += 1;
        state.connections.insert(number, Arc::clone(ends));
        Some(number)
    }

    fn copy(&self, ends: &[TcpStream; 2], from: usize, to: usize) {
        let (mut from, mut to) = (&ends[from], &ends[to]);
        let mut buffer = vec![0; BUFFER];
        while let Ok(count @ 1..) = from.read(&mut buffer) {
            if !self.is_open_at_last() || to.write_all(&buffer[..count]).is_err() {
                break;
            }
        }
        // The news of an end passes no sooner than bytes do.
        self.is_open_at_last();
        end(ends);
    }

    /// Waits until the way is open; false if it ends all connections instead.
    fn is_open_at_last(&self) -> bool {
        let mut state = self.lock();
        loop {
            match state.passage {
                Passage::Open => return true,
                Passage::Cut(Cut::Abrupt) | Passage::Over => return false,
                Passage::Cut(Cut::Silent) => {
                    state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
                }
            }
        }
    }
}

fn connect(from: &TcpStream, port: u16) -> io::Result<TcpStream> {
    let to = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    from.set_nodelay(true)?;
    to.set_nodelay(true)?;
    Ok(to)
}

/// Ends a connection on both sides.
fn end(ends: &[TcpStream; 2]) {
    for one in ends {
        // The other side may have ended it already.
        drop(one.shutdown(Shutdown::Both));
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// Long enough for bytes to arrive that nothing holds up.
    const A_WHILE: Duration = Duration::from_millis(100);

    /// A way to a server that sends back what it gets.
    fn echo() -> Proxy {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let proxy = Proxy::start().unwrap();
        proxy.lead_to(listener.local_addr().unwrap().port());
        thread::spawn(move || {
            for connection in listener.incoming().map(Result::unwrap) {
                thread::spawn(move || io::copy(&mut &connection, &mut &connection));
            }
        });
        proxy
    }

    fn connection(proxy: &Proxy) -> TcpStream {
        TcpStream::connect((Ipv4Addr::LOCALHOST, proxy.port())).unwrap()
    }

    fn answer(mut connection: &TcpStream) -> io::Result<u8> {
        let mut byte = [0];
        connection.read_exact(&mut byte).map(|()| byte[0])
    }

    fn ask(mut connection: &TcpStream, byte: u8) -> io::Result<u8> {
        connection.write_all(&[byte])?;
        answer(connection)
    }

    #[test]
    fn bytes_pass_while_the_way_is_open() {
        let proxy = echo();
        let (one, other) = (connection(&proxy), connection(&proxy));
        assert_eq!(ask(&one, 1).unwrap(), 1);
        assert_eq!(ask(&other, 2).unwrap(), 2);
    }

    #[test]
    fn a_silent_cut_holds_up_old_and_new_connections_and_loses_nothing() {
        let proxy = echo();
        let old = connection(&proxy);
        assert_eq!(ask(&old, 1).unwrap(), 1);
        proxy.cut(Cut::Silent);
        let new = connection(&proxy);
        for (connection, byte) in [(&old, 2), (&new, 3)] {
            connection.set_read_timeout(Some(A_WHILE)).unwrap();
            assert_eq!(ask(connection, byte).unwrap_err().kind(), io::ErrorKind::WouldBlock);
            connection.set_read_timeout(None).unwrap();
        }
        proxy.open();
        assert_eq!((answer(&old).unwrap(), answer(&new).unwrap()), (2, 3));
    }

    #[test]
    fn an_abrupt_cut_ends_old_and_new_connections() {
        let proxy = echo();
        let old = connection(&proxy);
        assert_eq!(ask(&old, 1).unwrap(), 1);
        proxy.cut(Cut::Abrupt);
        assert!(answer(&old).is_err());
        assert!(answer(&connection(&proxy)).is_err());
        proxy.open();
        assert_eq!(ask(&connection(&proxy), 2).unwrap(), 2);
    }

    #[test]
    fn connections_end_with_the_proxy_also_those_held_up() {
        let proxy = echo();
        let (old, held) = (connection(&proxy), connection(&proxy));
        assert_eq!(ask(&old, 1).unwrap(), 1);
        proxy.cut(Cut::Silent);
        drop(proxy);
        assert!(answer(&old).is_err() && answer(&held).is_err());
    }

    #[test]
    fn a_way_to_nowhere_ends_at_once() {
        let proxy = Proxy::start().unwrap();
        assert!(answer(&connection(&proxy)).is_err());
    }
}
