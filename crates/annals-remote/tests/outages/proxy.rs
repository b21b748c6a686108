//! A way to a server that can be cut.

use std::{
    io::{Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

/// Passes bytes on between clients and a server, until it is told otherwise.
#[derive(Debug)]
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    open: Vec<TcpStream>,
    answers: Answers,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Answers {
    #[default]
    PassedOn,
    Dropped,
}

impl Proxy {
    pub(crate) fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind(super::free()).unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(Mutex::new(State::default()));
        let shared = Arc::clone(&state);
        // Ends with the process: nobody connects any more.
        thread::spawn(move || {
            for client in listener.incoming() {
                let client = client.unwrap();
                let server = TcpStream::connect(server).unwrap();
                pair(&client, &server, &shared);
            }
        });
        Self { address, state }
    }

    pub(crate) fn url(&self) -> String {
        format!("annals://{}?tls=false", self.address)
    }

    /// From now on what the server answers does not arrive.
    pub(crate) fn drop_answers(&self) {
        self.state.lock().unwrap().answers = Answers::Dropped;
    }

    /// Cuts every connection; those that are made after it work.
    pub(crate) fn cut(&self) {
        let mut state = self.state.lock().unwrap();
        state.answers = Answers::PassedOn;
        for socket in state.open.drain(..) {
            drop(socket.shutdown(Shutdown::Both));
        }
    }
}

fn pair(client: &TcpStream, server: &TcpStream, state: &Arc<Mutex<State>>) {
    let clones = || (client.try_clone().unwrap(), server.try_clone().unwrap());
    let (for_client, for_server) = clones();
    state.lock().unwrap().open.extend([for_client, for_server]);
    let (mut from, mut to) = clones();
    thread::spawn(move || pass(&mut from, &mut to, || true));
    let ((mut to, mut from), state) = (clones(), Arc::clone(state));
    thread::spawn(move || {
        pass(&mut from, &mut to, || state.lock().unwrap().answers == Answers::PassedOn);
    });
}

fn pass(from: &mut TcpStream, to: &mut TcpStream, may_pass: impl Fn() -> bool) {
    let mut buffer = [0; 16 * 1024];
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        if may_pass() && to.write_all(buffer.get(..count).unwrap()).is_err() {
            break;
        }
    }
    drop(to.shutdown(Shutdown::Both));
}
