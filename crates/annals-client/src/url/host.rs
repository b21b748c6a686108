//! A host with its port, as it stands in a URL.

use std::fmt;

/// Where a server is: a name, an address, or an IPv6 address in brackets, with its port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host {
    name: String,
    port: Option<u16>,
}

/// The port that servers have unless they are told otherwise.
const PORT: u16 = 2113;

impl Host {
    /// Reads a host, an IPv6 address with its brackets; what cannot be read is named.
    pub(super) fn read(text: &str) -> Result<Self, &'static str> {
        // The colons of an IPv6 address stand in brackets.
        let end = text.rfind(']').map_or(0, |end| end + 1);
        let (host, port) = match text.get(end..).and_then(|rest| rest.find(':')) {
            Some(at) => (text.get(..end + at).unwrap_or(""), text.get(end + at + 1..)),
            None => (text, None),
        };
        let is_name = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
        let is_address = |c: char| c.is_ascii_hexdigit() || ":.".contains(c);
        let is_host = match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
            Some(address) => !address.is_empty() && address.chars().all(is_address),
            None => !host.is_empty() && host.chars().all(is_name),
        };
        if !is_host {
            return Err("host");
        }
        let port = port.map(|port| port.parse().map_err(|_| "port")).transpose()?;
        Ok(Self { name: host.to_owned(), port })
    }
}

impl fmt::Display for Host {
    /// With the port, also where it is the usual one.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.name, self.port.unwrap_or(PORT))
    }
}
