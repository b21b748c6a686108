//! A word to the service manager: systemd is told when the server is ready and when it stops, and
//! starts what depends on it no earlier.

use std::{
    env,
    ffi::OsStr,
    io,
    os::unix::{
        ffi::OsStrExt,
        net::{SocketAddr, UnixDatagram},
    },
};

/// Names the socket of a manager that wants to be told.
const SOCKET: &str = "NOTIFY_SOCKET";

/// The server answers.
pub(crate) fn ready() {
    tell("READY=1");
}

/// The server stops, in its own time.
pub(crate) fn stopping() {
    tell("STOPPING=1");
}

/// A manager that cannot be told waits until it gives up, and its log says so.
fn tell(state: &str) {
    if let Some(name) = env::var_os(SOCKET)
        && let Err(error) = send(&name, state)
    {
        tracing::warn!(%error, "the service manager could not be told: {state}");
    }
}

fn send(name: &OsStr, state: &str) -> io::Result<()> {
    let socket = UnixDatagram::unbound()?;
    let address = address(name)?;
    socket.send_to_addr(state.as_bytes(), &address)?;
    Ok(())
}

/// A path, or with `@` at its beginning a name without a file.
fn address(name: &OsStr) -> io::Result<SocketAddr> {
    #[cfg(target_os = "linux")]
    if let Some(name) = name.as_bytes().strip_prefix(b"@") {
        use std::os::linux::net::SocketAddrExt;
        return SocketAddr::from_abstract_name(name);
    }
    SocketAddr::from_pathname(name)
}
