//! Where a server is that is asked for its health.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};

/// A host and a port, and whether the connection is encrypted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// A name or an address; an IPv6 address without brackets.
    host: String,
    port: u16,
    encryption: Encryption,
}

/// Whether a connection is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encryption {
    Plain,
    Tls,
}

impl From<bool> for Encryption {
    fn from(is_encrypted: bool) -> Self {
        if is_encrypted { Self::Tls } else { Self::Plain }
    }
}

/// The port of servers.
const PORT: u16 = 2113;

impl Place {
    /// Where a server listens. One that listens everywhere is asked on this machine.
    pub(super) fn at(address: SocketAddr, encryption: Encryption) -> Self {
        let host = match address.ip() {
            IpAddr::V4(host) if host.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
            IpAddr::V6(host) if host.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
            host => host,
        };
        Self { host: host.to_string(), port: address.port(), encryption }
    }

    /// Reads `https://host:port`; the path there may be is the one that is asked for anyway.
    ///
    /// # Errors
    /// What is wrong, for people.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let wrong = || "write it like `https://events.example.com:2113`".to_owned();
        let (scheme, rest) = text.split_once("://").ok_or_else(wrong)?;
        let encryption = match scheme {
            "https" => Encryption::Tls,
            "http" => Encryption::Plain,
            _ => return Err(wrong()),
        };
        let place = match rest.split_once('/') {
            Some((place, "" | "health/ready")) => place,
            Some(_) => return Err(wrong()),
            None => rest,
        };
        let (host, port) = match place.strip_prefix('[') {
            Some(address) => address.split_once(']').ok_or_else(wrong)?,
            None => place.find(':').map_or((place, ""), |at| place.split_at(at)),
        };
        let port = match port.strip_prefix(':') {
            Some(port) => port.parse().map_err(|_| wrong())?,
            None if port.is_empty() => PORT,
            None => return Err(wrong()),
        };
        let is_host = |c: char| c.is_ascii_alphanumeric() || "-._:".contains(c);
        if host.is_empty() || !host.chars().all(is_host) {
            return Err(wrong());
        }
        Ok(Self { host: host.to_owned(), port, encryption })
    }

    pub(super) fn host(&self) -> &str {
        &self.host
    }

    pub(super) const fn port(&self) -> u16 {
        self.port
    }

    pub(super) fn is_encrypted(&self) -> bool {
        self.encryption == Encryption::Tls
    }

    /// The host with its port, as in a URL.
    pub(super) fn authority(&self) -> String {
        let Self { host, port, .. } = self;
        if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.encryption {
            Encryption::Plain => f.write_str(&self.authority()),
            Encryption::Tls => write!(f, "https://{}", self.authority()),
        }
    }
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
            let place = Place::at(listens.parse().unwrap(), Encryption::Plain);
            assert_eq!(place.authority(), asked);
        }
    }

    #[test]
    fn a_url_has_a_host_and_may_have_a_port() {
        for (url, shown) in [
            ("https://a.b", "https://a.b:2113"),
            ("https://a.b:9/health/ready", "https://a.b:9"),
            ("http://127.0.0.1:9/", "127.0.0.1:9"),
            ("https://[::1]:9", "https://[::1]:9"),
            ("https://[::1]", "https://[::1]:2113"),
        ] {
            assert_eq!(Place::parse(url).unwrap().to_string(), shown, "{url}");
        }
        for wrong in
            ["", "a:1", "ftp://a", "https://", "https://a:x", "https://a/b", "https://[::1"]
        {
            assert!(Place::parse(wrong).is_err(), "{wrong}");
        }
    }
}
