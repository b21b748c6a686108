//! One of the servers that a URL names.

use std::{net::IpAddr, path::PathBuf};

use annals_core::{Error, Result};

/// Where it listens when nothing is said.
pub(crate) const PORT: u16 = 5432;

/// A server. It is displayed nowhere, because it holds the password.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Server {
    pub(crate) place: Place,
    /// The address, when it is not to be looked up by the name.
    pub(crate) address: Option<IpAddr>,
    pub(crate) port: u16,
    pub(crate) password: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// The name or address of a host.
    Name(String),
    /// The folder of a Unix socket.
    Folder(PathBuf),
}

impl Place {
    pub(crate) fn new(text: &str) -> Self {
        if text.starts_with('/') { Self::Folder(text.into()) } else { Self::Name(text.to_owned()) }
    }
}

/// Lists with commas as they are given: hosts, addresses, ports.
#[derive(Debug, Default)]
pub(super) struct Lists<'a> {
    pub(super) hosts: Option<&'a str>,
    pub(super) addresses: Option<&'a str>,
    pub(super) ports: Option<&'a str>,
}

impl Lists<'_> {
    pub(super) fn servers(&self) -> Result<Vec<Server>> {
        let names = divided(self.hosts);
        let addresses = divided(self.addresses);
        let ports = divided(self.ports);
        let count = [names.len(), addresses.len(), 1].into_iter().max().unwrap_or(1);
        if ![0, count].contains(&names.len()) || ![0, count].contains(&addresses.len()) {
            return Err(Error::invalid(format!(
                "there are {} hosts and {} addresses of hosts; give as many of each",
                names.len(),
                addresses.len()
            )));
        }
        if ![0, 1, count].contains(&ports.len()) {
            return Err(Error::invalid(format!(
                "there are {count} hosts and {} ports; give one port, or one for each host",
                ports.len()
            )));
        }
        let servers = (0..count).map(|at| {
            let port = ports.get(at).or_else(|| ports.first().filter(|_| ports.len() == 1));
            let address = addresses.get(at).filter(|address| !address.is_empty());
            let name = names.get(at).filter(|name| !name.is_empty());
            Ok(Server {
                // The certificate is checked against the name, so an address alone is one.
                place: Place::new(name.or(address).unwrap_or(&"localhost")),
                address: address.map(|address| parse_address(address)).transpose()?,
                port: port.map_or(Ok(PORT), |port| parse_port(port))?,
                password: None,
            })
        });
        servers.collect()
    }
}

fn divided(list: Option<&str>) -> Vec<&str> {
    list.map(|list| list.split(',').map(str::trim).collect()).unwrap_or_default()
}

fn parse_address(text: &str) -> Result<IpAddr> {
    text.parse()
        .map_err(|_| Error::invalid("`hostaddr` is no IP address; give names of hosts as `host`"))
}

pub(super) fn parse_port(text: &str) -> Result<u16> {
    if text.is_empty() {
        return Ok(PORT);
    }
    // Not quoted: in a URL with an unescaped password it may be a piece of it.
    text.parse()
        .ok()
        .filter(|port| *port != 0)
        .ok_or_else(|| Error::invalid("a port of the database is no number from 1 to 65535"))
}
